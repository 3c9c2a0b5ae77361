-- Grain: survey, wave, domain. Inputs: estimate_ratio, designs. Interval: expit(logit p -+ t * se / (p (1 - p)))
CREATE MACRO estimate_share(what, base := true, domains := 'all') AS TABLE
SELECT
    e.* EXCLUDE (ci_low, ci_high),
    CASE
        WHEN estimate <= 0 OR estimate >= 1 THEN estimate
        ELSE 1 / (1 + exp(d.t * se / (estimate * (1 - estimate)) - ln(estimate / (1 - estimate))))
    END AS ci_low,
    CASE
        WHEN estimate <= 0 OR estimate >= 1 THEN estimate
        ELSE 1 / (1 + exp(-d.t * se / (estimate * (1 - estimate)) - ln(estimate / (1 - estimate))))
    END AS ci_high
FROM estimate_ratio((what)::DOUBLE, CASE WHEN (what) IS NOT NULL THEN 1.0 END, base := (base), domains := (domains)) AS e
JOIN designs AS d ON d.survey = e.survey AND d.wave = e.wave
ORDER BY e.survey, e.wave, e.domain
