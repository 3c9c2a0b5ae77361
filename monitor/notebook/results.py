"""What an estimate gives back: rows with errors and intervals that print as a table.

Belongs here: copies combined, intervals, tests, differences and contrasts of rows. Does not belong here: estimating.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from monitor.problems import MonitorError, Problem
from monitor.statistics.design.crosstab import Significance, rao_scott, wald
from monitor.statistics.design.intervals import (
    FEW_FIRMS_EITHER_WAY,
    effective_df,
    korn_graubard,
    log_t,
    logit_t,
    student_t,
)
from monitor.statistics.imputation.rubin import Combined, combine

if TYPE_CHECKING:
    from monitor.notebook.design import SurveyDesign

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OneCopy:
    """k estimates of one completed copy."""

    estimate: Floats
    """(k,)"""
    influence: Floats
    """(n, k)"""
    replicates: Floats | None = None
    """(R, k) under each replicate, where the design has any"""

    def combined_with(self, matrix: Floats) -> OneCopy:
        """The linear combinations matrix (q, k) of the estimates."""
        under = None if self.replicates is None else self.replicates @ matrix.T
        return OneCopy(matrix @ self.estimate, self.influence @ matrix.T, under)


@dataclass(frozen=True, repr=False)
class Estimates:
    """k rows of estimates of one design, completed copies combined by Rubin's rules."""

    design: SurveyDesign
    rows: pd.DataFrame
    """(k, …) what each row is of"""
    copies: tuple[OneCopy, ...]
    df_complete: Floats
    """(k,) degrees of freedom had nothing been missing"""
    n: Floats
    """(k,) firms, mean over the copies"""
    kind: str
    """share, mean, amount, quantile, coefficient or difference: which interval and test belong to it"""
    few: Floats | None = None
    """(k,) firms with the property of a share or without it, the fewer"""
    kish: Floats | None = None
    """(k,) Kish's effective number of firms"""
    bounds: Floats | None = None
    """(k, 2) bounds that come with a quantile"""
    level: float = 0.95
    """The level of intervals where none is named; of a quantile the one it was taken with"""
    values: Floats | None = None
    """(k,) quantiles: values that firms have, free of the rounding of a mean over copies"""
    terms: Mapping[str, slice] | None = None
    """Term of a model -> its rows"""

    @cached_property
    def combined(self) -> Combined:
        """Estimates with their joint covariance (`statistics.imputation.rubin`)."""
        found = [self.design.covariance(copy) for copy in self.copies]
        return combine([copy.estimate for copy in self.copies], found, self.df_complete)

    @property
    def estimate(self) -> Floats:
        """(k,) estimates."""
        return self.combined.estimate if self.values is None else self.values

    @property
    def covariance(self) -> Floats:
        """(k, k) covariance, what is missing included."""
        return self.combined.variance

    @property
    def se(self) -> Floats:
        """(k,) standard errors."""
        return self.combined.se

    @property
    def df(self) -> Floats:
        """(k,) degrees of freedom: Barnard & Rubin's where copies differ; of totals and ratios those of the firms that
        carry the variance, where they are fewer."""
        if self.kind != "amount":
            return self.combined.df
        own = [effective_df(self.design.arrays.contributions(c.influence), self.df_complete) for c in self.copies]
        return np.asarray(np.minimum(np.mean(own, axis=0), self.combined.df))

    def interval(self, level: float | None = None) -> tuple[Floats, Floats]:
        """(k,), (k,) bounds. Of shares by logit or, with few events, Korn and Graubard's; of totals and ratios of what
        is never negative on the log scale; of quantiles Woodruff's (MonitorError for another level than they were taken
        with); otherwise Student's t."""
        estimate, se, df = self.estimate, self.se, self.df
        level = self.level if level is None else level
        if self.bounds is not None:
            if level != self.level:
                do = f"take the quantile with it: quantile(..., level={level:g})"
                raise MonitorError(Problem(f"a quantile's interval is of the level {self.level:g}", do=do))
            return self.bounds[:, 0], self.bounds[:, 1]
        if self.kind == "share" and self.few is not None and self.kish is not None:
            low, high = logit_t(estimate, se, df, level)
            few = (self.few < FEW_FIRMS_EITHER_WAY) & (se > 0) | (estimate <= 0) | (estimate >= 1)
            exact = korn_graubard(estimate, se, self.n, df, level, self.kish)
            return np.where(few, exact[0], low), np.where(few, exact[1], high)
        return (log_t if self.kind == "amount" else student_t)(estimate, se, df, level)

    @property
    def p(self) -> Floats:
        """(k,) two-sided p-values of "zero", of coefficients and differences."""
        from scipy.special import stdtr

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * stdtr(self.df, -np.abs(self.estimate / self.se)))

    def to_frame(
        self, level: float | None = None, *, exponentiated: bool = False, labels: str | None = None
    ) -> pd.DataFrame:
        """Rows as a pandas frame; `exponentiated` gives odds ratios (rate ratios) and their bounds instead, `labels`
        (en, nl) what codes mean in place of the codes."""
        low, high = self.interval(level)
        estimate = self.estimate
        if exponentiated:
            estimate, low, high = np.exp(estimate), np.exp(low), np.exp(high)
        told = self._in_words(labels).assign(estimate=estimate)
        if not exponentiated:
            told = told.assign(se=self.se)
        told = told.assign(low=low, high=high, df=self.df)
        if self.kind in ("coefficient", "difference"):
            told = told.assign(p=self.p)
        return told.assign(n=self.n)

    def _in_words(self, language: str | None) -> pd.DataFrame:
        """(k, …) the rows with their codes in words; a code without a label stays."""
        if language is None:
            return self.rows
        if language not in self.design.words:
            raise _unknown(f"a language {language}", [*self.design.words] or ["none: the design has no labels"])
        words = self.design.words[language]
        rows = self.rows.copy()
        for name in [column for column in map(str, rows) if column in words]:
            rows[name] = [words[name].get(str(code), code) for code in rows[name]]
        return rows

    def __repr__(self) -> str:
        return self.to_frame().to_string(index=False, float_format=lambda v: f"{v:.4g}")

    def _repr_html_(self) -> str:
        """As a notebook shows it; pandas escapes what comes from answers."""
        return str(self.to_frame().to_html(index=False, float_format=lambda v: f"{v:.4g}"))

    def at(self, **labels: object) -> Estimates:
        """The rows with these labels, as in `at(size_band="small")`."""
        chosen = np.ones(len(self.rows), dtype=bool)
        for name, value in labels.items():
            if name not in self.rows:
                raise _unknown(f"a label {name}", list(map(str, self.rows.columns)))
            chosen &= (self.rows[name].astype(str) == str(value)).to_numpy(bool)
        if not chosen.any():
            raise _unknown(f"a row with {labels}", self.rows.astype(str).agg(" ".join, axis=1).tolist())
        return self._rows(np.flatnonzero(chosen))

    def _rows(self, at: NDArray[np.int64]) -> Estimates:
        pick = np.eye(len(self.rows))[at]
        part: dict[str, Any] = {
            name: None if (v := getattr(self, name)) is None else v[at] for name in ("few", "kish", "bounds", "values")
        }
        copies = tuple(copy.combined_with(pick) for copy in self.copies)
        rows = self.rows.iloc[at].reset_index(drop=True)
        return replace(
            self, rows=rows, copies=copies, df_complete=self.df_complete[at], n=self.n[at], terms=None, **part
        )

    def contrast(self, weights: Mapping[str, float] | ArrayLike, name: str = "contrast") -> Estimates:
        """A linear combination of the rows with its error: weights by name of the row, or (k,), or (q, k)."""
        if isinstance(weights, Mapping):
            names = self._names
            if unknown := set(weights) - set(names):
                raise _unknown(f"rows {', '.join(sorted(unknown))}", names)
            matrix = np.array([[weights.get(row, 0.0) for row in names]])
        else:
            matrix = np.atleast_2d(np.asarray(weights, dtype=float))
        used = [np.flatnonzero(line) for line in matrix]
        return Estimates(
            self.design,
            pd.DataFrame({"contrast": [name] if len(matrix) == 1 else [f"{name} {i + 1}" for i in range(len(matrix))]}),
            tuple(copy.combined_with(matrix) for copy in self.copies),
            np.array([self.df_complete[at].min() for at in used]),
            np.array([self.n[at].min() for at in used]),
            "difference",
        )

    @property
    def _names(self) -> list[str]:
        return self.rows.iloc[:, -1].astype(str).tolist()

    def test(self, term: str | Sequence[str] | None = None) -> Significance:
        """Wald test that the rows of a model's term (or these rows, or all rows) are zero together."""
        if term is None:
            chosen = np.arange(len(self.rows))
        elif isinstance(term, str) and self.terms is not None and term in self.terms:
            chosen = np.arange(len(self.rows))[self.terms[term]]
        else:
            asked = [term] if isinstance(term, str) else list(term)
            known = [*self._names, *(self.terms or {})]
            if unknown := [name for name in asked if name not in self._names]:
                raise _unknown(f"the term {', '.join(unknown)}", known)
            chosen = np.array([self._names.index(name) for name in asked])
        return wald(self.estimate[chosen], self.covariance[np.ix_(chosen, chosen)], float(self.df[chosen].min()))

    def anova(self) -> pd.DataFrame:
        """Wald test of each term of a model, given all others."""
        tests = {name: self.test(name) for name in self.terms or {} if name not in ("1", "Intercept")}
        return pd.DataFrame(
            [{"term": name, "F": t.statistic, "df": t.df, "df_residual": t.df_denominator, "p": t.p}
             for name, t in tests.items()]
        )  # fmt: skip


