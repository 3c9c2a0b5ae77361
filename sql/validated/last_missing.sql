-- Grain: response x concept that is missing in the last wave. Inputs: last_missing_values, last_wave.
SELECT *
FROM last_missing_values
WHERE response IN (SELECT response FROM last_wave)
