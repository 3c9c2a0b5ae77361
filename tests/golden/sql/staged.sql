-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- apart
-- Grain: record that is no firm's. Inputs: raw_records.
WITH
-- Whether most of the firms' cells hold a digit.
digits AS (
    SELECT count(*) FILTER (WHERE regexp_matches("kvk", '\d')) >= 0.5 * count("kvk") AS numbered
    FROM raw_records
),
-- Why a record is no firm's.
judged AS (
    SELECT row_number, line,
        CASE
            WHEN is_total("kvk") THEN 'a row of totals'
            WHEN tidy_cell("kvk") IS NULL AND list_bool_or([coalesce(is_total(cell), false) for cell in ["kvk", "email", "opmerking", "voortgang", "v1", "v2a", "v2b", "v2c", "v3_1", "v3_2", "v3_3", "v4", "v5", "v6"]]) THEN 'a row of totals'
            WHEN tidy_cell("kvk") = 'kvk' THEN 'the column names again'
            WHEN regexp_full_match(tidy_cell("kvk"), '\D+') AND (SELECT numbered FROM digits) AND row_number = 1 THEN 'a second line of headings'
            WHEN regexp_full_match(tidy_cell("kvk"), '\D+') AND (SELECT numbered FROM digits) AND coalesce(NULL, tidy_cell("email"), tidy_cell("opmerking"), tidy_cell("voortgang"), tidy_cell("v1"), tidy_cell("v2a"), tidy_cell("v2b"), tidy_cell("v2c"), tidy_cell("v3_1"), tidy_cell("v3_2"), tidy_cell("v3_3"), tidy_cell("v4"), tidy_cell("v5"), tidy_cell("v6")) IS NULL THEN 'a note'
        END AS reason
    FROM raw_records
)
SELECT row_number, line, reason FROM judged WHERE reason IS NOT NULL;

-- staged_identifiers
-- Grain: shape of identifier. Inputs: raw_records, apart.
SELECT identifier_shape(firm), in_form(firm) AS declared, count(*), min(line)
FROM (SELECT firm_id("kvk") AS firm, line FROM raw_records ANTI JOIN apart USING (row_number))
WHERE firm IS NOT NULL
GROUP BY ALL
ORDER BY count(*) DESC, 1;

-- identified_frame
-- Grain: firm of the frame. Inputs: raw_frame, left_out.
SELECT firm_of("kvk") AS firm,
    raw_frame.*,
    coalesce(map_extract_value(MAP(['1', '2', '3'], ['micro', 'small', 'large']), "grootte"), map_extract_value(MAP(['1', '2', '3'], ['micro', 'small', 'large']), code_key(tidy_cell("grootte")))) AS "found size_band",
    CAST(CASE WHEN NOT is_error(tidy_cell("sector")) THEN tidy_cell("sector") END AS VARCHAR) AS "found sector",
    coalesce(map_extract_value(MAP(['PV20', 'PV21', 'PV22'], ['PV20', 'PV21', 'PV22']), "prov"), map_extract_value(MAP(['pv20', 'pv21', 'pv22'], ['PV20', 'PV21', 'PV22']), code_key(tidy_cell("prov")))) AS "found province",
    coalesce(map_extract_value(MAP(['true', '1', 'ja', 'yes', 'j', 'y', 'waar', 't', 'false', '0', 'nee', 'no', 'n', 'onwaar', 'f'], ['true', 'true', 'true', 'true', 'true', 'true', 'true', 'true', 'false', 'false', 'false', 'false', 'false', 'false', 'false']), "verstuurd"), map_extract_value(MAP(['true', '1', 'ja', 'yes', 'j', 'y', 'waar', 't', 'false', '0', 'nee', 'no', 'n', 'onwaar', 'f'], ['true', 'true', 'true', 'true', 'true', 'true', 'true', 'true', 'false', 'false', 'false', 'false', 'false', 'false', 'false']), code_key(tidy_cell("verstuurd")))) AS "found invited",
    coalesce(map_extract_value(MAP(['complete', 'partial', 'break_off', 'break off', 'break-off', 'refusal', 'no_contact', 'no contact', 'no-contact', 'out_of_scope', 'out of scope', 'out-of-scope'], ['complete', 'partial', 'break_off', 'break_off', 'break_off', 'refusal', 'no_contact', 'no_contact', 'no_contact', 'out_of_scope', 'out_of_scope', 'out_of_scope']), "uitslag"), map_extract_value(MAP(['complete', 'partial', 'break_off', 'break off', 'break-off', 'refusal', 'no_contact', 'no contact', 'no-contact', 'out_of_scope', 'out of scope', 'out-of-scope'], ['complete', 'partial', 'break_off', 'break_off', 'break_off', 'refusal', 'no_contact', 'no_contact', 'no_contact', 'out_of_scope', 'out_of_scope', 'out_of_scope']), code_key(tidy_cell("uitslag")))) AS "found disposition"
