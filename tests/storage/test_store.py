"""A home on object storage: what goes when, what is refused, and that nothing is ever half."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import object_store
import pytest
import terminal
from object_store import FORBID, HALF, REFUSE, SILENT, ObjectStore

from monitor.problems import DefinitionError
from monitor.refusals import Refused
from monitor.storage import places, publish, turns
from monitor.storage.lake import Lake
from monitor.storage.release_folders import MANIFEST

URL = "s3://home/survey"
RELEASE = "r0001-0123456789ab"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An empty store, known to this process."""
    with object_store.known(monkeypatch, tmp_path) as held:
        yield held


@pytest.fixture
def home(store: ObjectStore) -> Path:
    """The mirror of the empty store."""
    return places.located(URL)


def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    """The mirror of the same store on another machine."""
    monkeypatch.setenv(places.CACHE, str(tmp_path / name))
    return places.located(URL)


def write(home: Path, key: str, text: str) -> None:
    """A file of the home, as a stage leaves it: another file in the place of the one before."""
    place = home / key
    place.parent.mkdir(parents=True, exist_ok=True)
    place.with_name(".aside").write_text(text, encoding="utf-8")
    os.replace(place.with_name(".aside"), place)


def made(home: Path, text: str = "a table") -> None:
    """A wave that is whole, and a release of it."""
    write(home, "lake/s/raw_records/wave=2019/raw_records.parquet", text)
    write(home, "lake/s/whole/2019", text)
    folder = home / "releases" / "s"
    write(home, f"releases/s/{RELEASE}/public/a.csv", text)
    write(home, f"releases/s/{RELEASE}/{MANIFEST}", text)
    publish.switch(folder, RELEASE)


def contents(home: Path) -> dict[str, str]:
    """Every file of a home, and what `latest` names."""
    from monitor.storage.mirror import part_of_home

    found = {}
    for path in home.rglob("*"):
        key = path.relative_to(home).as_posix()
        if part_of_home(key) and (path.is_symlink() or path.is_file()) and f"/{publish.LATEST}/" not in key:
            found[key] = os.readlink(path) if path.is_symlink() else path.read_text(encoding="utf-8")
    return found


