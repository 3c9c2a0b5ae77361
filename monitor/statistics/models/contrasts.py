"""The answer on the probability scale: states, average marginal effects, complementarity.

Belongs here: quantities that average predicted probabilities over the base, with what each firm contributes to them.
Does not belong here: fitting, variance, combining copies, verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models import contrast
from monitor.statistics.models.cells import IN_A_ROW, Cells, cells_of
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrast import Contrast, of_two_practices
from monitor.statistics.models.likelihood import Fit, expit
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]

SHARES = "share"
DIFFERENCES = "difference"


@dataclass(frozen=True)
class Plan:
    """Quantities that are weighted averages over the base of sums of c_s p(x_i in state s).

    Q quantities, S states, n firms of the base.
    """

    contrasts: tuple[Contrast, ...]
    """(Q,)"""
    x: Array
    """(n, k) the firms' own design matrix"""
    places: NDArray[np.int64]
    """(c,) columns of it that a state sets"""
    values: Array
    """(S, 1, c) what each state sets them to; (S, n, c) where firms differ"""
    coefficients: Array
    """(Q, S, n) c, the weight of each state in each quantity, firm by firm"""

    @property
    def names(self) -> tuple[str, ...]:
        """(Q,) what the quantities are called."""
        return tuple(contrast.name for contrast in self.contrasts)

    @property
    def kinds(self) -> tuple[str, ...]:
        """(Q,) `share` (in 0..1, interval on the logit scale) or `difference`."""
        return tuple(SHARES if contrast.share else DIFFERENCES for contrast in self.contrasts)

    @cached_property
    def rest(self) -> NDArray[np.int64]:
        """Columns of x that no state sets."""
        free = np.ones(self.x.shape[1], dtype=bool)
        free[self.places] = False
        return np.flatnonzero(free)

    def of(self, firms: NDArray[Any]) -> Plan:
        """The plan of some of its firms, by mask or place."""
        values = self.values if self.values.shape[1] == 1 else self.values[:, firms]
        return replace(self, x=self.x[firms], values=values, coefficients=self.coefficients[:, :, firms])

    def probabilities(self, coefficients: Array) -> Array:
        """(S, n) probability of each firm in each state, given coefficients (k,)."""
        apart = self.values @ coefficients[self.places]
        return expit(self.x[:, self.rest] @ coefficients[self.rest] + apart)


@dataclass(frozen=True)
class Contrasts:
    """Quantities with what each firm contributes (already weighted, as in `Fit`)."""

    estimates: Array
    """(Q,) shares and differences of shares"""
    contributions: Array
    """(n, Q)"""
    fixed: Array
    """(n, Q) the same with the base's composition taken as fixed: the delta method alone"""


def of_practices(frame: Columns, terms: Terms, x: Array, only: str | Collection[str] | None = None) -> Plan:
    """The contrasts of two practices a and b, on the probability scale.

    p_state = average over the base of p(y = 1 | practices set to the state, own controls);
    ame_a = average of p(a = 1, own b) - p(a = 0, own b); effect_a_without_b = p_{a only} - p_neither;
    effect_a_with_b = p_both - p_{b only}; complementarity = p_both - p_{a only} - p_{b only} + p_neither.
    `x` (n, k): the firms' own design matrix; `only`: the name or names of some of these contrasts instead of all.
    Sources: Ai and Norton (2003); Cassiman and Veugelers (2006).
    """
    a, b = terms.practices
    n = frame.n
    own_a, own_b = (frame.numbers[name] for name in (a, b))
    settings = [(0, 0), (0, 1), (1, 0), (1, 1)]
    places, values = in_states(terms, [{a: s, b: t} for s, t in settings])
    one = np.ones(n)
    quantities: Mapping[str, Sequence[Array | float]] = {
        "neither": (1, 0, 0, 0),
        "b_only": (0, 1, 0, 0),
        "a_only": (0, 0, 1, 0),
        "both": (0, 0, 0, 1),
        "ame_a": (own_b - 1, -own_b, 1 - own_b, own_b),
        "ame_b": (own_a - 1, 1 - own_a, -own_a, own_a),
        "a_without_b": (-1, 0, 1, 0),
        "a_with_b": (0, -1, 0, 1),
        "b_without_a": (-1, 1, 0, 0),
        "b_with_a": (0, 0, -1, 1),
        "complementarity": (1, -1, -1, 1),
    }
    wanted = {only} if isinstance(only, str) else only
    told = {role: c for role, c in of_two_practices(a, b).items() if wanted is None or c.name in wanted}
    coefficients = np.stack([np.stack([one * value for value in quantities[role]]) for role in told])
    return Plan(tuple(told.values()), x, places, values, coefficients)


def in_states(terms: Terms, settings: Sequence[Mapping[str, float]]) -> tuple[NDArray[np.int64], Array]:
    """(c,) columns of practices and their products, and (S, 1, c) their values in each of the settings."""
    parts = [name.split(":") for name in terms.names]
    places = [j for j, part in enumerate(parts) if set(part) <= set(terms.practices)]
    values = [[math.prod(setting[name] for name in parts[j]) for j in places] for setting in settings]
    return np.array(places), np.array(values, dtype=np.float64)[:, None, :]


