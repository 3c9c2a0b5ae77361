-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- all_answers
-- Grain: response. Inputs: delivered_answers, frame where it knows more.
SELECT *
FROM delivered_answers
LEFT JOIN (SELECT DISTINCT ON (firm) firm, "size_band", "sector", "province" FROM frame) USING (firm);

-- responses
-- Grain: response. Inputs: all_answers.
SELECT
    firm,
    response,
    line,
    coalesce((progress >= 50), false) AS usable,
    ("progress" IS NOT NULL)::INTEGER + ("product_innovation" IS NOT NULL)::INTEGER + ("turnover_share_new_to_market" IS NOT NULL)::INTEGER + ("turnover_share_new_to_firm" IS NOT NULL)::INTEGER + ("turnover_share_unchanged" IS NOT NULL)::INTEGER + ("initiatives" IS NOT NULL)::INTEGER + ("in_house_rd" IS NOT NULL)::INTEGER + ("employees" IS NOT NULL)::INTEGER + ("turnover_eur" IS NOT NULL)::INTEGER AS answered,
    9 AS asked,
    ("product_innovation" IS NOT NULL)::INTEGER + ("in_house_rd" IS NOT NULL)::INTEGER AS yes_no_answered,
    (coalesce("product_innovation", false))::INTEGER + (coalesce("in_house_rd", false))::INTEGER AS yes_no_true,
    NULL::DATE AS finished_at
FROM all_answers;

-- staged_answers
-- Grain: as all_answers. Inputs: all_answers, set_aside.
SELECT *
FROM all_answers
WHERE response NOT IN (SELECT response FROM set_aside);

-- wave
SELECT '2017' AS wave, 2016 AS reference_year;

-- last_wave
-- Grain: response. Inputs: last_answers, last_responses.
SELECT *
FROM last_answers
WHERE response IN (SELECT response FROM last_responses WHERE status = 'kept');

-- both_asked
SELECT unnest(['progress', 'product_innovation', 'turnover_share_new_to_market', 'turnover_share_new_to_firm', 'turnover_share_unchanged', 'initiatives', 'in_house_rd', 'employees', 'turnover_eur']::VARCHAR[]) AS concept;

-- amounts
-- Grain: response. Inputs: staged_answers.
SELECT firm, response, line, CAST(NULL AS DOUBLE) AS employees, CAST(turnover_eur AS DOUBLE) AS turnover_eur
FROM staged_answers;

-- thresholds
SELECT 3 AS minimum_firms, 3 AS minimum_df, 2 AS minimum_events;
