"""Whether two classifications of firms are independent, in a sample that is not a simple one.

Belongs here: tests of a table of shares with the covariance its design gives. Does not belong here: the shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Significance:
    """A test's statistic, its degrees of freedom and p-value."""

    statistic: float
    """F, or chi-squared"""
    df: float
    """Degrees of freedom: numerator's, for F"""
    df_denominator: float
    """Infinite for chi-squared"""
    p: float
    method: str

    def __repr__(self) -> str:
        kind = "F" if np.isfinite(self.df_denominator) else "X2"
        below = f", {self.df_denominator:.5g}" if kind == "F" else ""
        return f"{self.method}: {kind} = {self.statistic:.4g} ({self.df:.4g}{below} df), p = {self.p:.3g}"


def rao_scott(shares: Floats, covariance: Floats, n: float, df: float, order: int = 2) -> Significance:
    """Pearson's test of independence of an r x c table, corrected for the design (Rao & Scott 1984).

    X2 = n sum (p - p_i. p_.j)^2 / (p_i. p_.j). With C the interactions of the log-linear model, orthogonal to its main
    effects, and D the diagonal matrix of the shares, the generalised design effects are the eigenvalues of
    Delta = (C' D^-1 C / n)^-1 (C' D^-1 V D^-1 C). Second order: F = X2 / tr(Delta) on d and d * df degrees of freedom,
    d = tr(Delta)^2 / tr(Delta^2) (Thomas & Rao 1987). First order: X2 / (tr(Delta) / q) on chi-squared with
    q = (r - 1)(c - 1). Equal to R's
    `svychisq` with "F" and "Chisq" (whose printed statistic of the first order
    is X2 before the correction).

    shares      (r, c), summing to 1, no row or column of them empty
    covariance  (r c, r c) of the shares, row by row
    n           firms in the table
    df          degrees of freedom of the design
    """
    from scipy.special import chdtrc, fdtrc

    r, c = shares.shape
    p = shares.ravel()
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0)).ravel()
    pearson = n * float(((p - expected) ** 2 / expected).sum())
    rows, columns = np.eye(r)[np.repeat(np.arange(r), c)], np.eye(c)[np.tile(np.arange(c), r)]
    main = np.column_stack([np.ones(r * c), rows[:, 1:], columns[:, 1:]])
    both = np.einsum("ki,kj->kij", rows[:, 1:], columns[:, 1:]).reshape(r * c, -1)
    c_matrix = both - main @ np.linalg.lstsq(main, both, rcond=None)[0]
    inverse = np.where(p > 0, 1 / np.where(p > 0, p, 1.0), 0.0)
    scaled = inverse[:, None] * c_matrix
    delta = np.linalg.solve(scaled.T @ c_matrix / n, scaled.T @ covariance @ scaled)
    trace, q = float(np.trace(delta)), (r - 1) * (c - 1)
    if order == 1:
        corrected = pearson / (trace / q)
        return Significance(corrected, float(q), np.inf, float(chdtrc(q, corrected)), "Rao-Scott, first order")
    d = trace**2 / float(np.trace(delta @ delta))
    f = pearson / trace
    return Significance(f, d, d * df, float(fdtrc(d, d * df, f)), "Rao-Scott, second order")


def wald(estimates: Floats, covariance: Floats, df: float) -> Significance:
    """Whether q estimates are all zero: F = b' V^-1 b / q on q and df degrees of freedom.

    Of a model's terms equal to R's `regTermTest`; with completed copies b and V are the combined ones (Rubin 1987,
    section 3.2).
    """
    from scipy.special import fdtrc

    q = len(estimates)
    f = float(estimates @ np.linalg.solve(covariance, estimates)) / q
    return Significance(f, float(q), df, float(fdtrc(q, df, f)), "Wald")
