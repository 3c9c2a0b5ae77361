"""The staged stage: a wave's concepts, typed and coded by its questionnaire; who is who is gone from here on.

`coding` says what one question's cells mean, `routing` what several together mean, `corrections` what was wrong in the
source, `privacy` which columns go. Does not belong here: rules, duplicates, who is usable (`validated`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import duckdb

from monitor.stages.staged.answers import answers_select, coded_query, coded_questions, missing_select, staged_concepts
from monitor.stages.staged.codes import write_codes
from monitor.stages.staged.corrections import Correction, as_frame, declared, match
from monitor.stages.staged.crosswalk import register_firm_of
from monitor.stages.staged.frame import write_frame
from monitor.stages.staged.privacy import treatments
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


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Make staged_answers, _missing, _frame, _columns, _codes, _corrections, _left_out, _identifiers of a wave.

    A blank of an asked question is `absent` (`break_off` after the last answer of a response that is not usable),
    unless the question declares what blank means; what does not parse or is no known code is `invalid` with its text
    as evidence; who was routed past is `not_asked`. A record in which no question's column holds anything is left out.
    Raises UnusableDelivery where a correction no longer matches or the frame cannot be read.
    """
    key = survey.key(lake.home)
    with (
        private.workspace(lake.home) as folder,
        lake.open(wave.name, "raw_records") as connection,
    ):
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(statement("staged", "parsing"))
        register_pseudonym(connection, key, survey.name)
        left_out = write_records(connection, lake, survey, wave)
        register_firm_of(connection, lake, survey, wave)
        sources = load_sources(connection, lake, wave, "answers")
        corrections = _corrections(connection, lake, wave, sources)
        framed = write_frame(connection, lake, survey, wave)
        if framed:
            connection.execute(f"CREATE VIEW staged_frame AS SELECT * FROM {lake.scan('staged_frame', wave.name)}")
        questions = coded_questions(survey, wave)
        place = literal(str(folder / "coded.parquet"))
        log.info("%s staged_answers: coding %d questions", wave.name, len(questions))
        query = coded_query(survey, wave, sources, corrections, framed)
        # Both tables made of it are sorted; in their own order, one thread alone would write the records.
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"COPY ({query}) TO {place} (FORMAT parquet, COMPRESSION lz4)")
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"CREATE VIEW coded AS SELECT * FROM read_parquet({place})")
        answers = lake.write_query(connection, "staged_answers", wave.name, answers_select(survey))
        missing = lake.write_query(connection, "staged_missing", wave.name, missing_select(questions))
        columns = treatments(connection, survey, wave, sources)
        odd_codes = write_codes(connection, lake, survey, wave)
        records = _count(connection, "raw_records")
        left_out_answers = _count(connection, "left_out WHERE held_in = 'answers'")
        nameless = _count(connection, "coded WHERE firm IS NULL")
        kinds = connection.execute(
            f"SELECT kind, count(*) FROM {lake.scan('staged_missing', wave.name)} GROUP BY kind ORDER BY kind"
        ).fetchall()
    lake.write("staged_columns", wave.name, columns)
    lake.write("staged_corrections", wave.name, as_frame(corrections, _names(key, survey, corrections)))
    return {
        "records": records,
        "responses": answers,
        "empty_records": records - answers - left_out_answers,
        "left_out_records": left_out,
        "responses_without_firm": nameless,
        "missing_values": missing,
        **{f"missing_{kind}": int(count) for kind, count in kinds},
        "frame_firms": framed.firms if framed else 0,
        "corrections": len(corrections),
        "odd_codes": odd_codes,
        "columns_unmapped": int((columns["treatment"] == "unmapped").sum()),
        "columns_dropped": int(columns["treatment"].isin(["dropped_identifier", "dropped_text"]).sum()),
    }


def _corrections(connection: duckdb.DuckDBPyConnection, lake: Lake, wave: Wave, sources: Sources) -> list[Correction]:
    """The declared corrections of a wave, matched to its records."""
    firm = wave.questions.get("firm")
    firm_source = sources.find(next(iter(firm.columns))) if firm else None
    if firm_source is None:
        return []
    stored = {source.name: source.stored for source in sources.columns}
    found = declared(connection, lake.scan("raw_corrections", wave.name))
    return match(connection, wave, found, stored, firm_source.stored)


def _names(key: bytes, survey: Survey, corrections: Sequence[Correction]) -> Mapping[str, str]:
    """A correction's firm as written -> its pseudonym, for those written by identifier."""
    return {
        c.firm: c.firm if c.by_pseudonym else pseudonym(key, survey.name, formed(c.firm, survey.identifier))
        for c in corrections
    }


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])
