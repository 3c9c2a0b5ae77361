"""Names: what a survey may call things, and distinct names that stay distinct wherever they are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import publication
import pyreadstat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from publication import Published

from monitor.authoring import propose_survey
from monitor.authoring.questions import _free_name, plain_codes, plain_name
from monitor.problems import DefinitionError
from monitor.publication import exchange, sdmx, secure
from monitor.publication import microdata as statistics
from monitor.publication.report.tables import name_of
from monitor.publication.spelling import spelled
from monitor.statistics.weighting.collapse import JOINT, label, labels
from monitor.storage.lake import connect
from monitor.survey import canonical_concepts, load_survey
from monitor.survey.names import OF_EVERY_FIRM, OF_RECORDS, RESERVED, fault

POSTGRESQL = (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation "
    "column concurrently constraint create cross current_catalog current_date current_role current_schema "
    "current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for "
    "foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral "
    "leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps "
    "placing primary references returning right select session_user similar some symmetric system_user table "
    "tablesample then to trailing true union unique user using variadic verbose when where window with"
)
"""Reserved in PostgreSQL 17 (appendix C of its manual), some of them free as the name of a function or type"""
STANDARD = (
    "abs add after all allocate alter and any are array as asensitive at atomic avg before begin between bigint binary "
    "blob boolean both by call cardinality case cast ceil char character check clob close coalesce collate collect "
    "column commit condition connect constraint contains convert corr corresponding count create cross cube cursor "
    "cycle date day deallocate decimal declare default define delete deref describe deterministic disconnect distinct "
    "double drop dynamic each element else empty end equals escape every except exec execute exists exp external "
    "extract false fetch filter float floor for foreign free from full function fusion get global grant group "
    "grouping groups having hold hour identity in indicator initial inner inout insert int integer intersect "
    "interval into is "
    "join lag language large last_value lateral lead leading left like limit ln local lower match max member merge "
    "method min minute mod modifies module month multiset national natural nclob new no none normalize not nth_value "
    "ntile null nullif numeric octet_length of offset old omit on one only open or order out outer over overlaps "
    "overlay parameter partition pattern per percent period portion position power precedes precision prepare primary "
    "procedure range rank reads real recursive ref references referencing release result return returns revoke right "
    "rollback rollup row rows running savepoint scope scroll search second seek select sensitive set show similar "
    "skip smallint some specific sql start static subset sum symmetric system table tablesample then time timestamp "
    "to trailing translate treat trigger trim true truncate uescape union unique unknown unnest update upper user "
    "using value values varbinary varchar varying versioning when whenever where width_bucket window with within "
    "without year"
)
"""Reserved in SQL:2016"""
OF_THE_CONTRACT = {"indicator", "value"}
"""The contract's own words from the beginning: plain names to every database, reserved in the standard's list alone"""


def names_of(database: Path) -> set[str]:
    """Every name of a table, view, column or macro, and of a macro's parameters."""
    with connect(database, read_only=True) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal UNION ALL "
            "SELECT function_name, unnest(parameters) FROM duckdb_functions() WHERE NOT internal"
        ).fetchall()
    return {str(name) for row in rows for name in row}


@pytest.mark.parametrize("database", ["public/monitor.duckdb", "secure/microdata.duckdb"])
def test_no_table_column_or_macro_is_a_word_of_sql(published: Published, database: str) -> None:
    with connect() as connection:
        words = connection.execute("SELECT * FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'").fetchall()
    taken = {word for word, _ in words} | {*POSTGRESQL.split(), *STANDARD.split()}
    names = names_of(published[2] / database)
    assert len(names) > 30
    assert {name for name in names if name.lower() in taken} <= OF_THE_CONTRACT


def test_every_column_can_be_asked_for_without_quotes(published: Published) -> None:
    for database in ("public/monitor.duckdb", "secure/microdata.duckdb"):
        with connect(published[2] / database, read_only=True) as connection:
            columns = connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
            ).fetchall()
            for table, column in columns:
                connection.execute(
                    f"SELECT {column}, x.{column}, max({column}) AS {column} FROM {table} AS x GROUP BY 1, 2"
                )


