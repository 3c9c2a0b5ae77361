"""Codes that firms are described by: activities with their version and parents, municipalities, staff bands.

Belongs here: whether a code exists, what it lies in, and what becomes of it when the classification changes. Does not
belong here: which concept holds a code.

Codes are text with their leading zeros. A survey adds lists of its own in its folder: `municipalities.csv` (year,
code, province), `sbi.csv` (version, code; then a code has to be in the list, not only in a division that exists) and
`sbi_recoding.csv` (from, to: what the codes of 2008 became in 2025).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("classifications.yaml")
SBI_SINCE = {"2008": 2008, "2025": 2025}
"""Version of the SBI -> first year in which the register used it (recoded in September 2025)"""
SIZE_BANDS = ((10, "micro"), (50, "small"), (250, "medium"))
"""Persons employed below which a firm is in a band; from the last on it is large (Recommendation 2003/361/EC, staff
alone)"""


@dataclass(frozen=True)
class Activity:
    """An activity code and what it lies in."""

    code: str
    version: str
    section: str
    parents: tuple[str, ...]
    """Its parents from the section down to the one above it"""


@dataclass(frozen=True)
class Recoded:
    """What a code becomes in another version of its classification."""

    code: str | None
    """None where it becomes none, or more than one"""
    candidates: tuple[str, ...]

    @property
    def ambiguous(self) -> bool:
        """Whether the code was split, so that the firm has to be looked at."""
        return len(self.candidates) > 1


def sbi_version(year: int) -> str:
    """The version of the SBI that the register used in a year."""
    return max((v for v, since in SBI_SINCE.items() if since <= year), default="2008")


def activity(code: str, version: str, known: frozenset[str] = frozenset()) -> Activity | None:
    """An SBI or NACE code of 2 to 5 digits (points allowed) with its parents; None where it does not exist.

    The division must be one of the version; where `known` lists the version's codes, the code must be in it too.
    """
    digits = code.replace(".", "").strip()
    if not (digits.isdigit() and 2 <= len(digits) <= 6) or (known and digits not in known):
        return None
    section = next((s for s, divisions in _sections(version).items() if digits[:2] in divisions), None)
    if section is None:
        return None
    return Activity(digits, version, section, (section, *(digits[:length] for length in range(2, len(digits)))))


def province_of(municipality: str, year: int, lists: Mapping[tuple[int, str], str] | None = None) -> str | None:
    """The province (PV code) a municipality lies in by the year's list; None where it is not in that list."""
    code = municipality.strip().upper().removeprefix("GM").zfill(4)
    return (_municipalities() | dict(lists or {})).get((year, code))


def has_list(year: int, lists: Mapping[tuple[int, str], str] | None = None) -> bool:
    """Whether there is a list of municipalities of a year."""
    return any(y == year for y, _ in (*_municipalities(), *(lists or {})))


def provinces_of(year: int, lists: Mapping[tuple[int, str], str] | None = None) -> list[str]:
    """The provinces that the list of a year covers."""
    listed = _municipalities() | dict(lists or {})
    return sorted({province for (y, _), province in listed.items() if y == year})


def size_band(employees: float | None) -> str | None:
    """The size band of a number of persons employed: micro under 10, small under 50, medium under 250, else large."""
    if employees is None or employees != employees or employees < 0:
        return None
    return next((band for bound, band in SIZE_BANDS if employees < bound), "large")


def size_band_sql(staff: str) -> str:
    """`size_band` as an SQL expression over a number of persons employed."""
    bounds = " ".join(f"WHEN {staff} < {bound} THEN '{band}'" for bound, band in SIZE_BANDS)
    return f"CASE WHEN {staff} IS NULL OR {staff} < 0 THEN NULL {bounds} ELSE 'large' END"


def recode(code: str, pairs: Iterable[tuple[str, str]]) -> Recoded:
    """What a code becomes by a declared correspondence (from, to): one code, none, or several candidates."""
    candidates = tuple(sorted({to for before, to in pairs if before == code}))
    return Recoded(candidates[0] if len(candidates) == 1 else None, candidates)


def own_municipalities(folder: Path) -> dict[tuple[int, str], str]:
    """The municipality lists of a survey's folder: (year, code) -> province."""
    return {
        (int(row["year"]), row["code"].strip()): row["province"].strip() for row in _rows(folder / "municipalities.csv")
    }


def own_activities(folder: Path, version: str) -> frozenset[str]:
    """The activity codes of a version that a survey's folder lists; empty where it lists none."""
    rows = _rows(folder / "sbi.csv")
    return frozenset(row["code"].replace(".", "").strip() for row in rows if row["version"].strip() == version)


def own_recoding(folder: Path) -> list[tuple[str, str]]:
    """What the codes of one version became in the next by a survey's `sbi_recoding.csv` (from, to)."""
    pairs = ((row["from"], row["to"]) for row in _rows(folder / "sbi_recoding.csv"))
    return [(before.replace(".", "").strip(), after.replace(".", "").strip()) for before, after in pairs]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def _declared() -> dict[str, dict[str, dict[str, object]]]:
    return dict(yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))


@functools.cache
def _sections(version: str) -> dict[str, frozenset[str]]:
    """Section -> its divisions."""
    sections = {}
    for section, divisions in _declared()["sbi"][version].items():
        first, _, last = str(divisions).partition("-")
        sections[section] = frozenset(f"{n:02d}" for n in range(int(first), int(last or first) + 1))
    return sections


@functools.cache
def _municipalities() -> dict[tuple[int, str], str]:
    return {
        (int(year), str(code)): province
        for year, provinces in _declared()["municipalities"].items()
        for province, codes in provinces.items()
        for code in codes  # type: ignore[attr-defined]
    }
