-- Grain: concept asked in this wave and the last. Inputs: both_asked, responses, set_aside, missing, last_wave, last_missing.
-- answered: share of the firms asked (not routed past) whose answer is there.
WITH now AS (
    SELECT concept, count(*) FILTER (WHERE kind = 'not_asked') AS routed_past, count(*) AS absent
    FROM missing GROUP BY concept
),
before AS (
    SELECT concept, count(*) FILTER (WHERE kind = 'not_asked') AS routed_past, count(*) AS absent
    FROM last_missing GROUP BY concept
),
sizes AS (
    SELECT
        (SELECT count(*) FROM responses) - (SELECT count(*) FROM set_aside) AS firms,
        (SELECT count(*) FROM last_wave) AS last_firms
)
SELECT
    concept,
    firms - coalesce(now.routed_past, 0) AS asked,
    last_firms - coalesce(before.routed_past, 0) AS last_asked,
    (firms - coalesce(now.absent, 0)) / nullif(firms - coalesce(now.routed_past, 0), 0) AS answered,
    (last_firms - coalesce(before.absent, 0)) / nullif(last_firms - coalesce(before.routed_past, 0), 0) AS last_answered
FROM both_asked
CROSS JOIN sizes
LEFT JOIN now USING (concept)
LEFT JOIN before USING (concept)
