"""Firms for tests of the models: two strata, two practices, an outcome that rises with both."""

from __future__ import annotations

import numpy as np
import pandas as pd


def firms(n: int = 640, seed: int = 5) -> pd.DataFrame:
    """Firms of two strata; the outcome rises with both practices and a little more with both together."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "firm": [f"F{number:04d}" for number in range(n)],
            "stratum": np.where(np.arange(n) < n // 2, "one", "two"),
            "population": np.where(np.arange(n) < n // 2, 2400.0, 900.0),
            "size_band": rng.choice(["small", "medium", "large"], n, p=[0.6, 0.25, 0.15]),
            "sector": rng.choice(["trade", "industry", "services"], n),
            "cooperates": rng.random(n) < 0.36,
            "invests": rng.random(n) < 0.45,
        }
    )
    both = frame["cooperates"] & frame["invests"]
    eta = -1.8 + 0.4 * frame["cooperates"] + 0.7 * frame["invests"] + 0.5 * both + 0.3 * (frame["size_band"] == "large")
    share = 100 / (1 + np.exp(-(eta + rng.standard_normal(n))))
    frame["share"] = share.round(1)
    frame["top_innovator"] = frame["share"] > 40
    frame["initiatives"] = np.where(frame["cooperates"], rng.integers(1, 6, n), 0).astype(float)
    frame["activity"] = rng.choice(["none", "one", "several"], n)
    frame["start_up"] = rng.random(n) < 0.1
    frame["weight"] = frame["population"] / (n // 2)
    return frame.assign(base_all_firms=True, base_nobody=False)
