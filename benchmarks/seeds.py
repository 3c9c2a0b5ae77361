"""How far another seed moves the answer: filling in, and replicates, of a home's own waves.

    python benchmarks/seeds.py HOME [--seeds 2182 1 2 3 4 5] [--copies 30]

Takes the judged answers of every wave in HOME as they stand, and with each seed fills in, weighs (with its replicates)
and fits the primary model anew, wave by wave and all together. Prints for every seed complementarity, its standard
error and the largest part that seeds could move it by as `quality` has it (`monte_carlo_error`: sqrt(B / m) over the
error); and per wave what they did move: the estimates' spread over the seeds as part of the mean error, and the
errors' own. `--copies`: completed copies, else as many as the survey declares. HOME is only read.

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

from monitor.stages import derived, imputed, weighted
from monitor.stages.modelled.gather import sample_of
from monitor.stages.modelled.panel import pooled_sample
from monitor.stages.modelled.pooled import pooled_model
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.sample import Sample
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.survey.models import Model
from monitor.surveys import BUNDLED

REPLICATED = 10
"""Completed copies within which the replicates' variance is computed"""


def of_seed(home: Path, survey: Survey, seed: int) -> list[dict[str, object]]:
    """The answer of every wave and of all together, with one seed."""
    own = dataclasses.replace(survey, seed=seed)
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(home / "lake", Path(place) / "lake")
        lake = Lake(Path(place), survey.name)
        samples = []
        for wave in own.waves.values():
            for stage in (imputed, derived, weighted):
                stage.run(lake, own, wave)
            samples.append(sample_of(lake, own, wave.name))
    primary = next(model for model in own.models.values() if model.primary)
    rows = [_told(own, sample, primary) for sample in samples]
    rows.append(_told(own, pooled_sample(samples, "pooled"), pooled_model(primary)))
    return [{"seed": seed, **row} for row in rows]


def _told(survey: Survey, sample: Sample, model: Model) -> dict[str, object]:
    c = analyse(sample, model.main, survey.disclosure, replicated_copies=REPLICATED).contrasts
    if c is None:
        raise SystemExit(f"{sample.wave}: the model has no estimate")
    at, m = c.names.index("complementarity"), len(sample.copies)
    missing, df = float(c.fmi[at]), float(c.df[at])
    lacking = max((missing - 2 / (df + 3)) / (1 - 2 / (df + 3)), 0)
    error = float(c.error[at])
    return {
        "wave": sample.wave,
        "estimate": float(c.estimate[at]),
        "se": error,
        "bound": float(np.sqrt(lacking / (m + 1))),
    }


def main() -> int:
    """The table of seeds, and what they moved."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("home", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2182, 1, 2, 3, 4, 5])
    parser.add_argument("--copies", type=int)
    asked = parser.parse_args()
    survey = load_survey(BUNDLED)
    if asked.copies is not None and survey.imputation is not None:
        survey = dataclasses.replace(survey, imputation=dataclasses.replace(survey.imputation, copies=asked.copies))
    made = []
    for seed in asked.seeds:
        made += of_seed(asked.home, survey, seed)
        print(f"seed {seed}", file=sys.stderr, flush=True)
    table = pd.DataFrame(made)
    table.round(5).to_csv(sys.stdout, index=False)
    spread = table.groupby("wave").agg(
        estimate=("estimate", "mean"), se=("se", "mean"), bound=("bound", "mean"),
        moved=("estimate", "std"), error_moved=("se", "std"),
    )  # fmt: skip
    spread["moved"] /= spread["se"]
    spread["error_moved"] /= spread["se"]
    print(spread.round(4).reset_index().to_csv(index=False), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
