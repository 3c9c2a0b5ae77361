-- Grain: one row per kept response, the observed copy (imputation 0) with its missing values as they are.
-- Inputs: staged_answers, validated_responses.
SELECT 0 AS imputation, answers.* EXCLUDE (response, line)
FROM staged_answers AS answers
SEMI JOIN validated_responses AS kept
    ON kept.firm = answers.firm AND kept.response = answers.response AND kept.status = 'kept'
ORDER BY firm
