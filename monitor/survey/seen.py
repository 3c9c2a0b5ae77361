"""What of a survey a stage sees: no wave after its own, no words where figures are made, no measure that it does not
study.

What a stage is not shown, its tables cannot rest on: where only that changes, they stand. In the place of words stand
marks, which say where the words are declared; `Words` puts them in once figures are made.

Belongs here: surveys without some of what they declare, and putting words in. Does not belong here: what the marks look
like (`wording.later`), what is made again where something changes (the jobs).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from monitor.survey.content import declared_fields
from monitor.survey.model import Measure, Survey
from monitor.survey.text import inner, is_text
from monitor.wording.later import has_mark, key, mark, put_in
from monitor.wording.sentences import written

if TYPE_CHECKING:
    import pandas as pd

OF_ANSWERS = ("staged", "validated")
"""Stages whose tables and messages have the words of questions and concepts"""
OF_FIGURES = ("imputed", "derived", "weighted", "estimated", "modelled")
"""Stages of a wave that make figures"""
BEFORE_INDICATORS = ("raw", *OF_ANSWERS, "imputed", "weighted")
"""Stages that have nothing to do with what is estimated"""
LATER = ("indicators", "comparable", "equivalents", "packs", "framework")
"""Fields of what is estimated"""
STUDIES = (*LATER, "models", "claims", "programmes", "imputation")
"""Fields of what is studied"""


def seen_by(survey: Survey, stage: str, wave: str, marked: Survey | None = None) -> Survey:
    """A survey as a stage sees it when it makes the tables of a wave, or (`wave`: none of the survey's) of all.

    marked: the survey without words, where who asks has it.
    """
    if stage not in ("raw", *OF_ANSWERS, *OF_FIGURES, "disclosed"):
        return survey
    seen = marked or without_words(survey)
    if stage in ("raw", *OF_FIGURES) and wave in survey.waves:
        waves = {name: declared for name, declared in seen.waves.items() if name <= wave}
        seen = replace(seen, waves=waves, margins={name: m for name, m in seen.margins.items() if name in waves})
    if stage in BEFORE_INDICATORS:
        hidden: dict[str, Any] = {name: Unseen(f"{stage} does not see {name}") for name in LATER}
        if stage != "weighted":
            hidden["margins"] = Unseen(f"{stage} does not see margins")
        seen = replace(seen, measures=_studied(seen), **hidden)
    if stage == "modelled":
        headlines = {name: indicator for name, indicator in seen.indicators.items() if indicator.headline}
        seen = replace(seen, indicators=headlines, measures=_studied(seen, headlines, seen.programmes))
    if stage in OF_ANSWERS:
        seen = replace(seen, concepts=survey.concepts, waves=survey.waves)
    return seen


def narrowed(survey: Survey, **declared: Any) -> Survey:
    """A survey of which no more of what is studied is seen than these fields and the measures they name."""
    hidden: dict[str, Any] = {
        name: Unseen(f"this part does not see {name}") for name in STUDIES if name not in declared
    }
    return replace(survey, **(hidden | declared), measures=_named(survey, declared))


class Unseen:
    """Stands for what a stage does not see: to use it is an error."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __repr__(self) -> str:
        return f"Unseen({self.what!r})"

    def _refuse(self, *_: object) -> Any:
        raise TypeError(self.what)

    __len__ = __iter__ = __getitem__ = __contains__ = __bool__ = _refuse


def _studied(survey: Survey, *beside: object) -> Mapping[str, Measure]:
    """The measures that models, claims, domains, the filling-in or what is named `beside` names."""
    return _named(survey, (survey.models, survey.claims, survey.domains, survey.imputation, *beside))


def _named(survey: Survey, declared: object) -> Mapping[str, Measure]:
    """The measures whose names stand somewhere in what is declared."""
    named = set(re.findall(r"\w+", repr(declared)))
    return {name: measure for name, measure in survey.measures.items() if name in named}


def without_words(survey: Survey) -> Survey:
    """A survey with a mark in the place of each text in each language."""
    marked: Survey = _with_texts(survey, Survey, (), lambda place, text: text and mark(place))
    return marked


def _with_texts(value: Any, hint: Any, place: tuple[str | int, ...], put: Callable[[str, str], str]) -> Any:
    """A survey, or what is declared at a place of it, with what `put` makes of each text and of where that stands."""
    if is_text(hint):
        return value and {language: put(json.dumps([*place, language]), text) for language, text in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        kind: Any = type(value)
        initial = {each.name for each in fields(kind) if each.init}
        parts = {name: (getattr(value, name), declared) for name, declared in declared_fields(kind) if name in initial}
        changed = {name: _with_texts(part, own, (*place, name), put) for name, (part, own) in parts.items()}
        return replace(value, **{name: new for name, new in changed.items() if new is not parts[name][0]})
    if isinstance(value, Mapping):
        items = {key: _with_texts(item, inner(hint), (*place, key), put) for key, item in value.items()}
        return value if all(items[key] is value[key] for key in items) else items
    if isinstance(value, tuple):
        each = tuple(_with_texts(item, inner(hint), (*place, number), put) for number, item in enumerate(value))
        return value if all(new is old for new, old in zip(each, value, strict=True)) else each
    return value


class Words:
    """The words of a survey, by the marks that stand for them."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    @cached_property
    def _at(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        _with_texts(self._survey, Survey, (), lambda place, text: found.setdefault(key(place), text))
        return found

    def in_text(self, text: str) -> str:
        """A text with words in the place of its marks."""
        return put_in(text, self._at, written) if has_mark(text) else text

    def told(self, value: Any) -> Any:
        """What a stage says of itself, with words in the place of its marks."""
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, Mapping):
            return {name: self.told(item) for name, item in value.items()}
        return [self.told(item) for item in value] if isinstance(value, (list, tuple)) else value

    def in_table(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table with words in the place of its marks."""
        told = {}
        for name in table.columns:
            values = table[name].tolist()
            if any(isinstance(value, str) and has_mark(value) for value in values):
                put = [self.in_text(value) if isinstance(value, str) else value for value in values]
                told[name] = type(table[name])(put, index=table.index, dtype=table[name].dtype)
        return table.assign(**told)
