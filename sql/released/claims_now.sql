-- Grain: survey, claim. Inputs: claims
SELECT survey, claim, wave, text_nl, text_en, verdict, reason, estimate, ci_low, ci_high, estimand, decision_rule
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY survey, claim ORDER BY verdict = 'not testable', wave = 'pooled', wave DESC
    ) AS newest
    FROM claims
)
WHERE newest = 1
ORDER BY survey, claim
