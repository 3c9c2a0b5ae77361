"""The report: every number from a disclosed table, in two languages, whatever stands in labels and answers."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.contract.shape import shaped
from monitor.publication import report
from monitor.publication.report import charts, claims, models, paper, passport_parts, passports, question
from monitor.publication.report.numbers import DASH, MINUS, NBSP, Numbers
from monitor.stages import disclosed, released
from monitor.statistics.models.notes import note
from monitor.storage.lake import Lake
from monitor.survey import Survey
from monitor.wording.notes import written
from monitor.wording.sentences import sentences

WAVES = list(publication.WAVES)
HOSTILE = {
    "acted on": " ".join(
        (
            "=cmd|' /C calc'!A0",
            '<script>document.title="owned"</script>',
            '"><img src=x onerror=alert(1)>',
            "\u202e\u2066gnihtyna\u2069\u200f",
            '{{ 7 * 7 }} {% raw %} #eval("1+1") \\u{1f4a9} $x^2$ </style></title>]]>',
        )
    ),
    "long": "A" * 10_000,
}
"""What a spreadsheet, a browser, a reader of two directions, a template or a typesetter acts on; and what is long"""


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "call", "text"),
    [
        ("nl", lambda n: n.percent(0.3606), "36%"),
        ("en", lambda n: n.percent(0.0902, 1), "9.0%"),
        ("nl", lambda n: n.percent(0.0735, 1), "7,3%"),
        ("nl", lambda n: n.plain(1234.5, 1), "1.234,5"),
        ("en", lambda n: n.plain(1234.5, 1), "1,234.5"),
        ("nl", lambda n: n.points(0.08), "+8,0"),
        ("en", lambda n: n.points(-0.031), f"{MINUS}3.1"),
        ("en", lambda n: n.points(-0.0001), "0.0"),
        ("nl", lambda n: n.interval(0.324, 0.399), f"32,4{DASH}39,9%"),
        ("en", lambda n: n.p_value(0.0001), f"<{NBSP}0.001"),
        ("nl", lambda n: n.p_value(0.0342), "0,034"),
        ("en", lambda n: n.value(2_979_734_226, "EUR"), f"€{NBSP}2,980{NBSP}million"),
        ("nl", lambda n: n.value(312_500.0, "EUR"), f"€{NBSP}312.500"),
        ("en", lambda n: n.percent(None), DASH),
        ("en", lambda n: n.plain(float("nan")), DASH),
        ("en", lambda n: n.plain(pd.NA), DASH),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(language: str, call: object, text: str) -> None:
    assert call(Numbers(language)) == text  # type: ignore[operator]


def test_no_word_says_that_one_thing_leads_to_another() -> None:
    """Answers of one moment do not tell causes."""
    for words in sentences("report").values():
        assert "leads to" not in words["en"]
        assert "leidt tot" not in words["nl"]


def test_an_axis_has_round_ticks_around_its_values() -> None:
    scale = charts.axis([0.12, 0.37, None], lambda v: f"{v:.2f}")
    assert scale.ticks[0] == 0
    assert scale.ticks[-1] >= 0.37
    assert 3 <= len(scale.ticks) <= 7
    assert scale.at(scale.high, 10, 20) == 20
    assert scale.at(99.0, 10, 20) == 20, "what lies beyond is drawn at the end"


# --- pages ---------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page holds: its text, tags and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in ("style", "script"):
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, made_up: Path) -> tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]:
    folder = tmp_path_factory.mktemp("report")
    lake, survey = publication.copied(made_up, folder)
    tables = tables_of(lake, survey)
    report.build(folder / "site", tables, survey, WAVES)
    return folder / "site", lake, survey, tables


def tables_of(lake: Lake, survey: Survey) -> dict[str, pd.DataFrame]:
    tables = released.public_tables(lake, survey, WAVES)
    moment = pd.Timestamp("2026-01-02 03:04:05")
    tables["releases"] = tables["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    return tables


def pages(folder: Path) -> dict[str, Page]:
    """The report's pages; those of single figures, to be embedded, are no part of it (test_report_figures)."""
    found = {}
    for path in sorted(p for p in folder.rglob("*.html") if "figures" not in p.parts):
        found[path.relative_to(folder).as_posix()] = Page(path.read_text(encoding="utf-8"))
    return found


