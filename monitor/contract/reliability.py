"""What an estimate is worth: good, limited or unpublishable. Part of what the column `reliability` promises.

Belongs here: the bounds, their sources and the flag of one estimate. Does not belong here: withholding anything
(`disclosed`), the sentence that tells the rule (the report's words).
"""

from __future__ import annotations

from monitor.precision import OWN_DIGITS, to_digits

FEW_FIRMS = 30
"""Fewer effective firms than this: limited (National Center for Health Statistics, Parker et al. 2017)"""
LEAST_FIRMS = 10
"""Fewer effective firms than this: unpublishable"""
NARROW = 0.05
"""A share's interval up to this width tells enough, however small the share (the same source)"""
WIDE = 0.30
"""A share's interval of this width or more: limited (the same source)"""
WIDE_FOR_ITS_SHARE = 1.30
"""A wider than narrow interval of more than this times the share, or what is left of it to one: limited (the same)"""
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
        bound = to_digits(WIDE_FOR_ITS_SHARE * min(estimate, 1 - estimate), OWN_DIGITS)
        wide = width >= WIDE or (width > NARROW and width > bound)
        return "limited" if wide or effective < FEW_FIRMS else "good"
    if cv > UNPUBLISHABLE_CV:
        return "unpublishable"
    return "limited" if cv > LIMITED_CV or effective < FEW_FIRMS else "good"
