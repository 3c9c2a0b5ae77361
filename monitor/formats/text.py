"""Bytes to text: encodings, byte order marks, line ends, and the hash that does not see them.

Belongs here: deciding how a text file is encoded, and a plain UTF-8 copy of it where DuckDB cannot read it as it is.
Does not belong here: cells.
"""

from __future__ import annotations

import codecs
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.formats.reading import unusable
from monitor.problems import Problem

CHUNK = 1 << 22
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, the longer ones first: one of them opens with the bytes of another"""

MAGIC = (
    (b"PK\x03\x04", "an Excel workbook or another zip file"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF file"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document (.rtf)"),
)
OLE = b"\xd0\xcf\x11\xe0"
"""Opens old Office files, and new ones under a password"""
MARKUP = (
    (b"<html", "a web page, as web tools save tables under the name .xls"),
    (b"<!doctype html", "a web page, as web tools save tables under the name .xls"),
    (b"<table", "a web page, as web tools save tables under the name .xls"),
    (b"urn:schemas-microsoft-com:office:spreadsheet", "an Excel workbook of 2003 in XML"),
)
IN_ZIP = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("content.xml", "an OpenDocument file (.ods)"),
    ("Index/Document.iwa", "a Numbers document"),
)
"""Entry of a zip file -> what the file is"""


@dataclass(frozen=True)
class TextFile:
    """A text file as it was found, and where its plain UTF-8 form lies."""

    plain: Path
    """UTF-8 without a mark, line ends as one kind: the file itself where it already is that"""
    encoding: str
    detected: str
    lines: int
    """Physical lines, a last one without a line end counted"""
    notes: tuple[Problem, ...] = ()


def looks_like(path: Path) -> str | None:
    """What a file's first bytes say it is, where it is no text."""
    with path.open("rb") as file:
        start = file.read(1 << 12)
    if start.startswith(OLE):
        # The names of an old Office file's parts are UTF-16 in its directory, which may lie anywhere.
        locked = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        return "a workbook under a password" if locked else "an old Excel workbook (.xls)"
    opening = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for mark, name in MARKUP:
        if opening.startswith(mark) or (opening.startswith(b"<?xml") and mark in opening):
            return name
    return next((name for magic, name in MAGIC if start.startswith(magic)), None)


def remedy(kind: str) -> str:
    """What to do with a file that is of another kind than declared."""
    if "password" in kind:
        return "take the password off in a spreadsheet program and deliver the workbook again"
    if kind.startswith(("a zip file", "a gzip file")):
        return "unpack it and deliver the file inside it"
    return "declare its format, or open it in the program it is from and save it as .xlsx or text"


def in_zip(path: Path) -> str | None:
    """What a zip file is by its entries, where it is no workbook; how many files lie in it where it is none at all."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.namelist()
    if found := next((name for entry, name in IN_ZIP if entry in entries), None):
        return found
    if any(entry.startswith("xl/") for entry in entries):
        return None
    files = [entry for entry in entries if not entry.endswith("/")]
    return f"a zip file with {files[0]} in it" if len(files) == 1 else f"a zip file with {len(files)} files in it"


def open_text(path: Path, declared: str | None, aside: Path) -> TextFile:
    """Find the encoding of a text file and give it as plain UTF-8, writing a copy into `aside` only where needed.

    A declared encoding wins over the detected one. Raises UnusableDelivery where the bytes are not text in it.
    """
    name = path.name
    if path.stat().st_size == 0:
        raise unusable(name, "the file is empty (0 bytes)", do="ask for the export again")
    if other := looks_like(path):
        with suppress(zipfile.BadZipFile):
            other = in_zip(path) or other if zipfile.is_zipfile(path) else other
        raise unusable(name, f"the file is {other}, not delimited text", do=remedy(other))
    detected = detect(path)
    encoding = declared or detected
    try:
        decoder_of = codecs.lookup(encoding)
    except LookupError:
        raise unusable(name, f"no encoding is called {encoding!r}", do="declare for example utf-8 or cp1252") from None
    notes: tuple[Problem, ...] = ()
    if declared and detected.startswith("utf") and codecs.lookup(detected) != decoder_of and not _ascii(path):
        same = {decoder_of.name, codecs.lookup(detected).name} <= {"utf-8", "utf-8-sig"}
        if same:
            encoding = detected
        else:
            notes = (
                Problem(
                    what="the file looks like another encoding than is declared; the declared one was used",
                    file=name,
                    expected=declared,
                    found=detected,
                    severity="warning",
                    do="look at letters with accents; if they are wrong, mend `encoding` in the wave's file",
                ),
            )
    return _plain(path, encoding, detected, aside, notes)


def detect(path: Path) -> str:
    """The encoding by byte order mark; else UTF-8 where the bytes are that, else cp1252, else latin-1."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, encoding in MARKS:
            if start.startswith(mark):
                return encoding
    # Trying one after the other: nearly every file is UTF-8, and cp1252 is decoded far more slowly.
    return next((encoding for encoding in ("utf-8", "cp1252") if _decodes(path, encoding)), "latin-1")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                # ASCII is text in every encoding tried; only half a sign held from before can make it none.
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _ascii(path: Path) -> bool:
    with path.open("rb") as file:
        return all(chunk.isascii() for chunk in iter(lambda: file.read(CHUNK), b""))


