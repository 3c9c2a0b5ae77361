"""What a proposal left undecided: found by its mark, counted by `monitor check`, and in the way of every release."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import small_survey

from monitor import cli
from monitor.problems import Problem
from monitor.survey import Survey, load_survey
from pipelines.definitions import build
from pipelines.names import named

QUESTIONS = """\
  firm: {column: id}  # Todo: is this the firm's identifier?
  fact:
    column: f  # a todo: in the middle of a comment is none
    codes: {"todo": false, "1": true}
    text: {nl: "Wat # todo: is hier 'todo'?", en: todo}
  colour: {column: c, codes: {r: red, "todo: of b": blue}}
  amount: {column: a, text: {nl: "todo: hoe luidt de vraag?", en: "Para todo: el mundo"}}
  share:
    column: s
    asked_of: >-  # todo: who was asked?
      fact
      or # todo: not a comment
      fact
"""
DELIVERY = "id;f;c;a;s\n" + "".join(f"{i:08d};1;r;{i},5;{i}\n" for i in range(20))


@pytest.fixture
def undecided(tmp_path: Path) -> Survey:
    questions = QUESTIONS.replace("      or # todo: not a comment\n      fact\n", "")
    return small_survey.survey(tmp_path, questions, more="# todo: codes that mean refused\nmissing: {}\n")


def marks(problems: tuple[Problem, ...]) -> list[tuple[str | None, int | None, str | None]]:
    return [(p.file, p.line, p.found) for p in problems]


def test_a_mark_is_a_comment_or_a_value_that_begins_with_it(undecided: Survey) -> None:
    wave = "waves/2020.yaml"
    assert marks(undecided.todos) == [
        (wave, 4, "todo: codes that mean refused"),
        (wave, 7, "Todo: is this the firm's identifier?"),
        (wave, 11, "todo"),
        (wave, 13, "todo: hoe luidt de vraag?"),
        (wave, 16, "todo: who was asked?"),
    ]
    assert all(p.do for p in undecided.todos)


def test_a_text_over_several_lines_holds_no_comment(tmp_path: Path) -> None:
    text = "  firm: {column: id}\n  fact:\n    column: f\n    text: |\n      # todo: quoted\n      Yes or no?\n"
    assert small_survey.survey(tmp_path, text).todos == ()


def test_a_run_names_every_mark_with_its_line_and_does_nothing(
    undecided: Survey, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "answers.csv"
    source.write_text(DELIVERY, encoding="utf-8")
    arguments = ["run", "--survey", str(undecided.folder), "--input", str(source), "--home", str(home)]
    assert cli.main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    for line in (4, 7, 11, 13, 16):
        assert f"waves/2020.yaml:{line}: something is left to be decided" in shown.err
    assert not (home / "releases").exists()
    assert not (home / "lake").exists()


@pytest.mark.parametrize("job", ["wave", "release"])
def test_no_job_of_dagster_runs_either(undecided: Survey, home: Path, job: str) -> None:
    options = {"partition_key": "2020"} if job == "wave" else {}
    with dg.DagsterInstance.ephemeral() as instance:
        definitions = build(undecided.folder, home)
        named_job = definitions.resolve_job_def(named(undecided.name, job))
        result = named_job.execute_in_process(instance=instance, raise_on_error=False, **options)
    failures = [e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure]
    assert failures
    for failure in failures:
        assert failure is not None
        assert "waves/2020.yaml:7" in str(failure.description)
        assert failure.metadata["exit_code"].value == 2


@pytest.mark.slow
def test_a_check_works_and_says_how_many_are_left(undecided: Survey, home: Path, tmp_path: Path) -> None:
    source = tmp_path / "answers.csv"
    source.write_text(DELIVERY, encoding="utf-8")
    arguments = ["check", source, "--survey", undecided.folder, "--wave", "2020", "--home", home, "--json"]
    done = subprocess.run([sys.executable, "-m", "monitor", *arguments], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["outcome"]) == (0, "usable")
    assert "left to decide before a wave can run (marked todo): 5 in waves/2020.yaml" in report["notes"]


def test_the_surveys_that_are_published_have_none_left(undecided: Survey) -> None:
    from monitor.surveys import BUNDLED

    folders = [BUNDLED, *(Path(__file__).parents[1] / "worlds" / "surveys").iterdir()]
    assert [load_survey(folder).todos for folder in folders if (folder / "survey.yaml").exists()] == [()] * 3
