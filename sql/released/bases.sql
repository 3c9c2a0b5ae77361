-- Grain: survey, base. Inputs: definitions
SELECT survey, name AS base, label_nl, label_en, formula
FROM definitions
WHERE kind = 'base'
ORDER BY survey, base
