"""Sentences by subject, key and language: a folder for each language beside this file, a YAML file in it for each
subject, {names} where facts go.

Belongs here: reading and filling them. Does not belong here: a sentence (`<language>/*.yaml`), and when one is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from monitor.wording.later import is_mark, to_be

FOLDER = Path(__file__).parent
LANGUAGES = ("nl", "en")
"""Languages of the texts that public tables carry: what a stage says into a table has words in each of these"""


@cache
def spoken_languages() -> tuple[str, ...]:
    """Every language that a report can be in, those of the tables first: the folders that have words for pages."""
    found = sorted(file.parent.name for file in FOLDER.glob("*/report.yaml"))
    return (*LANGUAGES, *(language for language in found if language not in LANGUAGES))


@cache
def sentences(subject: str) -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> words of one subject; frozen. A subject that only tables are told in has only theirs."""
    found: dict[str, dict[str, str]] = {}
    for language in spoken_languages():
        file = FOLDER / language / f"{subject}.yaml"
        if language in LANGUAGES or file.is_file():
            content: Mapping[str, str] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            for key, words in content.items():
                found.setdefault(key, {})[language] = words
    return MappingProxyType({key: MappingProxyType(words) for key, words in found.items()})


def say(subject: str, key: str, language: str, /, **facts: object) -> str:
    """The words of a key with the facts in their places, each already written as the language has it.

    Raises `KeyError` where there is no such key, language or fact: a missing word is an error, not an empty place.
    """
    return sentences(subject)[key][language].format(**facts)


def in_each(subject: str, key: str, /, **facts: object) -> dict[str, str]:
    """Language of tables -> the words of a key, where the facts are written alike in all of them."""
    return {language: say(subject, key, language, **facts) for language in LANGUAGES}


def number_in(language: str, text: str) -> str:
    """A number, or words around numbers, with the language's decimal sign in place of every point."""
    return text.replace(".", say("numbers", "decimal", language))


def inside(language: str, label: str) -> str:
    """A label inside a sentence: its first letter small, unless it opens an abbreviation (R&D) or the language writes
    nouns with a capital. Of a mark: the mark of words that are to be written so."""
    if is_mark(label):
        return to_be(language, label)
    if say("numbers", "nouns", language) == "capital" or label[1:2].isupper() or label[1:2] in ("&", "."):
        return label
    return label[:1].lower() + label[1:]


def without_stop(text: str) -> str:
    """A sentence in brackets inside another one: without its full stop."""
    return to_be("without_stop", text) if is_mark(text) else text.rstrip(".")


def written(how: str, text: str) -> str:
    """Words as a mark says that they are to be written: `without_stop`, or as inside a sentence of a language."""
    if how == "without_stop":
        return without_stop(text)
    return inside(how, text) if how in spoken_languages() else text
