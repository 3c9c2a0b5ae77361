"""What stands before Dagster's web server: requests that a foreign web page could make a browser send do not reach it.

Belongs here: who may ask, by which name, and what may be asked. Does not belong here: answers (Dagster's), starting the
server (`webserver`), who a person is (a reverse proxy with a login).

Dagster's server answers to any name, carries out mutations that come by GET, and may be framed: any page that is open
in the same browser could start or delete runs. The rules are those of the Fetch standard and of RFC 6454: a browser
says itself where a request comes from (`Origin`, `Sec-Fetch-Site`), and a page that was given this server's address by
a foreign name (DNS rebinding) says that name (`Host`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""The names of this machine for itself"""
METHODS = ("GET", "HEAD", "POST")
HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Every answer says that no page may frame it, open it and keep hold of it, or load it as a part of itself"""
LARGEST_QUERY = 4 * 2**20
"""Bytes of a query that is looked into, where nobody may change anything"""
PORT = re.compile(r":\d+$")


class Guard:
    """An ASGI application around another: what it refuses, the other never sees."""

    def __init__(self, inner: Application, names: Iterable[str] = (), read_only: bool = False) -> None:
        self.inner = inner
        self.names = frozenset(name.lower() for name in (*LOOPBACK, *names))
        self.read_only = read_only

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.inner(scope, receive, send)
            return
        refused = self._foreign(scope)
        if refused is None and scope["type"] == "http":
            refused = self._changing(scope)
        if refused is None and self.read_only and scope.get("method") == "POST":
            receive, refused = await _without_mutation(scope, receive)
        if refused is None:
            await self.inner(scope, receive, _marked(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(send, *refused)

    def _foreign(self, scope: Message) -> tuple[int, str] | None:
        """Why a request comes from somewhere else; None where it does not."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or PORT.sub("", hosts[0]).lower() not in self.names:
            return 421, "this server does not answer to that name: name it with `monitor ui --name NAME`"
        for origin in _values(scope, b"origin"):
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or parts.netloc.lower() != hosts[0].lower():
                return 403, "the request comes from another web page"
        # Following a link from elsewhere only shows a page.
        followed = scope.get("method") == "GET" and _values(scope, b"sec-fetch-mode") == ["navigate"]
        if not followed and {"cross-site", "same-site"} & set(_values(scope, b"sec-fetch-site")):
            return 403, "the request comes from another web page"
        return None

    def _changing(self, scope: Message) -> tuple[int, str] | None:
        """Why a request could change something in a way that it may not; None where it could not."""
        if scope["method"] not in METHODS:
            return 405, "asked for by GET, HEAD or POST alone"
        asks = _is_graphql(scope)
        if asks and scope["method"] != "POST" and scope.get("query_string"):
            return 405, "queries come by POST alone"
        if self.read_only and scope["method"] == "POST" and not asks:
            return 403, "this server only shows: nothing can be changed here"
        return None


def _is_graphql(scope: Message) -> bool:
    return str(scope["path"]).rstrip("/").lower().endswith("/graphql")


def _values(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key.lower() == name]


async def _without_mutation(scope: Message, receive: Receive) -> tuple[Receive, tuple[int, str] | None]:
    """Read a query whole: what hands it on, and why it is refused where it is not only a question."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_QUERY:
            return receive, (413, "the query is too long")
        if not message.get("more_body"):
            break
    handed = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> Message:
        return next(handed, None) or await receive()

    if all(_only_asks(query) for query in _queries(scope, body)):
        return again, None
    return again, (403, "this server only shows: nothing can be changed here")


def _queries(scope: Message, body: bytes) -> list[str]:
    """Every text of a request that Dagster's server could take for its query, whatever it says that it sends."""
    found = parse_qs(bytes(scope.get("query_string", b"")).decode("latin-1")).get("query", [])
    text = body.decode("utf-8", "replace")
    try:
        sent = json.loads(text)
    except ValueError:
        return [*found, text] if text else found
    for each in sent if isinstance(sent, list) else [sent]:
        found.append(str(each.get("query", "")) if isinstance(each, dict) else "")
    return found


def _only_asks(query: str) -> bool:
    """Whether a GraphQL document holds no mutation; what cannot be read is refused with those that do."""
    try:
        document = parse(query)
    except GraphQLError:
        return False
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return all(node.operation != OperationType.MUTATION for node in operations)


def _marked(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
        await send(message)

    return with_headers


async def _refuse(send: Send, status: int, why: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{why}\n".encode()})
