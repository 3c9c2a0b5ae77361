"""Releases as a sequence: what rests on the same answers moves together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import publication
import pytest

from monitor.contract import BY_NAME, TABLES
from monitor.publication import difference
from monitor.stages import disclosed, released
from monitor.stages.disclosed import sequence
from monitor.stages.disclosed.contributions import texts
from monitor.stages.disclosed.history import STANDS
from monitor.storage.lake import Lake, connect
from monitor.survey import Survey

pytestmark = pytest.mark.slow

FIRST, SECOND = publication.WAVES
MODELLED = ("models", "terms", "contrasts", "claims")
MARKS = ("held", "counts_held")
"""Columns that say that a figure is an earlier release's"""


def answered_otherwise(wave: str, count: int, column: str = "in_house_rd") -> pd.DataFrame:
    """The wave's firms, of which the last `count` turned out to have answered otherwise."""
    table = publication.firms(wave)
    rows = table.index[-count:] if count else table.index[:0]
    table.loc[rows, column] = ~table.loc[rows, column]
    return table


def publish(home: Path, survey: Survey, waves: Mapping[str, pd.DataFrame], moved: float) -> dict[str, pd.DataFrame]:
    """A release of these firms, its models moved by a little, and what it shows."""
    made = publication.firms
    try:
        publication.firms = lambda wave, seed=3: waves[wave]  # type: ignore[assignment]
        lake = publication.lake(home, survey)
    finally:
        publication.firms = made  # type: ignore[assignment]
    _move(lake, moved)
    disclosed.run_all(lake, survey, publication.WAVES)
    with publication.without_pages():
        result = released.run_all(lake, survey, publication.WAVES)
    with connect(Path(str(result["path"])) / "public" / "monitor.duckdb", read_only=True) as connection:
        return {t.name: connection.execute(f"SELECT * FROM {t.name}").df() for t in TABLES}


def _move(lake: Lake, by: float) -> None:
    for wave in publication.WAVES:
        for name in MODELLED:
            table = lake.read(f"modelled_{name}", wave)
            if "estimate" in table:
                lake.write(f"modelled_{name}", wave, table.assign(estimate=table["estimate"] + by))


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, pd.DataFrame]]:
    """As first published; one firm's answer changed; two more; twelve in all; and then no other change."""
    folder = tmp_path_factory.mktemp("sequence")
    survey = publication.survey(folder / "survey")
    second = publication.firms(SECOND)
    return {
        number: publish(folder / "home", survey, {FIRST: answered_otherwise(FIRST, count), SECOND: second}, moved)
        for number, (count, moved) in enumerate([(0, 0.0), (1, 0.001), (3, 0.002), (12, 0.003)], start=1)
    }


def stands(tables: Mapping[str, pd.DataFrame], wave: str) -> bool:
    """Whether a release says that a wave's figures are an earlier one's."""
    quality = tables["quality"]
    return bool(quality.loc[(quality["wave"] == wave) & (quality["indicator"] == STANDS), "value"].item())


def of_wave(table: pd.DataFrame, wave: str) -> pd.DataFrame:
    if "wave" not in table:
        return table.iloc[:0]
    rows = table[table["wave"] == wave]
    if "indicator" in rows:
        rows = rows[rows["indicator"] != STANDS]
    return rows.drop(columns=[c for c in MARKS if c in rows]).reset_index(drop=True)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize(
    "name",
    [
        t.name
        for t in TABLES
        if t.name not in ("codebook", "definitions", "population", "domains", "readme", "releases")
    ],
)
def test_nothing_of_a_wave_moves_while_few_firms_changed(
    releases: dict[int, dict[str, pd.DataFrame]], name: str, number: int
) -> None:
    now, then = (of_wave(releases[n][name], FIRST) for n in (number, 1))
    pd.testing.assert_frame_equal(now, then)


@pytest.mark.parametrize("number", [2, 3])
def test_the_wave_says_that_it_stands_and_not_where_somebody_changed(
    releases: dict[int, dict[str, pd.DataFrame]], number: int
) -> None:
    assert stands(releases[number], FIRST)
    assert not stands(releases[number], SECOND)
    for name in ("indicators", "models"):
        rows = releases[number][name]
        shown = rows[(rows["wave"] == FIRST) & ~rows["suppressed"]]
        assert len(shown)
        assert shown["held"].all(), name


def test_a_change_with_an_end_that_stands_is_as_it_was(releases: dict[int, dict[str, pd.DataFrame]]) -> None:
    pd.testing.assert_frame_equal(releases[2]["changes"], releases[1]["changes"])


def test_enough_firms_changed_and_everything_moves(releases: dict[int, dict[str, pd.DataFrame]]) -> None:
    """Twelve since the first release, though nine since the third: that one showed the first's figures."""
    last = releases[4]
    assert not stands(last, FIRST)
    for name in ("terms", "contrasts", "claims"):
        moved = of_wave(last[name], FIRST)["estimate"] - of_wave(releases[1][name], FIRST)["estimate"]
        assert moved.dropna().round(6).eq(0.003).all(), name
    models = last["models"]
    assert not models.loc[models["wave"] == FIRST, "held"].any()


