"""Truth known: do the models' intervals cover it, are claims supported too often, does the power match what is printed?

    python benchmarks/models.py [--surveys 1000] [--estimators logit firth] [--cluster ADDRESS] [--write]

Draws surveys from the synthetic population (624 firms of the first wave; 624, 503 and 436 firms of three waves, of
whom earlier respondents answer again more often), weights them by response class, rakes them to the register's margins,
fits the primary model (a logit that changes to Firth's where events are few, and Firth's with FLIC throughout, as the
demonstration's claims have it), decides the claim "cooperation and internal investment complement each other", and
compares with the declared truth. Surveys are shared with a second process, and with a cluster's workers: the same
surveys with the same results. `--write` keeps the lines of these estimators in benchmarks/models.csv.

Belongs here: the simulation and its table. Does not belong here: the population (`monitor.synthetic`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sharing import add_option, helped

from monitor.running.beside import share
from monitor.stages.modelled.evidence import evidence_for
from monitor.stages.modelled.panel import pooled_sample, with_waves
from monitor.statistics.decisions.claim import Claim, ModelContrast, Rule
from monitor.statistics.decisions.claims import SUPPORTED, decide
from monitor.statistics.design.replicates import bootstrap_perturbation
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns, columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.random_numbers import firm_numbers
from monitor.statistics.weighting.calibration import calibrate
from monitor.survey import Disclosure
from monitor.synthetic import Population, Truth, population, respond

FIRMS = {"2017": 624, "2018": 503, "2019": 436}
REPLICATES = 200
TOGETHER = 10
"""Surveys of a unit that is shared: a few seconds, so that whoever is lost costs little"""
MODULES = ("sharing", "models")
"""What a worker imports for a survey, each after what it imports itself"""
CLASSES = ("size_band", "rd_tax_credit")
MARGINS = ("size_band", "sector", "province")
COLUMNS = ("cooperates", "invests", "top_innovator", "size_band", "sector", "province", "firm_age_band")
PRIMARY = Specification(
    model="top_innovator",
    variant="main",
    outcome="top_innovator",
    base="all_firms",
    estimator="logit",
    practices=("cooperates", "invests"),
    controls=("size_band", "sector", "province", "firm_age_band"),
    reference={"size_band": "small", "sector": "manufacturing"},
)
CLAIM = Claim(
    name="cooperation_and_investment_complement",
    text={},
    declared="",
    estimand=ModelContrast("top_innovator", "complementarity"),
    rule=Rule("above", 0.025),
    family="cooperation_and_investment",
)


@dataclass(frozen=True)
class Census:
    """One wave of the population, ready to draw from."""

    population: Population
    wave: str
    columns: Columns
    cells: np.ndarray
    """(N,) response class of every living firm"""
    sizes: np.ndarray
    """(H,) firms per class"""
    firms: np.ndarray
    margins: tuple[tuple[np.ndarray, np.ndarray], ...]
    """Per margin: code of every living firm, firms per code"""

    @classmethod
    def of(cls, people: Population, wave: str) -> Census:
        frame = people.census[wave]
        cells, labels = pd.factorize(frame[list(CLASSES)].astype(str).agg("*".join, axis=1))
        columns = columns_of(frame[list(COLUMNS)].assign(base_all_firms=True))
        margins = tuple(
            (codes, np.bincount(codes).astype(float)) for codes in (pd.factorize(frame[name])[0] for name in MARGINS)
        )
        sizes = np.bincount(cells, minlength=len(labels))
        return cls(people, wave, columns, cells, sizes, frame["firm"].to_numpy(object), margins)

    def draw(self, rng: np.random.Generator, firms: int, again: np.ndarray, seed: int) -> Sample:
        """A survey of `firms` respondents; those in `again` answer more readily. `seed`: of the replicates."""
        rows = respond(self.population, self.wave, rng, firms, again=tuple(again))
        mask = np.zeros(self.columns.n, dtype=bool)
        mask[rows] = True
        answers = self.columns.take(mask, [*COLUMNS, "base_all_firms"])
        cells = self.cells[mask]
        responding = np.bincount(cells, minlength=len(self.sizes))
        weights = (self.sizes / np.maximum(responding, 1))[cells]
        population = self.sizes[cells].astype(float)
        remaining = 1 - responding[cells] / population
        firms_drawn = self.firms[mask]
        numbers = firm_numbers(list(firms_drawn), REPLICATES, seed, "bootstrap")
        perturbed = weights[:, None] * (1 + bootstrap_perturbation(cells, remaining, numbers))
        codes = [codes[mask] for codes, _ in self.margins]
        totals = [total for _, total in self.margins]
        raked = calibrate(np.column_stack([weights, perturbed]), codes, totals, "raking", tolerance=1e-8).weights
        design = SurveyDesign(
            weights=raked[:, 0],
            strata=cells,
            population=population,
            lonely="collapse",
            auxiliary=np.hstack([np.eye(len(total))[code] for code, total in zip(codes, totals, strict=True)]),
            before=weights,
            replicates=raked[:, 1:],
        )
        return Sample(self.wave, firms_drawn, (answers,), answers, design)


@dataclass(frozen=True)
class Asked:
    """What the surveys of one line of the table have in common."""

    complementarity: float
    seed: int
    pooled: bool
    estimator: str

    @property
    def waves(self) -> list[str]:
        """The waves of each survey."""
        return list(FIRMS) if self.pooled else list(FIRMS)[:1]

    @property
    def truth(self) -> Truth:
        """The population's effects."""
        return Truth(complementarity=self.complementarity)

    @property
    def expected(self) -> Mapping[str, float]:
        """Contrast -> its true value."""
        return {
            "complementarity": self.complementarity,
            "effect_cooperates_without_investment": self.truth.cooperation_alone,
            "effect_invests_without_cooperation": self.truth.investment_alone,
            **self.truth.states(),
        }


