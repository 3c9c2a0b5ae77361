"""How long the inference of a wave takes, and of a million firms: monitor beside R's survey, svy and statsmodels.

    python benchmarks/inference.py [--parts a b] [--svy PYTHON] [--write]

(a) 624 firms: 500 bootstrap replicates, every one raked to three margins, 20 indicators in 6 domains and a logit of 12
    parameters under each.
(b) 1,000,000 firms in 54 strata: a linearised logit of 12 parameters, all categorical (row by row, and from the cells
    that one GROUP BY makes), and with one continuous term.

Every contender runs in a process of its own on the same files. Seconds are inside the process, without imports and
loading: `wall` as the clock has it, `cpu` as the processor spent it (the one to compare on a busy machine); `peak_mb`
is the whole process. R runs where `Rscript` and its package survey are, svy where `--svy` names a Python that has it;
neither is a dependency. `--write` keeps the table in benchmarks/inference.csv. The third part, multiple imputation,
is benchmarks/imputation.py.

Belongs here: data, contenders, table. Does not belong here: anything timed that a pipeline run does not use.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
FIRMS, REPLICATES, INDICATORS, MANY, STRATA = 624, 500, 20, 1_000_000, 54
SECTORS = ("industry", "services", "trade", "construction", "information", "agriculture")

CONTENDERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "a": {
        "monitor": ("python", "monitor_wave.py"),
        "R survey": ("R", "survey_wave.R"),
        "svy": ("svy", "svy_wave.py"),
        "statsmodels in a loop": ("python", "statsmodels_wave.py"),
    },
    "b": {
        "monitor, cells by SQL": ("python", "monitor_million.py", "cells"),
        "monitor, row by row": ("python", "monitor_million.py", "rows"),
        "R survey": ("R", "survey_million.R"),
        "svy": ("svy", "svy_million.py", "categorical"),
        "statsmodels (no design)": ("python", "statsmodels_million.py"),
        "monitor, a continuous term": ("python", "monitor_million.py", "continuous"),
        "svy, a continuous term": ("svy", "svy_million.py", "continuous"),
    },
}


def wave(folder: Path, seed: int = 20171218) -> None:
    """(a) `wave.csv`: a stratified sample of 624 firms of 7,000 with everything the contenders need."""
    rng = np.random.default_rng(seed)
    size = rng.choice(["micro", "small", "medium"], FIRMS, p=[0.5, 0.3, 0.2])
    sector = rng.choice(SECTORS, FIRMS)
    province = rng.choice(["PV20", "PV21", "PV22"], FIRMS)
    stratum = np.char.add(np.char.add(size, "-"), province)
    table = pd.DataFrame({"firm": [f"f{i:04d}" for i in range(FIRMS)], "stratum": stratum})
    table = table.assign(size=size, sector=sector, province=province)
    counts = table.groupby("stratum").stratum.transform("size")
    population = {s: int(n * rng.uniform(8, 14)) for s, n in table.stratum.value_counts().sort_index().items()}
    table["population"] = table.stratum.map(population)
    table["weight"] = table.population / counts
    table["cooperates"] = rng.integers(0, 2, FIRMS)
    table["invests"] = (rng.random(FIRMS) < 0.3 + 0.3 * table.cooperates).astype(int)
    table["top"] = (rng.random(FIRMS) < 0.1 + 0.1 * table.cooperates * table.invests).astype(int)
    for i in range(INDICATORS):
        table[f"y{i + 1}"] = (rng.random(FIRMS) < rng.uniform(0.1, 0.6)).astype(int)
    table.to_csv(folder / "wave.csv", index=False)
    total = sum(population.values())
    margins = {}
    for name in ("size", "sector", "province"):
        shares = table.groupby(name).weight.sum() * rng.uniform(0.95, 1.05, table[name].nunique())
        margins[name] = {k: float(v) for k, v in (shares / shares.sum() * total).items()}
    (folder / "margins.json").write_text(json.dumps(margins), encoding="utf-8")
    rows = [{"variable": k, "category": c, "total": t} for k, m in margins.items() for c, t in m.items()]
    pd.DataFrame(rows).to_csv(folder / "margins.csv", index=False)


def million(folder: Path, seed: int = 20171219) -> None:
    """(b) `million.parquet`, and the same columns as binary numbers for R."""
    rng = np.random.default_rng(seed)
    size, sector, province = (rng.integers(0, k, MANY) for k in (3, 6, 3))
    cooperates, invests, young = (rng.integers(0, 2, MANY) for _ in range(3))
    stratum = (size * 6 + sector) * 3 + province
    logit = -2 + 0.3 * cooperates + 0.2 * invests + 0.5 * cooperates * invests + 0.1 * sector
    table = pd.DataFrame(
        {
            "stratum": stratum, "size": size, "sector": sector, "cooperates": cooperates, "invests": invests,
            "young": young, "top": (rng.random(MANY) < 1 / (1 + np.exp(-logit))).astype(int),
            "log_employees": rng.normal(3 + size, 0.7).round(4), "weight": rng.uniform(1, 8, MANY).round(4),
            "population": np.bincount(stratum)[stratum] * 4,
        }
    )  # fmt: skip
    table.to_parquet(folder / "million.parquet", index=False)
    for name in table:
        table[name].to_numpy(np.float64).tofile(folder / f"{name}.bin")


def command(kind: tuple[str, ...], folder: Path, svy: str | None) -> list[str] | None:
    """The command of a contender, None where it cannot run here."""
    language, script, *arguments = kind
    if language == "R":
        if shutil.which("Rscript") is None:
            return None
        return ["Rscript", "--vanilla", str(PEERS / script), str(folder)]
    interpreter = sys.executable if language == "python" else svy
    return None if interpreter is None else [interpreter, str(PEERS / script), str(folder), *arguments]


def measure(part: str, folder: Path, svy: str | None) -> pd.DataFrame:
    """One line per contender of a part."""
    lines = []
    for name, kind in CONTENDERS[part].items():
        asked = command(kind, folder, svy)
        if asked is None:
            print(f"({part}) {name}: not installed here", file=sys.stderr)
            continue
        done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=HERE.parent)
        if done.returncode:
            print(f"({part}) {name} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        lines.append({"part": part, "contender": name, **found})
        print(f"({part}) {name}: {found}", file=sys.stderr, flush=True)
    return pd.DataFrame(lines)


def machine() -> str:
    """The machine in one line."""
    model = (
        next(
            (
                line.split(":", 1)[1].strip()
                for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                if line.startswith("model name")
            ),
            platform.processor(),
        )
        if Path("/proc/cpuinfo").exists()
        else platform.processor()
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--parts", nargs="*", default=list(CONTENDERS), choices=list(CONTENDERS))
    parser.add_argument("--svy", help="a Python that has svy installed")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    tables = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in asked.parts:
            {"a": wave, "b": million}[part](folder)
            tables.append(measure(part, folder, asked.svy))
    table = pd.concat(tables, ignore_index=True)
    print(machine())
    print(table.to_string(index=False))
    if asked.write:
        table.assign(machine=machine()).to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
