"""No file of a release holds what it withholds: tables, database, pages, PDFs, exchange files.

The tests know the withheld figures, which no attacker does, and look for them: to every digit in everything that is
text and in every byte of the database, and as pages and PDFs would print them.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pandas as pd
import publication
import pytest
from publication import Published

from monitor.contract.shape import rounded
from monitor.publication import report
from monitor.publication.report import paper
from monitor.publication.report.numbers import Numbers
from monitor.stages import released
from monitor.storage.lake import connect

KEY = ["wave", "indicator", "domain_variable", "domain"]
FIGURES = ["estimate", "se", "ci_low", "ci_high"]
NUMBER = re.compile(r"\d+\.\d+(?:e[+-]?\d+)?")
TEXT = {".csv", ".html", ".json", ".xml"}


@pytest.fixture(scope="module")
def truth(published: Published) -> pd.DataFrame:
    """Every line of the release's indicators as estimated, with whether the release withholds it."""
    lake, _, folder = published
    lines = pd.concat([lake.read("estimated_indicators", w).assign(wave=w) for w in publication.WAVES])
    shown = pd.read_csv(folder / "public" / "tables" / "indicators.csv", dtype={"wave": str, "domain": str})
    return rounded("indicators", lines).merge(shown[[*KEY, "suppressed"]], on=KEY)


def exact(lines: pd.DataFrame) -> dict[tuple[str, ...], set[float]]:
    """Line -> its figures that have five significant digits or more, in the tables' unit."""
    found = {}
    for x in lines.to_dict("records"):
        values = {float(x[name]) for name in FIGURES if pd.notna(x[name])}
        found[tuple(str(x[k]) for k in KEY)] = {v for v in values if len(f"{v:.12g}".replace(".", "").strip("0")) >= 5}
    return found


def spellings(value: float) -> set[str]:
    """How a program writes a number, as it is and as a percentage."""
    return {repr(value), repr(value * 100), f"{value:g}", f"{value * 100:.6g}"}


def standing(lines: dict[tuple[str, ...], set[float]], numbers: set[str]) -> list[tuple[str, ...]]:
    """The lines of which two figures are among these numbers: one alone may be another figure's by chance."""
    return [line for line, values in lines.items() if sum(bool(spellings(v) & numbers) for v in values) >= 2]


def test_no_text_holds_a_withheld_line(published: Published, truth: pd.DataFrame) -> None:
    hidden, shown = (exact(truth[truth["suppressed"] == flag]) for flag in (True, False))
    assert sum(len(values) >= 2 for values in hidden.values()) > 20
    files = [path for path in (published[2] / "public").rglob("*") if path.suffix in TEXT]
    assert {path.suffix for path in files} == TEXT
    numbers = {path.name: set(NUMBER.findall(path.read_text(encoding="utf-8"))) for path in files}
    assert len(standing(shown, numbers["indicators.csv"])) > 20
    assert {name: found for name, there in numbers.items() if (found := standing(hidden, there))} == {}


def test_no_block_of_the_database_holds_a_withheld_line(published: Published, truth: pd.DataFrame) -> None:
    """Not in a table, and not uncompressed in a block that no table uses any more."""
    hidden, shown = (exact(truth[truth["suppressed"] == flag]) for flag in (True, False))
    path = published[2] / "public" / "monitor.duckdb"
    with connect(path, read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        cells = {
            name: set(map(repr, map(float, connection.execute(f'FROM "{name}"').df().select_dtypes("number").stack())))
            for name in tables
        }
    assert len(standing(shown, cells["indicators"])) > 20
    assert {name: found for name, there in cells.items() if (found := standing(hidden, there))} == {}
    content = path.read_bytes()
    assert [line for line, values in hidden.items() if sum(packed(v) in content for v in values) >= 2] == []


def packed(value: float) -> bytes:
    """A number as a block that is not compressed holds it."""
    return struct.pack("<d", value)


def test_a_figure_in_a_block_that_is_not_compressed_is_seen(truth: pd.DataFrame, tmp_path: Path) -> None:
    values = sorted(set().union(*exact(truth[truth["suppressed"]]).values()))
    with connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'kept.duckdb'}' AS kept")
        connection.execute("PRAGMA force_compression = 'uncompressed'")
        connection.register("frame", pd.DataFrame({"value": values}))
        connection.execute("CREATE TABLE kept.figures AS SELECT value FROM frame")
        connection.execute("DETACH kept")
    content = (tmp_path / "kept.duckdb").read_bytes()
    assert all(packed(v) in content for v in values)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_page_or_pdf_prints_a_withheld_line(published: Published, truth: pd.DataFrame, language: str) -> None:
    """By its interval, which hardly two lines share; of the PDFs, all that the typesetter is given."""
    lake, survey, folder = published
    numbers = Numbers(language)
    shares = truth[truth["indicator"] != "turnover"]
    intervals = [numbers.interval(x["ci_low"], x["ci_high"], "share", 1) for x in shares.to_dict("records")]
    by = pd.Series(intervals).groupby(shares["suppressed"].to_numpy()).agg(set)
    secret = by[True] - by[False]
    assert len(secret) > 20
    pages = (folder / "public" / "report" / language).glob("*.html")
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages}
    spoken = report.spoken(released.public_tables(lake, survey, publication.WAVES), survey)
    for wave in publication.WAVES:
        texts[f"PDF {wave}"] = json.dumps(paper.content(spoken[language], survey, wave), ensure_ascii=False)
    for kind in ("participation.html", f"PDF {publication.WAVES[0]}"):
        assert sum(interval in texts[kind] for interval in by[False]) > 20, kind
    assert [(name, x) for name, text in texts.items() for x in sorted(secret) if x in text] == []
