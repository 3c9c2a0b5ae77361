"""The register: what holds in a wave, what changed, what an expression makes of it, and every mistake by its line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import scenario

from monitor.problems import DefinitionError, Problem
from monitor.storage.lake import connect
from monitor.survey import Survey, load_survey
from monitor.survey.expressions import columns_of
from monitor.survey.participation import expanded, in_wave
from monitor.survey.register_files import with_names
from monitor.synthetic.exports import FOLDER

HEADER = "wave,code,kind,theme,place,name_nl,name_en,founded,ended,merged_into,website,budget_eur,source"
ROWS = """\
2017,north,network,water,PV20,Netwerk Noord,Network North,2010-01-01,,,https://north.example.org,50000,report
2017,lab,test_environment,energy,PV21,Proeftuin,Living lab,2011-05-01,,,,,report
2017,hub,incubator,energy,PV22,Broedplaats,Hub,2012-01-01,,,,,report
2017,east,network,energy,PV22,Kring Oost,Circle East,2013-01-01,,,,,report
2018,lab,test_environment,water,PV21,Proeftuin Nieuw,New living lab,2011-05-01,,,,,report of 2018
2018,hub,incubator,energy,PV22,Broedplaats,Hub,2012-01-01,2017-06-30,,,,report of 2018
2018,east,network,energy,PV22,Kring Oost,Circle East,2013-01-01,2017-09-30,north,,,report of 2018
2018,new,network,water,PV20,Netwerk Nieuw,Network New,2017-02-01,,,,,report of 2018
"""
THEMES = "themes:\n  water: {nl: Water, en: Water}\n  energy: {nl: Energie, en: Energy}\n"


def folder(target: Path, rows: str = ROWS, **files: str) -> Path:
    """The scenario's folder with this register in place of its own."""
    made = scenario.folder(target)
    text = (made / "survey.yaml").read_text(encoding="utf-8")
    (made / "survey.yaml").write_text(text + THEMES, encoding="utf-8")
    for wave in ("2017", "2018"):
        file = made / "waves" / f"{wave}.yaml"
        words = file.read_text(encoding="utf-8")
        for old, new in (("network_north", "north"), ("living_lab", "lab"), ("incubator_east", "hub")):
            words = words.replace(old, new)
        file.write_text(words, encoding="utf-8")
    (made / "register" / "initiatives.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")
    for name, content in files.items():
        (made / "register" / f"{name}.csv").write_text(content, encoding="utf-8")
    return made


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    """A survey of two waves with a register in which one joins, one leaves, one merges and one is renamed."""
    return load_survey(folder(tmp_path))


def test_a_wave_has_the_initiatives_that_had_not_ended(survey: Survey) -> None:
    first, second = survey.waves.values()
    assert set(survey.register.of_wave(first)) == {"north", "lab", "hub", "east"}
    assert set(survey.register.of_wave(second)) == {"north", "lab", "new"}
    standing = survey.register.standing_for(second)
    assert [getattr(standing.get(code), "code", None) for code in ("north", "east", "hub", "nobody")] == [
        "north", "north", None, None,
    ]  # fmt: skip


def test_an_initiative_that_ended_in_the_year_asked_about_is_of_the_wave(survey: Survey) -> None:
    second = survey.waves["2018"]
    question = replace(second.questions["initiatives"], period="2017")
    asked = replace(second, questions={**second.questions, "initiatives": question})
    assert set(survey.register.of_wave(asked)) == {"north", "lab", "hub", "east", "new"}


def test_what_changed_between_two_waves(survey: Survey) -> None:
    found = [(c.initiative, c.change, c.aspect, c.was, c.now) for c in survey.register.changes(*survey.waves.values())]
    assert found == [
        ("lab", "renamed", "label", "Proeftuin", "Proeftuin Nieuw"),
        ("lab", "revised", "theme", "energy", "water"),
        ("hub", "left", "ended", None, "2017-06-30"),
        ("east", "merged", "merged_into", None, "north"),
        ("new", "joined", "founded", None, "2017-02-01"),
    ]


CALLS = {
    "participates_in('network')": ({"north", "east"}, {"north", "east", "new"}),
    "participates_in(kind = 'incubator')": ({"hub"}, set()),
    "participates_in(theme = 'water')": ({"north"}, {"north", "lab", "east", "new"}),
    "participates_in('network', theme = 'water')": ({"north"}, {"north", "east", "new"}),
    "participates_in(place = 'PV21')": ({"lab"}, {"lab"}),
    "participates_in(code = 'north')": ({"north"}, {"north", "east"}),
    "participates_in()": ({"north", "lab", "hub", "east"}, {"north", "lab", "east", "new"}),
    "NOT participates_in('network') AND len(initiatives) > 0": ({"lab", "hub", "new"}, {"lab", "hub"}),
}
"""Expression -> the initiatives of which a firm with that one alone has it true, in the first and the second wave: what
went on in another counts as that one"""


