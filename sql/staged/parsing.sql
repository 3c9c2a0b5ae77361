-- Grain: one cell. Macros that make a typed value of a cell's text, or NULL where it is none. Inputs: a cell.
-- Every text is a value, a missing kind or invalid: what these give NULL for becomes `invalid`, its text kept.

-- White space of every kind: space, tab, line ends, no-break, figure, narrow and full-width space, invisible marks.
-- A variable, as `missing_words` below: what a macro calls is planned again at every cell it stands in.
SET VARIABLE padding =
    ' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(8199) || chr(8239) || chr(12288) || chr(65279) || chr(8203);

-- A cell without padding of any kind; blank as NULL.
CREATE OR REPLACE TEMP MACRO tidy_cell(cell) AS
    CASE WHEN regexp_full_match(cell, '[!-~]|[!-~][ -~]*[!-~]') THEN cell ELSE nullif(trim(cell, getvariable('padding')), '') END;

-- Whether a cell holds a spreadsheet's error, or the mark of a cell that could not be read, in place of a value.
CREATE OR REPLACE TEMP MACRO is_error(cell) AS regexp_full_match(cell, '#(N/A|N/B|[A-Z][A-Z0-9/-]*[!?])');

-- An identifier in its survey's form: as it stands, until a survey that declares one replaces this (identity.py).
CREATE OR REPLACE TEMP MACRO identifier_form(identifier) AS identifier;

-- A firm's identifier as text with its leading zeros, in its survey's form; a spreadsheet's "123.0" is "123".
CREATE OR REPLACE TEMP MACRO firm_id(cell) AS
    identifier_form(
        CASE WHEN NOT is_error(tidy_cell(cell)) THEN regexp_replace(tidy_cell(cell), '^(\d+)\.0+$', '\1') END
    );

-- What an identifier looks like, without a digit or letter of it.
CREATE OR REPLACE TEMP MACRO identifier_shape(identifier) AS
    CASE
        WHEN regexp_full_match(identifier, '[0-9]+') THEN length(identifier) || ' digits'
        WHEN regexp_full_match(identifier, '[a-zA-Z]+') THEN length(identifier) || ' letters'
        ELSE length(identifier) || ' characters, ' || length(regexp_replace(identifier, '[^0-9]', '', 'g')) || ' of them digits'
    END;

-- Whether a cell is the heading of a row of totals or means, in the languages of the firms' and registers' files.
CREATE OR REPLACE TEMP MACRO is_total(cell) AS
    regexp_full_match(
        lower(tidy_cell(cell)),
        '((sub|eind|grand|overall|general)[ -]?)?'
        || '(totaal|totalen|totals?|gemiddelden?|averages?|mean|som|sum|mediaan|median|aantal|count'
        || '|summe|gesamt|insgesamt|durchschnitt|mittelwert|somme|moyenne|suma|promedio|media)'
        || '( general| général| général)?\s*[:=.]?\s*(\(.*\)|n\s*=\s*\d+|[\d.,]+)?'
    );

-- A code in the form codes are compared in: lower case, composed, one kind of space, "1.0" as "1".
CREATE OR REPLACE TEMP MACRO code_key(cell) AS
    regexp_replace(
        regexp_replace(lower(nfc_normalize(replace(cell, chr(160), ' '))), '\s+', ' ', 'g'),
        '^(-?\d+)[.,]0+$', '\1'
    );

-- Full-width digits and marks, typographic minus signs and odd spaces in their plain form.
CREATE OR REPLACE TEMP MACRO plain_marks(cell) AS
    translate(cell, 
        '０１２３４５６７８９．，％＋－−–‒' || chr(160) || chr(8239) || chr(8199) || chr(12288) || chr(8217),
        '0123456789.,%+----    ''');

-- What stands around an amount and adds nothing to it: about, currency, ",-".
CREATE OR REPLACE TEMP MACRO bare_amount(cell, decimal_mark) AS
    trim(regexp_replace(
        regexp_replace(
            regexp_replace(lower(trim(plain_marks(tidy_cell(cell)))), '^(ca\.?|circa|ongeveer|ong\.|plm\.?|about|approx\.?|±|~|≈|\+/-)\s*', ''),
            '^([+-]?)\s*(€|eur\b|euro\b)\s*', '\1'
        ),
        CASE decimal_mark WHEN ',' THEN '\s*(,-{1,2}|€|\beur|\beuro)$' ELSE '\s*(€|\beur|\beuro)$' END, ''
    ));

