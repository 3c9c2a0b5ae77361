"""A hundred million firms by cells: what each Parquet part adds up to per stratum and cell, added where it was asked.

    python benchmarks/parts.py --make [--firms 100000000] [--parts 64] [--folder DIR]     writes made-up parts
    python benchmarks/parts.py [--parts 64] [--folder DIR] [--cluster ADDRESS]            adds them up

A part is a unit: its worker reads it with DuckDB on one thread and gives back three whole numbers per stratum and cell
(firms, turnover, its square), and no firm. Sums of whole numbers are the same in any order. From them follow the share
of firms that cooperate and mean turnover with the standard error of a stratified sample (Cochran 1977, 5.3). Workers
need the folder under the same name: a shared disk.

Belongs here: parts, their sums, two estimates. Does not belong here: who reads which part (`monitor.running.beside`),
what that takes (`workers`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sharing import add_option, helped

from monitor.running.beside import share

MODULES = ("sharing", "parts")
"""What a worker imports for a part, each after what it imports itself"""
STRATA, SIZES, SECTORS, PRACTICES = 200, 4, 10, 4
CELLS = SIZES * SECTORS * PRACTICES
"""Cells of a stratum: size band, sector, whether a firm cooperates, whether it invests"""
FRACTION = 0.5
"""Part of each stratum's population that the firms are"""
ALONE = "SET threads = 1; SET enable_progress_bar = false"
"""How a unit's DuckDB works: on its worker's one core, without a word"""
FIRMS = """
    SELECT (hash(i * 8) % {strata})::SMALLINT AS stratum, (hash(i * 8 + 1) % {sizes})::TINYINT AS size_band,
        (hash(i * 8 + 2) % {sectors})::TINYINT AS sector, hash(i * 8 + 3) % 100 < 31 AS cooperates,
        hash(i * 8 + 4) % 100 < 42 AS invests, (hash(i * 8 + 5) % 100000)::INTEGER AS turnover
    FROM range({first}, {last}) AS firms (i)
"""
SUMS = """
    SELECT stratum * {cells} + ((size_band * {sectors} + sector) * 2 + cooperates::INT) * 2 + invests::INT AS place,
        count(*)::BIGINT AS firms, sum(turnover)::BIGINT AS turnover, sum(turnover::BIGINT * turnover)::BIGINT AS square
    FROM read_parquet($1) GROUP BY ALL
"""


def make(folder: str, part: tuple[int, int, int]) -> int:
    """Write a part: its number, its first firm and the one after its last. Returns its bytes."""
    number, first, last = part
    file = Path(folder) / f"part-{number:03}.parquet"
    query = FIRMS.format(strata=STRATA, sizes=SIZES, sectors=SECTORS, first=first, last=last)
    with duckdb.connect() as connection:
        connection.execute(ALONE)
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return file.stat().st_size


def sums(folder: str, number: int) -> np.ndarray:
    """(strata * cells, 3) firms, turnover and squared turnover of a part."""
    with duckdb.connect() as connection:
        connection.execute(ALONE)
        query = SUMS.format(cells=CELLS, sectors=SECTORS)
        found = connection.execute(query, [str(Path(folder) / f"part-{number:03}.parquet")]).fetchnumpy()
    added = np.zeros((STRATA * CELLS, 3), dtype=np.int64)
    added[found["place"]] = np.column_stack([found["firms"], found["turnover"], found["square"]])
    return added


def added(folder: str, numbers: Sequence[int]) -> np.ndarray:
    """(strata, cells, 3) the sums of all parts."""
    total = np.zeros((STRATA * CELLS, 3), dtype=np.int64)
    for part in share(sums, folder, list(numbers)):
        total += part
    return total.reshape(STRATA, CELLS, 3)


def estimates(total: np.ndarray) -> dict[str, tuple[float, float]]:
    """Estimate and standard error of the share that cooperates and of mean turnover.

    sum_h W_h mean_h, and sqrt(sum_h W_h^2 (1 - f) s_h^2 / n_h), where W_h is the stratum's part of all firms.
    """
    n = total[:, :, 0].sum(axis=1).astype(float)
    weight = n / n.sum()
    practising = np.arange(CELLS) // 2 % 2 == 1
    shares = total[:, practising, 0].sum(axis=1) / n
    mean = total[:, :, 1].sum(axis=1) / n
    found = {}
    for name, y, square in (
        ("share that cooperates", shares, shares),
        ("mean turnover", mean, total[:, :, 2].sum(axis=1) / n),
    ):
        variance = (square - y**2) * n / (n - 1)
        error = np.sqrt(np.sum(weight**2 * (1 - FRACTION) * variance / n))
        found[name] = (float(weight @ y), float(error))
    return found


def main() -> int:
    """Make the parts, or add them up and print what follows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--firms", type=int, default=100_000_000)
    parser.add_argument("--parts", type=int, default=64)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "monitor-parts")
    add_option(parser)
    asked = parser.parse_args()
    return helped(asked.cluster, MODULES, lambda: told(asked))


def told(asked: argparse.Namespace) -> int:
    """What was asked for."""
    folder = str(asked.folder.resolve())
    if asked.make:
        asked.folder.mkdir(parents=True, exist_ok=True)
        ends = [asked.firms * i // asked.parts for i in range(asked.parts + 1)]
        size = share(make, folder, [(i, ends[i], ends[i + 1]) for i in range(asked.parts)])
        print(f"{asked.firms} firms in {asked.parts} parts of {sum(size)} bytes")
        return 0
    total = added(folder, range(asked.parts))
    print(f"{total[:, :, 0].sum()} firms, {np.count_nonzero(total[:, :, 0])} cells with firms")
    for name, (estimate, error) in estimates(total).items():
        print(f"{name} {estimate:.10g} ({error:.3g})")
    return 0


if __name__ == "__main__":
    # By its name: workers know the functions of `parts`, and no main program.
    import parts

    sys.exit(parts.main())
