"""What an institution installs and starts: the lock, the image's commands, the containers', the service's."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from sqlalchemy.engine import make_url

from monitor import cli
from monitor.problems import DefinitionError
from pipelines import notices
from pipelines.history import INSTANCE, STAGES_TOLD

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
LOCK = tomllib.loads((ROOT / "pylock.toml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_has_the_constraints_versions_each_with_its_hash() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    locked = {package["name"]: package["version"] for package in LOCK["packages"]}
    assert {normal(name): version for name, version in pinned.items()} == locked
    for package in LOCK["packages"]:
        held = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert held, package["name"]
        assert all(re.fullmatch("[0-9a-f]{64}", file["hashes"]["sha256"]) for file in held), package["name"]
        assert all(normal(file["name"]).startswith(package["name"]) for file in held), package["name"]
    assert "://" not in (ROOT / "pylock.toml").read_text(encoding="utf-8"), "no index of anybody's"


@pytest.mark.slow
def test_the_image_s_commands_install_the_monitor(tmp_path: Path) -> None:
    """In a plain environment, in the Dockerfile's order. Of the 150 locked packages two are installed, by the same
    command: the lock's own test compares all."""
    source, place = tmp_path / "source", tmp_path / "opt"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", "tests", "*.egg-info")
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    environment["PATH"] = f"{place / 'bin'}:{Path(sys.executable).parent}:{environment['PATH']}"
    locked = tmp_path / "locked.txt"
    patterns = (r"^COPY \. (\S+)$", r"-m venv (\S+)$", r"--requirements > (\S+)$")
    there_in_the_image = [re.findall(pattern, DOCKERFILE, re.MULTILINE)[0] for pattern in patterns]
    for command in re.findall(r"^RUN (.*)$", DOCKERFILE, re.MULTILINE):
        if not command.startswith("python "):
            assert command.split()[0] in ("rm", "groupadd", "install"), command
            continue
        for there, here in zip(there_in_the_image, (source, place, locked), strict=True):
            command = command.replace(there, str(here))
        done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, command + done.stderr
        if "--requirements" in command:
            lines = locked.read_text(encoding="utf-8").splitlines()
            assert len(lines) == len(LOCK["packages"])
            locked.write_text("\n".join(line for line in lines if re.match("(et-xmlfile|markupsafe)==", line)))
    listed = subprocess.run(
        [place / "bin" / "python", "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    assert {"innovation-monitor", "et-xmlfile", "markupsafe"} <= {normal(p["name"]) for p in json.loads(listed.stdout)}
    assert (place / "bin" / "monitor").exists()


@pytest.mark.slow
def test_the_containers_commands_serve_and_end(tmp_path: Path) -> None:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    said = re.findall(r"^(?:HEALTHCHECK .*)?CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    health, serves = [json.loads(line.replace("3000", str(port)).replace("0.0.0.0", "127.0.0.1")) for line in said]
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
    environment = os.environ | {"DAGSTER_HOME": str(home), "MONITOR_HOME": str(tmp_path / "home"), "MONITOR_SURVEY": ""}
    started = [
        subprocess.Popen([sys.executable, *command[1:]], env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)
        for command in (serves, COMPOSE["services"]["daemon"]["command"])
    ]
    try:
        for _ in range(120):
            if subprocess.run([sys.executable, *health[1:]], cwd=ROOT, env=environment, check=False).returncode == 0:
                break
            assert [process.poll() for process in started] == [None, None]
        else:
            pytest.fail("the health check never passed")
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(60) for process in started]
    assert all(code in (0, -signal.SIGTERM, 128 + signal.SIGTERM) for code in codes), codes
    assert subprocess.run([sys.executable, *health[1:]], cwd=ROOT, check=False).returncode == 1


def test_containers_are_reached_through_the_loopback_and_told_by_known_names() -> None:
    services = COMPOSE["services"]
    assert services["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    assert all("ports" not in service for name, service in services.items() if name != "webserver")
    named = set(services["webserver"]["environment"])
    known = {notices.SERVER, notices.SENDER, notices.RECEIVERS, notices.WEBHOOK}
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
    history = settings.pop("storage")["postgres"]["postgres_db"]
    assert named == known | {history["password"]["env"]}
    assert history["hostname"] in services
    # What SQLAlchemy takes for this is what dagster-postgres brings.
    assert make_url(f"{history['scheme']}://").get_driver_name() == "psycopg2"
    assert "psycopg2-binary" in {normal(package["name"]) for package in LOCK["packages"]}
    assert settings == yaml.safe_load(INSTANCE + STAGES_TOLD), "a home's own settings, but for the history"
    for volume in services["webserver"]["volumes"]:
        where = volume.rsplit("}:", 1)[-1].removeprefix("home:").removeprefix("./dagster.yaml:").removesuffix(":ro")
        assert str(Path(where).parent if where.endswith(".yaml") else where) in DOCKERFILE, where


def test_the_service_starts_the_command_and_knows_its_ends() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string((DEPLOY / "monitor.service").read_text(encoding="utf-8"))
    service = unit["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "monitor"
    assert cli.parser().parse_args(arguments).port == 3000
    assert int(service["SuccessExitStatus"]) == 128 + signal.SIGTERM
    assert int(service["RestartPreventExitStatus"]) == DefinitionError.exit_code


def test_the_proxy_asks_for_a_login_and_hands_on_the_name_that_was_typed() -> None:
    """What the guard compares: a proxy that put its own name there would make every request foreign, or none."""
    told = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    sets = dict(re.findall(r"proxy_set_header (\S+) (\S+);", told))
    assert sets["Host"] == "$http_host"
    assert (sets["Upgrade"], sets["Connection"]) == ("$http_upgrade", "$connection_upgrade")
    assert sets["Authorization"] == '""'
    assert re.search(r"^    auth_basic +\"", told, re.MULTILINE), "for every page, not one"
    default = cli.parser().parse_args(["ui"])
    assert re.findall(r"proxy_pass (\S+);", told) == [f"http://127.0.0.1:{default.port}"]
    (name,) = re.findall(r"server_name (\S+);", told)
    assert f"--name {name}" in told
