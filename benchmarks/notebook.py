"""Do the intervals and tests that a notebook gives keep their promise on the synthetic population?

    python benchmarks/notebook.py [--draws 2000] [--processes 1] [--write]

Every draw takes firms of one wave, stratified by size and sector with all large ones, and asks `SurveyDesign` for
quantiles (Woodruff's intervals of each kind), differences between domains, coefficients of Gaussian, binomial, Poisson
and fractional regressions, small areas, and tests of what is true of all firms: Rao and Scott's of a table that is
independent, and Wald's of a term that does not matter. A line says how often an interval holds the truth, or a test at
5 % does not reject it. `--write` keeps the table in benchmarks/notebook.csv.

Belongs here: what is asked, its truth, the table. Does not belong here: the population (`monitor.synthetic`), designs
of whole waves (`coverage`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coverage import LEAST, MOST, people

from monitor import SurveyDesign
from monitor.statistics.design.estimate import quantile_at

WAVE = "2017"
FRACTIONS = {"micro": 0.06, "small": 0.09, "medium": 0.18, "large": 1.0}
"""Size band -> the part of it that is drawn"""
QUANTILES = {"all": None, "small firms": "size_band == 'small'", "information": "sector == 'information'"}
SHARES = (0.25, 0.5, 0.9)
KINDS = ("mean", "xlogit", "beta")
MODELS = {
    "gaussian": "np.log(turnover_eur) ~ cooperates + size_band",
    "binomial": "top_innovator ~ cooperates + invests",
    "poisson": "number_of_initiatives ~ invests + size_band",
    "fractional": "I(turnover_share_new_to_market / 100) ~ cooperates + invests",
}
"""Model -> formula; the fractional one of product innovators"""
TESTS = ("Rao-Scott test, second order", "Rao-Scott test, first order", "Wald test of a term")
AREAS = ["province", "sector"]
Found = dict[str, np.ndarray]
"""What was asked -> (k, 3) estimates and bounds; of a test its p-value, and bounds that hold 0 unless it rejects"""


@cache
def firms() -> pd.DataFrame:
    """The census of the wave, with a colour that is as frequent in every cell of cooperation and top innovation."""
    census = people().census[WAVE].reset_index(drop=True)
    census["number_of_initiatives"] = census["initiatives"].map(len).astype(float)
    # In a random order colours take turns within each cell: independence holds among all firms, not only on average.
    shuffled = np.random.default_rng(1952).permutation(len(census))
    turn = census.iloc[shuffled].groupby(["cooperates", "top_innovator"]).cumcount().sort_index()
    return census.assign(colour=np.array(["red", "green", "blue"], dtype=object)[turn.to_numpy() % 3])


@cache
def cells() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N,) number of each firm's stratum, and (H,) its firms and how many of them are drawn."""
    strata = firms().groupby(["size_band", "sector"], sort=True)
    first = strata["size_band"].first()
    size = strata.size().to_numpy()
    drawn = np.ceil(size * first.map(FRACTIONS).to_numpy()).clip(2).astype(int)
    return strata.ngroup().to_numpy(), size, np.minimum(drawn, size)


def sample(rng: np.random.Generator) -> SurveyDesign:
    """One survey: a simple random sample in every stratum."""
    stratum, size, drawn = cells()
    order = np.lexsort((rng.random(len(stratum)), stratum))
    place = np.arange(len(stratum)) - np.concatenate([[0], np.cumsum(size)[:-1]])[stratum[order]]
    rows = np.sort(order[place < drawn[stratum[order]]])
    of = stratum[rows]
    taken = firms().iloc[rows].assign(stratum=of, population=size[of], weight=size[of] / drawn[of])
    return SurveyDesign.from_frame(taken, "weight", "stratum", "population")


