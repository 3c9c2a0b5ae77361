"""A deployment of two surveys, left to its sensors: what they start, what they leave alone, what is released.

    python benchmarks/deployment.py --delivery ENAIsam_labelled.sav --quiet 300

The demonstration and Ecuador's survey, without its figures by province, stand in one project of Dagster, their
deliveries in the inbox of one home. Then `monitor ui --deployment` runs until both have a release; is watched for
`--quiet` seconds, in which nothing may start; gets another delivery of the demonstration's first wave, without its last
firm; and is watched as long again. It prints the runs of each part and ends with 1 where they are not those: a run for
each wave and a release for each survey, then none, then one wave and one release.

Belongs here: what the sensors of a whole deployment do. Does not belong here: a single sensor (`tests/pipelines`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "worlds"))

import ecuador  # noqa: E402 (stands beside the tests)
import interface  # noqa: E402

from monitor.surveys import BUNDLED  # noqa: E402
from monitor.synthetic import deliveries  # noqa: E402

SECONDS = 3600
"""How long a busy machine may take for all waves"""
LATER = 90
"""Seconds after which a file that was put there is no longer taken for one that is still arriving"""


def project(folder: Path) -> Path:
    """The deployment that comes with the product, and Ecuador's survey in it."""
    made = Path(shutil.copytree(ROOT / "deploy" / "surveys", folder / "surveys"))
    second = made / "deployment" / "defs" / "ecuador"
    second.mkdir()
    where = os.path.relpath(ecuador.short(folder), second)
    (second / "defs.yaml").write_text(
        f"type: pipelines.component.MonitoredSurvey\nattributes:\n  folder: {where}\n", encoding="utf-8"
    )
    return made


def checked(surveys: Path, home: Path) -> int:
    """How many of Dagster's own looks at the project fail."""
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix, "MONITOR_HOME": str(home)}
    failed = 0
    for command in (["check", "yaml"], ["check", "defs"], ["list", "defs"]):
        done = subprocess.run(
            [sys.executable, "-m", "dagster_dg_cli.cli", *command],
            cwd=surveys, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        print(f"dg {' '.join(command)}: exit code {done.returncode}", flush=True)
        failed += done.returncode != 0
    return failed


def at_rest(port: int) -> bool:
    """Whether every run there is has ended."""
    return all(run["endTime"] for run in interface.runs(port))


def told(port: int, before: int, part: str) -> Counter[tuple[str, str]]:
    """The runs after the first so many, by job and outcome."""
    found = Counter((run["jobName"], run["status"]) for run in interface.runs(port)[before:])
    print(part, *(f"{job} {status} {count}" for (job, status), count in sorted(found.items())), sep="\n  ", flush=True)
    return found


def shorter(file: Path) -> None:
    """Take the last firm out of a delivery."""
    lines = file.read_bytes().splitlines(keepends=True)
    aside = file.with_name(f".{file.name}.part")
    aside.write_bytes(b"".join(lines[:-1]))
    os.replace(aside, file)


def watched(folder: Path, delivery: Path, quiet: float) -> bool:
    """Whether the sensors started what they had to, and nothing else."""
    home, surveys, survey = folder / "home", project(folder), BUNDLED.name
    inbox = home / "inbox" / "ecuador" / "2014"
    inbox.mkdir(parents=True)
    shutil.copy(delivery, inbox)
    deliveries(home / "inbox" / survey)
    if checked(surveys, home):
        return False
    waves = len(list((BUNDLED / "waves").glob("*.yaml")))
    with interface.interface(folder, home, ["--deployment", str(surveys)]) as port:
        releases = [home / "releases" / name / "latest" for name in ("ecuador", survey)]
        interface.until(lambda: all(link.exists() for link in releases) and at_rest(port), SECONDS)
        first = told(port, 0, "deliveries of both surveys:")
        before = sum(first.values())
        time.sleep(quiet)
        nothing = told(port, before, f"{quiet:g} seconds later:")
        changed = min((home / "inbox" / survey).iterdir())
        shorter(next(changed.glob("innovatiemonitor_*.csv")))
        interface.until(lambda: len(interface.runs(port)) >= before + 2 and at_rest(port), SECONDS)
        time.sleep(max(quiet, LATER))
        again = told(port, before, f"a delivery of wave {changed.name} changed:")
    done = "SUCCESS"
    expected = {("ecuador_wave", done): 1, ("ecuador_release", done): 1}
    expected |= {(f"{survey}_wave", done): waves, (f"{survey}_release", done): 1}
    return first == expected and not nothing and again == {(f"{survey}_wave", done): 1, (f"{survey}_release", done): 1}


def main() -> int:
    """Watch, and say whether all is as it must be."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--delivery", type=Path, required=True, help="Ecuador's sample, as its makers publish it")
    options.add_argument("--quiet", type=float, default=300, help="seconds in which nothing may start (default: 300)")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        held = watched(Path(folder), chosen.delivery.absolute(), chosen.quiet)
    print("as it must be" if held else "NOT as it must be")
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
