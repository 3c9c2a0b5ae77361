"""What is drawn first: a rare outcome keeps its cells apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitor.statistics.imputation.chained import Chain, complete
from monitor.statistics.imputation.variables import Passive, Variable, part_of

FIRMS = 500


def variable(name: str, method: str, values: np.ndarray) -> Variable:
    gone = np.isnan(values).any(axis=1)
    return Variable(name, (name,), method, values, gone, ~gone)


def measure(name: str, rows: np.ndarray, values: Mapping[str, np.ndarray]) -> np.ndarray:
    if name == "top":
        share = values["shares"][:, :, 0]
        return np.where(np.isnan(share), np.nan, share > 40)
    return values[name.removeprefix("does ")][:, :, 0]


FACTS = [
    Passive("top", frozenset(["shares"]), predictor=True),
    Passive("does a", frozenset(["a"]), predictor=True),
    Passive("does b", frozenset(["b"]), predictor=True),
]
PAIRS = [("top", "does a"), ("top", "does b"), ("does a", "does b")]


def firms(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Practices a and b, size, and shares of turnover: 45 % of the firms that do both are top innovators, 10 % of the
    others; what share the others have goes with their size."""
    a, b = (rng.random(FIRMS) < 0.4).astype(float), (rng.random(FIRMS) < 0.5).astype(float)
    size = rng.standard_normal(FIRMS)
    top = rng.random(FIRMS) < np.where(a * b == 1, 0.45, 0.1)
    share = np.where(top, rng.uniform(41, 60, FIRMS), np.clip(20 + 10 * size + 3 * rng.standard_normal(FIRMS), 0, 40))
    return a, b, size, np.column_stack([share, 100 - share])


def complementarity(top: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    p = {(i, j): top[(a == i) & (b == j)].mean() for i in (0, 1) for j in (0, 1)}
    return float(p[1, 1] - p[1, 0] - p[0, 1] + p[0, 0])


def test_what_two_practices_add_is_not_drawn_towards_nothing() -> None:
    """Four in ten shares are left open; over sixteen surveys complementarity stays what full answers say."""
    rng = np.random.default_rng(2015)
    moved = []
    for survey in range(16):
        a, b, size, shares = firms(rng)
        holes = shares.copy()
        holes[rng.random(FIRMS) < 0.4] = np.nan
        variables = [
            variable("a", "logistic", a[:, None]),
            variable("b", "logistic", b[:, None]),
            variable("shares", "shares", holes),
        ]
        keys = rng.integers(0, 2**63, FIRMS).astype(np.uint64)
        made = complete(Chain(variables, size[None], FACTS, PAIRS, measure, keys, (survey,), 10, iterations=1))
        copies = [complementarity(copy[:, 0] > 40, a, b) for copy in made.values["shares"]]
        moved.append(np.mean(copies) - complementarity(shares[:, 0] > 40, a, b))
    assert abs(np.mean(moved)) < 3 * np.std(moved, ddof=1) / np.sqrt(len(moved))
    assert np.std(moved, ddof=1) / np.sqrt(len(moved)) < 0.02


def test_answers_of_the_firm_itself_decide_its_part() -> None:
    shares = np.array([[50.0, 50.0]] * 6 + [[10.0, 90.0]] * 6 + [[60.0, np.nan], [np.nan, 30.0]])
    part = part_of(variable("shares", "shares", shares), FACTS, measure)
    assert part is not None
    np.testing.assert_array_equal(part.told, [1.0] * 6 + [0.0] * 6)
    np.testing.assert_array_equal(part.known, [1.0, np.nan])
    few = part_of(variable("shares", "shares", shares[3:]), FACTS, measure)
    assert few is None, "three firms are no donors for whoever is drawn to be like them"
