"""The names a survey gives – concepts, measures, bases – and the names they must stay apart from.

Belongs here: which names are taken, and what is wrong with a name. Does not belong here: names that a file format
makes shorter (`publication.spelling`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from monitor.problems import Problem
from monitor.survey.model import Concept, Measure, Survey

SUPPLIED_WEIGHT = "supplied_weight"
"""What the canonical concept `weight` is called beside the final weight of that name"""

OF_EVERY_FIRM: Mapping[str, str] = {
    "survey": "Survey.",
    "wave": "Wave: the round of fieldwork, named by the year it was sent out.",
    "firm": "Firm: keyed pseudonym, the same in every wave.",
    "imputation": "Number of the completed copy (1..m; 0 where nothing was imputed).",
    "stratum": "Cell of the sampling design.",
    "population": "Firms in the stratum in the frame (number).",
    "invited": "Firms of the stratum that were invited (number).",
    "responding": "Firms of the stratum with a usable response (number).",
    "response_class": "Class within which response is treated as random.",
    "imputed": "Concepts of this firm that were imputed.",
    "base_weight": "Base weight N/n.",
    "response_weight": "Weight after non-response adjustment.",
    "weight": "Final weight, after calibration; in replicate_weights: the weight under this replicate.",
    "variance_cell": "Cell within which firms vary: stratum and response class. Degrees of freedom: firms less cells.",
    "copy_weight": "Final weight over the number of completed copies: so weighted, all copies together are one sample.",
    "missing_kinds": "Concepts without an answer -> why: not_asked, refused, dont_know, break_off, invalid or absent.",
    SUPPLIED_WEIGHT: "Weight as the delivery gives it.",
}
"""Columns that the firms' tables of a release have whatever a survey asks -> what they hold"""

OF_RECORDS = frozenset({"response", "line", "disposition", "domain"})
"""Columns that stand beside a survey's own in tables on the way to a release"""

RESERVED = frozenset(
    re.findall(
        r"\w+",
        "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create "
        "current_catalog current_date current_role current_time current_timestamp current_user default deferrable "
        "desc describe distinct do else end except false fetch for foreign from grant group having in initially "
        "intersect into lambda lateral leading limit localtime localtimestamp not null offset on only or order pivot "
        "pivot_longer pivot_wider placing primary qualify references returning select session_user show some "
        "summarize symmetric system_user table then to trailing true union unique unpivot user using variadic when "
        "where window with",
    )
)
"""Words that DuckDB or PostgreSQL takes for its own wherever they stand without quotes"""


def fault(name: str) -> tuple[str, str, str] | None:
    """What is wrong with a concept's or measure's name: the fault, what is expected, what to do; None: nothing."""
    if unusual := _unusual(name):
        return unusual
    if name in RESERVED:
        return "is a word of SQL", "a name that a query can hold without quotes", "rename it"
    if name in OF_EVERY_FIRM or name in OF_RECORDS:
        taken = ", ".join(sorted({*OF_EVERY_FIRM, *OF_RECORDS}))
        return "is the name of a column that every firm has", f"none of {taken}", "give it a name of its own"
    return None


def declared(column: str, survey: Survey) -> Concept | Measure | None:
    """The concept or measure that a column of the firms' tables holds; None for a column every survey has."""
    if column == SUPPLIED_WEIGHT:
        return survey.concepts.get("weight")
    if column in OF_EVERY_FIRM:
        return None
    return survey.measures.get(column) or survey.concepts.get(column)


def name_problems(survey: Survey) -> Iterator[Problem]:
    """What is wrong with the names of measures and bases (those of concepts are judged where they are read)."""
    columns = {*survey.concepts, *survey.measures, *OF_EVERY_FIRM}
    for measure in survey.measures.values():
        if wrong := fault(measure.name):
            yield _problem("measure", measure.name, measure.line, wrong)
    for base in survey.bases.values():
        wrong = _unusual(base.name)
        if not wrong and (column := f"base_{base.name}") in columns:
            wrong = f"makes the column {column}, which is there already", "a name of its own", "rename it"
        if wrong:
            yield _problem("base", base.name, base.line, wrong)


def _unusual(name: str) -> tuple[str, str, str] | None:
    if name.isascii() and name.isidentifier() and name == name.lower():
        return None
    return "is not a usable name", "lower case letters a to z, digits and underscores, a letter first", "rename it"


def _problem(kind: str, name: str, line: int, wrong: tuple[str, str, str]) -> Problem:
    what, expected, do = wrong
    return Problem(f"the {kind} {name!r} {what}", file="survey.yaml", line=line, expected=expected, found=name, do=do)
