"""Questions an economist asks the public database, in SQL, held against what is known otherwise."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from publication import Published

from monitor import contract
from monitor.stages.disclosed.population import population
from monitor.storage.lake import connect, literal
from monitor.survey import load_survey
from monitor.surveys import BUNDLED


@pytest.fixture(scope="module")
def database(published: Published) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        yield connection


def table(published: Published, name: str) -> pd.DataFrame:
    """A table as its CSV file has it, read without the database."""
    return pd.read_csv(published[2] / "public" / "tables" / f"{name}.csv", dtype={"wave": str}, keep_default_na=False)


def test_joins_by_the_columns_that_tables_share_lose_and_double_nothing(database: duckdb.DuckDBPyConnection) -> None:
    """What is this figure's measure, base, subgroup, fit?"""
    joins = {
        "indicators": ["measures USING (survey, measure)", "bases USING (survey, base)"],
        "benchmarks": ["measures USING (survey, measure)"],
        "curve": ["measures USING (survey, measure)"],
        "models": ["bases USING (survey, base)"],
        "contrasts": ["models USING (survey, wave, model, variant)"],
        "terms": ["models USING (survey, wave, model, variant)"],
    }
    for name, others in joins.items():
        for other in others:
            (plain,), (joined,) = (
                database.execute(f"SELECT count(*) FROM {source}").fetchall()[0]
                for source in (name, f"{name} JOIN {other}")
            )
            assert plain == joined, (name, other)


def test_a_claim_finds_the_contrast_it_rests_on(database: duckdb.DuckDBPyConnection) -> None:
    resting = database.execute("SELECT count(*) FROM claims WHERE contrast IS NOT NULL").fetchone()
    joined = database.execute(
        "SELECT count(*) FROM claims JOIN contrasts USING (survey, wave, model, variant, contrast)"
    ).fetchone()
    assert resting == joined
    assert resting != (0,)


def test_every_figure_says_what_it_is_and_in_which_unit(
    published: Published, database: duckdb.DuckDBPyConnection
) -> None:
    survey = published[1]
    for name in ("indicators", "changes"):
        told = database.execute(f"SELECT DISTINCT indicator, indicator_en, unit FROM {name}").fetchall()
        assert told, name
        for indicator, label, unit in told:
            declared = survey.indicators[indicator]
            measure = survey.measures[declared.measure]
            assert label == declared.label["en"]
            assert unit == ("share" if declared.estimator == "share" or measure.type == "percentage" else measure.unit)
    cuts = database.execute("SELECT DISTINCT cut_unit FROM curve UNION SELECT DISTINCT cut_unit FROM distribution")
    assert set(cuts.fetchall()) <= {("percent",)}


def test_contrasts_say_on_how_many_answers_they_rest(published: Published) -> None:
    fits = table(published, "models").set_index(["wave", "model", "variant"])
    lines = table(published, "contrasts")
    assert len(lines)
    for x in lines.to_dict("records"):
        told = fits.loc[(x["wave"], x["model"], x["variant"])]
        assert (str(x["n"]), str(x["events"])) == (str(told["n"]), str(told["events"]))


def test_benchmarks_count_the_firms_that_gave_a_value(
    published: Published, database: duckdb.DuckDBPyConnection
) -> None:
    """Only where `indicators` shows that number; and then it is that of the secure firms."""
    told = database.execute("SELECT wave, measure, domain_variable, domain, n FROM benchmarks").fetchall()
    shown = {
        (x["wave"], x["measure"], x["domain_variable"], x["domain"])
        for x in table(published, "indicators").to_dict("records")
        if x["base"] == "all_firms" and x["n"] != ""
    }
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        for wave, measure, variable, code, n in told:
            assert (n is not None) == ((wave, measure, variable, code) in shown)
            inside = "true" if variable == "all" else f"{variable} = {literal(code)}"
            asked = f"SELECT count({measure}) FROM firms WHERE wave = {literal(wave)} AND {inside}"
            assert n is None or connection.execute(asked).fetchone() == (n,)
    assert any(n is not None for *_, n in told)


def test_the_population_is_what_the_margins_say() -> None:
    survey = load_survey(BUNDLED)
    found = population(survey, ["2019"]).set_index(["domain_variable", "domain"])["firms"]
    with (BUNDLED / "margins" / "2019.csv").open(encoding="utf-8", newline="") as file:
        declared = {(x["variables"], x["categories"]): float(x["total"]) for x in csv.DictReader(file)}
    assert {key: total for key, total in found.items() if key != ("all", "all")} == declared
    assert found["all", "all"] == sum(total for (variable, _), total in declared.items() if variable == "size_band")


def test_keys_are_those_that_the_readme_names(database: duckdb.DuckDBPyConnection) -> None:
    """What tells rows apart? The database itself says so, to any client, and so does its readme."""
    declared = dict(
        database.execute(
            "SELECT table_name, array_to_string(constraint_column_names, ', ') FROM duckdb_constraints() "
            "WHERE constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    )
    named = dict(database.execute("SELECT name, row_key FROM readme WHERE kind = 'table'").fetchall())
    assert declared == named
    assert set(named) == {x.name for x in contract.TABLES}


def test_subgroups_add_up_to_no_more_than_all_firms(database: duckdb.DuckDBPyConnection) -> None:
    """Withheld rows are empty, so that what is shown may fall short: the column says so where it is read."""
    gaps = database.execute(
        "SELECT whole.n - sum(part.n), count(*) FILTER (part.suppressed) FROM indicators AS part JOIN indicators AS "
        "whole USING (survey, wave, indicator) WHERE part.domain_variable = 'sector' AND whole.domain_variable = 'all' "
        "AND whole.n IS NOT NULL GROUP BY wave, indicator, whole.n"
    ).fetchall()
    assert all(gap >= 0 for gap, _ in gaps)
    assert any(gap > 0 and withheld for gap, withheld in gaps)
    (said,) = database.execute(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'indicators' AND column_name = 'n'"
    ).fetchall()
    assert "add up to less" in said[0]


def test_parquet_tables_are_the_database_s_with_its_comments(
    published: Published, database: duckdb.DuckDBPyConnection
) -> None:
    folder: Path = published[2] / "public" / "tables"
    assert {p.stem for p in folder.glob("*.parquet")} == {x.name for x in contract.TABLES}
    for declared in contract.TABLES:
        path = folder / f"{declared.name}.parquet"
        read = f"read_parquet({literal(str(path))})"
        assert (
            database.execute(f"DESCRIBE {declared.name}")
            .df()[["column_name", "column_type"]]
            .equals(database.execute(f"DESCRIBE FROM {read}").df()[["column_name", "column_type"]])
        )
        for one, other in ((declared.name, read), (read, declared.name)):
            assert database.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall() == []
        told = database.execute(
            f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({literal(str(path))})"
        ).fetchall()
        about = dict(told)
        assert about["comment"] == declared.comment
        assert about["key"] == ", ".join(declared.key)
        assert {c.name: c.comment for c in declared.columns} == {
            k.removeprefix("column."): v for k, v in about.items() if k.startswith("column.")
        }


def test_the_description_names_the_parquet_files(published: Published) -> None:
    told = json.loads((published[2] / "public" / "datapackage.json").read_text(encoding="utf-8"))
    assert "tables/<name>.parquet" in told["description"]
