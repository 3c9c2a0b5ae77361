"""The comparison with the last wave, against a plain computation of the published formulas."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.storage.lake import statement

AMOUNT = st.none() | st.floats(0, 1e9).map(lambda x: round(x, 2))


def growth(now: dict[str, float | None], before: dict[str, float | None]) -> dict[str, tuple[float, float | None]]:
    """Firm -> ratio and score of its turnover, by the SQL."""
    with duckdb.connect() as connection:
        for table, values in (("amounts", now), ("last_amounts", before)):
            columns = "firm VARCHAR, response BIGINT, line BIGINT, employees DOUBLE, turnover_eur DOUBLE"
            connection.execute(f"CREATE TABLE {table} ({columns})")
            for number, (firm, value) in enumerate(values.items()):
                connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?, NULL, ?)", [firm, number, number, value])
        rows = connection.execute(f"SELECT firm, ratio, score FROM ({statement('validated', 'growth')})").fetchall()
    return {firm: (ratio, score) for firm, ratio, score in rows}


def hidiroglou_berthelot(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Scores by Hidiroglou & Berthelot (1986), U = 0.4, A = 0.05, in the order of the firms."""
    ratio = now / before
    middle = np.median(ratio)
    s = np.where(ratio < middle, 1 - middle / ratio, ratio / middle - 1)
    size = np.maximum(now, before) ** 0.4
    effect = s * size
    low, centre, high = np.quantile(effect, [0.25, 0.5, 0.75])
    least = max(0.05 * abs(centre), 0.05 * np.median(size))
    distance = np.where(effect < centre, max(centre - low, least), max(high - centre, least))
    return (effect - centre) / distance


@pytest.mark.slow
@given(st.lists(st.tuples(AMOUNT, AMOUNT), min_size=0, max_size=40))
@settings(max_examples=40, deadline=None)
def test_scores_follow_the_published_formula(pairs: list[tuple[float | None, float | None]]) -> None:
    now = {f"f{n}": pair[0] for n, pair in enumerate(pairs)}
    before = {f"f{n}": pair[1] for n, pair in enumerate(pairs)}
    known = [f for f in now if (now[f] or 0) > 0 and (before[f] or 0) > 0]
    found = growth(now, before)
    assert set(found) == set(known)
    if len(known) < 20:
        assert all(score is None for _, score in found.values()), "too few firms to compare with"
        return
    expected = hidiroglou_berthelot(
        np.array([now[f] for f in known], dtype=float), np.array([before[f] for f in known], dtype=float)
    )
    assert [found[f][1] for f in known] == pytest.approx(list(expected), rel=1e-9, abs=1e-9)


def test_a_large_firm_may_change_less_than_a_small_one() -> None:
    steady = {f"f{n}": 1000.0 + n for n in range(30)}
    before = steady | {"small": 10.0, "large": 1e8, "halved": 1000.0, "doubled": 1000.0}
    now = steady | {"small": 20.0, "large": 2e8, "halved": 500.0, "doubled": 2000.0}
    found = {firm: score for firm, (_, score) in growth(now, before).items()}
    assert found["large"] > 20 * found["small"] > 0
    assert found["halved"] < 0 < found["doubled"]
    assert max(abs(found[firm]) for firm in steady) == 0


def test_firms_of_one_wave_only_are_not_compared() -> None:
    assert growth({"a": 5.0, "b": 6.0, "c": None}, {"b": 3.0, "c": 4.0, "d": 1.0}) == {"b": (2.0, None)}
