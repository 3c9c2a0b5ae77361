-- Grain: response that is set aside. Inputs: set_aside, responses. Parameters: suite, usable (the wave's predicate).
SELECT
    $suite AS suite,
    rule,
    'info' AS severity,
    firm,
    response,
    line,
    'response' AS columns,
    CASE WHEN holds IS NULL THEN 'not usable: ' || $usable ELSE 'response ' || holds || ' holds' END AS value
FROM set_aside
JOIN responses USING (response)
