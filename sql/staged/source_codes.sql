-- Grain: code that the file itself labels. Inputs: raw_codes. Parameters: role (answers or frame).
-- What a label of a missing value says is its kind; one that says nothing known is absent.
SELECT stored, code, text, user_missing, coalesce(missing_label(text), 'absent') AS kind
FROM raw_codes
WHERE role = $role
