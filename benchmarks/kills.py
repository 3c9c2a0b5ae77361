"""Kill a run at random points, the whole process group, and look what is left of firms' data.

    python benchmarks/kills.py --kills 25 --seed 1 --survey DIR --wave W --delivery FILE --write benchmarks/kills.csv

After each kill: no file outside the home but what was there; after the next run has begun its work: nothing of the
killed one's work; after the last run: the content hash of a run that nobody killed. It ends with 1 where one fails.

A row of the table is a run: after how many seconds it was killed, which stage it had ended last (empty: none), how many
folders of work it left, how many files then lay outside the home, and how many folders of an earlier run's work it had
not removed. The last row is the run to the end: nobody killed it, and its content hash is compared.

Belongs here: killing and counting. Does not belong here: what a run does.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

WORK, BUILDING, KEY = ".work", ".building-*", "identity.key"
COLUMNS = ("run", "killed_after_s", "ended_last", "work_left", "files_outside", "earlier_work_kept", "same_hash")
ENDS = re.compile(r"^(\S+ \w+) \d+\.\d s$", re.MULTILINE)
"""What a run says when a stage ends"""


def start(options: argparse.Namespace, home: Path, outside: Path, told: IO[str]) -> subprocess.Popen[str]:
    """Begin a run in a process group of its own, whose temporary folder and working directory are watched."""
    command = ["run", "--survey", options.survey, "--wave", options.wave, "--input", options.delivery, "--home", home]
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *map(str, command), "--json"],
        cwd=outside, env=os.environ | {"TMPDIR": str(outside)}, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=told,
    )  # fmt: skip


def whole(options: argparse.Namespace, home: Path, outside: Path) -> tuple[str, float]:
    """Run to the end; the release's content hash and the seconds it took."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        shown, _ = start(options, home, outside, told).communicate()
    manifest = Path(json.loads(shown)["release"]) / "manifest.json"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["content_hash"]), time.monotonic() - began


def killed(options: argparse.Namespace, home: Path, outside: Path, after: float) -> str:
    """Begin a run and kill it with all that it started; the stage that it had ended last."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        process = start(options, home, outside, told)
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        told.seek(0)
        ended = ENDS.findall(told.read())
    return str(ended[-1]) if ended else ""


def give_key(one: Path, other: Path) -> None:
    """Pseudonyms follow from a home's key and order the random numbers: both homes need the same."""
    if (one / KEY).exists():
        other.mkdir()
        shutil.copy2(one / KEY, other / KEY)


def work_left(home: Path) -> set[str]:
    """The folders of work, of any process, and half-built releases under a home."""
    return {str(path) for place in home.rglob(WORK) for path in place.iterdir()} | {*map(str, home.rglob(BUILDING))}


def rows(options: argparse.Namespace, base: Path) -> list[tuple[object, ...]]:
    """Kill as often as asked, then run to the end; a row for each run."""
    numbers, found, outside, home = random.Random(options.seed), [], base / "outside", base / "home"
    outside.mkdir()
    expected, seconds = whole(options, base / "unharmed", outside)
    give_key(base / "unharmed", home)
    left: set[str] = set()
    for number in range(1, options.kills + 1):
        after = numbers.uniform(0, seconds)
        ended = killed(options, home, outside, after)
        now = work_left(home)
        # A run that was killed before it opened the home has cleared nothing away yet.
        kept = len(left & now) if after > seconds / 10 else 0
        found.append((number, f"{after:.1f}", ended, len(now), len(list(outside.iterdir())), kept, ""))
        left = now
        print(*found[-1], sep="\t", flush=True)
    content, _ = whole(options, home, outside)
    now = work_left(home)
    found.append((options.kills + 1, "", "", len(now), len(list(outside.iterdir())), len(now), content == expected))
    print(*found[-1], sep="\t", flush=True)
    return found


def main() -> int:
    """Kill, count, compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=25)
    options.add_argument("--seed", type=int, default=1)
    for name in ("survey", "delivery"):
        options.add_argument(f"--{name}", type=lambda text: Path(text).absolute(), required=True)
    options.add_argument("--wave", required=True)
    options.add_argument("--write", type=Path, metavar="FILE", help="keep the table in a file")
    chosen = options.parse_args()
    print(*COLUMNS, sep="\t")
    with tempfile.TemporaryDirectory() as folder:
        found = rows(chosen, Path(folder))
    if chosen.write:
        with chosen.write.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerows([COLUMNS, *found])
    return int(any(row[4] or row[5] for row in found) or found[-1][-1] is not True)


if __name__ == "__main__":
    sys.exit(main())
