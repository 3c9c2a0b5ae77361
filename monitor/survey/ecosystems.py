"""The ecosystems that a survey looks at, and what fills the framework's fifty indicators of each: `ecosystems.yaml`.

Belongs here: reading the file and the outside sources it names, the catalogue they fill, what is wrong with either.
Does not belong here: the figures that a release puts there (`stages.disclosed.framework`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from monitor.frameworks import FOLDER
from monitor.problems import Problem
from monitor.survey.framework import (
    Described,
    Ecosystem,
    FrameCount,
    Framework,
    OutsideSource,
    OutsideValue,
    ProgrammeFigure,
    SurveyFigure,
)
from monitor.survey.lists import list_rows
from monitor.survey.model import Concept, Survey, unit_of
from monitor.survey.register import INITIATIVE_KINDS
from monitor.survey.yaml_lines import Report, Section, read, unknown_name

FILE = "ecosystems.yaml"
ALL = "all"
COLUMNS = ("number", "ecosystem", "year", "value", "low", "high")
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "MIT", "public-domain")


@dataclass(frozen=True)
class FrameworkIndicator:
    """One of the fifty."""

    number: int
    category: str
    unit: str
    sources: tuple[str, ...]
    fills: tuple[str, ...]
    """From what it can be filled: survey, frame, register, programmes, outside, described"""


@cache
def catalogue() -> Mapping[int, FrameworkIndicator]:
    """The framework's indicators by number."""
    report, top = read(FOLDER / "ecosystems.yaml", "ecosystems.yaml")
    found = {}
    for name, section in ((n, top.section(n)) for n in top.nodes) if top else ():
        if section is not None:
            found[int(name)] = FrameworkIndicator(
                int(name), section.text("category"), section.text("unit"), section.words("sources"),
                section.words("fills"),
            )  # fmt: skip
    report.require_none()
    return found


def read_framework(folder: Path, reports: list[Report], languages: tuple[str, ...]) -> Framework | None:
    """The folder's ecosystems, themes, outside sources and fillings; None where there is no such file."""
    if not (folder / FILE).is_file():
        return None
    report, top = read(folder / FILE, FILE)
    reports.append(report)
    if top is None:
        return None
    themes = top.section("themes", None)
    sources = {
        name: _source(name, section, languages, folder, reports)
        for name, section in top.sections("sources", None).items()
    }
    figures = {
        number: SurveyFigure(section.text("indicator"), section.line)
        for number, section in _numbered(top, "figures", "survey")
    }
    counts = {
        number: section.choice("initiatives", INITIATIVE_KINDS)
        for number, section in _numbered(top, "counts", "register")
    }
    framework = Framework(
        themes={name: themes.label(name, languages) for name in themes.nodes} if themes else {},
        sources=sources,
        figures=figures,
        counts=counts,
        frame={n: FrameCount(s.mapping("firms"), s.line) for n, s in _numbered(top, "frame", "frame")},
        programmes={
            n: ProgrammeFigure(s.words("programmes"), s.line) for n, s in _numbered(top, "programmes", "programmes")
        },
        ecosystems={name: _ecosystem(name, s, languages) for name, s in top.sections("ecosystems").items()},
    )
    top.close()
    return framework


def _numbered(outer: Section, key: str, fills: str) -> Iterator[tuple[int, Section]]:
    """Entries by an indicator's number, of those that can be filled so; others are reported."""
    for name, section in outer.sections(key, None).items():
        indicator = catalogue().get(int(name)) if name.isdigit() else None
        if indicator is None or fills not in indicator.fills:
            outer.report.add(
                f"{section.where}: the framework's indicator {name} cannot be filled so",
                section.line,
                expected=f"a number from 1 to {len(catalogue())} that can come from {fills}"
                if indicator is None
                else f"one of {', '.join(indicator.fills)}",
                found=name if indicator is None else fills,
                do="take it out, or fill it from a source of another kind",
            )
        else:
            yield indicator.number, section


