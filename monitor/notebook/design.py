"""The survey's design with its firms' answers beside it: estimates by the names of columns.

Belongs here: what a person asks for in a notebook, in every completed copy. Does not belong here: formulas
(`statistics`), results (`results`), reading a release (`answers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from monitor.notebook.columns import column, levels_of, text
from monitor.notebook.results import CrossTable, Estimates, OneCopy, difference
from monitor.problems import MonitorError, Problem
from monitor.statistics.design.inputs import members, numbers
from monitor.statistics.design.structure import SurveyDesign as Arrays

if TYPE_CHECKING:
    from monitor.statistics.design.two_stage import TwoStageDesign

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Domain = str | ArrayLike | None
"""Which firms: a condition over columns (`"size_band == 'small'"`), one True or False each, or all"""


@dataclass(frozen=True, repr=False)
class SurveyDesign:
    """n firms with their answers, and how they stand for a population.

    Made by `from_frame` or `from_release`. A variable is a column's name or an expression over columns
    (`"turnover_eur / employees"`, as `DataFrame.eval` takes it); firms without a value are left out and `n` says how
    many are left. Where the design has replicate weights they give the variance, otherwise it is linearised; completed
    copies are combined by Rubin's rules.
    """

    arrays: Arrays
    copies: tuple[pd.DataFrame, ...]
    """The answers in each completed copy, firms in one order"""
    stages: TwoStageDesign | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Column -> what it means"""
    words: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    """Language -> column -> code -> what the code means"""

    @classmethod
    def from_frame(
        cls,
        data: pd.DataFrame | Sequence[pd.DataFrame],
        weights: str,
        strata: str | None = None,
        population: str | None = None,
        psu: str | None = None,
        within: str | None = None,
        replicates: ArrayLike | None = None,
        replicate_scale: ArrayLike | None = None,
        lonely: str = "fail",
    ) -> SurveyDesign:
        """A design out of columns of a frame (or of the frames of completed copies, firms in one order).

        weights, strata, population, psu   columns, as in `statistics.SurveyDesign`
        within            column with the units there were in the firm's primary unit, where both stages were drawn
        replicates        (n, R) replicate weights; replicate_scale (R,) or a number
        """
        copies = (data,) if isinstance(data, pd.DataFrame) else tuple(data)
        first = copies[0]
        given = {"strata": strata, "population": population, "psu": psu}
        columns = {role: column(first, name) for role, name in given.items() if name is not None}
        arrays = Arrays(
            weights=numbers(column(first, weights), "weights"),
            replicates=None if replicates is None else numbers(replicates, "replicate weights"),
            replicate_scale=None if replicate_scale is None else np.asarray(replicate_scale, dtype=float).ravel(),
            lonely=lonely,
            **columns,  # type: ignore[arg-type]
        )
        stages = None if within is None else arrays.two_stage(column(first, within))
        return cls(arrays, tuple(copy.reset_index(drop=True) for copy in copies), stages)

    @classmethod
    def from_release(cls, path: Path | str, wave: str | None = None) -> SurveyDesign:
        """The firms of a release's wave, or of all waves, with completed copies, weights and replicate weights.

        All waves hold a firm once for each wave it answered in, in the column `wave`; the same firm has the same random
        numbers in the replicates of each, so that differences between waves know how many firms are in both. Of waves
        with different numbers of completed copies those are used that all have. Errors are the replicates', as those of
        the secure database's macros; published ones may be linearised.
        """
        from monitor.notebook.answers import firms_of

        read = firms_of(Path(path), wave)
        return cls(read.arrays, read.copies, None, read.labels, read.words)

    def __repr__(self) -> str:
        copies = f", {len(self.copies)} completed copies" if len(self.copies) > 1 else ""
        return f"{self.arrays!r}{copies}, {len(self.copies[0].columns)} columns"

    # ---- variance --------------------------------------------------------------------------------------------

    def covariance(self, one: OneCopy) -> Floats:
        """(k, k) covariance of one copy's estimates."""
        if one.replicates is not None:
            return self.arrays.replicate_covariance(one.replicates)
        return (self.stages or self.arrays).covariance(one.influence)

    def degrees_of_freedom(self, domain: Domain = None) -> int:
        """Firms (primary units) less strata, of a domain those in it."""
        return self.arrays.degrees_of_freedom(self._inside(self.copies[0], domain))

    # ---- estimates -------------------------------------------------------------------------------------------

    def mean(self, variable: str, by: str | Sequence[str] | None = None, domain: Domain = None) -> Estimates:
        """Weighted means; of what is true or false (or 1 and 0 only) shares, with intervals of shares."""
        return self._ratios(variable, None, by, domain, "mean")

    def total(self, variable: str, by: str | Sequence[str] | None = None, domain: Domain = None) -> Estimates:
        """Weighted totals over the firms that have a value."""
        return self._ratios(variable, None, by, domain, "total")

    def ratio(
        self, numerator: str, denominator: str, by: str | Sequence[str] | None = None, domain: Domain = None
    ) -> Estimates:
        """Ratios of two weighted totals, over the firms that have both values."""
        return self._ratios(numerator, denominator, by, domain, "ratio")

    def quantile(
        self,
        variable: str,
        p: float = 0.5,
        by: str | Sequence[str] | None = None,
        domain: Domain = None,
        interval: str = "mean",
        level: float = 0.95,
    ) -> Estimates:
        """Weighted quantiles with Woodruff's intervals (`quantiles`): `interval` is mean, xlogit or beta."""
        from monitor.notebook.quantiles import quantiles

        return quantiles(self, variable, p, by, domain, interval, level)

    def table(self, rows: str, columns: str, domain: Domain = None) -> CrossTable:
        """Shares of all firms in the cells of a table; its `test()` is Rao and Scott's of independence."""
        groups = self._groups([rows, columns], domain, crossed=True)
        known = [
            self._inside(copy, domain) & copy[[rows, columns]].notna().all(axis=1).to_numpy() for copy in self.copies
        ]
        made = [self._one(np.column_stack([g[i] for _, g in groups]), np.repeat(k[:, None], len(groups), axis=1))
                for i, k in enumerate(known)]  # fmt: skip
        shape = tuple(len({labels[name] for labels, _ in groups}) for name in (rows, columns))
        labels = pd.DataFrame([labels for labels, _ in groups])
        cells = self._estimates(labels, made, np.array([known] * len(groups)), "share", [g for _, g in groups])
        return CrossTable(cells, (shape[0], shape[1]))

    def glm(self, formula: str, family: str = "gaussian", domain: Domain = None) -> Estimates:
        """A generalised linear model with design-based errors, as in `glm("y ~ a * b + size_band", "binomial")`.

        family   gaussian; binomial (also of shares: the fractional logit); poisson. A domain is a part of the design:
        firms outside it count as zeros, as in R's `svyglm(subset(...))`. Degrees of freedom are the domain's less the
        coefficients but one.
        """
        from monitor.notebook.regression import fit

        return fit(self, formula, family, domain)

    def small_areas(
        self, variable: str, areas: str | Sequence[str], domain: Domain = None, level: float = 0.95
    ) -> pd.DataFrame:
        """Means (shares) of areas with few firms: direct ones, and beside them what a model makes of all together.

        areas    variables whose classes cross, as in `["province", "sector"]`: an area is modelled by the classes it is
                 made of, without their interaction; of one variable by the mean of all areas
        Fay and Herriot's (1979) model by restricted maximum likelihood (`statistics.design.small_areas`), sampling
        variances spread over the areas by their effective numbers of firms. A row for each area with firms: its labels,
        `n`, `direct` and `direct_se`; `modelled`, its root mean squared error `rmse` and bounds `low`, `high`;
        `own_part`, how much of it is the area's own firms' (the rest is the model's). MonitorError where areas are too
        few.

        A modelled estimate holds for areas like this one on average. It is no way round confidentiality: of an area
        whose direct estimate is withheld it may not be published either, for `own_part` turns it back.
        """
        from monitor.notebook.small_areas import small_areas

        return small_areas(self, variable, areas, domain, level)

    @staticmethod
    def difference(first: Estimates, second: Estimates) -> Estimates:
        """first - second with the covariance of both, of domains and of waves."""
        return difference(first, second)

    # ---- other weights ---------------------------------------------------------------------------------------

    def post_stratified(self, variable: str, totals: Mapping[Any, float]) -> SurveyDesign:
        """The design with weights that meet the number of firms in each class of a variable."""
        return self.calibrated({variable: totals}, "linear")

    def calibrated(self, margins: Mapping[str, Mapping[Any, float]], method: str = "raking") -> SurveyDesign:
        """The design with weights, and every replicate's, calibrated to margins: variable -> class -> firms.

        method   raking or linear (Deville & Sarndal 1992). Linearised errors are of residuals on the margins' classes.
        """
        from monitor.statistics.weighting.calibration import CalibrationError, calibrate

        if self.stages is not None or self.arrays.auxiliary is not None:
            raise ValueError("a two-stage or already calibrated design is not calibrated again here")
        columns, totals = [], []
        for variable, classes in margins.items():
            codes = self._texts(variable)
            for code, total in classes.items():
                columns.append((codes == text(code)).astype(float))
                totals.append(float(total))
            if unknown := set(codes.tolist()) - {text(code) for code in classes}:
                raise MonitorError(
                    Problem(f"the margin of {variable} lacks classes that firms have", found=", ".join(sorted(unknown)))
                )
        x, arrays = np.column_stack(columns), self.arrays
        every = (
            arrays.weights[:, None]
            if arrays.replicates is None
            else np.column_stack([arrays.weights, arrays.replicates])
        )
        try:
            made = calibrate(every, x, np.array(totals), method, tolerance=1e-12).weights
        except CalibrationError as error:
            raise MonitorError(Problem(f"the margins cannot be met: {error.reason}")) from None
        under = None if arrays.replicates is None else made[:, 1:]
        changed = replace(arrays, weights=made[:, 0], before=arrays.weights, auxiliary=x, replicates=under)
        return replace(self, arrays=changed)

    # ---- within ----------------------------------------------------------------------------------------------

    def _inside(self, copy: pd.DataFrame, domain: Domain) -> Bools:
        """(n,) whether a firm is in the domain; where the condition is unknown it is not."""
        if domain is None:
            return np.ones(len(copy), dtype=bool)
        if not isinstance(domain, str):
            return members(domain, len(copy))
        return np.asarray(pd.Series(column(copy, domain)).astype("boolean").fillna(False).astype(bool))

    def _groups(
        self, by: str | Sequence[str] | None, domain: Domain, crossed: bool = False
    ) -> list[tuple[dict[str, object], list[Bools]]]:
        """Labels of every group of `by` with its firms in each copy; with `crossed` empty cells too."""
        names = [] if by is None else [by] if isinstance(by, str) else list(by)
        inside = [self._inside(copy, domain) for copy in self.copies]
        found: list[tuple[dict[str, object], list[Bools]]] = [({}, inside)]
        for name in names:
            columns = [pd.Series(column(copy, name)) for copy in self.copies]
            levels = levels_of([c[i] for c, i in zip(columns, inside, strict=True)])
            found = [
                (labels | {name: level}, [rows & (c == level).fillna(False).to_numpy(bool)
                                          for rows, c in zip(members_, columns, strict=True)])
                for labels, members_ in found
                for level in levels
            ]  # fmt: skip
        kept = [pair for pair in found if crossed or all(rows.any() for rows in pair[1])]
        if not kept:
            raise MonitorError(Problem("no firm is in the domain", do="look at the condition: domain="))
        return kept

    def _ratios(
        self, above: str, below: str | None, by: str | Sequence[str] | None, domain: Domain, kind: str
    ) -> Estimates:
        """Totals, means and ratios in every group: all are weighted totals, or one over another."""
        groups = self._groups(by, domain)
        made, counted, values = [], [], []
        for i, copy in enumerate(self.copies):
            y = numbers(column(copy, above), above)
            x = np.ones(len(y)) if below is None else numbers(column(copy, below), below)
            inside = np.column_stack([rows[i] for _, rows in groups]) & np.isfinite(y + x)[:, None]
            if not inside.any(axis=0).all():
                raise MonitorError(Problem(f"no firm of a group has a value of {above}", do="choose another domain="))
            under = None if kind == "total" else np.where(inside, np.nan_to_num(x)[:, None], 0.0)
            made.append(self._one(np.where(inside, np.nan_to_num(y)[:, None], 0.0), under))
            counted.append(inside)
            values.append(y[inside.any(axis=1)])
        share = kind == "mean" and all(np.isin(v, (0.0, 1.0)).all() for v in values)
        amount = kind in ("total", "ratio") and all((v >= 0).all() for v in values)
        labels = pd.DataFrame([{"variable": above if below is None else f"{above} / {below}"} | g for g, _ in groups])
        firms = np.moveaxis(np.array(counted), 2, 0)
        what = "share" if share else "amount" if amount else "mean"
        events = [[rows * numbers(column(copy, above), above) for rows, copy in zip(of, self.copies, strict=True)]
                  for of in firms] if share else None  # fmt: skip
        return self._estimates(labels, made, firms, what, events)

    def _one(self, above: NDArray[Any], below: NDArray[Any] | None) -> OneCopy:
        """Totals of above (n, k), or their ratios to the totals of below, with influence and under replicates."""
        above = np.asarray(above, dtype=float)
        w, drawn = self.arrays.weights, self.arrays.replicates
        if below is None:
            return OneCopy(w @ above, above, None if drawn is None else drawn.T @ above)
        below = np.asarray(below, dtype=float)
        size = w @ below
        if np.any(size == 0):
            raise MonitorError(Problem("the denominator of a ratio is zero", do="choose another domain="))
        found = (w @ above) / size
        under = None if drawn is None else (drawn.T @ above) / (drawn.T @ below)
        return OneCopy(found, (above - found * below) / size, under)

    def _estimates(
        self, labels: pd.DataFrame, made: Sequence[OneCopy], firms: NDArray[Any], kind: str, events: Any = None
    ) -> Estimates:
        """Rows with their degrees of freedom and counts; firms (k, m, n), events alike."""
        df = np.array([min(self.arrays.degrees_of_freedom(rows) for rows in of) for of in firms], dtype=float)
        n = firms.sum(axis=2).mean(axis=1).astype(float)
        few, kish = None, None
        if kind == "share" and events is not None:
            count = np.array([np.mean([np.nansum(e) for e in of]) for of in events])
            few = np.minimum(count, n - count)
            kish = np.array([np.mean([self.arrays.kish_effective_n(rows) for rows in of]) for of in firms])
        return Estimates(self, labels, tuple(made), df, n, kind, few, kish)

    def _texts(self, variable: str) -> NDArray[np.object_]:
        """A variable's classes as text, the same in every copy."""
        found = [np.array([text(v) for v in column(copy, variable)], dtype=object) for copy in self.copies]
        if any((other != found[0]).any() for other in found):
            raise MonitorError(Problem(f"{variable} was filled in, and differs between completed copies",
                                       do="calibrate to variables of the frame"))  # fmt: skip
        return found[0]
