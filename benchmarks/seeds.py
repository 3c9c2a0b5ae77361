"""How far another seed moves headlines and claims: filling in, and replicates, of a home's own waves.

    python benchmarks/seeds.py HOME [--seeds 2182 1 2 3 4 5 6 7 8 9] [--copies 30] [--write]

Takes the judged answers of every wave in HOME as they stand, and with each seed fills in, weighs (with its replicates),
estimates and decides anew, wave by wave and all together, as a run does. Prints, for every headline indicator and every
claim, what the seeds moved: the spread of its estimate as part of its standard error, that of the error itself, and the
bound that `quality` gives for independent numbers (`monte_carlo_error`: sqrt(B / m) over the error). `--copies`:
completed copies, else as many as the survey declares. `--write` keeps the table in benchmarks/seeds.csv. HOME is only
read.

Belongs here: the same home under other seeds. Does not belong here: coverage (`imputed_intervals`).
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE, POOLED
from monitor.stages import derived, estimated, imputed, modelled, weighted
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED

CSV = Path(__file__).with_suffix(".csv")
SEEDS = (2182, 1, 2, 3, 4, 5, 6, 7, 8, 9)


def of_seed(home: Path, survey: Survey, seed: int) -> pd.DataFrame:
    """Every headline and claim of every wave and of all together, with one seed."""
    own = dataclasses.replace(survey, seed=seed)
    found = []
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(home / "lake", Path(place) / "lake")
        lake = Lake(Path(place), survey.name)
        for wave in own.waves.values():
            for stage in (imputed, derived, weighted, estimated, modelled):
                stage.run(lake, own, wave)
            found += [_headlines(lake, own, wave.name), _claims(lake, wave.name)]
        modelled.run_all(lake, own, list(own.waves))
        found.append(_claims(lake, ALL_WAVES))
    return pd.concat(found, ignore_index=True).assign(seed=seed)


def _headlines(lake: Lake, survey: Survey, wave: str) -> pd.DataFrame:
    lines = lake.read("estimated_indicators", wave)
    named = [name for name, indicator in survey.indicators.items() if indicator.headline]
    lines = lines[(lines["domain_variable"] == EVERYONE) & lines["indicator"].isin(named)]
    lines = lines.assign(kind="headline", name=lines["indicator"], wave=wave)
    return _with_bound(lines, lines["copies"])


def _claims(lake: Lake, wave: str) -> pd.DataFrame:
    """The claims of a wave; those that count firms have no fraction of missing information beside them."""
    claims = lake.read("modelled_claims", wave)
    contrasts = lake.read("modelled_contrasts", wave)[["model", "variant", "contrast", "fmi", "df"]]
    models = lake.read("modelled_models", wave)[["model", "variant", "copies"]]
    claims = claims.drop(columns="df").merge(contrasts, on=["model", "variant", "contrast"], how="left")
    claims = claims.merge(models, on=["model", "variant"], how="left")
    claims = claims.assign(kind="claim", name=claims["claim"], wave=POOLED if wave == ALL_WAVES else wave)
    return _with_bound(claims, claims["copies"])


def _with_bound(lines: pd.DataFrame, copies: pd.Series) -> pd.DataFrame:
    missing, df = (pd.to_numeric(lines[column]).astype("float64") for column in ("fmi", "df"))
    small = 2 / (df + 3)
    lacking = ((missing - small) / (1 - small)).clip(lower=0)
    bound = np.sqrt(lacking / (pd.to_numeric(copies).astype("float64") + 1))
    return lines.assign(bound=bound)[["kind", "name", "wave", "estimate", "se", "bound"]]


def moved(table: pd.DataFrame) -> pd.DataFrame:
    """What the seeds moved, line by line."""
    numbers = table.assign(**{c: pd.to_numeric(table[c]).astype("float64") for c in ("estimate", "se", "bound")})
    told = numbers.groupby(["kind", "wave", "name"]).agg(
        seeds=("seed", "nunique"), estimate=("estimate", "mean"), se=("se", "mean"), bound=("bound", "mean"),
        moved=("estimate", "std"), error_moved=("se", "std"),
    )  # fmt: skip
    told["moved"] /= told["se"]
    told["error_moved"] /= told["se"]
    return told.round(5).reset_index()


def main() -> int:
    """The table, and the largest and typical of each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--copies", type=int)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    survey = load_survey(BUNDLED)
    if asked.copies is not None and survey.imputation is not None:
        survey = dataclasses.replace(survey, imputation=dataclasses.replace(survey.imputation, copies=asked.copies))
    made = []
    for seed in asked.seeds:
        made.append(of_seed(asked.home, survey, seed))
        print(f"seed {seed}", file=sys.stderr, flush=True)
    told = moved(pd.concat(made, ignore_index=True))
    told.to_csv(sys.stdout, index=False)
    if asked.write:
        told.to_csv(CSV, index=False, lineterminator="\n")
    for kind, lines in told.groupby("kind"):
        typical = float(np.sqrt((lines["moved"] ** 2).mean()))
        print(f"{kind}: largest {lines['moved'].max():.4f}, typical (root mean square) {typical:.4f}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
