"""Which ties that firms make are told, what they stand for, and the networks of the demonstration's register."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.stages.disclosed.network import networks
from monitor.stages.disclosed.ties_estimated import Answers, estimates
from monitor.stages.disclosed.ties_told import Counted, Shown, counted, moved_by_few, told
from monitor.statistics.design.structure import SurveyDesign
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED

GOLDEN = Path(__file__).parents[1] / "golden" / "network"
KINDS = ("hub", "lab", "net")


def of_kinds(**firms: int) -> Counted:
    """Firms by the kinds that they are in together: `hub_lab=12` are in these two and not in the third."""
    own = {kind: kind for kind in KINDS}
    counts = {frozenset(name.split("_")): n for name, n in firms.items()}
    return Counted(counts, {"kinds": own, "themes": {}, "initiatives": {}})


ALONE = {"hub": 40, "lab": 40, "net": 40}
LABS = {"hub_lab": 15, "hub_net": 15, "lab_net": 15}


@pytest.mark.parametrize(("both", "is_told"), [(9, False), (10, True)])
def test_a_tie_needs_the_minimum_of_firms(both: int, is_told: bool) -> None:
    ties = told(of_kinds(hub=40, lab=40, hub_lab=both), 10)["kinds"]
    assert ties == ({("hub", "lab"): both} if is_told else {})


@pytest.mark.parametrize(("alone", "is_told"), [(0, False), (9, False), (10, True)])
def test_what_a_tie_leaves_of_an_end_needs_them_too(alone: int, is_told: bool) -> None:
    """Nobody left says of every firm of the end that it is in the other one."""
    ties = told(of_kinds(hub=alone, lab=40, hub_lab=20), 10)["kinds"]
    assert bool(ties) is is_told


@pytest.mark.parametrize(("three", "gone"), [(7, 1), (0, 0), (12, 0)])
def test_a_tie_goes_where_all_would_tell_of_few_in_three(three: int, gone: int) -> None:
    """In three = all - in each + in two: with every tie told it would follow to the firm. The smallest tie goes."""
    firms = of_kinds(**ALONE, **LABS | {"hub_net": 14}, **({"hub_lab_net": three} if three else {}))
    ties = told(firms, 10)["kinds"]
    assert set(combinations(KINDS, 2)) - set(ties) == ({("hub", "net")} if gone else set())


def test_a_tie_that_the_last_release_withheld_goes_on_hiding() -> None:
    """By now another tie would be cheaper to withhold: with both known from one release or the other, nothing hides."""
    firms = of_kinds(**ALONE, **LABS | {"hub_net": 14}, hub_lab_net=7)
    then = Shown({"kinds": {("hub", "lab"): 22, ("hub", "net"): 21}}, set())
    ties = told(firms, 10, then)["kinds"]
    assert set(ties) == {("hub", "lab"), ("hub", "net")}


def test_what_an_earlier_release_showed_hides_nothing() -> None:
    firms = of_kinds(**ALONE, **LABS | {"hub_net": 14}, hub_lab_net=7)
    then = Shown({}, {("kinds", ("hub", "net"), 21)})
    ties = told(firms, 10, then)["kinds"]
    assert ("hub", "net") in ties
    assert len(ties) == 2


@pytest.mark.parametrize(
    ("then", "few"),
    [({}, False), ({"hub_lab": 16}, True), ({"hub_lab": 35}, False), ({"hub": 45}, True), ({"net": 41}, False)],
    ids=["nobody", "one in both", "twenty in both", "five in one alone", "one beside it"],
)
def test_few_that_moved_in_a_tie_or_an_end_hold_it(then: Mapping[str, int], few: bool) -> None:
    now = of_kinds(**ALONE, **LABS)
    before = of_kinds(**ALONE | LABS | then)
    assert moved_by_few(now, before, [("kinds", ("hub", "lab"))], 10) is few


def test_firms_behind_ties_are_those_of_r() -> None:
    with (GOLDEN / "ties_r.csv").open(encoding="utf-8", newline="") as file:
        expected = {x["of"]: (float(x["estimate"]), float(x["se"])) for x in csv.DictReader(file)}
    firms = pd.read_csv(GOLDEN / "firms.csv")
    replicates = firms[[c for c in firms if c.startswith("X") or c.isdigit()]].to_numpy(dtype=float)
    assert replicates.shape == (40, 200)
    design = SurveyDesign(
        weights=firms["weight"].to_numpy(), strata=firms["stratum"].to_numpy(),
        population=firms["population"].to_numpy(dtype=float), replicates=replicates,
    )  # fmt: skip
    answers = [frozenset(x for x in "ABC" if row[x]) for row in firms.to_dict("records")]
    own = {x: x for x in "ABC"}
    counts = Counted(Counter(answers), {"initiatives": own, "themes": {}, "kinds": {}})
    ties = [("A", "B"), ("A", "C"), ("B", "C")]
    sums = [{tie: 1.0} for tie in ties]
    sums += [{tie: 1.0 for tie in ties if node in tie} for node in "ABC"] + [dict.fromkeys(ties, 1 / 3)]
    found = estimates(Answers(design, [answers], answers), counts, "initiatives", ties, sums)
    assert [x.estimate for x in found] == pytest.approx([x for x, _ in expected.values()], rel=1e-9)
    assert [x.se for x in found] == pytest.approx([x for _, x in expected.values()], rel=1e-9)
    assert all(x.low < x.estimate < x.high for x in found)


def test_copies_that_differ_widen_the_interval() -> None:
    design = SurveyDesign(weights=np.ones(40), replicates=np.tile([[0.9, 1.1]], (40, 1)))
    both = frozenset("AB")
    copies = [[both] * 30 + [frozenset("A")] * 10, [both] * 20 + [frozenset("A")] * 20]
    counts = Counted(Counter(copies[0]), {"initiatives": {"A": "A", "B": "B"}, "themes": {}, "kinds": {}})
    one, two = (
        estimates(Answers(design, given, copies[0]), counts, "initiatives", [("A", "B")], [{("A", "B"): 1.0}])[0]
        for given in (copies[:1], copies)
    )
    assert (one.estimate, two.estimate) == (30.0, 25.0)
    assert two.se > one.se


# ---- the register ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey(BUNDLED)


@pytest.fixture(scope="module")
def tables(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """The networks before any answer: those of the register alone."""
    lake = Lake(tmp_path_factory.mktemp("home"), survey.name)
    return networks(lake, survey, ["2017", "2018", "2019"], (), ())


def listed(file: str) -> list[dict[str, str]]:
    with (BUNDLED / "register" / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_register_s_ties_are_those_of_its_file(survey: Survey, tables: dict[str, pd.DataFrame]) -> None:
    """Counted from ties.csv by hand's rule: begun by the wave's year, not ended before it, of an initiative of it."""
    alive = survey.register.of_wave(survey.waves["2019"])
    year = date.fromisoformat("2018-01-01")
    wanted = {
        (x["actor"], x["initiative"])
        for x in listed("ties")
        if x["initiative"] in alive
        and (not x["began"] or date.fromisoformat(x["began"]).year <= year.year)
        and (not x["ended"] or date.fromisoformat(x["ended"]) >= year)
    }
    ties = tables["network_ties"]
    mine = ties[(ties["wave"] == "2019") & (ties["network"] == "register")]
    assert set(zip(mine["node_a"], mine["node_b"], strict=True)) == wanted
    behind: dict[str, set[str]] = {}
    for actor, initiative in wanted:
        behind.setdefault(initiative, set()).add(actor)
    together = Counter(pair for some in behind.values() for pair in combinations(sorted(some), 2))
    mine = ties[(ties["wave"] == "2019") & (ties["network"] == "actors")]
    assert dict(zip(zip(mine["node_a"], mine["node_b"], strict=True), mine["shared"], strict=True)) == together


def test_figures_and_nodes_follow_from_the_ties(tables: dict[str, pd.DataFrame]) -> None:
    ties, nodes = tables["network_ties"], tables["network_nodes"]
    for x in tables["network_figures"].to_dict("records"):
        mine = [frame[(frame["wave"] == x["wave"]) & (frame["network"] == x["network"])] for frame in (ties, nodes)]
        assert (x["ties"], x["nodes"]) == tuple(map(len, mine))
        assert mine[1]["ties"].sum() == 2 * x["ties"]
        assert mine[1]["broker"].sum() == x["brokers"]


def test_a_survey_without_a_register_has_no_network(survey: Survey, tmp_path: Path) -> None:
    bare = replace(survey, register=type(survey.register)())
    assert all(frame.empty for frame in networks(Lake(tmp_path, survey.name), bare, ["2019"], (), ()).values())


def test_an_initiative_that_went_on_in_another_counts_as_that_one(survey: Survey) -> None:
    """I41 merged into I19 before 2019; an unknown code counts nowhere."""
    firms = counted(survey, "2019", [["I41"], ["I19"], ["ZZ"], [], None])
    assert firms.number("initiatives", ["I19"]) == 2
    assert sum(firms.firms.values()) == 3
