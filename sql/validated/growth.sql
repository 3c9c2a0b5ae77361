-- Grain: firm x amount (employees, turnover_eur) known in this wave and the last. Inputs: amounts, last_amounts.
-- Hidiroglou & Berthelot (1986), Survey Methodology 12, 73-83: r = now / before; s = 1 - median(r)/r below the median
-- and r/median(r) - 1 from it up; e = s * max(now, before)^U with U = 0.4, so that a large firm's change weighs more.
-- score = (e - median(e)) / (distance to the first or third quartile, at least A * |median(e)| with A = 0.05).
-- Where most firms did not change, quartiles and median are all 0; so the distance is also at least the effect of a
-- change of 5 percent in a firm of median size. A score is missing where fewer than 20 firms are there to compare with.
WITH now AS (
    UNPIVOT amounts ON employees, turnover_eur INTO NAME concept VALUE value
),
before AS (
    UNPIVOT (SELECT firm, employees, turnover_eur FROM last_amounts) ON employees, turnover_eur
    INTO NAME concept VALUE last_value
),
ratios AS (
    SELECT now.*, last_value, value / last_value AS ratio
    FROM now JOIN before USING (firm, concept)
    WHERE value > 0 AND last_value > 0
),
centred AS (
    SELECT *, median(ratio) OVER (PARTITION BY concept) AS middle, count(*) OVER (PARTITION BY concept) AS firms
    FROM ratios
),
effects AS (
    SELECT *,
        CASE WHEN ratio < middle THEN 1 - middle / ratio ELSE ratio / middle - 1 END
        * pow(greatest(value, last_value), 0.4) AS effect
    FROM centred
),
spread AS (
    SELECT concept, median(effect) AS effect_middle,
        quantile_cont(effect, 0.25) AS first_quartile, quantile_cont(effect, 0.75) AS third_quartile,
        greatest(0.05 * abs(median(effect)), 0.05 * median(pow(greatest(value, last_value), 0.4))) AS least
    FROM effects GROUP BY concept
)
SELECT firm, response, line, concept, value, last_value, ratio,
    CASE WHEN firms >= 20 THEN
        (effect - effect_middle) / CASE
            WHEN effect < effect_middle THEN greatest(effect_middle - first_quartile, least)
            ELSE greatest(third_quartile - effect_middle, least)
        END
    END AS score
FROM effects JOIN spread USING (concept)
