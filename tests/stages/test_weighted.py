"""Weights: the answer sheet, every way a frame or a margin can be wrong, and replicates that run the whole cascade."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scenario

from monitor.problems import DefinitionError, MonitorError, WaveStopped
from monitor.stages.weighted import run
from monitor.stages.weighted.cascade import make_weights
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.weighting.collapse import neighbours
from monitor.statistics.weighting.propensity import propensity_classes
from monitor.survey import Calibration, Margin, Survey

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    return scenario.survey(tmp_path_factory.mktemp("survey"))


def changed(
    survey: Survey, margins: dict[str, dict[str, float]] | None = None, counts: str = "enterprises", **plan: object
) -> Survey:
    """The survey with another design, calibrated to these margins ({"sector": {"industry": 9}})."""
    rows = [
        Margin(tuple(name.split("*")), tuple(code.split("*")), total, counts, "made up", "2017-01-01", line)
        for name, totals in (margins or {}).items()
        for line, (code, total) in enumerate(totals.items(), start=2)
    ]
    method = str(plan.pop("method", "raking" if rows else "none"))
    bounds = plan.pop("bounds", None)
    calibration = Calibration(method, tuple(tuple(name.split("*")) for name in margins or {}), bounds)  # type: ignore[arg-type]
    design = dataclasses.replace(survey.design, calibration=calibration, **plan)
    return dataclasses.replace(survey, design=design, margins={"2017": tuple(rows)})


def answer_sheet() -> pd.DataFrame:
    sheet = pd.read_csv(CASES / "weights.csv")
    return sheet.assign(invited=sheet.invited == "yes", answered=sheet.answered == "yes")


def sheet_sample() -> tuple[pd.DataFrame, pd.DataFrame]:
    sheet = answer_sheet()
    return sheet.loc[sheet.answered, ["firm"]], sheet[["firm", "size_band", "sector", "invited"]]


SECTORS = {"sector": {"industry": 9.0, "services": 7.0}}


def made(survey: Survey, firms: pd.DataFrame | None = None, frame: pd.DataFrame | None = None):
    own = sheet_sample()
    return make_weights(
        own[0] if firms is None else firms, own[1] if frame is None else frame, survey, survey.waves["2017"]
    )


def test_the_answer_sheet(base: Survey) -> None:
    weights = made(changed(base, SECTORS)).weights.set_index("firm")
    sheet = answer_sheet()
    sheet = sheet[sheet.answered].set_index("firm").loc[weights.index]
    for column in ("base_weight", "response_weight", "weight"):
        np.testing.assert_allclose(weights[column], sheet[column], rtol=1e-10, err_msg=column)
    assert weights.loc["m1", ["population", "invited", "responding"]].tolist() == [8, 4, 2]


@pytest.mark.parametrize("method", ["raking", "linear", "logit"])
def test_every_method_meets_every_margin_in_the_sample_and_in_every_replicate(base: Survey, method: str) -> None:
    margins = {"sector": {"industry": 9.0, "services": 7.0}, "size_band": {"micro": 8.0, "small": 6.0, "large": 2.0}}
    bounds = (0.05, 8.0) if method == "logit" else None
    w = made(changed(base, margins, method=method, bounds=bounds))
    for name, totals in margins.items():
        for code, total in totals.items():
            inside = (w.weights[name] == code).to_numpy()
            assert w.weights.weight[inside].sum() == pytest.approx(total)
            np.testing.assert_allclose(w.replicates[inside].sum(axis=0), total, rtol=1e-8)


def test_diagnostics_say_what_every_step_did(base: Survey) -> None:
    w = made(changed(base, SECTORS))
    table = (
        w.diagnostics.fillna({"margin": "", "category": ""})
        .set_index(["step", "statistic", "margin", "category"])
        .value
    )

    def value(step: str, statistic: str, margin: str = "", category: str = "") -> float:
        return float(table[step, statistic, margin, category])

    final = w.weights.weight
    assert value("response", "sum") == pytest.approx(16)
    assert value("response", "response_rate") == pytest.approx(6 / 9)
    assert value("calibration", "sum") == pytest.approx(16)
    assert value("calibration", "kish_deff") == pytest.approx(6 * (final**2).sum() / final.sum() ** 2)
    assert value("calibration", "effective_n") == pytest.approx(final.sum() ** 2 / (final**2).sum())
    assert (value("calibration", "g_minimum"), value("calibration", "g_maximum")) == (0.875, 1.125)
    assert value("calibration", "distance_before", "sector", "industry") == pytest.approx(-1)
    assert value("calibration", "distance", "sector", "industry") == pytest.approx(0, abs=1e-8)


def test_out_of_scope_firms_stand_for_firms_that_do_not_exist(base: Survey) -> None:
    firms, frame = sheet_sample()
    frame = frame.assign(disposition=np.where(frame.firm == "m3", "out of scope", "no answer"))
    weights = made(changed(base), firms, frame).weights.set_index("firm")
    # One of four invited micro firms no longer exists: the two that answered stand for 8 x 3/4.
    assert weights.loc[["m1", "m2"], "weight"].tolist() == [3.0, 3.0]


def test_without_response_adjustment_respondents_count_as_drawn(base: Survey) -> None:
    w = made(changed(base, response="none"))
    weights = w.weights.set_index("firm")
    assert weights.loc[["m1", "s1", "l1"], "weight"].tolist() == [4, 3, 1]
    assert (weights.response_weight == weights.base_weight).all()
    assert w.nonresponding.empty


def test_supplied_and_equal_weights_need_no_frame(base: Survey) -> None:
    firms = pd.DataFrame({"firm": ["a", "b", "c"], "weight": [1.5, 2.0, 4.0]})
    plan = {"strata": (), "response": "none"}
    supplied = make_weights(firms, None, changed(base, weights="supplied", weight="weight", **plan), base.waves["2017"])
    assert supplied.weights.weight.tolist() == [1.5, 2.0, 4.0]
    assert supplied.weights.population.isna().all()
    equal = make_weights(firms[["firm"]], None, changed(base, weights="equal", **plan), base.waves["2017"])
    assert equal.weights.weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("bad", "kind"), [(None, "missing"), (np.inf, "infinite"), (-2.0, "negative"), (0.0, "zero")])
def test_a_bad_supplied_weight_names_its_firm(base: Survey, bad: float | None, kind: str) -> None:
    firms = pd.DataFrame({"firm": ["a", "b", "c"], "weight": [1.5, bad, 4.0]})
    survey = changed(base, weights="supplied", weight="weight", strata=(), response="none")
    with pytest.raises(WaveStopped, match=f"the supplied weight is {kind}") as error:
        make_weights(firms, None, survey, base.waves["2017"])
    assert error.value.problems[0].firm == "b"


def test_frames_and_responses_that_do_not_fit_are_all_named_at_once(base: Survey) -> None:
    firms, frame = sheet_sample()
    firms = pd.concat([firms, pd.DataFrame({"firm": ["x9", "m5"]})])
    with pytest.raises(WaveStopped) as error:
        made(changed(base), firms, frame)
    told = str(error.value)
    assert "a firm that answered wave 2017 is not in its frame" in told
    assert "was not invited" in told
    assert {p.firm for p in error.value.problems} == {"x9", "m5"}
    with pytest.raises(WaveStopped, match="stands in the frame twice"):
        made(changed(base), None, pd.concat([frame, frame.iloc[[0]]]))
    with pytest.raises(WaveStopped, match="no frame"):
        make_weights(firms, None, changed(base), base.waves["2017"])


def test_a_stratum_or_class_nobody_stands_for_is_an_error_or_collapses_and_says_so(base: Survey) -> None:
    firms, frame = sheet_sample()
    frame.loc[frame.size_band == "small", "invited"] = False
    firms = firms[~firms.firm.str.startswith("s")]
    with pytest.raises(WaveStopped, match="stratum small of the frame has no invited firm"):
        made(changed(base), firms, frame)
    w = made(changed(base, lonely_stratum="collapse"), firms, frame)
    assert w.weights.weight.sum() == pytest.approx(16)
    row = w.diagnostics[w.diagnostics.statistic == "collapsed_stratum"]
    assert row[["category", "margin"]].to_numpy().tolist() == [["small", "micro + small"]]

    silent = sheet_sample()[0]
    silent = silent[~silent.firm.str.startswith("s")]
    with pytest.raises(WaveStopped, match="nobody of response class small answered"):
        made(changed(base), silent)
    w = made(changed(base, lonely_stratum="collapse"), silent)
    assert w.weights.weight.sum() == pytest.approx(16)
    assert (w.diagnostics.statistic == "collapsed_class").sum() == 1


def test_the_nearest_neighbour_shares_the_leading_variables() -> None:
    sizes = {"a × x": 5, "a × y": 1, "b × x": 3, "b × y": 0}
    enough = {label: size >= 2 for label, size in sizes.items()}
    target = neighbours(sizes, enough)
    assert target["a × y"] == target["a × x"] == "a × x + a × y"
    assert target["b × y"] == target["b × x"] == "b × x + b × y"


@pytest.mark.parametrize(
    ("margins", "plan", "told"),
    [
        ({"sector": {"industri": 9.0, "services": 7.0}}, {}, "nobody can carry its total of 9|is not a category"),
        ({"sector": {"industry": 9.0}}, {}, "has no total for services"),
        ({"sector": {"industry": 9.0, "services": 7.0, "trade": 3.0}}, {}, "trade"),
        ({"sector": {"industry": 16.0, "services": 0.0}}, {}, "says there is no services, but firms of it answered"),
        (
            {"sector": {"industry": 9.0, "services": 7.0}, "size_band": {"micro": 9.0, "small": 6.0, "large": 2.0}},
            {}, "the margins disagree on the number of firms",
        ),
        (SECTORS, {"counts": "local_units"}, "counts local units .vestigingen., the survey enterprises .bedrijven."),
        (SECTORS, {"method": "logit", "bounds": (0.95, 1.05)}, "with factors between 0.95 and 1.05: sector = "),
        (SECTORS, {"method": "linear", "bounds": (0.95, 1.05)}, "with factors between 0.95 and 1.05: sector = "),
    ],
)  # fmt: skip
def test_a_margin_that_cannot_be_met_says_which_and_why(
    base: Survey, margins: dict[str, dict[str, float]], plan: dict[str, object], told: str
) -> None:
    with pytest.raises(DefinitionError, match=told) as error:
        made(changed(base, margins, **plan))  # type: ignore[arg-type]
    assert all(p.file == "margins/2017.csv" for p in error.value.problems)


def test_a_typo_in_a_code_list_offers_the_nearest_code(base: Survey) -> None:
    with pytest.raises(DefinitionError) as error:
        made(changed(base, {"size_band": {"mikro": 8.0, "small": 6.0, "large": 2.0}}))
    problem = error.value.problems[0]
    assert (problem.found, problem.do, problem.line) == ("mikro", "write 'micro'", 2)


def mailing(n: int = 3000, seed: int = 6) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """A frame of which half is invited; large and industrial firms answer more often; y depends on both."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "firm": [f"f{i:05d}" for i in range(n)],
            "size_band": rng.choice(["micro", "small", "large"], n, p=[0.6, 0.3, 0.1]),
            "sector": rng.choice(["industry", "services"], n),
        }
    )
    frame["invited"] = rng.random(n) < frame.size_band.map({"micro": 0.4, "small": 0.6, "large": 1.0})
    chance = frame.size_band.map({"micro": 0.1, "small": 0.2, "large": 0.5}) + 0.2 * (frame.sector == "industry")
    answered = frame.invited & (rng.random(n) < chance)
    y = pd.Series(rng.normal(chance * 5, 1), index=frame.firm)
    return frame.loc[answered, ["firm"]], frame, y


