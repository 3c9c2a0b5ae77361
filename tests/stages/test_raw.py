"""Deliveries: kept byte for byte, recognised, superseded, refused; and what is said of those that cannot be used."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import scenario
import small_survey

from monitor.authoring.delivery_check import check
from monitor.formats.text import content_hash
from monitor.problems import UnusableDelivery
from monitor.stages import raw, staged
from monitor.storage.identity import pseudonym
from monitor.storage.lake import Lake, statement
from monitor.survey import Survey
from monitor.wording.sentences import sentences

QUESTIONS = "  firm: {column: id}\n  amount: {column: bedrag}\n  colour: {column: kleur, codes: {R: red, B: blue}}\n"
FIRST = "id;bedrag;kleur\n01;10;R\n02;20;B\n03;30;R\n"


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return small_survey.survey(tmp_path, QUESTIONS)


def take_in(home: Path, survey: Survey, files: list[Path] | None = None) -> tuple[Lake, dict[str, object]]:
    lake = Lake(home, survey.name)
    return lake, raw.run(lake, survey, survey.waves["2020"], files)


def amounts(home: Path, survey: Survey) -> list[float]:
    lake, _ = take_in(home, survey)
    staged.run(lake, survey, survey.waves["2020"])
    return lake.read("staged_answers", "2020").sort_values("response")["amount"].tolist()


def test_the_file_is_kept_byte_for_byte_under_its_hash(home: Path, survey: Survey) -> None:
    arrived = small_survey.put(home, "answers.csv", FIRST)
    lake, metadata = take_in(home, survey)
    kept = lake.folder / "raw_files" / "wave=2020" / str(metadata["delivery"]) / "answers.csv"
    assert kept.read_bytes() == arrived.read_bytes()
    delivery = lake.read("raw_deliveries", "2020").iloc[0]
    assert delivery[["role", "file", "bytes", "format", "encoding", "delimiter", "records", "current"]].tolist() == [
        "answers", "answers.csv", len(FIRST), "delimited", "utf-8", ";", 3, True,
    ]  # fmt: skip


def test_records_are_the_cells_as_they_were_written(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.csv", 'id;bedrag;kleur\n 01 ;"1.200,50";R\n02;;"a ""b"" c"\n')
    lake, _ = take_in(home, survey)
    records = lake.read("raw_records", "2020")
    assert records.columns.tolist() == ["row_number", "line", "id", "bedrag", "kleur"]
    assert records.iloc[0].tolist() == [1, 2, " 01 ", "1.200,50", "R"]
    assert records.iloc[1].tolist() == [2, 3, "02", None, 'a "b" c']


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_record_has_the_line_it_begins_on(home: Path, survey: Survey, end: str) -> None:
    lines = ["id;bedrag;kleur", '01;10;"two', 'lines"', "02;20;B", "", "03;30;R", ""]
    small_survey.put(home, "answers.csv", end.join(lines))
    lake, _ = take_in(home, survey)
    assert lake.read("raw_records", "2020")["line"].tolist() == [2, 4, 6]


def test_headings_of_several_lines_count(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, QUESTIONS, '{format: delimited, file: "*.csv", header_line: 3}')
    small_survey.put(home, "a.csv", 'Export of 1 May\n\nid,bedrag,"kleur\n"\n1,10,R\n2,20,B\n')
    lake, _ = take_in(home, survey)
    assert lake.read("raw_records", "2020")["line"].tolist() == [5, 6]


@pytest.mark.parametrize(
    "again",
    [FIRST, FIRST.replace("\n", "\r\n"), FIRST.rstrip("\n"), "\ufeff" + FIRST],
    ids=["same", "other line ends", "no last line end", "with a byte order mark"],
)
def test_the_same_content_again_is_no_new_delivery(home: Path, survey: Survey, again: str) -> None:
    small_survey.put(home, "answers.csv", FIRST)
    lake, first = take_in(home, survey)
    before = lake.path("raw_deliveries", "2020").read_bytes()
    small_survey.put(home, "answers.csv", again)
    _, second = take_in(home, survey)
    assert second["delivery"] == first["delivery"]
    assert second["new_deliveries"] == 0
    assert lake.path("raw_deliveries", "2020").read_bytes() == before
    assert second["amended_responses"] == 0


def test_a_changed_file_supersedes_and_lists_what_it_changes(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.csv", FIRST)
    lake, first = take_in(home, survey)
    small_survey.put(home, "answers.csv", "id;bedrag;kleur\n01;10;B\n03;30;R\n04;40;R\n")
    _, second = take_in(home, survey)
    deliveries = lake.read("raw_deliveries", "2020")
    assert deliveries[["delivery", "current"]].values.tolist() == [
        [first["delivery"], False], [second["delivery"], True],
    ]  # fmt: skip
    assert (lake.folder / "raw_files" / "wave=2020" / str(first["delivery"])).is_dir()
    changes = lake.read("raw_amendments", "2020").sort_values("change")
    assert changes[["change", "column", "from", "to", "line_before", "line_after"]].astype(object).fillna("").values.tolist() == [
        ["added", "", "", "", "", 4], ["changed", "kleur", "R", "B", 2, 2], ["vanished", "", "", "", 3, ""],
    ]  # fmt: skip
    assert not set(changes["firm"]) & {"01", "02", "03", "04"}, "firms are named by pseudonym"


def current(home: Path) -> str:
    """The delivery that counts, as the data engineer names it."""
    return str(Lake(home, "small").read("raw_deliveries", "2020").query("current")["delivery"].item())[:12]


def decide(home: Path, *rows: str) -> None:
    """Write amendments.csv: delivery, firm and decision of each row; the rest is filled in."""
    head = "delivery,firm,decision,reason,who,when\n"
    small_survey.put(
        home, "amendments.csv", head + "".join(f"{r},after the deadline,A. Analyst,2020-06-01\n" for r in rows)
    )


SECOND = "id;bedrag;kleur\n01;11;R\n02;21;B\n04;40;R\n"


@pytest.fixture
def amended(home: Path, survey: Survey) -> str:
    """A second delivery that changes 01 and 02, lacks 03 and adds 04; its name."""
    small_survey.put(home, "answers.csv", FIRST)
    take_in(home, survey)
    small_survey.put(home, "answers.csv", SECOND)
    take_in(home, survey)
    return current(home)


def test_a_refused_delivery_keeps_the_frozen_answers(home: Path, survey: Survey, amended: str) -> None:
    assert amounts(home, survey) == [11, 21, 40]
    decide(home, f"{amended},*,refuse")
    assert amounts(home, survey) == [10, 20, 30]
    assert Lake(home, "small").read("raw_deliveries", "2020")["decision"].tolist() == ["", "refused"]


@pytest.mark.parametrize(
    ("decisions", "amounts_now", "refused"),
    [
        ([], [11, 21, 40], set()),
        (["*,accept"], [11, 21, 40], set()),
        (["01,refuse"], [21, 40, 10], {"01"}),
        (["03,refuse"], [11, 21, 40, 30], {"03"}),
        (["04,refuse"], [11, 21], {"04"}),
        (["*,accept", "01,refuse", "04,refuse"], [21, 10], {"01", "04"}),
        (["*,refuse", "02,accept"], [21, 10, 30], {"01", "03", "04"}),
    ],
)  # fmt: skip
def test_each_response_is_decided_by_itself(
    home: Path, survey: Survey, amended: str, decisions: list[str], amounts_now: list[float], refused: set[str]
) -> None:
    decide(home, *(f"{amended},{decision}" for decision in decisions))
    assert amounts(home, survey) == amounts_now
    assert amounts(home, survey) == amounts_now, "running again changes nothing"
    lake = Lake(home, "small")
    changes = lake.read("raw_amendments", "2020")
    key = survey.key(home)
    assert set(changes.loc[changes["decision"] == "refused", "firm"]) == {pseudonym(key, "small", f) for f in refused}
    assert set(changes.loc[changes["decision"] != "undecided", "reason"]) <= {"after the deadline"}
    frozen = lake.read("raw_records", "2020").query("line.isna()")["id"]
    assert set(frozen) == refused - {"04"}, "a frozen answer stands in no line of this delivery"


def test_the_quality_table_counts_the_decisions(home: Path, survey: Survey, amended: str) -> None:
    decide(home, f"{amended},01,refuse", f"{amended},04,accept")
    lake, _ = take_in(home, survey)
    with lake.open("2020", "raw_amendments") as connection:
        counted = connection.execute(statement("disclosed", "quality_amendments")).fetchall()
    assert counted == [(f"amendments_{d}", "all", n) for d, n in (("accepted", 1), ("refused", 1), ("undecided", 2))]
    assert {indicator for indicator, _, _ in counted} <= sentences("quality").keys()


def test_a_firm_may_be_named_by_its_pseudonym(home: Path, survey: Survey, amended: str) -> None:
    firm = pseudonym(survey.key(home), "small", "01")
    decide(home, f"{amended},{firm},refuse")
    assert amounts(home, survey) == [21, 40, 10]


def test_the_next_delivery_is_held_against_what_stands(home: Path, survey: Survey, amended: str) -> None:
    decide(home, f"{amended},01,refuse")
    take_in(home, survey)
    small_survey.put(home, "answers.csv", SECOND.replace("21", "22"))
    _, taken = take_in(home, survey)
    lake = Lake(home, "small")
    changes = lake.read("raw_amendments", "2020")[["column", "from", "to", "decision"]].values.tolist()
    assert sorted(changes) == [["bedrag", "10", "11", "undecided"], ["bedrag", "21", "22", "undecided"]]
    assert (taken["amendments_undecided"], taken["amendments_refused"]) == (2, 0)
    decide(home, f"{amended},01,refuse", f"{current(home)},01,refuse")
    assert amounts(home, survey) == [22, 40, 10], "frozen as it stood before both"


def test_a_frozen_record_keeps_only_the_columns_there_are_now(home: Path, survey: Survey, amended: str) -> None:
    small_survey.put(home, "answers.csv", "kleur;bedrag;nieuw;id\nR;12;x;01\n")
    take_in(home, survey)
    decide(home, f"{current(home)},*,refuse", f"{current(home)},01,accept")
    assert amounts(home, survey) == [12, 21, 40]
    records = Lake(home, "small").read("raw_records", "2020")
    assert records.columns.tolist() == ["row_number", "line", "kleur", "bedrag", "nieuw", "id"]
    assert records["nieuw"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("abc,*,accept", "names no delivery"),
        ("{now},09,refuse", "a firm whose answers this delivery does not change"),
        ("{now},,refuse", "needs 'firm'"),
        ("{now},02,perhaps", "neither accept nor refuse"),
        ("{now},01,accept", "decided about twice"),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_followed_is_a_clear_message(
    home: Path, survey: Survey, amended: str, row: str, says: str
) -> None:
    decide(home, f"{amended},01,refuse", row.format(now=amended))
    with pytest.raises(UnusableDelivery, match=says) as stopped:
        take_in(home, survey)
    assert [(p.file, p.line) for p in stopped.value.problems] == [("amendments.csv", 3)]


def test_decisions_without_the_firm_are_refused(home: Path, survey: Survey, amended: str) -> None:
    small_survey.put(home, "amendments.csv", f"delivery;decision;reason;who;when\n{amended};refuse;late;A;2020-06-01\n")
    with pytest.raises(UnusableDelivery, match="lack the column firm"):
        take_in(home, survey)


def test_without_a_file_the_lake_reads_its_own_delivery_again(home: Path, survey: Survey) -> None:
    place = small_survey.put(home, "answers.csv", FIRST)
    lake, first = take_in(home, survey)
    place.unlink()
    lake.remove("raw_records", "2020")
    _, again = take_in(home, survey)
    assert again["delivery"] == first["delivery"]
    assert len(lake.read("raw_records", "2020")) == 3


def test_running_twice_changes_no_table(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.csv", FIRST)
    lake, _ = take_in(home, survey)
    tables = sorted(lake.folder.glob("raw_*/*/*.parquet"))
    before = {path: pd.read_parquet(path) for path in tables}
    take_in(home, survey)
    for path, frame in before.items():
        pd.testing.assert_frame_equal(pd.read_parquet(path), frame)


def test_every_missing_column_is_named_and_nothing_is_replaced(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.csv", FIRST)
    lake, _ = take_in(home, survey)
    before = lake.path("raw_records", "2020").read_bytes()
    small_survey.put(home, "answers.csv", "id;bedragen;x\n1;2;3\n")
    with pytest.raises(UnusableDelivery) as stopped:
        take_in(home, survey)
    problems = {p.column: p for p in stopped.value.problems}
    assert set(problems) == {"bedrag", "kleur"}
    assert "bedragen" in str(problems["bedrag"].found)
    assert "2020.yaml:6" in str(problems["bedrag"].expected)
    assert lake.path("raw_records", "2020").read_bytes() == before
    assert len(lake.read("raw_deliveries", "2020")) == 1


def test_mistakes_of_answers_and_frame_are_named_together(home: Path, tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path / "definition")
    inbox = scenario.inbox(home, "2017")
    answers, frame = inbox / "answers-2017.csv", inbox / "frame-2017.csv"
    answers.write_text(answers.read_text("cp1252").replace("v1;", "w1;"), "cp1252")
    frame.write_text(frame.read_text("utf-8").replace("prov;", "provincie;"), "utf-8")
    with pytest.raises(UnusableDelivery) as stopped:
        raw.run(Lake(home, survey.name), survey, survey.waves["2017"])
    assert {(p.file, p.column) for p in stopped.value.problems} == {(answers.name, "v1"), (frame.name, "prov")}


def test_a_delivery_without_the_columns_that_are_dropped_anyway_is_usable(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(
        tmp_path, QUESTIONS + "  contact_email: {column: mail}\n  remark: {column: toelichting}\n"
    )
    small_survey.put(home, "answers.csv", FIRST)
    _, metadata = take_in(home, survey)
    assert metadata["records"] == 3


def test_a_link_in_the_inbox_is_not_followed(home: Path, survey: Survey, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(FIRST)
    folder = small_survey.put(home, "x", "").parent
    (folder / "x").unlink()
    os.symlink(outside, folder / "answers.csv")
    with pytest.raises(UnusableDelivery, match="symbolic link"):
        take_in(home, survey)


def test_an_empty_inbox_says_what_was_expected_and_what_lies_there(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.txt", FIRST)
    with pytest.raises(UnusableDelivery) as stopped:
        take_in(home, survey)
    (problem,) = stopped.value.problems
    assert problem.expected == "a file named like *.csv in inbox/small/2020"
    assert problem.found == "answers.txt"


def test_a_half_written_file_does_not_replace_a_whole_one(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.csv", FIRST)
    lake, _ = take_in(home, survey)
    small_survey.put(home, "answers.csv", FIRST[:-3])
    with pytest.raises(UnusableDelivery, match="ends in the middle of a record") as stopped:
        take_in(home, survey)
    assert stopped.value.problems[0].line == 4
    assert lake.read("raw_records", "2020")["bedrag"].tolist() == ["10", "20", "30"]


def test_a_handed_in_file_stands_before_the_inbox(home: Path, survey: Survey, tmp_path: Path) -> None:
    small_survey.put(home, "answers.csv", FIRST)
    given = tmp_path / "other name.txt"
    given.write_text("id;bedrag;kleur\n09;90;B\n")
    lake, metadata = take_in(home, survey, [given])
    assert metadata["file"] == given.name
    assert len(lake.read("raw_records", "2020")) == 1


def test_names_that_a_table_cannot_hold_are_told_apart(home: Path, survey: Survey) -> None:
    small_survey.put(home, "answers.csv", " id ;bedrag;kleur;line;ROW_NUMBER;KLEUR;;\n1;2;R;a;b;c;d;e\n")
    lake, _metadata = take_in(home, survey)
    columns = lake.read("raw_columns", "2020")
    assert columns["source_column"].tolist() == [
        "id", "bedrag", "kleur", "line", "ROW_NUMBER", "KLEUR", "column 7", "column 8",
    ]  # fmt: skip
    assert columns["stored"].str.casefold().is_unique
    records = lake.read("raw_records", "2020")
    assert records[columns["stored"].tolist()].iloc[0].tolist() == list("12Rabcde")


def test_the_hash_of_a_content_does_not_see_how_it_was_written(tmp_path: Path) -> None:
    text = "naam;plaats\nJoëlle;Sneek\n"
    written = {
        "utf-8": text.encode(), "utf-8-sig": text.encode("utf-8-sig"), "cp1252": text.encode("cp1252"),
        "utf-16": text.replace("\n", "\r\n").encode("utf-16"),
    }  # fmt: skip
    hashes = set()
    for encoding, content in written.items():
        (tmp_path / encoding).write_bytes(content)
        hashes.add(content_hash(tmp_path / encoding, encoding))
    (tmp_path / "other").write_text(text.replace("Sneek", "Sneek "))
    assert len(hashes) == 1
    assert content_hash(tmp_path / "other", "utf-8") not in hashes


def test_a_key_that_was_lost_stops_before_anything_is_compared(home: Path, survey: Survey) -> None:
    survey = replace(survey, synthetic=False)  # a synthetic survey's key is in no file
    small_survey.put(home, "answers.csv", FIRST)
    lake, _ = take_in(home, survey)
    staged.run(lake, survey, survey.waves["2020"])
    (home / "identity.key").unlink()
    with pytest.raises(Exception, match="pseudonyms is gone"):
        staged.run(lake, survey, survey.waves["2020"])
    shutil.rmtree(home / "lake")
    assert amounts(home, survey) == [10, 20, 30]


@pytest.mark.slow
@pytest.mark.parametrize("name", [b"enqu\xeate.csv", b"a\x81\xff.csv", "enquête.csv".encode()])
def test_a_file_name_in_another_encoding_is_understood(home: Path, survey: Survey, name: bytes) -> None:
    place = small_survey.put(home, "a.csv", FIRST)
    file = Path(os.fsdecode(os.fsencode(place.parent) + b"/" + name))
    place.rename(file)
    take_in(home, survey)
    (kept,) = Lake(home, "small").read("raw_deliveries", "2020")["file"]
    assert kept.encode()
    assert kept.endswith(".csv")
    report = check(survey, survey.waves["2020"], file, home)
    assert report.render().encode()
    assert report.file == kept


def test_a_column_that_looks_like_a_needed_one_is_named_beside_it(home: Path, survey: Survey) -> None:
    small_survey.put(home, "a.csv", "id;bedrag;kleur;Bedrag\n01;10;R;9\n")
    report = check(survey, survey.waves["2020"], home / "inbox" / "small" / "2020" / "a.csv", home)
    (said,) = [p for p in report.findings if "letter forms" in p.what]
    assert said.found == "bedrag and Bedrag"