FROM raw_frame
WHERE row_number NOT IN (SELECT row_number FROM left_out WHERE held_in = 'frame');

-- staged_frame
-- Grain: firm of the frame. Inputs: identified_frame.
SELECT firm,
    "found size_band" AS "size_band",
    "found sector" AS "sector",
    "found province" AS "province",
    CASE "found invited" WHEN 'true' THEN true WHEN 'false' THEN false END AS "invited",
    coalesce("found disposition", evidence(tidy_cell("uitslag"))) AS "disposition"
FROM identified_frame
ORDER BY firm;

-- coded
-- Grain: response. Inputs: raw_records, left_out, staged_frame where a predicate needs the frame.
WITH
-- The columns that questions read, as the delivery holds them and corrections mend them; firms' records only.
cells AS (
    SELECT row_number AS response,
        line,
        "voortgang" AS "cell voortgang",
        "v1" AS "cell v1",
        "v2a" AS "cell v2a",
        "v2b" AS "cell v2b",
        "v2c" AS "cell v2c",
        "v3_1" AS "cell v3_1",
        "v3_2" AS "cell v3_2",
        "v3_3" AS "cell v3_3",
        "v4" AS "cell v4",
        CASE row_number WHEN 1 THEN '12' ELSE "v5" END AS "cell v5",
        "v6" AS "cell v6",
        "kvk" AS "cell kvk"
    FROM raw_records
    WHERE row_number NOT IN (SELECT row_number FROM left_out WHERE held_in = 'answers')
),
-- Whose record it is; one that holds nothing in any question's column is left out.
given AS (
    SELECT firm_of("cell kvk") AS firm, cells.*
    FROM cells
    WHERE coalesce(tidy_cell("cell voortgang"), tidy_cell("cell v1"), tidy_cell("cell v2a"), tidy_cell("cell v2b"), tidy_cell("cell v2c"), tidy_cell("cell v3_1"), tidy_cell("cell v3_2"), tidy_cell("cell v3_3"), tidy_cell("cell v4"), tidy_cell("cell v5"), tidy_cell("cell v6"), tidy_cell("cell kvk")) IS NOT NULL
),
-- What the cells give by themselves: codes, numbers, declared words.
found AS (
    SELECT *,
        parse_percentage("cell voortgang", ',', '.') AS "found progress",
        coalesce(map_extract_value(MAP(['98', '99', '1', '2'], ['missing: dont_know', 'missing: refused', 'true', 'false']), "cell v1"), map_extract_value(MAP(['98', '99', '1', '2'], ['missing: dont_know', 'missing: refused', 'true', 'false']), code_key(tidy_cell("cell v1")))) AS "found product_innovation",
        parse_percentage("cell v2a", ',', '.') AS "found turnover_share_new_to_market",
        parse_percentage("cell v2b", ',', '.') AS "found turnover_share_new_to_firm",
        parse_percentage("cell v2c", ',', '.') AS "found turnover_share_unchanged",
        [coalesce(map_extract_value(MAP(['98', '99', '0', '2', 'false', 'n', 'nee', 'niet geselecteerd', 'no', 'not selected', 'off', 'unchecked', '1'], ['dont_know', 'refused', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'ticked']), c), map_extract_value(MAP(['98', '99', '0', '2', 'false', 'n', 'nee', 'niet geselecteerd', 'no', 'not selected', 'off', 'unchecked', '1'], ['dont_know', 'refused', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'not ticked', 'ticked']), code_key(tidy_cell(c))), CASE WHEN tidy_cell(c) IS NOT NULL THEN 'unknown' END) for c in ["cell v3_1", "cell v3_2", "cell v3_3"]] AS "found initiatives",
        coalesce(map_extract_value(MAP(['98', '99', '1', '2'], ['missing: dont_know', 'missing: refused', 'true', 'false']), "cell v4"), map_extract_value(MAP(['98', '99', '1', '2'], ['missing: dont_know', 'missing: refused', 'true', 'false']), code_key(tidy_cell("cell v4")))) AS "found in_house_rd",
        parse_number("cell v5", ',', '.') AS "found employees",
        parse_number("cell v6", ',', '.') AS "found turnover_eur"
    FROM given
),
-- Every concept of the survey as a typed column: asked here, known from the frame, or NULL.
typed AS (
    SELECT found.*,
        CASE WHEN CASE "found progress" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END IS NULL THEN CAST("found progress" AS DOUBLE) END AS "progress",
        CASE "found product_innovation" WHEN 'true' THEN true WHEN 'false' THEN false END AS "product_innovation",
        CASE WHEN CASE "found turnover_share_new_to_market" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END IS NULL THEN CAST("found turnover_share_new_to_market" AS DOUBLE) END AS "turnover_share_new_to_market",
        CASE WHEN CASE "found turnover_share_new_to_firm" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END IS NULL THEN CAST("found turnover_share_new_to_firm" AS DOUBLE) END AS "turnover_share_new_to_firm",
        CASE WHEN CASE "found turnover_share_unchanged" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END IS NULL THEN CAST("found turnover_share_unchanged" AS DOUBLE) END AS "turnover_share_unchanged",
        CASE WHEN list_has_any("found initiatives", ['ticked', 'not ticked', 'unknown']) AND NOT list_contains("found initiatives", 'unknown') THEN list_sort(list_distinct(list_filter(['network_north', 'living_lab', 'incubator_east'], lambda o, i: "found initiatives"[i] = 'ticked'))) END AS "initiatives",
        CASE "found in_house_rd" WHEN 'true' THEN true WHEN 'false' THEN false END AS "in_house_rd",
        CASE WHEN CASE "found employees" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END IS NULL THEN CAST("found employees" AS DOUBLE) END AS "employees",
        CASE WHEN CASE "found turnover_eur" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END IS NULL THEN CAST("found turnover_eur" * 1000.0 AS DOUBLE) END AS "turnover_eur"
    FROM found
),
-- Beside every value the kind of its absence: blank, a declared code, a word for it, or invalid.
kinds AS (
    SELECT *,
        CASE WHEN "progress" IS NOT NULL THEN NULL WHEN tidy_cell("cell voortgang") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE "found progress" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END, missing_word(tidy_cell("cell voortgang")), 'invalid') AS missing_kind) END AS "kind progress",
        CASE WHEN "product_innovation" IS NOT NULL THEN NULL WHEN tidy_cell("cell v1") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(kind_in("found product_innovation"), missing_word(tidy_cell("cell v1")), 'invalid') AS missing_kind) END AS "kind product_innovation",
        CASE WHEN "turnover_share_new_to_market" IS NOT NULL THEN NULL WHEN tidy_cell("cell v2a") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE "found turnover_share_new_to_market" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END, missing_word(tidy_cell("cell v2a")), 'invalid') AS missing_kind) END AS "kind turnover_share_new_to_market",
        CASE WHEN "turnover_share_new_to_firm" IS NOT NULL THEN NULL WHEN tidy_cell("cell v2b") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE "found turnover_share_new_to_firm" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END, missing_word(tidy_cell("cell v2b")), 'invalid') AS missing_kind) END AS "kind turnover_share_new_to_firm",
        CASE WHEN "turnover_share_unchanged" IS NOT NULL THEN NULL WHEN tidy_cell("cell v2c") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE "found turnover_share_unchanged" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END, missing_word(tidy_cell("cell v2c")), 'invalid') AS missing_kind) END AS "kind turnover_share_unchanged",
        CASE WHEN "initiatives" IS NOT NULL THEN NULL WHEN len([s for s in "found initiatives" if s IS NOT NULL]) = 0 THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE WHEN NOT list_has_any("found initiatives", ['ticked', 'not ticked', 'unknown']) THEN [s for s in "found initiatives" if s IS NOT NULL][1] END, missing_word(concat_ws(' | ', "cell v3_1", "cell v3_2", "cell v3_3")), 'invalid') AS missing_kind) END AS "kind initiatives",
        CASE WHEN "in_house_rd" IS NOT NULL THEN NULL WHEN tidy_cell("cell v4") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(kind_in("found in_house_rd"), missing_word(tidy_cell("cell v4")), 'invalid') AS missing_kind) END AS "kind in_house_rd",
        CASE WHEN "employees" IS NOT NULL THEN NULL WHEN tidy_cell("cell v5") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE "found employees" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END, missing_word(tidy_cell("cell v5")), 'invalid') AS missing_kind) END AS "kind employees",
        CASE WHEN "turnover_eur" IS NOT NULL THEN NULL WHEN tidy_cell("cell v6") IS NULL THEN 'absent'::missing_kind ELSE CAST(coalesce(CASE "found turnover_eur" WHEN 98.0 THEN 'dont_know' WHEN 99.0 THEN 'refused' END, missing_word(tidy_cell("cell v6")), 'invalid') AS missing_kind) END AS "kind turnover_eur"
    FROM typed
),
-- Concept -> the text that is no value.
unread AS (
    SELECT *,
        CASE WHEN "kind progress" = 'invalid'::missing_kind OR "kind product_innovation" = 'invalid'::missing_kind OR "kind turnover_share_new_to_market" = 'invalid'::missing_kind OR "kind turnover_share_new_to_firm" = 'invalid'::missing_kind OR "kind turnover_share_unchanged" = 'invalid'::missing_kind OR "kind initiatives" = 'invalid'::missing_kind OR "kind in_house_rd" = 'invalid'::missing_kind OR "kind employees" = 'invalid'::missing_kind OR "kind turnover_eur" = 'invalid'::missing_kind
            THEN MAP(['progress', 'product_innovation', 'turnover_share_new_to_market', 'turnover_share_new_to_firm', 'turnover_share_unchanged', 'initiatives', 'in_house_rd', 'employees', 'turnover_eur'], [CASE WHEN "kind progress" = 'invalid'::missing_kind THEN tidy_cell("cell voortgang") END, CASE WHEN "kind product_innovation" = 'invalid'::missing_kind THEN tidy_cell("cell v1") END, CASE WHEN "kind turnover_share_new_to_market" = 'invalid'::missing_kind THEN tidy_cell("cell v2a") END, CASE WHEN "kind turnover_share_new_to_firm" = 'invalid'::missing_kind THEN tidy_cell("cell v2b") END, CASE WHEN "kind turnover_share_unchanged" = 'invalid'::missing_kind THEN tidy_cell("cell v2c") END, CASE WHEN "kind initiatives" = 'invalid'::missing_kind THEN concat_ws(' | ', "cell v3_1", "cell v3_2", "cell v3_3") END, CASE WHEN "kind in_house_rd" = 'invalid'::missing_kind THEN tidy_cell("cell v4") END, CASE WHEN "kind employees" = 'invalid'::missing_kind THEN tidy_cell("cell v5") END, CASE WHEN "kind turnover_eur" = 'invalid'::missing_kind THEN tidy_cell("cell v6") END]) END AS "unread texts"
    FROM kinds
),
-- A blank that means something takes its value.
blanks AS (
    SELECT * REPLACE (
        CASE WHEN "kind turnover_share_new_to_market" = 'absent'::missing_kind AND coalesce((turnover_share_new_to_firm is not null and turnover_share_unchanged is not null), false) THEN CAST(0 AS DOUBLE) ELSE "turnover_share_new_to_market" END AS "turnover_share_new_to_market",
        CASE WHEN NOT ("kind turnover_share_new_to_market" = 'absent'::missing_kind AND coalesce((turnover_share_new_to_firm is not null and turnover_share_unchanged is not null), false)) OR "kind turnover_share_new_to_market" IS NULL THEN "kind turnover_share_new_to_market" END AS "kind turnover_share_new_to_market"
    )
    FROM unread
),
-- Who was routed past takes the value that follows, and the kind not_asked.
routed_1 AS (
    SELECT * REPLACE (
        CASE WHEN NOT coalesce((product_innovation), true) AND NOT ("turnover_share_new_to_market" IS NOT NULL AND "turnover_share_new_to_market" IS DISTINCT FROM CAST(0 AS DOUBLE) OR coalesce("kind turnover_share_new_to_market" = 'invalid'::missing_kind, false)) THEN CAST(0 AS DOUBLE) ELSE "turnover_share_new_to_market" END AS "turnover_share_new_to_market",
        CASE WHEN NOT coalesce((product_innovation), true) AND NOT ("turnover_share_new_to_market" IS NOT NULL AND "turnover_share_new_to_market" IS DISTINCT FROM CAST(0 AS DOUBLE) OR coalesce("kind turnover_share_new_to_market" = 'invalid'::missing_kind, false)) THEN 'not_asked'::missing_kind ELSE "kind turnover_share_new_to_market" END AS "kind turnover_share_new_to_market",
        CASE WHEN NOT coalesce((product_innovation), true) AND NOT ("turnover_share_new_to_firm" IS NOT NULL AND "turnover_share_new_to_firm" IS DISTINCT FROM CAST(0 AS DOUBLE) OR coalesce("kind turnover_share_new_to_firm" = 'invalid'::missing_kind, false)) THEN CAST(0 AS DOUBLE) ELSE "turnover_share_new_to_firm" END AS "turnover_share_new_to_firm",
        CASE WHEN NOT coalesce((product_innovation), true) AND NOT ("turnover_share_new_to_firm" IS NOT NULL AND "turnover_share_new_to_firm" IS DISTINCT FROM CAST(0 AS DOUBLE) OR coalesce("kind turnover_share_new_to_firm" = 'invalid'::missing_kind, false)) THEN 'not_asked'::missing_kind ELSE "kind turnover_share_new_to_firm" END AS "kind turnover_share_new_to_firm",
        CASE WHEN NOT coalesce((product_innovation), true) AND NOT ("turnover_share_unchanged" IS NOT NULL AND "turnover_share_unchanged" IS DISTINCT FROM CAST(100 AS DOUBLE) OR coalesce("kind turnover_share_unchanged" = 'invalid'::missing_kind, false)) THEN CAST(100 AS DOUBLE) ELSE "turnover_share_unchanged" END AS "turnover_share_unchanged",
        CASE WHEN NOT coalesce((product_innovation), true) AND NOT ("turnover_share_unchanged" IS NOT NULL AND "turnover_share_unchanged" IS DISTINCT FROM CAST(100 AS DOUBLE) OR coalesce("kind turnover_share_unchanged" = 'invalid'::missing_kind, false)) THEN 'not_asked'::missing_kind ELSE "kind turnover_share_unchanged" END AS "kind turnover_share_unchanged"
    )
    FROM blanks
),
-- The place of the last answer of a response that is not usable.
stopped AS (
    SELECT *,
        CASE WHEN NOT coalesce((progress >= 50), false) THEN coalesce(greatest(
            CASE WHEN "kind product_innovation" IS NULL OR "kind product_innovation" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 1 END,
            CASE WHEN "kind turnover_share_new_to_market" IS NULL OR "kind turnover_share_new_to_market" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 2 END,
            CASE WHEN "kind turnover_share_new_to_firm" IS NULL OR "kind turnover_share_new_to_firm" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 3 END,
            CASE WHEN "kind turnover_share_unchanged" IS NULL OR "kind turnover_share_unchanged" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 4 END,
            CASE WHEN "kind initiatives" IS NULL OR "kind initiatives" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 5 END,
            CASE WHEN "kind in_house_rd" IS NULL OR "kind in_house_rd" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 6 END,
            CASE WHEN "kind employees" IS NULL OR "kind employees" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 7 END,
            CASE WHEN "kind turnover_eur" IS NULL OR "kind turnover_eur" NOT IN ('absent'::missing_kind, 'not_asked'::missing_kind) THEN 8 END
        ), 0) END AS "stopped after"
    FROM routed_1
),
-- What lies blank after that answer is a break-off.
broken_off AS (
    SELECT * EXCLUDE ("stopped after") REPLACE (
        CASE WHEN "kind product_innovation" = 'absent'::missing_kind AND "stopped after" < 1 THEN 'break_off'::missing_kind ELSE "kind product_innovation" END AS "kind product_innovation",
        CASE WHEN "kind turnover_share_new_to_market" = 'absent'::missing_kind AND "stopped after" < 2 THEN 'break_off'::missing_kind ELSE "kind turnover_share_new_to_market" END AS "kind turnover_share_new_to_market",
        CASE WHEN "kind turnover_share_new_to_firm" = 'absent'::missing_kind AND "stopped after" < 3 THEN 'break_off'::missing_kind ELSE "kind turnover_share_new_to_firm" END AS "kind turnover_share_new_to_firm",
        CASE WHEN "kind turnover_share_unchanged" = 'absent'::missing_kind AND "stopped after" < 4 THEN 'break_off'::missing_kind ELSE "kind turnover_share_unchanged" END AS "kind turnover_share_unchanged",
        CASE WHEN "kind initiatives" = 'absent'::missing_kind AND "stopped after" < 5 THEN 'break_off'::missing_kind ELSE "kind initiatives" END AS "kind initiatives",
        CASE WHEN "kind in_house_rd" = 'absent'::missing_kind AND "stopped after" < 6 THEN 'break_off'::missing_kind ELSE "kind in_house_rd" END AS "kind in_house_rd",
        CASE WHEN "kind employees" = 'absent'::missing_kind AND "stopped after" < 7 THEN 'break_off'::missing_kind ELSE "kind employees" END AS "kind employees",
        CASE WHEN "kind turnover_eur" = 'absent'::missing_kind AND "stopped after" < 8 THEN 'break_off'::missing_kind ELSE "kind turnover_eur" END AS "kind turnover_eur"
    )
    FROM stopped
)
SELECT firm,
    response,
    line,
    "unread texts",
    "employees",
    "turnover_eur",
    "product_innovation",
    "turnover_share_new_to_market",
    "turnover_share_new_to_firm",
    "turnover_share_unchanged",
    "in_house_rd",
    "initiatives",
    "progress",
    "kind progress",
    "kind product_innovation",
    "kind turnover_share_new_to_market",
    "kind turnover_share_new_to_firm",
    "kind turnover_share_unchanged",
    "kind initiatives",
    "kind in_house_rd",
    "kind employees",
    "kind turnover_eur"