def test_a_new_definition_alone_holds_nothing(tmp_path: Path) -> None:
    """No firm changed: the figures of another definition are shown at once."""
    survey = publication.survey(tmp_path / "survey")
    waves = {wave: publication.firms(wave) for wave in publication.WAVES}
    publish(tmp_path / "home", survey, waves, 0.0)
    tables = publish(tmp_path / "home", survey, waves, 0.25)
    assert not tables["models"]["held"].any()
    assert tables["terms"]["estimate"].dropna().eq(0.75).all()


def test_a_model_stands_where_few_firms_changed_in_what_it_is_made_of(tmp_path: Path) -> None:
    """Twenty firms changed their aim, which no model uses, and three of them their investment too."""
    survey = publication.survey(tmp_path / "survey")
    waves = {wave: publication.firms(wave) for wave in publication.WAVES}
    before = publish(tmp_path / "home", survey, waves, 0.0)
    table = answered_otherwise(FIRST, 3)
    table.loc[table.index[-20:], "orientation"] = "balanced"
    changed = (table["orientation"] != publication.firms(FIRST)["orientation"]).sum()
    assert changed >= 10
    after = publish(tmp_path / "home", survey, waves | {FIRST: table}, 0.01)
    assert not stands(after, FIRST)
    assert after["models"].set_index("wave")["held"].to_dict() == {FIRST: True, SECOND: False}
    for name in ("terms", "contrasts", "claims"):
        pd.testing.assert_frame_equal(of_wave(after[name], FIRST), of_wave(before[name], FIRST))
        assert not of_wave(after[name], SECOND)["estimate"].equals(of_wave(before[name], SECOND)["estimate"])


@pytest.mark.parametrize("least", [1, 9])
def test_what_a_revision_was_made_of_is_not_told_of_a_held_figure(least: int) -> None:
    """'New answers +2.17, held -2.17' would tell what was held back."""
    causes = dict.fromkeys(difference.CAUSES, 0.0) | {"new_answers": 0.0217, "held": -0.0217}
    counts = dict.fromkeys(("firms_gone_or_new", "firms_corrected", "firms_otherwise_changed"), 12)
    line = {
        "wave": FIRST,
        "indicator": "i",
        "before": 0.3,
        "after": 0.3,
        "change": 0.0,
        "waits": True,
        **causes,
        **counts,
    }
    shown = difference.public_lines(difference.Difference("a", "b", {}, (line,)), least)
    assert [shown[0][cause] for cause in difference.CAUSES] == [None] * len(difference.CAUSES)


def test_equal_answers_are_equal_whatever_types_a_table_keeps_them_in() -> None:
    one = texts(pd.DataFrame({"firm": ["a"], "x": [True], "y": [3], "z": [["b", "a"]], "m": [None]}))
    other = texts(pd.DataFrame({"firm": ["a"], "x": [1.0], "y": [3.0], "z": [("a", "b")], "m": [float("nan")]}))
    other["z"] = "a,b"
    pd.testing.assert_frame_equal(one, other)


def test_what_only_one_release_has_is_no_firms_change() -> None:
    before = pd.DataFrame({"a": ["1", "0"]}, index=["f", "g"])
    after = before.assign(b=["1", "1"])
    assert len(sequence.changed(before, after, frozenset({"a", "b"}))) == 0
    assert list(sequence.changed(before, after.assign(a=["1", "1"]), frozenset({"a", "b"}))) == ["g"]
    assert list(sequence.changed(before, after.iloc[:1], frozenset({"a"}))) == ["g"]


def test_every_table_with_a_wave_can_stand() -> None:
    """A table is held by its wave, or by its ends; a new one without either must be thought of."""
    for table in TABLES:
        names = {column.name for column in table.columns}
        assert "wave" in names or table.name in ("changes", "releases", "definitions", "domains", "readme"), table.name
    assert set(sequence.OF_A_MODEL) <= set(BY_NAME)


def test_firms_of_two_waves_hide_what_moved_beside_a_change_that_stands() -> None:
    """Nobody changed in a, whose change stands; but its firms of both waves have to hide those of b by now."""
    key = {"indicator": "every", "domain_variable": "sector", "wave_from": FIRST, "wave_to": SECOND}
    ends = [{"wave": w, "indicator": "every", "domain_variable": "sector", "domain": d, "estimate": 0.5}
            for w in (FIRST, SECOND) for d in "ab"]  # fmt: skip
    then, now = (
        {
            "indicators": pd.DataFrame(ends),
            "changes": pd.DataFrame(
                {**key, "domain": d, "change": change, "overlap_firms": n, "overlap_suppressed": gone}
                for d, n in zip("ab", counts, strict=True)
            ),
        }
        for change, counts, gone in ((0.1, (40, 30), False), (0.2, (None, None), True))
    )  # fmt: skip
    stands = sequence.Standing(frozenset({FIRST}), frozenset())
    shown = sequence.as_last_shown(now, SimpleNamespace(tables=then), stands)["changes"]  # type: ignore[arg-type]
    assert shown["change"].tolist() == [0.1, 0.1]
    assert shown["overlap_firms"].isna().all()
    assert shown["overlap_suppressed"].all()