-- A number with a declared decimal mark and grouping mark (or ''): plain, grouped by threes, or with an exponent.
CREATE OR REPLACE TEMP MACRO marked_number(bare, decimal_mark, grouping) AS
    CASE
        WHEN decimal_mark = ',' AND regexp_full_match(bare, '[+-]?(\d+(,\d+)?|,\d+)(e[+-]?\d{1,3})?')
            THEN try_cast(replace(bare, ',', '.') AS DOUBLE)
        WHEN decimal_mark = '.' AND regexp_full_match(bare, '[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d{1,3})?')
            THEN try_cast(bare AS DOUBLE)
        WHEN regexp_full_match(bare, '[+-]?\d{1,3}([ ]\d{3})+([.,]\d+)?')
            AND (NOT contains(bare, '.') OR decimal_mark = '.') AND (NOT contains(bare, ',') OR decimal_mark = ',')
            THEN try_cast(replace(replace(bare, ' ', ''), ',', '.') AS DOUBLE)
        WHEN grouping = '.' AND decimal_mark = ',' AND regexp_full_match(bare, '[+-]?\d{1,3}(\.\d{3})+(,\d+)?')
            THEN try_cast(replace(replace(bare, '.', ''), ',', '.') AS DOUBLE)
        WHEN grouping = ',' AND decimal_mark = '.' AND regexp_full_match(bare, '[+-]?\d{1,3}(,\d{3})+(\.\d+)?')
            THEN try_cast(replace(bare, ',', '') AS DOUBLE)
        WHEN grouping = '''' AND regexp_full_match(bare, '[+-]?\d{1,3}(''\d{3})+([.,]\d+)?')
            AND (NOT contains(bare, '.') OR decimal_mark = '.') AND (NOT contains(bare, ',') OR decimal_mark = ',')
            THEN try_cast(replace(replace(bare, '''', ''), ',', '.') AS DOUBLE)
    END;

-- Only a number that is one and that a DOUBLE holds without rounding it to another whole number.
CREATE OR REPLACE TEMP MACRO finite(number) AS CASE WHEN isfinite(number) AND abs(number) < 1e15 THEN number END;

-- Only a number without a fraction, small enough to be exact.
CREATE OR REPLACE TEMP MACRO whole(number) AS
    CASE WHEN number = trunc(number) AND abs(number) < 1e15 THEN CAST(number AS BIGINT) END;

-- Only a date a firm's answer can hold.
CREATE OR REPLACE TEMP MACRO sensible_date(day) AS
    CASE WHEN year(day) BETWEEN 1500 AND 2200 THEN day END;

-- The plainest numbers, most of all there are, in one test; `otherwise` is worked out for the rest alone.
CREATE OR REPLACE TEMP MACRO plain_number(cell, decimal_mark, grouping, otherwise) AS
    CASE
        WHEN decimal_mark = ',' AND grouping = '.'
            AND regexp_full_match(cell, '\d{1,3}(?:\.\d{3}){1,3}|\d{1,12}(?:,\d{1,9})?')
            THEN try_cast(replace(replace(cell, '.', ''), ',', '.') AS DOUBLE)
        WHEN decimal_mark = ',' AND grouping <> '.' AND regexp_full_match(cell, '\d{1,12}(?:,\d{1,9})?')
            THEN try_cast(replace(cell, ',', '.') AS DOUBLE)
        WHEN decimal_mark = '.' AND regexp_full_match(cell, '\d{1,12}(?:\.\d{1,9})?') THEN try_cast(cell AS DOUBLE)
        ELSE otherwise
    END;

-- The list of one holds the bare amount, so that it is worked out once.
CREATE OR REPLACE TEMP MACRO parse_number(cell, decimal_mark, grouping) AS
    plain_number(
        cell, decimal_mark, grouping,
        finite([marked_number(bare, decimal_mark, grouping) for bare in [bare_amount(cell, decimal_mark)]][1])
    );

