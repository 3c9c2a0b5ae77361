"""Ecosystems and what fills the framework of each: read whole, or every mistake named with file and line."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest

from monitor.problems import DefinitionError
from monitor.survey import load_survey
from monitor.survey.ecosystems import FILE, catalogue
from monitor.surveys import BUNDLED

OUTSIDE = "outside/made_up.csv"


def test_the_catalogue_is_the_framework_s_fifty(shared: Path) -> None:
    with (shared / "data" / "nl_context" / "ecosystem_indicators.csv").open(encoding="utf-8") as file:
        theirs = list(csv.DictReader(file))
    assert {int(x["number"]): x["category"] for x in theirs} == {n: x.category for n, x in catalogue().items()}
    for x in theirs:
        # A survey of others is an outside source.
        ways, mine = x["filled_by"].replace("outside survey", "outside"), catalogue()[int(x["number"])]
        named = {way for way in ("survey", "frame", "register", "programmes", "described") if way in ways}
        assert named <= set(mine.fills), x["number"]
        assert (x["unit"] == "described") == (mine.unit == "words"), x["number"]


def test_the_demonstration_looks_at_two() -> None:
    framework = load_survey(BUNDLED).framework
    assert framework is not None
    assert list(framework.ecosystems) == ["water", "netherlands"]
    assert framework.ecosystems["water"].domain == ("province", "PV21")
    assert framework.ecosystems["netherlands"].domain is None, "nothing of a made-up survey is told of a real country"
    assert {source.synthetic for source in framework.sources.values()} == {True, False}
    counted = Counter((v.number, v.ecosystem, v.year) for s in framework.sources.values() for v in s.values)
    assert max(counted.values()) == 1


MISTAKES = [
    # file, what stands there, what it is changed to, words of the message, what is expected or to be done
    (FILE, "themes: [water]", "themes: [watr]", "ecosystem 'water' names the unknown theme 'watr'", "did you mean"),
    (FILE, "places: [PV21]", "places: [PV99]", "unknown place 'PV99'", "PV2"),
    (FILE, "initiatives: [I22, I26]", "initiatives: [I22, I99]", "unknown initiative 'I99'", "I"),
    (FILE, "sectors: [manufacturing,", "sectors: [fishing,", "unknown sector 'fishing'", "declare it"),
    (FILE, "domain: {province: PV21}", "domain: {province: PV99}", "unknown code of province 'PV99'", "PV2"),
    (FILE, "domain: {province: PV21}", "domain: {province: PV21, sector: trade}", "of one domain", "name one"),
    (FILE, "    licence: CC-BY-4.0\n", "", "sources.cbs_innovation lacks the key 'licence'", "add `licence"),
    (FILE, "licence: CC-BY-4.0", "licence: unclear", "licence is not usable", "correct"),
    (FILE, "outside/cbs_82811NED.csv", "outside/cbs.csv", "an outside source's file is not there", "put it there"),
    (FILE, "{indicator: product_innovators}", "{indicator: product_inovators}", "unknown indicator", "did you mean"),
    (FILE, "{indicator: public_funding}", "{indicator: innovation_expenditure}", "another unit", "in that unit"),
    (
        FILE,
        "{firm_age_band: start_up}",
        "{firm_age_band: startup}",
        "unknown code of firm_age_band 'startup'",
        "start_up",
    ),
    (
        FILE,
        "{rd_tax_credit: ",
        "{rd_taxcredit: ",
        "names the unknown concept of the frame 'rd_taxcredit'",
        "did you mean",
    ),
    (
        FILE,
        "  9: {firms: {rd",
        "  3: {firms: {rd",
        "indicator 3 is told in another unit than what is counted",
        "another source",
    ),
    (FILE, "[learning]", "[learn]", "names the unknown programme 'learn'", "did you mean 'learning'"),
    (FILE, "  37: {indicator", "  14: {indicator", "indicator 14 cannot be filled so", "take it out"),
    (FILE, "      33:\n", "      51:\n", "indicator 51 cannot be filled so", "take it out"),
    (OUTSIDE, "1,water,2018,49.1", "1,water,2017,49.1", "indicator 1 has two values for 2017", "keep the newer"),
    (OUTSIDE, "1,water,2018,49.1", "1,water,2018,many", "is no number", "correct the record"),
    (OUTSIDE, "1,water,2018,49.1", "37,water,2018,0.2", "no outside source fills", "correct the record"),
    (OUTSIDE, "1,water,2018,49.1", "1,watter,2018,49.1", "unknown ecosystem 'watter'", "did you mean 'water'"),
]


@pytest.mark.parametrize(("file", "old", "new", "words", "do"), MISTAKES, ids=[x[3] for x in MISTAKES])
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, words: str, do: str
) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "survey"))
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_survey(folder)
    (problem,) = caught.value.problems
    assert words in problem.what
    assert do in str(problem.do)
    assert problem.line
    if new:
        at = text[: text.index(old)].count("\n") + 1
        assert at <= problem.line <= at + 1
    assert problem.file in (FILE, OUTSIDE)
