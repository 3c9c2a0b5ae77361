"""Do 95 % intervals cover the truth of the synthetic population 95 times in a hundred, for every design?

    python benchmarks/coverage.py [--draws 2000] [--designs NAME ...] [--keep DIR] [--cluster ADDRESS] [--write]

Every draw takes two waves from the synthetic population, weights them with `stages.weighted` as a pipeline run does,
and estimates the participation rate, the same in one sector, its change between the waves and the complementarity
contrast of the primary model. Draws are shared with a second process, and with a cluster's workers: the same draws with
the same results. `--write` keeps the table in benchmarks/coverage.csv. With `--keep` draws are written to DIR a few
hundred at a time, and a later run of the same source takes them from there instead of drawing them again.

Belongs here: the designs, the simulation and its table. Does not belong here: the population (`monitor.synthetic`).
A further design is one more function in DESIGNS.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from item_nonresponse import completed_wave
from models import PRIMARY
from sharing import add_option, helped

from monitor.running.beside import share
from monitor.stages.estimated.changes import changes_between
from monitor.stages.estimated.lines import WaveData, estimate_wave
from monitor.stages.weighted.cascade import make_weights
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns, columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.sample import Sample
from monitor.survey import Calibration, Disclosure, Margin, Survey, load_survey
from monitor.surveys import BUNDLED
from monitor.synthetic import Population, population, respond

WAVES = ("2017", "2018")
ANSWERED = {"2017": 624, "2018": 503}
SECTOR = "information"
INDICATOR = "participation"
FRAME = ["firm", "size_band", "sector", "province", "rd_tax_credit"]
MODEL = ["cooperates", "invests", "top_innovator", "size_band", "sector", "province", "firm_age_band"]
ESTIMANDS = ("participation", f"participation in {SECTOR}", "change of participation", "complementarity")


@dataclass(frozen=True)
class Wave:
    """One wave as it was drawn: who was invited, who answered, with what."""

    frame: pd.DataFrame
    """firm, the frame's variables, invited"""
    answers: pd.DataFrame
    """firm and the observed measures of the responding firms"""
    copies: tuple[pd.DataFrame, ...] = ()
    """The same, completed; empty where nothing is missing"""


Draw = Callable[[np.random.Generator, Survey], tuple[Survey, list[Wave]]]


@cache
def people() -> Population:
    """The population every draw comes from."""
    return population()


@cache
def bundled() -> Survey:
    """The demonstration survey, with no more replicates than the shape of the cascade needs."""
    survey = load_survey(BUNDLED)
    return dataclasses.replace(survey, design=dataclasses.replace(survey.design, replicates=2))


@cache
def register(wave: str) -> pd.DataFrame:
    """The frame of a wave: every living firm."""
    return people().census[wave][FRAME].assign(firm=lambda t: t.firm.astype(str))


def replanned(survey: Survey, **plan: object) -> Survey:
    """The survey with another design."""
    return dataclasses.replace(survey, design=dataclasses.replace(survey.design, **plan))  # type: ignore[arg-type]


# ---- designs ----


def stratified(rng: np.random.Generator, survey: Survey) -> tuple[Survey, list[Wave]]:
    """Strata by size and sector, large firms all taken, everyone answers; two thirds of the sample rotate."""
    fraction = {"micro": 0.045, "small": 0.06, "medium": 0.12, "large": 1.0}
    firms = sorted({firm for name in WAVES for firm in register(name).firm})
    numbers = pd.Series(rng.random(len(firms)), index=firms)
    waves = []
    for place, name in enumerate(WAVES):
        frame = register(name)
        own = (numbers.reindex(frame.firm).to_numpy() - place * 0.02) % 1.0
        rank = pd.Series(own).groupby([frame.size_band.to_numpy(), frame.sector.to_numpy()]).rank()
        size = frame.groupby(["size_band", "sector"]).firm.transform("size").to_numpy()
        drawn = np.ceil(size * frame.size_band.map(fraction).to_numpy()).clip(2)
        invited = rank.to_numpy() <= np.minimum(drawn, size)
        waves.append(Wave(frame.assign(invited=invited), answered(name, np.flatnonzero(invited))))
    plan = {"strata": ("size_band", "sector"), "response": "none", "response_classes": ()}
    return replanned(survey, calibration=Calibration(), **plan), waves


def mailing(rng: np.random.Generator, survey: Survey) -> tuple[Survey, list[Wave]]:
    """Everyone invited; 9 and 7 % answer, by size, tax credit and sector, and earlier respondents more readily."""
    waves: list[Wave] = []
    again: Sequence[str] = ()
    for name in WAVES:
        rows = respond(people(), name, rng, ANSWERED[name], again)
        waves.append(Wave(register(name).assign(invited=True), answered(name, rows)))
        again = people().census[name]["firm"].to_numpy()[rows].tolist()
    # Response depends on the sector too: without margins the classes must know it.
    classes = ("size_band", "rd_tax_credit", "sector")
    return replanned(survey, calibration=Calibration(), response_classes=classes), waves


