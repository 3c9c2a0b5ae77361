"""Words lie in `monitor/wording` and nowhere else in the product, and no word lies there that nobody says.

To see every string that looks Dutch, with its file and line: python tests/wording/test_words_lie_here.py
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

import monitor
from monitor.wording.sentences import sentences

PACKAGE = Path(monitor.__file__).parent
WORDS = PACKAGE / "wording"
SUBJECTS = sorted(file.stem for file in (WORDS / "en").glob("*.yaml"))

DUTCH = re.compile(
    r"\b(aan|alle|alleen|antwoord|antwoorden|bedrijf|bedrijven|beide|bij|boven|dat|de|deze|die|dit|een|eerder|elk|"
    r"enquête|geen|gelijk|geschat|gevraagd|gewogen|golf|haar|heeft|het|hoogste|hun|ja|kans|kleinste|laagste|maar|meer|"
    r"meting|minder|naar|nee|niet|nog|of het|onbekend|onder|ondersteund|ongewogen|ook|procentpunt|samen|som|te|"
    r"uit|vaker|van|verschil|voor|vraag|waarde|werd|wordt|zij|zijn|zonder|zou)\b",
    re.IGNORECASE,
)
"""Frequent Dutch words that are no English ones, and those that sentences about surveys are made of"""

READS_DUTCH = {
    "authoring/columns.py": "recognises Dutch column names in a delivery",
    "authoring/proposal.py": "recognises Dutch column names in a delivery",
    "authoring/shown.py": "recognises Dutch names of persons in a delivery",
    "authoring/definition.py": "writes a first survey folder, whose labels are the user's own afterwards",
    "formats/survey_tools.py": "recognises the heads of Dutch exports of survey tools",
    "stages/staged/coding.py": "recognises what a Dutch export writes for a box not ticked",
    "stages/staged/privacy.py": "recognises Dutch column names that tell who a firm is",
    "survey/claim_numbers.py": "reads numbers out of a claim's Dutch text",
    "survey/check.py": "says Dutch register terms beside the English ones",
    "stages/weighted/margins.py": "says Dutch register terms beside the English ones",
    "survey/registers.py": "says Dutch register terms beside the English ones",
}
"""File -> why Dutch stands in it although no reader meets it as the product's own sentence"""
INVENTED = ("synthetic", "surveys")
"""Rooms of made-up deliveries and of a survey's own folder: their words are data"""


def strings(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every string of a module that is no docstring, the fixed parts of f-strings among them."""
    tree = ast.parse(source)
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    docstrings = {id(node.value) for node in statements}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def dutch(file: Path) -> Iterator[str]:
    """Every string of a file that looks Dutch, with its line and the words it is known by."""
    for line, text in strings(file.read_text(encoding="utf-8")):
        if found := DUTCH.findall(text):
            yield f"{file.relative_to(PACKAGE).as_posix()}:{line}: {', '.join(found)}: {text!r}"


def outside() -> Iterator[Path]:
    """The product's modules outside `wording` and outside the rooms whose words are data."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.relative_to(PACKAGE).parts[0] not in ("wording", *INVENTED):
            yield file


def shapes(source: str) -> Iterator[re.Pattern[str]]:
    """What an f-string of a module may become, `report_{kind}` for one: a pattern with a group for each hole."""
    for node in ast.walk(ast.parse(source)):
        values = node.values if isinstance(node, ast.JoinedStr) else ()
        if any(isinstance(part, ast.Constant) and re.search(r"\w{2}", str(part.value)) for part in values):
            parts = [re.escape(str(x.value)) if isinstance(x, ast.Constant) else "(.+)" for x in values]
            yield re.compile("".join(parts))


Said = tuple[frozenset[str], tuple[re.Pattern[str], ...]]
"""Names that stand somewhere, and the shapes of those that are put together"""


def said(modules: Iterable[str], templates: Iterable[str]) -> Said:
    """What modules and templates name: as a string of its own, or put together of a fixed part and names that are
    strings elsewhere. A verdict of two words is one of the report's keys with an underscore."""
    modules, written = list(modules), "\n".join(templates)
    named = {text.replace(" ", "_") for source in modules for _, text in strings(source)}
    named |= set(re.findall(r"""(?<=["'])\w+(?=["'])""", written))
    patterns = {shape.pattern: shape for source in modules for shape in shapes(source)}.values()
    parts = (re.compile(f"{re.escape(x)}(.+)") for x in re.findall(r"""["'](\w+_)["'] ~""", written))
    return frozenset(named), (*patterns, *parts)


@cache
def product() -> Said:
    """What the product names; every subject is held against the same."""
    modules = [file.read_text(encoding="utf-8") for file in (*outside(), *WORDS.glob("*.py"))]
    kinds = ("*.html", "*.typ", "*.js")
    named, patterns = said(
        modules, [file.read_text(encoding="utf-8") for kind in kinds for file in PACKAGE.rglob(kind)]
    )
    # Numbers, units and ways to fill of the framework's indicators are data.
    catalogue = (PACKAGE / "frameworks" / "ecosystems.yaml").read_text(encoding="utf-8")
    return named | set(re.findall(r"\w+", catalogue)), patterns


def unsaid(keys: Iterable[str], somewhere: Said) -> set[str]:
    """The keys that are named nowhere."""
    named, patterns = somewhere
    return {
        key
        for key in keys
        if key not in named and not any((m := shape.fullmatch(key)) and set(m.groups()) <= named for shape in patterns)
    }


@pytest.mark.parametrize("file", list(outside()), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_dutch_stands_outside_the_room_of_words(file: Path) -> None:
    name, found = file.relative_to(PACKAGE).as_posix(), list(dutch(file))
    assert bool(found) == (name in READS_DUTCH), "\n".join(found) or f"{name} holds no Dutch: strike it off the list"


def test_a_dutch_sentence_outside_is_seen(tmp_path: Path) -> None:
    for sentence in ("geen bedrijf", "Dat ligt {place}", "de mediane schatting is"):
        assert [text for _, text in strings(f"x = {sentence!r}") if DUTCH.search(text)]
    assert not [text for _, text in strings("'de bedrijven'\nx = 'the firms'") if DUTCH.search(text)]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_sentence_is_said_somewhere(subject: str) -> None:
    assert unsaid(sentences(subject), product()) == set()


def test_a_sentence_that_nobody_says_is_seen() -> None:
    module = 'say("x", "whole", f"part_{kind}", kinds=("one", "two"))'
    keys = ("whole", "part_one", "part_three", "lost", "in_page", "nav_home", "nav_one")
    somewhere = said([module], ["{{ t('in_page') }} {{ t('nav_' ~ 'one') }}"])
    assert unsaid(keys, somewhere) == {"part_three", "lost", "nav_home"}


if __name__ == "__main__":
    print("\n".join(line for file in sorted(PACKAGE.rglob("*.py")) if file.parent != WORDS for line in dutch(file)))
