"""What a survey declares about being cited: typed, every mistake on its line, told to programs."""

from __future__ import annotations

from pathlib import Path

import publication
import pytest

from monitor.problems import DefinitionError
from monitor.publication.datapackage import cited
from monitor.survey import load_survey
from monitor.survey.citation import LICENCES, Citation

INSTITUTION = {"nl": "Instituut", "en": "Institute"}
WHOLE = {
    "authors": ["Jansen, Ada", "Smit, Bo"],
    "institution": INSTITUTION,
    "licence": "CC-BY-4.0",
    "address": "https://example.org/monitor/",
}


def test_what_is_declared_is_read(tmp_path: Path) -> None:
    citation = publication.survey(tmp_path, {"citation": WHOLE}).citation
    assert citation == Citation(
        ("Jansen, Ada", "Smit, Bo"), INSTITUTION, LICENCES["CC-BY-4.0"], "https://example.org/monitor"
    )


def test_a_survey_need_not_declare_any_of_it(tmp_path: Path) -> None:
    assert publication.survey(tmp_path).citation == Citation()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("licence: CC-BY-4.0", "licence: CC-BY-3.0", "licence is not usable"),
        ("address: https://example.org", "address: example.org", "address is none of a web page"),
        ("address: https://example.org", "address: https://example.org/?q=1#a", "address is none of a web page"),
        ("address: https://example.org", "address: javascript:alert(1)", "address is none of a web page"),
        ("address: https://example.org", "adress: https://example.org", "unknown key 'adress'"),
        ("  institution: Institute", "  authors: []", "citation names nobody"),
        ("  institution: Institute", "  institution: {nl: Instituut}", "institution is not in every language"),
    ],
)
def test_each_mistake_is_named_on_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    publication.survey(tmp_path)
    file = tmp_path / "survey.yaml"
    given = "citation:\n  institution: Institute\n  licence: CC-BY-4.0\n  address: https://example.org\n"
    assert old in given
    file.write_text(file.read_text(encoding="utf-8") + given.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as stopped:
        load_survey(tmp_path)
    (problem,) = stopped.value.problems
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    assert words in problem.what
    assert problem.file == "survey.yaml"
    assert problem.line == 1 + lines.index("citation:" if words == "citation names nobody" else new.strip())
    assert problem.do


def test_programs_are_told_licence_and_contributors() -> None:
    told = cited(Citation(("Jansen, Ada",), INSTITUTION, LICENCES["CC0-1.0"], "https://example.org/monitor"))
    assert told == {
        "contributors": [
            {"title": "Jansen, Ada", "roles": ["creator"]},
            {"title": "Institute", "roles": ["publisher"]},
        ],
        "licenses": [
            {"name": "CC0-1.0", "title": "CC0 1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}
        ],
        "homepage": "https://example.org/monitor/",
    }
    assert cited(Citation()) == {}
