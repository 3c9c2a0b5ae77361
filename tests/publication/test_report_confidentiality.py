"""What the methods say of confidentiality, recomputed from the release's public tables and by attacking it again."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from publication import WAVES, Published

from monitor.attack import attack
from monitor.cli import main
from monitor.publication import report
from monitor.stages import released

LANGUAGES = ("nl", "en")


def section(folder: Path, language: str) -> tuple[str, list[list[str]]]:
    """The words of the section, and the rows of its table."""
    text = (folder / language / "methods.html").read_text(encoding="utf-8")
    part = text[text.index('<h2 id="confidentiality">') :]
    part = part[: part.index("<h2", 4)]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", part)]
    plain = html.unescape(re.sub(r"<[^>]+>", " ", part)).replace("\u00a0", " ")
    cells = [[html.unescape(cell).replace("\u00a0", " ") for cell in row] for row in rows[1:]]
    return re.sub(r"\s+", " ", plain), cells


def written(number: float, language: str, decimals: int = 0) -> str:
    text = f"{number:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "nl" else text


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tables(published: Published) -> dict[str, pd.DataFrame]:
    folder = published[2] / "public" / "tables"
    return {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}


def test_the_attack_on_the_page_is_the_one_that_anyone_can_repeat(
    published: Published, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lake, survey, folder = published
    assert main(["attack", "--home", str(lake.home), "--of", survey.name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)[survey.name]
    text, _ = section(folder / "public" / "report", language)
    for key in ("cells", "amounts", "equations", "unknowns"):
        assert told[key] > 0
        assert re.search(rf"(?<![\d.,]){re.escape(written(told[key], language))}(?![\d])", text), key
    narrowest = round(told["narrowest"], 1)
    wide = written(narrowest, language, 0 if narrowest == int(narrowest) else 1)
    assert f"{wide} bedrijven uit elkaar" in text or f"{wide} firms apart" in text
    assert f"{written(100 * told['nearest'], language)}% " in text
    assert ("Geen ervan is te achterhalen" in text or "None of them can be worked out" in text) == (
        not told["findings"]
    )


def test_what_protection_cost_is_counted_in_the_public_tables(
    published: Published, language: str, tables: dict[str, pd.DataFrame]
) -> None:
    text, rows = section(published[2] / "public" / "report", language)
    lines, bench = tables["indicators"], tables["benchmarks"]
    everyone = lines["domain_variable"] == "all"
    counted = [
        (lines[everyone], "suppressed"),
        (lines[~everyone], "suppressed"),
        (tables["changes"], "suppressed"),
        (tables["terms"], "suppressed"),
        (tables["initiatives"], "suppressed"),
        (bench, "suppressed"),
        (bench, "quartiles_suppressed"),
    ]
    counted = [(frame, column) for frame, column in counted if len(frame)]
    assert len(rows) == len(counted)
    assert sum(int(frame[column].sum()) for frame, column in counted) > 0
    for row, (frame, column) in zip(rows, counted, strict=True):
        away = int(frame[column].sum())
        expected = [written(len(frame), language), written(away, language)]
        expected.append(f"{written(100 * away / len(frame), language, 1)}%")
        uncertain = (frame["withheld_for"] == "reliability").sum() if "withheld_for" in frame else None
        expected.append("–" if uncertain is None else written(uncertain, language))
        assert row[1:] == expected, row[0]
    behind, shown = 0.0, 0.0
    for (_, _, variable), group in lines[~everyone].groupby(["wave", "indicator", "domain_variable"]):
        first = group.iloc[0]
        whole = lines[everyone & (lines["wave"] == first["wave"]) & (lines["indicator"] == first["indicator"])]
        assert variable != "all"
        if len(whole) and not whole.iloc[0]["suppressed"]:
            behind += whole.iloc[0]["n"]
            shown += group.loc[~group["suppressed"], "n"].sum()
    assert 0 < shown < behind
    assert f" {written(100 * shown / behind, language, 1)}% " in text


def test_the_rules_on_the_page_are_the_surveys_own(published: Published, language: str, tmp_path: Path) -> None:
    """Other thresholds, other words; and only a synthetic survey is called one."""
    _, survey, folder = published
    limits = replace(
        survey.disclosure, minimum_firms=17, minimum_events=23, minimum_df=29, p_percent=31.0, dominance=0.37
    )
    other = replace(survey, disclosure=limits, synthetic=False)
    moment = {"release_id": "r0001-0123456789ab", "created_at": pd.Timestamp("2026-01-02 03:04:05")}
    tables = released.public_tables(published[0], survey, list(WAVES))
    tables["releases"] = tables["releases"].assign(**moment)
    report.build(tmp_path, tables, other, list(WAVES))
    text, _ = section(tmp_path, language)
    for number in ("17", "23", "29", "31%", "37%", "34", "68", "3"):
        assert re.search(rf"(?<!\d){number}(?!\d)", text), number
    assert "synthe" not in text
    assert "synthe" in section(folder / "public" / "report", language)[0]


def test_a_second_release_tells_of_both(fresh_release: Published, language: str) -> None:
    lake, survey, first = fresh_release
    rules = lake.read("disclosed_rules", "all")
    lake.write("disclosed_rules", "all", rules.assign(checked=rules["checked"] + 1))
    second = Path(str(released.run_all(lake, survey, list(WAVES))["path"]))
    assert first != second
    told = attack([first, second], only=second)
    text, _ = section(second / "public" / "report", language)
    assert "releases: 2)" in text
    assert written(told.cells, language) in text
    assert written(told.equations, language) in text
