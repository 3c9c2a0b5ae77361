"""From `waves/*.yaml` to `Wave`s.

Belongs here: reading a wave's delivery, frame and questions. Does not belong here: what ties them to the survey
(`check`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.storage.lake import ALL_WAVES
from monitor.survey.folders import FILE_PATTERN_IS, FOLDER_NAME_IS, is_file_pattern, is_folder_name
from monitor.survey.model import INTERVIEW, Delivery, Frame, Question, Wave
from monitor.survey.yaml_lines import REQUIRED, Report, Section, read

FORMATS = ("delimited", "qualtrics", "limesurvey", "excel", "spss", "stata", "parquet")
MISSING_KINDS = ("not_asked", "refused", "dont_know", "break_off", "invalid", "absent")


def read_waves(folder: Path, reports: list[Report], languages: tuple[str, ...]) -> dict[str, Wave]:
    """Every declared wave by its name, in the order of the names. Mistakes go into `reports`."""
    waves = {}
    files = sorted((folder / "waves").glob("*.yaml"))
    if not files:
        report = Report("waves/")
        report.add(
            "the survey has no wave",
            None,
            expected="waves/<year>.yaml",
            found="none",
            do="declare one, or let `monitor new-wave DIR --from FILE` propose it",
        )
        reports.append(report)
    seen: dict[str, str] = {}
    for file in files:
        report, top = read(file, f"waves/{file.name}")
        reports.append(report)
        _check_name(report, file.stem, seen)
        if top is not None:
            waves[file.stem] = declared_wave(file, report, top, languages)
            top.close()
    return waves


def _check_name(report: Report, name: str, seen: dict[str, str]) -> None:
    """A wave's name is a folder's; two that differ in case alone would be one folder on many systems."""
    if not is_folder_name(name) or name.lower() == ALL_WAVES:
        report.add(
            "the wave's name cannot be a folder's",
            None,
            expected=f"{FOLDER_NAME_IS}, and not {ALL_WAVES!r}",
            found=name,
            do="name the file after the year of the fieldwork",
        )
    if (other := seen.setdefault(name.lower(), name)) != name:
        report.add("two waves' names differ in case alone", None, found=f"{other} and {name}", do="rename one of them")


def _file(section: Section, key: str, default: Any = REQUIRED) -> Any:
    """The name or pattern of a file in the wave's inbox."""
    pattern = section.text(key, default)
    if key in section and pattern is not None and not is_file_pattern(pattern):
        section.report.add(
            f"{section.where}: {key} names no file of the inbox",
            section.line_of(key),
            expected=FILE_PATTERN_IS,
            found=pattern or "an empty value",
            do="declare a file name, and put the file into the wave's inbox",
        )
    return pattern


def declared_wave(file: Path, report: Report, top: Section, languages: tuple[str, ...]) -> Wave:
    """The wave that a file's mapping declares. Mistakes go into the report."""
    name = top.text("wave")
    if name != file.stem:
        report.add(
            "the wave's name differs from its file's",
            top.line_of("wave"),
            expected=file.stem,
            found=name,
            do="rename one of them",
        )
    frame, delivery = top.section("frame", None), top.section("delivery")
    missing = top.mapping("missing", {})
    _check_kinds(report, top.line_of("missing"), missing)
    not_asked = top.section("not_asked", None)
    return Wave(
        name=file.stem,
        reference_year=top.number("reference_year", whole=True),
        delivery=_delivery(delivery) if delivery else Delivery("delimited", ""),
        questions={
            concept: _question(concept, section, languages) for concept, section in top.sections("questions").items()
        },
        file=file,
        frame=_frame(frame) if frame else None,
        missing=missing,
        usable=top.text("usable", "true"),
        duplicates=top.choice("duplicates", ("fail", "most_complete", "latest"), "fail"),
        invited=top.number("invited", None, least=1, whole=True),
        corrections=_file(top, "corrections", "corrections.csv"),
        not_asked={name: not_asked.label(name, languages) for name in not_asked.nodes} if not_asked else {},
        lines=top.lines,
    )