def asked(design: SurveyDesign) -> Found:
    """Everything that is asked of one survey."""
    found: Found = {}
    for name, domain in QUANTILES.items():
        for p in SHARES:
            for kind in KINDS:
                got = design.quantile("turnover_eur", p, domain=domain, interval=kind)
                found[f"quantile {p:g} of turnover, {name}, {kind}"] = _line(got, 0)
    share = design.mean("cooperates", by="sector")
    found["difference of shares"] = _line(
        design.difference(share.at(sector="information"), share.at(sector="manufacturing")), 0
    )
    mean = design.mean("turnover_share_new_to_market", by="size_band")
    found["difference of means"] = _line(design.difference(mean.at(size_band="small"), mean.at(size_band="micro")), 0)
    for name, formula in MODELS.items():
        fitted = model(design, name, formula)
        for place, term in enumerate(fitted.rows["term"]):
            found[f"{name}: {term}"] = _line(fitted, place)
    areas = design.small_areas("cooperates", AREAS)
    found["small areas, modelled"] = areas[["modelled", "low", "high"]].to_numpy()
    by_area = design.mean("cooperates", by=AREAS)
    found["small areas, direct"] = np.column_stack([by_area.estimate, *by_area.interval()])
    table = design.table("colour", "top_innovator")
    for order, words in ((2, "second"), (1, "first")):
        found[f"Rao-Scott test, {words} order"] = _of_p(table.test(order).p)
    found["Wald test of a term"] = _of_p(design.glm("top_innovator ~ cooperates + colour", "binomial").test("colour").p)
    return found


def model(design: SurveyDesign, name: str, formula: str) -> Any:
    """The model of this name, fitted."""
    domain = "product_innovation" if name == "fractional" else None
    return design.glm(formula, "binomial" if name == "fractional" else name, domain=domain)


def _line(found: Any, place: int) -> np.ndarray:
    low, high = found.interval()
    return np.array([[found.estimate[place], low[place], high[place]]])


def _of_p(p: float) -> np.ndarray:
    return np.array([[p, 0.0 if p >= 0.05 else 1.0, 1.0]])


@cache
def truths() -> Mapping[str, Any]:
    """The same of every firm. Of a test the truth is that there is nothing: 0."""
    every = firms()
    census = SurveyDesign.from_frame(every.assign(weight=1.0), "weight")
    found: dict[str, Any] = {}
    for name, domain in QUANTILES.items():
        own = np.sort((every if domain is None else every.query(domain))["turnover_eur"].to_numpy())
        for p in SHARES:
            value = quantile_at(own, np.arange(1.0, len(own) + 1), p)
            found |= {f"quantile {p:g} of turnover, {name}, {kind}": value for kind in KINDS}
    share, mean = (every.groupby(by)[what].mean() for by, what in (
        ("sector", "cooperates"), ("size_band", "turnover_share_new_to_market")))  # fmt: skip
    found["difference of shares"] = share["information"] - share["manufacturing"]
    found["difference of means"] = mean["small"] - mean["micro"]
    for name, formula in MODELS.items():
        fitted = model(census, name, formula)
        found |= {f"{name}: {t}": b for t, b in zip(fitted.rows["term"], fitted.estimate, strict=True)}
    areas = every.groupby(AREAS)["cooperates"].mean().to_numpy()
    found |= dict.fromkeys(("small areas, modelled", "small areas, direct"), areas)
    return found | dict.fromkeys(TESTS, 0.0)


def draws(seeds: Iterable[int]) -> list[Found]:
    """The draws with these seeds."""
    return [asked(sample(np.random.default_rng([1987, seed]))) for seed in seeds]


def run(count: int, processes: int = 1) -> pd.DataFrame:
    """One line for everything asked, from the draws with the seeds 0 .. count - 1."""
    if processes == 1:
        return table(draws(range(count)))
    parts = [range(start, count, processes) for start in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        return table([found for part in pool.map(draws, parts) for found in part])


def table(found: Sequence[Found]) -> pd.DataFrame:
    """How often each interval holds the truth, and how far off the estimates are; of areas the mean over them."""
    lines = []
    for name, truth in truths().items():
        made = np.array([draw[name] for draw in found])
        low, high = (np.where(np.isnan(made[..., k]), far, made[..., k]) for k, far in ((1, -np.inf), (2, np.inf)))
        held = ((low <= truth) & (truth <= high)).mean(axis=1)
        of_one = name not in TESTS and not np.ndim(truth)
        off = made[..., 0] - truth
        lines.append(
            {
                "asked": name,
                "draws": len(made),
                "truth": f"{truth:.5g}" if of_one else "",
                "mean_estimate": f"{made[..., 0].mean():.5g}" if of_one else "",
                "rmse": "" if name in TESTS else f"{np.sqrt((off**2).mean()):.4g}",
                "coverage": round(held.mean(), 4),
                "monte_carlo_error": round(held.std() / np.sqrt(len(made)), 4),
                "within": bool(LEAST <= round(held.mean(), 4) <= MOST),
            }
        )
    return pd.DataFrame(lines)


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = run(given.draws, given.processes)
    print(lines.to_string(index=False))
    if given.write:
        lines.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
