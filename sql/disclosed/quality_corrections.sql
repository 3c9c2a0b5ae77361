-- Grain: quality indicator. Inputs: staged_corrections
SELECT 'corrections' AS indicator, 'all' AS concept, count(*) FILTER (WHERE applied)::DOUBLE AS value
FROM staged_corrections
