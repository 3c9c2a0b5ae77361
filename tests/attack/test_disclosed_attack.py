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

from monitor.precision import step
from monitor.stages import disclosed, released
from monitor.storage.lake import Lake, connect
from monitor.survey import Survey

pytestmark = pytest.mark.slow

Cell = tuple[str, ...]
ORIENTATION = ("orientation_profit", "orientation_balanced", "orientation_social")
SHARES = ("participation", "top_innovators", "innovators", *ORIENTATION)
STATES = {f"primary_{role}" for role in ("neither", "a_only", "b_only", "both")}
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
    with publication.without_pages():
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

    def interval(self, cell: Cell, less: Cell | None = None) -> tuple[float, float]:
        """What a cell can be at least and at most; or a cell less another."""
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
            if less is not None:
                aim[self.place[less]] = -sign
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
        if x["held"]:
            continue  # the figure of an earlier release again
        if name in STATES:
            continue  # of the firms of one state, about which nothing else here speaks
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


# --- subtracting one release from another --------------------------------------------------------------------------

CORRECTED, LATE = 4, {"services": 15, "trade": 3}


def corrected(wave: str, seed: int = 3, flipped: int = CORRECTED) -> pd.DataFrame:
    """The first wave with a few firms that turned out to take part, the second with firms that answered late."""
    table = _original(wave, seed)
    if wave == WAVES[0]:
        idle = table.index[(table["initiatives"].map(len) == 0) & (table["sector"] == "industry")][:flipped]
        table.loc[idle, "initiatives"] = pd.Series([["north"]] * len(idle), index=idle)
        return table
    late = pd.concat([table[table["sector"] == sector].head(count) for sector, count in LATE.items()])
    return pd.concat([table, late.assign(firm=[f"l{i:03d}" for i in range(len(late))])], ignore_index=True)


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[int, dict[str, pd.DataFrame]], Path]:
    """The public tables with counts of three releases: as first published, a few firms changed, enough changed."""
    folder = tmp_path_factory.mktemp("revised")
    survey = publication.survey(folder / "survey")
    home = folder / "home"
    try:
        for made in (_original, corrected, lambda wave, seed=3: corrected(wave, seed, flipped=12)):
            publication.firms = made  # type: ignore[assignment]
            _publish(publication.lake(home, survey), survey)
    finally:
        publication.firms = _original
    found: dict[int, dict[str, pd.DataFrame]] = {}
    for number, release in enumerate(sorted((home / "releases" / publication.NAME).glob("r*")), start=1):
        with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
            names = ("indicators", "changes", "models", "initiatives", "quality")
            found[number] = {name: connection.execute(f"SELECT * FROM {name}").df() for name in names}
    return found, home


KEY = ["wave", "indicator", "domain_variable", "domain"]


def test_no_difference_of_two_releases_is_about_a_few_firms(
    revised: tuple[dict[int, dict[str, pd.DataFrame]], Path],
) -> None:
    """Whatever count one takes of the first release from that of the second: nothing, or at least ten firms."""
    first, second = revised[0][1], revised[0][2]
    both = first["indicators"].merge(second["indicators"], on=KEY, suffixes=("", "_now"))
    both = both[~both["suppressed"] & ~both["suppressed_now"]]
    assert both["held_now"].any()
    for column in ("n", "unweighted"):
        both[f"{column}_firms"] = both[column] * (both["n"] if column == "unweighted" else 1)
        both[f"{column}_firms_now"] = both[f"{column}_now"] * (both["n_now"] if column == "unweighted" else 1)
    shares = both[both["indicator"].isin(SHARES)]
    for column, table in (("n", both), ("unweighted", shares)):
        moved = (table[f"{column}_firms_now"] - table[f"{column}_firms"]).abs().round(6)
        came = (table["n_now"] - table["n"]).abs()
        assert ((moved == 0) | (np.maximum(moved, came) >= 10)).all(), table.loc[(moved > 0) & (moved < 10), KEY]
    for name, key, columns in (
        ("models", ["wave", "model", "variant"], ["n", "events"]),
        ("initiatives", ["wave", "initiative"], ["firms"]),
        ("quality", ["wave", "indicator", "concept"], ["value"]),
    ):
        table = first[name].merge(second[name], on=key, suffixes=("", "_now"))
        table = table[table["indicator"] == "participants"] if name == "quality" else table
        for column in columns:
            moved = (table[f"{column}_now"] - table[column]).abs().dropna()
            assert ((moved == 0) | (moved >= 10)).all(), (name, column)


def test_the_same_lines_are_withheld_where_firms_of_another_sector_changed(
    revised: tuple[dict[int, dict[str, pd.DataFrame]], Path],
) -> None:
    """Twelve firms of industry answered otherwise, and the wave moved."""
    withheld = {}
    for number in (1, 3):
        table = revised[0][number]["indicators"]
        table = table[(table["wave"] == WAVES[0]) & (table["domain"] != "industry")]
        assert bool(table["held"].all()) is False
        withheld[number] = set(table.loc[table["suppressed"], KEY].itertuples(index=False, name=None))
    assert withheld[1] == withheld[3]
    assert withheld[1]


