-- Grain: the first firm that stands twice in a copy. Inputs: derived_measures.
SELECT firm
FROM derived_measures
GROUP BY imputation, firm
HAVING count(*) > 1
ORDER BY firm
LIMIT 1
