"""The suites of later stages' tables: each rule fails on its own fault and passes on a clean table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scenario

from monitor.problems import DefinitionError
from monitor.stages import validated
from monitor.stages.validated.check import WAVE_TABLES
from monitor.statistics.models.contrast import of_two_practices
from monitor.storage.lake import Lake
from monitor.survey import Disclosure, Survey

EXPECTATIONS = Path(__file__).parents[2] / "expectations"
FIRMS = [f"f{n:02d}" for n in range(12)]
STATES = {"neither": 0.1, "b_only": 0.2, "a_only": 0.15, "both": 0.4, "complementarity": 0.15}
"""Role -> estimate, of practices that no survey of ours has"""


def odd_codes(code: str, finding: str) -> pd.DataFrame:
    row = {"firm": "a", "held_in": "frame", "concept": "municipality_code", "code": code, "finding": finding}
    return pd.DataFrame([row]).astype("string")


def copies() -> pd.DataFrame:
    return pd.DataFrame([{"imputation": m, "firm": firm} for m in range(3) for firm in FIRMS])


def weights() -> pd.DataFrame:
    return pd.DataFrame(
        {"firm": FIRMS, "stratum": ["a"] * 6 + ["b"] * 6, "population": [60.0] * 6 + [120.0] * 6, "invited": 12,
         "responding": 6, "weight": [10.0] * 6 + [20.0] * 6}
    )  # fmt: skip


def indicators() -> pd.DataFrame:
    rows = [("all", "all", 12), ("size_band", "micro", 5), ("size_band", "small", 7)]
    return pd.DataFrame(
        [{"indicator": "participation", "domain_variable": v, "domain": d, "estimate": 0.4, "se": 0.1, "ci_low": 0.2,
          "ci_high": 0.6, "n": n, "events": 2, "reliability": "good"} for v, d, n in rows]
    )  # fmt: skip


def changes() -> pd.DataFrame:
    return pd.DataFrame(
        [{"indicator": i, "domain_variable": "all", "domain": "all", "wave_from": "2017", "wave_to": "2018",
          "change": 0.1, "se": 0.05, "ci_low": 0.0, "ci_high": 0.2, "p_value": 0.04, "p_adjusted": 0.04,
          "df": 20.0, "overlap_firms": 10, "suppressed": False} for i in ("participation", "top_innovators")]
    )  # fmt: skip


def models() -> pd.DataFrame:
    return pd.DataFrame(
        [{"wave": "2017", "model": "primary", "variant": v, "n": 120.0, "events": 30.0, "n_dropped": 2.0, "df": 80.0,
          "minimum_detectable_effect": 0.1, "converged": True, "published": True, "warning": None,
          "suppressed": False, "statsmodels_gap": 1e-11 if v == "primary" else None} for v in ("primary", "unweighted")]
    )  # fmt: skip


def contrasts() -> pd.DataFrame:
    names = of_two_practices("trains", "exports")
    return pd.DataFrame(
        [{"wave": "2017", "model": "primary", "variant": v, "contrast": names[role].name, "role": role,
          "unit": "points" if role == "complementarity" else "share", "estimate": e, "se": 0.05, "ci_low": e - 0.1,
          "ci_high": e + 0.1, "p_value": 0.04, "p_adjusted": 0.04, "df": 20.0, "suppressed": False}
         for v in ("primary", "unweighted") for role, e in STATES.items()]
    )  # fmt: skip


def terms() -> pd.DataFrame:
    return pd.DataFrame(
        [{"model": "primary", "variant": "primary", "term": t, "estimate": 0.5, "se": 0.2, "ci_low": 0.1,
          "ci_high": 0.9, "p_value": 0.01, "odds_ratio": float(np.exp(0.5))} for t in ("cooperates", "invests")]
    )  # fmt: skip


def public(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    """A table as it goes public: with the wave, and a last row that is withheld."""
    frame = frame.assign(wave="2017", suppressed=False, **more)
    figures = frame.select_dtypes("number").columns
    frame[figures] = frame[figures].astype("Float64")
    frame.loc[frame.index[-1], figures] = pd.NA
    frame.loc[frame.index[-1], "suppressed"] = True
    return frame


Change = Callable[[pd.DataFrame], pd.DataFrame]


def at(row: int, **values: object) -> Change:
    """The table with these values in one row."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.copy()
        for column, value in values.items():
            frame[column] = frame[column].astype("object")
            frame.loc[frame.index[row], column] = value
        return frame.infer_objects()

    return change


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[:1]])


def without_last(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:-1]


def with_stranger(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[-1:].assign(firm="stranger")])


def withheld_but_there(column: str) -> Change:
    return at(-1, **{column: 0.5})


