"""One quantity in several waves: whether the waves say the same, and what they say together.

Belongs here: the joint covariance of waves, the test of equality, the pooled estimate. Does not belong here: two waves
of an indicator (`design.panel`), fitting a model to the waves' answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc, stdtr

from monitor.precision import to_error
from monitor.statistics.design.intervals import student_t
from monitor.statistics.design.panel import panel_covariance
from monitor.statistics.design.structure import SurveyDesign

Array = NDArray[np.float64]

LEAST_VARIANCE = 1e-8
"""Of the largest variance of a difference of waves: below it a difference has no variance of its own, only rounding"""
BEYOND_DOUBT = 10.0
"""Standard errors, at the least variance, beyond which a difference that has no variance is no rounding"""


@dataclass(frozen=True)
class WavesTogether:
    """What W waves say together about one quantity, in its own unit; waves without an estimate count nowhere."""

    waves: int
    """Waves with an estimate"""
    statistic: float
    """Q, squared distance of the waves from their pooled estimate in the metric of their covariance"""
    rank: int
    """Differences between waves that have a variance: the degrees of freedom of Q"""
    df: float
    """Degrees of freedom of the variances in Q"""
    p_value: float
    """Of "the quantity is the same in every wave"; NaN where there is nothing to compare"""
    heterogeneity: float
    """Share of Q that is more than chance gives, 0..1"""
    pooled: float
    se: float
    pooled_df: float
    low: float
    high: float
    """95 % interval of the pooled estimate"""
    weights: Array
    """(W,) of each wave in the pooled estimate; they add up to 1, and one may be negative where waves overlap"""
    deviation: Array
    """(W,) estimate of the wave less the pooled one"""
    deviation_se: Array
    """(W,)"""
    deviation_p: Array
    """(W,) two-sided; by itself, not adjusted for the number of waves"""

    def differ(self, alpha: float = 0.05) -> bool:
        """Whether the test says that the waves differ; only then may a page tell one wave against another."""
        return bool(to_error(self.p_value, None) < alpha)


def covariance_of_designs(designs: Sequence[SurveyDesign], influences: Sequence[ArrayLike], se: ArrayLike) -> Array:
    """(W, W) covariance of one quantity's estimates in W waves, with the firms that several waves share.

    Each design with its influence function (n_t,). Of two waves Cov(t, u) = sum_i e_it e_iu over the contributions e of
    the firms in both, which count by how many more they are than chance would bring (`design.panel.panel_covariance`),
    so that a change between two waves has the error that is printed for it. On the diagonal stand the waves' own
    standard errors `se` (W,), which hold the sampling fraction and what was filled in.
    Source: Kish (1965), section 12.4; Tam (1984) for why overlap alone makes the covariance.
    """
    waves = len(designs)
    e = [design.contributions(influence) for design, influence in zip(designs, influences, strict=True)]
    everyone = [np.ones(one.shape, dtype=np.bool_) for one in e]
    products = np.zeros((waves, waves))
    for t in range(waves):
        for u in range(t + 1, waves):
            shared, _ = panel_covariance(designs[t], designs[u], e[t], e[u], everyone[t], everyone[u])
            products[t, u] = products[u, t] = float(shared[0])
    return as_covariance(products, np.asarray(se, dtype=np.float64))


def as_covariance(products: Array, own: Array) -> Array:
    """(W, W) covariance with standard errors `own` (W,) and, off the diagonal, the covariances in `products` (W, W) as
    far as they go together: a correlation never passes 1, and negative eigenvalues of the correlations count as zero.
    Where an error is NaN its row and column are."""
    scale = np.outer(own, own)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.clip(np.where(scale > 0, products / scale, 0.0), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    known = np.isfinite(own)
    inside = correlation[np.ix_(known, known)]
    values, vectors = np.linalg.eigh(inside)
    if len(values) and values[0] < 0:
        inside = (vectors * np.maximum(values, 0.0)) @ vectors.T
        size = np.sqrt(np.diag(inside))
        inside /= np.outer(size, size)
    result = np.full(scale.shape, np.nan)
    result[np.ix_(known, known)] = inside * scale[np.ix_(known, known)]
    return result


def waves_together(estimates: ArrayLike, covariance: ArrayLike, df: ArrayLike = np.inf) -> WavesTogether:
    """Test that W waves have the same value, and pool them by generalised least squares.

    With P the projection on differences (P = I - 11'/W) and G = (P V P)^-, generalised inverse:

        Q = theta' G theta = (L theta)' (L V L')^-1 (L theta) for any W - 1 contrasts L,
        pooled = a' theta, a = (I - G V) 1 / W, Var = a' V a: the least variance of all weights that add up to 1,
                 equal to 1' V^-1 theta / 1' V^-1 1 and 1 / (1' V^-1 1) where V is regular.

    Q over its rank r is held against F after Welch (1951) and Johansen (1980): with M = V G, nu the waves' `df` (W,),
    A = sum_tu rho_tu^2 M_tt M_uu / sqrt(nu_t nu_u) and c = r + 2 A - 6 A / (r + 2), Q / c ~ F(r, r (r + 2) / (3 A));
    for waves without common firms that is R's `oneway.test`, and with infinite df chi-square. The correlation's square
    rho^2 is by how much two waves' estimated variances move together (Wishart). The pooled estimate has
    1 / df = sum_tu s_t s_u rho_tu^2 / sqrt(nu_t nu_u), s_t = a_t (V a)_t / Var (Satterthwaite 1946 without overlap, nu
    where all waves are the same firms). heterogeneity = max(0, 1 - r / Q) (Higgins & Thompson 2002).

    Degenerate V, by rule: an eigenvalue of P V P below 1e-8 of the largest has no variance. A difference in its
    direction of up to ten standard errors at that limit is rounding and not counted (the rank falls); a larger one is
    known without error: Q is infinite and p zero. The same where no wave has a variance at all.
    Waves whose estimate or variance is missing are left out; their weight is zero, their deviation missing.
    """
    theta, v = np.asarray(estimates, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    nu = np.broadcast_to(np.asarray(df, dtype=np.float64), theta.shape)
    known = np.isfinite(theta) & np.isfinite(np.diag(v)) & ~np.isnan(nu)
    if not known.any():
        return _nothing(len(theta))
    inside = _of_known(theta[known], v[np.ix_(known, known)], nu[known])
    return inside if known.all() else _spread_out(inside, known)


def _of_known(theta: Array, v: Array, nu: Array) -> WavesTogether:
    waves = len(theta)
    inverse, rank, sure = _of_differences(theta, v)
    statistic = float("inf") if sure else float(theta @ inverse @ theta)
    moves = _moving_together(v, nu)
    a = (np.eye(waves) - inverse @ v).sum(axis=1) / waves
    pooled, variance = float(a @ theta), max(float(a @ v @ a), 0.0)
    p_value, df = _against_f(statistic, rank, np.diag(v @ inverse), moves)
    pooled_df = _df_of(a, v, moves)
    deviation = theta - pooled
    # Rows: what each wave's deviation makes of the waves.
    rows = np.eye(waves) - a
    spread = np.maximum(np.einsum("tu,uv,tv->t", rows, v, rows), 0.0)
    spread = np.where(spread > LEAST_VARIANCE * np.diag(v).max(initial=0.0), spread, 0.0)
    low, high = student_t(pooled, np.sqrt(variance), pooled_df)
    return WavesTogether(
        waves=waves,
        statistic=statistic,
        rank=rank,
        df=df,
        p_value=p_value,
        heterogeneity=max(0.0, 1 - rank / statistic) if statistic > 0 else 0.0,
        pooled=pooled,
        se=float(np.sqrt(variance)),
        pooled_df=pooled_df,
        low=float(low),
        high=float(high),
        weights=a,
        deviation=deviation,
        deviation_se=np.sqrt(spread),
        deviation_p=_two_sided(deviation, np.sqrt(spread), np.array([_df_of(row, v, moves) for row in rows])),
    )


def _of_differences(theta: Array, v: Array) -> tuple[Array, int, bool]:
    """(P V P)^-, its rank, and whether waves differ in a direction that has no variance."""
    waves = len(theta)
    projection = np.eye(waves) - 1 / waves
    values, vectors = np.linalg.eigh(projection @ v @ projection)
    least = LEAST_VARIANCE * max(float(values[-1]), 0.0)
    varies = values > least
    inverse = (vectors[:, varies] / values[varies]) @ vectors[:, varies].T
    fixed = projection - vectors[:, varies] @ vectors[:, varies].T
    distance = float(np.linalg.norm(fixed @ theta))
    rounding = 1e-12 * float(np.abs(theta).max())
    sure = waves > 1 and distance > max(BEYOND_DOUBT * np.sqrt(least), rounding)
    return projection @ inverse @ projection, int(varies.sum()), sure


def _moving_together(v: Array, nu: Array) -> Array:
    """(W, W) rho_tu^2 / sqrt(nu_t nu_u): half the covariance of two waves' estimated variances, beside them."""
    size = np.outer(np.diag(v), np.diag(v))
    square = np.where(size > 0, v**2 / np.where(size > 0, size, 1.0), 0.0)
    np.fill_diagonal(square, 1.0)
    return np.asarray(square / np.sqrt(np.outer(nu, nu)))


def _against_f(statistic: float, rank: int, moved: Array, moves: Array) -> tuple[float, float]:
    """(p-value, degrees of freedom) of Q by Welch and Johansen's F."""
    if np.isinf(statistic):
        return 0.0, float("inf")
    if rank == 0:
        return float("nan"), float("nan")
    a = float(moved @ moves @ moved)
    if a <= 0:
        return float(chdtrc(rank, statistic)), float("inf")
    scale, df = rank + 2 * a - 6 * a / (rank + 2), rank * (rank + 2) / (3 * a)
    return float(fdtrc(rank, df, statistic / scale)), df


def _df_of(a: Array, v: Array, moves: Array) -> float:
    """Degrees of freedom of the variance a' V a."""
    parts = a * (v @ a)
    total = float(parts.sum())
    if total <= 0:
        return float("inf")
    share = parts / total
    together = float(share @ moves @ share)
    return 1 / together if together > 0 else float("inf")


def _two_sided(value: Array, se: Array, df: Array) -> Array:
    """p-values of "zero"; missing where there is no error to hold a value against."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, -np.abs(value) / se, np.nan)
    return np.asarray(2 * stdtr(np.where(np.isinf(df), 1e12, df), t))


def _spread_out(inside: WavesTogether, known: NDArray[np.bool_]) -> WavesTogether:
    """The same with the waves that have no estimate in their places."""

    def among(values: Array, other: float) -> Array:
        every = np.full(len(known), other)
        every[known] = values
        return every

    return replace(
        inside,
        weights=among(inside.weights, 0.0),
        deviation=among(inside.deviation, np.nan),
        deviation_se=among(inside.deviation_se, np.nan),
        deviation_p=among(inside.deviation_p, np.nan),
    )


def _nothing(waves: int) -> WavesTogether:
    nan, none = float("nan"), np.full(waves, np.nan)
    return WavesTogether(0, nan, 0, nan, nan, nan, nan, nan, nan, nan, nan, np.zeros(waves), none, none, none)
