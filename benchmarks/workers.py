"""What a cluster's workers gain and cost: seconds and bytes of two works with 0, 1, 2, 3 workers, and those of 100.

    python benchmarks/parts.py --make
    sudo unshare --net sh -c 'ip link set lo up; python benchmarks/workers.py [--workers 0 1 2 3] [--write]'

The works are `coverage.py --designs stratified --draws 200` and `parts.py` over 64 parts. Each runs alone (in two
processes, as without a cluster), then with a scheduler and so many workers of one thread, which share this machine's
cores: their number gains nothing beyond those. What is printed must be the same each time. Processor seconds hold on a
busy machine, seconds by the clock do not. Bytes are what crosses the loopback of a network namespace of its own.

The line of 100 workers is computed, not measured:

    start + worker's start + ceil(units / 100) * seconds of a unit + bytes / 125,000,000

where the seconds of a unit are the slope between a small run and a whole one, both alone, and `start` is what is left
of the small one: imports, what is common, adding up and the table, none of which workers take over. A worker's start is
what the most workers took beside their units, each. Bytes are those of a unit there, times all units. It assumes cores
as fast as these, one gigabit a second at who asks, files as near to each worker as here, and nobody lost. `--write`
keeps the table in benchmarks/workers.csv.

Belongs here: what workers cost. Does not belong here: faults and a whole wave (`cluster`).
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parent
ADDRESS = "tcp://127.0.0.1:8786"
PAPER, BYTES_A_SECOND = 100, 125_000_000


@dataclass(frozen=True)
class Work:
    """A benchmark that is shared: its command but for how much, how many units that is, a small number of them."""

    command: Sequence[str]
    size: int
    small: int
    of_unit: int
    """Of what `size` counts, how many make a unit"""


WORKS: Mapping[str, Work] = {
    "coverage": Work(("coverage.py", "--designs", "stratified", "--draws"), 200, 20, 5),
    "parts": Work(("parts.py", "--parts"), 64, 8, 1),
}


def crossed() -> int:
    """Bytes over the loopback of this namespace so far."""
    (line,) = re.findall(r"lo: *(\d+)", Path("/proc/net/dev").read_text(encoding="ascii"))
    return int(line)


def ended(process: subprocess.Popen[str]) -> float:
    """Processor seconds of a process and its children, once it has ended."""
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    return used.ru_utime + used.ru_stime


@contextmanager
def dask(workers: int, folder: Path) -> Iterator[list[float]]:
    """A scheduler and its workers; in what is handed over, the workers' processor seconds, once they have ended."""
    used: list[float] = []
    commands = [["scheduler", "--host", "127.0.0.1", "--port", ADDRESS.rpartition(":")[2]]]
    commands += [["worker", ADDRESS, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"]] * workers
    running = []
    try:
        for i, command in enumerate(commands):
            log = folder / f"{i}.log"
            with log.open("w") as told:
                arguments = [sys.executable, "-m", "dask", *command, "--no-dashboard"]
                running.append(subprocess.Popen(arguments, cwd=folder, stdout=told, stderr=told, text=True))
            while not re.search("Registered to|Scheduler at", log.read_text(encoding="utf-8")):
                if running[-1].poll() is not None:
                    sys.exit(log.read_text(encoding="utf-8"))
                time.sleep(0.2)
        yield used
    finally:
        for process in reversed(running):
            process.terminate()
            used.append(ended(process))
        # The last to end is the scheduler.
        used[:] = used[:-1]


def run(name: str, size: int, workers: int, folder: Path) -> dict[str, object]:
    """One run of a work."""
    command = [sys.executable, str(FOLDER / WORKS[name].command[0]), *WORKS[name].command[1:], str(size)]
    before, began = crossed(), time.perf_counter()
    with (folder / "printed").open("w+") as printed, (folder / "told").open("w+") as told:
        asked = ["--cluster", ADDRESS] if workers else []
        process = subprocess.Popen([*command, *asked], stdout=printed, stderr=told, text=True)
        used, seconds = ended(process), time.perf_counter() - began
        printed.seek(0)
        told.seek(0)
        words = told.read()
        if process.returncode:
            sys.exit(words)
        units = re.findall(r"cluster units (\d+)", words)
        return {
            "work": name,
            "units": size // WORKS[name].of_unit,
            "workers": workers,
            "seconds": round(seconds, 1),
            "processor_seconds": round(used, 1),
            "megabytes": round((crossed() - before) / 1e6, 2),
            "cluster_units": int(units[0]) if units else 0,
            "printed": printed.read(),
        }


def measured(name: str, numbers: Sequence[int]) -> list[dict[str, object]]:
    """The lines of a work: each number of workers, and the paper's."""
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small = run(name, WORKS[name].small, 0, folder)
        for workers in numbers:
            if workers:
                with dask(workers, folder) as used:
                    lines.append(run(name, WORKS[name].size, workers, folder))
                lines[-1]["worker_processor_seconds"] = round(sum(used), 1)
            else:
                lines.append(run(name, WORKS[name].size, 0, folder))
            print({key: value for key, value in lines[-1].items() if key != "printed"}, file=sys.stderr, flush=True)
    if any(line["printed"] != lines[0]["printed"] for line in lines):
        sys.exit(f"{name}: what was printed differs with the number of workers")
    return [*lines, paper(small, lines)]


def paper(small: Mapping[str, object], lines: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What PAPER workers would take, as the head of this file says."""

    def number(line: Mapping[str, object], key: str) -> float:
        return float(str(line[key]))

    whole, most = lines[0], lines[-1]
    units = number(whole, "units")
    unit = (number(whole, "processor_seconds") - number(small, "processor_seconds")) / (units - number(small, "units"))
    start = number(small, "processor_seconds") - number(small, "units") * unit
    begun = (number(most, "worker_processor_seconds") - number(most, "cluster_units") * unit) / number(most, "workers")
    moved = number(most, "megabytes") / number(most, "cluster_units") * units
    print(
        f"{whole['work']}: start {start:.2f} s, a worker's {begun:.2f} s, a unit {unit:.3f} s, {moved / units:.3f} MB",
        file=sys.stderr,
    )
    return {
        "work": whole["work"],
        "units": int(units),
        "workers": PAPER,
        "seconds": round(start + begun + math.ceil(units / PAPER) * unit + moved * 1e6 / BYTES_A_SECOND, 1),
        "megabytes": round(moved, 2),
        "on_paper": True,
    }


def main() -> None:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 3], help="0 first: alone")
    parser.add_argument("--works", nargs="*", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.workers[0] != 0 or len(asked.workers) < 2:
        parser.error("--workers begins with 0, which runs alone, and has another number after it")
    target = Path(__file__).with_suffix(".csv")
    kept = pd.read_csv(target) if asked.write and target.exists() else pd.DataFrame()
    for name in asked.works:
        table = pd.DataFrame(measured(name, asked.workers)).drop(columns="printed")
        table["on_paper"] = table["on_paper"].eq(True)
        print(table.to_string(index=False), flush=True)
        if asked.write:
            others = kept[kept["work"] != name] if len(kept) else kept
            kept = pd.concat([others, table]).sort_values(["work", "workers"])
            kept.to_csv(target, index=False)


if __name__ == "__main__":
    main()
