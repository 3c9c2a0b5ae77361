-- Grain: fieldwork indicator x disposition (`all` for a rate). Inputs: frame (may be empty), validated_responses.
-- Parameters: invited (firms invited where there is no frame; may be missing).
-- A firm's disposition is what its response shows; the frame's word counts where no response came.
WITH answered AS (
    SELECT
        firm,
        bool_or(status = 'kept') AS kept,
        bool_or(status = 'quarantined') AS quarantined,
        bool_or(status = 'not_usable') AS not_usable
    FROM validated_responses WHERE firm IS NOT NULL GROUP BY firm
),
declared AS (
    SELECT firm, replace(replace(lower(trim(disposition)), ' ', '_'), '-', '_') AS disposition FROM frame WHERE invited
),
firms AS (
    SELECT
        CASE
            WHEN kept AND disposition = 'partial' THEN 'partial'
            WHEN kept THEN 'complete'
            WHEN quarantined THEN 'quarantined'
            WHEN not_usable THEN 'break_off'
            WHEN disposition IN ('break_off', 'refusal', 'no_contact', 'out_of_scope') THEN disposition
            ELSE 'no_contact'
        END AS disposition
    FROM declared LEFT JOIN answered USING (firm)
),
words (disposition, definition_nl, definition_en) AS (
    VALUES
    ('complete', 'Uitgenodigde bedrijven met een bruikbaar en volledig antwoord.', 'Invited firms with a usable and complete response.'),
    ('partial', 'Uitgenodigde bedrijven met een bruikbaar antwoord dat niet volledig is.', 'Invited firms with a usable response that is not complete.'),
    ('quarantined', 'Uitgenodigde bedrijven waarvan het antwoord in quarantaine staat.', 'Invited firms whose response is quarantined.'),
    ('break_off', 'Uitgenodigde bedrijven die begonnen en niet ver genoeg kwamen.', 'Invited firms that began and did not get far enough.'),
    ('refusal', 'Uitgenodigde bedrijven die weigerden.', 'Invited firms that refused.'),
    ('no_contact', 'Uitgenodigde bedrijven waarvan niets vernomen is.', 'Invited firms that were not heard from.'),
    ('out_of_scope', 'Uitgenodigde bedrijven die niet tot de populatie behoren.', 'Invited firms that do not belong to the population.')
),
counted AS (
    SELECT words.*, (SELECT count(*) FROM firms WHERE firms.disposition = words.disposition) AS firms FROM words
),
totals AS (
    SELECT
        (SELECT count(*) FROM validated_responses WHERE status = 'kept') AS usable,
        coalesce(nullif(sum(firms), 0), $invited::BIGINT) AS invited,
        sum(firms) AS followed,
        sum(firms) FILTER (WHERE disposition <> 'out_of_scope') AS eligible,
        sum(firms) FILTER (WHERE disposition = 'complete') AS complete,
        sum(firms) FILTER (WHERE disposition IN ('complete', 'partial')) AS responding,
        sum(firms) FILTER (WHERE disposition = 'refusal') AS refusing,
        sum(firms) FILTER (WHERE disposition = 'break_off') AS breaking_off
    FROM counted
),
rates AS (
    SELECT 'usable_response_rate' AS indicator, usable / nullif(invited, 0) AS value,
        'Bruikbare antwoorden gedeeld door alle uitgenodigde bedrijven.' AS definition_nl,
        'Usable responses divided by all invited firms.' AS definition_en
    FROM totals
    UNION ALL
    SELECT 'response_rate_1', complete / nullif(eligible, 0),
        'Volledige antwoorden gedeeld door uitgenodigde bedrijven die niet buiten de populatie vallen (AAPOR RR1: wie niet bereikt is telt als lid van de populatie).',
        'Complete responses divided by invited firms not out of scope (AAPOR RR1: a firm not reached counts as a member of the population).'
    FROM totals WHERE followed > 0
    UNION ALL
    SELECT 'response_rate_2', responding / nullif(eligible, 0),
        'Volledige en gedeeltelijke bruikbare antwoorden gedeeld door uitgenodigde bedrijven die niet buiten de populatie vallen (AAPOR RR2).',
        'Complete and partial usable responses divided by invited firms not out of scope (AAPOR RR2).'
    FROM totals WHERE followed > 0
    UNION ALL
    SELECT 'refusal_rate', refusing / nullif(eligible, 0),
        'Weigeringen gedeeld door uitgenodigde bedrijven die niet buiten de populatie vallen (AAPOR REF1).',
        'Refusals divided by invited firms not out of scope (AAPOR REF1).'
    FROM totals WHERE followed > 0
    UNION ALL
    SELECT 'break_off_rate', breaking_off / nullif(breaking_off + responding, 0),
        'Afgebroken vragenlijsten gedeeld door begonnen vragenlijsten (afgebroken en bruikbaar).',
        'Questionnaires broken off divided by questionnaires begun (broken off and usable).'
    FROM totals WHERE followed > 0
)
SELECT 'disposition' AS indicator, disposition AS concept, firms::DOUBLE AS value, definition_nl, definition_en
FROM counted WHERE (SELECT followed FROM totals) > 0
UNION ALL
SELECT indicator, 'all', value, definition_nl, definition_en FROM rates WHERE value IS NOT NULL
ORDER BY indicator, concept
