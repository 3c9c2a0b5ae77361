"""The contrasts of two practices, and what each is called in a table.

Belongs here: which there are, in which order, under which names. Does not belong here: estimating them
(`contrasts`), words for readers.
"""

from __future__ import annotations

from collections.abc import Mapping

NOUNS: Mapping[str, str] = {"invests": "investment", "cooperates": "cooperation"}
"""How the standard practices read after `with` and `without` in a contrast's name"""
ROLES = (
    "neither", "b_only", "a_only", "both", "ame_a", "ame_b",
    "a_without_b", "a_with_b", "b_without_a", "b_with_a", "complementarity",
)  # fmt: skip
"""The contrasts of two practices a and b, in the order they are told"""


def contrast_names(a: str, b: str) -> dict[str, str]:
    """Role -> name of each contrast of two practices, in the order they are told."""
    noun_a, noun_b = NOUNS.get(a, a), NOUNS.get(b, b)
    names = (
        "p_neither", f"p_{b}_only", f"p_{a}_only", "p_both", f"ame_{a}", f"ame_{b}",
        f"effect_{a}_without_{noun_b}", f"effect_{a}_with_{noun_b}",
        f"effect_{b}_without_{noun_a}", f"effect_{b}_with_{noun_a}", "complementarity",
    )  # fmt: skip
    return dict(zip(ROLES, names, strict=True))
