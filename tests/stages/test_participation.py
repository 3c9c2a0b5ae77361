"""Who takes part in initiatives: the estimates are R's, and what the table tells is of no few firms."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.stages.disclosed.participants_told import WHOLE, Firms, Numbers, held, withheld
from monitor.stages.estimated.lines import WaveData
from monitor.stages.estimated.participation import Participants, entries_table, participation_table
from monitor.statistics.design.structure import SurveyDesign
from monitor.survey import Survey, load_survey
from monitor.survey.groupings import ALL_OF_THEM, NUMBERS, Answer, Group, taking_part
from monitor.survey.register import Initiative, Register
from monitor.surveys import BUNDLED

GOLDEN = Path(__file__).parents[1] / "golden" / "network"
LABELS = {"nl": "x", "en": "x"}


@pytest.fixture(scope="module")
def survey() -> Survey:
    """The demonstration's, with three initiatives of two kinds, in one domain."""
    kinds = {"A": "network", "B": "network", "C": "incubator"}
    rows = tuple(Initiative(code, kind, LABELS, "2017", "made up", theme="water") for code, kind in kinds.items())
    return replace(load_survey(BUNDLED), register=Register(rows), domains=("size_band",))


# ---- who is in which group -------------------------------------------------------------------------------------------


def test_a_firm_is_in_each_group_of_what_it_takes_part_in(survey: Survey) -> None:
    answers: list[Answer] = [["A", "B"], ["C"], ["unknown"], [], None]
    found = {group: x.tolist() for group, x in taking_part(survey, survey.waves["2019"], answers).items()}
    assert found[ALL_OF_THEM] == [True, True, True, False, False]
    assert found["kind", "network"] == [True, False, False, False, False]
    assert found["theme", "water"] == [True, True, False, False, False]
    assert found["initiative", "C"] == [False, True, False, False, False]
    numbers = [found["number", name] for name in NUMBERS]
    assert [sum(of_firm) for of_firm in zip(*numbers, strict=True)] == [1, 1, 1, 1, 0]
    assert numbers[0] == [False, False, False, True, False]


def test_by_kind_counts_what_an_initiative_went_on_in() -> None:
    """I41 merged into I19 before 2019: in its kind it counts as that one, by itself it is what was answered."""
    bundled = load_survey(BUNDLED)
    found = taking_part(bundled, bundled.waves["2019"], [["I41"]])
    assert found["kind", bundled.register.newest["I19"].kind].tolist() == [True]
    assert found["initiative", "I41"].tolist() == [True]
    assert found["initiative", "I19"].tolist() == [False]


# ---- estimates -------------------------------------------------------------------------------------------------------


def participants(survey: Survey, wave: str, answers: Iterable[list[str]], frame: pd.DataFrame) -> Participants:
    """A wave of the answer sheet's firms."""
    design = SurveyDesign(
        weights=frame["weight"].to_numpy(float), strata=frame["stratum"].to_numpy(),
        population=frame["population"].to_numpy(float),
    )  # fmt: skip
    told = [frozenset(answer) for answer in answers]
    measures = pd.DataFrame({"firm": frame["firm"], "size_band": frame["stratum"], "top_innovator": frame["C"] == 1})
    data = WaveData(wave, design, {0: measures})
    return Participants(data, {0: np.ones(len(frame), bool)}, {0: taking_part(survey, survey.waves[wave], told)})


@pytest.fixture(scope="module")
def sheet() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "firms.csv")


@pytest.fixture(scope="module")
def r() -> dict[str, tuple[float, float]]:
    with (GOLDEN / "participation_r.csv").open(encoding="utf-8", newline="") as file:
        return {x["of"]: (float(x["estimate"]), float(x["se"])) for x in csv.DictReader(file)}


ASKED = {
    "firms A": ("initiative", "A", "firms", "all"),
    "firms any": ("kind", "network", "firms", "all"),
    "firms A in a": ("kind", "incubator", "firms", "a"),
    "reach A": ("initiative", "A", "reach", "all"),
    "reach any": ("kind", "network", "reach", "all"),
    "reach A in a": ("kind", "incubator", "reach", "a"),
    "outcome A": ("kind", "incubator", "outcome_participants", "all"),
    "outcome not A": ("kind", "incubator", "outcome_others", "all"),
    "difference A": ("kind", "incubator", "outcome_difference", "all"),
}


