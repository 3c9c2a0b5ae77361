"""People are told of a stopped wave and of a release, by real servers on this machine, and of no firm."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from monitor.problems import Problem
from monitor.storage.lake import Lake
from pipelines import notices
from pipelines.assets import failure
from pipelines.automation import Jobs
from pipelines.names import key
from pipelines.notice_sensors import notice_sensors
from pipelines.resources import SurveyHome

ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"
FIRM = "0123456789abcdef0123"


class Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs to hand in one mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text)
                self.server.arrived.append(b"".join(lines).decode())  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


class Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.arrived.append(self.rfile.read(length).decode())  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing to the terminal."""


def serving(server: Any) -> Iterator[tuple[int, list[str]]]:
    server.arrived = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_address[1], server.arrived
    server.shutdown()
    server.server_close()


@pytest.fixture
def mail() -> Iterator[tuple[int, list[str]]]:
    yield from serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp))


@pytest.fixture
def hook() -> Iterator[tuple[int, list[str]]]:
    yield from serving(HTTPServer(("127.0.0.1", 0), Hook))


Servers = tuple[list[str], list[str]]


@pytest.fixture
def told(mail: tuple[int, list[str]], hook: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch) -> Servers:
    """What mail and webhook bring, while the environment names both."""
    monkeypatch.setenv(notices.SERVER, f"smtp://127.0.0.1:{mail[0]}")
    monkeypatch.setenv(notices.SENDER, "monitor@example.org")
    monkeypatch.setenv(notices.RECEIVERS, "ann@example.org, ben@example.org")
    monkeypatch.setenv(notices.WEBHOOK, f"http://127.0.0.1:{hook[0]}/hook")
    return mail[1], hook[1]


STOPS = (
    Problem("rule failed", firm=FIRM, rule="turnover_adds_up", severity="critical", found="12345", do="correct it"),
    Problem("rule failed", firm="other", rule="turnover_adds_up", severity="critical", found="99", do="correct it"),
    Problem("'Bakery Jansen' is no number", file="answers.csv", line=7, column="Q3", found="Bakery Jansen"),
    Problem("the delivery lacks the column 'Q9'", file="answers.csv", do="ask for it"),
)


def run_of(survey_home: SurveyHome, instance: dg.DagsterInstance, ends: Any, job: str) -> dg.DagsterRun:
    """A run of a job of that name whose one asset ends as it is told."""
    waves = dg.StaticPartitionsDefinition(["2014"]) if job == "wave" else None

    @dg.asset(key=key("ecuador", "released_release"), partitions_def=waves)
    def made() -> Any:
        return ends()

    tiny = dg.Definitions(assets=[made], jobs=[dg.define_asset_job(f"ecuador_{job}", selection=[made])])
    options = {"partition_key": "2014"} if waves else {}
    result = tiny.resolve_job_def(f"ecuador_{job}").execute_in_process(
        instance=instance, raise_on_error=False, **options
    )
    return result.dagster_run


