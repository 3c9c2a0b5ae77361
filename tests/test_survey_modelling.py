"""Mistakes around models and in claims are found when a survey is loaded, with their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import monitor
from monitor.problems import DefinitionError
from monitor.survey import load_survey

FOLDER = Path(monitor.__file__).parent / "surveys" / "noord_nederland"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "noord_nederland"))


def sentences(folder: Path, file: str, old: str, new: str) -> list[str]:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as raised:
        load_survey(folder)
    assert all(problem.file == file and problem.line for problem in raised.value.problems)
    return [problem.what for problem in raised.value.problems]


def test_the_demonstration_survey_is_without_mistakes() -> None:
    assert len(load_survey(FOLDER).claims) == 7


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("kind: contrast", "kind: contrats", "has an unknown estimand"),
        ("kind: within", "kind: inside", "has an unknown rule"),
        (", alpha: 0.025", "", "is incomplete"),
        ("alpha: 0.025", "alpha: 2.5", "is no error rate"),
        ("margin: 0.10, ", "", "is incomplete"),
        ("measure: participates", "measure: participate", "names the unknown measure 'participate'"),
        ("model: top_innovator", "model: top_inovator", "names the unknown model 'top_inovator'"),
        ("claim: succeed_internally", "claim: participation_level", "stands twice"),
        ('declared: "2017-02-01"', 'when: "2017-02-01"', "is incomplete"),
    ],
)
def test_mistakes_in_claims(folder: Path, old: str, new: str, sentence: str) -> None:
    found = sentences(folder, "claims.yaml", old, new)
    assert len(found) == 1
    assert sentence in found[0]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('signs: [">", ">="]', 'signs: [">", "=>"]', "names the unknown sign '=>'"),
        ("weights: [weighted, unweighted]", "weights: [weighted, unweigthed]", "names the unknown choice 'unweigthed'"),
        ("[top_innovator, top_innovator_25]", "[top_innovator, top_20]", "unknown measure or concept 'top_20'"),
        ("      without: [none, start_up]", "      leaving: [none, start_up]", "names the unknown choice 'leaving'"),
        ("network: participates_network", "network: participates_net", "unknown measure or concept 'participates_net'"),
        ("      practice: cooperates\n", "      practice: participates\n", "names the unknown practice 'participates'"),
        ("    order: [none, one, several]\n", "", "has levels without an order"),
        ("    practices: [cooperates, invests, contracts_out]\n", "", "has no shape"),
    ],
)  # fmt: skip
def test_mistakes_around_models(folder: Path, old: str, new: str, sentence: str) -> None:
    found = sentences(folder, "survey.yaml", old, new)
    assert len(found) == 1
    assert sentence in found[0]