def _delivery(section: Section) -> Delivery:
    default = Delivery("delimited", "")
    delivery = Delivery(
        format=section.choice("format", FORMATS),
        file=_file(section, "file"),
        delimiter=section.text("delimiter", None),
        encoding=section.text("encoding", None),
        decimal=section.choice("decimal", (".", ","), default.decimal),
        thousands=section.text("thousands", None),
        label_file=_file(section, "label_file", None),
        sheet=section.text("sheet", None),
        header_line=section.number("header_line", default.header_line, least=1, whole=True),
        values=section.choice("values", ("codes", "labels"), default.values),
        date_format=section.text("date_format", None),
    )
    section.close()
    return delivery


def _frame(section: Section) -> Frame:
    codes = section.section("codes", None)
    frame = Frame(
        file=_file(section, "file"),
        columns=section.mapping("columns"),
        codes={concept: codes.mapping(concept) for concept in codes.nodes} if codes else {},
        delimiter=section.text("delimiter", None),
        encoding=section.text("encoding", None),
        decimal=section.choice("decimal", (".", ","), "."),
        thousands=section.text("thousands", None),
    )
    section.close()
    return frame


def _question(concept: str, section: Section, languages: tuple[str, ...]) -> Question:
    report = section.report
    if ("column" in section) == ("columns" in section):
        report.add(
            f"{section.where} must name its source",
            section.line,
            expected="`column: X` or `columns: {X: code}`",
            found="both" if "column" in section else "neither",
            do="name the column of the delivery",
        )
    columns = section.mapping("columns", {})
    if "column" in section:
        columns = {section.text("column"): concept}
    missing = section.mapping("missing", {})
    _check_kinds(report, section.line_of("missing"), missing)
    text = section.label("text", languages, {})
    question = Question(
        concept=concept,
        columns=columns,
        line=section.line,
        text=text,
        period=_period(section, text),
        codes=section.mapping("codes", {}),
        ticked=section.words("ticked", ()),
        separator=section.text("separator", None),
        missing=missing,
        factor=float(section.number("factor", 1.0)),
        asked_of=section.text("asked_of", None),
        otherwise=section.plain("otherwise", None),
        blank=section.plain("blank", None),
        blank_when=section.text("blank_when", None),
        of_staff=section.boolean("of_staff", False),
        required=section.boolean("required", True),
        comparability=section.choice("comparability", ("asked", "reworded", "recoded"), "asked"),
        comparable_since=section.text("comparable_since", None),
        changed=section.label("changed", languages, {}),
    )
    section.close()
    return question


def _period(section: Section, text: Mapping[str, str]) -> str | None:
    """The period a question declares, held against the years that its words name."""
    period: str | None = section.text("period", None)
    if period is None:
        return None
    years = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", period)
    if period != INTERVIEW and (years is None or years[1] >= (years[2] or "9999")):
        section.report.add(
            f"{section.where}: period is not usable",
            section.line_of("period"),
            expected="a year (2018), years (2016-2018) or `interview`",
            found=period,
            do="write what the question asks about",
        )
        return None
    for language, words in text.items():
        named = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", words)
        if years and named and {years[1], years[2] or years[1]} != {min(named), max(named)}:
            section.report.add(
                f"{section.where}: the question's words and its period name other years",
                section.line_of("period"),
                expected="-".join(dict.fromkeys((min(named), max(named)))) + f" (text, {language})",
                found=period,
                do="correct the one that is not what was asked",
            )
    return period


def _check_kinds(report: Report, line: int, missing: Mapping[str, str]) -> None:
    for code, kind in missing.items():
        if kind not in MISSING_KINDS:
            report.add(
                f"missing code {code!r} has an unknown kind",
                line,
                expected="one of " + ", ".join(MISSING_KINDS),
                found=kind,
                do="choose the kind that says why the value is absent",
            )