def test_the_reserved_words_are_duckdb_s_and_postgresql_s() -> None:
    with connect() as connection:
        words = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'")
        assert {word for (word,) in words.fetchall()} <= RESERVED
    assert not {name for name in canonical_concepts() if fault(name)} - {"firm", "weight"}


def test_the_names_of_every_firm_are_the_columns_of_the_firms(published: Published) -> None:
    """What a survey's names must stay apart from is what the secure tables have of their own."""
    survey = published[1]
    own = secure.allowed(survey) - set(survey.concepts) - set(survey.measures) - {f"base_{b}" for b in survey.bases}
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        for table in ("firms", "completed"):
            columns = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
            assert columns & own <= set(OF_EVERY_FIRM)


CONCEPT = {"type": "number", "label": {"nl": "Iets", "en": "Something"}}


@pytest.mark.parametrize("name", sorted((*OF_EVERY_FIRM, *OF_RECORDS, "group", "user", "a b", "Größe", "größe", "1st")))
def test_a_name_that_is_taken_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    as_concept = name not in canonical_concepts()
    concepts = {**publication.DEFINITION["concepts"], **({name: CONCEPT} if as_concept else {})}  # type: ignore[dict-item]
    measure = {"sql": "turnover_eur", "type": "number", "label": CONCEPT["label"]}
    change = {"concepts": concepts, "measures": {**publication.DEFINITION["measures"], name: measure}}  # type: ignore[dict-item]
    with pytest.raises(DefinitionError) as concept_error:
        publication.survey(tmp_path / "concept", change)
    with pytest.raises(DefinitionError) as measure_error:
        publication.survey(tmp_path / "measure", {"measures": change["measures"]})
    kinds = [("measure", measure_error, "measure")] + ([("concept", concept_error, "concept")] if as_concept else [])
    for kind, error, folder in kinds:
        problem = next(p for p in error.value.problems if p.what.startswith(f"the {kind} {name!r} ") and p.expected)
        lines = (tmp_path / folder / "survey.yaml").read_text(encoding="utf-8").splitlines()
        assert problem.file == "survey.yaml"
        assert problem.line is not None
        assert problem.do
        assert any(word in "\n".join(lines[problem.line - 3 : problem.line]) for word in (name, "\\", "sql"))


def test_a_base_that_makes_a_taken_column_is_refused(tmp_path: Path) -> None:
    base = {"sql": "true", "label": CONCEPT["label"]}
    bases = {**publication.DEFINITION["bases"], "weight": base, "All": base}  # type: ignore[dict-item]
    with pytest.raises(DefinitionError) as error:
        publication.survey(tmp_path, {"bases": bases})
    told = [p.what for p in error.value.problems]
    assert any("base_weight" in what for what in told)
    assert "the base 'All' is not a usable name" in told


def test_a_proposal_proposes_no_name_that_is_refused() -> None:
    for source in ("Stratum", "WAVE", "group", "order", "Line", "imputed"):
        assert fault(_free_name(plain_name(source), set())) is None


letters = st.text(min_size=1, max_size=90)
concept_names = st.from_regex(r"[a-z][a-z0-9_]{0,90}", fullmatch=True)
near = st.tuples(concept_names, concept_names, concept_names).flatmap(
    lambda parts: st.sampled_from([(parts[0] * 9 + parts[1] + parts[0] * 9, parts[0] * 9 + parts[2] + parts[0] * 9)])
)
"""Long names that differ in the middle only"""


