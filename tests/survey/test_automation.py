"""When a survey runs by itself is declared, or it does not; mistakes are named with their line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor.problems import DefinitionError, Problem
from monitor.survey import load_survey
from monitor.survey.automation import Notices, Schedule, cron_fault
from monitor.survey.load import in_order

ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"


def with_lines(folder: Path, text: str) -> tuple[Path, int]:
    """A copy of a survey that declares more; the line its first addition stands on."""
    survey = Path(shutil.copytree(ECUADOR, folder / "survey"))
    before = (survey / "survey.yaml").read_text(encoding="utf-8")
    (survey / "survey.yaml").write_text(before + text, encoding="utf-8")
    return survey, before.count("\n") + 1


def test_a_schedule_and_notices_are_read(tmp_path: Path) -> None:
    text = 'schedule: {cron: "0 6 1 6 *", time_zone: Europe/Amsterdam}\nnotices: {warnings: 20}\n'
    survey = load_survey(with_lines(tmp_path, text)[0])
    assert survey.schedule == Schedule("0 6 1 6 *", "Europe/Amsterdam")
    assert survey.notices == Notices(20)


def test_none_declared_is_none() -> None:
    survey = load_survey(ECUADOR)
    assert survey.schedule is None
    assert survey.notices == Notices(None)


def problems(folder: Path, text: str) -> tuple[list[Problem], int]:
    survey, line = with_lines(folder, text)
    with pytest.raises(DefinitionError) as refused:
        load_survey(survey)
    return list(refused.value.problems), line


@pytest.mark.parametrize(
    ("cron", "zone", "told"),
    [
        ("0 6 1 6", "Europe/Amsterdam", "cron has 4 fields"),
        ("0 24 1 6 *", "Europe/Amsterdam", "cron names no hour"),
        ("0 6 1 6 *", "Europe/Groningen", "the time zone is not known"),
        ("0 6 1 6 *", "../etc", "the time zone is not known"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, cron: str, zone: str, told: str) -> None:
    (problem,), line = problems(tmp_path, f'schedule:\n  cron: "{cron}"\n  time_zone: {zone}\n')
    assert told in problem.what
    assert problem.line == line + (1 if "cron" in told else 2)
    assert problem.do


def test_an_unknown_key_and_a_missing_one_are_named(tmp_path: Path) -> None:
    found, _ = problems(tmp_path, 'schedule: {cron: "0 6 1 6 *", zone: UTC}\nnotices: {warnings: -1}\n')
    assert [problem.what for problem in found] == [
        "survey.yaml.schedule lacks the key 'time_zone'",
        "survey.yaml.schedule has the unknown key 'zone'",
        "survey.yaml.notices: warnings is not usable",
    ]  # fmt: skip


@pytest.mark.parametrize("cron", ["* * * * *", "0 6 1 6 *", "*/15 0-23/2 1,15 1-12 0-7", "59 23 31 12 7"])
def test_cron_lines(cron: str) -> None:
    assert cron_fault(cron) is None


@pytest.mark.parametrize(
    "cron", ["", "60 0 1 1 *", "0 0 0 1 *", "0 0 1 13 *", "5-3 * * * *", "a * * * *", "*/0 * * * *"]
)
def test_no_cron_lines(cron: str) -> None:
    assert cron_fault(cron) is not None


def test_mistakes_are_told_once_in_the_order_of_lines() -> None:
    first, second, other = (
        Problem("b", "survey.yaml", 9),
        Problem("a", "survey.yaml", 2),
        Problem("c", "claims.yaml", 1),
    )
    follows = Problem("d", "survey.yaml", 0)
    assert in_order([follows, first, other, second, first]) == [second, first, other]
    assert in_order([follows]) == [follows]
