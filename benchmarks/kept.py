"""What a run costs where little changed since the last one, beside all of it made afresh.

    python benchmarks/kept.py              the demonstration's three waves
    python benchmarks/kept.py --write      the same, into benchmarks/kept.csv

One after the other in one home: a first run; the same again; a changed label; a changed measure; one changed answer in
the newest wave. Beside each a copy of the home is run with `--afresh`, and must come to the same release. Prints
seconds by the clock and of the processors, the share of the clock's seconds in those of the run afresh, and the stages
that were made.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from monitor.surveys import BUNDLED
from monitor.synthetic import deliveries

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = (
    "changed", "clock", "processors", "clock_afresh", "processors_afresh", "share_of_clock", "stages_made", "content",
)  # fmt: skip
MADE = re.compile(r"^(\S+) (\w+) \d+\.\d s$", re.MULTILINE)


def label(survey: Path, _: Path) -> None:
    """The label of the outcome that models explain."""
    _replace(
        survey / "survey.yaml", "label: {nl: Topinnovator, en: Top innovator}", "label: {nl: Koploper, en: Leader}"
    )


def measure(survey: Path, _: Path) -> None:
    """A measure that an indicator rests on and no model."""
    amount = "sql: turnover_eur * turnover_share_new_to_market / 100"
    _replace(survey / "survey.yaml", amount, f"{amount} + 1")


def answer(_: Path, inbox: Path) -> None:
    """A yes of one firm of the newest wave that became a no."""
    import pyreadstat

    path = inbox / "2019" / "innovatiemonitor_2019.sav"
    frame, about = pyreadstat.read_sav(path, user_missing=True)
    frame.loc[frame.index[frame["v4"] == 1][0], "v4"] = 2
    pyreadstat.write_sav(
        frame, path, file_label=about.file_label, column_labels=about.column_labels,
        variable_value_labels=about.variable_value_labels, missing_ranges=about.missing_ranges,
    )  # fmt: skip


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{path.name} has not one {old!r}")
    path.write_text(text.replace(old, new), encoding="utf-8")


CHANGES: dict[str, Callable[[Path, Path], None]] = {
    "nothing": lambda _, __: None,
    "a label": label,
    "a measure": measure,
    "an answer": answer,
}


def run(survey: Path, home: Path, *options: str) -> tuple[float, float, int, str]:
    """Seconds by the clock and of the processors, stages that were made, and the release's content hash."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--survey", str(survey), "--home", str(home), "--json", *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    manifest = json.loads((Path(json.loads(done.stdout)["release"]) / "manifest.json").read_text(encoding="utf-8"))
    return clock, used, len(MADE.findall(done.stderr)), str(manifest["content_hash"])


def main() -> int:
    """The table of changes."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    write = arguments.parse_args().write
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as place:
        home, aside, survey = Path(place) / "home", Path(place) / "aside", Path(place) / "survey"
        shutil.copytree(BUNDLED, survey)
        inbox = home / "inbox" / BUNDLED.name
        deliveries(inbox)
        for changed, change in {"everything": CHANGES["nothing"], **CHANGES}.items():
            change(survey, inbox)
            shutil.rmtree(aside, ignore_errors=True)
            shutil.copytree(home, aside, symlinks=True)
            clock, used, made, content = run(survey, home)
            clock_afresh, used_afresh, _, content_afresh = run(survey, aside, "--afresh")
            told = "equal" if content == content_afresh else "another"
            numbers = [round(x, 1) for x in (clock, used, clock_afresh, used_afresh)]
            share = round(clock / clock_afresh, 3)
            rows.append(dict(zip(COLUMNS, (changed, *numbers, share, made, told), strict=True)))
            print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if write:
        with TABLE.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    return int(any(row["content"] != "equal" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
