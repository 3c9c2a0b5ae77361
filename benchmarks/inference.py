"""How long the inference of a wave takes: monitor beside R's survey, svy and statsmodels.

    python benchmarks/inference.py [--svy PYTHON] [--write]

624 firms: 500 bootstrap replicates, every one raked to three margins, 20 indicators in 6 domains and a logit of 12
parameters under each. monitor does it by the functions that a run of a wave calls, and does more: every figure's
variance by linearisation too, and the model's contrasts.

Every contender runs in a process of its own on the same files. Seconds are inside the process, without imports and
loading: `wall` as the clock has it, `cpu` as the processor spent it (the one to compare on a busy machine); `peak_mb`
is the whole process. R runs where `Rscript` and its package survey are, svy where `--svy` names a Python that has it;
neither is a dependency. `--write` keeps the table in benchmarks/inference.csv. Multiple imputation is
benchmarks/imputation.py, a million firms benchmarks/million.py.

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
FIRMS, INDICATORS = 624, 20
SECTORS = ("industry", "services", "trade", "construction", "information", "agriculture")

CONTENDERS: Mapping[str, tuple[str, ...]] = {
    "monitor": ("python", "monitor_wave.py"),
    "R survey": ("R", "survey_wave.R"),
    "svy": ("svy", "svy_wave.py"),
    "statsmodels in a loop": ("python", "statsmodels_wave.py"),
}


def wave(folder: Path, seed: int = 20171218) -> None:
    """`wave.csv`: a stratified sample of 624 firms of 7,000 with everything the contenders need."""
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


def command(kind: tuple[str, ...], folder: Path, svy: str | None) -> list[str] | None:
    """The command of a contender, None where it cannot run here."""
    language, script, *arguments = kind
    if language == "R":
        if shutil.which("Rscript") is None:
            return None
        return ["Rscript", "--vanilla", str(PEERS / script), str(folder)]
    interpreter = sys.executable if language == "python" else svy
    return None if interpreter is None else [interpreter, str(PEERS / script), str(folder), *arguments]


def measure(folder: Path, svy: str | None) -> pd.DataFrame:
    """One line per contender."""
    lines = []
    for name, kind in CONTENDERS.items():
        asked = command(kind, folder, svy)
        if asked is None:
            print(f"{name}: not installed here", file=sys.stderr)
            continue
        done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=HERE.parent)
        if done.returncode:
            print(f"{name} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        lines.append({"contender": name, **found})
        print(f"{name}: {found}", file=sys.stderr, flush=True)
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
    parser.add_argument("--svy", help="a Python that has svy installed")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wave(folder)
        table = measure(folder, asked.svy)
    print(machine())
    print(table.to_string(index=False))
    if asked.write:
        table.assign(machine=machine()).to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
