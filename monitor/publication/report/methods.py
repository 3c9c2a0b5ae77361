"""The page of methods: how figures are made, filled in from the survey's own declaration and this release's tables.

Belongs here: which declaration stands where. Does not belong here: the sentences (`wording`), any formula's code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from monitor.publication.report import claims, confidentiality, headlines, question
from monitor.publication.report.numbers import known
from monitor.publication.report.tables import Figures, Head, Printed, lines, one, recipe
from monitor.survey import Survey
from monitor.survey.imputation import ImputationPlan, imputation_plan
from monitor.survey.models import Model

Facts = list[tuple[str, str]]

FEW_EVENTS = 5
"""Effective cases of the moving probability below which a difference's interval takes the variance at each value"""
FEW_OF_A_STATE = 10
"""Effective cases below which a probability's interval is exact"""
HIGHEST_LEVERAGE = 0.95
POWER = 0.8
"""What the statistics hold to, whose room pages do not know: a test holds these four equal to theirs"""

BESIDE: Mapping[str, str] = {
    "e_value": "VanderWeele & Ding 2017",
    "robustness": "Cinelli & Hazlett 2020",
    "readings": "Westfall & Young 1993; Romano & Wolf 2005",
    "specifications": "Simonsohn, Simmons & Nelson 2020",
    "doubly_robust": "Robins, Rotnitzky & Zhao 1994; Cattaneo 2010",
    "two_parts": "Cragg 1971; Shorrocks 2013",
    "lagged": "Robins, Rotnitzky & Zhao 1995",
    "panel": "Mundlak 1978; Chamberlain 1980",
    "errors": "Hausman, Abrevaya & Scott-Morton 1998; Black, Berger & Scott 2000",
    "one_firm": "Broderick, Giordano & Meager 2020",
    "curve": "Montiel Olea & Plagborg-Møller 2019",
    "waves": "Johansen 1980; Higgins & Thompson 2002",
    "margin": "Blackwelder 1982; Schuirmann 1987",
    "dose": "Lind & Mehlum 2010",
    "three": "Kodde & Palm 1986",
}
"""What stands beside the models, with its literature"""

SECTIONS: Mapping[str, str] = {
    "weights": "m_weights", "uncertainty": "m_variance", "missing": "m_missing", "models": "m_models",
    "families": "m_families", "confidentiality": "kept_title", "claims": "m_claims", "definitions": "m_definitions",
    "literature": "m_literature",
}  # fmt: skip
"""Place on the page -> the word of its heading"""


def methods(
    figures: Figures, survey: Survey, waves: Sequence[str], attacked: Mapping[str, Any] | None
) -> dict[str, Any]:
    """How figures are made, with the survey's own formulas and thresholds."""
    declared = lines(figures.tables["claims"], wave=waves[-1])
    models, rules = _models(figures, survey, waves), _rules(figures, waves[-1]) if declared else None
    there = {"models": models, "claims": rules}
    return {
        "contents": [(name, figures.words.t(word)) for name, word in SECTIONS.items() if there.get(name, True)],
        "weights": _weights(figures, survey),
        "design": _design(figures, survey),
        "adjusted": survey.design.response != "none",
        "replicates_text": figures.words.t(
            "m_variance_replicates", count=figures.numbers.plain(survey.design.replicates)
        ),
        "reliability_text": f"{headlines.reliability_rule(figures)} {headlines.unpublishable_rule(figures)}",
        "missing": _missing(figures, survey),
        "models": models,
        "beside": _beside(figures),
        "kept": confidentiality.section(figures, survey, attacked),
        "claim_rules": rules,
        "states": question.state_formula(figures),
        "definitions": _definitions(figures),
    }


def _weights(figures: Figures, survey: Survey) -> list[str]:
    """How a firm comes by its weight, step by step."""
    t, plan = figures.words.t, survey.design
    steps = [t(f"m_weights_{plan.weights}"), t(f"m_response_{plan.response}")]
    if plan.response != "none":
        steps.append(t("m_over_coverage"))
    return [*steps, t(f"m_calibration_{plan.calibration.method}")]


def _design(figures: Figures, survey: Survey) -> Facts:
    """What the survey declares about its design."""
    t, plan = figures.words.t, survey.design
    margins = [" × ".join(_labels(figures, margin)) for margin in plan.calibration.margins]
    told = [
        (t("m_strata"), ", ".join(_labels(figures, plan.strata))),
        (t("m_classes"), " × ".join(_labels(figures, plan.response_classes))),
        (t("m_margins"), "; ".join(margins)),
        (t("m_lonely"), t(f"lonely_{plan.lonely_stratum}")),
        (t("m_replicates"), figures.numbers.plain(plan.replicates)),
        (t("m_seed"), str(survey.seed)),
    ]
    return [(term, words) for term, words in told if words]


def _labels(figures: Figures, names: Iterable[str]) -> list[str]:
    """Labels of concepts, or of measures where no concept has the name."""
    return [figures.words.variable(name) for name in names]


def _missing(figures: Figures, survey: Survey) -> dict[str, Any]:
    """How gaps are filled in, and from what; that nothing is, where the survey fills in nothing."""
    t, plan = figures.words.t, imputation_plan(survey)
    if plan is None:
        return {"words": [t("m_missing_none")], "facts": []}
    how = t("m_missing_how", donors=plan.donors, iterations=plan.iterations, copies=plan.copies)
    return {
        "words": [t("m_missing_text"), how, t("m_missing_rubin")],
        "facts": _filled(figures, plan),
    }


