-- Grain: kind of missing value. Inputs: staged_missing.
SELECT kind, count(*) AS missing
FROM staged_missing
GROUP BY kind
ORDER BY kind
