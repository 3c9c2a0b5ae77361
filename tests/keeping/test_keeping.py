"""Living with a home: how it stands, whether it is whole, what may go, a backup and back."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tarfile
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor import cli
from monitor.attack import attack
from monitor.keeping import backup, prune, restore, status, verify
from monitor.keeping.pruned import KEPT, removed
from monitor.keeping.status import size
from monitor.problems import DefinitionError
from monitor.publication import manifest
from monitor.refusals import Refused
from monitor.stages import released
from monitor.storage import homes, identity, private, publish, turns
from monitor.storage.lake import ALL_WAVES, Lake

SURVEY = "made_up"


def a_release(home: Path, number: int, files: dict[str, str]) -> Path:
    folder = home / "releases" / SURVEY / f"r{number:04d}-{number:012x}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "secure").chmod(0o700)
    about = {"release_id": folder.name, "created_at": "2026-11-27T00:00:00Z", "content_hash": "", "waves": ["2018"]}
    (folder / "manifest.json").write_text(json.dumps(about | {"files": manifest.checksums(folder)}))
    publish.switch(folder.parent, folder.name)
    return folder


FILES = {
    "public/monitor.duckdb": "figures",
    "public/tables/indicators.csv": "figures",
    "public/report/index.html": "pages" * 500,
    "secure/microdata.duckdb": "firms",
    "secure/microdata.sav": "firms again",
}


@pytest.fixture
def kept(home: Path) -> Path:
    """A home of one survey with a whole wave, one that stopped, and three releases."""
    private.open_folder(home)
    lake = Lake(home, SURVEY)
    for wave in ("2018", "2019"):
        inbox = private.closed_folder(home / "inbox" / SURVEY / wave)
        (inbox / "answers.csv").write_text("firm\n1\n")
        lake.begin(wave, "run", lake.delivered(wave))
        lake.write("raw_records", wave, pd.DataFrame({"firm": ["1"]}))
    lake.finish("2018", "run")
    identity.identity_key(home)
    for number in (1, 2, 3):
        a_release(home, number, FILES)
    private.enter(home)
    return home


def test_how_a_home_stands(kept: Path) -> None:
    (kept / "inbox" / SURVEY / "2018" / "corrections.csv").write_text("firm\n")
    (survey,) = status(kept).surveys
    assert (survey.survey, survey.whole, survey.unfinished, survey.waiting) == (SURVEY, ("2018",), ("2019",), ("2018",))
    assert (survey.releases, survey.latest) == (3, "r0003-000000000003")
    assert {wave: files for wave, (files, _) in survey.inbox.items()} == {"2018": 2, "2019": 1}
    assert status(kept).running is None
    with turns.turn(kept, "wave 2018"):
        assert status(kept).running == f"wave 2018 (process {os.getpid()})"
    (Lake(kept, SURVEY).folder / "whole" / "2018").write_text("")
    assert status(kept).surveys[0].again == ("2018",), "an earlier version ran it"
    assert "to be run again (by an earlier version): 2018" in status(kept).render()


def test_looking_leaves_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["status"], ["verify"], ["prune"]):
        assert cli.main([*command, "--home", str(tmp_path / "nowhere")]) == 0
    assert not (tmp_path / "nowhere").exists()
    assert "0 files of releases" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2e9, "2.0 GB"), (5e15, "5000.0 TB")]
)
def test_sizes(count: float, told: str) -> None:
    assert size(count) == told


def test_a_whole_home_is_told_so(kept: Path) -> None:
    found = verify(kept)
    assert (found.problems, found.files, found.tables) == ((), 15, 1)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("releases/made_up/r0001-000000000001/public/report/index.html", "not as it was published"),
        ("releases/made_up/r0002-000000000002/secure/stranger.csv", "not published with it"),
        ("lake/made_up/raw_records/wave=2018/raw_records.parquet", "not as its run made it"),
        ("releases/made_up/latest", "no link to a release"),
        ("identity.key", "damaged"),
    ],
)
def test_every_harm_is_found(kept: Path, harm: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = kept / harm
    if place.is_symlink():
        place.unlink()
    place.write_text("other")
    place.chmod(0o600)
    (problem,) = verify(kept).problems
    assert told in problem.what
    assert problem.do
    assert cli.main(["verify", "--home", str(kept)]) == 1
    assert told in capsys.readouterr().out
    place.unlink()
    assert len(verify(kept).problems) == int("stranger" not in harm and "latest" not in harm), "a file that is gone"


def test_what_would_go_is_said_first(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    assert cli.main(["prune", "--keep", "1", "--home", str(kept)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("2 files of 2.5 kB would go") == 2
    assert "nothing was removed: --yes removes it" in shown
    assert {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before
    assert cli.main(["prune", "--keep", "1", "--yes", "--home", str(kept)]) == 0
    folder = kept / "releases" / SURVEY
    for old in publish.releases(folder)[:2]:
        left = {path.relative_to(old).as_posix() for path in old.rglob("*") if path.is_file()}
        assert left == {name for name in FILES if name.startswith(KEPT)} | {"manifest.json", "pruned.json"}
    assert verify(kept).problems == (), "a release says what it lacks"
    assert publish.latest(folder) == publish.releases(folder)[2]
    assert publish.whole(publish.releases(folder)[2])
    assert prune(kept, 1).releases == ()
    assert prune(kept, 7).releases == ()


def test_the_release_that_readers_have_is_never_made_smaller(kept: Path) -> None:
    publish.switch(kept / "releases" / SURVEY, "r0001-000000000001")
    assert [old.path.name for old in prune(kept, 1).releases] == ["r0002-000000000002"]
    assert cli.main(["prune", "--keep", "0", "--home", str(kept)]) == 2


def test_nobody_prunes_or_saves_while_a_run_works(kept: Path, tmp_path: Path) -> None:
    with (kept / turns.LOCK).open("a+") as lock:
        turns.take(lock, "wave 2018")
        with pytest.raises(Refused, match="another run is working"):
            prune(kept, 1, do=True)
        assert cli.main(["backup", str(tmp_path / "home.tgz"), "--home", str(kept)]) == 75
        assert not (tmp_path / "home.tgz").exists()
    assert prune(kept, 1, do=True).done


def test_an_attacker_and_a_comparison_find_all_that_they_read(published: publication.Published, tmp_path: Path) -> None:
    """What later releases are held against: the attack on both, and the difference, are the same after it."""
    _, survey, release = published
    folder = tmp_path / "releases" / survey.name
    for name in (release.name, "r0002-000000000002"):
        shutil.copytree(release, folder / name)
        about = json.loads((folder / name / "manifest.json").read_text())
        (folder / name / "manifest.json").write_text(json.dumps(about | {"release_id": name}))
    publish.switch(folder, "r0002-000000000002")

    def found() -> tuple[object, object]:
        difference = released.diff(tmp_path, release.name, "latest", survey=survey.name)
        return attack(publish.releases(folder)).as_dict(), difference.as_dict()

    before = found()
    (old,) = prune(tmp_path, 1, do=True).releases
    assert removed(old.path) == set(old.files) != set()
    assert found() == before
    assert verify(tmp_path).problems == ()


def tree(home: Path) -> dict[str, tuple[int, bytes | str]]:
    return {
        path.relative_to(home).as_posix(): (
            stat.S_IMODE(path.lstat().st_mode),
            os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "",
        )
        for path in home.rglob("*")
        if path.name != turns.LOCK
    }


def test_a_home_comes_back_as_it_was(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (kept / "dagster").mkdir()
    (kept / private.WORK).mkdir()
    file = tmp_path / "home.tgz"
    made = backup(kept, file)
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(Path(str(made.key)).stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        names = archive.getnames()
    assert not [name for name in names if name.startswith(("dagster", private.WORK)) or identity.KEY_FILE in name]
    (kept / "dagster").rmdir()
    (kept / private.WORK).rmdir()
    again = tmp_path / "again"
    assert cli.main(["restore", str(file), "--home", str(again)]) == 0
    assert "all are as they were written" in capsys.readouterr().out
    assert tree(again) == tree(kept)
    assert identity.identity_key(again) == identity.identity_key(kept)
    with pytest.raises(DefinitionError, match="into an empty folder only"):
        restore(again, file)
    with pytest.raises(DefinitionError, match="of this name is there already"):
        backup(kept, file)


def test_no_home_comes_back_without_its_key(kept: Path, tmp_path: Path) -> None:
    file, again = tmp_path / "home.tgz", tmp_path / "again"
    made = backup(kept, file)
    Path(str(made.key)).rename(tmp_path / "vault.key")
    with pytest.raises(DefinitionError, match="the key of the firms' pseudonyms is missing"):
        restore(again, file)
    (tmp_path / "other.key").write_text("ab" * 32)
    with pytest.raises(DefinitionError, match="is not the one this lake was made with"):
        restore(again, file, tmp_path / "other.key")
    assert not again.exists()
    assert not list(tmp_path.glob(".again*"))
    assert restore(again, file, tmp_path / "vault.key").problems == ()


@pytest.mark.parametrize("harm", ["cut short", "no archive", "another archive"])
def test_what_is_no_whole_backup_makes_no_home(kept: Path, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "home.tgz"
    backup(kept, file)
    if harm == "another archive":
        with tarfile.open(file, "w:gz") as archive:
            archive.addfile(tarfile.TarInfo("lake"), io.BytesIO())
    else:
        file.write_bytes(file.read_bytes()[:300] if harm == "cut short" else b"text")
    code = cli.main(["restore", str(file), "--home", str(tmp_path / "again")])
    assert code == (2 if harm == "another archive" else 75)
    assert not (tmp_path / "again").exists()


def test_a_backup_puts_nothing_outside_the_home(tmp_path: Path) -> None:
    file = tmp_path / "home.tgz"
    with tarfile.open(file, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("monitor-backup.json"), io.BytesIO())
        bad = tarfile.TarInfo("lake/../../outside")
        archive.addfile(bad, io.BytesIO())
    cli.main(["restore", str(file), "--home", str(tmp_path / "again")])
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("place", ["inside", "nowhere"])
def test_where_no_backup_can_be(kept: Path, tmp_path: Path, place: str) -> None:
    home = kept if place == "inside" else tmp_path / "empty"
    with pytest.raises(DefinitionError, match=r"inside the home|no home"):
        backup(home, home / "home.tgz")


def test_a_home_of_a_later_version_is_refused_untouched(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    homes.mark(kept)
    homes.require_known(kept)
    (kept / homes.MARK).write_text("2\n")
    before = tree(kept)
    for command in (["status"], ["run"], ["releases"], ["backup", str(kept.parent / "b.tgz")]):
        assert cli.main([*command, "--home", str(kept)]) == 2
        assert "made by a later version of the monitor" in capsys.readouterr().err
    assert tree(kept) == before


def test_a_home_of_the_first_drafts_is_refused(home: Path) -> None:
    Lake(home, "..").write("raw_records", ALL_WAVES, pd.DataFrame({"a": [1]}))
    (home / "raw_records").rename(private.closed_folder(home / "lake") / "raw_records")
    with pytest.raises(DefinitionError, match="older than version"):
        homes.require_known(home)


def test_the_latest_report_is_opened(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not shown.append(address))
    assert cli.main(["open", "--home", str(kept)]) == 0
    assert shown == [(kept / "releases" / SURVEY / "r0003-000000000003/public/report/index.html").as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert cli.main(["open", "--home", str(kept)]) == 75
    assert "open this file in a browser" in capsys.readouterr().err
    assert cli.main(["open", "--home", str(tmp_path / "empty")]) == 2
