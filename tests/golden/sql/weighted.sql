-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- kept_firms
-- Grain: kept firm. Inputs: validated_responses, imputed_answers (the observed copy).
SELECT firm,
    "size_band",
    "sector"
FROM imputed_answers
WHERE imputation = 0
  AND firm IN (SELECT firm FROM validated_responses WHERE status = 'kept')
ORDER BY firm;
