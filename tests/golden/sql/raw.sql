-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- keyed_after
-- Grain: record. Inputs: the records of one delivery.
SELECT pseudonym(nullif(trim(kvk), '')) AS firm,
    line,
    row_number() OVER (PARTITION BY pseudonym(nullif(trim(kvk), '')) ORDER BY row_number) AS nth,
    coalesce(trim("v1"), '') AS "v1",
    coalesce(trim("v5"), '') AS "v5"
FROM records;

-- raw_amendments
-- Grain: response x changed column. Inputs: keyed_before, keyed_after.
SELECT coalesce(b.firm, a.firm) AS firm, CASE WHEN b.nth IS NULL THEN 'added' ELSE 'vanished' END AS change,
    NULL AS "column", NULL AS "from", NULL AS "to", b.line AS line_before, a.line AS line_after
FROM keyed_before AS b FULL JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth
WHERE a.nth IS NULL OR b.nth IS NULL
UNION ALL
SELECT b.firm, 'changed', $column0, b."v1", a."v1", b.line, a.line
FROM keyed_before AS b JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth
WHERE a."v1" <> b."v1"
UNION ALL
SELECT b.firm, 'changed', $column1, b."v5", a."v5", b.line, a.line
FROM keyed_before AS b JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth
WHERE a."v5" <> b."v5"
ORDER BY firm, line_after, line_before, "column";

-- raw_records
-- Grain: record. Inputs: the records of two deliveries, the firms whose change is refused.
SELECT * FROM records WHERE NOT coalesce(pseudonym(nullif(trim(kvk), '')) IN (SELECT firm FROM refused_of_records_1), false)
UNION ALL BY NAME
SELECT (SELECT max(row_number) FROM records) + row_number() OVER (ORDER BY row_number) AS row_number,
    CAST(NULL AS BIGINT) AS line,
    "kvk",
    "v1",
    "v5"
FROM records_1 WHERE pseudonym(nullif(trim(kvk), '')) IN (SELECT firm FROM refused_of_records_1)
ORDER BY row_number;
