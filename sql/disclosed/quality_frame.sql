-- Grain: quality indicator. Inputs: staged_frame
WITH counted AS (
    SELECT
        count(*)::DOUBLE AS frame_size,
        count(*) FILTER (WHERE invited)::DOUBLE AS invited,
        count(*) FILTER (
            WHERE invited AND replace(replace(lower(trim(disposition)), '_', ' '), '-', ' ') = 'out of scope'
        ) AS outside
    FROM staged_frame
),
rates AS (
    SELECT frame_size, invited, outside / nullif(invited, 0) AS over_coverage_rate
    FROM counted
)
SELECT indicator, 'all' AS concept, value
FROM rates
UNPIVOT (value FOR indicator IN (frame_size, invited, over_coverage_rate))
ORDER BY indicator
