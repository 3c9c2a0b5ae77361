-- Grain: survey, wave, domain. Inputs: completed, firms, replicate_weights, designs (all of the secure database)
-- Weighted quantile: the smallest value at which the weighted share at or below it reaches p. Woodruff's (1952) interval:
-- that share -+ t * its error from replicate weights, read back through the distribution; the standard error is the
-- interval's length over 2 t. Completed copies combined by Rubin's rules, then Student's t with Barnard and Rubin's
-- degrees of freedom as in combined_estimate; of one copy, Woodruff's interval itself.
WITH chosen AS (
    SELECT survey, wave, imputation, firm, $domains::VARCHAR AS domain, $numerator::DOUBLE AS answer
    FROM query_table($completed)
    WHERE $base AND $numerator IS NOT NULL
),
reached AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, c.firm, c.answer, f.variance_cell,
        sum(f.weight) OVER (PARTITION BY c.survey, c.wave, c.domain, c.imputation ORDER BY c.answer) AS at_or_below,
        sum(f.weight) OVER (PARTITION BY c.survey, c.wave, c.domain, c.imputation) AS everyone
    FROM chosen AS c JOIN query_table($firms) AS f ON f.survey = c.survey AND f.wave = c.wave AND f.firm = c.firm
),
found AS (
    SELECT
        survey, wave, domain, imputation, count(*) AS n,
        greatest(count(*) - count(DISTINCT variance_cell), 1)::DOUBLE AS df, min(answer) AS least_value,
        min(answer) FILTER (at_or_below >= p * everyone * (1 - 1e-12)) AS quantile
    FROM reached
    GROUP BY survey, wave, domain, imputation
),
replicated AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, r.replicate,
        sum(r.weight * (c.answer <= q.quantile)::INTEGER) / nullif(sum(r.weight), 0) AS theta
    FROM chosen AS c
    JOIN found AS q
        ON q.survey = c.survey AND q.wave = c.wave AND q.imputation = c.imputation
        AND q.domain IS NOT DISTINCT FROM c.domain
    JOIN query_table($replicate_weights) AS r ON r.survey = c.survey AND r.wave = c.wave AND r.firm = c.firm
    GROUP BY c.survey, c.wave, c.domain, c.imputation, r.replicate
),
spread AS (
    SELECT
        r.survey, r.wave, r.domain, r.imputation, q.df,
        1.959963984540054 + 2.372271230 / q.df + 2.822498616 / pow(q.df, 2) + 2.555849680 / pow(q.df, 3)
        + 1.589534053 / pow(q.df, 4) AS t,
        sqrt(d.replicate_scale * (count(*) - 1) * var_samp(r.theta)) AS share_error
    FROM replicated AS r
    JOIN query_table($designs) AS d ON d.survey = r.survey AND d.wave = r.wave
    JOIN found AS q
        ON q.survey = r.survey AND q.wave = r.wave AND q.imputation = r.imputation
        AND q.domain IS NOT DISTINCT FROM r.domain
    GROUP BY r.survey, r.wave, r.domain, r.imputation, d.replicate_scale, q.df
),
placed AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation,
        max(c.at_or_below / c.everyone) FILTER (c.answer <= q.quantile) AS share_below
    FROM reached AS c
    JOIN found AS q
        ON q.survey = c.survey AND q.wave = c.wave AND q.imputation = c.imputation
        AND q.domain IS NOT DISTINCT FROM c.domain
    GROUP BY c.survey, c.wave, c.domain, c.imputation
),
woodruff AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, any_value(s.df) AS df, any_value(s.t) AS t,
        CASE WHEN any_value(a.share_below - s.t * s.share_error) > 0 THEN
            min(c.answer) FILTER (c.at_or_below >= (a.share_below - s.t * s.share_error) * c.everyone)
        END AS low,
        CASE WHEN any_value(a.share_below + s.t * s.share_error) <= 1 THEN
            min(c.answer) FILTER (c.at_or_below >= (a.share_below + s.t * s.share_error) * c.everyone)
        END AS high
    FROM reached AS c
    JOIN placed AS a
        ON a.survey = c.survey AND a.wave = c.wave AND a.imputation = c.imputation
        AND a.domain IS NOT DISTINCT FROM c.domain
    JOIN spread AS s
        ON s.survey = c.survey AND s.wave = c.wave AND s.imputation = c.imputation
        AND s.domain IS NOT DISTINCT FROM c.domain
    GROUP BY c.survey, c.wave, c.domain, c.imputation
),
combined AS (
    SELECT
        q.survey, q.wave, q.domain, min(q.n) AS n, min(q.least_value) AS least_value, count(*) AS copies,
        count(w.low + w.high) AS bounded_copies, avg(q.quantile) AS estimate, min(w.df) AS df_complete,
        avg(w.low) AS low, avg(w.high) AS high, avg(pow((w.high - w.low) / (2 * w.t), 2)) AS within,
        coalesce((1 + 1 / count(*)) * var_samp(q.quantile), 0) AS between_copies
    FROM found AS q
    JOIN woodruff AS w
        ON w.survey = q.survey AND w.wave = q.wave AND w.imputation = q.imputation
        AND w.domain IS NOT DISTINCT FROM q.domain
    GROUP BY q.survey, q.wave, q.domain
),
known AS (
    SELECT
        *, CASE WHEN bounded_copies = copies THEN sqrt(within + between_copies) END AS se,
        CASE
            WHEN between_copies <= 1e-16 * within THEN df_complete
            WHEN within > 0 THEN 1 / (
                pow(between_copies / (within + between_copies), 2) / (copies - 1)
                + (df_complete + 3) * (within + between_copies) / ((df_complete + 1) * df_complete * within)
            )
            ELSE copies - 1
        END AS df
    FROM combined
),
halved AS (
    SELECT
        *,
        (1.959963984540054 + 2.372271230 / df + 2.822498616 / pow(df, 2) + 2.555849680 / pow(df, 3)
        + 1.589534053 / pow(df, 4)) * se AS half
    FROM known
)
SELECT
    survey, wave, domain, n, copies, estimate, se,
    CASE
        WHEN se IS NULL THEN NULL
        WHEN copies = 1 THEN low
        WHEN least_value >= 0 THEN greatest(estimate - half, 0)
        ELSE estimate - half
    END AS ci_low,
    CASE WHEN se IS NULL THEN NULL WHEN copies = 1 THEN high ELSE estimate + half END AS ci_high,
    df
FROM halved
ORDER BY survey, wave, domain
