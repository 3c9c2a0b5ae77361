-- Grain: the wave. Inputs: modelled_claims, modelled_contrasts, modelled_models
-- As `quality_seed`, of the contrasts that claims rest on.
SELECT
    'monte_carlo_error' AS indicator,
    'claims' AS concept,
    max(sqrt(greatest((c.fmi - 2 / (c.df + 3)) / (1 - 2 / (c.df + 3)), 0) / (m.copies + 1))) AS value
FROM modelled_claims AS k
JOIN modelled_contrasts AS c USING (model, variant, contrast)
JOIN modelled_models AS m USING (model, variant)
WHERE m.copies > 1 AND c.fmi > 0
