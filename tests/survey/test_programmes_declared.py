"""A programme and its plan: read whole, hashed by what decides, or every mistake named with file and line."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from monitor.problems import DefinitionError
from monitor.statistics.comparison.limits import Limits
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED

FILE = "programmes/learning.yaml"
DECLARED = """\
label: {nl: Leren en ontwikkelen, en: Learning and development}
eligible: size_band in ('micro', 'small', 'medium')
criteria:
  reach: {nl: Bereik, en: Reach}
rounds:
  first: {opens: 2017-03-01, closes: 2017-04-15, budget_eur: 2500000}
  second: {opens: 2018-03-01, closes: 2018-04-15, budget_eur: 1500000}
ceilings: {firm_eur: 125000, consortium_eur: 200000}
plan:
  committed: {commit: 0a1b2c3, date: 2017-01-15}
  estimand: difference_on_participants
  outcome: product_innovation
  treated: 2017-06-01
  method: entropy_balancing
  alternatives: [augmented, matching]
  covariates:
  - size_band
  - sector
  limits: {participants: 40, imbalance: 0.05}
"""


def loaded(folder: Path, text: str = DECLARED) -> Survey:
    """The demonstration survey with a programme."""
    shutil.copytree(BUNDLED, folder)
    (folder / "programmes").mkdir(exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")
    return load_survey(folder)


def test_a_programme_is_read_whole(tmp_path: Path) -> None:
    programme = loaded(tmp_path / "survey").programmes["learning"]
    assert programme.label["nl"] == "Leren en ontwikkelen"
    assert programme.criteria["reach"]["en"] == "Reach"
    assert next((r.opens, r.closes, r.budget_eur) for r in programme.rounds.values()) == (
        date(2017, 3, 1),
        date(2017, 4, 15),
        2500000.0,
    )
    assert (programme.ceiling_firm_eur, programme.ceiling_consortium_eur) == (125000, 200000)
    plan = programme.plan
    assert plan is not None
    assert plan.limits == Limits(participants=40, imbalance=0.05)
    assert (plan.method, plan.alternatives, plan.treated) == (
        "entropy_balancing",
        ("augmented", "matching"),
        date(2017, 6, 1),
    )
    assert plan.written == date(2017, 1, 15)


def test_a_programme_may_be_described_without_a_plan(tmp_path: Path) -> None:
    programme = loaded(tmp_path / "survey", DECLARED.partition("plan:")[0]).programmes["learning"]
    assert programme.plan is None
    assert programme.plan_hash is None


@pytest.mark.parametrize(
    ("was", "becomes", "same"),
    [
        ("criteria:\n  reach: {nl: Bereik, en: Reach}\n", "", True),
        ("{commit: 0a1b2c3, date: 2017-01-15}", "{commit: 0a1b2c4, date: 2017-01-16}", True),
        ("  - size_band\n  - sector\n", "  - sector\n", False),
        ("imbalance: 0.05", "imbalance: 0.06", False),
        ("('micro', 'small', 'medium')", "('micro', 'small')", False),
        ("treated: 2017-06-01", "treated: 2017-06-02", False),
    ],
)
def test_the_plan_s_hash_is_of_what_decides(tmp_path: Path, was: str, becomes: str, same: bool) -> None:
    assert was in DECLARED
    first = loaded(tmp_path / "one").programmes["learning"].plan_hash
    second = loaded(tmp_path / "two", DECLARED.replace(was, becomes)).programmes["learning"].plan_hash
    assert first is not None
    assert (first == second) is same


MISTAKES = [
    # what stands there, what it is changed to, its line, words of the message, what is to be done
    ("label: {nl: Leren en ontwikkelen,", "label: {", 1, "label is not in every language", "add nl"),
    ("size_band in (", "size_bnd in (", 2, "eligible is not a usable expression", "names of concepts"),
    ("size_band in ('micro', 'small', 'medium')", "staff + 1", 2, "eligible is not a usable expression", "expression"),
    ("closes: 2017-04-15", "closes: 2017-02-15", 6, "closes before it opens", "correct one"),
    ("closes: 2017-04-15", "closes: 2017-02-30", 6, "closes is no date", "correct `closes`"),
    ("budget_eur: 1500000", "budget_eur: -1", 7, "budget_eur is not usable", "correct"),
    ("ceilings: {firm_eur", "ceilings: {firm", 8, "unknown key 'firm'", "did you mean"),
    ("commit: 0a1b2c3", "commit: soon", 10, "names a commit that nobody can look up", "give the commit"),
    ("  committed: {commit: 0a1b2c3, date: 2017-01-15}\n", "", 10, "the plan has no date", "give the commit"),
    ("estimand: difference_on_participants", "estimand: effect", 11, "estimand is not usable", "correct"),
    ("outcome: product_innovation", "outcome: product_inovation", 12, "unknown measure", "did you mean"),
    ("treated: 2017-06-01", "treated: 2016-06-01", 13, "take part before they can apply", "correct one"),
    ("method: entropy_balancing", "method: entropy_balance", 14, "method is not usable", "did you mean"),
    ("[augmented, matching]", "[augmented, entropy_balancing]", 15, "names a method twice", "remove it"),
    ("[augmented, matching]", "[augmented, mtching]", 15, "unknown method 'mtching'", "did you mean"),
    ("  - sector\n", "  - sectr\n", 18, "unknown concept or measure 'sectr'", "did you mean"),
    ("  - sector\n", "  - product_innovation\n", 18, "balances what it may not", "remove it"),
    ("  - sector\n", "  - size_band\n", 18, "balances what it may not", "remove it"),
    ("participants: 40", "participants: 12", 19, "participants is not usable", "correct"),
    ("imbalance: 0.05", "imbalance: 0.5", 19, "imbalance is not usable", "correct"),
]


@pytest.mark.parametrize(("was", "becomes", "line", "words", "do"), MISTAKES)
def test_every_mistake_is_told_on_its_line(
    tmp_path: Path, was: str, becomes: str, line: int, words: str, do: str
) -> None:
    assert was in DECLARED
    with pytest.raises(DefinitionError) as error:
        loaded(tmp_path / "survey", DECLARED.replace(was, becomes, 1))
    (problem,) = error.value.problems
    assert words in problem.what
    assert problem.file == FILE
    assert problem.line == line
    assert problem.do
    assert do in problem.do


def test_a_name_that_no_column_could_have_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "survey"
    shutil.copytree(BUNDLED, folder)
    (folder / "programmes").mkdir(exist_ok=True)
    (folder / "programmes" / "Learning 2.yaml").write_text(DECLARED, encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        load_survey(folder)
    assert "is not a usable name" in error.value.problems[0].what
