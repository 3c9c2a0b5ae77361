"""Whether a claim's rule, as it is declared, can mean what its sentence says.

Belongs here: checks of a rule's numbers against what is known without the answer: base rates, numbers of firms, and
how likely so many firms support it. Does not belong here: reading declarations (`survey.claims`), deciding (`claims`).
"""

from __future__ import annotations

import math

from monitor.precision import in_words, to_error
from monitor.problems import Problem

MOST_OF_BASE_RATE = 0.5
"""Greatest margin beside the base rate: with half of it, "no worse" still leaves most of what there is"""


def margin_problem(margin: float, base_rate: float, most: float = MOST_OF_BASE_RATE) -> Problem | None:
    """What is wrong with a margin of a difference of shares of firms that have the outcome at a base rate; or None.

    A margin d says: a difference smaller than d does not matter. Where 10 % of the firms have the outcome and d is 10
    points, losing every one of them would not matter, and the claim would be supported by any data. The margin may be
    `most` times the base rate (or the rate of firms without the outcome, if fewer) at the greatest.
    Source: the margin has to preserve a fraction, mostly half, of what is compared with (ICH E10 2000, section 1.5;
    Blackwelder 1982).
    """
    if not 0 < base_rate < 1:
        return Problem("a margin is held against a base rate, and there is none", found=str(base_rate))
    rarer = min(base_rate, 1 - base_rate)
    greatest = most * rarer
    if margin > 0 and to_error(margin, None) <= to_error(greatest, None):
        return None
    return Problem(
        "the margin is not small beside the base rate" if margin > 0 else "the margin is not above zero",
        expected=f"more than 0 and at most {in_words(greatest, 1, factor=100)} percentage points, "
        f"{most:g} times the {in_words(rarer, 1, factor=100)} % of firms that the outcome is about",
        found=f"{in_words(margin, 1, factor=100)} percentage points",
        do="declare a margin that a reader would call small",
    )


def proven_by(value: float, firms: float, alpha: float) -> int:
    """How many of so many firms with the property are enough to support "more than the share `value` has it".

    The smallest x with P(X >= x) < alpha for X binomial (firms, value), as in `share_above` (Clopper & Pearson 1934).
    With a value of zero one firm is enough, whatever the number of firms.
    """
    if value <= 0:
        return 1
    # Only where it is called: a survey's definition is checked when a command starts.
    from scipy.special import betainc

    for x in range(1, math.floor(firms) + 1):
        if to_error(float(betainc(x, firms - x + 1, min(value, 1.0))), None) < alpha:
            return x
    return math.floor(firms) + 1


def one_firm_problem(value: float, firms: float, alpha: float) -> Problem | None:
    """What is wrong with a rule "more than the share `value`" that a single firm would prove; or None."""
    # P(X >= 1), without what `proven_by` needs for more than one.
    if firms >= 1 and value > 0 and to_error(1 - (1 - min(value, 1.0)) ** firms, None) >= alpha:
        return None
    least = 1 - (1 - alpha) ** (1 / firms) if firms > 0 else alpha
    return Problem(
        "one firm would prove the claim",
        expected=f"a share above {in_words(least, 2, factor=100)} %, of which one in {in_words(firms, 0)} is no proof",
        found=f"{in_words(value, 2, factor=100)} %",
        do="declare the share of firms from which the sentence says something about firms",
    )
