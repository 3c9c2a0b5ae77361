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
from publication import Fresh, Published

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


def test_a_second_run_makes_no_second_release(published: Published) -> None:
    lake, survey, path = published
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


def test_a_changed_answer_makes_a_new_release_and_leaves_the_old_one(fresh: Fresh) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    old = Path(str(first["path"]))
    before = {p: p.read_bytes() for p in old.rglob("*") if p.is_file()}
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)
    second = released.run_all(lake, survey, WAVES)
    assert second["new"]
    assert os.readlink(old.parent / "latest") == second["release_id"]
    assert {p: p.read_bytes() for p in old.rglob("*") if p.is_file()} == before
    assert [r["release_id"] for r in released.releases(lake.home, survey.name)] == [
        first["release_id"],
        second["release_id"],
    ]


@pytest.mark.parametrize("step", ["build", "rename", "switch"])
def test_a_killed_publication_leaves_the_last_release_and_the_next_run_cleans_up(
    fresh: Fresh, tmp_path: Path, step: str
) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from monitor.publication import report
        from monitor.stages import released
        from monitor.storage import publish
        from monitor.storage.lake import Lake
        from monitor.survey import load_survey

        def killed(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)

        if {step!r} == "build":
            report.build = killed
        elif {step!r} == "rename":
            os.rename = killed
        else:
            publish.switch = killed
        survey = load_survey(Path({str(survey.folder)!r}))
        released.run_all(Lake(Path({str(lake.home)!r}), survey.name), survey, {WAVES!r})
        """
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=False, capture_output=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    folder = lake.home / "releases" / survey.name
    assert os.readlink(folder / "latest") == first["release_id"]
    assert release_folders.manifest(folder / "latest")["release_id"] == first["release_id"]
    left = [p.name for p in folder.iterdir() if p.name not in (first["release_id"], "latest", ".lock")]
    assert left, "the kill left something behind"
    second = released.run_all(lake, survey, WAVES)
    assert second["new"]
    there = {p.name for p in folder.iterdir()}
    assert there == {first["release_id"], second["release_id"], "latest", ".lock"}


def test_a_full_disk_leaves_the_last_release(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(secure, "write_database", full)
    with pytest.raises(OSError, match="No space left"):
        released.run_all(lake, survey, WAVES)
    folder = lake.home / "releases" / survey.name
    assert {p.name for p in folder.iterdir()} == {first["release_id"], "latest", ".lock"}


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
def test_readers_always_open_a_whole_release_while_fifty_are_published(published: Published, tmp_path: Path) -> None:
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
            [sys.executable, "-c", READER, str(folder), "250"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for number in range(2, 52):
        publish_one(number)
    for reader in readers:
        out, error = reader.communicate(timeout=300)
        assert reader.returncode == 0, error
        assert int(out) >= 1
    assert len(publish.releases(folder)) == 51