-- As a number; a percent sign or word may follow.
CREATE OR REPLACE TEMP MACRO parse_percentage(cell, decimal_mark, grouping) AS
    plain_number(
        cell, decimal_mark, grouping,
        finite([
            marked_number(bare, decimal_mark, grouping)
            for bare in [trim(regexp_replace(bare_amount(cell, decimal_mark), '\s*(%|procent|percent|pct\.?)$', ''))]
        ][1])
    );

-- A whole number: a fraction is none.
CREATE OR REPLACE TEMP MACRO parse_integer(cell, decimal_mark, grouping) AS
    whole(parse_number(cell, decimal_mark, grouping));

-- ISO, or day-month-year with - / . between; a time may follow. A year of two digits is none.
CREATE OR REPLACE TEMP MACRO parse_date(cell) AS
    sensible_date(CASE
        WHEN regexp_matches(cell, '^\d{4}-\d{2}-\d{2}([ T].*)?$') THEN try_cast(left(cell, 10) AS DATE)
        WHEN regexp_matches(cell, '^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}([ T].*)?$')
            THEN try_cast(regexp_replace(cell, '^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}).*$', '\3-\2-\1') AS DATE)
    END);

-- A date in a declared form (as strptime writes it).
CREATE OR REPLACE TEMP MACRO parse_date_as(cell, form) AS sensible_date(CAST(try_strptime(cell, form) AS DATE));

-- What a respondent writes instead of an answer, in the form codes are compared in and without points at its end.
SET VARIABLE missing_words = MAP {
    'n.v.t': 'absent', 'nvt': 'absent', 'n/a': 'absent', 'na': 'absent', 'n.a': 'absent', '-': 'absent', '--': 'absent',
    'niet van toepassing': 'absent', 'not applicable': 'absent', 'null': 'absent', 'none': 'absent', 'leeg': 'absent',
    '#n/a': 'absent', '#n/b': 'absent', '#null!': 'absent',
    'weet niet': 'dont_know', 'weet ik niet': 'dont_know', 'w.n': 'dont_know', 'wn': 'dont_know',
    'onbekend': 'dont_know', 'geen idee': 'dont_know', '?': 'dont_know', '??': 'dont_know', 'don''t know': 'dont_know',
    'dont know': 'dont_know', 'dk': 'dont_know', 'unknown': 'dont_know',
    'geen opgave': 'refused', 'geen antwoord': 'refused', 'wil niet zeggen': 'refused',
    'wil ik niet zeggen': 'refused', 'zeg ik niet': 'refused', 'weigert': 'refused', 'geweigerd': 'refused',
    'refused': 'refused', 'no answer': 'refused', 'rather not say': 'refused', 'prefer not to say': 'refused',
    'vertrouwelijk': 'refused',
    'no sabe': 'dont_know', 'no responde': 'refused', 'no contesta': 'refused', 'no sabe/no responde': 'dont_know',
    'ns/nr': 'dont_know', 'weiß nicht': 'dont_know', 'keine angabe': 'refused', 'ne sait pas': 'dont_know',
    'sans réponse': 'refused', 'no aplica': 'absent', 'entfällt': 'absent', 'sans objet': 'absent'
};

-- The missing kind of such a word.
CREATE OR REPLACE TEMP MACRO missing_word(cell) AS
    CASE WHEN strlen(cell) <= 40 THEN map_extract_value(getvariable('missing_words'), rtrim(code_key(cell), '. ')) END;

-- What a questionnaire's own label of a missing value says: as a respondent's word, but that a question did not apply
-- is here the tool's doing (nobody asked), not an answer. A code before the words and a remark after them say nothing.
SET VARIABLE not_asked_labels = [
    'n.v.t', 'nvt', 'niet van toepassing', 'niet gevraagd', 'niet gesteld', 'overgeslagen', 'routing', 'n/a', 'na', 'n.a',
    'not applicable', 'does not apply', 'not asked', 'skipped', 'skip', 'filter', 'routed past', 'inapplicable',
    'entfällt', 'nicht zutreffend', 'trifft nicht zu', 'nicht gefragt', 'sans objet', 'non applicable', 'non concerné',
    'no aplica', 'no corresponde', 'no procede'
];

