"""A practice with two measures that both err: the four states as they are, not as they were measured.

Belongs here: agreement of two measures, and the latent-class correction they allow. Does not belong here: variance
(`quantities.over_copies`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.contrasts import DIFFERENCES, SHARES
from monitor.statistics.models.likelihood import expit, shortened
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities, of_states

Array = NDArray[np.float64]

MEASURES = (
    "sensitivity_1",
    "false_positive_1",
    "sensitivity_2",
    "false_positive_2",
    "prevalence_without",
    "prevalence_with",
)
"""What the correction finds of the measures: P(measure = 1 | has it), P(measure = 1 | has it not) of either, and the
share of firms that have the practice among those without and with the other practice"""
CELLS: Array = np.array([(a1, a2, b, y) for a1 in (0, 1) for a2 in (0, 1) for b in (0, 1) for y in (0, 1)], float)
"""(16, 4) first measure, second measure, other practice, outcome"""
PLACES: NDArray[np.int64] = np.array(
    [[(4 + b, 1 - has, 3 - has, 6 + 2 * has + b) for has in (0, 1)] for _, _, b, _ in CELLS.astype(int)]
)
"""(16, 2, 4) which of the ten probabilities a cell has, without and with the practice: of having it, of either measure,
of the outcome"""
VALUES: Array = np.array([[(has, a1, a2, y) for has in (0, 1)] for a1, a2, _, y in CELLS])
"""(16, 2, 4) whether each of them happened"""
STARTS = (
    (0.9, 0.1, 0.9, 0.1, 0.4, 0.4, 0.3, 0.3, 0.5, 0.5),
    (0.7, 0.05, 0.95, 0.2, 0.3, 0.5, 0.2, 0.3, 0.4, 0.6),
    (0.95, 0.2, 0.7, 0.05, 0.5, 0.6, 0.6, 0.4, 0.3, 0.3),
)
"""Parameters from which the maximum is looked for, in the order of `MEASURES` and the four states"""
EXPECTATIONS = 60
NEWTONS = 60
DONE = 1e-11
FARTHEST = 9.0
"""Log-odds beyond which a probability is on its way to 0 or 1: of a measure's errors there are then none"""
AT_THE_EDGE = 1e-3
"""A probability this near to 0 or 1 is at the edge of what is possible, where an estimate has no normal error"""
LEAST_ASSOCIATION = 3.0
"""Chi-square per degree of freedom (nine) of the measures' four answers by other practice and outcome, in effective
firms: at 3 its p-value is 0.001"""
LEAST_INFORMATION = 1e-4
"""Smallest eigenvalue of the information, each parameter scaled to one, below which the data cannot tell them apart"""


@dataclass(frozen=True)
class TwoMeasures:
    """The states by the true practice, or why there are none; beside them what each measure says by itself."""

    corrected: Quantities | None
    as_measured: tuple[Quantities, Quantities]
    """The nine contrasts of the same table, taking either measure for the practice"""
    kappa: Quantities
    """`kappa`: agreement of the measures beyond chance"""
    measures: Quantities | None = None
    """`MEASURES`"""
    held: tuple[str, ...] = ()
    """Those of `MEASURES` that the maximum has at 0 or 1: taken as known, without a share in the errors"""
    misfit: float = float("nan")
    """Share of firms that would have to be in another of the 16 cells for the model to hold exactly"""
    refusal: Note | None = None

    @property
    def told(self) -> Quantities | Note:
        """The corrected contrasts, or why there are none."""
        return self.corrected or self.refusal or note("not_identified")


