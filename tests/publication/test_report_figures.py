"""Every figure has an address and files of its own: a picture that is complete in itself, and its points."""

from __future__ import annotations

import csv
import html
import io
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import publication
import pytest
import typst
from PIL import Image

from monitor import contract
from monitor.publication import report
from monitor.publication.report import cite, pictures, site
from monitor.publication.report.addresses import Address, Register
from monitor.publication.report.tables import Chart, Figures
from monitor.stages import released
from monitor.survey.citation import LICENCES, Citation

LANGUAGES = ("nl", "en")
LIKE = 40
"""Of 255 shades: less than this lie between two drawings of one thing, a letter more or less is more"""
DECLARED = Citation(
    ("Jansen, Ada", "Smit & Co, Bo"),
    {"nl": "Instituut", "en": "Institute"},
    LICENCES["CC-BY-4.0"],
    "https://example.org/monitor",
)


@pytest.fixture(scope="module")
def tables(published: publication.Published) -> dict[str, pd.DataFrame]:
    """The public tables as anybody reads them."""
    return {table.name: pd.read_csv(published[2] / "public" / "tables" / f"{table.name}.csv", dtype=str,
                                    keep_default_na=False) for table in contract.TABLES}  # fmt: skip


@pytest.fixture(scope="module")
def spoken(published: publication.Published) -> dict[str, Figures]:
    lake, survey, _ = published
    made = released.public_tables(lake, survey, publication.WAVES)
    moment = pd.Timestamp("2026-01-02 03:04:05")
    made["releases"] = made["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    return report.spoken(made, survey)


@pytest.fixture(scope="module")
def addresses(published: publication.Published, spoken: dict[str, Figures]) -> dict[str, dict[str, Address]]:
    """The figures of each language by their identifiers, of those that a page tells of the ones it shows."""
    folder, found = folder_of(published), {}
    for language, figures in spoken.items():
        register = Register(language)
        for page, told in site._pages(figures, list(publication.WAVES), None, (), None):
            file = str(told.get("file", f"{page}.html"))
            text = (folder / language / file).read_text(encoding="utf-8")
            for chart in charts_of(told):
                if chart.drawn and f'<figure id="{chart.drawn.name}"' in text:
                    register.at(chart, file)
        found[language] = register.found
    return found


def charts_of(content: object) -> Iterator[Chart]:
    if isinstance(content, Chart):
        yield content
    elif isinstance(content, Mapping | list | tuple):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from charts_of(value)


def folder_of(published: publication.Published) -> Path:
    return published[2] / "public" / "report"


def test_a_figure_has_one_identifier_in_every_language(addresses: dict[str, dict[str, Address]]) -> None:
    assert set(addresses["nl"]) == set(addresses["en"])
    kinds = {name.partition("-")[0] for name in addresses["nl"]}
    assert kinds >= {"by", "trend", "waves", "beside", "squares", "effects"}


def test_every_figure_on_a_page_has_its_place_and_its_files(
    published: publication.Published, addresses: dict[str, dict[str, Address]]
) -> None:
    folder = folder_of(published)
    for language in LANGUAGES:
        drawn = set()
        for page in sorted((folder / language).glob("*.html")):
            text = page.read_text(encoding="utf-8")
            places = re.findall(r'<figure id="([^"]+)"', text)
            # A comparison is drawn by the reader's own choices.
            if page.stem != "explore":
                assert len(places) == text.count("<figure"), page.name
            for name in places:
                for kind in ("svg", "png", "csv"):
                    assert f'href="../figures/{language}/{name}.{kind}" download' in text
                assert f'href="#{name}"' in text
            drawn |= set(places)
        files = {path.stem for path in (folder / "figures" / language).iterdir()}
        assert drawn == files == set(addresses[language])
        for address in addresses[language].values():
            page = (folder / language / address.page).read_text(encoding="utf-8")
            assert f'<figure id="{address.name}"' in page


def test_the_points_of_a_figure_are_lines_of_its_table(
    published: publication.Published, tables: dict[str, pd.DataFrame], addresses: dict[str, dict[str, Address]]
) -> None:
    """Cell by cell what the public table says, one line a mark, and every label stands in the picture's words."""
    checked = 0
    for language in LANGUAGES:
        for name, address in addresses[language].items():
            file = folder_of(published) / address.file("csv")
            with file.open(encoding="utf-8", newline="") as opened:
                rows = list(csv.DictReader(opened))
            assert len(rows) == len(address.drawn.points) > 0, name
            table = tables[address.drawn.table]
            key = list(contract.BY_NAME[address.drawn.table].key)
            assert len({tuple(row[k] for k in key) for row in rows}) == len(rows), name
            for row in rows:
                found = table[(table[key] == [row[k] for k in key]).all(axis=1)]
                assert len(found) == 1, (name, row)
                line: dict[str, Any] = found.iloc[0].to_dict()
                assert {k: v for k, v in row.items() if k != "label"} == {k: line[k] for k in row if k != "label"}
                assert row["label"] in html.unescape(str(address.chart.svg)), (name, row["label"])
                checked += 1
            left_out = [c for c in contract.BY_NAME[address.drawn.table].names if c not in rows[0]]
            for column in left_out:
                assert all(not point[column] and point[column] != 0 for _, point in address.drawn.points), column
    assert checked > 100


def test_a_picture_is_complete_in_itself(
    published: publication.Published, spoken: dict[str, Figures], addresses: dict[str, dict[str, Address]]
) -> None:
    release = published[2].name
    for language in LANGUAGES:
        survey = published[1]
        for name, address in addresses[language].items():
            text = (folder_of(published) / address.file("svg")).read_text(encoding="utf-8")
            said = " ".join(html.unescape(part) for part in re.findall(r"<text[^>]*>([^<]*)</text>", text))
            words = {"nl": ("Synthetische gegevens", "Meting", "metingen"), "en": ("Synthetic data", "Wave", "waves")}
            assert said.startswith(words[language][0]), name
            assert " ".join(address.chart.title.split()[:4]) in said
            for wanted in (survey.source[language], survey.population[language], release, "n = "):
                assert wanted in said, (name, wanted)
            assert any(word in said for word in words[language][1:])
            wave = {str(line["wave"]) for _, line in address.drawn.points} - {"pooled"}
            assert all(w in said for w in wave), name


def test_the_number_of_firms_in_a_picture_is_the_table_s(
    published: publication.Published, tables: dict[str, pd.DataFrame]
) -> None:
    indicators = tables["indicators"]
    line = indicators[(indicators["indicator"] == "participation") & (indicators["domain"] == "all")]
    n = line.set_index("wave")["n"]
    models = tables["models"]
    of_model = models[(models["wave"] == "2018") & (models["model"] == "primary") & (models["variant"] == "main")]
    for name, told in (
        ("by-2018-participation-sector", f"Wave 2018, n = {n['2018']} firms"),
        ("trend-participation", f"Wave 2017, n = {n['2017']} firms; Wave 2018, n = {n['2018']} firms"),
        ("squares-2018", f"Wave 2018, n = {of_model['n'].iloc[0]} firms"),
    ):
        text = (folder_of(published) / "figures" / "en" / f"{name}.svg").read_text(encoding="utf-8")
        assert told in html.unescape(text), name


def test_a_picture_of_several_indicators_says_whom_and_how_many(
    published: publication.Published, tables: dict[str, pd.DataFrame]
) -> None:
    """The firms of a domain, from the fewest to the most that an indicator of it rests on."""
    found = tables["indicators"]
    survey, code = published[1], publication.SECTORS[0]
    for language in LANGUAGES:
        for kind in ("waves", "beside"):
            file = folder_of(published) / "figures" / language / f"{kind}-sector-{code}"
            with file.with_suffix(".csv").open(encoding="utf-8", newline="") as opened:
                rows = list(csv.DictReader(opened))
            drawn = {row["indicator"] for row in rows}
            assert len(drawn) > 1
            said = html.unescape(file.with_suffix(".svg").read_text(encoding="utf-8"))
            assert survey.concepts["sector"].codes[code][language] in said
            for wave in {row["wave"] for row in rows}:
                lines = found[(found["wave"] == wave) & (found["domain"] == code) & found["indicator"].isin(drawn)]
                n = sorted(int(x) for x in lines[lines["suppressed"] == "false"]["n"])
                told = str(n[0]) if n[0] == n[-1] else f"{n[0]}–{n[-1]}"
                assert f"{wave}, n = {told} " in said, (kind, wave)


def test_a_png_is_the_picture_drawn(published: publication.Published) -> None:
    for path in sorted((folder_of(published) / "figures").rglob("*.png")):
        content = path.read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = struct.unpack(">II", content[16:24])
        box = re.search(r'viewBox="0 0 (\d+) ([\d.]+)"', path.with_suffix(".svg").read_text(encoding="utf-8"))
        assert box is not None
        assert width == 960
        assert abs(height - float(box[2]) * 960 / int(box[1])) < 2


def as_one_image(picture: str) -> Image.Image:
    """A picture drawn by Typst as the image that its SVG is, text and all, without the product's template."""
    source = "#set page(width: 480pt, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), width: 100%)"
    made = typst.compile(source.encode(), format="png", ppi=144, ignore_system_fonts=True, sys_inputs={"svg": picture})
    assert isinstance(made, bytes)
    return Image.open(io.BytesIO(made))


def shades(image: Image.Image) -> Any:
    """The mean shade of each square of eight pixels: how an edge is smoothed does not count."""
    return np.asarray(image.convert("L").reduce(8), dtype=float)


def test_a_png_looks_as_its_svg(published: publication.Published) -> None:
    paths = sorted((folder_of(published) / "figures").rglob("*.png"))
    assert len(paths) > 20
    for path in paths[::10]:
        drawn, wanted = Image.open(path), as_one_image(path.with_suffix(".svg").read_text(encoding="utf-8"))
        assert drawn.size == wanted.size
        assert np.abs(shades(drawn) - shades(wanted)).max() < LIKE, path.name
        assert np.ptp(shades(drawn)) > LIKE


def test_words_of_a_picture_are_drawn_as_they_are() -> None:
    """A line wider than the picture is not broken, and nothing in it is markup."""
    words = html.escape("*#image(1)* <b> & 'R&D' -- " + "wide " * 30)
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 60" width="480" height="60" '
        'font-family="\'Libertinus Serif\'"><rect width="480" height="60" fill="#ffffff"/>'
        f'<text x="24" y="20" font-size="12" fill="#17212b" WEIGHT><tspan lang="de">{words}</tspan></text></svg>'
    )
    plain, picture = picture.replace("WEIGHT", ""), picture.replace("WEIGHT", 'font-weight="700"')
    assert np.abs(shades(as_one_image(plain)) - shades(as_one_image(picture))).max() > LIKE, "a title is bold"
    drawn = Image.open(io.BytesIO(pictures.rendered([picture])[0]))
    assert np.abs(shades(drawn) - shades(as_one_image(picture))).max() < LIKE
    with pytest.raises(ValueError, match="circle"):
        pictures.rendered([picture.replace("rect", "circle")])


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/monitor/en/a-page-with-a-name.html#a-figure-with-a-name",
        f"https://example.org/{'a' * 90}",
        "a",
    ],
)
def test_an_address_is_broken_before_a_part_of_it(address: str) -> None:
    lines = pictures.BROKEN.findall(address)
    assert "".join(lines) == address
    assert max(map(len, lines)) <= 60
    assert [line[0] for line in lines[1:]] == (["#"] if "#" in address else ["/", "a"][: len(lines) - 1])


