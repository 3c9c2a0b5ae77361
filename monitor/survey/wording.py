"""What a model's contrasts and a claim's estimand are called, by the survey's own labels and in both languages.

Belongs here: names of contrasts and sentences about what they measure. Does not belong here: any number; the words of
pages (`report`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.statistics.decisions.claim import Difference, Estimand, ModelContrast
from monitor.statistics.models.contrast import Contrast, of_two_practices
from monitor.survey.model import Survey
from monitor.survey.models import MAIN

SHORT: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "neither": "Geen van beide",
        "b_only": "Alleen: {b}",
        "a_only": "Alleen: {a}",
        "both": "Allebei",
        "ame_a": "{a}, gemiddeld",
        "ame_b": "{b}, gemiddeld",
        "a_without_b": "{a}, zonder {qb}",
        "a_with_b": "{a}, naast {qb}",
        "b_without_a": "{b}, zonder {qa}",
        "b_with_a": "{b}, naast {qa}",
        "complementarity": "Complementariteit",
    },
    "en": {
        "neither": "Neither",
        "b_only": "Only: {b}",
        "a_only": "Only: {a}",
        "both": "Both",
        "ame_a": "{a}, on average",
        "ame_b": "{b}, on average",
        "a_without_b": "{a}, without {qb}",
        "a_with_b": "{a}, beside {qb}",
        "b_without_a": "{b}, without {qa}",
        "b_with_a": "{b}, beside {qa}",
        "complementarity": "Complementarity",
    },
}
LONG: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "neither": "kans op {y} zonder {qa} en zonder {qb}",
        "b_only": "kans op {y} met alleen {qb}",
        "a_only": "kans op {y} met alleen {qa}",
        "both": "kans op {y} met {qa} en {qb}",
        "ame_a": "verschil in kans op {y} met en zonder {qa}, gemiddeld over de bedrijven",
        "ame_b": "verschil in kans op {y} met en zonder {qb}, gemiddeld over de bedrijven",
        "a_without_b": "verschil in kans op {y} met en zonder {qa}, bij bedrijven zonder {qb}",
        "a_with_b": "verschil in kans op {y} met en zonder {qa}, bij bedrijven met {qb}",
        "b_without_a": "verschil in kans op {y} met en zonder {qb}, bij bedrijven zonder {qa}",
        "b_with_a": "verschil in kans op {y} met en zonder {qb}, bij bedrijven met {qa}",
        "complementarity": "wat {qa} en {qb} samen toevoegen boven elk apart, in kans op {y}",
    },
    "en": {
        "neither": "probability of {y} without {qa} and without {qb}",
        "b_only": "probability of {y} with {qb} alone",
        "a_only": "probability of {y} with {qa} alone",
        "both": "probability of {y} with {qa} and {qb}",
        "ame_a": "difference in the probability of {y} with and without {qa}, averaged over the firms",
        "ame_b": "difference in the probability of {y} with and without {qb}, averaged over the firms",
        "a_without_b": "difference in the probability of {y} with and without {qa}, among firms without {qb}",
        "a_with_b": "difference in the probability of {y} with and without {qa}, among firms with {qb}",
        "b_without_a": "difference in the probability of {y} with and without {qb}, among firms without {qa}",
        "b_with_a": "difference in the probability of {y} with and without {qb}, among firms with {qa}",
        "complementarity": "what {qa} and {qb} add together beyond each by itself, in the probability of {y}",
    },
}
OTHER: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "trend": "verschil in aandeel {y} per stap van {over}",
        "dose": "verschil in kans op {y} per eenheid meer {over}",
        "share": "aandeel {m}",
        "not_share": "aandeel zonder {m}",
        "among": "{share} onder bedrijven met {g}",
        "difference": "verschil in aandeel {m} tussen bedrijven met en zonder {g}",
        "base": "{text}; basis: {base}",
    },
    "en": {
        "trend": "difference in the share with {y} per step of {over}",
        "dose": "difference in the probability of {y} for one more of {over}",
        "share": "share with {m}",
        "not_share": "share without {m}",
        "among": "{share} among firms with {g}",
        "difference": "difference in the share with {m} between firms with and without {g}",
        "base": "{text}; base: {base}",
    },
}


def quoted_in(language: str, text: str) -> str:
    """A label inside a sentence: between the language's quotation marks."""
    return f"‘{text}’" if language == "nl" else f"“{text}”"


