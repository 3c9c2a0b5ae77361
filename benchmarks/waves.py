"""How long each stage of a run takes in a survey of four waves, those over all waves together among them.

    python benchmarks/waves.py                 the demonstration's three waves, and a fourth
    python benchmarks/waves.py --waves 6       any other number of them

The waves after the third are made up as the third is: its questionnaire, asked of another population drawn in the same
way. Runs `monitor run` in an empty home and prints the seconds by the clock of every stage, as the run itself tells
them, with the whole command's beside its processor seconds.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from monitor.surveys import BUNDLED
from monitor.synthetic import deliveries, population
from monitor.synthetic.exports import margins
from monitor.synthetic.firms import SEED, WAVES

LAST = WAVES[-1]
STAGE = re.compile(r"^(?P<wave>\S+) (?P<stage>\w+) (?P<seconds>\d+\.\d) s$", re.MULTILINE)


def survey(folder: Path, inbox: Path, waves: int) -> None:
    """The demonstration survey with so many waves in `folder`, and their deliveries in `inbox`."""
    shutil.copytree(BUNDLED, folder)
    deliveries(inbox)
    for more in range(1, waves - len(WAVES) + 1):
        wave, seed = str(int(LAST) + more), SEED + more
        words = (folder / "waves" / f"{LAST}.yaml").read_text(encoding="utf-8")
        words = re.sub(rf'(?m)^(wave: "|  file: \w+_){LAST}', rf"\g<1>{wave}", words)
        words = re.sub(r"(?m)^reference_year: \d+", f"reference_year: {int(wave) - 1}", words)
        (folder / "waves" / f"{wave}.yaml").write_text(words, encoding="utf-8")
        (folder / "margins" / f"{wave}.csv").write_text(margins(population(seed), LAST), encoding="utf-8")
        with tempfile.TemporaryDirectory() as aside:
            (inbox / wave).mkdir()
            for file in deliveries(Path(aside), seed)[LAST]:
                shutil.copyfile(file, inbox / wave / file.name.replace(LAST, wave))


def main() -> int:
    """The table of stages and waves."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--waves", type=int, default=4, help="how many waves, three or more (default: 4)")
    waves = max(arguments.parse_args().waves, len(WAVES))
    with tempfile.TemporaryDirectory() as place:
        home, folder = Path(place) / "home", Path(place) / "survey"
        survey(folder, home / "inbox" / BUNDLED.name, waves)
        command = [sys.executable, "-m", "monitor", "run", "--survey", str(folder), "--home", str(home)]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        clock, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    told = [found.groups() for found in STAGE.finditer(done.stderr)]
    spans = list(dict.fromkeys(wave for wave, _, _ in told))
    print(" ".join(["stage".ljust(12), *(span.rjust(8) for span in spans)]))
    for stage in dict.fromkeys(stage for _, stage, _ in told):
        seconds = {wave: float(second) for wave, name, second in told if name == stage}
        print(" ".join([stage.ljust(12), *(f"{seconds[s]:8.1f}" if s in seconds else " " * 8 for s in spans)]))
    print(f"whole: {clock:.1f} s by the clock, {used.ru_utime + used.ru_stime:.1f} processor seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
