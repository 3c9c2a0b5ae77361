"""What a PDF of the report says: the text of its pages, out of its compressed streams and its fonts' own tables."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"/Length (\d+)\b.*?stream\r?\n", re.DOTALL)
FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
# Brackets in pairs may stand within a string as they are.
STRING = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)|<[0-9A-Fa-f]+>"
SHOWN = re.compile(rb"/(f\d+) [\d.]+ Tf|\[((?:%s|[-\d.\s])*)\]\s*TJ|(%s)\s*Tj" % (STRING, STRING), re.DOTALL)
PIECE = re.compile(STRING, re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text(path: Path) -> str:
    """All text of a file, without blanks: how wide they are is no character."""
    return "".join(pages(path.read_bytes()))


def pages(content: bytes) -> list[str]:
    """The same of each page."""
    objects = {int(number): body for number, body in OBJECT.findall(content)}
    streams = {number: inflated for number, body in objects.items() if (inflated := _stream(body)) is not None}
    found = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    return [re.sub(r"\s", "", _page(page, objects, streams)) for page in found]


def _page(page: bytes, objects: dict[int, bytes], streams: dict[int, bytes]) -> str:
    """One page: its content with the fonts of its own resources."""
    resources = page + b"".join(objects[int(n)] for n in re.findall(rb"/Resources (\d+) 0 R", page))
    fonts = {}
    for name, place in FONT.findall(resources):
        table = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(place)])
        fonts[name] = _characters(streams[int(table[1])]) if table else {}
    contents = re.findall(rb"(\d+) 0 R", re.search(rb"/Contents\s*(\[.*?\]|\d+ 0 R)", page)[1])  # type: ignore[index]
    return "".join(_said(streams[int(number)], fonts) for number in contents)


def _stream(body: bytes) -> bytes | None:
    """As long as it says: its last byte may look like the line break after it."""
    found = STREAM.search(body)
    if found is None:
        return None
    content = body[found.end() : found.end() + int(found[1])]
    return zlib.decompress(content) if b"FlateDecode" in body[: found.end()] else content


def _characters(table: bytes) -> dict[int, str]:
    """Glyph -> what it stands for, by a font's ToUnicode table."""
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, characters in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(characters.decode()).decode("utf-16-be")
    return found


def _said(page: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    said, font = [], dict[int, str]()
    for name, pieces, piece in SHOWN.findall(page):
        font = fonts.get(name, font)
        for one in PIECE.findall(pieces or piece):
            glyphs = bytes.fromhex(one[1:-1].decode()) if one[:1] == b"<" else ESCAPE.sub(_plain, one[1:-1])
            said += [font.get(int.from_bytes(glyphs[i : i + 2]), "\ufffd") for i in range(0, len(glyphs), 2)]
    return "".join(said)


def _plain(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    return bytes([int(code, 8)]) if code.isdigit() else LETTERS.get(code, code)
