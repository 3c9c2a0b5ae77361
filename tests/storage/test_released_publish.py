"""Nothing published is ever removed: kills at every step, copies without links, links that name nothing."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from publication import WAVES, Published

from monitor import cli
from monitor.problems import DefinitionError
from monitor.refusals import Refused
from monitor.stages import released
from monitor.stages.disclosed import history
from monitor.storage import publish, release_folders

NAMES = ("r0001-aaaaaaaaaaaa", "r0002-bbbbbbbbbbbb", "r0003-cccccccccccc")


def publish_one(folder: Path, name: str) -> None:
    """A release of one file, published as a real one is."""
    with publish.publishing(folder), publish.building(folder) as built:
        (built / "table").write_text(name)
        about = {
            "release_id": name,
            "survey": "made_up",
            "content_hash": name[6:],
            "files": {"table": {"bytes": len(name)}},
        }
        (built / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
        publish.put_in_place(folder, built, name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The releases of a survey in a home, three of them."""
    there = tmp_path / "home" / "releases" / "made_up"
    for name in NAMES:
        publish_one(there, name)
    return there


def unlinked(folder: Path) -> Path:
    (folder / "latest").unlink()
    return folder


def pointing_nowhere(folder: Path) -> Path:
    publish.switch(folder, "r0004-dddddddddddd")
    return folder


def pointing_at_half(folder: Path) -> Path:
    (folder / NAMES[2] / "table").unlink()
    return folder


def copied_with_links_followed(folder: Path) -> Path:
    home = folder.parent.parent
    return Path(shutil.copytree(home, home.with_name("copy"), symlinks=False)) / "releases" / "made_up"


def taken_through_a_zip(folder: Path) -> Path:
    """As Git and many archives do it: a link becomes a file that holds its target's name."""
    home = folder.parent.parent
    archive = home.with_name("home.zip")
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(home.rglob("*")):
            if path.is_symlink():
                packed.writestr(path.relative_to(home).as_posix(), os.readlink(path))
            elif path.is_file():
                packed.write(path, path.relative_to(home))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(home.with_name("unpacked"))
    return home.with_name("unpacked") / "releases" / "made_up"


def a_folder_of_something_else(folder: Path) -> Path:
    unlinked(folder)
    (folder / "latest" / "notes").mkdir(parents=True)
    return folder


def a_link_to_elsewhere(folder: Path) -> Path:
    (folder / "latest").unlink()
    (folder / "latest").symlink_to(folder.parent)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): os.readlink(path) if path.is_symlink() else path.read_text()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize(
    ("change", "newest"),
    [(unlinked, NAMES[2]), (pointing_nowhere, NAMES[2]), (pointing_at_half, NAMES[1])],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_a_lost_link_is_made_again_and_no_release_is_removed(
    folder: Path, change: Callable[[Path], Path], newest: str, caplog: pytest.LogCaptureFixture
) -> None:
    changed = change(folder)
    before = contents(changed)
    found = publish.latest(changed)
    assert found is not None
    assert found.name == newest, "readers find the newest whole release"
    with publish.publishing(changed):
        pass
    assert contents(changed) | {"latest": ""} == before | {"latest": ""}
    assert os.readlink(changed / "latest") == newest
    assert [record.getMessage() for record in caplog.records if newest in record.getMessage()]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (copied_with_links_followed, NAMES[2]),
        (taken_through_a_zip, "a file"),
        (a_folder_of_something_else, "no release"),
        (a_link_to_elsewhere, "a link to "),
    ],
)
def test_a_latest_that_is_no_link_stops_and_touches_nothing(
    folder: Path, change: Callable[[Path], Path], told: str
) -> None:
    changed = change(folder)
    before = contents(changed)
    with pytest.raises(DefinitionError) as stopped, publish.publishing(changed):
        pass
    (problem,) = stopped.value.problems
    assert stopped.value.exit_code == 2
    assert told in (problem.found or "")
    assert "move latest out of the folder" in (problem.do or "")
    assert contents(changed) == before
    assert [p.name for p in publish.releases(changed)] == list(NAMES)
    # What it says to do is all there is to do.
    (changed / "latest").rename(changed.parent.parent / "aside")
    with publish.publishing(changed):
        assert os.readlink(changed / "latest") == NAMES[2]


def test_a_lone_copy_of_the_latest_release_gets_its_name_back(folder: Path) -> None:
    shutil.copytree(folder / "latest", folder / "copy")
    for name in (*NAMES, "latest"):
        shutil.rmtree(folder / name) if name != "latest" else (folder / name).unlink()
    (folder / "copy").rename(folder / "latest")
    with pytest.raises(DefinitionError, match=f"rename latest to {NAMES[2]}"), publish.publishing(folder):
        pass
    (folder / "latest").rename(folder / NAMES[2])
    with publish.publishing(folder):
        assert os.readlink(folder / "latest") == NAMES[2]


def test_only_what_a_publication_leaves_is_cleared_away(folder: Path) -> None:
    mine = [".building-999999-0123abcd", ".latest-0123abcd"]
    others = [".building-notes", ".latest-old", "r0009-eeeeeeeeeeee", ".building-1-0123abcd"]
    (folder / mine[0]).mkdir()
    (folder / mine[1]).symlink_to(NAMES[0])
    for name in others[:3]:
        (folder / name).mkdir()
        (folder / name / "note").write_text("kept")
    (folder / others[3]).write_text("a file")
    with publish.publishing(folder):
        pass
    there = {path.name for path in folder.iterdir()}
    assert not there & set(mine)
    assert set(others) | set(NAMES) <= there


