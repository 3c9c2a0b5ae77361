-- Grain: quality indicator. Inputs: raw_amendments
SELECT 'amendments_' || decision AS indicator, 'all' AS concept, count(*)::DOUBLE AS value
FROM (SELECT DISTINCT firm, line_before, line_after, decision FROM raw_amendments)
GROUP BY decision
ORDER BY decision
