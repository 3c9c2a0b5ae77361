"""The only door to object storage: objects listed, fetched and put, each tried several times and compared afterwards.

Belongs here: requests, their conditions, how often they are tried, what the store refused in a person's words. Does not
belong here: which objects a home has and in which order they go (`mirror`).

Every object is put on a condition: that what lies there is what the caller last saw there, nothing or an object of
that tag (If-None-Match and If-Match of RFC 9110). So two machines never overwrite each other's work unseen. What was
put is read back whole and compared by its SHA-256, which goes with the object as `sha256` of its metadata and is
compared again wherever it is fetched. The store says whether a condition held; where its answer is lost, reading back
tells.
"""

from __future__ import annotations

import configparser
import hashlib
import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused

try:
    import obstore
    from obstore import exceptions
    from obstore.store import from_url
except ImportError:
    raise DefinitionError(
        Problem(
            "the home is on object storage, and the package that speaks to it is not installed",
            expected="obstore",
            do="pip install 'innovation-monitor[store]', or give a folder with --home",
        )
    ) from None

Answer = TypeVar("Answer")

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries of a request: seven tries in half a minute, in which a store that is restarted is back"""
PART = 64 * 1024 * 1024
"""Bytes that travel in one request; what is larger goes in parts"""
CONNECT_WITHIN, ANSWER_WITHIN = "10s", "120s"
DIGEST, CHANGED_AT = "sha256", "changed"
"""Keys of an object's metadata: its SHA-256, and when its file was changed last, in nanoseconds since 1970: a delivery
arrived then, not when a machine fetched it"""
NOT_AGAIN = re.compile(r"status code: 40[134]|BadScheme")
"""What the same request meets again however often it is tried: no rights, no bucket, no TLS"""
SAID = {
    "BadScheme": "an address without TLS (AWS_ALLOW_HTTP=true allows it)",
    "Connection refused": "connection refused",
    "Connection reset": "connection reset",
    "timed out": "no answer in time",
    "TimedOut": "no answer in time",
    "dns error": "no machine of this name",
}
"""Words of a request that got no answer -> what that is"""
CONDITION = (exceptions.AlreadyExistsError, exceptions.PreconditionError)


log = logging.getLogger("monitor")


class Changed(Exception):
    """What lies at the store is not what the caller last saw there."""


class _Different(Exception):
    """What came is not what was put or listed."""


@dataclass(frozen=True)
class Found:
    """An object as the store lists it."""

    tag: str
    size: int


class Objects:
    """The objects under one URL; keys are seen from there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._waiting = False
        # Each kind of store has settings of its own; what is common to all has no type.
        opened: Any = from_url
        try:
            self._store: Any = opened(
                url,
                config=_amazons() if url.startswith("s3:") else None,
                client_options={"connect_timeout": CONNECT_WITHIN, "timeout": ANSWER_WITHIN, "allow_http": _plain()},
                retry_config={"max_retries": 0},
            )
        except (exceptions.BaseError, ValueError) as error:
            raise self._refused("the store cannot be spoken to", None, _reason(error)) from None

    def listed(self) -> dict[str, Found]:
        """Key -> object."""

        def listing() -> dict[str, Found]:
            every = (about for batch in self._store.list() for about in batch)
            return {about["path"]: Found(about["e_tag"] or "", about["size"]) for about in every}

        return self._tried("the store does not list the home's objects", None, listing)

    def fetch(self, key: str, found: Found, file: Path) -> str:
        """Fetch an object into a file, as old as the one that was put; one that another program put is as old as the
        object. Returns its SHA-256; raises Changed where another one lies there by now."""

        def fetching() -> str:
            with file.open("wb") as opened:
                digest, changed_at = self._read(key, found, opened)
            os.utime(file, ns=(changed_at, changed_at))
            return digest

        return self._tried("an object of the home cannot be fetched", key, fetching)

    def put(self, key: str, file: Path | bytes, known: str | None) -> tuple[str, str]:
        """Put a file in the place of the object tagged `known` (None: of none), and read it back.

        Returns tag and SHA-256. Raises Changed where something else lay there, Refused where it cannot be put whole.
        A file of more than PART goes in parts, which take no condition: nothing so large is a mark.
        """
        size = len(file) if isinstance(file, bytes) else file.stat().st_size
        digest = digest_of(file)

        def putting() -> str:
            nonlocal known
            try:
                # What lies there from now on is this very put: where it came out wrong, the next try replaces it.
                known = self._write(key, file, size, digest, known)
            except (*CONDITION, Changed):
                return self._mine(key, size, digest)
            return self._same(key, Found(known, size), digest)

        return self._tried("an object of the home cannot be put", key, putting), digest

    def read(self, key: str) -> tuple[bytes, str, datetime] | None:
        """Content, tag and moment of a small object, by the store's clock; None where there is none."""

        def reading() -> tuple[bytes, str, datetime] | None:
            try:
                got = self._store.get(key)
            except FileNotFoundError:
                return None
            return bytes(got.bytes()), got.meta["e_tag"], got.meta["last_modified"]

        return self._tried("an object of the home cannot be fetched", key, reading)

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""

        def removing() -> None:
            with suppress(FileNotFoundError):
                obstore.delete(self._store, key)

        self._tried("an object of the home cannot be removed", key, removing)

    def _write(self, key: str, file: Path | bytes, size: int, digest: str, known: str | None) -> str:
        about = {DIGEST: digest}
        if isinstance(file, Path):
            about[CHANGED_AT] = str(file.stat().st_mtime_ns)
        if size > PART:
            return str(self._store.put(key, file, use_multipart=True, attributes=about)["e_tag"])
        content = file if isinstance(file, bytes) else file.read_bytes()
        mode: Any = "create"
        if known is not None:
            there = self._head(key)
            if there is None or there["e_tag"] != known:
                raise Changed(key)
            # Some stores know an object's state by its tag, others by its version.
            mode = {name: there[name] for name in ("e_tag", "version") if there[name] is not None}
        return str(self._store.put(key, content, mode=mode, use_multipart=False, attributes=about)["e_tag"])

    def _head(self, key: str) -> Any:
        try:
            return self._store.head(key)
        except FileNotFoundError:
            return None

    def _mine(self, key: str, size: int, digest: str) -> str:
        """The tag of what lies there, if an earlier try put it whole and only its answer was lost; Changed if not."""
        there = self._head(key)
        if there is not None and there["size"] == size:
            with suppress(_Different):
                return self._same(key, Found(there["e_tag"], size), digest)
        raise Changed(key)

    def _same(self, key: str, found: Found, digest: str) -> str:
        if self._read(key, found, None)[0] != digest:
            raise _Different("other content than was put")
        return found.tag

    def _read(self, key: str, found: Found, file: IO[bytes] | None) -> tuple[str, int]:
        """Read an object in parts, into a file or for its SHA-256 alone; and when its file was changed last."""
        total, told, changed_at = hashlib.sha256(), None, 0
        for start in range(0, max(found.size, 1), PART):
            options: dict[str, Any] = {"if_match": found.tag}
            if found.size > PART:
                options["range"] = (start, min(start + PART, found.size))
            try:
                got = self._store.get(key, options=options)
            except (exceptions.PreconditionError, FileNotFoundError):
                raise Changed(key) from None
            content = got.bytes()
            told = got.attributes.get(DIGEST)
            changed_at = int(got.attributes.get(CHANGED_AT) or got.meta["last_modified"].timestamp() * 1e9)
            if len(content) != min(PART, found.size - start):
                raise _Different(f"{start + len(content)} bytes of {found.size}")
            total.update(content)
            if file is not None:
                file.write(content)
        if told is not None and told != total.hexdigest():
            raise _Different(f"SHA-256 {total.hexdigest()}, where {told} was put")
        return total.hexdigest(), changed_at

    def _tried(self, what: str, key: str | None, request: Callable[[], Answer]) -> Answer:
        """Try a request, with growing pauses; Refused says what the last try came to."""
        for pause in (*PAUSES, None):
            try:
                answer = request()
                self._waiting = False
                return answer
            except (exceptions.BaseError, _Different, FileNotFoundError) as error:
                if NOT_AGAIN.search(str(error)):
                    raise self._refused(what, key, _reason(error)) from None
                if pause is None:
                    raise self._refused(what, key, f"{_reason(error)}, {len(PAUSES) + 1} times") from None
                if not self._waiting:
                    self._waiting = True
                    log.warning("%s: %s; it is asked again for half a minute", self.url, _reason(error))
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _refused(self, what: str, key: str | None, found: str) -> Refused:
        return Refused(
            Problem(
                what,
                file=f"{self.url}/{key}" if key else self.url,
                expected="an answer of the store, and every byte as it was put",
                found=found,
                do="look whether the store is there, and the rights to it; then run again: what was not finished is "
                "done again, and no release was touched",
            )
        )


