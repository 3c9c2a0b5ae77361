"""Kill a run at random points, the whole process group, and look what is left of firms' data.

    python benchmarks/kills.py --kills 25 --seed 1 --survey DIR --wave W --delivery FILE

After each kill: no file outside the home but what was there; after the next run has begun its work: nothing of the
killed one's work; after the last run: the content hash of a run that nobody killed. It ends with 1 where one fails.

Belongs here: killing and counting. Does not belong here: what a run does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORK, KEY = ".work", "identity.key"


def start(options: argparse.Namespace, home: Path, outside: Path) -> subprocess.Popen[str]:
    """Begin a run in a process group of its own, whose temporary folder and working directory are watched."""
    command = ["run", "--survey", options.survey, "--wave", options.wave, "--input", options.delivery, "--home", home]
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *map(str, command), "--json"],
        cwd=outside, env=os.environ | {"TMPDIR": str(outside)}, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def whole(options: argparse.Namespace, home: Path, outside: Path) -> tuple[str, float]:
    """Run to the end; the release's content hash and the seconds it took."""
    began = time.monotonic()
    told, _ = start(options, home, outside).communicate()
    manifest = Path(json.loads(told)["release"]) / "manifest.json"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["content_hash"]), time.monotonic() - began


def give_key(one: Path, other: Path) -> None:
    """Pseudonyms follow from a home's key and order the random numbers: both homes need the same."""
    if (one / KEY).exists():
        other.mkdir()
        shutil.copy2(one / KEY, other / KEY)


def work_left(home: Path) -> set[str]:
    """The folders of work, of any process, under a home."""
    return {str(path) for place in home.rglob(WORK) for path in place.iterdir()}


def main() -> int:
    """Kill, count, compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=25)
    options.add_argument("--seed", type=int, default=1)
    for name in ("survey", "delivery"):
        options.add_argument(f"--{name}", type=lambda text: Path(text).absolute(), required=True)
    options.add_argument("--wave", required=True)
    chosen = options.parse_args()
    numbers = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        outside = base / "outside"
        outside.mkdir()
        expected, seconds = whole(chosen, base / "unharmed", outside)
        home, strayed, kept = base / "home", 0, 0
        give_key(base / "unharmed", home)
        left: set[str] = set()
        for number in range(chosen.kills):
            after = numbers.uniform(0, seconds)
            process = start(chosen, home, outside)
            time.sleep(after)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            now = work_left(home)
            # A run that was killed before it opened the home has cleared nothing away yet.
            kept += len(left & now) if after > seconds / 10 else 0
            strayed += len(list(outside.iterdir()))
            left = now
            print(f"{number + 1:3d}  killed after {after:5.1f} s: {len(now)} folders of work left", flush=True)
        found, _ = whole(chosen, home, outside)
        at_end = len(work_left(home))
        strayed += len(list(outside.iterdir()))
    print(f"files outside the home {strayed}; kept by a later run {kept}; left at the end {at_end}")
    print(f"the same content hash as a run that nobody killed: {found == expected}")
    return int(bool(strayed or kept or at_end or found != expected))


if __name__ == "__main__":
    sys.exit(main())
