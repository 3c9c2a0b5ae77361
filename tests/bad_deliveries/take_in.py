"""Take every delivery of the catalogue in, each into a home of its own, and print what became of it as JSON.

Run as a process of its own, so that its peak memory and its time are the deliveries'. Does not belong here: judging.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "worlds"))

import small_survey
from bad_deliveries.catalogue import CASES, DELIVERIES, write

from monitor.problems import MonitorError
from monitor.stages import raw, staged
from monitor.storage.lake import Lake
from monitor.survey import Survey

QUESTIONS = (
    "  firm: {column: id}\n  amount: {column: bedrag}\n  colour: {column: kleur, codes: {R: red, B: blue}}\n"
    "  answered_on: {column: datum}\n  remark: {column: tekst}\n"
)


def take_in(name: str, folder: Path, survey: Survey) -> dict[str, object]:
    """One delivery: usable with its counts, unusable with what was said, or (which must not be) a traceback."""
    home = folder / name
    write(name, home / "inbox" / survey.name / "2020")
    lake, wave = Lake(home, survey.name), survey.waves["2020"]
    start = time.perf_counter()
    try:
        raw.run(lake, survey, wave)
        staged.run(lake, survey, wave)
    except MonitorError as error:
        first = error.problems[0]
        found: dict[str, object] = {"outcome": "unusable", "says": str(error), "line": first.line}
    except Exception:
        found = {"outcome": "traceback", "says": traceback.format_exc()}
    else:
        missing = lake.read("staged_missing", "2020")
        invalid = missing[missing["kind"] == "invalid"]
        found = {
            "outcome": "usable",
            "responses": len(lake.read("staged_answers", "2020")),
            "invalid": ", ".join(invalid["concept"].sort_values()),
            "says": "",
        }
    return found | {"seconds": time.perf_counter() - start}


def main() -> None:
    """Every case, then the peak memory of the whole."""
    outcomes: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        surveys = {
            declared: small_survey.survey(Path(folder) / "definitions" / declared, QUESTIONS, delivery)
            for declared, delivery in DELIVERIES.items()
        }
        for name, (declared, _) in CASES.items():
            outcomes[name] = take_in(name, Path(folder), surveys[declared])
    # Of this program alone: what getrusage tells includes the process that started it.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    outcomes["peak_gb"] = int(peak) / 1e6
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
