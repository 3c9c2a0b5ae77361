"""An attacker with everything in the public folders of two releases, and nothing else from the product.

It writes down what anyone can: counts over domains add up to the count of all, answers to one question add up to
those asked, a share times its firms is a count, a change plus one end is the other. Then it asks, for every cell that
is withheld, how far the truth could be – by linear programming, with its own code. Cells whose truth did not change
between the releases it even knows to be the same: more than a real attacker knows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest
from scipy.optimize import linprog

from monitor import disclosed, released
from monitor.lake import Lake, connect
from monitor.survey import Survey

Cell = tuple[str, ...]
ORIENTATION = ("orientation_profit", "orientation_balanced", "orientation_social")
SHARES = ("participation", "top_innovators", "innovators", *ORIENTATION)
WAVES = list(publication.WAVES)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Survey, dict[int, dict[str, pd.DataFrame]]]:
    """Two releases of one home: in the second, five firms turned out to belong to another sector."""
    folder = tmp_path_factory.mktemp("attack")
    survey = publication.survey(folder / "survey")
    truth: dict[int, dict[str, pd.DataFrame]] = {}
    home = folder / "home"
    lake = publication.lake(home, survey)
    truth[1] = {w: publication.firms(w) for w in WAVES}
    _publish(lake, survey)
    original = publication.firms
    try:
        publication.firms = moved  # type: ignore[assignment]
        lake = publication.lake(home, survey)
        truth[2] = {w: moved(w) for w in WAVES}
    finally:
        publication.firms = original  # type: ignore[assignment]
    _publish(lake, survey)
    return home / "releases" / publication.NAME, survey, truth


def moved(wave: str, seed: int = 3) -> pd.DataFrame:
    table = _original(wave, seed)
    services = table.index[table["sector"] == "services"][:5]
    table.loc[services, "sector"] = "industry"
    return table


_original = publication.firms


def _publish(lake: Lake, survey: Survey) -> None:
    disclosed.run_all(lake, survey, WAVES)
    assert released.run_all(lake, survey, WAVES)["new"]


def published(folder: Path) -> dict[int, pd.DataFrame]:
    """The `indicators` of each release, oldest first."""
    found = {}
    for number, release in enumerate(sorted(folder.glob("r*")), start=1):
        with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
            found[number] = connection.execute("SELECT * FROM indicators").df()
    return found


class Attack:
    """Unknown counts, the equations between them, and what is known."""

    def __init__(self) -> None:
        self.place: dict[Cell, int] = {}
        self.equations: list[tuple[dict[Cell, float], float]] = []
        self.most: dict[Cell, float] = {}

    def equal(self, terms: dict[Cell, float], right: float) -> None:
        for cell in terms:
            self.place.setdefault(cell, len(self.place))
        self.equations.append((terms, right))

    def interval(self, cell: Cell) -> tuple[float, float]:
        matrix = np.zeros((len(self.equations), len(self.place)))
        right = np.array([value for _, value in self.equations])
        for i, (terms, _) in enumerate(self.equations):
            for name, factor in terms.items():
                matrix[i, self.place[name]] += factor
        bounds = [(0.0, self.most.get(name)) for name in self.place]
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(self.place))
            aim[self.place[cell]] = sign
            answer = linprog(aim, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
            assert answer.status in (0, 3), answer.message
            ends.append(sign * answer.fun if answer.status == 0 else np.inf)
        return ends[0], ends[1]


def counts(attack: Attack, table: pd.DataFrame, wave: str, same: dict[tuple[str, str, str], str]) -> None:
    """Everything one release tells about firms and answers of a wave. `same`: which release a cell's name carries."""

    def cell(kind: str, owner: str, variable: str, domain: str) -> Cell:
        return (same[owner, variable, domain], kind, owner, wave, variable, domain)

    rows = table[table["wave"] == wave]
    for x in rows.to_dict("records"):
        name, variable, domain = x["indicator"], x["domain_variable"], x["domain"]
        base = "innovators" if name == "mean_share_new" else "all"
        firms = cell("firms", base, variable, domain)
        if base == "innovators":
            firms = cell("events", "innovators", variable, domain)
        attack.place.setdefault(firms, len(attack.place))
        if not x["suppressed"]:
            attack.equal({firms: 1.0}, float(x["n"]))
        if name in SHARES:
            events = cell("events", name, variable, domain)
            attack.place.setdefault(events, len(attack.place))
            if not x["suppressed"]:
                attack.equal({events: 1.0}, float(np.rint(x["unweighted"] * x["n"])))
    for variable in publication.DOMAINS:
        domains = sorted(set(rows.loc[rows["domain_variable"] == variable, "domain"]))
        for kind, owner in [("firms", "all"), *(("events", name) for name in SHARES)]:
            terms = {cell(kind, owner, variable, d): 1.0 for d in domains}
            attack.equal(terms | {cell(kind, owner, "all", "all"): -1.0}, 0.0)
        for d in domains:
            parts = {cell("events", name, variable, d): 1.0 for name in ORIENTATION}
            attack.equal(parts | {cell("firms", "all", variable, d): -1.0}, 0.0)


