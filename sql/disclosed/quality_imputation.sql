-- Grain: concept. Inputs: imputed_flags, validated_responses
SELECT
    'imputation_rate' AS indicator,
    concept,
    count(DISTINCT firm) / (SELECT nullif(count(*), 0) FROM validated_responses WHERE status = 'kept')::DOUBLE AS value
FROM imputed_flags
GROUP BY concept
ORDER BY concept
