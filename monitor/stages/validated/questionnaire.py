"""Rules that follow from a wave's questionnaire by themselves: types, code lists, ranges, routing, identity.

Belongs here: one rule per question and property. Does not belong here: rules across questions (`expectations/`).
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.rules.expectation_types import QUERY
from monitor.rules.suites import Rule
from monitor.storage.lake import literal, quoted
from monitor.survey import Concept, Question, Survey, Text, Wave
from monitor.survey.expressions import columns_of

ANSWERS, INVALID = "staged_answers", "invalid_values"
CODED = ("boolean", "category", "categories")
TYPE_WORDS = {
    "number": ("getal", "number"),
    "integer": ("geheel getal", "whole number"),
    "percentage": ("percentage", "percentage"),
    "boolean": ("ja of nee", "yes or no"),
    "date": ("datum", "date"),
    "category": ("bekende code", "known code"),
    "categories": ("lijst van bekende codes", "list of known codes"),
    "identifier": ("bedrijfsnummer", "firm identifier"),
}


def asked(survey: Survey, wave: Wave) -> tuple[str, ...]:
    """The concepts of a wave that have a column in `staged_answers`: no direct identifiers, no free text."""
    return tuple(
        name for name in wave.questions
        if name in survey.concepts and not survey.concepts[name].direct_identifier
        and survey.concepts[name].type != "text"
    )  # fmt: skip


def rules(survey: Survey, wave: Wave) -> tuple[Rule, ...]:
    """Every rule the questionnaire of this wave implies."""
    place = f"waves/{wave.file.name}"
    found: list[Rule] = list(_identity(wave, place))
    for name in asked(survey, wave):
        concept, question = survey.concepts[name], wave.questions[name]
        if concept.type != "identifier":
            found.extend(_of_question(concept, question, place))
    return tuple(found)


def _identity(wave: Wave, place: str) -> Iterator[Rule]:
    yield Rule(
        "firm_known", "expect_column_values_to_not_be_null", {"column": "firm"}, "critical",
        {"nl": "Zonder bedrijfsnummer hoort een antwoord bij niemand.",
         "en": "Without its identifier a response belongs to no firm."},
        columns=("firm",), table=ANSWERS, judges_missing=True, file=place, line=wave.lines.get("questions"),
    )  # fmt: skip
    if wave.duplicates == "fail":
        yield Rule(
            "one_response_per_firm", "expect_column_values_to_be_unique", {"column": "firm"}, "critical",
            {"nl": "Een bedrijf telt één keer; de golf verklaart niet welk antwoord geldt (`duplicates`).",
             "en": "A firm counts once; the wave does not declare which response holds (`duplicates`)."},
            columns=("firm",), table=ANSWERS, file=place, line=wave.lines.get("duplicates"),
        )  # fmt: skip


def _of_question(concept: Concept, question: Question, place: str) -> Iterator[Rule]:
    name = concept.name

    def rule(suffix: str, type: str, kwargs: dict[str, object], why: Text, **more: object) -> Rule:
        plain = {"severity": "warning", "columns": (name,), "requires": (name,), "table": ANSWERS}
        return Rule(f"{name}_{suffix}", type, kwargs, why=why, file=place,
                    line=question.line, **plain | more)  # type: ignore[arg-type]  # fmt: skip

    word_nl, word_en = TYPE_WORDS[concept.type]
    yield rule(
        "readable", "expect_column_values_to_not_be_in_set", {"column": "concept", "value_set": [name]},
        {"nl": f"{_label(concept, 'nl')}: de waarde is geen {word_nl}.",
         "en": f"{_label(concept, 'en')}: the value is not a {word_en}."},
        table=INVALID, columns=("text",), answered_in=(ANSWERS, name),
        # A word where a number belongs is one firm's missing value, imputed like any other; a code nobody declared
        # says that question and definition differ.
        severity="warning" if concept.type in CODED else "info",
    )  # fmt: skip
    if concept.codes:
        why = {"nl": f"{_label(concept, 'nl')}: de code staat niet in de codelijst.",
               "en": f"{_label(concept, 'en')}: the code is not in the code list."}  # fmt: skip
        if concept.type == "categories":
            codes = ", ".join(literal(code) for code in concept.codes)
            query = f"SELECT * FROM {{batch}} WHERE NOT list_has_all([{codes}], {quoted(name)})"
            yield rule("in_code_list", QUERY, {"unexpected_rows_query": _escaped(query)}, why)
        else:
            yield rule("in_code_list", "expect_column_values_to_be_in_set",
                       {"column": name, "value_set": list(concept.codes)}, why)  # fmt: skip
    least, most = _range(concept)
    if least is not None or most is not None:
        bounds = {key: bound for key, bound in (("min_value", least), ("max_value", most)) if bound is not None}
        yield rule("in_range", "expect_column_values_to_be_between", {"column": name, **bounds},
                   {"nl": f"{_label(concept, 'nl')}: de waarde valt buiten wat kan.",
                    "en": f"{_label(concept, 'en')}: the value is outside what is possible."})  # fmt: skip
    if question.asked_of:
        query = (
            f"SELECT * FROM {{batch}} WHERE ({_escaped(question.asked_of)}) IS FALSE AND {quoted(name)} IS NOT NULL"
            f" AND {quoted(name)} IS DISTINCT FROM {_value(question.otherwise)}"
        )
        yield rule("only_when_asked", QUERY, {"unexpected_rows_query": query},
                   {"nl": f"{_label(concept, 'nl')}: beantwoord, maar niet gevraagd.",
                    "en": f"{_label(concept, 'en')}: answered, but not asked."},
                   requires=(name, *sorted(columns_of(question.asked_of) - {name})))  # fmt: skip


def _range(concept: Concept) -> tuple[float | None, float | None]:
    least, most = concept.minimum, concept.maximum
    if concept.type == "percentage":
        least, most = 0.0 if least is None else least, 100.0 if most is None else most
    return least, most


def _value(otherwise: object) -> str:
    if otherwise is None:
        return "NULL"
    if isinstance(otherwise, bool | int | float):
        return str(otherwise).lower()
    if isinstance(otherwise, list | tuple):
        return "[" + ", ".join(literal(str(item)) for item in otherwise) + "]"
    return _escaped(literal(str(otherwise)))


def _escaped(sql: str) -> str:
    """SQL whose own braces survive the substitution of {batch}; {batch} itself stays."""
    return sql.replace("{", "{{").replace("}", "}}").replace("{{batch}}", "{batch}")


def _label(concept: Concept, language: str) -> str:
    return concept.label.get(language) or concept.name
