"""The four states of two practices by weighting and modelling at once: right where either of the two is.

Belongs here: augmented inverse probability weighting over the four states, and how far the states' firms resemble each
other. Does not belong here: fitting (`likelihood`, `multinomial`), variance (`quantities.over_copies`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrasts import Plan, of_practices
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.likelihood import Fit
from monitor.statistics.models.multinomial import MultinomialFit, multinomial
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities, of_states, state_gradients
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]

LEAST_PROPENSITY = 0.01
"""A firm with less than this probability of being in a state has nobody there to be compared with: the state's firms
like it would weigh a hundred times (the positivity assumption)"""
MOST_WITHOUT = 0.05
"""Greatest share of the base that may be so. Leaving those firms out (Crump, Hotz, Imbens and Mitnik 2009) would change
whom the answer is about"""
LOW_PROPENSITY = 0.05
"""Below this a firm's propensity is reported as low"""
LEAST_EFFECTIVE = 10.0
"""Firms that a state must be worth after weighting"""


@dataclass(frozen=True)
class Overlap:
    """How far the firms of the four states resemble each other; (4,) in the order neither, b only, a only, both."""

    smallest: Array
    """Smallest estimated probability of the state over all firms of the base"""
    effective: Array
    """Firms of the state after weighting with w / e, by Kish: (sum v)^2 / sum v^2"""
    low: float
    """Weighted share of firms with a propensity below `LOW_PROPENSITY` for some state"""
    without: float
    """The same below `LEAST_PROPENSITY`"""

    @property
    def enough(self) -> bool:
        """Whether the four states may be compared: by `MOST_WITHOUT` and `LEAST_EFFECTIVE`, both to six digits."""
        return round(self.without, 6) <= MOST_WITHOUT and round(float(self.effective.min()), 6) >= LEAST_EFFECTIVE


@dataclass(frozen=True)
class DoublyRobust:
    """The nine contrasts, or why there are none."""

    quantities: Quantities | None
    overlap: Overlap | None
    """None where the propensities have no estimate"""
    refusal: Note | None = None

    @property
    def told(self) -> Quantities | Note:
        """The contrasts, or why there are none."""
        return self.quantities or self.refusal or note("no_estimate")


def doubly_robust(
    frame: Columns, terms: Terms, x: Array, y: Array, w: Array, *, penalised: bool = False
) -> DoublyRobust:
    """The probability in each of four states by AIPW, the effects and complementarity that follow.

        theta_s = sum w_i / W (m_s(x_i) + 1{S_i = s} / e_s(z_i) (y_i - m_s(x_i)))

    m_s the logit with interaction and controls (`penalised`: Firth's with FLIC), e_s the multinomial logit of the
    state on the controls; consistent where m or e is right. Firm i contributes w_i / W (score_is - theta_s) and what
    it contributes to the coefficients of m and e times the gradient of theta in them (stacked estimating equations),
    which holds where one of the two is wrong as well. Near zero propensities the estimate would hang on single firms:
    it is refused where `Overlap.enough` is not. An estimate is no probability by construction and may leave 0..1.

    `frame`: the practices' own values, 0 or 1; `x` (n, k) the matrix of `terms`; `y` (n,) in 0..1; `w` (n,).
    Sources: Robins, Rotnitzky and Zhao (1994); Cattaneo (2010), Journal of Econometrics 155.
    """
    a, b = terms.practices
    state = (2 * frame.numbers[a] + frame.numbers[b]).astype(np.int64)
    plan = of_practices(frame, terms, x, only="complementarity")
    propensity = multinomial(state, x[:, plan.rest], w, 4)
    if not propensity.converged:
        return DoublyRobust(None, None, note("no_overlap"))
    own = (state == np.arange(4)[:, None]).astype(np.float64)
    overlap = _overlap(own, propensity.probabilities.T, w)
    if not overlap.enough:
        return DoublyRobust(None, overlap, note("no_overlap"))
    (fit,) = fit_copies([y], [x], [w], penalised=penalised)
    if not fit.converged:
        return DoublyRobust(None, overlap, note("no_estimate"))
    estimates, contributions = _augmented(plan, fit, propensity, own, y, w)
    return DoublyRobust(of_states(terms.practices, estimates, contributions), overlap)


def _augmented(plan: Plan, fit: Fit, propensity: MultinomialFit, own: Array, y: Array, w: Array) -> tuple[Array, Array]:
    """(4,) states and (n, 4) what each firm contributes to them."""
    share, z, e = w / w.sum(), plan.x[:, plan.rest], propensity.probabilities.T
    m = plan.probabilities(fit.coefficients)
    ratio = own / e
    score = m + ratio * (y - m)
    estimates = score @ share
    by_outcome = state_gradients(plan, share * (1 - ratio) * m * (1 - m))
    k = z.shape[1]
    by_propensity = np.empty((4, 3 * k))
    for t in range(1, 4):
        same = (np.arange(4) == t)[:, None]
        by_propensity[:, (t - 1) * k : t * k] = -(share * ratio * (y - m) * (same - e[t])) @ z
    contributions = (share * (score - estimates[:, None])).T
    contributions += fit.contributions @ by_outcome.T + propensity.contributions @ by_propensity.T
    return estimates, contributions


def _overlap(own: Array, e: Array, w: Array) -> Overlap:
    with np.errstate(divide="ignore", invalid="ignore"):
        v = w * own / e
        effective = v.sum(axis=1) ** 2 / (v**2).sum(axis=1)
    low, without = (float(w @ (e < bound).any(axis=0) / w.sum()) for bound in (LOW_PROPENSITY, LEAST_PROPENSITY))
    return Overlap(e.min(axis=1), np.nan_to_num(effective), low, without)
