"""A firm's passport: its place among the others, what it answered before, what became of its answers, and to whom it
is sent."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
import stat
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import publication
import pytest
import zxingcpp
from PIL import Image

from monitor.publication import report
from monitor.publication.report import paper, passport_parts, passports
from monitor.publication.report.passport_parts import position
from monitor.publication.report.tables import Figures, Records, lines
from monitor.stages import released
from monitor.storage.identity import pseudonym
from monitor.survey.citation import LICENCES, Citation
from monitor.wording.sentences import say, spoken_languages

WAVES = list(publication.WAVES)
WAVE = WAVES[-1]
ADDRESS = "https://example.org/monitor"


@pytest.fixture(scope="module")
def spoken(published: publication.Published) -> dict[str, Figures]:
    """In every language a report can be in."""
    made = released.public_tables(*published[:2], WAVES)
    moment = pd.Timestamp("2026-01-02 03:04:05")
    made["releases"] = made["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    return report.spoken(made, replace(published[1], languages=spoken_languages()))


@pytest.fixture(scope="module")
def figures(spoken: dict[str, Figures]) -> Figures:
    return spoken["en"]


def secure(waves: tuple[str, ...] = publication.WAVES) -> dict[str, pd.DataFrame]:
    """Secure tables of the made-up survey, with answers missing and corrected for the first firm."""
    firms = [
        publication.firms(w).join(publication.derived(publication.firms(w)), rsuffix="_again").assign(wave=w)
        for w in waves
    ]
    table = pd.concat(firms, ignore_index=True)
    first = publication.firms(WAVE)["firm"].iloc[0]
    table["imputed"] = [["initiatives"] if f == first else [] for f in table["firm"]]
    gaps = [(WAVE, first, "initiatives", "refused"), (WAVE, first, "turnover_eur", "invalid")]
    return {
        "firms": table,
        "missing": pd.DataFrame(gaps, columns=["wave", "firm", "concept", "kind"]),
        "corrections": pd.DataFrame([(WAVE, first, "sector")], columns=["wave", "firm", "concept"]),
    }


@pytest.mark.parametrize(
    ("value", "quartiles", "told"),
    [
        (0.0, (0.0, 0.0, 5.0), "0, as at least half"),
        (3.0, (0.0, 0.0, 5.0), "third quarter"),
        (6.0, (0.0, 0.0, 5.0), "highest quarter"),
        (1.0, (2.0, 4.0, 8.0), "lowest quarter"),
        (2.0, (2.0, 4.0, 8.0), "second quarter"),
        (4.0, (2.0, 4.0, 8.0), "equal to the median"),
        (8.0, (2.0, 4.0, 8.0), "third quarter"),
        (9.0, (None, 4.0, None), "above the median"),
        (1.0, (None, 4.0, None), "below the median"),
        (None, (2.0, 4.0, 8.0), "–"),
        (1.0, (None, None, None), "–"),
    ],
)
def test_a_place_is_told_by_what_is_published(
    figures: Figures, value: float | None, quartiles: tuple[float | None, ...], told: str
) -> None:
    line = dict(zip(("p25", "median", "p75"), quartiles, strict=True))
    assert position(figures, value, line) == told


def test_nothing_is_said_to_lie_below_a_median_of_nothing(published: publication.Published, figures: Figures) -> None:
    for own in list(passports.everyone(secure(), WAVE))[:20]:
        told = passports.content(figures, published[1], own)
        said = str(told["words"]) + str(told["amounts"])
        assert "half of the firms are under it" not in said
        for row in told["amounts"]["rows"]:
            placed = next((x for x in told["placed"]["rows"] if x[0] == row[0]), None)
            if placed and row[1] == "0":
                assert not any("lowest" in place for place in placed)


def test_a_place_is_told_in_each_group_by_what_its_line_of_quartiles_has(
    published: publication.Published, figures: Figures
) -> None:
    """Of all firms and of similar ones, and of no group whose median is withheld."""
    survey, told, hidden = published[1], 0, 0
    labels = {figures.words.label("measure", name): name for name in survey.measures}
    for own in list(passports.everyone(secure(), WAVE))[:40]:
        groups = passport_parts.groups_of(figures, survey, own)
        content = passports.content(figures, survey, own)
        assert content["placed"]["heads"][1:] == [label for _, _, label in groups]
        for label, *places in content["placed"]["rows"]:
            value = passport_parts.own_value(survey, own.answers, labels[label])
            for (variable, code, _), place in zip(groups, places, strict=True):
                wanted = {"wave": WAVE, "measure": labels[label], "domain_variable": variable, "domain": code}
                found = figures.tables["benchmarks"].where(wanted)
                assert place == (position(figures, value, found[0]) if found else "–")
                told += place != "–"
                hidden += place == "–"
                assert place == "–" or not found[0]["suppressed"]
    assert told
    assert hidden


def participation(groups: list[passport_parts.Group], kind: str) -> Records:
    """Reach of a kind among all firms and in each of a firm's groups; withheld in the last."""
    lines_of = [
        {"wave": WAVE, "grouped_by": "kind", "code": kind, "figure": "reach", "domain_variable": variable,
         "domain": code, "estimate": 0.1 * (k + 1), "suppressed": k == len(groups) - 1}
        for k, (variable, code, _) in enumerate(groups)
    ]  # fmt: skip
    frame = pd.DataFrame(lines_of)
    frame.loc[frame["suppressed"], "estimate"] = None
    return Records(frame)


