"""The subgroups that figures are published by, with what their codes mean and in which order they stand.

Belongs here: the table `domains`. Does not belong here: which firm lies in which domain (`contributions`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.contract.shape import shaped
from monitor.survey import Survey
from monitor.wording.sentences import LANGUAGES, in_each

BOOLEAN = "boolean"
ANSWERS: Mapping[str, str] = {"false": "no", "true": "yes"}
"""Code of a domain that is yes or no -> the word for it, in the order in which figures stand"""


def with_domains(tables: Mapping[str, pd.DataFrame], survey: Survey) -> dict[str, pd.DataFrame]:
    """The tables with `domains` beside them, so that every line of a subgroup finds its labels there.

    From the definition, and from lines of the tables where the definition lists no codes (official classifications):
    it tells of no firm what the lines do not tell already, withheld ones included.
    """
    told: dict[str, set[str]] = {EVERYONE: {EVERYONE}} | {variable: set() for variable in survey.domains}
    for frame in tables.values():
        if "domain_variable" in frame:
            pairs = frame[["domain_variable", "domain"]].drop_duplicates()
            for variable, code in pairs.itertuples(index=False, name=None):
                told.setdefault(str(variable), set()).add(str(code))
    rows = [row for variable, codes in told.items() for row in _of_variable(survey, variable, codes)]
    return {**tables, "domains": shaped("domains", pd.DataFrame(rows).assign(survey=survey.name))}


def _of_variable(survey: Survey, variable: str, told: set[str]) -> list[dict[str, object]]:
    """The rows of one variable: its declared codes in their order, then those that only lines have."""
    kind, name, labels = _declared(survey, variable)
    codes = [*labels, *sorted(told - set(labels))]
    return [
        {
            "domain_variable": variable,
            "domain": code,
            "sort_order": position,
            "kind": kind,
            **{f"label_{language}": labels.get(code, {}).get(language) for language in LANGUAGES},
            **{f"variable_{language}": name.get(language) for language in LANGUAGES},
        }
        for position, code in enumerate(codes, start=1)
    ]


def _declared(survey: Survey, variable: str) -> tuple[str | None, Mapping[str, str], dict[str, Mapping[str, str]]]:
    """Kind, label and labelled codes of a domain variable as the survey declares it; nothing of one it no longer
    does."""
    if variable == EVERYONE:
        words = in_each("report", "everyone")
        return EVERYONE, words, {EVERYONE: words}
    declared = survey.concepts.get(variable) or survey.measures.get(variable)
    if declared is None:
        return None, {}, {}
    if declared.type == BOOLEAN:
        return BOOLEAN, declared.label, {code: in_each("report", word) for code, word in ANSWERS.items()}
    return declared.type, declared.label, dict(declared.codes)
