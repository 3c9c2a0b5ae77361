"""The demonstration's answer once more, from its release's secure/microdata.duckdb alone and by its page of methods."""

import sys

import duckdb
import numpy as np
import pandas as pd
from scipy.special import expit, stdtrit

Array = np.ndarray
REFERENCE = {"size_band": "small", "sector": "manufacturing", "province": "PV20", "firm_age_band": "start_up"}
STATES, SIGN = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0]]), np.array([1, -1, -1, 1])


def fit(x: Array, y: Array, w: Array, beta: Array) -> tuple[Array, Array, Array]:
    """Firth's estimator with FLIC under each column of weights w (n, R), from where beta (k, R) starts: complementarity
    (R,), coefficients, and what each firm contributes to the complementarity of the first column."""
    w, step = w * np.count_nonzero(w, axis=0) / w.sum(axis=0), np.ones(1)
    square = np.einsum("ni,nj->nij", x, x).reshape(len(x), -1)
    while np.abs(step).max() > 1e-6 * w.shape[1]:
        p = expit(x @ beta)
        bread = np.linalg.inv(((w * p * (1 - p)).T @ square).reshape(-1, *2 * x.shape[1:]))
        h = w * p * (1 - p) * (square @ bread.reshape(len(bread), -1).T)
        residual = w * (y - p) + h * (0.5 - p)
        step = np.clip(np.einsum("rij,jr->ir", bread, x.T @ residual), -1, 1)
        beta = beta + step
    stretch = 1 / (1 - np.minimum(h[:, 0], 0.95))
    e = (residual[:, 0] * stretch)[:, None] * x @ bread[0]
    for _ in range(9):
        q = expit(x @ beta)
        beta[0] += (w * (y - q)).sum(axis=0) / (w * q * (1 - q)).sum(axis=0)
    v = (w * q * (1 - q))[:, 0]
    e[:, 0] = ((w * (y - q))[:, 0] * stretch - e[:, 1:] @ (x[:, 1:].T @ v)) / v.sum()
    p = [expit(x[:, :-3] @ beta[:-3] + state @ beta[-3:]) for state in STATES]
    own, share = sum(s * each for s, each in zip(SIGN, p, strict=True)), w / w.sum(axis=0)
    slope = [(s * each * (1 - each) * share)[:, 0] for s, each in zip(SIGN, p, strict=True)]
    gradient = np.r_[sum(slope) @ x[:, :-3], sum(s.sum() * state for s, state in zip(slope, STATES, strict=True))]
    estimate = (share * own).sum(axis=0)
    return estimate, beta, e @ gradient + (share * (own - estimate))[:, 0]


db = duckdb.connect(sys.argv[1], read_only=True)
firms = db.sql("FROM firms ORDER BY wave, firm").df()
drawn = db.sql("SELECT weight FROM replicate_weights ORDER BY wave, firm, replicate").fetchnumpy()["weight"]
controls = pd.get_dummies(firms[["wave", *REFERENCE]], dtype=float)
controls = controls.drop(columns=["wave_2017", *("_".join(pair) for pair in REFERENCE.items())])
found = []
for _, copy in db.sql("FROM completed ORDER BY wave, firm").df().groupby("imputation"):
    a, b, y = (copy[[name]].to_numpy(float) for name in ("cooperates", "invests", "top_innovator"))
    x = np.hstack([np.ones_like(a), controls, a, b, a * b])
    estimate, beta, c = fit(x, y, firms[["weight"]].to_numpy(), np.zeros((x.shape[1], 1)))
    within = fit(x, y, drawn.reshape(len(firms), -1), np.repeat(beta, drawn.size // len(firms), axis=1))[0].var(ddof=1)
    c = c - c.mean()
    found.append((estimate[0], within, 2 * (c**2).sum() ** 2 / ((c**4).sum() - (c**2).sum() ** 2 / len(c))))
q, within, df = np.array(found).T
between = (1 + 1 / len(q)) * q.var(ddof=1)
se, share = np.sqrt(within.mean() + between), between / (within.mean() + between)
df = 1 / (share**2 / (len(q) - 1) + 1 / df.mean())
low, high = (q.mean() + side * stdtrit(df, 0.975) * se for side in (-1, 1))
print(f"{q.mean():.6f} {se:.6f} {low:.6f} {high:.6f} {df:.1f}")
