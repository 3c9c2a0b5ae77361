"""A release: whole or not at all, and the same whenever it is made again."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import publication
import pytest
from publication import Published

from monitor.contract.shape import rounded
from monitor.publication import manifest, public, secure
from monitor.stages import disclosed, released
from monitor.storage import publish, release_folders

WAVES = list(publication.WAVES)
PROJECT = Path(__file__).resolve().parents[2]


def test_the_manifest_knows_every_file(published: Published) -> None:
    told = release_folders.manifest(published[2])
    files: dict[str, Any] = told["files"]  # type: ignore[assignment]
    there = {p.relative_to(published[2]).as_posix() for p in published[2].rglob("*") if p.is_file()} - {"manifest.json"}
    assert set(files) == there
    for name, about in files.items():
        assert hashlib.sha256((published[2] / name).read_bytes()).hexdigest() == about["sha256"]
    assert [d["sha256"] for d in told["deliveries"]] == [w * 16 for w in WAVES]  # type: ignore[index,attr-defined]
    assert {"content_hash", "definition_hash", "code_version", "seeds", "packages"} <= set(told)


def test_a_second_run_makes_no_second_release(fresh_release: Published) -> None:
    lake, survey, path = fresh_release
    disclosed.run_all(lake, survey, WAVES)
    again = released.run_all(lake, survey, WAVES)
    assert not again["new"]
    assert Path(str(again["path"])) == path
    assert [p.name for p in publish.releases(path.parent)] == [path.name]


def test_the_content_hash_ignores_when_and_no_digit_that_is_printed(published: Published) -> None:
    lake, survey, _ = published
    tables = released.public_tables(lake, survey, WAVES)
    first = manifest.content_hash(tables)
    tables["releases"] = tables["releases"].assign(release_id="r0009", created_at=pd.Timestamp("2031-01-01"))
    assert manifest.content_hash(tables) == first
    noisy = tables["indicators"].assign(se=tables["indicators"]["se"] * (1 + 1e-13))
    assert manifest.content_hash(tables | {"indicators": noisy}) != first
    assert manifest.content_hash(tables | {"indicators": rounded("indicators", noisy)}) == first
    other = tables | {"indicators": tables["indicators"].assign(se=tables["indicators"]["se"] * (1 + 1e-6))}
    assert manifest.content_hash(other) != first


def test_a_changed_answer_makes_a_new_release_and_leaves_the_old_one(fresh_release: Published) -> None:
    lake, survey, old = fresh_release
    before = {p: p.read_bytes() for p in old.rglob("*") if p.is_file()}
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)
    with publication.without_pages():
        second = released.run_all(lake, survey, WAVES)
    assert second["new"]
    assert os.readlink(old.parent / "latest") == second["release_id"]
    assert {p: p.read_bytes() for p in old.rglob("*") if p.is_file()} == before
    assert [r["release_id"] for r in released.releases(lake.home, survey.name)] == [old.name, second["release_id"]]


def killed_at(step: str, folder: Path) -> None:
    """Publish what lies under a folder in a process of its own, which is killed without warning at this step."""
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path

        import publication
        from monitor.publication import report
        from monitor.stages import released
        from monitor.storage import publish

        def killed(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)

        report.build = killed if {step!r} == "build" else lambda *_: None
        if {step!r} == "rename":
            os.rename = killed
        elif {step!r} == "switch":
            publish.switch = killed
        released.run_all(*publication.opened(Path({str(folder)!r})), {WAVES!r})
        """
    )
    worlds = os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT), str(PROJECT / "tests" / "worlds")])}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=PROJECT, env=worlds, check=False, capture_output=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_a_killed_publication_leaves_the_last_release_and_the_next_run_cleans_up(
    fresh_release: Published, tmp_path: Path
) -> None:
    lake, survey, first = fresh_release
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)
    folder, left = first.parent, set[str]()
    for step in ("build", "rename", "switch"):
        killed_at(step, tmp_path)
        assert os.readlink(folder / "latest") == first.name
        assert release_folders.manifest(folder / "latest")["release_id"] == first.name
        there = {p.name for p in folder.iterdir()} - {first.name, "latest", ".lock"}
        assert there - left, "the kill left something behind"
        assert not there & left, "the next run put away what the kill before it had left"
        left = there
    with publication.without_pages():
        second = released.run_all(lake, survey, WAVES)
    assert second["new"]
    there = {p.name for p in folder.iterdir()}
    assert there == {first.name, second["release_id"], "latest", ".lock"}


def test_a_full_disk_leaves_the_last_release(fresh_release: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, survey, first = fresh_release
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(secure, "write_database", full)
    with publication.without_pages(), pytest.raises(OSError, match="No space left"):
        released.run_all(lake, survey, WAVES)
    folder = lake.home / "releases" / survey.name
    assert {p.name for p in folder.iterdir()} == {first.name, "latest", ".lock"}


READER = """
import sys, time
from pathlib import Path
import duckdb
folder, opens = Path(sys.argv[1]), int(sys.argv[2])
seen = set()
for _ in range(opens):
    with duckdb.connect(str(folder / "latest" / "public" / "monitor.duckdb"), read_only=True) as connection:
        name, waves = connection.execute("SELECT release_id, waves FROM releases").fetchone()
        rows = connection.execute("SELECT count(*) FROM indicators").fetchone()[0]
    assert rows == int(waves), (name, rows, waves)
    seen.add(name)
print(len(seen))
"""


@pytest.mark.slow
def test_readers_always_open_a_whole_release_while_twenty_are_published(published: Published, tmp_path: Path) -> None:
    """Each release holds as many indicator lines as its own `waves` says: a mixture of two would not."""
    lake, survey, _ = published
    tables = released.public_tables(lake, survey, WAVES)
    folder = tmp_path / "releases"

    def publish_one(number: int) -> None:
        release_id = f"r{number:04d}-{number:012x}"
        about = tables["releases"].assign(
            release_id=release_id, created_at=pd.Timestamp("2026-01-01"), waves=str(60 + number)
        )
        content = tables | {"releases": about, "indicators": tables["indicators"].head(60 + number)}
        with publish.publishing(folder), publish.building(folder) as built:
            (built / "public").mkdir()
            public.write_database(built / "public" / "monitor.duckdb", content)
            (built / "manifest.json").write_text(json.dumps({"release_id": release_id}), encoding="utf-8")
            publish.put_in_place(folder, built, release_id)

    publish_one(1)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(folder), "100"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for number in range(2, 22):
        publish_one(number)
    for reader in readers:
        out, error = reader.communicate(timeout=300)
        assert reader.returncode == 0, error
        assert int(out) >= 1
    assert len(publish.releases(folder)) == 21
