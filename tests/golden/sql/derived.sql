-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- derived_measures
-- Grain: imputation x firm. Inputs: imputed_answers.
SELECT answers.imputation,
    answers.firm,
    TRY((turnover_share_new_to_market > 40))::BOOLEAN AS "top_innovator",
    TRY((len(initiatives) > 0))::BOOLEAN AS "cooperates",
    TRY((in_house_rd))::BOOLEAN AS "invests",
    CASE WHEN isfinite(TRY((turnover_share_new_to_market))::DOUBLE) THEN TRY((turnover_share_new_to_market))::DOUBLE END AS "new_to_market_share",
    CASE WHEN isfinite(TRY((turnover_eur / nullif(employees, 0)))::DOUBLE) THEN TRY((turnover_eur / nullif(employees, 0)))::DOUBLE END AS "turnover_per_employee",
    coalesce((true), false) AS "base_all",
    coalesce((product_innovation), false) AS "base_product_innovators"
FROM (SELECT * FROM imputed_answers) AS answers
ORDER BY ALL;

-- derived_flags
-- Grain: firm x measure. Inputs: derived_measures.
SELECT observed.firm, 'top_innovator' AS measure
FROM derived_measures AS observed
WHERE observed.imputation = 0 AND observed."top_innovator" IS NULL AND EXISTS (
    SELECT 1 FROM derived_measures AS filled
    WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled."top_innovator" IS NOT NULL
)
UNION ALL
SELECT observed.firm, 'cooperates' AS measure
FROM derived_measures AS observed
WHERE observed.imputation = 0 AND observed."cooperates" IS NULL AND EXISTS (
    SELECT 1 FROM derived_measures AS filled
    WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled."cooperates" IS NOT NULL
)
UNION ALL
SELECT observed.firm, 'invests' AS measure
FROM derived_measures AS observed
WHERE observed.imputation = 0 AND observed."invests" IS NULL AND EXISTS (
    SELECT 1 FROM derived_measures AS filled
    WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled."invests" IS NOT NULL
)
UNION ALL
SELECT observed.firm, 'new_to_market_share' AS measure
FROM derived_measures AS observed
WHERE observed.imputation = 0 AND observed."new_to_market_share" IS NULL AND EXISTS (
    SELECT 1 FROM derived_measures AS filled
    WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled."new_to_market_share" IS NOT NULL
)
UNION ALL
SELECT observed.firm, 'turnover_per_employee' AS measure
FROM derived_measures AS observed
WHERE observed.imputation = 0 AND observed."turnover_per_employee" IS NULL AND EXISTS (
    SELECT 1 FROM derived_measures AS filled
    WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled."turnover_per_employee" IS NOT NULL
)
ORDER BY firm, measure;

-- derived_routed
-- Grain: firm x measure. Inputs: staged_missing, validated_responses.
SELECT firm, 'top_innovator' AS measure
FROM staged_missing
SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response)
WHERE kind = 'not_asked' AND concept IN ('turnover_share_new_to_market')
GROUP BY firm HAVING count(DISTINCT concept) = 1
UNION ALL
SELECT firm, 'cooperates' AS measure
FROM staged_missing
SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response)
WHERE kind = 'not_asked' AND concept IN ('initiatives')
GROUP BY firm HAVING count(DISTINCT concept) = 1
UNION ALL
SELECT firm, 'invests' AS measure
FROM staged_missing
SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response)
WHERE kind = 'not_asked' AND concept IN ('in_house_rd')
GROUP BY firm HAVING count(DISTINCT concept) = 1
UNION ALL
SELECT firm, 'new_to_market_share' AS measure
FROM staged_missing
SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response)
WHERE kind = 'not_asked' AND concept IN ('turnover_share_new_to_market')
GROUP BY firm HAVING count(DISTINCT concept) = 1
UNION ALL
SELECT firm, 'turnover_per_employee' AS measure
FROM staged_missing
SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response)
WHERE kind = 'not_asked' AND concept IN ('employees', 'turnover_eur')
GROUP BY firm HAVING count(DISTINCT concept) = 2
ORDER BY firm, measure;

-- not_computable
SELECT count(*) FROM derived_measures AS derived JOIN imputed_answers AS answers USING (imputation, firm) WHERE imputation = 0 AND derived."turnover_per_employee" IS NULL AND answers."employees" IS NOT NULL AND answers."turnover_eur" IS NOT NULL;

-- unknown_base
SELECT count(*) FROM (SELECT * FROM imputed_answers) AS answers WHERE imputation = 0 AND (product_innovation) IS NULL;
