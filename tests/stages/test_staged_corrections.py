"""A declared correction or merger of firms holds where it still matches, and stops where it does not."""

# Cases stand one on a line, as in a table.

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import small_survey
from small_survey import staged_answers

from monitor.problems import UnusableDelivery
from monitor.storage.lake import Lake


def plain(frame: pd.DataFrame, columns: list[str]) -> list[dict[str, object]]:
    """The rows of a frame as plain values: sets as lists, missing as None."""
    rows = []
    for row in frame[columns].to_dict("records"):
        values = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in row.items()}
        rows.append({n: v if isinstance(v, list) else (None if pd.isna(v) else v) for n, v in values.items()})
    return rows


CORRECTIONS = "firm;column;from;to;reason;who;when\n"


def test_a_correction_changes_the_answer_and_is_kept_with_its_reason(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n  share: {column: s}\n")
    small_survey.put(home, "x.csv", "id;a;s\n01;1.000;10\n02;5;20\n")
    lines = (
        "01;a;1.000;1,5;typed in thousands;A. Analyst;2020-05-01\n02;share;20;;called the firm;A. Analyst;2020-05-02\n"
    )
    small_survey.put(home, "corrections.csv", CORRECTIONS + lines)
    answers, _ = staged_answers(home, survey)
    assert [tuple(r.values()) for r in plain(answers, ["amount", "share"])] == [(1.5, 10), (5, None)]
    lake = Lake(home, "small")
    assert lake.read("raw_records", "2020")["a"].tolist() == ["1.000", "5"], "raw stays as it was delivered"
    kept = lake.read("staged_corrections", "2020")
    assert kept["reason"].tolist() == ["typed in thousands", "called the firm"]
    assert kept["applied"].tolist() == [1, 1]
    assert set(kept["firm"]) == set(answers["firm"]), "the firm by its pseudonym"


def test_every_correction_that_no_longer_matches_is_named(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1.000\n")
    lines = "01;a;900;1;r;w;d\n77;a;1;2;r;w;d\n01;nothing;1;2;r;w;d\n"
    small_survey.put(home, "corrections.csv", CORRECTIONS + lines)
    with pytest.raises(UnusableDelivery) as stopped:
        staged_answers(home, survey)
    found = {(p.line, p.firm, p.found) for p in stopped.value.problems}
    assert found == {(2, "01", "1.000"), (3, "77", None), (4, "01", None)}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "latin-1"])
def test_corrections_that_are_no_utf8_are_refused_with_their_line(home: Path, tmp_path: Path, encoding: str) -> None:
    """What they say would be read as other letters, and a reason is printed."""
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1\n")
    lines = "01;a;1;2;gebeld met de firma;A. Analyst;2020-05-01\n01;a;1;2;geï;nd;d\n"
    small_survey.put(home, "corrections.csv", (CORRECTIONS + lines).encode(encoding))
    with pytest.raises(UnusableDelivery) as stopped:
        staged_answers(home, survey)
    (problem,) = stopped.value.problems
    assert (problem.what, problem.file) == ("the list is not UTF-8 text", "corrections.csv")
    assert problem.line == (1 if encoding == "utf-16" else 3)
    assert problem.do


def test_a_correction_without_reason_author_or_date_is_refused(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1\n")
    small_survey.put(home, "corrections.csv", CORRECTIONS + "01;a;1;2;;;\n")
    with pytest.raises(UnusableDelivery) as stopped:
        staged_answers(home, survey)
    assert {p.column for p in stopped.value.problems} == {"reason", "who", "when"}


def test_a_merged_firm_counts_as_its_successor_from_the_declared_wave_on(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n", waves=("2019", "2020"))
    for wave in ("2019", "2020"):
        small_survey.put(home, "x.csv", "id;a\n01;1\n02;2\n03;3\n", wave)
    crosswalk = "from,to,wave,reason\n01,02,2020,merged\n02,03,2020,taken over\n"
    (home / "inbox" / "small" / "crosswalk.csv").write_text(crosswalk)
    before, _ = staged_answers(home, survey, "2019")
    after, _ = staged_answers(home, survey, "2020")
    assert before["firm"].nunique() == 3
    assert set(after["firm"]) == {before["firm"].iloc[2]}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("01,02,2020,r\n02,01,2020,r\n", "circle"),
        ("01,02,2020,r\n01,03,2020,r\n", "two successors"),
        ("01,02,1999,r\n", "wave"),
        ("01,,2020,r\n", "needs to"),
    ],
)
def test_a_crosswalk_that_contradicts_itself_stops(home: Path, tmp_path: Path, rows: str, says: str) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1\n")
    (home / "inbox" / "small" / "crosswalk.csv").write_text("from,to,wave,reason\n" + rows)
    with pytest.raises(UnusableDelivery, match=says):
        staged_answers(home, survey)
