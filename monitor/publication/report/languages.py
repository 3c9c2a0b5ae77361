"""The texts of a survey and of public tables for a report in a language that they do not carry.

Belongs here: which text of another language stands where there is none in the reader's. Does not belong here: the
report's own words (`wording`), the languages' numbers (`numbers`), how a reader is told of which language a text is
(`foreign`).

Labels, definitions and claims are the survey's own, in each of its languages; English ones where it has none. What a
stage wrote in a sentence of its own – a note, a reason, a rule – is told in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pandas as pd

from monitor.publication.report import foreign
from monitor.survey import Indicator, Survey
from monitor.wording.sentences import spoken_languages

ENGLISH = "_en"
OWN: Mapping[str, str] = {"definitions": "name", "codebook": "concept", "initiatives": "initiative", "claims": "claim"}
"""Table -> the column that names what its texts are of"""


def completed(survey: Survey, language: str) -> Survey:
    """The survey with every text it has also in a language: where it has none there, the English one as what it is."""
    found: Survey = _completed(survey, language)
    return found


def _completed(part: Any, language: str) -> Any:
    """A part of a definition whose every text by language has one in this language; itself where nothing is added."""
    if isinstance(part, Mapping):
        if part and all(isinstance(text, str) and spoken in spoken_languages() for spoken, text in part.items()):
            return part if part.get(language) else {**part, language: foreign.among(part, language)}
        changed = {key: _completed(each, language) for key, each in part.items()}
        return changed if any(changed[key] is not part[key] for key in changed) else part
    if isinstance(part, tuple):
        listed = [_completed(each, language) for each in part]
        if all(new is old for new, old in zip(listed, part, strict=True)):
            return part
        return type(part)(*listed) if hasattr(part, "_fields") else tuple(listed)
    if is_dataclass(part) and not isinstance(part, type):
        told = {each.name: getattr(part, each.name) for each in fields(part) if each.init}
        filled = {name: _completed(value, language) for name, value in told.items()}
        added = {name: value for name, value in filled.items() if value is not told[name]}
        return replace(part, **added) if added else part
    return part


def in_further_language(tables: Mapping[str, pd.DataFrame], survey: Survey, language: str) -> dict[str, pd.DataFrame]:
    """The tables with a column of the language beside every English one, filled from the survey where it has words."""
    return {name: _with(frame, _texts(name, survey, language), name, language) for name, frame in tables.items()}


def _with(frame: pd.DataFrame, own: Callable[[str, str], str], table: str, language: str) -> pd.DataFrame:
    added = {}
    if table == "definitions":
        # A base and an indicator may have one name.
        frame = frame.assign(name=frame["kind"] + ":" + frame["name"])
    for column in frame:
        stem = str(column).removesuffix(ENGLISH)
        if stem == column:
            continue
        named = frame[OWN[table]] if table in OWN else frame[column]
        added[f"{stem}_{language}"] = [
            (table in OWN and own(str(name), stem)) or (foreign.told("en", text) if isinstance(text, str) else text)
            for name, text in zip(named, frame[column], strict=True)
        ]
    found = frame.assign(**added)
    return found.assign(name=found["name"].str.partition(":")[2]) if table == "definitions" else found


def _texts(table: str, survey: Survey, language: str) -> Callable[[str, str], str]:
    """(name, label or definition or text) -> the survey's words for it in the language; empty where it has none."""

    def told(name: str, stem: str) -> str:
        if table == "claims":
            return next((claim.text.get(language, "") for claim in survey.claims if claim.name == name), "")
        if table == "initiatives":
            return survey.initiatives[name].label.get(language, "") if name in survey.initiatives else ""
        found = _declared(table, survey, name)
        if isinstance(found, Indicator) and stem == "definition":
            # An indicator means what its measure means.
            found = survey.measures.get(found.measure)
        return str(getattr(found, stem, {}).get(language, "")) if found is not None else ""

    return told


def _declared(table: str, survey: Survey, name: str) -> object | None:
    """What the survey declares under a name: a concept of the codebook, else a measure, base or indicator."""
    if table == "codebook":
        return survey.concepts.get(name)
    kind, _, own = name.partition(":")
    kinds: Mapping[str, Mapping[str, object]] = {
        "measure": survey.measures, "base": survey.bases, "indicator": survey.indicators,
    }  # fmt: skip
    return kinds.get(kind, {}).get(own)
