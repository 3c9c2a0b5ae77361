-- Grain: survey, wave, domain. Inputs: combined_estimate
CREATE MACRO estimate_ratio(numerator, denominator, base := true, domains := 'all') AS TABLE
FROM combined_estimate(numerator, denominator, true, (base), (domains))
