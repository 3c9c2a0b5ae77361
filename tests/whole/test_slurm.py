"""Slurm's job, run as Slurm would: with a stand-in for `srun` that starts its tasks on this machine."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
JOB = DEPLOY / "slurm.sh"
PAGE = (DEPLOY / "slurm.md").read_text(encoding="utf-8")
SRUN = """#!/bin/sh
trap 'kill $(jobs -p)' TERM
number=${1#--ntasks=}
while [ "${1#--}" != "$1" ]; do shift; done
for task in $(seq "$number"); do "$@" & done
wait
"""
SHARED = """
import math
from monitor.running import beside, cluster
from monitor.running.progress import show_progress
show_progress()
with cluster.counted() as shared:
    print(beside.share(math.ldexp, 3.0, list(range(300))) == [math.ldexp(3.0, i) for i in range(300)])
print(shared["cluster_units"] > 0)
raise SystemExit(5)
"""


@pytest.mark.slow
def test_the_job_shares_the_command_s_work_and_ends_as_it_does(tmp_path: Path) -> None:
    for command in re.findall(r"^(openssl req .*|cp tls.*)$", PAGE, re.MULTILINE):
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True, capture_output=True)
    for name, program in (("srun", SRUN), ("hostname", "#!/bin/sh\necho 127.0.0.1\n")):
        (tmp_path / name).write_text(program, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "work.py").write_text(SHARED, encoding="utf-8")
    environment = os.environ | {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(DEPLOY.parent),
        "MONITOR_CERTIFICATES": str(tmp_path),
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_NTASKS": "3",
    }
    done = subprocess.run(
        [str(JOB), "python", "work.py"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip
    assert done.stdout == "True\nTrue\n", done.stderr
    assert done.returncode == 5, done.stderr
    assert re.search(r"^cluster tls://127\.0\.0\.1:\d+: [12] workers", done.stderr, re.MULTILINE), done.stderr
    port = 20000 + int(environment["SLURM_JOB_ID"]) % 20000
    assert f":{port}: " in done.stderr
    left = subprocess.run(["pgrep", "-f", f"dask (scheduler|worker) .*{port}"], capture_output=True, check=False)
    assert left.stdout == b"", "nothing of the job is left"


def test_without_certificates_the_job_says_what_is_missing(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SLURM_JOB_ID": "1", "SLURM_NTASKS": "2"}
    done = subprocess.run(
        [str(JOB), "true"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "name the folder with ca.crt, tls.crt and tls.key" in done.stderr


def test_what_the_page_shows_is_there() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    ast.parse(program)
    assert "deploy/slurm.sh monitor run" in PAGE
    assert "--ntasks=17" in JOB.read_text(encoding="utf-8")