def test_a_page_to_embed_leads_back_to_its_figure(published: publication.Published) -> None:
    pages = sorted((folder_of(published) / "figures").rglob("*.html"))
    assert pages
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        place, points = re.findall(r'href="([^"]+)"', text)
        file, _, name = html.unescape(place).partition("#")
        there = (path.parent / file.partition("?")[0]).resolve()
        assert f'<figure id="{name}"' in there.read_text(encoding="utf-8")
        assert (path.parent / points).is_file()
        assert path.with_suffix(".svg").read_text(encoding="utf-8") in text


def test_languages_know_each_other_and_previews_their_picture(published: publication.Published) -> None:
    """Every page names itself and its other language; the pairs are mutual and there."""
    folder = folder_of(published)
    for path in (p for language in LANGUAGES for p in sorted((folder / language).glob("*.html"))):
        text = path.read_text(encoding="utf-8")
        found = dict(re.findall(r'<link rel="alternate" hreflang="(\w+)" href="([^"]+)">', text))
        assert set(found) == set(LANGUAGES)
        for language, target in found.items():
            assert (path.parent / target).resolve() == folder / language / path.name
            assert (folder / language / path.name).is_file()
        for meta in ('name="description"', 'property="og:title"', 'property="og:description"'):
            assert re.search(rf'<meta {meta} content="[^"]+">', text), (path.name, meta)


