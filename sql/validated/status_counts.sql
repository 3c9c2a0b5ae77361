-- Grain: status of a response. Inputs: validated_responses.
SELECT status, count(*) AS responses
FROM validated_responses
GROUP BY status
