"""A home on a server that speaks S3 and is not ours: conditions, tags, parts, odd names, a restart in the middle."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow.fs import S3FileSystem

from monitor.refusals import Refused
from monitor.storage import places, publish, turns

pytestmark = pytest.mark.slow

URL = "s3://home/survey"
RELEASE = "r0001-0123456789ab"
WEED = str(Path(sys.executable).with_name("weed"))
PARTS = {
    "master": "master.port", "volume": "volume.port", "filer": "filer.port", "s3": "s3.port",
    "iceberg": "s3.port.iceberg", "lance": "s3.port.lance",
}  # fmt: skip
"""Part of the server -> the option of its port"""


class Server:
    """SeaweedFS on ports of its own, with the bucket `home`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free()
        told = [{"name": "monitor", "actions": ["Admin"], "credentials": [{"accessKey": "known", "secretKey": "kept"}]}]
        (folder / "s3.json").write_text(json.dumps({"identities": told}), encoding="utf-8")
        (folder / "disk").mkdir()
        self.start()

    @property
    def url(self) -> str:
        """Where it speaks S3."""
        return f"http://127.0.0.1:{self.ports['s3']}"

    def start(self) -> None:
        """Start it on the same disk, and wait until it answers."""
        ports = [f"-{option}={self.ports[part]}" for part, option in PARTS.items()]
        options = ["-dir=disk", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.config=s3.json", "-volume.max=20"]
        options += ["-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [WEED, "server", *options, *ports],
                cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        ends = time.monotonic() + 120
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
        self.kill()
        pytest.fail((self.folder / "log").read_text(encoding="utf-8")[-2000:])

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()


def free() -> dict[str, int]:
    """Ports of which those 10,000 above, for its parts among each other, are free too."""
    found: list[int] = []
    for port in range(20000 + os.getpid() % 20000, 55000):
        if len(found) < len(PARTS) and all(_is_free(each) for each in (port, port + 10000)):
            found.append(port)
    return dict(zip(PARTS, found, strict=True))


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server, and keys to it in the environment."""
    from monitor.storage import mirror

    started = Server(tmp_path)
    # Buckets are made outside the monitor, which needs no right to it.
    S3FileSystem(
        access_key="known", secret_key="kept", endpoint_override=started.url, allow_bucket_creation=True
    ).create_dir("home")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "known", "AWS_SECRET_ACCESS_KEY": "kept", "AWS_ENDPOINT_URL": started.url,
        "AWS_ALLOW_HTTP": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    mirror.opened.cache_clear()
    try:
        yield started
    finally:
        started.kill()


def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    """The mirror of a machine."""
    monkeypatch.setenv(places.CACHE, str(tmp_path / name))
    return places.located(URL)


def test_two_machines_a_restart_and_large_files(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (machine(tmp_path, monkeypatch, name) for name in ("one", "other"))
    large = os.urandom(70 * 1024 * 1024)
    names = ["ä b#1%20 {x}~[1]^.csv", "a'b&c+d=e;@,$!.csv", "empty.csv"]
    with turns.turn(one, "monitor run"):
        folder = one / "inbox" / "s" / "2019"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text("" if name == "empty.csv" else name, encoding="utf-8")
        (folder / "large.sav").write_bytes(large)
        (one / "releases" / "s" / RELEASE).mkdir(parents=True)
        (one / "releases" / "s" / RELEASE / "manifest.json").write_text("{}", encoding="utf-8")
        publish.switch(one / "releases" / "s", RELEASE)
        places.send(one)
        with pytest.raises(Refused, match="found: monitor run on "), turns.turn(other, "second"):
            pytest.fail("two turns at once")
        server.kill()
        (folder / "empty.csv").write_text("not any more", encoding="utf-8")
        server.start()
    places.bring(other)
    there = other / "inbox" / "s" / "2019"
    assert sorted(path.name for path in there.iterdir()) == sorted([*names, "large.sav"])
    assert (there / names[0]).read_text(encoding="utf-8") == names[0]
    assert (there / "empty.csv").read_text(encoding="utf-8") == "not any more"
    assert (there / "large.sav").read_bytes() == large
    assert os.readlink(other / "releases" / "s" / "latest") == RELEASE
    with turns.turn(other, "second"):
        (there / "large.sav").unlink()
        (there / names[1]).write_text("changed", encoding="utf-8")
    places.bring(one)
    assert not (folder / "large.sav").exists()
    assert (folder / names[1]).read_text(encoding="utf-8") == "changed"
