"""A cell is read as it is shown: number formats held against what two other programs show."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from pathlib import Path

import pytest

from monitor.formats.number_format import NotShown, Shown, section_of, shown_number, shown_text

GOLDEN = Path(__file__).parents[1] / "golden" / "number_formats" / "shown.csv"
TABLE = list(csv.DictReader(GOLDEN.open(encoding="utf-8")))
REFUSED = "(refused)"
MARKS = re.compile(r"E[+-]?\d+|[\d\s.,()/+-]")


def ours(code: str, value: float) -> Shown | str | None:
    try:
        return shown_number(value, code)
    except NotShown:
        return None


def amount(text: str) -> tuple[float, float] | None:
    """The number that a text shows without its sign, and how far the stored one may lie from it."""
    if found := re.search(r"(?:(\d+)\s+)?(\d+)\s*/\s*(\d+)", text):
        whole, over, under = (int(part or 0) for part in found.groups())
        return float(whole + Fraction(over, under)), 1 / under
    found = re.search(r"\d[\d,]*(?:\.(\d*))?(?:E([+-]\d+))?|\.(\d+)", text)
    if not found:
        return None
    number = float(found[0].replace(",", ""))
    places = len(found[1] or found[3] or "")
    return number, 0.5000001 * 10.0 ** (int(found[2] or 0) - places)


def negative(text: str) -> bool:
    return "-" in text.split("E")[0] or "(" in text


def agrees(read: Shown | str, shown: str, code: str) -> bool:
    """Whether what is read is what is shown: words, sign, leading zeros, and the number up to the shown rounding."""
    text = read if isinstance(read, str) else read.text()
    if isinstance(read, str):
        return " ".join(text.split()) == " ".join(shown.split())
    if MARKS.sub("", text) != MARKS.sub("", shown):
        return False
    number = amount(shown)
    if number is None:
        return round(float(read.digits), 2) < 0.5 and not shown.strip(" -€.")
    if abs(float(read.digits) - number[0]) > number[1]:
        return False
    padded = re.search(r"(?<![\d.+-])0\d+", shown.replace(",", ""))
    if padded and "/" not in shown and len(read.digits.split(".")[0]) != len(padded[0]):
        return False
    return negative(text) == negative(shown) or "[Red]" in code or "Color" in code or number[0] == 0


def test_numbers_are_read_as_other_programs_show_them() -> None:
    assert len(TABLE) > 1000
    wrong, refused = [], 0
    for row in TABLE:
        read = ours(row["format"], float(row["value"]))
        if read is None:
            refused += 1
            continue
        # One of the two may have a fault of its own; where both show the same, that is what is read.
        if not any(agrees(read, row[program], row["format"]) for program in ("numfmt", "ssf")) or (
            row["numfmt"] == row["ssf"] and not agrees(read, row["ssf"], row["format"])
        ):
            wrong.append((row["format"], row["value"], row["numfmt"], row["ssf"], read))
    assert wrong == []
    assert refused < 0.1 * len(TABLE)


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        (r"0.0\%", 0.5, "0.5%"), ('0.0"%"', 0.8, "0.8%"), ("0%", 0.155, "15.5%"), ("General;[Red]-0%", 0.25, "0.25"),
        ("General;[Red]-0%", -0.25, "-25%"), ("00000000", 1234561, "01234561"), (r"0000\ 0000", 12345678, "1234 5678"),
        ("0.0,", 12345678, "12345.678"), ('_ * #,##0_ ;_ * -#,##0_ ;_ * "-"??_ ;_ @_ ', 0, "0"), ("0;[Red]0", -5, "-5"),
        ("#,##0_);(#,##0)", -5, "-5"), ('[=1]"ja";[=0]"nee";General', 0, "nee"), ("# ?/?", 0.5, "0.5"), ("#", 0, "0"),
        ("[$€-413] #,##0.00", 12.5, "€ 12.5"), ("@", 5, "5"), ("", 5, "5"),
    ],
)  # fmt: skip
def test_what_stands_in_quotation_marks_or_escaped_does_not_act(code: str, value: float, text: str) -> None:
    read = shown_number(value, code)
    assert (read if isinstance(read, str) else read.text()) == text


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (";;;", 3),
        ("0;0", -5),
        ("-0", 5),
        ("0,.0", 5),
        ("0k", 5),
        ("[What]0", 5),
        ("0;0;0;0;0", 5),
        ("0-0", 0.5),
        ("7", 5),
    ],
)
def test_what_cannot_be_told_from_what_is_shown_is_refused(code: str, value: float) -> None:
    with pytest.raises(NotShown):
        shown_number(value, code)


@pytest.mark.parametrize(
    ("code", "is_date"),
    [("yyyy-mm-dd", True), ("[h]:mm", True), ("[$-413]d mmmm yyyy", True), ('0 "dagen"', False), (r"0\d", False),
     ("[Red]0", False), ("[$-F800]General", False), ("h:mm AM/PM", True)],
)  # fmt: skip
def test_dates_are_told_from_words_that_hold_their_letters(code: str, is_date: bool) -> None:
    assert section_of(1.0, code).is_date == is_date


def test_text_is_read_as_its_own_section_shows_it() -> None:
    assert shown_text("5", "0.0") == "5"
    assert shown_text("5", '0;0;0;"nr. "@') == "nr. 5"
    with pytest.raises(NotShown):
        shown_text("5", ";;;")
