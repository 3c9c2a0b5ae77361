"""One survey design, and the estimates and variances that follow from it.

Belongs here: `SurveyDesign`, the linearised and the replicate covariance, estimators with their influence
functions. Does not belong here: published indicators, models, the making of weights.

Convention: an influence function z (n, k) of an estimate is scaled so that the estimate moves by sum_k w_k z_k.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.design.intervals import korn_graubard, logit_t, student_t, t_quantile
from monitor.design.replicates import replicate_covariance
from monitor.problems import MonitorError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from monitor.survey import Survey

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

POLICIES = ("fail", "certainty", "collapse", "centre")
FEW_EVENTS = 10
"""Fewer events or non-events than this: Korn-Graubard instead of the logit interval."""


@dataclass(frozen=True)
class ResponsePhase:
    """Response as a second phase of sampling: within a class every invited firm answers with the same chance.

    classes       (n,) response class of every responding firm
    adjustment    (n,) response weight over base weight: the inverse of the class's response rate
    strata, silent_classes, silent, base
                  (m,) one row per stratum x class with invited firms that did not answer: how many, and the base
                  weight of each. A class outside `classes` (out of scope, say) carries zero.
    """

    classes: NDArray[Any]
    adjustment: Floats
    strata: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))
    silent_classes: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))
    silent: Floats = field(default_factory=lambda: np.empty(0))
    base: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Estimate:
    """k estimates of one design with their influence function."""

    estimate: Floats
    """(k,); NaN where `reason` says why"""
    influence: Floats
    """(n, k)"""
    design: SurveyDesign
    df: int
    """Degrees of freedom: firms in the domain less strata they lie in"""
    n: int
    """Firms in the domain"""
    share: bool = False
    """Whether the estimates are shares in 0..1"""
    events: NDArray[np.int64] | None = None
    """(k,) firms with the property, for shares"""
    domain: NDArray[np.bool_] | None = None
    reason: str | None = None
    bounds: Floats | None = None
    """(k, 2) an interval that comes with the estimator itself (Woodruff's, for quantiles)"""

    @cached_property
    def covariance(self) -> Floats:
        """(k, k) linearised covariance."""
        return self.design.covariance(self.influence)

    @property
    def se(self) -> Floats:
        """(k,) standard errors; NaN where `reason` says why."""
        if self.reason is not None:
            return np.full(len(self.estimate), np.nan)
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Logit-t for shares, Korn-Graubard for shares with fewer than 10 events or others, t otherwise."""
        if self.bounds is not None:
            return self.bounds[:, 0], self.bounds[:, 1]
        if not self.share:
            return student_t(self.estimate, self.se, self.df, level)
        low, high = logit_t(self.estimate, self.se, self.df, level)
        if self.events is not None:
            few = np.minimum(self.events, self.n - self.events) < FEW_EVENTS
            limit = self.design.kish_effective_n(self.domain)
            low_kg, high_kg = korn_graubard(self.estimate, self.se, self.n, self.df, level, limit)
            low, high = np.where(few, low_kg, low), np.where(few, high_kg, high)
        return low, high


@dataclass(frozen=True)
class SurveyDesign:
    """How n firms stand for a population.

    weights      (n,) final weights, positive
    strata       (n,) stratum of each firm; one stratum where not given
    population   (n,) N_h, firms of the frame in the firm's stratum (primary units, where `psu` is given);
                 without it no finite population correction
    psu          (n,) primary sampling unit, for clustered samples and for firms in several waves
    response     response as a second phase; without it the responding firms are the sample
    auxiliary    (n, p) calibration variables, where the weights were calibrated to their totals
    before       (n,) weights before calibration; the residuals' regression is weighted by them
    replicates   (n, R) replicate weights
    replicate_scale  (R,) or a number; 1 / (R - 1) where not given
    lonely       a stratum with one firm that is not take-all: `fail`, `certainty` (no variance), `collapse` (with
                 the next stratum in order), `centre` (its deviation from zero counts, R's "adjust")

    Raises MonitorError naming every weight that is negative, zero, missing or infinite, every stratum with more
    firms than the frame has, every lonely stratum where the policy is `fail`.
    """

    weights: Floats
    strata: NDArray[Any] | None = None
    population: Floats | None = None
    psu: NDArray[Any] | None = None
    response: ResponsePhase | None = None
    auxiliary: Floats | None = None
    before: Floats | None = None
    replicates: Floats | None = None
    replicate_scale: Floats | float | None = None
    lonely: str = "fail"
    firms: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=float)
        object.__setattr__(self, "weights", weights)
        n = len(weights)
        for name in ("strata", "psu", "firms"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.asarray(value))
        for name in ("population", "auxiliary", "before", "replicates"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.asarray(value, dtype=float))
        for name in ("strata", "population", "psu", "auxiliary", "before", "replicates", "firms"):
            value = getattr(self, name)
            if value is not None and len(value) != n:
                raise ValueError(f"{name} has {len(value)} rows, weights has {n}")
        if self.auxiliary is not None and self.auxiliary.ndim == 1:
            object.__setattr__(self, "auxiliary", self.auxiliary[:, None])
        if self.lonely not in POLICIES:
            raise ValueError(f"lonely must be one of {', '.join(POLICIES)}, not {self.lonely!r}")
        problems = [*_weight_problems(weights, self.firms), *self._population_problems()]
        if problems:
            raise MonitorError(problems)

    # ---- structure -----------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Responding firms."""
        return len(self.weights)

    @cached_property
    def _stratum(self) -> tuple[Codes, NDArray[Any]]:
        if self.strata is None:
            return np.zeros(self.n, dtype=np.int64), np.array(["all"], dtype=object)
        values, codes = _codes(self.strata)
        return codes, values

    @cached_property
    def _unit(self) -> tuple[Codes, Codes]:
        """Primary unit of every firm, and the stratum code of every primary unit."""
        h = self._stratum[0]
        if self.psu is None:
            return np.arange(self.n), h
        pairs = np.column_stack([h, _codes(self.psu)[1]])
        units, codes = np.unique(pairs, axis=0, return_inverse=True)
        return codes.ravel().astype(np.int64), units[:, 0].astype(np.int64)

    @cached_property
    def _drawn(self) -> Floats:
        """(H,) n_h: invited firms of the stratum where response is a phase of its own, primary units otherwise."""
        counts = np.bincount(self._unit[1], minlength=len(self._stratum[1])).astype(float)
        if self.response is not None:
            position = {str(value): i for i, value in enumerate(self._stratum[1])}
            for stratum, silent in zip(self.response.strata, self.response.silent, strict=True):
                if str(stratum) in position:
                    counts[position[str(stratum)]] += silent
        return counts

    @cached_property
    def _population(self) -> Floats:
        """(H,) N_h; infinite where the population is not given."""
        big = np.full(len(self._stratum[1]), np.inf)
        if self.population is not None:
            big[self._stratum[0]] = self.population
        return big

    def _population_problems(self) -> list[Problem]:
        if self.population is None:
            return []
        problems = []
        if not np.all(np.isfinite(self.population) & (self.population > 0)):
            return [
                Problem(
                    "a population size is missing, zero or infinite",
                    column="population",
                    expected="the number of firms of the frame in each stratum",
                )
            ]
        codes, labels = self._stratum
        low, high = np.full(len(labels), np.inf), np.zeros(len(labels))
        np.minimum.at(low, codes, self.population)
        np.maximum.at(high, codes, self.population)
        for h in np.flatnonzero(low != high):
            problems.append(
                Problem(
                    f"stratum {labels[h]} has several population sizes",
                    column="population",
                    expected="one N_h for all firms of a stratum",
                    found=f"{low[h]:g} to {high[h]:g}",
                )
            )
        for h in np.flatnonzero((self._drawn > high * (1 + 1e-9)) & (low == high)):
            problems.append(
                Problem(
                    f"stratum {labels[h]} has more firms in the sample than in the frame",
                    expected=f"at most {high[h]:g}",
                    found=f"{self._drawn[h]:g}",
                    do="check the strata of the frame against those of the sample",
                )
            )
        return problems

    def _groups(
        self, codes: Codes, labels: NDArray[Any], size: Floats, take_all: NDArray[np.bool_], kind: str
    ) -> tuple[Codes, Floats]:
        """Strata after the policy for lonely ones: (code per original stratum, 1 where its centre is subtracted)."""
        lonely = (size < 2) & (size > 0) & ~take_all
        target, centred = np.arange(len(labels)), np.ones(len(labels))
        if not lonely.any():
            return target, centred
        if self.lonely == "fail":
            raise MonitorError(
                [
                    Problem(
                        f"{kind} {labels[h]} has one firm: its variance cannot be estimated",
                        expected="at least two firms, or a take-all stratum",
                        do="declare design.lonely_stratum: collapse, centre or certainty",
                    )
                    for h in np.flatnonzero(lonely)[:20]
                ]
            )
        if self.lonely == "collapse":
            open_ = np.flatnonzero((size > 0) & ~take_all)
            if len(open_) < 2:
                raise MonitorError(
                    Problem(
                        f"{kind} {labels[lonely][0]} has one firm and no neighbour to join",
                        do="declare design.lonely_stratum: centre or certainty",
                    )
                )
            for position, h in enumerate(open_.tolist()):
                if lonely[h]:
                    neighbour = int(open_[position + 1] if position + 1 < len(open_) else open_[position - 1])
                    target[target == target[h]] = target[neighbour]
        elif self.lonely == "certainty":
            centred[lonely] = np.nan
        else:
            centred[lonely] = 0.0
        return target, centred

    # ---- variance ------------------------------------------------------------------------------------------

    @cached_property
    def _projection(self) -> tuple[Floats, Floats] | None:
        """(orthonormal basis of sqrt(d) X, sqrt(d)) for the residuals of calibration."""
        if self.auxiliary is None:
            return None
        root = np.sqrt(self._before)
        x = self.auxiliary * root[:, None]
        size = np.sqrt((x**2).sum(axis=0))
        size[size == 0] = 1.0
        u, s, _ = np.linalg.svd(x / size, full_matrices=False)
        return u[:, s > 1e-10 * s.max()], root

    @property
    def _before(self) -> Floats:
        return self.weights if self.before is None else self.before

    def residuals(self, influence: ArrayLike) -> Floats:
        """Influence less its regression on the calibration variables (weighted by the weights before
        calibration), (n, k): what calibration leaves of it. Unchanged where nothing was calibrated."""
        z = _two_dimensional(influence, self.n)
        if self._projection is None:
            return z
        basis, root = self._projection
        scaled = z * root[:, None]
        return np.asarray((scaled - basis @ (basis.T @ scaled)) / root[:, None])

    def contributions(self, influence: ArrayLike) -> Floats:
        """(n, k) per firm, centred within stratum (response class, where response is a phase), without the finite
        population correction: their cross products over the firms that two waves share estimate the waves'
        covariance (`change`)."""
        wz = self.weights[:, None] * self.residuals(influence)
        codes = self._stratum[0] if self.response is None else _codes(self.response.classes)[1]
        n = np.bincount(codes).astype(float)
        wz = wz - (_sums(wz, codes, len(n)) / n[:, None])[codes]
        return wz * np.sqrt(n / np.maximum(n - 1, 1))[codes][:, None]

    def covariance(self, influence: ArrayLike) -> Floats:
        """Linearised covariance (k, k) of estimates with influence function z (n, k).

        V = sum_h (1 - f_h) n_h / (n_h - 1) sum_k (w_k e_k - mean_h)(w_k e_k - mean_h)', f_h = n_h / N_h, with e the
        calibration residual of z (Binder 1983; Deville 1999; Deville & Sarndal 1992). With `psu` the terms are sums
        over primary units. With `response` the sum of two parts (the reverse order of Fay 1991 and Shao & Steel
        1999): drawing the invited firms from the frame, with f_h = invited / N_h, and answering given the class,
        where together the correction for a class is respondents over population.
        """
        e = self.residuals(influence)
        if self.response is not None:
            return self._two_phase(e)
        unit, h_of_unit = self._unit
        wz = self.weights[:, None] * e
        if self.psu is not None:
            wz = _sums(wz, unit, len(h_of_unit))
        drawn, big = self._drawn, self._population
        remaining = np.maximum(1 - drawn / big, 0.0)
        target, centred = self._groups(self._stratum[0], self._stratum[1], drawn, remaining <= 1e-12, "stratum")
        return self._stratified(wz, h_of_unit, drawn, big, target, centred)

    def _stratified(self, wz: Floats, h: Codes, drawn: Floats, big: Floats, target: Codes, centred: Floats) -> Floats:
        k = len(drawn)
        n = np.bincount(target, weights=drawn, minlength=k)
        total = np.bincount(target, weights=big, minlength=k)
        with np.errstate(invalid="ignore", divide="ignore"):
            remaining = np.where(n > 0, np.maximum(1 - n / total, 0.0), 0.0)
        group = target[h]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.nan_to_num(_sums(wz, group, k) / n[:, None]) * np.nan_to_num(centred)[:, None]
            scale = remaining * np.where(n > 1, n / np.maximum(n - 1, 1), 1.0) * np.where(np.isnan(centred), 0.0, 1.0)
        d = (wz - mean[group]) * np.sqrt(scale)[group][:, None]
        return np.asarray(d.T @ d)

    def _two_phase(self, e: Floats) -> Floats:
        phase = self.response
        assert phase is not None
        h, labels = self._stratum
        class_labels, c = _codes(phase.classes)
        classes = len(class_labels)
        a = np.asarray(phase.adjustment, dtype=float)
        g = self.weights / self._before
        d = self._before / a
        ge = g[:, None] * e
        mean = _sums(d[:, None] * ge, c, classes) / np.bincount(c, weights=d, minlength=classes)[:, None]
        v = (a * d)[:, None] * (ge - mean[c])
        # First phase: every invited firm carries its class's mean, a respondent its deviation as well.
        drawn, big = self._drawn, self._population
        remaining = np.maximum(1 - drawn / big, 0.0)
        u = d[:, None] * mean[c] + v
        first, second = _sums(u, h, len(labels)), np.zeros((len(labels), e.shape[1], e.shape[1]))
        open_ = remaining > 1e-12
        if open_.any():
            for stratum in np.flatnonzero(open_):
                own = u[h == stratum]
                second[stratum] = own.T @ own
            place = {str(value): i for i, value in enumerate(labels)}
            class_place = {str(value): i for i, value in enumerate(class_labels)}
            for stratum, kind, silent, base in zip(
                phase.strata, phase.silent_classes, phase.silent, phase.base, strict=True
            ):
                i, j = place.get(str(stratum)), class_place.get(str(kind))
                if i is None or j is None:
                    continue
                first[i] += silent * base * mean[j]
                second[i] += silent * base**2 * np.outer(mean[j], mean[j])
        target, centred = self._groups(h, labels, drawn, ~open_, "stratum")
        merged = np.bincount(target, weights=drawn, minlength=len(labels))
        population = np.bincount(target, weights=big, minlength=len(labels))
        result = np.zeros((e.shape[1], e.shape[1]))
        if open_.any():
            sums, squares = np.zeros_like(first), np.zeros_like(second)
            np.add.at(sums, target, np.where(open_[:, None], first, 0.0))
            np.add.at(squares, target, second)
            for i in np.flatnonzero(merged > 0):
                if np.isnan(centred[i]) or not open_[target == i].any():
                    continue
                left = max(1 - merged[i] / population[i], 0.0)
                spread = squares[i] - centred[i] * np.outer(sums[i], sums[i]) / merged[i]
                result += left * (merged[i] / (merged[i] - 1) if merged[i] > 1 else 1.0) * spread
        # Second phase: answering. f_k (1 - rate), so that with a census at the first phase it is 1 - r / N.
        rate = np.minimum(1 / np.array([a[c == j][0] for j in range(classes)]), 1.0)
        responding = np.bincount(c, minlength=classes).astype(float)
        target, centred = self._groups(c, class_labels, responding, rate >= 1 - 1e-12, "response class")
        group = target[c]
        size = np.bincount(group, minlength=classes).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            middle = np.nan_to_num(_sums(v, group, classes) / size[:, None]) * np.nan_to_num(centred)[:, None]
            factor = np.where(size > 1, size / np.maximum(size - 1, 1), 1.0) * np.where(np.isnan(centred), 0.0, 1.0)
        drawn_share = np.where(np.isfinite(big[h]), np.minimum(1 / np.maximum(d, 1.0), 1.0), 1.0)
        spread = (v - middle[group]) * np.sqrt(factor[group] * drawn_share * (1 - rate[c]))[:, None]
        return np.asarray(result + spread.T @ spread)

    def replicate_covariance(self, theta: ArrayLike, centre: ArrayLike | None = None) -> Floats:
        """Covariance (k, k) of estimates from their values theta (R, k) under this design's replicates."""
        return replicate_covariance(theta, self.replicate_scale, centre)

    def replicate_totals(self, y: ArrayLike) -> Floats:
        """Weighted totals (R, k) of y (n, k) under every replicate: one matrix product."""
        if self.replicates is None:
            raise ValueError("the design has no replicate weights")
        return np.asarray(self.replicates.T @ _two_dimensional(y, self.n))

    def _variance_cells(self) -> tuple[NDArray[Any], list[tuple[str, int, float]]]:
        """Stratum (response class, where response is a phase) of every firm as text, and (label, firms, N) of each."""
        if self.response is None:
            codes, labels = self._stratum
            big = self._population
        else:
            labels, codes = _codes(self.response.classes)
            big = np.bincount(codes, weights=self._before)
        counts = np.bincount(codes, minlength=len(labels))
        names = labels.astype(str)
        return names[codes], [(str(n), int(c), float(b)) for n, c, b in zip(names, counts, big, strict=True)]

    # ---- what n firms are worth -------------------------------------------------------------------------------

    def degrees_of_freedom(self, domain: ArrayLike | None = None) -> int:
        """Firms (primary units) in the domain less the strata they lie in; response classes count as strata."""
        inside = np.ones(self.n, dtype=bool) if domain is None else np.asarray(domain, dtype=bool)
        strata = self._stratum[0] if self.response is None else _codes(self.response.classes)[1]
        return int(len(np.unique(self._unit[0][inside])) - len(np.unique(strata[inside])))

    def kish_deff(self, domain: ArrayLike | None = None) -> float:
        """Kish's design effect of unequal weights: n sum w^2 / (sum w)^2 = 1 + CV^2(w)."""
        w = self.weights if domain is None else self.weights[np.asarray(domain, dtype=bool)]
        return float(len(w) * (w**2).sum() / w.sum() ** 2) if len(w) else float("nan")

    def kish_effective_n(self, domain: ArrayLike | None = None) -> float:
        """(sum w)^2 / sum w^2."""
        w = self.weights if domain is None else self.weights[np.asarray(domain, dtype=bool)]
        return float(w.sum() ** 2 / (w**2).sum()) if len(w) else 0.0

    # ---- estimators --------------------------------------------------------------------------------------------

    def total(self, y: ArrayLike, domain: ArrayLike | None = None) -> Estimate:
        """Totals sum_k w_k y_k over the domain, y (n,) or (n, k) in its own unit. Influence: y inside, 0 outside."""
        values, inside = self._inside(y, domain)
        return self._estimate(self.weights @ values, values, inside)

    def mean(self, y: ArrayLike, domain: ArrayLike | None = None) -> Estimate:
        """Weighted means sum w y / sum w over the domain. Influence: (y - mean) / sum w inside, 0 outside."""
        values, inside = self._inside(y, domain)
        size = self.weights @ inside
        if size == 0:
            return self._empty(values.shape[1], inside, "no firm in the domain")
        means = self.weights @ values / size
        return self._estimate(means, (values - means * inside[:, None]) / size, inside)

    def proportion(self, y: ArrayLike, domain: ArrayLike | None = None) -> Estimate:
        """Weighted shares of firms with a property; y boolean or 0/1, (n,) or (n, k)."""
        values, inside = self._inside(y, domain)
        if not np.isin(values, (0.0, 1.0)).all():
            raise ValueError("a proportion is of a property that firms have (1) or have not (0)")
        result = self.mean(values, inside)
        return replace(result, share=True, events=values.sum(axis=0).astype(np.int64))

    def ratio(self, numerator: ArrayLike, denominator: ArrayLike, domain: ArrayLike | None = None) -> Estimate:
        """Ratios of weighted totals R = sum w y / sum w x. Influence: (y - R x) / sum w x."""
        y, inside = self._inside(numerator, domain)
        x, _ = self._inside(denominator, domain)
        below = self.weights @ x
        if np.any(below == 0):
            reason = "no firm in the domain" if not inside.any() else "the denominator's total is zero"
            return self._empty(max(y.shape[1], x.shape[1]), inside, reason)
        ratios = (self.weights @ y) / below
        return self._estimate(ratios, (y - ratios * x) / below, inside)

    def quantile(self, y: ArrayLike, p: float = 0.5, domain: ArrayLike | None = None, level: float = 0.95) -> Estimate:
        """The weighted p-quantile: the smallest y at which the weighted share at or below it passes p; where it is p
        exactly, that value (R's `qrule = "math"`).

        Woodruff's (1952) interval: the interval of the share at or below the quantile, read back through the
        distribution; the standard error is its length over 2 t. The influence is (p - 1{y <= q}) / slope, with the
        slope that gives that standard error.
        """
        values, inside = self._inside(y, domain)
        if values.shape[1] != 1:
            raise ValueError("quantiles are taken of one variable")
        if not inside.any():
            return self._empty(1, inside, "no firm in the domain")
        order = np.flatnonzero(inside)[np.argsort(values[inside, 0], kind="stable")]
        sorted_y, cumulative = values[order, 0], np.cumsum(self.weights[order])
        found = _quantile(sorted_y, cumulative, p)
        below = self.proportion(values[:, 0] <= found, inside)
        t = float(t_quantile(below.df, level))
        half = t * float(below.se[0]) if below.se[0] > 0 else 0.0
        at = float(below.estimate[0])
        low = _quantile(sorted_y, cumulative, at - half) if at - half > 0 else np.nan
        high = _quantile(sorted_y, cumulative, at + half) if at + half <= 1 else np.nan
        se = (high - low) / (2 * t)
        slope = float(below.se[0]) / se if se > 0 else np.inf
        influence = -below.influence / slope if np.isfinite(slope) else np.zeros((self.n, 1))
        result = self._estimate(np.array([found]), influence, inside)
        reason = None if np.isfinite(low) and np.isfinite(high) else "too few firms for an interval of this quantile"
        return replace(result, bounds=np.array([[low, high]]), reason=reason)

    def difference(self, first: Estimate, second: Estimate) -> Estimate:
        """first - second of this design, with their covariance: the influence functions subtract."""
        df = min(first.df, second.df)
        return Estimate(
            first.estimate - second.estimate,
            first.influence - second.influence,
            self,
            df,
            min(first.n, second.n),
            reason=first.reason or second.reason,
        )

    def _inside(self, y: ArrayLike, domain: ArrayLike | None) -> tuple[Floats, NDArray[np.bool_]]:
        inside = np.ones(self.n, dtype=bool) if domain is None else np.asarray(domain, dtype=bool)
        values = np.asarray(y, dtype=float)
        values = values[:, None] if values.ndim == 1 else values
        if len(values) != self.n or len(inside) != self.n:
            raise ValueError(f"values and domain must have {self.n} rows")
        values = np.where(inside[:, None], values, 0.0)
        if not np.all(np.isfinite(values)):
            missing = int((~np.isfinite(values)).any(axis=1).sum())
            raise ValueError(f"{missing} firms of the domain have no finite value: leave them out of the domain")
        return values, inside

    def _estimate(self, estimate: Floats, influence: Floats, inside: NDArray[np.bool_]) -> Estimate:
        return Estimate(
            np.asarray(estimate),
            influence,
            self,
            self.degrees_of_freedom(inside),
            int(inside.sum()),
            domain=inside,
        )

    def _empty(self, k: int, inside: NDArray[np.bool_], reason: str) -> Estimate:
        return Estimate(
            np.full(k, np.nan),
            np.zeros((self.n, k)),
            self,
            self.degrees_of_freedom(inside),
            int(inside.sum()),
            domain=inside,
            reason=reason,
        )

    # ---- from the lake -----------------------------------------------------------------------------------------

    @classmethod
    def from_tables(
        cls,
        weights: pd.DataFrame,
        replicates: pd.DataFrame | None = None,
        survey: Survey | None = None,
        nonresponding: pd.DataFrame | None = None,
    ) -> SurveyDesign:
        """The design that the tables of `weighted` describe, in the order of `weights`.

        weights        weighted_weights: firm, stratum, population, response_class, base_weight, response_weight,
                       weight and the variables of the margins
        replicates     weighted_replicates: firm, weights (a list of R), scale
        survey         gives the lonely policy and the margins; without it `fail` and no calibration
        nonresponding  weighted_nonresponding: invited firms without a usable response by stratum and class.
                       Without it the classes are the strata and respondents over the class's population the
                       correction: exact for a near-census mailing, which is what it was made for.
        """
        final = weights["weight"].to_numpy(float)
        response_weight = weights["response_weight"].to_numpy(float)
        strata = weights["stratum"].to_numpy(object)
        population = weights["population"].to_numpy(float)
        known = population if np.isfinite(population).all() else None
        adjustment = response_weight / weights["base_weight"].to_numpy(float)
        response = None
        if np.any(adjustment != 1.0):
            classes = weights["response_class"].to_numpy(object)
            if nonresponding is not None:
                response = ResponsePhase(
                    classes,
                    adjustment,
                    nonresponding["stratum"].to_numpy(object),
                    nonresponding["response_class"].to_numpy(object),
                    nonresponding["silent"].to_numpy(float),
                    nonresponding["base_weight"].to_numpy(float),
                )
            else:
                strata = classes
                if known is not None:
                    values, codes = _codes(classes)
                    known = np.bincount(codes, weights=response_weight, minlength=len(values))[codes]
        design = survey.design if survey is not None else None
        auxiliary = None
        if design is not None and design.calibration.method != "none":
            auxiliary = margin_matrix(weights, design.calibration.margins)
        matrix, scale = None, None
        if replicates is not None:
            scale = float(replicates["scale"].iloc[0]) if "scale" in replicates else None
            listed: Mapping[str, Any] = dict(zip(replicates["firm"], replicates["weights"], strict=True))
            matrix = np.array([np.asarray(listed[firm], dtype=float) for firm in weights["firm"]])
        return cls(
            weights=final,
            strata=strata,
            population=known,
            response=response,
            auxiliary=auxiliary,
            before=response_weight if auxiliary is not None else None,
            replicates=matrix,
            replicate_scale=scale,
            lonely=design.lonely_stratum if design is not None else "fail",
            firms=weights["firm"].to_numpy(object),
        )


def margin_matrix(frame: pd.DataFrame, margins: tuple[tuple[str, ...], ...]) -> Floats:
    """One 0/1 column per category of every margin (crossed where it names several variables), (n, p)."""
    columns = []
    for margin in margins:
        key = frame[list(margin)].astype(str).agg("*".join, axis=1).to_numpy(object)
        values, codes = _codes(key)
        columns.append(np.eye(len(values))[codes])
    return np.hstack(columns)


def change(before: Estimate, after: Estimate, level: float = 0.95) -> dict[str, Floats]:
    """Change of k estimates between two waves, with the covariance that the firms in both bring.

    Var(change) = V1 + V2 - 2 C, C from `panel_covariance`; both designs must know their `firms`.
    Returns change, se, covariance, low, high and overlap, (k,) each.
    """
    one, two = before.design, after.design
    inside = [np.ones(e.design.n, dtype=bool) if e.domain is None else e.domain for e in (before, after)]
    k = len(before.estimate)
    covariance, overlap = panel_covariance(
        one,
        two,
        one.contributions(before.influence),
        two.contributions(after.influence),
        np.repeat(inside[0][:, None], k, axis=1),
        np.repeat(inside[1][:, None], k, axis=1),
    )
    v1, v2 = np.diag(before.covariance), np.diag(after.covariance)
    limit = np.sqrt(v1 * v2)
    covariance = np.clip(covariance, -limit, limit)
    moved = after.estimate - before.estimate
    se = np.sqrt(np.maximum(v1 + v2 - 2 * covariance, 0))
    low, high = student_t(moved, se, min(before.df, after.df), level)
    return {
        "change": moved,
        "se": se,
        "covariance": covariance,
        "low": low,
        "high": high,
        "overlap": overlap.astype(float),
    }


def panel_covariance(
    one: SurveyDesign,
    two: SurveyDesign,
    first: Floats,
    second: Floats,
    inside_one: NDArray[np.bool_],
    inside_two: NDArray[np.bool_],
) -> tuple[Floats, NDArray[np.int64]]:
    """Covariance of k estimates of two waves, and the firms that count in both, (k,) each.

    C = sum_h phi_h sum over common firms of stratum h of their contributions (`SurveyDesign.contributions`) to both
    estimates, phi_h = 1 - r1 r2 / (N_h r12) (Tam 1984; Qualite & Tille 2008): samples drawn independently of each
    other overlap by chance, r12 = r1 r2 / N_h, and have no covariance; neither have take-all strata. With response
    as a phase the classes take the strata's place. Firms that changed stratum get phi of the whole sample. Without
    population sizes phi = 1.

    first, second            (n1, k), (n2, k) contributions
    inside_one, inside_two   (n1, k), (n2, k) whether the firm counts in the estimate
    """
    if one.firms is None or two.firms is None:
        raise ValueError("a covariance between waves needs the firms of both designs")
    _, left, right = np.intersect1d(one.firms.astype(str), two.firms.astype(str), return_indices=True)
    phi = _beyond_chance(one, two, left, right)
    covariance = (phi[:, None] * first[left] * second[right]).sum(axis=0)
    return covariance, (inside_one[left] & inside_two[right]).sum(axis=0).astype(np.int64)


def _beyond_chance(one: SurveyDesign, two: SurveyDesign, left: NDArray[np.intp], right: NDArray[np.intp]) -> Floats:
    """phi of every common firm: 1 less the chance overlap of its stratum over the overlap there is."""
    if one.population is None or two.population is None or not len(left):
        return np.ones(len(left))
    first, second = one._variance_cells(), two._variance_cells()
    a, b = first[0][left], second[0][right]
    size_one, size_two = ({name: (count, big) for name, count, big in cells[1]} for cells in (first, second))
    stayed = a == b
    shared = dict(zip(*np.unique(a[stayed], return_counts=True), strict=True))
    phi = np.zeros(len(left))
    expected = 0.0
    for label, (r1, big) in size_one.items():
        if label not in size_two:
            continue
        r2, other = size_two[label]
        chance = r1 * r2 / max(big, other)
        expected += chance
        if label in shared:
            phi[stayed & (a == label)] = 1 - chance / shared[label]
    phi[~stayed] = np.clip(1 - expected / len(left), 0.0, 1.0)
    return phi


def _quantile(sorted_y: Floats, cumulative: Floats, p: float) -> float:
    """The value at which the cumulative weight reaches p of the whole."""
    goal = p * cumulative[-1]
    position = int(np.searchsorted(cumulative, goal, side="right")) - 1
    if position >= 0 and cumulative[position] == goal:
        return float(sorted_y[position])
    return float(sorted_y[min(position + 1, len(sorted_y) - 1)])


def _codes(values: ArrayLike) -> tuple[NDArray[Any], Codes]:
    """Distinct values in order, and the code of each row; mixed types are ordered by their text."""
    array = np.asarray(values)
    if array.dtype == object:
        array = array.astype(str)
    labels, codes = np.unique(array, return_inverse=True)
    return labels.astype(object), codes.ravel().astype(np.int64)


def _sums(values: Floats, codes: Codes, groups: int) -> Floats:
    """Column sums by group, (groups, k)."""
    result = np.empty((groups, values.shape[1]))
    for j in range(values.shape[1]):
        result[:, j] = np.bincount(codes, weights=values[:, j], minlength=groups)
    return result


def _two_dimensional(values: ArrayLike, n: int) -> Floats:
    array = np.asarray(values, dtype=float)
    array = array[:, None] if array.ndim == 1 else array
    if len(array) != n:
        raise ValueError(f"an influence function needs {n} rows, not {len(array)}")
    if not np.all(np.isfinite(array)):
        raise ValueError("an influence function must be finite for every firm; outside the domain it is zero")
    return array


def _weight_problems(weights: Floats, firms: NDArray[Any] | None) -> list[Problem]:
    problems = []
    for kind, bad in (
        ("missing", np.isnan(weights)),
        ("infinite", np.isinf(weights)),
        ("negative", weights < 0),
        ("zero", weights == 0),
    ):
        rows = np.flatnonzero(bad)
        if len(rows):
            who = ", ".join(str(firms[i]) if firms is not None else f"row {i + 1}" for i in rows[:5])
            problems.append(
                Problem(
                    f"{len(rows)} weights are {kind}",
                    firm=who,
                    column="weight",
                    expected="a positive number for every firm",
                    do="leave firms that do not count out of the sample, or mend their weight",
                )
            )
    if not len(weights):
        problems.append(Problem("the design has no firm", expected="at least one responding firm"))
    return problems
