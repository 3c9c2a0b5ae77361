"""Dagster's web interface and daemon over a home folder, on this machine only.

Belongs here: starting and stopping both. Does not belong here: what they show.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from pipelines.command import prepare_instance

WORKSPACE = Path(__file__).resolve().parent.parent / "workspace.yaml"


def serve(folder: Path, home: Path, port: int) -> int:
    """Serve until interrupted. The daemon runs the schedule, the sensors and runs launched from the page."""
    prepare_instance(home)
    environment = os.environ | {"MONITOR_SURVEY": str(folder), "MONITOR_HOME": str(home)}
    programs = Path(sys.executable).parent
    print(f"web interface on http://127.0.0.1:{port} (stop with Ctrl-C)", file=sys.stderr)
    processes = [
        subprocess.Popen([programs / name, *arguments, "-w", WORKSPACE], env=environment, cwd=WORKSPACE.parent)
        for name, arguments in (
            ("dagster-webserver", ["-h", "127.0.0.1", "-p", str(port)]),
            ("dagster-daemon", ["run"]),
        )
    ]
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=20)