def label_of(survey: Survey, name: str, language: str) -> str:
    """The survey's label for a measure, base, concept or model; the name in words where it has none."""
    for known in (survey.measures, survey.bases, survey.concepts):
        if name in known:
            return known[name].label.get(language) or name.replace("_", " ")
    model = survey.models.get(name)
    return (model.label.get(language) if model else None) or name.replace("_", " ")


def practices_of(survey: Survey, model: str, variant: str = MAIN) -> tuple[str, ...]:
    """The practices of a model's variant: an alternative has another measure in one's place."""
    return survey.models[model].practices_of(variant) if model in survey.models else ()


def contrasts_of(survey: Survey, model: str, variant: str = MAIN) -> dict[str, Contrast]:
    """Role -> contrast of a model's two practices, as they are told; empty where it has others."""
    declared = survey.models.get(model)
    if declared is None or not declared.main.of_two_practices:
        return {}
    return of_two_practices(*declared.practices_of(variant))


def contrast_words(survey: Survey, model: str, contrast: str, language: str, variant: str = MAIN) -> tuple[str, str]:
    """(short, long) words for a model's contrast: a row's name, and what it measures; its own name where the report has
    no words for it."""
    declared = survey.models.get(model)
    found = declared.contrast(contrast, variant) if declared else None
    plain = contrast.replace("_", " ")
    if declared is None or found is None:
        return plain, plain
    main, practices = declared.main, declared.practices_of(variant)
    outcome = quoted_in(language, label_of(survey, main.outcome, language))
    role = next((role for role, told in contrasts_of(survey, model, variant).items() if told == found), None)
    if role is not None:
        a, b = (label_of(survey, name, language) for name in practices)
        values = {
            "a": a, "b": b, "y": outcome, "qa": quoted_in(language, a), "qb": quoted_in(language, b),
        }  # fmt: skip
        return SHORT[language][role].format(**values), LONG[language][role].format(**values)
    if found.kind not in ("trend", "average"):
        return plain, plain
    over = quoted_in(language, label_of(survey, found.of[0], language))
    words = OTHER[language]["trend" if found.kind == "trend" else "dose"].format(y=outcome, over=over)
    return words, words


def state_words(survey: Survey, practices: Sequence[str], language: str) -> tuple[tuple[str, str], ...]:
    """(without, with) of each practice, as heads of the table of states."""
    no = {"nl": "Niet: {label}", "en": "Not: {label}"}[language]
    labels = [label_of(survey, name, language) for name in practices]
    return tuple((no.format(label=label), label) for label in labels)


def estimand_words(survey: Survey, estimand: Estimand, language: str) -> str:
    """What a claim's figure measures, with its base where firms are counted."""
    if isinstance(estimand, ModelContrast):
        return contrast_words(survey, estimand.model, estimand.contrast, language, estimand.variant)[1]

    def named(name: str) -> str:
        return quoted_in(language, label_of(survey, name, language))

    words = OTHER[language]
    if isinstance(estimand, Difference):
        text = words["difference"].format(m=named(estimand.measure), g=named(estimand.by))
    else:
        text = words["share" if estimand.equals else "not_share"].format(m=named(estimand.measure))
        if estimand.among:
            text = words["among"].format(share=text, g=named(estimand.among))
    return words["base"].format(text=text, base=label_of(survey, estimand.base, language).lower())
