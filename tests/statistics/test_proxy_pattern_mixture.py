"""Proxy pattern-mixture models: as in R, their limits, and what they undo in simulated surveys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.nonresponse.proxy_pattern_mixture import Adjusted, adjusted_mean, adjusted_share

GOLDEN = Path(__file__).parents[1] / "golden" / "nonresponse"


def adjusted(block: str) -> Adjusted:
    d = pd.read_csv(GOLDEN / "invited.csv")
    w = d["w"].to_numpy(float) if block.startswith("weighted") else np.ones(len(d))
    z = np.column_stack([np.ones(len(d)), d["z1"], d["z2"]])
    here = (d["answered"] == 1).to_numpy()
    outcome, estimator = ("y", adjusted_mean) if block.endswith("mean") else ("top", adjusted_share)
    return estimator(d[outcome].to_numpy(float)[here], z[here], w[here], z, w)


@pytest.mark.parametrize("block", ["plain mean", "weighted mean", "plain share", "weighted share"])
def test_as_in_r(block: str) -> None:
    found = adjusted(block)
    told = pd.read_csv(GOLDEN / "proxy.csv").query("block == @block").set_index("name")["value"]
    assert found.proxy.rho == pytest.approx(told["rho"], rel=1e-6)
    np.testing.assert_allclose(found.estimates, told[["0", "0.5", "1"]], rtol=1e-6)
    np.testing.assert_allclose(found.bias, found.proxy.outcome - found.estimates, atol=1e-12)
    if block.endswith("mean"):
        assert found.proxy.distance == pytest.approx(told["distance"], rel=1e-6)
        np.testing.assert_allclose(found.standardised * found.proxy.deviation, found.bias, rtol=1e-12)


def test_at_zero_a_mean_is_the_regression_estimate() -> None:
    d = pd.read_csv(GOLDEN / "invited.csv")
    z = np.column_stack([np.ones(len(d)), d["z1"], d["z2"]])
    here = (d["answered"] == 1).to_numpy()
    coefficients = np.linalg.lstsq(z[here], d["y"][here], rcond=None)[0]
    assert adjusted("plain mean").estimates[0] == pytest.approx((z @ coefficients).mean(), rel=1e-12)


def test_what_has_no_proxy_is_refused() -> None:
    rng = np.random.default_rng(1)
    z, y = np.ones((50, 1)), rng.normal(size=50)
    with pytest.raises(ValueError, match="no proxy"):
        adjusted_mean(y, z[:, :1], np.ones(50), np.ones((90, 1)), np.ones(90))
    with pytest.raises(ValueError, match="no proxy"):
        adjusted_share((y > 0).astype(float), z, np.ones(50), np.ones((90, 1)), np.ones(90))
    z = np.column_stack([np.ones(50), y])
    with pytest.raises(ValueError, match="no maximum"):
        adjusted_share((y > 0).astype(float), z, np.ones(50), np.ones((90, 2)), np.ones(90))
    with pytest.raises(ValueError, match="phi"):
        adjusted_mean(y + rng.normal(size=50), z, np.ones(50), np.ones((90, 2)), np.ones(90), (1.5,))


@pytest.mark.parametrize("phi", [0.0, 1.0])
def test_the_phi_that_answering_followed_gives_the_truth_back(phi: float) -> None:
    """20,000 firms whose answering follows the proxy (phi = 0) or the normal behind the outcome (phi = 1), at a cut
    that keeps both patterns normal: respondents and silent firms differ in that variable's mean alone."""
    rng = np.random.default_rng(20)
    n, rho = 20_000, 0.6
    answered = rng.random(n) < 0.4
    led = rng.normal(size=n) + np.where(answered, 0.6, 0.0)
    other = rho * led + np.sqrt(1 - rho**2) * rng.normal(size=n)
    x, u = (led, other) if phi == 0 else (other, led)
    y = (u > 0.5).astype(float)
    z = np.column_stack([np.ones(n), x])
    share = adjusted_share(y[answered], z[answered], np.ones(answered.sum()), z, np.ones(n), (phi,))
    mean = adjusted_mean(u[answered], z[answered], np.ones(answered.sum()), z, np.ones(n), (phi,))
    assert abs(y[answered].mean() - y.mean()) > 0.05
    assert share.estimates[0] == pytest.approx(y.mean(), abs=0.015)
    assert mean.estimates[0] == pytest.approx(u.mean(), abs=0.03)
