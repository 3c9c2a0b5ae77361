-- Grain: survey, wave, domain. Inputs: estimate_ratio
CREATE MACRO estimate_mean(what, base := true, domains := 'all') AS TABLE
FROM estimate_ratio((what)::DOUBLE, CASE WHEN (what) IS NOT NULL THEN 1.0 END, base := (base), domains := (domains))
