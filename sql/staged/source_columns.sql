-- Grain: source column of a role. Inputs: raw_columns. Parameters: role (answers or frame).
SELECT source_column, stored, question, numeric
FROM raw_columns
WHERE role = $role
ORDER BY position
