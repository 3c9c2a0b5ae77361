"""Weighting by the odds of taking part, and the doubly robust estimate that corrects it by a regression.

Belongs here: propensities of the two groups, common support, weighting by odds, augmented weighting. Does not belong
here: the logit itself (`models.likelihood`), entropy balancing (`balancing`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.groups import Groups, mean, quantities
from monitor.statistics.models.likelihood import Fit, maximum_likelihood
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities

Array = NDArray[np.float64]

SAME = 1e-9
"""Propensities closer than this are the same: which is larger may not hang on a last bit"""


@dataclass(frozen=True)
class Support:
    """Where the propensities of both groups lie; counts are firms."""

    participants_off: int
    """Participants with a propensity above every comparison firm's: nobody there to be compared with"""
    comparison_off: int
    """Comparison firms with a propensity below every participant's, or at a level that no participant has"""
    share_off: float
    """Weighted share of the participants that is off"""


def propensities(groups: Groups, w: Array) -> Fit | Note:
    """The weighted logit of taking part on the covariates; the note `participants_alone` where it has no finite
    estimate: then some covariates tell participants and others apart without fail."""
    fit = maximum_likelihood(groups.participates.astype(np.float64), groups.with_intercept, w)
    return fit if fit.converged else note("participants_alone")


def levels_shared(groups: Groups) -> NDArray[np.bool_]:
    """(n,) participants, and comparison firms at no indicator's value that no participant has: without the others the
    logit is finite, and they could only weigh nothing."""
    x, t = groups.x, groups.participates
    indicator = np.isin(x, (0.0, 1.0)).all(axis=0)
    low, high = x[t].min(axis=0), x[t].max(axis=0)
    return np.asarray(t | ~(indicator & ((x < low) | (x > high))).any(axis=1))


def at_shared_levels(groups: Groups) -> tuple[Groups, NDArray[np.bool_]]:
    """The firms of `levels_shared` with the covariates that vary among them, and (n,) which firms they are."""
    shared = levels_shared(groups)
    x = groups.x[shared]
    varies = np.ptp(x, axis=0) > 0
    names = tuple(name for name, kept in zip(groups.names, varies, strict=True) if kept)
    return Groups(groups.participates[shared], x[:, varies], names), shared


def support(groups: Groups, w: Array) -> Support | Note:
    """Common support by the range of propensities (Dehejia and Wahba 1999)."""
    inside, shared = at_shared_levels(groups)
    fit = propensities(inside, w[shared])
    if isinstance(fit, Note):
        return fit
    t, e = inside.participates, fit.probabilities
    above = t & (e > e[~t].max() + SAME)
    below = ~t & (e < e[t].min() - SAME)
    weights = w[shared] * t
    off = float(weights @ above / weights.sum())
    return Support(int(above.sum()), int(below.sum() + (~shared).sum()), off)


def by_propensity(groups: Groups, y: Array, w: Array) -> Quantities | Note:
    """The difference on participants with comparison firms weighted by w e / (1 - e), e the propensity.

    Contributions hold the propensity's own uncertainty. `y`, `w` (n,). Source: Hirano and Imbens (2001).
    """
    fit = propensities(groups, w)
    if isinstance(fit, Note):
        return fit
    return quantities(groups, y, w, *_by_odds(groups, y, w, fit))


def _by_odds(groups: Groups, y: Array, w: Array, fit: Fit) -> tuple[float, Array]:
    """Mean of y over comparison firms weighted by odds, and (n,) what each firm contributes to it."""
    e = fit.probabilities
    odds = np.where(groups.participates, 0.0, w * e / (1 - e))
    share = odds / odds.sum()
    value = float(share @ y)
    own = share * (y - value)
    return value, own + fit.contributions @ (groups.with_intercept.T @ own)


def augmented(groups: Groups, y: Array, w: Array) -> Quantities | Note:
    """The difference on participants by augmented weighting: right where propensity or regression is.

        mean over participants of (y - x b) - mean over comparison firms, weighted by w e / (1 - e), of (y - x b)

    b the weighted least squares coefficients of y among comparison firms, e the logit's propensity. Contributions hold
    those of b and e (stacked estimating equations). `y`, `w` (n,). Sources: Robins, Rotnitzky and Zhao (1994);
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, for changes in a panel.
    """
    fit = propensities(groups, w)
    x, t = groups.with_intercept, groups.participates
    others = np.where(t, 0.0, w)
    if isinstance(fit, Note):
        return fit
    if np.linalg.matrix_rank(x[others > 0]) < x.shape[1]:
        return note("participants_alone")
    bread = np.linalg.inv((x * others[:, None]).T @ x)
    slopes = bread @ (x.T @ (others * y))
    residual = y - x @ slopes
    correction, contributions = _by_odds(groups, residual, w, fit)
    inside = np.where(t, w, 0.0)
    centre = mean(x, inside)
    comparison = float(centre @ slopes) + correction
    e = fit.probabilities
    odds = np.where(t, 0.0, w * e / (1 - e))
    contributions = contributions + (x * (others * residual)[:, None]) @ bread @ (centre - mean(x, odds))
    contributions = contributions + inside / inside.sum() * ((x - centre) @ slopes)
    return quantities(groups, y, w, comparison, contributions)