FROM broken_off;

-- staged_answers
-- Grain: response. Inputs: coded.
SELECT firm,
    response,
    line,
    "employees",
    "turnover_eur",
    "product_innovation",
    "turnover_share_new_to_market",
    "turnover_share_new_to_firm",
    "turnover_share_unchanged",
    "in_house_rd",
    "initiatives",
    "progress"
FROM coded
ORDER BY firm, response;

-- staged_missing
-- Grain: response x concept. Inputs: coded.
WITH
-- Concept by concept the responses that lack it, and the kind.
missing AS (
    SELECT response, 'progress' AS concept, "kind progress" AS kind
    FROM coded WHERE "kind progress" IS NOT NULL
    UNION ALL
    SELECT response, 'product_innovation' AS concept, "kind product_innovation" AS kind
    FROM coded WHERE "kind product_innovation" IS NOT NULL
    UNION ALL
    SELECT response, 'turnover_share_new_to_market' AS concept, "kind turnover_share_new_to_market" AS kind
    FROM coded WHERE "kind turnover_share_new_to_market" IS NOT NULL
    UNION ALL
    SELECT response, 'turnover_share_new_to_firm' AS concept, "kind turnover_share_new_to_firm" AS kind
    FROM coded WHERE "kind turnover_share_new_to_firm" IS NOT NULL
    UNION ALL
    SELECT response, 'turnover_share_unchanged' AS concept, "kind turnover_share_unchanged" AS kind
    FROM coded WHERE "kind turnover_share_unchanged" IS NOT NULL
    UNION ALL
    SELECT response, 'initiatives' AS concept, "kind initiatives" AS kind
    FROM coded WHERE "kind initiatives" IS NOT NULL
    UNION ALL
    SELECT response, 'in_house_rd' AS concept, "kind in_house_rd" AS kind
    FROM coded WHERE "kind in_house_rd" IS NOT NULL
    UNION ALL
    SELECT response, 'employees' AS concept, "kind employees" AS kind
    FROM coded WHERE "kind employees" IS NOT NULL
    UNION ALL
    SELECT response, 'turnover_eur' AS concept, "kind turnover_eur" AS kind
    FROM coded WHERE "kind turnover_eur" IS NOT NULL
)
SELECT firm,
    response,
    line,
    missing.concept,
    missing.kind,
    CASE WHEN missing.kind = 'invalid' THEN evidence(map_extract_value("unread texts", missing.concept)) END AS text
FROM missing JOIN coded USING (response)
ORDER BY firm, response, missing.concept;
