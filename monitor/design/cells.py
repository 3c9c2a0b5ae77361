"""Sufficient cells: fits, domain estimates and their linearised variances from sums that SQL makes.

Belongs here: the SELECT that sums firms to cells, and the estimators that need nothing but its rows. Where every
term is categorical these are exact, so memory does not grow with the firms. Does not belong here: running SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CellFit:
    """Estimates from cells."""

    estimate: Floats
    """(k,) coefficients in logits, or means of domains"""
    covariance: Floats
    """(k, k) linearised, of the design"""
    n: int
    """Firms behind the cells"""
    df: int
    """Firms less strata"""
    converged: bool = True

    @property
    def se(self) -> Floats:
        """(k,)"""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))


def cells_select(
    table: str, stratum: str, terms: Sequence[str], outcome: str, weight: str, population: str | None = None
) -> str:
    """The SELECT that sums a table of firms to sufficient cells. Grain: stratum x terms x outcome.

    Arguments are SQL expressions; the text is plain SQL for any engine. Gives n, w, w2 (sum of squared weights) and,
    where it is given, the stratum's population size.
    """
    keys = [
        f"{stratum} AS stratum",
        *(f"{term} AS term_{i}" for i, term in enumerate(terms)),
        f"CAST({outcome} AS INTEGER) AS y",
    ]
    sums = ["count(*) AS n", f"sum({weight}) AS w", f"sum({weight} * {weight}) AS w2"]
    if population is not None:
        sums.append(f"min({population}) AS population")
    names = ["stratum", *(f"term_{i}" for i in range(len(terms))), "y"]
    positions = ", ".join(str(i + 1) for i in range(len(names)))
    return f"SELECT {', '.join(keys + sums)} FROM {table} GROUP BY {positions} ORDER BY {positions}"


def dummy_columns(columns: Sequence[ArrayLike]) -> tuple[Floats, list[str]]:
    """Intercept and treatment contrasts (first category in order is the reference) of categorical columns."""
    made: list[Floats] = []
    names = ["(Intercept)"]
    for i, column in enumerate(columns):
        values, codes = np.unique(np.asarray(column), return_inverse=True)
        made.append(np.eye(len(values))[codes.ravel()][:, 1:])
        names += [f"term_{i}[{value}]" for value in values[1:]]
    rows = len(np.asarray(columns[0])) if len(columns) else 0
    return np.hstack([np.ones((rows, 1)), *made]), names


def fit_cells(x: ArrayLike, cells: Mapping[str, ArrayLike], tolerance: float = 1e-12, iterations: int = 50) -> CellFit:
    """Weighted logistic regression and its design-based covariance from cells; exactly the row-wise result.

    x      (c, p) covariates of each cell
    cells  stratum, y, n, w, w2 and, where known, population: (c,) each, as `cells_select` gives them

    beta solves sum_c w x (y - mu) = 0. With z = A^-1 x (y - mu) constant within a cell,
    V = sum_h (1 - n_h / N_h) n_h / (n_h - 1) (sum_c w2 z z' - S_h S_h' / n_h), S_h = sum_c w z.
    """
    x = np.asarray(x, dtype=float)
    y, w = np.asarray(cells["y"], dtype=float), np.asarray(cells["w"], dtype=float)
    # Strata share covariate patterns: Newton works on the patterns, the variance on strata.
    pattern, place = np.unique(x, axis=0, return_inverse=True)
    place = place.ravel()
    mass = np.bincount(place, weights=w, minlength=len(pattern))
    events = np.bincount(place, weights=w * y, minlength=len(pattern))
    beta, converged = np.zeros(x.shape[1]), False
    information = np.zeros((x.shape[1], x.shape[1]))
    for _step in range(iterations):
        mu = 1 / (1 + np.exp(-(pattern @ beta)))
        information = (pattern * (mass * mu * (1 - mu))[:, None]).T @ pattern
        move = np.linalg.solve(information, pattern.T @ (events - mass * mu))
        beta = beta + move
        if np.max(np.abs(move) / (1 + np.abs(beta))) < tolerance:
            converged = True
            break
    mu = 1 / (1 + np.exp(-(pattern @ beta)))
    information = (pattern * (mass * mu * (1 - mu))[:, None]).T @ pattern
    z = np.linalg.solve(information, (x * (y - mu[place])[:, None]).T).T
    covariance, n, df = _cell_covariance(z, cells)
    return CellFit(beta, covariance, n, df, converged)


def cell_domains(domain: ArrayLike, cells: Mapping[str, ArrayLike]) -> tuple[NDArray[np.object_], CellFit]:
    """Weighted shares of y by domain with their design-based covariance, from the same cells.

    domain  (c,) the domain each cell lies in. Returns the domains in order and their estimates.
    """
    labels, codes = np.unique(np.asarray(domain), return_inverse=True)
    y, w = np.asarray(cells["y"], dtype=float), np.asarray(cells["w"], dtype=float)
    inside = np.eye(len(labels))[codes.ravel()]
    size = inside.T @ w
    means = inside.T @ (w * y) / size
    covariance, n, df = _cell_covariance((y[:, None] - means) * inside / size, cells)
    return labels.astype(object), CellFit(means, covariance, n, df)


def _cell_covariance(z: Floats, cells: Mapping[str, ArrayLike]) -> tuple[Floats, int, int]:
    n, w, w2 = (np.asarray(cells[name], dtype=float) for name in ("n", "w", "w2"))
    strata, h = np.unique(np.asarray(cells["stratum"]), return_inverse=True)
    h = h.ravel()
    n_h = np.bincount(h, weights=n)
    left = np.ones(len(strata))
    if "population" in cells:
        big = np.zeros(len(strata))
        big[h] = np.asarray(cells["population"], dtype=float)
        left = np.maximum(1 - n_h / big, 0.0)
    if np.any((n_h < 2) & (left > 0)):
        raise ValueError(f"{int(((n_h < 2) & (left > 0)).sum())} strata have one firm and are not take-all")
    scale = left * n_h / np.maximum(n_h - 1, 1)
    sums = np.empty((len(strata), z.shape[1]))
    for j in range(z.shape[1]):
        sums[:, j] = np.bincount(h, weights=w * z[:, j], minlength=len(strata))
    covariance = (z * (w2 * scale[h])[:, None]).T @ z - (sums * (scale / n_h)[:, None]).T @ sums
    return covariance, int(n_h.sum()), int(n_h.sum()) - len(strata)
