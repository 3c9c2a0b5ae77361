"""What stages see of a survey: marks where words are, and nothing that their tables do not rest on."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import pandas as pd
import pytest

from monitor.survey import Survey, load_survey
from monitor.survey.content import content_hash, declared_fields
from monitor.survey.seen import Words, seen_by, without_words
from monitor.survey.text import inner, is_text
from monitor.surveys import BUNDLED
from monitor.wording.later import has_mark, mark, to_be
from monitor.wording.sentences import inside, say, without_stop


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey(BUNDLED)


def texts(value: Any, hint: Any) -> Iterator[tuple[str, str]]:
    """(language, text) of all that is declared as one, in the order of what is declared."""
    if is_text(hint):
        yield from (value or {}).items()
    elif is_dataclass(value):
        for name, declared in declared_fields(type(value)):
            yield from texts(getattr(value, name), declared)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item, inner(hint))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item, inner(hint))


def test_each_mark_stands_for_its_own_words(survey: Survey) -> None:
    """Of every text of the demonstration: more than two thousand."""
    was, marked = list(texts(survey, Survey)), list(texts(without_words(survey), Survey))
    assert len(was) == len(marked) > 2000
    assert all(has_mark(mark) for (_, mark), (_, words) in zip(marked, was, strict=True) if words)
    words = Words(survey)
    assert [(language, words.in_text(mark)) for language, mark in marked] == was


def test_words_go_into_sentences_as_they_would_have(survey: Survey) -> None:
    label, mark = (each.measures["top_innovator"].label for each in (survey, without_words(survey)))
    for language in ("nl", "en", "de"):
        own = "nl" if language == "nl" else "en"
        assert Words(survey).in_text(inside(language, mark[own])) == inside(language, label[own])
        quoted = say("contrasts", "quoted", language, text=mark[own])
        assert Words(survey).in_text(quoted) == say("contrasts", "quoted", language, text=label[own])
    assert Words(survey).in_text(f"({without_stop(mark['en'])})") == "(Top innovator)"
    assert without_stop("It was asked otherwise.") == "It was asked otherwise"


def test_tables_and_messages_have_the_words_again(survey: Survey) -> None:
    mark = without_words(survey).measures["top_innovator"].label["en"]
    table = pd.DataFrame({"n": [1, 2], "label": [mark, None], "list": [[mark], []]})
    put = Words(survey).in_table(table)
    assert put["label"].tolist() == ["Top innovator", None]
    assert put.dtypes.equals(table.dtypes)
    assert Words(survey).told({"refused": [f"{mark}: few firms"], "rows": 3}) == {
        "refused": ["Top innovator: few firms"], "rows": 3,
    }  # fmt: skip


def test_words_that_look_like_marks_stay(survey: Survey) -> None:
    """Of a delivery's labels, say: they name no text of the survey, and nothing else is told."""
    words = Words(survey)
    for text in ("\ue000", "\ue000zz\ue001", "a \ue000 b", "\ue000abc\ue001", mark(json.dumps(["folder"]))):
        assert words.in_text(text) == text
    own = to_be("xx", mark(json.dumps(["measures", "top_innovator", "label", "en"])))
    assert words.in_text(own) == "Top innovator"


def test_a_stage_sees_what_it_studies(survey: Survey) -> None:
    for stage in ("staged", "validated", "imputed", "weighted"):
        seen = seen_by(survey, stage, "2018")
        assert "cooperates" in seen.measures
        assert "public_funding" not in seen.measures
        with pytest.raises(TypeError, match=f"{stage} does not see indicators"):
            len(seen.indicators)
        assert content_hash(pickle.loads(pickle.dumps(seen))) == content_hash(seen)
    assert set(seen_by(survey, "imputed", "2018").waves) == {"2017", "2018"}
    assert set(seen_by(survey, "staged", "2018").waves) == set(survey.waves)
    modelled = seen_by(survey, "modelled", "all")
    assert all(indicator.headline for indicator in modelled.indicators.values())
    assert {"turnover_new_to_market_eur", "top_innovator_25"} <= set(modelled.measures)
    assert seen_by(survey, "released", "all") is survey


def test_words_of_questions_are_seen_where_answers_are(survey: Survey) -> None:
    seen = seen_by(survey, "validated", "2018")
    assert (seen.concepts, seen.waves) == (survey.concepts, survey.waves)
    assert has_mark(seen.measures["cooperates"].label["en"])
