"""What an estimate is worth: good, limited or unpublishable.

Belongs here: the bounds and their sources. Does not belong here: withholding anything (`disclosed`).
"""

from __future__ import annotations

from monitor.contract.precision import OWN_DIGITS, to_digits

FEW_FIRMS = 30
"""Fewer effective firms than this: limited (National Center for Health Statistics, Parker et al. 2017)"""
LEAST_FIRMS = 10
"""Fewer effective firms than this: unpublishable"""
WIDE = 0.30
"""A share's interval of this width or more: limited (the same source)"""
TOO_WIDE = 0.60
"""A share's interval of this width or more says little more than that there are such firms: unpublishable"""
LIMITED_CV = 0.165
"""A coefficient of variation above this: limited (Statistics Canada's guideline)"""
UNPUBLISHABLE_CV = 0.333
"""A coefficient of variation above this: unpublishable (the same)"""


def reliability(
    share: bool,
    estimate: float,
    low: float,
    high: float,
    cv: float,
    n: int,
    effective: float,
    minimum_firms: int,
    df: float,
) -> str:
    """The flag of one estimate: shares by the width of their interval, amounts by their coefficient of variation.

    NaN estimates and intervals are unpublishable; NaN effective numbers (a census has none) are no objection. Numbers
    are held against the bounds as they are published: what differs in later digits is the processor's.
    """
    cv, effective, df = (to_digits(value, OWN_DIGITS) for value in (cv, effective, df))
    width = to_digits(high - low, OWN_DIGITS)
    if estimate != estimate or low != low or high != high:
        return "unpublishable"
    if n < minimum_firms or effective < LEAST_FIRMS or df < 1:
        return "unpublishable"
    if share:
        if width >= TOO_WIDE:
            return "unpublishable"
        return "limited" if width >= WIDE or effective < FEW_FIRMS else "good"
    if cv > UNPUBLISHABLE_CV:
        return "unpublishable"
    return "limited" if cv > LIMITED_CV or effective < FEW_FIRMS else "good"
