"""A questionnaire's own relation is no finding: what firms were led past decides nothing until the wave declares it."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_survey

from monitor.authoring.delivery_check import check
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

FIRMS = 400
MEASURES = """\
  top_innovator: {sql: share > 40, label: {nl: Topinnovator, en: Top innovator}}
  cooperates: {sql: follow_up, label: {nl: Werkt samen, en: Cooperates}}
  invests: {sql: amount > 50, label: {nl: Investeert, en: Invests}}
  active: {sql: fact, label: {nl: Actief, en: Active}}
"""
MODELS = """\
models:
  primary:
    {outcome: top_innovator, practices: [cooperates, invests], controls: [], base: all, estimator: logit, primary: true}
  among_the_active:
    {outcome: top_innovator, practices: [cooperates, invests], controls: [], base: active, estimator: logit}
  without: {outcome: top_innovator, practices: [invests, active], controls: [], base: all, estimator: logit}
"""
CLAIM = """\
  - claim: {name}
    declared: "2019-01-01"
    text: {{nl: Een stelling, en: A claim}}
    estimand: {{kind: {estimand}}}
    rule: {{kind: above, value: 0.01, alpha: 0.025}}
"""
ESTIMANDS = {
    "together": "contrast, model: primary, contrast: complementarity",
    "apart": "difference, measure: top_innovator, by: cooperates, base: all",
    "how_many": "share, measure: cooperates, base: all",
    "of_the_active": "difference, measure: top_innovator, by: cooperates, base: active",
    "unrelated": "share, measure: top_innovator, among: invests, base: all",
}
UNDECLARED = {"together", "apart", "how_many"}


def delivery(skipped: str) -> str:
    """Firms that were led past `follow_up` where `fact` is no; `skipped`: what their cells hold."""
    rng = np.random.default_rng(5)
    lines = ["id;f;u;a;s"]
    for firm in range(FIRMS):
        fact = rng.random() < 0.5
        cooperates = skipped if not fact else "1" if rng.random() < 0.4 else "2"
        top = rng.random() < 0.3
        lines.append(f"{firm:08d};{1 if fact else 2};{cooperates};{rng.integers(0, 100)};{60 if top else 10}")
    return "\n".join(lines) + "\n"


def survey(folder: Path, asked_of: str = "") -> Survey:
    codes = 'codes: {"1": true, "2": false}'
    questions = (
        f"  firm: {{column: id}}\n  fact: {{column: f, {codes}}}\n  amount: {{column: a}}\n  share: {{column: s}}\n"
        f"  follow_up: {{column: u, {codes}{asked_of}}}\n"
    )
    target = small_survey.survey(folder, questions).folder
    text = (target / "survey.yaml").read_text(encoding="utf-8")
    head, _, rest = text.partition("measures:\n")
    rest = rest.split("  any_amount", 1)[1].replace("models: {}\n", MODELS)
    bases = (
        'bases: {all: {sql: "true", label: {nl: Alle, en: All}}, active: {sql: fact, label: {nl: Actief, en: Active}}}'
    )
    head = head.replace('bases: {all: {sql: "true", label: {nl: Alle, en: All}}}', bases)
    (target / "survey.yaml").write_text(f"{head}measures:\n{MEASURES}  any_amount{rest}", encoding="utf-8")
    claims = "".join(CLAIM.format(name=name, estimand=kind) for name, kind in ESTIMANDS.items())
    (target / "claims.yaml").write_text(f"claims:\n{claims}", encoding="utf-8")
    return load_survey(target)


def run(lake: Lake, made: Survey) -> dict[str, pd.DataFrame]:
    for stage in ("raw", "staged", "validated", "imputed", "derived", "weighted", "modelled"):
        importlib.import_module(f"monitor.stages.{stage}").run(lake, made, made.waves["2020"])
    tables = ("validated_rules", "modelled_models", "modelled_claims")
    return {table: lake.read(table, "2020") for table in tables}


def rule(tables: dict[str, pd.DataFrame]) -> pd.Series:
    return tables["validated_rules"].set_index("rule").loc["skips_are_declared"]


@pytest.mark.parametrize("skipped", ["2", ""], ids=["written as no", "left blank"])
def test_a_practice_that_follows_from_the_routing_decides_nothing(home: Path, tmp_path: Path, skipped: str) -> None:
    small_survey.put(home, "answers.csv", delivery(skipped))
    tables = run(Lake(home, "small"), survey(tmp_path))
    assert (rule(tables)["passed"], rule(tables)["severity"]) == (False, "info")
    models = tables["modelled_models"].set_index(["model", "variant"])
    primary = models.loc[("primary", "main")]
    assert not primary["published"]
    assert "no firm with no to 'Fact' has 'Cooperates'" in primary["warning"]
    assert "geen bedrijf met nee op 'Feit' heeft 'Werkt samen'" in primary["warning_nl"]
    assert "asked_of" in primary["warning"]
    assert models.loc[("among_the_active", "main"), "published"], "in its base everyone was asked"
    assert models.loc[("without", "main"), "published"], "it does not rest on the question"
    claims = tables["modelled_claims"].set_index("claim")
    assert set(claims.index[claims["verdict"] == "not testable"]) == UNDECLARED
    assert all("no firm with no to 'Fact'" in claims.loc[name, "reason"] for name in UNDECLARED)


def test_once_declared_it_decides(home: Path, tmp_path: Path) -> None:
    small_survey.put(home, "answers.csv", delivery("2"))
    tables = run(Lake(home, "small"), survey(tmp_path, ", asked_of: fact, otherwise: false"))
    assert rule(tables)["passed"]
    assert tables["modelled_models"].set_index(["model", "variant"]).loc[("primary", "main"), "published"]
    assert "not testable" not in set(tables["modelled_claims"]["verdict"])


@pytest.mark.parametrize(("kept", "passed"), [(FIRMS, False), (8, True)], ids=["many", "too few to tell"])
def test_a_skip_on_yes_is_one_too(home: Path, tmp_path: Path, kept: int, passed: bool) -> None:
    lines = [line.split(";") for line in delivery("2").splitlines()]
    turned = [[firm, {"1": "2", "2": "1"}.get(fact, fact), *rest] for firm, fact, *rest in lines]
    skipped = [line for line in turned if line[1] == "1"][:kept]
    others = [line for line in turned if line[1] != "1"]
    small_survey.put(home, "answers.csv", "\n".join(";".join(line) for line in [*others, *skipped]) + "\n")
    assert rule(run(Lake(home, "small"), survey(tmp_path)))["passed"] == passed


def test_a_dry_run_tells_before_anything_is_modelled(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "answers.csv"
    source.write_text(delivery("2"), encoding="utf-8")
    made = survey(tmp_path)
    report = check(made, made.waves["2020"], source, home)
    found = [finding for finding in report.findings if finding.rule == "skips_are_declared"]
    assert found
    assert found[0].what.endswith("no model or claim decides about it.")
    assert all("cooperates" in str(finding.found) and "fact" in str(finding.found) for finding in found)
    assert report.exit_code == 0