def two_measures(
    practices: Sequence[str], measured: tuple[Array, Array], other: Array, y: Array, w: Array
) -> TwoMeasures:
    """The four states of two practices, the first of which is measured twice, with errors.

    The true practice A is one of two latent classes. With sensitivities and false positives of both measures, the share
    P(A = 1 | B) and P(y = 1 | A, B) - ten numbers for the 14 free shares of the 2 x 2 x 2 x 2 table -

        P(a1, a2, y | b) = sum over A of P(A | b) P(a1 | A) P(a2 | A) P(y | A, b)

    is maximised with the firms' weights, by expectation-maximisation and then Newton's steps. Where the maximum is at
    the edge for an error of measurement (no false positives) that error is `held` there. Assumed: given the true
    practice, the measures' errors depend on neither each other, nor the outcome, nor the other practice
    (non-differential, independent), the other practice is measured without error, and both measures are better than
    chance. No controls: beside it belong the contrasts `as_measured` of the same table, not those of the model.

    Refused (`refusal`) where the measures never differ, where one is no better than chance, where a prevalence or
    state is at the edge, where the information is singular, and where neither outcome nor other practice goes with the
    measures (`LEAST_ASSOCIATION`): two measures alone cannot tell their errors apart, only a third thing that goes with
    the true practice can. Of a few hundred firms the samples that pass are those in which it did so strongly, and the
    estimate is then high (0.15 for 0.12 with 500 firms, of which samples two in three are refused; 0.12 with 2,000).
    Firm i contributes A^-1 w_i s_i, A the observed information.
    `measured`, `other`, `y` (n,) 0 or 1; `w` (n,). Sources: Lazarsfeld and Henry (1968); Dawid and Skene (1979); for
    regressors with two measures Black, Berger and Scott (2000), JASA 95, and Mahajan (2006), Econometrica 74.
    """
    one, two = measured
    tables = tuple(four_state_table(practices, each, other, y, w) for each in (one, two))
    refused = TwoMeasures(None, (tables[0], tables[1]), kappa(one, two, w), refusal=note("not_identified"))
    cell = (8 * one + 4 * two + 2 * other + y).astype(np.int64)
    counts = np.asarray(np.bincount(cell, weights=w, minlength=16), dtype=np.float64)
    eta = _told_apart(counts, float(w.sum() ** 2 / (w**2).sum()))
    if eta is None:
        return refused
    probability = expit(eta)
    scores, information = _derivatives(eta)
    free = np.flatnonzero(~_held(eta))
    observed = np.tensordot(counts, information, axes=1)[np.ix_(free, free)]
    if not _identified(probability, observed):
        return refused
    contributions = np.zeros((len(y), 10))
    contributions[:, free] = (w[:, None] * scores[cell][:, free]) @ np.linalg.inv(observed)
    contributions *= probability * (1 - probability)
    corrected = of_states(practices, probability[6:], contributions[:, 6:])
    measures = Quantities(MEASURES, (SHARES,) * 6, probability[:6], contributions[:, :6])
    return TwoMeasures(corrected, refused.as_measured, refused.kappa, measures, _held_names(eta), _misfit(counts, eta))


def _held_names(eta: Array) -> tuple[str, ...]:
    """The errors of measurement that are held at the edge."""
    return tuple(name for name, edge in zip(MEASURES, _held(eta), strict=False) if edge)


def _told_apart(counts: Array, effective: float) -> Array | None:
    """(10,) log-odds at the maximum; None where the measures never differ, the other practice does not vary, or too
    little goes with the measures. `counts` (16,) weighted; `effective`: firms by Kish."""
    table = counts.reshape(2, 2, 2, 2)
    if min(table[0, 1].sum() + table[1, 0].sum(), table[:, :, 0].sum(), table[:, :, 1].sum()) == 0:
        return None
    eta = _highest(counts)
    return None if _association(counts * (effective / counts.sum())) < LEAST_ASSOCIATION else eta


def four_state_table(practices: Sequence[str], a: Array, b: Array, y: Array, w: Array) -> Quantities:
    """The nine contrasts of the plain table: p_s = sum over the state's firms of w y / sum w; to which a firm of the
    state contributes w (y - p_s) / sum w. Nothing is held equal between the states."""
    inside = (2 * a + b)[:, None] == np.arange(4)
    size = w @ inside
    with np.errstate(invalid="ignore", divide="ignore"):
        p = (w * y) @ inside / size
        contributions = w[:, None] * inside * (y[:, None] - p) / size
    return of_states(practices, p, contributions)


def kappa(one: Array, two: Array, w: Array) -> Quantities:
    """Cohen's kappa of two binary measures: (o - e) / (1 - e), o the weighted share of firms on which they agree, e the
    share on which they would by chance, p1 p2 + (1 - p1)(1 - p2). Contributions by the delta method. Not a number where
    chance alone makes them agree. Source: Cohen (1960), Educational and Psychological Measurement 20."""
    share = w / w.sum()
    rows = np.column_stack([one == two, one, two]).astype(np.float64)
    o, p1, p2 = means = share @ rows
    e = p1 * p2 + (1 - p1) * (1 - p2)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance = (o - 1) / (1 - e) ** 2
        gradient = np.array([1 / (1 - e), by_chance * (2 * p2 - 1), by_chance * (2 * p1 - 1)])
        found = (o - e) / (1 - e)
        contributions = (share[:, None] * (rows - means)) @ gradient
    return Quantities(("kappa",), (DIFFERENCES,), np.array([found]), contributions[:, None])


