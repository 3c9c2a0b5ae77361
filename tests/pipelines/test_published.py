"""The releases' public files beside Dagster's pages, and attacks on everything else that a home holds."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.names import address
from pipelines.published import Published

OLD, NEW = "r0001-000000000001", "r0002-000000000002"
SECRET = b"a firm's answers"
REPORT = "report/en/index.html"


def publish(releases: Path, name: str) -> Path:
    release = releases / name
    for file, text in {
        f"public/{REPORT}": b"<p>report</p>",
        "public/report/figures/a b.svg": b"<svg/>",
        "public/report/report.pdf": b"%PDF",
        "public/monitor.duckdb": name.encode(),
        "secure/microdata.duckdb": SECRET,
        "public/unlisted.csv": SECRET,
    }.items():
        (release / file).parent.mkdir(parents=True, exist_ok=True)
        (release / file).write_bytes(text)
    listed = [path for path in release.rglob("*") if path.is_file() and path.name != "unlisted.csv"]
    files = {path.relative_to(release).as_posix(): {"bytes": path.stat().st_size} for path in listed}
    (release / "manifest.json").write_text(json.dumps({"release_id": name, "files": files}), encoding="utf-8")
    return release


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two releases, and secrets wherever a home has them."""
    home = tmp_path / "home"
    releases = home / "releases" / "made_up"
    for name in (OLD, NEW):
        publish(releases, name)
    (releases / "latest").symlink_to(NEW)
    (releases / ".building-1-0123abcd").symlink_to(OLD)
    for name in ("identity.key", "lake/made_up/answers.parquet", "inbox/made_up/answers.csv"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(SECRET)
    return home


def ask(home: Path, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; 299 where Dagster's server was asked."""

    async def dagster(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": named}
    asyncio.run(Published(dagster, home)(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}
    return sent[0]["status"], got, b"".join(message.get("body", b"") for message in sent[1:])


def test_a_release_s_public_files_are_served_by_its_name_and_as_the_latest(home: Path) -> None:
    status, headers, body = ask(home, address("made_up", NEW, REPORT))
    assert (status, body) == (200, b"<p>report</p>")
    assert headers["content-type"].startswith("text/html")
    assert ask(home, f"/releases/made_up/{OLD}/monitor.duckdb")[2] == OLD.encode()
    status, headers, body = ask(home, "/releases/made_up/latest/monitor.duckdb")
    assert body == NEW.encode()
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="monitor.duckdb"'
    assert ask(home, f"/releases/made_up/{NEW}/{REPORT}", "HEAD")[::2] == (200, b"")
    assert ask(home, f"/releases/made_up/{NEW}/report/figures/a b.svg")[0] == 200
    assert ask(home, f"/releases/made_up/{NEW}/monitor.duckdb", range="bytes=0-4")[::2] == (206, b"r0002")
    assert address("made up", NEW, "report/a?b.html") == f"/releases/made%20up/{NEW}/report/a%3Fb.html"


def test_a_page_has_an_origin_of_its_own(home: Path) -> None:
    """What a report's page runs may not ask Dagster's server for anything in the name of who looks at it."""
    for file in (REPORT, "report/figures/a b.svg"):
        _, headers, _ = ask(home, f"/releases/made_up/latest/{file}")
        assert headers["content-security-policy"].startswith("sandbox ")
        assert "allow-same-origin" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in ask(home, "/releases/made_up/latest/report/report.pdf")[1]


ATTACKS = (
    f"/releases/made_up/{NEW}/../secure/microdata.duckdb",
    f"/releases/made_up/{NEW}/report/../../secure/microdata.duckdb",
    f"/releases/made_up/{NEW}/secure/microdata.duckdb",
    f"/releases/made_up/{NEW}//secure/microdata.duckdb",
    f"/releases/made_up/{NEW}/../public/monitor.duckdb",
    f"/releases/made_up/{NEW}/./monitor.duckdb",
    f"/releases/made_up/{NEW}/..%2fsecure%2fmicrodata.duckdb",
    f"/releases/made_up/{NEW}/..\\secure\\microdata.duckdb",
    f"/releases/made_up/{NEW}/monitor.duckdb\0",
    f"/releases/made_up/{NEW}/unlisted.csv",
    f"/releases/made_up/{NEW}/manifest.json",
    f"/releases/made_up/{NEW}/../manifest.json",
    f"/releases/made_up/{NEW}/report",
    f"/releases/made_up/{NEW}/",
    f"/releases/made_up/{NEW}",
    "/releases/made_up/.building-1-0123abcd/monitor.duckdb",
    "/releases/made_up/r0009-000000000009/monitor.duckdb",
    f"/releases/other/{NEW}/monitor.duckdb",
    f"/releases/../releases/made_up/{NEW}/monitor.duckdb",
    f"/releases/./made_up/{NEW}/monitor.duckdb",
    f"/releases//made_up/{NEW}/monitor.duckdb",
    "/releases/../lake/made_up/answers.parquet",
    "/releases/../../home/identity.key",
    "/releases/made_up/../../identity.key",
    "/releases/",
    "/releases",
)


@pytest.mark.parametrize("path", ATTACKS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_else_of_a_home_has_an_address(home: Path, path: str, method: str) -> None:
    status, _, body = ask(home, path, method)
    assert status == 404
    assert body in (b"", b"no release has a public file of that name\n")


def test_nothing_is_taken_by_another_way(home: Path) -> None:
    assert ask(home, f"/releases/made_up/{NEW}/{REPORT}", "POST")[0] == 404


@pytest.mark.parametrize("linked", ["file", "folder", "public", "release", "survey"])
def test_no_link_leads_to_what_was_not_published(home: Path, linked: str) -> None:
    """A link in the place of what the manifest lists, at every level from the file up to the survey."""
    releases = home / "releases" / "made_up"
    release = releases / NEW
    elsewhere = home / "secret"
    place = {
        "file": release / "public" / "monitor.duckdb",
        "folder": release / "public" / "report",
        "public": release / "public",
        "release": releases / "r0003-000000000003",
        "survey": home / "releases" / "linked",
    }[linked]
    if place.exists():
        place.rename(elsewhere)
    target = {"release": release, "survey": releases}.get(linked, elsewhere)
    place.symlink_to(os.path.relpath(target, place.parent))
    name = place.name if linked == "release" else NEW
    survey = place.name if linked == "survey" else "made_up"
    assert place.exists()
    file = "monitor.duckdb" if linked != "folder" else REPORT
    assert ask(home, f"/releases/{survey}/{name}/{file}")[0] == 404


def test_what_is_no_release_s_file_is_dagster_s(home: Path) -> None:
    for path in ("/", "/graphql", "/release", "/releases.html"):
        assert ask(home, path)[0] == 299


def test_a_home_without_releases_has_none(tmp_path: Path) -> None:
    assert ask(tmp_path, f"/releases/made_up/{NEW}/monitor.duckdb")[0] == 404
