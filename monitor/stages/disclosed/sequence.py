"""Releases as a sequence: what rests on the same answers moves together, or not at all.

Belongs here: which waves and models stand as they were last released, and putting their lines in place of new ones.
Does not belong here: single lines of a wave that moves (`revisions`), reading earlier releases (`history`).

Whoever subtracts one release from the next learns of the firms that changed in between: through indicators, but also
through every coefficient, curve, claim and count that rests on their answers, at whatever precision it is printed. So
as long as one to `minimum_firms` − 1 firms of a wave came, left or answered otherwise since a release that showed the
wave's figures, the new release shows all of them as the last one did: the wave **stands**. A model stands likewise,
where a wave moves, while so few firms changed in what the model is made of. Firms' own data are not held back: the
secure tables are those of today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.contract.columns import POOLED
from monitor.contract.programmes import OF_A_PROGRAMME
from monitor.stages.disclosed.cells import Row, row_of
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.stages.disclosed.history import STANDS, Earlier
from monitor.stages.disclosed.overlaps import overlap_of
from monitor.survey import Survey
from monitor.survey.models import Model

OF_A_MODEL = (
    "models",
    "terms",
    "contrasts",
    "answer",
    "curve",
    "distribution",
    "specifications",
    "robustness",
    "claims",
    "sensitivity",
)
"""Tables with a model's lines"""
DEFINITIONS = ("codebook", "definitions", "population", "readme")
"""Tables that say what is asked and computed, of no firm"""

OVERLAP = "panel_overlap"
"""The quality indicator that counts firms of two waves"""

LEFT = "left"
"""The method of sensitivity rows that rest on two waves"""

Columns = frozenset[str]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Standing:
    """What a new release shows as the last one did."""

    waves: frozenset[str]
    models: frozenset[tuple[str, str]]
    """(wave or `pooled`, model)"""
    programmes: frozenset[str] = frozenset()


def standing(
    before: Sequence[Earlier],
    survey: Survey,
    firms: Mapping[str, WaveFirms],
    of_programmes: pd.DataFrame | None = None,
) -> Standing:
    """What stands, by how many firms changed since each earlier release that did not itself repeat an earlier one.

    of_programmes: every programme's firms as the lake has them; None where there are none."""
    least = survey.disclosure.minimum_firms
    now = {wave: of_wave.answers for wave, of_wave in firms.items()}
    was = [{wave: found.answers for wave in now if (found := release.firms(survey, wave))} for release in before]
    used = all_columns(survey)
    waves = {
        wave
        for wave, answers in now.items()
        for release, then in zip(before, was, strict=True)
        if wave in then and wave not in release.standing_waves
        if 0 < len(changed(then[wave], answers, used)) < least
    }
    models = set()
    for name, model in survey.models.items():
        columns, base = columns_of_model(model), model.main.base
        for wave in (*now, POOLED):
            inside = now if wave == POOLED else {wave: now[wave]}
            for release, then in zip(before, was, strict=True):
                if (wave, name) in release.models and (wave, name) not in release.standing_models:
                    count = sum(
                        len(changed(then.get(w, answers.iloc[:0]), answers, columns, f"base_{base}"))
                        for w, answers in inside.items()
                    )
                    if 0 < count < least:
                        models.add((wave, name))
    return Standing(frozenset(waves), frozenset(models), _programmes(before, of_programmes, least))


def _programmes(before: Sequence[Earlier], now: pd.DataFrame | None, least: int) -> frozenset[str]:
    """The programmes whose list of firms changed by one to `least` - 1 firms since an earlier release."""
    if now is None or not len(now):
        return frozenset()
    told = ["standing", "eligible", "amount_eur"]
    stand = set()
    for name, firms in now.groupby("programme"):
        for release in before:
            then = release.programme_firms
            then = then[then["programme"] == name]
            both = firms.merge(then, on=["firm", *told], how="outer", indicator=True)
            if len(then) and 0 < both.loc[both["_merge"] != "both", "firm"].nunique() < least:
                stand.add(str(name))
    return frozenset(stand)


def changed(before: pd.DataFrame, after: pd.DataFrame, columns: Columns, base: str | None = None) -> pd.Index:
    """The firms that came, left or answered otherwise in these columns; with `base`, those inside it before or after.

    What only one side has (a measure that is new) is a change of the definition, not of a firm.
    """
    if base in before and base in after:
        before, after = before[before[base] == "1"], after[after[base] == "1"]
    both = before.index.intersection(after.index)
    shared = sorted(columns & set(before) & set(after))
    different = (before.loc[both, shared].to_numpy() != after.loc[both, shared].to_numpy()).any(axis=1)
    return both[different].append([before.index.difference(both), after.index.difference(both)])


