"""How many firms of the population a tie stands for, and how that changed.

Belongs here: weighted numbers of firms in two nodes, and sums of them, over completed copies and replicates. Does not
belong here: which ties are told (`ties_told`), the tables (`network`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.stages.disclosed.ties_told import Counted, Tie
from monitor.statistics.design.intervals import log_t, student_t
from monitor.statistics.design.panel import panel_covariance
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.storage.lake import Lake
from monitor.survey import Survey

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """A wave's design, and what each firm takes part in, in its order."""

    design: SurveyDesign
    copies: Sequence[Sequence[frozenset[str]]]
    """Completed copy -> firm -> initiatives as answered; the answers themselves where nothing was filled in"""
    observed: Sequence[frozenset[str]]


@dataclass(frozen=True)
class Estimated:
    """An estimated number of firms, as a row has it."""

    estimate: float
    se: float
    low: float
    high: float

    def row(self, name: str) -> dict[str, float | None]:
        """Its cells; without an interval where one firm carries it."""
        ends = {"ci_low": self.low, "ci_high": self.high}
        return {name: self.estimate, "se": self.se} | {k: v if np.isfinite(v) else None for k, v in ends.items()}


def read(lake: Lake, survey: Survey, wave: str) -> Answers:
    """From the tables of `imputed` and `weighted`."""
    weights = lake.read("weighted_weights", wave)
    nonresponding = lake.read("weighted_nonresponding", wave)
    design = SurveyDesign.from_tables(weights, lake.read("weighted_replicates", wave), survey.design, nonresponding)
    with lake.open(wave, "imputed_answers") as connection:
        rows = connection.execute("SELECT imputation, firm, initiatives FROM imputed_answers").df()
    copies = {
        int(str(copy)): [_answer(x) for x in part.set_index("firm")["initiatives"].reindex(weights["firm"])]
        for copy, part in rows.groupby("imputation")
    }
    observed = copies.pop(0)
    return Answers(design, [copies[copy] for copy in sorted(copies)] or [observed], observed)


def _answer(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | np.ndarray) else frozenset()


def in_both(firms: Counted, network: str, ties: Sequence[Tie], answers: Sequence[frozenset[str]]) -> Floats:
    """Whether each firm is in both ends of each tie. Shape (firms, ties)."""
    found = {answer: firms.nodes(network, answer) for answer in {*answers}}
    return np.array([[float({*tie} <= found[answer]) for tie in ties] for answer in answers]).reshape(-1, len(ties))


def estimates(
    answers: Answers, firms: Counted, network: str, ties: Sequence[Tie], sums: Iterable[Mapping[Tie, float]]
) -> list[Estimated]:
    """Each of these sums over ties (tie -> its factor) of the firms of the population in both ends.

    sum_k w_k y_k with y_k the factors of the ties that firm k is in; variance over the replicates, over completed
    copies by Rubin's rules (`combine`), the interval on the logarithm (`log_t`). Degrees of freedom: the firms in such
    a tie less the strata that they lie in.
    """
    factors = np.array([[one.get(tie, 0.0) for one in sums] for tie in ties]).reshape(len(ties), -1)
    values, variances, df = [], [], []
    design = answers.design
    for copy in answers.copies:
        y = in_both(firms, network, ties, copy) @ factors
        values.append((design.weights[:, None] * y).sum(axis=0))
        variances.append(np.diag(design.replicate_covariance(design.replicate_totals(y))))
        df.append([design.degrees_of_freedom(column > 0) for column in y.T])
    found = combine(values, variances, np.min(df, axis=0).astype(float))
    se = np.sqrt(found.variance)
    low, high = log_t(found.estimate, se, np.maximum(found.df, 1.0))
    alone = found.df < 1
    low, high = np.where(alone, np.nan, low), np.where(alone, np.nan, high)
    return [Estimated(*map(float, x)) for x in zip(found.estimate, se, low, high, strict=True)]


def changes(
    before: tuple[Answers, Counted, Mapping[Tie, Estimated]],
    now: tuple[Answers, Counted, Mapping[Tie, Estimated]],
    network: str,
) -> dict[Tie, tuple[float, float, float]]:
    """Of each tie that both waves tell: its firms less those of the wave before, with the 95% interval.

    Var = V1 + V2 - 2 C, C from the firms in both waves (`panel_covariance`) as for indicators.
    """
    ties = sorted(before[2].keys() & now[2].keys())
    if not ties:
        return {}
    one, two = before[0].design, now[0].design
    left, right = (
        np.mean([in_both(firms, network, ties, copy) for copy in answers.copies], axis=0)
        for answers, firms, _ in (before, now)
    )
    everywhere = (np.ones(left.shape, dtype=bool), np.ones(right.shape, dtype=bool))
    covariance, _ = panel_covariance(one, two, one.contributions(left), two.contributions(right), *everywhere)
    first, second = (np.array([found[tie].se for tie in ties]) for *_, found in (before, now))
    moved = np.array([now[2][tie].estimate - before[2][tie].estimate for tie in ties])
    se = np.sqrt(np.maximum(first**2 + second**2 - 2 * np.clip(covariance, -first * second, first * second), 0.0))
    df = [
        min(one.degrees_of_freedom(x > 0), two.degrees_of_freedom(y > 0)) for x, y in zip(left.T, right.T, strict=True)
    ]
    low, high = student_t(moved, se, np.maximum(df, 1))
    return {tie: (float(a), float(b), float(c)) for tie, a, b, c in zip(ties, moved, low, high, strict=True)}
