"""To how many digits a public number is given: as many as its error supports, and fewer than processors agree on.

Belongs here: rounding one number, also in a sentence of a table. Does not belong here: a table's columns (`shape`),
printing numbers (`report`).

Exponentials, and products of matrices, differ in their last bits between processors: 1e-16 of a value. What models
make of it was measured over kernels with and without wide vectors (`benchmarks/processors.py`): estimates, errors and
p-values differ by 1e-14 of a standard error in the middle, by 1e-11 at most. Rounding does not remove such a
difference, it makes it improbable: two values round to different numbers with odds of their distance over the step,
here 1e-14 / 1e-5 = 1e-9. For the 30,000 rounded numbers of the demonstration survey's release that is 3e-5 in all.
A number rounded once and rounded again stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ERROR_DIGITS = 5
"""Significant digits of a standard error; what it belongs to is given to the same decimal place"""
OWN_DIGITS = 6
"""Significant digits of a number without a standard error beside it"""


def to_error(value: Any, se: Any) -> Any:
    """The value to the decimal place of the fifth significant digit of its standard error; to six digits of its own
    where there is no standard error above zero. What is no number stays as it is."""
    if not _number(value):
        return value
    place = _place(se, ERROR_DIGITS) if _number(se) and se > 0 else _place(value, OWN_DIGITS)
    return round(float(value), place) + 0.0


def step(value: float, se: Any) -> float:
    """How far apart the numbers are that `to_error` gives near a value."""
    return 10.0 ** -(_place(se, ERROR_DIGITS) if _number(se) and se > 0 else _place(value, OWN_DIGITS))


def _place(value: float, digits: int) -> int:
    """The decimal place of that significant digit. Written with the digits the value decides by itself: 0.0999999999
    with five of them is 0.10000."""
    return digits - 1 - int(f"{float(value):.{digits - 1}e}".partition("e")[2])


def to_digits(value: float, digits: int) -> float:
    """The value to that many significant digits."""
    return float(f"{float(value):.{digits - 1}e}") + 0.0


def in_words(value: float, decimals: int, factor: float = 1.0) -> str:
    """The value times a factor (100: per cent), with that many decimals, as a sentence has it: of the digits that a
    table has without a standard error beside it, so that a sentence tells what its row does on every processor."""
    told = to_error(value, None) * factor
    return f"{round(to_error(told, None), decimals) + 0.0:.{decimals}f}"


def mean_count(counts: Sequence[Any]) -> int:
    """The mean of whole counts (over completed copies) as a whole number, halves upwards as SQL's round() has them."""
    total = sum(int(count) for count in counts)
    return (2 * total + len(counts)) // (2 * len(counts))


def _number(value: Any) -> bool:
    try:
        return abs(float(value)) < float("inf")
    except TypeError:  # None, pandas.NA
        return False
