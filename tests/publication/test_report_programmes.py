"""The pages of programmes in four languages: the answer first, every number from its table, refusals in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from monitor.contract.programmes import APPROACHES, OF_A_PROGRAMME
from monitor.contract.shape import shaped
from monitor.publication.report import programmes
from monitor.publication.report.build import spoken
from monitor.publication.report.tables import Figures
from monitor.stages.disclosed import codebook
from monitor.storage.lake import connect
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED
from monitor.wording.sentences import say, spoken_languages

WAVES = ["2017", "2019"]
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return replace(load_survey(BUNDLED), languages=spoken_languages())


@pytest.fixture(scope="module")
def tables(demonstration: Path) -> Tables:
    (release,) = (demonstration / "releases" / "noord_nederland").glob("r*")
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").df() for name in OF_A_PROGRAMME}


def figures_of(survey: Survey, tables: Tables, language: str) -> Figures:
    words = {
        "definitions": shaped("definitions", codebook.definitions(survey)),
        "codebook": shaped("codebook", codebook.codebook(survey, WAVES)),
        "indicators": shaped("indicators", pd.DataFrame(columns=["survey"])),
    }
    return spoken({**words, **{name: shaped(name, frame) for name, frame in tables.items()}}, survey)[language]


def page(survey: Survey, tables: Tables, language: str, name: str = "vouchers") -> dict[str, Any]:
    found = programmes.every(figures_of(survey, tables, language), survey)
    return next(each for each in found if each["file"] == f"programme-{name}.html")


def effect(tables: Tables, name: str = "vouchers", approach: str = "entropy_balancing") -> Any:
    frame = tables["programme_effects"]
    return frame[(frame["programme"] == name) & (frame["approach"] == approach)].iloc[0]


def changed(tables: Tables, **values: object) -> Tables:
    """The tables with another primary result of the vouchers."""
    frame = tables["programme_effects"].copy()
    mine = (frame["programme"] == "vouchers") & frame["is_primary"]
    for column, value in values.items():
        frame[column] = frame[column].astype("object").mask(mine, value)
    return {**tables, "programme_effects": frame}


@pytest.mark.parametrize("language", spoken_languages())
def test_the_answer_comes_first_with_its_numbers(survey: Survey, tables: Tables, language: str) -> None:
    x, n = effect(tables), figures_of(survey, tables, language).numbers
    told = page(survey, tables, language)["answer"]
    for number in (
        n.percent(x["mean_participants"]), n.percent(x["mean_comparison"]), n.points(x["estimate"]),
        n.interval(x["ci_low"], x["ci_high"], "points"),
    ):  # fmt: skip
        assert number in told["lead"]
    assert told["rest"][0] == say("programme", "inconclusive", language)
    assert n.plain(100 * x["minimum_detectable_effect"], 1) in told["rest"][1]
    assert n.points(effect(tables, approach="plain")["estimate"]) in told["rest"][2]


@pytest.mark.parametrize(
    ("bounds", "key"), [((0.01, 0.2), "more"), ((-0.2, -0.01), "less"), ((-0.1, 0.1), "inconclusive")]
)
def test_what_chance_can_make_follows_from_the_interval(
    survey: Survey, tables: Tables, bounds: tuple[float, float], key: str
) -> None:
    told = page(survey, changed(tables, ci_low=bounds[0], ci_high=bounds[1]), "en")["answer"]
    assert told["rest"][0] == say("programme", key, "en")


def test_no_sentence_speaks_of_an_effect_but_to_say_why_not(survey: Survey, tables: Tables) -> None:
    told = page(survey, changed(tables, ci_low=0.01, ci_high=0.2), "en")
    said = " ".join([told["answer"]["lead"], *told["answer"]["rest"], *told["described"], *told["hangs"]])
    assert "effect" not in said.lower()
    assert "cause" not in said.lower()


def test_a_refusal_stands_in_words_and_no_number_beside_it(survey: Survey, tables: Tables) -> None:
    reason = "fewer than 30 participants that answered"
    told = page(survey, changed(tables, published=False, warning=reason), "en")
    assert told["answer"] == {"lead": say("programme", "refused", "en", reason=reason), "rest": []}
    assert told["hangs"] == []
    withheld = page(survey, changed(tables, suppressed=True, estimate=None), "en")
    assert withheld["answer"]["lead"] == say("programme", "withheld", "en")


@pytest.mark.parametrize("language", spoken_languages())
def test_every_approach_has_a_row_with_its_difference_or_the_reason(
    survey: Survey, tables: Tables, language: str
) -> None:
    told, n = page(survey, tables, language)["effects"], figures_of(survey, tables, language).numbers
    frame = tables["programme_effects"].query("programme == 'vouchers'").set_index("approach")
    there = [approach for approach in APPROACHES if approach in frame.index]
    assert len(told.rows) == len(there) == len(frame)
    for approach, row in zip(there, told.rows, strict=True):
        x = frame.loc[approach]
        assert say("programme", f"method_{approach}", language) in row[0]
        if x["published"]:
            assert row[1].startswith(n.points(x["estimate"]))
        else:
            assert x["warning_nl" if language == "nl" else "warning"] in row[0]


def test_the_picture_of_balance_has_a_mark_for_every_row_and_the_same_in_words(survey: Survey, tables: Tables) -> None:
    told = page(survey, tables, "en")
    frame = tables["programme_balance"].query("programme == 'vouchers' and not suppressed")
    assert told["alike"].svg.count('class="mark"') == len(frame) == len(told["balance"].rows)
    assert told["alike"].drawn is not None
    for (label, x), text in zip(told["alike"].drawn.points, told["alike"].description.split("; "), strict=True):
        assert text.startswith(label)
        assert f"{abs(x['difference_before']):.2f} before" in text


def test_shares_of_a_variable_add_up_and_reach_is_participants_over_all(survey: Survey, tables: Tables) -> None:
    told = page(survey, tables, "en", "learning")
    size = next(t for t in told["of_frame"] if t.caption.endswith("size band"))
    frame = tables["programme_groups"].query("programme == 'learning' and basis == 'frame' and variable == 'size_band'")
    for place, standing in enumerate(("participants", "refused", "others"), start=1):
        shares = [float(row[place].rstrip("%")) for row in size.rows]
        assert sum(shares) == pytest.approx(100, abs=0.2)
        assert frame[frame["standing"] == standing]["estimate"].sum() == pytest.approx(1, abs=1e-4)
    micro = frame[frame["category"] == "micro"].set_index("standing")["firms"]
    assert size.rows[0][5] == f"{100 * micro['participants'] / micro.sum():.1f}%"
    assert sum(float(row[6].rstrip("%")) for row in size.rows) == pytest.approx(100, abs=0.2)


def test_every_programme_is_listed_and_found(demonstration: Path, survey: Survey) -> None:
    (release,) = (demonstration / "releases" / "noord_nederland").glob("r*")
    folder = release / "public" / "report" / "en"
    for name, programme in survey.programmes.items():
        for page_of in ("programmes.html", "search.html"):
            text = (folder / page_of).read_text(encoding="utf-8")
            assert f'href="programme-{name}.html">{programme.label["en"]}</a>' in text, page_of
        assert (folder / f"programme-{name}.html").is_file()


def test_names_are_escaped_where_they_are_drawn(survey: Survey, tables: Tables) -> None:
    odd = {name: replace(x, label={"nl": "<b>&", "en": "<b>&"}) for name, x in survey.programmes.items()}
    svg = page(replace(survey, programmes=odd), tables, "en")["alike"].svg
    assert "<b>" not in svg


def test_a_programme_without_grants_tells_what_it_declares(survey: Survey, tables: Tables) -> None:
    empty = {name: frame.iloc[:0] for name, frame in tables.items()}
    told = page(survey, empty, "nl")
    assert told["answer"]["lead"] == say("programme", "no_plan", "nl")
    assert told["alike"] is None
    assert told["effects"] is None
    assert told["rounds"].rows
