-- Grain: survey, claim. Inputs: claims
SELECT
    survey, claim, wave, text_nl, text_en, verdict, reason, reason_nl, estimate, ci_low, ci_high, estimand,
    decision_rule, decision_rule_nl, suppressed, held
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY survey, claim ORDER BY verdict = 'not testable', wave = 'pooled', wave DESC
    ) AS newest
    FROM claims
)
WHERE newest = 1
ORDER BY survey, claim
