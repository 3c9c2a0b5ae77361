"""What fills the framework from whole lists: counted by hand, withheld where it tells of few, held between releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from monitor.contract.shape import shaped
from monitor.stages.disclosed.framework import framework
from monitor.stages.disclosed.history import Earlier
from monitor.stages.disclosed.listed import Figure, listed, withheld
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.survey.framework import ProgrammeFigure
from monitor.surveys import BUNDLED

WAVES = ("2018", "2019")
NOTHING = {"indicators": pd.DataFrame(columns=["indicator", "domain_variable", "domain"]), "changes": pd.DataFrame()}
Told = Mapping[tuple[str, int], Mapping[str, Any]]


@pytest.fixture
def survey() -> Survey:
    """The demonstration with a second ecosystem of all firms, and a programme that fills three numbers."""
    made = load_survey(BUNDLED)
    assert made.framework is not None
    water = made.framework.ecosystems["water"]
    ecosystems = {"water": water, "north": replace(water, name="north", domain=("all", "all"))}
    fills = {number: ProgrammeFigure(("learning",), 1) for number in (27, 35, 44)}
    programme = cast(Any, SimpleNamespace(label={"nl": "Leren", "en": "Learning"}))
    told = replace(made.framework, ecosystems=ecosystems, programmes=fills, figures={})
    return replace(made, framework=told, programmes={"learning": programme})


def lists(tmp_path: Path, survey: Survey, counts: Mapping[str, tuple[int, int]], firms: int = 100) -> Lake:
    """A lake with a frame of each wave: `firms` in PV21, as many in PV20, of which the given numbers are start-ups."""
    lake = Lake(tmp_path, survey.name)
    for wave in WAVES:
        rows = [
            {
                "firm": f"{place}-{n:03}",
                "province": place,
                "firm_age_band": "start_up" if n < counts[wave][i] else "established",
                "rd_tax_credit": n % 2 == 0 if n % 10 else None,
            }
            for i, place in enumerate(("PV21", "PV20"))
            for n in range(firms)
        ]
        lake.write("staged_frame", wave, pd.DataFrame(rows))
    return lake


def grants(lake: Lake, amounts: Mapping[str, float], status: str = "granted") -> None:
    """A list of grants of the newest wave: firm -> euros."""
    rows = [
        {"programme": "learning", "line": n, "firm": firm, "amount_eur": amount, "status": status}
        for n, (firm, amount) in enumerate(amounts.items(), start=2)
    ]
    lake.write("staged_grants", WAVES[-1], pd.DataFrame(rows))


def test_firms_are_counted_over_the_frame_with_the_trend_of_printed_counts(tmp_path: Path, survey: Survey) -> None:
    found = listed(lists(tmp_path, survey, {"2018": (30, 20), "2019": (34, 25)}), survey, WAVES, ())
    told: Told = found
    assert told["water", 7]["value"] == 34
    assert told["north", 7]["value"] == 34 + 25
    assert (told["north", 7]["trend"], told["north", 7]["since_year"]) == (59 - 50, 2017)
    assert told["water", 7] | {"filled_by": "frame", "about_year": 2018, "wave": "2019"} == told["water", 7]
    # Of a hundred firms every tenth is unknown, and every other one has it: 50 even ones less ten unknown.
    assert told["water", 9]["value"] == 40
    table = shaped("framework", framework(survey, NOTHING, WAVES, found)).set_index(["ecosystem", "number"])
    assert table.loc[("water", 7), "state"] == "measured"
    assert "2019" in table.loc[("water", 7), "source_en"]


@pytest.mark.parametrize(
    ("water", "rest", "told"),
    [
        (9, 40, {"water": None, "north": None}),
        (10, 40, {"water": 10, "north": 50}),
        (91, 40, {"water": None, "north": None}),
        (40, 9, {"water": 40, "north": None}),
        (0, 40, {"water": None, "north": None}),
    ],
)
def test_a_count_of_few_is_withheld_and_so_is_what_gives_it_back(
    tmp_path: Path, survey: Survey, water: int, rest: int, told: Mapping[str, float | None]
) -> None:
    found = listed(lists(tmp_path, survey, {"2018": (50, 50), "2019": (water, rest)}), survey, WAVES, ())
    assert {name: found[name, 7].get("value") for name in told} == told
    for name, value in told.items():
        assert found[name, 7]["state"] == ("withheld" if value is None else "measured")
        assert value is not None or not {"value", "firms", "trend"} & {*found[name, 7]}


def test_what_the_whole_list_would_give_back_is_withheld(tmp_path: Path, survey: Survey) -> None:
    """How many firms of all have it may be known: what is told of one ecosystem must not give the few others."""
    assert survey.framework is not None
    alone = replace(survey.framework, ecosystems={"water": survey.framework.ecosystems["water"]})
    survey = replace(survey, framework=alone)
    assert listed(lists(tmp_path, survey, {"2018": (50, 50), "2019": (40, 10)}), survey, WAVES, ())["water", 7]["value"]
    found = listed(lists(tmp_path, survey, {"2018": (50, 50), "2019": (40, 9)}), survey, WAVES, ())
    assert found["water", 7]["state"] == "withheld"


def test_programmes_are_counted_and_grants_are_a_share_and_a_sum(tmp_path: Path, survey: Survey) -> None:
    lake = lists(tmp_path, survey, {"2018": (30, 20), "2019": (30, 20)})
    granted = {f"PV21-{n:03}": 1000.0 + n for n in range(20)} | {f"PV20-{n:03}": 500.0 for n in range(15)}
    grants(lake, granted | {"somebody else": 1e6})
    found = listed(lake, survey, WAVES, ())
    assert found["water", 35]["value"] == 1
    assert (found["water", 27]["value"], found["water", 27]["firms"]) == (20 / 100, 20)
    assert found["north", 27]["value"] == 35 / 200
    assert found["water", 44]["value"] == 20 * 1000 + sum(range(20))
    assert found["north", 44]["value"] == found["water", 44]["value"] + 15 * 500
    assert found["water", 44]["filled_by"] == "programmes"
    table = shaped("framework", framework(survey, NOTHING, WAVES, found)).set_index(["ecosystem", "number"])
    assert table.loc[("water", 44), "source_en"] == "Programmes: Learning, by their own lists"


def test_what_was_refused_is_no_grant_and_one_firm_s_amount_is_withheld(tmp_path: Path, survey: Survey) -> None:
    lake = lists(tmp_path, survey, {"2018": (30, 20), "2019": (30, 20)})
    grants(lake, {f"PV21-{n:03}": 1000.0 for n in range(20)}, status="refused")
    assert listed(lake, survey, WAVES, ())["north", 44]["state"] == "withheld"
    grants(lake, {f"PV21-{n:03}": 1000.0 if n else 90_000.0 for n in range(20)})
    found = listed(lake, survey, WAVES, ())
    assert found["water", 44]["state"] == found["north", 44]["state"] == "withheld"
    assert found["water", 27]["state"] == "measured"


def test_a_count_that_few_firms_moved_stays_as_it_was_shown(tmp_path: Path, survey: Survey) -> None:
    before = listed(lists(tmp_path / "a", survey, {"2018": (30, 20), "2019": (34, 25)}), survey, WAVES, ())
    shown = shaped("framework", framework(survey, NOTHING, WAVES, before))
    earlier = [cast(Earlier, SimpleNamespace(tables={"framework": shown}))]
    found = listed(lists(tmp_path / "b", survey, {"2018": (30, 20), "2019": (35, 36)}), survey, WAVES, earlier)
    assert found["water", 7]["value"] == 34, "one firm more"
    assert found["north", 7]["value"] == 35 + 36, "twelve firms more"


def test_without_a_list_nothing_of_all_firms_takes_its_place(tmp_path: Path, survey: Survey) -> None:
    lake = lists(tmp_path, survey, {"2018": (30, 20), "2019": (34, 25)})
    assert ("water", 44) not in listed(lake, survey, WAVES, ())
    assert not listed(Lake(tmp_path / "empty", survey.name), replace(survey, framework=None), WAVES, ())


def test_no_sum_or_difference_of_told_figures_is_of_few_firms() -> None:
    """Three overlapping ecosystems: every group of firms that combinations of told ones can single out is large."""
    limits = Disclosure()
    for sizes in product((0, 5, 40), repeat=3):
        groups = [pattern for pattern, size in zip(("110", "011", "101"), sizes, strict=True) for _ in range(2 * size)]
        half = pd.Series([n % 2 == 0 for n in range(len(groups))], dtype=bool)
        domains = {f"e{i}": pd.Series([group[i] == "1" for group in groups], dtype=bool) for i in range(3)}
        gone = withheld(Figure(half, None, share=False), domains, limits)
        for pattern, size in zip(("110", "011", "101"), sizes, strict=True):
            inside = {f"e{i}" for i in range(3) if pattern[i] == "1"}
            assert size != 5 or inside <= gone
        assert (5 in sizes) == bool(gone)
