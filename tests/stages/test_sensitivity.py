"""Headlines and claims under other odds of answering: as in R, anchored at what is published, turning where told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import declared
import numpy as np
import pandas as pd
import pytest
from unequal_answers import GOLDEN, answered, sample_of

from monitor.precision import step
from monitor.stages.modelled.analysed import together
from monitor.stages.modelled.departures import Departure, having
from monitor.stages.modelled.modelling import Findings, decide_claims
from monitor.stages.modelled.panel import pooled_sample
from monitor.stages.modelled.sensitivity import Point, carried, claim_rows, headline_rows
from monitor.statistics.design import SurveyDesign
from monitor.statistics.design.intervals import log_t, logit_t, student_t
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.sample import Sample
from monitor.statistics.nonresponse.tipping import Ratio, of_contrast, of_ratios
from monitor.survey import Calibration, Indicator, Nonresponse, Survey, load_survey
from monitor.survey.answering import Property, of_estimand
from monitor.survey.model import Base, Measure
from monitor.surveys import BUNDLED

RAKING = Calibration("raking", (("region",),))
MODELS = {
    "m": {"outcome": "top", "practices": ["a", "b"], "base": "all", "estimator": "logit", "controls": []},
}
CLAIMS = (
    declared.claim(
        claim="level",
        estimand={"kind": "share", "measure": "top", "base": "all"},
        rule={"kind": "above", "value": 0.33, "alpha": 0.025},
        family="level",
    ),
    declared.claim(
        claim="apart",
        estimand={"kind": "difference", "measure": "top", "by": "a", "base": "all"},
        rule={"kind": "above", "value": 0, "alpha": 0.025},
        family="apart",
    ),
    declared.claim(
        claim="together",
        estimand={"kind": "contrast", "model": "m", "contrast": "complementarity"},
        rule={"kind": "above", "value": 0, "alpha": 0.025},
        family="together",
    ),
)


def survey(nonresponse: Nonresponse) -> Survey:
    label = {"nl": "", "en": ""}
    known = load_survey(BUNDLED)
    return replace(
        known,
        name="golden",
        claims=CLAIMS,
        claims_hash="",
        models=declared.models(MODELS),
        measures={name: Measure(name, "x", "boolean", label, label) for name in ("a", "b", "top")},
        concepts={},
        indicators={},
        bases={"all": Base("all", "true", label)},
        waves={},
        design=replace(known.design, calibration=RAKING),
        disclosure=Disclosure(),
        nonresponse=nonresponse,
    )


def found(sample: Sample, label: str = "one", nonresponse: Nonresponse | None = None) -> pd.DataFrame:
    """The rows of the claims, by claim and odds."""
    asked = survey(nonresponse or Nonresponse(odds=(0.5, 2.0)))
    findings = Findings(asked, sample, label)
    findings.results.append(analyse(sample, asked.models["m"].main, asked.disclosure))
    decide_claims(findings)
    (told,) = together(claim_rows(findings))
    rows = pd.DataFrame(told)
    return rows.set_index(["figure", "setting"])


def headline(survey: Survey, sample: Sample, line: dict[str, Any]) -> pd.DataFrame:
    """The rows of the headline of a published line, by odds."""
    (rows,) = together(headline_rows(Findings(survey, sample, "one"), pd.DataFrame([line])))
    return pd.DataFrame(rows).set_index("setting")


@pytest.mark.parametrize(
    ("block", "name", "names"),
    [
        ("share", "outcome", ("top",)),
        ("difference", "practice", ("a",)),
        ("complementarity", "all", ("a", "b", "top")),
        ("complementarity", "outcome", ("top",)),
    ],
)
def test_what_is_wired_is_what_r_finds(block: str, name: str, names: tuple[str, ...]) -> None:
    """Estimates and errors at each odds ratio, to 1e-6, by the way that the stage goes."""
    d = answered()
    sample = sample_of(d)
    y, a, ones = d["top"].to_numpy(float), d["a"].to_numpy(float), np.ones(len(d))
    figure = {
        "share": of_ratios([[Ratio(y, ones)]]),
        "difference": of_ratios([[Ratio(y * a, a), Ratio(y * (1 - a), 1 - a)]]),
        "complementarity": of_contrast(
            sample, prepare(sample, declared.models(MODELS)["m"].main, Disclosure()), ["complementarity"]
        ),
    }[block]
    has = having(Property("all", tuple((each, True) for each in names)), sample, [])
    departure = Departure(sample.design, RAKING, figure, has)
    table = pd.read_csv(GOLDEN / "tipping.csv").query("block == @block and name == @name")
    assert set(table["gamma"]) == {0.5, 1.0, 1.5, 2.0}
    departure.along([0.5, 1.5])
    for row in table.itertuples():
        moved, (estimates, errors) = departure.at(row.gamma), departure.base
        told = (float(estimates[0] + moved.shift[0]), float(errors[0] * moved.growth[0]))
        assert told == pytest.approx((row.estimate, row.se), rel=1e-6, abs=1e-8), row


def test_rows_are_those_values_anchored_at_the_claim() -> None:
    """To a step of the digits that are published: the claim is rounded, the move added, the sum rounded again."""
    sample = sample_of(answered())
    rows = found(sample)
    table = pd.read_csv(GOLDEN / "tipping.csv").query("block == 'share' and name == 'outcome'").set_index("gamma")
    for gamma in (0.5, 1.0, 1.5, 2.0):
        line = rows.loc[("level", gamma)]
        told = table.loc[gamma]
        assert line["estimate"] == pytest.approx(told["estimate"], abs=step(told["estimate"], told["se"]))
        assert line["se"] == pytest.approx(told["se"], abs=step(told["se"], told["se"]))
    wanted = pd.read_csv(GOLDEN / "tipping.csv").query("block == 'complementarity' and name == 'all'")
    for row in wanted.itertuples():
        assert rows.loc[("together", row.gamma), "estimate"] == pytest.approx(row.estimate, abs=1e-6)
    assert set(rows.loc["level", "property"]) == {"top"}
    assert set(rows.loc["apart", "property"]) == {"top and a"}
    assert set(rows.loc["together", "property"]) == {"top and a and b"}


def test_a_verdict_turns_at_its_turning_point_and_not_before() -> None:
    """The verdict at the turning point is another, and a hundredth nearer to 1 it is the claim's own."""
    sample = sample_of(answered())
    rows = found(sample)
    turned = 0
    for claim in ("level", "apart", "together"):
        along = rows.loc[claim]
        own = along.loc[1.0]
        for column, nearer, side in (
            ("turns_below", 0.01, along[along.index < 1]),
            ("turns_above", -0.01, along[along.index > 1]),
        ):
            place = own[column]
            if pd.isna(place):
                assert set(side["verdict"]) == {own["verdict"]}
                continue
            turned += 1
            near = round(place + nearer, 2)
            again = found(sample, nonresponse=Nonresponse(odds=(place, near)))
            assert again.loc[(claim, place), "verdict"] != own["verdict"]
            assert again.loc[(claim, near), "verdict"] == own["verdict"]
        within = along[(along.index >= 0.67) & (along.index <= 1.5)]
        assert own["survives"] == (set(within["verdict"]) == {own["verdict"]})
    assert turned >= 2


