"""Figures say that one firm carries much of them, and never of which cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.contract import BY_NAME
from monitor.problems import DefinitionError
from monitor.publication.report.headlines import other_way
from monitor.stages.disclosed.stage import disclose
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED

LIMITS = publication.DEFINITION["disclosure"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, made_up: Path) -> tuple[Lake, Survey, pd.DataFrame]:
    lake, survey = publication.copied(made_up, tmp_path_factory.mktemp("one_firm"))
    return lake, survey, disclose(lake, survey, list(publication.WAVES))["indicators"]


def share_of_largest(wave: str) -> float:
    """Of the made-up survey's weighted turnover, that of its one very large firm."""
    firms = publication.firms(wave)
    amounts = firms["turnover_eur"] * firms["weight"]
    return float(amounts.max() / amounts.sum())


def declared(folder: Path, influence: float) -> pd.DataFrame:
    lake, survey = publication.disclosed_lake(folder, {"disclosure": {**LIMITS, "influence": influence}})
    return disclose(lake, survey, list(publication.WAVES))["indicators"]


def of_turnover(lines: pd.DataFrame, wave: str) -> pd.Series:
    return lines[
        (lines["indicator"] == "turnover") & (lines["wave"] == wave) & (lines["domain_variable"] == "all")
    ].iloc[0]


@pytest.mark.slow
def test_a_total_says_that_one_firm_carries_more_than_the_declared_share(
    made: tuple[Lake, Survey, pd.DataFrame], tmp_path: Path
) -> None:
    shares = {wave: share_of_largest(wave) for wave in publication.WAVES}
    for wave, share in shares.items():
        line = of_turnover(made[2], wave)
        assert line["suppressed"] == (share > 0.5)
        if not line["suppressed"]:
            assert bool(line["one_firm"]) is (share > 0.3)
    between = sorted(share for share in shares.values() if share < 0.4)
    assert between, "some wave's largest firm carries less than may be declared"
    low, high = (declared(tmp_path / name, between[0] + step) for name, step in (("low", -0.01), ("high", 0.005)))
    wave = next(w for w, share in shares.items() if share == between[0])
    assert bool(of_turnover(low, wave)["one_firm"]) is True
    assert bool(of_turnover(high, wave)["one_firm"]) is False


def test_no_cell_says_it_and_no_figure_of_a_part(made: tuple[Lake, Survey, pd.DataFrame]) -> None:
    _, survey, lines = made
    told = lines[lines["one_firm"].notna()]
    assert len(told) > 0
    assert set(told["domain_variable"]) == {"all"}
    assert not told["suppressed"].astype(bool).any()
    kinds = {name: survey.indicators[name] for name in told["indicator"]}
    assert {i.estimator for i in kinds.values()} <= {"total", "mean", "ratio"}
    assert {survey.bases[i.base].sql for i in kinds.values()} == {"true"}


def test_it_is_withheld_and_held_with_its_line() -> None:
    assert "one_firm" in BY_NAME["indicators"].withheld


@pytest.mark.parametrize(("influence", "accepted"), [(0.3, True), (0.409, True), (0.41, False), (0.5, False)])
def test_what_it_tells_leaves_the_amount_as_open_as_the_rule_asks(
    tmp_path: Path, influence: float, accepted: bool
) -> None:
    """Between `influence` and `dominance` the middle must be able to be off by p %: 0.5 (1 - 0.1) / (1 + 0.1)."""
    off = (0.5 - influence) / (0.5 + influence)
    assert (off >= 0.1) is accepted
    assert Disclosure(influence=influence).tells_influence is accepted
    change = {"disclosure": {**LIMITS, "influence": influence}}
    if accepted:
        assert publication.survey(tmp_path, change).disclosure.influence == influence
        return
    with pytest.raises(DefinitionError, match="influence is too near dominance"):
        publication.survey(tmp_path, change)


@pytest.mark.slow
def test_where_dominance_leaves_no_room_nothing_is_said(tmp_path: Path) -> None:
    lake, survey = publication.disclosed_lake(tmp_path, {"disclosure": {**LIMITS, "dominance": 0.32}})
    assert disclose(lake, survey, list(publication.WAVES))["indicators"]["one_firm"].isna().all()


def test_a_ratio_of_totals_stands_beside_the_mean_of_the_same_shares() -> None:
    survey = load_survey(BUNDLED)
    assert other_way(survey, "turnover_new_to_market") == "mean_share_new_to_market"
    assert other_way(survey, "mean_share_new_to_market") == "turnover_new_to_market"
    for name in ("mean_share_new_to_market_of_innovators", "rd_share_of_turnover", "participation", "digital_maturity"):
        assert other_way(survey, name) is None, name


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_first_page_of_the_demonstration_says_both(demonstration: Path, language: str) -> None:
    release = (demonstration / "releases" / BUNDLED.name / "latest").resolve()
    lines = pd.read_csv(release / "public" / "tables" / "indicators.csv", dtype={"wave": str})
    newest = lines[(lines["wave"] == lines["wave"].max()) & (lines["domain_variable"] == "all")].set_index("indicator")
    page = (release / "public" / "report" / language / "index.html").read_text(encoding="utf-8")
    mean = newest.loc["mean_share_new_to_market", "estimate"] * 100
    written = f"{mean:.1f}".replace(".", "," if language == "nl" else ".")
    words = {"en": "in which a large firm counts as a small one", "nl": "waarin een groot bedrijf telt als een klein"}
    assert f"{words[language]}: {written}" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert bool(newest.loc["turnover_new_to_market", "one_firm"]) is True
    says = {"en": "One firm, with those it stands for", "nl": "Eén bedrijf, met de bedrijven waar het voor staat"}
    assert says[language] in page
    assert lines.loc[lines["domain_variable"] != "all", "one_firm"].isna().all()
