"""What one firm could change: a contrast without it, or with its outcome the other way round.

Nothing here says which firm it is: only how far, and how many.

Belongs here: refits of a logit without single firms, and how few firms' removal turns a verdict. Does not belong here:
the share of a total that a firm carries (`decisions.influence`), disclosure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.precision import to_error
from monitor.statistics.models.contrasts import Plan, evaluate, of_practices, replicated
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.likelihood import Fit
from monitor.statistics.models.prepare import Prepared
from monitor.statistics.models.replicates import NEAR, replicate_fits
from monitor.statistics.models.sample import Sample

Array = NDArray[np.float64]
Firms = NDArray[np.int64]

IN_A_ROW = 3
"""Firms that are refitted together, at each end of a range"""
MOST_ROUNDS = 4
"""Rounds of refits after which a range is told as it is"""
MOST_REMOVED = 0.05
"""Share of the firms beyond which a verdict is not said to hang on few"""
MOST_OF_ERROR = 0.25
"""Part of a reach by which one firm may change it"""
NEAR_PENALISED = 1e-6
"""Last step of a refit by Firth's method, in log-odds: its error is then smaller still"""


@dataclass(frozen=True)
class Copy:
    """One completed copy as a model sees it."""

    y: Array
    """(n,) outcome, 0 or 1"""
    x: Array
    """(n, k) design matrix"""
    w: Array
    """(n,) weights"""
    fit: Fit
    """The fit of all firms"""
    plan: Plan
    """Of one contrast"""
    firms: Firms
    """(n,) number of each row's firm, 0 … F - 1; the same in every copy and for all rows of a firm"""


@dataclass(frozen=True)
class Bar:
    """What a contrast has to pass for a verdict: `value` by more than `reach` (t times its standard error); zero and
    zero ask for its sign alone."""

    value: float = 0.0
    reach: float = 0.0
    """With the error that all firms give"""
    again: Callable[[Array, Sequence[Array]], float] | None = None
    """The reach of other data: from the copies' estimates (m,) and their contributions (m arrays (n,), weighted, zero
    for a firm that is left out), as the design and Rubin's rules make an error of them. Without it the reach is held"""

    def side(self, estimate: float, reach: float | None = None) -> int:
        """1 above the bar, -1 below it, 0 between."""
        distance, reach = to_error(estimate - self.value, None), to_error(self.reach if reach is None else reach, None)
        return int(distance > reach) - int(-distance > reach)


@dataclass(frozen=True)
class LeaveOneOut:
    """How far one firm moves a contrast; differences of shares or shares, as the contrast is."""

    estimate: float
    lowest: float
    highest: float
    """With one firm left out"""
    lowest_turned: float
    highest_turned: float
    """With one firm's outcome the other way round, of those that have the same outcome in every copy"""
    settled: bool
    """Whether no firm that was not refitted can pass the four, going by the errors of the approximation so far"""
    one_left_out_turns: bool
    """Whether leaving out a firm at or near an end of the range changes the side of the bar"""
    one_turned_turns: bool
    """Whether turning the outcome of one does"""
    removals: int | None
    """Firms that are enough to turn the verdict when left out: an upper bound of the smallest number; None where
    MOST_REMOVED of the firms are not enough"""
    refits: int
    """Firms, or sets of firms, for which every copy was fitted again"""


def copies_of(prepared: Prepared, sample: Sample, contrast: str, *, penalised: bool) -> list[Copy]:
    """The completed copies of a specification of two practices that can be fitted, for one of its contrasts;
    `penalised` as its result's estimator was."""
    layout, s = prepared.result.layout, prepared.result.specification
    if layout is None or not prepared.chosen:
        raise ValueError("the specification was refused: there is nothing to leave a firm out of")
    weights = sample.design.weights if s.weighted else np.ones(len(sample.firms))
    own = [weights[r.mask] for r in prepared.chosen]
    fits = fit_copies([r.y for r in prepared.chosen], prepared.matrices, own, penalised=penalised)
    return [
        Copy(r.y, x, w, fit, of_practices(r.frame, layout, x, contrast), sample.codes[r.mask])
        for r, x, w, fit in zip(prepared.chosen, prepared.matrices, own, fits, strict=True)
    ]