def test_waves_together_are_reweighed_each_by_its_own_response() -> None:
    """Two waves alike, of different firms: the share moves as in one wave, and its error is that over the root of 2."""
    d = answered()
    one, two = sample_of(d, "1"), sample_of(d, "2")
    two = replace(two, firms=np.array([f"other {firm}" for firm in two.firms], dtype=object))
    alone, both = found(one), found(pooled_sample([one, two], "pooled"), "pooled")
    for gamma in (0.5, 0.67, 1.5, 2.0):
        single, joint = alone.loc[("level", gamma)], both.loc[("level", gamma)]
        assert joint["estimate"] == pytest.approx(single["estimate"], abs=1e-6)
        assert joint["se"] == pytest.approx(single["se"] / np.sqrt(2), rel=1e-4)


def test_without_response_as_a_phase_nothing_is_told() -> None:
    sample = sample_of(answered())
    assert isinstance(sample.design, SurveyDesign)
    known = replace(sample, design=replace(sample.design, response=None))
    asked = survey(Nonresponse())
    findings = Findings(asked, known, "one")
    findings.results.append(analyse(known, asked.models["m"].main, asked.disclosure))
    decide_claims(findings)
    assert together(headline_rows(findings, None), claim_rows(findings)) == [[], []]


def test_which_firms_a_departure_is_about() -> None:
    asked = survey(Nonresponse())
    names = [of_estimand(asked, claim.estimand) for claim in CLAIMS]
    assert [each.formula for each in names if each] == ["top", "top and a", "top and a and b"]
    without = replace(CLAIMS[0].estimand, equals=False, among="a")
    told = of_estimand(asked, without)
    assert told is not None
    assert told.formula == "not top and a"


