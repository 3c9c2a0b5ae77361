"""What a model's contrasts and a claim's estimand are called, by the survey's own labels and in both languages.

Belongs here: the labels that go into the names of contrasts and into sentences about what they measure. Does not
belong here: those words (`wording`, contrasts); any number; the words of pages (`report`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.statistics.decisions.claim import Difference, Estimand, ModelContrast
from monitor.statistics.models.contrast import Contrast, of_two_practices
from monitor.survey.model import Survey
from monitor.survey.models import MAIN
from monitor.wording.sentences import inside, say


def quoted_in(language: str, text: str) -> str:
    """A label inside a sentence: between the language's quotation marks."""
    return say("contrasts", "quoted", language, text=text)


def label_of(survey: Survey, name: str, language: str) -> str:
    """The survey's label for a measure, base, concept or model; the name in words where it has none."""
    for known in (survey.measures, survey.bases, survey.concepts):
        if name in known:
            return _any_of(known[name].label, name, language)
    model = survey.models.get(name)
    return _any_of(model.label, name, language) if model else name.replace("_", " ")


def label_of_concept(survey: Survey, name: str, language: str) -> str:
    """The survey's label for what a question asks, whatever measure has the same name."""
    return _any_of(survey.concepts[name].label, name, language)


def _any_of(label: Mapping[str, str], name: str, language: str) -> str:
    """A label in a language, else in the first that the survey has it in (it need not speak the tables' languages); the
    name in words where it has none."""
    return (
        label.get(language)
        or label.get("en")
        or next((text for text in label.values() if text), name.replace("_", " "))
    )


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
        # The model's own reading needs no name: its other contrasts stand beside it.
        if role == "complementarity" and variant != MAIN and variant in declared.pairs:
            short = say("contrasts", "short_complementarity_read", language, **values)
        else:
            short = say("contrasts", f"short_{role}", language, **values)
        return short, say("contrasts", f"long_{role}", language, **values)
    if found.kind not in ("trend", "average"):
        return plain, plain
    over = quoted_in(language, label_of(survey, found.of[0], language))
    words = say("contrasts", "trend" if found.kind == "trend" else "dose", language, y=outcome, over=over)
    return words, words


def fit_of(estimand: Estimand) -> tuple[str, str] | None:
    """The model and variant that decide a claim; None where firms are counted."""
    return (estimand.model, estimand.variant) if isinstance(estimand, ModelContrast) else None


def reading_words(survey: Survey, estimand: Estimand, language: str) -> str:
    """As which measures a claim about the primary model reads the two practices; empty for other claims."""
    model = survey.models.get(estimand.model) if isinstance(estimand, ModelContrast) else None
    if not isinstance(estimand, ModelContrast) or model is None or not (model.primary and model.main.of_two_practices):
        return ""
    a, b = (quoted_in(language, label_of(survey, name, language)) for name in model.practices_of(estimand.variant))
    pairs = model.pairs
    return say("contrasts", "read_as_one" if pairs else "read_as", language, qa=a, qb=b, count=len(pairs))


def state_words(survey: Survey, practices: Sequence[str], language: str) -> tuple[tuple[str, str], ...]:
    """(without, with) of each practice, as heads of the table of states."""
    labels = [label_of(survey, name, language) for name in practices]
    return tuple((say("contrasts", "without", language, label=label), label) for label in labels)


def estimand_words(survey: Survey, estimand: Estimand, language: str) -> str:
    """What a claim's figure measures, with its base where firms are counted."""
    if isinstance(estimand, ModelContrast):
        return contrast_words(survey, estimand.model, estimand.contrast, language, estimand.variant)[1]

    def named(name: str) -> str:
        return quoted_in(language, label_of(survey, name, language))

    if isinstance(estimand, Difference):
        text = say("contrasts", "difference", language, m=named(estimand.measure), g=named(estimand.by))
    else:
        counted = "share" if estimand.equals else "not_share"
        text = say("contrasts", counted, language, m=named(estimand.measure))
        if estimand.among:
            text = say("contrasts", "among", language, share=text, g=named(estimand.among))
    return say(
        "contrasts", "base", language, text=text, base=inside(language, label_of(survey, estimand.base, language))
    )
