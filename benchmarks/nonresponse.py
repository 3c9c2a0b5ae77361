"""What do 95 % intervals cover, and what the declared range of odds, where answering depends on the outcome itself?

    python benchmarks/nonresponse.py [--draws 1000] [--write]

Every draw makes a population of firms whose truth is known, lets some of them answer, weights those within response
classes, and estimates the share with the outcome and the complementarity of two practices. `--write` keeps the table in
benchmarks/nonresponse.csv.

    odds        firms with the property (for the share the outcome, for complementarity both practices with the outcome)
                have so many times the odds of answering: what the range assumes
    propensity  an unobserved propensity drives answering, practices and outcome alike: nothing in the range says so

Strength is the odds ratio of answering, of firms with the property against the others of their class: as it is made
(`odds`), or as it comes out on average (`propensity`).

Belongs here: the two processes, the simulation and its table. Does not belong here: the estimators (`monitor`).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from monitor.statistics.design import ResponsePhase, SurveyDesign
from monitor.statistics.design.intervals import logit_t, student_t
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.nonresponse.tipping import Figure, Ratio, each_answered_unequally, of_contrast, of_ratios
from monitor.survey import Nonresponse

FIRMS = 3000
RATE = 0.2
CLASSES = 4
STRENGTHS = (1.25, 1.5, 2.0)
SHARE, COMPLEMENTARITY = "share", "complementarity"
PROCESSES = ("odds", "propensity")
MODEL = Specification("m", "main", "top", "all", "logit", practices=("a", "b"))
CSV = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class World:
    """A population and the chance with which each firm answers."""

    firms: pd.DataFrame
    """class, a, b, top"""
    chance: np.ndarray


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-x)))


def firms(rng: np.random.Generator, hidden: np.ndarray | float = 0.0) -> pd.DataFrame:
    """Firms in four classes, with two practices and an outcome that rises with both and more with both together;
    `hidden`: what moves all three besides."""
    place = rng.integers(0, CLASSES, FIRMS)
    a = rng.random(FIRMS) < logistic(-0.7 + 0.2 * place + hidden)
    b = rng.random(FIRMS) < logistic(-0.5 + 0.1 * place + 0.4 * a + hidden)
    top = rng.random(FIRMS) < logistic(-1.9 + 0.3 * a + 0.4 * b + 0.6 * (a & b) + 0.1 * place + hidden)
    return pd.DataFrame({"class": place, "a": a, "b": b, "top": top}).astype({"a": float, "b": float, "top": float})


def property_of(made: pd.DataFrame, estimand: str) -> np.ndarray:
    """Who has what the estimand is about."""
    top = made["top"] == 1
    return (top if estimand == SHARE else top & (made["a"] == 1) & (made["b"] == 1)).to_numpy()


def by_odds(rng: np.random.Generator, strength: float, estimand: str) -> World:
    """Firms with the property have so many times the others' odds of answering."""
    made = firms(rng)
    lean = 0.3 * made["class"].to_numpy() + np.log(strength) * property_of(made, estimand)
    return World(made, logistic(lean + constant(lean)))


def by_propensity(rng: np.random.Generator, strength: float, estimand: str) -> World:
    """An unobserved normal drives answering as strongly as gives that odds ratio on average."""
    hidden = rng.normal(size=FIRMS)
    made = firms(rng, 0.6 * hidden)
    has = property_of(made, estimand)
    apart = hidden[has].mean() - hidden[~has].mean()
    lean = 0.3 * made["class"].to_numpy() + np.log(strength) / apart * hidden
    return World(made, logistic(lean + constant(lean)))


MAKE: dict[str, Callable[[np.random.Generator, float, str], World]] = {"odds": by_odds, "propensity": by_propensity}