@lru_cache(2)
def censuses(complementarity: float) -> list[Census]:
    """Every wave of the population with this complementarity; made once by each process, and never sent."""
    people = population(truth=Truth(complementarity=complementarity))
    return [Census.of(people, wave) for wave in FIRMS]


def surveys(asked: Asked, numbers: range) -> Iterator[Result]:
    """The primary model of the surveys with these numbers, of one wave or of all three pooled."""
    primary = replace(PRIMARY, estimator=asked.estimator)
    for number in numbers:
        rng = np.random.default_rng(np.random.SeedSequence(asked.seed, spawn_key=(number,)))
        seed = int(rng.integers(2**31))
        samples: list[Sample] = []
        for census in censuses(asked.complementarity)[: len(asked.waves)]:
            again = samples[-1].firms if samples else np.empty(0, dtype=object)
            samples.append(census.draw(rng, FIRMS[census.wave], again, seed))
        if asked.pooled:
            yield analyse(pooled_sample(samples, "pooled"), with_waves(primary), Disclosure(), replicated_copies=1)
        else:
            yield analyse(samples[0], primary, Disclosure(), replicated_copies=1)


def found(asked: Asked, numbers: range) -> list[Mapping[str, float]]:
    """What the table needs of each of these surveys; none of a survey whose model could not be fitted."""
    lines = []
    for result in surveys(asked, numbers):
        c = result.contrasts
        if c is None:
            continue
        low, high = c.interval()
        places = {name: c.at(name) for name in asked.expected}
        covered = {
            f"coverage_{name}": place is not None and low[place] <= asked.expected[name] <= high[place]
            for name, place in places.items()
        }
        place = c.names.index("complementarity")
        precision = c.precision("complementarity")
        evidence = evidence_for(CLAIM.estimand, EMPTY, [result], Disclosure())
        lines.append(
            {
                **{name: float(holds) for name, holds in covered.items()},
                "firth": float(result.estimator == "firth"),
                "estimate": float(c.estimate[place]),
                "error": float(c.error[place]),
                "detectable": float(result.minimum_detectable_effect),
                "power": precision.power(asked.complementarity) if precision and asked.complementarity else np.nan,
                "supported": float(decide([CLAIM], [evidence])[0].verdict == SUPPORTED),
            }
        )
    return lines


def simulate(
    complementarity: float, count: int, seed: int = 1, pooled: bool = False, estimator: str = "logit"
) -> dict[str, float | int | str]:
    """One line of the table: what `count` surveys of a population with this complementarity gave.

    Shares in 0..1. `supported` is the rate at which the claim is supported; `printed_power` the mean power that the
    surveys' own standard errors promise against the truth; `minimum_detectable_effect` the mean one printed.
    """
    asked = Asked(complementarity, seed, pooled, estimator)
    units = [range(count)[start : start + TOGETHER] for start in range(0, count, TOGETHER)]
    lines = [line for some in share(found, asked, units) for line in some]
    made = {name: np.array([line[name] for line in lines]) for name in lines[0]}
    fitted = len(lines)
    return {
        "waves": "three pooled" if pooled else "one",
        "estimator": estimator,
        "complementarity": complementarity,
        "surveys": fitted,
        "refused": count - fitted,
        "firth": int(made["firth"].sum()),
        "mean_estimate": round(float(np.mean(made["estimate"])), 5),
        "sd_estimate": round(float(np.std(made["estimate"])), 5),
        "mean_se": round(float(np.mean(made["error"])), 5),
        **{f"coverage_{name}": round(float(made[f"coverage_{name}"].sum()) / fitted, 4) for name in asked.expected},
        "supported": round(float(made["supported"].sum()) / fitted, 4),
        "printed_power": round(float(np.mean(made["power"])), 4),
        "minimum_detectable_effect": round(float(np.mean(made["detectable"])), 5),
    }


EMPTY = Sample("none", np.empty(0, dtype=object), (), Columns({}, {}, 0), SurveyDesign(weights=np.ones(1)))
"""Claims about contrasts need no sample of their own"""


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--estimators", nargs="*", default=["logit", "firth"], choices=["logit", "firth"])
    parser.add_argument("--write", action="store_true")
    add_option(parser)
    asked = parser.parse_args()
    return helped(asked.cluster, MODULES, lambda: told(asked))


def told(asked: argparse.Namespace) -> int:
    """Simulate each line, print the table, and keep it with --write."""
    lines: list[dict[str, float | int | str]] = []

    def line(truth: float, pooled: bool, estimator: str) -> dict[str, float | int | str]:
        lines.append(simulate(truth, asked.surveys, pooled=pooled, estimator=estimator))
        print(lines[-1], file=sys.stderr, flush=True)
        return lines[-1]

    for estimator in asked.estimators:
        for pooled in (False, True):
            line(0.0, pooled, estimator)
            there = line(0.08, pooled, estimator)
            # The printed minimum detectable effect is found in four surveys of five: the truth is set to it.
            line(round(float(there["minimum_detectable_effect"]), 3), pooled, estimator)
    table = pd.DataFrame(lines)
    target = Path(__file__).with_suffix(".csv")
    if asked.write and target.exists():
        kept = pd.read_csv(target)
        table = pd.concat([kept[~kept["estimator"].isin(asked.estimators)], table])
    table = table.sort_values(["estimator", "waves", "complementarity"], ascending=[False, True, True])
    table.to_csv(sys.stdout, index=False)
    if asked.write:
        table.to_csv(target, index=False)
    return 0


if __name__ == "__main__":
    # By its name: workers know the functions of `models`, and no main program.
    import models

    sys.exit(models.main())
