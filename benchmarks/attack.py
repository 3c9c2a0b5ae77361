"""What somebody who kept ten releases of the demonstration could work out, while answers change and firms come and go.

    python benchmarks/attack.py monitor-home                after `make run`; writes benchmarks/attack.csv
    python benchmarks/attack.py monitor-home --releases 4   a shorter sequence, printed only

Twelve firms of every wave answer late: they are not in the first release. Before each of the others one wave after the
other changes: one to twelve answers, and in turn up to three of the late firms join or up to three firms leave, drawn
with a seed. Filling in, weighting and estimating are done anew; models are left out. After each release all that are
there are attacked together; and every number of firms that the public files determine is held against the firms
themselves: where it moved since an earlier release, fewer than three firms' answers moved it in `single`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.attack import attack
from monitor.attack.bounds import bounds
from monitor.attack.knowledge import Equations, equations, read
from monitor.publication import report
from monitor.stages import derived, disclosed, estimated, imputed, released, weighted
from monitor.stages.disclosed.changed import answered
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED

SEED, LATE, MOST_ANSWERS, MOST_FIRMS = 20, 12, 12, 3
CHANGED = ("product_innovation", "process_innovation", "in_house_rd", "contracted_out_rd", "orientation", "initiatives")
COLUMNS = ("releases", "waves_moved", "withheld", "amounts", "equations", "unknowns", "narrowest", "told", "single")
Cell = tuple[str, str, str, str, str]
"""(wave, kind of number, indicator, domain variable, domain)"""


class Fieldwork:
    """The waves' answers as they stand, in a lake of their own."""

    def __init__(self, lake: Lake, survey: Survey, waves: list[str]) -> None:
        self.lake, self.survey, self.waves = lake, survey, waves
        self.rng = np.random.default_rng(SEED)
        self.late = {wave: [str(f) for f in self.rng.choice(self.kept(wave), LATE, replace=False)] for wave in waves}
        for wave in waves:
            self.set_status(wave, self.late[wave], "not_usable")
            self.remake(wave)

    def kept(self, wave: str) -> list[str]:
        """The firms that count, in a fixed order."""
        table = self.lake.read("validated_responses", wave)
        return sorted(table.loc[table["status"] == "kept", "firm"].astype(str))

    def set_status(self, wave: str, firms: list[str], status: str) -> None:
        """Let firms join or leave."""
        table = self.lake.read("validated_responses", wave)
        self.lake.write("validated_responses", wave, table.assign(
            status=table["status"].where(~table["firm"].isin(firms), status)
        ))  # fmt: skip

    def change(self, turn: int) -> None:
        """What comes before a release: one wave's answers, and who is in it."""
        wave = self.waves[turn % len(self.waves)]
        table = self.lake.read("staged_answers", wave)
        firms = self.rng.choice(self.kept(wave), int(self.rng.integers(1, MOST_ANSWERS + 1)), replace=False)
        for firm in firms:
            place = int(np.flatnonzero(table["firm"] == firm)[0])
            column = str(self.rng.choice([name for name in CHANGED if name in table and table[name].notna().any()]))
            others = table.loc[table["firm"].isin(self.kept(wave)), column].dropna()
            values = list(table[column])
            values[place] = others.iloc[int(self.rng.integers(len(others)))]
            table[column] = pd.Series(values, index=table.index, dtype=table[column].dtype)
        self.lake.write("staged_answers", wave, table)
        some = int(self.rng.integers(1, MOST_FIRMS + 1))
        if turn % 2 and self.late[wave]:
            self.set_status(wave, self.late[wave][:some], "kept")
            self.late[wave] = self.late[wave][some:]
        else:
            self.set_status(wave, [str(f) for f in self.rng.choice(self.kept(wave), some, replace=False)], "not_usable")
        self.remake(wave)

    def remake(self, wave: str) -> None:
        """From a wave's answers to its estimates."""
        for stage in (imputed, derived, weighted, estimated):
            stage.run(self.lake, self.survey, self.survey.waves[wave])

    def firms(self) -> dict[str, WaveFirms]:
        """Who is in every wave, and with what answers."""
        found = {wave: WaveFirms.read(self.lake, self.survey, wave) for wave in self.waves}
        return {wave: firms for wave, firms in found.items() if firms is not None}


