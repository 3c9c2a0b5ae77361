"""Truth known: does the interval of a programme's difference hold it, is a programme without effect called effective?

    python benchmarks/programmes.py [--surveys 4000] [--write]

Draws firms of three worlds. In `effect` taking part adds six points to the chance of product innovation, and larger
firms, firms in industry and earlier innovators take part more often; in `none` it adds nothing and the same firms take
part far more often; in `hidden` it adds nothing and firms also take part for a reason that nobody measured and that
makes them innovate. A stratified sample answers and is weighted; participants are compared with firms made like them by
entropy balancing, as a release does it with linearised errors. In the first 50 surveys of a world the whole is done
again under 200 replicate weights. Of the surveys of `hidden` that call the difference effective, `hidden_suffices` is
the share in which what nobody measured is as strong as the printed robustness value says that something must be to
take the significance away: then the sentence about it warned rightly. `--write` keeps the lines in
benchmarks/programmes.csv.

Belongs here: the simulation and its table. Does not belong here: the estimators (`monitor.statistics.comparison`).
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from monitor.statistics.comparison.effect import Compared, Copy, compare, sensitivity
from monitor.statistics.comparison.groups import Groups
from monitor.statistics.design.replicates import bootstrap_perturbation
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.likelihood import expit

CSV = Path(__file__).with_suffix(".csv")
SURVEYS = 4000
SEED = 20210914
INVITED = {"micro": (900, 0.05), "small": (800, 0.1), "medium": (500, 0.2)}
"""Size band -> firms that answer, and the share of the band's firms that they are"""
REPLICATES = 200
REPLICATED = 50
NAMES = ("size[small]", "size[medium]", "sector[trade]", "sector[services]", "innovated", "age")


@dataclass(frozen=True)
class World:
    """What is true."""

    difference: float
    """What taking part adds to the chance of product innovation"""
    selection: float
    """How much more readily the firms take part that innovate anyhow; log-odds"""
    hidden: float = 0.0
    """Log-odds of taking part for a standard deviation of what nobody measured; a tenth of it in the chance of
    innovation"""


WORLDS: Mapping[str, World] = {
    "effect": World(0.06, 0.8),
    "none": World(0.0, 1.6),
    "hidden": World(0.0, 0.8, hidden=0.8),
}


def survey(world: World, rng: np.random.Generator) -> tuple[Copy, SurveyDesign, np.ndarray]:
    """One survey's firms that answered, its design, and (n,) what nobody measured."""
    size = np.repeat(np.arange(3), [n for n, _ in INVITED.values()])
    n = len(size)
    share = np.array([fraction for _, fraction in INVITED.values()])[size]
    sector = rng.choice(3, n, p=[0.4, 0.3, 0.3])
    age = rng.gamma(2.0, 8.0, n).round()
    innovated = rng.random(n) < 0.2 + 0.1 * size + 0.1 * (sector == 0)
    hidden = rng.normal(size=n)
    anyhow = 0.5 * size + 0.5 * (sector == 0) + 1.0 * innovated - 0.01 * age
    participates = rng.random(n) < expit(-2.6 + world.selection * (anyhow - 0.9) + world.hidden * hidden)
    chance = 0.16 + 0.06 * size + 0.05 * (sector == 0) + 0.3 * innovated - 0.0005 * age
    chance = chance + world.difference * participates + 0.1 * world.hidden * hidden
    y = rng.random(n) < np.clip(chance, 0, 1)
    x = np.column_stack([size == 1, size == 2, sector == 1, sector == 2, innovated, age]).astype(float)
    strata = np.array(list(INVITED))[size]
    counts = np.bincount(size)[size]
    design = SurveyDesign(weights=1 / share, strata=strata, population=np.round(counts / share))
    return Copy(Groups(participates, x, NAMES), y.astype(float), np.ones(n, dtype=bool)), design, hidden


def strength(copy: Copy, w: np.ndarray, hidden: np.ndarray) -> float:
    """How far what nobody measured biases the difference, in the unit of the robustness value's f (Cinelli and Hazlett
    2020): sqrt(R2 with the outcome * R2 with taking part / (1 - R2 with taking part)), partial on the covariates."""
    x, t = copy.groups.with_intercept, copy.groups.participates.astype(float)
    with_t = _partial(t, hidden, x, w)
    with_y = _partial(copy.y, hidden, np.column_stack([x, t]), w)
    return float(np.sqrt(with_y * with_t / (1 - with_t)))