def all_columns(survey: Survey) -> Columns:
    """Every concept, measure and base that a figure of the survey rests on."""
    named = {*survey.measures, *(f"base_{name}" for name in survey.bases)}
    named |= {part for domain in survey.domains for part in domain.split("*")}
    named |= survey.imputation.names if survey.imputation else set()
    return frozenset(named.union(*(columns_of_model(model) for model in survey.models.values())))


def columns_of_model(model: Model) -> Columns:
    """Every concept, measure and base that a model names, in whichever of its variants."""
    return frozenset([*model.variables, *(f"base_{base}" for base in model.bases)])


def as_last_shown(tables: Mapping[str, pd.DataFrame], last: Earlier, stands: Standing) -> dict[str, pd.DataFrame]:
    """The tables with what stands as the last release has it, marked `held`.

    A line that only the new definition has waits until its wave or model moves; one that it no longer has goes.
    """
    shown = {name: frame for name, frame in tables.items() if name not in DEFINITIONS}
    for name in shown.keys() - {"changes"}:
        # A table that the last release did not have yet has nothing to repeat.
        former = last.tables.get(name, shown[name].iloc[:0])
        shown[name] = _replaced(shown[name], former, partial(_stand, name, stands))
    moved = _moved(shown["indicators"], last.tables["indicators"])
    again = partial(_between_standing, stands, moved)
    shown["changes"] = _with_overlaps(_replaced(shown["changes"], last.tables["changes"], again), tables["changes"])
    return {**tables, **shown}


def _with_overlaps(changes: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    """`changes` with the firms of both waves as they are `decided` now: a number that the last release showed may have
    to hide one that moved since."""
    now = {overlap_of(x): (x["overlap_firms"], x["overlap_suppressed"]) for x in decided.to_dict("records")}
    lines = [(overlap_of(x), (x["overlap_firms"], x["overlap_suppressed"])) for x in changes.to_dict("records")]
    counts = [now.get(overlap, then) for overlap, then in lines]
    return changes.assign(
        overlap_firms=pd.Series([count for count, _ in counts], index=changes.index, dtype="object"),
        overlap_suppressed=[bool(withheld) for _, withheld in counts],
    )


def _stand(name: str, stands: Standing, table: pd.DataFrame) -> Flags:
    """The lines of a table that stand. A number of firms in two waves stands with either of them."""
    flags = table["wave"].isin(stands.waves)
    if name in OF_A_MODEL:
        pairs = list(zip(table["wave"], table["model"], strict=True))
        flags |= pd.Series([pair in stands.models for pair in pairs], index=table.index, dtype=bool)
    if name in OF_A_PROGRAMME:
        flags |= table["wave_before"].isin(stands.waves) | table["programme"].isin(stands.programmes)
    if name == "participation":
        flags |= table["wave_before"].isin(stands.waves)
    if name == "sensitivity":
        # Who left is told of the wave before: it stands with any wave after it.
        later = [any(str(wave) < stands_too for stands_too in stands.waves) for wave in table["wave"]]
        flags |= (table["approach"] == LEFT) & pd.Series(later, index=table.index, dtype=bool)
    if name == "quality":
        flags |= (table["indicator"] == OVERLAP) & table["concept"].isin(stands.waves)
        flags &= table["indicator"] != STANDS
    return flags.to_numpy(dtype=bool)


def _between_standing(stands: Standing, moved: set[Row], table: pd.DataFrame) -> Flags:
    """The changes with an end in a standing wave, and the other end as it was printed last."""
    lines = table.to_dict("records")
    ends = [
        [
            (str(x[w]), str(x["indicator"]), str(x["domain_variable"]), str(x["domain"]))
            for w in ("wave_from", "wave_to")
        ]
        for x in lines
    ]
    return np.array(
        [any(row[0] in stands.waves for row in pair) and not any(row in moved for row in pair) for pair in ends],
        dtype=bool,
    )


def _moved(now: pd.DataFrame, then: pd.DataFrame) -> set[Row]:
    """The lines that are printed otherwise than last time, or were not printed then."""
    was = {row_of(x): x["estimate"] for x in then.to_dict("records")}
    lines = ((row_of(x), x["estimate"]) for x in now.to_dict("records"))
    return {r for r, value in lines if r not in was or not (was[r] == value or (was[r] != was[r] and value != value))}


def _replaced(frame: pd.DataFrame, former: pd.DataFrame, stand: Callable[[pd.DataFrame], Flags]) -> pd.DataFrame:
    """The frame with the former release's lines in place of its own, where they stand."""
    again = former[stand(former)]
    if "held" in again:
        # Every line of it, not those that would have moved: which these are would tell where somebody changed.
        again = again.assign(held=~again["suppressed"].astype(bool) if "suppressed" in again else True)
    parts = [part for part in (frame[~stand(frame)], again) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else frame
