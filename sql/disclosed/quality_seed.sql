-- Grain: the wave. Inputs: estimated_indicators; parameter headlines: the headline indicators' names
-- The fraction of missing information is lambda + (1 - lambda) 2 / (df + 3); of lambda, sqrt(B / m) over the error is
-- sqrt(lambda / (m + 1)).
SELECT
    'monte_carlo_error' AS indicator,
    'headlines' AS concept,
    max(sqrt(greatest((fmi - 2 / (df + 3)) / (1 - 2 / (df + 3)), 0) / (copies + 1))) AS value
FROM estimated_indicators
WHERE domain_variable = 'all' AND list_contains($headlines, indicator) AND copies > 1 AND fmi > 0
