"""An outcome in two parts: being able to have it at all, and having it then.

A top innovator is a product innovator first. Belongs here: the probability of each part and of both over the four
states of two practices, and how much of a contrast arises in which part. Does not belong here: fitting, variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrasts import DIFFERENCES, of_practices
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.likelihood import Fit
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import MATRIX, Quantities, four_states, of_states, state_gradients
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TwoParts:
    """The parts, both together, and the decomposition: nine contrasts each, five for the decomposition."""

    first: Quantities
    """P(first = 1)"""
    second: Quantities
    """P(y = 1 | first = 1)"""
    both: Quantities
    """P(y = 1), the product of the two, state by state"""
    by_first: Quantities
    """What the first part brings to the effects and complementarity of `both`"""
    by_second: Quantities
    """What the second brings; the two add up to the contrast exactly"""


def two_parts(
    frame: Columns,
    terms: Terms,
    x: Array,
    first: Array,
    y: Array,
    w: Array,
    *,
    penalised: tuple[bool, bool] = (False, False),
) -> TwoParts | Note:
    """Both parts over the four states, standardised over the same base; a reason where a part has no estimate.

        p_s = sum v_i p(x_i in state s),  r_s = sum v_i p(x_i in s) q(x_i in s),  q_s = r_s / p_s,  v = w / sum w

    p the logit of `first` over the base, q the logit of `y` over the firms with first = 1, both on `x`: q_s is then the
    chance of the outcome among the firms that would have the first part in state s, and r_s = p_s q_s. Firm i
    contributes to r_s through both fits and the base's composition. `frame`: the practices' own values; `x` (n, k) the
    matrix of `terms`; `first`, `y` (n,) 0 or 1, y = 1 only where first = 1; `penalised`: Firth's with FLIC, by part.
    Sources: Cragg (1971), Econometrica 39; Duan, Manning, Morris and Newhouse (1983) for independent parts; Mairesse
    and Mohnen (2010) on innovation surveys.
    """
    passed = first > 0.5
    if np.any(y[~passed] > 0):
        raise ValueError("the outcome occurs without its first part: they are no two parts of one")
    parts = []
    for outcome, inside, firth in ((first, np.ones(len(y), dtype=bool), penalised[0]), (y, passed, penalised[1])):
        if not inside.any() or np.linalg.matrix_rank(x[inside]) < x.shape[1]:
            return note("no_estimate")
        (fit,) = fit_copies([outcome[inside]], [x[inside]], [w[inside]], penalised=firth)
        if not fit.converged:
            return note("no_estimate")
        parts.append((fit, _scattered(fit, inside)))
    return _combined(frame, terms, x, parts, w)


def _scattered(fit: Fit, inside: NDArray[np.bool_]) -> Array:
    """(n, k) contributions with zeros for the firms outside the fit."""
    contributions = np.zeros((len(inside), len(fit.coefficients)))
    contributions[inside] = fit.contributions
    return contributions


def _combined(frame: Columns, terms: Terms, x: Array, parts: list[tuple[Fit, Array]], w: Array) -> TwoParts:
    share = w / w.sum()
    plan = of_practices(frame, terms, x, only="complementarity")
    (fit_p, e_p), (fit_q, e_q) = parts
    by_firm_p, by_firm_q = (plan.probabilities(fit.coefficients) for fit in (fit_p, fit_q))
    joint = by_firm_p * by_firm_q
    p, r = by_firm_p @ share, joint @ share
    into_p = share[:, None] * (by_firm_p.T - p) + e_p @ state_gradients(plan, share * by_firm_p * (1 - by_firm_p)).T
    into_r = share[:, None] * (joint.T - r)
    into_r += e_p @ state_gradients(plan, share * joint * (1 - by_firm_p)).T
    into_r += e_q @ state_gradients(plan, share * joint * (1 - by_firm_q)).T
    q = r / p
    into_q = (into_r - q * into_p) / p
    names = terms.practices
    by_first, by_second = _decomposition(names, p, q, into_p, into_q)
    one, two, both = (of_states(names, *each) for each in ((p, into_p), (q, into_q), (r, into_r)))
    return TwoParts(one, two, both, by_first, by_second)


def _decomposition(
    practices: tuple[str, ...], p: Array, q: Array, into_p: Array, into_q: Array
) -> tuple[Quantities, Quantities]:
    """Shapley's division of C(pq) = sum c_s p_s q_s between its parts: each part's average gain from letting it differ
    between the states that c compares, before and after the other does,

        first  = (C(p) q' + C(pq) - p' C(q)) / 2,   second = (C(q) p' + C(pq) - q' C(p)) / 2,

    p' and q' the plain means over those states. They add up to C(pq), and a part that does not differ brings nothing.
    Of an effect of one practice first is (p_1 - p_0) (q_1 + q_0) / 2, as Oaxaca and Blinder's with equal weights.
    Source: Shapley (1953); Shorrocks (2013), Journal of Economic Inequality 11.
    """
    told = [(contrast, row) for contrast, row in zip(four_states(practices), MATRIX, strict=True) if not contrast.share]
    found: list[list[tuple[float, Array]]] = [[], []]
    for _, c in told:
        mean = np.abs(c) / np.abs(c).sum()
        for place, (one, other) in enumerate(((p, q), (q, p))):
            value = ((c @ one) * (mean @ other) + c @ (p * q) - (mean @ one) * (c @ other)) / 2
            by_one = (c * (mean @ other) + c * other - mean * (c @ other)) / 2
            by_other = ((c @ one) * mean + c * one - (mean @ one) * c) / 2
            into = (into_p, into_q) if place == 0 else (into_q, into_p)
            found[place].append((value, into[0] @ by_one + into[1] @ by_other))
    contrasts = tuple(contrast for contrast, _ in told)
    names, kinds = tuple(c.name for c in contrasts), (DIFFERENCES,) * len(told)
    first, second = (
        Quantities(names, kinds, np.array([v for v, _ in part]), np.column_stack([e for _, e in part]), contrasts)
        for part in found
    )
    return first, second
