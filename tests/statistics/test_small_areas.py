"""Small areas against R's sae (`golden/small_areas/small_areas.R`), and what cannot be estimated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.design.small_areas import SmallAreas, fay_herriot, steady

GOLDEN = Path(__file__).parents[1] / "golden" / "small_areas"


def milk() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "milk.csv")


def made() -> dict[str, SmallAreas]:
    areas, alike = milk(), pd.read_csv(GOLDEN / "alike.csv")
    ones = np.ones((len(areas), 1))
    majors = np.column_stack([ones, *(areas["major"] == code for code in (2, 3, 4))])
    line = np.column_stack([np.ones(len(alike)), alike["x"]])
    return {
        "milk": fay_herriot(areas["direct"], areas["variance"], majors),
        "milk one mean": fay_herriot(areas["direct"], areas["variance"], ones),
        "alike": fay_herriot(alike["direct"], alike["variance"], line),
    }


@pytest.mark.parametrize("data", ["milk", "milk one mean", "alike"])
def test_estimates_and_errors_are_those_of_r(data: str) -> None:
    told = pd.read_csv(GOLDEN / "figures.csv").query("data == @data")
    found = made()[data]
    np.testing.assert_allclose(found.between, told["between"], rtol=1e-6)
    np.testing.assert_allclose(found.estimate, told["estimate"], rtol=1e-8)
    np.testing.assert_allclose(found.mse, told["mse"], rtol=1e-6)


def test_where_nothing_is_left_between_areas_the_model_is_all() -> None:
    found = made()["alike"]
    assert found.between == 0
    np.testing.assert_array_equal(found.weight, 0)
    np.testing.assert_array_equal(found.estimate, found.synthetic)
    assert (found.mse > 0).all()


def test_an_area_of_many_firms_keeps_its_own_estimate() -> None:
    areas = milk()
    found = fay_herriot(areas["direct"], np.where(areas["area"] == 1, 1e-9, areas["variance"]), np.ones((43, 1)))
    assert found.estimate[0] == pytest.approx(areas["direct"][0], abs=1e-6)
    assert np.sqrt(found.mse[0]) == pytest.approx(np.sqrt(1e-9), rel=1e-3)


def test_steady_variances_keep_their_sum() -> None:
    found = steady([0.0, 0.02, 0.01], [4, 8, 16])
    assert found.sum() == pytest.approx(0.03)
    assert found[0] == pytest.approx(2 * found[1]) == pytest.approx(4 * found[2])


def test_what_cannot_be_estimated_is_said() -> None:
    with pytest.raises(ValueError, match="3 areas are too few for 2 columns: at least 4"):
        fay_herriot([1, 2, 3], [1, 1, 1], np.ones((3, 2)))
    with pytest.raises(ValueError, match="depend on each other"):
        fay_herriot([1, 2, 3, 4], [1, 1, 1, 1], np.ones((4, 2)))
    with pytest.raises(ValueError, match="not positive"):
        fay_herriot([1, 2, 3], [1, 0, 1], np.ones((3, 1)))
    with pytest.raises(ValueError, match="has a variance"):
        steady([0, 0], [3, 4])
