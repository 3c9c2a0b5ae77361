"""The published files of a home's releases, beside Dagster's pages: `/releases/<survey>/<release>/report/index.html`.

Belongs here: which files are served, and how a browser is told to treat them. Does not belong here: who may ask
(`guard`), serving bytes (Starlette).

A file is served if a release's manifest lists it under `public/` and it lies there itself, behind no link.
Everything else of a home (`secure/`, lake, inbox, key, a release that is being built) has no address. Pages of a report
get an origin of their own (`sandbox`), so that nothing in them could ask Dagster's server for anything.
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from monitor.refusals import Refused
from monitor.storage import publish
from monitor.storage.release_folders import in_order, manifest
from pipelines.guard import Application, Message, Receive, Send
from pipelines.names import PUBLIC, RELEASES

DATABASE = ".duckdb"
SANDBOX = "sandbox allow-scripts allow-downloads allow-popups allow-popups-to-escape-sandbox"


class Published:
    """An ASGI application around another: it answers for the releases, the other for everything else."""

    def __init__(self, inner: Application, home: Path) -> None:
        self.inner = inner
        self.releases = (home / RELEASES).resolve()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        parts = str(scope.get("path", "")).split("/")
        if scope["type"] != "http" or parts[:2] != ["", RELEASES]:
            await self.inner(scope, receive, send)
            return
        try:
            answer = await self._answer(parts[2:], scope)
        except (HTTPException, OSError, Refused):
            answer = PlainTextResponse("no release has a public file of that name\n", 404)
        await answer(scope, receive, send)

    async def _answer(self, parts: list[str], scope: Message) -> Response:
        if len(parts) < 3 or scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        survey, name, *path = parts
        release, file = self._release(survey, name), "/".join(path)
        if f"{PUBLIC}/{file}" not in manifest(release).get("files", {}):
            raise HTTPException(404)
        # Also behind a folder that was put there as a link lies nothing that was published.
        place = release / PUBLIC / file
        if os.path.realpath(place) != str(place):
            raise HTTPException(404)
        answer = await StaticFiles(directory=release / PUBLIC).get_response(file, scope)
        answer.headers["x-content-type-options"] = "nosniff"
        if file.endswith((".html", ".svg", ".xml")):
            answer.headers["content-security-policy"] = SANDBOX
        if file.endswith(DATABASE):
            answer.headers["content-type"] = "application/octet-stream"
            answer.headers["content-disposition"] = f'attachment; filename="{path[-1]}"'
        return answer

    def _release(self, survey: str, name: str) -> Path:
        """A release by its name, or the one that is `latest`. What bears a release's name was published."""
        folders = {folder.name: folder for folder in self.releases.iterdir() if folder.is_dir()}
        if survey not in folders:
            raise HTTPException(404)
        if name == publish.LATEST:
            release = publish.latest(folders[survey])
        else:
            there = in_order(folders[survey].iterdir())
            release = next((folder for folder in there if folder.name == name), None)
        if release is None:
            raise HTTPException(404)
        return release
