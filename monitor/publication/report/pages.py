"""What each page of the site tells, picked from the disclosed tables.

Belongs here: a context per page. Does not belong here: writing files (`site`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.contract import TABLES
from monitor.publication.report import (
    claims,
    comparability,
    headlines,
    models,
    revisions,
)
from monitor.publication.report.methods import methods as methods
from monitor.publication.report.numbers import DASH
from monitor.publication.report.tables import Figures, Head, Printed, lines, name_of, one
from monitor.publication.report.words import EVERYONE
from monitor.survey import Survey

Context = dict[str, Any]

COVERAGE = (
    "frame_size", "invited", "over_coverage_rate", "responses", "not_usable", "duplicates", "quarantined",
    "usable_responses", "unit_response_rate", "unit_response_rate_eligible", "corrections",
    "amendments_accepted", "amendments_refused", "amendments_undecided",
)  # fmt: skip
STEPS = ("base", "response", "calibration")
STEP_FIGURES = (
    "step_weight_sum", "step_weight_minimum", "step_weight_maximum", "step_design_effect", "step_effective_responses",
)  # fmt: skip
WEIGHTS = ("weight_sum", "weight_minimum", "weight_maximum", "design_effect_weights", "effective_responses")


def wave(figures: Figures, survey: Survey, name: str) -> Context:
    """What is told of one wave."""
    t, n = figures.words.t, figures.numbers
    usable, invited = figures.quality(name, "usable_responses"), figures.quality(name, "invited")
    model = models.section(figures, name)
    lead = t("wave_lead_unknown", usable=n.plain(usable))
    if invited is not None:
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
        **models.titles(figures),
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
        about = one(figures.tables["measures"], kind="indicator", name=indicator)
        if shown:
            definition = about[column] if about else None
            whole = one(figures.tables["indicators"], wave=name, indicator=indicator, domain_variable=EVERYONE)
            period = headlines.period_words(figures, whole) if whole else ""
            label = words.label("indicator", indicator)
            sections.append({"label": label, "definition": definition, "period": period, "charts": shown})
    used = {chart.domain for section in sections for chart in section["charts"]}
    domains = [(variable, words.variable(variable)) for variable in survey.domains if variable in used]
    joined = [label.lower() for _, label in domains]
    found_lines = {x["indicator"]: x for x in lines(figures.tables["indicators"], wave=name, domain_variable=EVERYONE)}
    every = [(words.label("indicator", i), found_lines[i]) for i in figures.order if i in found_lines]
    return {
        "sections": sections,
        "domains": domains,
        "domain_words": ", ".join(joined),
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
    return {"parts": parts, **models.titles(figures)}


def quality(figures: Figures, waves: Sequence[str], revised: Mapping[str, Any] | None) -> Context:
    """The quality indicators in the order of SIMS: sampling error, non-sampling errors, comparability, revisions."""
    t, n = figures.words.t, figures.numbers
    precision = []
    for w in waves:
        for name in figures.headlines:
            x = one(figures.tables["indicators"], wave=w, indicator=name, domain_variable=EVERYONE)
            if x is not None and not x["suppressed"]:
                cells = (
                    n.plain(x["n"]), n.plain(x["n_completed"]), n.percent(x["cv"], 1), n.plain(x["deff"], 2),
                    n.plain(x["n_effective"]),
                )  # fmt: skip
                precision.append((figures.words.label("indicator", name), w, *cells, t(str(x["reliability"]))))
    heads = [Head(t("indicator"), long=True), Head(t("wave"))]
    heads += [Head(t(h), True) for h in ("n", "n_completed", "q_coefficient_of_variation", "deff", "n_effective")]
    items: dict[str, list[str]] = {}
    for position, kind in enumerate(("item_response_rate", "imputation_rate")):
        for i, w in enumerate(waves):
            for x in lines(figures.tables["quality"], wave=w, indicator=kind):
                row = items.setdefault(str(x["concept"]), [DASH] * (2 * len(waves)))
                row[2 * i + position] = n.percent(x["value"], 1)
    item_heads = [Head(t("concept"), long=True)]
    for w in waves:
        item_heads += [Head(f"{t('item_response')} {w}", True), Head(f"{t('imputed')} {w}", True)]
    rules = [
        {
            "wave": w,
            "words": figures.rules_words(w),
            "failed": figures.rules(w, only_failed=True),
            "all": figures.rules(w),
        }
        for w in waves
    ]
    shared = lines(figures.tables["quality"], indicator="panel_overlap")
    pairs = tuple(
        (f"{x['concept']} {DASH} {x['wave']}", t("withheld") if x["suppressed"] else n.plain(x["value"]))
        for x in shared
        if str(x["concept"]) < str(x["wave"])
    )
    return {
        "precision": Printed(t("precision_title"), (*heads, Head(t("reliability"))), tuple(precision)),
        "coverage": figures.quality_table(waves, COVERAGE, t("coverage_title")),
        "items": Printed(
            t("items_title"),
            tuple(item_heads),
            tuple((figures.words.label("concept", c), *v) for c, v in sorted(items.items())),
        ),
        "weights": figures.quality_table(waves, WEIGHTS, t("quality_weights")),
        "steps": steps(figures, waves),
        "rules": rules,
        "comparability": comparability.since(figures, waves),
        "overlap": Printed(t("overlap_title"), (Head(t("from_to")), Head(t("n"), True)), pairs) if pairs else None,
        "revised": revisions.summary(figures, revised),
    }


def steps(figures: Figures, waves: Sequence[str]) -> Printed | None:
    """The weights after each step of weighting, wave by wave."""
    t, n = figures.words.t, figures.numbers
    rows = []
    for w in waves:
        for step in STEPS:
            values = [figures.quality(w, name, step) for name in STEP_FIGURES]
            if any(v is not None for v in values):
                places = (0, 2, 2, 2, 0)
                cells = (n.plain(v, p) for v, p in zip(values, places, strict=True))
                rows.append((w, t(f"step_{step}"), *cells))
    heads = (Head(t("wave")), Head(t("step")), *(Head(t(f"q_{name}"), True) for name in STEP_FIGURES))
    return Printed(t("weights_title"), heads, tuple(rows)) if rows else None


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
            question = x["question"] or (t("from_frame") if x["source_column"] == "frame" else DASH)
            reach = "" if asked == "not_asked" else x["asked_of"] or t("everybody")
            told = headlines.period_words(figures, x)
            body.append(
                (str(x["wave"]), str(question), told, str(reach), t(asked), str(x[f"changed_{language}"] or ""))
            )
        codes = json.loads(first["codes"] or "{}")
        listed = "; ".join(f"{code} = {words.get(language, code)}" for code, words in codes.items())
        cis = "; ".join(f"{code} ({edition})" for edition, code in json.loads(first["cis_code"] or "{}").items())
        concepts.append(
            {
                "id": name_of("concept", name),
                "name": name,
                "label": label,
                "definition": first[f"definition_{language}"],
                "type": t(f"type_{first['type']}"),
                "unit": None if first["unit"] == "percent" else first["unit"],
                "cis": cis,
                "codes": listed,
                "table": Printed(t("per_wave", concept=label), heads, tuple(body)),
            }
        )
    return {"concepts": concepts}


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
