-- Grain: rule by which responses are set aside. Inputs: set_aside.
SELECT rule, count(*) AS responses
FROM set_aside
GROUP BY rule
