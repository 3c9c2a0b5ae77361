"""Skips that nobody declared: a practice or an outcome that no firm with a certain yes or no has.

Where a questionnaire leads firms past a question and the wave does not say so (`asked_of`), their blank or default
"no" looks like an answer, and a model finds a relation that is the questionnaire's own. Seen in a base: at least
`EXPECTED` firms with one answer to a yes/no question would have the property if they had it as often as firms with
the other answer, and not one has. Firms with a declared `not_asked` among the property's own concepts do not count,
nor does a question of which the property is made.

Belongs here: finding them in a wave's answers. Does not belong here: the finding (`validated`), what it does to a
model or a claim (`modelled`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import numpy as np

from monitor.statistics.decisions.claim import ModelContrast
from monitor.storage.lake import columns_in, literal, quoted
from monitor.survey import Survey, Text, Wave
from monitor.survey.expressions import DUCKDB_TYPES, columns_of
from monitor.survey.participation import in_wave
from monitor.wording.sentences import LANGUAGES, say

EXPECTED = 10
"""Firms that should have the property, by the rate among the others, for none of them to be no coincidence: were the
two unrelated, that would happen once in exp(10), 22,000 times"""
COLUMNS = "subject VARCHAR, base VARCHAR, question VARCHAR, answer BOOLEAN, firms BIGINT, expected DOUBLE"
"""A table of skips as SQL"""
COUNTED = ("boolean", "number", "integer", "percentage")


@dataclass(frozen=True)
class Skip:
    """No firm of a base that gave `answer` to `question` has `subject`."""

    subject: str
    base: str
    question: str
    answer: bool
    firms: int
    expected: float
    """Firms that would have it at the rate of those with the other answer"""


def skips(connection: duckdb.DuckDBPyConnection, survey: Survey, wave: Wave) -> list[Skip]:
    """The undeclared skips behind what the survey's models and claims are about, over the views `staged_answers` and
    `staged_missing` of the connection."""
    survey = in_wave(survey, wave)
    there = set(columns_in(connection, "staged_answers"))
    asked = [
        name
        for name in wave.questions
        if name in there and name != "finished" and name in survey.concepts and survey.concepts[name].type == "boolean"
    ]
    pairs = [(subject, base) for subject, base in sorted(studied(survey)) if _concepts(survey, subject) & there]
    if not pairs or not asked:
        return []
    table = connection.execute(_facts(survey, pairs, asked, there)).fetchnumpy()
    facts = {name: np.asarray(column, dtype=bool) for name, column in table.items()}
    answers = {
        answer: np.column_stack([facts[f"{answer} {name}"] for name in asked]).astype(np.float32)
        for answer in (False, True)
    }
    found = []
    for subject, base in pairs:
        counted = facts[f"in {base}"] & ~facts[f"past {subject}"]
        holds = counted & facts[f"has {subject}"]
        firms = {answer: counted.astype(np.float32) @ given for answer, given in answers.items()}
        having = {answer: holds.astype(np.float32) @ given for answer, given in answers.items()}
        for place, question in enumerate(asked):
            for answer in (False, True) if question not in _concepts(survey, subject) else ():
                others = float(firms[not answer][place])
                expected = float(firms[answer][place] * having[not answer][place] / others) if others else 0.0
                if having[answer][place] == 0 and expected >= EXPECTED:
                    found.append(Skip(subject, base, question, answer, int(firms[answer][place]), expected))
    return found


def studied(survey: Survey) -> set[tuple[str, str]]:
    """(measure or concept, base) of every property that a model explains or explains by, or that a claim is about."""
    found = {(name, base) for model in survey.models.values() for name in model.subjects for base in model.bases}
    for claim in survey.claims:
        if not isinstance(claim.estimand, ModelContrast):
            found |= {(name, claim.estimand.base) for name in claim.estimand.measures}
    return {(name, base) for name, base in found if base in survey.bases and _kind(survey, name) in COUNTED}


def _kind(survey: Survey, name: str) -> str:
    declared = survey.measures.get(name) or survey.concepts.get(name)
    return declared.type if declared else ""


def _sql(survey: Survey, name: str) -> str:
    return survey.measures[name].sql if name in survey.measures else quoted(name)


def _concepts(survey: Survey, name: str) -> frozenset[str]:
    return frozenset(columns_of(_sql(survey, name)))


def _facts(survey: Survey, pairs: Collection[tuple[str, str]], asked: Collection[str], there: set[str]) -> str:
    """A row for each response: whether it is in each base, has each subject, was declared past it, and each answer."""
    subjects, bases = sorted({subject for subject, _ in pairs}), sorted({base for _, base in pairs})
    facts = []
    for name in subjects:
        sql, names = _sql(survey, name), ", ".join(literal(concept) for concept in sorted(_concepts(survey, name)))
        has = f"TRY(({sql}))" if _kind(survey, name) == "boolean" else f"TRY(({sql})) <> 0"
        facts.append(f"coalesce({has}, false) AS {quoted(f'has {name}')}")
        facts.append(f"coalesce(list_has_any({quoted('past')}, [{names}]), false) AS {quoted(f'past {name}')}")
    facts += [f"coalesce(TRY(({survey.bases[base].sql})), false) AS {quoted(f'in {base}')}" for base in bases]
    for name in asked:
        facts.append(f"coalesce({quoted(name)}, false) AS {quoted(f'True {name}')}")
        facts.append(f"coalesce(NOT {quoted(name)}, false) AS {quoted(f'False {name}')}")
    needed = {name for subject in subjects for name in _concepts(survey, subject)}
    needed |= {name for base in bases for name in columns_of(survey.bases[base].sql)}
    absent = "".join(
        f", NULL::{DUCKDB_TYPES[survey.concepts[name].type]} AS {quoted(name)}" for name in sorted(needed - there)
    )
    past = f"SELECT firm, list(concept) AS {quoted('past')} FROM staged_missing WHERE kind = 'not_asked' GROUP BY firm"
    return f"SELECT {', '.join(facts)} FROM (SELECT *{absent} FROM staged_answers LEFT JOIN ({past}) USING (firm))"


def sentence(skip: Skip, survey: Survey) -> Text:
    """Why nothing is decided about what rests on the skip, in both languages, without a number."""

    def told(language: str) -> str:
        answer = say("skips", "answered_yes" if skip.answer else "answered_no", language)
        subject, question = (_label(survey, name, language) for name in (skip.subject, skip.question))
        return say("skips", "led_past", language, answer=answer, subject=subject, question=question)

    return {language: told(language) for language in LANGUAGES}


def _label(survey: Survey, name: str, language: str) -> str:
    declared = survey.measures.get(name) or survey.concepts.get(name)
    return (declared.label.get(language) if declared else None) or name