@pytest.mark.parametrize(
    ("scale", "interval"), [("plain", student_t), ("log", log_t), ("logit", logit_t)], ids=["plain", "log", "logit"]
)
def test_bounds_are_carried_on_the_scale_they_were_made_on(scale: str, interval: Any) -> None:
    """With the same degrees of freedom, the interval of the other estimate and error."""
    low, high = interval(0.2, 0.03, 17.0)
    published = Point(0.2, 0.03, float(low), float(high))
    wanted = interval(0.15, 0.02, 17.0)
    told = [carried(published, 0.15, 0.02, bound, scale) for bound in (published.low, published.high)]
    assert told == pytest.approx([float(bound) for bound in wanted], rel=1e-12)


def test_a_headline_turns_where_it_leaves_its_own_interval() -> None:
    """An amount: at 1 the published line, and a turning point whose estimate lies outside the published interval."""
    d = answered()
    sample = sample_of(d)
    rng = np.random.default_rng(4)
    amounts = np.exp(rng.normal(size=len(d)))
    numbers = {**sample.copies[0].numbers, "turnover": amounts}
    columns = replace(sample.copies[0], numbers=numbers)
    sample = replace(sample, copies=(columns,), observed=columns)
    words = {"nl": "", "en": ""}
    asked = replace(
        survey(Nonresponse(odds=(0.2, 5.0))),
        claims=(),
        measures={"turnover": Measure("turnover", "x", "number", words, words, unit="EUR")},
        indicators={"sales": Indicator("sales", "turnover", "total", "all", words, headline=True)},
    )
    told = sample.design.total(amounts)
    low, high = (float(bound[0]) for bound in told.interval())
    line = {"indicator": "sales", "domain_variable": "all", "estimate": told.estimate[0], "se": told.se[0],
            "ci_low": low, "ci_high": high, "df": told.df, "n": len(d), "events": None}  # fmt: skip
    rows = pd.DataFrame(*together(headline_rows(Findings(asked, sample, "one"), pd.DataFrame([line])))).set_index(
        "setting"
    )
    assert rows.loc[1.0, "estimate"] == told.estimate[0]
    assert rows["estimate"].is_monotonic_decreasing
    assert set(rows["unit"]) == {"EUR"}
    assert set(rows["property"]) == {"turnover above average"}
    turned = rows.loc[1.0, "turns_above"]
    assert 1 < turned <= 5
    again = replace(asked.nonresponse, odds=(turned, round(turned - 0.01, 2)))
    asked = replace(asked, nonresponse=again)
    near = pd.DataFrame(*together(headline_rows(Findings(asked, sample, "one"), pd.DataFrame([line])))).set_index(
        "setting"
    )
    assert near.loc[turned, "estimate"] < low <= near.loc[round(turned - 0.01, 2), "estimate"]
