"""What a cluster's workers gain and cost: seconds and bytes of three works with 0, 1, 2, 3 workers, and those of 100.

    python benchmarks/parts.py --make
    sudo unshare --net sh -c 'ip link set lo up; exec python benchmarks/workers.py [--workers 0 1 2 3] [--write]'

The works are a wave (`wave.py`), `coverage.py --designs stratified --draws 200` and `parts.py` over 64 parts. Each runs
alone (in two processes, as without a cluster), then with a scheduler and so many workers of one thread, which share
this machine's cores: their number gains nothing beyond those. What is printed must be the same each time. Processor
seconds hold on a busy machine, seconds by the clock do not. Bytes are what crosses the loopback of a network namespace
of its own.

The line of 100 workers is computed, not measured:

    serial + worker's start + sum over shared works of ceil(units / 100) * seconds of a unit + bytes / 125,000,000

`serial` is what is left of a run alone without its units: imports, what is common, adding up, files, tables. A worker's
start is what the most workers took beside their units, each. The draws and the parts are one shared work: the seconds
of a unit are the slope between a small run and a whole one, both alone, and bytes are those of a unit among the most
workers, times all units. A wave shares many works one after the other: `wave.py --units` tells their units, seconds and
bytes; what the units of one have in common goes to each worker that takes part, no more of them than there are units.
It assumes cores as fast as these, one gigabit a second at who asks, files as near to each worker as here, units of a
work alike, and nobody lost. `--write` keeps the table in benchmarks/workers.csv, which is of one run of this command.

Belongs here: what workers cost. Does not belong here: faults (`store`).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parent
ADDRESS = "tcp://127.0.0.1:8786"
PAPER, BYTES_A_SECOND = 100, 125_000_000


@dataclass(frozen=True)
class Work:
    """A benchmark that is shared: its command, and of one whose size can be given, that, a small one, and how much of
    it makes a unit."""

    command: Sequence[str]
    size: int = 0
    small: int = 0
    of_unit: int = 1


WORKS: Mapping[str, Work] = {
    "wave": Work(("wave.py",)),
    "coverage": Work(("coverage.py", "--designs", "stratified", "--draws"), 200, 20, 5),
    "parts": Work(("parts.py", "--parts"), 64, 8),
}


@dataclass(frozen=True)
class Shared:
    """One work that is cut into units."""

    units: int
    seconds: float
    """Of the processor, of all units together"""
    megabytes: float
    """What travels where PAPER workers take part"""


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
def begun(command: Sequence[str], log: Path, errors: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process of Python that does not outlive what goes on here, however that ends."""
    with log.open("w") as out, (errors or log).open("a") as err:
        process = subprocess.Popen([sys.executable, *command], cwd=log.parent, stdout=out, stderr=err, text=True)
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            if process.returncode is None:
                ended(process)
            raise