def test_the_site_has_every_page_in_both_languages(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    wanted = {f"{language}/{page}.html" for language in ("nl", "en") for page in publication.PAGES} | {"index.html"}
    assert set(pages(site[0])) == wanted
    printed = {f"report-{w}-{x}.pdf" for w in WAVES for x in ("nl", "en")}
    assert {p.name for p in site[0].glob("*.pdf")} == printed | {f"highlights-{x}.pdf" for x in ("nl", "en")}


def test_each_verdict_links_to_its_numbers(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    """From the start page to the line of the model's contrast; the claim's own line stands on the wave's page. The
    newest verdict comes first, that of the wave before in the strip under it."""
    start = (site[0] / "en" / "index.html").read_text(encoding="utf-8")
    place = "contrast-2018-primary-main-complementarity"
    assert start.count('class="verdict') == 2
    assert [start.count(f'href="cooperation.html#{p}"') for p in (place, place.replace("2018", "2017"))] == [1, 1]
    assert start.index(f"#{place}") < start.index('class="strip"') < start.index(f"#{place.replace('2018', '2017')}")
    page = (site[0] / "en" / "cooperation.html").read_text(encoding="utf-8")
    row = page[page.index(f'id="{place}"') :].partition("</tr>")[0]
    assert "+10.0" in row
    assert "+4.0 to +16.0" in row
    told = pages(site[0])["en/wave-2018.html"].text
    assert "The claims in numbers, 2018" in told
    assert "+10.0" in told
    assert "+4.0 to +16.0" in told


@pytest.mark.parametrize(
    ("suppressed", "verdict", "word"),
    [
        (True, None, {"nl": "niet getoond", "en": "withheld"}),
        (False, "not testable", {"nl": "niet te toetsen", "en": "not testable"}),
    ],
)
def test_withheld_is_not_called_not_testable(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]],
    suppressed: bool,
    verdict: str | None,
    word: dict[str, str],
) -> None:
    """One word for each, in sentence and table alike."""
    survey, tables = site[2], site[3]
    numbers = ["estimate", "ci_low", "ci_high", "minimum_detectable_effect"]
    decided = tables["claims"].assign(suppressed=suppressed, verdict=verdict, **dict.fromkeys(numbers))
    if suppressed:
        decided = decided.assign(reason=None, reason_nl=None)
    for language, figures in report.spoken({**tables, "claims": decided}, survey).items():
        (row,) = claims.table(figures, WAVES[0]).rows
        assert (row[1], row[-1]) == (word[language], word[language])
        (claim,) = claims.told(figures, WAVES[0])
        assert {one["verdict"] for one in claim["verdicts"]} == {word[language]}
        assert (claim["verdicts"][0]["reason"] == "") is suppressed
        assert (figures.words.t("withheld_why") in claims.note(figures, WAVES[-1])) is suppressed