def test_logistic_response_makes_classes_of_equal_chance(base: Survey) -> None:
    firms, frame, y = mailing()
    survey = changed(base, response="logistic", response_classes=("size_band", "sector"), strata=("size_band",))
    w = made(survey, firms, frame)
    weights = w.weights
    assert weights.weight.sum() == pytest.approx(len(frame))
    spread = weights.groupby("response_class")["firm"].size()
    assert 3 <= len(spread) <= 10
    factor = (weights.response_weight / weights.base_weight).groupby(weights.response_class).first()
    assert factor.is_monotonic_decreasing
    d = SurveyDesign.from_tables(weights, None, survey.design, w.nonresponding)
    estimate = d.mean(y[weights.firm])
    naive = y[weights.firm].mean()
    assert abs(estimate.estimate[0] - y.mean()) < 3 * estimate.se[0] < abs(naive - y.mean())


def test_propensity_classes_never_split_firms_of_equal_chance() -> None:
    rng = np.random.default_rng(1)
    sample = pd.DataFrame({"size_band": rng.choice(["micro", "small"], 600), "responding": rng.random(600) < 0.3})
    classes = propensity_classes(sample, ("size_band",))
    assert classes.groupby(sample.size_band).nunique().tolist() == [1, 1]


@pytest.mark.parametrize("calibration", [None, {"sector": {"industry": 1530.0, "services": 1470.0}}])
def test_replicates_of_the_whole_cascade_agree_with_linearisation(
    base: Survey, calibration: dict[str, dict[str, float]] | None
) -> None:
    firms, frame, y = mailing()
    survey = changed(
        base, calibration, strata=("size_band",), response_classes=("size_band", "sector"), replicates=2000
    )
    w = made(survey, firms, frame)
    d = SurveyDesign.from_tables(
        w.weights,
        pd.DataFrame({"firm": w.weights.firm, "weights": list(w.replicates), "scale": w.replicate_scale}),
        survey.design,
        w.nonresponding,
    )
    values = y[w.weights.firm].to_numpy()
    theta = d.replicate_totals(values)[:, 0] / d.replicates.sum(axis=0)  # type: ignore[union-attr]
    assert np.sqrt(d.replicate_covariance(theta)[0, 0]) == pytest.approx(d.mean(values).se[0], rel=0.06)
    assert theta.mean() == pytest.approx(d.mean(values).estimate[0], abs=0.1 * d.mean(values).se[0])


