"""The report's tables and figures, picked from the disclosed tables.

Belongs here: which lines stand in which table or figure, and how they are written. Does not belong here: pages
(`site`, `paper`), drawing (`charts`), computing anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from monitor.contract.columns import EVERYONE, RELIABILITY
from monitor.contract.outcomes import counted
from monitor.publication.report import charts, foreign
from monitor.publication.report.numbers import known
from monitor.publication.report.words import Words
from monitor.publication.spelling import spelled
from monitor.survey import Survey
from monitor.wording.sentences import say

Line = Mapping[Any, Any]


@dataclass(frozen=True)
class Head:
    """A column of a printed table."""

    text: str
    right: bool = False
    long: bool = False


@dataclass(frozen=True)
class Printed:
    """A table as it is printed: every cell is text."""

    caption: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[str, ...], ...]
    anchors: tuple[str, ...] = ()
    """An identifier for each row, where pages link to rows"""


@dataclass(frozen=True)
class Drawn:
    """What a figure draws: lines of one public table, in the order of its marks."""

    name: str
    """The figure's identifier, the same in every language"""
    table: str
    points: tuple[tuple[str, Line], ...]
    """What the figure calls a line, and the line"""


@dataclass(frozen=True)
class Chart:
    """A figure with its words, and the same in a table."""

    title: str
    svg: Markup
    note: str = ""
    table: Printed | None = None
    domain: str = ""
    description: str = ""
    drawn: Drawn | None = None
    """What it draws; None for a picture that draws no line of a table"""
    panels: tuple[Chart, ...] = ()
    """The figures that it is made of: a page sets them in a row as wide as the screen, its own picture two in a row"""


def drawn(name: str, table: str, marks: Iterable[charts.Mark], found: Iterable[Line]) -> Drawn:
    """A figure's marks with the lines they stand for."""
    return Drawn(name, table, tuple((mark.label, line) for mark, line in zip(marks, found, strict=True)))


def described(marks: Iterable[charts.Mark]) -> str:
    """A figure's marks in words, for those who do not see it."""
    return "; ".join(f"{m.label}: {m.text}" for m in marks)


class Records:
    """A disclosed table as mappings, NULL as None, found by any of its columns without looking at every row."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.rows: list[Line] = list(frame.astype("object").where(frame.notna(), None).to_dict("records"))
        self.found: dict[tuple[str, ...], dict[tuple[object, ...], list[Line]]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, wanted: Mapping[str, object]) -> list[Line]:
        """The rows with these values, in the table's order."""
        columns = tuple(wanted)
        if columns not in self.found:
            index: dict[tuple[object, ...], list[Line]] = {}
            for row in self.rows:
                index.setdefault(tuple(row[c] for c in columns), []).append(row)
            self.found[columns] = index
        return list(self.found[columns].get(tuple(wanted.values()), ()))

    def values(self, column: str) -> list[object]:
        """The different values of a column, in the order they first occur."""
        return list(dict.fromkeys(row[column] for row in self.rows))


def lines(table: Records, **wanted: object) -> list[Line]:
    """The rows of a table with these values."""
    return table.where(wanted)


def one(table: Records, **wanted: object) -> Line | None:
    """The first row with these values, or None."""
    found = table.where(wanted)
    return found[0] if found else None


LONGEST_PART = 60
"""Characters of one name in an identifier of a page"""


def name_of(*parts: str) -> str:
    """An identifier for an element of a page, from names in a definition: letters, digits, underscores, and hyphens
    between the names. Other names give another identifier."""
    return "-".join(spelled(part, "A-Za-z0-9_", LONGEST_PART) for part in parts)


def indicator_anchor(wave: str, name: str) -> str:
    """The identifier of the row that holds an indicator of all firms."""
    return name_of("indicator", wave, name)


def recipe(formula: str) -> tuple[str, str, str]:
    """(estimator, measure, denominator) of an indicator's formula, `ratio of a over b`; no denominator: empty."""
    estimator, _, rest = formula.partition(" of ")
    measure, _, denominator = rest.partition(" over ")
    return estimator, measure, denominator