def look(monitor: SurveyHome, instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.SkipReason | None:
    """What the sensor that such a run wakes says."""
    of_a_stop, of_success = notice_sensors(monitor, Jobs.of("ecuador"))
    kind = dg.DagsterEventType.RUN_SUCCESS if run.is_success else dg.DagsterEventType.RUN_FAILURE
    context = dg.build_run_status_sensor_context(
        sensor_name="x",
        dagster_instance=instance,
        dagster_run=run,
        dagster_event=dg.DagsterEvent(kind.value, run.job_name),
    )
    if run.is_success:
        return of_success(context)  # type: ignore[return-value]
    return of_a_stop(context.for_run_failure())  # type: ignore[return-value]


@pytest.fixture
def monitor(tmp_path: Path) -> SurveyHome:
    return SurveyHome(survey_folder=str(ECUADOR), home=str(tmp_path))


def test_a_stopped_wave_is_told_once_with_what_to_do_and_no_firm(monitor: SurveyHome, told: Servers) -> None:
    from monitor.problems import WaveStopped

    def stops() -> None:
        raise failure(WaveStopped(STOPS))

    with dg.DagsterInstance.ephemeral() as instance:
        assert look(monitor, instance, run_of(monitor, instance, stops, "wave")) is None
    (letter,), (call,) = told
    message = email.message_from_string(letter, policy=email.policy.default)
    assert message["Subject"] == "ecuador: wave 2014 stopped; the last good release stays"
    assert message["To"] == "ann@example.org, ben@example.org"
    text = message.get_content()  # type: ignore[attr-defined]
    assert "- rule turnover_adds_up (critical) does not hold (2 times)" in text
    assert "  do: correct it" in text
    assert "- the delivery lacks the column 'Q9'" in text
    assert "- an answer cannot be taken in" in text
    assert json.loads(call) == {
        "kind": "stopped", "survey": "ecuador", "title": message["Subject"], "text": text.replace("\r\n", "\n"),
    }  # fmt: skip
    for secret in (FIRM, "other", "12345", "Jansen", "answers.csv", "Q3"):
        assert secret not in letter + call


def test_a_new_release_is_told_and_an_old_one_is_not(monitor: SurveyHome, told: Servers, tmp_path: Path) -> None:
    folder = tmp_path / "r0007-000000000007"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"release_id": folder.name, "waves": ["2014", "2015"]}))

    def ends(new: bool) -> Any:
        return lambda: dg.MaterializeResult(metadata={"path": str(folder), "new": new})

    with dg.DagsterInstance.ephemeral() as instance:
        look(monitor, instance, run_of(monitor, instance, ends(True), "release"))
        look(monitor, instance, run_of(monitor, instance, ends(False), "release"))
    (letter,), (call,) = told
    assert "r0007-000000000007 is published, waves 2014, 2015" in letter.replace("\n ", " ")
    assert json.loads(call)["kind"] == "released"


@pytest.mark.parametrize(("most", "arrives"), [(None, 0), (4, 0), (3, 1)])
def test_more_warnings_than_declared_are_told(
    monitor: SurveyHome, told: Servers, monkeypatch: pytest.MonkeyPatch, most: int | None, arrives: int
) -> None:
    from dataclasses import replace

    from monitor.survey.automation import Notices

    survey = replace(monitor.survey(), notices=Notices(most))
    monkeypatch.setattr(SurveyHome, "survey", lambda self: survey)
    rules = {"rule": ["a", "b", "c"], "severity": ["warning", "warning", "info"], "failed": [3, 1, 50]}
    Lake(Path(monitor.home), "ecuador").write(
        "validated_rules", "2014", pd.DataFrame(rules).assign(passed=pd.array([False] * 3, dtype="boolean"))
    )
    with dg.DagsterInstance.ephemeral() as instance:
        look(monitor, instance, run_of(monitor, instance, lambda: None, "wave"))
    assert [len(each) for each in told] == [arrives, arrives]
    if arrives:
        assert (
            json.loads(told[1][0])["title"] == "ecuador: 4 answers of wave 2014 failed a rule that warns, more than 3"
        )
        assert "- a: 3\n- b: 1" in json.loads(told[1][0])["text"]


def test_nobody_is_told_unless_the_environment_says_where(
    monitor: SurveyHome, told: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(notices.SERVER)
    monkeypatch.delenv(notices.WEBHOOK)
    with dg.DagsterInstance.ephemeral() as instance:
        for ends in (lambda: None, lambda: 1 / 0):
            skipped = look(monitor, instance, run_of(monitor, instance, ends, "wave"))
            assert "names no place" in str(skipped and skipped.skip_message)
    assert told == ([], [])


def test_a_server_that_is_down_keeps_the_other_message_not_back(
    monitor: SurveyHome, told: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(notices.SERVER, "smtp://monitor:secret@127.0.0.1:1")
    with dg.DagsterInstance.ephemeral() as instance:
        skipped = look(monitor, instance, run_of(monitor, instance, lambda: 1 / 0, "wave"))
    assert "not everybody was told: mail: ConnectionRefusedError" in str(skipped and skipped.skip_message)
    assert "the run ended without saying why" in json.loads(told[1][0])["text"]


@pytest.mark.parametrize(("name", "address"), [(notices.SERVER, "127.0.0.1:25"), (notices.WEBHOOK, "file:///dev/null")])
def test_only_mail_and_web_servers_are_called(told: Servers, name: str, address: str) -> None:
    import os

    notice = notices.released("ecuador", "r0001", ["2014"])
    assert notices.send(notice, {**os.environ, name: address}) != []
