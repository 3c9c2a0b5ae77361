"""The report's tables and figures, picked from the disclosed tables.

Belongs here: which lines stand in which table or figure, and how they are written. Does not belong here: pages
(`site`, `paper`), drawing (`charts`), computing anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from monitor.report import charts
from monitor.report.numbers import known
from monitor.report.words import EVERYONE, Words

Line = Mapping[Any, Any]

STATES = ("p_neither", "p_invests_only", "p_cooperates_only", "p_both")
EFFECTS = (
    "ame_cooperates",
    "ame_invests",
    "effect_cooperates_without_investment",
    "effect_cooperates_with_investment",
    "complementarity",
)


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


@dataclass(frozen=True)
class Chart:
    """A figure with its words, and the same in a table."""

    title: str
    svg: Markup
    note: str = ""
    table: Printed | None = None
    domain: str = ""
    description: str = ""


def lines(frame: pd.DataFrame, **wanted: object) -> list[Line]:
    """The rows of a table with these values, as mappings; NULL as None."""
    chosen = frame
    for column, value in wanted.items():
        chosen = chosen[chosen[column].isin(list(value)) if isinstance(value, tuple) else chosen[column] == value]
    return chosen.astype("object").where(chosen.notna(), None).to_dict("records")


def one(frame: pd.DataFrame, **wanted: object) -> Line | None:
    """The first row with these values, or None."""
    found = lines(frame, **wanted)
    return found[0] if found else None


def name_of(*parts: str) -> str:
    """An identifier for an element of a page, from names in a definition: letters, digits and hyphens only."""
    return "-".join(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-")[:40] or "x" for part in parts)


class Figures:
    """The disclosed tables in one language."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], words: Words) -> None:
        self.tables = tables
        self.words = words
        self.numbers = words.numbers
        self.units = {x["name"]: x["unit"] for x in lines(tables["measures"], kind="indicator")}
        self.headlines = [x["name"] for x in lines(tables["measures"], kind="indicator") if x["headline"]]
        order = tables["measures"].attrs.get("order", [])
        self.headlines.sort(key=lambda n: order.index(n) if n in order else len(order))

    def value_words(self, line: Line, unit: object, decimals: int | None = None) -> str:
        """A value with its interval, or that it is withheld."""
        if line["suppressed"]:
            return self.words.t("withheld")
        value = self.numbers.value(line["estimate"], unit, decimals)
        return f"{value} ({self.numbers.interval(line['ci_low'], line['ci_high'], unit, decimals)})"

    # --- headline figures ------------------------------------------------------------------------------------------

    def cards(self, wave: str) -> list[dict[str, str]]:
        """The headline figures of a wave: unweighted as published reports print them, weighted with interval."""
        found = []
        for name in self.headlines:
            line = one(self.tables["indicators"], wave=wave, indicator=name, domain_variable=EVERYONE)
            if line is None:
                continue
            unit = self.units.get(name)
            hidden = bool(line["suppressed"])
            t, n = self.words.t, self.numbers
            found.append(
                {
                    "name": name,
                    "label": self.words.label("indicator", name),
                    "plain": t("withheld")
                    if hidden
                    else n.value(line["unweighted"], unit, 0 if unit == "share" else None),
                    "n": "" if hidden else f"{n.plain(line['n'])} {t('n').lower()}",
                    "estimate": t("withheld") if hidden else n.value(line["estimate"], unit),
                    "interval": ""
                    if hidden
                    else t("interval_of", interval=n.interval(line["ci_low"], line["ci_high"], unit)),
                }
            )
        return found

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

    # --- indicators by domain --------------------------------------------------------------------------------------

    def mark(self, line: Line, unit: object, label: str, strong: bool = False) -> charts.Mark:
        """An indicator's line as a mark of a figure."""
        hidden = bool(line["suppressed"])
        return charts.Mark(
            label,
            self.value_words(line, unit),
            None if hidden else known(line["estimate"]),
            known(line["ci_low"]),
            known(line["ci_high"]),
            known(line.get("unweighted")),
            line.get("reliability") == "limited",
            strong,
        )

    def by_domain(self, wave: str, name: str, variable: str) -> Chart | None:
        """One indicator by one domain variable, all firms first."""
        table = self.tables["indicators"]
        whole = one(table, wave=wave, indicator=name, domain_variable=EVERYONE)
        inside = lines(table, wave=wave, indicator=name, domain_variable=variable)
        if whole is None or not inside:
            return None
        order = [code for concept, code in self.words.codes if concept == variable]
        inside.sort(key=lambda x: order.index(x["domain"]) if x["domain"] in order else len(order))
        unit, t = self.units.get(name), self.words.t
        marks = [self.mark(whole, unit, t("everyone"), strong=True)]
        marks += [self.mark(x, unit, self.words.domain(variable, x["domain"])) for x in inside]
        label = self.words.label("indicator", name)
        domain = self.words.variable(variable)
        title = t("by", label=label, domain=domain.lower() if len(domain) < 40 else domain)
        svg = charts.intervals(
            marks,
            self.scale(marks, unit),
            f"{title}, {wave}",
            "; ".join(f"{m.label}: {m.text}" for m in marks),
            name_of("by", wave, name, variable),
            marks[0].estimate,
        )
        notes = [t("withheld_why")] if any(x["suppressed"] for x in inside) else []
        notes += [t("limited_why")] if any(m.faint for m in marks) else []
        printed = self.indicator_table(
            f"{title}, {wave}", [(m.label, x) for m, x in zip(marks, [whole, *inside], strict=True)], unit
        )
        return Chart(title, svg, " ".join(notes), printed, variable)

    def scale(self, marks: Sequence[charts.Mark], unit: object) -> charts.Axis:
        """An axis over marks, with ticks written in their unit."""
        values = [v for m in marks for v in (m.estimate, m.low, m.high, m.plain) if m.estimate is not None]

        def write(tick: float) -> str:
            if unit == "share":
                return self.numbers.percent(tick, 0 if abs(tick * 100 - round(tick * 100)) < 1e-6 else 1)
            return short(tick, self.numbers.plain)

        return charts.axis(values, write, least=0.05 if unit == "share" else None)

    def indicator_table(self, caption: str, rows: Sequence[tuple[str, Line]], unit: object) -> Printed:
        """Indicator lines as a table: weighted with interval, unweighted, number of firms, reliability."""
        t, n = self.words.t, self.numbers
        body = []
        for label, x in rows:
            if x["suppressed"]:
                body.append((label, t("withheld"), "", "", "", ""))
            else:
                body.append(
                    (
                        label,
                        n.value(x["estimate"], unit),
                        n.interval(x["ci_low"], x["ci_high"], unit),
                        n.value(x["unweighted"], unit),
                        n.plain(x["n"]),
                        t(str(x["reliability"])),
                    )
                )
        heads = ("weighted_short", "interval", "answered_short", "n", "reliability")
        return Printed(caption, (Head(""), *(Head(t(h), h != "reliability") for h in heads)), tuple(body))

    # --- quality ---------------------------------------------------------------------------------------------------

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
            places = 2 if name.startswith(("design_effect", "weight_m")) else 0
            cells = [
                n.percent(v, 1) if name.endswith("rate") or "rate_" in name else n.plain(v, places) for v in values
            ]
            definition = line["definition" if self.words.language == "en" else "definition_nl"]
            body.append((t(f"q_{name}"), *cells, str(definition)))
        heads = (Head(t("indicator")), *(Head(w, True) for w in waves), Head(t("definition"), long=True))
        return Printed(caption, heads, tuple(body))

    def rules(self, wave: str) -> Printed:
        """Every rule's outcome in a wave."""
        t, n = self.words.t, self.numbers
        body = []
        for x in lines(self.tables["rules"], wave=wave):
            outcome = "not_checked" if x["passed"] is None else "passed" if x["passed"] else "not_passed"
            severity = "severity_warning" if x["severity"] == "warning" else str(x["severity"])
            why = x["why"] if self.words.language == "en" else x["why_nl"] or x["why"]
            body.append(
                (
                    str(x["rule"]).replace("_", " "),
                    t(outcome),
                    t(severity),
                    n.plain(x["checked"]),
                    n.plain(x["failed"]),
                    n.plain(x["kept_out"]),
                    str(why or ""),
                )
            )
        heads = (
            Head(t("rule"), long=True), Head(t("outcome")), Head(t("severity")), Head(t("checked"), True),
            Head(t("failed"), True), Head(t("kept_out"), True), Head(t("reason"), long=True),
        )  # fmt: skip
        return Printed(t("quality_rules_wave", wave=wave), heads, tuple(body))

    def rules_words(self, wave: str) -> str:
        """How many rules held."""
        table = self.tables["rules"]
        count = int((table["wave"] == wave).sum())
        passed = int(((table["wave"] == wave) & table["passed"].fillna(False).astype(bool)).sum())
        return self.words.t("rules_note", passed=self.numbers.plain(passed), count=self.numbers.plain(count))

    # --- claims ----------------------------------------------------------------------------------------------------

    def claims(self, wave: str) -> list[dict[str, str]]:
        """The claims of a wave with verdict and reason in plain words."""
        found = []
        for x in lines(self.tables["claims"], wave=wave):
            verdict = str(x["verdict"]).replace(" ", "_")
            reason = x.get("reason_nl") if self.words.language == "nl" else x["reason"]
            found.append(
                {
                    "text": str(x[f"text_{self.words.language}"]),
                    "verdict": self.words.t(verdict),
                    "class": verdict,
                    "reason": str(reason or x["reason"] or ""),
                    "rule": str(
                        (x.get("decision_rule_nl") if self.words.language == "nl" else None) or x["decision_rule"] or ""
                    ),
                    "name": str(x["claim"]),
                    "value": "",
                }
            )
        return found


def short(tick: float, write: Any) -> str:
    """A tick of a large amount: millions and thousands cut."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(tick) >= size:
            return f"{write(tick / size, 0 if tick % size == 0 else 1)}{letter}"
    return str(write(tick, 0 if tick % 1 == 0 else 1))
