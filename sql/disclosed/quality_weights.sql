-- Grain: quality indicator. Inputs: weighted_weights
WITH summed AS (
    SELECT
        count(*) * sum(weight * weight) / nullif(sum(weight) ** 2, 0) AS design_effect_weights,
        sum(weight) ** 2 / nullif(sum(weight * weight), 0) AS effective_responses,
        min(weight) AS weight_minimum,
        max(weight) AS weight_maximum,
        sum(weight) AS weight_sum
    FROM weighted_weights
    WHERE weight > 0
)
SELECT indicator, 'all' AS concept, value
FROM summed
UNPIVOT (value FOR indicator IN (design_effect_weights, effective_responses, weight_minimum, weight_maximum, weight_sum))
ORDER BY indicator
