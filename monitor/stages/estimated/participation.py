"""How many firms of the population take part in initiatives: by kind, theme, place and initiative.

Belongs here: which columns are estimated, and their rows. Does not belong here: the estimators (`one_copy`, `lines`),
who is in which group (`survey.groupings`), what may be told (`disclosed`).

A participant of a group is a firm with a property, and these are the totals and shares of that property as of any
measure: the same design, completed copies and intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.contract.participation import (
    DIFFERENCE,
    ENTERED,
    FIRMS,
    LEFT,
    OF_OTHERS,
    OF_PARTICIPANTS,
    REACH,
    UNIT_OF,
)
from monitor.contract.reliability import reliability
from monitor.stages.estimated.lines import Line, WaveData, combined, domain_list, memberships
from monitor.stages.estimated.one_copy import Bools, OneCopy, apart, of_values
from monitor.storage.lake import Lake, columns_in
from monitor.survey import Indicator, Survey
from monitor.survey.groupings import BY_DOMAIN, BY_REGISTER, EVERY, KIND, Answer, Group, taking_part

KEY = ["grouped_by", "code", "figure", "domain_variable", "domain"]
Column = tuple[Group, str, str]
"""Group, domain variable, domain"""
ESTIMATOR: Mapping[str, str] = {FIRMS: "total", DIFFERENCE: "mean"}
"""Of a figure that is no share; a difference of shares has the interval of a mean"""


@dataclass(frozen=True)
class Participants:
    """A wave's firms in the design's order, and in which groups they are in every copy."""

    data: WaveData
    answered: Mapping[int, Bools]
    """Imputation -> (n,) whether a firm's answer is known"""
    groups: Mapping[int, Mapping[Group, Bools]]

    @property
    def copies(self) -> list[int]:
        """The observed copy and the completed ones."""
        return sorted(self.data.copies)


def read_participants(lake: Lake, survey: Survey, data: WaveData) -> Participants | None:
    """Who takes part in what in a wave; None without a register, and where the wave does not ask."""
    if not survey.register.rows:
        return None
    with lake.open(data.wave, "imputed_answers") as connection:
        if "initiatives" not in columns_in(connection, "imputed_answers"):
            return None
        rows = connection.execute(
            "SELECT imputation, firm, initiatives::VARCHAR AS told, initiatives FROM imputed_answers"
        ).df()
    firms, known = data.copies[0]["firm"], dict[tuple[object, ...], tuple[Bools, Mapping[Group, Bools]]]()
    found: dict[int, tuple[Bools, Mapping[Group, Bools]]] = {}
    for copy, part in rows.groupby("imputation"):
        part = part.set_index("firm").reindex(firms)
        # Copies mostly differ in other answers than these.
        key = tuple(part["told"])
        if key not in known:
            answers = [_answer(x) for x in part["initiatives"]]
            answered = np.array([answer is not None for answer in answers], dtype=bool)
            known[key] = answered, taking_part(survey, survey.waves[data.wave], answers)
        found[int(str(copy))] = known[key]
    return Participants(data, {c: x for c, (x, _) in found.items()}, {c: x for c, (_, x) in found.items()})


def participation_table(found: Participants, survey: Survey) -> pd.DataFrame:
    """`estimated_participation` of a wave: number of firms and reach of every group, by domain where they are told
    so, and the share with the primary model's outcome among participants and others."""
    rows = [*_numbers(found, survey), *_outcome(found, survey)]
    return _sorted(rows, KEY)


def entries_table(before: Participants, now: Participants, survey: Survey) -> pd.DataFrame:
    """Entry and exit between two waves, of the firms that answered both, with the later wave's weights.

    entered: of those that did not take part before, the share that does now; left: of those that did, the share that
    does not any more. A domain of the later wave as any other.
    """
    place = {firm: k for k, firm in enumerate(before.data.copies[0]["firm"])}
    at = np.array([place.get(firm, -1) for firm in now.data.copies[0]["firm"]], dtype=int)
    shared = [g for g in now.groups[0] if g[0] in (EVERY, KIND) and g in before.groups[0]]
    columns: list[Column] = [(group, EVERYONE, EVERYONE) for group in shared]

    def values(copy: int, left: bool) -> tuple[Bools, Bools]:
        then = copy if copy in before.groups else max(before.groups)
        both = (at >= 0) & before.answered[then][at] & now.answered[copy]
        was = np.column_stack([before.groups[then][group][at] for group in shared])
        takes = np.column_stack([now.groups[copy][group] for group in shared])
        return (~takes if left else takes), both[:, None] & (was if left else ~was)

    rows: list[dict[str, object]] = []
    for figure, left in ((ENTERED, False), (LEFT, True)):
        lines = _over_copies(now, figure, lambda copy, left=left: values(copy, left))  # type: ignore[misc]
        rows += _rows(now, figure, columns, lines, survey)
    table = _sorted(rows, KEY)
    table.insert(0, "wave_before", before.data.wave)
    table.insert(0, "wave", now.data.wave)
    return table


