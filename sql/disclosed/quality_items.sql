-- Grain: concept. Inputs: staged_missing, staged_answers, validated_responses
WITH kept AS (
    SELECT firm, response FROM validated_responses WHERE status = 'kept'
),
usable AS (
    SELECT count(*)::DOUBLE AS firms FROM kept
),
by_concept AS (
    SELECT
        concept,
        count(*) FILTER (WHERE kind = 'not_asked') AS routed_past,
        count(*) FILTER (WHERE kind <> 'not_asked') AS unanswered
    FROM staged_missing
    SEMI JOIN kept USING (firm, response)
    GROUP BY concept
)
SELECT
    'item_response_rate' AS indicator,
    concept,
    1 - unanswered / nullif(firms - routed_past, 0) AS value
FROM by_concept, usable
ORDER BY concept