def test_what_a_killed_builder_left_goes_with_the_next_process_and_what_is_being_built_stays(folder: Path) -> None:
    home, half = folder.parent.parent, folder / ".building-999999-0123abcd"
    half.mkdir()
    (half / "microdata").write_text("firms")
    with publish.publishing(folder):
        half.mkdir()
        publish.sweep(home)
        assert half.is_dir(), "its builder is at work"
    publish.sweep(home)
    assert not half.exists()
    assert set(NAMES) <= {path.name for path in folder.iterdir()}


def test_a_number_is_given_once(folder: Path) -> None:
    assert publish.next_number(folder) == 4
    (folder / "r0007-eeeeeeeeeeee").mkdir()
    assert publish.next_number(folder) == 8, "a folder half copied has its number too"
    pointing_nowhere(folder)
    shutil.rmtree(folder / "r0007-eeeeeeeeeeee")
    assert publish.next_number(folder) == 5, "and so has one that `latest` alone remembers"


def test_a_damaged_manifest_names_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / NAMES[1] / "manifest.json").write_text("{half")
    assert cli.main(["releases", "--home", str(folder.parent.parent)]) == 75
    assert f"{NAMES[1]}/manifest.json: " in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", '{"release_id": "r00', "\0" * 100, "[]", None])
def test_disclosure_control_names_an_earlier_release_s_damaged_manifest(folder: Path, content: str | None) -> None:
    file = folder / NAMES[1] / "manifest.json"
    file.unlink() if content is None else file.write_text(content)
    (file.parent / "public").mkdir()
    (file.parent / "public" / "monitor.duckdb").write_bytes(b"")
    (release,) = history.earlier(folder.parent.parent, "made_up")
    with pytest.raises(Refused) as caught:
        _ = release.manifest
    (problem,) = caught.value.problems
    assert problem.file == str(file)
    assert f"put {NAMES[1]} back from a backup" in str(problem.do)


def test_releases_are_in_the_order_of_their_numbers(folder: Path) -> None:
    for name in ("r9999-dddddddddddd", "r10000-aaaaaaaaaaaa", "r10001-cccccccccccc"):
        publish_one(folder, name)
    for release in folder.glob("r*"):
        (release / "public").mkdir()
        (release / "public" / "monitor.duckdb").write_bytes(b"")
    wanted = [*NAMES, "r9999-dddddddddddd", "r10000-aaaaaaaaaaaa", "r10001-cccccccccccc"]
    assert [release.folder.name for release in history.earlier(folder.parent.parent, "made_up")] == wanted
    assert [path.name for path in publish.releases(folder)] == wanted
    (folder / "latest").unlink()
    last = publish.latest(folder)
    assert last is not None
    assert last.name == wanted[-1]


STEPS = ("mkdir", "rename", "replace", "rmdir", "symlink", "unlink")
"""What a publication has the file system do under names"""


def test_after_every_step_of_a_publication_latest_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file system has just done, somebody who opens `latest` then finds all of one release."""
    folder, opened = tmp_path / "releases", list[str]()

    def looked_after(step: Callable[..., Any]) -> Callable[..., Any]:
        def taken(*arguments: Any, **options: Any) -> Any:
            result = step(*arguments, **options)
            link = folder / "latest"
            assert publish.whole(link), step.__name__
            assert (link / "table").read_text() == os.readlink(link), step.__name__
            opened.append(os.readlink(link))
            return result

        return taken

    publish_one(folder, NAMES[0])
    for step in STEPS:
        monkeypatch.setattr(os, step, looked_after(getattr(os, step)))
    for name in NAMES[1:]:
        publish_one(folder, name)
    monkeypatch.undo()
    assert tuple(dict.fromkeys(opened)) == NAMES


@pytest.mark.slow
def test_the_same_content_is_the_same_release(fresh_release: Published) -> None:
    """A change taken back, and passports asked for and not: no two releases bear one content hash."""
    lake, survey, first = fresh_release
    folder = first.parent
    rules = lake.read("disclosed_rules", "all")
    lake.write("disclosed_rules", "all", rules.assign(failed=rules["failed"] + 1))
    second = released.run_all(lake, survey, WAVES)
    lake.write("disclosed_rules", "all", rules)
    copy = Path(shutil.copytree(lake.home, lake.home / "copy", symlinks=False))
    told = released.diff(copy, first.name, "latest")
    assert (told.before, told.after) == (first.name, second["release_id"]), "a copy can be compared too"
    third = released.run_all(lake, survey, WAVES)
    assert third["new"]
    assert Path(str(third["path"])) == first
    assert os.readlink(folder / "latest") == first.name
    pressed = released.run_all(lake, survey, WAVES, passports=True)
    assert pressed["new"]
    assert list((Path(str(pressed["path"])) / "secure" / "passports").glob("*.pdf"))
    for passports in (True, False):
        again = released.run_all(lake, survey, WAVES, passports=passports)
        assert not again["new"]
        assert again["release_id"] == pressed["release_id"]
        assert again["content_hash"] == pressed["content_hash"]
    assert [p.name for p in publish.releases(folder)] == [first.name, second["release_id"], pressed["release_id"]]
    hashes = [release_folders.manifest(p)["content_hash"] for p in publish.releases(folder)]
    assert len(set(hashes)) == len(hashes)
