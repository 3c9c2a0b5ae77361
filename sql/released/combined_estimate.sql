-- Grain: survey, wave, domain. Inputs: completed, firms, replicate_weights, designs (all of the secure database)
-- Ratio or total with its variance from replicate weights (each squared deviation from their mean counts
-- replicate_scale), completed copies combined by Rubin's rules. Interval of a share p: expit(logit p -+ t * se / (p (1 - p))).
WITH chosen AS (
    SELECT
        survey, wave, imputation, firm, $domains::VARCHAR AS domain,
        $numerator::DOUBLE AS above, $denominator::DOUBLE AS below
    FROM query_table($completed)
    WHERE $base AND $numerator IS NOT NULL AND $denominator IS NOT NULL
),
whole AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, count(*) AS n,
        sum(f.weight * c.above) / CASE WHEN $divided THEN nullif(sum(f.weight * c.below), 0) ELSE 1 END AS estimate
    FROM chosen AS c JOIN query_table($firms) AS f ON f.survey = c.survey AND f.wave = c.wave AND f.firm = c.firm
    GROUP BY c.survey, c.wave, c.domain, c.imputation
),
replicated AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, r.replicate,
        sum(r.weight * c.above) / CASE WHEN $divided THEN nullif(sum(r.weight * c.below), 0) ELSE 1 END AS theta
    FROM chosen AS c
    JOIN query_table($replicate_weights) AS r ON r.survey = c.survey AND r.wave = c.wave AND r.firm = c.firm
    GROUP BY c.survey, c.wave, c.domain, c.imputation, r.replicate
),
spread AS (
    SELECT
        r.survey, r.wave, r.domain, r.imputation,
        d.replicate_scale * (count(*) - 1) * var_samp(r.theta) AS variance
    FROM replicated AS r JOIN query_table($designs) AS d ON d.survey = r.survey AND d.wave = r.wave
    GROUP BY r.survey, r.wave, r.domain, r.imputation, d.replicate_scale
),
combined AS (
    SELECT
        w.survey, w.wave, w.domain, min(w.n) AS n, count(*) AS copies, avg(w.estimate) AS estimate,
        sqrt(avg(s.variance) + coalesce((1 + 1 / count(*)) * var_samp(w.estimate), 0)) AS se
    FROM whole AS w
    JOIN spread AS s
        ON s.survey = w.survey AND s.wave = w.wave AND s.imputation = w.imputation
        AND s.domain IS NOT DISTINCT FROM w.domain
    GROUP BY w.survey, w.wave, w.domain
)
SELECT
    c.survey, c.wave, c.domain, c.n, c.copies, c.estimate, c.se,
    CASE
        WHEN NOT $share THEN c.estimate - d.t * c.se
        WHEN c.estimate <= 0 OR c.estimate >= 1 THEN c.estimate
        ELSE 1 / (1 + exp(d.t * c.se / (c.estimate * (1 - c.estimate)) - ln(c.estimate / (1 - c.estimate))))
    END AS ci_low,
    CASE
        WHEN NOT $share THEN c.estimate + d.t * c.se
        WHEN c.estimate <= 0 OR c.estimate >= 1 THEN c.estimate
        ELSE 1 / (1 + exp(-d.t * c.se / (c.estimate * (1 - c.estimate)) - ln(c.estimate / (1 - c.estimate))))
    END AS ci_high
FROM combined AS c JOIN query_table($designs) AS d ON d.survey = c.survey AND d.wave = c.wave
ORDER BY c.survey, c.wave, c.domain
