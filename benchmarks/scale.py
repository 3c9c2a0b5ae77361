"""From one to a hundred million firms: cells made by SQL over Parquet parts, and a fit that does not grow with them.

    python benchmarks/scale.py [--millions 1 10 100] [--write]

Synthetic firms are made in Parquet parts of a million, summed to sufficient cells by the SELECT of
`monitor.design.cells_select` (several parts at a time, so that memory stays where it is), and the logit, its linearised
variance and the domains' shares are computed from the cells. On the first million the same figures are computed row by
row and must agree within 1e-8 relative. `--write` keeps the table in benchmarks/scale.csv.

Belongs here: making the parts, the clock, the table. Does not belong here: the estimators.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))

from clock import Clock

from monitor.design import SurveyDesign, cell_domains, cells_select, dummy_columns, fit_cells, glm_influence, logit

PART = 1_000_000
TERMS = ["size", "sector", "cooperates", "invests", "young"]
MEMORY = "256MB"
MAKE = """
COPY (
    WITH drawn AS (
        SELECT i,
               (hash(i * 8 + 1) % 3)::UTINYINT AS size, (hash(i * 8 + 2) % 6)::UTINYINT AS sector,
               (hash(i * 8 + 3) % 3)::UTINYINT AS province, (hash(i * 8 + 4) % 2)::UTINYINT AS cooperates,
               (hash(i * 8 + 5) % 2)::UTINYINT AS invests, (hash(i * 8 + 6) % 2)::UTINYINT AS young,
               1 + (hash(i * 8 + 7) % 7000) / 1000.0 AS weight, (hash(i * 8 + 8) % 1000000) / 1e6 AS chance
        FROM range($low::BIGINT, $high::BIGINT) AS numbers(i)
    )
    SELECT (size * 18 + sector * 3 + province)::UTINYINT AS stratum, size, sector, cooperates, invests, young,
           weight::FLOAT AS weight,
           (chance < 1 / (1 + exp(2 - 0.3 * cooperates - 0.2 * invests - 0.5 * cooperates * invests - 0.1 * sector)))
               AS top
    FROM drawn
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""


def make(folder: Path, millions: int) -> None:
    """Parquet parts 0..millions-1, those that are not there yet."""
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        for part in range(millions):
            file = folder / f"part-{part:04d}.parquet"
            if not file.exists():
                connection.execute(MAKE.format(file=file), {"low": part * PART, "high": (part + 1) * PART})


def source(folder: Path, millions: int) -> str:
    """What the FROM clause takes: the first parts of the folder."""
    files = ", ".join(f"'{folder / f'part-{part:04d}.parquet'}'" for part in range(millions))
    return f"read_parquet([{files}])"


def matrix(columns: list[np.ndarray]) -> np.ndarray:
    """Intercept, size, sector, cooperates, invests, young, cooperates x invests."""
    numbers = [np.asarray(c, dtype=float) for c in columns]
    return np.column_stack([dummy_columns(numbers)[0], numbers[2] * numbers[3]])


def from_cells(folder: Path, millions: int) -> None:
    """Time the SELECT and the fit of so many millions; one line of JSON."""
    with Clock() as clock:
        with duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '{MEMORY}'")
            select = cells_select(source(folder, millions), "stratum", TERMS, "top", "weight")
            cells = connection.execute(select).fetchnumpy()
        # A sampling fraction of one in four in every stratum: N_h follows from n_h.
        strata = np.bincount(cells["stratum"], weights=cells["n"])
        cells["population"] = 4 * strata[cells["stratum"]]
        fit = fit_cells(matrix([cells[f"term_{i}"] for i in range(5)]), cells)
        _, domains = cell_domains(cells["term_1"], cells)
    clock.report(
        cells=len(cells["y"]),
        logit=fit.estimate[-1],
        logit_se=fit.se[-1],
        share=domains.estimate[0],
        share_se=domains.se[0],
    )


def check(folder: Path) -> float:
    """Largest relative difference between cells and rows on the first million: coefficients, errors, domains."""
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT * FROM {source(folder, 1)}").fetchnumpy()
        cells = connection.execute(cells_select(source(folder, 1), "stratum", TERMS, "top", "weight")).fetchnumpy()
    strata = np.bincount(rows["stratum"])
    cells["population"] = 4.0 * strata[cells["stratum"]]
    design = SurveyDesign(rows["weight"].astype(float), rows["stratum"], 4.0 * strata[rows["stratum"]])
    x = matrix([rows[name] for name in TERMS])
    by_rows = logit(design, x, rows["top"])
    by_cells = fit_cells(matrix([cells[f"term_{i}"] for i in range(5)]), cells)
    labels, shares = cell_domains(cells["term_1"], cells)
    direct = [design.mean(rows["top"].astype(float), rows["sector"] == label) for label in labels]
    # The general route by influence functions once more, as the report's models take it.
    fitted = 1 / (1 + np.exp(-(x @ by_rows.coefficients)))
    influence = np.sqrt(np.diag(design.covariance(glm_influence(x, rows["top"], fitted, design.weights))))
    pairs = [
        (by_cells.estimate, by_rows.coefficients), (by_cells.se, by_rows.se), (by_cells.se, influence),
        (shares.estimate, np.array([d.estimate[0] for d in direct])), (shares.se, np.array([d.se[0] for d in direct])),
    ]  # fmt: skip
    return max(float(np.max(np.abs(a / b - 1))) for a, b in pairs)


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--millions", nargs="*", type=int, default=[1, 10, 100])
    parser.add_argument("--folder", type=Path, help="where the parts are kept; a temporary folder otherwise")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.one:
        from_cells(asked.folder, asked.one)
        return 0
    import pandas as pd

    with tempfile.TemporaryDirectory() as name:
        folder = asked.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for millions in sorted(asked.millions):
            make(folder, millions)
            command = [sys.executable, __file__, "--folder", str(folder), "--one", str(millions)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout.strip().splitlines()[-1])
            size = sum((folder / f"part-{p:04d}.parquet").stat().st_size for p in range(millions)) / 2**20
            lines.append(
                {
                    "million_firms": millions, "parquet_mb": round(size), **found,
                    "wall_per_million": round(found["wall"] / millions, 4),
                    "cpu_per_million": round(found["cpu"] / millions, 4),
                }
            )  # fmt: skip
            print(lines[-1], file=sys.stderr, flush=True)
        difference = check(folder)
    if not difference < 1e-8:
        print(f"cells and rows differ by {difference:.2g}", file=sys.stderr)
        return 1
    table = pd.DataFrame(lines)
    print(table.to_string(index=False))
    print(f"cells and rows agree on the first million within {difference:.1g} relative")
    if asked.write:
        table.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