def of_many_practices(frame: Columns, terms: Terms, x: Array) -> Plan:
    """All 2^K state probabilities of K practices, and each pair's complementarity p_11 - p_10 - p_01 + p_00 in every
    state of the others."""
    told = contrast.of_many_practices(terms.practices)
    states = [c.given for c in told if c.share]
    places, values = in_states(terms, [{name: float(has) for name, has in state} for state in states])
    coefficients = np.repeat(np.stack([_of_states(c, states) for c in told])[:, :, None], frame.n, axis=2)
    return Plan(told, x, places, values, coefficients)


def _of_states(c: Contrast, states: Sequence[tuple[tuple[str, bool], ...]]) -> Array:
    """(S,) what a contrast of K practices makes of the state probabilities."""
    row = np.zeros(len(states))
    for j, state in enumerate(states):
        has = dict(state)
        if all(has[name] == value for name, value in c.given):
            row[j] = 1.0 if len({has[name] for name in c.of}) < 2 else -1.0
    return row


def of_levels(frame: Columns, terms: Terms, x: Array, category: str) -> Plan:
    """Probability at each level of an ordered category, and its `trend`: the least-squares slope of those
    probabilities over the level numbers 0, 1, 2 … (rise in share per level)."""
    levels = terms.levels[category]
    dummies = [f"{category}[{level}]" for level in levels[1:]]
    places = np.array([terms.names.index(name) for name in dummies])
    values = np.vstack([np.zeros(len(dummies)), np.eye(len(dummies))])[:, None, :]
    scores = np.arange(len(levels)) - (len(levels) - 1) / 2
    rows = [*np.eye(len(levels)), scores / (scores**2).sum()]
    coefficients = np.repeat(np.stack(rows)[:, :, None], frame.n, axis=2)
    return Plan(contrast.of_levels(category, levels), x, places, values, coefficients)


def of_dose(frame: Columns, terms: Terms, x: Array, dose: str, most: int) -> Plan:
    """Probability at doses 0, 1 … `most`, and the average marginal effect of one more from each firm's own dose."""
    doses = list(range(most + 1))
    own = frame.numbers[dose]
    places = np.array([terms.names.index(name) for name in (dose, f"{dose}^2") if name in terms.names])
    levels = [*(np.full(frame.n, float(value)) for value in doses), own, own + 1]
    values = np.stack([np.column_stack([level, level**2])[:, : len(places)] for level in levels])
    rows = [np.eye(len(levels))[j] for j in doses]
    rows.append(np.array([0.0] * len(doses) + [-1.0, 1.0]))
    coefficients = np.repeat(np.stack(rows)[:, :, None], frame.n, axis=2)
    return Plan(contrast.of_dose(dose, most), x, places, values, coefficients)


def evaluate(plan: Plan, fit: Fit, w: Array) -> Contrasts:
    """The plan's quantities: g = sum w_i h_i / W, to which firm i contributes J e_i + w_i (h_i - g) / W.

    J (Q, k) is the gradient of g in the coefficients, e_i the firm's contribution to them. The second part is the
    uncertainty of the base's own composition; `fixed` leaves it out. `w` (n,).
    """
    share = w / w.sum()
    probabilities = plan.probabilities(fit.coefficients)
    estimates_by_firm = np.einsum("qsn,sn->nq", plan.coefficients, probabilities)
    slopes = plan.coefficients * (probabilities * (1 - probabilities) * share)[None]
    gradient = np.zeros((len(plan.names), plan.x.shape[1]))
    gradient[:, plan.rest] = slopes.sum(axis=1) @ plan.x[:, plan.rest]
    if plan.values.shape[1] == 1:
        gradient[:, plan.places] = slopes.sum(axis=2) @ plan.values[:, 0, :]
    else:
        gradient[:, plan.places] = np.einsum("qsn,snc->qc", slopes, plan.values)
    estimates = share @ estimates_by_firm
    fixed = fit.contributions @ gradient.T
    return Contrasts(estimates, fixed + share[:, None] * (estimates_by_firm - estimates), fixed)


def replicated(plan: Plan, coefficients: Array, weights: Array) -> Array:
    """(Q, R) the plan's quantities under each replicate: its coefficients (k, R), its weights (n, R)."""
    plan, cells = _by_cell(plan)
    share = cells.totals(weights) / weights.sum(axis=0)
    out = np.zeros((len(plan.names), weights.shape[1]))
    for at in range(0, weights.shape[1], IN_A_ROW):
        part, here = slice(at, at + IN_A_ROW), coefficients[:, at : at + IN_A_ROW]
        # A state multiplies a firm's odds by one number per replicate, where practices enter without controls.
        odds = np.exp(np.clip(plan.x[:, plan.rest] @ here[plan.rest], -300, 300))
        for s, value in enumerate(plan.values):
            p = odds * np.exp(np.clip(value @ here[plan.places], -300, 300))
            p /= 1 + p
            p *= share[:, part]
            out[:, part] += plan.coefficients[:, s, :] @ p
    return out


def _by_cell(plan: Plan) -> tuple[Plan, Cells]:
    """The plan of one firm of each kind that its quantities cannot tell apart, and which firms are of a kind."""
    coefficients = plan.coefficients.reshape(-1, plan.coefficients.shape[2]).T
    own = plan.values.shape[1] > 1
    values = plan.values.swapaxes(0, 1).reshape(len(plan.x), -1) if own else np.empty((len(plan.x), 0))
    beside = np.hstack([coefficients, values])
    cells = cells_of(np.hstack([plan.x, beside[:, (beside != beside[0]).any(axis=0)]]))
    one = cells.order[cells.first]
    return plan.of(one), cells
