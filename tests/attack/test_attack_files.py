"""No file of a release holds what it withholds: tables, database, pages, PDFs, exchange files.

The tests know the withheld figures, which no attacker does, and look for them: to every digit in everything that is
text and in every byte of the database, and as pages and PDFs would print them.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import portable
import publication
import pytest
from publication import Published

from monitor.contract.shape import rounded
from monitor.publication import public, report
from monitor.publication.report import highlights, paper
from monitor.publication.report.numbers import Numbers
from monitor.stages import released
from monitor.storage.lake import connect

KEY = ["wave", "indicator", "domain_variable", "domain"]
FIGURES = ["estimate", "se", "ci_low", "ci_high"]
NUMBER = re.compile(r"\d+\.\d+(?:e[+-]?\d+)?")
HEADER = 4096
"""Bytes of each of the three headers before a database's first block"""
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


def test_the_database_has_no_block_that_no_table_uses(published: Published, tmp_path: Path) -> None:
    """What was deleted would lie in one; every column of every table is read above."""
    sizes = "SELECT block_size, total_blocks, used_blocks, free_blocks FROM pragma_database_size()"
    path = published[2] / "public" / "monitor.duckdb"
    with connect(path, read_only=True) as connection:
        size, total, used, free = connection.execute(sizes).fetchall()[0]
    assert (used, free) == (total, 0)
    assert path.stat().st_size == total * size + 3 * HEADER
    with connect(tmp_path / "dropped.duckdb") as connection:
        for number in range(2):
            connection.execute(f"CREATE TABLE t{number} AS SELECT random() AS x FROM range(200000)")
            connection.execute("CHECKPOINT")
        connection.execute("DROP TABLE t0")
        connection.execute("CHECKPOINT")
        assert connection.execute(sizes).fetchall()[0][3] > 0, "a table that went leaves blocks"


def test_what_the_process_has_read_does_not_come_into_the_database(published: Published, tmp_path: Path) -> None:
    """Firms' numbers and words in tables of the same process, closed before: the file, twice written, holds none."""
    lake, survey, _ = published
    values = np.random.default_rng(11).random(20_000)
    secret = pd.DataFrame({"value": values, "word": [f"CANARY-{i:05d}" for i in range(len(values))]})
    with connect(tmp_path / "secret.duckdb") as connection:
        connection.execute("PRAGMA force_compression = 'uncompressed'")
        connection.register("frame", secret)
        connection.execute("CREATE TABLE secret AS SELECT * FROM frame")
        connection.execute("SELECT word, sum(value) FROM secret GROUP BY word ORDER BY word").fetchall()
    there = (tmp_path / "secret.duckdb").read_bytes()
    assert b"CANARY-" in there
    assert all(packed(v) in there for v in values[:100])
    tables = released.public_tables(lake, survey, publication.WAVES)
    moment = pd.Timestamp("2026-01-01")
    tables["releases"] = tables["releases"].assign(release_id="r0001-aaaaaaaaaaaa", created_at=moment)
    for number in range(2):
        public.write_database(tmp_path / f"{number}.duckdb", tables)
        content = (tmp_path / f"{number}.duckdb").read_bytes()
        assert b"CANARY-" not in content
        assert not any(packed(v) in content for v in values[::20])


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
def test_no_pdf_as_it_is_written_prints_a_withheld_line(
    published: Published, truth: pd.DataFrame, language: str
) -> None:
    """By the text in the file's compressed streams, whatever the typesetter made of what it was given."""
    numbers = Numbers(language)
    shares = truth[truth["indicator"] != "turnover"]
    rows = shares.to_dict("records")
    intervals = [re.sub(r"\s", "", numbers.interval(x["ci_low"], x["ci_high"], "share", 1)) for x in rows]
    by = pd.Series(intervals).groupby(shares["suppressed"].to_numpy()).agg(set)
    secret = by[True] - by[False]
    files = sorted((published[2] / "public" / "report").glob(f"report-*-{language}.pdf"))
    assert len(files) == len(publication.WAVES)
    for file in files:
        said = portable.text(file)
        assert "\ufffd" not in said, "every glyph has its character"
        assert sum(interval in said for interval in by[False]) > 20, "the text is read"
        assert [interval for interval in sorted(secret) if interval in said] == []


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
    tables = released.public_tables(lake, survey, publication.WAVES)
    named = tables["releases"].assign(release_id=folder.name, created_at=pd.Timestamp("2026-01-02"))
    spoken = report.spoken({**tables, "releases": named}, survey)
    texts["sheet"] = json.dumps(highlights.content(spoken[language], publication.WAVES), ensure_ascii=False)
    for wave in publication.WAVES:
        texts[f"PDF {wave}"] = json.dumps(paper.content(spoken[language], survey, wave), ensure_ascii=False)
    for kind in ("participation.html", f"PDF {publication.WAVES[0]}"):
        assert sum(interval in texts[kind] for interval in by[False]) > 20, kind
    assert [(name, x) for name, text in texts.items() for x in sorted(secret) if x in text] == []
