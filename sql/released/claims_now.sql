-- Grain: survey, claim. Inputs: claims
SELECT
    now.survey, now.claim, now.wave, now.text_nl, now.text_en, now.verdict, now.reason, now.reason_nl, now.estimate,
    now.ci_low, now.ci_high, now.estimand, now.decision_rule, now.decision_rule_nl, now.suppressed, now.held,
    pooled.verdict AS pooled_verdict, pooled.reason AS pooled_reason, pooled.reason_nl AS pooled_reason_nl,
    pooled.estimate AS pooled_estimate, pooled.ci_low AS pooled_low, pooled.ci_high AS pooled_high
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY survey, claim ORDER BY verdict IS NULL OR verdict = 'not testable', wave DESC
    ) AS newest
    FROM claims
    WHERE wave <> 'pooled'
) AS now
LEFT JOIN claims AS pooled ON pooled.survey = now.survey AND pooled.claim = now.claim AND pooled.wave = 'pooled'
WHERE now.newest = 1
ORDER BY now.survey, now.claim