def _numbers(found: Participants, survey: Survey) -> Iterable[dict[str, object]]:
    """Number of firms and reach."""
    domains = domain_list(found.data, survey)
    members = {copy: memberships(frame, domains) for copy, frame in found.data.copies.items()}
    columns: list[Column] = [
        (group, *domain) for group in found.groups[0] for domain in (domains if group[0] in BY_DOMAIN else domains[:1])
    ]
    at = [domains.index(column[1:]) for column in columns]

    def values(copy: int) -> tuple[Bools, Bools]:
        takes = np.column_stack([found.groups[copy][group] for group, *_ in columns])
        return takes, members[copy][:, at] & found.answered[copy][:, None]

    for figure in (FIRMS, REACH):
        yield from _rows(found, figure, columns, _over_copies(found, figure, values), survey)


def _outcome(found: Participants, survey: Survey) -> Iterable[dict[str, object]]:
    """The share with the primary model's outcome among the participants of a group, among all others, and the
    difference; nothing where the survey has no such model or the wave no such measure."""
    measure = next((model.main.outcome for model in survey.models.values() if model.primary), None)
    if measure is None or measure not in found.data.copies[0] or survey.measures[measure].type != "boolean":
        return
    groups = [group for group in found.groups[0] if group[0] in (EVERY, *BY_REGISTER)]
    columns: list[Column] = [(group, EVERYONE, EVERYONE) for group in groups]

    def values(copy: int, others: bool) -> tuple[Bools, Bools]:
        has = found.data.copies[copy][measure].astype("boolean")
        takes = np.column_stack([found.groups[copy][group] for group in groups])
        inside = (has.notna().to_numpy(bool) & found.answered[copy])[:, None] & (~takes if others else takes)
        return np.broadcast_to(has.fillna(False).to_numpy(bool)[:, None], takes.shape), inside

    one = _copies(found, OF_PARTICIPANTS, lambda copy: values(copy, False))
    other = _copies(found, OF_OTHERS, lambda copy: values(copy, True))
    both = {copy: apart(found.data.design, one[copy], other[copy]) for copy in one}
    for figure, each in ((OF_PARTICIPANTS, one), (OF_OTHERS, other), (DIFFERENCE, both)):
        yield from _rows(found, figure, columns, _combined(each, figure), survey)


def _over_copies(found: Participants, figure: str, values: Callable[[int], tuple[Bools, Bools]]) -> Line:
    return _combined(_copies(found, figure, values), figure)


def _copies(found: Participants, figure: str, values: Callable[[int], tuple[Bools, Bools]]) -> dict[int, OneCopy]:
    """Each copy's figure in all columns; copies in which the firms are alike are worked out once."""
    known: dict[tuple[bytes, bytes], OneCopy] = {}
    each: dict[int, OneCopy] = {}
    one = np.ones(found.data.design.n)
    for copy in found.copies:
        y, inside = values(copy)
        key = (y.tobytes(), inside.tobytes())
        if key not in known:
            known[key] = of_values(found.data.design, y.astype(float), one, inside, ESTIMATOR.get(figure, "share"))
        each[copy] = known[key]
    return each


def _combined(each: Mapping[int, OneCopy], figure: str) -> Line:
    used = [each[copy] for copy in sorted(each) if copy > 0] or [each[0]]
    # Copies that are one and the same combine to that one.
    used = used[:1] if all(one is used[0] for one in used) else used
    like = Indicator(figure, figure, ESTIMATOR.get(figure, "share"), EVERYONE, {})
    return combined(each[0], used, like, "boolean", np.zeros(len(each[0].inside), dtype=bool))


def _rows(
    found: Participants, figure: str, columns: Sequence[Column], line: Line, survey: Survey
) -> Iterable[dict[str, object]]:
    unit = UNIT_OF[figure]
    for j, ((grouped_by, code), variable, domain) in enumerate(columns):
        estimate, low, high = (float(x[j]) for x in (line.estimate, line.low, line.high))
        se, df, n = float(np.sqrt(line.variance[j])), float(line.df[j]), int(line.observed.n[j])
        if figure == FIRMS and not estimate:
            low = high = np.nan  # none was seen: how many there could be is what the interval of the reach says
        cv = se / abs(estimate) if estimate else np.nan
        # What a difference is worth is what its two ends are: `disclosed` looks at those.
        flag = reliability(
            unit == "share", estimate, low, high, cv, n, float(line.n_effective[j]), survey.disclosure.minimum_firms, df
        )
        yield {
            "grouped_by": grouped_by,
            "code": code,
            "figure": figure,
            "domain_variable": variable,
            "domain": domain,
            "estimate": estimate,
            "se": se,
            "ci_low": low,
            "ci_high": high,
            "df": df,
            "n": n,
            "events": int(line.observed.events[j]),
            "reliability": None if figure == DIFFERENCE else flag,
        }


def _answer(value: Any) -> Answer:
    return frozenset(map(str, value)) if isinstance(value, list | np.ndarray) else None


def _sorted(rows: Iterable[dict[str, object]], key: Sequence[str]) -> pd.DataFrame:
    columns = [*KEY, "estimate", "se", "ci_low", "ci_high", "df", "n", "events", "reliability"]
    table = pd.DataFrame(list(rows), columns=columns).sort_values(list(key), ignore_index=True)
    return table.astype({"n": "Int64", "events": "Int64", "reliability": "string"})
