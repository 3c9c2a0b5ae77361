-- Grain: quality indicator. Inputs: validated_responses
SELECT indicator, 'all' AS concept, value
FROM (
    SELECT
        count(*)::DOUBLE AS responses,
        count(*) FILTER (WHERE status = 'kept')::DOUBLE AS usable_responses,
        count(*) FILTER (WHERE status = 'quarantined')::DOUBLE AS quarantined,
        count(*) FILTER (WHERE status = 'duplicate')::DOUBLE AS duplicates,
        count(*) FILTER (WHERE status = 'not_usable')::DOUBLE AS not_usable
    FROM validated_responses
)
UNPIVOT (value FOR indicator IN (responses, usable_responses, quarantined, duplicates, not_usable))
ORDER BY indicator
