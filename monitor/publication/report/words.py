"""The report's words in a language, and the survey's own labels.

Belongs here: looking words up. Does not belong here: the words (`wording`, report) or numbers (`numbers`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.publication.report import foreign
from monitor.publication.report.numbers import NBSP, Numbers
from monitor.survey import Survey
from monitor.survey.wording import label_of
from monitor.wording.sentences import inside, say, sentences


@dataclass(frozen=True)
class Words:
    """One language: `t` looks a word up, `numbers` writes numbers, the rest are the survey's labels."""

    language: str
    labels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(kind, name) -> label; kinds are measure, base, indicator, concept and model"""
    codes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(concept, code) -> label"""

    @property
    def numbers(self) -> Numbers:
        """Numbers as this language writes them."""
        return Numbers(self.language)

    def t(self, key: str, **values: object) -> str:
        """The report's word for a key, with the values put in and per cent signs kept on their line. A missing word is
        an error, not an empty place."""
        return say("report", key, self.language, **values).replace(" %", f"{NBSP}%")

    def begun(self, key: str, **values: object) -> str:
        """As `t`, with a capital: where a sentence begins with what is put in."""
        words = self.t(key, **values)
        at = 1 if foreign.MARK.match(words) else 0
        return words[:at] + words[at : at + 1].upper() + words[at + 1 :]

    def day(self, moment: date) -> str:
        """A day as the language writes it: 21 november 2026."""
        month = self.t("months").split()[moment.month - 1]
        return say("numbers", "day", self.language, day=moment.day, month=month, year=moment.year)

    def listed(self, labels: Sequence[str]) -> str:
        """Labels as a sentence names them: commas between, the language's word for "and" before the last."""
        *first, last = labels or [""]
        return f"{', '.join(first)} {say('publication', 'citation_and', self.language)} {last}" if first else last

    def inside(self, label: str) -> str:
        """A label inside a sentence of the language."""
        return foreign.within(label, partial(inside, self.language))

    def has(self, key: str) -> bool:
        """Whether the report has a word for a key."""
        return key in sentences("report")

    def label(self, kind: str, name: str) -> str:
        """The survey's label for a measure, base, indicator, concept or model; its name where it has none."""
        return self.labels.get((kind, name)) or name.replace("_", " ")

    def domain(self, variable: str, code: str) -> str:
        """A domain's label; crossed domains with a cross between."""
        if variable == EVERYONE:
            return self.t("everyone")
        parts = zip(variable.split("*"), code.split("*"), strict=False)
        return " × ".join(self.codes.get(part) or part[1] for part in parts)

    def variable(self, variable: str) -> str:
        """A domain variable's label."""
        parts = variable.split("*")
        return " × ".join(self.label("concept" if ("concept", v) in self.labels else "measure", v) for v in parts)


def words_of(language: str, measures: pd.DataFrame, codebook: pd.DataFrame, survey: Survey) -> Words:
    """The words of a language, with the labels the public tables carry and those of the survey's models."""
    labels = {("model", name): label_of(survey, name, language) for name in survey.models}
    codes: dict[tuple[str, str], str] = {}
    column = f"label_{language}"
    for kind, name, label in measures[["kind", "name", column]].itertuples(index=False, name=None):
        if label:
            labels[kind, name] = label
    for name, listed in measures.loc[measures["codes"].notna(), ["name", "codes"]].itertuples(index=False, name=None):
        codes |= {(name, code): foreign.among(words, language) or code for code, words in json.loads(listed).items()}
    for concept, label, listed in codebook[["concept", column, "codes"]].itertuples(index=False, name=None):
        if label:
            labels["concept", concept] = label
        for code, words in json.loads(listed or "{}").items():
            codes[concept, code] = foreign.among(words, language) or code
    return Words(language, labels, codes)
