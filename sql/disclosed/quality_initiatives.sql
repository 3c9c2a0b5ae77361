-- Grain: quality indicator. Inputs: imputed_answers
WITH observed AS (
    SELECT firm, initiatives FROM imputed_answers WHERE imputation = 0
)
SELECT 'participants' AS indicator, 'all' AS concept, count(*) FILTER (WHERE len(initiatives) > 0)::DOUBLE AS value
FROM observed
UNION ALL
SELECT 'initiatives_mentioned', 'all', count(DISTINCT initiative)::DOUBLE
FROM (SELECT unnest(initiatives) AS initiative FROM observed)
