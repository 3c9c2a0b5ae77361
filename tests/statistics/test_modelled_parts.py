"""The parts around the models: dose, supermodularity, power, E-values, the joint test, the panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from monitor.stages.modelled.panel import PooledDesign, pooled_sample, with_firm_means
from monitor.stages.modelled.pooled import conditional_result
from monitor.stages.modelled.specifications import joint_test
from monitor.statistics.decisions.claim import Rule
from monitor.statistics.decisions.claims import Evidence, rule_tests
from monitor.statistics.design.intervals import effective_df
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.conditional_logit import conditional_logit, within
from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.dose import fieller, inverted_u
from monitor.statistics.models.e_value import e_value
from monitor.statistics.models.likelihood import expit
from monitor.statistics.models.power import Precision, State
from monitor.statistics.models.result import Estimates, Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.supermodularity import inequality_test, kodde_palm
from monitor.survey import Disclosure
from monitor.wording.notes import sentence

MAIN = Specification("m", "main", "y", "all", "logit", ("a", "b"))


# ---- power ---------------------------------------------------------------------------------------------------------


def test_one_wave_rarely_settles_the_question() -> None:
    """624 firms, 36 % cooperating, half investing, 10 % top innovators: power against 10 points is about one half."""
    shares = [0.64 * 0.5, 0.64 * 0.5, 0.36 * 0.5, 0.36 * 0.5]
    precision = Precision(float(np.sqrt(0.1 * 0.9 / 624 * sum(1 / share for share in shares))))
    assert precision.power(0.10) == pytest.approx(0.516, abs=0.005)
    assert precision.detectable() == pytest.approx(0.140, abs=0.001)


@pytest.mark.parametrize("df", [12.0, 600.0, np.inf])
@pytest.mark.parametrize("state", [None, State(0.14, 0.03), State(0.45, 0.03)])
def test_detectable_effect_is_found_four_times_in_five(df: float, state: State | None) -> None:
    precision = Precision(0.04, df, 0.02, state)
    assert precision.power(precision.detectable()) == pytest.approx(0.8)
    assert precision.se_at(0.02) == 0.04
    if state is not None and state.share < 0.3:
        assert precision.detectable() > Precision(0.04, df).detectable()


def test_an_alternative_that_no_share_can_have_leaves_the_variance_as_it_is() -> None:
    assert Precision(0.3, 60.0, 0.0, State(0.9, 0.02)).detectable() == Precision(0.3, 60.0).detectable()
    assert Precision(0.3, 60.0, 0.0, State(1.0, 0.0)).detectable() == Precision(0.3, 60.0).detectable()


SIZES = np.array([240, 180, 100, 104])
"""Firms that do neither, only invest, only cooperate, do both"""


@pytest.mark.parametrize("measured_at", [0.0, 0.05, 0.15])
def test_the_detectable_effect_of_four_shares_is_found_four_times_in_five_in_simulation(measured_at: float) -> None:
    """Precision measured where the truth is `measured_at`; the truth is then set to what it calls detectable."""
    signs, shares = np.array([1, -1, -1, 1]), np.array([0.045, 0.10, 0.045, 0.10])
    rng = np.random.default_rng(5)

    def measured(truth: float, times: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = rng.binomial(SIZES, shares + truth * np.array([0, 0, 0, 1]), (times, 4)) / SIZES
        variances = found * (1 - found) / SIZES
        return found, found @ signs, np.sqrt(variances.sum(axis=1))

    found, estimate, se = measured(measured_at, 200)
    of_both = np.sqrt(found[:, 3] * (1 - found[:, 3]) / SIZES[3])
    precisions = [
        Precision(s, estimate=e, state=State(p, q))
        for s, e, p, q in zip(se, estimate, found[:, 3], of_both, strict=True)
    ]
    truth = float(np.mean([precision.detectable() for precision in precisions]))
    _, estimate, se = measured(truth, 20_000)
    assert (estimate / se > 1.96).mean() == pytest.approx(0.8, abs=0.02)
    held = float(np.mean([Precision(precision.se).detectable() for precision in precisions]))
    assert measured_at > 0.1 or held < truth


def test_a_difference_with_few_events_covers_in_simulation() -> None:
    """Two shares of 4.5 %, of 88 and of 240 firms: four events expected in the first, often one or none."""
    rng = np.random.default_rng(8)
    counts, share, times = np.array([88, 240]), 0.045, 4000
    found = rng.binomial(counts, share, (times, 2)).clip(0.5) / counts
    variances = found * (1 - found) / counts
    estimate, se = found[:, 0] - found[:, 1], np.sqrt(variances.sum(axis=1))
    precisions = [
        Precision(float(s), 60.0, float(d), State(float(p), float(np.sqrt(v))))
        for s, d, p, v in zip(se, estimate, found[:, 0], variances[:, 0], strict=True)
    ]
    bounds = np.array([precision.interval() for precision in precisions])
    t = stats.t.ppf(0.975, 60)
    assert (estimate + t * se < 0).mean() > 0.04, "nothing to mend"
    assert (bounds[:, 1] < 0).mean() < 0.03
    assert (bounds[:, 0] > 0).mean() < 0.03
    excluded = (bounds[:, 0] > 0) | (bounds[:, 1] < 0)
    tested = np.array([abs(p.estimate) > t * p.error_at(0.0) for p in precisions])
    assert (excluded == tested).all()


def test_a_share_with_events_enough_leaves_interval_and_test_as_they_are() -> None:
    precision = Precision(0.04, 60.0, 0.02, State(0.3, 0.03))
    t = stats.t.ppf(0.975, 60)
    assert precision.interval() == pytest.approx((0.02 - t * 0.04, 0.02 + t * 0.04))
    assert precision.error_at(0.2) == 0.04


def test_contrasts_and_claims_take_the_error_that_few_events_have() -> None:
    told = of_two_practices("cooperates", "invests")
    contrasts = tuple(told[role] for role in ("neither", "a_only", "a_without_b"))
    names = tuple(contrast.name for contrast in contrasts)
    covariance = np.diag([0.013, 0.010, 0.0165]) ** 2
    found = Estimates(
        names,
        ("share", "share", "difference"),
        np.array([0.045, 0.01, -0.035]),
        covariance,
        np.full(3, 12.0),
        np.zeros(3),
        np.full(3, np.nan),
        contrasts,
    )
    precision = found.precision(names[2])
    assert precision is not None
    low, high = found.interval()
    assert (low[2], high[2]) == precision.interval()
    assert high[2] > -0.035 + stats.t.ppf(0.975, 12) * 0.0165
    two_sided, greater, less = found.p_values()
    assert less[2] == pytest.approx(stats.t.cdf(-0.035 / precision.se_at(0.0), 12))
    assert two_sided[2] == pytest.approx(2 * less[2])
    assert greater[2] == pytest.approx(1 - less[2])
    evidence = Evidence(-0.035, 0.0165, 12.0, low[2], high[2], error_at=precision.error_at)
    contradicts = rule_tests(Rule("above", 0.025), evidence)[1]
    assert contradicts == pytest.approx(less[2])


def test_effective_df_of_normal_contributions_is_about_n() -> None:
    rng = np.random.default_rng(1)
    assert effective_df(rng.standard_normal((20_000, 1)), 1e9)[0] == pytest.approx(20_000, rel=0.05)


def test_effective_df_of_a_rare_outcome_is_of_the_order_of_its_events() -> None:
    rare = (np.arange(1000) < 6).astype(float)[:, None] - 0.006
    assert effective_df(rare, 999.0)[0] == pytest.approx(12, rel=0.05)
    assert effective_df(np.zeros((10, 1)), 9.0)[0] == 9.0


# ---- dose ----------------------------------------------------------------------------------------------------------


def test_lind_mehlum_is_the_weaker_of_two_slopes() -> None:
    covariance = np.array([[0.04, -0.005], [-0.005, 0.001]])
    test = inverted_u(0.8, -0.12, covariance, 0.0, 6.0, 400)
    low = stats.t.sf(0.8 / np.sqrt(0.04), 400)
    slope = 0.8 - 0.24 * 6
    high = stats.t.cdf(slope / np.sqrt(0.04 + 144 * 0.001 - 24 * 0.005), 400)
    assert test.p_rising == pytest.approx(low)
    assert test.p_falling == pytest.approx(high)
    assert test.p_value == max(test.p_rising, test.p_falling)
    assert test.turn == pytest.approx(0.8 / 0.24)
    assert test.turn_low < test.turn < test.turn_high


def test_fieller_holds_every_ratio_that_is_not_rejected() -> None:
    low, high = fieller(0.8, 0.24, 0.04, 0.004, 0.010, 400)
    t = stats.t.ppf(0.975, 400)
    for ratio in (low, high):
        assert (0.8 - ratio * 0.24) ** 2 == pytest.approx(t**2 * (0.04 + ratio**2 * 0.004 - 2 * ratio * 0.010))


def test_fieller_of_a_denominator_near_zero_is_open() -> None:
    assert fieller(0.8, 0.01, 0.04, 0.01, 0.0, 400) == (-np.inf, np.inf)


# ---- supermodularity -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inequalities", "upper"), [(1, 2.706), (2, 5.138), (3, 7.045), (4, 8.761), (5, 10.371), (10, 17.670)]
)
def test_bounds_are_those_of_kodde_and_palm(inequalities: int, upper: float) -> None:
    """Table 1 of Kodde and Palm (1986) at 5 %."""
    found = kodde_palm(inequalities)
    assert found[0] == pytest.approx(2.706, abs=5e-4)
    # Their table is rounded from simulation-free integration of 1986: the third decimal may differ by one.
    assert found[1] == pytest.approx(upper, abs=1.5e-3)


def test_distance_from_the_hypothesis() -> None:
    identity = np.eye(2)
    assert inequality_test(np.array([1.0, 2.0]), identity).statistic == pytest.approx(0.0)
    assert inequality_test(np.array([-1.5, 2.0]), identity).statistic == pytest.approx(2.25)
    assert inequality_test(np.array([-3.0, -2.0]), identity).statistic == pytest.approx(13.0)
    # With correlation the nearest point of the hypothesis is not the one with the negative part cut off.
    correlated = np.array([[1.0, 0.9], [0.9, 1.0]])
    assert inequality_test(np.array([-1.0, 0.5]), correlated).statistic == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("theta", "verdict"),
    [
        ((0.5, 0.2), "not rejected"),
        ((-1.0, 0.2), "not rejected"),
        ((-2.0, 0.2), "undecided"),
        ((-3.0, -1.0), "rejected"),
    ],
)
def test_verdicts_of_the_bounds(theta: tuple[float, float], verdict: str) -> None:
    assert inequality_test(np.array(theta), np.eye(2)).verdict == verdict


# ---- E-value -------------------------------------------------------------------------------------------------------


def test_e_values_as_printed_by_vanderweele_and_ding() -> None:
    """Their examples: RR 10.73 (8.02 to 14.36) gives 20.9 and 15.5; RR 0.80 (0.71 to 0.91) gives 1.8 and 1.4."""
    assert e_value(10.73, 8.02, 14.36) == pytest.approx((20.9, 15.5), abs=0.06)
    assert e_value(0.80, 0.71, 0.91) == pytest.approx((1.8, 1.4), abs=0.06)
    assert e_value(1.2, 0.9, 1.6)[1] == 1.0


# ---- the specification curve's joint test --------------------------------------------------------------------------


def specification(estimate: float, influence: np.ndarray) -> Result:
    """A fitted specification whose estimate has this influence under equal weights."""
    n = len(influence)
    se = float(np.sqrt(n / (n - 1) * ((influence - influence.mean()) ** 2).sum()))
    result = Result(MAIN, n=n)
    result.influence = influence[:, None]
    result.contrasts = Estimates(
        ("complementarity",), ("difference",), np.array([estimate]), np.array([[se**2]]), np.array([n - 1.0]),
        np.zeros(1), np.zeros(1),
    )  # fmt: skip
    return result


def joint_sample(n: int) -> Sample:
    empty = columns_of(pd.DataFrame({"x": np.ones(n)}))
    return Sample("w", np.arange(n).astype(object), (empty,), empty, SurveyDesign(np.ones(n)))


def test_equal_specifications_count_once() -> None:
    """Twenty copies of one specification say no more than one: the joint p-value is its own."""
    rng = np.random.default_rng(2)
    influence = rng.standard_normal(400) / 400
    se = float(np.sqrt(400 / 399 * ((influence - influence.mean()) ** 2).sum()))
    joint = joint_test(
        joint_sample(400), [specification(2.0 * se, influence) for _ in range(20)], np.random.default_rng(3)
    )
    assert joint is not None
    assert joint.p_median == pytest.approx(2 * stats.norm.sf(2.0), abs=0.008)
    assert joint.median == pytest.approx(2.0 * se)
    assert joint.positive == joint.dominant == 1.0
    assert joint.median_low == pytest.approx(2.0 * se - 1.96 * se, abs=0.08 * se)


def test_independent_specifications_add_up() -> None:
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((400, 20)) / 400
    results = [specification(1.2 / 20, column) for column in rows.T]
    joint = joint_test(joint_sample(400), results, np.random.default_rng(3))
    assert joint is not None
    assert joint.p_median < 1e-3


def test_nothing_to_test_with_one_specification() -> None:
    one = specification(0.1, np.ones(10))
    assert joint_test(joint_sample(10), [one], np.random.default_rng(1)) is None


# ---- panel ---------------------------------------------------------------------------------------------------------


def wave(name: str, firms: list[str], seed: int, **columns: object) -> Sample:
    rng = np.random.default_rng(seed)
    n = len(firms)
    frame = pd.DataFrame(
        {"a": rng.random(n) < 0.4, "b": rng.random(n) < 0.5, "y": rng.random(n) < 0.3, "base_all": True}
    )
    observed = columns_of(frame.assign(**columns))
    return Sample(name, np.array(firms, dtype=object), (observed,), observed, SurveyDesign(np.full(n, 2.0)))


def names(first: int, last: int) -> list[str]:
    return [f"F{number}" for number in range(first, last)]


def test_waves_without_common_firms_have_independent_variances() -> None:
    one, two = wave("2017", names(0, 50), 1), wave("2018", names(50, 110), 2)
    pooled = pooled_sample([one, two], "pooled")
    z = np.random.default_rng(3).standard_normal((110, 2))
    separate = one.design.covariance(z[:50]) + two.design.covariance(z[50:])
    assert pooled.design.covariance(z) == pytest.approx(separate)
    assert pooled.design.degrees_of_freedom() == 108


def test_the_same_firms_with_the_same_influence_double_the_error() -> None:
    one, two = wave("2017", names(0, 50), 1), wave("2018", names(0, 50), 2)
    pooled = pooled_sample([one, two], "pooled")
    z = np.random.default_rng(3).standard_normal((50, 1))
    assert pooled.design.covariance(np.vstack([z, z])) == pytest.approx(4 * one.design.covariance(z))
    assert pooled.design.degrees_of_freedom() == 48


def test_a_column_one_wave_lacks_is_missing_there() -> None:
    one, two = wave("2017", names(0, 50), 1, sector="trade"), wave("2018", names(50, 110), 2, size=3.0)
    pooled = pooled_sample([one, two], "pooled").observed
    assert pooled.known("sector").tolist() == [True] * 50 + [False] * 60
    assert pooled.known("size").tolist() == [False] * 50 + [True] * 60
    assert pooled.categories["wave"].counts() == {"2017": 50, "2018": 60}


def test_a_design_that_is_not_a_waves_own_cannot_be_pooled() -> None:
    pooled = pooled_sample([wave("2017", names(0, 50), 1), wave("2018", names(0, 50), 2)], "pooled")
    with pytest.raises(TypeError, match="single waves"):
        pooled_sample([pooled, pooled], "twice")


def test_firm_means_are_over_the_waves_a_firm_is_in() -> None:
    one = wave("2017", ["A", "B"], 1, a=np.array([1.0, 0.0]), b=np.array([1.0, 1.0]))
    two = wave("2018", ["A", "C"], 2, a=np.array([0.0, 1.0]), b=np.array([1.0, 0.0]))
    richer, specification, switching = with_firm_means(pooled_sample([one, two], "pooled"), MAIN)
    assert richer.observed.numbers["mean(a)"].tolist() == [0.5, 0.0, 0.5, 1.0]
    assert richer.observed.numbers["mean(a:b)"].tolist() == [0.5, 0.0, 0.5, 0.0]
    assert specification.controls == ("mean(a)", "mean(b)", "mean(a:b)")
    assert switching == 1


def test_conditional_logit_of_two_waves_is_the_logit_of_changes() -> None:
    """With two waves: a logit without intercept of who changed upward on the change in x."""
    rng = np.random.default_rng(6)
    firm = np.repeat(np.arange(300), 2)
    x = rng.standard_normal((600, 2))
    y = (rng.random(600) < 1 / (1 + np.exp(-x @ [0.7, -0.4]))).astype(float)
    fit = conditional_logit(y, x, firm)
    import statsmodels.api as sm

    up, before, after = y[1::2] - y[::2], x[::2], x[1::2]
    changed = up != 0
    plain = sm.Logit(up[changed] > 0, (after - before)[changed]).fit(disp=0, tol=1e-12)
    assert fit.coefficients == pytest.approx(plain.params, rel=1e-7)
    assert fit.firms == changed.sum()
    rows, columns = within(y, np.column_stack([x, np.repeat(rng.standard_normal(300), 2)]), firm)
    assert rows.sum() == 2 * changed.sum()
    assert columns.tolist() == [True, True, False]


LEAVES = {"by outcome": (np.log(0.25), 0.0), "by outcome and practice together": (0.0, np.log(0.25))}
"""What firms with the outcome, and those among them with both practices, have in log-odds of answering again"""


@pytest.mark.parametrize("why", LEAVES)
def test_leaving_by_outcome_moves_wave_effects_of_the_conditional_logit_and_no_practice(why: str) -> None:
    """Who leaves by outcome makes it rarer in all but the last answer of who stays, whatever the practices, and that is
    what a wave effect is. Where leaving goes with outcome and practices together, their product is moved too."""
    rng = np.random.default_rng(11)
    own, truth = rng.normal(-1, 1.2, 40_000), np.array([0.3, 0.6, 0.5, 0.4, 0.6])
    there, rows = np.ones(len(own), dtype=bool), []
    for t in range(3):
        a, b = rng.random(len(own)) < expit(0.6 * own), rng.random(len(own)) < expit(0.4 * own)
        x = np.column_stack([np.full(len(own), t == 1), np.full(len(own), t == 2), a, b, a & b])
        y = rng.random(len(own)) < expit(own + x @ truth)
        rows.append((np.flatnonzero(there), x[there].astype(float), y[there].astype(float)))
        outcome, together = LEAVES[why]
        there = there & (rng.random(len(own)) < expit(-1 + outcome * y + together * (y & a & b)))
    firm, x, y = (np.concatenate(each) for each in zip(*rows, strict=True))
    kept, columns = within(y, x, firm)
    assert columns.all()
    fit = conditional_logit(y[kept], x[kept], firm[kept])
    off = np.abs(fit.coefficients - truth) / np.sqrt(np.diag(fit.covariance))
    assert (off[:2] > 5).all() == (why == "by outcome")
    assert (off[2:] < 2.5).all() == (why == "by outcome")


def test_conditional_logit_is_refused_where_few_firms_switch() -> None:
    one = wave("2017", names(0, 60), 1, y=np.r_[np.ones(6), np.zeros(54)])
    two = wave("2018", names(0, 60), 2, y=np.zeros(60))
    result = conditional_result(pooled_sample([one, two], "pooled"), MAIN, Disclosure())
    assert result.refusal is not None
    assert sentence(result.refusal, "en") == "fewer than 10 firms change their outcome"


def test_pooled_replicates_are_side_by_side() -> None:
    one = SurveyDesign(np.ones(3), replicates=np.ones((3, 4)))
    two = SurveyDesign(np.ones(2), replicates=np.zeros((2, 4)))
    without = SurveyDesign(np.ones(2))
    firms = (np.array(["A", "B", "C"], dtype=object), np.array(["A", "D"], dtype=object))
    both = PooledDesign((one, two), firms)
    assert both.replicates is not None
    assert both.replicates.shape == (5, 4)
    assert PooledDesign((one, without), firms).replicates is None
    theta = np.arange(8.0).reshape(4, 2)
    assert both.replicate_covariance(theta) == pytest.approx(np.cov(theta.T))


def test_specifications_differ_in_what_was_chosen() -> None:
    assert replace(MAIN, dose="n").headline == "ame_n"
    assert replace(MAIN, levels="activity").headline == "trend"
    assert replace(MAIN, practices=("a", "b", "c")).headline == ""


# ---- the contrasts' names --------------------------------------------------------------------------------------------

SHAPES: dict[str, Specification] = {
    "two practices": replace(MAIN, practices=("cooperates", "invests")),
    "two of other names": replace(MAIN, practices=("p_only", "trains_without_help")),
    "three practices": replace(MAIN, practices=("a", "b", "c")),
    "levels": replace(MAIN, practices=(), levels="activity", order=("none", "one", "several")),
    "a dose": replace(MAIN, practices=("invests",), dose="initiatives"),
}


@pytest.mark.parametrize("s", SHAPES.values(), ids=SHAPES)
def test_a_contrast_is_found_again_by_its_name(s: Specification) -> None:
    names = [contrast.name for contrast in s.contrasts]
    assert len(set(names)) == len(names)
    assert [s.contrast(name) for name in names] == list(s.contrasts)
    assert s.contrast("complementary") is None
    assert s.headline == "" or s.contrast(s.headline) is not None


def test_contrasts_bear_the_names_that_are_published() -> None:
    named = {shape: [contrast.name for contrast in s.contrasts] for shape, s in SHAPES.items()}
    assert named["two practices"] == [
        "p_neither", "p_invests_only", "p_cooperates_only", "p_both", "ame_cooperates", "ame_invests",
        "effect_cooperates_without_investment", "effect_cooperates_with_investment",
        "effect_invests_without_cooperation", "effect_invests_with_cooperation", "complementarity",
    ]  # fmt: skip
    assert named["three practices"] == [
        "p[none]", "p[c]", "p[b]", "p[b:c]", "p[a]", "p[a:c]", "p[a:b]", "p[a:b:c]",
        "complementarity[a:b|none]", "complementarity[a:b|c]", "complementarity[a:c|none]", "complementarity[a:c|b]",
        "complementarity[b:c|none]", "complementarity[b:c|a]",
    ]  # fmt: skip
    assert named["levels"] == ["p[none]", "p[one]", "p[several]", "trend"]
    assert named["a dose"] == [*(f"p[initiatives={n}]" for n in range(6)), "ame_initiatives"]


@pytest.mark.parametrize("shape", ["two practices", "two of other names"])
def test_a_contrast_moves_with_the_state_it_adds(shape: str) -> None:
    a, b = SHAPES[shape].practices
    told = of_two_practices(a, b)
    moving = {role: contrast.moving.name for role, contrast in told.items() if contrast.moving}
    assert moving == {
        "a_without_b": told["a_only"].name,
        "a_with_b": told["both"].name,
        "b_without_a": told["b_only"].name,
        "b_with_a": told["both"].name,
        "complementarity": told["both"].name,
    }
