"""One release on every processor: the demonstration survey under other kernels, vectors and numbers of threads.

    python benchmarks/processors.py            every setting this machine can run; a table of content hashes
    python benchmarks/processors.py --parts    the exact parts of this process alone, as JSON: for the tests

A setting is a set of environment variables that make one machine compute as another would: OpenBLAS's kernels, numpy's
wide vectors, glibc's fused multiplications, threads. Prints a line per setting and, against the first of them, every
lake table's greatest difference; ends with 1 where two content hashes differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from pyarrow import parquet

SURVEY = "noord_nederland"
PLAIN = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name)),
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
}
"""The least an x86-64 processor has: no wide vectors, no fused multiplication"""


def settings() -> dict[str, dict[str, str]]:
    """Name -> environment variables, those this machine can run; the first is the machine as it is."""
    found: dict[str, dict[str, str]] = {"as it is": {}, "two threads": {"OPENBLAS_NUM_THREADS": "2"}}
    if platform.machine() == "x86_64":
        found["Nehalem, no wide vectors"] = PLAIN
        found["Nehalem"] = {"OPENBLAS_CORETYPE": "Nehalem"}
        if __cpu_features__.get("AVX2"):
            found["Haswell"] = {"OPENBLAS_CORETYPE": "Haswell"}
        if __cpu_features__.get("AVX512_SKX"):
            found["SkylakeX"] = {"OPENBLAS_CORETYPE": "SkylakeX"}
            found["SkylakeX, two threads"] = {"OPENBLAS_CORETYPE": "SkylakeX", "OPENBLAS_NUM_THREADS": "2"}
    return found


def environment(setting: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the setting in place of any other."""
    known = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES", "GLIBC_TUNABLES")
    return {name: value for name, value in os.environ.items() if name not in known} | dict(setting)


def demonstrate(home: Path, setting: Mapping[str, str]) -> str:
    """The content hash of `monitor demo` in an empty home under a setting."""
    command = [sys.executable, "-m", "monitor", "demo", "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(setting))
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    told = json.loads((Path(json.loads(done.stdout)["release"]) / "manifest.json").read_text(encoding="utf-8"))
    return str(told["content_hash"])


def parts() -> dict[str, str]:
    """What must be the same to the last bit, as hashes: deliveries, calibrated replicate weights by method, donors."""
    from monitor import synthetic
    from monitor.statistics.design.tables import margin_matrix
    from monitor.statistics.imputation import draws
    from monitor.statistics.weighting.calibration import calibrate

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        synthetic.deliveries(Path(folder))
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            found[f"delivery {file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    people = synthetic.population()
    census = people.census["2017"]
    rng = np.random.default_rng(1)
    firms = census.iloc[synthetic.respond(people, "2017", rng, 600)]
    margins = (("size_band",), ("sector",), ("province", "firm_age_band"))
    start = len(census) / len(firms) * rng.choice([0.7, 1.3], (len(firms), 50))
    every, own = margin_matrix(census, margins), margin_matrix(firms, margins)
    for method, bounds in (("linear", None), ("logit", (0.1, 8.0)), ("raking", (0.1, 8.0)), ("linear", (0.1, 8.0))):
        weights = calibrate(start, own, every.sum(axis=0), method, bounds).weights
        found[f"weights {method} {bounds}"] = hashlib.sha256(weights.tobytes()).hexdigest()
    # Firms of a few kinds: most predictions are equal but for their last bits.
    kinds = np.vstack([np.ones(600), rng.integers(0, 2, (5, 600))])[None].repeat(20, axis=0)
    y = np.log1p(rng.integers(1, 400, (600, 2)))[None].repeat(20, axis=0)
    known, missing = draws.predict(
        kinds[:, :, :500], y[:, :500], kinds[:, :, 500:], rng.standard_normal((20, 8, 2)), rng.chisquare(494, (20, 2))
    )
    uniform, jitter = rng.random((20, 100)), rng.random((20, 600))
    one = draws.nearest_donors(known[:, :, 0], missing[:, :, 0], 5, uniform, jitter)
    both = draws.nearest_donors_jointly(known, missing, 5, uniform, jitter)
    found["donors"] = hashlib.sha256(one.tobytes() + both.tobytes()).hexdigest()
    return found


def differences(home: Path, other: Path) -> Iterator[str]:
    """Every lake table in which two homes differ: how many numbers and by how much at most, and all else that does."""
    tables = Path("lake") / SURVEY
    for file in sorted((home / tables).glob("*/wave=*/*.parquet")):
        there = other / file.relative_to(home)
        one, two = (parquet.read_table(path).to_pandas() for path in (file, there))
        where = "/".join(file.relative_to(home / tables).parts[:2])
        if one.shape != two.shape:
            yield f"{where}: {one.shape} and {two.shape} rows and columns"
            continue
        for column in one.columns.difference(["arrived_at", "seconds"]):
            if told := _difference(one[column], two[column]):
                yield f"{where} {column}: {told}"


def _difference(one: pd.Series, two: pd.Series) -> str | None:
    if pd.api.types.is_float_dtype(one.dtype):
        a, b = (series.to_numpy(dtype=float, na_value=np.nan) for series in (one, two))
        differing = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        if not differing.any():
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            greatest = np.nanmax(np.abs(a - b)[differing] / np.abs(a[differing]))
        return f"{differing.sum()} of {len(a)} numbers, by {greatest:.0e} of themselves at most"
    differing = one.map(repr) != two.map(repr)
    return f"{differing.sum()} of {len(one)} values" if differing.any() else None


def main() -> int:
    """The table of settings and content hashes."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--parts", action="store_true", help="hashes of this process's own exact parts, as JSON")
    if arguments.parse_args().parts:
        print(json.dumps(parts()))
        return 0
    hashes: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "0"
        for number, (name, setting) in enumerate(settings().items()):
            home = Path(folder) / str(number)
            hashes[name] = demonstrate(home, setting)
            print(f"{name:28s}{hashes[name][:12]}", flush=True)
            if number:
                for line in differences(first, home):
                    print(f"    {line}")
    return int(len(set(hashes.values())) > 1)


if __name__ == "__main__":
    sys.exit(main())
