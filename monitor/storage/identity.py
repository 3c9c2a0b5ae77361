"""Firms' pseudonyms: keyed, the same in every wave, and of no use without the key.

Belongs here: the key, its fingerprint, the form and the pseudonym of an identifier in Python and in SQL. Does not
belong here: who sees which table.

The pseudonym of a firm is the first 20 hexadecimal digits of HMAC-SHA256(key, survey, identifier): the survey's name
is part of the message, so that two surveys cannot be linked by their pseudonyms. The key lies in the home folder
(`identity.key`, mode 0600), outside the lake; the lake holds the key's fingerprint, so that a lost or changed key is
noticed before it could turn every known firm into a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from monitor.problems import MonitorError, Problem

KEY_FILE = "identity.key"
FINGERPRINT_FILE = "identity.fingerprint"
DIGITS = 20
SEPARATORS = r"[\s.\-]"
"""What people write among an identifier's digits"""
BLOCK = 64
"""Bytes of a SHA-256 block (RFC 2104)"""


@dataclass(frozen=True)
class IdentifierForm:
    """The form in which firms' identifiers are compared, in answers, frame, corrections and crosswalk alike."""

    length: int | None = None
    digits: bool = False
    """Whether it is digits alone; spaces, points and hyphens among them are then left out"""
    padded: bool = False
    """Whether a shorter one gets zeros in front: spreadsheets lose them"""


class IdentityStopped(MonitorError):
    """The key of the pseudonyms is lost, changed, damaged or open to others: nothing was pseudonymised."""

    exit_code = 1


def identity_key(home: Path) -> bytes:
    """The key of a home folder; made on first use. IdentityStopped where it is not the key the lake was made with."""
    key_file, mark = home / KEY_FILE, home / "lake" / FINGERPRINT_FILE
    known = mark.read_text(encoding="ascii").strip() if mark.exists() else None
    if not key_file.exists():
        if known is not None:
            raise _stopped(
                "the key of the firms' pseudonyms is gone: with a new key every known firm would become a new one",
                f"put the backup of {KEY_FILE} back into the home folder",
            )
        home.mkdir(parents=True, exist_ok=True)
        _write_once(key_file, secrets.token_hex(32))
    if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
        raise _stopped(f"{KEY_FILE} can be read by others", "chmod 600 the file; consider whether it was copied")
    try:
        key = bytes.fromhex(key_file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) < 32:
        raise _stopped(f"{KEY_FILE} is damaged: it is not 64 hexadecimal digits", "put its backup back")
    if known is None:
        mark.parent.mkdir(parents=True, exist_ok=True)
        _write_once(mark, fingerprint(key))
        known = mark.read_text(encoding="ascii").strip()
    if not hmac.compare_digest(known, fingerprint(key)):
        raise _stopped(
            "the key of the firms' pseudonyms is not the one this lake was made with",
            f"put the backup of {KEY_FILE} back into the home folder, or use another home folder",
        )
    return key


def synthetic_key(survey: str, seed: int) -> bytes:
    """The key of a synthetic survey, which has nobody to protect: from its name and seed, so that its release, in which
    pseudonyms order the random numbers, comes out the same in every home."""
    return hashlib.sha256(f"synthetic {survey} {seed}".encode()).digest()


def fingerprint(key: bytes) -> str:
    """What the lake may know of the key: a digest from which the key cannot be found."""
    return hmac.new(key, b"monitor key fingerprint", hashlib.sha256).hexdigest()[:32]


def pseudonym(key: bytes, survey: str, identifier: str) -> str:
    """HMAC-SHA256 of the survey's name and the identifier, shortened to 20 hexadecimal digits."""
    return hmac.new(key, _message(survey) + identifier.encode(), hashlib.sha256).hexdigest()[:DIGITS]


def formed(identifier: str, form: IdentifierForm) -> str:
    """An identifier in the survey's declared form; one that does not fit it as it stands."""
    compact = re.sub(SEPARATORS, "", identifier)
    if not form.digits or not re.fullmatch("[0-9]+", compact):
        return identifier
    return compact.zfill(form.length or 0) if form.padded else compact


def form_sql(identifier: str, form: IdentifierForm) -> str:
    """`formed` as SQL over an expression."""
    if not form.digits:
        return identifier
    compact = f"regexp_replace({identifier}, '{SEPARATORS}', '', 'g')"
    padded = (
        f"lpad({compact}, greatest({form.length or 0}, strlen({compact}))::INTEGER, '0')" if form.padded else compact
    )
    return f"CASE WHEN regexp_full_match({compact}, '[0-9]+') THEN {padded} ELSE {identifier} END"


def register_form(connection: duckdb.DuckDBPyConnection, form: IdentifierForm) -> None:
    """Give a connection the macros `identifier_form` and `in_form` of an identifier, NULL where no form is declared."""
    tests = [f"strlen(identifier) = {form.length}"] if form.length else []
    tests += ["regexp_full_match(identifier, '[0-9]+')"] if form.digits else []
    fits = " AND ".join(tests) or "CAST(NULL AS BOOLEAN)"
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO identifier_form(identifier) AS {form_sql('identifier', form)};"
        f"CREATE OR REPLACE TEMP MACRO in_form(identifier) AS {fits}"
    )


def register_pseudonym(connection: duckdb.DuckDBPyConnection, key: bytes, survey: str) -> None:
    """Give a connection the macro `pseudonym(identifier)`: the same value as the function of that name.

    The key travels as a variable of the connection, never in the text of a statement, where an error could show it.
    """
    padded = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\x00")
    connection.execute("SET VARIABLE identity_inner = $1::BLOB", [bytes(b ^ 0x36 for b in padded) + _message(survey)])
    connection.execute("SET VARIABLE identity_outer = $1::BLOB", [bytes(b ^ 0x5C for b in padded)])
    connection.execute(
        "CREATE OR REPLACE TEMP MACRO pseudonym(identifier) AS CASE WHEN identifier IS NOT NULL THEN substr(sha256("
        "getvariable('identity_outer') || unhex(sha256(getvariable('identity_inner') || encode(identifier)))), "
        f"1, {DIGITS}) END"
    )


def _message(survey: str) -> bytes:
    return survey.encode() + b"\x00"


def _write_once(path: Path, text: str) -> None:
    """Write a file whole, mode 0600, unless another process was first."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _stopped(what: str, do: str) -> IdentityStopped:
    return IdentityStopped(Problem(what=what, file=KEY_FILE, severity="critical", do=do))