def leave_one_out(copies: Sequence[Copy], bar: Bar, *, penalised: bool = False) -> LeaveOneOut:
    """Range of a contrast (mean over completed copies) over all single firms, and the fewest whose removal turns it.

    For every firm the change is first approximated: left out, -sum of its contributions e_i (those of `evaluate`, by
    maximum likelihood divided by 1 - h_i, as in a jackknife; Firth's are so already); turned, J A^-1 x_i w_i (1 - 2
    y_i). Firms with the greatest changes at each end are then fitted again exactly, on every copy, until the greatest
    approximated change of those that are left, times one plus the worst relative error seen, stays within the range.

    `removals` (Broderick, Giordano & Meager 2020): firms in the order of their approximated pull towards the bar, as
    many as turn the verdict in an exact refit without them, the error held. Another set may be smaller: it is an upper
    bound.
    """
    if any(len(copy.plan.names) != 1 for copy in copies):
        raise ValueError("one contrast is looked at at a time: make the plan with only=")
    refits = _Refits(copies, penalised)
    left_out, turned = _approximate(copies, penalised)
    estimate = refits.estimate
    out = _Range(left_out, estimate)
    turn = _Range(turned, estimate)
    for _ in range(MOST_ROUNDS):
        one, other = out.next(), turn.next()
        if not len(one) and not len(other):
            break
        found = refits.of([(int(firm),) for firm in one], [(int(firm),) for firm in other])
        out.told(one, found[: len(one)])
        turn.told(other, found[len(one) :])
    alone = refits.turn(out.seen, bar, turned=False)
    return LeaveOneOut(
        estimate=estimate,
        lowest=out.lowest,
        highest=out.highest,
        lowest_turned=turn.lowest,
        highest_turned=turn.highest,
        settled=not len(out.next()) and not len(turn.next()),
        one_left_out_turns=alone,
        one_turned_turns=refits.turn(turn.seen, bar, turned=True),
        removals=1 if alone else _removals(refits, left_out, bar),
        refits=refits.count,
    )


def _approximate(copies: Sequence[Copy], penalised: bool) -> tuple[Array, Array]:
    """(F,) approximated change of the contrast where a firm is left out, and where its outcome is turned; missing for
    firms whose outcome differs between copies."""
    size = 1 + max(int(copy.firms.max()) for copy in copies)
    left_out, turned = np.zeros(size), np.zeros(size)
    answered = np.ones(size, dtype=bool)
    outcome = np.full(size, np.nan)
    for copy in copies:
        scaled = copy.w * (len(copy.w) / copy.w.sum()) if penalised else copy.w
        pull = (copy.x * (scaled * (1 - 2 * copy.y))[:, None]) @ copy.fit.bread
        stretched = copy.fit if penalised else _stretched(copy)
        away = evaluate(copy.plan, stretched, copy.w).contributions[:, 0]
        other = evaluate(copy.plan, replace(copy.fit, contributions=pull), copy.w).fixed[:, 0]
        left_out -= np.bincount(copy.firms, away, size) / len(copies)
        turned += np.bincount(copy.firms, other, size) / len(copies)
        mean = np.bincount(copy.firms, copy.y, size) / np.maximum(np.bincount(copy.firms, minlength=size), 1)
        here = np.bincount(copy.firms, minlength=size) > 0
        first = here & np.isnan(outcome)
        outcome[first] = mean[first]
        answered &= ~here | (mean == outcome)
    return left_out, np.where(answered & ~np.isnan(outcome), turned, np.nan)


