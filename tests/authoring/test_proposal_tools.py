"""Exports of LimeSurvey and Qualtrics as a data engineer gets them: the proposal from a first and from a later wave."""

# Records stand one on a line, as in the export.
# ruff: noqa: E501

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import small_survey

from monitor.authoring import propose_survey, propose_wave
from monitor.survey import Survey, load_survey

LIMESURVEY = """\
"id","submitdate","lastpage","startlanguage","seed","token","startdate","attribute_1","q1","q2[SQ001]","q2[SQ002]","q2[SQ003]","q2[other]","q3","q3[other]","q4[SQ001]","q4[SQ002]","omzet","aandeel","interviewtime"
"1","2024-03-01 10:11:12","5","nl","123","abc1","2024-03-01 10:00:00","00000011","A1","Y","","Y","","A1","","A1","A3","1200000","12,5","672.125"
"2","2024-03-02 10:11:12","5","nl","124","abc2","2024-03-02 10:00:00","00000012","A2","","","","","-oth-","Bakkerij Jansen","A2","A3","850000","0","301.25"
"3","","2","nl","125","abc3","2024-03-02 11:00:00","00000013","A1","","Y","","Provincie","A2","","","","","","99"
"4","2024-03-03 10:11:12","5","nl","126","abc4","2024-03-03 10:00:00","00000014","A3","","Y","Y","","A2","","A3","A1","weet niet","40","411"
"5","2024-03-03 12:11:12","5","nl","127","abc5","2024-03-03 12:00:00","00000015","A2","Y","","","","A1","","A1","A1","45000,50","n.v.t.","220"
"""
CHOICES = {"Y": "Ja", "N": "Niet geselecteerd"}
EXTENT = {"A1": "Niet", "A2": "Enigszins", "A3": "Veel"}
LABELS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    # name in the R syntax file: (question, code -> label)
    "q1": ("Heeft uw bedrijf nieuwe producten ingevoerd?", {"A1": "Ja", "A2": "Nee", "A3": "Weet niet"}),
    "q2_SQ001": ('[Klanten ("afnemers")] Met wie werkte u samen?', CHOICES),
    "q2_SQ002": ("[Leveranciers] Met wie werkte u samen?", CHOICES),
    "q2_SQ003": ("[Universiteiten] Met wie werkte u samen?", CHOICES),
    "q3": ("Wat is uw rechtsvorm?", {"A1": "BV", "A2": "Eenmanszaak", "-oth-": "Anders"}),
    "q4_SQ001": ("[Sensoren] In welke mate gebruikt u dit?", EXTENT),
    "q4_SQ002": ("[AI] In welke mate gebruikt u dit?", EXTENT),
}


def r_syntax(labels: Mapping[str, tuple[str, Mapping[str, str]]]) -> str:
    """LimeSurvey's R syntax file."""

    def strings(words: Sequence[str]) -> str:
        return ",".join('"' + word.replace('"', '\\"') + '"' for word in words)

    lines = ['data <- read.csv("survey_4711_R_data_file.csv", quote = "\'\\"", fileEncoding="UTF-8-BOM")']
    for number, (name, (question, codes)) in enumerate(labels.items(), start=1):
        lines += [
            "# LimeSurvey Field type: A",
            f"data[, {number}] <- as.character(data[, {number}])",
            f"attributes(data)$variable.labels[{number}] <- {strings([question])}",
            f"data[, {number}] <- factor(data[, {number}], levels=c({strings(list(codes))}),labels=c({strings(list(codes.values()))}))",
            f'names(data)[{number}] <- "{name}"',
        ]
    return "\n".join(lines)


@pytest.fixture
def limesurvey(tmp_path: Path) -> Path:
    folder = tmp_path / "limesurvey"
    folder.mkdir()
    (folder / "survey_4711_R_syntax_file.R").write_text(r_syntax(LABELS), "utf-8")
    (folder / "results-survey4711_2024.csv").write_text(LIMESURVEY, "utf-8")
    return folder / "results-survey4711_2024.csv"


def types(survey: Survey, wave: str) -> dict[str, str]:
    return {concept: survey.concepts[concept].type for concept in survey.waves[wave].questions}


