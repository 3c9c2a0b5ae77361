-- Grain: rule judged in this wave and in the last one. Inputs: validated_rules, last_rules.
-- z: difference of the two failing shares over its standard error under equal shares, each with half a failure added.
WITH judged_twice AS (
    SELECT
        now.rule,
        now.checked AS checked,
        before.checked AS last_checked,
        now.failed / now.checked AS share,
        before.failed / before.checked AS last_share,
        (now.failed + before.failed + 1) / (now.checked + before.checked + 2) AS pooled
    FROM validated_rules AS now
    JOIN last_rules AS before USING (suite, rule)
    WHERE now.checked > 0 AND before.checked > 0
)
SELECT rule, share, last_share,
    (share - last_share) / sqrt(pooled * (1 - pooled) * (1 / checked + 1 / last_checked)) AS z
FROM judged_twice