def _partial(one: np.ndarray, other: np.ndarray, x: np.ndarray, w: np.ndarray) -> float:
    root = np.sqrt(w)
    basis, _ = np.linalg.qr(x * root[:, None])
    a, b = (v * root - basis @ (basis.T @ (v * root)) for v in (one, other))
    return float((a @ b) ** 2 / ((a @ a) * (b @ b)))


def with_replicates(design: SurveyDesign, rng: np.random.Generator) -> SurveyDesign:
    """The design with the bootstrap without replacement that `weighted` draws."""
    strata = np.unique(np.asarray(design.strata), return_inverse=True)[1]
    remaining = 1 - 1 / design.weights
    numbers = rng.integers(0, 2**63, size=(design.n, REPLICATES), dtype=np.uint64)
    added = bootstrap_perturbation(strata, remaining, numbers)
    return replace(design, replicates=design.weights[:, None] * (1 + added))


def simulate(name: str, surveys: int) -> dict[str, object]:
    """One line of the table."""
    world, found, ratios, strengths = WORLDS[name], [], [], []
    for number in range(surveys):
        rng = np.random.default_rng((SEED, list(WORLDS).index(name), number))
        copy, design, hidden = survey(world, rng)
        strengths.append(strength(copy, design.weights, hidden))
        told = compare([copy], design)
        found.append(told)
        if number < REPLICATED:
            again = compare([copy], with_replicates(design, rng), replicated_copies=1).estimates
            ratios.append(again.se_replicate[2] / again.se[2] if again is not None else np.nan)
    return line(name, world, found, ratios) | {"hidden_suffices": suffices(world, found, strengths)}


def suffices(world: World, found: list[Compared], strengths: list[float]) -> float | str:
    """Of the surveys called effective, the share in which the unmeasured is as strong as the robustness value asks."""
    enough = []
    for each, factor in zip(found, strengths, strict=True):
        told = sensitivity(each)
        if told is not None and each.direction == "more":
            value = told.robustness.value_alpha
            enough.append(factor >= value / np.sqrt(1 - value))
    return round(float(np.mean(enough)), 3) if world.hidden and enough else ""


def line(name: str, world: World, found: list[Compared], ratios: list[float]) -> dict[str, object]:
    """What the surveys of a world say together; shares of the surveys that were not refused."""
    told = [each for each in found if each.estimates is not None and each.plain is not None]
    estimates = np.array([each.estimates.estimate[2] for each in told if each.estimates])
    errors = np.array([each.estimates.error[2] for each in told if each.estimates])
    bounds = np.array([[b[2] for b in each.estimates.interval()] for each in told if each.estimates])
    plain = np.array([each.plain.estimate[2] for each in told if each.plain])
    plain_low = np.array([each.plain.interval()[0][2] for each in told if each.plain])
    values = [s.robustness.value for each in told if (s := sensitivity(each)) is not None]
    return {
        "world": name,
        "surveys": len(found),
        "refused": len(found) - len(told),
        "truth": world.difference,
        "mean_difference": round(float(estimates.mean()), 4),
        "covers": round(float(np.mean((bounds[:, 0] <= world.difference) & (world.difference <= bounds[:, 1]))), 3),
        "called_effective": round(float(np.mean(bounds[:, 0] > 0)), 3),
        "spread": round(float(estimates.std(ddof=1)), 4),
        "mean_error": round(float(errors.mean()), 4),
        "replicate_error_over_linearised": round(float(np.mean(ratios)), 3),
        "plain_difference": round(float(plain.mean()), 4),
        "plain_called_effective": round(float(np.mean(plain_low > 0)), 3),
        "minimum_detectable": round(float(np.mean([each.minimum_detectable_effect for each in told])), 4),
        "mean_participants": round(float(np.mean([each.participants for each in told])), 1),
        "mean_robustness_value": round(float(np.mean(values)), 4),
    }


def main() -> None:
    """Print the table, and keep it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surveys", type=int, default=SURVEYS)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    lines = [simulate(name, asked.surveys) for name in WORLDS]
    files = [sys.stdout, *([CSV.open("w", encoding="utf-8", newline="")] if asked.write else [])]
    for file in files:
        table = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(lines)


if __name__ == "__main__":
    main()
