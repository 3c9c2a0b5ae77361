"""The site opened from disk in a real browser, used as readers use it. Every page in every look: `test_every_page`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

LANGUAGES = ("nl", "en")
WIDTHS = {"phone": 390, "desktop": 1280}


class Visit:
    """A page opened with its errors and requests written down."""

    def __init__(self, browser: Any, file: Path, width: int, script: bool) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(file.as_uri())

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)], ids=WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_and_its_figure_stand_on_the_first_screen(
    browser: Any, release: Path, language: str, width: int, height: int
) -> None:
    with Visit(browser, release / "public" / "report" / language / "index.html", width, False) as visit:
        visit.page.set_viewport_size({"width": width, "height": height})
        for part in ("h1", ".answer", ".opening svg"):
            box = visit.page.locator(part).first.bounding_box()
            assert box["y"] + box["height"] <= height, part


def test_text_of_figures_is_at_least_twelve_pixels_high(browser: Any, release: Path) -> None:
    sizes = """[...document.querySelectorAll('svg text')].filter((t) => t.getClientRects().length).map((t) =>
        parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getScreenCTM().a)"""
    for width in (360, 1280):
        for name in ("index", "participation", "trends", "places", "place-size_band-small", "explore"):
            with Visit(browser, release / "public" / "report" / "en" / f"{name}.html", width, True) as visit:
                found = visit.page.evaluate(sizes)
                assert found or name == "places", (name, width)
                assert min(found, default=12) >= 12, (name, width)


def test_groups_and_waves_are_compared_and_the_choice_is_in_the_address(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "explore.html", 1280, True) as visit:
        page = visit.page
        page.get_by_label("Breakdown").select_option("sector")
        page.get_by_label("2017").check()
        drawn = page.locator(".compare svg").get_attribute("aria-label")
        assert drawn.startswith("Participation, 2017, 2018: All firms, 2017: ")
        first = page.locator('.compared tr[data-by="sector"] td').first.text_content()
        assert f": {first};" in drawn
        shown = [f'#compare-participation tr[data-by="{by}"] td[data-n]' for by in ("all", "sector")]
        assert page.locator(".compare circle").count() == page.locator(", ".join(shown)).count() > 0
        page.goto(page.url)
        assert page.locator(".compare svg").get_attribute("aria-label") == drawn
        assert visit.errors == []


def test_what_is_drawn_there_has_files_a_link_and_a_citation_of_its_own(browser: Any, release: Path) -> None:
    """The file of points holds the public table's numbers, a picture says what it is about; nothing is fetched."""
    file = release / "public" / "report" / "en" / "explore.html"
    with Visit(browser, file, 1280, True) as visit:
        page, made = visit.page, {}
        page.get_by_label("Breakdown").select_option("sector")
        page.get_by_label("2017").check()
        for kind in ("svg", "png", "csv"):
            with page.expect_download() as download:
                page.locator(f".compare [data-kind={kind}]").click()
            made[kind] = Path(download.value.path()).read_bytes()
            assert download.value.suggested_filename == f"compared-participation-sector-2017-2018.{kind}"
        indicators = pd.read_csv(release / "public" / "tables" / "indicators.csv")
        key, numbers = ["wave", "indicator", "domain_variable", "domain"], ["estimate", "ci_low", "ci_high"]
        points = pd.read_csv(io.BytesIO(made["csv"]))
        beside = points[key].merge(indicators, on=key, how="left", validate="one_to_one")
        assert len(points) == page.locator(".compare .bars text[font-weight]").count() > 4
        assert points[numbers].isna().any(axis=None), "what is withheld has no numbers"
        pd.testing.assert_frame_equal(points[numbers], beside[numbers])
        drawn = page.locator(".compare svg").get_attribute("aria-label")
        picture = made["svg"].decode()
        release_id = release.name
        for words in ("Participation, 2017, 2018", release_id, "Made up for tests", "n = 240", "Synthetic data"):
            assert words in picture.replace("</text><text", " "), words
        assert made["png"].startswith(b"\x89PNG")
        page.locator(".compare details").first.evaluate("(part) => { part.open = true; }")
        for part in (".sentence", ".bibtex"):
            said = page.locator(f".compare {part}").inner_text()
            assert "Made-up survey: Participation, 2017, 2018" in said
            assert release_id in said
            assert "[title]" not in said
        link = page.locator(".compare [data-kind=link]").get_attribute("href")
        embedded = page.locator(".compare .embedded").text_content()
        assert visit.errors == []
        assert [url for url in visit.requests if not url.startswith("data:")] == [file.as_uri()]
        page.goto(f"{file.as_uri()}{link}")
        assert page.locator(".compare svg").get_attribute("aria-label") == drawn
        page.set_content(embedded)
        page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth > 300")


