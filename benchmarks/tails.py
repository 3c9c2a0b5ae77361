"""On which side do intervals of totals and ratios miss where a few firms carry the amounts?

    python benchmarks/tails.py [--draws 2000] [--processes 1] [--write]

Turnover from products new to the market: its total, and its part of all turnover. Every draw takes one survey of the
synthetic population (weighted and raked as the demonstration survey is) or of 8,000 lognormal firms in four strata of
size, and asks of each interval whether it holds the truth, lies below it or above it. Published is `log, few carry`:
the log interval with the degrees of freedom of the firms that carry the variance. `--write` keeps the table in
benchmarks/tails.csv.

Belongs here: the populations, the simulation and its table. Does not belong here: the
intervals (`design.intervals`, `peers/heavy_tails.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coverage import ANSWERED, LEAST, MOST, WAVES, bundled, margins, monte_carlo_error, people, register
from peers.heavy_tails import fieller, percentile_t

from monitor.stages.weighted.cascade import make_weights
from monitor.statistics.decisions.influence import carried
from monitor.statistics.design import bootstrap_perturbation, student_t
from monitor.statistics.design.intervals import effective_df, log_t
from monitor.statistics.design.structure import SurveyDesign
from monitor.synthetic import respond

SIZES = np.array([5600, 1600, 600, 200])
"""Firms in the lognormal population's strata, smallest first"""
LOGNORMAL = {
    "lognormal, largest all": (1.3, (0.04, 0.08, 0.15, 1.0)),
    "lognormal, largest at 30 %": (1.3, (0.04, 0.08, 0.15, 0.30)),
    "lognormal, longer tail, largest at 15 %": (1.6, (0.04, 0.06, 0.10, 0.15)),
}
"""Population -> (standard deviation of the logarithm of turnover, sampling fractions by stratum)"""
POPULATIONS = ("synthetic", *LOGNORMAL)
DECLARED = 0.2
"""Share of a figure carried by one firm above which it is counted as resting on one (as `disclosure.influence`)"""
REPLICATES = 200
Survey = tuple[SurveyDesign, np.ndarray, np.ndarray, float, float]
"""Design, new turnover and turnover of the firms drawn, and the population's totals of both"""
Found = dict[tuple[str, str], tuple[float, float, float, float]]
"""(estimand, interval) -> estimate, low, high, truth"""


def lognormal(rng: np.random.Generator, spread: float, fractions: Sequence[float]) -> Survey:
    """A stratified sample of firms whose turnover is lognormal; one in three has some of it new to the market."""
    stratum = np.repeat(np.arange(4), SIZES)
    turnover = np.sort(rng.lognormal(3, spread, SIZES.sum()))
    new = turnover * (rng.random(len(turnover)) < 0.35) * rng.beta(1.2, 3, len(turnover))
    take = np.round(SIZES * np.array(fractions)).astype(int)
    drawn = np.concatenate([rng.choice(np.flatnonzero(stratum == h), take[h], replace=False) for h in range(4)])
    cells, big = np.repeat(np.arange(4), take), np.repeat(SIZES, take).astype(float)
    weights = big / np.repeat(take, take)
    numbers = rng.integers(0, 2**63, (len(weights), REPLICATES)).astype(np.uint64)
    change = bootstrap_perturbation(cells, 1 - np.repeat(take, take) / big, numbers)
    design = SurveyDesign(weights, cells, big, replicates=weights[:, None] * (1 + change))
    return design, new[drawn], turnover[drawn], float(new.sum()), float(turnover.sum())


@cache
def amounts() -> pd.DataFrame:
    """New turnover and turnover of the synthetic population's firms in the first wave."""
    census = people().census[WAVES[0]]
    turnover = census["turnover_eur"].to_numpy(float)
    new = turnover * census["turnover_share_new_to_market"].to_numpy(float) / 100
    return pd.DataFrame({"new": new, "turnover": turnover}, index=census["firm"].astype(str))


def synthetic(rng: np.random.Generator) -> Survey:
    """The mailing of the first wave, 9 % of which answer, in classes and raked as the demonstration survey is."""
    name = WAVES[0]
    rows = respond(people(), name, rng, ANSWERED[name], ())
    frame = register(name)
    survey = dataclasses.replace(bundled(), margins={name: margins(name)})
    made = make_weights(frame.iloc[rows][["firm"]], frame.assign(invited=True), survey, survey.waves[name])
    design = SurveyDesign.from_tables(made.weights, None, survey.design, made.nonresponding)
    drawn = amounts().loc[made.weights.firm]
    total = amounts().sum()
    return design, drawn.new.to_numpy(), drawn.turnover.to_numpy(), float(total["new"]), float(total["turnover"])


def draw(population: str, seed: int) -> tuple[Found, bool]:
    """The intervals of one survey, and whether one firm carries more than the declared share of the new turnover."""
    rng = np.random.default_rng([2182, seed])
    design, new, turnover, all_new, everything = (
        synthetic(rng) if population == "synthetic" else lognormal(rng, *LOGNORMAL[population])
    )
    found: Found = {}
    for estimand, told, truth in (
        ("total", design.total(new), all_new),
        ("ratio", design.ratio(new, turnover), all_new / everything),
    ):
        at, se = float(told.estimate[0]), float(told.se[0])
        carrying = float(effective_df(design.contributions(told.influence), told.df)[0])
        made = {
            "plain": student_t(at, se, told.df),
            "log": log_t(at, se, told.df),
            "log, few carry": log_t(at, se, carrying),
        }
        bounds = {name: (float(low), float(high)) for name, (low, high) in made.items()}
        if estimand == "ratio":
            bounds["fieller"] = dataclasses.astuple(fieller(design, new, turnover))
        if design.replicates is not None:
            denominator = turnover if estimand == "ratio" else None
            bounds["percentile t"] = dataclasses.astuple(percentile_t(design, new, denominator))
        found |= {(estimand, name): (at, *each, truth) for name, each in bounds.items()}
    return found, carried(new, design.weights, declared=DECLARED).above


def table(population: str, draws: int, processes: int = 1) -> pd.DataFrame:
    """One line per estimand and interval: coverage, and how often it lies below and above the truth."""
    one = partial(draw, population)
    if processes == 1:
        made = [one(seed) for seed in range(draws)]
    else:
        with ProcessPoolExecutor(processes) as pool:
            made = list(pool.map(one, range(draws), chunksize=20))
    return pd.DataFrame(_lines(population, [found for found, _ in made], float(np.mean([rests for _, rests in made]))))


def _lines(population: str, made: Sequence[Found], rests: float) -> Iterator[dict[str, object]]:
    for estimand, interval in made[0]:
        values = np.array([found[estimand, interval] for found in made])
        estimate, low, high, truth = values.T
        below, above = float((high < truth).mean()), float((low > truth).mean())
        held = 1 - below - above
        yield {
            "population": population,
            "estimand": estimand,
            "interval": interval,
            "draws": len(made),
            "bias": round(float((estimate / truth).mean()) - 1, 4),
            "relative_width": round(float(np.median((high - low) / truth)), 4),
            "coverage": round(held, 4),
            "monte_carlo_error": round(monte_carlo_error(held, len(made)), 4),
            "within": bool(LEAST <= round(held, 4) <= MOST),
            "below": round(below, 4),
            "above": round(above, 4),
            "rests_on_one": round(rests, 4),
        }


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    parts = [table(population, asked.draws, asked.processes) for population in POPULATIONS]
    whole = pd.concat(parts, ignore_index=True)
    whole.to_csv(sys.stdout, index=False)
    if asked.write:
        whole.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
