-- Grain: one row, the number of completed copies. Inputs: derived_measures.
SELECT max(imputation) AS copies
FROM derived_measures