def decoded(path: Path, encoding: str) -> Iterator[str]:
    """The text of a file in pieces, with every line end as a line feed; UnicodeError where it is not text."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    held = ""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = held + decoder.decode(chunk)
            # A carriage return at the very end may be half of a line end.
            held = "\r" if text.endswith("\r") else ""
            text = text[:-1] if held else text
            yield text.replace("\r\n", "\n").replace("\r", "\n")
    text = held + decoder.decode(b"", final=True)
    yield text.replace("\r\n", "\n").replace("\r", "\n")


def content_hash(path: Path, encoding: str) -> str:
    """SHA-256 of a text's content: the same whatever its line ends, encoding, mark and last line end."""
    digest, ends = hashlib.sha256(), 0
    for piece in _plain_bytes(path, encoding):
        body = piece.removeprefix(codecs.BOM_UTF8)
        stripped = body.rstrip(b"\n")
        if stripped:
            digest.update(b"\n" * ends + stripped)
            ends = 0
        ends += len(body) - len(stripped)
    return digest.hexdigest()


def _plain_bytes(path: Path, encoding: str) -> Iterator[bytes]:
    """A text as UTF-8 with line feeds, in pieces; what is UTF-8 already is not decoded for it."""
    if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        yield from (text.encode("utf-8", "surrogatepass") for text in decoded(path, encoding))
        return
    held = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            chunk = held + chunk
            # A carriage return at the very end may be half of a line end.
            held = b"\r" if chunk.endswith(b"\r") else b""
            chunk = chunk[:-1] if held else chunk
            yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in chunk else chunk
    yield held.replace(b"\r", b"\n")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(path: Path, encoding: str, detected: str, aside: Path, notes: tuple[Problem, ...]) -> TextFile:
    """Decode strictly once; copy only a file that is not plain UTF-8 with one kind of line end."""
    utf8 = codecs.lookup(encoding).name == "utf-8"
    feeds = returns = pairs = at = 0
    ends_open = last_return = False
    try:
        decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                text = decoder.decode(chunk)
                if "\x00" in text:
                    raise unusable(
                        path.name,
                        "the file holds NUL bytes: it is binary, half-written, or in another encoding",
                        line=feeds + returns - pairs + 1 + text[: text.index("\x00")].count("\n"),
                        expected=encoding,
                        do="ask for the export again, or declare the encoding (for example utf-16)",
                    )
                feeds += text.count("\n")
                pairs += last_return and text.startswith("\n")
                if "\r" in text:
                    returns += text.count("\r")
                    pairs += text.count("\r\n")
                last_return = text.endswith("\r")
                ends_open = not text.endswith(("\n", "\r"))
                at += len(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise unusable(
            path.name,
            f"the file is not {encoding}: byte {at + error.start} does not fit",
            line=feeds + returns - pairs + 1 + error.object[: error.start].count(b"\n"),
            expected=encoding,
            found=f"{error.object[error.start : error.start + 1]!r}; it reads as {detected}",
            do="declare the encoding in the wave's file, or ask for a UTF-8 export",
        ) from None
    lines = feeds + returns - pairs + (1 if ends_open else 0)
    if lines == 0 or at == 0:
        raise unusable(path.name, "the file is empty", do="ask for the export again")
    single = (returns == 0) or (returns == feeds == pairs)
    plain = path if utf8 and single else _copied(path, encoding, aside / "plain.txt")
    return TextFile(plain, encoding, detected, lines, notes)


def _copied(path: Path, encoding: str, plain: Path) -> Path:
    """The file written anew as UTF-8 with one kind of line end and no byte-order mark; returns where."""
    with plain.open("w", encoding="utf-8", newline="") as copy:
        first = True
        for text in decoded(path, encoding):
            copy.write(text.removeprefix("\ufeff") if first else text)
            first = first and not text
    return plain
