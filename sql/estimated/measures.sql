-- Grain: imputation x firm. Inputs: derived_measures, imputed_answers. Further columns: the domain variables that
-- neither the weights nor the measures hold.
SELECT measures.*/* domains */
FROM derived_measures AS measures
JOIN imputed_answers AS answers USING (imputation, firm)
ORDER BY measures.imputation, measures.firm