def test_kinds_of_initiatives_that_similar_firms_take_part_in_are_published_shares(
    published: publication.Published, figures: Figures
) -> None:
    survey = published[1]
    first = next(iter(passports.everyone(secure(), WAVE)))
    groups = passport_parts.groups_of(figures, survey, first)
    assert len(groups) == 3
    initiative = next(iter(survey.register.newest))
    kind = str(survey.register.newest[initiative].kind)
    one = copy(figures)
    one.tables = {**figures.tables, "participation": participation(groups, kind)}
    for taken, answer in (([initiative], "yes"), ([], "no"), (None, "not answered")):
        own = replace(first, answers={**first.answers, "initiatives": taken})
        told = passport_parts.kinds(one, survey, own, groups)
        assert told == [[figures.words.begun(kind), answer, "10%", "20%", "–"]]
    one.tables["participation"] = Records(pd.DataFrame(columns=["wave", "grouped_by", "figure", "domain_variable"]))
    assert passport_parts.kinds(one, survey, first, groups) == []


@pytest.mark.parametrize("language", spoken_languages())
def test_initiatives_are_said_to_be_its_own_only_where_they_are(spoken: dict[str, Figures], language: str) -> None:
    """In those languages that the table has no names in, the English ones."""
    figures = spoken[language]
    row = lines(figures.tables["initiatives"], wave=WAVE)[0]
    first = next(iter(passports.everyone(secure(), WAVE)))
    mine, nobody_s = (replace(first, answers={**first.answers, "initiatives": x}) for x in ([row["initiative"]], []))
    own = say("publication", "passport_initiatives_mine", language, list="").rstrip(". ")
    told = passport_parts.initiatives(figures, mine)["mine"]
    assert told.startswith(own)
    assert str(row["label_nl" if language == "nl" else "label_en"]) in told
    assert passport_parts.initiatives(figures, nobody_s)["mine"] == ""


def test_a_firm_s_earlier_answers_stand_beside_its_own(published: publication.Published, figures: Figures) -> None:
    both = [own for own in passports.everyone(secure(), WAVE) if own.earlier]
    assert both
    for own in both[:20]:
        told = passports.content(figures, published[1], own)
        column = told["answers"]["heads"].index("You earlier")
        (before,) = own.earlier.values()
        row = next(row for row in told["answers"]["rows"] if row[0] == "Participation")
        answer = before["cooperates"]
        known = answer is not None and not (isinstance(answer, float) and math.isnan(answer)) and answer is not pd.NA
        assert row[column] == (f"{WAVES[0]}: {'yes' if answer else 'no'}" if known else "–")
        assert all(len(row) == len(told["answers"]["heads"]) for row in told["answers"]["rows"])
        assert all(len(row) == len(told["amounts"]["heads"]) for row in told["amounts"]["rows"])


def test_who_answers_for_the_first_time_has_no_such_column(published: publication.Published, figures: Figures) -> None:
    own = next(passports.everyone(secure((WAVE,)), WAVE))
    assert own.earlier == {}
    assert "You earlier" not in passports.content(figures, published[1], own)["answers"]["heads"]


def test_a_firm_reads_what_was_done_with_its_answers(published: publication.Published, figures: Figures) -> None:
    first, second = list(passports.everyone(secure(), WAVE))[:2]
    assert (first.missing, first.corrected) == ({"initiatives": "refused", "turnover_eur": "invalid"}, 1)
    told = passport_parts.treated(figures, published[1], first)
    questions = len([q for q in published[1].waves[WAVE].questions if not published[1].concepts[q].direct_identifier])
    assert told == [
        f"Of the {questions} questions that were for you, {questions - 3} hold your answer as you gave it; "
        "it counts in the figures.",
        "Answers that could not be used and were left out: 1.",
        "Answers that were missing and were filled in for estimates from those of similar firms: 1. They are not in "
        "this passport.",
        "Answers that were corrected after a query or a check: 1.",
    ]
    assert passport_parts.treated(figures, published[1], second)[-1] == "Nothing was filled in for you."