def _ecosystem(name: str, section: Section, languages: tuple[str, ...]) -> Ecosystem:
    described = {
        number: Described(told.label("text", languages), told.label("by", languages), str(told.text("date")), told.line)
        for number, told in _numbered(section, "described", "described")
    }
    found = Ecosystem(
        name=name,
        label=section.label("label", languages),
        themes=section.words("themes", ()),
        sectors=section.words("sectors", ()),
        places=section.words("places", ()),
        initiatives=section.words("initiatives", ()),
        domain=_domain(section),
        described=described,
        lines={key: section.line_of(key) for key in ("themes", "sectors", "places", "initiatives", "domain")},
    )
    section.close()
    return found


def _domain(section: Section) -> tuple[str, str] | None:
    """The one domain whose firms the survey's figures are of."""
    given = section.mapping("domain", {})
    if len(given) > 1:
        section.report.add(
            "an ecosystem's figures are of one domain",
            section.line_of("domain"),
            expected="domain: {province: PV21}, or {all: all}",
            found=", ".join(given),
            do="name one; cross the variables with a measure of type category where both are meant",
        )
    return next(iter(given.items()), None)


def _source(
    name: str, section: Section, languages: tuple[str, ...], folder: Path, reports: list[Report]
) -> OutsideSource:
    file = str(section.text("file"))
    found = OutsideSource(
        name=name,
        label=section.label("label", languages),
        file=file,
        publisher=section.text("publisher"),
        address=section.text("address", None),
        licence=section.choice("licence", LICENCES),
        date=section.text("date"),
        about=section.label("about", languages),
        quality=section.label("quality", languages),
        synthetic=section.boolean("synthetic", False),
        values=_values(folder, file, section, reports) if "file" in section else (),
    )
    section.close()
    return found


def _values(folder: Path, file: str, section: Section, reports: list[Report]) -> tuple[OutsideValue, ...]:
    """The values of an outside source's file, one for each indicator, ecosystem and year."""
    path = folder / file
    if folder.resolve() not in path.resolve().parents or not path.is_file():
        section.report.add(
            "an outside source's file is not there",
            section.line_of("file"),
            expected="a CSV file or an Excel workbook inside the survey's folder",
            found=file,
            do="put it there, or correct its name",
        )
        return ()
    values: dict[tuple[int, str, int], OutsideValue] = {}
    for line, row in list_rows(path, COLUMNS, reports, file):
        value = _value(line, row, reports[-1])
        if value is None:
            continue
        key = (value.number, value.ecosystem, value.year)
        if key in values:
            reports[-1].add(
                f"indicator {value.number} has two values for {value.year}",
                line,
                expected="one value for each indicator, ecosystem and year",
                found=f"lines {values[key].line} and {line}",
                do="keep the newer one",
            )
        values[key] = value
    return tuple(values.values())


def _value(line: int, row: Mapping[str, str], report: Report) -> OutsideValue | None:
    """One record; None where it cannot be used, with the reason in the report."""
    indicator = catalogue().get(int(row["number"])) if row["number"].isdigit() else None
    numbers = {name: _number(row[name]) for name in ("value", "low", "high")}
    bad = [name for name in numbers if numbers[name] is None and (row[name].strip() or name == "value")]
    if indicator is None or "outside" not in indicator.fills:
        what, expected, found = "a value of an indicator that no outside source fills", "one that can", row["number"]
    elif bad or not row["year"].isdigit():
        what, expected = "a value of an outside source is no number", "a year, a value, and bounds or nothing"
        found = ", ".join(row[name] for name in [*bad, "year"])
    else:
        value = numbers["value"]
        return OutsideValue(
            indicator.number, row["ecosystem"], int(row["year"]), float(value or 0), numbers["low"], numbers["high"],
            line,
        )  # fmt: skip
    report.add(what, line, expected=expected, found=found, do="correct the record")
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def framework_problems(survey: Survey) -> Iterator[Problem]:
    """Themes, sectors, places, initiatives, domains and indicators that ecosystems name and nobody declares, and values
    of ecosystems that there are not."""
    if survey.framework is None:
        return
    framework = survey.framework
    for ecosystem in framework.ecosystems.values():
        yield from _members(survey, ecosystem)
    for number, figure in framework.figures.items():
        if figure.indicator not in survey.indicators:
            yield _unknown("figures", "indicator", figure.indicator, survey.indicators, figure.line)
        elif catalogue()[number].unit.startswith("share_") != (
            unit_of(survey, survey.indicators[figure.indicator]) == "share"
        ):
            yield Problem(
                f"the framework's indicator {number} is told in another unit than {figure.indicator!r}",
                file=FILE,
                line=figure.line,
                expected=catalogue()[number].unit,
                found=figure.indicator,
                do="name an indicator in that unit, or take it out",
            )
    yield from _counts(survey, framework)
    for source in framework.sources.values():
        for value in source.values:
            if value.ecosystem and value.ecosystem not in framework.ecosystems:
                yield _unknown(
                    f"source {source.name!r}", "ecosystem", value.ecosystem, framework.ecosystems, value.line
                )