def calibrated(rng: np.random.Generator, survey: Survey) -> tuple[Survey, list[Wave]]:
    """The mailing weighted as the demonstration survey is: classes by size and tax credit, raked to size, sector and
    province."""
    _, waves = mailing(rng, survey)
    return dataclasses.replace(survey, margins={name: margins(name) for name in WAVES}), waves


def imputed(rng: np.random.Generator, survey: Survey) -> tuple[Survey, list[Wave]]:
    """The calibrated mailing of which 12 % of the answers behind every measure are missing, in completed copies."""
    survey, waves = calibrated(rng, survey)
    filled = []
    for name, wave in zip(WAVES, waves, strict=True):
        rows = np.flatnonzero(register(name).firm.isin(set(wave.answers.firm)))
        observed, copies = completed_wave(people(), name, rows, rng, bundled(), MODEL)
        filled.append(Wave(wave.frame, observed, copies))
    return survey, filled


DESIGNS: dict[str, Draw] = {
    "stratified": stratified, "mailing": mailing, "calibrated": calibrated, "imputed": imputed,
}  # fmt: skip
SHORT = ("stratified", "mailing", "calibrated")
"""Designs that the tests draw 200 times too; imputing takes them minutes"""
TOGETHER = 5
"""Draws of a unit that is shared: a few seconds, so that whoever is lost costs little"""
KEPT_TOGETHER = 50
"""Units after which `--keep` writes what there is"""
MODULES = ("sharing", "models", "item_nonresponse", "coverage")
"""What a worker imports for a draw, each after what it imports itself"""
LEAST, MOST = 0.935, 0.965
"""Coverage asked of a 95 % interval"""


@cache
def margins(wave: str) -> tuple[Margin, ...]:
    """The population's own counts."""
    return tuple(
        Margin((variable,), (str(code),), float(total), "enterprises", "synthetic population", wave, 0)
        for variable in ("size_band", "sector", "province")
        for code, total in register(wave)[variable].value_counts().sort_index().items()
    )


def answered(wave: str, rows: np.ndarray) -> pd.DataFrame:
    """What the firms of these rows of the census answer."""
    return people().census[wave].iloc[rows][["firm", *MODEL]].assign(firm=lambda t: t.firm.astype(str))


# ---- one draw ----


def estimates(survey: Survey, waves: Sequence[Wave]) -> dict[str, tuple[float, float, float]]:
    """Estimand -> (estimate, low, high) of one draw, by the functions a pipeline run calls."""
    one = dataclasses.replace(survey, indicators={INDICATOR: survey.indicators[INDICATOR]}, domains=("sector",))
    base = f"base_{survey.indicators[INDICATOR].base}"
    estimated = []
    modelled: Sample | None = None
    for name, wave in zip(WAVES, waves, strict=True):
        made = make_weights(wave.answers[["firm"]], wave.frame, survey, survey.waves[name])
        design = SurveyDesign.from_tables(made.weights, None, survey.design, made.nonresponding)
        order = pd.Index(wave.answers.firm).get_indexer(made.weights.firm)
        frames = [frame.iloc[order].assign(**{base: True}) for frame in (wave.answers, *wave.copies)]
        estimated.append(estimate_wave(WaveData(name, design, dict(enumerate(frames))), one))
        if modelled is None:
            columns = [columns_of(frame[[*MODEL, base]]) for frame in frames]
            firms = made.weights.firm.to_numpy(object)
            modelled = Sample(name, firms, tuple(columns[1:] or columns), columns[0], design)
    lines = estimated[0].table().set_index(["domain_variable", "domain"])
    moved = changes_between(*estimated, *WAVES, [INDICATOR]).set_index(["domain_variable", "domain"])
    found = {
        ESTIMANDS[0]: _line(lines.loc[("all", "all"), ["estimate", "ci_low", "ci_high"]]),
        ESTIMANDS[1]: _line(lines.loc[("sector", SECTOR), ["estimate", "ci_low", "ci_high"]]),
        ESTIMANDS[2]: _line(moved.loc[("all", "all"), ["change", "ci_low", "ci_high"]]),
    }
    assert modelled is not None
    result = analyse(modelled, PRIMARY, Disclosure(), headline_only=True)
    if result.contrasts is not None and (place := result.contrasts.at("complementarity")) is not None:
        low, high = result.contrasts.interval()
        found[ESTIMANDS[3]] = (float(result.contrasts.estimate[place]), float(low[place]), float(high[place]))
    return found


def _line(values: pd.Series) -> tuple[float, float, float]:
    estimate, low, high = (float(v) for v in values)
    return estimate, low, high


