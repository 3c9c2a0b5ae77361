"""What the primary model is about: its outcome and practices as sentences call them, and the titles made of them.

Belongs here: how a survey's own words stand within the report's. Does not belong here: the model's figures (`models`).
"""

from __future__ import annotations

from monitor.publication.report.tables import Figures
from monitor.survey.wording import contrast_words, contrasts_of, practices_of

STATES = ("neither", "b_only", "a_only", "both")


def subjects(figures: Figures, model: str | None = None) -> dict[str, str]:
    """What a sentence calls the outcome (`outcome`) and the two practices (`a`, `b`) of the primary model: the nouns
    that the survey declares, and else their labels between quotation marks."""
    name = model or figures.primary or next(iter(figures.survey.models), "")
    declared = figures.survey.models.get(name)
    practices = practices_of(figures.survey, name)
    asked = {"outcome": declared.main.outcome} if declared else {}
    if len(practices) == 2:
        asked |= {"a": practices[0], "b": practices[1]}
    return {role: _noun(figures, measure) for role, measure in asked.items()}


def _noun(figures: Figures, measure: str) -> str:
    declared = figures.survey.measures.get(measure)
    noun = declared.noun.get(figures.words.language) if declared else None
    return noun or figures.words.t("named", label=figures.words.label("measure", measure))


def titles(figures: Figures) -> dict[str, str]:
    """Title and lead of what is told of the model; without a lead where no model compares two practices."""
    t, about = figures.words.t, subjects(figures)
    return {
        "model_title": t("cooperation_title", **about) if "outcome" in about else t("nav_cooperation"),
        "model_lead": t("cooperation_lead", **about) if "a" in about else "",
    }


def state_formula(figures: Figures) -> dict[str, str]:
    """What the methods' formula calls the probabilities of the four states."""
    name = figures.primary or next(iter(figures.survey.models), "")
    names = contrasts_of(figures.survey, name)
    language = figures.words.language
    return {
        role: contrast_words(figures.survey, name, names[role].name if role in names else role, language)[0]
        for role in STATES
    }
