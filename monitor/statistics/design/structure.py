"""The survey design itself: how n firms stand for a population, and the estimators that follow.

Belongs here: `SurveyDesign`, its linearised and replicate covariance, estimators with their influence functions.
Does not belong here: published indicators, models, the making of weights.

Convention: an influence function z (n, k) of an estimate is scaled so that the estimate moves by sum_k w_k z_k.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.problems import MonitorError
from monitor.statistics.design.estimate import Estimate, quantile_at
from monitor.statistics.design.groups import POLICIES, Spread, group_codes, resolve_lonely, spread, sums, units_within
from monitor.statistics.design.inputs import (
    finite_problems,
    members,
    numbers,
    population_problems,
    share_of,
    stratum_problems,
    two_dimensional,
    weight_problems,
)
from monitor.statistics.design.intervals import t_quantile
from monitor.statistics.design.phases import Answered, ResponsePhase, TwoPhases, two_phases
from monitor.statistics.design.replicates import replicate_covariance
from monitor.statistics.design.stacked import cross_products, in_parts, side_by_side
from monitor.statistics.design.tables import columns_of
from monitor.statistics.many_rows import Codes, Floats, ManyRows, as_given

if TYPE_CHECKING:
    import pandas as pd

    from monitor.statistics.design.plan import DesignPlan
    from monitor.statistics.design.two_stage import TwoStageDesign


@dataclass(frozen=True, repr=False)
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
        weights = numbers(self.weights, "weights")
        object.__setattr__(self, "weights", weights)
        for name in ("strata", "psu", "firms"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.asarray(value))
        for name in ("population", "auxiliary", "before", "replicates"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, numbers(value, name))
        for name in ("strata", "population", "psu", "auxiliary", "before", "replicates", "firms"):
            value = getattr(self, name)
            if value is not None and len(value) != len(weights):
                raise ValueError(f"{name} has {len(value)} rows, weights has {len(weights)}: one row per firm in each")
        if self.auxiliary is not None and self.auxiliary.ndim == 1:
            object.__setattr__(self, "auxiliary", self.auxiliary[:, None])
        if self.lonely not in POLICIES:
            raise ValueError(f"lonely must be one of {', '.join(POLICIES)}, not {self.lonely!r}")
        problems = [*weight_problems(weights, self.firms), *stratum_problems(self.strata, self.firms)]
        if self.before is not None:
            problems += weight_problems(self.before, self.firms, "weights before calibration (`before`)")
        problems += finite_problems(self.auxiliary, "calibration variables (`auxiliary`)", "firms x variables")
        problems += finite_problems(self.replicates, "replicate weights", "firms x replicates")
        if self.population is not None and weights.ndim == 1:
            codes, labels = self._stratum
            problems += population_problems(self.population, codes, labels, self._drawn)
        if problems:
            raise MonitorError(problems)

    def __repr__(self) -> str:
        parts = [f"{self.n} firms", f"{len(self._stratum[1])} strata"]
        if self.population is not None:
            parts.append(f"population {self._population.sum():.10g}")
        parts.append(f"sum of weights {self.weights.sum():.4g}")
        if self.response is not None:
            parts.append(f"{len(self._class[0])} response classes")
        if self.auxiliary is not None:
            parts.append(f"{self.auxiliary.shape[1]} calibration variables")
        if self.replicates is not None:
            parts.append(f"{self.replicates.shape[1]} replicates")
        return f"SurveyDesign({', '.join(parts)})"

    # ---- structure -----------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Responding firms."""
        return len(self.weights)

    @cached_property
    def _stratum(self) -> tuple[Codes, NDArray[Any]]:
        if self.strata is None:
            return np.zeros(self.n, dtype=np.int64), np.array(["all"], dtype=object)
        values, codes = group_codes(self.strata)
        return codes, values

    @cached_property
    def _class(self) -> tuple[NDArray[Any], Codes]:
        """Response classes in order and the code of each firm's."""
        assert self.response is not None
        return group_codes(self.response.classes)

    @cached_property
    def _unit(self) -> tuple[Codes | None, Codes]:
        """Primary unit of every firm, None where each is one itself, and the stratum code of every primary unit."""
        h = self._stratum[0]
        if self.psu is None:
            return None, h
        return units_within(h, self.psu)

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
        z = two_dimensional(influence, self.n)
        if self._projection is None:
            return z
        basis, root = self._projection
        scaled = z * root[:, None]
        scaled -= basis @ (basis.T @ scaled)
        left = np.divide(scaled, root[:, None], out=scaled)
        # What calibration explains leaves the rounding of a product, not a variance of 1e-32 with a standard error.
        return np.where(np.abs(left) > 1e-12 * np.abs(z).max(axis=0, initial=0.0), left, 0.0)

    def contributions(self, influence: ArrayLike) -> Floats:
        """(n, k) per firm, centred within stratum (response class, where response is a phase), without the finite
        population correction: their cross products over the firms that two waves share estimate the waves'
        covariance (`change`)."""
        wz = self.weights[:, None] * self.residuals(influence)
        codes = self._stratum[0] if self.response is None else self._class[1]
        n = np.bincount(codes).astype(float)
        wz = wz - (sums(wz, codes, len(n)) / n[:, None])[codes]
        return np.asarray(wz * np.sqrt(n / np.maximum(n - 1, 1))[codes][:, None])

    def covariance(self, influence: ArrayLike) -> Floats:
        """Linearised covariance (k, k) of estimates with influence function z (n, k).

        V = sum_h (1 - f_h) n_h / (n_h - 1) sum_k (w_k e_k - mean_h)(w_k e_k - mean_h)', f_h = n_h / N_h, with e the
        calibration residual of z (Binder 1983; Deville 1999; Deville & Sarndal 1992). With `psu` the terms are sums
        over primary units. With `response` the sum of two parts (the reverse order of Fay 1991 and Shao & Steel
        1999): drawing the invited firms from the frame, with f_h = invited / N_h, and answering given the class,
        where together the correction for a class is respondents over population.
        """
        return np.asarray(self.covariances(two_dimensional(influence, self.n)[None])[0])

    def covariances(self, influences: Floats) -> Floats:
        """(m, k, k) `covariance` of each of m sets of estimates, influences (m, n, k)."""
        return in_parts(self._covariances, influences)

    def covariance_of_scores(self, rows: ManyRows, r: Floats) -> Floats:
        """(k, k) `covariance` of the influence function r_i x_i, r (n,) and x the terms, which is never whole where
        firms are drawn within strata, alone or in primary units, and nothing was calibrated; r is used up."""
        if self.auxiliary is not None or self.response is not None:
            return as_given(self.covariance(np.column_stack(rows.columns) * r[:, None]), rows.order)
        return self._drawing.product_of_scores(rows, np.multiply(self.weights, r, out=r), self._unit[0])

    def _covariances(self, influences: Floats) -> Floats:
        e = self.residuals(side_by_side(influences))
        if self.response is not None:
            drawn, answered = self._phases.rows(e, self._drawing)
            return cross_products(drawn, drawn, len(influences)) + cross_products(answered, answered, len(influences))
        unit, h_of_unit = self._unit
        wz = self.weights[:, None] * e
        rows = self._drawing.of(wz if unit is None else sums(wz, unit, len(h_of_unit)))
        return cross_products(rows, rows, len(influences))

    @cached_property
    def _phases(self) -> TwoPhases:
        assert self.response is not None
        firms = Answered(self.weights, self._before, self._population[self._stratum[0]], self._stratum, self._class)
        return two_phases(self.response, firms, self.lonely)

    @cached_property
    def _drawing(self) -> Spread:
        """Spread of weighted influences within strata, with the correction 1 - n_h / N_h."""
        drawn, big = self._drawn, self._population
        grouping = resolve_lonely(self._stratum[1], drawn, drawn >= big * (1 - 1e-12), self.lonely, "stratum")
        size = np.bincount(grouping.target, weights=drawn, minlength=len(drawn)).astype(float)
        total = np.bincount(grouping.target, weights=big, minlength=len(drawn))
        with np.errstate(invalid="ignore", divide="ignore"):
            remaining = np.nan_to_num(np.maximum(1 - size / total, 0.0))
        if self.response is None:
            return spread(self._unit[1], size, remaining, grouping)
        return spread(self._phases.stratum, size, remaining, grouping, self._phases.times)

    def two_stage(self, within: ArrayLike) -> TwoStageDesign:
        """The design with the number of units there were in each firm's primary unit (n,): its `of` gives an estimate
        the variance of both stages."""
        from monitor.statistics.design.two_stage import TwoStageDesign

        return TwoStageDesign(self, within)

    def replicate_covariance(self, theta: ArrayLike, centre: ArrayLike | None = None) -> Floats:
        """Covariance (k, k) of estimates from their values theta (R, k) under this design's replicates."""
        return replicate_covariance(theta, self.replicate_scale, centre)

    def replicate_totals(self, y: ArrayLike) -> Floats:
        """Weighted totals (R, k) of y (n, k) under every replicate: one matrix product."""
        if self.replicates is None:
            raise ValueError("the design has no replicate weights: hand them to it as replicates=")
        return np.asarray(self.replicates.T @ two_dimensional(y, self.n))

    def variance_cells(self) -> tuple[NDArray[Any], list[tuple[str, int, float]]]:
        """Stratum (response class, where response is a phase) of every firm as text, and (label, firms, N) of each."""
        if self.response is None:
            codes, labels = self._stratum
            big = self._population
        else:
            labels, codes = self._class
            big = np.bincount(codes, weights=self._before).astype(float)
        counts = np.bincount(codes, minlength=len(labels))
        names = labels.astype(str)
        return names[codes], [(str(n), int(c), float(b)) for n, c, b in zip(names, counts, big, strict=True)]

    # ---- what n firms are worth -------------------------------------------------------------------------------

    def degrees_of_freedom(self, domain: ArrayLike | None = None) -> int:
        """Firms (primary units) in the domain less the strata they lie in; response classes count as strata."""
        inside = members(domain, self.n)
        strata = self._stratum[0] if self.response is None else self._class[1]
        unit = self._unit[0]
        units = inside.sum() if unit is None else np.count_nonzero(np.bincount(unit[inside]))
        return int(units) - int(np.count_nonzero(np.bincount(strata[inside])))

    def kish_effective_n(self, domain: ArrayLike | None = None) -> float:
        """Kish's (1965) effective number of firms, (sum w)^2 / sum w^2: those in the domain over 1 + CV^2(w)."""
        w = self.weights[members(domain, self.n)]
        return float(w.sum() ** 2 / (w**2).sum()) if len(w) else 0.0

    # ---- estimators --------------------------------------------------------------------------------------------

    def total(self, y: ArrayLike, domain: ArrayLike | None = None) -> Estimate[SurveyDesign]:
        """Totals sum_k w_k y_k over the domain, y (n,) or (n, k) in its own unit. Influence: y inside, 0 outside."""
        values, inside = self._inside(y, domain)
        return self._estimate(self.weights @ values, values, inside)

    def mean(self, y: ArrayLike, domain: ArrayLike | None = None) -> Estimate[SurveyDesign]:
        """Weighted means sum w y / sum w over the domain, y (n,) or (n, k), in the unit of y.

        Influence: (y - mean) / sum w inside, 0 outside.
        """
        values, inside = self._inside(y, domain)
        size = self.weights @ inside
        if size == 0:
            return self._empty(values.shape[1], inside, "no firm in the domain")
        means = self.weights @ values / size
        return self._estimate(means, (values - means * inside[:, None]) / size, inside)

    def proportion(self, y: ArrayLike, domain: ArrayLike | None = None) -> Estimate[SurveyDesign]:
        """Weighted shares of firms with a property; y boolean or 0/1, (n,) or (n, k)."""
        values, inside = self._inside(y, domain)
        if not np.isin(values, (0.0, 1.0)).all():
            raise ValueError(
                "a proportion is of a property that firms have or have not (1 or 0); of numbers take the mean"
            )
        result = self.mean(values, inside)
        return replace(result, share=True, events=values.sum(axis=0).astype(np.int64))

    def ratio(
        self, numerator: ArrayLike, denominator: ArrayLike, domain: ArrayLike | None = None
    ) -> Estimate[SurveyDesign]:
        """Ratios of weighted totals R = sum w y / sum w x, y and x (n,) or (n, k); in units of y per unit of x.

        Influence: (y - R x) / sum w x inside, 0 outside.
        """
        y, inside = self._inside(numerator, domain)
        x, _ = self._inside(denominator, domain)
        below = self.weights @ x
        if np.any(below == 0):
            reason = "no firm in the domain" if not inside.any() else "the denominator's total is zero"
            return self._empty(max(y.shape[1], x.shape[1]), inside, reason)
        ratios = (self.weights @ y) / below
        return self._estimate(ratios, (y - ratios * x) / below, inside)

    def quantile(
        self, y: ArrayLike, p: float = 0.5, domain: ArrayLike | None = None, level: float = 0.95
    ) -> Estimate[SurveyDesign]:
        """The weighted p-quantile: the smallest y at which the weighted share at or below it passes p; where it is p
        exactly, that value (R's `qrule = "math"`).

        Woodruff's (1952) interval: the interval of the share at or below the quantile, read back through the
        distribution; the standard error is its length over 2 t. The influence is (p - 1{y <= q}) / slope, with the
        slope that gives that standard error.
        """
        share_of(p, "a quantile", "0.5 for the median")
        share_of(level, "a level", "0.95")
        values, inside = self._inside(y, domain)
        if values.shape[1] != 1:
            raise ValueError("quantiles are taken of one variable at a time")
        if not inside.any():
            return self._empty(1, inside, "no firm in the domain")
        order = np.flatnonzero(inside)[np.argsort(values[inside, 0], kind="stable")]
        sorted_y, cumulative = values[order, 0], np.cumsum(self.weights[order])
        found = quantile_at(sorted_y, cumulative, p)
        below = self.proportion(values[:, 0] <= found, inside)
        t = float(t_quantile(below.df, level))
        half = t * float(below.se[0]) if below.se[0] > 0 else 0.0
        at = float(below.estimate[0])
        low = quantile_at(sorted_y, cumulative, at - half) if at - half > 0 else np.nan
        high = quantile_at(sorted_y, cumulative, at + half) if at + half <= 1 else np.nan
        se = (high - low) / (2 * t)
        slope = float(below.se[0]) / se if se > 0 else np.inf
        influence = -below.influence / slope if np.isfinite(slope) else np.zeros((self.n, 1))
        result = self._estimate(np.array([found]), influence, inside)
        reason = None if np.isfinite(low) and np.isfinite(high) else "too few firms for an interval of this quantile"
        return replace(result, bounds=np.array([[low, high]]), reason=reason)

    def difference(self, first: Estimate[SurveyDesign], second: Estimate[SurveyDesign]) -> Estimate[SurveyDesign]:
        """first - second of this design, with their covariance: the influence functions subtract."""
        if first.design is not self or second.design is not self:
            raise ValueError("both estimates must be of this design; for two waves there is statistics.design.change")
        df = min(first.df, second.df)
        estimate, influence = first.estimate - second.estimate, first.influence - second.influence
        return Estimate(estimate, influence, self, df, min(first.n, second.n), reason=first.reason or second.reason)

    def _inside(self, y: ArrayLike, domain: ArrayLike | None) -> tuple[Floats, NDArray[np.bool_]]:
        inside = members(domain, self.n)
        values = numbers(y, "values")
        values = values[:, None] if values.ndim == 1 else values
        if len(values) != self.n:
            raise ValueError(f"there are {len(values)} values and {self.n} firms: one value for every firm")
        values = np.where(inside[:, None], values, 0.0)
        if not np.all(np.isfinite(values)):
            missing = int((~np.isfinite(values)).any(axis=1).sum())
            raise ValueError(
                f"{missing} firms of the domain have no finite value: leave them out of it, as with domain=y.notna(), "
                "or fill them in"
            )
        return values, inside

    def _estimate(self, estimate: Floats, influence: Floats, inside: NDArray[np.bool_]) -> Estimate[SurveyDesign]:
        return Estimate(
            np.asarray(estimate),
            influence,
            self,
            self.degrees_of_freedom(inside),
            int(inside.sum()),
            domain=inside,
        )

    def _empty(self, k: int, inside: NDArray[np.bool_], reason: str) -> Estimate[SurveyDesign]:
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
        plan: DesignPlan | None = None,
        nonresponding: pd.DataFrame | None = None,
    ) -> SurveyDesign:
        """The design that the tables of `weighted` describe, in the order of `weights`.

        weights        weighted_weights: firm, stratum, population, response_class, base_weight, response_weight,
                       weight and the variables of the margins
        replicates     weighted_replicates: firm, weights (a list of R), scale
        plan           gives the lonely policy and the margins; without it `fail` and no calibration
        nonresponding  weighted_nonresponding: invited firms without a usable response by stratum and class.
                       Without it the classes are the strata and respondents over the class's population the
                       correction: exact for a near-census mailing, which is what it was made for.
        """
        return cls(**columns_of(weights, replicates, plan, nonresponding))
