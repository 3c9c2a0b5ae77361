"""How long m completed copies of one wave take: monitor, R's mice and statsmodels on the same firms.

    python benchmarks/imputation.py [--copies 20] [--statsmodels-copies 2]

624 firms x 15 variables (8 yes or no, 2 categories, 5 numbers) with 5 to 15 % of each missing. Times are inside the
process, without imports and loading. mice runs where `Rscript` and the package are there; statsmodels (which knows no
categories: all of it by predictive mean matching) makes fewer copies, since its time is proportional to them.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
import pandas as pd

FIRMS, YES_NO, CATEGORIES, NUMBERS = 624, 8, 2, 5
ITERATIONS = 10

MICE = """
suppressPackageStartupMessages(library(mice))
d <- read.csv("{file}")
for (v in grep("^yes", names(d), value = TRUE)) d[[v]] <- factor(d[[v]])
d$code0 <- factor(d$code0, ordered = TRUE); d$code1 <- factor(d$code1)
began <- Sys.time()
invisible(mice(d, m = {copies}, maxit = {iterations}, printFlag = FALSE, seed = 1))
cat(as.numeric(difftime(Sys.time(), began, units = "secs")))
"""


def answers(seed: int = 20171218) -> pd.DataFrame:
    """A wave made up: correlated answers with holes."""
    random = np.random.default_rng(seed)
    count = YES_NO + CATEGORIES + NUMBERS
    latent = random.normal(size=(FIRMS, 3)) @ random.normal(size=(3, count)) * 0.6
    latent += random.normal(size=(FIRMS, count))
    columns: dict[str, np.ndarray] = {}
    for place in range(count):
        values = latent[:, place]
        if place < YES_NO:
            columns[f"yes{place}"] = (values > 0.4 * random.normal()).astype(float)
        elif place < YES_NO + CATEGORIES:
            columns[f"code{place - YES_NO}"] = np.digitize(values, [-0.6, 0.6]).astype(float)
        else:
            columns[f"number{place - YES_NO - CATEGORIES}"] = values.round(3)
    table = pd.DataFrame(columns)
    return table.mask(random.random(table.shape) < random.uniform(0.05, 0.15, size=count))


def own(table: pd.DataFrame, copies: int) -> float:
    """Seconds of `statistics.imputation.chained.complete`."""
    from monitor.statistics.imputation.chained import Chain, complete
    from monitor.statistics.imputation.variables import Variable

    methods = {"yes": "logistic", "number": "predictive_mean_matching"}
    variables = []
    for name in table:
        values = table[name].to_numpy()[:, None]
        gone = np.isnan(values[:, 0])
        method = methods.get(name[:-1], "ordered" if name == "code0" else "polytomous")
        levels = 3 if name.startswith("code") else 0
        variables.append(Variable(name, (name,), method, values, gone, ~gone, levels))
    keys = np.random.default_rng(1).integers(0, 2**63, len(table)).astype(np.uint64)
    began = time.perf_counter()
    complete(
        Chain(
            variables, np.zeros((0, len(table))), [], [], lambda *_: values, keys, (1,), copies, iterations=ITERATIONS
        )
    )
    return time.perf_counter() - began


def statsmodels(table: pd.DataFrame, copies: int) -> float:
    """Seconds of statsmodels' MICEData."""
    from statsmodels.imputation.mice import MICEData

    began = time.perf_counter()
    for _ in range(copies):
        MICEData(table).update_all(ITERATIONS)
    return time.perf_counter() - began


def mice(table: pd.DataFrame, copies: int) -> float | None:
    """Seconds of R's mice, or None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder, "answers.csv"), Path(folder, "mice.R")
        table.to_csv(file, index=False, na_rep="NA")
        script.write_text(MICE.format(file=file, copies=copies, iterations=ITERATIONS), encoding="utf-8")
        done = subprocess.run(["Rscript", str(script)], capture_output=True, text=True)
    return float(done.stdout) if done.returncode == 0 else None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--statsmodels-copies", type=int, default=2)
    given = parser.parse_args()
    table = answers()
    own(table, 2)
    seconds = min(own(table, given.copies) for _ in range(3))
    print(f"{FIRMS} firms x {table.shape[1]} variables, {table.isna().to_numpy().mean():.1%} missing,", end=" ")
    print(f"{ITERATIONS} iterations; {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print(f"\n{'':30}{'copies':>8}{'seconds':>10}{'per copy':>10}{'times monitor':>15}")
    rows = [("monitor", given.copies, seconds)]
    if (other := mice(table, given.copies)) is not None:
        rows.append(("R mice", given.copies, other))
    rows.append(("statsmodels MICEData", given.statsmodels_copies, statsmodels(table, given.statsmodels_copies)))
    for name, copies, taken in rows:
        times = (taken / copies) / (seconds / given.copies)
        print(f"{name:30}{copies:>8}{taken:>10.2f}{taken / copies:>10.3f}{times:>15.1f}")


if __name__ == "__main__":
    main()
