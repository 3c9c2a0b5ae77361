"""What each page of the site tells, picked from the disclosed tables.

Belongs here: a context per page. Does not belong here: writing files (`site`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.contract import TABLES
from monitor.contract.columns import EVERYONE
from monitor.publication.report import (
    claims,
    foreign,
    headlines,
    models,
    question,
)
from monitor.publication.report.methods import methods as methods
from monitor.publication.report.numbers import DASH
from monitor.publication.report.quality import COVERAGE
from monitor.publication.report.quality import quality as quality
from monitor.publication.report.tables import Figures, Head, Printed, lines, name_of, one
from monitor.survey import Survey

Context = dict[str, Any]

UNITS = ("seconds", "persons", "EUR")
"""Units of concepts that pages have a word for"""


def wave(figures: Figures, survey: Survey, name: str) -> Context:
    """What is told of one wave."""
    t, n = figures.words.t, figures.numbers
    usable, invited = figures.quality(name, "usable_responses"), figures.quality(name, "invited")
    model = models.section(figures, name)
    lead = t("wave_lead_withheld") if usable is None else t("wave_lead_unknown", usable=n.plain(usable))
    if usable is not None and invited is not None:
        rate = n.percent(figures.quality(name, "unit_response_rate"), 1)
        lead = t("wave_lead", usable=n.plain(usable), invited=n.plain(invited), rate=rate)
    return {
        "wave": name,
        "reference_year": survey.waves[name].reference_year,
        "lead": lead,
        "cards": headlines.cards(figures, name),
        "facts": figures.facts(name),
        "model": model,
        "no_model": None if model else models.refusal(figures, name),
        **question.titles(figures),
        "claims": claims.told(figures, name),
        "claims_note": claims.note(figures, name),
        "claims_table": claims.table(figures, name),
        "response": figures.quality_table([name], COVERAGE, t("response_title", wave=name)),
        "rules": figures.rules(name),
        "rules_failed": figures.rules(name, only_failed=True),
        "rules_words": figures.rules_words(name),
    }


def participation(figures: Figures, survey: Survey, name: str) -> Context:
    """Headline figures by domain, initiatives, and every indicator for all firms."""
    words, t = figures.words, figures.words.t
    column = f"definition_{words.language}"
    sections: list[Context] = []
    for indicator in figures.headlines:
        found = [figures.by_domain(name, indicator, variable, survey.domains) for variable in survey.domains]
        shown = [chart for chart in found if chart]
        about = one(figures.tables["definitions"], kind="indicator", name=indicator)
        if shown:
            definition = about[column] if about else None
            whole = one(figures.tables["indicators"], wave=name, indicator=indicator, domain_variable=EVERYONE)
            period = headlines.period_words(figures, whole) if whole else ""
            label = words.label("indicator", indicator)
            sections.append({"label": label, "definition": definition, "period": period, "charts": shown})
    used = {chart.domain for section in sections for chart in section["charts"]}
    domains = [(variable, words.variable(variable)) for variable in survey.domains if variable in used]
    joined = [figures.words.inside(label) for _, label in domains]
    found_lines = {x["indicator"]: x for x in lines(figures.tables["indicators"], wave=name, domain_variable=EVERYONE)}
    every = [(words.label("indicator", i), found_lines[i]) for i in figures.order if i in found_lines]
    return {
        "sections": sections,
        "domains": domains,
        "domain_words": words.listed(joined),
        "limited_why": t("limited_why", rule=headlines.reliability_rule(figures)),
        "initiatives": initiatives(figures, name),
        "others": figures.mixed_table(t("all_indicators_wave", wave=name), every),
    }


def initiatives(figures: Figures, name: str) -> Context | None:
    """Participants per initiative, most first; how many initiatives are not shown by themselves."""
    found = lines(figures.tables["initiatives"], wave=name)
    if not found:
        return None
    t, n, column = figures.words.t, figures.numbers, f"label_{figures.words.language}"
    shown = sorted(
        (x for x in found if not x["suppressed"] and x["firms"]), key=lambda x: (-x["firms"], x["initiative"])
    )
    hidden = sum(bool(x["suppressed"]) for x in found)
    rows = tuple((str(x[column]), t(str(x["kind"])), n.plain(x["firms"])) for x in shown)
    heads = (Head(t("initiatives"), long=True), Head(t("kind")), Head(t("participants"), True))
    return {
        "chart": None,
        "table": Printed(t("initiatives_table", wave=name), heads, rows),
        "rest": t("initiatives_rest", count=n.plain(hidden)) if hidden else None,
    }


def cooperation(figures: Figures, waves: Sequence[str]) -> Context:
    """The model of all waves together, then wave by wave, newest first."""
    parts = []
    pooled = [str(w) for w in figures.tables["models"].values("wave") if w not in waves]
    for name in [*pooled, *reversed(waves)]:
        t = figures.words.t
        label = t("pooled") if name in pooled else name
        model = models.section(figures, name, label)
        refused = None if model else models.refusal(figures, name)
        part = {
            "id": name_of("wave", name),
            "name": label,
            "title": t("pooled_title") if name in pooled else t("wave_n", wave=name),
            "model": model,
            "no_model": refused,
            "deciding": models.deciding(figures, name, label),
            "robust": models.robustness(figures, name, label),
            "checks": models.checks(figures, name),
            "models": models.every_model(figures, name, label),
        }
        if model or refused or part["models"]:
            parts.append(part)
    return {"parts": parts, **question.titles(figures)}


def codebook(figures: Figures, waves: Sequence[str]) -> Context:
    """Every concept with its question per wave."""
    t, language = figures.words.t, figures.words.language
    found: dict[str, list[Any]] = {}
    for x in lines(figures.tables["codebook"]):
        found.setdefault(str(x["concept"]), []).append(x)
    heads = (
        Head(t("wave")), Head(t("question"), long=True), Head(t("period")), Head(t("asked_of"), long=True),
        Head(t("comparability")), Head(t("changed"), long=True),
    )  # fmt: skip
    concepts = []
    for name, rows in found.items():
        first = rows[0]
        label = str(first[f"label_{language}"] or name)
        body = []
        for x in sorted(rows, key=lambda r: str(r["wave"])):
            asked = str(x["comparability"]).replace(" ", "_")
            question = figures.asked(x) or (t("from_frame") if x["source_column"] == "frame" else DASH)
            reach = "" if asked == "not_asked" else _reach(figures, x)
            told = headlines.period_words(figures, x)
            body.append(
                (str(x["wave"]), str(question), told, str(reach), t(asked), str(x[f"changed_{language}"] or ""))
            )
        codes = json.loads(first["codes"] or "{}")
        listed = "; ".join(f"{code} = {foreign.among(words, language) or code}" for code, words in codes.items())
        unit = None if first["unit"] in (None, "percent") else str(first["unit"])
        cis = "; ".join(f"{code} ({edition})" for edition, code in json.loads(first["cis_code"] or "{}").items())
        concepts.append(
            {
                "id": name_of("concept", name),
                "name": name,
                "label": label,
                "definition": first[f"definition_{language}"],
                "type": t(f"type_{first['type']}"),
                "unit": t(f"unit_{unit}") if unit in UNITS else unit,
                "cis": cis,
                "codes": listed,
                "table": Printed(t("per_wave", concept=label), heads, tuple(body)),
            }
        )
    return {"concepts": concepts}


def _reach(figures: Figures, x: Mapping[str, Any]) -> str:
    """Whom a question was put to: everyone, those with a concept by its label, or those of an expression."""
    t, condition = figures.words.t, x["asked_of"]
    if not condition:
        return t("everybody")
    label = figures.words.label("concept", condition) if condition in figures.survey.concepts else condition
    return t("only_where", condition=label)


def data(figures: Figures, described: Sequence[str]) -> Context:
    """What can be downloaded and how to read it."""
    t = figures.words.t
    listed = [
        {"name": x.name, "rows": figures.numbers.plain(len(figures.tables[x.name])), "comment": t(f"table_{x.name}")}
        for x in TABLES
    ]
    return {"listed": listed, "described": list(described), "asked": _asked(figures.survey)}


def _asked(survey: Survey) -> list[str]:
    """How the secure database is asked for the first of the survey's indicators of each kind."""
    by = f", domains := {survey.domains[0]}" if survey.domains else ""
    found = []
    for estimator in ("share", "mean", "total", "ratio"):
        first = next((x for x in survey.indicators.values() if x.estimator == estimator), None)
        if first is not None:
            what = ", ".join(filter(None, (first.measure, first.denominator)))
            found.append(f"FROM estimate_{estimator}({what}, base := base_{first.base}{by});")
    return found