@cache
def truths() -> Mapping[str, float]:
    """What every firm of the population answers, and the primary model fitted to all of them."""
    one, two = (people().census[name] for name in WAVES)
    columns: Columns = columns_of(one[MODEL].assign(base_all_firms=True))
    everyone = SurveyDesign(weights=np.ones(len(one)))
    result = analyse(Sample("all", one.firm.to_numpy(object), (columns,), columns, everyone), PRIMARY, Disclosure())
    assert result.contrasts is not None
    return {
        ESTIMANDS[0]: float(one.cooperates.mean()),
        ESTIMANDS[1]: float(one.cooperates[one.sector == SECTOR].mean()),
        ESTIMANDS[2]: float(two.cooperates.mean() - one.cooperates.mean()),
        ESTIMANDS[3]: float(result.contrasts.estimate[result.contrasts.names.index("complementarity")]),
    }


def draws(design: str, seeds: Sequence[int]) -> list[dict[str, tuple[float, float, float]]]:
    """The draws with these seeds."""
    found = []
    for seed in seeds:
        survey, waves = DESIGNS[design](np.random.default_rng([2182, seed]), bundled())
        found.append(estimates(survey, waves))
    return found


# ---- the table ----


def table(design: str, found: Sequence[Mapping[str, tuple[float, float, float]]]) -> pd.DataFrame:
    """One line per estimand: how often the interval covers, how far off the estimates are, how wide it is."""
    lines = []
    for name in ESTIMANDS:
        made = np.array([f[name] for f in found if name in f])
        if not len(made):
            continue
        truth = truths()[name]
        covered = (made[:, 1] <= truth) & (truth <= made[:, 2])
        lines.append(
            {
                "design": design,
                "estimand": name,
                "draws": len(made),
                "refused": len(found) - len(made),
                "truth": round(truth, 5),
                "mean_estimate": round(made[:, 0].mean(), 5),
                "sd_estimate": round(made[:, 0].std(ddof=1), 5),
                "mean_width": round((made[:, 2] - made[:, 1]).mean(), 5),
                "coverage": round(covered.mean(), 4),
                "monte_carlo_error": round(monte_carlo_error(covered.mean(), len(made)), 4),
                "within": bool(LEAST <= round(covered.mean(), 4) <= MOST),
                "below": round((made[:, 2] < truth).mean(), 4),
                "above": round((made[:, 1] > truth).mean(), 4),
            }
        )
    return pd.DataFrame(lines)


def monte_carlo_error(rate: float, count: int) -> float:
    """Standard error of a rate found in `count` draws: sqrt(rate (1 - rate) / count)."""
    return float(np.sqrt(rate * (1 - rate) / count))


def run(design: str, count: int, keep: Path | None = None) -> pd.DataFrame:
    """The lines of one design from the draws with the seeds 0 .. count - 1; `keep` holds those made before."""
    target = None if keep is None else keep / f"{design}.jsonl"
    found = {}
    if target is not None and target.exists():
        found = {seed: line for seed, line in map(json.loads, target.read_text().splitlines()) if seed < count}
    left = [seed for seed in range(count) if seed not in found]
    units = [left[start : start + TOGETHER] for start in range(0, len(left), TOGETHER)]
    together = KEPT_TOGETHER if target is not None else max(len(units), 1)
    for start in range(0, len(units), together):
        some = units[start : start + together]
        made = {
            seed: line
            for unit, lines in zip(some, share(draws, design, some), strict=True)
            for seed, line in zip(unit, lines, strict=True)
        }
        found |= made
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("a") as file:
                file.writelines(f"{json.dumps(pair)}\n" for pair in made.items())
    return table(design, [found[seed] for seed in sorted(found)])


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--designs", nargs="*", default=list(DESIGNS), choices=list(DESIGNS))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where draws are kept, one file per design")
    parser.add_argument("--write", action="store_true")
    add_option(parser)
    asked = parser.parse_args()
    return helped(asked.cluster, MODULES, lambda: told(asked))


def told(asked: argparse.Namespace) -> int:
    """Draw each design, print its lines, and keep them with --write."""
    target = Path(__file__).with_suffix(".csv")
    kept = pd.read_csv(target) if asked.write and target.exists() else pd.DataFrame()
    for design in asked.designs:
        lines = run(design, asked.draws, asked.keep)
        print(lines.to_string(index=False), flush=True)
        if asked.write:
            kept = kept[kept.design != design] if len(kept) else kept
            kept = pd.concat([kept, lines], ignore_index=True)
            order = {name: place for place, name in enumerate(DESIGNS)}
            kept = kept.sort_values("design", key=lambda c: c.map(order), kind="stable", ignore_index=True)
            kept.to_csv(target, index=False)
    return 0


if __name__ == "__main__":
    # By its name: workers know the functions of `coverage`, and no main program.
    import coverage

    sys.exit(coverage.main())
