"""Truth known: do the models' intervals cover it, are claims supported too often, does the power match what is printed?

    python benchmarks/models.py [--surveys 1000] [--estimators logit firth] [--write]

Draws surveys from the synthetic population (624 firms of the first wave; 624, 503 and 436 firms of three waves, of
whom earlier respondents answer again more often), weights them by response class, rakes them to the register's margins,
fits the primary model (a logit that changes to Firth's where events are few, and Firth's with FLIC throughout, as the
demonstration's claims have it), decides the claim "cooperation and internal investment complement each other", and
compares with the declared truth. `--write` keeps the lines of these estimators in benchmarks/models.csv.

Belongs here: the simulation and its table. Does not belong here: the population (`monitor.synthetic`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

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


def surveys(people: Population, count: int, seed: int, pooled: bool, estimator: str = "logit") -> Iterator[Result]:
    """The primary model of `count` simulated surveys of one wave, or of all three pooled."""
    waves = list(FIRMS) if pooled else list(FIRMS)[:1]
    primary = replace(PRIMARY, estimator=estimator)
    censuses = [Census.of(people, wave) for wave in waves]
    for stream in np.random.SeedSequence(seed).spawn(count):
        rng = np.random.default_rng(stream)
        numbers = int(rng.integers(2**31))
        samples: list[Sample] = []
        for census in censuses:
            again = samples[-1].firms if samples else np.empty(0, dtype=object)
            samples.append(census.draw(rng, FIRMS[census.wave], again, numbers))
        if pooled:
            yield analyse(pooled_sample(samples, "pooled"), with_waves(primary), Disclosure(), replicated_copies=1)
        else:
            yield analyse(samples[0], primary, Disclosure(), replicated_copies=1)


def simulate(
    complementarity: float, count: int, seed: int = 1, pooled: bool = False, estimator: str = "logit"
) -> dict[str, float | int | str]:
    """One line of the table: what `count` surveys of a population with this complementarity gave.

    Shares in 0..1. `supported` is the rate at which the claim is supported; `printed_power` the mean power that the
    surveys' own standard errors promise against the truth; `minimum_detectable_effect` the mean one printed.
    """
    truth = Truth(complementarity=complementarity)
    people = population(truth=truth)
    expected = {
        "complementarity": complementarity,
        "effect_cooperates_without_investment": truth.cooperation_alone,
        "effect_invests_without_cooperation": truth.investment_alone,
        **truth.states(),
    }
    supported = fitted = firth = 0
    covered: dict[str, int] = dict.fromkeys(expected, 0)
    estimates, errors, detectable, power = [], [], [], []
    for result in surveys(people, count, seed, pooled, estimator):
        c = result.contrasts
        if c is None:
            continue
        fitted += 1
        firth += result.estimator == "firth"
        low, high = c.interval()
        for name, value in expected.items():
            place = c.at(name)
            if place is not None:
                covered[name] += bool(low[place] <= value <= high[place])
        place = c.names.index("complementarity")
        estimates.append(float(c.estimate[place]))
        errors.append(float(c.error[place]))
        detectable.append(result.minimum_detectable_effect)
        precision = c.precision("complementarity")
        power.append(precision.power(complementarity) if precision and complementarity else np.nan)
        evidence = evidence_for(CLAIM.estimand, EMPTY, [result], Disclosure())
        supported += decide([CLAIM], [evidence])[0].verdict == SUPPORTED
    return {
        "waves": "three pooled" if pooled else "one",
        "estimator": estimator,
        "complementarity": complementarity,
        "surveys": fitted,
        "refused": count - fitted,
        "firth": firth,
        "mean_estimate": round(float(np.mean(estimates)), 5),
        "sd_estimate": round(float(np.std(estimates)), 5),
        "mean_se": round(float(np.mean(errors)), 5),
        **{f"coverage_{name}": round(hits / fitted, 4) for name, hits in covered.items()},
        "supported": round(supported / fitted, 4),
        "printed_power": round(float(np.mean(power)), 4),
        "minimum_detectable_effect": round(float(np.mean(detectable)), 5),
    }


EMPTY = Sample("none", np.empty(0, dtype=object), (), Columns({}, {}, 0), SurveyDesign(weights=np.ones(1)))
"""Claims about contrasts need no sample of their own"""


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--estimators", nargs="*", default=["logit", "firth"], choices=["logit", "firth"])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    found: list[dict[str, float | int | str]] = []
    with ProcessPoolExecutor(asked.processes) as pool:
        for estimator in asked.estimators:
            run = partial(pool.submit, simulate, count=asked.surveys, estimator=estimator)
            started = [run(truth, pooled=pooled) for pooled in (False, True) for truth in (0.0, 0.08)]
            lines = [_told(task.result()) for task in started]
            # The printed minimum detectable effect is found in four surveys of five: the truth is set to it.
            least = [
                (round(float(line["minimum_detectable_effect"]), 3), line["waves"] != "one") for line in lines[1::2]
            ]
            started = [run(truth, pooled=pooled) for truth, pooled in least]
            found += lines + [_told(task.result()) for task in started]
    table = pd.DataFrame(found)
    target = Path(__file__).with_suffix(".csv")
    if asked.write and target.exists():
        kept = pd.read_csv(target)
        table = pd.concat([kept[~kept["estimator"].isin(asked.estimators)], table])
    table = table.sort_values(["estimator", "waves", "complementarity"], ascending=[False, True, True])
    table.to_csv(sys.stdout, index=False)
    if asked.write:
        table.to_csv(target, index=False)
    return 0


def _told(line: dict[str, float | int | str]) -> dict[str, float | int | str]:
    print(line, file=sys.stderr, flush=True)
    return line


if __name__ == "__main__":
    sys.exit(main())
