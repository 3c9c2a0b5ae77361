"""An object store on 127.0.0.1 that a test can make fail: the part of S3 that a home needs, objects in memory.

Conditions, metadata, parts of objects and uploads in parts are as in Amazon's reference (API of 2006-03-01). What a
request is answered with, a test can decide: `fault` is asked before each.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from monitor.storage import places

REFUSE, FORBID = "refuse", "forbid"
"""503 and 403; nothing is done"""
SILENT = "silent"
"""The request is carried out, and the connection ends without an answer"""
HALF = "half"
"""Half of what is put is kept, and answered as if it were all"""


@dataclass
class Kept:
    """An object."""

    content: bytes
    tag: str
    moment: datetime
    metadata: dict[str, str]


@dataclass
class ObjectStore:
    """What the store holds, was asked, and does wrong."""

    url: str = ""
    objects: dict[str, Kept] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and key of every request"""
    fault: Callable[[str, str], str | None] = lambda method, key: None
    clock_ahead: timedelta = timedelta()
    lock: threading.RLock = field(default_factory=threading.RLock)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def put(self, key: str, content: bytes, metadata: dict[str, str]) -> Kept:
        """Keep an object; another process's, where a test puts it."""
        # A tag for each put: a store may tag equal contents differently.
        tag = f'"{hashlib.md5(content).hexdigest()}-{len(self.asked)}"'
        self.objects[key] = Kept(content, tag, datetime.now(UTC) + self.clock_ahead, metadata)
        return self.objects[key]

    def puts(self, under: str = "") -> list[str]:
        """Keys in the order in which they were put."""
        return [key for method, key in self.asked if method == "PUT" and key.startswith(under)]


@contextmanager
def serving() -> Iterator[ObjectStore]:
    """A store with the bucket `home`, and its address."""
    store = ObjectStore()

    class Handler(_Handler):
        held = store

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def known(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[ObjectStore]:
    """A store, keys to it in the environment, mirrors in a folder, and no pauses between tries."""
    from monitor.storage import mirror, objects

    with serving() as store:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "known", "AWS_SECRET_ACCESS_KEY": "not-to-be-told", "AWS_ENDPOINT_URL": store.url,
            "AWS_ALLOW_HTTP": "true", places.CACHE: str(folder / "cache"),
        }.items():  # fmt: skip
            patch.setenv(name, value)
        patch.setattr(objects, "PAUSES", (0.0,) * 6)
        mirror.opened.cache_clear()
        yield store


class _Handler(BaseHTTPRequestHandler):
    held: ObjectStore
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""

    def _any(self) -> None:
        parts = urlsplit(self.path)
        key = unquote(parts.path).removeprefix("/home").removeprefix("/")
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.held.lock:
            wrong = self.held.fault(self.command, key)
            self.held.asked.append((self.command, key))
            if wrong in (REFUSE, FORBID):
                status, code = (503, "SlowDown") if wrong == REFUSE else (403, "AccessDenied")
                self._answer(
                    status, f"<Error><Code>{code}</Code><AWSAccessKeyId>known</AWSAccessKeyId></Error>".encode()
                )
                return
            status, content, headers = self._done(key, query, body[: len(body) // 2] if wrong == HALF else body)
        if wrong == SILENT:
            self.close_connection = True
            self.connection.close()
            return
        self._answer(status, content, headers)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _any

    def _answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _done(self, key: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        there = self.held.objects.get(key)
        if self.command == "GET" and not key:
            return 200, self._listing(query["prefix"]), {}
        if "uploads" in query or "uploadId" in query:
            return self._in_parts(key, query, body)
        if self.command == "PUT":
            wanted = self.headers.get("If-Match")
            if (self.headers.get("If-None-Match") == "*" and there) or (wanted and (not there or there.tag != wanted)):
                return 412, b"<Error><Code>PreconditionFailed</Code></Error>", {}
            return 200, b"", {"ETag": self.held.put(key, body, self._metadata()).tag}
        if self.command == "DELETE":
            self.held.objects.pop(key, None)
            return 204, b"", {}
        if there is None:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        if self.headers.get("If-Match") not in (None, there.tag):
            return 412, b"<Error><Code>PreconditionFailed</Code></Error>", {}
        headers = {"ETag": there.tag, "Last-Modified": format_datetime(there.moment, usegmt=True), **there.metadata}
        content = there.content
        if asked := self.headers.get("Range"):
            first, last = (int(place) for place in asked.removeprefix("bytes=").split("-"))
            content = content[first : last + 1]
            headers["Content-Range"] = f"bytes {first}-{first + len(content) - 1}/{len(there.content)}"
        headers["Content-Length"] = str(len(content))
        return 206 if asked else 200, content, headers

    def _metadata(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")}

    def _in_parts(self, key: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if "uploads" in query:
            name = f"{key}:{len(self.held.uploads)}"
            self.held.uploads[name] = {}
            self.held.put(f"{name}:metadata", b"", self._metadata())
            told = f"<InitiateMultipartUploadResult><UploadId>{escape(name)}</UploadId></InitiateMultipartUploadResult>"
            return 200, told.encode(), {}
        parts = self.held.uploads[query["uploadId"]]
        if self.command == "PUT":
            parts[int(query["partNumber"])] = body
            return 200, b"", {"ETag": f'"{query["partNumber"]}"'}
        metadata = self.held.objects.pop(f"{query['uploadId']}:metadata").metadata
        kept = self.held.put(key, b"".join(parts[number] for number in sorted(parts)), metadata)
        told = f"<CompleteMultipartUploadResult><ETag>{escape(kept.tag)}</ETag></CompleteMultipartUploadResult>"
        return 200, told.encode(), {"ETag": kept.tag}

    def _listing(self, prefix: str) -> bytes:
        lines = [
            f"<Contents><Key>{escape(key)}</Key><LastModified>{kept.moment.strftime('%Y-%m-%dT%H:%M:%S.000Z')}"
            f"</LastModified><ETag>{escape(kept.tag)}</ETag><Size>{len(kept.content)}</Size></Contents>"
            for key, kept in sorted(self.held.objects.items())
            if key.startswith(prefix)
        ]
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(lines)}</ListBucketResult>".encode()
