"""Chained equations: every variable with missing values drawn in turn from all others, in all copies at once.

Belongs here: the chain, the predictors of each draw and their bookkeeping. Does not belong here: the models
(`draws`), which variable is drawn how (`plan`), where answers come from and go to.

A variable that only some firms were asked (its gate decides) is drawn for firms that the copy's own gate lets in and
takes the declared value for the others. The gate is drawn before it and without it: what was not answered says
nothing about the gate, and a gate drawn from its own consequences would never move.
Source: van Buuren, Brand, Groothuis-Oudshoorn & Rubin (2006), J. Stat. Comput. Simul. 76; van Buuren (2018), 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.imputation import draws
from monitor.statistics.imputation.variables import (
    Evaluate,
    Floats,
    Integers,
    Passive,
    Variable,
    answers_of,
    correlation,
    encode,
    moments,
    part_of,
    sizes_of,
    width_of,
)
from monitor.statistics.random_numbers import firm_uniforms, spread_normals, spread_uniforms

Keys = NDArray[np.uint64]

MOST_PREDICTORS = 40
LEAST_PREDICTORS = 3
MEMORY = 256_000_000
"""Bytes the predictors of the copies in hand may take; more copies are made in turns"""


@dataclass(frozen=True)
class Chain:
    """What is to be completed. `keys` (n,) each firm's own random number; `seed` the numbers that seed the parameter
    draws. Both kinds of numbers are spread evenly over the copies (`spread_uniforms`), so that what the copies say
    together depends less on the seed than by independent numbers."""

    variables: Sequence[Variable]
    """In the order they are drawn, gates before what they let in"""
    fixed: Floats
    """(c, n) complete predictors"""
    passives: Sequence[Passive]
    products: Sequence[tuple[str, str]]
    """Pairs of passives whose product is a predictor"""
    evaluate: Evaluate
    keys: Keys
    seed: Sequence[int]
    copies: int
    iterations: int = 10
    donors: int = 5

    @property
    def turns(self) -> list[Turn]:
        """The copies that are made at once, beside those that are in hand with them."""
        width = 2 + len(self.fixed) + sum(width_of(v) for v in self.variables) + len(self.passives) + len(self.products)
        at_once = max(1, int(MEMORY // (8 * width * max(len(self.keys), 1))))
        in_hand = [range(first, min(first + at_once, self.copies)) for first in range(0, self.copies, at_once)]
        return [Turn(own, hand) for hand in in_hand for own in (hand[: len(hand) // 2], hand[len(hand) // 2 :]) if own]


@dataclass(frozen=True)
class Turn:
    """Copies that are made at once."""

    own: range
    in_hand: range
    """Those that say together what predicts: it must not differ between halves"""


@dataclass(frozen=True)
class Completed:
    """What the chain gives."""

    values: Mapping[str, Floats]
    """variable -> (m, n, k)"""
    trace: Mapping[str, Floats]
    """variable -> (m, iterations) mean of the drawn values (of the first share; of the size of a set)"""


def complete(chain: Chain, turns: Callable[[Chain], Sequence[Completed]] | None = None) -> Completed:
    """Run a chain and give its completed copies. `turns`: gives what `made` gives of each of the chain's turns, in
    their order; default: one after the other."""
    found = turns(chain) if turns is not None else [made(chain, turn) for turn in chain.turns]
    return Completed(
        values={name: np.concatenate([turn.values[name] for turn in found]) for name in found[0].values},
        trace={name: np.concatenate([turn.trace[name] for turn in found]) for name in found[0].trace},
    )


def made(chain: Chain, turn: Turn) -> Completed:
    """The copies of one turn."""
    copies = _Copies(chain, turn.in_hand)
    copies.keep(turn.own)
    copies.run(chain.iterations)
    return Completed(copies.values, {name: np.stack(means, axis=1) for name, means in copies.trace.items()})


class _Copies:
    """The state of some of the copies: values, predictors (m, q, n), each model's last estimate."""

    def __init__(self, chain: Chain, own: range) -> None:
        variables, passives = chain.variables, chain.passives
        self.variables, self.passives, self.products = variables, passives, chain.products
        self.evaluate, self.keys, self.donors = chain.evaluate, chain.keys, chain.donors
        self.own, self.copies, self.first, self.m = own, chain.copies, own.start, len(own)
        self.generators = [np.random.default_rng([*chain.seed, copy]) for copy in own]
        self.shared = np.random.default_rng([*chain.seed, chain.copies])
        self.x: Floats
        self.trace: dict[str, list[Floats]] = {v.name: [] for v in variables}
        self.start: dict[str, Floats] = {}
        self.by_name = {v.name: v for v in variables}
        self.gates = {v.name: v.gate for v in variables}
        self.facts = {p.name: p for p in passives}
        self.values = {v.name: np.repeat(v.observed[None], self.m, axis=0) for v in variables}
        self._begin()
        self._lay_out(chain.fixed)
        self.columns = {v.name: self._predictors_of(v) for v in variables}
        self.rows = {v.name: (np.flatnonzero(v.fit), np.flatnonzero(v.fill)) for v in variables}
        self.parts = {v.name: part for v in variables if (part := part_of(v, passives, self.evaluate)) is not None}
        self.part_columns = {name: self._predictors_of(self.by_name[name], p.told) for name, p in self.parts.items()}
        self.moving = self._moving()

    def keep(self, own: range) -> None:
        """Go on with these alone."""
        here = slice(own.start - self.first, own.stop - self.first)
        self.own, self.first, self.m = own, own.start, len(own)
        self.generators, self.x = self.generators[here], self.x[here].copy()
        self.values = {name: values[here] for name, values in self.values.items()}

    def run(self, iterations: int) -> None:
        """Draw every variable in turn, `iterations` times."""
        for iteration in range(iterations):
            for place, variable in enumerate(self.variables):
                rows = self.rows[variable.name][1]
                if len(rows):
                    self._draw(variable, iteration, place)
                    self._refresh(variable, rows)
                drawn = self.values[variable.name][:, rows, 0]
                if variable.sizes is not None:
                    drawn = sizes_of(variable, drawn)
                known = np.isfinite(drawn)
                total = np.where(known, drawn, 0).sum(axis=1)
                self.trace[variable.name].append(total / np.maximum(known.sum(axis=1), 1))

    # --- the state -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Fill every gap with the answer of a firm taken at random; a firm whose gate is shut takes `otherwise`."""
        for place, variable in enumerate(self.variables):
            rows, pool = np.flatnonzero(variable.fill), np.flatnonzero(variable.fit)
            if not len(rows):
                continue
            pick = self._uniforms(rows, place, 0, 0)
            chosen = variable.observed[pool[(pick * len(pool)).astype(np.int64)]]
            self._put(variable, rows, self._given(variable, rows, chosen), self._asked(variable, rows))

    def _put(self, variable: Variable, rows: Integers, drawn: Floats, asked: NDArray[np.bool_]) -> None:
        """Store drawn values (m, r, k); firms not asked take the declared value, answers given stay."""
        if variable.gate is not None:
            drawn = np.where(asked[:, :, None], drawn, np.asarray(variable.otherwise))
        known = variable.observed[rows][None]
        self.values[variable.name][:, rows] = np.where(np.isnan(known), drawn, known)

    def _given(self, variable: Variable, rows: Integers, donor: Floats) -> Floats:
        """Donors' values (m, r, k), shares among them fitted to what the firm itself gave: they sum to 100."""
        if variable.method != "shares":
            return donor
        known = variable.observed[rows][None]
        missing = np.isnan(known)
        left = np.clip(100 - np.where(missing, 0, known).sum(axis=2, keepdims=True), 0, None)
        part = np.where(missing, donor, 0)
        total = part.sum(axis=2, keepdims=True)
        even = missing / np.maximum(missing.sum(axis=2, keepdims=True), 1)
        return np.where(missing, left * np.where(total > 0, part / np.where(total > 0, total, 1), even), known)

    def _asked(self, variable: Variable, rows: Integers) -> NDArray[np.bool_]:
        """(m, r) whether the copy's own answers let the firm reach the question."""
        if variable.gate is None:
            return np.ones((self.m, len(rows)), dtype=bool)
        return np.asarray(self._fact(variable.gate, rows) == 1)

    def _fact(self, name: str, rows: Integers) -> Floats:
        needs = self.facts[name].needs
        return self.evaluate(name, rows, {n: self.values[n][:, rows] for n in needs})

    # --- the predictors ------------------------------------------------------------------------------------------

    def _lay_out(self, fixed: Floats) -> None:
        """Give every predictor its rows in the (m, q, n) array: intercept, fixed, variables, passives, products."""
        n = len(self.keys)
        self.place: dict[str, slice] = {}
        begin = 1 + len(fixed)
        for variable in self.variables:
            self.place[variable.name] = slice(begin, begin := begin + width_of(variable))
        for passive in self.passives:
            if passive.predictor:
                self.place[passive.name] = slice(begin, begin := begin + 1)
        for pair in self.products:
            self.place["*".join(pair)] = slice(begin, begin := begin + 1)
        self.x = np.zeros((self.m, begin, n))
        self.x[:, 0] = 1
        self.x[:, 1 : 1 + len(fixed)] = fixed
        self.centre, self.scale = np.zeros(begin), np.ones(begin)
        everyone = np.arange(n)
        for variable in self.variables:
            columns = encode(variable, variable.observed[None, variable.fit])
            place = self.place[variable.name]
            self.centre[place], self.scale[place] = moments(columns)
            self._write(variable.name, everyone, encode(variable, self.values[variable.name]))
        for passive in self.passives:
            if passive.predictor:
                fact = self._fact(passive.name, everyone)
                place = self.place[passive.name]
                self.centre[place], self.scale[place] = moments(fact[:, None])
                self._write(passive.name, everyone, fact[:, None])
        for pair in self.products:
            self._multiply(pair, everyone)

    def _write(self, name: str, rows: Integers, columns: Floats) -> None:
        """Standardise columns (m, c, r) and store them; what no firm can have (not asked, unknown) lies at the mean."""
        place = self.place[name]
        standard = (columns - self.centre[place, None]) / self.scale[place, None]
        self.x[:, place, rows] = np.where(np.isfinite(standard), standard, 0)

    def _multiply(self, pair: tuple[str, str], rows: Integers) -> None:
        first, second = (self.x[:, self.place[name].start, rows] for name in pair)
        self.x[:, self.place["*".join(pair)].start, rows] = first * second

    def _moving(self) -> dict[str, Integers]:
        """Passive -> the rows in which it can differ between copies."""
        moving = {}
        for passive in self.passives:
            missing = np.zeros(len(self.keys), dtype=bool)
            for name in passive.needs:
                missing |= self.by_name[name].fill
            moving[passive.name] = np.flatnonzero(missing)
        return moving

    def _refresh(self, variable: Variable, rows: Integers) -> None:
        """Bring the predictors that follow from a variable up to its new values."""
        self._write(variable.name, rows, encode(variable, self.values[variable.name][:, rows]))
        changed = set()
        for passive in self.passives:
            if passive.predictor and variable.name in passive.needs:
                moving = self.moving[passive.name]
                self._write(passive.name, moving, self._fact(passive.name, moving)[:, None])
                changed.add(passive.name)
        for pair in self.products:
            if changed & set(pair):
                self._multiply(pair, np.union1d(*(self.moving[name] for name in pair)))

    def _predictors_of(self, variable: Variable, part: Floats | None = None) -> Integers:
        """The predictors of a draw (of its `part`, 0 or 1, where that is drawn first): all but the variable, what it
        lets in, and what follows from any of those.

        Where there would be more than one predictor for five answers (five of the rarer answer, where it is yes or
        no or a code), or more than MOST_PREDICTORS, those that go together with the variable most are taken; at equal
        strength passives and their products first, fixed ones next: with too many, draws of rare answers drift
        towards one half.
        """
        behind = self._let_in(variable.name)
        out = {name for name in self.place if name in behind}
        out |= {p.name for p in self.passives if p.needs & behind}
        out |= {"*".join(pair) for pair in self.products if out & set(pair)}
        kept = np.ones(self.x.shape[1], dtype=bool)
        for name in out & set(self.place):
            kept[self.place[name]] = False
        columns = np.flatnonzero(kept)
        fit = np.flatnonzero(variable.fit)
        spread = self.x[:, columns][:, :, fit].std(axis=(0, 2))
        columns = columns[(spread > 1e-12) | (columns == 0)]
        answers = answers_of(variable) if part is None else int(min(part.sum(), (1 - part).sum()))
        limit = 1 + min(MOST_PREDICTORS, max(answers // 5, LEAST_PREDICTORS))
        if len(columns) <= limit:
            return np.asarray(columns)
        known = encode(variable, variable.observed[None, fit])[0] if part is None else part[None]
        strength = np.abs(correlation(self.x[0][columns][:, fit], known)).max(axis=1)
        # What differs by less than its own sampling error counts as equally strong.
        strength = np.round(strength * np.sqrt(len(fit)))
        strength[columns < min(self.place[v.name].start for v in self.variables)] += 1
        strength[columns >= max(self.place[v.name].stop for v in self.variables)] += 2
        strength[columns == 0] = np.inf
        return np.sort(columns[np.argsort(-strength, kind="stable")[:limit]])

    def _let_in(self, name: str) -> set[str]:
        """The variable itself and every variable whose gate follows from one of these."""
        behind = {name}
        while True:
            more = {v for v, gate in self.gates.items() if gate is not None and self.facts[gate].needs & behind}
            if more <= behind:
                return behind
            behind |= more

    # --- the draws -----------------------------------------------------------------------------------------------

    def _draw(self, variable: Variable, iteration: int, place: int) -> None:
        """One variable, every copy: fit on the firms that answered, draw for those that did not."""
        fit, rows = self.rows[variable.name]
        x = self.x[:, self.columns[variable.name]]
        known, missing = x[:, :, fit], x[:, :, rows]
        context = (place, iteration + 1)
        u = self._uniforms(rows, *context, 0)
        y = variable.observed[fit]
        if variable.method == "logistic":
            start = self._start(variable.name, x.shape[1])
            normal = self._normal(x.shape[1])
            drawn = draws.draw_logistic(known, y[:, 0], missing, start, normal, u)[:, :, None]
        elif variable.method in ("polytomous", "ordered"):
            ordered = variable.method == "ordered"
            size = variable.levels - 1 + x.shape[1] - 1 if ordered else (variable.levels - 1) * x.shape[1]
            draw = draws.draw_ordered if ordered else draws.draw_polytomous
            start, normal = self._start(variable.name, size), self._normal(size)
            codes = y[:, 0].astype(np.int64)
            drawn = draw(known, codes, variable.levels, missing, start, normal, u)[:, :, None]
        elif variable.method == "set":
            drawn = self._draw_set(variable, known, missing, u, context)
        else:
            drawn = self._match(variable, known, missing, fit, rows, u, context)
        self._put(variable, rows, drawn, self._asked(variable, rows))

    def _match(
        self,
        variable: Variable,
        known: Floats,
        missing: Floats,
        fit: Integers,
        rows: Integers,
        u: Floats,
        context: tuple[int, int],
    ) -> Floats:
        """Predictive mean matching: the values of a firm whose predicted values are near, and which lies in the part
        that was drawn first where the variable has parts."""
        y = encode(variable, variable.observed[None, fit]).transpose(0, 2, 1)
        q, k = known.shape[1], y.shape[2]
        chi2 = self._chi2(known.shape[2] - q, k)
        at_known, at_missing = draws.predict(
            known, np.broadcast_to(y, (self.m, *y.shape[1:])), missing, self._normal(q + k, k), chi2
        )
        jitter = firm_uniforms(np.concatenate([self.keys[fit], ~self.keys[rows]]), self.first, self.m, *context, 1)

        def near(among: Integers) -> Integers:
            own, at = np.concatenate([jitter[:, among], jitter[:, len(fit) :]], axis=1), at_known[:, among]
            if variable.method != "shares":
                return among[draws.nearest_donors(at[:, :, 0], at_missing[:, :, 0], self.donors, u, own)]
            extra = _impossible(variable.observed[rows], variable.observed[fit[among]])
            return among[draws.nearest_donors_jointly(at, at_missing, self.donors, u, own, extra)]

        if variable.name not in self.parts:
            donor = near(np.arange(len(fit)))
        else:
            told = self.parts[variable.name].told
            has = self._draw_part(variable, fit, rows, context)
            donor = np.where(has == 1, near(np.flatnonzero(told == 1)), near(np.flatnonzero(told == 0)))
        return self._given(variable, rows, variable.observed[fit][donor])

    def _draw_part(self, variable: Variable, fit: Integers, rows: Integers, context: tuple[int, int]) -> Floats:
        """(m, r) the part that each firm lies in: what its own answers say, else a draw from a logistic regression."""
        part = self.parts[variable.name]
        x = self.x[:, self.part_columns[variable.name]]
        start, normal = self._start(f"{variable.name} part", x.shape[1]), self._normal(x.shape[1])
        u = self._uniforms(rows, *context, 2)
        drawn = draws.draw_logistic(x[:, :, fit], part.told, x[:, :, rows], start, normal, u)
        return np.where(np.isnan(part.known), drawn, part.known)

    def _draw_set(
        self, variable: Variable, known: Floats, missing: Floats, u: Floats, context: tuple[int, int]
    ) -> Floats:
        """A set of codes: first whether it holds any (logistic), then the set of a firm that predicts as many."""
        assert variable.sizes is not None
        fit, rows = self.rows[variable.name]
        codes = variable.observed[fit, 0].astype(np.int64)
        size = variable.sizes[codes]
        q = known.shape[1]
        start, normal = self._start(variable.name, q), self._normal(q)
        some = draws.draw_logistic(known, (size > 0).astype(np.float64), missing, start, normal, u)
        nothing = codes[size == 0]
        empty = float(nothing[0]) if len(nothing) else np.nan
        holders = np.flatnonzero(size > 0)
        if not len(holders):
            return np.full((self.m, len(rows), 1), empty)
        y = np.broadcast_to(np.log(size[holders])[None, :, None], (self.m, len(holders), 1))
        chi2, normal = self._chi2(len(holders) - q, 1), self._normal(q + 1, 1)
        at_known, at_missing = draws.predict(known[:, :, holders], y, missing, normal, chi2)
        everyone = np.concatenate([self.keys[fit[holders]], ~self.keys[rows]])
        jitter = firm_uniforms(everyone, self.first, self.m, *context, 1)
        pick = self._uniforms(rows, *context, 2)
        donor = draws.nearest_donors(at_known[:, :, 0], at_missing[:, :, 0], self.donors, pick, jitter)
        held = codes[holders][donor].astype(np.float64)
        return np.where((some == 1) | np.isnan(empty), held, empty)[:, :, None]

    def _start(self, name: str, size: int) -> Floats:
        """Where Newton's steps begin: at the last iteration's estimate."""
        return self.start.setdefault(name, np.zeros((self.m, size)))

    def _uniforms(self, rows: Integers, *context: int) -> Floats:
        """(m, r) the firms' own numbers in the copies in hand."""
        return spread_uniforms(self.keys[rows], self.copies, *context)[self.own.start : self.own.stop]

    def _normal(self, *shape: int) -> Floats:
        return spread_normals(self.shared, self.copies, *shape)[self.own.start : self.own.stop]

    def _chi2(self, degrees: int, outcomes: int) -> Floats:
        """(m, k) chi-square numbers on degrees, degrees - 1, ... (at least 1) degrees of freedom."""
        df = np.maximum(degrees - np.arange(outcomes), 1)
        return np.stack([generator.chisquare(df) for generator in self.generators])


def _impossible(known: Floats, donors: Floats) -> Floats:
    """(r, n) what a firm's own shares add to its distance to a donor: their differences in standard deviations.

    Infinite where the donor has nothing in the shares the firm left open although something is left for them.
    """
    spread = np.maximum(donors.std(axis=0), 1e-9)
    given = np.isfinite(known)
    gap = np.where(given[:, None], known[:, None] - donors[None], 0) / spread
    extra = (gap**2).sum(axis=2)
    left = 100 - np.where(given, known, 0).sum(axis=1)
    held = (np.where(given[:, None], 0, donors[None])).sum(axis=2)
    extra[(left[:, None] > 1e-9) & (held <= 1e-9)] = np.inf
    # Where no firm can be the donor as it is, the nearest serves and the rest is divided evenly.
    hopeless = ~np.isfinite(extra).any(axis=1)
    extra[hopeless] = (gap[hopeless] ** 2).sum(axis=2)
    return np.asarray(extra)