def test_a_held_line_is_the_line_of_the_last_release(revised: tuple[dict[int, dict[str, pd.DataFrame]], Path]) -> None:
    first, second = revised[0][1]["indicators"], revised[0][2]["indicators"]
    held = second[second["held"]].merge(first, on=KEY, suffixes=("", "_then"))
    for column in ("estimate", "se", "ci_low", "ci_high", "unweighted", "n"):
        assert (held[column] == held[f"{column}_then"]).all(), column
    named = set(held[KEY].itertuples(index=False, name=None))
    assert ("2017", "participation", "all", "all") in named
    assert {name for w, name, *domain in named if w == "2018" and domain == ["sector", "services"]} >= {
        "participation",
        "innovators",
    }, "it would give away the three firms more in trade"
    assert ("2018", "participation", "all", "all") not in named, "eighteen firms more: that may be told"
    shown = second[(second["wave"] == "2017") & ~second["suppressed"]]
    assert shown["held"].all(), "which lines somebody changed in would tell where"


@pytest.mark.parametrize("wave", WAVES)
def test_what_a_few_firms_changed_cannot_be_worked_out(
    revised: tuple[dict[int, dict[str, pd.DataFrame]], Path], tmp_path: Path, wave: str
) -> None:
    """The linear attack on both releases, and what it sees where nothing is held."""
    tables = revised[0]
    truth = {1: _original(wave), 2: corrected(wave)}
    cells = [("all", "all"), *((v, d) for v in publication.DOMAINS for d in sorted(set(truth[1][v])))]
    same: dict[int, dict[tuple[str, str, str], str]] = {1: {}, 2: {}}
    for owner in ("all", "innovators", *SHARES):
        for variable, domain in cells:
            unchanged = not _differing(truth, owner, variable, domain)
            for number in (1, 2):
                same[number][owner, variable, domain] = "any" if unchanged else str(number)
    cell = (
        ("events", "participation", wave, "sector", "industry")
        if wave == WAVES[0]
        else ("firms", "all", wave, "sector", "trade")
    )
    change = (("2", *cell), ("1", *cell))
    moved = CORRECTED if wave == WAVES[0] else LATE["trade"]
    attack = Attack()
    for number in (1, 2):
        counts(attack, tables[number]["indicators"], wave, same[number])
    low, high = attack.interval(*change)
    assert low <= moved <= high
    assert high - low >= 10
    try:
        publication.firms = corrected  # type: ignore[assignment]
        lake = publication.lake(tmp_path / "home", publication.survey(tmp_path / "survey"))
    finally:
        publication.firms = _original
    estimated = lake.read("estimated_indicators", wave).set_index(KEY)
    fresh = tables[2]["indicators"].set_index(KEY)
    for column in ("n", "unweighted"):
        fresh.loc[fresh["held"], column] = estimated[column].reindex(fresh.index[fresh["held"]])
    fresh = fresh.assign(held=False).reset_index()
    open_attack = Attack()
    counts(open_attack, tables[1]["indicators"], wave, same[1])
    counts(open_attack, fresh, wave, same[2])
    low, high = open_attack.interval(*change)
    assert low == pytest.approx(high) == pytest.approx(moved), "where nothing is held, the change gives itself away"


def _differing(truth: dict[int, pd.DataFrame], owner: str, variable: str, domain: str) -> bool:
    """Whether the firms of a cell, or their answers in it, differ between the two releases."""

    def inside(table: pd.DataFrame) -> set[tuple[str, object]]:
        chosen = table if variable == "all" else table[table[variable] == domain]
        value = publication.derived(chosen)["cooperates"] if owner == "participation" else chosen["product_innovation"]
        return set(zip(chosen["firm"], value if owner in ("participation", "innovators") else [0] * len(chosen),
                       strict=True))  # fmt: skip

    return inside(truth[1]) != inside(truth[2])


def test_a_change_between_waves_is_that_of_the_printed_figures(
    revised: tuple[dict[int, dict[str, pd.DataFrame]], Path],
) -> None:
    tables = revised[0][2]
    shown = tables["indicators"][~tables["indicators"]["suppressed"]].set_index(KEY)[["estimate", "se"]]
    for x in tables["changes"][~tables["changes"]["suppressed"]].to_dict("records"):
        keys = [(x[w], x["indicator"], x["domain_variable"], x["domain"]) for w in ("wave_from", "wave_to")]
        ends = [shown.loc[key, "estimate"] for key in keys]
        # Printed numbers, each within half a step of the last digit its error has.
        own = step(x["change"], x["se"])
        near = (own + sum(step(*shown.loc[key]) for key in keys)) / 2 + 1e-9
        assert x["change"] == pytest.approx(ends[1] - ends[0], abs=near)
        assert x["ci_high"] - x["change"] == pytest.approx(x["change"] - x["ci_low"], abs=2 * own + 1e-9)


def test_enough_firms_changed_and_the_figure_is_revised(
    revised: tuple[dict[int, dict[str, pd.DataFrame]], Path],
) -> None:
    tables = revised[0]
    for number, held in ((2, True), (3, False)):
        table = tables[number]["indicators"].set_index(KEY)
        line = table.loc[("2017", "participation", "all", "all")]
        assert bool(line["held"]) is held
    first = tables[1]["indicators"].set_index(KEY).loc[("2017", "participation", "all", "all")]
    third = tables[3]["indicators"].set_index(KEY).loc[("2017", "participation", "all", "all")]
    assert round(third["unweighted"] * third["n"]) - round(first["unweighted"] * first["n"]) == 12
