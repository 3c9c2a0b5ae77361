"""What `csdid` makes of a panel with three cohorts: ATT(g, t) and their averages, with analytic errors.

    pip install csdid==0.4.3 drdid==1.1.7   # in an environment of its own
    python cohorts.py

Writes `panel.csv` (the firms it draws) and `cohorts.csv` beside itself. Python 3.11, numpy 2.4.6, pandas 2.3.3.
Belongs here: figures of another implementation. Does not belong here: anything of the monitor.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from csdid.att_gt import ATTgt

HERE = Path(__file__).parent
TIMES = (2017, 2018, 2019, 2020)


def drawn() -> pd.DataFrame:
    """360 firms in four waves: those with a larger x enter more often and grow faster; from entry on 3 more a year."""
    rng = np.random.default_rng(2021)
    x = rng.normal(size=360).round(3)
    eager = rng.random(360) < 1 / (1 + np.exp(0.6 - 0.7 * x))
    first = np.where(eager, rng.choice([2018, 2019, 2020], size=360), 0)
    weight = rng.choice([1.0, 2.0, 3.5], size=360)
    level = rng.normal(20, 4, size=360)
    rows = []
    for time in TIMES:
        since = np.where((first > 0) & (first <= time), time - first + 1, 0)
        y = level + (time - 2017) * (1 + 0.8 * x) + 3 * since + rng.normal(0, 2, size=360)
        rows.append(
            pd.DataFrame(
                {"firm": np.arange(360), "time": time, "first": first, "x": x, "weight": weight, "y": y.round(3)}
            )
        )
    return pd.concat(rows)


def main() -> None:
    """Both files."""
    panel = drawn()
    panel.to_csv(HERE / "panel.csv", index=False)
    told = []
    for control in ("nevertreated", "notyettreated"):
        for formula in ("y ~ 1", "y ~ x"):
            for weights in (None, "weight"):
                fitted = ATTgt(
                    yname="y", tname="time", idname="firm", gname="first", data=panel.copy(), control_group=[control],
                    xformla=formula, weights_name=weights,
                ).fit(est_method="dr", base_period="varying", bstrap=False)  # fmt: skip
                case = {"control": control, "formula": formula, "weights": weights or "none"}
                r = fitted.results
                for g, t, att, se in zip(r["group"], r["year"], r["att"], r["se"], strict=True):
                    told.append({**case, "name": f"{g:g} at {t:g}", "estimate": att, "se": se})
                for kind in ("simple", "dynamic"):
                    a = fitted.aggte(typec=kind, bstrap=False, cband=False).atte
                    if kind == "simple":
                        told.append({**case, "name": "overall", "estimate": a["overall_att"], "se": a["overall_se"]})
                        continue
                    for e, att, se in zip(a["egt"], a["att_egt"], np.ravel(a["se_egt"]), strict=True):
                        name = f"after {e:g}" if e >= 0 else f"before {-e:g}"
                        told.append({**case, "name": name, "estimate": att, "se": se})
    pd.DataFrame(told).to_csv(HERE / "cohorts.csv", index=False)


if __name__ == "__main__":
    main()
