"""Official codes of a wave's firms held against their classification.

Belongs here: the table staged_codes, a row per code that does not exist or contradicts another. Does not belong here:
the classifications (`classification`), or keeping anyone out.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from monitor.storage.lake import Lake, columns_in, quoted
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


def write_codes(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> int:
    """Write staged_codes: firm, held_in (answers or frame), concept, code, finding. Returns its rows.

    An SBI code must exist in the version that the register used in the wave's year; a municipality must be in the
    year's list and lie in the firm's province. Where the year has no list that itself is the finding, without a firm;
    so is a survey whose waves use two versions. Where it declares what the older codes became, those that were split
    or ended are the findings.
    """
    year = _year(wave)
    version = sbi_version(year)
    others = {sbi_version(_year(other)) for other in survey.waves.values()} - {version}
    recoded = own_recoding(survey.folder)
    known, lists = own_activities(survey.folder, version), own_municipalities(survey.folder)
    later = max(others, default=version)

    def judge(code: str) -> str | None:
        if activity(code, version, known) is None:
            return f"no code of the SBI {version}"
        became = recode(code.replace(".", ""), recoded)
        if not recoded or later <= version or became.code:
            return None
        one_of = f"one of {', '.join(became.candidates)}" if became.ambiguous else "none"
        return f"becomes {one_of} in the SBI {later}"

    found: list[tuple[str | None, str, str, str, str]] = []
    for table in ("staged_frame", "staged_answers"):
        if not lake.has(table, wave.name):
            continue
        scan = lake.scan(table, wave.name)
        there = set(columns_in(connection, f"SELECT * FROM {scan}"))
        held_in = table.removeprefix("staged_")
        if "sbi_code" in there:
            odd = {code: finding for code in _distinct(connection, scan, "sbi_code") if (finding := judge(code))}
            found += [(f, held_in, "sbi_code", c, odd[c]) for f, c in _firms(connection, scan, "sbi_code", list(odd))]
            if others and not recoded:
                # No public table says what every code became; a survey that compares activities has to say so itself.
                finding = f"other waves use the SBI {max(others)}; no sbi_recoding.csv says which codes belong together"
                found.append((None, held_in, "sbi_code", f"SBI {version}", finding))
        if "municipality_code" in there and not has_list(year, lists):
            if count := len(_distinct(connection, scan, "municipality_code")):
                finding = f"not judged: there is no list of {year} (municipalities.csv of the survey may hold one)"
                found.append((None, held_in, "municipality_code", f"{count} codes", finding))
        elif "municipality_code" in there:
            places = {c: province_of(c, year, lists) for c in _distinct(connection, scan, "municipality_code")}
            unknown = [code for code, province in places.items() if province is None]
            finding = f"not in the list of {year}, which covers {', '.join(provinces_of(year, lists))}"
            found += [
                (f, held_in, "municipality_code", c, finding)
                for f, c in _firms(connection, scan, "municipality_code", unknown)
            ]
            if "province" in there:
                found += _elsewhere(connection, scan, held_in, places)
    frame = pd.DataFrame(sorted(found, key=str), columns=list(CODE_TYPES)).astype(CODE_TYPES)
    return lake.write("staged_codes", wave.name, frame)


def _year(wave: Wave) -> int:
    return int(wave.name[:4]) if wave.name[:4].isdigit() else wave.reference_year


def _distinct(connection: duckdb.DuckDBPyConnection, scan: str, column: str) -> list[str]:
    query = f"SELECT DISTINCT {quoted(column)} FROM {scan} WHERE {quoted(column)} IS NOT NULL ORDER BY 1"
    return [str(row[0]) for row in connection.execute(query).fetchall()]


def _firms(
    connection: duckdb.DuckDBPyConnection, scan: str, column: str, codes: list[str]
) -> list[tuple[str | None, str]]:
    query = f"SELECT firm, {quoted(column)} FROM {scan} WHERE list_contains($codes::VARCHAR[], {quoted(column)})"
    return [(row[0], str(row[1])) for row in connection.execute(query, {"codes": codes}).fetchall()] if codes else []


def _elsewhere(
    connection: duckdb.DuckDBPyConnection, scan: str, held_in: str, places: dict[str, str | None]
) -> list[tuple[str | None, str, str, str, str]]:
    """Firms whose municipality lies in another province than theirs."""
    query = (
        f"SELECT firm, municipality_code, province FROM {scan} "
        "WHERE municipality_code IS NOT NULL AND province IS NOT NULL"
    )
    return [
        (firm, held_in, "municipality_code", code, f"lies in {places[code]}, not in {province}")
        for firm, code, province in connection.execute(query).fetchall()
        if places.get(code) is not None and places[code] != province
    ]