def test_every_page_says_that_the_data_are_synthetic(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    for name, page in pages(site[0]).items():
        assert ("Synthetic data" in page.text) or ("Synthetische gegevens" in page.text), name


def test_pages_are_complete_small_and_closed_to_the_network(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    for path in site[0].rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert len(text.encode()) < 1_500_000, path.name
        assert "default-src 'none'" in text
        page = Page(text)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path.name
        for attributes in page.all("a"):
            target, _, place = str(attributes["href"]).partition("#")
            if not target.startswith("../../"):
                target = target.partition("?")[0]
                there = (path.parent / target).resolve() if target else path
                assert there.exists(), target
                assert not place or f'id="{place}"' in there.read_text(encoding="utf-8"), (path.name, target, place)
        assert not page.all("img")
        for attributes in page.all("link"):
            icon = attributes["rel"] == "icon" and str(attributes["href"]).startswith("data:image/svg+xml;base64,")
            assert icon or attributes["rel"] == "alternate", attributes


def test_pages_are_built_for_a_screen_reader(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    for name, page in pages(site[0]).items():
        assert page.headings[0] == 1, name
        assert page.headings.count(1) == 1, name
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), (name, page.headings)
        assert len(page.all("caption")) == len(page.all("table")), name
        assert all(th.get("scope") in ("col", "row") for th in page.all("th")), name
        identifiers = [a["id"] for _, a in page.tags if a.get("id")]
        assert len(identifiers) == len(set(identifiers)), name
        drawings = page.all("svg")
        assert all(d.get("role") == "img" and d.get("aria-labelledby") for d in drawings), name


def test_headline_figures_stand_beside_each_other(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    """One number, the weighted estimate; in small print its interval and the unweighted figure to the same decimals."""
    line = site[3]["indicators"].query("wave == '2018' and indicator == 'participation' and domain == 'all'").iloc[0]
    for language in ("nl", "en"):
        n = Numbers(language)
        page = (site[0] / language / "index.html").read_text(encoding="utf-8")
        card = page[page.index('class="card"') :].partition("</li>")[0]
        assert re.findall(r'class="big">(.*?)<', card) == [n.percent(line["estimate"], 1)]
        small = " ".join(re.findall(r'class="small">(.*?)</p>', card))
        assert n.percent(line["unweighted"], 1) in small
        assert n.interval(line["ci_low"], line["ci_high"]) in small


@pytest.mark.parametrize(("unit", "written"), [("share", "10.0%"), ("points", "+10.0")])
def test_a_claims_figure_is_written_in_its_unit(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]], unit: str, written: str
) -> None:
    _, _, survey, tables = site
    told = report.spoken({**tables, "claims": tables["claims"].assign(unit=unit)}, survey)["en"]
    assert {row[1] for row in claims.table(told, "2018").rows} == {written}


def test_the_two_by_two_is_a_figure_and_a_table(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    text = pages(site[0])["en/cooperation.html"].text
    for value in ("8", "12", "10", "24"):
        assert f"{value}%" in text, "in the figure"
        assert f"{value}.0%" in text, "in the table"
    assert "+10.0" in text, "complementarity in points"
    assert "17.0 percentage points or more is found eight times out of ten" in text


def test_withheld_values_are_on_no_page(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    """The estimates of withheld lines, as the report would write them, stand nowhere near their domain."""
    folder, lake, _, tables = site
    withheld = tables["indicators"].query("suppressed and wave == '2018' and indicator == 'participation'")
    assert len(withheld)
    raw = lake.read("estimated_indicators", "2018").set_index(["indicator", "domain_variable", "domain"])
    text = (folder / "en" / "participation.html").read_text(encoding="utf-8")
    figure = text[text.index("Participation by sector") : text.index("Top innovators by")]
    for x in withheld.to_dict("records"):
        if x["domain_variable"] == "sector":
            value = raw.loc[("participation", x["domain_variable"], x["domain"]), "estimate"]
            assert Numbers("en").percent(value, 1) not in html.unescape(figure)
    assert figure.count("withheld") >= len(withheld)


@pytest.mark.parametrize(
    ("language", "kinds"), [("nl", ("niet getoond", "te onzeker")), ("en", ("withheld", "too uncertain"))]
)
def test_a_page_tells_withheld_for_few_firms_from_too_uncertain(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]], language: str, kinds: tuple[str, str]
) -> None:
    """Beside the figure, and in the note that says what each means."""
    text = html.unescape((site[0] / language / "participation.html").read_text(encoding="utf-8"))
    for kind in kinds:
        assert text.count(f">{kind}<") >= 1, kind
        assert text.count(f"{kind[0].upper()}{kind[1:]}: ") == 1, kind


def test_numbers_on_pages_come_from_disclosed_tables_only(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]], tmp_path: Path
) -> None:
    """Another estimate in the table, another number on every page that shows it."""
    _, _, survey, tables = site
    changed = dict(tables)
    table = tables["indicators"].copy()
    line = (table["indicator"] == "participation") & (table["wave"] == "2018") & (table["domain"] == "all")
    table.loc[line, "estimate"] = 0.98765
    changed["indicators"] = shaped("indicators", table)
    report.build(tmp_path / "site", changed, survey, WAVES)
    there = {name for name, page in pages(tmp_path / "site").items() if "98.8%" in page.text}
    assert there >= {"en/index.html", "en/participation.html", "en/trends.html", "en/wave-2018.html"}