def test_a_firm_keeps_its_numbers_in_every_order_and_wave(base: Survey) -> None:
    firms, frame, _ = mailing(600)
    survey = changed(base, strata=("size_band",), replicates=40)
    one = made(survey, firms, frame)
    two = made(survey, firms.sample(frac=1, random_state=1), frame.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(one.weights, two.weights)
    np.testing.assert_array_equal(one.replicates, two.replicates)


def test_replicates_that_would_empty_a_category_are_damped_and_count_more(base: Survey) -> None:
    firms = pd.DataFrame({"firm": [f"f{i}" for i in range(6)], "sector": ["industry"] * 2 + ["services"] * 4})
    survey = changed(base, SECTORS, weights="equal", strata=(), response="none", replicates=60)
    w = make_weights(firms, None, survey, base.waves["2017"])
    assert w.replicate_scale == pytest.approx(4 / 59)
    assert (w.replicates > 0).all()
    assert (w.diagnostics.statistic == "damping").sum() == 1


def test_run_writes_its_tables_twice_the_same(base: Survey, home: Path) -> None:
    lake = scenario.lake(home)
    result = run(lake, base, base.waves["2017"])
    tables = ["weighted_weights", "weighted_nonresponding", "weighted_replicates", "weighted_diagnostics"]
    first = [lake.read(t, "2017") for t in tables]
    run(lake, base, base.waves["2017"])
    for name, before in zip(tables, first, strict=True):
        pd.testing.assert_frame_equal(before, lake.read(name, "2017"))
    assert result["rows"] == len(first[0]) == 14
    assert first[0].weight.sum() == pytest.approx(66)
    assert first[2].weights.map(len).eq(50).all()


def test_run_says_which_variable_of_the_design_is_nowhere(base: Survey, home: Path) -> None:
    survey = changed(base, strata=("founded_year",))
    with pytest.raises(MonitorError, match="has no founded_year, which the design uses"):
        run(scenario.lake(home), survey, survey.waves["2017"])
