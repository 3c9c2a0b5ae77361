"""A claim that names a reading of the practices, from its declaration to its page: reading, rule, estimator, date."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.contract.shape import shaped
from monitor.publication import report
from monitor.publication.report import claims
from monitor.stages import disclosed, modelled, released
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

pytestmark = pytest.mark.slow

WAVES = list(publication.WAVES)
READING = "profit x invests"
CLAIMS = f"""\
claims:
  - claim: complement
    declared: "2017-01-01"
    text: {{nl: Zij vullen elkaar aan., en: They complement each other.}}
    estimand: {{kind: contrast, model: primary, contrast: complementarity}}
    rule: {{kind: above, value: 0, alpha: 0.025}}
    family: both
  - claim: complement_of_profit
    declared: "2026-11-26"
    text: {{nl: Winst en investeren vullen elkaar aan., en: Profit and investing complement each other.}}
    estimand: {{kind: contrast, model: primary, variant: {READING}, contrast: complementarity}}
    rule: {{kind: no_substitution, margin: 0.02, alpha: 0.025}}
    family: both
  - claim: participation
    declared: "2017-01-01"
    text: {{nl: Meer dan een tiende doet mee., en: More than a tenth take part.}}
    estimand: {{kind: share, measure: cooperates, base: all_firms}}
    rule: {{kind: share_above, value: 0.1, alpha: 0.025}}
"""
Made = tuple[Path, Survey, dict[str, pd.DataFrame]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The made-up survey with a second reading of cooperation, fitted, disclosed and printed."""
    folder = tmp_path_factory.mktemp("readings")
    definition = json.loads(json.dumps(publication.DEFINITION["models"]))
    # The made-up wave routes firms past its turnover question and writes no table of it.
    definition["primary"]["outcome"] = "innovates"
    definition["primary"]["readings"] = {"cooperates": ["profit"]}
    publication.survey(folder / "survey", {"models": definition})
    (folder / "survey" / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    survey = load_survey(folder / "survey")
    lake = publication.lake(folder / "home", survey)
    for wave in WAVES:
        with_design(lake, wave)
        modelled.run(lake, survey, survey.waves[wave])
    disclosed.run_all(lake, survey, WAVES)
    tables = released.public_tables(lake, survey, WAVES)
    moment = pd.Timestamp("2026-11-26 03:04:05")
    tables["releases"] = tables["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    report.build(folder / "site", tables, survey, WAVES)
    return folder / "site", survey, tables


def with_design(lake: Lake, wave: str) -> None:
    """The columns of the weights that the made-up lake leaves out: everyone who was asked answered."""
    weights = lake.read("weighted_weights", wave)
    strata = weights.groupby("stratum")["weight"]
    lake.write(
        "weighted_weights",
        wave,
        weights.assign(
            population=strata.transform("sum"),
            invited=strata.transform("size"),
            responding=strata.transform("size"),
            response_class=weights["stratum"],
            base_weight=weights["weight"],
            response_weight=weights["weight"],
        ),
    )


def told(made: Made, language: str, wave: str = "2018") -> dict[str, dict[str, object]]:
    """Claim -> what a wave's page tells of it."""
    _, survey, tables = made
    return {str(x["name"]): x for x in claims.told(report.spoken(tables, survey)[language], wave)}


def test_a_claims_numbers_are_those_of_its_reading(made: Made) -> None:
    _, _, tables = made
    decided = tables["claims"].set_index(["wave", "claim"])
    contrasts = tables["contrasts"].set_index(["wave", "variant", "contrast"])
    for wave in WAVES:
        for claim, variant in (("complement", "main"), ("complement_of_profit", READING)):
            line = decided.loc[(wave, claim)]
            assert line["variant"] == variant
            there = contrasts.loc[(wave, variant, "complementarity")]
            assert line[["estimate", "ci_low", "ci_high"]].to_list() == pytest.approx(
                there[["estimate", "ci_low", "ci_high"]].to_list(), abs=1e-6
            )
    assert decided.loc[("2018", "complement"), "estimate"] != decided.loc[("2018", "complement_of_profit"), "estimate"]


def test_a_page_names_the_reading_of_every_claim_about_the_primary_model(made: Made) -> None:
    found = told(made, "en")
    assert "Read as: “Takes part” and “Invests”; one of 2 pairs of readings." in str(found["complement"]["estimand"])
    assert "Read as: “Profit” and “Invests”" in str(found["complement_of_profit"]["estimand"])
    assert "Read as" not in str(found["participation"]["estimand"])
    dutch = told(made, "nl")
    assert "Gelezen als: ‘Winst’ en ‘Investeert’; een van 2 paren" in str(dutch["complement_of_profit"]["estimand"])


def test_a_readings_verdict_leads_to_the_row_of_its_contrast(made: Made) -> None:
    (link,) = [verdict["link"] for verdict in told(made, "en")["complement_of_profit"]["verdicts"]]  # type: ignore[attr-defined]
    page, _, place = link.partition("#")
    source = (made[0] / "en" / page).read_text(encoding="utf-8")
    assert source.count(f'id="{place}"') == 1
    row = source[source.index(f'id="{place}"') :].partition("</tr>")[0]
    assert "Complementarity of “Profit” and “Invests”" in row


def test_a_verdict_tells_its_rule_family_and_date(made: Made) -> None:
    rule = str(told(made, "en")["complement_of_profit"]["rule"])
    assert "supported if the whole interval lies above −2 percentage points" in rule
    assert "with Holm's correction for the 2 claims of its family" in rule
    assert "Declared on 26 November 2026, the survey says; nothing in this release proves" in rule
    assert "alone in its family, so without correction" in str(told(made, "en")["participation"]["rule"])


def test_each_claim_tells_what_proves_its_date_where_they_differ(made: Made) -> None:
    """A release before the answers, a commit, and neither: each claim its own, and the page says that they differ."""
    _, survey, tables = made
    proofs = {"complement": "release", "complement_of_profit": "commit", "participation": None}
    stated = tables["claims"].assign(committed="9fceb02d0ae5", declared_before=tables["claims"]["claim"].map(proofs))
    figures = report.spoken({**tables, "claims": shaped("claims", stated)}, survey)["en"]
    found = {str(x["name"]): str(x["rule"]) for x in claims.told(figures, "2018")}
    assert "so it stands in a release of before the answers arrived" in found["complement"]
    assert "in commit 9fceb02d0ae5, of before the answers arrived" in found["complement_of_profit"]
    assert "nothing in this release proves" in found["participation"]
    assert claims.note(figures, "2018").startswith("What proves that a claim and its decision rule were there before")


def test_a_page_says_whether_one_estimator_served_all_waves(made: Made) -> None:
    folder, survey, tables = made
    (estimator,) = set(tables["models"].loc[tables["models"]["variant"] == "main", "estimator"])
    assert estimator == "logit"
    same = str(told(made, "en")["complement"]["estimand"])
    assert same.endswith("Estimated by maximum likelihood (a logit), in every wave.")
    models = tables["models"].copy()
    models.loc[(models["wave"] == "2018") & (models["variant"] == "main"), "estimator"] = "firth"
    differs = str(told((folder, survey, {**tables, "models": models}), "en")["complement"]["estimand"])
    assert "by maximum likelihood (a logit) (2017), Firth's method (a logit) (2018): Firth's method where" in differs
    assert "fewer than 4 events per term" in differs
    assert "Estimated" not in str(told(made, "en")["participation"]["estimand"])