def determined(told: Equations) -> dict[str, dict[Cell, float]]:
    """Release -> the numbers of firms that all public files determine, of the figures that it showed first."""
    ends = bounds(told, sorted(u for u in told.unknowns if u[1] in ("firms", "events", "others")))
    found: dict[str, dict[Cell, float]] = {}
    for (version, kind, name, variable, domain), (low, high) in ends.items():
        if high - low < 0.5:
            wave, _, release = version.partition("@")
            found.setdefault(release, {})[wave, kind, name, variable, domain] = round(low)
    return found


def inside(firms: WaveFirms, survey: Survey, cell: Cell) -> dict[str, str]:
    """The firms of a line, with what each answered."""
    _, _, name, variable, domain = cell
    values = answered(firms.observed, survey.indicators[name]).dropna()
    if variable != "all":
        codes = firms.domains[variable].set_index("firm")["domain"].reindex(values.index)
        values = values[codes == domain]
    return dict(values)


def number(answers: dict[str, str], kind: str) -> int:
    """A line's number of firms, of those with the property, or of the others."""
    yes = sum(value == "1" for value in answers.values())
    return {"firms": len(answers), "events": yes}.get(kind, len(answers) - yes)


def single(folders: list[Path], truth: list[dict[str, WaveFirms]], survey: Survey, told: Equations) -> int:
    """How many determined numbers moved, between two releases, by the answers of fewer than three firms."""
    known, order = determined(told), [folder.name for folder in folders]
    held = {}
    for folder in folders:
        lines = read(folder, "indicators")
        rows = lines.loc[lines["held"], ["wave", "indicator", "domain_variable", "domain"]]
        held[folder.name] = set(rows.itertuples(index=False, name=None))
    count = 0
    for i, j in combinations(sorted(map(order.index, known)), 2):
        one, other = known[order[i]], known[order[j]]
        for cell in one.keys() & other.keys():
            line = (cell[0], *cell[2:])
            if one[cell] == other[cell] or line in held[order[i]] | held[order[j]]:
                continue
            before, after = (inside(truth[k][cell[0]], survey, cell) for k in (i, j))
            true = (number(before, cell[1]), number(after, cell[1])) == (one[cell], other[cell])
            count += true and len({firm for firm, _ in before.items() ^ after.items()}) < 3
    return count


def sequence(home: Path, releases: int) -> pd.DataFrame:
    """The attack after each release, one row each."""
    survey = load_survey(BUNDLED)
    waves = list(survey.waves)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        shutil.copytree(home / "lake" / survey.name, copy / "lake" / survey.name)
        for table in (copy / "lake" / survey.name).glob("modelled_*"):
            shutil.rmtree(table)
        fieldwork = Fieldwork(Lake(copy, survey.name), survey, waves)
        folders: list[Path] = []
        truth: list[dict[str, WaveFirms]] = []
        rows = []
        report.build = lambda *_: None  # type: ignore[assignment]  # pages and PDFs print what the tables hold
        for turn in range(releases):
            if turn:
                fieldwork.change(turn)
            estimated.run_all(fieldwork.lake, survey, waves)
            disclosed.run_all(fieldwork.lake, survey, waves)
            folders.append(Path(str(released.run_all(fieldwork.lake, survey, waves)["path"])))
            truth.append(fieldwork.firms())
            found, told = attack(folders), equations(folders)
            moved = len(set(told.versions.values()))
            rows.append((turn + 1, moved, found.cells, found.amounts, found.equations, found.unknowns,
                         found.narrowest, len(found.findings), single(folders, truth, survey, told)))  # fmt: skip
            print(dict(zip(COLUMNS, rows[-1], strict=True)), flush=True)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main() -> int:
    """The table of releases; fails where anything is told."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("home", type=Path, help="home in which the demonstration was run")
    arguments.add_argument("--releases", type=int, default=10, help="how many (default: 10, which writes the table)")
    given = arguments.parse_args()
    table = sequence(given.home, given.releases)
    if given.releases == arguments.get_default("releases"):
        table.to_csv(Path(__file__).with_suffix(".csv"), index=False, float_format="%.6g")
    return int(table[["told", "single"]].to_numpy().sum() > 0)


if __name__ == "__main__":
    sys.exit(main())
