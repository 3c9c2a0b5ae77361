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
        ("kind: above, value: 0.3333", "kind: inside, value: 0.3333", "has an unknown rule"),
        (", alpha: 0.025", "", "is incomplete"),
        ("alpha: 0.025", "alpha: 2.5", "is no error rate"),
        ("kind: above, value: 0.3333", "kind: within, value: 0.3333", "is incomplete"),
        ("measure: participates", "measure: participate", "names the unknown measure 'participate'"),
        ("model: top_innovator", "model: top_inovator", "names the unknown model 'top_inovator'"),
        ("claim: succeed_internally", "claim: participation_level", "stands twice"),
        ('declared: "2017-02-01"', 'when: "2017-02-01"', "is incomplete"),
        ("value: 0.3333", "value: 0.30", "promises more than its rule tests"),
        (
            '    declared: "2017-02-01"',
            '    declared: "2017-02-01"\n    committed: {commit: main}',
            "nobody can look up",
        ),
    ],
)
def test_mistakes_in_claims(folder: Path, old: str, new: str, sentence: str) -> None:
    found = list(dict.fromkeys(sentences(folder, "claims.yaml", old, new)))
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


ABOUT_36 = "{kind: within, value: 0.36, margin: 0.10, alpha: 0.025}"
MORE_THAN_A_THIRD = "{kind: above, value: 0.3333, alpha: 0.025}"
MORE_THAN_36 = "{kind: above, value: 0.36, alpha: 0.025}"


@pytest.mark.parametrize(
    ("nl", "en", "rule", "fits"),
    [
        # What was published once as supported at 33.0 % and at 30.6 %: the rule was 36 % plus or minus 10.
        ("Ruim een derde doet mee.", "Just over a third take part.", ABOUT_36, False),
        ("Ruim een derde doet mee.", "Just over a third take part.", MORE_THAN_A_THIRD, False),
        ("Meer dan een derde doet mee.", "More than a third take part.", MORE_THAN_A_THIRD, True),
        ("Meer dan een derde doet mee.", "More than a third take part.", MORE_THAN_36, False),
        ("Meer dan 36 % doet mee.", "More than 36 % take part.", MORE_THAN_36, True),
        ("Meer dan 36 % doet mee.", "More than 36 % take part.", ABOUT_36, False),
        ("Minder dan 36 % doet mee.", "Fewer than 36 % take part.", MORE_THAN_36, False),
        ("Minder dan 36 % doet mee.", "Fewer than 36 % take part.", "{kind: below, value: 0.36, alpha: 0.025}", True),
        ("36 % doet mee.", "36 % take part.", MORE_THAN_36, False),
        ("36 procent doet mee.", "36 per cent take part.", ABOUT_36, False),
        ("Tussen 26 en 46 % doet mee.", "Between 26 and 46 % take part.", ABOUT_36, True),
        ("36 % doet mee, 10 punten meer of min.", "36 % take part, give or take 10 points.", ABOUT_36, True),
        ("Een op de drie doet mee.", "One in three take part.", ABOUT_36, False),
        ("Meer dan de helft doet mee.", "A majority take part.", "{kind: share_above, value: 0.5, alpha: 0.025}", True),
        ("Meer dan de helft doet mee.", "A majority take part.", MORE_THAN_36, False),
        ("Meer doen mee dan in 2017.", "More take part than in 2017.", MORE_THAN_36, True),
        ("Een derde doet mee.", "Firms take part.", MORE_THAN_36, False),
    ],
)  # fmt: skip
def test_a_claim_promises_no_more_than_its_rule_tests(folder: Path, nl: str, en: str, rule: str, fits: bool) -> None:
    file = folder / "claims.yaml"
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("      nl:"))
    lines[at], lines[at + 1] = f"      nl: {nl}", f"      en: {en}"
    place = next(i for i, line in enumerate(lines) if line.startswith("    rule:"))
    lines[place] = f"    rule: {rule}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if fits:
        assert load_survey(folder).claims[0]["text"] == {"nl": nl, "en": en}
        return
    with pytest.raises(DefinitionError) as raised:
        load_survey(folder)
    for problem in raised.value.problems:
        assert problem.what == "the text of claim 'participation_level' promises more than its rule tests"
        assert problem.file == "claims.yaml"
        assert lines[(problem.line or 0) - 1] == "  - claim: participation_level"
        assert problem.expected
        assert problem.found
        assert problem.do