def pairs(names: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Two names: unlike, alike in all but the middle, or one the spelling of the other."""
    return st.one_of(st.tuples(names, names), near, names.map(lambda name: (name, spelled(name, "a-z0-9_", 20))))


PLACES: dict[str, Callable[[str], object]] = {
    "Stata": statistics.stata_name,
    "SPSS": statistics.spss_name,
    "SDMX": sdmx.token,
    "DDI": lambda name: exchange.identifier("V", "2019", name),
    "page": lambda name: name_of("concept", name),
}


@pytest.mark.parametrize("place", PLACES)
@given(pair=pairs(letters))
@example(pair=("turnover_share_new_to_national_market", "turnover_share_new_to_international_market"))
@example(pair=("a b", "a_b"))
@example(pair=("a-b", "a_b"))
@example(pair=("_T", "T"))
@example(pair=("double", "double_"))
def test_two_names_stay_two(place: str, pair: tuple[str, str]) -> None:
    spell = PLACES[place]
    assert (spell(pair[0]) == spell(pair[1])) == (pair[0] == pair[1])


@given(one=st.lists(letters, min_size=2, max_size=2), other=st.lists(letters, min_size=2, max_size=2))
@example(one=["a_b", "c"], other=["a", "b_c"])
@example(one=["a-b", "c"], other=["a", "b-c"])
@example(one=["2019_a", "b"], other=["2019", "a_b"])
def test_two_pairs_of_names_stay_two(one: list[str], other: list[str]) -> None:
    for spell in (lambda *names: name_of("by", *names), lambda *names: exchange.identifier("V", *names)):
        assert (spell(*one) == spell(*other)) == (one == other)


cells = st.lists(st.none() | letters | st.sampled_from(["unknown", "out of scope", '"unknown"', "a ×", "× b", "+"]))
"""The values of a stratum or response class; None: missing"""


@given(one=cells.filter(bool), other=cells.filter(bool))
@example(one=[None], other=["unknown"])
@example(one=["a × b"], other=["a", "b"])
@example(one=["a ×", "b"], other=["a", "× b"])
@example(one=['"unknown"'], other=["unknown"])
def test_two_cells_of_the_design_stay_two(one: list[str | None], other: list[str | None]) -> None:
    assert (label(one) == label(other)) == (one == other)
    frame = pd.DataFrame([one, one]).astype(object)
    assert set(labels(frame, tuple(frame))) == {label(one)}


@given(one=st.sets(letters, min_size=1), other=st.sets(letters, min_size=1))
@example(one={"a + b"}, other={"a", "b"})
@example(one={"out of scope"}, other={"a"})
def test_two_joint_cells_stay_two(one: set[str], other: set[str]) -> None:
    joint = [JOINT.join(label([name]) for name in sorted(names)) for names in (one, other)]
    assert (joint[0] == joint[1]) == (one == other)
    assert not {"out of scope", "unknown"} & set(joint)


def test_a_label_stays_as_it_is_where_it_is_clear() -> None:
    assert label(["250+", "C10-C12", None]) == "250+ × C10-C12 × unknown"


@given(names=st.lists(letters, unique=True))
@example(names=["a", "A", "a_again"])
@example(names=["-", "blank", "1", "code 1"])
def test_codes_of_a_proposal_stay_apart(names: list[str]) -> None:
    codes = plain_codes(names)
    assert len(set(codes)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", code) for code in codes)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("id;Q3[a];Q3[A];Q3_a", {"q3": {"Q3[a]": "a", "Q3[A]": "a_again", "Q3_a": "a_again_again"}}),
        ("id;q 1;q_1;Q-1", {"q_1": {"q 1": "q_1"}, "q_1_again": {"q_1": "q_1_again"}}),
        ("id;x;measure_x;base_all_firms", {"base_all_firms_here": {"base_all_firms": "base_all_firms_here"}}),
        ("id;cooperates;top_innovator", {"cooperates": {"cooperates": "cooperates"}}),
    ],
)  # fmt: skip
def test_columns_that_clean_to_one_name_are_questions_apart(
    tmp_path: Path, header: str, expected: dict[str, dict[str, str]]
) -> None:
    """And a proposal loads whatever its columns are called."""
    columns = header.split(";")[1:]
    ticks = ("", "1") if "Q3" in header else ("1", "2")
    rows = [";".join([f"{i:08d}", *(ticks[(i >> k) % 2] for k in range(len(columns)))]) for i in range(60)]
    source = tmp_path / "answers_2024.csv"
    source.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    propose_survey(tmp_path / "survey", source)
    questions = load_survey(tmp_path / "survey").waves["2024"].questions
    asked = {concept: dict(question.columns) for concept, question in questions.items() if concept != "firm"}
    assert sorted(column for mapped in asked.values() for column in mapped) == sorted(columns)
    assert expected.items() <= asked.items()


@given(name=letters)
def test_a_spelled_name_is_one_its_place_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_]{1,31}", statistics.stata_name(name))
    assert re.fullmatch(r"[a-z0-9_]{1,64}", statistics.spss_name(name))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", sdmx.token(name))
    assert re.fullmatch(r"V[A-Za-z0-9_-]+", exchange.identifier("V", name))
    assert re.fullmatch(r"concept-[A-Za-z0-9_]+", name_of("concept", name))


AWKWARD = (
    "turnover_share_new_to_national_market",
    "turnover_share_new_to_international_market",
    "turnover_share_new_to_international_market_of_all_products_and_services_sold",
    "double",
    "with_",
    "what",
    "numerator",
    "denominator",
    "database",
    "domains",
    "base",
    "above",
    "estimate",
    "theta",
    "t",
    "f",
)  # fmt: skip
"""Names that are long, alike, or words of a format or of the macros"""


def awkward() -> Iterator[tuple[str, dict[str, object]]]:
    """The measures of those names: each another multiple of turnover."""
    for number, name in enumerate(AWKWARD, start=1):
        yield name, {"sql": f"turnover_eur * {number}", "type": "number", "label": {"nl": name, "en": name}}


def test_awkward_names_reach_the_secure_files_and_the_macros(tmp_path: Path) -> None:
    measures = dict(awkward())
    survey = publication.survey(
        tmp_path / "survey",
        {"measures": {**publication.DEFINITION["measures"], **measures}},  # type: ignore[dict-item]
    )
    lake = publication.lake(tmp_path / "home", survey)
    for wave in publication.WAVES:
        turnover = publication.firms(wave).set_index("firm")["turnover_eur"]
        table = lake.read("derived_measures", wave)
        multiples = {name: table["firm"].map(turnover) * i for i, name in enumerate(AWKWARD, start=1)}
        lake.write("derived_measures", wave, table.assign(**multiples))
    tables = secure.firm_tables(lake, survey, list(publication.WAVES))
    secure.write_database(tmp_path / "microdata.duckdb", tables, survey)
    statistics.write(tmp_path, tables, survey)
    stata, of_stata = pyreadstat.read_dta(tmp_path / "firms.dta")
    spss, of_spss = pyreadstat.read_sav(tmp_path / "firms.sav")
    with connect(tmp_path / "microdata.duckdb", read_only=True) as connection:
        for number, name in enumerate(AWKWARD, start=1):
            for frame, about, spell in (
                (stata, of_stata, statistics.stata_name),
                (spss, of_spss, statistics.spss_name),
            ):
                assert about.column_names_to_labels[spell(name)] == name[:80]
                assert (frame[spell(name)] == frame["turnover"] * number).all(), name
            for told in (
                connection.execute(f"FROM estimate_ratio({name}, turnover, base := {name} > 0)").df(),
                connection.execute(
                    f"FROM estimate_ratio({name} * {name}, {name} * turnover, domains := {name} > 0)"
                ).df(),
            ):
                assert told["estimate"].tolist() == pytest.approx([number] * len(publication.WAVES)), name
        swapped = connection.execute("FROM estimate_ratio(denominator, numerator)").df()
        assert swapped["estimate"].tolist() == pytest.approx(
            [(AWKWARD.index("denominator") + 1) / (AWKWARD.index("numerator") + 1)] * 2
        )


def test_awkward_codes_keep_their_own_lines_for_statistical_exchange(published: Published) -> None:
    """Codes that differ in a character SDMX does not know, and one that is SDMX's own word for all."""
    survey = published[1]
    own = survey.indicators["mean_share_new"]
    survey = replace(survey, indicators={**survey.indicators, own.name: replace(own, cis_code="TUR_X")})
    codes = ["a b", "a_b", "a-b", "_T", "all of them", "ALL"]
    row = {
        "survey": survey.name, "wave": "2017", "indicator": "mean_share_new", "measure": "share_new",
        "domain_variable": "sector", "estimate": 0.5, "suppressed": False, "reliability": "good",
    }  # fmt: skip
    table = pd.DataFrame(
        [row | {"domain": code} for code in codes] + [row | {"domain_variable": "all", "domain": "all"}]
    )
    lines = [x.line() for x in sdmx.observations(table, survey)]
    assert len({tuple(line[: 1 + len(sdmx.DIMENSIONS)]) for line in lines}) == len(lines) == len(codes) + 1
