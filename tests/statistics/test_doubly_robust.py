"""AIPW over the four states: as in R, right with one wrong model, and silent where states do not overlap."""

from __future__ import annotations

import numpy as np
import pytest
from r_answers import PRACTICES, answers, assert_as_in_r, design_of, expit, firms, model_of, two_practices

from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.doubly_robust import doubly_robust
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.multinomial import multinomial
from monitor.statistics.models.quantities import MATRIX, four_states, over_copies, replicate_error


def test_as_in_r() -> None:
    d = firms()
    frame, terms, x = model_of(d)
    found = doubly_robust(frame, terms, x, d["top_innovator"].to_numpy(float), d["weight"].to_numpy(float))
    assert found.refusal is None
    assert found.quantities is not None
    assert found.overlap is not None
    assert_as_in_r(found.quantities, answers("doubly_robust", "doubly robust"), design_of(d))
    told = answers("doubly_robust", "overlap")["estimate"].to_numpy()
    np.testing.assert_allclose(found.overlap.smallest, told[0:8:2], rtol=1e-6)
    np.testing.assert_allclose(found.overlap.effective, told[1:8:2], rtol=1e-6)
    assert found.overlap.low == told[8] == 0


def test_propensities_as_in_r() -> None:
    d = firms()
    _, terms, x = model_of(d)
    controls = [j for j, name in enumerate(terms.names) if name not in terms.states]
    w = d["weight"].to_numpy(float)
    state = (2 * d["cooperates"] + d["invests"]).to_numpy()
    fit = multinomial(state, x[:, controls], w, 4)
    told = answers("doubly_robust", "multinomial")
    # R's matrix has the states in its columns, so that its numbers run through the terms first.
    np.testing.assert_allclose(fit.coefficients.ravel(), told["estimate"], rtol=1e-6, atol=1e-8)
    se = np.sqrt(np.diag(design_of(d).covariance(fit.contributions / w[:, None])))
    np.testing.assert_allclose(se, told["se"], rtol=1e-6)


def test_the_nine_contrasts_are_those_of_the_model() -> None:
    """The matrix of the four states says what `contrasts.of_practices` says firm by firm."""
    d = firms()
    frame, terms, x = model_of(d)
    y, w = d["top_innovator"].to_numpy(float), d["weight"].to_numpy(float)
    plan = of_practices(frame, terms, x)
    model = dict(zip(plan.names, evaluate(plan, maximum_likelihood(y, x, w), w).estimates, strict=True))
    told = four_states(PRACTICES)
    states = np.array([model[contrast.name] for contrast in told[:4]])
    np.testing.assert_allclose(MATRIX @ states, [model[contrast.name] for contrast in told], atol=1e-12)


@pytest.mark.parametrize("wrong", ["outcome", "propensity"])
def test_one_right_model_is_enough(wrong: str) -> None:
    """The model alone is far off where its controls are wrong; AIPW is not, whichever of the two models is wrong, and
    its intervals cover."""
    rng = np.random.default_rng(1507)
    found, errors, alone = [], [], []
    truth = np.nan
    for _ in range(40):
        d = two_practices(rng, 1500)
        a, b, z = d["cooperates"].to_numpy(), d["invests"].to_numpy(), d["z"].to_numpy()
        # Both models have z: wrong is that whose truth has its square.
        if wrong == "propensity":
            a = (rng.random(len(z)) < expit(-1.0 + 0.6 * np.minimum(z**2, 4))).astype(float)
            d["cooperates"] = a
        curve = 1.2 * z if wrong == "propensity" else 0.8 * z + 0.7 * z**2
        p = {s: expit(-1.2 + 0.5 * s[0] + 0.4 * s[1] + 0.6 * s[0] * s[1] + curve) for s in np.ndindex(2, 2)}
        truth = float(np.mean(expit_mean(wrong)))
        y = (rng.random(len(z)) < np.choose((2 * a + b).astype(int), [p[s] for s in np.ndindex(2, 2)])).astype(float)
        frame, terms, x = model_of(d, ("z",))
        w = np.ones(len(y))
        got = doubly_robust(frame, terms, x, y, w)
        assert got.quantities is not None
        both = got.quantities.part(["p_both"])
        estimate = over_copies([both], [w == 1], design_of(d.assign(weight=1.0, stratum="s", population=1e6)), 1e6)
        found.append(estimate.estimate[0])
        errors.append(estimate.se[0])
        plan = of_practices(frame, terms, x, only="p_both")
        alone.append(evaluate(plan, maximum_likelihood(y, x, w), w).estimates[0])
    off = (np.array(found) - truth) / np.array(errors)
    assert abs(off.mean()) < 2.5 / np.sqrt(40) * 1.2
    assert np.mean(np.abs(off) < 1.96) >= 0.85
    if wrong == "outcome":
        assert abs(np.mean(alone) - truth) > 2 * abs(np.mean(found) - truth)


def expit_mean(wrong: str) -> np.ndarray:
    """The probability with both practices over the population of z, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    curve = 1.2 * nodes if wrong == "propensity" else 0.8 * nodes + 0.7 * nodes**2
    return np.array([weights @ expit(0.3 + curve) / weights.sum()])


def test_refused_where_a_state_has_no_firms_like_the_others() -> None:
    d = firms()
    d = d[~((d["cooperates"] == 1) & (d["sector"] == "trade"))]
    frame, terms, x = model_of(d)
    found = doubly_robust(frame, terms, x, d["top_innovator"].to_numpy(float), d["weight"].to_numpy(float))
    assert found.quantities is None
    assert found.refusal is not None
    assert found.refusal.kind == "no_overlap"


def test_refused_where_propensities_are_nearly_zero() -> None:
    rng = np.random.default_rng(3)
    d = two_practices(rng, 1500)
    d["cooperates"] = (rng.random(1500) < expit(-1.5 + 3 * d["z"].to_numpy())).astype(float)
    frame, terms, x = model_of(d, ("z",))
    found = doubly_robust(frame, terms, x, (rng.random(1500) < 0.3).astype(float), np.ones(1500))
    assert found.overlap is not None
    assert found.overlap.low > found.overlap.without > 0.05
    assert found.refusal is not None
    assert found.quantities is None


def test_replicates_give_about_the_linearised_error() -> None:
    """A bootstrap of firms through the whole estimator against the contributions."""
    rng = np.random.default_rng(5)
    d = firms()
    frame, terms, x = model_of(d)
    y, n = d["top_innovator"].to_numpy(float), len(d)
    drawn = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(120)], axis=1).astype(float)
    plain = d.assign(weight=1.0, stratum="s", population=1e9)
    design = design_of(plain)
    object.__setattr__(design, "replicates", drawn)

    def estimator(w: np.ndarray) -> np.ndarray:
        got = doubly_robust(frame, terms, x, y, w)
        return np.full(9, np.nan) if got.quantities is None else got.quantities.estimates

    first = doubly_robust(frame, terms, x, y, np.ones(n)).quantities
    assert first is not None
    mask = np.ones(n, dtype=bool)
    replicated = replicate_error([estimator], [mask], design, [first.estimates])
    linear = over_copies([first], [mask], design, 1e6, replicated)
    np.testing.assert_allclose(replicated, linear.se, rtol=0.25)
    assert linear.precision("complementarity") is not None