@dataclass(frozen=True, repr=False)
class CrossTable:
    """A table of two classifications: shares of all firms, with the test of their independence."""

    cells: Estimates
    """The shares, row by row"""
    shape: tuple[int, int]

    def test(self, order: int = 2) -> Significance:
        """Rao and Scott's test of independence, of the second (F) or first order (chi-squared)."""
        if order not in (1, 2):
            raise ValueError(f"order is 1 or 2, not {order!r}")
        found = self.cells
        n, df = float(found.n[0]), float(found.combined.df.min())
        return rao_scott(found.estimate.reshape(self.shape), found.covariance, n, df, order)

    def to_frame(self, level: float | None = None, *, labels: str | None = None) -> pd.DataFrame:
        """Cells as a pandas frame, one row each; `labels` as of `Estimates.to_frame`."""
        return self.cells.to_frame(level, labels=labels)

    def __repr__(self) -> str:
        a, b = map(str, self.cells.rows.columns)
        shares = self.cells.rows.assign(share=self.cells.estimate)
        wide = shares.pivot_table(index=a, columns=b, values="share", sort=False, observed=True)
        return f"Shares of all firms\n{wide.to_string(float_format=lambda v: f'{v:.4f}')}\n{self.test()}"


def difference(first: Estimates, second: Estimates) -> Estimates:
    """first - second, row by row (or one row from all), with the covariance that the firms in both bring."""
    if first.design is not second.design:
        raise MonitorError(
            Problem(
                "two estimates of different designs have no covariance that is known",
                do="take both from one design, waves too: from_release(path) holds all of them, and domain= chooses",
            )
        )
    k = max(len(first.rows), len(second.rows))
    if {len(first.rows), len(second.rows)} - {1, k}:
        raise ValueError(f"{len(first.rows)} rows less {len(second.rows)} rows: as many in each, or one")
    left, right = (np.resize(np.arange(len(e.rows)), k) for e in (first, second))
    made = []
    for a, b in zip(first.copies, second.copies, strict=True):
        under = None
        if a.replicates is not None and b.replicates is not None:
            under = a.replicates[:, left] - b.replicates[:, right]
        gap = a.influence[:, left] - b.influence[:, right]
        made.append(OneCopy(a.estimate[left] - b.estimate[right], gap, under))
    words = [
        e.rows.astype(str).agg(" ".join, axis=1).to_numpy(object)[at] for e, at in ((first, left), (second, right))
    ]
    rows = pd.DataFrame({"difference": [f"{a} - {b}" for a, b in zip(*words, strict=True)]})
    df = np.minimum(first.df_complete[left], second.df_complete[right])
    n = np.minimum(first.n[left], second.n[right])
    return Estimates(first.design, rows, tuple(made), df, n, "difference")


def _unknown(what: str, known: Sequence[str]) -> MonitorError:
    return MonitorError(Problem(f"there is no {what.removeprefix('a ')}", expected=f"one of {', '.join(known)}"))
