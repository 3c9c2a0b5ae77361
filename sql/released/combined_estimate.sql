-- Grain: survey, wave (or waves compared), domain. Inputs: completed, firms, replicate_weights, designs (all of the secure database)
-- Ratio or total, or the difference of two (side 1 less side -1), with its variance from replicate weights: each squared
-- deviation from their mean counts replicate_scale; of a difference the deviations subtract replicate by replicate, which
-- keeps what the sides have in common (a firm's replicates are drawn alike in every wave). Completed copies combined by
-- Rubin's rules, degrees of freedom after Barnard and Rubin (1999) from firms less cells of the domain, Student's t by Cornish and Fisher's expansion in 1/df
-- (to 1e-6 from 12 degrees on). Intervals: logit, p -> expit(logit p -+ t * se / (p (1 - p))); log, exp(log y -+ t * se / y)
-- where nothing is negative; plain otherwise, not below 0 where nothing is negative.
WITH chosen AS (
    SELECT
        survey, wave, $label AS compared_label, compared_side, imputation, firm, $domains::VARCHAR AS domain,
        $numerator::DOUBLE AS above, $denominator::DOUBLE AS below
    FROM query_table($completed) CROSS JOIN unnest($sides) AS compared (compared_side)
    WHERE $base AND $inside AND $numerator IS NOT NULL AND $denominator IS NOT NULL
),
whole AS (
    SELECT
        c.survey, c.wave, c.compared_label, c.compared_side, c.domain, c.imputation, count(*) AS n,
        count(*) - count(DISTINCT f.variance_cell) AS df, min(least(c.above, c.below)) AS least_value,
        sum(f.weight * c.above) / CASE WHEN $divided THEN nullif(sum(f.weight * c.below), 0) ELSE 1 END AS estimate
    FROM chosen AS c JOIN query_table($firms) AS f ON f.survey = c.survey AND f.wave = c.wave AND f.firm = c.firm
    GROUP BY c.survey, c.wave, c.compared_label, c.compared_side, c.domain, c.imputation
),
replicated AS (
    SELECT
        c.survey, c.wave, c.compared_label, c.compared_side, c.domain, c.imputation, r.replicate,
        sum(r.weight * c.above) / CASE WHEN $divided THEN nullif(sum(r.weight * c.below), 0) ELSE 1 END AS theta
    FROM chosen AS c
    JOIN query_table($replicate_weights) AS r ON r.survey = c.survey AND r.wave = c.wave AND r.firm = c.firm
    GROUP BY c.survey, c.wave, c.compared_label, c.compared_side, c.domain, c.imputation, r.replicate
),
deviating AS (
    SELECT
        r.survey, r.wave, r.compared_label, r.compared_side, r.domain, r.imputation, r.replicate,
        r.compared_side * sqrt(d.replicate_scale) * (r.theta - avg(r.theta) OVER (
            PARTITION BY r.survey, r.wave, r.compared_label, r.compared_side, r.domain, r.imputation
        )) AS deviation
    FROM replicated AS r JOIN query_table($designs) AS d ON d.survey = r.survey AND d.wave = r.wave
),
parts AS (
    SELECT DISTINCT compared_label, wave, compared_side, imputation FROM whole
),
used AS (
    SELECT k.compared_label, k.imputation, p.wave, p.compared_side, p.imputation AS own_imputation
    FROM (
        SELECT DISTINCT compared_label, imputation
        FROM parts
        QUALIFY imputation > 0 OR max(imputation) OVER (PARTITION BY compared_label) = 0
    ) AS k
    JOIN parts AS p ON p.compared_label = k.compared_label AND p.imputation IN (k.imputation, 0)
),
compared AS (
    SELECT
        w.survey, w.compared_label, w.domain, u.imputation, sum(w.n)::BIGINT AS n, min(w.least_value) AS least_value,
        sum(w.compared_side * w.estimate) AS estimate, count(w.estimate) AS sides, greatest(min(w.df), 1) AS df
    FROM whole AS w
    JOIN used AS u
        ON u.compared_label = w.compared_label AND u.wave = w.wave AND u.compared_side = w.compared_side
        AND u.own_imputation = w.imputation
    GROUP BY w.survey, w.compared_label, w.domain, u.imputation
),
spread AS (
    SELECT survey, compared_label, domain, imputation, sum(deviation * deviation) AS variance
    FROM (
        SELECT r.survey, r.compared_label, r.domain, u.imputation, r.replicate, sum(r.deviation) AS deviation
        FROM deviating AS r
        JOIN used AS u
            ON u.compared_label = r.compared_label AND u.wave = r.wave AND u.compared_side = r.compared_side
            AND u.own_imputation = r.imputation
        GROUP BY r.survey, r.compared_label, r.domain, u.imputation, r.replicate
    )
    GROUP BY survey, compared_label, domain, imputation
),
combined AS (
    SELECT
        c.survey, c.compared_label, c.domain, min(c.n) AS n, min(c.least_value) AS least_value, count(*) AS copies,
        avg(c.estimate) AS estimate, min(c.df) AS df_complete, avg(s.variance) AS within,
        coalesce((1 + 1 / count(*)) * var_samp(c.estimate), 0) AS between_copies
    FROM compared AS c
    JOIN spread AS s
        ON s.survey = c.survey AND s.compared_label = c.compared_label AND s.imputation = c.imputation
        AND s.domain IS NOT DISTINCT FROM c.domain
    WHERE c.sides = $sided
    GROUP BY c.survey, c.compared_label, c.domain
),
known AS (
    SELECT
        *, sqrt(within + between_copies) AS se,
        CASE
            WHEN between_copies <= 1e-16 * within THEN df_complete
            ELSE 1 / (
                pow(between_copies / (within + between_copies), 2) / (copies - 1)
                + (df_complete + 3) * (within + between_copies) / ((df_complete + 1) * df_complete * nullif(within, 0))
            )
        END AS df
    FROM combined
),
bounded AS (
    SELECT
        *,
        (1.959963984540054 + 2.372271230 / df + 2.822498616 / pow(df, 2) + 2.555849680 / pow(df, 3)
        + 1.589534053 / pow(df, 4)) * se AS half
    FROM known
)
SELECT
    survey, compared_label AS wave, domain, n, copies, estimate, se,
    CASE
        WHEN $scale = 'logit' AND estimate > 0 AND estimate < 1
            THEN 1 / (1 + exp(half / (estimate * (1 - estimate)) - ln(estimate / (1 - estimate))))
        WHEN $scale = 'logit' THEN estimate
        WHEN $scale = 'log' AND estimate > 0 AND least_value >= 0 THEN estimate * exp(-half / estimate)
        WHEN $scale = 'plain' AND least_value >= 0 THEN greatest(estimate - half, 0)
        ELSE estimate - half
    END AS ci_low,
    CASE
        WHEN $scale = 'logit' AND estimate > 0 AND estimate < 1
            THEN 1 / (1 + exp(-half / (estimate * (1 - estimate)) - ln(estimate / (1 - estimate))))
        WHEN $scale = 'logit' THEN estimate
        WHEN $scale = 'log' AND estimate > 0 AND least_value >= 0 THEN estimate * exp(half / estimate)
        ELSE estimate + half
    END AS ci_high,
    df
FROM bounded
ORDER BY survey, wave, domain
