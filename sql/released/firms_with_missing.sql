-- Grain: survey, wave, firm. Inputs: firms, missing
-- A concept of several columns may lack them for several reasons: they are joined by commas.
SELECT f.*, coalesce(m.missing_kinds, map([]::VARCHAR[], []::VARCHAR[])) AS missing_kinds
FROM firms AS f
LEFT JOIN (
    SELECT survey, wave, firm, map(list(concept ORDER BY concept), list(kinds ORDER BY concept)) AS missing_kinds
    FROM (
        SELECT survey, wave, firm, concept, string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kinds
        FROM missing
        GROUP BY survey, wave, firm, concept
    )
    GROUP BY survey, wave, firm
) AS m ON m.survey = f.survey AND m.wave = f.wave AND m.firm = f.firm
