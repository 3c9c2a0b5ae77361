"""A survey that is about something else: no page calls its outcome, practices or base by another survey's names."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.contract import TABLES
from monitor.publication import report
from monitor.publication.macros import MACROS
from monitor.publication.report import paper
from monitor.stages import disclosed, released
from monitor.statistics.models.contrast import of_two_practices
from monitor.survey import Survey, load_survey

pytestmark = pytest.mark.slow

NAMES = {"cooperates": "trains", "invests": "exports", "top_innovator": "any_new_turnover", "all_firms": "family_firms"}
LABELS = {
    "trains": {"nl": "Leidt op", "en": "Trains its staff"},
    "exports": {"nl": "Voert uit", "en": "Sells abroad"},
    "any_new_turnover": {"nl": "Enige nieuwe omzet", "en": "Any new turnover"},
    "family_firms": {"nl": "Familiebedrijven", "en": "Family firms"},
}
FOREIGN = re.compile(r"top.?innovat|cooperat|samenwerk|werkt samen|\binvest", re.IGNORECASE)
WAVES = list(publication.WAVES)


def renamed(value: object) -> object:
    """A text with the other survey's names."""
    if not isinstance(value, str):
        return value
    for old, new in NAMES.items():
        value = value.replace(old, new)
    return value.replace("investment", "exports").replace("cooperation", "trains")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Survey, dict[str, pd.DataFrame]]:
    """The made-up survey with other measures, base, claims and labels, through the door and onto its pages."""
    folder = tmp_path_factory.mktemp("labels")
    definition = json.loads(str(renamed(json.dumps(publication.DEFINITION))))
    for kind in ("measures", "bases"):
        for name, entry in definition[kind].items():
            entry["label"] = LABELS.get(name, entry["label"])
    definition["measures"] |= {name: {"absent": "not asked"} for name in ("top_innovator", "cooperates", "invests")}
    indicators = definition["indicators"]
    indicators["any_new_turnovers"] = indicators.pop("any_new_turnovers") | {"label": LABELS["any_new_turnover"]}
    definition["models"]["primary"]["label"] = {"nl": "Nieuwe omzet", "en": "New turnover"}
    survey = publication.survey(folder / "survey", definition)
    (folder / "survey" / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    survey = load_survey(folder / "survey")
    lake = publication.lake(folder / "home", publication.survey(folder / "plain"))
    for table in [path.name for path in lake.folder.iterdir()]:
        for wave in (*WAVES, "all"):
            if lake.has(table, wave) and not table.startswith("raw"):
                frame = lake.read(table, wave).rename(columns=lambda c: str(renamed(c)))
                lake.write(table, wave, frame.map(renamed))
    for wave in WAVES:
        claims = lake.read("modelled_claims", wave).assign(
            text_nl="Opleiden en uitvoer versterken elkaar.",
            text_en="Training and selling abroad complement each other.",
        )
        lake.write("modelled_claims", wave, claims)
    disclosed.run_all(lake, survey, WAVES)
    tables = released.public_tables(lake, survey, WAVES)
    moment = pd.Timestamp("2026-01-02 03:04:05")
    tables["releases"] = tables["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    report.build(folder / "site", tables, survey, WAVES)
    return folder / "site", survey, tables


CLAIMS = """\
claims:
  - claim: complement
    declared: "2017-01-01"
    text: {nl: Opleiden en uitvoer versterken elkaar., en: Training and selling abroad complement each other.}
    estimand: {kind: contrast, model: primary, variant: main, contrast: complementarity}
    rule: {kind: above, value: 0, alpha: 0.025}
"""


def words_of(source: str) -> str:
    """All that a page says, titles and descriptions of its figures included; what programs read is left out."""
    told = re.sub(r"<(style|script|code)\b.*?</\1>", " ", source, flags=re.DOTALL)
    tips = " ".join(re.findall(r'(?:data-tip|aria-label)="([^"]*)"', told))
    return html.unescape(re.sub(r"<[^>]+>", " ", told) + tips)


def test_no_page_uses_another_surveys_names(other: tuple[Path, Survey, dict[str, pd.DataFrame]]) -> None:
    pages = sorted(other[0].rglob("*.html"))
    assert len([page for page in pages if "figures" not in page.parts]) == 2 * len(publication.PAGES) + 1
    for page in pages:
        text = words_of(page.read_text(encoding="utf-8"))
        found = [text[max(m.start() - 40, 0) : m.end() + 40] for m in FOREIGN.finditer(text)]
        assert found == [], page.name


def test_what_programs_read_uses_the_surveys_names_too(
    other: tuple[Path, Survey, dict[str, pd.DataFrame]],
) -> None:
    """Queries on pages, and what the databases say of their tables, columns and macros."""
    folder, _, tables = other
    foreign = re.compile(r"\b(?:p_)?(?:cooperates|invests|top_innovator)(?:_only)?\b")
    for language in ("nl", "en"):
        page = (folder / language / "data.html").read_text(encoding="utf-8")
        assert "estimate_share(trains, base := base_family_firms, domains := size_band)" in page
        assert not foreign.search(page)
    documented = [*(c.comment for t in TABLES for c in t.columns), *(m.comment for m in MACROS.values())]
    assert [text for text in documented if foreign.search(text)] == []
    for name, frame in tables.items():
        found = [value for column in frame for value in frame[column].astype(str) if foreign.search(value)]
        assert found == [], name


def test_the_paper_says_the_same(other: tuple[Path, Survey, dict[str, pd.DataFrame]]) -> None:
    _, survey, tables = other
    for language, figures in report.spoken(tables, survey).items():
        for wave in WAVES:
            content = json.dumps(paper.content(figures, survey, wave), ensure_ascii=False)
            told = re.sub(r'"link": "[^"]*"', "", content)
            assert not FOREIGN.search(told), (language, wave)
            for label in LABELS.values():
                assert label[language].lower() in told.lower(), (language, wave, label)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_models_pages_use_the_surveys_labels(
    other: tuple[Path, Survey, dict[str, pd.DataFrame]], language: str
) -> None:
    folder, _, tables = other
    for name in ("cooperation", "wave-2017", "wave-2018"):
        text = words_of((folder / language / f"{name}.html").read_text(encoding="utf-8"))
        for label in LABELS.values():
            assert label[language].lower() in text.lower(), (name, label)
    start = words_of((folder / language / "index.html").read_text(encoding="utf-8"))
    for name in ("trains", "exports", "any_new_turnover"):
        assert LABELS[name][language] in start, "what the claim's figure measures"
    names = {contrast.name for contrast in of_two_practices("trains", "exports").values()}
    assert names >= set(tables["contrasts"]["contrast"]), "the fixture's contrasts bear the other names"
