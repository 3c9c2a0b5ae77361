"""The staged stage: a wave's concepts, typed and coded by its questionnaire; who is who is gone from here on.

`coding` says what one question's cells mean, `routing` what several together mean, `query` makes the SELECTs of both,
`corrections` says what was wrong in the source, `privacy` which columns go. Does not belong here: rules, duplicates,
who is usable (`validated`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from monitor.stages.staged.answers import Plan, answers_plan, staged_concepts
from monitor.stages.staged.codes import write_codes
from monitor.stages.staged.corrections import Correction, as_frame, by_row, declared, match
from monitor.stages.staged.crosswalk import register_firm_of
from monitor.stages.staged.frame import write_frame
from monitor.stages.staged.grants import write_grants
from monitor.stages.staged.privacy import treatments
from monitor.stages.staged.query import answers_query, coded_query, missing_query
from monitor.stages.staged.records import write_records
from monitor.stages.staged.sources import Sources, load_sources
from monitor.storage import private
from monitor.storage.identity import formed, pseudonym, register_pseudonym
from monitor.storage.lake import Lake, literal, statement
from monitor.survey import Survey, Wave

__all__ = ["run", "staged_concepts"]

log = logging.getLogger("monitor")

MEMORY_LIMIT = "1500MB"
"""What DuckDB may hold before it spills into the home"""
ASIDE = "FORMAT parquet, COMPRESSION lz4, WRITE_BLOOM_FILTER false"
"""How the coded answers are written that both tables are made of: they are read twice and gone"""


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Make staged_answers, _missing, _frame, _columns, _codes, _corrections, _grants, _left_out, _identifiers.

    A blank of an asked question is `absent` (`break_off` after the last answer of a response that is not usable),
    unless the question declares what blank means; what does not parse or is no known code is `invalid` with its text
    as evidence; who was routed past is `not_asked`. A record in which no question's column holds anything is left out.
    Raises UnusableDelivery where a correction no longer matches or the frame cannot be read.
    """
    key = survey.key(lake.home)
    raw = ["raw_records", "raw_columns", "raw_codes", "raw_corrections", *(["raw_frame"] if wave.frame else [])]
    raw += ["raw_grants"] if wave.grants else []
    with private.workspace(lake.home) as folder, lake.open(wave.name, *raw) as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(statement("staged", "parsing"))
        register_pseudonym(connection, key, survey.name)
        left_out = write_records(connection, lake, survey, wave)
        register_firm_of(connection, lake, survey, wave)
        sources = load_sources(connection, wave, "answers")
        corrections = _corrections(connection, wave, sources)
        framed = write_frame(connection, lake, survey, wave)
        if framed:
            connection.execute(f"CREATE VIEW staged_frame AS SELECT * FROM {lake.scan('staged_frame', wave.name)}")
        grants = write_grants(connection, lake, survey, wave)
        plan = answers_plan(survey, wave, sources, by_row(corrections), framed.concepts if framed else ())
        written = _write_answers(connection, lake, wave, plan, folder / "coded.parquet")
        columns = treatments(connection, survey, wave, sources)
        odd_codes = write_codes(connection, lake, survey, wave)
        left_out_answers = _count(connection, "left_out WHERE held_in = 'answers'")
    lake.write("staged_columns", wave.name, columns)
    lake.write("staged_corrections", wave.name, as_frame(corrections, _names(key, survey, corrections)))
    return {
        "records": written.records,
        "responses": written.answers,
        "empty_records": written.records - written.answers - left_out_answers,
        "left_out_records": left_out,
        "responses_without_firm": written.nameless,
        "missing_values": written.missing,
        **{f"missing_{kind}": count for kind, count in written.kinds.items()},
        "frame_firms": framed.firms if framed else 0,
        "corrections": len(corrections),
        "grants": grants,
        "odd_codes": odd_codes,
        "columns_unmapped": int((columns["treatment"] == "unmapped").sum()),
        "columns_dropped": int(columns["treatment"].isin(["dropped_identifier", "dropped_text"]).sum()),
    }


@dataclass(frozen=True)
class _Written:
    """How many rows the answers of a wave have."""

    records: int
    answers: int
    missing: int
    nameless: int
    """Responses without a firm"""
    kinds: Mapping[str, int]
    """Missing kind -> values"""


def _write_answers(connection: duckdb.DuckDBPyConnection, lake: Lake, wave: Wave, plan: Plan, aside: Path) -> _Written:
    """Write staged_answers and staged_missing, both from one pass over the records, whose result lies `aside`."""
    log.info("%s staged_answers: coding %d questions", wave.name, len(plan.questions))
    place = literal(str(aside))
    # Both tables made of it are sorted; in their own order, one thread alone would write the records.
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"COPY (\n{coded_query(plan)}\n) TO {place} ({ASIDE})")
    connection.execute("SET preserve_insertion_order = true")
    connection.execute(f"CREATE VIEW coded AS SELECT * FROM read_parquet({place})")
    missing = lake.write_query(connection, "staged_missing", wave.name, missing_query(plan.questions))
    answers = lake.write_query(connection, "staged_answers", wave.name, answers_query(plan.staged))
    connection.execute(f"CREATE VIEW staged_missing AS SELECT * FROM {lake.scan('staged_missing', wave.name)}")
    kinds = connection.execute(statement("staged", "missing_kinds")).fetchall()
    return _Written(
        _count(connection, "raw_records"),
        answers,
        missing,
        _count(connection, "coded WHERE firm IS NULL"),
        {kind: int(count) for kind, count in kinds},
    )


def _corrections(connection: duckdb.DuckDBPyConnection, wave: Wave, sources: Sources) -> list[Correction]:
    """The declared corrections of a wave, matched to its records."""
    firm = wave.questions.get("firm")
    firm_source = sources.find(next(iter(firm.columns))) if firm else None
    if firm_source is None:
        return []
    stored = {source.name: source.stored for source in sources.columns}
    return match(connection, wave, declared(connection), stored, firm_source.stored)


def _names(key: bytes, survey: Survey, corrections: Sequence[Correction]) -> Mapping[str, str]:
    """A correction's firm as written -> its pseudonym, for those written by identifier."""
    return {
        c.firm: c.firm if c.by_pseudonym else pseudonym(key, survey.name, formed(c.firm, survey.identifier))
        for c in corrections
    }


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])