@contextmanager
def dask(workers: int, folder: Path) -> Iterator[list[float]]:
    """A scheduler and its workers; in what is handed over, the workers' processor seconds, once they have ended."""
    used: list[float] = []
    commands = [["scheduler", "--host", "127.0.0.1", "--port", ADDRESS.rpartition(":")[2]]]
    commands += [["worker", ADDRESS, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"]] * workers
    with ExitStack() as running:
        started = []
        for i, command in enumerate(commands):
            log = folder / f"{i}.log"
            process = running.enter_context(begun(["-m", "dask", *command, "--no-dashboard"], log))
            started.append(process)
            while not re.search("Registered to|Scheduler at", log.read_text(encoding="utf-8")):
                if process.poll() is not None:
                    sys.exit(log.read_text(encoding="utf-8"))
                time.sleep(0.2)
        yield used
        for process in reversed(started):
            process.terminate()
            used.append(ended(process))
        # The last to end is the scheduler.
        used[:] = used[:-1]


def run(name: str, workers: int, folder: Path, *options: str, small: bool = False) -> dict[str, object]:
    """One run of a work."""
    work, (printed, told) = WORKS[name], (folder / "printed", folder / "told")
    size = work.small if small else work.size
    command = [str(FOLDER / work.command[0]), *work.command[1:], *([str(size)] if size else []), *options]
    told.unlink(missing_ok=True)
    before, began = crossed(), time.perf_counter()
    with begun([*command, *(["--cluster", ADDRESS] if workers else [])], printed, told) as process:
        used, seconds = ended(process), time.perf_counter() - began
    words = told.read_text(encoding="utf-8")
    if process.returncode:
        sys.exit(words)
    units = re.findall(r"cluster units (\d+)", words)
    return {
        "work": name,
        "units": size // work.of_unit,
        "workers": workers,
        "seconds": round(seconds, 1),
        "processor_seconds": round(used, 1),
        "megabytes": round((crossed() - before) / 1e6, 2),
        "cluster_units": int(units[0]) if units else 0,
        "printed": printed.read_text(encoding="utf-8"),
    }


def measured(name: str, numbers: Sequence[int]) -> list[dict[str, object]]:
    """The lines of a work: each number of workers, and the paper's."""
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if WORKS[name].size:
            small, works = run(name, 0, folder, small=True), []
        else:
            small = run(name, 0, folder, "--units", str(folder / "units"))
            works = noted(folder / "units")
        for workers in numbers:
            if workers:
                with dask(workers, folder) as used:
                    lines.append(run(name, workers, folder))
                lines[-1]["worker_processor_seconds"] = round(sum(used), 1)
            else:
                lines.append(run(name, 0, folder))
            if works:
                lines[-1]["units"] = sum(each.units for each in works)
            print({key: value for key, value in lines[-1].items() if key != "printed"}, file=sys.stderr, flush=True)
    if any(line["printed"] != lines[0]["printed"] for line in lines):
        sys.exit(f"{name}: what was printed differs with the number of workers")
    return [*lines, paper(works or [slope(small, lines)], lines)]


def noted(file: Path) -> list[Shared]:
    """The works that a wave shares, as it noted them."""
    found = json.loads(file.read_text(encoding="utf-8"))
    return [Shared(x["units"], x["seconds"], (x["common"] * min(x["units"], PAPER) + x["own"]) / 1e6) for x in found]


def number(line: Mapping[str, object], key: str) -> float:
    """A figure of a line."""
    return float(str(line[key]))


def slope(small: Mapping[str, object], lines: Sequence[Mapping[str, object]]) -> Shared:
    """The one work of a benchmark, by a small run of it."""
    whole, most = lines[0], lines[-1]
    units = int(number(whole, "units"))
    unit = (number(whole, "processor_seconds") - number(small, "processor_seconds")) / (units - number(small, "units"))
    return Shared(units, unit * units, number(most, "megabytes") / number(most, "cluster_units") * units)


def paper(works: Sequence[Shared], lines: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What PAPER workers would take, as the head of this file says."""
    whole, most = lines[0], lines[-1]
    units, seconds = sum(work.units for work in works), sum(work.seconds for work in works)
    serial = number(whole, "processor_seconds") - seconds
    beside = number(most, "worker_processor_seconds") - number(most, "cluster_units") * seconds / units
    start, moved = beside / number(most, "workers"), sum(work.megabytes for work in works)
    rounds = sum(math.ceil(work.units / PAPER) * work.seconds / work.units for work in works)
    print(f"serial {serial:.2f} s, a worker's start {start:.2f} s, {rounds:.2f} s of {seconds:.2f} s", file=sys.stderr)
    return {
        "work": whole["work"],
        "units": units,
        "workers": PAPER,
        "seconds": round(serial + start + rounds + moved * 1e6 / BYTES_A_SECOND, 1),
        "megabytes": round(moved, 2),
        "on_paper": True,
    }


def main() -> None:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 3], help="0 first: alone")
    parser.add_argument("--works", nargs="*", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--write", action="store_true", help="all works, into benchmarks/workers.csv")
    asked = parser.parse_args()
    if asked.workers[0] != 0 or len(asked.workers) < 2:
        parser.error("--workers begins with 0, which runs alone, and has another number after it")
    if asked.write and asked.works != list(WORKS):
        parser.error("--write keeps a table of one run: of all works")
    # Ended from outside, it ends what it started, as everywhere else.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    table = pd.DataFrame([line for name in asked.works for line in measured(name, asked.workers)])
    table = table.drop(columns="printed")
    table["on_paper"] = table["on_paper"].eq(True)
    print(table.to_string(index=False))
    if asked.write:
        table.to_csv(Path(__file__).with_suffix(".csv"), index=False)


if __name__ == "__main__":
    main()
