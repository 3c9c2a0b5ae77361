-- Grain: response. Inputs: responses, set_aside, failures.
-- Every response has exactly one status, so that kept + quarantined + duplicate + not_usable = responses.
WITH kept_out AS (
    SELECT response, string_agg(DISTINCT rule, ', ' ORDER BY rule) AS rules
    FROM failures
    WHERE severity IN ('critical', 'warning') AND response IS NOT NULL
    GROUP BY response
)
SELECT
    responses.firm,
    responses.response,
    responses.line,
    coalesce(set_aside.status, CASE WHEN kept_out.rules IS NULL THEN 'kept' ELSE 'quarantined' END) AS status,
    CASE WHEN set_aside.status IS NULL THEN coalesce(kept_out.rules, '') ELSE '' END AS rules
FROM responses
LEFT JOIN set_aside USING (response)
LEFT JOIN kept_out USING (response)
ORDER BY responses.firm, responses.response
