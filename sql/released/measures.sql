-- Grain: survey, measure. Inputs: definitions
SELECT
    survey, name AS measure, label_nl, label_en, definition_nl, definition_en, formula, unit, codes
FROM definitions
WHERE kind = 'measure'
ORDER BY survey, measure
