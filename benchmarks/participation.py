"""How often do intervals of the number of participants, and of their reach, hold the truth?

    python benchmarks/participation.py [--draws 1000] [--write]

Every firm of the synthetic population of the first wave takes part in eight initiatives of three kinds with the chances
declared here, more often the larger it is; that is drawn once, and the truth is counted. Every draw takes one survey of
that population, in response classes and raked as the demonstration survey is, and asks of each interval whether it
holds the truth. `--write` keeps the table in benchmarks/participation.csv.

Belongs here: the chances, the simulation and its table. Does not belong here: the population and its fieldwork
(`coverage.py`), the estimates (`stages.estimated.participation`).
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coverage import ANSWERED, LEAST, MOST, WAVES, bundled, margins, monte_carlo_error, people, register

from monitor.stages.estimated.lines import WaveData
from monitor.stages.estimated.participation import Participants, participation_table
from monitor.stages.weighted.cascade import make_weights
from monitor.statistics.design import SurveyDesign
from monitor.survey import Survey
from monitor.survey.groupings import Answer, Group, taking_part
from monitor.survey.register import Initiative, Register
from monitor.synthetic import respond

INITIATIVES: Mapping[str, tuple[str, float]] = {
    "N1": ("network", 0.14), "N2": ("network", 0.08), "N3": ("network", 0.02),
    "T1": ("test_environment", 0.10), "T2": ("test_environment", 0.05), "T3": ("test_environment", 0.015),
    "I1": ("incubator", 0.065), "I2": ("incubator", 0.03),
}  # fmt: skip
"""Initiative -> kind, and the chance that a small firm takes part"""
LARGER: Mapping[str, float] = {"micro": 0.8, "small": 1.0, "medium": 1.4, "large": 2.0}
"""Size band -> how many times a small firm's chance"""
ENOUGH = 30
"""Participants that an initiative has in a survey on average, from which its interval has to hold the truth"""
FIGURES = ("firms", "reach")
Interval = tuple[float, float, float]


@cache
def survey() -> Survey:
    """The demonstration survey with these initiatives as its register, and no domains."""
    words = {"nl": "x", "en": "x"}
    rows = tuple(Initiative(code, kind, words, WAVES[0], "made up") for code, (kind, _) in INITIATIVES.items())
    return dataclasses.replace(
        bundled(), register=Register(rows), domains=(), models={}, margins={WAVES[0]: margins(WAVES[0])}
    )


@cache
def answers() -> Mapping[str, Answer]:
    """Firm of the population -> the initiatives it takes part in."""
    frame, rng = register(WAVES[0]), np.random.default_rng(20170115)
    times = frame["size_band"].map(LARGER).to_numpy(float)
    chances = np.array([chance for _, chance in INITIATIVES.values()])
    takes = rng.random((len(frame), len(INITIATIVES))) < times[:, None] * chances
    codes = np.array(list(INITIATIVES))
    return {firm: frozenset(codes[row].tolist()) for firm, row in zip(frame["firm"], takes, strict=True)}


def groups_of(firms: pd.Series) -> dict[Group, np.ndarray]:
    """Whether each of these firms is in each group."""
    told = [answers()[firm] for firm in firms]
    found = taking_part(survey(), survey().waves[WAVES[0]], told)
    return {group: inside for group, inside in found.items() if group[0] in ("all", "kind", "initiative")}


@cache
def truth() -> Mapping[tuple[Group, str], float]:
    """(group, figure) -> what is true of the population."""
    every = groups_of(register(WAVES[0])["firm"])
    counted = {(group, "firms"): float(inside.sum()) for group, inside in every.items()}
    return counted | {(group, "reach"): float(inside.mean()) for group, inside in every.items()}


def draw(seed: int) -> dict[tuple[Group, str], tuple[Interval, int]]:
    """(group, figure) -> the interval of one survey, and its participants."""
    rng, name, frame = np.random.default_rng([2183, seed]), WAVES[0], register(WAVES[0])
    rows = respond(people(), name, rng, ANSWERED[name], ())
    made = make_weights(frame.iloc[rows][["firm"]], frame.assign(invited=True), survey(), survey().waves[name])
    design = SurveyDesign.from_tables(made.weights, None, survey().design, made.nonresponding)
    firms = made.weights["firm"]
    data = WaveData(name, design, {0: pd.DataFrame({"firm": firms})})
    found = Participants(data, {0: np.ones(len(firms), dtype=bool)}, {0: groups_of(firms)})
    return {
        ((str(x["grouped_by"]), str(x["code"])), str(x["figure"])): (
            (float(x["estimate"]), float(x["ci_low"]), float(x["ci_high"])), int(x["events"])
        )
        for x in participation_table(found, survey()).to_dict("records")
    }  # fmt: skip


def run(count: int) -> pd.DataFrame:
    """A line for each group and figure, from the draws with the seeds 0 .. count - 1."""
    drawn = [draw(seed) for seed in range(count)]
    lines = []
    for (group, figure), true in truth().items():
        made = np.array([each[group, figure][0] for each in drawn])
        held = (made[:, 1] <= true) & (true <= made[:, 2])
        rate, expected = float(held.mean()), float(np.mean([each[group, figure][1] for each in drawn]))
        lines.append(
            {
                "grouped_by": group[0],
                "code": group[1],
                "figure": figure,
                "draws": count,
                "participants": round(expected, 1),
                "truth": round(true, 5),
                "mean_estimate": round(float(made[:, 0].mean()), 5),
                "sd_estimate": round(float(made[:, 0].std(ddof=1)), 5),
                "mean_width": round(float((made[:, 2] - made[:, 1]).mean()), 5),
                "coverage": round(rate, 4),
                "monte_carlo_error": round(monte_carlo_error(rate, count), 4),
                "asked": group[0] != "initiative" or expected >= ENOUGH,
                "within": bool(LEAST <= round(rate, 4) <= MOST),
                "below": round(float((made[:, 2] < true).mean()), 4),
                "above": round(float((made[:, 1] > true).mean()), 4),
            }
        )
    return pd.DataFrame(lines)


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    lines = run(asked.draws)
    print(lines.to_string(index=False))
    if asked.write:
        lines.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