def test_another_machine_finds_the_home_as_it_was_left(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turns.turn(home, "one"):
        made(home)
        write(home, "inbox/s/2019/ä b#1%20 {x}.csv", "answers")
        write(home, "identity.key", "a key")
        write(home, "error.log", "stays here")
    other = machine(tmp_path, monkeypatch, "other")
    places.bring(other)
    assert contents(other) == contents(home)
    assert contents(other)["releases/s/latest"] == RELEASE
    assert store.objects["survey/releases/s/latest"].content == RELEASE.encode()
    delivery = "inbox/s/2019/ä b#1%20 {x}.csv"
    assert (other / delivery).stat().st_mtime_ns == (home / delivery).stat().st_mtime_ns, "when it arrived"
    assert (other / "identity.key").stat().st_mode & 0o777 == 0o600
    assert other.stat().st_mode & 0o777 == 0o700
    assert not (other / "error.log").exists()
    with turns.turn(other, "two"):
        write(other, "lake/s/raw_records/wave=2019/raw_records.parquet", "another table")
        (other / "lake/s/whole/2019").unlink()
    write(home, "lake/s/staged_answers/wave=2019/left.parquet", "what a killed run left")
    places.bring(home)
    assert contents(home) == contents(other)
    assert not (home / "lake" / "s" / "staged_answers").exists()


def test_only_what_changed_travels(home: Path, store: ObjectStore) -> None:
    with turns.turn(home, "one"):
        made(home)
    store.asked.clear()
    with turns.turn(home, "two"):
        write(home, "lake/s/raw_records/wave=2019/raw_records.parquet", "another table")
        write(home, "lake/s/whole/2019", "a table")
        places.send(home)
        places.send(home)
    assert store.puts("survey/lake") == ["survey/lake/s/raw_records/wave=2019/raw_records.parquet"]
    assert not store.puts("survey/releases")
    assert not [key for method, key in store.asked if method == "GET" and "/releases/" in key]


def test_what_promises_less_goes_first_and_what_promises_more_last(home: Path, store: ObjectStore) -> None:
    with turns.turn(home, "one"):
        made(home)
    first = store.puts("survey/")
    table, whole = (
        first.index(f"survey/lake/s/{name}") for name in ("raw_records/wave=2019/raw_records.parquet", "whole/2019")
    )
    manifest, latest = (first.index(f"survey/releases/s/{name}") for name in (f"{RELEASE}/{MANIFEST}", "latest"))
    assert table < manifest < min(whole, latest)
    assert first.index(f"survey/releases/s/{RELEASE}/public/a.csv") < manifest
    store.asked.clear()
    lake = Lake(home, "s")
    with turns.turn(home, "two"):
        lake.begin("2019", "a run")
        write(home, "lake/s/raw_records/wave=2019/raw_records.parquet", "another table")
        places.send(home)
        lake.finish("2019", "a run")
    done = [step for step in store.asked if step[0] in ("PUT", "DELETE") and step[1].startswith("survey/lake")]
    assert {*done[:2]} == {("PUT", "survey/lake/s/working/2019"), ("DELETE", "survey/lake/s/whole/2019")}
    assert done[2:] == [
        ("PUT", "survey/lake/s/raw_records/wave=2019/raw_records.parquet"),
        ("PUT", "survey/lake/s/whole/2019"),
        ("DELETE", "survey/lake/s/working/2019"),
    ]


def failing(*keys: str, how: str, method: str = "PUT") -> object:
    """A store that does one thing wrong with some keys."""
    return lambda asked, key: how if asked == method and key.removeprefix("survey/") in keys else None


@pytest.mark.parametrize("after", ["lake/s/whole/2019", f"releases/s/{RELEASE}/{MANIFEST}"])
def test_a_store_that_fails_between_a_file_and_its_mark(
    after: str, home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.fault = failing(after, how=REFUSE)
    with pytest.raises(Refused) as refused, turns.turn(home, "one"):
        made(home)
    (problem,) = refused.value.problems
    assert problem.what == "an object of the home cannot be put"
    assert problem.file == f"{URL}/{after}"
    assert problem.found == "SlowDown, 7 times"
    assert "survey/lake/s/raw_records/wave=2019/raw_records.parquet" in store.objects
    other = machine(tmp_path, monkeypatch, "other")
    places.bring(other)
    if after.startswith("lake"):
        assert Lake(other, "s").whole_waves() == []
    else:
        assert publish.releases(other / "releases" / "s") == []
        assert not (other / "releases" / "s" / "latest").exists()
    store.fault = failing(how=REFUSE)
    with turns.turn(other, "again"):
        made(other)
    places.bring(home)
    assert contents(home) == contents(other)


def test_what_failed_is_said_once_and_nothing_more_is_tried(home: Path, store: ObjectStore) -> None:
    with turns.turn(home, "one"):
        store.fault = failing("lake/s/whole/2019", how=REFUSE)
        made(home)
        with pytest.raises(Refused):
            places.send(home)
        tried = len(store.asked)
        with pytest.raises(Refused):
            places.send(home)
        assert len(store.asked) == tried
    assert "survey/lake/s/whole/2019" not in store.objects


def test_half_an_object_is_put_again(home: Path, store: ObjectStore) -> None:
    wrong = [HALF, HALF]
    key = "survey/lake/s/raw_records/wave=2019/raw_records.parquet"
    store.fault = lambda method, asked: wrong.pop() if wrong and (method, asked) == ("PUT", key) else None
    with turns.turn(home, "one"):
        made(home)
    assert store.objects[key].content == b"a table"
    assert store.puts(key) == [key] * 3


def test_a_store_that_keeps_halves_is_told_of(home: Path, store: ObjectStore) -> None:
    store.fault = failing("lake/s/raw_records/wave=2019/raw_records.parquet", how=HALF)
    with pytest.raises(Refused, match=r"found: 3 bytes of 7, 7 times"), turns.turn(home, "one"):
        made(home)
    assert "survey/lake/s/whole/2019" not in store.objects


def test_an_answer_that_is_lost_is_no_failure(home: Path, store: ObjectStore) -> None:
    lost: set[str] = set()

    def silent(method: str, key: str) -> str | None:
        if method == "PUT" and key not in lost:
            lost.add(key)
            return SILENT
        return None

    store.fault = silent
    with turns.turn(home, "one"):
        made(home)
    assert {key for key in store.objects if "/lake/" in key} == {
        "survey/lake/s/raw_records/wave=2019/raw_records.parquet",
        "survey/lake/s/whole/2019",
    }


def test_an_object_damaged_at_the_store_is_named(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turns.turn(home, "one"):
        made(home)
    key = "survey/lake/s/raw_records/wave=2019/raw_records.parquet"
    store.put(key, b"another", store.objects[key].metadata)
    with pytest.raises(Refused, match=r"cannot be fetched[\s\S]*found: SHA-256 \w{64}, where \w{64} was put"):
        places.bring(machine(tmp_path, monkeypatch, "other"))


def test_what_another_process_put_is_not_overwritten(home: Path, store: ObjectStore) -> None:
    store.put("survey/lake/s/whole/2019", b"what it was", {})
    with pytest.raises(Refused, match="another process put something else here"), turns.turn(home, "one"):
        meanwhile(home, store)
    assert store.objects["survey/lake/s/whole/2019"].content == b"somebody else's"


def meanwhile(home: Path, store: ObjectStore) -> None:
    """A wave becomes whole here, and its mark another one there."""
    made(home)
    store.put("survey/lake/s/whole/2019", b"somebody else's", {})


def test_a_large_file_goes_and_comes_in_parts(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.storage import objects

    monkeypatch.setattr(objects, "PART", 5 * 1024 * 1024)
    large = "0123456789" * 1_200_000
    with turns.turn(home, "one"):
        write(home, "lake/s/raw_records/wave=2019/raw_records.parquet", large)
    (parts,) = store.uploads.values()
    assert len(parts) == 3
    other = machine(tmp_path, monkeypatch, "other")
    places.bring(other)
    assert contents(other)["lake/s/raw_records/wave=2019/raw_records.parquet"] == large


def test_a_home_that_changes_while_it_is_fetched_is_listed_again(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turns.turn(home, "one"):
        made(home)
    key, changes = "survey/lake/s/whole/2019", ["once"]

    def changing(method: str, asked: str) -> None:
        if changes and (method, asked) == ("GET", key):
            changes.pop()
            store.put(key, b"newer", {})

    store.fault = changing
    other = machine(tmp_path, monkeypatch, "other")
    places.bring(other)
    assert contents(other)["lake/s/whole/2019"] == "newer"


def test_of_two_machines_one_works_and_the_other_is_told(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = machine(tmp_path, monkeypatch, "other")
    with turns.turn(home, "monitor run"):
        with (
            pytest.raises(Refused, match=r"another run is working in this home[\s\S]*found: monitor run on "),
            turns.turn(other, "second"),
        ):
            pytest.fail("two turns at once")
        assert (turns.working(other) or "").startswith("monitor run on ")
    assert turns.working(other) is None
    with turns.turn(other, "second"):
        pass


def test_of_many_takers_one_gets_the_turn(home: Path, store: ObjectStore) -> None:
    from monitor.storage.leases import Lease, _taken
    from monitor.storage.objects import Objects

    began, got = threading.Barrier(6), []

    def take(number: int) -> None:
        objects = Objects(URL)
        began.wait()
        got.append(_taken(objects, f"taker {number}", f"machine {number}"))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert [isinstance(answer, Lease) for answer in got].count(True) == 1
    assert all(isinstance(answer, Lease) or answer.startswith("taker ") for answer in got)


def test_a_turn_that_is_not_refreshed_is_taken_and_its_holder_puts_nothing_more(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = machine(tmp_path, monkeypatch, "other")

    def asleep() -> None:
        write(home, "lake/s/whole/2019", "too late")
        store.clock_ahead = timedelta(minutes=6)
        with caplog.at_level(logging.WARNING), turns.turn(other, "awake"):
            assert "asleep on " in caplog.text
            assert "is taken: it was not refreshed for 6 minutes" in caplog.text
            places.send(home)

    with pytest.raises(Refused, match="this run lost its turn"), turns.turn(home, "asleep"):
        asleep()
    assert "survey/lake/s/whole/2019" not in store.objects


def test_a_turn_is_refreshed_while_it_is_held(home: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.storage import leases

    refreshed = threading.Event()
    store.fault = lambda method, key: refreshed.set() if (method, key) == ("PUT", "survey/.lock") and held else None
    held: list[bool] = []
    monkeypatch.setattr(leases, "REFRESH_SECONDS", 0.01)
    with turns.turn(home, "one"):
        held.append(True)
        assert refreshed.wait(30)


def test_what_a_killed_process_of_this_machine_left_is_taken_at_once(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = (
        "import os\nfrom monitor.storage import places, turns\nhome = places.located('s3://home/survey')\n"
        "with turns.turn(home, 'killed'):\n    os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 9
    with pytest.raises(Refused, match="found: killed on "), turns.turn(machine(tmp_path, monkeypatch, "other"), "no"):
        pytest.fail("the turn of a process that may be alive")
    with caplog.at_level(logging.WARNING), turns.turn(home, "next"):
        assert "is taken: its process is gone" in caplog.text


def test_a_delivery_is_at_the_store_before_any_run(home: Path, store: ObjectStore) -> None:
    with places.sending(home, "inbox"):
        write(home, "inbox/s/2019/answers.csv", "answers")
        write(home, "lake/s/whole/2019", "not this")
    assert store.puts("survey/") == ["survey/inbox/s/2019/answers.csv"]


@pytest.mark.parametrize(("how", "told"), [(FORBID, "AccessDenied"), (REFUSE, "SlowDown, 7 times")])
def test_a_store_that_says_no_is_one_message_without_a_key(how: str, told: str, home: Path, store: ObjectStore) -> None:
    store.fault = lambda method, key: how
    with pytest.raises(Refused) as refused:
        places.bring(home)
    assert f"found: {told}\n" in str(refused.value)
    assert "known" not in str(refused.value).replace("unknown", "")
    assert "not-to-be-told" not in str(refused.value)


def test_nobody_there_and_no_tls(
    home: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from monitor.storage import mirror

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    mirror.opened.cache_clear()
    with pytest.raises(Refused, match="found: connection refused, 7 times"):
        places.bring(home)
    assert caplog.text.count("connection refused; it is asked again") == 1
    monkeypatch.setenv("AWS_ALLOW_HTTP", "false")
    mirror.opened.cache_clear()
    with pytest.raises(Refused, match="found: an address without TLS"):
        places.bring(home)


def test_keys_come_from_a_profile_where_the_environment_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.storage.objects import _amazons

    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = no\n[ministry]\naws_access_key_id = one\naws_secret_access_key = t%o\n"
    )
    (tmp_path / "config").write_text("[profile ministry]\nregion = eu-central-1\noutput = json\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "ministry")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    assert _amazons() == {
        "disable_bulk_delete": True, "aws_access_key_id": "one", "aws_secret_access_key": "t%o",
        "region": "eu-central-1",
    }  # fmt: skip
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of the environment")
    assert _amazons() == {"disable_bulk_delete": True}


@pytest.mark.parametrize(
    "url",
    ["http://host/home", "file:///srv/home", "s3://", "s3:///home", "s3://b/../c", "s3://b//c", "s3://b/c?x=1",
     "gs://b/./c", "abfs://container/home"],
)  # fmt: skip
def test_a_url_that_is_no_home_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.CACHE, str(tmp_path))
    with pytest.raises(DefinitionError, match="--home is no place of a home"):
        places.located(url)
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_a_url_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.CACHE, str(tmp_path))
    with pytest.raises(DefinitionError) as refused:
        places.located("s3://known:not-to-be-told@bucket/home")
    assert "not-to-be-told" not in str(refused.value)


def test_a_folder_is_a_home_as_ever_and_nothing_is_imported_for_it(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom monitor.storage import places, turns\n"
        "home = places.located(sys.argv[1])\nplaces.bring(home)\n"
        "with turns.turn(home, 'one'):\n    places.send(home)\n"
        "print(sorted({'obstore', 'monitor.storage.mirror', 'monitor.storage.objects'} & set(sys.modules)), home)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], text=True, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == f"[] {tmp_path}"


def test_without_the_package_the_message_names_it(store: ObjectStore, tmp_path: Path) -> None:
    program = "import sys; sys.modules['obstore'] = None; from monitor.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "status", "--home", URL], text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "innovation-monitor[store]" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_take_the_url_as_a_home(
    home: Path, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.storage.identity import identity_key

    with turns.turn(home, "one"):
        write(home, "inbox/s/2019/answers.csv", "answers")
        write(home, "lake/s/raw_records/wave=2019/raw_records.parquet", "a table")
        identity_key(home)
    machine(tmp_path, monkeypatch, "elsewhere")
    told = terminal.monitor("status", "--home", URL, "--json")
    assert json.loads(told.stdout)["home"] == URL
    assert json.loads(told.stdout)["surveys"][0]["waiting"] == ["2019"]
    archive = tmp_path / "home.tgz"
    with turns.turn(home, "monitor run"):
        told = terminal.monitor("backup", archive, "--home", URL)
    assert told.returncode == 75
    assert told.stderr.startswith(f"{URL}: another run is working in this home\n")
    assert "monitor run on " in told.stderr
    assert terminal.monitor("backup", archive, "--home", URL).returncode == 0
    told = terminal.monitor("restore", archive, "--home", "s3://home/again")
    assert told.returncode == 0, told.stderr
    assert contents(places.located("s3://home/again")) == contents(home)
    assert {key for key in store.objects if key.startswith("again/") and "/." not in key} == {
        f"again/{key}" for key in contents(home) if key != ".shape"
    }
    told = terminal.monitor("restore", archive, "--home", "s3://home/again")
    assert told.returncode == 2
    assert "a home is restored into an empty folder only" in told.stderr
