"""The texts of public tables for a report in a language that the tables do not carry.

Belongs here: which text stands where the tables have only Dutch and English ones. Does not belong here: the report's
own words (`wording`), the languages' numbers (`numbers`).

Labels, definitions and claims are the survey's own, in each of its languages. What a stage wrote in a sentence of its
own – a note, a reason, a rule – is told in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from monitor.survey import Survey

ENGLISH = "_en"
OWN: Mapping[str, str] = {"definitions": "name", "codebook": "concept", "initiatives": "initiative", "claims": "claim"}
"""Table -> the column that names what its texts are of"""


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
            (own(str(name), stem) or text) if table in OWN else text
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
