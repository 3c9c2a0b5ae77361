"""The scenes of a home on object storage: how releases are compared, where the cable breaks, the table that is told."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import benchmark
import duckdb
import pandas as pd
import pyreadstat
import pytest

ROOT = Path(__file__).parents[2]

alike = benchmark.loaded("alike.py")


def release(folder: Path, created: str) -> Path:
    """A release of four files and a manifest, whose database holds the same whatever `created`."""
    for part in ("public", "secure"):
        (folder / part).mkdir(parents=True)
    (folder / "public" / "a.csv").write_text("firm,answer\n1,2\n", encoding="utf-8")
    frame = pd.DataFrame({"firm": ["a", "b"], "answer": [1.0, float("nan")]})
    pyreadstat.write_dta(frame, str(folder / "secure" / "firms.dta"))
    pyreadstat.write_sav(frame, str(folder / "secure" / "firms.sav"))
    for file in alike.DATABASES:
        with duckdb.connect(str(folder / file)) as connection:
            connection.execute("CREATE TABLE firms AS FROM frame")
            if created:
                connection.execute(f"CREATE TABLE gone AS SELECT '{created}' AS x FROM range(5000)")
                connection.execute("DROP TABLE gone")
    files = {path.relative_to(folder).as_posix(): {} for path in folder.rglob("*.*")}
    about = {file: {"sha256": hashlib.sha256((folder / file).read_bytes()).hexdigest()} for file in files}
    (folder / "manifest.json").write_text(json.dumps({"content_hash": "x", "files": about}), encoding="utf-8")
    return folder


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A release, and what was made of the same at another moment."""
    one, other = release(tmp_path / "one", ""), release(tmp_path / "other", "later")
    for file in ("firms.dta", "firms.sav"):
        shutil.copy(one / "secure" / file, other / "secure" / file)
        moment = alike.MOMENTS[Path(file).suffix]
        content = (other / "secure" / file).read_bytes()
        (found,) = moment.finditer(content)
        last = b"%d" % ((int(found[0][-1:]) + 1) % 10)  # whatever the clock said when the first was made
        (other / "secure" / file).write_bytes(content[: found.end() - 1] + last + content[found.end() :])
    return one, other


def test_what_was_made_at_another_moment_is_alike(two: tuple[Path, Path]) -> None:
    found = alike.compared(*two)
    assert found.differ == []
    assert found.bytes == ["public/a.csv"]
    assert {*found.content} == {*alike.DATABASES, "secure/firms.dta", "secure/firms.sav", "manifest.json"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("public/a.csv", b"1,2", b"1,3"), ("secure/firms.dta", b"a\0", b"c\0"), ("manifest.json", b'"x"', b'"y"')],
)
def test_another_byte_is_a_difference(two: tuple[Path, Path], file: str, old: bytes, new: bytes) -> None:
    content = (two[1] / file).read_bytes()
    assert old in content
    (two[1] / file).write_bytes(content.replace(old, new))
    assert file in alike.compared(*two).differ


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE firms SET answer = 0 WHERE firm = 'b'", "UPDATE firms SET answer = 'nan' WHERE firm = 'b'",
        "INSERT INTO firms FROM firms LIMIT 1", "CREATE VIEW v AS FROM firms", "CREATE MACRO m(x) AS x + 1",
        "CREATE OR REPLACE TABLE firms AS FROM firms ORDER BY firm DESC", "COMMENT ON TABLE firms IS 'other'",
        "COMMENT ON COLUMN firms.answer IS 'other'", "ALTER TABLE firms ALTER answer TYPE FLOAT",
    ],
)  # fmt: skip
def test_another_content_of_a_database_is_a_difference(two: tuple[Path, Path], change: str) -> None:
    with duckdb.connect(str(two[1] / alike.DATABASES[0])) as connection:
        connection.execute(change)
    assert alike.DATABASES[0] in alike.compared(*two).differ


def test_a_missing_file_and_another_one_are_differences(two: tuple[Path, Path]) -> None:
    (two[0] / "public" / "a.csv").unlink()
    (two[1] / "public" / "b.csv").write_text("", encoding="utf-8")
    assert {"public/a.csv", "public/b.csv"} <= {*alike.compared(*two).differ}


class Answering(BaseHTTPRequestHandler):
    """Takes whatever is put."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if "refused" not in self.path else 412)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def carried() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The port of a cable to a server, and the cable."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as free:
        port = free.server_address[1]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "cable.py"), f"127.0.0.1:{port}",
         f"127.0.0.1:{server.server_address[1]}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()


def asked(port: int, method: str, path: str) -> int:
    """Status of an answer; 0 where the connection is broken or refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body=b"x" * 100_000)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def opened(carried: tuple[int, subprocess.Popen[str]]) -> tuple[int, IO[str], IO[str]]:
    """The port of a cable once it carries, what it is told by and what it tells."""
    port, cable = carried
    assert cable.stdin is not None
    assert cable.stdout is not None
    while not asked(port, "GET", "/public/key"):
        assert cable.poll() is None
    return port, cable.stdin, cable.stdout


def test_the_cable_breaks_after_the_chosen_put_alone(carried: tuple[int, subprocess.Popen[str]]) -> None:
    port, tell, told = opened(carried)
    print("after /key 600", file=tell, flush=True)
    while asked(port, "PUT", "/public/key-refused") or asked(port, "GET", "/public/key"):
        # Neither breaks it; the line above may not be read yet.
        if asked(port, "PUT", "/public/key") and not asked(port, "GET", "/public/other"):
            break
    assert told.readline() == "/public/key\n"
    assert asked(port, "PUT", "/public/other") == 0


def test_a_broken_cable_works_again_after_its_seconds(carried: tuple[int, subprocess.Popen[str]]) -> None:
    port, tell, told = opened(carried)
    print("after /key 0.5", file=tell, flush=True)
    while asked(port, "PUT", "/public/key"):
        pass
    assert told.readline() == "/public/key\n"
    while not asked(port, "GET", "/public/key"):
        assert carried[1].poll() is None


def test_readme_and_speed_tell_the_committed_table() -> None:
    table = pd.read_csv(ROOT / "benchmarks" / "store.csv", dtype={"unfinished": str})
    (alone,) = table[table["scene"] == "one process, a folder"].itertuples()
    held = table[table["equal"].notna()]
    assert (held["release"] == alone.release).all()
    assert (held["differ"] == 0).all()
    # Databases, Stata's and SPSS's files and the manifest are all that may be alike and not equal.
    assert (held["alike"] <= 9).all()
    assert (table["same_content"].dropna() == True).all()  # noqa: E712 -- empty without a release
    told = f"{held['equal'].iloc[0]:.0f} of its {held[['equal', 'alike']].iloc[0].sum():.0f} files byte for byte"
    assert told in (ROOT / "README.md").read_text(encoding="utf-8")
    rows = []
    for line in table.itertuples():
        left = f"unfinished {line.unfinished.replace(' ', ', ')}" if isinstance(line.unfinished, str) else ""
        left = left or (str(line.release).partition("-")[0] if isinstance(line.release, str) else "–")
        files = f"{line.equal:.0f} + {line.alike:.0f}" if line.equal > 0 else "–"
        rows.append(f"| {line.scene} | {line.exit_code} | {left} | {files} |")
    lines = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8").splitlines()
    begins = lines.index("| a run | ends with | left | files equal + alike |") + 2
    assert lines[begins : begins + len(rows) + 1] == [*rows, ""]