class Figures:
    """The disclosed tables in one language.

    `survey`: the definition they were made by; `primary`: the model the survey exists for.
    """

    def __init__(self, tables: Mapping[str, Records], words: Words, survey: Survey, primary: str | None) -> None:
        self.tables = tables
        self.words = words
        self.numbers = words.numbers
        self.survey = survey
        self.primary = primary
        self.order = list(survey.indicators)
        self.units = {x["name"]: x["unit"] for x in lines(tables["definitions"], kind="indicator")}
        self.bases = {x["name"]: str(x["base"]) for x in lines(tables["definitions"], kind="indicator")}
        self.recipes = {x["name"]: recipe(str(x["formula"])) for x in lines(tables["definitions"], kind="indicator")}
        known_headlines = {x["name"] for x in lines(tables["definitions"], kind="indicator") if x["headline"]}
        self.headlines = [name for name in self.order if name in known_headlines]

    def told_apart(self, indicator: str) -> str:
        """An indicator's label, with its base where another has the same: the survey's own and a programme's."""
        label = self.words.label("indicator", indicator)
        if sum(self.words.label("indicator", name) == label for name in self.order) == 1:
            return label
        return f"{label} ({self.words.label('base', self.bases.get(indicator, ''))})"

    def withheld_words(self, line: Line) -> str:
        """What stands in place of a withheld value: that it is withheld, or that it is too uncertain."""
        return self.words.t("too_uncertain" if line["withheld_for"] == RELIABILITY else "withheld")

    def value_words(self, line: Line, unit: object, decimals: int | None = None) -> str:
        """A value with its interval, or that it is withheld."""
        if line["suppressed"]:
            return self.withheld_words(line)
        value = self.numbers.value(line["estimate"], unit, decimals)
        return f"{value} ({self.numbers.interval(line['ci_low'], line['ci_high'], unit, decimals)})"

    def stage_words(self, line: Line, column: str) -> str:
        """What a stage wrote in a sentence of its own: the tables have it in Dutch (`<column>_nl`) and in English."""
        dutch, english = line.get(f"{column}_nl"), str(line[column] or "")
        if self.words.language == "nl" and dutch:
            return str(dutch)
        return english if self.words.language == "en" else foreign.told("en", english)

    def asked(self, line: Line) -> str:
        """The question behind a line of the codebook, in the reader's language where the survey has it so, else as what
        it is; empty where there was none."""
        wave = self.survey.waves.get(str(line["wave"]))
        declared = wave.questions.get(str(line["concept"])) if wave else None
        own = foreign.among(declared.text, self.words.language) if declared else ""
        return own or str(line["question"] or "")

    def quality(self, wave: str, indicator: str, concept: str = EVERYONE) -> float | None:
        """A quality indicator's value."""
        line = one(self.tables["quality"], wave=wave, indicator=indicator, concept=concept)
        return None if line is None else known(line["value"])

    def facts(self, wave: str) -> list[dict[str, str]]:
        """What happened in a wave, in a few numbers."""
        t, n = self.words.t, self.numbers
        found = []

        def fact(value: float | None, words: str, percent: bool = False) -> None:
            if value is not None:
                found.append({"value": n.percent(value, 1) if percent else n.plain(value), "words": words})

        fact(self.quality(wave, "usable_responses"), t("fact_usable"))
        fact(self.quality(wave, "invited"), t("fact_invited"))
        fact(self.quality(wave, "unit_response_rate"), t("fact_response"), percent=True)
        fact(self.quality(wave, "initiatives_identified"), t("fact_initiatives"))
        for line in lines(self.tables["quality"], wave=wave, indicator="panel_overlap"):
            if str(line["concept"]) < wave:
                fact(known(line["value"]), t("fact_overlap", wave=line["concept"]))
        return found

    def mark(self, line: Line, unit: object, label: str, strong: bool = False) -> charts.Mark:
        """An indicator's line as a mark of a figure."""
        hidden = bool(line["suppressed"])
        # The sum of a sample lies nowhere near that of a population: the two share no scale.
        total = self.recipes[line["indicator"]][0] == "total"
        return charts.Mark(
            label,
            self.value_words(line, unit),
            None if hidden else known(line["estimate"]),
            known(line["ci_low"]),
            known(line["ci_high"]),
            None if total else known(line.get("unweighted")),
            line.get("reliability") == "limited",
            strong,
        )

    def domain_lines(self, wave: str, name: str, variable: str) -> list[tuple[str, Line]]:
        """One indicator by one domain variable, each domain with its label, all firms first; nothing where there is no
        line for a domain."""
        table = self.tables["indicators"]
        whole = one(table, wave=wave, indicator=name, domain_variable=EVERYONE)
        inside = lines(table, wave=wave, indicator=name, domain_variable=variable)
        if whole is None or not inside:
            return []
        place = {code: i for i, code in enumerate(self.domains(variable))}
        inside.sort(key=lambda x: place[str(x["domain"])])
        named = [(self.words.domain(variable, str(x["domain"])), x) for x in inside]
        return [(self.words.t("everyone"), whole), *named]

    def domains(self, variable: str) -> list[str]:
        """The domains of a variable that the tables have figures of, in the order of the codebook."""
        order = [code for concept, code in self.words.codes if concept == variable]
        found = {str(x["domain"]) for x in lines(self.tables["indicators"], domain_variable=variable)}
        return [code for code in order if code in found] + sorted(found - set(order))

    def by_domain(self, wave: str, name: str, variable: str, beside: Sequence[str] = ()) -> Chart | None:
        """One indicator by one domain variable, all firms first; None where none of them is shown. `beside`: the
        variables whose figures stand in one row with this one, and share its scale."""
        found = self.domain_lines(wave, name, variable)
        if not found:
            return None
        unit, t = self.units.get(name), self.words.t
        marks = [self.mark(x, unit, label, strong=i == 0) for i, (label, x) in enumerate(found)]
        if all(mark.estimate is None for mark in marks):
            return None
        others = [self.mark(x, unit, label) for v in beside for label, x in self.domain_lines(wave, name, v)]
        label = self.words.label("indicator", name)
        domain = self.words.variable(variable)
        title = t("by", label=label, domain=self.words.inside(domain))
        address = name_of("by", wave, name, variable)
        svg = charts.intervals(
            marks,
            self.scale(others or marks, unit),
            f"{title}, {wave}",
            described(marks),
            address,
            marks[0].estimate,
        )
        printed = self.indicator_table(f"{title}, {wave}", found, unit, domain)
        lines_drawn = drawn(address, "indicators", marks, [x for _, x in found])
        return Chart(title, svg, "", printed, variable, described(marks), lines_drawn)

    def scale(self, marks: Sequence[charts.Mark], unit: object) -> charts.Axis:
        """An axis over marks, with ticks written in their unit."""
        values = [v for m in marks for v in (m.estimate, m.low, m.high, m.plain) if m.estimate is not None]

        def write(tick: float) -> str:
            if unit == "share":
                return self.numbers.percent(tick, 0 if abs(tick * 100 - round(tick * 100)) < 1e-6 else 1)
            return short(tick, self.numbers.plain)

        return charts.axis(values, write, least=0.05 if unit == "share" else None)

    def indicator_table(
        self, caption: str, rows: Sequence[tuple[str, Line]], unit: object, first: str | None = None
    ) -> Printed:
        """Indicator lines as a table: weighted with interval, unweighted, number of firms, reliability."""
        t, n = self.words.t, self.numbers
        body = []
        for label, x in rows:
            if x["suppressed"]:
                body.append((label, self.withheld_words(x), "", "", "", ""))
            else:
                plain = n.value(x["unweighted"], unit)
                body.append(
                    (
                        label,
                        n.value(x["estimate"], unit),
                        n.interval(x["ci_low"], x["ci_high"], unit),
                        t("sample_sum", value=plain) if self.recipes[x["indicator"]][0] == "total" else plain,
                        n.plain(x["n"]),
                        ", ".join(self.worth(x)),
                    )
                )
        heads = ("weighted_short", "interval", "answered_short", "n", "reliability")
        named = (Head(first or t("indicator")), *(Head(t(h), h != "reliability") for h in heads))
        return Printed(caption, named, tuple(body))

    def worth(self, line: Line) -> list[str]:
        """What a printed figure is worth: its reliability, whether one firm carries much of it, whether it is held."""
        t = self.words.t
        told = [t(str(line["reliability"]))]
        if line["one_firm"]:
            told.append(t("one_firm_short", share=self.numbers.percent(self.survey.disclosure.influence)))
        return [*told, t("held_short")] if line["held"] else told

    def mixed_table(self, caption: str, rows: Sequence[tuple[str, Line]]) -> Printed:
        """Lines of several indicators as one table, each in its own unit."""
        parts = [self.indicator_table(caption, [(label, x)], self.units.get(x["indicator"])) for label, x in rows]
        heads = (Head(self.words.t("indicator"), long=True), *self.indicator_table(caption, [], None).heads[1:])
        anchors = tuple(indicator_anchor(str(x["wave"]), str(x["indicator"])) for _, x in rows)
        return Printed(caption, heads, tuple(row for part in parts for row in part.rows), anchors)

    def quality_table(self, waves: Sequence[str], names: Sequence[str], caption: str) -> Printed:
        """Quality indicators of waves side by side, each with its definition."""
        t, n = self.words.t, self.numbers
        body = []
        for name in names:
            values = [self.quality(wave, name) for wave in waves]
            line = next(
                (
                    one(self.tables["quality"], indicator=name, wave=w, concept=EVERYONE)
                    for w, v in zip(waves, values, strict=True)
                    if v is not None
                ),
                None,
            )
            if line is None:
                continue
            places = 2 if line["unit"] in ("ratio", "firms per response") else 0
            cells = [n.percent(v, 1) if line["unit"] == "share" else n.plain(v, places) for v in values]
            definition = say("quality", name, self.words.language)
            body.append((t(f"q_{name}"), *cells, str(definition)))
        heads = (Head(t("indicator")), *(Head(w, True) for w in waves), Head(t("definition"), long=True))
        return Printed(caption, heads, tuple(body))

    def rules(self, wave: str, only_failed: bool = False) -> Printed:
        """Every rule's outcome in a wave, or of those that found something or could not be checked."""
        t, n = self.words.t, self.numbers
        body = []
        for x in lines(self.tables["rules"], wave=wave):
            if only_failed and x["passed"] is not False:
                continue
            outcome = "not_checked" if x["passed"] is None else "passed" if x["passed"] else "not_passed"
            severity = "severity_warning" if x["severity"] == "warning" else str(x["severity"])
            body.append(
                (
                    (self.stage_words(x, "why") or str(x["rule"])).replace("`", ""),
                    t(outcome),
                    t(severity),
                    n.plain(x["checked"]),
                    n.plain(x["failed"]),
                    n.plain(x["kept_out"]),
                    str(x["rule"]),
                )
            )
        heads = (
            Head(t("rule"), long=True), Head(t("outcome")), Head(t("severity")), Head(t("checked"), True),
            Head(t("failed"), True), Head(t("kept_out"), True), Head(t("name")),
        )  # fmt: skip
        return Printed(t("failed_rules" if only_failed else "all_rules", wave=wave), heads, tuple(body))

    def rules_words(self, wave: str) -> str:
        """How many rules held, found something, and could not be checked."""
        counts = counted(x["passed"] for x in lines(self.tables["rules"], wave=wave))
        return self.words.t("rules_note", **{name: self.numbers.plain(count) for name, count in counts.items()})


def short(tick: float, write: Any) -> str:
    """A tick of a large amount: millions and thousands cut."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(tick) >= size:
            return f"{write(tick / size, 0 if tick % size == 0 else 1)}{letter}"
    return str(write(tick, 0 if tick % 1 == 0 else 1))
