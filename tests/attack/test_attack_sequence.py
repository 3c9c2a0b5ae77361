"""Ten releases of one wave while answers change, firms join and leave: what somebody who kept them all can tell.

One to twelve answers change before each release, in turn with firms that join and firms that leave. Whatever the public
files determine – what they print, and what adds up to it – is compared from release to release: where it moved, ten
firms moved it where a line prints it, and three at the least where it can only be worked out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest

from monitor.attack import attack
from monitor.attack.bounds import bounds
from monitor.attack.knowledge import equations, read
from monitor.stages import disclosed, released
from monitor.survey import Survey

pytestmark = pytest.mark.slow

WAVES = publication.WAVES[:1]
RELEASES = 10
LEAST = {"printed": 10, "worked out": 3}
"""Firms whose answers change in a line, at the least, where its number moves"""
MODELLED = ("models", "terms", "contrasts", "claims")
Cell = tuple[str, str, str, str, str]
"""(wave, kind of number, indicator, domain variable, domain)"""


@dataclass(frozen=True)
class Sequence:
    """Releases of one home, oldest first, and the firms each was made from."""

    survey: Survey
    folders: list[Path]
    firms: list[dict[str, pd.DataFrame]]


def changed(table: pd.DataFrame, turn: int, rng: np.random.Generator) -> pd.DataFrame:
    """One to twelve firms answer otherwise; in turn, as many as three join, and as many as three leave."""
    table = table.copy()
    for row in rng.choice(table.index, int(rng.integers(1, 13)), replace=False):
        column = str(rng.choice(["in_house_rd", "product_innovation", "orientation", "initiatives", "sector"]))
        if column in ("in_house_rd", "product_innovation"):
            table.loc[row, column] = not table.loc[row, column]
            if column == "product_innovation":
                table.loc[row, "turnover_share_new_to_market"] = 60.0 * float(table.loc[row, column])
        elif column == "initiatives":
            table.at[row, column] = [] if table.at[row, column] else ["north"]
        else:
            codes = ("profit", "balanced", "social") if column == "orientation" else ("industry", "services")
            table.loc[row, column] = str(rng.choice(codes))
    some = int(rng.integers(1, 4))
    if turn % 3 == 1:
        joined = table.sample(some, random_state=turn).assign(firm=[f"j{turn}-{i}" for i in range(some)])
        table = pd.concat([table, joined], ignore_index=True)
    elif turn % 3 == 2:
        table = table.drop(table.sample(some, random_state=turn).index).reset_index(drop=True)
    return table


@pytest.fixture(scope="module")
def sequence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence]:
    folder = tmp_path_factory.mktemp("sequence")
    survey = publication.survey(folder / "survey")
    rng = np.random.default_rng(20)
    state = {wave: publication.firms(wave) for wave in publication.WAVES}
    firms: list[dict[str, pd.DataFrame]] = []
    folders: list[Path] = []
    with publication.without_pages(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(publication, "firms", lambda wave, seed=3: state[wave])
        for turn in range(RELEASES):
            if turn:
                state = state | {wave: changed(state[wave], turn, rng) for wave in WAVES}
            lake = publication.lake(folder / "home", survey, waves=WAVES)
            for wave in WAVES:
                for name in MODELLED:
                    table = lake.read(f"modelled_{name}", wave)
                    if "estimate" in table:
                        lake.write(f"modelled_{name}", wave, table.assign(estimate=table["estimate"] + turn / 1000))
            disclosed.run_all(lake, survey, WAVES)
            made = released.run_all(lake, survey, WAVES)
            folders.append(Path(str(made["path"])))
            firms.append(state)
        yield Sequence(survey, folders, firms)


def test_no_withheld_number_can_be_worked_out_of_all_of_them(sequence: Sequence) -> None:
    assert len(set(sequence.folders)) == RELEASES
    found = attack(sequence.folders)
    assert found.findings == ()
    assert found.cells > 100
    assert found.narrowest is not None
    assert found.narrowest >= 3


def answered(table: pd.DataFrame, survey: Survey, indicator: str, variable: str, domain: str) -> dict[str, float]:
    """The firms of a line, with what each answered."""
    measures, recipe = publication.derived(table), survey.indicators[indicator]
    inside = measures[f"base_{recipe.base}"].astype(bool).to_numpy()
    if variable != "all":
        inside &= (table[variable] == domain).to_numpy()
    return dict(zip(table.loc[inside, "firm"], measures.loc[inside, recipe.measure].astype(float), strict=True))


def number(answers: dict[str, float], kind: str) -> int:
    """A line's number of firms, of those with the property, or of the others."""
    return {"firms": len(answers), "events": sum(map(bool, answers.values()))}.get(
        kind, sum(not answer for answer in answers.values())
    )


