"""Sentences by subject, key and language: one YAML file beside this one for each subject, {names} where facts go.

Belongs here: reading and filling them. Does not belong here: a sentence (`*.yaml`), and when one is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

LANGUAGES = ("nl", "en")


@cache
def sentences(subject: str) -> Mapping[str, Mapping[str, str]]:
    """Key -> language -> words of one subject; frozen."""
    text = (Path(__file__).parent / f"{subject}.yaml").read_text(encoding="utf-8")
    content: Mapping[str, Mapping[str, str]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return MappingProxyType({key: MappingProxyType(dict(words)) for key, words in content.items()})


def say(subject: str, key: str, language: str, /, **facts: object) -> str:
    """The words of a key with the facts in their places, each already written as the language has it.

    Raises `KeyError` where there is no such key, language or fact: a missing word is an error, not an empty place.
    """
    return sentences(subject)[key][language].format(**facts)


def in_each(subject: str, key: str, /, **facts: object) -> dict[str, str]:
    """Language -> the words of a key, where the facts are written alike in all languages."""
    return {language: say(subject, key, language, **facts) for language in LANGUAGES}


def number_in(language: str, text: str) -> str:
    """A number, or words around numbers, with the language's decimal sign in place of every point."""
    return text.replace(".", ",") if language == "nl" else text
