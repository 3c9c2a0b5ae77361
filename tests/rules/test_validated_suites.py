"""Rule files: every mistake is named with its file and line, without Great Expectations being there at all."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import scenario

from monitor.problems import DefinitionError, Problem
from monitor.rules.suites import load_suite
from monitor.stages.validated.check import rule_problems
from monitor.stages.validated.stage import suite_of

ROOT = Path(__file__).parents[2]

GOOD = """\
table: staged_answers
expectations:
  - name: staff_plausible
    type: expect_column_values_to_be_between
    kwargs: {column: employees, max_value: 10000}
    severity: warning
    why: {nl: Te groot., en: Too large.}
"""


def problems(tmp_path: Path, text: str) -> list[Problem]:
    path = tmp_path / "staged_answers.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        load_suite(path)
    return list(raised.value.problems)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "staged_answers.yaml"
    path.write_text(GOOD, encoding="utf-8")
    (rule,) = load_suite(path).rules
    assert (rule.name, rule.severity, rule.columns, rule.requires) == (
        "staff_plausible", "warning", ("employees",), ("employees",),
    )  # fmt: skip
    assert (rule.file, rule.line) == ("expectations/staged_answers.yaml", 3)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("to_be_between", "to_be_beetween", 4, "type is not usable"),
        ("name: staff_plausible", "name:", 3, "name"),
        ("max_value: 10000", "maximum: 10000", 5, "unknown keyword argument 'maximum'"),
        ("column: employees, ", "", 5, "lacks the keyword argument 'column'"),
        ("max_value: 10000", "max_value: a lot", 5, "max_value"),
        ("severity: warning", "severity: fatal", 6, "severity is not usable"),
        ("    severity: warning\n", "", 3, "lacks the key 'severity'"),
        ("    why: {nl: Te groot., en: Too large.}\n", "", 3, "lacks the key 'why'"),
        (", en: Too large.", "", 7, "not in every language"),
        ("    why:", "    reason: because\n    why:", 7, "unknown key 'reason'"),
        ("expectations:\n", "expectations: none\nrules:\n", 2, "no list of expectations"),
        ("table: staged_answers\n", "", 1, "lacks the key 'table'"),
        ("  - name", "  - just a word\n  - name", 3, "a rule is not a mapping"),
        ("kwargs: {column", "kwargs: [column", 5, "the file is not valid YAML"),
        ("    kwargs: {column: employees, max_value: 10000}\n", "    kwargs: everything\n", 5, "kwargs"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, says: str, tmp_path: Path) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(says in problem.what and problem.line == line for problem in found), [p.render() for p in found]
    assert all(problem.file == "expectations/staged_answers.yaml" for problem in found)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD + textwrap.indent(
        "- name: staff_plausible\n  type: expect_nothing\n  severity: warning\n  why: {nl: a, en: b}\n", "  "
    )
    found = problems(tmp_path, text.replace("warning", "worrying", 1))
    assert [problem.line for problem in found] == [6, 9, 8]
    assert "is there twice" in found[2].what


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM staged_answers WHERE employees > 10", "must read {batch}"),
        ("SELECT * FROM {batch} WHERE regexp_matches(firm, '^a{3}$')", "must read {batch}"),
        ("SELECT * FROM {batch} WHERE firm = '{'", "must read {batch}"),
    ],
)
def test_a_query_reads_its_batch_and_doubles_other_braces(query: str, says: str, tmp_path: Path) -> None:
    text = f"""\
table: staged_answers
expectations:
  - name: r
    type: unexpected_rows_expectation
    kwargs:
      unexpected_rows_query: "{query}"
    severity: info
    why: {{nl: a, en: b}}