def determined(sequence: Sequence) -> dict[str, dict[Cell, float]]:
    """Release -> the numbers of firms that all public files determine, of the figures that it showed first."""
    told = equations(sequence.folders)
    ends = bounds(told, sorted(u for u in told.unknowns if u[1] in ("firms", "events", "others")))
    found: dict[str, dict[Cell, float]] = {}
    for (version, kind, *line), (low, high) in ends.items():
        if high - low < 0.5:
            wave, _, release = version.partition("@")
            found.setdefault(release, {})[wave, kind, line[0], line[1], line[2]] = round(low)
    return found


def held(release: Path) -> set[tuple[str, str, str, str]]:
    """The lines that show an earlier release's figures."""
    lines = read(release, "indicators")
    rows = lines.loc[lines["held"], ["wave", "indicator", "domain_variable", "domain"]]
    return set(rows.itertuples(index=False, name=None))


def shown(release: Path) -> set[tuple[str, str, str, str]]:
    """The lines that are not withheld."""
    lines = read(release, "indicators")
    rows = lines.loc[~lines["suppressed"], ["wave", "indicator", "domain_variable", "domain"]]
    return set(rows.itertuples(index=False, name=None))


def test_no_number_that_moved_tells_one_firm_s_answer(sequence: Sequence) -> None:
    """A held line is an earlier release's, with which it is compared there; a number that is nobody's, for what it is
    worked out from is partly held, tells nothing."""
    known = determined(sequence)
    order = [folder.name for folder in sequence.folders]
    assert 1 < len(known) < RELEASES, "some releases moved and some stood"
    moved = {"printed": 0, "worked out": 0}
    told = []
    for i, j in combinations(sorted(map(order.index, known)), 2):
        repeated = held(sequence.folders[i]) | held(sequence.folders[j])
        printed = shown(sequence.folders[i]) & shown(sequence.folders[j])
        one, other = known[order[i]], known[order[j]]
        for cell in sorted(one.keys() & other.keys()):
            wave, kind, *line = cell
            if (wave, *line) in repeated:
                continue
            before, after = (answered(sequence.firms[k][wave], sequence.survey, *line) for k in (i, j))
            if one[cell] == other[cell] or (number(before, kind), number(after, kind)) != (one[cell], other[cell]):
                continue
            how = "printed" if (wave, *line) in printed else "worked out"
            moved[how] += 1
            count = len({firm for firm, _ in before.items() ^ after.items()})
            if count < LEAST[how]:
                told.append((i + 1, j + 1, cell, how, count))
    assert moved["printed"] > 5
    assert told == []


def test_models_move_only_where_ten_firms_changed(sequence: Sequence) -> None:
    """Since the release that showed their figures first: a term's figure is the same number in all that repeat it."""
    first: dict[str, tuple[int, float]] = {}
    moved = 0
    for j, folder in enumerate(sequence.folders):
        terms = read(folder, "terms")
        for wave in WAVES:
            rows = terms[(terms["wave"] == wave) & ~terms["suppressed"]]
            estimate = float(rows["estimate"].iloc[0])
            if wave in first and first[wave][1] != estimate:
                before, after = (sequence.firms[k][wave].set_index("firm").astype(str) for k in (first[wave][0], j))
                both = before.index.intersection(after.index)
                columns = ["initiatives", "in_house_rd", "turnover_share_new_to_market", "size_band"]
                different = (before.loc[both, columns] != after.loc[both, columns]).any(axis=1).sum()
                assert different + len(before.index.symmetric_difference(after.index)) >= 10
                moved += 1
            if wave not in first or first[wave][1] != estimate:
                first[wave] = (j, estimate)
    assert moved > 1
