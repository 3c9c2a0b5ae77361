-- Grain: response x concept whose text is no value. Inputs: missing.
SELECT *
FROM missing
WHERE kind = 'invalid'
