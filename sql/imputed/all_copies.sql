-- Grain: imputation x firm. Inputs: observed (copy 0), completed (the others).
SELECT * FROM observed
UNION ALL BY NAME
SELECT * FROM completed
ORDER BY imputation, firm
