-- Grain: declared correction. Inputs: raw_corrections.
SELECT firm, "column", "from", "to", reason, who, "when", line
FROM raw_corrections
ORDER BY line