def _filled(figures: Figures, plan: ImputationPlan) -> Facts:
    t = figures.words.t
    products = [", ".join(figures.words.label("measure", name) for name in group) for group in plan.interactions]
    told = [
        (t("m_filled"), ", ".join(_labels(figures, plan.variables))),
        (t("m_predictors"), ", ".join(_labels(figures, plan.predictors))),
        (t("m_products"), "; ".join(products)),
    ]
    return [(term, words) for term, words in told if words]


def _models(figures: Figures, survey: Survey, waves: Sequence[str]) -> dict[str, Any] | None:
    """The words about models with their thresholds, and every declared model by its labels."""
    if not survey.models:
        return None
    t, n = figures.words.t, figures.numbers
    main = next((m for m in survey.models.values() if m.primary), next(iter(survey.models.values()))).main
    firth = t(
        "m_models_firth", least=n.plain(main.events_per_term), leverage=n.plain(HIGHEST_LEVERAGE, 2)
    )  # fmt: skip
    words = [
        t("m_models_levels", least=n.plain(main.level_firms)),
        firth,
        t("m_models_df"),
        t("m_models_few", state=n.plain(FEW_OF_A_STATE), few=n.plain(FEW_EVENTS)),
    ]
    if len(waves) > 1:
        words.append(t("m_pooled", overlap=_overlap(figures, waves)))
    words.append(t("m_power", power=n.percent(POWER)))
    return {"words": words, "declared": _declared(figures, survey)}


def _overlap(figures: Figures, waves: Sequence[str]) -> str:
    """How many firms answered in both of two waves, as far as that may be told."""
    t, n, told = figures.words.t, figures.numbers, []
    for before, after in combinations(waves, 2):
        x = one(figures.tables["quality"], wave=after, indicator="panel_overlap", concept=before)
        if x is not None and not x["suppressed"] and known(x["value"]) is not None:
            told.append(t("m_overlap_pair", waves=f"{before}–{after}", firms=n.plain(x["value"])))
    return t("m_overlap", pairs="; ".join(told)) if told else ""


def _declared(figures: Figures, survey: Survey) -> Printed:
    """Every declared model: outcome, what explains it, controls with their reference, base, estimator."""
    t, words = figures.words.t, figures.words
    rows = tuple(
        (
            words.label("model", name),
            words.label("measure", model.main.outcome),
            ", ".join(words.label("measure", x) for x in _explaining(model)),
            ", ".join(_control(figures, survey, model, x) for x in model.main.controls),
            words.label("base", model.main.base),
            t(f"method_{model.main.estimator}"),
        )
        for name, model in survey.models.items()
    )
    heads = [Head(t("model"), long=True)]
    heads += [Head(t(h), long=True) for h in ("m_explained", "m_by", "m_controls", "m_base", "estimator")]
    return Printed(t("m_declared_models"), tuple(heads), rows)


def _explaining(model: Model) -> list[str]:
    main = model.main
    return [x for x in (main.dose, main.levels, *main.practices) if x]


def _control(figures: Figures, survey: Survey, model: Model, control: str) -> str:
    """A control with its reference: the declared one, or the first of its codes; a number has none."""
    concept = survey.concepts.get(control)
    codes = list(concept.codes) if concept else []
    reference = model.main.reference.get(control) or next(iter(codes), None)
    label = figures.words.variable(control)
    if reference is None:
        return label
    return figures.words.t("m_reference", control=label, code=figures.words.domain(control, reference))


def _beside(figures: Figures) -> Printed:
    """Every test beside the models: its name, what it says, its literature."""
    t = figures.words.t
    rows = tuple((t(f"beside_{name}"), t(f"beside_{name}_says"), source) for name, source in BESIDE.items())
    heads = (Head(t("m_test")), Head(t("m_says"), long=True), Head(t("m_source"), long=True))
    return Printed(t("m_beside"), heads, rows)


def _rules(figures: Figures, wave: str) -> Printed:
    """Every claim with its decision rule."""
    t, text = figures.words.t, f"text_{figures.words.language}"
    rows = tuple((str(x[text]), claims.rule(figures, x)) for x in lines(figures.tables["claims"], wave=wave))
    return Printed(t("m_claims"), (Head(t("claim"), long=True), Head(t("rule"), long=True)), rows)


def _definitions(figures: Figures) -> Printed:
    """Every measure, base and indicator with its formula."""
    t, language = figures.words.t, figures.words.language
    rows = tuple(
        (str(x[f"label_{language}"] or x["name"]), t(f"kind_{x['kind']}"), formula(figures, x),
         str(x[f"definition_{language}"] or ""))
        for x in lines(figures.tables["definitions"])
    )  # fmt: skip
    heads = [Head(t("name"), long=True), Head(t("kind"))]
    heads += [Head(t(h), long=True) for h in ("formula", "definition")]
    return Printed(t("definitions_title"), tuple(heads), rows)


def formula(figures: Figures, line: Mapping[str, Any]) -> str:
    """How a figure is worked out: an indicator in words, a measure as its expression over concepts."""
    t, text = figures.words.t, str(line["formula"] or "")
    estimator, measure, denominator = recipe(text)
    if line["kind"] == "indicator" and figures.words.has(f"estimator_{estimator}"):
        return t(f"estimator_{estimator}", measure=measure, denominator=denominator)
    return t("formula_everyone") if text.strip().lower() == "true" else text
