"""What a survey declares of those who did not answer: its defaults, and every mistake on its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor.problems import DefinitionError
from monitor.survey import Nonresponse, Survey, load_survey
from monitor.survey.nonresponse import proxies
from monitor.surveys import BUNDLED

DECLARED = """\
nonresponse:
  plausible: [0.67, 1.5]
  odds: [0.5, 0.8, 1.25, 2, 3]
  proxy: [size_band, sector, province, firm_age_band, rd_tax_credit]
"""


def loaded(folder: Path, section: str) -> Survey:
    """The demonstration survey with another section."""
    shutil.copytree(BUNDLED, folder)
    file = folder / "survey.yaml"
    text = file.read_text(encoding="utf-8")
    assert DECLARED in text
    file.write_text(text.replace(DECLARED, section), encoding="utf-8")
    return load_survey(folder)


def test_the_grid_holds_one_and_the_ends_of_the_range(tmp_path: Path) -> None:
    survey = loaded(tmp_path / "survey", DECLARED)
    assert survey.nonresponse.grid == (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)
    assert proxies(survey) == ("size_band", "sector", "province", "firm_age_band", "rd_tax_credit")


def test_without_a_section_the_defaults_are_said_and_weighting_names_the_proxies(tmp_path: Path) -> None:
    survey = loaded(tmp_path / "survey", "")
    assert survey.nonresponse == Nonresponse()
    assert proxies(survey) == ("size_band", "rd_tax_credit")


MISTAKES = [
    ("nonresponse:\n  plausible: [1.2, 1.5]\n", 2, "plausible is not usable"),
    ("nonresponse:\n  plausible: [0.05, 1.5]\n", 2, "the plausible range is too wide"),
    ("nonresponse:\n  odds: [0.5, 20]\n", 2, "odds is not usable"),
    ("nonresponse:\n  odds: []\n", 2, "odds is not usable"),
    ("nonresponse:\n  odds: soon\n", 2, "odds is not usable"),
    ("nonresponse:\n  odd: [2]\n", 2, "has the unknown key 'odd'"),
    ("nonresponse:\n  proxy:\n  - size_band\n  - sise_band\n", 4, "unknown concept 'sise_band'"),
    ("nonresponse:\n  proxy: [turnover_eur]\n", 2, "'turnover_eur' can be no proxy"),
    ("nonresponse:\n  proxy: [orientation]\n", 2, "'orientation' can be no proxy"),
]


@pytest.mark.parametrize(("section", "line", "words"), MISTAKES)
def test_every_mistake_is_told_on_its_line(tmp_path: Path, section: str, line: int, words: str) -> None:
    with pytest.raises(DefinitionError) as error:
        loaded(tmp_path / "survey", section)
    (problem,) = error.value.problems
    text = (tmp_path / "survey" / "survey.yaml").read_text(encoding="utf-8").splitlines()
    assert words in problem.what
    assert problem.file == "survey.yaml"
    assert problem.line == text.index("nonresponse:") + line
    assert problem.do
