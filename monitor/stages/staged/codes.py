"""Official codes of a wave's firms held against their classification.

Belongs here: the table staged_codes, a row per code that does not exist or contradicts another. Does not belong here:
the classifications (`classification`), or keeping anyone out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd

from monitor.stages.staged.query import codes_query, firms_of_codes_query, places_query
from monitor.storage.lake import Lake, columns_in
from monitor.survey import Survey, Wave
from monitor.survey.classification import (
    activity,
    has_list,
    own_activities,
    own_municipalities,
    own_recoding,
    province_of,
    provinces_of,
    recode,
    sbi_version,
)

CODE_TYPES = dict.fromkeys(("firm", "held_in", "concept", "code", "finding"), "string")


Finding = tuple[str | None, str, str, str, str]
"""A row of staged_codes; the firm is missing where a finding is about the wave"""


def write_codes(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> int:
    """Write staged_codes: firm, held_in (answers or frame), concept, code, finding. Returns its rows.

    An SBI code must exist in the version that the register used in the wave's year; a municipality must be in the
    year's list and lie in the firm's province. Where the year has no list that itself is the finding, without a firm;
    so is a survey whose waves use two versions. Where it declares what the older codes became, those that were split
    or ended are the findings.
    """
    found: list[Finding] = []
    for table in ("staged_frame", "staged_answers"):
        if not lake.has(table, wave.name):
            continue
        held = _Held(connection, lake.scan(table, wave.name), table.removeprefix("staged_"))
        there = set(columns_in(connection, f"SELECT * FROM {held.relation}"))
        if "sbi_code" in there:
            found += _odd_activities(held, survey, wave)
        if "municipality_code" in there:
            found += _odd_municipalities(held, survey, wave, "province" in there)
    frame = pd.DataFrame(sorted(found, key=str), columns=list(CODE_TYPES)).astype(CODE_TYPES)
    return lake.write("staged_codes", wave.name, frame)


@dataclass(frozen=True)
class _Held:
    """A table with codes of firms."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    held_in: str

    def codes(self, column: str) -> list[str]:
        """The codes of a column, each once."""
        return [str(row[0]) for row in self.connection.execute(codes_query(self.relation, column)).fetchall()]

    def firms(self, column: str, findings: Mapping[str, str]) -> list[Finding]:
        """A finding for each firm with one of these codes."""
        if not findings:
            return []
        query = firms_of_codes_query(self.relation, column)
        rows = self.connection.execute(query, {"codes": list(findings)}).fetchall()
        return [(firm, self.held_in, column, str(code), findings[str(code)]) for firm, code in rows]


def _odd_activities(held: _Held, survey: Survey, wave: Wave) -> list[Finding]:
    """SBI codes that do not exist in the wave's version, or that a later version split or ended."""
    version = sbi_version(_year(wave))
    others = {sbi_version(_year(other)) for other in survey.waves.values()} - {version}
    recoded = own_recoding(survey.folder)
    known = own_activities(survey.folder, version)
    later = max(others, default=version)

    def judge(code: str) -> str | None:
        if activity(code, version, known) is None:
            return f"no code of the SBI {version}"
        became = recode(code.replace(".", ""), recoded)
        if not recoded or later <= version or became.code:
            return None
        one_of = f"one of {', '.join(became.candidates)}" if became.ambiguous else "none"
        return f"becomes {one_of} in the SBI {later}"

    odd = {code: finding for code in held.codes("sbi_code") if (finding := judge(code))}
    found = held.firms("sbi_code", odd)
    if others and not recoded:
        # No public table says what every code became; a survey that compares activities has to say so itself.
        finding = f"other waves use the SBI {max(others)}; no sbi_recoding.csv says which codes belong together"
        found.append((None, held.held_in, "sbi_code", f"SBI {version}", finding))
    return found


def _odd_municipalities(held: _Held, survey: Survey, wave: Wave, provinces: bool) -> list[Finding]:
    """Municipalities that the year's list does not have or, where firms' `provinces` are known, has in another."""
    year, lists = _year(wave), own_municipalities(survey.folder)
    codes = held.codes("municipality_code")
    if not has_list(year, lists):
        finding = f"not judged: there is no list of {year} (municipalities.csv of the survey may hold one)"
        return [(None, held.held_in, "municipality_code", f"{len(codes)} codes", finding)] if codes else []
    places = {code: province_of(code, year, lists) for code in codes}
    finding = f"not in the list of {year}, which covers {', '.join(provinces_of(year, lists))}"
    unknown = [code for code, province in places.items() if province is None]
    found = held.firms("municipality_code", dict.fromkeys(unknown, finding))
    if provinces:
        found += [
            (firm, held.held_in, "municipality_code", code, f"lies in {places[code]}, not in {province}")
            for firm, code, province in held.connection.execute(places_query(held.relation)).fetchall()
            if places.get(code) is not None and places[code] != province
        ]
    return found


def _year(wave: Wave) -> int:
    return int(wave.name[:4]) if wave.name[:4].isdigit() else wave.reference_year
