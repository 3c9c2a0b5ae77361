"""A comparison as a whole: copies, replicates, refusals, what something unmeasured or left out would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from r_answers import design_of, expit, firms

from monitor.statistics.comparison.effect import (
    ESTIMATORS,
    Copy,
    compare,
    refused_by_plan,
    sensitivity,
    without_each,
)
from monitor.statistics.comparison.groups import Groups
from monitor.statistics.comparison.limits import METHODS, Limits
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.quantities import Quantities


def drawn(seed: int, n: int = 1500, difference: float = 0.06, hidden: float = 0.0) -> tuple[Copy, SurveyDesign]:
    """n firms: larger and earlier innovators take part more often; `hidden` is what nobody measured adds to both."""
    rng = np.random.default_rng(seed)
    large, before = (rng.random(n) < share for share in (0.3, 0.4))
    u = rng.normal(size=n)
    t = rng.random(n) < expit(-2.6 + 0.8 * large + 1.1 * before + hidden * u)
    y = rng.random(n) < np.clip(0.2 + 0.1 * large + 0.3 * before + difference * t + 0.1 * hidden * u, 0, 1)
    strata = np.where(large, "large", "small")
    weights = np.where(large, 2.0, 5.0)
    groups = Groups(t, np.column_stack([large, before]).astype(float), ("size[large]", "innovated"))
    design = SurveyDesign(weights=weights, strata=strata, population=np.where(large, 1e6, 1e6))
    return Copy(groups, y.astype(float), np.ones(n, dtype=bool)), design


def resampled(design: SurveyDesign, replicates: int) -> SurveyDesign:
    """The design with a bootstrap of its firms within strata."""
    rng, n = np.random.default_rng(9), design.n
    strata = np.unique(np.asarray(design.strata), return_inverse=True)[1]
    columns = np.zeros((n, replicates))
    for h in np.unique(strata):
        rows = np.flatnonzero(strata == h)
        for r in range(replicates):
            columns[:, r] += np.bincount(rng.choice(rows, len(rows)), minlength=n)
    return replace(design, replicates=columns * design.weights[:, None])


def test_copies_are_combined_by_rubin_s_rules() -> None:
    one, design = drawn(1)
    rng = np.random.default_rng(2)
    copies = []
    for _ in range(4):
        y = one.y.copy()
        open_ = rng.choice(len(y), 150, replace=False)
        y[open_] = rng.random(150) < 0.35
        copies.append(replace(one, y=y))
    found = compare(copies, design)
    each = [compare([copy], design).estimates for copy in copies]
    assert found.estimates is not None
    assert all(e is not None for e in each)
    by_hand = combine([e.estimate[2] for e in each if e], [e.se[2] ** 2 for e in each if e])
    assert found.estimates.estimate[2] == pytest.approx(float(by_hand.estimate), rel=1e-12)
    assert found.estimates.se[2] == pytest.approx(float(by_hand.se), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_about_the_same_and_not_the_plain_difference(method: str) -> None:
    copy, design = drawn(3, n=6000)
    found = compare([copy], design, method)
    assert found.refusal is None
    assert found.estimates is not None
    assert found.plain is not None
    assert found.before is not None
    assert found.after is not None
    assert abs(found.estimates.estimate[2] - 0.06) < 2.6 * found.estimates.error[2]
    assert found.plain.estimate[2] > 0.12
    assert found.before.largest > 0.4
    assert found.after.largest < (1e-8 if method == "entropy_balancing" else 0.1)
    assert found.minimum_detectable_effect == pytest.approx(2.8 * found.estimates.error[2], rel=0.02)


def test_replicates_make_the_groups_alike_again() -> None:
    """The bootstrap of the whole: about the linearised error; far from that of weights held fixed."""
    copy, design = drawn(4, n=2500)
    found = compare([copy], resampled(design, 500), replicated_copies=1)
    assert found.estimates is not None
    assert found.estimates.se_replicate[2] == pytest.approx(found.estimates.se[2], rel=0.1)
    assert found.estimates.error[2] == max(found.estimates.se[2], found.estimates.se_replicate[2])
    held_against_nothing = compare([copy], resampled(design, 20), "matching", replicated_copies=1)
    assert held_against_nothing.estimates is not None
    assert np.isnan(held_against_nothing.estimates.se_replicate).all()


def test_one_route_from_r_s_sample() -> None:
    """What R computed from its sample comes out of the whole route, design and all."""
    from r_answers import answers
    from test_comparison import groups_of

    d = firms()
    copy = Copy(groups_of(d), d["share"].to_numpy(float), np.ones(len(d), dtype=bool))
    for method, block in (("entropy_balancing", "balancing"), ("propensity", "propensity"), ("augmented", "augmented")):
        found = compare([copy], design_of(d), method, Limits(imbalance=0.2, off_support=0.2))
        assert found.estimates is not None
        told = answers("comparison", "beyond").loc[block]
        assert (found.estimates.estimate[2], found.estimates.se[2]) == pytest.approx(tuple(told), rel=1e-6)


def test_refused_with_few_participants() -> None:
    copy, design = drawn(5)
    few = np.flatnonzero(copy.groups.participates)[12:]
    participates = copy.groups.participates.copy()
    participates[few] = False
    found = compare([replace(copy, groups=replace(copy.groups, participates=participates))], design)
    assert found.participants == 12
    assert found.estimates is None
    assert found.direction == "refused"
    assert found.refusal is not None
    assert (found.refusal.kind, dict(found.refusal.facts)) == ("few_participants", {"least": 30})


@pytest.mark.parametrize("how", ["all take part", "a level of their own", "worth too few"])
def test_refused_without_overlap(how: str) -> None:
    copy, design = drawn(6)
    t, x = copy.groups.participates.copy(), copy.groups.x.copy()
    if how == "all take part":
        t[:] = True
    elif how == "a level of their own":
        t = x[:, 0] == 1
    else:
        x[~t, 0], x[t, 0] = 0, 1
        x[np.flatnonzero(~t)[:5], 0] = 1
        x[np.flatnonzero(t)[:2], 0] = 0
    found = compare([replace(copy, groups=Groups(t, x, copy.groups.names))], design)
    assert found.refusal is not None
    assert found.refusal.kind == "participants_alone"
    assert found.estimates is None


def test_refused_where_weighting_leaves_the_groups_apart() -> None:
    """Odds under a logit that cannot bend as taking part does; balancing of the same means can."""
    rng = np.random.default_rng(8)
    z = rng.exponential(size=3000)
    t = rng.random(3000) < np.where((z > 1) & (z < 1.6), 0.5, 0.03)
    groups = Groups(t, np.column_stack([z, z**2]), ("z", "z squared"))
    copy, design = drawn(8, n=3000)
    copy = Copy(groups, copy.y, copy.mask)
    found = compare([copy], design, "propensity", Limits(imbalance=0.001))
    assert found.refusal is not None
    assert found.refusal.kind == "unbalanced"
    assert found.refusal.facts["names"] in groups.names
    assert found.after is not None
    assert compare([copy], design, limits=Limits(imbalance=0.001)).refusal is None


def test_a_plan_after_the_data_or_an_outcome_before_treatment_is_refused() -> None:
    day = date(2020, 1, 1)
    before = refused_by_plan(day, date(2019, 12, 31), date(2018, 1, 1), date(2021, 3, 1))
    after = refused_by_plan(day, date(2020, 12, 31), date(2021, 3, 2), date(2021, 3, 1))
    assert before is not None
    assert after is not None
    assert (before.kind, after.kind) == ("outcome_before_treatment", "plan_after_data")
    assert refused_by_plan(day, date(2020, 12, 31), date(2021, 3, 1), date(2021, 3, 1)) is None


def test_what_is_unmeasured_is_not_weighted_away_and_the_statement_is_modest() -> None:
    """A programme without any effect, whose selection nobody measured: called more, and sensitivity says how little
    unmeasured selection it takes: less than the hidden cause has."""
    copy, design = drawn(11, n=6000, difference=0.0, hidden=0.8)
    found = compare([copy], design)
    assert found.direction == "more"
    told = sensitivity(found)
    assert told is not None
    assert told.robustness.value < 0.1
    assert told.e_value is not None
    assert told.e_value_bound is not None
    assert 1 < told.e_value_bound < told.e_value
    strong = sensitivity(compare([drawn(11, n=6000, difference=0.3)[0]], design))
    assert strong is not None
    assert strong.robustness.value > 2 * told.robustness.value


def test_leaving_out_what_selects_brings_its_bias_back() -> None:
    copy, design = drawn(12, n=8000)
    found = compare([copy], design).estimates
    assert found is not None
    told = without_each([copy], design)
    assert set(told) == {"size", "innovated"}
    assert told["innovated"] - found.estimate[2] > 0.04
    assert abs(told["size"] - found.estimate[2]) < abs(told["innovated"] - found.estimate[2])


def test_quantities_are_named_in_order() -> None:
    copy, design = drawn(13)
    assert tuple(ESTIMATORS) == METHODS
    for estimator in ESTIMATORS.values():
        told = estimator(copy.groups, copy.y, design.weights)
        assert isinstance(told, Quantities)
        assert told.names == ("participants", "comparison", "difference")
        assert told.estimates[2] == pytest.approx(told.estimates[0] - told.estimates[1], abs=1e-15)
