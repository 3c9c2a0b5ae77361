"""A cold wave of two checkouts, run in turn: what a change to the code costs or gains.

    python benchmarks/cold.py                      this checkout alone, three times
    python benchmarks/cold.py --other CHECKOUT     pairs of runs, this checkout and another one
    python benchmarks/cold.py --other CHECKOUT --pairs 5 --wave 2019

Each run is `monitor run --wave 2017` of the demonstration in an empty home, with its inbox made beforehand. Prints the
seconds by the clock, the processor seconds of the command with its second process, and the peak memory of the larger
of both, for each run; then the medians, and the median of the pairs' ratios. On a busy machine the clock tells of its
neighbours, the processor's seconds less so. Says whether all runs published the same tables; a release's name tells of
the code too, and so differs between two checkouts whatever they compute.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.surveys import BUNDLED
from monitor.synthetic import deliveries
from monitor.synthetic.firms import WAVES

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """What one run took, and what it published."""

    clock: float
    """Seconds"""
    processor: float
    """Seconds, user's and the system's, of all its processes"""
    peak: float
    """Megabytes of its largest process"""
    published: Mapping[str, str]
    """Public table -> the checksum of its file; not of `releases`, which tells of the code"""


def run(checkout: Path, wave: str, inbox: Path) -> Run:
    """One wave in a home that holds nothing but its inbox, by the code and the interpreter of a checkout."""
    own = checkout / ".venv" / "bin" / "python"
    python = sys.executable if checkout == HERE or not own.exists() else str(own)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        shutil.copytree(inbox, home / "inbox")
        command = [python, "-m", "monitor", "run", "--wave", wave, "--home", str(home)]
        with (Path(place) / "said").open("wb+") as said:
            began = time.perf_counter()
            process = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=said)
            _, status, used = os.wait4(process.pid, 0)
            clock = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                said.seek(0)
                raise SystemExit(said.read().decode())
        told = json.loads((home / "releases" / BUNDLED.name / "latest" / "manifest.json").read_text(encoding="utf-8"))
    published = {
        Path(file).stem: about["sha256"]
        for file, about in told["files"].items()
        if file.startswith("public/tables/") and file.endswith(".csv") and Path(file).stem != "releases"
    }
    return Run(clock, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, published)


def main() -> int:
    """A line for each run, the medians, and the ratio of the pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", type=Path, metavar="CHECKOUT", help="another checkout of the project")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--wave", default=WAVES[0], help=f"(default: {WAVES[0]})")
    asked = parser.parse_args()
    checkouts = {"this": HERE} | ({"other": asked.other.resolve()} if asked.other else {})
    found: dict[str, list[Run]] = {name: [] for name in checkouts}
    print(f"{'run':>3} {'':<6} {'clock':>7} {'processor':>9} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as place:
        deliveries(Path(place) / BUNDLED.name)
        for number in range(asked.pairs):
            # Who goes first changes from pair to pair, so that what drifts favours neither.
            for name in sorted(checkouts, reverse=bool(number % 2)):
                one = run(checkouts[name], asked.wave, Path(place))
                found[name].append(one)
                print(f"{number:>3} {name:<6} {one.clock:7.1f} {one.processor:9.1f} {one.peak:8.0f}")
    for name, runs in found.items():
        told = [
            statistics.median(values) for values in zip(*((r.clock, r.processor, r.peak) for r in runs), strict=True)
        ]
        print(f"    {name:<6} {told[0]:7.1f} {told[1]:9.1f} {told[2]:8.0f}  median")
    if asked.other:
        pairs = list(zip(found["this"], found["other"], strict=True))
        clock = statistics.median(this.clock / other.clock for this, other in pairs)
        used = statistics.median(this.processor / other.processor for this, other in pairs)
        print(f"this / other: {clock:.2f} by the clock, {used:.2f} of processor seconds, medians of {len(pairs)} pairs")
    every = [one.published for runs in found.values() for one in runs]
    tables = sorted({table for one in every for table in one})
    differ = [table for table in tables if len({one.get(table) for one in every}) > 1]
    print(f"public tables: {len(tables)}, those that differ between runs: {', '.join(differ) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
