"""Products and solutions of many small matrices at once, as the fits of m completed copies need them.

Belongs here: stacked linear algebra. Does not belong here: what the matrices are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def times(matrices: Array, vectors: Array) -> Array:
    """(m, a) product of each of m matrices (m, a, b) with its own vector (m, b)."""
    return np.asarray((matrices @ vectors[..., None])[..., 0])


def solve(matrices: Array, right: Array) -> tuple[Array, NDArray[np.bool_]]:
    """(m, k) solutions, and which of the matrices have one; zero where not."""
    try:
        return np.asarray(np.linalg.solve(matrices, right[..., None])[..., 0]), np.ones(len(right), dtype=np.bool_)
    except np.linalg.LinAlgError:
        inverses = inverse(matrices)
        regular = np.asarray(np.isfinite(inverses).all(axis=(1, 2)))
        return times(np.where(regular[:, None, None], inverses, 0.0), right), regular


def inverse(matrices: Array) -> Array:
    """(m, k, k) inverses; infinite where a matrix is singular."""
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full_like(matrices, np.inf)
        return np.concatenate([inverse(matrix[None]) for matrix in matrices])
