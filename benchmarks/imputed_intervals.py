"""What do missing answers cost, and do the intervals of filled-in waves say just that?

    python benchmarks/imputed_intervals.py [--draws 500] [--keep FILE] [--write]

Every draw fits the primary model to one survey twice: with all its answers, and with 12 % of the answers behind every
measure taken out and filled in (`item_nonresponse`). The table has, for either: how often the intervals hold
the truth, the estimates' own spread, the printed error, the degrees of freedom that the errors' spread shows
(2 mean^2 / variance) beside those used, and the width beside that of the narrowest interval that holds 95 % with this
data (2 * 1.96 spreads: what is missing is lost to any method). `pull` is the slope of what filling in changes on the
estimate with all answers: zero where the imputation model agrees with the analysis. With `--keep` draws are written
to FILE as they are made, and taken from there again.

Belongs here: the comparison and its table. Does not belong here: designs (`coverage`), the holes (`item_nonresponse`).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coverage import ANSWERED, MODEL, WAVES, answered, bundled, margins, monte_carlo_error, people, register
from item_nonresponse import completed_wave
from models import PRIMARY

from monitor.stages.weighted.cascade import make_weights
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.sample import Sample
from monitor.survey import Disclosure, Survey
from monitor.synthetic import respond

WAVE = WAVES[0]
ESTIMANDS = (
    "complementarity", "effect_cooperates_without_investment", "effect_invests_without_cooperation", "p_neither",
    "p_invests_only", "p_cooperates_only", "p_both",
)  # fmt: skip
Told = dict[str, list[float]]
"""Estimand -> estimate, error, low, high, degrees of freedom, fraction of missing information"""


def fitted(survey: Survey, answers: pd.DataFrame, copies: Sequence[pd.DataFrame]) -> Told | None:
    """The primary model of a survey's answers, or of its completed copies."""
    made = make_weights(answers[["firm"]], register(WAVE).assign(invited=True), survey, survey.waves[WAVE])
    design = SurveyDesign.from_tables(made.weights, None, survey.design, made.nonresponding)
    order = pd.Index(answers.firm).get_indexer(made.weights.firm)
    columns = [
        columns_of(frame.iloc[order].assign(base_all_firms=True)[[*MODEL, "base_all_firms"]])
        for frame in (answers, *copies)
    ]
    firms = made.weights.firm.to_numpy(object)
    sample = Sample(WAVE, firms, tuple(columns[1:] or columns), columns[0], design)
    c = analyse(sample, PRIMARY, Disclosure()).contrasts
    if c is None:
        return None
    low, high = c.interval()
    every = np.column_stack([c.estimate, c.error, low, high, c.df, c.fmi]).tolist()
    return {name: every[c.names.index(name)] for name in ESTIMANDS if name in c.names}


def draw(seed: int) -> dict[str, Told]:
    """One survey with all answers and with filled-in ones; empty where either model is refused."""
    rng = np.random.default_rng([77, seed])
    survey = dataclasses.replace(bundled(), margins={WAVE: margins(WAVE)})
    rows = respond(people(), WAVE, rng, ANSWERED[WAVE], ())
    full = answered(WAVE, rows)
    rows = np.flatnonzero(register(WAVE).firm.isin(set(full.firm)))
    found = {"full": fitted(survey, full, ())}
    found["filled in"] = fitted(survey, *completed_wave(people(), WAVE, rows, rng, bundled(), MODEL))
    return {name: told for name, told in found.items() if told} if all(found.values()) else {}


def table(made: Sequence[Mapping[str, Told]]) -> pd.DataFrame:
    """One line per estimand and kind of answers."""
    return pd.DataFrame(_lines([each for each in made if each]))


def _lines(made: Sequence[Mapping[str, Told]]) -> Iterator[dict[str, object]]:
    truth = people().truth
    states = truth.states()
    true = {
        "complementarity": truth.complementarity,
        "effect_cooperates_without_investment": truth.cooperation_alone,
        "effect_invests_without_cooperation": truth.investment_alone,
        **states,
    }
    for name in ESTIMANDS:
        both = {kind: np.array([each[kind][name] for each in made]) for kind in ("full", "filled in")}
        for kind, values in both.items():
            estimate, error, low, high, df, _ = values.T
            spread, variance = float(estimate.std(ddof=1)), error**2
            held = float(((low <= true[name]) & (true[name] <= high)).mean())
            moved = both["filled in"][:, 0] - both["full"][:, 0]
            slope = float(np.polyfit(both["full"][:, 0], moved, 1)[0]) if kind == "filled in" else 0.0
            yield {
                "estimand": name,
                "answers": kind,
                "draws": len(values),
                "truth": round(true[name], 5),
                "mean_estimate": round(float(estimate.mean()), 5),
                "spread": round(spread, 5),
                "mean_error": round(float(np.sqrt(variance.mean())), 5),
                "df_seen": round(2 * float(variance.mean() ** 2 / variance.var(ddof=1)), 1),
                "df_used": round(float(np.median(df)), 1),
                "mean_width": round(float((high - low).mean()), 5),
                "width_to_attainable": round(float((high - low).mean()) / (2 * 1.96 * spread), 3),
                "coverage": round(held, 4),
                "monte_carlo_error": round(monte_carlo_error(held, len(values)), 4),
                "pull": round(slope, 3),
            }


def main() -> int:
    """Print the table, and keep it with --write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where draws are kept")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    kept = asked.keep.read_text().splitlines() if asked.keep is not None and asked.keep.exists() else []
    made = [json.loads(line) for line in kept[: asked.draws]]
    for seed in range(len(made), asked.draws):
        made.append(draw(seed))
        if asked.keep is not None:
            with asked.keep.open("a") as file:
                file.write(f"{json.dumps(made[-1])}\n")
    lines = table(made)
    lines.to_csv(sys.stdout, index=False)
    if asked.write:
        lines.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
