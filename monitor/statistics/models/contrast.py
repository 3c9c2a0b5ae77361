"""The contrasts a model is read for: which there are, and the name each has in a table.

    two practices a, b   p_neither, p_b_only, p_a_only, p_both; ame_a, ame_b; effect_a_without_b, effect_a_with_b,
                         effect_b_without_a, effect_b_with_a; complementarity
    K practices          p[those that are present], complementarity[a:b|others that are present]
    levels               p[level], trend
    dose                 p[dose=0] … p[dose=5], ame_dose

A name is made from a contrast, and never taken apart: a name is found among the contrasts that its model can have.

Belongs here: which there are, in which order, under which names. Does not belong here: estimating them
(`contrasts`), words for readers (`survey.wording`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

Kind = Literal["state", "level", "dose", "average", "effect", "complementarity", "trend"]

NOUNS: Mapping[str, str] = {"invests": "investment", "cooperates": "cooperation"}
"""How the standard practices read after `with` and `without` in a contrast's name"""
MOST_DOSES = 5
"""The greatest dose at which a probability is told"""


@dataclass(frozen=True)
class Contrast:
    """One quantity on the probability scale."""

    kind: Kind
    """state, level, dose: a probability; average: of one more (of a practice: with less without, all else as it is);
    effect: of a practice at a state of the other; complementarity: of two; trend: rise per level"""
    of: tuple[str, ...] = ()
    """What is set or compared: a practice, a pair of practices, the dose, the category of the levels"""
    given: tuple[tuple[str, bool], ...] = ()
    """Practices that are set besides, in the model's order, each with whether the firms have it"""
    value: str | None = None
    """The level or dose at which a probability is taken"""

    @property
    def share(self) -> bool:
        """Whether it is a share (in 0..1) and no difference of shares."""
        return self.kind in ("state", "level", "dose")

    @property
    def name(self) -> str:
        """What it is called in a table."""
        present = [practice for practice, has in self.given if has]
        match self.kind:
            case "state" if len(self.given) == 2:
                return "p_neither" if not present else "p_both" if len(present) == 2 else f"p_{present[0]}_only"
            case "state":
                return f"p[{':'.join(present) or 'none'}]"
            case "level":
                return f"p[{self.value}]"
            case "dose":
                return f"p[{self.of[0]}={self.value}]"
            case "average":
                return f"ame_{self.of[0]}"
            case "effect":
                ((other, has),) = self.given
                return f"effect_{self.of[0]}_{'with' if has else 'without'}_{NOUNS.get(other, other)}"
            case "complementarity" if self.given:
                return f"complementarity[{':'.join(self.of)}|{':'.join(present) or 'none'}]"
            case _:
                return self.kind

    @property
    def moving(self) -> Contrast | None:
        """The state of two practices whose probability it adds: with another true contrast it is another."""
        if self.kind == "complementarity" and not self.given:
            return Contrast("state", given=tuple((practice, True) for practice in self.of))
        if self.kind == "effect":
            return Contrast("state", given=((self.of[0], True), *self.given))
        return None


def of_two_practices(a: str, b: str) -> dict[str, Contrast]:
    """Role -> contrast of two practices, in the order they are told."""

    def state(has_a: bool, has_b: bool) -> Contrast:
        return Contrast("state", given=((a, has_a), (b, has_b)))

    return {
        "neither": state(False, False),
        "b_only": state(False, True),
        "a_only": state(True, False),
        "both": state(True, True),
        "ame_a": Contrast("average", (a,)),
        "ame_b": Contrast("average", (b,)),
        "a_without_b": Contrast("effect", (a,), ((b, False),)),
        "a_with_b": Contrast("effect", (a,), ((b, True),)),
        "b_without_a": Contrast("effect", (b,), ((a, False),)),
        "b_with_a": Contrast("effect", (b,), ((a, True),)),
        "complementarity": Contrast("complementarity", (a, b)),
    }


def of_many_practices(practices: Sequence[str]) -> tuple[Contrast, ...]:
    """All 2^K states, in the order of `itertools.product((0, 1), repeat=K)`, and each pair's complementarity in every
    state of the others."""
    states = [
        Contrast("state", given=tuple(zip(practices, map(bool, setting), strict=True)))
        for setting in product((0, 1), repeat=len(practices))
    ]
    pairs = []
    for pair in combinations(practices, 2):
        others = [name for name in practices if name not in pair]
        for setting in product((0, 1), repeat=len(others)):
            given = tuple(zip(others, map(bool, setting), strict=True))
            pairs.append(Contrast("complementarity", pair, given))
    return (*states, *pairs)


def of_levels(category: str, levels: Sequence[str]) -> tuple[Contrast, ...]:
    """The probability at each level, and their trend."""
    return (*(Contrast("level", (category,), value=level) for level in levels), Contrast("trend", (category,)))


def of_dose(dose: str, most: int = MOST_DOSES) -> tuple[Contrast, ...]:
    """The probability at each dose from 0 to `most`, and the average effect of one more."""
    doses = (Contrast("dose", (dose,), value=str(value)) for value in range(most + 1))
    return (*doses, Contrast("average", (dose,)))
