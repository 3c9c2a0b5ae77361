-- Grain: quality indicator, weighting step. Inputs: weighted_diagnostics
SELECT
    CASE statistic
        WHEN 'sum' THEN 'step_weight_sum'
        WHEN 'minimum' THEN 'step_weight_minimum'
        WHEN 'maximum' THEN 'step_weight_maximum'
        WHEN 'kish_deff' THEN 'step_design_effect'
        WHEN 'effective_n' THEN 'step_effective_responses'
    END AS indicator,
    step AS concept,
    value
FROM weighted_diagnostics
WHERE
    margin IS NULL
    AND step IN ('base', 'response', 'calibration')
    AND statistic IN ('sum', 'minimum', 'maximum', 'kish_deff', 'effective_n')
ORDER BY indicator, concept
