-- Grain: survey, headline indicator, wave. Inputs: indicators, definitions, changes
SELECT
    i.survey, i.indicator, m.label_nl, m.label_en, i.wave, i.estimate, i.ci_low, i.ci_high, i.unweighted, i.n,
    c.wave_from, c.change, c.ci_low AS change_low, c.ci_high AS change_high, c.p_value,
    c.comparable, c.comparability, c.changed_nl, c.changed_en, i.comparable_since, i.suppressed, i.withheld_for, c.suppressed AS change_suppressed, i.held
FROM indicators AS i
JOIN definitions AS m ON m.survey = i.survey AND m.kind = 'indicator' AND m.name = i.indicator
LEFT JOIN changes AS c
    ON c.survey = i.survey AND c.indicator = i.indicator AND c.domain_variable = 'all' AND c.wave_to = i.wave
    AND c.wave_from = (
        SELECT max(b.wave_from) FROM changes AS b
        WHERE b.survey = i.survey AND b.indicator = i.indicator AND b.domain_variable = 'all' AND b.wave_to = i.wave
    )
WHERE m.headline AND i.domain_variable = 'all'
ORDER BY i.survey, i.indicator, i.wave
