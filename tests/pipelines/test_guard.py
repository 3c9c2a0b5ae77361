"""Attacks on the web interface, as pages make browsers send them: what is refused never reaches Dagster's server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pipelines.guard import LARGEST_QUERY, Guard

HOST = "127.0.0.1:3000"
DELETE = 'mutation { deletePipelineRun(runId: "x") { __typename } }'
ASK = "query { version }"


def ask(
    method: str = "GET",
    path: str = "/graphql",
    query: str = "",
    body: bytes = b"",
    guard: dict[str, Any] | None = None,
    host: str | None = HOST,
    kind: str = "http",
    **headers: str,
) -> tuple[int, dict[str, str], bytes | None]:
    """The status, the headers, and the body that came through to the server behind (None: it was not asked)."""
    reached: list[bytes] = []

    async def server(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            reached.append(b"")
            await send({"type": "websocket.accept"})
            return
        reached.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"done"})

    named = [(b"host", host.encode())] if host is not None else []
    named += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "query_string": query.encode(), "headers": named}
    if kind == "http":
        scope["method"] = method
    halves = iter([(body[:5], True), (body[5:], False)])
    sent: list[Any] = []

    async def receive() -> Any:
        if kind == "websocket":
            return {"type": "websocket.connect"}
        if guard and guard.get("read_only"):
            part, more = next(halves)
            return {"type": "http.request", "body": part, "more_body": more}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Guard(server, **(guard or {}))(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in sent[0].get("headers", [])}
    return sent[0].get("status") or sent[0].get("code", 101), got, reached[0] if reached else None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/GraphQL", "//graphql"])
def test_a_picture_starts_nothing(method: str, path: str) -> None:
    assert ask(method, path, f"query={DELETE}")[::2] == (405, None)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "QUERY"])
def test_no_other_way_of_asking_is_taken(method: str) -> None:
    assert ask(method, "/")[::2] == (405, None)


@pytest.mark.parametrize(
    "origin",
    ["https://elsewhere.example", "null", "http://127.0.0.1:8000", "http://localhost:3000", "file://",
     "http://127.0.0.1:3000.elsewhere.example", "http://x@127.0.0.1:3000"],
)  # fmt: skip
def test_a_page_of_another_origin_may_not_ask(origin: str) -> None:
    body = json.dumps({"query": DELETE}).encode()
    assert ask("POST", body=body, origin=origin)[::2] == (403, None)
    assert ask("POST", body=body, origin=origin, content_type="text/plain")[::2] == (403, None)
    assert ask(origin=origin, path="/runs")[::2] == (403, None)
    assert ask(kind="websocket", origin=origin)[::2] == (1008, None)


def test_a_browser_that_names_no_origin_says_where_from() -> None:
    form = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert ask("POST", query=f"query={DELETE}", **form)[::2] == (403, None)
    assert ask("POST", "/report_asset_materialization/raw_records", **form)[::2] == (403, None)
    assert ask(path="/runs", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[::2] == (403, None)
    assert ask(path="/runs", **form)[0] == 200, "a link from a mail is followed"


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "elsewhere.example:3000", "127.0.0.1.elsewhere.example", "", None, "[::2]:3000"]
)
def test_a_name_that_was_made_to_point_here_is_not_answered(host: str | None) -> None:
    assert ask(path="/", host=host)[::2] == (421, None)
    assert ask(kind="websocket", host=host)[::2] == (1008, None)


@pytest.mark.parametrize("host", ["localhost:3000", "127.0.0.1", "[::1]:3000", "LOCALHOST:3000"])
def test_this_machine_is_answered_by_its_names(host: str) -> None:
    body = json.dumps({"query": DELETE}).encode()
    assert ask("POST", body=body, host=host, origin=f"http://{host}", sec_fetch_site="same-origin")[2] == body
    assert ask(kind="websocket", host=host, origin=f"http://{host}")[2] == b""


def test_a_declared_name_is_answered() -> None:
    named = {"names": ["Monitor.example.org"]}
    assert ask(path="/", host="monitor.example.org", guard=named, origin="https://monitor.example.org")[0] == 200
    assert ask(path="/", host="other.example.org", guard=named)[0] == 421


def test_two_names_at_once_are_none() -> None:
    assert ask(path="/", Host="elsewhere.example")[0] == 421


def test_no_page_may_frame_it() -> None:
    for refused in (True, False):
        _, headers, _ = ask(path="/", host="elsewhere.example" if refused else HOST)
        assert headers["content-security-policy"] == "frame-ancestors 'none'"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert refused or headers["x-own"] == "1", "and what the server says itself stays"


READ_ONLY = {"read_only": True}


@pytest.mark.parametrize(
    ("sent", "query"),
    [
        (json.dumps({"query": DELETE}), ""),
        (json.dumps([{"query": ASK}, {"query": DELETE}]), ""),
        (json.dumps({"query": f"{ASK} {DELETE}", "operationName": "x"}), ""),
        (json.dumps({"query": "subscription { x } fragment F on M { y } " + DELETE}), ""),
        (DELETE, ""),
        ("", f"query={DELETE}"),
        (json.dumps({"query": ASK}), f"query={DELETE}"),
        (json.dumps({"query": "not GraphQL"}), ""),
        (json.dumps("text"), ""),
        ("{" * 20, ""),
    ],
)
def test_who_only_looks_changes_nothing(sent: str, query: str) -> None:
    assert ask("POST", query=query, body=sent.encode(), guard=READ_ONLY)[::2] == (403, None)


def test_who_only_looks_may_ask() -> None:
    body = json.dumps({"query": f"{ASK} fragment F on Run {{ id }}", "variables": {"mutation": "mutation"}}).encode()
    assert ask("POST", body=body, guard=READ_ONLY)[::2] == (200, body)
    assert ask(path="/runs", guard=READ_ONLY)[0] == 200
    assert ask("POST", "/report_asset_check/raw_records", body=b"{}", guard=READ_ONLY)[::2] == (403, None)
    assert ask("POST", body=b" " * (LARGEST_QUERY + 1), guard=READ_ONLY)[0] == 413
