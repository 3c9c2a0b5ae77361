-- Grain: kept firm. Inputs: validated_responses, imputed_answers (the observed copy). Further columns: the variables
-- of the design that no frame holds.
SELECT answers.firm/* variables */
FROM imputed_answers AS answers
WHERE answers.imputation = 0
  AND answers.firm IN (SELECT kept.firm FROM validated_responses AS kept WHERE kept.status = 'kept')
ORDER BY answers.firm
