-- Grain: initiative. Inputs: imputed_answers
SELECT initiative, count(*) AS firms
FROM (SELECT firm, unnest(initiatives) AS initiative FROM imputed_answers WHERE imputation = 0)
GROUP BY initiative
ORDER BY initiative