@pytest.mark.parametrize("of", ASKED)
def test_estimates_are_those_of_r(
    survey: Survey, sheet: pd.DataFrame, r: dict[str, tuple[float, float]], of: str
) -> None:
    """The kind `network` is A or B; where only A is asked about by kind or domain, A alone is answered as C."""
    alone = ASKED[of][1] == "incubator"
    answers = [["C"] * x["A"] if alone else ["A"] * x["A"] + ["B"] * x["B"] for x in sheet.to_dict("records")]
    table = participation_table(participants(survey, "2019", answers, sheet), survey)
    line = table.set_index(["grouped_by", "code", "figure", "domain"]).loc[ASKED[of]]
    assert (line["estimate"], line["se"]) == pytest.approx(r[of], rel=1e-9)
    assert line["ci_low"] < line["estimate"] < line["ci_high"]


@pytest.mark.parametrize("figure", ["entered", "left_again"])
def test_entry_and_exit_are_those_of_r(
    survey: Survey, sheet: pd.DataFrame, r: dict[str, tuple[float, float]], figure: str
) -> None:
    """Before are those in B, now those in A; a firm that answered before only changes nothing."""
    more = pd.concat([sheet.sample(frac=1, random_state=1), sheet.iloc[:1].assign(firm="gone", B=1)])
    then = participants(survey, "2018", [["C"] * b for b in more["B"]], more.reset_index(drop=True))
    now = participants(survey, "2019", [["C"] * a for a in sheet["A"]], sheet)
    table = entries_table(then, now, survey).set_index(["code", "figure"])
    line = table.loc["incubator", figure]
    assert (line["estimate"], line["se"]) == pytest.approx(r[f"{figure.partition('_')[0]} A"], rel=1e-9)
    assert line["n"] == (sheet["B"] == (figure == "left_again")).sum()


# ---- what is told ----------------------------------------------------------------------------------------------------


def counted(regions: dict[str, int], **sets: list[int]) -> Firms:
    """Firms in a row: by domain, and those in each kind by their places."""
    n = sum(regions.values())
    inside = {name: np.isin(np.arange(n), places) for name, places in sets.items()}
    every = np.any(list(inside.values()), axis=0)
    groups: dict[Group, np.ndarray] = {ALL_OF_THEM: every} | {("kind", name): x for name, x in inside.items()}
    ends = np.cumsum([0, *regions.values()])
    places = {
        ("size", name): (np.arange(n) >= ends[k]) & (np.arange(n) < ends[k + 1]) for k, name in enumerate(regions)
    }
    whole = {WHOLE: np.ones(n, bool)}
    return Firms(np.ones(n, bool), groups, whole | places, {"kind": {}})


SIZES = {"small": 60, "middle": 60, "large": 60}


def spread(small: int, middle: int, large: int) -> list[int]:
    return [*range(small), *range(60, 60 + middle), *range(120, 120 + large)]


@pytest.mark.parametrize(("large", "gone"), [(9, 2), (10, 0), (30, 0)])
def test_a_domain_with_few_participants_takes_another_with_it(survey: Survey, large: int, gone: int) -> None:
    numbers = Numbers(counted(SIZES, network=spread(20, 30, large)), survey.disclosure)
    told = withheld(numbers, (), {})
    assert len([row for row in told if row[0] == ("kind", "network")]) == gone


def test_what_a_kind_leaves_of_all_that_take_part_is_a_number_too(survey: Survey) -> None:
    """Twenty in the one kind, and 25 in any: five in the other alone."""
    few = counted(SIZES, network=spread(20, 20, 20), incubator=spread(25, 30, 30))
    many = counted(SIZES, network=spread(20, 20, 20), incubator=spread(30, 30, 30))
    assert withheld(Numbers(few, survey.disclosure), (), {})
    assert not withheld(Numbers(many, survey.disclosure), (), {})


def test_what_indicators_withhold_of_the_same_firms_goes_here_too(survey: Survey) -> None:
    firms = counted(SIZES, network=spread(20, 20, 20))
    row = (ALL_OF_THEM, ("size", "small"))
    assert row in withheld(Numbers(firms, survey.disclosure), (), {row: False})
    assert not withheld(Numbers(firms, survey.disclosure), (), {row: True})


@pytest.mark.parametrize(("now", "stays"), [(21, True), (20, False), (40, False)])
def test_few_that_came_hold_a_line(survey: Survey, now: int, stays: bool) -> None:
    then, again = (
        Numbers(counted(SIZES, network=spread(20, 20, large)), survey.disclosure) for large in (20, now)
    )  # fmt: skip
    rows = held(again, then, set(again.system.shows), (), 10)
    assert bool(rows) is stays
    if stays:
        assert (("kind", "network"), ("size", "large")) in rows
        assert (("kind", "network"), WHOLE) in rows
