-- Grain: firm of the frame. Inputs: staged_frame.
SELECT *
FROM staged_frame
ORDER BY firm
