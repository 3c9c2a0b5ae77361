"""The SELECTs that the scenario survey's stages run, finished: what a declaration becomes, for a reader to see.

They stand in `tests/golden/sql/<stage>.sql`, which this writes anew:

    python tests/worlds/finished_sql.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import scenario

from monitor.stages import raw
from monitor.stages.derived import query as derived
from monitor.stages.estimated import query as estimated
from monitor.stages.imputed.stage import observed_query
from monitor.stages.raw import query as raw_query
from monitor.stages.staged import query as staged
from monitor.stages.staged.answers import answers_plan
from monitor.stages.staged.frame import frame_plan
from monitor.stages.staged.records import write_records
from monitor.stages.staged.sources import load_sources
from monitor.stages.validated import query as validated
from monitor.stages.validated.questionnaire import asked
from monitor.stages.weighted import query as weighted
from monitor.stages.weighted.stage import variables_of
from monitor.storage.lake import Lake, statement
from monitor.survey import Survey

GOLDEN = Path(__file__).parents[1] / "golden" / "sql"
WAVE = "2017"
Queries = Mapping[str, str]
"""What a SELECT makes -> the SELECT"""


def of_raw(survey: Survey, home: Path) -> Queries:
    """Two deliveries of the answers held against each other, in two of their columns."""
    firm = "pseudonym(nullif(trim(kvk), ''))"
    return {
        "keyed_after": raw_query.keyed_query("records", firm, ["v1", "v5"]),
        "raw_amendments": raw_query.changes_query(["v1", "v5"]),
        "raw_records": raw_query.standing_query("records_1", "records", firm, ["kvk", "v1", "v5"]),
    }


def of_staged(survey: Survey, home: Path) -> Queries:
    """From the delivery and the frame as they arrive to typed answers."""
    wave = survey.waves[WAVE]
    lake = Lake(home, survey.name)
    scenario.inbox(home, WAVE)
    raw.run(lake, survey, wave)
    assert wave.frame is not None
    with lake.open(WAVE, "raw_records", "raw_frame", "raw_columns", "raw_codes") as connection:
        connection.execute(statement("staged", "parsing"))
        write_records(connection, lake, survey, wave)
        sources, of_frame = load_sources(connection, wave, "answers"), load_sources(connection, wave, "frame")
    frame = frame_plan(survey, wave.frame, of_frame)
    plan = answers_plan(survey, wave, sources, {"v5": {1: "12"}}, [c for c in frame.values if c in survey.concepts])
    columns = [column.stored for column in sources.columns]
    firm = next(iter(wave.questions["firm"].columns))
    return {
        "apart": staged.apart_query("raw_records", firm, firm, columns),
        "staged_identifiers": staged.shapes_query("raw_records", firm),
        "identified_frame": staged.identified_frame_query(frame.firm, frame.found),
        "staged_frame": staged.frame_query(frame.values),
        "coded": staged.coded_query(plan),
        "staged_answers": staged.answers_query(plan.staged),
        "staged_missing": staged.missing_query(plan.questions),
    }


def of_validated(survey: Survey, home: Path) -> Queries:
    """What the rules of a wave read."""
    wave = survey.waves[WAVE]
    concepts = [name for name in asked(survey, wave) if name in scenario.CONCEPTS]
    return {
        "all_answers": validated.all_answers_query(["size_band", "sector", "province"]),
        "responses": validated.responses_query(survey, wave, concepts),
        "staged_answers": validated.judged_query("all_answers", aside=True),
        "wave": validated.wave_query(wave),
        "last_wave": validated.last_wave_query(validated=True),
        "both_asked": validated.both_asked_query(concepts),
        "amounts": validated.amounts_query("staged_answers", {"turnover_eur"}),
        "thresholds": validated.thresholds_query(survey.disclosure),
    }


def of_imputed(survey: Survey, home: Path) -> Queries:
    """The observed copy, and a measure on what a chain has drawn."""
    from monitor.stages.imputed.query import fact_query

    lake = scenario.lake(home, "validated", (WAVE,))
    with lake.open(WAVE, "staged_answers", "validated_responses", "staged_frame") as connection:
        connection.execute(f"CREATE VIEW kept AS {statement('imputed', 'kept_answers')}")
        observed = observed_query(connection, survey.waves[WAVE], framed=True)
    return {"observed": observed, "fact": fact_query(survey.measures["cooperates"].sql, {"initiatives": "VARCHAR[]"})}


def of_derived(survey: Survey, home: Path) -> Queries:
    """Measures and bases, and what is told of them."""
    columns = list(scenario.imputed_answers(WAVE).columns)
    return {
        "derived_measures": derived.measures_query(survey, columns),
        "derived_flags": derived.flags_query(survey),
        "derived_routed": derived.routed_query(survey),
        "not_computable": derived.not_computable_query(
            survey.measures["turnover_per_employee"], ["turnover_eur", "employees"]
        ),
        "unknown_base": derived.unknown_base_query(survey, survey.bases["product_innovators"], columns),
    }


def of_weighted(survey: Survey, home: Path) -> Queries:
    """The kept firms, were there no frame that knows the variables of the design."""
    return {"kept_firms": weighted.kept_firms_query(variables_of(survey))}


def of_estimated(survey: Survey, home: Path) -> Queries:
    """The measures, were there no frame that knows the domains."""
    return {"measures": estimated.measures_query(survey.domains)}


STAGES: Mapping[str, Callable[[Survey, Path], Queries]] = {
    "raw": of_raw,
    "staged": of_staged,
    "validated": of_validated,
    "imputed": of_imputed,
    "derived": of_derived,
    "weighted": of_weighted,
    "estimated": of_estimated,
}


def finished(stage: str, folder: Path) -> str:
    """The finished SELECTs of a stage as one text; `folder` is empty."""
    survey = scenario.survey(folder / "definition")
    made = STAGES[stage](survey, folder / "home")
    told = "-- The scenario survey's SELECTs, finished. To write this anew: python tests/worlds/finished_sql.py\n"
    return told + "".join(f"\n-- {name}\n{sql};\n" for name, sql in made.items())


if __name__ == "__main__":
    for each in STAGES:
        with TemporaryDirectory() as place:
            (GOLDEN / f"{each}.sql").write_text(finished(each, Path(place)), encoding="utf-8")
