"""Programmes from grants to tables: compared, or refused with the reason; told without few firms, and held while few
firms moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitor.stages.disclosed.programme_frame import composition
from monitor.stages.disclosed.programmes import _balance, nested
from monitor.stages.disclosed.sequence import standing
from monitor.stages.modelled import programmes
from monitor.stages.modelled.analysed import together
from monitor.stages.modelled.gather import sample_of
from monitor.stages.modelled.modelling import Findings
from monitor.statistics.comparison.limits import Limits
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.survey.programmes import Plan
from monitor.surveys import BUNDLED

WAVES = ("2017", "2018", "2019")
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey(BUNDLED)


@pytest.fixture(scope="module")
def lake(demonstration: Path, survey: Survey) -> Lake:
    return Lake(demonstration, survey.name)


@pytest.fixture(scope="module")
def samples(lake: Lake, survey: Survey) -> list[Any]:
    found = [sample_of(lake, survey, wave) for wave in WAVES]
    return [replace(sample, copies=sample.copies[:2]) for sample in found]


def rows(lake: Lake, survey: Survey, samples: list[Any], **plan: Any) -> Rows:
    """What comes of the vouchers with another plan."""
    programme = survey.programmes["vouchers"]
    assert programme.plan is not None
    changed = replace(programme, plan=replace(programme.plan, **plan))
    other = replace(survey, programmes={"vouchers": changed})
    findings = Findings(other, samples[-1], "pooled", WAVES)
    together(programmes.programme_rows(lake, findings, samples))
    return findings.rows


def primary(found: Rows) -> dict[str, Any]:
    return next(x for x in found["modelled_programme_effects"] if x["is_primary"])


def grants_of(lake: Lake, survey: Survey, number: int, where: str = "true") -> pd.DataFrame:
    """The first grants of the vouchers whose firm answered the newest wave and is of a kind."""
    grants = lake.read("staged_grants", "2019")
    weights = lake.read("weighted_weights", "2019").query(where) if where != "true" else lake.read(
        "weighted_weights", "2019"
    )  # fmt: skip
    of = grants[(grants["programme"] == "vouchers") & (grants["status"] == "granted")]
    return of[of["firm"].isin(weights["firm"])].head(number)


def test_participants_are_compared_with_firms_made_like_them(lake: Lake, survey: Survey, samples: list[Any]) -> None:
    found = rows(lake, survey, samples)
    x = primary(found)
    assert x["published"]
    assert x["n_participants"] >= 30
    assert x["estimate"] == pytest.approx(x["mean_participants"] - x["mean_comparison"])
    # Vouchers add six points: the interval of the demonstration holds it.
    assert x["ci_low"] < 0.06 < x["ci_high"]
    balance = pd.DataFrame(found["modelled_programme_balance"])
    assert np.abs(balance["difference_after"]).max() < 1e-6
    assert np.abs(balance["difference_before"]).max() > 0.1
    methods = [x["approach"] for x in found["modelled_programme_effects"]]
    assert methods == ["entropy_balancing", "plain", "propensity", "augmented", "matching", "changes"]


def test_the_programme_without_effect_looks_effective_until_firms_are_made_alike(
    lake: Lake, survey: Survey, samples: list[Any]
) -> None:
    other = replace(survey, programmes={"learning": survey.programmes["learning"]})
    findings = Findings(other, samples[-1], "pooled", WAVES)
    together(programmes.programme_rows(lake, findings, samples))
    found = {x["approach"]: x for x in findings.rows["modelled_programme_effects"]}
    assert found["plain"]["ci_low"] > 0
    assert found["entropy_balancing"]["ci_low"] < 0 < found["entropy_balancing"]["ci_high"]


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        ({"treated": date(2019, 6, 1)}, "outcome_before_treatment"),
        ({"treated": date(2016, 6, 1)}, "nothing_before"),
        ({"covariates": ("size_band", "orientation")}, "not_asked"),
    ],
)
def test_what_a_plan_forbids_is_refused(
    lake: Lake, survey: Survey, samples: list[Any], plan: dict[str, Any], kind: str
) -> None:
    x = primary(rows(lake, survey, samples, **plan))
    assert not x["published"]
    assert f'"{kind}"' in x["notes"]
    assert "estimate" not in x


def test_a_plan_younger_than_the_answers_is_refused(lake: Lake, survey: Survey, samples: list[Any]) -> None:
    plan = survey.programmes["vouchers"].plan
    assert isinstance(plan, Plan)
    late = replace(plan.committed, date="2099-01-01")
    x = primary(rows(lake, survey, samples, committed=late))
    assert not x["published"]
    assert "is younger than the data" in x["warning"]


def test_twelve_participants_are_too_few(
    lake: Lake, survey: Survey, samples: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programmes, "_newest_grants", lambda *_: grants_of(lake, survey, 12))
    x = primary(rows(lake, survey, samples))
    assert (x["n_participants"], x["published"]) == (12, False)
    assert x["warning"] == "fewer than 30 participants that answered"


def test_participants_nobody_is_like_are_refused(
    lake: Lake, survey: Survey, samples: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every firm of a size band takes part and nobody else does."""
    weights = lake.read("weighted_weights", "2019")
    of_a_size = weights.loc[weights["size_band"] == "medium", "firm"]
    grants = grants_of(lake, survey, 1)
    every = pd.concat([grants.assign(firm=firm) for firm in of_a_size], ignore_index=True)
    monkeypatch.setattr(programmes, "_newest_grants", lambda *_: every)
    x = primary(rows(lake, survey, samples, limits=Limits()))
    assert x["n_participants"] >= 30
    assert x["warning"] == "no comparison firms like the participants"


