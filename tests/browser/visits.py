"""Pages as readers meet them: each in a language, at a width, in a scheme of colours, with and without scripts.

Belongs here: which pages a report has, the looks there are, the looks that a sample takes of each kind of page, and
what one look finds wrong. Does not belong here: what a reader does on a page (`test_site`).

All is asked through the browser's own protocol: the page's policy, which lets no stranger's script run, stays in force
while axe looks, so what that policy refuses is among the errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

WIDTHS = (390, 1280)
HEIGHT = 900
SCHEMES: Mapping[str, Mapping[str, str]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced colours": {"color_scheme": "light", "forced_colors": "active"},
}
DOOR, EMBEDDED = "door", "embedded"
"""Kinds of page: the one of no language, and a figure by itself for other people's pages"""
LOOKED_AT = """(async () => {
    for (const part of document.querySelectorAll('details')) part.open = true;
    const found = await axe.run(document, {resultTypes: ['violations'], preload: false});
    return {
        wide: document.documentElement.scrollWidth,
        violations: found.violations.map((v) => [v.id, ...v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120))]),
    };
})()"""
"""With every fold open: how wide the page is, and what axe says against it (WCAG 2.0 to 2.2, A and AA, and its best
practices)"""


@dataclass(frozen=True)
class Page:
    """A page of a report: its file, what kind of page it is, its language (none of the door)."""

    file: Path
    kind: str
    language: str


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int
    scheme: str
    script: bool


LOOKS = tuple(Look(*look) for look in product(WIDTHS, SCHEMES, (True, False)))
Visits = list[tuple[Page, Look]]


def pages(report: Path) -> list[Page]:
    """Every page of a report's folder: of `wave-2019.html`, `place-sector-trade.html` and figures to embed one kind
    each."""
    found = [Page(report / "index.html", DOOR, "")]
    for file in sorted(report.glob("*/*.html")):
        found.append(Page(file, file.stem.partition("-")[0], file.parent.name))
    found += [Page(file, EMBEDDED, file.parent.name) for file in sorted(report.glob("figures/*/*.html"))]
    return found


def every(found: Sequence[Page]) -> Visits:
    """Every page in every look; figures to embed, which differ in their picture alone, in one look each by turns."""
    whole = [(page, look) for page in found if page.kind != EMBEDDED for look in LOOKS]
    embedded = [page for page in found if page.kind == EMBEDDED]
    return whole + [(page, LOOKS[k % len(LOOKS)]) for k, page in enumerate(embedded)]


def sample(found: Sequence[Page]) -> Visits:
    """Every page but figures to embed at least once, in one of its languages; of every kind of page each pair of a
    language, a width, a scheme and scripts or none.

    Languages by schemes are gone through whole, and width and script turn along, so that of four languages each meets
    each in twelve visits. A kind's pages take turns.
    """
    chosen: Visits = [(page, look) for page in found if page.kind == DOOR for look in LOOKS]
    for kind in dict.fromkeys(page.kind for page in found if page.kind != DOOR):
        own = {(page.language, page.file.stem): page for page in found if page.kind == kind}
        languages, names = (list(dict.fromkeys(key[k] for key in own)) for k in (0, 1))
        turns = list(product(range(len(languages)), range(len(SCHEMES))))
        for k in range(len(turns) if kind == EMBEDDED else max(len(turns), len(names))):
            language, scheme = turns[k % len(turns)]
            width, script = (language + scheme) % 2, (language // 2 + scheme) % 2
            page = own[languages[language], names[k % len(names)]]
            chosen.append((page, Look(WIDTHS[width], list(SCHEMES)[scheme], not script)))
    return chosen


class Eye:
    """A browser's page that is taken from one visit to the next, and what it hears."""

    def __init__(self, browser: Any, axe: str) -> None:
        """`browser`: of Playwright. `axe`: the source of axe-core."""
        self._axe = axe
        self._page = browser.new_context().new_page()
        self._protocol = self._page.context.new_cdp_session(self._page)
        self._heard: list[str] = []
        self._asked: list[str] = []
        self._page.on("console", lambda m: self._heard.append(m.text) if m.type in ("error", "warning") else None)
        self._page.on("pageerror", lambda e: self._heard.append(str(e)))
        self._page.on("request", lambda r: self._asked.append(r.url))

    def faults(self, page: Page, look: Look) -> list[str]:
        """What is wrong with a page in a look: errors and warnings of the console, requests but for the page itself,
        a width that has to be scrolled, and what axe finds. Scripts are off while the page loads, if they are off."""
        self._heard.clear()
        self._asked.clear()
        self._page.set_viewport_size({"width": look.width, "height": HEIGHT})
        self._page.emulate_media(**SCHEMES[look.scheme])
        self._protocol.send("Emulation.setScriptExecutionDisabled", {"value": not look.script})
        self._page.goto(page.file.as_uri())
        self._protocol.send("Emulation.setScriptExecutionDisabled", {"value": False})
        self._evaluated(self._axe + ";undefined")
        seen = self._evaluated(LOOKED_AT)
        found = [*self._heard, *(f"asks for {url}" for url in self._asked if url != page.file.as_uri())]
        if seen["wide"] > look.width:
            found.append(f"is {seen['wide']} pixels wide")
        return [*found, *(" ".join(x) for x in seen["violations"])]

    def _evaluated(self, expression: str) -> Any:
        told = self._protocol.send(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")
