"""What a later delivery of the same wave changes, and the frozen answers of those whose change is refused.

Belongs here: comparing two deliveries answer by answer, and putting frozen records in the place of refused ones. Does
not belong here: reading the decisions (`decisions`), or which delivery is current (`deliveries`).

What a delivery is held against, and what is kept where its change is refused, are the answers that stood before it:
those of the last accepted delivery, in which in turn the refused responses are those that stood before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from monitor.formats.reading import Reading
from monitor.problems import Problem, UnusableDelivery
from monitor.stages.raw.decisions import AMENDMENTS_FILE, EVERY_FIRM, NOTHING_DECIDED, Decision, Decisions
from monitor.stages.raw.deliveries import Kept
from monitor.stages.raw.query import changes_query, keyed_query, standing_query
from monitor.storage.identity import form_sql, formed, pseudonym, register_pseudonym
from monitor.storage.lake import Lake, columns_in, quoted
from monitor.survey import IdentifierForm, Survey, Wave

AMENDMENT_TYPES = {
    "firm": "object",
    "change": "object",
    "column": "object",
    "from": "object",
    "to": "object",
    "line_before": "Int64",
    "line_after": "Int64",
    "decision": "object",
    "reason": "object",
}
"""Columns of raw_amendments: change is added, changed or vanished; the firm is its pseudonym; decision is accepted,
refused or undecided (it counts until it is refused)"""


@dataclass(frozen=True)
class Amendments:
    """What the answers of a wave's current delivery amend."""

    changes: pd.DataFrame
    """raw_amendments: a row per response and changed column"""
    standing: str | None
    """SELECT of the records with the refused responses as they stood before; None where nothing is refused"""


def no_amendments() -> pd.DataFrame:
    """raw_amendments without a row."""
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in AMENDMENT_TYPES.items()})


def amendments(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    survey: Survey,
    wave: Wave,
    accepted: Sequence[Kept],
    decisions: Mapping[str, Decisions],
    open_earlier: Callable[[Kept], Reading],
) -> Amendments:
    """What the last of these deliveries changes, decided response by response.

    `accepted` are the deliveries of answers up to the current one, those refused as a whole left out; the records of
    the current one are in the lake already. Raises UnusableDelivery where a decision names a firm whose answers the
    delivery does not change, or where the frozen answers cannot be read any more.
    """
    register_pseudonym(connection, survey.key(lake.home), survey.name)
    comparison = _Comparison(connection, lake, survey, wave, decisions, open_earlier)
    return comparison.of(accepted, lake.scan("raw_records", wave.name))


@dataclass(frozen=True)
class _Comparison:
    """What stays the same while deliveries are compared, each with the one before it."""

    connection: duckdb.DuckDBPyConnection
    lake: Lake
    survey: Survey
    wave: Wave
    decisions: Mapping[str, Decisions]
    open_earlier: Callable[[Kept], Reading]

    def of(self, accepted: Sequence[Kept], after: str) -> Amendments:
        """What the last delivery, whose records are `after`, changes in what stood before it."""
        *earlier, current = accepted
        decided = self.decisions.get(current.delivery, NOTHING_DECIDED)
        if not earlier:
            return Amendments(_decided(no_amendments(), decided, self.lake, self.survey), None)
        reading = self.open_earlier(earlier[-1])
        before = f"records_{len(earlier)}"

        def write(query: str) -> int:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {before} AS {query}")
            return int(self.connection.execute(f"SELECT count(*) FROM {before}").fetchall()[0][0])

        reading.write(write)
        if self.decisions.get(earlier[-1].delivery, NOTHING_DECIDED).refuses_some:
            stood = self.of(earlier, before).standing
            if stood:
                write(stood)
        found = _compare(self.connection, self.survey, self.wave, reading, before, after)
        changes = _decided(found, decided, self.lake, self.survey)
        refused = sorted(set(changes.loc[changes["decision"] == "refused", "firm"].dropna()))
        key = _firm_cell(self.wave, reading)
        if not refused or not key:
            return Amendments(changes, None)
        firm = _firm(key, self.survey.identifier)
        return Amendments(changes, _standing(self.connection, before, after, firm, refused))