def constant(lean: np.ndarray) -> float:
    """What makes the mean chance of answering RATE."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if logistic(lean + middle).mean() < RATE else (low, middle)
    return low


def truth(made: pd.DataFrame, estimand: str) -> float:
    """Of all firms."""
    if estimand == SHARE:
        return float(made["top"].mean())
    p = made.groupby(["a", "b"])["top"].mean()
    return float(p[1, 1] - p[1, 0] - p[0, 1] + p[0, 0])


def answered(world: World, rng: np.random.Generator) -> tuple[pd.DataFrame, SurveyDesign]:
    """The firms that answer, and their design: everybody was invited, classes answer each at their own rate."""
    here = rng.random(FIRMS) < world.chance
    place = world.firms["class"].to_numpy()
    invited, came = np.bincount(place, minlength=CLASSES), np.bincount(place[here], minlength=CLASSES)
    adjustment = (invited / came)[place[here]]
    phase = ResponsePhase(
        place[here].astype(str),
        adjustment,
        np.repeat("all", CLASSES),
        np.arange(CLASSES).astype(str),
        (invited - came).astype(float),
        np.ones(CLASSES),
    )
    n = int(here.sum())
    design = SurveyDesign(adjustment, np.repeat("all", n), np.full(n, float(FIRMS)), response=phase)
    return world.firms[here].reset_index(drop=True), design


def figure_of(found: pd.DataFrame, design: SurveyDesign, estimand: str) -> Figure:
    """The estimator as a pipeline run has it."""
    if estimand == SHARE:
        return of_ratios([[Ratio(found["top"].to_numpy(), np.ones(len(found)))]])
    columns = columns_of(found[["a", "b", "top"]].assign(base_all=1.0))
    sample = Sample("one", np.arange(len(found)).astype(str).astype(object), (columns,), columns, design)
    return of_contrast(sample, prepare(sample, MODEL, Disclosure()), [COMPLEMENTARITY])


def intervals(
    world: World, rng: np.random.Generator, estimand: str, odds: Sequence[float]
) -> list[tuple[float, float]]:
    """The 95 % interval under each odds ratio of answering."""
    found, design = answered(world, rng)
    figure, has = figure_of(found, design, estimand), property_of(found, estimand)
    interval = logit_t if estimand == SHARE else student_t
    told = [figure([under]) for under in each_answered_unequally(design, [(has, gamma) for gamma in odds])]
    df = design.degrees_of_freedom()
    bounds = [interval(each.estimates[0], each.se[0], df) for each in told]
    return [(float(low), float(high)) for low, high in bounds]


def cell(process: str, strength: float, estimand: str, draws: int) -> dict[str, object]:
    """One line of the table: coverage of the interval, of the range, and of the interval under the true odds."""
    least, most = Nonresponse().plausible
    place = [PROCESSES.index(process), STRENGTHS.index(strength), (SHARE, COMPLEMENTARITY).index(estimand)]
    rng = np.random.default_rng([2026, *place])
    hits, widths = np.zeros(3), np.zeros(2)
    for _ in range(draws):
        world = MAKE[process](rng, strength, estimand)
        at = truth(world.firms, estimand)
        own, low_end, high_end, known = intervals(world, rng, estimand, (1.0, least, most, strength))
        wide = min(own[0], low_end[0], high_end[0]), max(own[1], low_end[1], high_end[1])
        hits += [low <= at <= high for low, high in (own, wide, known)]
        widths += [own[1] - own[0], wide[1] - wide[0]]
    return {
        "process": process,
        "strength": strength,
        "estimand": estimand,
        "draws": draws,
        "interval_covers": round(hits[0] / draws, 4),
        "range_covers": round(hits[1] / draws, 4),
        "interval_at_true_odds_covers": round(hits[2] / draws, 4),
        "interval_width": round(widths[0] / draws, 4),
        "range_width": round(widths[1] / draws, 4),
    }


def table(draws: int) -> Iterator[dict[str, object]]:
    """Every process, strength and estimand."""
    for process in PROCESSES:
        for strength in STRENGTHS:
            for estimand in (SHARE, COMPLEMENTARITY):
                yield cell(process, strength, estimand, draws)


def main() -> None:
    """Print the table, and keep it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="keep the table beside this file")
    asked = parser.parse_args()
    rows = []
    for row in table(asked.draws):
        rows.append(row)
        print(*row.values(), file=sys.stderr, flush=True)
    frame = pd.DataFrame(rows)
    if asked.write:
        frame.to_csv(CSV, index=False)
    print(frame.to_string(index=False))


if __name__ == "__main__":
    main()
