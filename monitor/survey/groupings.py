"""The groups of initiatives that participation is told of, and which firms take part in each.

Belongs here: groups by what the register says of initiatives, and by how many a firm takes part in. Does not belong
here: the register (`register`), estimates and what may be told (the stages), participation in expressions
(`participation`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from monitor.survey.model import Survey, Wave

EVERY, KIND, THEME, PLACE, INITIATIVE, NUMBER = "all", "kind", "theme", "place", "initiative", "number"
ALL_OF_THEM = (EVERY, EVERY)
"""The group of all initiatives"""
BY_REGISTER = (KIND, THEME, PLACE)
"""Groupings of initiatives by what the register says of them: a firm can be in several groups of each"""
BY_DOMAIN = (EVERY, KIND)
"""Groupings told by domain too: of the firms of a domain, few are in any one of the others"""
GROUPINGS = (EVERY, *BY_REGISTER, INITIATIVE, NUMBER)
MOST = 3
"""Firms in this many initiatives or more are one group"""
NUMBERS = (*(str(k) for k in range(MOST)), f"{MOST}+")

Group = tuple[str, str]
"""Grouping, and the kind, theme, place, initiative or number"""
Answer = Collection[str] | None
"""The initiatives that a firm takes part in; None where it did not answer"""
Bools = npt.NDArray[np.bool_]


def taking_part(survey: Survey, wave: Wave, answers: Sequence[Answer]) -> dict[Group, Bools]:
    """Whether each firm is in each group of a wave, (firms,); false where it did not answer.

    What went on in another initiative counts as that one, in its kind, theme and place; by initiative and by number,
    what was answered counts. Everyone that answered any initiative is in the group `all`.
    """
    standing = survey.register.standing_for(wave)
    codes: dict[Group, set[str]] = {(EVERY, EVERY): set()}
    for grouping in BY_REGISTER:
        present = sorted({str(value) for row in standing.values() if (value := getattr(row, grouping)) is not None})
        for value in present:
            codes[grouping, value] = {code for code, row in standing.items() if getattr(row, grouping) == value}
    codes |= {(INITIATIVE, code): {code} for code in survey.register.newest}
    found = {group: np.zeros(len(answers), dtype=bool) for group in codes}
    groups_of: dict[str, list[Group]] = {}
    for group, wanted in codes.items():
        for code in wanted:
            groups_of.setdefault(code, []).append(group)
    for k, answer in enumerate(answers):
        found[EVERY, EVERY][k] = bool(answer)
        for group in (group for code in answer or () for group in groups_of.get(code, ())):
            found[group][k] = True
    number = np.array([-1 if answer is None else min(len(set(answer)), MOST) for answer in answers], dtype=int)
    return found | {(NUMBER, name): number == k for k, name in enumerate(NUMBERS)}
