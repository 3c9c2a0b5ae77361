-- Grain: value that the delivery itself marks as missing. Inputs: raw_codes, raw_columns.
SELECT source_column, code, text, missing_label(text) AS kind
FROM raw_codes
JOIN raw_columns USING (role, stored)
WHERE role = 'answers' AND user_missing
ORDER BY position, code
