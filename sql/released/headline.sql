-- Grain: survey, wave, headline indicator. Inputs: indicators, definitions
SELECT
    i.survey, i.wave, i.indicator, m.label_nl, m.label_en, m.unit,
    i.estimate, i.ci_low, i.ci_high, i.unweighted, i.n, i.n_routed, i.reference_period, i.reliability,
    i.suppressed, i.withheld_for, i.held, i.comparable_since
FROM indicators AS i
JOIN definitions AS m ON m.survey = i.survey AND m.kind = 'indicator' AND m.name = i.indicator
WHERE m.headline AND i.domain_variable = 'all'
ORDER BY i.survey, i.indicator, i.wave
