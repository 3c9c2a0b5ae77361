"""What a reader meets has words in both languages, with the same facts."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

import monitor.wording
from monitor.wording.sentences import LANGUAGES, number_in, say, sentences

SUBJECTS = sorted(file.stem for file in Path(monitor.wording.__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_sentence_is_there_in_both_languages_with_the_same_facts(subject: str) -> None:
    assert sentences(subject)
    for key, words in sentences(subject).items():
        assert tuple(words) == LANGUAGES, f"{subject}.{key}"
        facts = {language: _facts(words[language]) for language in LANGUAGES}
        assert facts["nl"] == facts["en"], f"{subject}.{key}"
        assert all(isinstance(text, str) and text.strip() for text in words.values()), f"{subject}.{key}"


def test_a_missing_word_or_fact_is_an_error() -> None:
    for subject, key, language, facts in (
        ("report", "no such key", "nl", {}),
        ("report", "wave_n", "de", {"wave": "2019"}),
        ("report", "wave_n", "nl", {}),
    ):
        with pytest.raises(KeyError):
            say(subject, key, language, **facts)
    assert say("report", "wave_n", "nl", wave="2019") == "Meting 2019"


def test_a_number_has_the_language_s_decimal_sign() -> None:
    assert (number_in("nl", "-1.25"), number_in("en", "-1.25")) == ("-1,25", "-1.25")


def _facts(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}