def _stretched(copy: Copy) -> Fit:
    """The fit with each contribution divided by 1 less the row's leverage h_i = w_i p_i (1 - p_i) x_i' A^-1 x_i."""
    p = copy.fit.probabilities
    leverage = copy.w * p * (1 - p) * ((copy.x @ copy.fit.bread) * copy.x).sum(axis=1)
    return replace(copy.fit, contributions=copy.fit.contributions / (1 - np.minimum(leverage, 0.95))[:, None])


class _Range:
    """The range of a contrast over single firms: approximated for all, exact for those that may be its ends."""

    def __init__(self, change: Array, estimate: float) -> None:
        self.change = change
        self.estimate = self.lowest = self.highest = estimate
        self.worst = 0.0
        """Greatest relative error of an approximation so far"""
        self.open = ~np.isnan(change) & (change != 0)
        self.looked = False
        self.seen: dict[int, float] = {}
        """Firm -> value, of those fitted again"""

    def next(self) -> Firms:
        """Firms to fit again, those at both ends that may still widen the range; none where it is settled."""
        places = np.flatnonzero(self.open)
        order = places[np.argsort(self.change[places], kind="stable")]
        reach = self.estimate + self.change * (1 + self.worst)
        low = [i for i in order[:IN_A_ROW] if not self.looked or reach[i] < self.lowest]
        high = [i for i in order[::-1][:IN_A_ROW] if not self.looked or reach[i] > self.highest]
        return np.unique(np.array([*low, *high], dtype=np.int64))

    def told(self, firms: Firms, values: Array) -> None:
        """What the refits of these firms gave."""
        if not len(firms):
            return
        self.looked = True
        self.open[firms] = False
        change = values - self.estimate
        # A change that is small beside the range says nothing about the error at its ends.
        large = np.abs(self.change[firms]) > 0.2 * np.abs(self.change[firms]).max()
        error = np.abs(change - self.change[firms])[large] / np.abs(self.change[firms])[large]
        self.worst = max(self.worst, float(error.max()))
        self.seen |= dict(zip(firms.tolist(), values.tolist(), strict=True))
        self.lowest, self.highest = min(self.lowest, *self.seen.values()), max(self.highest, *self.seen.values())