def _counts(survey: Survey, framework: Framework) -> Iterator[Problem]:
    """What is counted over the frame or over grants, and is not there or not in the indicator's unit."""
    framed = {name for wave in survey.waves.values() if wave.frame for name in wave.frame.columns.values()}
    for number, count in framework.frame.items():
        if catalogue()[number].unit != "firms":
            yield _other_unit(number, "a number of firms", count.line)
        for concept, code in count.having.items():
            declared = survey.concepts.get(concept)
            codes = ("true", "false") if declared and declared.type == "boolean" else declared.codes if declared else ()
            if concept not in framed or declared is None:
                known = sorted(framed & {*survey.concepts})
                yield _unknown(f"frame.{number}", "concept of the frame", concept, known, count.line)
            elif code not in codes:
                yield _unknown(f"frame.{number}", f"code of {concept}", code, codes, count.line)
    for number, figure in framework.programmes.items():
        if catalogue()[number].unit not in ("programmes", "share_of_firms", "eur"):
            yield _other_unit(number, "a number of programmes, a share of firms, or euros granted", figure.line)
        for name in figure.programmes:
            if name not in survey.programmes:
                yield _unknown(f"programmes.{number}", "programme", name, survey.programmes, figure.line)


def _other_unit(number: int, counted: str, line: int) -> Problem:
    return Problem(
        f"the framework's indicator {number} is told in another unit than what is counted",
        file=FILE,
        line=line,
        expected=catalogue()[number].unit,
        found=counted,
        do="fill it from another source, or take it out",
    )


def _members(survey: Survey, ecosystem: Ecosystem) -> Iterator[Problem]:
    def codes(concept: str) -> Mapping[str, object]:
        declared: Concept | None = survey.concepts.get(concept)
        return declared.codes if declared else {}

    what = f"ecosystem {ecosystem.name!r}"
    known: Mapping[str, Mapping[str, object]] = {
        "themes": survey.framework.themes if survey.framework else {},
        "sectors": codes("sector"),
        "places": codes("province"),
        "initiatives": survey.initiatives,
    }
    for key, members in known.items():
        for name in getattr(ecosystem, key):
            if name not in members:
                yield _unknown(what, key.removesuffix("s"), name, members, ecosystem.lines[key])
    if ecosystem.domain is not None and ecosystem.domain != (ALL, ALL):
        variable, code = ecosystem.domain
        declared = survey.measures.get(variable)
        known_codes = declared.codes if declared else codes(variable)
        if variable not in survey.domains:
            yield _unknown(what, "domain", variable, survey.domains, ecosystem.lines["domain"])
        elif known_codes and code not in known_codes:
            yield _unknown(what, f"code of {variable}", code, known_codes, ecosystem.lines["domain"])


def _unknown(what: str, kind: str, name: str, known: Iterable[str], line: int) -> Problem:
    return unknown_name(what, kind, name, known, FILE, line)