CREATE OR REPLACE TEMP MACRO missing_label(text) AS [
    CASE WHEN list_contains(getvariable('not_asked_labels'), rtrim(code_key(words), '. ')) THEN 'not_asked' ELSE missing_word(words) END
    FOR words IN [tidy_cell(regexp_replace(regexp_replace(tidy_cell(text), '^[(]?-?\d+[).:=\s-]+', ''), '\s*[(\[].*[)\]]\s*$', ''))]
][1];

-- The kinds of a value's absence; a small type, because every concept has a column of them.
CREATE TYPE missing_kind AS ENUM ('not_asked', 'refused', 'dont_know', 'break_off', 'invalid', 'absent');

-- Words about amounts and dates: with digits and marks they may stand in evidence, for they name nobody.
CREATE OR REPLACE TEMP MACRO harmless_words() AS
    '\b(ca|circa|ong|ongeveer|plm|about|approx|eur|euro|k|dzd|duizend|thousand|mln|miljoen|million|mrd|miljard|billion'
    || '|fte|pct|procent|percent|uur|dag|week|maand|jaar|per|tot|to|en|and|of|or|tussen|between|min|max|minimaal|maximaal'
    || '|veel|weinig|meer|minder|dan|more|less|than|geen|niets|alles|nul|zero|ja|nee|yes|no|waar|onwaar|true|false'
    || '|jan|januari|january|feb|februari|february|mrt|maart|mar|march|apr|april|mei|may|jun|juni|june|jul|juli|july'
    || '|aug|augustus|august|sep|sept|september|okt|oct|oktober|october|nov|november|dec|december|nan|inf)\b';

-- Evidence for a value that did not parse: its own text where that is digits, marks and words about amounts, or one
-- letter with digits (a code). Other words may say who someone is; they stay in raw, at the line that stands beside.
CREATE OR REPLACE TEMP MACRO evidence(cell) AS
    CASE
        WHEN regexp_matches(cell, '[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}') THEN '[e-mail address withheld]'
        WHEN regexp_matches(cell, '(?i)https?://|www\.') THEN '[web address withheld]'
        WHEN regexp_full_match(cell, '\s*\d{1,3}(\.\d{1,3}){3}(:\d+)?\s*') THEN '[IP address withheld]'
        WHEN regexp_full_match(cell, '\s*(\+\d{2}|00\d{2}|0)[\s().-]*[1-9]([\s().-]*\d){7,9}\s*') THEN '[phone number withheld]'
        WHEN regexp_full_match(cell, '\s*-?\d{1,2}\.\d{4,}\s*[,;]\s*-?\d{1,3}\.\d{4,}\s*') THEN '[coordinates withheld]'
        WHEN regexp_full_match(cell, '[A-Za-z][0-9]{0,3}') OR is_error(cell) THEN cell
        WHEN regexp_matches(regexp_replace(lower(cell), harmless_words(), '', 'g'), '\p{L}') THEN '[words withheld]'
        ELSE left(cell, 60)
    END;

-- A code of an official classification that the survey does not list: digits, points among them, at most two letters
-- before. A name like "3M" is none; one that is all digits cannot be told from a code, so only columns declared to hold
-- such a classification are read this way.
CREATE OR REPLACE TEMP MACRO code_like(cell) AS
    CASE WHEN regexp_full_match(cell, '[A-Z]{0,2}\d{1,4}(\.?\d{1,4}){0,3}') THEN cell END;

-- Among the codes that cells are looked up as stand the missing kinds, with a mark that no code begins with.
CREATE OR REPLACE TEMP MACRO kind_in(found) AS CASE WHEN starts_with(found, 'missing: ') THEN substr(found, 10) END;
CREATE OR REPLACE TEMP MACRO code_in(found) AS CASE WHEN NOT starts_with(found, 'missing: ') THEN found END;

-- A cell of options in which one whose own text holds the separator stays whole when it is split.
CREATE OR REPLACE TEMP MACRO set_apart(cell, option, separator) AS
    replace(cell, option, replace(option, separator, chr(31)));

-- The options written in one cell, in their order.
CREATE OR REPLACE TEMP MACRO options_in(cell, separator) AS [
    tidy_cell(replace(o, chr(31), separator)) for o in string_split(cell, separator) if tidy_cell(o) IS NOT NULL
];
