"""What a wave's own data say of the firms that did not answer: as in R, and counted by hand on a small lake."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import declared
import numpy as np
import pandas as pd
import pytest

from monitor.stages.modelled.analysed import together
from monitor.stages.modelled.invited import Invited, invited_firms
from monitor.stages.modelled.modelling import Findings
from monitor.stages.modelled.silent import left_rows, proxy_rows, representativity_rows, silent_rows
from monitor.statistics.design import ResponsePhase, SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.sample import Sample
from monitor.statistics.nonresponse.proxy_pattern_mixture import adjusted_mean
from monitor.statistics.weighting.propensity import dummy_columns
from monitor.storage.lake import Lake
from monitor.survey import Nonresponse

GOLDEN = Path(__file__).parents[1] / "golden" / "nonresponse"
LABEL = {"nl": "", "en": ""}


def survey(**changed: Any) -> Any:
    """A survey with a share and a mean of a percentage, over all firms."""
    indicator = SimpleNamespace(base="all", headline=True, denominator=None)
    made = {
        "name": "small",
        "seed": 7,
        "indicators": {
            "top": SimpleNamespace(**vars(indicator), measure="top", estimator="share"),
            "mean": SimpleNamespace(**vars(indicator), measure="y", estimator="mean"),
        },
        "measures": {
            "top": SimpleNamespace(type="boolean", unit=None, label=LABEL),
            "y": SimpleNamespace(type="percentage", unit=None, label=LABEL),
        },
        "claims": (),
        "waves": {},
        "concepts": {"size": SimpleNamespace(type="category"), "credit": SimpleNamespace(type="boolean")},
        "design": SimpleNamespace(weights="frame", strata=("size",), response_classes=()),
        "nonresponse": Nonresponse(proxy=("size", "credit")),
    }
    return SimpleNamespace(**(made | changed))


def sample(frame: pd.DataFrame, wave: str = "1") -> Sample:
    """Firms with equal weights, nothing filled in."""
    columns = columns_of(frame.drop(columns="firm").astype(float).assign(base_all=1.0))
    design = SurveyDesign(np.ones(len(frame)))
    return Sample(wave, frame["firm"].to_numpy(object), (columns,), columns, design, frozenset({"y"}))


def golden() -> tuple[Invited, pd.DataFrame]:
    d = pd.read_csv(GOLDEN / "invited.csv")
    answered = (d["answered"] == 1).to_numpy()
    z = np.column_stack([np.ones(len(d)), d["z1"], d["z2"]])
    design = SurveyDesign(d["w"].to_numpy(float))
    return Invited(design, answered, {}, z, np.flatnonzero(answered), {}), d[answered]


def test_proxies_are_those_of_r() -> None:
    invited, here = golden()
    firms = here[["y", "top"]].assign(firm=[str(i) for i in range(len(here))])
    rows = pd.DataFrame(*together(proxy_rows(survey(), sample(firms), invited))).set_index(["figure", "axis"])
    told = pd.read_csv(GOLDEN / "proxy.csv").set_index(["block", "name"])["value"]
    for figure, block, unit in (("top", "weighted share", 1), ("mean", "weighted mean", 100)):
        for phi in ("0", "0.5", "1"):
            assert rows.loc[(figure, phi), "estimate"] * unit == pytest.approx(told[block, phi], rel=1e-6)
        bias = rows.loc[figure, "bias"] + rows.loc[figure, "estimate"]
        assert bias.max() == pytest.approx(bias.min(), abs=1e-12), "the respondents' own figure less the bias"


def test_representativity_is_that_of_r() -> None:
    d = pd.read_csv(GOLDEN / "asked.csv")
    variables = {name: d[name].to_numpy(object) for name in ("size", "sector")}
    z, _ = dummy_columns(list(variables.values()))
    answered = (d["answered"] == 1).to_numpy()
    design = SurveyDesign(np.full(len(d), 4500 / len(d)), population=np.full(len(d), 4500.0))
    invited = Invited(design, answered, variables, z, np.flatnonzero(answered), {})
    rows = pd.DataFrame(representativity_rows(invited)).set_index(["figure", "axis"])
    told = pd.read_csv(GOLDEN / "representativity.csv").query("block == 'simple'").set_index("name")
    for place, name in (
        (("all", "r_indicator"), "R"),
        (("all", "coefficient_of_variation"), "CV"),
        (("size", "between"), "size unconditional"),
        (("size", "within"), "size conditional"),
    ):
        assert rows.loc[place, "estimate"] == pytest.approx(told.loc[name, "estimate"], rel=1e-6)
        assert rows.loc[place, "se"] == pytest.approx(told.loc[name, "se"], rel=1e-6)
        assert rows.loc[place, "ci_low"] <= rows.loc[place, "estimate"] <= rows.loc[place, "ci_high"]


def lake_of(folder: Path) -> tuple[Lake, pd.DataFrame]:
    """Sixty firms of a frame in two strata, fifty invited, thirty that answered on thirty days; one out of scope."""
    n = 60
    frame = pd.DataFrame({"firm": [f"f{i:02d}" for i in range(n)], "size": np.where(np.arange(n) < 40, "s", "l")})
    frame["credit"] = np.arange(n) % 3 == 0
    frame["invited"] = ~((np.arange(n) >= 30) & (np.arange(n) < 40))
    frame["disposition"] = np.where(np.arange(n) == 59, "out_of_scope", "no_contact")
    here = frame[(np.arange(n) % 2 == 0) & frame["invited"]].reset_index(drop=True)
    lake = Lake(folder, "small")
    for wave in ("1", "2"):
        lake.write("staged_frame", wave, frame)
    days = pd.date_range("2024-01-01", periods=len(here))
    lake.write("staged_answers", "1", pd.DataFrame({"firm": here["firm"], "response": 1, "finished_at": days}))
    lake.write("validated_responses", "1", pd.DataFrame({"firm": here["firm"], "response": 1, "status": "kept"}))
    place = np.arange(len(here))
    return lake, here[["firm"]].assign(top=(place % 4 == 0) * 1.0, y=place * 1.0)


def test_the_frame_gives_weights_of_drawing_and_leaves_out_what_is_out_of_scope(tmp_path: Path) -> None:
    lake, here = lake_of(tmp_path)
    asked = survey(waves={"1": SimpleNamespace(frame=None)})
    invited = invited_firms(lake, asked, "1", here["firm"].to_numpy(object))
    assert invited is not None
    assert (invited.design.n, int(invited.answered.sum())) == (49, 25)
    assert set(np.round(invited.design.weights, 12)) == {round(40 / 30, 12), 1.0}
    assert invited.shares == {"credit": pytest.approx(20 / 59)}
    assert invited.z.shape == (49, 3)
    facts = [row for row in together(silent_rows(lake, findings(asked, here)))[0] if row["approach"] == "frame"]
    assert [row["axis"] for row in facts] == ["frame", "drawn", "weighted"]
    credit = sum(int(firm[1:]) % 3 == 0 for firm in here["firm"])
    assert facts[2]["estimate"] == pytest.approx(credit / 25)
    assert facts[1]["events"] == credit


def findings(asked: Any, here: pd.DataFrame, wave: str = "1") -> Findings:
    return Findings(asked, sample(here, wave), wave)


def test_late_answers_are_those_after_the_median_day(tmp_path: Path) -> None:
    lake, here = lake_of(tmp_path)
    rows = pd.DataFrame(*together(silent_rows(lake, findings(survey(nonresponse=Nonresponse(proxy=())), here))))
    assert set(rows["approach"]) == {"timing"}
    told = rows.set_index(["figure", "axis"])
    late, early = here["top"][13:], here["top"][:13]
    assert told.loc[("top", "late"), "estimate"] == pytest.approx(late.mean())
    assert told.loc[("top", "early"), "n"] == 13
    assert told.loc[("top", "difference"), "estimate"] == pytest.approx(late.mean() - early.mean())
    assert told.loc[("mean", "late"), "estimate"] == pytest.approx(here["y"][13:].mean() / 100)
    assert set(told["wave"]) == {"1"}


def test_firms_that_left_were_asked_again_and_stayed_silent(tmp_path: Path) -> None:
    lake, here = lake_of(tmp_path)
    again = here[np.arange(len(here)) % 2 == 0]
    following = replace(sample(again), wave="2")
    rows = pd.DataFrame(left_rows(lake, findings(survey(), here), [sample(here), following]))
    told = rows.set_index(["figure", "axis"])
    assert told.loc[("top", "stayed"), "n"] == len(again)
    assert told.loc[("top", "left"), "n"] == len(here) - len(again)
    assert told.loc[("top", "left"), "estimate"] == 0.0
    assert told.loc[("top", "stayed"), "estimate"] == pytest.approx(again["top"].mean())
    assert set(rows["wave"]) == {"1"}


def test_claims_that_are_shares_are_told_too(tmp_path: Path) -> None:
    """Early and late, of a share among firms with another property; of what a model decides nothing."""
    lake, here = lake_of(tmp_path)
    share = declared.claim(
        claim="level", estimand={"kind": "share", "measure": "top", "base": "all"},
        rule={"kind": "above", "value": 0.1, "alpha": 0.025}, family="level",
    )  # fmt: skip
    among = declared.claim(
        claim="among", estimand={"kind": "share", "measure": "y", "equals": False, "among": "top", "base": "all"},
        rule={"kind": "above", "value": 0.1, "alpha": 0.025}, family="among",
    )  # fmt: skip
    apart = declared.claim(
        claim="apart", estimand={"kind": "difference", "measure": "top", "by": "y", "base": "all"},
        rule={"kind": "above", "value": 0, "alpha": 0.025}, family="apart",
    )  # fmt: skip
    asked = survey(nonresponse=Nonresponse(proxy=()), claims=(share, among, apart))
    told = pd.DataFrame(*together(silent_rows(lake, findings(asked, here)))).set_index(["kind", "figure", "axis"])
    late = here[13:]
    assert set(told.loc["claim"].index.get_level_values("figure")) == {"level", "among"}
    assert told.loc[("claim", "level", "late"), "estimate"] == told.loc[("indicator", "top", "late"), "estimate"]
    assert told.loc[("claim", "among", "late"), "n"] == late["top"].sum()
    assert told.loc[("claim", "among", "late"), "estimate"] == (late.loc[late["top"] == 1, "y"] == 0).mean()


def test_a_proxy_without_response_as_a_phase_has_no_interval() -> None:
    invited, here = golden()
    firms = here[["y", "top"]].assign(firm=[str(i) for i in range(len(here))])
    rows = pd.DataFrame(*together(proxy_rows(survey(), sample(firms), invited)))
    assert "se" not in rows


@pytest.mark.slow
def test_the_replicates_error_of_a_proxy_is_the_spread_over_surveys() -> None:
    """120 surveys of a frame of 900 firms, all invited, of which those of a class answer by chance: the mean error is
    the estimates' own spread, at phi = 0 and in between."""
    rng = np.random.default_rng(2011)
    n = 900
    size = rng.integers(0, 3, n)
    y = 10 * size + rng.normal(0, 8, n)
    z = np.column_stack([np.ones(n), size == 1, size == 2]).astype(float)
    names = np.array([f"f{i}" for i in range(n)], dtype=object)
    design = SurveyDesign(np.ones(n), np.full(n, "all", dtype=object), np.full(n, float(n)))
    made = []
    for seed in range(120):
        came = rng.random(n) < np.array([0.2, 0.3, 0.45])[size]
        place = np.flatnonzero(came)
        rate = np.array([came[size == k].mean() for k in range(3)])[size[place]]
        invited = Invited(design, came, {}, z, place, {}, names)
        phase = ResponsePhase(size[place].astype(object), 1 / rate)
        again = invited.replicates(phase, 100, seed)
        under = [adjusted_mean(y[place], z[place], w, z, every) for w, every in zip(*(x.T for x in again), strict=True)]
        own = adjusted_mean(y[place], z[place], np.ones(len(place)), z, np.ones(n))
        made.append((own.estimates, np.std([each.estimates for each in under], axis=0, ddof=1)))
    estimates, errors = (np.array(each) for each in zip(*made, strict=True))
    np.testing.assert_allclose(errors.mean(axis=0)[:2], estimates.std(axis=0, ddof=1)[:2], rtol=0.15)