def _reason(error: Exception) -> str:
    """What a store said, without what it repeats of a request: that holds the name of a key."""
    text = str(error)
    if isinstance(error, _Different):
        return text
    code = re.search(r"<Code>(\w+)</Code>", text)
    status = re.search(r"status code: (\d{3}[ \w]*)", text)
    said = (code or status).group(1).strip() if code or status else ""  # type: ignore[union-attr]
    said = said or next((told for word, told in SAID.items() if word.lower() in text.lower()), "")
    kind = re.sub(r"(?<!^)([A-Z])", r" \1", type(error).__name__.removesuffix("Error")).lower()
    return said or {"generic": "no answer", "file not found": "no such object or bucket"}.get(kind, kind)


def _plain() -> bool:
    return os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")


def _amazons() -> dict[str, Any]:
    """How S3 is spoken to: objects are removed one by one, which every such server can, and keys stand in the profile
    files of Amazon's tools where the environment holds none."""
    settings: dict[str, Any] = {"disable_bulk_delete": True}
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return settings
    name = os.environ.get("AWS_PROFILE") or "default"
    places = {"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"}
    files = configparser.ConfigParser(interpolation=None)
    files.read([os.environ.get(place) or Path.home() / ".aws" / file for place, file in places.items()])
    wanted = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region")
    for section in (f"profile {name}", name):
        if files.has_section(section):
            settings |= {key: files[section][key] for key in wanted if key in files[section]}
    return settings


def digest_of(file: Path | bytes) -> str:
    """SHA-256 of a file, or of what would be one."""
    if isinstance(file, bytes):
        return hashlib.sha256(file).hexdigest()
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
