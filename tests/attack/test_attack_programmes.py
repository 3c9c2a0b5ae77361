"""The attack on programmes: planted numbers of few firms are found, and nothing where many are on every side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from test_attack import found, lines, tables

WAVE = "2020"
Tables = dict[str, pd.DataFrame]


def released(
    counts: dict[str, int | None] | None = None,
    compared: tuple[int | None, int | None] = (60, 120),
    followed: tuple[int | None, int | None] = (30, 60),
    categories: tuple[int, int] = (50, 50),
    responses: int = 200,
    hidden: tuple[bool, ...] = (False, False, False),
) -> Tables:
    """A programme of 110 firms, 100 of them in the frame."""
    made = tables(lines({("top", "all", "all"): (responses, 50)}))
    own = {"participants": 110, "in_frame": 100, "answered_before": 70, "answered_after": 80, "in_consortia": 40,
           "refused": 40, "others": 800}  # fmt: skip
    about = {"wave": WAVE, "wave_before": "2018", "programme": "p", "held": False, "suppressed": False}
    groups = [
        about | {"basis": "frame", "variable": "size", "category": c, "standing": "participants", "firms": n, "n": None}
        for c, n in zip(("small", "large"), categories, strict=True)
    ]
    groups += [
        about | {"basis": "answers", "variable": "top", "category": "true", "standing": s, "firms": None, "n": n}
        for s, n in (("participants", 70), ("refused", 20), ("others", 110))
    ]
    effects = [
        about | {"approach": m, "is_primary": m == "entropy_balancing", "n_participants": n[0], "n_comparison": n[1]}
        for m, n in (("entropy_balancing", compared), ("changes", followed))
    ]
    balance = [about | {"term": f"size[{c}]", "suppressed": h} for c, h in zip("abc", hidden, strict=True)]
    quality = [
        {"wave": w, "indicator": "usable_responses", "concept": "all", "value": responses, "suppressed": False,
         "held": False}
        for w in ("2018", WAVE)
    ]  # fmt: skip
    return made | {
        "programmes": pd.DataFrame([about | own | (counts or {})]),
        "programme_groups": pd.DataFrame(groups),
        "programme_balance": pd.DataFrame(balance),
        "programme_effects": pd.DataFrame(effects),
        "quality": pd.DataFrame(quality),
    }


def told(folder: Path, *made: Tables) -> set[str]:
    return {what.split(", ")[1] for what in found(folder, *made) if what.startswith("programme p")}


def test_many_on_every_side_tell_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, released()) == set()


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (released({"refused": 9}), "refused"),
        (released({"in_frame": 105}, categories=(50, 55)), "participants without in_frame"),
        (released({"answered_before": 99}), "in_frame without answered_before"),
        (released({"answered_after": 65}), "answered_after without compared"),
        (released(followed=(55, 60)), "compared without followed"),
        (released(followed=(30, 115)), "others compared and not followed"),
        (released({"in_consortia": 108}), "participants without in_consortia"),
        (released(categories=(50, 46)), "participants in no category of size"),
        (released(categories=(95, 5)), "frame size=large participants"),
        (released(responses=203), "firms in no group by top"),
        (released(compared=(60, 135), followed=(30, 60)), "firms that answered and were not compared"),
        (released(hidden=(True, False, False)), "firms in the withheld level of size"),
    ],
)
def test_a_planted_number_of_few_is_found(tmp_path: Path, made: Tables, what: str) -> None:
    assert what in told(tmp_path, made)


def test_what_is_not_printed_tells_nothing(tmp_path: Path) -> None:
    unprinted = released({"in_frame": None, "answered_before": None}, followed=(None, None))
    assert told(tmp_path, unprinted) == set()
    assert told(tmp_path / "two", released(hidden=(True, True, False))) == set()


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        ({"participants": 113}, "participants since the release before"),
        ({"others": 795}, "others since the release before"),
        ({"answered_after": 90, "answered_before": 80, "in_frame": 112, "participants": 125}, None),
        (
            {"answered_before": 87, "answered_after": 97, "in_frame": 120, "participants": 130},
            "in_frame without answered_before since the release before",
        ),
    ],
)
def test_few_that_came_between_two_releases_are_found(tmp_path: Path, counts: dict[str, int], what: str | None) -> None:
    after = released(counts, categories=(60, counts["in_frame"] - 60) if "in_frame" in counts else (50, 50))
    found_now = {one for one in told(tmp_path, released(), after) if "since" in one}
    assert (what in found_now) if what else not {x for x in found_now if x.startswith(("participants s", "in_frame s"))}
