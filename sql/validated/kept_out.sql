-- Grain: rule that keeps responses out of the analysis. Inputs: failures.
SELECT suite, rule, count(DISTINCT response) AS responses
FROM failures
WHERE severity IN ('critical', 'warning')
GROUP BY suite, rule
