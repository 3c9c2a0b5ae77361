"""First definitions from a file: they load, they say what a person must decide, and they can be run."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import scenario
import small_survey
from openpyxl.chart import BarChart, Reference

from monitor.authoring import propose_survey, propose_wave
from monitor.formats.detection import detect_layout
from monitor.problems import DefinitionError
from monitor.stages import raw, staged
from monitor.storage.lake import Lake
from monitor.survey import load_survey

SURVEYS = Path(__file__).parents[1] / "worlds" / "surveys"
REAL = {
    "ecuador_sample/ENAIsam_labelled.sav": "id_empresa",
    "colombia/Estructura_EDIT_SERVICIOS_II_2008_2009.csv": "nordemp",
    "colombia/Estructura_EDIT_SERVICIOS_V_2014_2015.csv": "nordemp",
}


@pytest.mark.parametrize("file", REAL)
def test_a_real_file_gives_a_survey_that_loads(tmp_path: Path, shared: Path, file: str) -> None:
    written = propose_survey(tmp_path / "new", shared / "data" / file, "2020")
    survey = load_survey(tmp_path / "new")
    assert written == [tmp_path / "new" / name for name in ("survey.yaml", "waves/2020.yaml", "claims.yaml")]
    assert list(survey.waves["2020"].questions["firm"].columns) == [REAL[file]]
    assert all("todo" in path.read_text(encoding="utf-8") for path in written[:2])
    assert survey.claims == ()


FILE = "kvk;E-mail;Kleur;Omzet;Aandeel nieuw;Ja of nee;Datum;Wat vindt u\n" + "".join(
    f"000000{i}1;a{i}@b.example;rood;1.200,50;40%;ja;3-4-2018;wij vinden er {i} van\n"
    f"000000{i}2;c{i}@d.example;blauw;15;12,5;nee;4-4-2018;geen {i} meningen over dit onderwerp\n"
    f"000000{i}3;e{i}@f.example;rood;250,75;0;ja;5-4-2018;het ligt er maar net aan, {i}\n"
    for i in range(10)
)


def test_what_a_column_looks_like_becomes_its_concept_and_the_proposal_runs(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "export_2018.csv"
    source.write_text(FILE, encoding="utf-8")
    propose_survey(tmp_path / "small", source)
    survey = load_survey(tmp_path / "small")
    wave = survey.waves["2018"]
    assert (wave.delivery.delimiter, wave.delivery.decimal, wave.delivery.thousands) == (";", ",", ".")
    types = {name: survey.concepts[name].type for name in wave.questions}
    assert types == {
        "firm": "identifier", "contact_email": "text", "kleur": "category", "omzet": "number",
        "aandeel_nieuw": "percentage", "ja_of_nee": "boolean", "datum": "date",
    }  # fmt: skip
    lake = Lake(home, survey.name)
    raw.run(lake, survey, wave, [source])
    staged.run(lake, survey, wave)
    assert lake.read("staged_missing", "2018").empty
    answers = lake.read("staged_answers", "2018").sort_values("response")
    assert answers["omzet"].tolist() == [1200.5, 15, 250.75] * 10
    assert answers["aandeel_nieuw"].tolist() == [40, 12.5, 0] * 10


def test_nothing_is_overwritten_and_a_wave_needs_a_name(tmp_path: Path) -> None:
    source = tmp_path / "export.csv"
    source.write_text(FILE, encoding="utf-8")
    with pytest.raises(DefinitionError, match="--wave"):
        propose_survey(tmp_path / "new", source)
    propose_survey(tmp_path / "new", source, "2018")
    before = (tmp_path / "new" / "survey.yaml").read_bytes()
    with pytest.raises(DefinitionError, match="there already"):
        propose_survey(tmp_path / "new", source, "2018")
    assert (tmp_path / "new" / "survey.yaml").read_bytes() == before


def test_a_new_wave_keeps_what_is_there_and_lists_what_changed(home: Path, tmp_path: Path) -> None:
    folder = scenario.folder(tmp_path / "definition")
    source = scenario.inbox(home, "2018") / "answers-2018.csv"
    text = source.read_text("cp1252").replace("v4", "v9")
    target = tmp_path / "answers-2019.csv"
    lines = text.splitlines()
    place = lines[0].split(";").index("v1")
    cells = lines[2].split(";")
    cells[place] = "3"
    target.write_text("\n".join([*lines[:2], ";".join(cells), *lines[3:]]), "cp1252")
    written, changes = propose_wave(folder, target)
    assert written.name == "2019.yaml"
    assert "product_innovation: code 3 is not declared" in changes
    assert "in_house_rd: its columns (v4) are not in the file" in changes
    assert any(change.startswith("new column v9") for change in changes)
    (folder / "margins" / "2019.csv").write_bytes((folder / "margins" / "2018.csv").read_bytes())
    survey = load_survey(folder)
    assert survey.waves["2019"].frame == survey.waves["2018"].frame
    before, now = survey.waves["2018"].questions, survey.waves["2019"].questions
    assert set(before) - set(now) == {"in_house_rd"}
    assert "in_house_rd" in survey.waves["2019"].not_asked
    for concept in now:
        for fact in ("columns", "codes", "asked_of", "otherwise", "blank_when", "ticked", "factor"):
            assert getattr(now[concept], fact) == getattr(before[concept], fact), (concept, fact)
    assert survey.waves["2019"].usable == survey.waves["2018"].usable


def test_a_question_found_by_its_wording_is_followed_to_its_new_column(tmp_path: Path) -> None:
    question = "Hoeveel omzet had uw bedrijf in het afgelopen jaar?"
    survey = small_survey.survey(
        tmp_path, f"  firm: {{column: id}}\n  amount: {{column: a, text: {{nl: '{question}', en: Turnover}}}}\n"
    )
    headings = ["id,b", f'Nummer,"{question}"', '"{""ImportId"":""1""}","{""ImportId"":""2""}"']
    target = tmp_path / "export_2021.csv"
    target.write_text("\n".join([*headings, "1,10", "2,20"]), encoding="utf-8")
    written, changes = propose_wave(survey.folder, target)
    assert "amount: a is now b" in changes
    assert list(load_survey(survey.folder).waves["2021"].questions["amount"].columns) == ["b"]
    assert "todo: a is now b" in written.read_text(encoding="utf-8")


def test_a_workbook_with_a_title_and_a_cover_sheet_is_found_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "Delivered in March"
    sheet = book.create_sheet("Answers 'all'")
    for row in (["Innovation"], ["confidential"], [], ["kvk", "innovation", "staff"]):
        sheet.append(row)
    for i in range(20):
        sheet.append([f"{10000000 + i}", "ja" if i % 2 else "nee", 7 * i])
    book.save(tmp_path / "answers.xlsx")
    layout = detect_layout(tmp_path / "answers.xlsx")
    assert (layout.format, layout.sheet, layout.header_line) == ("excel", "Answers 'all'", 4)
    propose_survey(tmp_path / "s", tmp_path / "answers.xlsx", "2025")
    (wave,) = load_survey(tmp_path / "s").waves.values()
    assert (wave.delivery.sheet, wave.delivery.header_line) == ("Answers 'all'", 4)


def workbook(path: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_cell_that_a_workbook_shows_as_a_percentage_is_one(home: Path, tmp_path: Path) -> None:
    source = workbook(tmp_path / "a_2025.xlsx", ["kvk", "new"], *([f"00{i}", i * 0.07] for i in range(9)))
    book = openpyxl.load_workbook(source)
    for (cell,) in book.active.iter_rows(min_row=2, min_col=2):
        cell.number_format = "0.0%"
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=9))
    book.create_chartsheet("Chart", 0).add_chart(chart)
    book.save(source)
    propose_survey(tmp_path / "s", source)
    survey, answers, missing = small_survey.run_proposal(home, tmp_path / "s", source)
    assert survey.concepts["new"].type == "percentage"
    assert answers["new"].tolist() == [0, 7, 14, 21, 28, 35, 42, 49, 56]
    assert missing.empty


def test_amounts_among_words_are_amounts_not_a_code_list(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "export_2025.csv"
    rows = ["kvk;share_new;turnover;staff;answer"]
    rows += ["1;12,5%;€ 1.200.000,50;ca. 40;1", "2;n.v.t.;weet niet;5;2", "3;7%;ca. 40;n.v.t.;999"]
    rows += ["4;0;€ 12,-;250;1", "5;100%;800.000;7;3"]
    source.write_text("\n".join(rows), encoding="utf-8")
    propose_survey(tmp_path / "s", source)
    survey, answers, missing = small_survey.run_proposal(home, tmp_path / "s", source)
    assert {name: survey.concepts[name].type for name in ("share_new", "turnover", "staff", "answer")} == {
        "share_new": "percentage", "turnover": "number", "staff": "number", "answer": "category",
    }  # fmt: skip
    assert (survey.waves["2025"].delivery.decimal, survey.waves["2025"].delivery.thousands) == (",", ".")
    assert answers["share_new"].dropna().tolist() == [12.5, 7, 0, 100]
    assert answers["turnover"].dropna().tolist() == [1200000.5, 40, 12, 800000]
    assert list(survey.waves["2025"].questions["answer"].codes) == ["1", "2", "3"]
    assert missing[missing["concept"] == "answer"]["kind"].tolist() == ["dont_know"]
    assert "invalid" not in set(missing["kind"])


def test_a_workbook_that_mixes_text_and_numbers_shows_its_decimal_mark(home: Path, tmp_path: Path) -> None:
    source = workbook(
        tmp_path / "export_2025.xlsx",
        ["kvk", "share_new", "turnover", "weight"],
        ["001", "12,5%", 12.125, 1.25],
        ["002", 7, "12.500", 0.5],
        ["003", "n.v.t.", "1,5", 2],
        ["004", 12.5, 40, 1.125],
    )
    propose_survey(tmp_path / "s", source)
    survey, answers, missing = small_survey.run_proposal(home, tmp_path / "s", source)
    assert survey.waves["2025"].delivery.decimal == ","
    assert answers["share_new"].dropna().tolist() == [12.5, 7, 12.5]
    assert answers["turnover"].tolist() == [12.125, 12500, 1.5, 40]
    assert answers["weight"].tolist() == [1.25, 0.5, 2, 1.125]
    assert missing["kind"].tolist() == ["absent"]
