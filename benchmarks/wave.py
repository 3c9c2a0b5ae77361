"""A cold wave of the demonstration, from its delivery to a release, as `monitor run` makes it.

    python benchmarks/wave.py [--wave 2017] [--cluster ADDRESS]     prints the release's content hash
    python benchmarks/wave.py --units FILE                          in one process; what its shared works are, into FILE

The deliveries are made first, in a home of its own. FILE is JSON: for each work that a run would share, its number of
units, the processor seconds they took together, and the bytes of what all have in common and of units with their
answers, as pickle writes them.

Belongs here: one run, what it shares. Does not belong here: what that takes on a cluster (`workers`).
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from monitor import cli
from monitor.running import beside, cluster
from monitor.surveys import BUNDLED
from monitor.synthetic import deliveries

Share = Callable[[Callable[[Any, Any], Any], Any, Sequence[Any]], list[Any]]


def noting(share: Share, works: list[dict[str, float]]) -> Share:
    """`share`, noting of each work what it took and what would travel."""

    def noted(function: Callable[[Any, Any], Any], common: Any, items: Sequence[Any]) -> list[Any]:
        began = time.process_time()
        answers = share(function, common, items)
        seconds = time.process_time() - began
        if len(items) > 1:
            together = len(pickle.dumps(common, pickle.HIGHEST_PROTOCOL))
            own = sum(len(pickle.dumps(each, pickle.HIGHEST_PROTOCOL)) for each in (*items, *answers))
            works.append({"units": len(items), "seconds": seconds, "common": together, "own": own})
        return answers

    return noted


def main() -> None:
    """Run the wave, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wave", default="2017")
    parser.add_argument("--cluster", metavar="ADDRESS")
    parser.add_argument("--units", type=Path, metavar="FILE")
    asked = parser.parse_args()
    works: list[dict[str, float]] = []
    if asked.units:
        beside.share = noting(beside.share, works)  # type: ignore[assignment]
    if asked.cluster:
        os.environ[cluster.VARIABLE] = asked.cluster
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        deliveries(home / "inbox" / BUNDLED.name)
        code = run(asked.wave, home, alone=bool(asked.units))
        if code == 0:
            manifest = home / "releases" / BUNDLED.name / "latest" / "manifest.json"
            print(json.loads(manifest.read_text(encoding="utf-8"))["content_hash"])
    if asked.units:
        asked.units.write_text(json.dumps(works), encoding="utf-8")
    if helpers := cluster.connected():
        print(f"cluster units {helpers.counts['cluster_units']}", file=sys.stderr)
    sys.exit(code)


def run(wave: str, home: Path, alone: bool) -> int:
    """`monitor run` of a wave, in this process or with its second one; the exit code. What it prints goes to stderr."""
    sys.argv[1:] = ["run", "--wave", wave, "--home", str(home)]
    with redirect_stdout(sys.stderr):
        try:
            if not alone:
                cli.begin()
            return cli.main()
        finally:
            beside.end()


if __name__ == "__main__":
    main()
