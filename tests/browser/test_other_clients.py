"""A release opened and queried by other clients than the product's own, each from the package registry.

The oldest DuckDB it promises to work with, and DuckDB's own command line. R's `duckdb` is in neither Debian nor PyPI,
so it is asked only where R has it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.publication.macros import MACROS
from monitor.publication.public import VIEWS
from monitor.storage.lake import connect

OLDEST = "1.2.0"
COMMAND_LINE = "1.5.6"
OVER_HTTP = ("duckdb==1.4.4", "duckdb-ext-httpfs==1.4.4.20260205")
ATTACH_OVER_HTTP = """
import duckdb, importlib.metadata, json, sys
(extension,) = [f for f in importlib.metadata.files("duckdb-ext-httpfs") if f.name == "httpfs.duckdb_extension"]
with duckdb.connect() as connection:
    connection.execute(f"LOAD '{extension.locate()}'")
    connection.execute(f"ATTACH '{sys.argv[1]}/monitor.duckdb' AS monitor (READ_ONLY)")
    asked = ("monitor.headline", "monitor.indicators", f"'{sys.argv[1]}/tables/indicators.parquet'")
    print(json.dumps([len(connection.execute(f"FROM {place}").fetchall()) for place in asked]))
"""
QUESTIONS = """
import duckdb, json, sys
assert duckdb.__version__ == sys.argv[2]
told = {}
with duckdb.connect(sys.argv[1] + "/public/monitor.duckdb", read_only=True) as connection:
    for view in ("headline", "trend", "claims_now", "indicators", "codebook"):
        told[view] = len(connection.execute(f"FROM {view}").fetchall())
    comment = "SELECT comment FROM duckdb_tables() WHERE table_name = 'indicators'"
    told["comment"] = connection.execute(comment).fetchone()[0]
with duckdb.connect(sys.argv[1] + "/secure/microdata.duckdb", read_only=True) as connection:
    told["share"] = connection.execute("FROM estimate_share(cooperates, domains := size_band)").fetchall()
with duckdb.connect() as connection:
    connection.execute(f"ATTACH '{sys.argv[1]}/public/monitor.duckdb' AS p (READ_ONLY)")
    connection.execute(f"ATTACH '{sys.argv[1]}/secure/microdata.duckdb' AS m (READ_ONLY)")
    told["attached views"] = [len(connection.execute(f"FROM p.{v}").fetchall()) for v in ("headline", "trend")]
    asked = "FROM m.estimate_share(cooperates, domains := size_band, database := 'm')"
    told["attached"] = connection.execute(asked).fetchall()
    connection.execute("USE m")
    told["used"] = connection.execute("FROM estimate_share(cooperates, domains := size_band)").fetchall()
print(json.dumps(told))
"""


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with that DuckDB and nothing else."""
    folder = tmp_path_factory.mktemp("client")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={OLDEST}"], check=True)
    return python


def test_duckdb_1_2_reads_tables_views_comments_and_macros(client: Path, release: Path) -> None:
    done = subprocess.run([client, "-c", QUESTIONS, str(release), OLDEST], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["headline"] == 8
    assert told["comment"].startswith("Indicators")
    assert len(told["share"]) == 8
    assert all(0 < row[5] < 1 and row[6] > 0 for row in told["share"])
    for way in ("attached", "used"):
        assert [row[:5] for row in told[way]] == [row[:5] for row in told["share"]]
        assert [row[5:] for row in told[way]] == [pytest.approx(row[5:], rel=1e-12) for row in told["share"]]
    assert told["attached views"] == [8, 8]


MACROS_ASKED = r"""
import duckdb, json, sys
assert duckdb.__version__ == sys.argv[2]
file, told = sys.argv[1] + "/secure/microdata.duckdb", {}
with duckdb.connect(file, read_only=True) as connection:
    asks = [ask for (ask,) in connection.execute("SELECT ask FROM readme WHERE kind = 'macro'").fetchall()]
    for ask in asks:
        told[ask] = [connection.execute(ask).fetchall()]
for name in ("m", "microdata", "firms of 2018"):
    with duckdb.connect() as connection:
        connection.execute(f'ATTACH \'{file}\' AS "{name}" (READ_ONLY)')
        for ask in asks:
            named = ask.replace("FROM ", f'FROM "{name}".', 1)[:-1] + f", database := '{name}')"
            told[ask].append(connection.execute(named).fetchall())
print(json.dumps(told, default=str))
"""


@pytest.mark.parametrize("version", [OLDEST, "1.4.4", COMMAND_LINE])
def test_every_macro_answers_other_clients_under_three_names(version: str, release: Path, tmp_path: Path) -> None:
    """What table `readme` shows of each macro, opened and attached, from DuckDB's wheels: the product's own figures."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={version}"], check=True)
    asked = [python, "-c", MACROS_ASKED, str(release), version]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told) == len(MACROS)
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        for ask, answers in told.items():
            own = connection.execute(ask).df()
            assert len(answers) == 4
            for rows in answers:
                theirs = pd.DataFrame(rows, columns=own.columns).astype(own.dtypes)
                pd.testing.assert_frame_equal(theirs, own, rtol=1e-12)


@pytest.fixture(scope="session")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DuckDB's own command line."""
    folder = tmp_path_factory.mktemp("command_line")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"duckdb-cli=={COMMAND_LINE}"]
    subprocess.run(install, check=True)
    return folder / "bin" / "duckdb"


