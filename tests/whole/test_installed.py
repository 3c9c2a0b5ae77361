"""The monitor as it is installed: the wheel is whole, and works from a folder that knows no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import ecuador
import pytest

from monitor.versions import code_version

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCES = ("monitor", "pipelines", "sql", "expectations")


def run(*command: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from a copy of the sources: building leaves files beside them."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    run("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", "dist", ".", folder=copy)
    (made,) = (copy / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the wheel is installed into, beside this environment's packages."""
    target = tmp_path_factory.mktemp("installed")
    run("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel), folder=target)
    return target


def test_the_wheel_holds_every_source_file_and_no_other(wheel: Path) -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for name in SOURCES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted = {f"monitor/{name}" if name.split("/")[0] in ("sql", "expectations") else name for name in there}
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_the_code_version_is_that_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    program = "import monitor, pipelines; from monitor.versions import code_version; "
    program += "print(monitor.__file__, pipelines.__file__, code_version())"
    package, project, version = run("-c", program, folder=tmp_path, PYTHONPATH=str(installed)).split()
    assert Path(package).is_relative_to(installed)
    assert Path(project).is_relative_to(installed)
    assert version == code_version()


def test_a_wave_and_a_release_from_an_empty_folder(installed: Path, tmp_path: Path, shared: Path) -> None:
    """The survey is named as a user would, from where the command is given; the home is the folder's own."""
    ecuador.short(tmp_path).rename(tmp_path / "my_survey")
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    command = ["-m", "monitor", "run", "--survey", "my_survey", "--wave", "2014", "--input", str(delivery)]
    shown = run(*command, folder=tmp_path, PYTHONPATH=str(installed), MONITOR_HOME="")
    release = tmp_path / "monitor-home" / "releases" / "ecuador" / "latest"
    assert f"release  {release.resolve()}" in shown
    assert code_version() in (release / "manifest.json").read_text()
    assert (release / "public" / "report" / "index.html").stat().st_size


def test_dagster_loads_the_workspace_of_the_installed_monitor(installed: Path, tmp_path: Path) -> None:
    workspace = installed / "pipelines" / "workspace.yaml"
    run("-m", "dagster", "definitions", "validate", "-w", str(workspace), folder=tmp_path, PYTHONPATH=str(installed))
