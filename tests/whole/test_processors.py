"""Nothing turns on the last bits: the same on every processor, or rounded to what its error supports.

The whole demonstration under the plainest kernels stands with the demonstration's own tests.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import declared
import numpy as np
import pandas as pd
import publication
import pytest
from scipy import optimize

from monitor import contract
from monitor.contract.columns import AS_IT_IS
from monitor.contract.reliability import reliability
from monitor.contract.shape import rounded
from monitor.precision import in_words, mean_count, to_digits, to_error
from monitor.publication.manifest import content_hash
from monitor.stages.estimated.one_copy import column_sums
from monitor.stages.modelled.robustness import joint_rows
from monitor.stages.modelled.verdicts import reason_words
from monitor.statistics.decisions.claims import Evidence, decide
from monitor.statistics.decisions.specification_choices import CurveTest
from monitor.statistics.decisions.together import square_root
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.system import Quantity, System
from monitor.statistics.imputation import draws
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.notes import note
from monitor.statistics.weighting.calibration import _exp, _steps
from monitor.synthetic.firms import _balanced
from monitor.wording.notes import sentence

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "processors.py"


processors = runpy.run_path(str(BENCHMARK), run_name="processors")
SETTINGS: dict[str, dict[str, str]] = processors["settings"]()


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    """The hashes of this process."""
    return dict(processors["parts"]())


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "as it is"])
def test_deliveries_weights_and_donors_are_the_same_to_the_last_bit(setting: str, here: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--parts"],
        capture_output=True,
        text=True,
        check=True,
        env=processors["environment"](SETTINGS[setting]),
    )
    assert json.loads(done.stdout) == here


# --- ties -------------------------------------------------------------------------------------------------------------


def test_balancing_does_not_turn_on_last_bits() -> None:
    rng = np.random.default_rng(5)
    # Few kinds of firms: hundreds of pairs gain the same, and only the order of firms may decide between them.
    columns = np.column_stack([np.ones(900), rng.integers(0, 2, (900, 5))])
    columns = np.column_stack([columns[:, :3], columns[:, 1] * columns[:, 2], columns[:, 3:]]).astype(float)
    chance = (0.1 + 0.2 * columns[:, 1] + 0.1 * columns[:, 4]) / 1.3
    draw = rng.random(900)
    turned = _balanced(chance, draw, columns)
    for _ in range(20):
        noise = 1 + 4e-16 * rng.integers(-1, 2, 900)
        assert np.array_equal(_balanced(chance * noise, draw, columns), turned)


def test_donors_that_are_as_near_are_chosen_by_the_firms_own_numbers() -> None:
    rng = np.random.default_rng(6)
    known = rng.integers(0, 4, (20, 300, 2)).astype(float) * 0.7
    missing = rng.integers(0, 4, (20, 40, 2)).astype(float) * 0.7
    uniform, jitter = rng.random((20, 40)), rng.random((20, 340))
    one = draws.nearest_donors(known[:, :, 0], missing[:, :, 0], 5, uniform, jitter)
    both = draws.nearest_donors_jointly(known, missing, 5, uniform, jitter)
    for _ in range(5):
        k, m = (values + 1e-12 * rng.standard_normal(values.shape) for values in (known, missing))
        assert np.array_equal(draws.nearest_donors(k[:, :, 0], m[:, :, 0], 5, uniform, jitter), one)
        assert np.array_equal(draws.nearest_donors_jointly(k, m, 5, uniform, jitter), both)


def test_ten_firms_alike_are_an_effective_number_of_ten() -> None:
    w, inside = np.full(10, 0.1 + 1 / 3), np.ones((10, 1))
    effective = float((column_sums(w, inside) ** 2 / column_sums(w**2, inside))[0])
    for noise in (-1e-13, 0.0, 1e-13):
        flag = reliability(True, 0.5, 0.4, 0.6, 0.1, 10, effective * (1 + noise), 5, 9.0)
        assert flag == "limited", noise


def test_what_calibration_fixes_has_no_error_at_all() -> None:
    rng = np.random.default_rng(11)
    margin = np.eye(3)[rng.integers(0, 3, 90)]
    weights = rng.uniform(1, 9, 90)
    design = SurveyDesign(weights=weights, auxiliary=margin, before=weights)
    assert design.total(margin).se.tolist() == [0.0, 0.0, 0.0]
    assert design.mean(rng.random(90)).se[0] > 0


def test_copies_that_end_in_the_same_place_have_nothing_missing() -> None:
    rng = np.random.default_rng(7)
    estimates = 0.3 + 1e-12 * rng.standard_normal(20)
    both = combine(estimates, np.full(20, 0.02**2), 400)
    assert (both.df, both.fmi) == (400, 0)
    moved = combine(0.3 + 1e-6 * rng.standard_normal(20), np.full(20, 0.02**2), 400)
    assert moved.df < 400


def test_a_root_does_not_depend_on_how_eigenvectors_are_turned() -> None:
    rng = np.random.default_rng(8)
    influences = rng.standard_normal((600, 5))
    matrix = np.corrcoef(np.column_stack([influences, influences[:, :3], influences @ rng.random(5)]).T)
    root = square_root(matrix)
    assert root @ root == pytest.approx(matrix, abs=1e-5)
    order = rng.permutation(len(matrix))
    turned = square_root(matrix[np.ix_(order, order)])
    assert np.abs(turned[np.ix_(np.argsort(order), np.argsort(order))] - root).max() < 1e-12


def test_no_clock_decides_what_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, float]] = []

    def solver(*arguments: object, options: dict[str, float], **others: object) -> optimize.OptimizeResult:
        asked.append(options)
        return solved(*arguments, options=options, **others)

    solved = optimize.milp
    monkeypatch.setattr(optimize, "milp", solver)
    system = System(
        {name: Quantity(value) for name, value in {"all": 60.0, "a": 3.0, "b": 20.0, "c": 37.0}.items()},
        [("all", ("a", "b", "c"))],
        {name: (name,) for name in ("all", "a", "b", "c")},
        {"all": 1000.0, "a": 3.0, "b": 20.0, "c": 37.0},
    )
    system.quantities["a"].width = 5.0
    assert withheld_rows(system, {"a"}) == {"a", "b"}
    assert asked
    assert not any("time" in option for options in asked for option in options)


# --- sums and products alone ------------------------------------------------------------------------------------------


def test_the_exponential_of_sums_and_products_is_the_exponential() -> None:
    u = np.concatenate([np.linspace(-699, 699, 20_001), np.linspace(-1, 1, 20_001)])
    assert np.abs(_exp(u) / np.exp(u) - 1).max() < 5e-16


def test_elimination_solves_what_can_be_solved() -> None:
    rng = np.random.default_rng(9)
    x = np.column_stack([np.eye(4)[rng.integers(0, 4, 200)], np.eye(3)[rng.integers(0, 3, 200)]])
    mass = rng.uniform(1, 5, (200, 6))
    gram = np.einsum("ki,kr,kj->rij", x, mass, x)
    truth = rng.standard_normal((7, 6))
    misfit = np.einsum("rij,jr->ir", gram, truth)
    found = _steps(x, mass, misfit)
    assert np.einsum("rij,jr->ir", gram, found) == pytest.approx(misfit, rel=1e-10)
    assert x @ found == pytest.approx(x @ truth, rel=1e-9)


# --- precision --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "se", "given"),
    [
        (0.36057692307, 0.0192837465, 0.360577),
        (0.0192837465, 0.0192837465, 0.019284),
        (0.123456789, 0.0999999999, 0.12346),
        (123456.789, 2345.678, 123456.8),
        (-0.00000001, 0.05, 0.0),
        (1234567.891, None, 1234570.0),
        (0.000123456789, 0.0, 0.000123457),
    ],
)
def test_a_number_has_the_digits_its_error_supports(value: float, se: float | None, given: float) -> None:
    assert to_error(value, se) == given
    assert to_error(given, None if se is None else to_error(se, se)) == given


@pytest.mark.parametrize(
    ("counts", "whole"), [([166, 167], 167), ([167, 168], 168), ([1, 1, 2], 1), ([1, 2, 2], 2), ([7], 7)]
)
def test_a_mean_of_counts_is_whole_with_halves_upwards(counts: list[int], whole: int) -> None:
    assert mean_count(counts) == whole


def test_what_is_no_number_stays_as_it_is() -> None:
    assert to_error(None, 1.0) is None
    assert to_error(pd.NA, 1.0) is pd.NA
    assert np.isnan(to_error(float("nan"), 1.0))
    assert to_error(float("inf"), None) == float("inf")


def test_rounding_again_changes_nothing_and_keeps_an_estimate_inside_its_interval() -> None:
    rng = np.random.default_rng(10)
    se = 10 ** rng.uniform(-6, 5, 2000)
    estimate = rng.standard_normal(2000) * 10 ** rng.uniform(-6, 6, 2000)
    lines = pd.DataFrame(
        {"estimate": estimate, "se": se, "ci_low": estimate - 1.96 * se, "ci_high": estimate + 1.96 * se}
    )
    once = rounded("indicators", lines)
    pd.testing.assert_frame_equal(rounded("indicators", once), once, check_exact=True)
    assert ((once["ci_low"] <= once["estimate"]) & (once["estimate"] <= once["ci_high"])).all()
    assert (np.abs(once["estimate"] - estimate) <= 5.01e-5 * se).all()
    # A million times the difference between processors, and not one number in a thousand is another.
    noisy = lines * (1 + 1e-10 * rng.standard_normal((2000, 1)))
    assert (rounded("indicators", noisy)["se"] != once["se"]).mean() < 1e-3


def test_every_number_the_public_gets_is_rounded_or_counted() -> None:
    counted = {
        (table.name, column.name)
        for table in contract.TABLES
        for column in table.columns
        if column.type == "DOUBLE" and column.precision == AS_IT_IS
    }
    assert counted == {("indicators", "unweighted"), ("population", "firms"), ("quality", "value")}


def test_content_is_the_same_only_to_the_last_bit() -> None:
    table = pd.DataFrame({"weight": [0.1, np.nan, 0.0]})
    same = pd.DataFrame({"weight": [0.1, -np.nan, -0.0]})
    other = pd.DataFrame({"weight": [np.nextafter(0.1, 1), np.nan, 0.0]})
    assert content_hash({"firms": same}) == content_hash({"firms": table})
    assert content_hash({"firms": other}) != content_hash({"firms": table})
    assert to_digits(np.nextafter(0.1, 1), 6) == 0.1


# --- sentences --------------------------------------------------------------------------------------------------------

NOISE = (-1e-14, 0.0, 1e-14)
"""How far the same number lies apart on two processors"""
HALFWAY = (0.0125, 0.1235, 0.0005, 0.0495, -0.0165, 2.45, -0.04)
"""Halfway between two numbers of few decimal places, as they are or as percentages; and one that rounds to zero"""


@pytest.mark.parametrize("value", HALFWAY)
def test_a_number_in_a_sentence_is_that_of_its_row(value: float) -> None:
    for factor in (1.0, 100.0):
        for decimals in (0, 1, 2, 3):
            told = {in_words(value * (1 + noise), decimals, factor) for noise in NOISE}
            (text,) = told
            assert float(text) == pytest.approx(factor * value, abs=0.5001 * 10.0**-decimals)
            assert not (text.startswith("-") and float(text) == 0)
    assert {sentence(note("firth_few_events", per_term=value * (1 + noise), least=4), "en") for noise in NOISE} == {
        sentence(note("firth_few_events", per_term=value, least=4), "en")
    }


def test_sentences_of_robustness_and_claims_do_not_turn_on_last_bits(tmp_path: Path) -> None:
    survey = publication.survey(tmp_path)
    (main,) = (model.main for model in survey.models.values())
    estimand = {"kind": "share", "measure": "innovates", "base": "all_firms"}
    claimed = declared.claim(estimand=estimand, rule={"kind": "above", "value": 0, "alpha": 0.025})
    written = set()
    for noise in NOISE:
        value, p = 0.0125 * (1 + noise), 0.0495 * (1 + noise)
        rows = joint_rows(survey, main, CurveTest(16, value, -value, 3 * value, 0.5, 0.5, 0.25, p, p / 49.5, p))
        evidence = Evidence(value, 0.01, 60.0, -value, 3 * value, n=600, minimum_detectable_effect=value)
        (verdict,) = decide([claimed], [evidence])
        notes = [row[f"note_{language}"] for row in rows for language in ("nl", "en")]
        written.add((*notes, *reason_words(verdict).values()))
    ((*notes, _, reason),) = written
    assert "the median estimate is +1.2 percentage points (95% interval −1.2 to +3.8)" in notes[1]
    assert "Estimated +1.2 percentage points" in reason
