"""The stage's SELECTs that follow from a survey and a wave: what its rules read.

Does not belong here: rules (`questionnaire`, `expectations/`), what no declaration changes (`sql/validated/`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from monitor.storage.lake import literal, quoted
from monitor.survey import Disclosure, Survey, Wave

AMOUNTS = ("employees", "turnover_eur")
"""What is held against the last wave"""


def all_answers_query(of_frame: Sequence[str]) -> str:
    """Every response of the wave with the concepts that only its frame knows."""
    grain = "-- Grain: response. Inputs: delivered_answers, frame where it knows more."
    if not of_frame:
        return f"{grain}\nSELECT * FROM delivered_answers"
    # A firm that is in the frame twice fails a rule there; here it must not double a response.
    facts = f"SELECT DISTINCT ON (firm) firm, {', '.join(map(quoted, of_frame))} FROM frame"
    return f"{grain}\nSELECT *\nFROM delivered_answers\nLEFT JOIN ({facts}) USING (firm)"


def responses_query(survey: Survey, wave: Wave, concepts: Sequence[str]) -> str:
    """Every response with how far it came: usable, and how many questions, and yes-or-no questions, it answers."""
    answered = [name for name in concepts if survey.concepts[name].type != "identifier"]
    yes_no = [name for name in answered if survey.concepts[name].type == "boolean" and name != "finished"]
    columns = [
        "firm",
        "response",
        "line",
        f"coalesce(({wave.usable}), false) AS usable",
        f"{_total(f'{quoted(name)} IS NOT NULL' for name in answered)} AS answered",
        f"{len(answered)} AS asked",
        f"{_total(f'{quoted(name)} IS NOT NULL' for name in yes_no)} AS yes_no_answered",
        f"{_total(f'coalesce({quoted(name)}, false)' for name in yes_no)} AS yes_no_true",
        f"{quoted('finished_at') if 'finished_at' in concepts else 'NULL::DATE'} AS finished_at",
    ]
    listed = ",\n    ".join(columns)
    return f"-- Grain: response. Inputs: all_answers.\nSELECT\n    {listed}\nFROM all_answers"


def judged_query(source: str, aside: bool) -> str:
    """The rows of `source` whose responses rules judge; aside: whether any response is set aside."""
    judged = "\nWHERE response NOT IN (SELECT response FROM set_aside)" if aside else ""
    return f"-- Grain: as {source}. Inputs: {source}, set_aside.\nSELECT *\nFROM {source}{judged}"


def wave_query(wave: Wave) -> str:
    """The wave itself, one row."""
    return f"SELECT {literal(wave.name)} AS wave, {int(wave.reference_year)} AS reference_year"


def last_wave_query(validated: bool) -> str:
    """The answers of the last wave, where it was validated those that it kept."""
    kept = "\nWHERE response IN (SELECT response FROM last_responses WHERE status = 'kept')" if validated else ""
    return f"-- Grain: response. Inputs: last_answers, last_responses.\nSELECT *\nFROM last_answers{kept}"


def both_asked_query(concepts: Iterable[str]) -> str:
    """The concepts that this wave and the last both asked."""
    return f"SELECT unnest([{', '.join(map(literal, concepts))}]::VARCHAR[]) AS concept"


def amounts_query(source: str, there: Collection[str]) -> str:
    """The amounts of a wave's responses; there: those that both waves have."""
    amounts = [f"CAST({name if name in there else 'NULL'} AS DOUBLE) AS {name}" for name in AMOUNTS]
    return f"-- Grain: response. Inputs: {source}.\nSELECT firm, response, line, {', '.join(amounts)}\nFROM {source}"


def thresholds_query(limits: Disclosure) -> str:
    """The survey's bounds of what is published, one row."""
    return (
        f"SELECT {limits.minimum_firms:d} AS minimum_firms, {limits.minimum_df:d} AS minimum_df,"
        f" {limits.minimum_events:d} AS minimum_events"
    )


def failing_query(keys: Sequence[str], most: int) -> str:
    """The first rows of `failures` of $suite and $rule, in the order of their keys."""
    return f"SELECT * FROM failures WHERE suite = $suite AND rule = $rule ORDER BY {', '.join(keys)} LIMIT {most}"


def among_query(table: str, among: str | None) -> str:
    """How many rows of a table a rule judges."""
    return f"SELECT count(*) FILTER (WHERE {among or 'true'}) FROM {quoted(table)}"


def _total(conditions: Iterable[str]) -> str:
    return " + ".join(f"({condition})::INTEGER" for condition in conditions) or "0"
