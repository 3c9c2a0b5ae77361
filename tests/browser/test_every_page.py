"""A sample of the demonstration's pages: in every language, width and scheme, with scripts and without."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import every_page
import pytest
import visits

from monitor.wording.sentences import spoken_languages


@pytest.fixture(scope="module")
def found(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> list[visits.Page]:
    """The pages of the demonstration's report in every language."""
    folder = tmp_path_factory.mktemp("every_language")
    every_page.in_every_language(demonstration, folder)
    return visits.pages(folder)


def test_nothing_is_wrong_with_a_page_in_any_look(browser: Any, axe: str, found: list[visits.Page]) -> None:
    """No console error, no request, no sideways scroll, no violation that axe finds (`visits`)."""
    eye = visits.Eye(browser, axe)
    wrong = [
        f"{page.language} {page.file.name} {look}: {fault}"
        for page, look in visits.sample(found)
        for fault in eye.faults(page, look)
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_wrong_is_seen(browser: Any, axe: str, tmp_path: Path) -> None:
    """With scripts off what a script would do is not there, and the rest is."""
    file = tmp_path / "wrong.html"
    file.write_text(
        '<!doctype html><html lang="en"><title>Wrong</title><main><h1>Wrong</h1><img src="there.png">'
        "<p style='width: 2000px'>Wide</p></main><script>console.error('a script ran')</script></html>",
        encoding="utf-8",
    )
    eye, page = visits.Eye(browser, axe), visits.Page(file, "wrong", "en")
    for script in (True, False, True):
        told = "\n".join(eye.faults(page, visits.Look(390, "light", script)))
        assert ("a script ran" in told) == script
        for fault in ("there.png", "pixels wide", "image-alt"):
            assert fault in told


def test_the_sample_meets_every_page_and_of_every_kind_each_pair_of_looks(found: list[visits.Page]) -> None:
    chosen = visits.sample(found)
    in_pages = [page for page in found if page.kind != visits.EMBEDDED]
    assert {page.file.name for page, _ in chosen} >= {page.file.name for page in in_pages}
    assert {page.language for page in in_pages} == {"", *spoken_languages()}
    for kind in {page.kind for page in found}:
        met = [(page.language, look.width, look.scheme, look.script) for page, look in chosen if page.kind == kind]
        whole = [
            (page.language, look.width, look.scheme, look.script)
            for page in found if page.kind == kind for look in visits.LOOKS
        ]  # fmt: skip
        for pair in combinations(range(4), 2):
            assert {tuple(x[k] for k in pair) for x in met} == {tuple(x[k] for k in pair) for x in whole}, (kind, pair)