def test_limesurvey_codes_take_their_labels_and_subquestions_belong_together(
    home: Path, tmp_path: Path, limesurvey: Path
) -> None:
    propose_survey(tmp_path / "s", limesurvey)
    labels = limesurvey.parent / "survey_4711_R_syntax_file.R"
    survey, answers, missing = small_survey.run_proposal(home, tmp_path / "s", limesurvey, labels)
    wave = survey.waves["2024"]
    assert types(survey, "2024") == {
        "finished_at": "date", "started_at": "date", "firm": "identifier", "q1": "boolean", "q2": "categories",
        "q3": "category", "q4_sq001": "category", "q4_sq002": "category", "omzet": "number", "aandeel": "percentage",
        "duration_seconds": "number",
    }  # fmt: skip
    assert (wave.delivery.decimal, wave.usable) == (",", "finished_at IS NOT NULL")
    assert list(wave.questions["firm"].columns) == ["attribute_1"]
    assert dict(wave.questions["q1"].missing) == {"A3": "dont_know"}
    assert {code: label["nl"] for code, label in survey.concepts["q2"].codes.items()} == {
        "sq001": 'Klanten ("afnemers")', "sq002": "Leveranciers", "sq003": "Universiteiten",
    }  # fmt: skip
    assert survey.concepts["q2"].label["nl"] == "Met wie werkte u samen?"
    assert [label["nl"] for label in survey.concepts["q4_sq002"].codes.values()] == ["Niet", "Enigszins", "Veel"]
    assert survey.concepts["q3"].codes["oth"]["nl"] == "Anders"
    assert answers["duration_seconds"].tolist() == [672.125, 301.25, 99, 411, 220]
    assert answers["omzet"].dropna().tolist() == [1200000, 850000, 45000.5]
    assert "invalid" not in set(missing["kind"])
    assert "Jansen" not in (tmp_path / "s" / "waves" / "2024.yaml").read_text("utf-8")


def test_a_later_limesurvey_wave_lists_codes_labels_words_and_columns_that_changed(
    tmp_path: Path, limesurvey: Path
) -> None:
    propose_survey(tmp_path / "s", limesurvey)
    later = tmp_path / "later"
    later.mkdir()
    labels = {**LABELS, "q3": ("Wat is uw rechtsvorm?", {"A1": "Eenmanszaak", "A3": "Stichting", "-oth-": "Anders"})}
    labels["q2_SQ009"] = labels.pop("q2_SQ003")
    labels["q1"] = ("Heeft u de afgelopen twee jaar iets vernieuwd?", LABELS["q1"][1])
    (later / "survey_4711_R_syntax_file.R").write_text(r_syntax(labels), "utf-8")
    text = LIMESURVEY.replace("q2[SQ003]", "q2[SQ009]").replace('"aandeel"', '"aandeel_nieuw"')
    source = later / "results-survey4711_2025.csv"
    source.write_text(text.replace('"Bakkerij Jansen"', '"Jansen"').replace('"850000"', '"veel"'), "utf-8")
    written, changes = propose_wave(tmp_path / "s", source)
    assert (
        "q1: worded otherwise: 'Heeft u de afgelopen twee jaar iets vernieuwd?' (was 'Heeft uw bedrijf nieuwe producten ingevoerd?')"
        in changes
    )
    assert "q2: option column q2[SQ003] is not in the file" in changes
    assert "q3: code A3 is not declared" in changes
    assert "q3: code A1 now says 'Eenmanszaak' (declared: 'BV')" in changes
    assert "aandeel: its columns (aandeel) are not in the file" in changes
    assert "omzet: holds other things than numbers now" in changes
    assert not [change for change in changes if change.startswith(("q4", "firm", "finished_at"))]
    assert [change for change in changes if change.startswith("new column")] == [
        "new column q2[SQ009] ([Universiteiten] Met wie werkte u samen?)",
        "new column aandeel_nieuw (a percentage)",
    ]
    assert list(load_survey(tmp_path / "s").waves["2025"].questions["q2"].columns) == ["q2[SQ001]", "q2[SQ002]"]
    assert written.name == "2025.yaml"


