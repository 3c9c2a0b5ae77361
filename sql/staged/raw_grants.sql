-- Grain: grant as its list has it. Inputs: raw_grants.
SELECT programme, file, line, firm, round, amount_eur, consortium, began, ended, status
FROM raw_grants
ORDER BY programme, line
