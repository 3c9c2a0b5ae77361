"""Processor seconds of the models of all waves together, in one process.

    python benchmarks/pooled.py HOME

Takes the demonstration's waves in HOME as they lie in its lake, computes what is told of them together, and prints the
processor seconds with the seconds by the clock of each part. HOME is only read. Of another commit: the same file run in
a checkout of it, with a home that commit has made.

Belongs here: that one stage. Does not belong here: whole runs (`waves`).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from monitor.stages import modelled
from monitor.storage.lake import Lake
from monitor.survey import load_survey
from monitor.surveys import BUNDLED


def main() -> int:
    """Run the stage on a copy of the home's lake."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("home", type=Path)
    home = parser.parse_args().home
    survey = load_survey(BUNDLED)
    with tempfile.TemporaryDirectory() as place:
        # Without what earlier runs kept: all of it is worked out here.
        shutil.copytree(home / "lake", Path(place) / "lake", ignore=shutil.ignore_patterns("kept"))
        began = time.process_time()
        told = modelled.run_all(Lake(Path(place), survey.name), survey, list(survey.waves))
        used = time.process_time() - began
    parts = told["seconds"]
    for part, seconds in parts.items() if isinstance(parts, dict) else ():
        print(f"{part:24}{seconds:8.1f}")
    print(f"{used:.1f} processor seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
