-- Grain: row that failed a rule. Inputs: failures.
SELECT suite, rule, severity, firm, response, line, columns, value
FROM failures
ORDER BY suite, rule, firm, response, value
