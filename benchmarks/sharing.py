"""Who makes what a benchmark draws: this process, a second one beside it, and with `--cluster` the workers of Dask.

Belongs here: the option, starting and ending helpers, the files that workers have not installed. Does not belong here:
who takes which unit (`monitor.running.beside`), what a unit is (each benchmark).
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from monitor.problems import MonitorError
from monitor.running import beside, cluster
from monitor.running.progress import show_progress

FOLDER = Path(__file__).resolve().parent

log = logging.getLogger("monitor")


def add_option(parser: argparse.ArgumentParser) -> None:
    """`--cluster`, as the command `monitor` has it."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        default=os.environ.get(cluster.VARIABLE),
        help=f"a Dask scheduler whose workers take part, like tcp://127.0.0.1:8786 (default: ${cluster.VARIABLE})",
    )


def helped(address: str | None, modules: Sequence[str], work: Callable[[], int]) -> int:
    """The exit code of `work()`, whose units the second process and the cluster's workers share. The functions that are
    shared must be ones of these modules of benchmarks/, which workers get from here."""
    show_progress()
    try:
        if address:
            os.environ[cluster.VARIABLE] = address
        with cluster.counted() as shared:
            if workers := cluster.connected():
                workers.bring([FOLDER / f"{module}.py" for module in modules])
            beside.start(["numpy", "pandas", "scipy.optimize"])
            code = work()
        if shared:
            log.info(", ".join(f"{name.replace('_', ' ')} {number}" for name, number in shared.items()))
        return code
    except MonitorError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    finally:
        beside.end()
