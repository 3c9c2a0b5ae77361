"""The page of networks in four languages: every tie that is told, in the picture and in numbers, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from monitor.contract.shape import shaped
from monitor.publication.report import networks
from monitor.publication.report.build import spoken
from monitor.stages.disclosed import codebook, network
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.survey.framework_words import words_in
from monitor.surveys import BUNDLED
from monitor.wording.sentences import say, spoken_languages

WAVES = ["2017", "2018"]
TIES = {("energy", "water"): (12, 140.0), ("energy", "health"): (30, 350.0)}
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return replace(load_survey(BUNDLED), languages=spoken_languages())


@pytest.fixture(scope="module")
def tables(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The register's networks, and one of four themes with two ties in 2018 and none in 2017."""
    found = network.networks(Lake(tmp_path_factory.mktemp("home"), survey.name), survey, WAVES, (), ())
    figures, nodes, ties = [], [], []
    for wave in WAVES:
        key = {"survey": survey.name, "wave": wave, "network": "themes"}
        mine = TIES if wave == "2018" else {}
        figures.append(key | {"nodes": 4, "ties": len(mine), "density": len(mine) / 6, "parts": 4 - len(mine),
                              "largest_part": 1 + len(mine), "brokers": len(mine) // 2})  # fmt: skip
        for node in ("energy", "health", "mobility", "water"):
            of = [tie for tie in mine if node in tie]
            nodes.append(key | {"node": node, "label_nl": node, "label_en": node, "part": 1 if of else 2,
                                "ties": len(of), "strength": sum(mine[tie][1] for tie in of) or None,
                                "betweenness": len(of) // 2 / 3, "broker": len(of) == 2})  # fmt: skip
        ties += [
            key | {"node_a": a, "node_b": b, "shared": n, "firms": x, "ci_low": x / 2, "ci_high": x * 2}
            for (a, b), (n, x) in mine.items()
        ]
    more = {"network_figures": figures, "network_nodes": nodes, "network_ties": ties}
    return {x: shaped(x, pd.concat([found[x], pd.DataFrame(rows)], ignore_index=True)) for x, rows in more.items()}


def told(survey: Survey, tables: Tables, language: str) -> dict[str, Any]:
    words = {
        "definitions": shaped("definitions", codebook.definitions(survey)),
        "codebook": shaped("codebook", codebook.codebook(survey, WAVES)),
        "indicators": shaped("indicators", pd.DataFrame(columns=["survey"])),
    }
    return networks.page(spoken({**words, **tables}, survey)[language], survey, WAVES)


def named(page: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in page["networks"] if each["name"] == name)


@pytest.mark.parametrize("language", spoken_languages())
def test_every_tie_stands_in_the_picture_its_alternative_and_the_table(
    survey: Survey, tables: Tables, language: str
) -> None:
    each = named(told(survey, tables, language), "themes")
    (newest,) = each["waves"]
    themes = {code: words_in(label, language) for code, label in survey.register.themes.items()}
    wanted = {(themes[a], themes[b]) for a, b in TIES}
    assert {row[:2] for row in newest["tables"][0].rows} == wanted
    for one, other in wanted:
        assert f"{one} – {other}: " in newest["chart"].description
        assert f"{one} – {other}: " in newest["chart"].svg
    assert newest["chart"].svg.count('class="mark"') == len(TIES)
    assert themes["mobility"] not in newest["chart"].svg
    assert each["none"] == say("network", "none", language, waves="2017")


def test_the_broker_is_a_diamond_and_a_word(survey: Survey, tables: Tables) -> None:
    chart = named(told(survey, tables, "en"), "themes")["waves"][0]["chart"]
    assert chart.svg.count("l8 8l-8 8l-8 -8z") == 1
    assert re.search(r"Energy</text><text [^>]*>2 ties · broker<", chart.svg)


def test_actors_and_the_register_have_all_their_ties_in_numbers(survey: Survey, tables: Tables) -> None:
    page = told(survey, tables, "en")
    ties = tables["network_ties"]
    actors = named(page, "actors")["waves"][0]
    assert len(actors["tables"][0].rows) == ((ties["wave"] == "2018") & (ties["network"] == "actors")).sum()
    register = named(page, "register")["waves"][0]
    assert register["chart"] is None
    assert {row[0] for row in register["tables"][0].rows} <= {a.label["en"] for a in survey.register.actors.values()}


def test_the_picture_is_the_same_whatever_a_last_bit_is(survey: Survey, tables: Tables) -> None:
    nudged = {name: frame.copy() for name, frame in tables.items()}
    nudged["network_ties"]["firms"] *= 1 + 1e-15
    nudged["network_nodes"]["strength"] *= 1 + 1e-15
    one, other = (named(told(survey, x, "en"), "themes")["waves"][0]["chart"].svg for x in (tables, nudged))
    assert one == other


def test_names_are_escaped(survey: Survey, tables: Tables) -> None:
    odd = {**survey.register.themes, "energy": {"nl": "<b>&", "en": "<b>&"}}
    changed = replace(survey, register=replace(survey.register, themes=odd))
    svg = named(told(changed, tables, "en"), "themes")["waves"][0]["chart"].svg
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;" in svg


def test_a_survey_without_networks_has_an_empty_page(survey: Survey, tables: Tables, tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in tables.items()}
    assert told(survey, empty, "nl")["networks"] == []