def _classes(eta: Array) -> tuple[Array, Array]:
    """(16, 2) P(cell | b) without and with the practice, and (16, 2, 10) the derivative of its logarithm in eta, the
    log-odds of the ten probabilities."""
    p = expit(eta)[PLACES]
    slopes = np.zeros((16, 2, 10))
    np.put_along_axis(slopes, PLACES, VALUES - p, axis=2)
    return np.where(VALUES == 1, p, 1 - p).prod(axis=2), slopes


def _value(counts: Array, eta: Array) -> float:
    return float(counts @ np.log(np.maximum(_classes(eta)[0].sum(axis=1), 1e-300)))


def _derivatives(eta: Array) -> tuple[Array, Array]:
    """(16, 10) score and (16, 10, 10) observed information of one firm in each cell (Louis 1982): what would be known
    with the class seen, less what not seeing it takes away."""
    density, slopes = _classes(eta)
    posterior = density / density.sum(axis=1, keepdims=True)
    p = expit(eta)
    score = np.einsum("ct,cti->ci", posterior, slopes)
    seen = np.einsum("ct,cti->ci", posterior, (slopes != 0) * (p * (1 - p)))
    information = np.einsum("ci,ij->cij", seen, np.eye(10)) + np.einsum("ci,cj->cij", score, score)
    return score, information - np.einsum("ct,cti,ctj->cij", posterior, slopes, slopes)


def _highest(counts: Array) -> Array | None:
    """The highest of the maxima that are reached. Starts that end on one top differ by rounding: the first counts."""
    reached = [eta for start in STARTS if (eta := _maximum(counts, np.array(start))) is not None]
    return max(reached, key=lambda eta: round(_value(counts, eta), 6), default=None)


def _maximum(counts: Array, start: Array) -> Array | None:
    """(10,) log-odds at the maximum reached from a start; None where Newton's steps do not settle."""
    eta = np.log(start / (1 - start))
    for _ in range(EXPECTATIONS):
        density, slopes = _classes(eta)
        expected = counts[:, None] * density / density.sum(axis=1, keepdims=True)
        p = expit(eta)
        size = np.einsum("ct,cti->i", expected, (slopes != 0).astype(float))
        p = p + np.einsum("ct,cti->i", expected, slopes) / np.maximum(size, 1e-300)
        p = np.clip(p, 1e-9, 1 - 1e-9)
        eta = np.log(p / (1 - p))
    for _ in range(NEWTONS):
        scores, information = _derivatives(eta)
        free = np.flatnonzero(~_held(eta))
        step = np.zeros(10)
        try:
            whole = np.tensordot(counts, information, axes=1)[np.ix_(free, free)]
            step[free] = np.linalg.solve(whole, (counts @ scores)[free])
        except np.linalg.LinAlgError:
            return None
        step, value = shortened(np.asarray(step, dtype=np.float64)), _value(counts, eta)
        while _value(counts, eta + step) < value - 1e-10 * abs(value) and np.abs(step).max() > DONE:
            step = step / 2
        eta = eta + step
        eta[:4] = np.clip(eta[:4], -FARTHEST, FARTHEST)
        if not np.abs(eta[4:]).max() < FARTHEST:
            return None
        if np.abs(step).max() < DONE * max(1.0, float(np.abs(eta).max())):
            return eta
    return None


def _association(counts: Array) -> float:
    """Pearson's chi-square per degree of freedom of the measures by other practice and outcome, to six digits."""
    table = counts.reshape(4, 4)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    some = expected > 0
    return round(float(((table - expected)[some] ** 2 / expected[some]).sum() / 9), 6)


def _held(eta: Array) -> NDArray[np.bool_]:
    """(10,) the errors of measurement that are at the edge."""
    return (np.abs(eta) >= FARTHEST) & (np.arange(10) < 4)


def _identified(probability: Array, information: Array) -> bool:
    sensitivity, false_positive = probability[[0, 2]], probability[[1, 3]]
    if round(float((sensitivity - false_positive).min()), 6) <= 0:
        return False
    if round(float(np.minimum(probability, 1 - probability)[4:].min()), 6) < AT_THE_EDGE:
        return False
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    return bool(np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > LEAST_INFORMATION)


def _misfit(counts: Array, eta: Array) -> float:
    """Half the sum of |observed - fitted| shares of the cells (index of dissimilarity)."""
    with_other = CELLS[:, 2] == 1
    size = np.where(with_other, counts[with_other].sum(), counts[~with_other].sum())
    fitted = _classes(eta)[0].sum(axis=1) * size
    return float(np.abs(counts - fitted).sum() / counts.sum() / 2)
