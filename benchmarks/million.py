"""A logit of a million firms, linearised: monitor, another checkout of it, svy and R's survey.

    python benchmarks/million.py --other CHECKOUT --svy PYTHON [--pairs 5] [--without-r] [--write]

Twelve parameters. `mixed`: sectors, two practices and their product, and a continuous term with its square, so that few
firms have the same terms. `rows`: eleven continuous terms, so that no two firms have. Drawn as `firms` within 54 strata
of known size, or as `clusters` of firms within them.

Every contender runs in a process of its own on the same file, one after the other, the order turned from round to
round. Seconds are inside the process, from the table in memory to coefficients and standard errors, without imports and
loading: `clock`, and `processor` of all its threads (the one to compare on a busy machine); `peak_mb` is the whole
process. Medians of the rounds, and of each round's ratio to this checkout; `least` are the processor seconds of the
round that other work disturbed least. R runs in the first round only. The figures
of each are held against this checkout's as they are printed, to seven digits. svy is not a dependency: `--svy` names a
Python that has it. `--write` keeps the table in benchmarks/million.csv.

Belongs here: data, contenders, table. Does not belong here: anything timed that a pipeline run does not use.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from inference import PEERS, SECTORS, machine

HERE = Path(__file__).resolve().parent.parent
FIRMS, CLUSTERS = 1_000_000, 2_000
TASKS = [(model, drawn) for model in ("mixed", "rows") for drawn in ("firms", "clusters")]


def million(folder: Path, seed: int = 20171219) -> None:
    """`million.parquet`, and the same columns as binary numbers for R, which reads no Parquet."""
    rng = np.random.default_rng(seed)
    sector = rng.integers(0, len(SECTORS), FIRMS)
    size, province = rng.integers(0, 3, (2, FIRMS))
    cooperates, invests, young = rng.integers(0, 2, (3, FIRMS))
    stratum = (size * len(SECTORS) + sector) * 3 + province
    z = rng.normal(0, 1, (11, FIRMS)).round(4)
    logit = -2 + 0.3 * cooperates + 0.2 * invests + 0.5 * cooperates * invests + 0.1 * sector + 0.2 * z[0] - 0.1 * z[1]
    table = pd.DataFrame(
        {
            "stratum": stratum, "sector": np.array(sorted(SECTORS))[sector],
            "cooperates": cooperates, "invests": invests, "young": young,
            "top": (rng.random(FIRMS) < 1 / (1 + np.exp(-logit))).astype(int),
            "log_employees": rng.normal(3 + size, 0.7).round(4), "weight": rng.uniform(1, 8, FIRMS).round(4),
            "firms": np.bincount(stratum)[stratum] * 4, "clusters": np.full(FIRMS, 3 * CLUSTERS),
            "cluster": stratum * CLUSTERS + rng.integers(0, CLUSTERS, FIRMS),
            **{f"z{i + 1}": values for i, values in enumerate(z)},
        }
    )  # fmt: skip
    table.to_parquet(folder / "million.parquet", index=False)
    for name in table:
        (sector if name == "sector" else table[name].to_numpy()).astype(np.float64).tofile(folder / f"{name}.bin")


@dataclass(frozen=True)
class Run:
    """What one contender took for one task, and what it found."""

    clock: float
    processor: float
    peak_mb: float
    figures: Mapping[str, float]
    """Term and what of it, spelt alike for all -> the number as printed"""


def run(command: list[str], folder: Path, task: tuple[str, str], checkout: Path) -> Run:
    """One process."""
    own = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run([*command, str(folder), *task], capture_output=True, text=True, check=False, env=own)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    wall, cpu, peak = (told.pop(name) for name in ("wall", "cpu", "peak_mb"))
    return Run(wall, cpu, peak, {re.sub(r"[^a-z0-9 ]", "", name.lower()): value for name, value in told.items()})


def contenders(asked: argparse.Namespace) -> dict[str, tuple[list[str], Path]]:
    """Name -> command, and the checkout whose monitor it imports."""
    found = {"this": ([sys.executable, str(PEERS / "monitor_million.py")], HERE)}
    if asked.other:
        found["other"] = (found["this"][0], asked.other.resolve())
    if asked.svy:
        found["svy"] = ([asked.svy, str(PEERS / "svy_million.py")], PEERS)
    if not asked.without_r and shutil.which("Rscript"):
        found["R survey"] = (["Rscript", "--vanilla", str(PEERS / "survey_million.R")], PEERS)
    return found


def measure(folder: Path, asked: argparse.Namespace) -> pd.DataFrame:
    """One line per task and contender."""
    who, lines = contenders(asked), []
    for task in TASKS:
        found: dict[str, list[Run]] = {name: [] for name in who}
        for number in range(asked.pairs):
            for name in sorted(who, reverse=bool(number % 2)):
                if number == 0 or name != "R survey":
                    found[name].append(run(who[name][0], folder, task, who[name][1]))
                    one = found[name][-1]
                    shown = f"{one.clock:7.2f} {one.processor:7.2f} s {one.peak_mb:6.0f} MB"
                    print(f"{' '.join(task):<16} {number} {name:<9} {shown}", file=sys.stderr, flush=True)
        ours = found["this"]
        for name, runs in found.items():
            middle = np.median([(r.clock, r.processor, r.peak_mb) for r in runs], axis=0)
            ratios = [
                (r.clock / o.clock, r.processor / o.processor) for r, o in zip(runs, ours[: len(runs)], strict=True)
            ]
            differ = sum(
                r.figures.get(term) != value
                for r, o in zip(runs, ours[: len(runs)], strict=True)
                for term, value in o.figures.items()
            )
            least = min(r.processor for r in runs)
            lines.append(
                (*task, name, *middle, least, *np.median(ratios, axis=0), len(ours[0].figures), differ // len(runs))
            )
    names = ["model", "drawn", "contender", "clock", "processor", "peak_mb", "least", "clock_ratio", "processor_ratio"]
    return pd.DataFrame(lines, columns=[*names, "figures", "of_which_differ"]).round(3)


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--other", type=Path, metavar="CHECKOUT", help="another checkout of the project")
    parser.add_argument("--svy", metavar="PYTHON", help="a Python that has svy installed")
    parser.add_argument("--pairs", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--without-r", action="store_true", help="not R's survey, which takes a minute a task")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        million(Path(name))
        table = measure(Path(name), asked)
    print(machine())
    print(table.to_string(index=False))
    if asked.write:
        table.assign(machine=machine()).to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