def test_where_answers_were_imputed_the_report_says_what_that_does_to_the_interval(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]], tmp_path: Path
) -> None:
    _, _, survey, tables = site
    quality = tables["quality"]
    none = quality[quality["indicator"] != "imputation_rate"]
    row = {"wave": "2018", "indicator": "imputation_rate", "concept": "initiatives", "value": 0.04}
    filled = pd.concat([none, none.iloc[:1].assign(**row)], ignore_index=True)
    for name, table, told in (("none", none, set()), ("filled", filled, {"en/wave-2018.html"})):
        report.build(tmp_path / name, {**tables, "quality": shaped("quality", table)}, survey, WAVES)
        made = {page: text.text for page, text in pages(tmp_path / name).items()}
        single = {
            page for page in ("en/wave-2017.html", "en/wave-2018.html") if "wider than with all answers" in made[page]
        }
        assert single == told
        assert ("wider than with all answers" in made["en/cooperation.html"]) == bool(told)


@pytest.mark.slow
def test_one_wave_and_no_model_is_a_report_too(tmp_path: Path) -> None:
    survey = publication.survey(tmp_path / "survey")
    lake = publication.lake(tmp_path / "home", survey, waves=("2017",))
    for name in ("terms", "contrasts"):
        lake.remove(f"modelled_{name}", "2017")
    models = lake.read("modelled_models", "2017")
    lake.write(
        "modelled_models",
        "2017",
        models.assign(events=4, published=False, notes=written([note("few_events", least=10)])),
    )
    disclosed.run_all(lake, survey, ["2017"])
    release = Path(str(released.run_all(lake, survey, ["2017"])["path"]))
    text = pages(release / "public" / "report")["en/cooperation.html"].text
    assert "No model is published for this wave: fewer than 10 firms with the rarer outcome" in text
    assert "trends begin with two" in pages(release / "public" / "report")["en/trends.html"].text


# --- hostile text --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_labels_neither_run_nor_break_a_page(tmp_path: Path, text: str) -> None:
    label = {"nl": text, "en": text}
    indicators = {name: {**entry, "label": label} for name, entry in publication.DEFINITION["indicators"].items()}  # type: ignore[attr-defined]
    concepts = {name: {**entry, "label": label} for name, entry in publication.DEFINITION["concepts"].items()}  # type: ignore[attr-defined]
    survey = publication.survey(
        tmp_path / "survey", {"indicators": indicators, "concepts": concepts, "name": label, "source": label}
    )
    lake = publication.lake(tmp_path / "home", survey)
    for wave in WAVES:
        decided = lake.read("modelled_claims", wave)
        lake.write("modelled_claims", wave, decided.assign(text_en=text, text_nl=text, reason=text, reason_nl=text))
        rules = lake.read("validated_rules", wave)
        lake.write("validated_rules", wave, rules.assign(why_en=text, why_nl=text))
    disclosed.run_all(lake, survey, WAVES)
    tables = tables_of(lake, survey)
    report.build(tmp_path / "site", tables, survey, WAVES)
    for name, page in pages(tmp_path / "site").items():
        scripts, styles = page.all("script"), page.all("style")
        assert len(scripts) == (0 if name == "index.html" else 1), name
        assert len(styles) == 1, name
        assert not page.all("img"), name
        assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes), name
        assert len((tmp_path / "site" / name).read_bytes()) < 1_500_000, name
    for path in (tmp_path / "site").glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF-")


# --- paper ---------------------------------------------------------------------------------------------------------