def test_the_report_is_cited_where_its_data_are(published: publication.Published, spoken: dict[str, Figures]) -> None:
    """On the page of the data and with the highlights, in the release's own words."""
    folder = folder_of(published)
    for language, figures in spoken.items():
        told = cite.cited(figures)
        for page in ("data", "highlights"):
            text = html.unescape((folder / language / f"{page}.html").read_text(encoding="utf-8"))
            for words in (told.sentence, told.bibtex):
                wanted = re.escape(words).replace(re.escape("r0001-0123456789ab"), re.escape(published[2].name))
                assert re.search(wanted.replace("2026", r"\d{4}"), text), (page, words)


def test_a_citation_holds_what_the_survey_declares(
    spoken: dict[str, Figures], addresses: dict[str, dict[str, Address]]
) -> None:
    figures = spoken["en"]
    address = addresses["en"]["by-2018-participation-sector"]
    place = "en/participation.html?domain=sector#by-2018-participation-sector"
    figures.survey, plain = replace(figures.survey, citation=DECLARED), figures.survey
    try:
        whole, one = cite.cited(figures), cite.cited(figures, address)
        assert one.sentence == (
            f"Jansen, Ada and Smit & Co, Bo (2026). Made-up survey: {address.chart.title}. "
            f"Release r0001-0123456789ab. Licence CC BY 4.0. Synthetic data. https://example.org/monitor/{place}"
        )
        assert whole.sentence.endswith("https://example.org/monitor/en/index.html")
        assert one.bibtex == (
            "@misc{made_up-2026-by-2018-participation-sector,\n  author = {Jansen, Ada and Smit \\& Co, Bo},\n"
            f"  title = {{{{Made-up survey: {address.chart.title}}}}},\n  year = {{2026}},\n"
            "  publisher = {Institute},\n  note = {Release r0001-0123456789ab; Licence CC BY 4.0; Synthetic data},\n"
            f"  url = {{https://example.org/monitor/{place}}}\n}}"
        )
        assert 'src="https://example.org/monitor/figures/en/by-2018-participation-sector.html"' in cite.embedded(
            figures, address, 480, 600
        )
    finally:
        figures.survey = plain
    assert cite.cited(figures).sentence == "Made-up survey (2026). Release r0001-0123456789ab. Synthetic data."