@pytest.mark.parametrize("sql", CALLS)
def test_a_call_is_true_of_the_initiatives_that_it_describes(survey: Survey, sql: str) -> None:
    assert columns_of(sql) == {"initiatives"}
    with connect() as connection:
        for wave, expected in zip(survey.waves.values(), CALLS[sql], strict=True):
            query = expanded(sql, survey, wave)
            answer = f"SELECT {query} FROM (SELECT $one::VARCHAR[] AS initiatives)"
            true = {
                code
                for code in survey.initiatives
                if connection.execute(answer, {"one": [code]}).fetchall() == [(True,)]
            }
            assert true == expected
            assert connection.execute(answer, {"one": None}).fetchall() == [(None,)]


def test_measures_and_bases_hold_what_a_call_stands_for_in_the_wave(survey: Survey) -> None:
    measure = replace(survey.measures["cooperates"], sql="participates_in('incubator')")
    base = replace(survey.bases["product_innovators"], sql="participates_in(code = 'north')")
    called = replace(survey, measures={"cooperates": measure}, bases={"product_innovators": base})
    made = in_wave(called, survey.waves["2018"])
    assert made.measures["cooperates"].sql == "list_has_any(initiatives, CAST(list_value() AS VARCHAR[]))"
    assert made.bases["product_innovators"].sql == "list_has_any(initiatives, list_value('north', 'east'))"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("participates_in('netwerk')", "no initiative of the register has the kind 'netwerk' (nearest: network)"),
        ("participates_in(theme = 'fire')", "the theme 'fire' (there are: energy, water)"),
        ("participates_in(colour = 'red')", "participates_in takes a kind"),
        ("participates_in(3)", "participates_in takes a kind"),
        ("participates_in('network', kind = 'incubator')", "says two things of kind"),
    ],
)
def test_a_call_that_means_nothing_is_refused_with_its_line(tmp_path: Path, sql: str, words: str) -> None:
    made = folder(tmp_path)
    file = made / "survey.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("sql: len(initiatives) > 0", f'sql: "{sql}"', 1), "utf-8")
    (problem,) = _problems(made)
    assert (problem.file, problem.line is not None) == ("survey.yaml", True)
    assert words in str(problem.found)


def test_a_call_without_a_register_is_refused(survey: Survey) -> None:
    without = replace(survey, register=type(survey.register)())
    with pytest.raises(ValueError, match="needs a register, and the survey has none"):
        expanded("participates_in('network')", without, survey.waves["2017"])


