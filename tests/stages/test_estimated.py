"""Estimates: an answer sheet worked out by hand, imputed copies, domains, comparability, changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scenario

from monitor.contract.reliability import reliability
from monitor.problems import WaveStopped
from monitor.running import kept
from monitor.stages import weighted
from monitor.stages.estimated import indicator_table, run, run_all, stage
from monitor.stages.estimated.changes import changes_between
from monitor.stages.estimated.lines import WaveData, estimate_wave
from monitor.statistics.design.intervals import effective_df, log_t
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.storage.lake import LINES, Lake
from monitor.survey import Base, Indicator, Measure, Survey
from monitor.survey.comparability import comparable_since

CASES = Path(__file__).parents[1] / "cases"
KINDS = {"top": "boolean", "sales": "number", "head": "number", "sales_share": "percentage"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    return scenario.survey(tmp_path_factory.mktemp("survey"))


def small(survey: Survey) -> Survey:
    """The scenario's survey with the answer sheet's measures."""
    text = {"nl": "-", "en": "-"}
    measures = {name: Measure(name, "true", kind, text, text) for name, kind in KINDS.items()}
    recipes = {
        "tops": ("top", "share", None), "mean_sales": ("sales", "mean", None), "all_sales": ("sales", "total", None),
        "sales_per_head": ("sales", "ratio", "head"), "median_sales": ("sales", "median", None),
        "mean_share": ("sales_share", "mean", None), "weighted_share": ("sales_share", "ratio", "sales"),
    }  # fmt: skip
    indicators = {
        name: Indicator(name, measure, estimator, "everyone", text, denominator)
        for name, (measure, estimator, denominator) in recipes.items()
    }
    return dataclasses.replace(
        survey,
        measures=measures,
        bases={"everyone": Base("everyone", "true", text)},
        indicators=indicators,
        domains=("sector",),
    )


def sheet() -> pd.DataFrame:
    table = pd.read_csv(CASES / "estimates.csv")
    table["sales_share"] = 100 * table.sales / 2000
    return table.assign(top=table.top.astype("boolean"), base_everyone=True)


def design(table: pd.DataFrame, **kind: object) -> SurveyDesign:
    return SurveyDesign(
        weights=table.weight,
        strata=table.stratum,
        population=table.population,
        firms=table.firm,
        **kind,  # type: ignore[arg-type]
    )


def lines(survey: Survey, copies: dict[int, pd.DataFrame], **kind: object) -> pd.DataFrame:
    data = WaveData("2017", design(copies[0], **kind), copies)
    return estimate_wave(data, small(survey)).table().set_index(["indicator", "domain"])


def test_the_answer_sheet_by_hand(base: Survey) -> None:
    found = lines(base, {0: sheet()})
    tops = found.loc["tops", "all"]
    # sum of weights 8 + 9 + 2 = 19; tops 4 + 3 + 3 + 1 = 11
    assert tops.estimate == pytest.approx(11 / 19)
    # a: (1 - 2/8) 2/1 x 2 x 2^2 = 12 with w(y - ybar) = +-2 about its mean; b: (1 - 3/9) 3/2 x (1 + 1 + 4) = 6
    assert tops.se == pytest.approx(np.sqrt(12 + 6) / 19)
    assert (tops.unweighted, tops.n, tops.events) == (4 / 7, 7, 4)
    assert tops.df == 7 - 3
    total = found.loc["all_sales", "all"]
    assert total.estimate == 4 * 400 + 3 * 180 + 3000
    # a: 0.75 x 2 x 2 x 400^2; b: 2/3 x 3/2 x (0 + 90^2 + 90^2)
    assert total.se == pytest.approx(np.sqrt(0.75 * 2 * 2 * 400**2 + 2 * 90**2))
    assert found.loc["mean_sales", "all"].estimate == pytest.approx(5140 / 19)
    assert found.loc["sales_per_head", "all"].estimate == pytest.approx(5140 / (4 * 30 + 3 * 15 + 200))
    assert found.loc["median_sales", "all"].estimate == 100


def test_firm_weighted_and_turnover_weighted_shares_are_two_estimands_in_0_to_1(base: Survey) -> None:
    found, table = lines(base, {0: sheet()}), sheet()
    w, share, sales = table.weight, table.sales_share / 100, table.sales
    assert found.loc["mean_share", "all"].estimate == pytest.approx((w * share).sum() / w.sum())
    assert found.loc["weighted_share", "all"].estimate == pytest.approx((w * share * sales).sum() / (w * sales).sum())
    shares = found.loc[["mean_share", "weighted_share"], ["estimate", "ci_low", "ci_high", "unweighted"]]
    assert shares.stack().between(0, 1).all()


def test_every_line_is_what_the_design_says_of_it(base: Survey) -> None:
    found, table = lines(base, {0: sheet()}), sheet()
    d = design(table)
    for sector in ("industry", "services"):
        inside = table.sector == sector
        for name, direct in (
            ("tops", d.proportion(table.top.astype(float), inside)), ("mean_sales", d.mean(table.sales, inside)),
            ("all_sales", d.total(table.sales, inside)),
            ("sales_per_head", d.ratio(table.sales, table["head"], inside)),
        ):  # fmt: skip
            line = found.loc[name, sector]
            np.testing.assert_allclose([line.estimate, line.se], [direct.estimate[0], direct.se[0]], rtol=1e-12)
            low, high = direct.interval()
            if name in ("all_sales", "sales_per_head"):
                carrying = effective_df(d.contributions(direct.influence), direct.df)
                low, high = log_t(direct.estimate, direct.se, np.minimum(carrying, direct.df))
            # An amount that no firm has less than nothing of is not below nothing.
            np.testing.assert_allclose([line.ci_low, line.ci_high], [max(low[0], 0), high[0]], rtol=1e-9, err_msg=name)


def test_deff_times_effective_n_is_n_and_cv_is_relative(base: Survey) -> None:
    found = lines(base, {0: sheet()})
    varied = found[found.se > 0]
    np.testing.assert_allclose(varied.deff * varied.n_effective, varied.n, rtol=1e-9)
    np.testing.assert_allclose(varied.cv, varied.se / varied.estimate)
    d = SurveyDesign(weights=np.full(7, 2.0))
    table = estimate_wave(WaveData("2017", d, {0: sheet()}), small(base)).table().set_index(["indicator", "domain"])
    np.testing.assert_allclose(table.loc[["tops", "mean_sales", "sales_per_head"], "deff"].xs("all", level=1), 1.0)


def test_missing_answers_leave_the_base_and_completed_copies_bring_them_back(base: Survey) -> None:
    observed = sheet()
    observed.loc[3, "top"] = pd.NA
    copies = {0: observed}
    for i in range(1, 6):
        filled = sheet()
        filled.loc[3, "top"] = i % 2 == 0
        copies[i] = filled
    line = lines(base, copies).loc["tops", "all"]
    complete = design(sheet()).proportion(observed.top.fillna(False).astype(float), observed.top.notna())
    assert line.n == 6
    np.testing.assert_allclose(
        [line.complete_case_estimate, line.complete_case_se], [complete.estimate[0], complete.se[0]]
    )
    each = [design(sheet()).proportion(copies[i].top.astype(float)) for i in range(1, 6)]
    rubin = combine([e.estimate[0] for e in each], [e.se[0] ** 2 for e in each], 4)
    np.testing.assert_allclose([line.estimate, line.se, line.fmi], [rubin.estimate, rubin.se, rubin.fmi])
    assert line.df == pytest.approx(float(rubin.df))
    assert line.df < 4
    assert line.copies == 5


def test_equal_copies_change_nothing(base: Survey) -> None:
    one, many = lines(base, {0: sheet()}), lines(base, {i: sheet() for i in range(4)})
    columns = ["estimate", "se", "ci_low", "ci_high", "n", "deff", "df"]
    rows = [i for i in one.index if i[0] != "median_sales"]
    pd.testing.assert_frame_equal(one.loc[rows, columns], many.loc[rows, columns])
    assert (many.fmi == 0).all()


def test_a_domain_without_an_answer_is_a_line_with_a_reason(base: Survey) -> None:
    observed = sheet()
    observed.loc[observed.sector == "services", "top"] = pd.NA
    line = lines(base, {0: observed}).loc["tops", "services"]
    assert line.n == 0
    assert np.isnan(line.estimate)
    assert line.reliability == "unpublishable"
    assert line.reason == "no firm of the base answered in this domain"


def test_an_indicator_nobody_was_asked_has_no_lines_and_one_nobody_answered_has(base: Survey) -> None:
    empty = sheet().assign(top=pd.array([pd.NA] * 7, dtype="boolean"))
    survey = small(base)
    wave = base.waves["2018"]
    estimates = estimate_wave(WaveData("2018", design(empty), {0: empty}), survey)
    for concept, expected in (("employees", False), ("product_innovation", True)):
        measures = {n: dataclasses.replace(m, sql=concept) for n, m in survey.measures.items()}
        table = indicator_table(estimates, dataclasses.replace(survey, measures=measures), wave)
        assert ("tops" in set(table.indicator)) == expected
        assert "mean_sales" in set(table.indicator)


def test_nothing_is_missing_without_a_reason(base: Survey) -> None:
    observed = sheet()
    observed.loc[observed.sector == "services", "top"] = pd.NA
    observed.loc[observed.sector == "industry", "sales"] = 0.0
    found = lines(base, {0: observed})
    figures = ["estimate", "se", "ci_low", "ci_high", "unweighted", "n_effective", "deff", "cv"]
    unexplained = found[found[figures].isna().any(axis=1) & found.reason.isna()]
    assert unexplained.empty, unexplained


def test_replicate_errors_stand_beside_the_linearised_ones(base: Survey) -> None:
    table = sheet()
    rng = np.random.default_rng(1)
    replicates = table.weight.to_numpy()[:, None] * rng.uniform(0.5, 1.5, (7, 30))
    line = lines(base, {0: table}, replicates=replicates).loc["mean_sales", "all"]
    theta = replicates.T @ table.sales / replicates.sum(axis=0)
    assert line.se_replicate == pytest.approx(np.std(theta, ddof=1))
    assert np.isnan(lines(base, {0: table}).loc["mean_sales", "all"].se_replicate)


@pytest.mark.parametrize(
    ("share", "estimate", "low", "high", "cv", "n", "effective", "expected"),
    [
        (True, 0.36, 0.32, 0.40, 0.05, 624, 400, "good"),
        (True, 0.36, 0.20, 0.51, 0.2, 60, 40, "limited"),
        (True, 0.36, 0.30, 0.45, 0.1, 60, 29, "limited"),
        (True, 0.36, 0.05, 0.66, 0.4, 40, 40, "unpublishable"),
        (True, 0.045, 0.012, 0.116, 0.51, 103, 82, "limited"),
        (True, 0.955, 0.884, 0.988, 0.02, 103, 82, "limited"),
        (True, 0.02, 0.005, 0.055, 0.6, 300, 240, "good"),
        (True, 0.36, 0.30, 0.45, 0.1, 9, 40, "unpublishable"),
        (True, 0.36, 0.30, 0.45, 0.1, 60, 9.9, "unpublishable"),
        (False, 100, 70, 130, 0.165, 60, 40, "good"),
        (False, 100, 70, 130, 0.166, 60, 40, "limited"),
        (False, 100, 70, 130, 0.334, 60, 40, "unpublishable"),
        (False, np.nan, np.nan, np.nan, np.nan, 60, 40, "unpublishable"),
        (True, 1.0, 1.0, 1.0, 0.0, 60, np.nan, "good"),
    ],
)
def test_reliability_at_its_bounds(
    share: bool, estimate: float, low: float, high: float, cv: float, n: int, effective: float, expected: str
) -> None:
    assert reliability(share, estimate, low, high, cv, n, effective, 10, 20) == expected


def test_comparable_since_follows_the_questions(base: Survey) -> None:
    wave = base.waves["2018"]
    assert comparable_since(base, "participation", wave) == "2017"
    question = wave.questions["initiatives"]
    reworded = dataclasses.replace(question, comparability="reworded")
    changed = dataclasses.replace(wave, questions={**wave.questions, "initiatives": reworded})
    survey = dataclasses.replace(base, waves={**base.waves, "2018": changed})
    assert comparable_since(survey, "participation", changed) == "2018"
    assert comparable_since(survey, "participation", survey.waves["2017"]) == "2017"
    staff = dataclasses.replace(
        base,
        measures={**base.measures, "cooperates": dataclasses.replace(base.measures["cooperates"], sql="employees > 9")},
    )
    assert comparable_since(staff, "participation", staff.waves["2018"]) is None


def test_changes_take_the_panel_into_account(base: Survey) -> None:
    survey = small(base)
    first, second = sheet(), sheet()
    second["sales"] = second.sales * 1.1 + np.arange(7)
    waves = [
        estimate_wave(WaveData(wave, SurveyDesign(weights=t.weight, firms=t.firm), {0: t}), survey)
        for wave, t in (("2017", first), ("2018", second))
    ]
    table = changes_between(*waves, "2017", "2018", survey.indicators).set_index(["indicator", "domain"])
    line = table.loc["mean_sales", "all"]
    w, moved = first.weight, second.sales - first.sales
    assert line.change == pytest.approx((w * moved).sum() / w.sum())
    # The same firms in both waves: the change is the mean of their own changes.
    assert line.se == pytest.approx(SurveyDesign(weights=w).mean(moved).se[0], rel=1e-6)
    assert line.overlap_firms == 7
    apart = second.assign(firm=[f"new{i}" for i in range(7)])
    other = estimate_wave(WaveData("2018", SurveyDesign(weights=w, firms=apart.firm), {0: apart}), survey)
    independent = changes_between(waves[0], other, "2017", "2018", survey.indicators).set_index(["indicator", "domain"])
    v = [waves[0].lines["mean_sales"].variance[0], other.lines["mean_sales"].variance[0]]
    assert independent.loc["mean_sales", "all"].se == pytest.approx(np.sqrt(sum(v)))
    assert independent.loc["mean_sales", "all"].overlap_firms == 0


def test_run_on_the_scenario(base: Survey, home: Path) -> None:
    lake = scenario.lake(home)
    for wave in base.waves.values():
        weighted.run(lake, base, wave)
        run(lake, base, wave)
    table = lake.read("estimated_indicators", "2017")
    assert table[["indicator", "domain_variable", "domain"]].apply(tuple, axis=1).is_unique
    whole = table[table.domain_variable == "all"].set_index("indicator")
    # Of the 14 kept firms of 2017 four cooperate; 12 gave the share a top innovator is recognised by, 3 passed 40 %.
    assert (whole.loc["participation", "n"], whole.loc["participation", "events"]) == (14, 4)
    assert (whole.loc["top_innovators", "n"], whole.loc["top_innovators", "events"]) == (12, 3)
    assert whole.loc["participation", "unweighted"] == pytest.approx(4 / 14)
    assert set(table[table.domain_variable == "size_band"].domain) == {"micro", "small", "large"}
    assert table.estimate.dropna().between(0, 1).all()
    result = run_all(lake, base, ["2017", "2018"])
    changes = lake.read("estimated_changes", "all")
    assert result["rows"] == len(changes) > 0
    row = changes[(changes.indicator == "participation") & (changes.domain == "all")].iloc[0]
    later = lake.read("estimated_indicators", "2018").set_index(["indicator", "domain_variable"])
    assert row.change == pytest.approx(
        later.loc[("participation", "all"), "estimate"] - whole.loc["participation", "estimate"]
    )
    assert row.overlap_firms == 5


def test_percentages_are_published_as_shares(base: Survey, home: Path) -> None:
    lake = scenario.lake(home)
    weighted.run(lake, base, base.waves["2017"])
    run(lake, base, base.waves["2017"])
    table = lake.read("estimated_indicators", "2017").set_index(["indicator", "domain"])
    line = table.loc["mean_share_new_to_market", "all"]
    innovators = [r.shares[0] for r in scenario.RESPONSES["2017"] if r.innovates and r.status == "kept"]
    given = [share for share in innovators if share is not None]
    assert line.unweighted == pytest.approx(np.mean(given) / 100)
    assert line.n == len(given)


def test_measures_and_weights_of_other_firms_stop_the_wave(base: Survey, home: Path) -> None:
    lake = scenario.lake(home)
    weighted.run(lake, base, base.waves["2017"])
    derived = lake.read("derived_measures", "2017")
    lake.write("derived_measures", "2017", derived.iloc[1:])
    with pytest.raises(WaveStopped, match="do not hold the same firms"):
        run(lake, base, base.waves["2017"])


def test_the_table_carries_the_contract_s_columns(base: Survey) -> None:
    data = WaveData("2017", design(sheet()), {0: sheet()})
    survey = small(base)
    measures = {n: dataclasses.replace(m, sql="product_innovation") for n, m in survey.measures.items()}
    table = indicator_table(
        estimate_wave(data, survey), dataclasses.replace(survey, measures=measures), survey.waves["2017"]
    )
    wanted = (
        "survey wave indicator measure domain_variable domain estimate se ci_low ci_high unweighted n n_effective deff "
        "cv reliability comparable_since"
    )
    assert set(wanted.split()) <= set(table.columns)
    assert table.comparable_since.eq("2017").all()


def test_lines_are_taken_again_where_they_follow_from_the_same(base: Survey, tmp_path: Path) -> None:
    survey, table = small(base), sheet()
    data = WaveData("2017", design(table), {0: table}, {"sales": {"a"}})
    with kept.within(tmp_path / "kept"):
        first = estimate_wave(data, survey)
    told = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}
    with kept.within(tmp_path / "kept"):
        again = estimate_wave(data, survey)
    assert len(told) == len(survey.indicators)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()} == told
    pd.testing.assert_frame_equal(first.table(), again.table(), check_exact=True)
    sides = (first, again)
    moved = [changes_between(one, two, "2017", "2018", survey.indicators) for one in sides for two in sides]
    for each in moved[1:]:
        pd.testing.assert_frame_equal(moved[0], each, check_exact=True)


OTHER = {
    "an answer": lambda data: dataclasses.replace(
        data, copies={0: data.copies[0].assign(sales=data.copies[0].sales * 2)}
    ),
    "a base": lambda data: dataclasses.replace(
        data, copies={0: data.copies[0].assign(base_everyone=data.copies[0].top)}
    ),
    "a domain": lambda data: dataclasses.replace(
        data, copies={0: data.copies[0].assign(sector=data.copies[0].sector[::-1].to_numpy())}
    ),
    "a copy more": lambda data: dataclasses.replace(data, copies={**data.copies, 1: data.copies[0]}),
    "the weights": lambda data: dataclasses.replace(
        data, design=dataclasses.replace(data.design, weights=data.design.weights + 1)
    ),
    "the routing": lambda data: dataclasses.replace(data, routed={"sales": {"b"}}),
}


@pytest.mark.parametrize("what", OTHER)
def test_a_line_is_made_anew_where_it_follows_from_something_else(base: Survey, tmp_path: Path, what: str) -> None:
    survey, table = small(base), sheet()
    survey = dataclasses.replace(survey, indicators={"all_sales": survey.indicators["all_sales"]})
    data = WaveData("2017", design(table), {0: table}, {"sales": {"a"}})
    places = []
    for each in (data, OTHER[what](data)):
        with kept.within(tmp_path / "kept"):
            estimate_wave(each, survey)
        places.append({path.name for path in (tmp_path / "kept").iterdir()})
    assert [len(names) for names in places] == [1, 1]
    assert places[0].isdisjoint(places[1])


def test_another_indicator_is_another_line(base: Survey, tmp_path: Path) -> None:
    survey, table = small(base), sheet()
    data = WaveData("2017", design(table), {0: table})
    places = []
    for estimator in ("total", "mean"):
        other = dataclasses.replace(survey.indicators["all_sales"], estimator=estimator)
        with kept.within(tmp_path / "kept"):
            estimate_wave(data, dataclasses.replace(survey, indicators={"all_sales": other}))
        places.append({path.name for path in (tmp_path / "kept").iterdir()})
    assert places[0].isdisjoint(places[1])


def test_of_many_firms_no_lines_are_kept(base: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = sheet()
    data = WaveData("2017", design(table), {0: table})
    lake, kept_there = Lake(tmp_path, "made_up"), []
    for most in (len(table) - 1, len(table)):
        monkeypatch.setattr(stage, "MOST_KEPT", most)
        stage.estimates_of(lake, small(base), data)
        kept_there.append(lake.kept("2017", LINES).exists())
    assert kept_there == [False, True]