@pytest.mark.parametrize("wave", WAVES)
def test_no_withheld_count_can_be_worked_out(
    releases: tuple[Path, Survey, dict[int, dict[str, pd.DataFrame]]], wave: str
) -> None:
    folder, _, truth = releases
    tables = published(folder)
    assert len(tables) == 2
    attack = Attack()
    for number in (1, 2):
        firms = truth[number][wave]
        before = truth[1][wave]
        same = {}
        for owner in ("all", "innovators", *SHARES):
            same[owner, "all", "all"] = "any"
            for variable in publication.DOMAINS:
                for d in sorted(set(firms[variable])):
                    unchanged = set(firms.loc[firms[variable] == d, "firm"]) == set(
                        before.loc[before[variable] == d, "firm"]
                    )
                    same[owner, variable, d] = "any" if unchanged else str(number)
        counts(attack, tables[number], wave, same)
    rare = truth[2][wave]["sector"] == publication.RARE
    low, high = attack.interval(("any", "firms", "all", wave, "sector", publication.RARE))
    assert low <= rare.sum() <= high
    assert high - low >= 10, f"{publication.RARE}: between {low} and {high} firms"
    for name in SHARES:
        low, high = attack.interval(("any", "events", name, wave, "sector", publication.RARE))
        assert high - low >= 3 * (1 - 1e-6), f"{name} in {publication.RARE}: between {low} and {high}"


def test_the_attack_finds_a_cell_that_is_only_withheld_itself(
    releases: tuple[Path, Survey, dict[int, dict[str, pd.DataFrame]]],
) -> None:
    """The same attack on primary suppression alone pins the cell: it can see."""
    folder, _, truth = releases
    table = published(folder)[1]
    lake_rows = _everything(releases)
    only_primary = table.copy()
    reopened = (table["domain"] != publication.RARE) & table["suppressed"]
    for column in ("n", "unweighted", "estimate"):
        only_primary[column] = only_primary[column].where(~reopened, lake_rows[column])
    only_primary["suppressed"] = table["suppressed"] & ~reopened
    attack = Attack()
    keys = [("all", "all"), *((v, d) for v in publication.DOMAINS for d in sorted(set(truth[1]["2017"][v])))]
    counts(attack, only_primary, "2017", {(o, v, d): "any" for o in ("all", "innovators", *SHARES) for v, d in keys})
    low, high = attack.interval(("any", "firms", "all", "2017", "sector", publication.RARE))
    assert low == pytest.approx(high) == pytest.approx((truth[1]["2017"]["sector"] == publication.RARE).sum())


def _everything(releases: tuple[Path, Survey, dict[int, dict[str, pd.DataFrame]]]) -> pd.DataFrame:
    folder, survey, _ = releases
    lake = publication.lake(folder.parent.parent.parent / "open", survey)
    table = pd.concat([lake.read("estimated_indicators", w) for w in WAVES], ignore_index=True)
    key = ["survey", "wave", "indicator", "domain_variable", "domain"]
    return table.sort_values(key, ignore_index=True)


@pytest.mark.parametrize("wave", WAVES)
def test_no_withheld_amount_can_be_worked_out(
    releases: tuple[Path, Survey, dict[int, dict[str, pd.DataFrame]]], wave: str
) -> None:
    """Turnover by size band: the largest firm's weighted turnover stays uncertain by more than ten per cent."""
    folder, _, truth = releases
    table = published(folder)[2]
    rows = table[(table["wave"] == wave) & (table["indicator"] == "turnover")]
    firms = truth[2][wave]
    amounts = firms["weight"] * firms["turnover_eur"]
    whole = float(rows.loc[rows["domain"] == "all", "estimate"].iloc[0])
    for variable in publication.DOMAINS:
        attack = Attack()
        inside = rows[rows["domain_variable"] == variable]
        attack.equal({(d,): 1.0 for d in inside["domain"]}, whole)
        for x in inside[~inside["suppressed"]].to_dict("records"):
            attack.equal({(x["domain"],): 1.0}, float(x["estimate"]))
        for d in inside.loc[inside["suppressed"], "domain"]:
            largest = float(amounts[firms[variable] == d].max())
            low, high = attack.interval((d,))
            assert high - low > 0.2 * largest, f"{variable} {d}"
