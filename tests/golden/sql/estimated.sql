-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- measures
-- Grain: imputation x firm. Inputs: derived_measures, imputed_answers.
SELECT measures.*,
    answers."size_band",
    answers."sector"
FROM derived_measures AS measures
JOIN imputed_answers AS answers USING (imputation, firm)
ORDER BY measures.imputation, measures.firm;
