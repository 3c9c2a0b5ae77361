"""What a person hands in, as arrays that the design can trust.

Belongs here: columns of any kind as numbers, firms in a domain, and every way in which weights, strata and population
sizes cannot be right. Does not belong here: what a design does with them (`structure`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.problems import MonitorError, Problem
from monitor.statistics.blocks import blocks
from monitor.statistics.design.groups import Codes, Floats

NAMED = 5
"""Firms that a message names"""


def numbers(values: ArrayLike, name: str) -> Floats:
    """A column or table as floating-point numbers, missing ones as NaN; MonitorError where something is no number."""
    try:
        if hasattr(values, "to_numpy"):
            return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        rows = np.asarray(values, dtype=object)
        if rows.ndim != 1:
            raise MonitorError(Problem(f"{name} are not numbers", do="make its columns numbers first")) from None
        row, found = next((i, value) for i, value in enumerate(rows) if not _numeric(value))
        raise MonitorError(
            Problem(
                f"{name} are not numbers",
                firm=f"row {row + 1}",
                expected="a number for every firm",
                found=repr(found),
                do="make the column numbers first; texts with a decimal comma are none",
            )
        ) from None


def _numeric(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return value is None
    return True


def members(domain: ArrayLike | None, n: int) -> NDArray[np.bool_]:
    """(n,) whether each firm is in the domain, from True and False or 1 and 0; everyone where none is given."""
    if domain is None:
        return np.ones(n, dtype=bool)
    given = np.asarray(domain)
    if given.shape != (n,):
        raise ValueError(f"a domain is one True or False for each of {n} firms, not an array of shape {given.shape}")
    if given.dtype == bool:
        return given
    try:
        inside = numbers(domain, "the domain")
    except MonitorError:
        raise ValueError(
            f"a domain is True or False for every firm, not {given[0]!r}: write a comparison, as in province == 'PV20'"
        ) from None
    if unknown := int(np.isnan(inside).sum()):
        raise ValueError(f"the domain is unknown for {unknown} firms: decide on them, as with .fillna(False)")
    if not np.isin(inside, (0.0, 1.0)).all():
        raise ValueError("a domain is True or False (1 or 0) for every firm, not other numbers")
    return np.asarray(inside == 1.0)


def share_of(value: float, what: str, example: str) -> float:
    """A number between 0 and 1, both excluded; ValueError otherwise."""
    if not 0 < value < 1:
        raise ValueError(f"{what} lies between 0 and 1, as {example}; not {value:g}")
    return value


def weight_problems(weights: Floats, firms: NDArray[Any] | None, name: str = "weights") -> list[Problem]:
    """Every kind of weight that is no positive finite number, with the firms it is found at."""
    if weights.ndim != 1:
        shape = " x ".join(str(size) for size in weights.shape)
        return [Problem(f"{name} are not one column", found=shape, do="hand in a single column, one row per firm")]
    if not len(weights):
        return [
            Problem(
                "the design has no firm",
                expected="at least one responding firm",
                do="check the filter that made the sample",
            )
        ]
    if weights.min() > 0 and weights.max() < np.inf:
        return []
    kinds = {
        "missing": np.isnan(weights),
        "infinite": np.isinf(weights),
        "negative": weights < 0,
        "zero": weights == 0,
    }
    return [
        Problem(
            f"{np.count_nonzero(bad)} {name} are {kind}",
            firm=_who(bad, firms),
            column="weight" if name == "weights" else name,
            expected="a positive number for every firm",
            do="leave firms that do not count out of the sample, or mend their weight",
        )
        for kind, bad in kinds.items()
        if bad.any()
    ]


def stratum_problems(strata: NDArray[Any] | None, firms: NDArray[Any] | None) -> list[Problem]:
    """Firms without a stratum."""
    if strata is None:
        return []
    missing = np.zeros(len(strata), dtype=bool)
    if strata.dtype.kind == "f":
        missing = np.isnan(strata)
    elif strata.dtype == object:
        from pandas import isna

        missing = np.asarray(isna(strata))
    if not missing.any():
        return []
    return [
        Problem(
            f"{missing.sum()} firms have no stratum",
            firm=_who(missing, firms),
            column="strata",
            expected="the stratum of every firm",
            do="look the firms up in the frame, or leave them out of the sample",
        )
    ]


def population_problems(population: Floats, codes: Codes, labels: NDArray[Any], drawn: Floats) -> list[Problem]:
    """Strata without a population size, with several, or with more firms drawn than there are.

    population, codes  (n,) N_h and stratum of each firm
    labels, drawn      (H,) name and n_h of each stratum
    """
    bad = ~(np.isfinite(population) & (population > 0))
    wrong = dict(zip(codes[bad][::-1].tolist(), population[bad][::-1].tolist(), strict=True))
    told, none = np.zeros(len(labels)), np.isin(np.arange(len(labels)), [*wrong])
    told[codes] = population
    several = ~none & _unlike(population, codes, told)
    many = ~none & ~several & (drawn > told * (1 + 1e-9))
    problems = [
        Problem(
            f"stratum {labels[h]} has no population size",
            column="population",
            expected="the number of its firms in the frame",
            found="nothing" if np.isnan(wrong[h]) else f"{wrong[h]:g}",
            do="check the strata of the sample against those of the frame; leave `population` out where no stratum "
            "has one",
        )
        for h in np.flatnonzero(none)
    ]
    problems += [
        Problem(
            f"stratum {labels[h]} has several population sizes",
            column="population",
            expected="one N_h for all firms of a stratum",
            found=f"{population[codes == h].min():g} to {population[codes == h].max():g}",
            do="give every firm the number of firms of its own stratum in the frame",
        )
        for h in np.flatnonzero(several)
    ]
    return problems + [
        Problem(
            f"stratum {labels[h]} has more firms in the sample than in the frame",
            expected=f"at most {told[h]:g}",
            found=f"{drawn[h]:g}",
            do="check the strata of the frame against those of the sample",
        )
        for h in np.flatnonzero(many)
    ]


def _unlike(values: Floats, codes: Codes, told: Floats) -> NDArray[np.bool_]:
    """(H,) which groups have a value (n,) other than the one told of each (H,)."""
    found = np.zeros(len(told), dtype=bool)
    for rows in blocks(len(codes)):
        found[codes[rows][values[rows] != told[codes[rows]]]] = True
    return found


def finite_problems(values: Floats | None, what: str, shape: str) -> list[Problem]:
    """Numbers that are missing or infinite in a table of which every one counts."""
    bad = 0 if values is None else int(np.count_nonzero(~np.isfinite(values)))
    if not bad:
        return []
    return [
        Problem(
            f"{bad} {what} are missing or infinite",
            expected=f"a number in every place of {shape}",
            do="mend the table, or leave it out",
        )
    ]


def _who(bad: NDArray[np.bool_], firms: NDArray[Any] | None) -> str:
    rows = np.flatnonzero(bad)[:NAMED]
    return ", ".join(f"row {i + 1}" if firms is None else str(firms[i]) for i in rows)


def two_dimensional(values: ArrayLike, n: int) -> Floats:
    """(n, k) an influence function, of one estimate or k; ValueError for another length or what is not finite."""
    array = np.asarray(values, dtype=float)
    array = array[:, None] if array.ndim == 1 else array
    if len(array) != n:
        raise ValueError(f"an influence function needs {n} rows, not {len(array)}")
    if not np.all(np.isfinite(array)):
        raise ValueError("an influence function must be finite for every firm; outside the domain it is zero")
    return array
