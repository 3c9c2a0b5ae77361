"""Firms' data lie under the home alone, for its owner alone: after each stage, a failure and a kill."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import ecuador
import pytest
import small_survey

from monitor import cli
from monitor.stages import raw, staged
from monitor.storage import private
from monitor.storage.lake import Lake
from pipelines.assets import RELEASE_STAGES, WAVE_STAGES

ROOT = Path(__file__).parents[2]
QUESTIONS = "  firm: {column: id}\n  amount: {column: bedrag}\n"
UTF_16 = "id;bedrag\n001;5\n".encode("utf-16")
"""Text that is copied aside to be read"""


def open_to_others(home: Path) -> list[str]:
    """What others than the owner may read or enter in a home, and should not: all but what is published."""
    found = []
    for path in home.rglob("*"):
        inside = path.relative_to(home).parts
        published = inside[0] == "releases" and not any(part.startswith(".") for part in inside)
        published &= len(inside) <= 3 or inside[3] in ("public", "manifest.json")
        if not published and not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append("/".join(inside))
    return sorted(found)


def loosened(home: Path) -> Path:
    """A home as an earlier version left it under umask 0: everything open, secrets apart."""
    for name in ("inbox/ecuador/2014/old.txt", "lake/ecuador/raw_files/wave=2014/x/old.sav", "dagster/history/old.db"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    (home / "error.log").write_text("x")
    for path in (home, *home.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return home


class Watch(logging.Handler):
    """Looks through the home whenever a stage says something."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home
        self.seen: dict[str, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.seen[record.getMessage()] = open_to_others(self.home)


def run(home: Path, delivery: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Watch]:
    watch = Watch(home)
    # The command puts its own handler in place of those that are there.
    monkeypatch.setattr(cli, "show_progress", lambda: logging.getLogger("monitor").addHandler(watch))
    logging.getLogger("monitor").setLevel(logging.INFO)
    os.umask(0)
    try:
        survey = ecuador.short(home.parent)
        command = ["run", "--survey", str(survey), "--wave", "2014", "--input", str(delivery), "--home", str(home)]
        return cli.main(command), watch
    finally:
        logging.getLogger("monitor").removeHandler(watch)


@pytest.mark.slow
@pytest.mark.parametrize("earlier", [False, True], ids=["a new home", "an older home"])
def test_every_stage_leaves_all_but_the_published_closed(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    home = tmp_path / "home"
    if earlier:
        home.mkdir()
        loosened(home)
    code, watch = run(home, shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav", monkeypatch)
    assert code == 0
    stages = {message.split()[1] for message in watch.seen if message.endswith(" s")}
    assert stages == {*WAVE_STAGES, *RELEASE_STAGES}
    assert {message: found for message, found in watch.seen.items() if found} == {}
    assert open_to_others(home) == []
    release = (home / "releases" / "ecuador" / "latest").resolve()
    assert stat.S_IMODE((release / "secure").stat().st_mode) == 0o700
    public = [release, release / "manifest.json", *(release / "public").rglob("*"), *list(release.parents)[:3]]
    for path in public:
        assert stat.S_IMODE(path.stat().st_mode) & 0o055 == (0o055 if path.is_dir() else 0o044), path
        assert not stat.S_IMODE(path.stat().st_mode) & 0o022 or path == home, path
    assert not list(home.rglob(private.WORK)), "work leaves nothing behind"


def test_a_failed_run_leaves_everything_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = tmp_path / "answers.sav"
    delivery.write_bytes(b"$FL2" + b"\0" * 200)
    home = tmp_path / "home"
    code, watch = run(home, delivery, monkeypatch)
    assert code == 1
    assert watch.seen
    assert open_to_others(home) == []


def test_a_defect_s_log_is_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "load_survey", lambda folder: 1 / 0)
    (home / "error.log").write_text("x")
    (home / "error.log").chmod(0o644)
    assert cli.main(["run", "--home", str(home)]) == cli.DEFECT
    assert stat.S_IMODE((home / "error.log").stat().st_mode) == 0o600


def test_the_library_alone_closes_what_it_writes(tmp_path: Path) -> None:
    survey, home = small_survey.survey(tmp_path, QUESTIONS), tmp_path / "home"
    small_survey.put(home, "answers.csv", UTF_16)
    survey = small_survey.survey(tmp_path, QUESTIONS, small_survey.DELIVERY.replace("utf-8", "utf-16"))
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2020"])
    staged.run(lake, survey, survey.waves["2020"])
    assert [path for path in open_to_others(home) if not path.startswith("inbox")] == []


NO_OTHER_PLACE = """
import tempfile
def refused(*_):
    raise RuntimeError("the system's folder for temporary files was asked for")
tempfile._get_default_tempdir = refused
"""


@pytest.mark.slow
def test_nothing_is_written_outside_the_home(tmp_path: Path, shared: Path) -> None:
    """Whoever asks for the system's folder for temporary files fails; the working directory stays as it is."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NO_OTHER_PLACE)
    (tmp_path / "away").mkdir()
    paths = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    chosen = ["--survey", str(ecuador.short(tmp_path)), "--wave", "2014", "--home", str(tmp_path / "home")]
    for command in (["check", str(delivery)], ["run", "--input", str(delivery)]):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *command, *chosen], cwd=tmp_path / "away", text=True, timeout=300,
            env=os.environ | {"PYTHONPATH": paths}, capture_output=True,
        )  # fmt: skip
        log = tmp_path / "home" / "error.log"
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")
    assert list((tmp_path / "away").iterdir()) == []


KILLED = """
import os, signal, sys, time
from pathlib import Path
from monitor.storage import private
private.enter(Path(sys.argv[1]))
with private.workspace(Path(sys.argv[2])) as folder:
    (folder / "answers.csv").write_text("a firm's own words")
    print(folder, flush=True)
    time.sleep(60)
"""


def working(home: Path, place: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(home), str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.mark.parametrize("where", [".", "lake/small"])
def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path, where: str) -> None:
    survey, home = small_survey.survey(tmp_path, QUESTIONS), tmp_path / "home"
    small_survey.put(home, "answers.csv", "id;bedrag\n001;5\n")
    killed, left = working(home, home / where)
    alive, kept = working(home, home / where)
    try:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert (left / "answers.csv").exists()
        raw.run(Lake(home, survey.name), survey, survey.waves["2020"])
        assert not left.exists()
        assert not left.with_suffix(".lock").exists()
        assert (kept / "answers.csv").exists(), "a process that is still working keeps its work"
    finally:
        alive.kill()
        alive.wait()
    private.enter(home)
    assert not kept.exists()
    assert not kept.with_suffix(".lock").exists()


def test_work_in_a_home_that_was_not_there_leaves_none(tmp_path: Path) -> None:
    with private.workspace(tmp_path / "home") as folder, private.workspace(tmp_path / "home") as second:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder != second
    assert not (tmp_path / "home").exists()


def test_a_link_s_target_keeps_its_mode(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("x")
    other.chmod(0o644)
    (tmp_path / "home" / "inbox").mkdir(parents=True)
    (tmp_path / "home" / "inbox" / "link").symlink_to(other)
    private.enter(tmp_path / "home")
    assert stat.S_IMODE(other.stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "home" / "inbox").stat().st_mode) == 0o700


def test_a_release_s_secure_part_of_an_older_home_is_closed(tmp_path: Path) -> None:
    release = tmp_path / "releases" / "small" / "r0001-000000000000"
    for name in ("public/report", "secure/passports"):
        (release / name).mkdir(parents=True)
        (release / name / "file").write_text("x")
    shutil.copytree(release, release.parent / "latest")
    for path in tmp_path.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    private.enter(tmp_path)
    assert open_to_others(tmp_path) == []
    assert stat.S_IMODE((release / "public" / "report" / "file").stat().st_mode) == 0o644


def test_dagster_s_own_processes_close_what_they_write(tmp_path: Path) -> None:
    """Its code location and its runs load the definitions, however they were started."""
    loosened(tmp_path)
    program = "import os, pipelines.definitions as d; d.defs(); print(oct(os.umask(0)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, check=True,
        env=os.environ | {"MONITOR_HOME": str(tmp_path)}, preexec_fn=lambda: os.umask(0),
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0o77"
    assert open_to_others(tmp_path) == []
