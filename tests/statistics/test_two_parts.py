"""Two parts: as in R, adding up exactly, and each association found in the part it arises in."""

from __future__ import annotations

import numpy as np
import pytest
from r_answers import answers, assert_as_in_r, design_of, firms, model_of, two_practices

from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.notes import Note
from monitor.statistics.models.quantities import Quantities, over_copies
from monitor.statistics.models.two_parts import TwoParts, two_parts


def golden() -> TwoParts:
    d = firms()
    frame, terms, x = model_of(d)
    first = (d["share"] > 20).to_numpy(float)
    found = two_parts(frame, terms, x, first, d["top_innovator"].to_numpy(float), d["weight"].to_numpy(float))
    assert isinstance(found, TwoParts)
    return found


@pytest.mark.parametrize("block", ["first", "second", "both", "by first", "by second"])
def test_as_in_r(block: str) -> None:
    found: Quantities = getattr(golden(), block.replace(" ", "_"))
    assert_as_in_r(found, answers("two_parts", block), design_of(firms()))


def test_the_parts_make_the_whole() -> None:
    found = golden()
    np.testing.assert_allclose(found.first.estimates[:4] * found.second.estimates[:4], found.both.estimates[:4])
    whole = found.both.part(found.by_first.names)
    np.testing.assert_allclose(found.by_first.estimates + found.by_second.estimates, whole.estimates, atol=1e-14)
    np.testing.assert_allclose(
        found.by_first.contributions + found.by_second.contributions, whole.contributions, atol=1e-14
    )


def test_the_first_part_is_the_model_of_it() -> None:
    d = firms()
    frame, terms, x = model_of(d)
    y, w = (d["share"] > 20).to_numpy(float), d["weight"].to_numpy(float)
    plan = of_practices(frame, terms, x)
    model = evaluate(plan, maximum_likelihood(y, x, w), w)
    at = [plan.names.index(name) for name in golden().first.names]
    np.testing.assert_allclose(golden().first.estimates, model.estimates[at], atol=1e-10)
    np.testing.assert_allclose(golden().first.contributions, model.contributions[:, at], atol=1e-10)


@pytest.mark.parametrize("where", ["first", "second"])
def test_an_association_is_found_in_its_part(where: str) -> None:
    """Complementarity in one part only: the other part brings none, and both intervals cover."""
    rng = np.random.default_rng(2010)
    off: dict[str, list[float]] = {"by_first": [], "by_second": []}
    there = []
    cells = np.array([0.4, 0.45, 0.5, 0.8]), np.full(4, 0.5)
    p, q = cells if where == "first" else cells[::-1]
    whole = float(np.array([1, -1, -1, 1]) @ (p * q))
    for _ in range(60):
        d = two_practices(rng, 900)
        state = (2 * d["cooperates"] + d["invests"]).to_numpy(int)
        first = (rng.random(900) < p[state]).astype(float)
        y = first * (rng.random(900) < q[state])
        frame, terms, x = model_of(d, ())
        found = two_parts(frame, terms, x, first, y, np.ones(900))
        assert isinstance(found, TwoParts)
        for name, truth in (("by_first", whole * (where == "first")), ("by_second", whole * (where == "second"))):
            part = getattr(found, name).part(["complementarity"])
            design = design_of(d.assign(weight=1.0, stratum="s", population=1e9))
            told = over_copies([part], [np.ones(900, dtype=bool)], design, 1e6)
            off[name].append((told.estimate[0] - truth) / told.se[0])
            if name == f"by_{where}":
                there.append(told.estimate[0] / told.se[0])
    for each in off.values():
        assert abs(np.mean(each)) < 3 / np.sqrt(60)
        assert np.mean(np.abs(each) < 1.96) >= 0.88
    assert np.mean(there) > 1.5


def test_no_estimate_where_a_state_has_no_first_part() -> None:
    d = firms()
    frame, terms, x = model_of(d)
    first = (d["share"] > 20).to_numpy(float)
    first[(d["cooperates"] == 1) & (d["invests"] == 1)] = 0.0
    y = d["top_innovator"].to_numpy(float) * first
    assert isinstance(two_parts(frame, terms, x, first, y, np.ones(len(d))), Note)


def test_an_outcome_without_its_first_part_is_an_error() -> None:
    d = firms()
    frame, terms, x = model_of(d)
    with pytest.raises(ValueError, match="without its first part"):
        two_parts(frame, terms, x, np.zeros(len(d)), d["top_innovator"].to_numpy(float), np.ones(len(d)))


def test_a_penalised_second_part_shifts_little() -> None:
    d = firms()
    frame, terms, x = model_of(d)
    first, y = (d["share"] > 20).to_numpy(float), d["top_innovator"].to_numpy(float)
    found = two_parts(frame, terms, x, first, y, d["weight"].to_numpy(float), penalised=(False, True))
    assert isinstance(found, TwoParts)
    moved = np.abs(found.second.estimates - golden().second.estimates)
    assert 0 < moved.max() < 0.05
    np.testing.assert_array_equal(found.first.estimates, golden().first.estimates)
