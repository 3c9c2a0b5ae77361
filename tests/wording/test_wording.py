"""What a reader meets has words in every language, with the same facts; numbers are written as each writes them."""

from __future__ import annotations

import string
from datetime import date

import pytest

from monitor.publication.report.numbers import NBSP, Numbers
from monitor.publication.report.words import Words
from monitor.wording.notes import KINDS
from monitor.wording.sentences import FOLDER, LANGUAGES, number_in, say, sentences, spoken_languages

SUBJECTS = sorted(file.stem for file in (FOLDER / "en").glob("*.yaml"))
TABLES_ALONE = {"answer", "claims", "comparable", "notes", "questionnaire", "robustness", "skips"}
"""Subjects of sentences that stages write into public tables, which have them in the tables' languages"""


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_sentence_is_there_in_every_language_with_the_same_facts(subject: str) -> None:
    assert sentences(subject)
    needed = LANGUAGES if subject in TABLES_ALONE else spoken_languages()
    for key, words in sentences(subject).items():
        assert tuple(words) == needed, f"{subject}.{key}"
        # A fact that is named after a language is a sentence in it.
        facts = {language: _facts(text) - {language} for language, text in words.items()}
        assert all(found == facts["en"] for found in facts.values()), f"{subject}.{key}"
        assert all(isinstance(text, str) and text.strip() for text in words.values()), f"{subject}.{key}"


def test_what_may_be_told_of_a_note_is_words_without_its_hidden_facts() -> None:
    assert {key.removesuffix("_told") for key in sentences("notes")} == set(KINDS)
    for kind, hidden in KINDS.items():
        assert (f"{kind}_told" in sentences("notes")) == bool(hidden), kind
        for words in sentences("notes").get(f"{kind}_told", {}).values():
            assert not _facts(words) & set(hidden), kind


def test_a_subject_stands_in_one_file_of_each_language() -> None:
    assert set(LANGUAGES) <= set(spoken_languages())
    for language in spoken_languages():
        found = {file.stem for file in (FOLDER / language).glob("*.yaml")}
        assert found == set(SUBJECTS) - (set() if language in LANGUAGES else TABLES_ALONE), language
    assert not list(FOLDER.glob("*.yaml"))


def test_a_missing_word_or_fact_is_an_error() -> None:
    for subject, key, language, facts in (
        ("report", "no such key", "nl", {}),
        ("report", "wave_n", "fr", {"wave": "2019"}),
        ("report", "wave_n", "nl", {}),
    ):
        with pytest.raises(KeyError):
            say(subject, key, language, **facts)
    assert say("report", "wave_n", "nl", wave="2019") == "Meting 2019"


def test_a_number_has_the_language_s_decimal_sign() -> None:
    assert (number_in("nl", "-1.25"), number_in("en", "-1.25")) == ("-1,25", "-1.25")


@pytest.mark.parametrize("language", spoken_languages())
def test_numbers_and_days_are_written_by_the_language_s_own_signs(language: str) -> None:
    n, decimal, group = Numbers(language), say("numbers", "decimal", language), say("numbers", "group", language)
    assert decimal != group
    assert n.plain(1234.5, 1) == f"1{group}234{decimal}5"
    assert n.percent(0.365, 1) == say("numbers", "percent", language, value=f"36{decimal}5").replace(" ", NBSP)
    assert "€" in n.value(1200, "EUR")
    assert n.interval(0.1, 0.2).count("%") == 1
    months = say("report", "months", language).split()
    assert len(months) == 12
    assert months[1] in Words(language).day(date(2026, 2, 3))


def _facts(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}
