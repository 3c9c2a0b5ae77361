"""`monitor check`: the outcome of a delivery before it is used, with firm, line and rule, and the lake untouched."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import scenario
import small_survey

from monitor.authoring.delivery_check import check
from monitor.stages import raw, staged, validated
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return scenario.survey(tmp_path / "definition")


@pytest.fixture
def answers(home: Path) -> Path:
    return scenario.inbox(home, "2017") / "answers-2017.csv"


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file of a folder with its hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines_of(path: Path) -> list[str]:
    return path.read_text("cp1252").splitlines()


def amended(answers: Path, target: Path, change) -> Path:
    target.mkdir(exist_ok=True)
    (target / answers.name).write_text("\n".join(change(lines_of(answers))) + "\n", "cp1252")
    return target / answers.name


def test_what_would_be_kept_and_why_not(survey: Survey, answers: Path, home: Path) -> None:
    report = check(survey, survey.waves["2017"], answers, home)
    statuses = [response.status for response in scenario.RESPONSES["2017"]]
    assert report.responses == {
        status: statuses.count(status) for status in ("kept", "quarantined", "duplicate", "not_usable")
    }
    (shares,) = [finding for finding in report.findings if finding.rule == "turnover_shares_sum_to_100"]
    line = next(i for i, r in enumerate(scenario.RESPONSES["2017"], start=2) if r.status == "quarantined")
    assert (shares.line, shares.severity, shares.file) == (line, "warning", "answers-2017.csv")
    assert "80" in str(shares.found)
    assert report.exit_code == 0
    assert report.records == len(statuses)


def test_the_home_folder_is_left_as_it_was(survey: Survey, answers: Path, home: Path) -> None:
    before = fingerprint(home)
    check(survey, survey.waves["2017"], answers, home)
    assert fingerprint(home) == before
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    staged.run(lake, survey, survey.waves["2017"])
    validated.run(lake, survey, survey.waves["2017"])
    before = fingerprint(home)
    check(survey, survey.waves["2017"], answers, home)
    assert fingerprint(home) == before


def test_an_amendment_is_shown_against_the_current_delivery(
    survey: Survey, answers: Path, home: Path, tmp_path: Path
) -> None:
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    staged.run(lake, survey, survey.waves["2017"])
    firms = lake.read("staged_answers", "2017").set_index("line")["firm"]
    changed = amended(
        answers,
        tmp_path / "new",
        lambda lines: [*lines[:2], lines[2].replace(";40;", ";41;"), *lines[4:], "99999999" + lines[5][8:]],
    )
    report = check(survey, survey.waves["2017"], changed, home)
    found = {(a["change"], a["firm"]): (a["column"], a["from"], a["to"]) for a in report.amendments}
    assert found[("changed", firms[3])] == ("v2a", "40", "41")
    assert found[("vanished", firms[4])] == (None, None, None)
    assert [change for change, firm in found if firm not in set(firms)] == ["added"]
    assert len(found) == 3
    assert {a["decision"] for a in report.amendments} == {"undecided"}
    assert f"{str(report.delivery)[:12]},<firm, or * for all others>,refuse" in report.render()


def test_what_was_decided_of_an_amendment_is_shown_with_its_reason(
    survey: Survey, answers: Path, home: Path, tmp_path: Path
) -> None:
    raw.run(Lake(home, survey.name), survey, survey.waves["2017"])
    changed = amended(
        answers, tmp_path / "new", lambda lines: [*lines[:2], lines[2].replace(";40;", ";41;"), *lines[4:]]
    )
    firm = lines_of(changed)[2].split(";")[0]
    delivery = hashlib.sha256(changed.read_bytes()).hexdigest()
    (changed.parent / "amendments.csv").write_text(
        f"delivery,firm,decision,reason,who,when\n{delivery},{firm},refuse,after the deadline,A,2018-05-01\n"
    )
    report = check(survey, survey.waves["2017"], changed, home)
    assert "  refused: after the deadline: 1 response" in report.render().splitlines()
    assert "  undecided: 1 response" in report.render().splitlines()
    assert report.exit_code == 0


def test_the_same_content_with_other_line_ends_changes_nothing(
    survey: Survey, answers: Path, home: Path, tmp_path: Path
) -> None:
    raw.run(Lake(home, survey.name), survey, survey.waves["2017"])
    again = tmp_path / "answers-2017.csv"
    again.write_bytes(answers.read_bytes().replace(b"\n", b"\r\n"))
    report = check(survey, survey.waves["2017"], again, home)
    assert report.redelivery
    assert not report.amendments


def test_a_file_that_cannot_be_read_is_2_and_names_everything(
    survey: Survey, answers: Path, home: Path, tmp_path: Path
) -> None:
    broken = amended(
        answers, tmp_path / "new", lambda lines: [lines[0].replace("v1;", "w1;").replace("v4", "w4"), *lines[1:]]
    )
    report = check(survey, survey.waves["2017"], broken, home)
    assert report.exit_code == 2
    assert {finding.column for finding in report.findings} == {"v1", "v4"}
    assert report.outcome == "unusable"


def test_a_critical_rule_is_1(survey: Survey, answers: Path, home: Path, tmp_path: Path) -> None:
    nobody = amended(answers, tmp_path / "new", lambda lines: [lines[0], ";" + lines[1].split(";", 1)[1], *lines[2:]])
    report = check(survey, survey.waves["2017"], nobody, home)
    assert report.exit_code == 1
    (finding,) = [finding for finding in report.findings if finding.severity == "critical"]
    assert (finding.rule, finding.line) == ("firm_known", 2)


def test_a_declared_layout_wins_and_what_it_looks_like_is_shown(
    survey: Survey, answers: Path, home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "answers-2017.csv"
    other.write_text(answers.read_text("cp1252").replace("Geen", "Één"), "utf-8")
    report = check(survey, survey.waves["2017"], other, home)
    assert report.declared["encoding"] == "cp1252"
    assert report.detected["encoding"] == "utf-8"
    assert "cp1252   (looks like 'utf-8')" in report.render()


def test_the_sheet_and_header_line_of_a_workbook_are_shown(home: Path, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Delivered in March"])
    sheet = book.create_sheet("Answers")
    for row in (["Innovation"], [], ["id", "amount"], ["1", "12,5"], ["2", 7], ["3", "8,25"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    small = small_survey.survey(
        tmp_path,
        "  firm: {column: id}\n  amount: {column: amount}\n",
        '{format: excel, file: "*.xlsx", sheet: Answers, header_line: 3, decimal: ","}',
    )
    report = check(small, small.waves["2020"], tmp_path / "a.xlsx", home)
    shown = [
        "layout",
        "  format      excel",
        "  decimal     ,",
        "  thousands   not declared",
        "  sheet       Answers",
        "  header_line 3",
    ]
    assert report.render().splitlines()[2:8] == shown
    found = json.loads(json.dumps(report.as_dict()))
    assert [found["declared"][name] for name in ("sheet", "header_line")] == ["Answers", 3]
    assert [found["detected"][name] for name in ("sheet", "header_line", "decimal")] == ["Answers", 3, ","]
    undeclared = replace(small.waves["2020"], delivery=replace(small.waves["2020"].delivery, sheet=None, header_line=1))
    lines = check(small, undeclared, tmp_path / "a.xlsx", home).render().splitlines()
    assert "  sheet       the one that is shown   (looks like 'Answers')" in lines
    assert "  header_line 1   (looks like 3)" in lines


def test_without_its_frame_the_answers_are_checked_alone(survey: Survey, answers: Path, home: Path) -> None:
    (answers.parent / "frame-2017.csv").unlink()
    report = check(survey, survey.waves["2017"], answers, home)
    assert report.responses["kept"] > 0
    assert any("no frame" in note for note in report.notes)


def test_the_report_is_a_machines_too(survey: Survey, answers: Path, home: Path) -> None:
    report = check(survey, survey.waves["2017"], answers, home)
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["outcome"] == "usable"
    assert len(plain["findings"]) == len(report.findings)
    secrets = [f"info@firm{response.firm[-2:]}.example" for response in scenario.RESPONSES["2017"]]
    assert not [secret for secret in secrets if secret in json.dumps(plain) or secret in report.render()]


def test_a_name_that_is_nearly_the_register_s_is_proposed_by_line_and_never_taken(tmp_path: Path, home: Path) -> None:
    folder = scenario.folder(tmp_path / "definition")
    file = folder / "waves" / "2017.yaml"
    ticks = '{columns: {v3_1: network_north, v3_2: living_lab, v3_3: incubator_east}, ticked: ["1"]}'
    text = file.read_text("utf-8")
    assert text.count(ticks) == 1
    file.write_text(text.replace(ticks, "{column: v3_1}"), "utf-8")
    survey = load_survey(folder)
    answers = scenario.inbox(home, "2017") / "answers-2017.csv"
    heading, *rows = csv.reader(lines_of(answers), delimiter=";")
    typed = ("Living lab", "Livin lab, Network North", "Jan Jansen", "netwerk nord")
    for row, name in zip(rows, (*typed, *[""] * (len(rows) - len(typed))), strict=True):
        row[heading.index("v3_1")] = name
    with answers.open("w", encoding="cp1252", newline="") as file_of_answers:
        csv.writer(file_of_answers, delimiter=";").writerows([heading, *rows])
    report = check(survey, survey.waves["2017"], answers, home)
    proposed = [x for x in report.findings if x.rule == "initiatives_resembled"]
    assert [(x.line, x.column, str(x.expected).split(" ")[1]) for x in proposed] == [
        (3, "v3_1", "living_lab"), (5, "v3_1", "network_north"),
    ]  # fmt: skip
    assert "declare a correction of v3_1 to living_lab" in str(proposed[0].do)
    told = report.render()
    assert not [name for name in ("Livin lab", "Jansen", "nord") if name in told], "no typed word is told"
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    staged.run(lake, survey, survey.waves["2017"])
    taken = lake.read("staged_answers", "2017").set_index("line")["initiatives"]
    assert list(taken[2]) == ["living_lab"]
    assert taken[[3, 5]].isna().all()
