"""What must hold of the survey design for any sample: its invariants, its two variance routes, its refusals."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.problems import MonitorError
from monitor.statistics.design.intervals import clopper_pearson
from monitor.statistics.design.panel import change
from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.replicates import bootstrap_perturbation, replicate_covariance
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.random_numbers import firm_numbers
from monitor.statistics.weighting.calibration import CalibrationError, calibrate
from monitor.statistics.weighting.propensity import dummy_columns

SETTINGS = settings(max_examples=40, deadline=None)


class Sample:
    """A random stratified sample: strata of 2 to 9 firms, one of them taken whole."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sizes = rng.integers(2, 10, size=int(rng.integers(2, 6)))
        self.strata = np.repeat(np.arange(len(sizes)), sizes)
        self.n = len(self.strata)
        big = sizes * rng.integers(2, 30, size=len(sizes))
        big[0] = sizes[0]
        self.population = big[self.strata].astype(float)
        self.take_all = self.strata == 0
        self.weights = (big / sizes)[self.strata] * np.where(self.take_all, 1.0, rng.uniform(0.5, 2.0, self.n))
        self.y = rng.normal(50, 10, self.n)
        self.x = rng.uniform(1, 5, self.n)
        self.top = (rng.random(self.n) < 0.4).astype(float)
        self.top[:2] = 0, 1
        self.domain = rng.random(self.n) < 0.6
        self.domain[:2] = True
        self.group = rng.integers(0, 3, self.n)

    def design(self, **changed: object) -> SurveyDesign:
        given_ = {"weights": self.weights, "strata": self.strata, "population": self.population, **changed}
        return SurveyDesign(**given_)  # type: ignore[arg-type]


samples = st.integers(0, 2**32 - 1).map(Sample)


def figures(s: Sample, d: SurveyDesign, rows: np.ndarray | None = None) -> np.ndarray:
    """Mean, ratio, domain mean and logit coefficients with their standard errors: free of the weights' scale."""
    rows = np.arange(s.n) if rows is None else rows
    y, x, top, domain = s.y[rows], s.x[rows], s.top[rows], s.domain[rows]
    found = [d.mean(y), d.ratio(y, x), d.mean(top, domain)]
    logit = np.column_stack([np.ones(len(rows)), x])
    fit = maximum_likelihood(np.clip(top, 0.1, 0.9), logit, d.weights)
    variance = np.diag(d.covariance(fit.contributions / d.weights[:, None]))
    return np.concatenate([*(np.r_[e.estimate, e.se] for e in found), fit.coefficients, np.sqrt(variance)])


@given(samples, st.floats(0.01, 1000))
@SETTINGS
def test_weights_times_a_constant_change_no_mean_coefficient_or_error(s: Sample, factor: float) -> None:
    scaled = s.design(weights=s.weights * factor)
    np.testing.assert_allclose(figures(s, scaled), figures(s, s.design()), rtol=1e-8, atol=1e-10)