"""
    (problem,) = problems(tmp_path, text)
    assert says in problem.what
    assert problem.line == 6, "the line of the query itself"


def test_a_rule_about_a_table_cannot_quarantine(tmp_path: Path) -> None:
    text = GOOD.replace("column_values_to_be", "column_mean_to_be")
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.found) == (6, "warning")


def own_rules(tmp_path: Path, text: str) -> list[Problem]:
    survey = scenario.survey(tmp_path)
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    return rule_problems(survey)


def test_a_survey_gives_a_shared_rule_another_severity(tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path)
    (tmp_path / "rules.yaml").write_text(
        "expectations:\n"
        "  - {name: turnover_shares_sum_to_100, severity: info, why: {nl: Bekend., en: Known.}}\n"
        "  - {name: employees_readable, severity: critical, why: {nl: Streng., en: Strict.}}\n",
        encoding="utf-8",
    )
    assert rule_problems(survey) == []
    named = suite_of(survey, survey.waves["2017"], "staged_answers").named
    shared = named["turnover_shares_sum_to_100"]
    assert (shared.severity, shared.why["en"], shared.file, shared.line) == ("info", "Known.", "rules.yaml", 2)
    assert "unexpected_rows_query" in shared.kwargs
    assert named["employees_readable"].severity == "critical"


@pytest.mark.parametrize(
    ("rule", "line", "says"),
    [
        ("{name: turnover_shares_sum_to_99, severity: info, why: {nl: a, en: b}}", 2, "lacks the key 'type'"),
        ("{name: x, type: expect_column_values_to_be_unique, kwargs: {column: emploees}, severity: info,"
         " why: {nl: a, en: b}}", 2, "requires what no survey has"),
        ("{name: x, type: expect_column_values_to_be_unique, kwargs: {column: employees}, requires: [],"
         " severity: info, why: {nl: a, en: b}}", 2, "reads what it does not require"),
        ("{name: x, type: unexpected_rows_expectation, kwargs: {unexpected_rows_query: SELECT * FROM {batch} WHERE"
         " last_wave.employees > 1}, severity: info, why: {nl: a, en: b}}", 2, ""),
    ],
)  # fmt: skip
def test_mistakes_in_a_surveys_own_rules(rule: str, line: int, says: str, tmp_path: Path) -> None:
    found = own_rules(tmp_path, f"expectations:\n  - {rule}\n")
    assert found
    assert any(says in problem.what and problem.line == line for problem in found), [p.render() for p in found]
    assert {problem.file for problem in found} == {"rules.yaml"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM {batch} WHERE employes > 3", "SQL that cannot be run"),
        ("SELECT * FROM {batch} WHERE nonsense(employees)", "SQL that cannot be run"),
        ("SELEC * FROM {batch}", "SQL that cannot be run"),
        ("SELECT employees FROM {batch}", "does not say which response fails"),
        ("SELECT * FROM {batch} JOIN growth USING (response)", "reads what it does not require"),
        ("SELECT * FROM {batch} WHERE turnover_eur > 3", "reads what it does not require"),
        ("SELECT * FROM {batch}, read_csv('/etc/passwd')", "may only read the tables of its wave"),
        ("SELECT * FROM {batch}, '/etc/passwd'", "SQL that cannot be run"),
        ("SELECT * FROM {batch} WHERE getenv('HOME') = 'x'", "may only read the tables of its wave"),
        ("SELECT * FROM {batch}; DROP TABLE staged_answers", "may only read the tables of its wave"),
        ("DELETE FROM {batch}", "may only read the tables of its wave"),
        ("COPY {batch} TO 'here.csv'", "may only read the tables of its wave"),
    ],
)
def test_a_query_is_checked_before_anything_runs(query: str, says: str, tmp_path: Path) -> None:
    text = f"""\
expectations:
  - name: mine
    type: unexpected_rows_expectation
    kwargs:
      unexpected_rows_query: >-
        {query}
    requires: [employees]
    severity: info
    why: {{nl: a, en: b}}
"""
    found = own_rules(tmp_path, text)
    assert any(says in p.what and (p.file, p.line) == ("rules.yaml", 2) for p in found), [p.render() for p in found]


def test_routing_that_needs_a_concept_of_another_wave_leaves_its_rule_out(tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path)
    wave = survey.waves["2018"]
    questions = dict(wave.questions)
    questions["in_house_rd"] = replace(questions["in_house_rd"], asked_of="employees > 3")
    changed = replace(survey, waves={"2018": replace(wave, questions=questions)})
    assert rule_problems(changed) == []
    rule = suite_of(changed, changed.waves["2018"], "staged_answers").named["in_house_rd_only_when_asked"]
    assert rule.requires == ("in_house_rd", "employees")


def test_loading_rules_leaves_great_expectations_alone() -> None:
    code = (
        "import sys; from pathlib import Path; from monitor.stages.validated import load_suite\n"
        "for path in Path('expectations').glob('*.yaml'): load_suite(path)\n"
        "import monitor.stages.validated.check\n"
        "assert not {'great_expectations', 'sqlalchemy', 'duckdb_engine'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
