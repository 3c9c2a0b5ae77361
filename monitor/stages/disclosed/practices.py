"""Fits without controls: each is the table of its practices, and is judged as one.

Belongs here: which firms a fit is about, the cells of its practices, and whether one of them is sensitive. Does not
belong here: what is withheld then (`fitted`), fits with controls.

A fit of all states of its practices, and of nothing else, says of each state the share of its firms with the outcome,
in whichever table it stands: `contrasts`, `answer`, `curve`, `specifications`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.disclosure import primary
from monitor.statistics.models.specification import EVERY, Specification
from monitor.survey import Survey
from monitor.survey.models import FROM_FIRST_PART, FROM_SECOND_PART, SECOND_PART

AMONG_THE_FIRST = (SECOND_PART, FROM_FIRST_PART, FROM_SECOND_PART)
"""Variants that tell of the outcome among firms with the first part"""
BINARY = ["0", "1"]


def saturated(models: pd.DataFrame, survey: Survey, firms: Mapping[str, WaveFirms]) -> primary.Flags:
    """Models that are the table of their practices, where a cell of that table is sensitive."""
    flags = []
    for row in models.to_dict("records"):
        declared = survey.models.get(str(row["model"]))
        fit = declared.variant(str(row["variant"])) if declared else None
        first = declared.first_part if declared and str(row["variant"]) in AMONG_THE_FIRST else None
        flags.append(fit is not None and sensitive(fit, row, survey, firms, first))
    return np.array(flags, dtype=bool)


def saturated_choices(table: pd.DataFrame, survey: Survey, firms: Mapping[str, WaveFirms]) -> primary.Flags:
    """The same of lines of `specifications`, or of `curve`: each is a fit of its own."""
    of_model: dict[tuple[str, object], Specification] = {}
    for name, declared in survey.models.items():
        numbered = enumerate((s for _, s in declared.specifications()), start=1)
        of_model |= {(name, number): fit for number, fit in numbered}
        of_model |= {(name, (fit.sign, fit.cut)): fit for fit in declared.cuts()}
    flags = []
    for row in table.to_dict("records"):
        place = int(row["number"]) if "number" in row else (str(row["sign"]), float(row["cut"]))
        fit = of_model.get((str(row["model"]), place))
        flags.append(fit is not None and sensitive(fit, row, survey, firms))
    return np.array(flags, dtype=bool)


def sensitive(
    fit: Specification,
    row: Mapping[Any, Any],
    survey: Survey,
    firms: Mapping[str, WaveFirms],
    first: str | None = None,
) -> bool:
    """Whether a fit without controls has a state of its practices with too few firms, or too few that have the outcome
    or do not. `first`: only firms with this measure count. A firm that left a practice open is in no state."""
    axes = [fit.levels] if fit.levels else [*fit.practices]
    if fit.controls or fit.dose or not axes:
        return False
    outcome = str(row["outcome"]) if "variant" in row else fit.outcome
    left_out = [] if fit.without == EVERY else [fit.without]
    about = {"wave": row["wave"], "base": fit.base, "outcome": outcome}
    answers = inside(about, firms, [*axes, *left_out, *([first] if first else [])])
    if answers is None or not {*axes} <= {*answers}:
        return False
    kept = (answers[axes] != "").all(axis=1)
    for measure, wanted in ((fit.without, False), (first, True)):
        if measure is not None and measure in answers:
            kept &= (answers[measure] == "1") == wanted
    events = _with_outcome(answers["outcome"], fit)[kept]
    cells = events.groupby([answers.loc[kept, axis] for axis in axes])
    return bool(primary.of_few(cells.sum(min_count=1), cells.size(), survey.disclosure).any())


def _with_outcome(outcome: pd.Series, fit: Specification) -> pd.Series:
    """1.0 for firms with the outcome and 0.0 for the others; missing for all where it is a share and is not cut."""
    if fit.cut is None:
        binary = bool(outcome.isin(BINARY).all())
        return outcome.eq("1").astype("float64") if binary else pd.Series(np.nan, index=outcome.index)
    values = outcome.astype("float64")
    return (values > fit.cut if fit.sign == ">" else values >= fit.cut).astype("float64")


def inside(row: Mapping[Any, Any], firms: Mapping[str, WaveFirms], columns: Iterable[str]) -> pd.DataFrame | None:
    """These columns of a model's firms as text, with its outcome as `outcome`; of all waves where it spans them."""
    base, outcome = f"base_{row['base']}", str(row["outcome"])
    waves = [firms[str(row["wave"])]] if str(row["wave"]) in firms else list(firms.values())
    tables = []
    for table in (f.answers for f in waves if outcome in f.answers and base in f.answers):
        answered = (table[base] == "1") & (table[outcome] != "")
        own = table.loc[answered, [c for c in columns if c in table]]
        tables.append(own.assign(outcome=table.loc[answered, outcome]))
    return pd.concat(tables, ignore_index=True) if tables else None
