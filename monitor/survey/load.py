"""From a survey folder to a `Survey`, or to every mistake in it at once.

Belongs here: reading `survey.yaml`, `waves/`, `claims.yaml`, `rules.yaml`, `initiatives.csv` and `margins/`, and the
checks that need one file only. Does not belong here: checks that tie files together (`check`).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from monitor.problems import DefinitionError, Problem
from monitor.survey import check
from monitor.survey.model import (
    Base,
    Calibration,
    Concept,
    Delivery,
    DesignPlan,
    Disclosure,
    Frame,
    Indicator,
    Initiative,
    Margin,
    Measure,
    Question,
    Survey,
    Wave,
)
from monitor.survey.yaml_lines import Report, Section, read

CONCEPTS = Path(__file__).parent.parent / "concepts.yaml"
CONCEPT_TYPES = (
    "identifier",
    "number",
    "integer",
    "percentage",
    "boolean",
    "category",
    "categories",
    "date",
    "text",
)
MISSING_KINDS = ("not_asked", "refused", "dont_know", "break_off", "invalid", "absent")
FORMATS = ("delimited", "qualtrics", "limesurvey", "excel", "spss", "stata", "parquet")
ESTIMATORS = ("share", "mean", "total", "ratio", "median")
INITIATIVE_KINDS = ("network", "test_environment", "incubator")
COUNTS = ("enterprises", "local_units")
LANGUAGES = ("nl", "en")


def load_survey(folder: Path) -> Survey:
    """Read and check a survey folder.

    Raises DefinitionError with every problem of every file, each with file, line, what was expected, what was found
    and what to do.
    """
    folder = Path(folder)
    if not (folder / "survey.yaml").is_file():
        raise DefinitionError(
            Problem(
                "this is not a survey folder",
                file=str(folder),
                expected="a folder with survey.yaml and waves/",
                found="no survey.yaml" if folder.is_dir() else "no such folder",
                do="give the folder with --survey, or begin one with `monitor new-survey DIR --from FILE`",
            )
        )
    reports: list[Report] = []
    survey = _survey(folder, reports)
    problems = [problem for report in reports for problem in report.problems]
    # Checks between files read what single-file checks accepted; on a broken file they would only repeat its problems.
    problems = problems or check.between_files(survey)
    if problems:
        raise DefinitionError(problems)
    used = check.concepts_used(survey)
    return replace(survey, concepts={name: c for name, c in survey.concepts.items() if name in used})


@cache
def canonical_concepts() -> Mapping[str, Concept]:
    """The concepts that come with the product."""
    report, top = read(CONCEPTS, "concepts.yaml")
    concepts = _concepts(top, LANGUAGES) if top else {}
    if report.problems:
        raise DefinitionError(report.problems)
    return concepts


def _survey(folder: Path, reports: list[Report]) -> Survey:
    report, top = read(folder / "survey.yaml", "survey.yaml")
    reports.append(report)
    if top is None:
        raise DefinitionError(report.problems)
    languages = top.words("languages", LANGUAGES)
    if unknown := [language for language in languages if language not in LANGUAGES]:
        report.add(
            "survey.yaml: languages holds an unknown one",
            top.line_of("languages"),
            expected="nl, en",
            found=", ".join(unknown),
            do="remove it",
        )
    own = top.section("concepts", None)
    initiatives = _initiatives(folder, reports)
    concepts = dict(canonical_concepts()) | (_concepts(own, languages) if own else {})
    if initiatives:
        concepts["initiatives"] = _with_codes(
            concepts["initiatives"], {code: initiative.label for code, initiative in initiatives.items()}
        )
    measures, absent = _measures(top, languages)
    waves = _waves(folder, reports, languages)
    claims = _list_of(folder / "claims.yaml", "claims", reports)
    survey = Survey(
        name=top.text("survey"),
        title=top.label("name", languages),
        languages=languages,
        synthetic=top.boolean("synthetic", False),
        source=top.label("source", languages),
        population=top.label("population", languages),
        seed=top.number("seed", whole=True, least=0),
        folder=folder,
        concepts=concepts,
        design=_design(top),
        domains=top.words("domains", ()),
        measures=measures,
        absent_measures=absent,
        bases={
            name: Base(name, section.text("sql"), section.label("label", languages), section.line)
            for name, section in top.sections("bases", None).items()
            if _closed(section, "sql", "label")
        },
        indicators=_indicators(top, languages),
        models=top.plain("models", {}),
        initiatives=initiatives,
        claims=tuple(claims),
        claims_hash=_hash([folder / "claims.yaml"]) if claims else None,
        imputation=top.plain("imputation", {}),
        disclosure=_disclosure(top),
        waves=waves,
        margins={name: _margins(folder, name, reports) for name in waves},
        rules=tuple(_list_of(folder / "rules.yaml", "expectations", reports)),
        definition_hash=_hash(sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))),
        lines=top.lines,
    )
    top.close()
    return survey


def _closed(section: Section, *keys: str) -> bool:
    """Ask for the keys a comprehension is about to read, so that unknown ones are reported."""
    section.asked.update(keys)
    section.close()
    return True


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _with_codes(concept: Concept, codes: Mapping[str, Mapping[str, str]]) -> Concept:
    return replace(concept, codes=codes)


def _concepts(top: Section, languages: tuple[str, ...]) -> dict[str, Concept]:
    concepts = {}
    for name in top.nodes:
        section = top.section(name)
        if section is None:
            continue
        codes = section.section("codes", None)
        label = section.label("label", languages)
        concepts[name] = Concept(
            name=name,
            type=section.choice("type", CONCEPT_TYPES),
            label=label,
            definition=section.label("definition", languages, label),
            unit=section.text("unit", None),
            minimum=section.number("minimum", None),
            maximum=section.number("maximum", None),
            codes={code: codes.label(code, languages) for code in codes.nodes} if codes else {},
            cis_code=section.mapping("cis_code", {}),
            direct_identifier=section.boolean("direct_identifier", False),
            imputable=section.boolean("imputable", False),
        )
        if not name.isidentifier() or name != name.lower():
            top.report.add(
                f"{name!r} is not a usable concept name",
                top.line_of(name),
                expected="lower case letters, digits and underscores",
                found=name,
                do="rename it",
            )
        section.close()
    return concepts


def _measures(top: Section, languages: tuple[str, ...]) -> tuple[dict[str, Measure], dict[str, str]]:
    measures, absent = {}, {}
    for name, section in top.sections("measures").items():
        if "absent" in section:
            absent[name] = section.text("absent")
        else:
            label = section.label("label", languages)
            measures[name] = Measure(
                name=name,
                sql=section.text("sql"),
                type=section.choice("type", ("boolean", "number", "percentage", "category"), "boolean"),
                label=label,
                definition=section.label("definition", languages, label),
                unit=section.text("unit", None),
                line=section.line_of("sql"),
            )
        section.close()
    return measures, absent


def _indicators(top: Section, languages: tuple[str, ...]) -> dict[str, Indicator]:
    indicators = {}
    for name, section in top.sections("indicators", None).items():
        indicators[name] = Indicator(
            name=name,
            measure=section.text("measure"),
            estimator=section.choice("estimator", ESTIMATORS),
            base=section.text("base"),
            label=section.label("label", languages),
            denominator=section.text("denominator", None),
            headline=section.boolean("headline", False),
            line=section.line,
        )
        section.close()
    return indicators


def _design(top: Section) -> DesignPlan:
    section = top.section("design")
    if section is None:
        return DesignPlan(weights="equal")
    calibration = section.section("calibration", None)
    plan = DesignPlan(
        weights=section.choice("weights", ("frame", "supplied", "equal")),
        weight=section.text("weight", None),
        strata=section.words("strata", ()),
        response=section.choice("response", ("none", "classes", "logistic"), "none"),
        response_classes=section.words("response_classes", ()),
        calibration=_calibration(calibration) if calibration else Calibration(),
        lonely_stratum=section.choice("lonely_stratum", ("fail", "certainty", "collapse", "centre"), "fail"),
        replicates=section.number("replicates", 500, least=2, whole=True),
        counts=section.choice("counts", COUNTS, "enterprises"),
    )
    section.close()
    return plan


def _calibration(section: Section) -> Calibration:
    bounds = section.words("bounds", ())
    calibration = Calibration(
        method=section.choice("method", ("none", "raking", "linear", "logit"), "none"),
        margins=section.groups("margins", ()),
        bounds=(float(bounds[0]), float(bounds[1])) if len(bounds) == 2 else None,
    )
    section.close()
    return calibration


def _disclosure(top: Section) -> Disclosure:
    section = top.section("disclosure", None)
    if section is None:
        return Disclosure()
    default = Disclosure()
    disclosure = Disclosure(
        minimum_firms=section.number("minimum_firms", default.minimum_firms, least=1, whole=True),
        minimum_df=section.number("minimum_df", default.minimum_df, least=1, whole=True),
        minimum_events=section.number("minimum_events", default.minimum_events, least=1, whole=True),
        p_percent=float(section.number("p_percent", default.p_percent, least=0)),
        dominance=float(section.number("dominance", default.dominance, least=0)),
    )
    section.close()
    return disclosure


def _waves(folder: Path, reports: list[Report], languages: tuple[str, ...]) -> dict[str, Wave]:
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
    for file in files:
        report, top = read(file, f"waves/{file.name}")
        reports.append(report)
        if top is not None:
            waves[file.stem] = _wave(file, report, top, languages)
            top.close()
    return waves


def _wave(file: Path, report: Report, top: Section, languages: tuple[str, ...]) -> Wave:
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
        corrections=top.text("corrections", "corrections.csv"),
        not_asked={name: not_asked.label(name, languages) for name in not_asked.nodes} if not_asked else {},
        lines=top.lines,
    )


def _delivery(section: Section) -> Delivery:
    default = Delivery("delimited", "")
    delivery = Delivery(
        format=section.choice("format", FORMATS),
        file=section.text("file"),
        delimiter=section.text("delimiter", None),
        encoding=section.text("encoding", None),
        decimal=section.choice("decimal", (".", ","), default.decimal),
        thousands=section.text("thousands", None),
        label_file=section.text("label_file", None),
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
        file=section.text("file"),
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
    question = Question(
        concept=concept,
        columns=columns,
        line=section.line,
        text=section.label("text", languages, {}),
        codes=section.mapping("codes", {}),
        ticked=section.words("ticked", ()),
        separator=section.text("separator", None),
        missing=missing,
        factor=float(section.number("factor", 1.0)),
        asked_of=section.text("asked_of", None),
        otherwise=section.plain("otherwise", None),
        blank=section.plain("blank", None),
        blank_when=section.text("blank_when", None),
        required=section.boolean("required", True),
        comparability=section.choice("comparability", ("asked", "reworded", "recoded"), "asked"),
        comparable_since=section.text("comparable_since", None),
        changed=section.label("changed", languages, {}),
    )
    section.close()
    return question


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


def _list_of(file: Path, key: str, reports: list[Report]) -> list[Mapping[str, Any]]:
    """The list under one key of an optional YAML file; each item keeps the line it begins on as `line`."""
    if not file.exists():
        return []
    report, top = read(file, file.name)
    reports.append(report)
    if top is None:
        return []
    items = top.plain(key)
    node = top.nodes.get(key)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        report.add(
            f"{file.name}: {key} is not a list of mappings",
            top.line_of(key),
            expected=f"{key}: [- name: ...]",
            do="write one `- ` entry for each",
        )
        return []
    return [item | {"line": child.start_mark.line + 1} for item, child in zip(items, node.value, strict=True)]  # type: ignore[union-attr]


def _rows(
    file: Path, columns: tuple[str, ...], reports: list[Report], shown_as: str
) -> list[tuple[int, dict[str, str]]]:
    """The records of a small CSV file of the folder with their lines; problems in the header are reported."""
    if not file.exists():
        return []
    report = Report(shown_as)
    reports.append(report)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        header = tuple(reader.fieldnames or ())
        if missing := [column for column in columns if column not in header]:
            report.add(
                "the header lacks columns",
                1,
                expected=",".join(columns),
                found=",".join(header) or "nothing",
                do=f"add {', '.join(missing)}",
            )
            return []
        rows = []
        for row in reader:
            if None in row or None in row.values():
                report.add(
                    "the record has another number of values than the header",
                    reader.line_num,
                    expected=str(len(header)),
                    do="quote values that hold a comma",
                )
            else:
                rows.append((reader.line_num, row))
    return rows


def _initiatives(folder: Path, reports: list[Report]) -> dict[str, Initiative]:
    initiatives: dict[str, Initiative] = {}
    for line, row in _rows(
        folder / "initiatives.csv", ("code", "kind", "name_nl", "name_en"), reports, "initiatives.csv"
    ):
        report, code = reports[-1], row["code"]
        if code in initiatives:
            report.add("an initiative's code is there twice", line, found=code, do="give each its own code")
        if row["kind"] not in INITIATIVE_KINDS:
            report.add(
                f"initiative {code!r} has an unknown kind",
                line,
                expected="one of " + ", ".join(INITIATIVE_KINDS),
                found=row["kind"],
                do="correct it",
            )
        initiatives[code] = Initiative(code, row["kind"], {"nl": row["name_nl"], "en": row["name_en"]})
    return initiatives


def _margins(folder: Path, wave: str, reports: list[Report]) -> tuple[Margin, ...]:
    columns = ("variables", "categories", "total", "counts", "source", "date")
    margins = []
    for line, row in _rows(folder / "margins" / f"{wave}.csv", columns, reports, f"margins/{wave}.csv"):
        report = reports[-1]
        variables, categories = tuple(row["variables"].split("*")), tuple(row["categories"].split("*"))
        try:
            total = float(row["total"])
        except ValueError:
            total = -1.0
        if not 0 <= total < float("inf"):
            report.add(
                "a margin's total is no count",
                line,
                expected="a number from 0 up",
                found=row["total"],
                do="write it with a decimal point and no thousands mark",
            )
        if len(variables) != len(categories):
            report.add(
                "a crossed margin needs a category for each variable",
                line,
                expected=str(len(variables)),
                found=row["categories"],
                do="join the categories by `*`",
            )
        if row["counts"] not in COUNTS:
            report.add(
                "a margin must say what it counts",
                line,
                expected="enterprises or local_units",
                found=row["counts"],
                do="enterprises are bedrijven, local units are vestigingen",
            )
        margins.append(Margin(variables, categories, total, row["counts"], row["source"], row["date"], line))
    return tuple(margins)