def test_the_printed_report_is_tagged_for_universal_access(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    for path in site[0].glob("*.pdf"):
        content = path.read_bytes()
        language = path.stem[-2:]
        for mark in (b"pdfuaid:part", b"/MarkInfo", b"/StructTreeRoot", f"/Lang({language})".encode()):
            assert mark in content, (path.name, mark)


def test_the_paper_says_what_the_page_of_its_wave_says(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    """Every claim with verdict, reason and rule, every sentence, and every cell of the model's table."""
    folder, _, survey, tables = site
    for language, figures in report.spoken(tables, survey).items():
        for wave in WAVES:
            site_pages = {name: " ".join(page.text.split()) for name, page in pages(folder).items()}
            page = site_pages[f"{language}/wave-{wave}.html"]
            every = paper.content(figures, survey, wave)["parts"]
            told = [x for x in every if x.get("page") == f"wave-{wave}"]
            said = [x["text"] for x in told if x["kind"] in ("text", "note")]
            others = [x for x in every if x["kind"] in ("text", "note") and x not in told]
            assert {x["page"] for x in others} == {"index", "trends", "methods"}
            for x in others:
                assert " ".join(x["text"].split()) in site_pages[f"{language}/{x['page']}.html"], x
            for claim in [c for x in told if x["kind"] == "claims" for c in x["list"]]:
                said += [claim["text"], claim["estimand"], claim["rule"]]
                said += [words for v in claim["verdicts"] for words in (v["of"], v["verdict"], v["reason"])]
            section = models.section(figures, wave)
            assert section is not None
            title = section["contrasts"].caption
            (model,) = [x["table"] for x in told if x["kind"] == "table" and x["table"]["caption"] == title]
            said += [cell for row in model["rows"] for cell in row]
            # What the paper takes from other pages or puts together otherwise: the model's lead, how to read figures.
            year = figures.words.t("reference_year", year=survey.waves[wave].reference_year)
            other = (question.titles(figures)["model_lead"], figures.words.t("key_point"), year)
            for words in said:
                if not words.startswith(other):
                    assert " ".join(words.split()) in page, (language, wave, words)


def test_a_passport_holds_the_firms_own_answers_and_its_peers(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    _, _, survey, tables = site
    firm = publication.firms("2018").iloc[50].to_dict()
    firm |= publication.derived(publication.firms("2018")).iloc[50].to_dict()
    told = passports.content(report.spoken(tables, survey)["en"], survey, passport_parts.Own("2018", firm))
    assert [x["value"] for x in told["profile"]][-1] == firm["firm"]
    answers = {row[0]: row[1] for row in told["answers"]["rows"]}
    assert answers["Participation"] == ("yes" if firm["cooperates"] else "no")
    assert told["answers"]["heads"][2] == "All firms"
    amounts = {row[0]: row[1] for row in told["amounts"]["rows"]}
    assert amounts["Turnover"] == Numbers("en").value(firm["turnover"], "EUR")
    assert told["strips"]
    for scale in told["strips"]:
        assert all(0 <= b["low"] <= b["median"] <= b["high"] <= 1 for b in scale["bands"])


def test_a_firm_in_a_rare_group_learns_nothing_of_the_others(
    site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    _, _, survey, tables = site
    table = publication.firms("2018")
    place = int(table.index[table["sector"] == publication.RARE][0])
    firm = table.iloc[place].to_dict() | publication.derived(table).iloc[place].to_dict()
    told = passports.content(report.spoken(tables, survey)["nl"], survey, passport_parts.Own("2018", firm))
    column = told["answers"]["heads"].index(f"{publication.RARE} nl")
    assert {row[column] for row in told["answers"]["rows"] + told["amounts"]["rows"]} == {DASH}


def test_a_passport_has_at_most_two_pages(site: tuple[Path, Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    _, _, survey, tables = site
    table = publication.firms("2018")
    firm = table.iloc[10].to_dict() | publication.derived(table).iloc[10].to_dict()
    told = passports.content(report.spoken(tables, survey)["nl"], survey, passport_parts.Own("2018", firm))
    made = paper.printed(paper.compiler("passport.typ"), told, 0)
    assert len(re.findall(rb"/Type\s*/Page\b", made)) <= 2
