-- Grain: record that is no firm's. Inputs: apart.
SELECT row_number, line, reason
FROM apart
ORDER BY row_number
