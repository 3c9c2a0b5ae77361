-- Grain: firm with more than one kept response. Inputs: observed.
SELECT firm
FROM observed
GROUP BY firm
HAVING count(*) > 1
ORDER BY firm
