-- Grain: the wave. Inputs: weighted_replicates
-- The relative error of a standard error from R normal replicates is sqrt(1 / (2 (R - 1))).
SELECT
    'replicate_monte_carlo_error' AS indicator,
    'all' AS concept,
    sqrt(1 / (2 * (max(len(weights)) - 1))) AS value
FROM weighted_replicates
HAVING max(len(weights)) > 1