def test_a_table_is_sorted_by_the_head_that_is_pressed(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "participation.html", 1280, True) as visit:
        table = visit.page.locator("table").last
        head = table.get_by_role("button", name="Firms")
        for order, way in ((sorted, "ascending"), (lambda x: sorted(x, reverse=True), "descending")):
            head.click()
            cells = table.locator("tbody tr td:nth-child(5)").all_text_contents()
            shown = [int(cell.replace(",", "")) for cell in cells if cell]
            assert shown == order(shown)
            assert cells[len(shown) :] == [""] * (len(cells) - len(shown)), "withheld figures stand last"
            assert table.locator(f'th[aria-sort="{way}"]').count() == 1


@pytest.mark.parametrize("spoken", ["nl", "de", "es"])
def test_amounts_with_a_decimal_comma_are_sorted_by_size(
    browser: Any, release: Path, tmp_path: Path, spoken: str
) -> None:
    """German and Spanish write numbers as Dutch does: the Dutch page, said to be in each of them."""
    written = ["1.234", "99,5", "250"]
    source = (release / "public" / "report" / "nl" / "participation.html").read_text(encoding="utf-8")
    page = tmp_path / f"{spoken}.html"
    page.write_text(source.replace('<html lang="nl">', f'<html lang="{spoken}">'), encoding="utf-8")
    with Visit(browser, page, 1280, True) as visit:
        visit.page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        table = visit.page.locator("table:has(th button)").first
        cells = table.locator("tbody tr td:nth-child(2)")
        for k, amount in enumerate(written):
            cells.nth(k).evaluate("(cell, amount) => { cell.textContent = amount; }", amount)
        table.locator("th").nth(1).get_by_role("button").click()
        assert [cell for cell in cells.all_text_contents() if cell in written] == ["99,5", "250", "1.234"]


def test_the_search_finds_a_question_of_the_codebook(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "search.html", 390, True) as visit:
        page = visit.page
        every = page.locator(".entries li")
        count = every.count()
        page.get_by_label("Search for").fill("new PRODUCT?")
        shown = [i for i in range(count) if every.nth(i).is_visible()]
        assert [every.nth(i).locator("a").get_attribute("href") for i in shown] == [
            "codebook.html#concept-product_innovation"
        ]
        page.get_by_label("Search for").fill("no such words")
        assert page.get_by_role("status").inner_text() == "nothing found"
        page.get_by_label("Search for").fill("")
        assert all(every.nth(i).is_visible() for i in range(count))
    with Visit(browser, release / "public" / "report" / "en" / "search.html", 390, False) as visit:
        assert visit.page.locator(".entries li").count() == count
        assert not visit.page.locator(".seek").is_visible()


def test_a_link_to_a_row_opens_the_fold_it_lies_in(browser: Any, release: Path) -> None:
    place = "contrast-2017-primary-main-complementarity"
    with Visit(browser, release / "public" / "report" / "en" / "cooperation.html", 1280, True) as visit:
        row = visit.page.locator(f"#{place}")
        assert not row.is_visible()
        visit.page.evaluate(f"location.hash = '{place}'")
        row.wait_for(state="visible")


def test_a_breakdown_can_be_chosen_and_all_come_back(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "participation.html", 1280, True) as visit:
        page = visit.page
        every = page.locator("figure[data-domain]")
        assert every.count() > 2
        assert all(every.nth(i).is_visible() for i in range(every.count()))
        page.get_by_role("button", name="Sector").click()
        assert page.get_by_role("button", name="Sector").get_attribute("aria-pressed") == "true"
        shown = [every.nth(i).get_attribute("data-domain") for i in range(every.count()) if every.nth(i).is_visible()]
        assert set(shown) == {"sector"}
        page.get_by_role("button", name="All").click()
        assert all(every.nth(i).is_visible() for i in range(every.count()))


def test_without_script_every_figure_and_number_is_there(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "participation.html", 390, False) as visit:
        assert not visit.page.locator(".choose").is_visible()
        figures = visit.page.locator("figure svg")
        assert figures.count() > 2
        assert all(figures.nth(i).is_visible() for i in range(figures.count()))


def test_pointing_at_a_mark_tells_its_value(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "trends.html", 1280, True) as visit:
        visit.page.locator(".mark circle").first.hover()
        assert "%" in visit.page.locator(".tip").inner_text()


def test_the_keyboard_reaches_the_content_and_the_choices(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "participation.html", 1280, True) as visit:
        page = visit.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.get_by_role("button", name="Sector").focus()
        page.keyboard.press("Enter")
        assert page.get_by_role("button", name="Sector").get_attribute("aria-pressed") == "true"


def test_on_paper_everything_is_unfolded(browser: Any, release: Path) -> None:
    with Visit(browser, release / "public" / "report" / "en" / "trends.html", 1280, True) as visit:
        visit.page.emulate_media(media="print")
        visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert visit.page.evaluate("[...document.querySelectorAll('details')].every((d) => d.open)")
        assert not visit.page.locator("nav.pages").is_visible()
        assert visit.page.pdf(format="A4").startswith(b"%PDF-")