CLEAN: Mapping[str, Callable[[], pd.DataFrame]] = {
    "staged_codes": lambda: odd_codes("", "")[:0],
    "imputed_answers": copies,
    "derived_measures": copies,
    "weighted_weights": weights,
    "estimated_indicators": indicators,
    "estimated_changes": changes,
    "modelled_models": models,
    "modelled_terms": terms,
    "modelled_contrasts": contrasts,
    "disclosed_indicators": lambda: public(
        indicators(), unweighted=0.4, n_effective=9.0, deff=1.2, cv=0.1, df=11.0, one_firm=None
    ),
    "disclosed_changes": lambda: public(changes()),
    "disclosed_models": lambda: public(models()),
    "disclosed_contrasts": lambda: public(contrasts()),
}

FAULTS: Mapping[str, Mapping[str, Change]] = {
    "staged_codes": {
        "official_codes_exist": lambda f: odd_codes("0009", "not in the list of 2019, which covers PV20"),
        "municipality_lies_in_the_province": lambda f: odd_codes("0014", "lies in PV20, not in PV22"),
    },
    "imputed_answers": {
        "imputed_firm_once_in_a_copy": twice,
        "imputed_copies_hold_the_same_firms": without_last,
        "imputed_kept_firms_only": lambda f: f.replace(FIRMS[3], "x").merge(copies(), how="outer"),
        "imputed_all_kept_firms": lambda f: f[f["firm"] != FIRMS[3]],
    },
    "derived_measures": {
        "measures_firm_once_in_a_copy": twice,
        "measures_of_every_answer": without_last,
        "measures_of_answers_only": with_stranger,
    },
    "weighted_weights": {
        "weight_firm_known": at(0, firm=None),
        "weight_firm_once": twice,
        "weight_known": at(0, weight=None),
        "weight_positive": at(0, weight=0.0),
        "weight_for_every_kept_firm": without_last,
        "weight_of_kept_firms_only": with_stranger,
        "responding_at_most_invited": at(0, responding=13),
        "invited_at_most_population": at(0, invited=61),
        "weights_sum_near_population": lambda f: f.assign(weight=f["weight"] * 2),
        "weight_not_extreme": lambda f: f.assign(weight=[105.0] + [5.0] * 11),
    },
    "estimated_indicators": {
        "indicator_once": twice,
        "indicator_finite": at(1, estimate=float("inf"), ci_high=float("inf")),
        "indicator_error_not_negative": at(1, se=-0.1),
        "indicator_inside_its_interval": at(1, estimate=0.61),
        "indicator_firms_counted": at(1, n=-1, events=-1),
        "indicator_events_at_most_firms": at(1, events=6),
        "indicator_reliability_known": at(1, reliability="excellent"),
        "indicator_domains_within_whole": at(1, n=13),
    },
    "estimated_changes": {
        "change_once": twice,
        "change_error_not_negative": at(1, se=-0.1),
        "change_inside_its_interval": at(1, change=-0.1),
        "change_p_value_is_a_share": at(1, p_value=1.1),
        "change_goes_forward": at(1, wave_to="2016"),
    },
    "modelled_models": {
        "model_once": twice,
        "model_events_at_most_firms": at(1, events=121.0),
        "model_refusal_has_its_reason": at(1, published=False),
        "model_published_only_if_converged": at(1, converged=False),
        "model_coefficients_are_those_of_statsmodels": at(1, statsmodels_gap=1e-5),
    },
    "modelled_terms": {
        "term_once": twice,
        "term_finite": at(1, se=float("inf")),
        "term_error_not_negative": at(1, se=-0.1),
        "term_inside_its_interval": at(1, ci_low=0.6),
        "term_p_value_is_a_share": at(1, p_value=-0.1),
        "term_odds_ratio_agrees": at(1, odds_ratio=2.0),
    },
    "modelled_contrasts": {
        "contrast_once": lambda f: pd.concat([f, f[f["contrast"] == "complementarity"].iloc[:1]]),
        "contrast_finite": at(1, se=float("inf")),
        "contrast_error_not_negative": at(1, se=-0.1),
        "contrast_inside_its_interval": at(1, ci_low=0.3),
        "contrast_p_value_is_a_share": at(1, p_value=-0.1),
        "contrast_probabilities_are_shares": lambda f: f.assign(
            estimate=f["estimate"].where(f["role"] != "both", 1.1).where(f["role"] != "neither", -0.6),
            ci_low=-1.0, ci_high=2.0,
        ),
        "contrast_complementarity_adds_up": at(4, estimate=0.2),
    },
    "disclosed_indicators": {
        "public_indicator_once": twice,
        "public_indicator_withheld_is_gone": withheld_but_there("unweighted"),
        "public_indicator_of_enough_firms": at(1, n=2.0),
        "public_indicator_inside_its_interval": at(1, estimate=0.7),
    },
    "disclosed_changes": {
        "public_change_once": twice,
        "public_change_withheld_is_gone": withheld_but_there("p_value"),
        "public_change_adjusted_never_surer": at(0, p_adjusted=0.03),
        "public_change_of_enough_firms": at(0, overlap_firms=2.0),
    },
    "disclosed_models": {
        "public_model_once": twice,
        "public_model_withheld_is_gone": withheld_but_there("df"),
        "public_model_of_enough_firms": at(0, n=2.0),
    },
    "disclosed_contrasts": {
        "public_contrast_once": twice,
        "public_contrast_withheld_is_gone": withheld_but_there("estimate"),
        "public_contrast_has_its_model": at(0, variant="another"),
        "public_contrast_inside_its_interval": at(0, ci_high=0.05),
        "public_contrast_adjusted_never_surer": at(0, p_adjusted=0.03),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    survey = scenario.survey(tmp_path_factory.mktemp("survey"))
    return replace(survey, disclosure=Disclosure(minimum_firms=3, minimum_df=3, minimum_events=2))


def lake(home: Path, table: str, frame: pd.DataFrame) -> Lake:
    store = Lake(home, scenario.NAME)
    responses = pd.DataFrame({"firm": [*FIRMS, "lost"], "status": ["kept"] * len(FIRMS) + ["quarantined"]})
    store.write("validated_responses", "2017", responses)
    store.write("imputed_answers", "2017", copies())
    store.write("disclosed_models", "2017", models())
    store.write(table, "2017", frame)
    return store


def failed(outcome: validated.TableOutcome) -> list[str]:
    return list(outcome.rules.loc[outcome.rules["failed"] > 0, "rule"])


def test_every_suite_and_every_rule_has_a_fault() -> None:
    suites = {path.stem: validated.load_suite(path) for path in EXPECTATIONS.glob("*.yaml")}
    assert set(FAULTS) == set(CLEAN) == set(suites) - set(WAVE_TABLES)
    assert {table: set(faults) for table, faults in FAULTS.items()} == {
        table: {rule.name for rule in suites[table].rules} for table in FAULTS
    }


@pytest.mark.parametrize("table", CLEAN)
def test_a_clean_table_passes_every_rule(table: str, made: Survey, tmp_path: Path) -> None:
    outcome = validated.validate_table(lake(tmp_path, table, CLEAN[table]()), made, "2017", table)
    assert failed(outcome) == []
    assert outcome.problems == ()
    assert outcome.rules["passed"].all(), "no rule was left out"


@pytest.mark.parametrize(("table", "rule"), [(table, rule) for table, faults in FAULTS.items() for rule in faults])
def test_a_rule_fails_on_its_own_fault_alone(table: str, rule: str, made: Survey, tmp_path: Path) -> None:
    store = lake(tmp_path, table, FAULTS[table][rule](CLEAN[table]()))
    outcome = validated.validate_table(store, made, "2017", table)
    assert failed(outcome) == [rule]
    assert {problem.rule for problem in outcome.problems} == {rule}
    severity = outcome.rules.set_index("rule").loc[rule, "severity"]
    assert outcome.stopped == (severity == "critical")
    assert rule in set(store.read(f"validated_rules_{table}", "2017")["rule"])


def test_a_failing_row_is_named_by_its_keys(made: Survey, tmp_path: Path) -> None:
    store = lake(tmp_path, "estimated_indicators", at(1, estimate=0.61)(indicators()))
    (problem,) = validated.validate_table(store, made, "2017", "estimated_indicators").problems
    assert problem.found == (
        "indicator=participation; domain_variable=size_band; domain=micro; estimate=0.61; ci_low=0.2; ci_high=0.6"
    )


def test_a_table_without_a_suite_has_no_rules(made: Survey, tmp_path: Path) -> None:
    store = lake(tmp_path, "estimated_replicates", indicators())
    outcome = validated.validate_table(store, made, "2017", "estimated_replicates")
    assert (len(outcome.rules), outcome.stopped, outcome.failed) == (0, False, 0)


def test_a_rule_that_cannot_be_run_names_its_file_and_line(made: Survey, tmp_path: Path) -> None:
    broken = at(1, estimate="about a half")(indicators()).astype({"estimate": str})
    store = lake(tmp_path, "estimated_indicators", broken)
    with pytest.raises(DefinitionError) as raised:
        validated.validate_table(store, made, "2017", "estimated_indicators")
    assert {p.file for p in raised.value.problems} == {"expectations/estimated_indicators.yaml"}
    assert {p.rule for p in raised.value.problems} == {"indicator_finite", "indicator_inside_its_interval"}
    assert all(p.line and "Traceback" not in p.render() for p in raised.value.problems)
