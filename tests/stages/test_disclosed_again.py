"""Who answered again, at the door: a share of firms is told where the number it is of firms is printed too."""

from __future__ import annotations

import pandas as pd
import pytest

from monitor.contract.shape import shaped
from monitor.precision import to_error
from monitor.stages.disclosed import overlaps

ONE, OTHER, LEAST = "2018", "2020", 10


def quality(both: float | None, usable: tuple[float, float] = (100.0, 120.0)) -> pd.DataFrame:
    rows = [("usable_responses", ONE, "all", usable[0]), ("usable_responses", OTHER, "all", usable[1]),
            ("panel_overlap", ONE, OTHER, both), ("panel_overlap", OTHER, ONE, both)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["indicator", "wave", "concept", "value"])
    return table.assign(suppressed=table["value"].isna())


def beside(share: float) -> pd.DataFrame:
    """The rows of who answers again: all together, and the odds of one practice."""
    row = {"survey": "s", "wave": "pooled", "model": "m", "variant": f"{ONE} to {OTHER}", "test": "attrition"}
    rows = [
        {**row, "subject": "together", "estimate": 0.4, "bound": to_error(share, None), "note_en": "40.0 % answered"},
        {**row, "subject": "invests", "estimate": 1.2, "bound": None, "note_en": "the odds ratio is 1.2"},
        {**row, "test": "power", "subject": "effect", "estimate": 0.1, "bound": 0.3, "note_en": "power"},
    ]
    return shaped("robustness", pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("both", "usable", "few"),
    [(50, (100, 120), False), (91, (100, 120), True), (90, (100, 120), False), (90, (100, 99), True),
     (100, (100, 120), False), (120, (130, 120), False)],
    ids=["many", "nine left", "ten left", "nine came", "nobody left", "nobody came"],
)  # fmt: skip
def test_a_number_that_leaves_few_firms_of_either_wave_is_not_counted(
    both: int, usable: tuple[int, int], few: bool
) -> None:
    counted = overlaps.few_came_or_left(quality(both, usable), LEAST)
    assert counted.tolist() == [False, False, few, few]


@pytest.mark.parametrize(
    ("share", "printed", "gone"),
    [(0.5, 50, False), (0.5, None, True), (0.5, 51, True), (0.51, 50, True), (1 / 3, 100 / 3, False)],
    ids=["the printed number", "no number printed", "the last release's number", "today's share", "six digits"],
)
def test_the_share_that_answered_again_is_told_with_its_number_alone(
    share: float, printed: float | None, gone: bool
) -> None:
    found = overlaps.without_uncounted_share(beside(share), quality(printed)).set_index("subject")
    assert bool(found.loc["together", "suppressed"]) is gone
    for column in ("estimate", "bound", "note_en"):
        assert pd.isna(found.loc["together", column]) == gone
    assert not found.loc[["invests", "effect"], "suppressed"].any()
    assert found.loc["effect", "bound"] == 0.3


def test_a_share_of_a_base_that_not_everyone_is_in_is_not_the_printed_number() -> None:
    """Fifty of a hundred firms answered again; twenty of the sixty in the base did."""
    found = overlaps.without_uncounted_share(beside(20 / 60), quality(50))
    assert found["suppressed"].sum() == 1


def test_waves_without_a_printed_number_of_firms_tell_no_share() -> None:
    counts = quality(50)
    found = overlaps.without_uncounted_share(beside(0.5), counts[counts["indicator"] != "usable_responses"])
    assert found["suppressed"].sum() == 1