class _Refits:
    """Exact refits of every copy without firms, or with their outcomes turned."""

    def __init__(self, copies: Sequence[Copy], penalised: bool) -> None:
        self.copies, self.penalised, self.count = copies, penalised, 0
        self.estimate = float(np.mean([evaluate(copy.plan, copy.fit, copy.w).estimates[0] for copy in copies]))

    def of(self, without: Sequence[Sequence[int]], turned: Sequence[Sequence[int]] = ()) -> Array:
        """(R,) the contrast for each set of firms that is left out, then for each that is turned."""
        self.count += len(without) + len(turned)
        return np.asarray(np.mean([self._of_copy(copy, without, turned) for copy in self.copies], axis=0))

    def turn(self, seen: Mapping[int, float], bar: Bar, *, turned: bool) -> bool:
        """Whether one of the firms that were fitted again, left out or turned, brings the contrast to another side of
        the bar. With errors of their own those firms are asked that lie near the bar by the held one."""
        side = bar.side(self.estimate)
        if bar.again is None:
            return any(bar.side(value) != side for value in seen.values())
        for firm, value in seen.items():
            near = abs(abs(value - bar.value) - bar.reach) <= MOST_OF_ERROR * bar.reach
            if not near and bar.side(value) == side:
                continue
            whole = self._whole(firm, turned)
            if bar.side(value, None if whole is None else bar.again(*whole)) != side:
                return True
        return False

    def _whole(self, firm: int, turned: bool) -> tuple[Array, list[Array]] | None:
        """Estimates and contributions of every copy without the firm, or with it turned; None without a fit."""
        gone = [copy.firms == firm for copy in self.copies]
        kept = [np.ones_like(rows) if turned else ~rows for rows in gone]
        ys = [np.where(rows, 1 - c.y, c.y)[k] for c, rows, k in zip(self.copies, gone, kept, strict=True)]
        xs, ws = ([getattr(c, name)[k] for c, k in zip(self.copies, kept, strict=True)] for name in ("x", "w"))
        fits = fit_copies(ys, xs, ws, penalised=self.penalised)
        if not all(fit.converged for fit in fits):
            return None
        estimates, contributions = [], []
        for copy, fit, w, k in zip(self.copies, fits, ws, kept, strict=True):
            found = evaluate(copy.plan.of(k), fit, w)
            every = np.zeros(len(k))
            every[k] = found.contributions[:, 0]
            estimates.append(found.estimates[0])
            contributions.append(every)
        self.count += 1
        return np.array(estimates), contributions

    def _of_copy(self, copy: Copy, without: Sequence[Sequence[int]], turned: Sequence[Sequence[int]]) -> Array:
        """A turned row is one more row with the other outcome, whose weight moves to it."""
        gone = np.column_stack([np.isin(copy.firms, firms) for firms in (*without, *turned)])
        rows = np.flatnonzero(gone[:, len(without) :].any(axis=1))
        here = np.where(gone, 0.0, copy.w[:, None])
        there = np.where(gone[rows], copy.w[rows, None], 0.0)
        there[:, : len(without)] = 0.0
        fit = replace(copy.fit, contributions=_longer(copy.fit.contributions, len(rows)))
        found = replicate_fits(
            np.concatenate([copy.y, 1 - copy.y[rows]]),
            np.concatenate([copy.x, copy.x[rows]]),
            np.concatenate([here, there]),
            np.concatenate([copy.w, copy.w[rows]]),
            fit,
            penalised=self.penalised,
            near=NEAR_PENALISED if self.penalised else NEAR,
        )
        base = here.copy()
        base[:, len(without) :] = copy.w[:, None]
        return np.asarray(replicated(copy.plan, found.coefficients, base)[0])


def _longer(values: Array, rows: int) -> Array:
    return np.concatenate([values, np.zeros((rows, values.shape[1]))])


def _removals(refits: _Refits, change: Array, bar: Bar) -> int | None:
    """The fewest firms, in the order of their pull towards the bar, without which the verdict is another, where one is
    not enough."""
    side = bar.side(refits.estimate)
    ways = (-side,) if side else (1, -1)
    most = int(MOST_REMOVED * np.count_nonzero(change))
    found = [n for way in ways if (n := _fewest(refits, change, bar, way, most)) is not None]
    return min(found, default=None)


def _fewest(refits: _Refits, change: Array, bar: Bar, way: int, most: int) -> int | None:
    """The same in one direction: 1 upwards, -1 downwards."""
    side = bar.side(refits.estimate)
    order = np.argsort(-way * change, kind="stable")[:most]
    order = order[way * change[order] > 0]
    path = refits.estimate + np.cumsum(change[order])
    turning = [j + 1 for j, value in enumerate(path) if bar.side(float(value)) != side]
    # Where the approximation finds none, the whole set is tried once: exact changes are mostly greater.
    start = turning[0] if turning else len(order)
    tried: dict[int, bool] = {}
    sizes = [n for n in range(start - 2, max(start + 2, 4)) if 2 <= n <= len(order)]
    while sizes:
        values = refits.of([tuple(int(firm) for firm in order[:n]) for n in sizes])
        tried |= {n: bar.side(float(value)) != side for n, value in zip(sizes, values, strict=True)}
        turned = [n for n, turns in tried.items() if turns]
        if not turned:
            sizes = [n for n in range(max(tried) + 1, max(tried) + 5) if n <= len(order)] if turning else []
        else:
            # Down until a smaller number no longer turns it.
            below = min(turned) - 1
            sizes = [below] if below >= 2 and below not in tried else []
    return min((n for n, turns in tried.items() if turns), default=None)