TOOL = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate", "ResponseId", "RecipientLastName", "RecipientEmail", "ExternalReference", "LocationLatitude", "LocationLongitude", "DistributionChannel", "UserLanguage", "Q9_Page Submit"]  # fmt: skip
QUESTIONS = {
    "Q1": "Heeft uw bedrijf\nnieuwe producten ingevoerd?", "Q2": "Met wie werkte u samen? - Selected Choice",
    "Q2_5_TEXT": "Met wie werkte u samen? - Anders, namelijk - Text", "Q3": "Omzet in euro's",
    "Q4_1": "Welk deel van de omzet? - Nieuw voor de markt", "Q4_2": "Welk deel van de omzet? - Ongewijzigd",
    "Q5_1": "Welke steun? - Provincie", "Q5_2": "Welke steun? - Rijk", "Q5_4": "Welke steun? - EU",
}  # fmt: skip
RECORDS = [
    ["1", "1,3,5", "Gemeente", "1.200.000", "12,5", "87,5", "1", "", "1"],
    ["2", "2", "", "€ 850.000", "0", "100", "", "", ""],
    ["1", "1,2", "", "", "", "", "", "1", ""],
    ["1", "3,5,6", "Stichting", "n.v.t.", "40", "60", "", "1", "1"],
    ["3", "4", "", "12.500", "33,3", "66,7", "1", "1", ""],
    ["2", "", "", "75.000", "0", "100", "", "", ""],
]
PARTNERS = {"1": "Klanten", "2": "Leveranciers", "3": "Universiteiten, hogescholen", "4": "Concurrenten", "5": "Anders, namelijk", "6": "Adviseurs"}  # fmt: skip


def qualtrics(path: Path, records: Sequence[Sequence[str]], questions: Mapping[str, str] = QUESTIONS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*TOOL, *questions])
        writer.writerow([*TOOL, *questions.values()])
        writer.writerow(f'{{"ImportId":"{name}"}}' for name in [*TOOL, *questions])
        for i, record in enumerate(records, start=1):
            day, done = f"2024-03-{i % 28 + 1:02d} 10:", i != 3
            about = [
                f"{day}00:00",
                f"{day}10:00",
                "IP Address",
                f"192.0.2.{i}",
                "100" if done else "40",
                str(600 + i),
                str(done),
            ]
            about += [
                f"{day}10:01",
                f"R_{i}9XyZqq",
                "Jansen",
                f"p{i}@firm.example",
                f"0000{i:04d}",
                "53.2194",
                "6.5665",
                "email",
                "NL",
                "12.345",
            ]
            writer.writerow([*about, *record])
    return path


def in_words(record: Sequence[str]) -> list[str]:
    innovated = {"1": "Ja", "2": "Nee", "3": "Weet niet"}[record[0]]
    partners = ",".join(PARTNERS[code] for code in record[1].split(",") if code)
    support = [word if cell else "" for word, cell in zip(("Provincie", "Rijk", "EU"), record[6:], strict=True)]
    return [innovated, partners, *record[2:6], *support]


@pytest.mark.parametrize("words", [False, True], ids=["codes", "choice text"])
def test_qualtrics_sets_amounts_and_its_own_columns(home: Path, tmp_path: Path, words: bool) -> None:
    source = qualtrics(tmp_path / "answers_2024.csv", [in_words(r) if words else r for r in RECORDS * 10])
    propose_survey(tmp_path / "s", source)
    survey, answers, missing = small_survey.run_proposal(home, tmp_path / "s", source)
    wave = survey.waves["2024"]
    assert types(survey, "2024") == {
        "started_at": "date", "finished_at": "date", "ip_address": "text", "progress": "percentage",
        "duration_seconds": "number", "finished": "boolean", "contact_name": "text", "contact_email": "text",
        "firm": "identifier", "q1": "boolean" if words else "category", "q2": "categories", "q3": "number",
        "q4_1": "percentage", "q4_2": "percentage", "q5": "categories",
    }  # fmt: skip
    assert (wave.delivery.decimal, wave.delivery.thousands, wave.usable) == (",", ".", "finished")
    assert answers["q3"].dropna().tolist() == [1200000, 850000, 12500, 75000] * 10
    assert answers["q4_1"].dropna().tolist() == [12.5, 0, 40, 33.3, 0] * 10
    sizes = [len(partners) for partners in answers["q2"].dropna()]
    assert sizes == [3, 1, 2, 3, 1] * 10
    assert survey.concepts["q5"].label["nl"] == "Welke steun?"
    assert [label["nl"] for label in survey.concepts["q5"].codes.values()] == ["Provincie", "Rijk", "EU"]
    assert "invalid" not in set(missing["kind"])


def test_a_later_qualtrics_wave_lists_a_new_choice_and_a_dropped_question(tmp_path: Path) -> None:
    propose_survey(tmp_path / "s", qualtrics(tmp_path / "answers_2024.csv", RECORDS))
    records = [[*record[:1], record[1].replace("6", "7"), *record[2:3], *record[4:]] for record in RECORDS]
    questions = {name: text for name, text in QUESTIONS.items() if name != "Q3"}
    _, changes = propose_wave(tmp_path / "s", qualtrics(tmp_path / "answers_2025.csv", records, questions))
    assert changes == ["q2: code 7 is not declared", "q3: its columns (Q3) are not in the file"]
