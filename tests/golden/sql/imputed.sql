-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py

-- observed
-- Grain: kept response, the observed copy. Inputs: kept, staged_frame.
SELECT kept.*,
    frame."size_band",
    frame."sector",
    frame."province"
FROM kept
LEFT JOIN staged_frame AS frame USING (firm)
ORDER BY kept.firm;

-- fact
SELECT TRY((len(initiatives) > 0))::DOUBLE AS fact FROM (SELECT "initiatives"::VARCHAR[] AS "initiatives" FROM drawn);
