"""What are the models' intervals about: the firms that there are, or the chance that made them what they are?

    python benchmarks/firms_there_are.py [--surveys 1000] [--write] [--home HOME]

Draws 2,500 firms in three sizes whose practices and outcome follow from a logit that is known, surveys a part of each
size, and fits the logit as a release does, with linearised errors. `census`: how often an interval holds what the same
fit finds when every firm answers. `chance`: how often it holds the contrast that the firms were drawn by, and
`chance_beyond` the same with the term of `statistics.comparison.beyond` in the variance. `--write` keeps
the lines in benchmarks/firms_there_are.csv. `--home` prints instead how much larger that term would make the errors of
complementarity in the demonstration of HOME. Why they differ: docs/decisions/statistics.md.

Belongs here: the population, the simulation and its table. Does not belong here: fit, variance (`monitor.statistics`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.stages.modelled.gather import sample_of
from monitor.stages.modelled.panel import pooled_sample
from monitor.stages.modelled.pooled import pooled_model
from monitor.statistics.comparison.beyond import Beyond
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import Category, Columns
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.likelihood import expit
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.storage.lake import Lake
from monitor.survey import load_survey
from monitor.surveys import BUNDLED

SIZES = np.array([1500, 700, 300])
"""Firms that there are: small, medium, large"""
SURVEYED: Mapping[str, tuple[float, float, float]] = {
    "a tenth": (0.1, 0.1, 0.1),
    "a third": (0.3, 0.3, 0.3),
    "the large all": (0.15, 0.4, 1.0),
    "six in ten": (0.6, 0.6, 0.6),
}
"""Survey -> part of each size that answers"""
A, B = np.array([0.3, 0.45, 0.6]), np.array([0.3, 0.4, 0.5])
"""Chance of each practice, by size; the two are independent of each other"""
CONTRASTS = ("complementarity", "ame_a", "effect_a_without_b")
MODEL = Specification(
    model="y",
    variant="main",
    outcome="y",
    base="all",
    estimator="logit",
    practices=("a", "b"),
    controls=("size",),
    reference={"size": "small"},
)
SEED = 20190612


def chance(size: np.ndarray, a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Probability of the outcome."""
    return np.asarray(expit(-1.8 + 0.3 * size + 0.4 * a + 0.3 * b + 0.5 * a * b))


def drawn_by() -> dict[str, float]:
    """What the contrasts are on average over all populations: exactly, from the chances."""
    size = np.arange(3)
    p = {(a, b): chance(size, a, b) for a in (0, 1) for b in (0, 1)}
    own = (1 - B) * (p[1, 0] - p[0, 0]) + B * (p[1, 1] - p[0, 1])
    by_size = (p[1, 1] - p[1, 0] - p[0, 1] + p[0, 0], own, p[1, 0] - p[0, 0])
    return {name: float(np.average(each, weights=SIZES)) for name, each in zip(CONTRASTS, by_size, strict=True)}


@dataclass(frozen=True)
class Firms:
    """One population."""

    size: np.ndarray
    columns: Columns

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Firms:
        """A population as chance makes it."""
        size = np.repeat(np.arange(3), SIZES)
        a, b = (rng.random(len(size)) < part[size] for part in (A, B))
        y = rng.random(len(size)) < chance(size, a, b)
        numbers = {"a": a.astype(float), "b": b.astype(float), "y": y.astype(float), "base_all": np.ones(len(size))}
        return cls(size, Columns(numbers, {"size": Category(size, ("small", "medium", "large"))}, len(size)))

    def surveyed(self, rng: np.random.Generator, parts: Sequence[float]) -> Sample:
        """A stratified sample that answers."""
        take = np.round(SIZES * np.array(parts)).astype(int)
        rows = [rng.choice(np.flatnonzero(self.size == h), take[h], replace=False) for h in range(3)]
        mask = np.zeros(len(self.size), dtype=bool)
        mask[np.concatenate(rows)] = True
        size, answers = self.size[mask], self.columns.take(mask, ["a", "b", "y", "size", "base_all"])
        design = SurveyDesign((SIZES / take)[size], size, SIZES[size].astype(float))
        return Sample("wave", np.flatnonzero(mask).astype(str).astype(object), (answers,), answers, design)


def contrasts(sample: Sample) -> Estimates | None:
    """The model's contrasts; None where it is refused."""
    return analyse(sample, MODEL, Disclosure()).contrasts


def simulate(name: str, surveys: int) -> Iterator[dict[str, object]]:
    """A line for each contrast."""
    truth, held, errors = drawn_by(), [], []
    spread: list[list[float]] = []
    for number in range(surveys):
        rng = np.random.default_rng((SEED, list(SURVEYED).index(name), number))
        firms = Firms.drawn(rng)
        sample = firms.surveyed(rng, SURVEYED[name])
        told = contrasts(sample)
        beyond = contrasts(replace(sample, design=Beyond(sample.design)))
        census = contrasts(firms.surveyed(rng, (1.0, 1.0, 1.0)))
        if told is None or beyond is None or census is None:
            continue
        at = [told.names.index(each) for each in CONTRASTS]
        exact = np.array(list(truth.values()))
        pairs = ((told, census.estimate[at]), (told, exact), (beyond, exact))
        held.append([_holds(each, at, value) for each, value in pairs])
        errors.append([each.error[at] for each in (told, beyond)])
        spread.append(list(told.estimate[at] - exact))
    hits, mean = np.mean(held, axis=0), np.mean(errors, axis=0)
    for place, contrast in enumerate(CONTRASTS):
        yield {
            "answers": name,
            "contrast": contrast,
            "surveys": len(held),
            "census": round(float(hits[0, place]), 4),
            "chance": round(float(hits[1, place]), 4),
            "chance_beyond": round(float(hits[2, place]), 4),
            "sd_around_chance": round(float(np.std(np.array(spread)[:, place])), 5),
            "mean_se": round(float(mean[0, place]), 5),
            "mean_se_beyond": round(float(mean[1, place]), 5),
        }


def _holds(found: Estimates, at: Sequence[int], value: np.ndarray) -> np.ndarray:
    low, high = (np.asarray(bound)[at] for bound in found.interval())
    return (low <= value) & (value <= high)


def demonstration(home: Path) -> Iterator[dict[str, object]]:
    """Error of complementarity in each wave of a home's demonstration and of all together, without and with the term
    sum w z^2."""
    survey = load_survey(BUNDLED)
    lake = Lake(home, survey.name)
    waves = [sample_of(lake, survey, name) for name in survey.waves]
    model = next(each for each in survey.models.values() if each.primary)
    both = [(wave, model) for wave in waves] + [(pooled_sample(waves, "pooled"), pooled_model(model))]
    for sample, each in both:
        result = analyse(sample, each.main, survey.disclosure, replicated_copies=1, headline_only=True)
        if result.contrasts is None or result.influence is None:
            continue
        error = float(result.contrasts.error[0])
        own = float((result.influence[:, 0] ** 2 / sample.design.weights).sum())
        beyond = float(np.sqrt(error**2 + own))
        yield {
            "wave": sample.wave,
            "se": round(error, 5),
            "se_beyond": round(beyond, 5),
            "times": round(beyond / error, 3),
        }


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    if asked.home:
        pd.DataFrame(demonstration(asked.home)).to_csv(sys.stdout, index=False)
        return 0
    table = pd.DataFrame([line for name in SURVEYED for line in simulate(name, asked.surveys)])
    table.to_csv(sys.stdout, index=False)
    if asked.write:
        table.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