def _compare(
    connection: duckdb.DuckDBPyConnection, survey: Survey, wave: Wave, earlier: Reading, before: str, after: str
) -> pd.DataFrame:
    """The responses that the records of `after` add, change or lack against those of `before`.

    A firm's responses are matched by their order in the file. Compared are the columns that questions use, direct
    identifiers and free text left out; only these can reach an answer.
    """
    key = _firm_cell(wave, earlier)
    if key is None:
        return no_amendments()
    now = _columns(connection, after)
    compared = [
        column.stored
        for concept, question in wave.questions.items()
        if not _private(survey, concept)
        for name in question.columns
        if (column := earlier.column(name)) is not None and column.stored in now and column.stored != key
    ]
    compared = list(dict.fromkeys(compared))
    for view, source in (("keyed_before", before), ("keyed_after", after)):
        keyed = keyed_query(source, _firm(key, survey.identifier), compared)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {view} AS {keyed}")
    found = connection.execute(changes_query(compared), {f"column{i}": c for i, c in enumerate(compared)}).df()
    return found.assign(decision="undecided", reason=None).astype(AMENDMENT_TYPES)


def _decided(changes: pd.DataFrame, decided: Decisions, lake: Lake, survey: Survey) -> pd.DataFrame:
    """The changes with what was decided about each; every decision about a response that is not changed at once."""
    amended = set(changes["firm"].dropna())
    by_pseudonym: dict[str, Decision] = {}
    problems = []
    for said, decision in decided.by_firm.items():
        if said == EVERY_FIRM:
            continue
        firm = (
            said if said in amended else pseudonym(survey.key(lake.home), survey.name, formed(said, survey.identifier))
        )
        by_pseudonym[firm] = decision
        if firm not in amended:
            problems.append(
                Problem(
                    what="the decision is about a firm whose answers this delivery does not change",
                    file=AMENDMENTS_FILE,
                    line=decision.line,
                    firm=said,
                    severity="critical",
                    expected=f"one of the {len(amended)} firms that `monitor check` lists, or {EVERY_FIRM}",
                    do="mend the firm, or take the decision out",
                )
            )
    if problems:
        raise UnusableDelivery(problems)
    every = decided.by_firm.get(EVERY_FIRM)
    for_each = [by_pseudonym.get(firm, every) for firm in changes["firm"]]
    return changes.assign(
        decision=[each.decision if each else "undecided" for each in for_each],
        reason=pd.Series([each.reason if each else None for each in for_each], index=changes.index, dtype="object"),
    ).astype(AMENDMENT_TYPES)


def _standing(connection: duckdb.DuckDBPyConnection, before: str, after: str, firm: str, refused: Sequence[str]) -> str:
    """SELECT of the records of `after`, those of the refused firms as they stood in `before`.

    A frozen record comes last, under a number of its own; it has no line, for none in this delivery says what it says.
    """
    connection.register("refused_now", pd.DataFrame({"firm": list(refused)}))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE refused_of_{before} AS SELECT * FROM refused_now")
    connection.unregister("refused_now")
    now = _columns(connection, after)
    kept = [c for c in _columns(connection, before) if c in now and c not in ("row_number", "line")]
    return standing_query(before, after, firm, kept)


def _firm_cell(wave: Wave, reading: Reading) -> str | None:
    """The stored column of the firm's identifier."""
    named = list(wave.questions["firm"].columns) if "firm" in wave.questions else []
    column = reading.column(named[0]) if named else None
    return column.stored if column else None


def _firm(key: str, form: IdentifierForm) -> str:
    written = f"nullif(trim({quoted(key)}), '')"
    return f"pseudonym({form_sql(written, form)})"


def _columns(connection: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    return list(columns_in(connection, f"SELECT * FROM {source}"))


def _private(survey: Survey, concept: str) -> bool:
    declared = survey.concepts.get(concept)
    return declared is not None and (declared.direct_identifier or declared.type == "text")
