"""What the demonstration's register, ecosystems and outside sources say of a mistake: the whole message, word for word.

Each fault is planted into the demonstration's own files, in the row that a person would get wrong.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from monitor.authoring.delivery_check import check
from monitor.problems import DefinitionError
from monitor.survey import load_survey
from monitor.surveys import BUNDLED

ECOSYSTEMS, OUTSIDE, INITIATIVES = "ecosystems.yaml", "outside/made_up.csv", "register/initiatives.csv"
MERGED = "2019,I41,network,mobility,PV21,Logistieke Kring Sluiskade,Sluiskade logistics circle,2015-05-01,2018-09-30,"
GONE_ON = "2019,I19,network,mobility,PV21,Kring,Circle,2010-01-01,2018-09-30,I41,,,,synthetic register 2019,2019-01-15"
FAULTS = {
    "mergers in a circle": (
        INITIATIVES, MERGED, f"{GONE_ON}\n{MERGED}",
        "register/initiatives.csv:59: mergers lead back to where they began\n"
        "    expected: an initiative that goes on\n"
        "    found: I19 → I41 → I19\n"
        "    do: take out the wrong `merged_into`",
    ),
    "an initiative without kind": (
        INITIATIVES, "2017,I03,network,", "2017,I03,,",
        "register/initiatives.csv:4: kind is empty\n"
        "    expected: one of network, test_environment, incubator\n"
        "    found: nothing\n"
        "    do: write the row's kind",
    ),
    "a date that is none": (
        INITIATIVES, "2018-11-30", "2018-11-31",
        "register/initiatives.csv:60: ended is no date\n"
        "    expected: a day that exists, as YYYY-MM-DD\n"
        "    found: 2018-11-31\n"
        "    do: correct the row",
    ),
    "a place that is none": (
        INITIATIVES, "2017,I02,network,energy,PV21", "2017,I02,network,energy,PV99",
        "register/initiatives.csv:3: unknown place 'PV99'\n"
        "    expected: one of PV20, PV21, PV22\n"
        "    found: PV99\n"
        "    do: correct the row",
    ),
    "a name twice": (
        INITIATIVES, "Netwerk Zoete Kust,", "Netwerk Waterstofhoek,",
        "register/initiatives.csv:58: 'I56' has the name of 'I02'\n"
        "    expected: another name than on line 3: answers refer to it by name\n"
        "    found: Netwerk Waterstofhoek\n"
        "    do: correct the name, or take out the row if both are one",
    ),
    "an ecosystem with an unknown theme": (
        ECOSYSTEMS, "themes: [water]", "themes: [watr]",
        "ecosystems.yaml:49: ecosystem 'water' names the unknown theme 'watr'\n"
        "    expected: a declared theme\n"
        "    found: watr\n"
        "    do: did you mean 'water'?",
    ),
    "an outside source without licence": (
        ECOSYSTEMS, "    licence: CC-BY-4.0\n", "",
        "ecosystems.yaml:17: ecosystems.yaml.sources.cbs_innovation lacks the key 'licence'\n"
        "    expected: one of CC0-1.0, CC-BY-4.0, CC-BY-SA-4.0, MIT, public-domain\n"
        "    found: nothing\n"
        "    do: add `licence: ...`",
    ),
    "two values for one year": (
        OUTSIDE, "1,water,2018,49.1", "1,water,2017,49.1",
        "outside/made_up.csv:3: indicator 1 has two values for 2017\n"
        "    expected: one value for each indicator, ecosystem and year\n"
        "    found: lines 2 and 3\n"
        "    do: keep the newer one",
    ),
}  # fmt: skip
"""What is wrong -> the file, what stands there, what a person wrote instead, the one message"""


def planted(target: Path, file: str, old: str, new: str) -> Path:
    """The demonstration's folder with a mistake in it."""
    folder = Path(shutil.copytree(BUNDLED, target))
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize("case", FAULTS)
def test_a_mistake_is_one_message(tmp_path: Path, case: str) -> None:
    file, old, new, message = FAULTS[case]
    with pytest.raises(DefinitionError) as caught:
        load_survey(planted(tmp_path / "survey", file, old, new))
    assert str(caught.value) == message


@pytest.mark.slow
def test_participation_in_an_initiative_that_ended_is_found_in_each_row_that_has_it(
    tmp_path: Path, demonstration: Path
) -> None:
    """The register says that I02 ended two years before; who ticked it is noted with the line, and nobody else."""
    row = "Netwerk Waterstofhoek,Waterstofhoek hydrogen network,2011-11-01,"
    survey = load_survey(planted(tmp_path / "survey", INITIATIVES, row, f"{row}2016-06-30"))
    delivery = demonstration / "inbox" / survey.name / "2018" / "innovatiemonitor_2018.csv"
    with delivery.open(encoding="cp1252") as file:
        reader = csv.DictReader(file, delimiter=";")
        # Who stopped before the fifth of eight pages gave no usable answer, and no rule judges it.
        rows = [row | {"line": reader.line_num} for row in reader if int(row["lastpage"]) >= 5]
    ticked = {row["line"] for row in rows if row["A1[SQ002]"] == "Y"}
    assert len(ticked) > 10
    report = check(survey, survey.waves["2018"], delivery, tmp_path / "home")
    found = [x for x in report.findings if x.rule == "initiatives_of_the_wave"]
    assert {x.line for x in found} == ticked
    assert {x.found for x in found} == {"I02 ended on 2016-06-30"}
