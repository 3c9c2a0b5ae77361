-- Grain: headline indicator. Inputs: estimated_indicators; parameter headlines: the headline indicators' names
SELECT 'coefficient_of_variation' AS indicator, indicator AS concept, cv AS value
FROM estimated_indicators
WHERE domain_variable = 'all' AND list_contains($headlines, indicator)
ORDER BY concept
