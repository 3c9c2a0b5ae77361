-- Grain: survey, wave, domain. Inputs: combined_estimate
CREATE MACRO estimate_total(what, base := true, domains := 'all') AS TABLE
FROM combined_estimate(what, 1.0, false, (base), (domains))