# ---- what may be told ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([100, 90, 80], [100, 90, 80]),
        ([100, 95, 80], [100, None, 80]),
        ([100, 100, 9], [100, 100, None]),
        ([100, 90, 0], [100, 90, 0]),
        ([9, 0], [None, 0]),
        ([100, 95, 92], [100, None, None]),
    ],
)
def test_numbers_in_each_other_are_told_where_none_leaves_few(counts: list[float], said: list[float | None]) -> None:
    assert nested(counts, 10) == said


def test_a_level_withheld_alone_takes_the_next_with_it() -> None:
    frame = pd.DataFrame({"term": ["a[x]", "a[y]", "a[z]", "b", "c[x]", "c[y]"], "fewest": [2, 7, 5, 1, 9, 9]})
    assert list(_balance(frame)["suppressed"]) == [True, False, True, True, False, False]


def test_categories_of_few_firms_are_counted_together(lake: Lake, survey: Survey) -> None:
    firms = lake.read("modelled_programme_firms", "all").query("programme == 'learning'")
    some = pd.concat(
        [firms[firms["standing"] == "participants"].head(60), firms[firms["standing"] != "participants"]]
    )  # fmt: skip
    told = composition(lake, survey, some)
    least = survey.disclosure.minimum_firms
    assert told["firms"].min() >= least
    assert told["category"].str.contains("+", regex=False).any()
    for _, of in told.groupby(["variable", "standing"]):
        assert of["firms"].sum() == (some["standing"] == of["standing"].iloc[0]).sum()
        assert of["estimate"].sum() == pytest.approx(1)


class Before:
    """An earlier release that had these firms of programmes."""

    def __init__(self, firms: pd.DataFrame) -> None:
        self.programme_firms = firms
        self.standing_waves: frozenset[str] = frozenset()
        self.models: frozenset[tuple[str, str]] = frozenset()


@pytest.mark.parametrize(("moved", "stands"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_programme_stands_while_few_firms_moved(survey: Survey, moved: int, stands: bool) -> None:
    now = pd.DataFrame(
        {"programme": "p", "firm": [f"f{k:03d}" for k in range(60)], "standing": "participants", "eligible": True,
         "amount_eur": 100.0}
    )  # fmt: skip
    then = now.assign(standing=["refused"] * moved + ["participants"] * (60 - moved))
    found = standing([Before(then)], survey, {}, now)  # type: ignore[list-item]
    assert found.programmes == (frozenset({"p"}) if stands else frozenset())
