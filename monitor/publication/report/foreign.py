"""Words of another language than those around them: marked where they come in, told by `lang` in what is written.

Belongs here: the mark, and what becomes of it in a page, a picture and a plain text. Does not belong here: which words
are of another language (`languages`), the words themselves (`wording`).

A label that a survey has in English alone goes through sentences, tables and figures of a German page; what reads the
page aloud has to know (WCAG 2.2, 3.1.2). A mark is one character before the words, which names their language, and one
after them, of Unicode's private use area: they have no width, are no letters, and no file of a release holds one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from monitor.wording.sentences import spoken_languages

FIRST, END = 0xE000, "\ue0ff"
MARK = re.compile("[\ue000-\ue0ff]")
RUN = re.compile("([\ue000-\ue0fe])([^\ue000-\ue0ff]*)\ue0ff")
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
TEXT_ALONE = ("title", "desc", "option", "textarea")
"""Elements that hold no other: words in the midst of their text cannot be told by themselves"""


def told(language: str, text: str) -> str:
    """A text as one of a language, for a text around it of another; an empty one stays empty."""
    return f"{chr(FIRST + spoken_languages().index(language))}{plain(text)}{END}" if text else text


def among(texts: Mapping[str, str], language: str) -> str:
    """The text in a language, else the English one, else the first there is, told as what it is; empty without any."""
    if texts.get(language):
        return texts[language]
    found = next((x for x in ("en", *texts) if texts.get(x)), None)
    return told(found, texts[found]) if found else ""


def plain(text: str) -> str:
    """A text without marks, for what cannot tell one language from another."""
    return MARK.sub("", text)


def within(text: str, change: Callable[[str], str]) -> str:
    """A text changed inside the mark that it stands in as a whole, if it does."""
    whole = RUN.fullmatch(text)
    return f"{whole[1]}{change(whole[2])}{END}" if whole else change(text)


def first(text: str, most: int) -> str:
    """So many letters of a text from its beginning, marks not counted, without a space at the end."""
    found, letters = [], 0
    for character in text:
        letters += not MARK.match(character)
        if letters > most:
            break
        found.append(character)
    return balanced(["".join(found).rstrip()])[0]


def balanced(lines: Sequence[str]) -> list[str]:
    """The lines of one text, where a mark that goes on over several ends and begins in each."""
    found, still = [], ""
    for line in lines:
        begun = still + line
        marks = MARK.findall(begun)
        still = marks[-1] if marks and marks[-1] != END else ""
        found.append(begun + END if still else begun)
    return found


def page(source: str) -> str:
    """A page or picture in which marked words stand in an element that tells their language: the one around them where
    they fill it, else one of their own. Values of attributes and texts that hold no element are left without marks."""
    if not MARK.search(source):
        return source
    parts, inside = TAG.split(source), [""]
    for k in range(0, len(parts), 2):
        before = parts[k - 1] if k else ""
        _follow(before, inside)
        if MARK.search(before):
            parts[k - 1] = plain(before)
        whole = RUN.fullmatch(parts[k].strip())
        if whole and not before.startswith("</") and " lang=" not in before and parts[k + 1].startswith("</"):
            parts[k - 1] = f'{parts[k - 1][:-1]} lang="{_language(whole[1])}">'
            parts[k] = plain(parts[k])
        elif inside[-1] in TEXT_ALONE:
            parts[k] = plain(parts[k])
        else:
            own = "tspan" if "svg" in inside else "span"
            parts[k] = plain(
                RUN.sub(lambda run, own=own: f'<{own} lang="{_language(run[1])}">{run[2]}</{own}>', parts[k])
            )
    return "".join(parts)


def _language(mark: str) -> str:
    return spoken_languages()[ord(mark) - FIRST]


def _follow(tag: str, inside: list[str]) -> None:
    """Keep which of the elements that matter a place is in."""
    named = NAME.match(tag)
    name = named[1] if named else ""
    if name not in (*TEXT_ALONE, "svg") or tag.endswith("/>"):
        return
    if tag.startswith("</"):
        inside.pop()
    else:
        inside.append(name)
