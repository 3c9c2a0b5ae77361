"""Kubernetes' files: what they ask of Dagster's chart and of the image is there, is closed, and works as far as a
machine without Kubernetes can try it."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.running import cluster
from monitor.storage import identity, places
from pipelines import notices

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text(encoding="utf-8"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")
MANIFESTS = {
    (found["kind"], found["metadata"]["name"]): found
    for name in ("monitor.yaml", "dask.yaml")
    for found in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))
}
CHART = {
    "global": {"dagsterHome", "postgresqlSecretName"},
    "dagsterWebserver": {"replicaCount", "service"},
    "dagsterDaemon": {
        "enabled", "image", "runCoordinator", "runMonitoring", "runRetries", "podSecurityContext", "securityContext",
        "volumes", "volumeMounts", "resources",
    },
    "dagsterDaemon.runMonitoring": {"enabled", "startTimeoutSeconds", "pollIntervalSeconds", "maxResumeRunAttempts"},
    "dagsterDaemon.runRetries": {"enabled", "maxRetries", "retryOnAssetOrOpFailure"},
    "runLauncher": {"type", "config"},
    "runLauncher.config": {"k8sRunLauncher"},
    "runLauncher.config.k8sRunLauncher": {"imagePullPolicy", "runK8sConfig"},
    "runLauncher.config.k8sRunLauncher.runK8sConfig": {"podSpecConfig", "containerConfig"},
    "postgresql": {
        "enabled", "image", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase", "postgresqlScheme", "service",
    },
    "dagster-user-deployments": {"enabled", "enableSubchart", "deployments"},
    "pythonLogs": {"pythonLogLevel", "managedPythonLoggers"},
    "telemetry": {"enabled"},
    "ingress": {"enabled"},
    "rabbitmq": {"enabled"},
    "redis": {"enabled"},
    "flower": {"enabled"},
}  # fmt: skip
"""Keys of Dagster's chart (its values.yaml and values.schema.json) by where they stand; those left out are unused"""
DEPLOYMENT = {
    "name", "image", "dagsterApiGrpcArgs", "port", "includeConfigInLaunchedRuns", "env", "envSecrets", "labels",
    "volumes", "volumeMounts", "podSecurityContext", "securityContext", "resources", "readinessProbe",
}  # fmt: skip
"""Keys of one of the chart's user deployments"""
(DEPLOYED,) = VALUES["dagster-user-deployments"]["deployments"]


def pods() -> dict[str, Any]:
    """Name -> pod of every Deployment, StatefulSet and Job of the manifests."""
    return {
        f"{kind} {name}": m["spec"]["template"]["spec"]
        for (kind, name), m in MANIFESTS.items()
        if "template" in m["spec"]
    }


def containers() -> Iterator[tuple[str, Any, Any]]:
    """Name, pod's and container's settings of everything that runs, the chart's included."""
    for name, pod in pods().items():
        for container in pod["containers"]:
            yield name, pod["securityContext"], container["securityContext"]
    for name, part in (("monitor", DEPLOYED), ("daemon", VALUES["dagsterDaemon"])):
        yield name, part["podSecurityContext"], part["securityContext"]
    run = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    yield "run", run["podSpecConfig"]["securityContext"], run["containerConfig"]["securityContext"]


def test_the_values_have_the_chart_s_keys() -> None:
    for place, known in CHART.items():
        found: Any = VALUES
        for key in place.split("."):
            found = found[key]
        assert set(found) <= known, place
    others = {"generatePostgresqlPasswordSecret", "generateCeleryConfigSecret", "additionalInstanceConfig"}
    assert set(VALUES) == {place.split(".")[0] for place in CHART} | others
    assert set(DEPLOYED) <= DEPLOYMENT


def test_dagster_s_settings_are_those_of_the_containers() -> None:
    """The chart's names of what deploy/dagster.yaml says, but for the launcher and what only it needs."""
    history, logs = VALUES["postgresql"], VALUES["pythonLogs"]
    settings = {
        "telemetry": VALUES["telemetry"],
        **VALUES["additionalInstanceConfig"],
        "python_logs": {
            "managed_python_loggers": logs["managedPythonLoggers"],
            "python_log_level": logs["pythonLogLevel"],
        },
    }
    said = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"))
    database = said.pop("storage")["postgres"]["postgres_db"]
    assert settings == said
    for here, there in (
        ("Host", "hostname"), ("Username", "username"), ("Database", "db_name"), ("Scheme", "scheme")
    ):  # fmt: skip
        assert history[f"postgresql{here}"] == database[there]
    assert history["service"]["port"] == database["port"]
    assert not VALUES["generatePostgresqlPasswordSecret"], "the password is nobody's default"
    assert ("Service", history["postgresqlHost"]) in MANIFESTS
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    (container,) = pods()["StatefulSet monitor-history"]["containers"]
    assert container["image"] == compose["services"]["history"]["image"] == f"postgres:{history['image']['tag']}"


