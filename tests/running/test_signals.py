"""A signal ends the command in one line with its own exit code, at any moment, and nothing of its work stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.storage import private

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ECUADOR = str(ROOT / "tests" / "worlds" / "surveys" / "ecuador")
SAID = {
    signal.SIGINT: "interrupted; the last good release is untouched",
    signal.SIGTERM: "told to stop; the last good release is untouched",
    signal.SIGHUP: "the terminal was closed; the last good release is untouched",
}


def start(home: Path, delivery: Path) -> subprocess.Popen[str]:
    command = ["run", "--survey", ECUADOR, "--wave", "2014", "--home", str(home), "--input", str(delivery)]
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *command], cwd=ROOT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_as_in_a_terminal,
    )  # fmt: skip


def _as_in_a_terminal() -> None:
    """Where the tests run without one (nohup, in the background), signals are ignored, and what they start would leave
    them so."""
    for number in SAID:
        signal.signal(number, signal.SIG_DFL)


MOMENTS = [
    *(("importing", number) for number in SAID),
    ("2014 raw_records: reading", signal.SIGTERM),
    ("2014 staged ", signal.SIGHUP),
]
"""When, and which: while it imports the interpreter itself could answer, later one handler does for all of them. How
SIGINT ends a run stands with the command's own tests."""


@pytest.mark.parametrize(("moment", "number"), MOMENTS, ids=[f"{number.name} {moment}" for moment, number in MOMENTS])
def test_one_line_at_any_moment(tmp_path: Path, shared: Path, moment: str, number: signal.Signals) -> None:
    home = tmp_path / "home"
    process = start(home, shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav")
    assert process.stderr is not None
    if moment == "importing":
        # As soon as it listens: from then on the interpreter no longer dies of the signal by itself.
        listens = 1 << (signal.SIGHUP - 1)
        while not int(_status(process.pid, "SigCgt"), 16) & listens:
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        time.sleep(0.15)
    else:
        next(line for line in process.stderr if line.startswith(moment))
    os.killpg(process.pid, number)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert out == ""
    assert error.splitlines()[-1] == SAID[number]
    assert "Traceback" not in error
    assert len(error.splitlines()) <= (1 if moment == "importing" else 4)
    assert not (home / "error.log").exists()
    assert not list(home.rglob(private.WORK))


def _status(process: int, name: str) -> str:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


STUBBORN = """
import sys, time
from pathlib import Path
from monitor.running import signals
from monitor.storage import private
signals.watch()
with private.workspace(Path(sys.argv[1])) as folder:
    (folder / "answers.csv").write_text("a firm's own words")
    told = False
    while True:
        try:
            if not told:
                told = True
                print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("swallowed", flush=True)
"""


def stubborn(home: Path, **options: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN, str(home)], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **options,
    )  # type: ignore[call-overload]  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process  # type: ignore[no-any-return]


@pytest.mark.parametrize("number", SAID, ids=lambda number: number.name)
def test_a_process_that_does_not_end_by_itself_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    process = stubborn(tmp_path / "home")
    process.send_signal(number)
    assert process.stdout is not None
    assert process.stdout.readline() == "swallowed\n"
    # Twice at once is how a closing terminal tells it: no reason to hurry.
    process.send_signal(number)
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(number)
    out, error = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert (out, error) == ("", SAID[number] + "\n")
    assert not list((tmp_path / "home").rglob("answers.csv"))


def test_what_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    """`nohup monitor run` outlives its terminal."""
    process = stubborn(tmp_path / "home", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    process.kill()
    out, error = process.communicate(timeout=10)
    assert (out, error) == ("", "")
