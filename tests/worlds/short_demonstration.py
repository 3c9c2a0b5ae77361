"""The demonstration with little effort of inference, for tests of how its runs go. Not here: any of its figures."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from monitor.surveys import BUNDLED

COPIES = 2
REPLICATES = 40
DOMAINS = ["size_band"]
WAVES = ("2018", "2019")


def definition(folder: Path, waves: Sequence[str] = WAVES) -> Path:
    """The bundled folder with its last two waves, or others, every model and claim, but few copies, replicates and
    domains: those are most of a run's time, and say nothing of processes, files and last bits that a few do not."""
    target = folder / BUNDLED.name
    shutil.copytree(BUNDLED, target)
    declared = yaml.safe_load((target / "survey.yaml").read_text(encoding="utf-8"))
    declared["imputation"]["copies"] = COPIES
    declared["design"]["replicates"] = REPLICATES
    declared["domains"] = DOMAINS
    (target / "survey.yaml").write_text(yaml.safe_dump(declared, allow_unicode=True, sort_keys=False), encoding="utf-8")
    for file in (target / "waves").glob("*.yaml"):
        if file.stem not in waves:
            file.unlink()
    # Its ecosystems are of domains that are not declared any more.
    (target / "ecosystems.yaml").unlink()
    # What the register held in a wave that is gone it held in the first that is left.
    register = target / "register" / "initiatives.csv"
    rows = pd.read_csv(register, dtype=str, keep_default_na=False)
    rows["wave"] = rows["wave"].where(rows["wave"].isin(waves), waves[0])
    rows.drop_duplicates(["code", "wave"], keep="last").to_csv(register, index=False)
    return target