MORE = "2018,x,network,water,PV20,Nog een,Another,2015-01-01,,,,,report\n"
FAULTS = {
    # what is wrong: (row after the eight, words of the one message, what was found)
    "no kind": (MORE.replace("network", ""), "kind is empty", "nothing"),
    "an unknown kind": (MORE.replace("network", "netwerk"), "unknown kind 'netwerk'", "netwerk"),
    "an undeclared theme": (MORE.replace("water", "fire"), "unknown theme 'fire'", "fire"),
    "an unknown place": (MORE.replace("PV20", "PV99"), "unknown place 'PV99'", "PV99"),
    "a wave that is none": (MORE.replace("2018,", "2016,", 1), "unknown wave '2016'", "2016"),
    "a wrong date": (MORE.replace("2015-01-01", "2015-02-30"), "founded is no date", "2015-02-30"),
    "ended before it was founded": (
        MORE.replace("2015-01-01,", "2015-01-01,2014-01-01"), "it ended before it was founded", "2014-01-01",
    ),
    "founded after the wave": (
        MORE.replace("2015", "2019"), "it is in the register before it was founded", "2019-01-01",
    ),
    "no source": (MORE.replace("report", ""), "source is empty", "nothing"),
    "a code twice": (MORE.replace(",x,", ",new,"), "the code 'new' is there twice in wave 2018", "new"),
    "a name twice": (MORE.replace("Nog een", " netwerk  NOORD "), "'x' has the name of 'north'", "netwerk  NOORD"),
    "merged without an end": (
        MORE.replace("2015-01-01,,", "2015-01-01,,north"), "it went on in another initiative and has no end", "north",
    ),
    "merged into nobody": (
        MORE.replace("2015-01-01,,", "2015-01-01,2017-01-01,south"),
        "'x' went on in the unknown initiative 'south'", "south",
    ),
    "a merger in a circle": (
        MORE.replace("2015-01-01,,", "2015-01-01,2017-01-01,x"), "mergers lead back to where they began", "x → x",
    ),
    "an address that is none": (MORE.replace(",,,report", ",www.x.nl,,report"), "website is no address", "www.x.nl"),
    "an amount with a comma": (MORE.replace(",,report", ',"1,5",report'), "budget_eur is no amount", "1,5"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_mistake_in_the_register_is_told_once_with_its_row(tmp_path: Path, case: str) -> None:
    row, words, found = FAULTS[case]
    (problem,) = _problems(folder(tmp_path, ROWS + row))
    assert (problem.file, problem.line) == ("register/initiatives.csv", 10)
    assert (problem.what, problem.found) == (words, found)
    assert problem.expected
    assert problem.do


def test_a_merger_over_two_rows_in_a_circle_is_told_once(tmp_path: Path) -> None:
    rows = MORE.replace("2015-01-01,,", "2015-01-01,2017-01-01,y")
    rows += rows.replace(",x,", ",y,").replace(",y,,,report", ",x,,,report").replace("Nog een,Another", "Weer,Again")
    (problem,) = _problems(folder(tmp_path, ROWS + rows))
    assert (problem.line, problem.found) == (10, "x → y → x")


ACTORS = "code,kind,name_nl,name_en,place,source\nuni,knowledge_institution,Universiteit,University,PV20,report\n"
TIES = "initiative,actor,began,ended,source\nnorth,uni,2010-01-01,,report\n"


@pytest.mark.parametrize(
    ("file", "row", "words"),
    [
        ("actors", "uni,school,School,School,,report\n", "the code 'uni' is there twice"),
        ("actors", "two,school,universiteit,School,,report\n", "'two' has the name of 'uni'"),
        ("actors", "two,,School,School,,report\n", "kind is empty"),
        ("ties", "nort,uni,,,report\n", "unknown initiative 'nort'"),
        ("ties", "north,two,,,report\n", "unknown actor 'two'"),
        ("ties", "lab,uni,2012-01-01,2011-01-01,report\n", "it ended before it began"),
        ("ties", "north,uni,2010-01-01,,report\n", "the tie is there twice"),
    ],
)
def test_a_mistake_in_actors_and_ties_is_told_once_with_its_row(
    tmp_path: Path, file: str, row: str, words: str
) -> None:
    files = {"actors": ACTORS, "ties": TIES}
    files[file] += row
    (problem,) = _problems(folder(tmp_path, **files))
    assert (problem.file, problem.line, problem.what) == (f"register/{file}.csv", 3, words)


def test_a_column_that_nobody_reads_is_told(tmp_path: Path) -> None:
    made = folder(tmp_path)
    file = made / "register" / "initiatives.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("budget_eur", "budget"), encoding="utf-8")
    (problem,) = _problems(made)
    assert (problem.line, problem.what, problem.found) == (1, "the header has unknown columns", "budget")


def test_a_list_outside_the_register_is_not_passed_over(tmp_path: Path) -> None:
    made = folder(tmp_path)
    shutil.move(made / "register" / "initiatives.csv", made / "initiatives.csv")
    (problem,) = _problems(made)
    assert (problem.file, problem.expected) == ("initiatives.csv", "register/initiatives.csv")


def test_answers_name_initiatives_as_the_register_does(survey: Survey) -> None:
    question = replace(survey.waves["2018"].questions["initiatives"], columns={"v": "initiatives"}, ticked=())
    wave = replace(survey.waves["2018"], questions={"initiatives": question})
    codes = with_names(wave, survey.register).questions["initiatives"].codes
    assert {codes[name] for name in ("lab", "Proeftuin", "Proeftuin Nieuw", "New living lab")} == {"lab"}
    own = replace(wave, questions={"initiatives": replace(question, codes={"Nr 1": "lab"})})
    assert with_names(own, survey.register) == own
    assert with_names(survey.waves["2018"], survey.register) == survey.waves["2018"]


def test_the_demonstrations_register_joins_leaves_and_merges(tmp_path: Path) -> None:
    survey = load_survey(shutil.copytree(FOLDER, tmp_path / "survey"))
    waves = list(survey.waves.values())
    counts = [len(survey.register.of_wave(wave)) for wave in waves]
    assert counts == [55, 56, 55]
    changes = [
        (now.name, c.initiative, c.change)
        for before, now in pairwise(waves)
        for c in survey.register.changes(before, now)
    ]
    assert changes == [
        ("2018", "I24", "renamed"), ("2018", "I56", "joined"),
        ("2019", "I41", "merged"), ("2019", "I47", "left"), ("2019", "I57", "joined"),
    ]  # fmt: skip
    assert "list_has_any(initiatives" not in (FOLDER / "survey.yaml").read_text(encoding="utf-8")


def _problems(made: Path) -> tuple[Problem, ...]:
    with pytest.raises(DefinitionError) as caught:
        load_survey(made)
    return caught.value.problems
