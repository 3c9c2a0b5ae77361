-- Grain: survey, wave, domain. Inputs: completed, firms, replicate_weights, designs (all of the secure database)
CREATE MACRO combined_estimate(numerator, denominator, divided, base, domains) AS TABLE
WITH chosen AS (
    SELECT
        survey, wave, imputation, firm, (domains)::VARCHAR AS domain,
        (numerator)::DOUBLE AS above, (denominator)::DOUBLE AS below
    FROM completed
    WHERE (base) AND (numerator) IS NOT NULL AND (denominator) IS NOT NULL
),
whole AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, count(*) AS n,
        sum(f.weight * above) / CASE WHEN divided THEN nullif(sum(f.weight * below), 0) ELSE 1 END AS estimate
    FROM chosen AS c JOIN firms AS f ON f.survey = c.survey AND f.wave = c.wave AND f.firm = c.firm
    GROUP BY c.survey, c.wave, c.domain, c.imputation
),
replicated AS (
    SELECT
        c.survey, c.wave, c.domain, c.imputation, r.replicate,
        sum(r.weight * above) / CASE WHEN divided THEN nullif(sum(r.weight * below), 0) ELSE 1 END AS theta
    FROM chosen AS c JOIN replicate_weights AS r ON r.survey = c.survey AND r.wave = c.wave AND r.firm = c.firm
    GROUP BY c.survey, c.wave, c.domain, c.imputation, r.replicate
),
spread AS (
    SELECT survey, wave, domain, imputation, var_samp(theta) AS variance
    FROM replicated
    GROUP BY survey, wave, domain, imputation
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
    c.survey, c.wave, c.domain, n, copies, estimate, se, estimate - t * se AS ci_low, estimate + t * se AS ci_high
FROM combined AS c JOIN designs AS d ON d.survey = c.survey AND d.wave = c.wave
ORDER BY c.survey, c.wave, c.domain
