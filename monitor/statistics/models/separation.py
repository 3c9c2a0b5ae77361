"""What must hold before a model is fitted, and what is said where it does not.

Belongs here: separation, few events, practices that do not vary, empty bases. Does not belong here: fitting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.notes import Note, note

Array = NDArray[np.float64]

LEAST_EVENTS_PER_TERM = 4.0
"""Below this many events per term the ordinary likelihood is left for Firth's, separated or not: at three its intervals
of complementarity miss the truth in 7 surveys of 100 (benchmarks/models.py)"""
FEWEST_OF_A_LEVEL = 5
"""A control's level with fewer firms than this is counted with the reference level"""


def separated_terms(y: Array, x: Array, names: Sequence[str]) -> tuple[str, ...]:
    """Terms whose coefficients have no finite maximum likelihood estimate; none where the estimate exists.

    Solves the linear program: maximise sum s_i x_i b subject to s_i x_i b >= 0, -1 <= b <= 1, s_i = 1 for events and -1
    for the rest. A positive optimum is complete or quasi-complete separation; its non-zero b are the terms.
    Source: Konis (2007), Computational algorithms for detecting separation. `y` (n,) of 0 and 1, `x` (n, k).
    """
    from scipy.optimize import linprog

    signed = np.unique(x * np.where(y > 0.5, 1.0, -1.0)[:, None], axis=0, return_counts=True)
    rows, counts = signed
    result = linprog(
        -(rows * counts[:, None]).sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1), method="highs"
    )
    if result.status != 0 or -result.fun < 1e-6:
        return ()
    return tuple(name for name, b in zip(names, result.x, strict=True) if abs(b) > 1e-6)


def reason_to_refuse(
    firms: int,
    events: int | None,
    df: float,
    constant: Sequence[str],
    empty_states: Sequence[str],
    aliased: Sequence[str],
    least_events: int,
    least_df: int,
    least_firms: int,
) -> Note | None:
    """The first reason, in the order a reader would ask, not to publish a model; None where there is none.

    Reasons are published: they name the threshold and never the count, which is too small to be told.

    `events`: the smaller of events and non-events; None for a share. `constant`: outcome or practices with one value in
    the base. `empty_states`: combinations of practices no firm has. `aliased`: practices' terms that cannot be told
    apart from the others.
    """
    if firms == 0:
        return note("nobody")
    if constant:
        return note("constant", names=", ".join(constant))
    if firms < least_firms:
        return note("few_firms", least=least_firms)
    if events is not None and events < least_events:
        return note("few_events", least=least_events)
    if empty_states:
        return note("empty_states", names=", ".join(empty_states))
    if aliased:
        return note("aliased", names=", ".join(aliased))
    if df < least_df:
        return note("few_degrees", least=least_df)
    return None
