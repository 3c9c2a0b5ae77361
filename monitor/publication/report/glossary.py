"""What words mean: the survey's own (outcome, practices, headline figures, groups) and those of the report.

Belongs here: which words are explained, where the survey's definitions are found. Does not belong here: the report's
own explanations (`wording`, report), the formulas (`pages.methods`).
"""

from __future__ import annotations

from typing import Any

from monitor.publication.report.tables import Figures, lines, name_of
from monitor.survey.wording import practices_of

OWN = (
    "weighted", "unweighted", "interval", "reliability", "withheld", "uncertain", "comparable", "association",
    "complementarity", "state", "pooled", "claim", "supported", "contradicted", "inconclusive", "not_testable",
    "adjusted", "p_value", "replicate", "imputed", "firth", "holm", "e_value", "wave", "cis",
)  # fmt: skip
"""Words of the report's own that it explains: `glossary_<word>` and `glossary_<word>_means`"""


def of_question(figures: Figures, model: str) -> list[dict[str, str]]:
    """The outcome and the practices of a model with their definitions, where the survey gives one."""
    declared = figures.survey.models.get(model)
    if declared is None:
        return []
    names = [declared.main.outcome, *practices_of(figures.survey, model)]
    return [found for name in dict.fromkeys(names) if (found := _measure(figures, name))]


def _measure(figures: Figures, name: str) -> dict[str, str] | None:
    declared = figures.survey.measures.get(name)
    meaning = (declared.definition if declared else {}).get(figures.words.language, "")
    if not meaning:
        return None
    return {"id": name_of("measure", name), "word": figures.words.label("measure", name), "meaning": meaning}


def page(figures: Figures) -> dict[str, Any]:
    """The survey's words as it orders them, then the report's, in the order of their spelling."""
    t, column = figures.words.t, f"definition_{figures.words.language}"
    measures = [found for name in figures.survey.measures if (found := _measure(figures, name))]
    indicators = [
        {"id": name_of("indicator", str(x["name"])), "word": figures.words.label("indicator", str(x["name"])),
         "meaning": str(x[column])}
        for x in lines(figures.tables["definitions"], kind="indicator") if x[column]
    ]  # fmt: skip
    own = [{"id": f"word-{k}", "word": t(f"glossary_{k}"), "meaning": t(f"glossary_{k}_means")} for k in OWN]
    return {"of_survey": [*measures, *indicators], "of_report": sorted(own, key=lambda x: x["word"].lower())}
