"""How strong something unmeasured would have to be to explain complementarity away.

Belongs here: complementarity of a linear probability model, its robustness value, and how strong the measured controls
are beside it. Does not belong here: variance (`quantities.over_copies`), the E-value of a risk ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.contrasts import DIFFERENCES
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Robustness:
    """What of complementarity an unmeasured cause could take away; shares of variance in 0..1."""

    t: float
    df: float
    partial_r2: float
    """Share of the outcome's remaining variance that the product of the practices explains: a cause that explained all
    the rest of the outcome would have to explain this much of the product to take the whole estimate away"""
    value: float
    """RV_q: a cause that explains this share of what is left of both the outcome and the product takes the share q of
    the estimate away"""
    value_alpha: float
    """RV_q,alpha: this share of both makes it no longer significant at level alpha; 0 where it is not to begin with"""
    q: float
    alpha: float


def linear_complementarity(terms: Terms, x: Array, y: Array, w: Array) -> Quantities | Note:
    """`complementarity` in the linear probability model: the weighted least squares coefficient of the product a:b.

    Without controls it is p_both - p_a only - p_b only + p_neither itself. Firm i contributes A^-1 x_i w_i (y_i -
    x_i b), A = X'WX. `x` (n, k) the matrix of `terms`, `y` (n,) in 0..1, `w` (n,). Source: Binder (1983)."""
    a, b = terms.practices
    at = terms.names.index(f"{a}:{b}") if f"{a}:{b}" in terms.names else None
    if at is None or np.linalg.matrix_rank(x) < x.shape[1]:
        return note("no_estimate")
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    coefficients = bread @ (x.T @ (w * y))
    contributions = (x * (w * (y - x @ coefficients))[:, None]) @ bread[:, [at]]
    told = of_two_practices(a, b)["complementarity"]
    return Quantities((told.name,), (DIFFERENCES,), coefficients[[at]], contributions, (told,))


def robustness_value(estimate: float, se: float, df: float, q: float = 1.0, alpha: float = 0.05) -> Robustness:
    """Cinelli and Hazlett's robustness value of an estimate with its design-based standard error.

        f = |t| / sqrt(df),  partial R2 = t^2 / (t^2 + df),  RV(f) = (sqrt(f^4 + 4 f^2) - f^2) / 2
        RV_q = RV(q f),  RV_q,alpha = RV(q f - t*_(df-1, alpha) / sqrt(df - 1)), 0 where that is negative; and
        (f_q^2 - f*^2) / (1 + f_q^2), f* the critical f, where f_q > 1 / f*: there it pays a cause not to explain all
        of the outcome that it might.

    `df`: the complete-data residual degrees of freedom (not Rubin's: they are no number of firms). With a standard
    error from the design, t is smaller or larger than in a simple sample and so is the share of variance it stands for.
    Source: Cinelli and Hazlett (2020), JRSS B 82, and their R package sensemakr."""
    from scipy.special import stdtrit

    t = abs(estimate) / se
    f = q * t / np.sqrt(df)
    critical = float(stdtrit(df - 1, 1 - alpha / 2)) / np.sqrt(df - 1)
    if f > critical and f > 1 / critical:
        beyond = (f**2 - critical**2) / (1 + f**2)
    else:
        beyond = _value(max(f - critical, 0.0))
    signed = t if estimate >= 0 else -t
    return Robustness(signed, df, float(t**2 / (t**2 + df)), _value(f), float(beyond), q, alpha)


def _value(f: float) -> float:
    return float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2)


def strength_of_control(terms: Terms, x: Array, y: Array, w: Array, control: str) -> tuple[float, float]:
    """(share of the outcome's, share of the product's) remaining weighted variance that a measured control explains,
    1 - SSR / SSR without it: what a robustness value is held beside. `control`: a number or a category of `terms`."""
    product = terms.names.index(":".join(terms.practices))
    own = [j for j, name in enumerate(terms.names) if name == control or name.startswith(f"{control}[")]
    if not own:
        raise ValueError(f"{control} is no control of these terms")
    others = [j for j in range(x.shape[1]) if j not in own]
    with_outcome = 1 - _left(x, y, w) / _left(x[:, others], y, w)
    without = [j for j in range(x.shape[1]) if j != product]
    rest = [j for j in without if j not in own]
    return with_outcome, 1 - _left(x[:, without], x[:, product], w) / _left(x[:, rest], x[:, product], w)


def _left(x: Array, y: Array, w: Array) -> float:
    """Weighted sum of squared residuals."""
    root = np.sqrt(w)
    solution = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
    return float((w * (y - x @ solution) ** 2).sum())
