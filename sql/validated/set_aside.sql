-- Grain: response that no rule judges, because it is not usable or because another response of its firm holds.
-- Inputs: responses. Parameters: duplicates (fail: none is set aside; most_complete; latest).
-- Ties go to the latest: by when it was finished where that is known, then by its place in the delivery.
WITH doubled AS (
    SELECT firm FROM responses
    WHERE usable AND firm IS NOT NULL AND $duplicates <> 'fail'
    GROUP BY firm HAVING count(*) > 1
),
ranked AS (
    SELECT
        response,
        row_number() OVER of_firm AS place,
        first_value(response) OVER of_firm AS holds
    FROM responses
    WHERE usable AND firm IN (SELECT firm FROM doubled)
    WINDOW of_firm AS (
        PARTITION BY firm
        ORDER BY
            CASE WHEN $duplicates = 'most_complete' THEN answered END DESC NULLS LAST,
            finished_at DESC NULLS LAST,
            response DESC
    )
)
SELECT response, 'not_usable' AS status, 'substantially_completed' AS rule, NULL::BIGINT AS holds
FROM responses WHERE NOT usable
UNION ALL
SELECT response, 'duplicate', 'one_response_per_firm', holds
FROM ranked WHERE place > 1