@given(samples, st.integers(0, 1000))
@SETTINGS
def test_row_order_changes_nothing(s: Sample, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(s.n)
    shuffled = SurveyDesign(weights=s.weights[order], strata=s.strata[order], population=s.population[order])
    np.testing.assert_allclose(figures(s, shuffled, order), figures(s, s.design()), rtol=1e-8, atol=1e-10)


@given(samples)
@SETTINGS
def test_every_firm_twice_at_half_weight_clustered_on_itself_changes_nothing(s: Sample) -> None:
    rows = np.repeat(np.arange(s.n), 2)
    doubled = SurveyDesign(weights=s.weights[rows] / 2, strata=s.strata[rows], population=s.population[rows], psu=rows)
    assert doubled.degrees_of_freedom() == s.design().degrees_of_freedom()
    np.testing.assert_allclose(figures(s, doubled, rows), figures(s, s.design()), rtol=1e-8, atol=1e-10)


@given(samples)
@SETTINGS
def test_a_take_all_stratum_adds_no_variance(s: Sample) -> None:
    d = s.design()
    wild = np.where(s.take_all, s.y * 1e6, s.y)
    assert d.total(wild).se[0] == pytest.approx(d.total(s.y).se[0], rel=1e-9)
    assert d.total(s.y, s.take_all).se[0] == 0


@given(samples)
@SETTINGS
def test_a_domain_is_the_whole_sample_with_zeros_outside(s: Sample) -> None:
    d = s.design()
    inside, zeros = d.total(s.y, s.domain), d.total(np.where(s.domain, s.y, 0.0))
    np.testing.assert_allclose([inside.estimate, inside.se], [zeros.estimate, zeros.se])
    indicator = d.ratio(np.where(s.domain, s.y, 0.0), s.domain.astype(float))
    mean = d.mean(s.y, s.domain)
    np.testing.assert_allclose([mean.estimate, mean.se], [indicator.estimate, indicator.se])


@given(samples)
@SETTINGS
def test_domains_of_a_partition_add_up_with_their_covariance(s: Sample) -> None:
    d = s.design()
    parts = d.total(np.column_stack([s.y * (s.group == g) for g in range(3)]))
    whole = d.total(s.y)
    assert parts.estimate.sum() == pytest.approx(whole.estimate[0])
    assert parts.covariance.sum() == pytest.approx(whole.covariance[0, 0], rel=1e-9, abs=1e-9)


@given(samples)
@SETTINGS
def test_calibration_variables_have_no_variance_left(s: Sample) -> None:
    x = np.column_stack([np.ones(s.n), s.x])
    totals = x.T @ s.weights * np.array([1.1, 1.15])
    w = calibrate(s.weights, x, totals).weights
    np.testing.assert_allclose(x.T @ w, totals, rtol=1e-9)
    if (w > 0).all():
        d = s.design(weights=w, auxiliary=x, before=s.weights)
        assert (d.total(x).se <= 1e-6 * np.abs(totals)).all()


@given(samples)
@SETTINGS
def test_state_probabilities_average_to_the_weighted_mean(s: Sample) -> None:
    x, _ = dummy_columns([s.group])
    d = s.design()
    y = np.clip(s.top, 0.02, 0.98)
    fit = maximum_likelihood(y, x, d.weights)
    assert d.mean(fit.probabilities).estimate[0] == pytest.approx(d.mean(y).estimate[0], rel=1e-9)


@given(samples)
@SETTINGS
def test_both_variance_routes_agree_for_a_total(s: Sample) -> None:
    """Over all m-subsets the bootstrap's variance of a total is the linearised one; here 4,000 of them."""
    d = s.design()
    numbers = firm_numbers([str(i) for i in range(s.n)], 4000, 1, "draw")
    remaining = 1 - np.bincount(s.strata)[s.strata] / s.population
    replicates = d.weights[:, None] * (1 + bootstrap_perturbation(s.strata, remaining, numbers))
    assert replicates.min() >= 0
    both = replicate_covariance(replicates.T @ s.y)[0, 0], d.total(s.y).covariance[0, 0]
    assert both[0] == pytest.approx(both[1], rel=0.15)


def test_the_same_firm_draws_the_same_numbers_wherever_it_stands() -> None:
    one = firm_numbers(["a", "b", "c"], 100, 5, "draw")
    two = firm_numbers(["c", "x", "a"], 100, 5, "draw")
    assert (one[0] == two[2]).all()
    assert (one[2] == two[0]).all()
    assert (firm_numbers(["a"], 100, 6, "draw") != one[0]).all()
    uniform = firm_numbers([str(i) for i in range(2000)], 50, 5, "draw") / 2.0**64
    assert uniform.mean() == pytest.approx(0.5, abs=0.005)
    assert uniform.var() == pytest.approx(1 / 12, abs=0.001)
    assert np.abs(np.corrcoef(uniform.T) - np.eye(50)).max() < 0.1


def census_mailing(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """5,500 firms in three classes, all invited, answering by class."""
    rng = np.random.default_rng(seed)
    classes = rng.choice(3, size=5500, p=[0.6, 0.3, 0.1])
    y = rng.normal(classes * 2.0, 1.0)
    answered = rng.random(5500) < np.array([0.05, 0.12, 0.3])[classes]
    return classes, y, answered, np.bincount(classes)[classes]


def test_a_near_census_mailing_has_the_variance_of_its_respondents_over_the_population() -> None:
    classes, y, answered, size = census_mailing()
    c, r = classes[answered], np.bincount(classes[answered])[classes[answered]]
    weights = size[answered] / r
    silent = np.bincount(classes) - np.bincount(c)
    phase = ResponsePhase(
        classes=c,
        adjustment=weights,
        strata=np.arange(3),
        silent_classes=np.arange(3),
        silent=silent.astype(float),
        base=np.ones(3),
    )
    mailed = SurveyDesign(weights=weights, strata=c, population=size[answered], response=phase)
    sampled = SurveyDesign(weights=weights, strata=c, population=size[answered])
    np.testing.assert_allclose(mailed.mean(y[answered]).se, sampled.mean(y[answered]).se, rtol=1e-12)
    assert mailed.degrees_of_freedom() == answered.sum() - 3


def test_two_phases_give_the_variance_that_repeated_draws_and_answers_show() -> None:
    """Strata are drawn, classes cut across them, answers depend on the class: 3,000 repetitions of both."""
    rng = np.random.default_rng(11)
    n_pop = 1200
    h = rng.choice(2, size=n_pop, p=[0.7, 0.3])
    k = rng.choice(2, size=n_pop)
    y = rng.normal(3 * k + h, 1.0)
    drawn, rate = np.array([200, 150]), np.array([0.3, 0.7])
    big = np.bincount(h)
    estimates, variances = [], []
    for _ in range(3000):
        s = np.concatenate([rng.permutation(np.flatnonzero(h == g))[: drawn[g]] for g in range(2)])
        base = (big / drawn)[h[s]]
        answered = rng.random(len(s)) < rate[k[s]]
        adjustment = np.bincount(k[s], base) / np.bincount(k[s], base * answered)
        r = s[answered]
        a = adjustment[k[r]]
        w = base[answered] * a
        estimates.append(w @ y[r] / w.sum())
        if len(variances) < 300:
            cells = [(i, j) for i in range(2) for j in range(2)]
            silent = [np.sum(~answered & (h[s] == i) & (k[s] == j)) for i, j in cells]
            phase = ResponsePhase(
                k[r],
                a,
                np.array([i for i, _ in cells]),
                np.array([j for _, j in cells]),
                np.array(silent, dtype=float),
                (big / drawn)[[i for i, _ in cells]],
            )
            d = SurveyDesign(weights=w, strata=h[r], population=big[h[r]], response=phase)
            variances.append(d.mean(y[r]).covariance[0, 0])
    assert np.mean(variances) == pytest.approx(np.var(estimates), rel=0.08)


def test_a_change_between_waves_uses_the_firms_in_both() -> None:
    """Simple random samples with half their firms in common, 2,000 times: the error matches the spread."""
    rng = np.random.default_rng(5)
    n_pop, n = 2000, 200
    first = rng.normal(0, 1, n_pop)
    second = 0.8 * first + 0.6 * rng.normal(0, 1, n_pop) + 0.3
    moved, errors, without = [], [], []
    for i in range(2000):
        order = rng.permutation(n_pop)
        a, b = order[:n], order[n // 2 : n // 2 + n]
        moved.append(second[b].mean() - first[a].mean())
        if i < 200:
            designs = [
                SurveyDesign(weights=np.full(n, n_pop / n), population=np.full(n, n_pop), firms=rows) for rows in (a, b)
            ]
            result = change(designs[0].mean(first[a]), designs[1].mean(second[b]))
            assert result["overlap"][0] == n / 2
            errors.append(result["se"][0])
            without.append(np.sqrt(designs[0].mean(first[a]).se[0] ** 2 + designs[1].mean(second[b]).se[0] ** 2))
    assert np.mean(errors) == pytest.approx(np.std(moved), rel=0.05)
    assert np.mean(without) > 1.2 * np.std(moved)


@pytest.mark.parametrize(
    ("bad", "kind"), [(np.nan, "missing"), (np.inf, "infinite"), (-1.0, "negative"), (0.0, "zero")]
)
def test_a_bad_weight_is_named(bad: float, kind: str) -> None:
    with pytest.raises(MonitorError, match=f"1 weights are {kind}") as error:
        SurveyDesign(weights=np.array([1.0, bad, 2.0]), firms=np.array(["a", "b", "c"]))
    assert error.value.problems[0].firm == "b"


def test_every_problem_of_weights_and_strata_comes_at_once() -> None:
    with pytest.raises(MonitorError) as error:
        SurveyDesign(
            weights=np.array([1.0, -1.0, np.nan, 1.0]),
            strata=["a", "a", "b", "b"],
            population=np.array([1.0, 1.0, 5.0, 6.0]),
        )
    told = str(error.value)
    assert "missing" in told
    assert "negative" in told
    assert "stratum a has more firms in the sample than in the frame" in told
    assert "stratum b has several population sizes" in told


def test_no_firm_is_no_design() -> None:
    with pytest.raises(MonitorError, match="no firm"):
        SurveyDesign(weights=np.array([]))


def test_the_three_lines_for_a_notebook_run_as_they_stand() -> None:
    import pandas as pd

    import monitor.statistics

    head, _, *lines = (monitor.statistics.__doc__ or "").split("In a notebook:")[1].strip().splitlines()
    assert head == "from monitor.statistics import SurveyDesign"
    assert len(lines) == 3
    firms = pd.DataFrame(
        {
            "weight": 10.0, "stratum": ["a", "b"] * 20, "population": 200.0,
            "innovates": [True, False, False, True] * 10, "province": ["PV20"] * 30 + ["PV21"] * 10,
        }
    )  # fmt: skip
    names: dict[str, object] = {"firms": firms}
    exec("\n".join(line.strip() for line in (head, *lines[:2])), names)
    estimate, se, (low, high) = eval(lines[2].strip(), names)
    assert low[0] < estimate[0] < high[0]
    assert estimate[0] == pytest.approx(0.5, abs=0.05)
    assert 0 < se[0] < 0.1


def test_missing_values_inside_a_domain_are_refused_and_outside_ignored() -> None:
    d = SurveyDesign(weights=np.ones(4))
    y = np.array([1.0, 2.0, np.nan, 3.0])
    with pytest.raises(ValueError, match="1 firms of the domain have no finite value"):
        d.mean(y)
    assert d.mean(y, ~np.isnan(y)).estimate[0] == 2.0


def test_a_share_without_events_has_an_exact_interval_and_no_error() -> None:
    share = SurveyDesign(weights=np.full(40, 3.0)).proportion(np.zeros(40))
    low, high = share.interval()
    assert (share.se[0], low[0]) == (0, 0)
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 40))
    np.testing.assert_allclose(clopper_pearson(0.25, 8), [0.0318540, 0.6508558], rtol=1e-5)


def test_collapsing_joins_a_lonely_stratum_to_its_neighbour() -> None:
    w, y = np.full(6, 10.0), np.array([1.0, 5, 2, 4, 6, 9])
    strata, population = ["a", "b", "b", "b", "c", "c"], np.array([10.0, 30, 30, 30, 20, 20])
    lonely = SurveyDesign(weights=w, strata=strata, population=population, lonely="collapse")
    joined = SurveyDesign(
        weights=w, strata=["ab", "ab", "ab", "ab", "c", "c"], population=np.array([40.0, 40, 40, 40, 20, 20])
    )
    assert lonely.total(y).se[0] == pytest.approx(joined.total(y).se[0])


@pytest.mark.parametrize(
    ("margins", "totals", "told"),
    [
        ([[0, 0, 1]], [[5.0, 3.0, 2.0]], "no firm carries these totals"),
        ([[0, 0, 1], [0, 1, 1]], [[5.0, 5.0], [7.0, 4.0]], "disagree on the number of firms: 10, 11"),
        ([[0, 0, 1], [0, 0, 1]], [[5.0, 5.0], [7.0, 3.0]], "cannot be met together"),
    ],
)
def test_raking_says_why_it_cannot(margins: list[list[int]], totals: list[list[float]], told: str) -> None:
    with pytest.raises(CalibrationError, match=told) as error:
        calibrate(np.ones(3), [np.array(m) for m in margins], [np.array(t) for t in totals], "raking")
    assert error.value.totals


def test_bounds_that_are_too_tight_name_the_totals_they_keep_from_being_met() -> None:
    x = np.eye(2)[[0, 0, 1, 1]]
    with pytest.raises(CalibrationError, match=re.escape("with factors between 0.9 and 1.1")) as error:
        calibrate(np.ones(4), x, np.array([2.1, 4.0]), "logit", (0.9, 1.1))
    assert error.value.totals == (1,)


def test_totals_of_redundant_columns_must_agree() -> None:
    x = np.column_stack([np.ones(4), np.eye(2)[[0, 0, 1, 1]]])
    assert calibrate(np.ones(4), x, np.array([10.0, 4, 6])).weights.tolist() == pytest.approx([2, 2, 3, 3])
    with pytest.raises(CalibrationError, match="contradict each other"):
        calibrate(np.ones(4), x, np.array([10.0, 4, 7]))


def test_calibrating_many_columns_is_calibrating_each() -> None:
    rng = np.random.default_rng(2)
    matrix = rng.uniform(1, 3, (60, 7))
    codes = [rng.integers(0, 3, 60), rng.integers(0, 2, 60)]
    totals = [np.bincount(c) * 2.2 for c in codes]
    x, flat = np.hstack([np.eye(3)[codes[0]], np.eye(2)[codes[1]]]), np.concatenate(totals)
    for arguments in (
        (codes, totals, "raking", None),
        (x, flat, "linear", None),
        (x, flat, "logit", (0.5, 2.5)),
        (x, flat, "raking", None),
    ):
        together = calibrate(matrix, *arguments).weights
        alone = np.column_stack([calibrate(matrix[:, j], *arguments).weights for j in range(7)])
        np.testing.assert_allclose(together, alone, rtol=1e-8)


def test_a_replicate_without_an_estimate_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 3 replicates have no finite estimate"):
        replicate_covariance(np.array([1.0, np.nan, 2.0]))
