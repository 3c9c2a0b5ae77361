-- Grain: firm x concept. Inputs: staged_missing. Concepts a firm was routed past: a value there follows from the
-- questionnaire, not from an answer.
SELECT DISTINCT firm, concept
FROM staged_missing
WHERE kind = 'not_asked'
ORDER BY firm, concept