def test_the_chart_has_the_version_of_dagster() -> None:
    (version,) = re.findall(r"^dagster==(.+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"dagster/dagster --version {version} " in README


@pytest.mark.parametrize(("name", "pod", "container"), [*containers()], ids=[name for name, *_ in containers()])
def test_everything_runs_closed(name: str, pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["runAsNonRoot"]
    assert pod["runAsUser"] > 0
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not container["allowPrivilegeEscalation"]
    assert container["readOnlyRootFilesystem"]
    assert container["capabilities"] == {"drop": ["ALL"]}
    if "history" not in name:
        assert f"--uid {pod['runAsUser']} " in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
        assert ("fsGroup" in pod) == (name == "Job monitor-home"), "it would open a home's closed files"


def test_nothing_is_reached_from_outside() -> None:
    assert not VALUES["ingress"]["enabled"]
    assert VALUES["dagsterWebserver"]["replicaCount"] == 0, "the chart's web server has no guard before it"
    for (kind, _), manifest in MANIFESTS.items():
        assert kind != "Ingress"
        if kind == "Service":
            assert manifest["spec"].get("type", "ClusterIP") == "ClusterIP"
    (policy,) = [manifest["spec"] for (kind, _), manifest in MANIFESTS.items() if kind == "NetworkPolicy"]
    (rule,) = policy["ingress"]
    (allowed,) = rule["from"]
    asking = allowed["podSelector"]["matchLabels"].items()
    assert asking <= DEPLOYED["labels"].items()
    for name in ("dask-scheduler", "dask-worker"):
        assert asking <= MANIFESTS[("Deployment", name)]["spec"]["template"]["metadata"]["labels"].items()


def test_one_image_computes() -> None:
    image = f"{DEPLOYED['image']['repository']}:{DEPLOYED['image']['tag']}"
    assert VALUES["dagsterDaemon"]["image"] == DEPLOYED["image"]
    of_ours = {c["image"] for name, pod in pods().items() for c in pod["containers"] if "history" not in name}
    assert of_ours == {image}
    assert f"docker push {image}\n" in README


def test_what_the_image_is_asked_to_start_is_in_it() -> None:
    asked = [container.get("command", []) for pod in pods().values() for container in pod["containers"]]
    probes = [
        c["readinessProbe"]["exec"]["command"]
        for p in pods().values()
        for c in p["containers"]
        if "exec" in c.get("readinessProbe", {})
    ]
    modules = {command[2] for command in (*asked, *probes) if command[:2] == ["python", "-m"]} | {
        DEPLOYED["dagsterApiGrpcArgs"][1]
    }
    assert modules == {"pipelines.webserver", "pipelines.health", "dask", "pipelines.definitions"}
    assert all(importlib.util.find_spec(module) for module in modules)
    locked = (ROOT / "pylock.toml").read_text(encoding="utf-8")
    for package in ("dagster-k8s", "dagster-postgres", "distributed"):
        assert f'name = "{package}"' in locked


def test_names_of_settings_secrets_and_volumes_are_known() -> None:
    named = {entry["name"] for entry in DEPLOYED["env"]}
    assert {"MONITOR_HOME", cluster.VARIABLE} <= named
    assert notices.SERVER in README
    secrets = set(re.findall(r"kubectl create secret generic (\S+)", README))
    assert secrets == {"monitor-history", "monitor-environment", "monitor-dask", "monitor-identity"}
    volumes = [volume for pod in pods().values() for volume in pod.get("volumes", [])] + DEPLOYED["volumes"]
    assert {v["secret"]["secretName"] for v in volumes if "secret" in v} <= secrets
    assert {entry["name"] for entry in DEPLOYED["envSecrets"]} <= secrets
    assert VALUES["global"]["postgresqlSecretName"] in secrets
    claims = {v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v}
    assert claims == {name for kind, name in MANIFESTS if kind == "PersistentVolumeClaim"}
    settings = f"{VALUES['global']['dagsterHome']}/dagster.yaml"
    (web,) = pods()["Deployment monitor-web"]["containers"]
    assert settings in {mount["mountPath"] for mount in web["volumeMounts"]}
    image = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert f"DAGSTER_HOME={VALUES['global']['dagsterHome']}" in image
    (home,) = [mount for mount in web["volumeMounts"] if mount["name"] == "home"]
    assert home["readOnly"]
    assert f"MONITOR_HOME={home['mountPath'].removesuffix('/releases')} " in image, "neither lake nor key"
    assert home["mountPath"].endswith("/releases")


def test_a_mirror_has_the_volume_for_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where README puts it: on the volume that the home's Job makes, which every run's Job has and can write."""
    told = re.findall(r"`MONITOR_CACHE` is\s+`(\S+)`", README)
    (mount,) = [mount for mount in DEPLOYED["volumeMounts"] if mount["name"] == "home"]
    assert told == [mount["mountPath"]]
    assert not mount.get("readOnly")
    assert places.CACHE in {entry["name"] for entry in DEPLOYED["env"]}
    volume = tmp_path / "home"
    volume.mkdir(0o700)
    monkeypatch.setenv(places.CACHE, str(volume))
    assert places.located("s3://ministry/monitor").parent == volume


def test_the_home_s_job_makes_it_and_brings_a_key_once(tmp_path: Path) -> None:
    (container,) = pods()["Job monitor-home"]["containers"]
    shell, option, script = container["command"]
    for there in ("/volume", "/run/identity"):
        (tmp_path / there.strip("/")).mkdir(parents=True)
        script = script.replace(there, str(tmp_path / there.strip("/")))
    home, brought = tmp_path / "volume" / "home", tmp_path / "run" / "identity" / identity.KEY_FILE
    subprocess.run([shell, option, script], check=True)
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == []
    brought.write_bytes(b"k" * 32)
    for _ in range(2):
        subprocess.run([shell, option, script], check=True)
        assert (home / identity.KEY_FILE).read_bytes() == b"k" * 32
        assert (home / identity.KEY_FILE).stat().st_mode & 0o777 == 0o600
        brought.write_bytes(b"other")


def _here(entries: list[dict[str, Any]], folder: Path) -> dict[str, str]:
    return os.environ | {e["name"]: e["value"].replace("/run/dask", str(folder)) for e in entries if "value" in e}


@pytest.mark.slow
def test_scheduler_and_worker_speak_over_the_certificate(tmp_path: Path) -> None:
    """The commands and settings of dask.yaml and values.yaml, on this machine's loopback."""
    for command in re.findall(r"^(openssl req .*|cp tls.*)$", README, re.MULTILINE):
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True, capture_output=True)
    address, started = "", []
    try:
        for name in ("dask-scheduler", "dask-worker"):
            (container,) = pods()[f"Deployment {name}"]["containers"]
            _, *arguments = [str(word) for word in container["command"]]
            swapped = {"8786": "0", "tls://dask-scheduler:8786": address, "/tmp": str(tmp_path)}
            arguments = [*(swapped.get(word, word) for word in arguments), "--host", "127.0.0.1"]
            log = tmp_path / f"{name}.log"
            with log.open("w") as told:
                environment = _here(container["env"], tmp_path)
                started.append(
                    subprocess.Popen(
                        [sys.executable, *arguments], env=environment, cwd=tmp_path, stdout=told, stderr=told
                    )
                )
            ends = time.monotonic() + 90
            while not (found := re.search(r"(?:Scheduler at|Registered to): +(tls://\S+)", log.read_text())):
                assert time.monotonic() < ends, log.read_text()
                assert started[-1].poll() is None, log.read_text()
                time.sleep(0.1)
            address = address or found[1]
        program = "import math; from monitor.running import beside; print(beside.share(math.ldexp, 3.0, [1, 2, 3]))"
        environment = _here(DEPLOYED["env"], tmp_path) | {cluster.VARIABLE: address}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.stdout == "[6.0, 12.0, 24.0]\n", done.stderr
        # Who has no certificate gets nothing.
        plain = {name: value for name, value in environment.items() if "__TLS__" not in name}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=plain,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode != 0
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
