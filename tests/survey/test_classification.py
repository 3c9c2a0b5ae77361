"""Codes of activities and municipalities, with their versions."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from monitor.survey.classification import (
    activity,
    has_list,
    own_activities,
    own_municipalities,
    province_of,
    recode,
    sbi_version,
    size_band,
)

ACTIVITIES = [
    # code, version -> section, parents
    ("62.01", "2008", "J", ("J", "62", "620")),
    ("6201", "2025", "K", ("K", "62", "620")),
    ("01", "2008", "A", ("A",)),
    ("4520", "2008", "G", ("G", "45", "452")),
    ("4520", "2025", None, None),
    ("68", "2008", "L", ("L",)),
    ("68", "2025", "M", ("M",)),
    ("99", "2008", "U", ("U",)),
    ("99", "2025", "V", ("V",)),
    ("04", "2008", None, None),
    ("1", "2008", None, None),
    ("62O1", "2008", None, None),
    ("", "2008", None, None),
]


@pytest.mark.parametrize(("code", "version", "section", "parents"), ACTIVITIES)
def test_activities_by_version(code: str, version: str, section: str | None, parents: tuple[str, ...] | None) -> None:
    found = activity(code, version)
    assert (found.section if found else None, found.parents if found else None) == (section, parents)


def test_letters_agree_up_to_i_and_differ_from_j_on() -> None:
    for division in range(1, 100):
        before, after = activity(f"{division:02d}", "2008"), activity(f"{division:02d}", "2025")
        if before and after and before.section <= "I":
            assert before.section == after.section
    assert [activity(d, "2008").section + activity(d, "2025").section for d in ("58", "61", "64", "84", "96")] == [
        "JJ", "JK", "KL", "OP", "ST",
    ]  # fmt: skip


def test_the_register_was_recoded_in_2025() -> None:
    assert [sbi_version(year) for year in (2017, 2024, 2025, 2026)] == ["2008", "2008", "2025", "2025"]


def test_municipalities_lie_where_the_years_list_puts_them(shared: Path) -> None:
    with (shared / "data" / "nl_context" / "Gemeenten_alfabetisch_2019.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    north = {"PV20", "PV21", "PV22"}
    for row in rows:
        expected = row["ProvinciecodePV"] if row["ProvinciecodePV"] in north else None
        assert province_of(row["Gemeentecode"], 2019) == expected
        assert province_of(row["GemeentecodeGM"], 2019) == expected
    assert province_of("0014", 2018) is None
    assert has_list(2019)
    assert not has_list(2018)


def test_a_survey_adds_lists_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "municipalities.csv").write_text("year,code,province\n2018,0009,PV20\n")
    (tmp_path / "sbi.csv").write_text("version,code\n2008,62.01\n2025,62.10\n")
    lists = own_municipalities(tmp_path)
    assert province_of("0009", 2018, lists) == "PV20"
    assert province_of("0014", 2019, lists) == "PV20"
    known = own_activities(tmp_path, "2008")
    assert activity("6201", "2008", known) is not None
    assert activity("6202", "2008", known) is None


@pytest.mark.parametrize(
    ("employees", "band"),
    [(0, "micro"), (9.9, "micro"), (10, "small"), (49, "small"), (50, "medium"), (249, "medium"), (250, "large"), (-1, None), (None, None), (float("nan"), None)],
)  # fmt: skip
def test_size_bands_from_staff(employees: float | None, band: str | None) -> None:
    assert size_band(employees) == band


def test_a_code_that_was_split_is_ambiguous_and_one_that_ended_becomes_none() -> None:
    pairs = [("4511", "4781"), ("4511", "4671"), ("6201", "6210")]
    assert recode("6201", pairs).code == "6210"
    split = recode("4511", pairs)
    assert split.ambiguous
    assert (split.code, split.candidates) == (None, ("4671", "4781"))
    assert recode("9999", pairs).candidates == ()
