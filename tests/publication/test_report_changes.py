"""A page calls a change one by its adjusted p-value, and tells the surest first."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.publication import report
from monitor.stages import released
from monitor.survey import Survey


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, made_up: Path) -> tuple[dict[str, str], pd.DataFrame, Survey]:
    """The pages `index` and `trends` of both languages, of a survey with changes as below; and these."""
    folder = tmp_path_factory.mktemp("changes")
    lake, survey = publication.copied(made_up, folder)
    tables = released.public_tables(lake, survey, publication.WAVES)
    tables["releases"] = tables["releases"].assign(
        release_id="r0001-0123456789ab", created_at=pd.Timestamp("2026-01-02 03:04:05")
    )
    changes = tables["changes"]
    shares = [n for n, i in survey.indicators.items() if i.headline and i.estimator != "total"]
    assert len(shares) > 1
    for place, name in enumerate(shares):
        line = (changes["indicator"] == name) & (changes["domain_variable"] == "all")
        # All intervals lie above zero; after adjustment the first headline is no change any more, the last the surest.
        changes.loc[line, ["change", "se", "ci_low", "ci_high"]] = [0.1, 0.04, 0.02, 0.18]
        changes.loc[line, ["p_value", "p_adjusted"]] = [
            0.012,
            0.0125 if place == len(shares) - 1 else 0.06 - place / 50,
        ]
    report.build(folder / "site", tables, survey, publication.WAVES)
    pages = {
        f"{language}/{page}": (folder / "site" / language / f"{page}.html").read_text(encoding="utf-8")
        for language in ("nl", "en")
        for page in ("index", "trends")
    }
    opening = changes[changes["indicator"].isin(shares) & (changes["domain_variable"] == "all")]
    return pages, opening.sort_values("p_adjusted"), survey


WORDS = {"en": ("points higher than in", "by chance as well"), "nl": ("punt hoger dan in", "ook door toeval")}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_first_page_tells_the_surest_first_and_chance_as_chance(
    told: tuple[dict[str, str], pd.DataFrame, Survey], language: str
) -> None:
    pages, opening, survey = told
    page = pages[f"{language}/index"].replace("\N{NO-BREAK SPACE}", " ")
    page = page.partition('id="changes"')[2].partition("<h2")[0]
    shown, fold, folded = page.partition("<details>")
    assert fold
    sentences = [x for x in re.findall(r"<li>(.*?)</li>", page) if any(w in x for w in WORDS[language])]
    assert len(sentences) == len(opening)
    for sentence, line in zip(sentences, opening.to_dict("records"), strict=True):
        assert survey.indicators[line["indicator"]].label[language] in sentence
        up, chance = WORDS[language]
        assert (up if line["p_adjusted"] < 0.05 else chance) in sentence
    up, chance = WORDS[language]
    assert (up in shown, chance in shown, up in folded, chance in folded) == (True, False, False, True)
    assert {line["p_adjusted"] < 0.05 for line in opening.to_dict("records")} == {True, False}


@pytest.mark.parametrize(("language", "higher"), [("nl", "hoger"), ("en", "higher")])
def test_the_table_of_changes_has_the_same_order_and_verdicts(
    told: tuple[dict[str, str], pd.DataFrame, Survey], language: str, higher: str
) -> None:
    pages, opening, _ = told
    table = pages[f"{language}/trends"].rpartition("<h2>")[2]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.S)[1:]
    sure = int((opening["p_adjusted"] < 0.05).sum())
    assert [f"<td>{higher}</td>" in row for row in rows] == [True] * sure + [False] * (len(rows) - sure)
    once_adjusted = {"nl": "niet aantoonbaar, na aanpassing", "en": "not demonstrable, once adjusted"}[language]
    assert sum(once_adjusted in row for row in rows) == len(opening) - sure