def test_what_similar_firms_do_is_a_published_share_and_not_done_by_the_firm(
    published: publication.Published, figures: Figures
) -> None:
    survey = published[1]
    table = figures.tables["indicators"]
    labels = {figures.words.label("indicator", name): name for name in survey.indicators}
    told = 0
    for own in list(passports.everyone(secure(), WAVE))[:40]:
        groups = passport_parts.groups_of(figures, survey, own)
        for words in passport_parts.peers(figures, survey, own, groups):
            name = labels[words.partition(":")[0]]
            assert not own.answers[survey.indicators[name].measure]
            (line,) = table.where(
                {"wave": WAVE, "indicator": name, "domain_variable": groups[1][0], "domain": groups[1][1]}
            )
            assert not line["suppressed"]
            assert figures.numbers.percent(line["estimate"]) in words
            told += 1
    assert told


def test_strips_have_a_scale_and_what_lies_beyond_it_is_said(
    published: publication.Published, figures: Figures
) -> None:
    drawn = [
        (own, passports.content(figures, published[1], own)["strips"]) for own in passports.everyone(secure(), WAVE)
    ]
    own = next(own for own, strips in drawn if any(x["label"] == "Turnover" for x in strips))
    told = passports.content(figures, published[1], replace(own, answers={**own.answers, "turnover": 1e12}))
    strip = next(x for x in told["strips"] if x["label"] == "Turnover")
    assert strip["beyond"]
    assert strip["own"] == 1.0
    assert strip["own_words"].startswith("beyond the scale: €")
    for strip in told["strips"]:
        assert [tick["at"] for tick in strip["ticks"]] == sorted(tick["at"] for tick in strip["ticks"])
        assert (strip["ticks"][0]["at"], strip["ticks"][-1]["at"]) == (0.0, 1.0)
        assert all(tick["text"] for tick in strip["ticks"])


def test_the_report_s_address_is_drawn_where_there_is_one(published: publication.Published, figures: Figures) -> None:
    own = next(passports.everyone(secure(), WAVE))
    assert passports.content(figures, published[1], own)["report"] is None
    plain = figures.survey
    figures.survey = replace(plain, citation=Citation((), {"nl": "I", "en": "I"}, LICENCES["CC0-1.0"], ADDRESS))
    try:
        told = passports.content(figures, published[1], own)
    finally:
        figures.survey = plain
    assert told["report"]["address"] == f"{ADDRESS}/en/index.html"
    assert told["report"]["svg"].startswith("<svg")
    assert told["sender"] == "I"
    made = paper.printed(paper.compiler("passport.typ"), told, 0)
    assert len(re.findall(rb"/Type\s*/Page\b", made)) <= 2
    assert f"{ADDRESS}/en/index.html".encode() in made, "the address is a link too"
    drawn = paper.compiler("passport.typ").compile(
        sys_inputs={"content": json.dumps(told, ensure_ascii=False)}, format="png", ppi=100
    )
    pages = drawn if isinstance(drawn, list) else [drawn]
    read = [code.text for page in pages for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(page)))]
    assert read == [f"{ADDRESS}/en/index.html"], "a telephone reads it from the page as printed"


def test_who_holds_the_key_knows_which_passport_is_whose(
    published: publication.Published, figures: Figures, tmp_path: Path
) -> None:
    """The list names pseudonyms alone; of an own list of firms the key makes the same ones."""
    key, identifiers = b"k" * 32, ["12345678", "87654321"]
    tables = secure((WAVE,))
    firms = tables["firms"].iloc[:2].copy()
    firms["firm"] = [pseudonym(key, "made_up", x) for x in identifiers]
    spoken: dict[str, Any] = dict.fromkeys(("nl", "en"), figures)
    passports.write(tmp_path / "passports", {**tables, "firms": firms}, spoken, published[1], WAVE, 1)
    file = tmp_path / "passports" / passports.MAILING
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as opened:
        rows = {row["firm"]: row for row in csv.DictReader(opened)}
    assert not any(x in file.read_text(encoding="utf-8") for x in identifiers)
    for identifier in identifiers:
        row = rows[pseudonym(key, "made_up", identifier)]
        content = (file.parent / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert row["wave"] == WAVE