def asked(program: Path, sql: str, *arguments: str) -> str:
    """What the command line prints; an error fails."""
    done = subprocess.run([program, *arguments, "-c", sql], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_reads_tables_views_comments_and_macros(command_line: Path, release: Path) -> None:
    assert asked(command_line, "SELECT 1", "-version").startswith(f"v{COMMAND_LINE} ")
    public = ("-readonly", "-json", str(release / "public" / "monitor.duckdb"))
    views = json.loads(asked(command_line, "SELECT view_name FROM duckdb_views() WHERE NOT internal", *public))
    assert {view["view_name"] for view in views} == set(VIEWS)
    headline = json.loads(asked(command_line, "FROM headline", *public))
    assert len(headline) == 8
    assert all(line["ci_low"] <= line["estimate"] <= line["ci_high"] for line in headline)
    silent = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'indicators' AND comment IS NULL"
    assert asked(command_line, silent, *public).strip() in ("", "[]")
    secure = ("-readonly", "-json", str(release / "secure" / "microdata.duckdb"))
    shares = json.loads(asked(command_line, "FROM estimate_share(cooperates, domains := size_band)", *secure))
    assert len(shares) == 8
    assert all(0 < line["estimate"] < 1 and line["se"] > 0 for line in shares)
    attach = f"ATTACH '{release}/secure/microdata.duckdb' AS m (READ_ONLY)"
    named = f"{attach}; FROM m.estimate_share(cooperates, domains := size_band, database := 'm')"
    attached = json.loads(asked(command_line, named, "-json"))
    pd.testing.assert_frame_equal(pd.DataFrame(attached), pd.DataFrame(shares), rtol=1e-12)


def test_the_command_line_runs_what_the_readme_shows(command_line: Path, release: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (sql,) = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    here = re.sub(r"ATTACH '[^']*'", f"ATTACH '{release}/public/monitor.duckdb'", sql)
    told = asked(command_line, here.replace("'top_innovator'", "'primary'"), "-csv")
    before, _, answer = told.partition("wave,estimate,ci_low,ci_high,n,events\n")
    assert before.startswith("name,about_en,ask\nprimary_answer,"), "where to begin"
    assert "\nsurvey,wave,indicator" in before
    assert [line.split(",")[:2] for line in answer.splitlines()] == [[wave, "0.1"] for wave in publication.WAVES]


def test_a_release_is_attached_from_an_address(release: Path, tmp_path: Path) -> None:
    """What `docs/how-to.md` shows, over HTTP from this machine, by a DuckDB that has `httpfs`."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *OVER_HTTP], check=True)
    handler = partial(SimpleHTTPRequestHandler, directory=str(release / "public"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        done = subprocess.run([python, "-c", ATTACH_OVER_HTTP, address], capture_output=True, text=True, check=False)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    lines = len(pd.read_csv(release / "public" / "tables" / "indicators.csv"))
    assert json.loads(done.stdout) == [8, lines, lines]


def test_r_reads_the_views_where_it_has_duckdb(release: Path) -> None:
    """Says what R answers, or that R or its package is not there: Debian has no `r-cran-duckdb`."""
    program = shutil.which("Rscript")
    there = program and subprocess.run([program, "-e", "library(duckdb)"], capture_output=True, check=False)
    if not program or not there or there.returncode:
        pytest.skip("R's package duckdb is not installed")
    script = f"""
    monitor <- DBI::dbConnect(duckdb::duckdb(), "{release}/public/monitor.duckdb", read_only = TRUE)
    cat(nrow(DBI::dbGetQuery(monitor, "FROM headline")))
    """
    done = subprocess.run([program, "-e", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "8"
