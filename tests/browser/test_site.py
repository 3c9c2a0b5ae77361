"""The site opened from disk in a real browser: every page, both languages, phone and desktop, script on and off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import publication
import pytest

LANGUAGES = ("nl", "en")
WIDTHS = {"phone": 390, "desktop": 1280}


def paths() -> list[str]:
    return ["index.html", *(f"{language}/{page}.html" for language in LANGUAGES for page in publication.PAGES)]


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


@pytest.mark.parametrize("script", [True, False], ids=["script on", "script off"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_no_page_errs_asks_the_network_or_scrolls_sideways(
    browser: Any, release: Path, width: int, script: bool
) -> None:
    for name in paths():
        file = release / "public" / "report" / name
        with Visit(browser, file, width, script) as visit:
            assert visit.errors == [], name
            assert visit.requests == [file.as_uri()], name
            if script:
                assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, name
            else:
                assert visit.page.locator("h1").bounding_box()["width"] <= width, name


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_no_violation(browser: Any, release: Path, axe: str, width: int) -> None:
    """WCAG 2.0 to 2.2, A and AA, and axe's best practices. The page's own policy keeps axe out: it is lifted here."""
    for name in paths():
        context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
        page = context.new_page()
        page.goto((release / "public" / "report" / name).as_uri())
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found["violations"]]
        context.close()
        assert told == [], name


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
