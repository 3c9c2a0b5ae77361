-- Grain: one row, how many rows failed a rule. Inputs: failures. Parameters: suite, rule.
SELECT count(*) AS failed
FROM failures
WHERE suite = $suite AND rule = $rule
