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
from monitor.wording.sentences import LANGUAGES, in_each, say

ANSWERS, INVALID = "staged_answers", "invalid_values"
CODED = ("boolean", "category", "categories")


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
        in_each("questionnaire", "firm_known"),
        columns=("firm",), table=ANSWERS, judges_missing=True, file=place, line=wave.lines.get("questions"),
    )  # fmt: skip
    if wave.duplicates == "fail":
        yield Rule(
            "one_response_per_firm", "expect_column_values_to_be_unique", {"column": "firm"}, "critical",
            in_each("questionnaire", "one_response_per_firm"),
            columns=("firm",), table=ANSWERS, file=place, line=wave.lines.get("duplicates"),
        )  # fmt: skip


def _of_question(concept: Concept, question: Question, place: str) -> Iterator[Rule]:
    name = concept.name

    def rule(suffix: str, type: str, kwargs: dict[str, object], **more: object) -> Rule:
        plain = {"severity": "warning", "columns": (name,), "requires": (name,), "table": ANSWERS}
        return Rule(f"{name}_{suffix}", type, kwargs, why=_why(suffix, concept), file=place,
                    line=question.line, **plain | more)  # type: ignore[arg-type]  # fmt: skip

    yield rule(
        "readable", "expect_column_values_to_not_be_in_set", {"column": "concept", "value_set": [name]},
        table=INVALID, columns=("text",), answered_in=(ANSWERS, name),
        # A word where a number belongs is one firm's missing value, imputed like any other; a code nobody declared
        # says that question and definition differ.
        severity="warning" if concept.type in CODED else "info",
    )  # fmt: skip
    if concept.codes:
        if concept.type == "categories":
            codes = ", ".join(literal(code) for code in concept.codes)
            query = f"SELECT * FROM {{batch}} WHERE NOT list_has_all([{codes}], {quoted(name)})"
            yield rule("in_code_list", QUERY, {"unexpected_rows_query": _escaped(query)})
        else:
            yield rule("in_code_list", "expect_column_values_to_be_in_set",
                       {"column": name, "value_set": list(concept.codes)})  # fmt: skip
    least, most = _range(concept)
    if least is not None or most is not None:
        bounds = {key: bound for key, bound in (("min_value", least), ("max_value", most)) if bound is not None}
        yield rule("in_range", "expect_column_values_to_be_between", {"column": name, **bounds})
    if question.asked_of:
        query = (
            f"SELECT * FROM {{batch}} WHERE ({_escaped(question.asked_of)}) IS FALSE AND {quoted(name)} IS NOT NULL"
            f" AND {quoted(name)} IS DISTINCT FROM {_value(question.otherwise)}"
        )
        yield rule("only_when_asked", QUERY, {"unexpected_rows_query": query},
                   requires=(name, *sorted(columns_of(question.asked_of) - {name})))  # fmt: skip


def _why(rule: str, concept: Concept) -> Text:
    return {
        language: say("questionnaire", rule, language, label=concept.label.get(language) or concept.name,
                      type=say("questionnaire", f"type_{concept.type}", language))
        for language in LANGUAGES
    }  # fmt: skip


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
