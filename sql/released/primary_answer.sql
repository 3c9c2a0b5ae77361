-- Grain: survey, wave (or `pooled`), primary model. Inputs: answer, contrasts, models, definitions
SELECT
    a.survey, a.wave, a.pooled, a.model, f.outcome, f.base, f.estimator,
    a.practice_a, first_practice.label_nl AS practice_a_nl, first_practice.label_en AS practice_a_en,
    a.practice_b, second_practice.label_nl AS practice_b_nl, second_practice.label_en AS practice_b_en,
    a.p_neither, neither.ci_low AS p_neither_low, neither.ci_high AS p_neither_high,
    a.p_a_only, a_only.ci_low AS p_a_only_low, a_only.ci_high AS p_a_only_high,
    a.p_b_only, b_only.ci_low AS p_b_only_low, b_only.ci_high AS p_b_only_high,
    a.p_both, present.ci_low AS p_both_low, present.ci_high AS p_both_high,
    a.estimate, a.se, a.ci_low, a.ci_high, a.p_value, a.p_adjusted, a.verdict, a.df, a.interval_kind,
    a.n, a.events, f.firms, f.minimum_detectable_effect, a.warning, a.warning_nl, a.suppressed
FROM answer AS a
JOIN models AS f ON f.survey = a.survey AND f.wave = a.wave AND f.model = a.model AND f.variant = a.variant
LEFT JOIN definitions AS first_practice
    ON first_practice.survey = a.survey AND first_practice.kind = 'measure' AND first_practice.name = a.practice_a
LEFT JOIN definitions AS second_practice
    ON second_practice.survey = a.survey AND second_practice.kind = 'measure' AND second_practice.name = a.practice_b
LEFT JOIN contrasts AS neither
    ON neither.survey = a.survey AND neither.wave = a.wave AND neither.model = a.model AND neither.variant = a.variant
    AND neither.contrast = 'p_neither'
LEFT JOIN contrasts AS a_only
    ON a_only.survey = a.survey AND a_only.wave = a.wave AND a_only.model = a.model AND a_only.variant = a.variant
    AND a_only.contrast = 'p_' || a.practice_a || '_only'
LEFT JOIN contrasts AS b_only
    ON b_only.survey = a.survey AND b_only.wave = a.wave AND b_only.model = a.model AND b_only.variant = a.variant
    AND b_only.contrast = 'p_' || a.practice_b || '_only'
LEFT JOIN contrasts AS present
    ON present.survey = a.survey AND present.wave = a.wave AND present.model = a.model AND present.variant = a.variant
    AND present.contrast = 'p_both'
WHERE a.own_choice
ORDER BY a.survey, a.model, a.pooled, a.wave
