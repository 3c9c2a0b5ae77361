"""Fits beside each other: the number of firms in one less that in another is a figure too.

Belongs here: which variants of a model, and which specifications, differ by too few firms to be told both; whose
number of events would tell of the firms that another leaves out; what is worked out of all of them together. Does not
belong here: one fit by itself (`fitted`, `practices`), releases one after the other (`sequence`).

Complete cases are what is left of a model's firms without those that left something open; so the events of the one
less those of the other are how many of these have the outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from monitor.stages.disclosed.contributions import WaveFirms
from monitor.stages.disclosed.cuts import apart
from monitor.stages.disclosed.practices import inside
from monitor.statistics.disclosure import primary
from monitor.survey import Disclosure
from monitor.survey.models import MAIN, SECOND_PART

FIT = ["model", "variant"]
SAME_VARIANTS = ["wave", "model", "outcome", "base"]
SAME_CHOICES = ["wave", "model", "weights", "outcome", "practice_a", "practice_b", "controls"]
"""What specifications have in common that differ in their firms alone"""
CHOICES_OF_FIRMS = ("answers", "base", "left_out")
OF_ALL_CHOICES = ("by_choice", "by_way", "joint_test")
"""Tests that are worked out of all specifications of a model in a wave together"""
Counts = tuple[float, float]
"""Firms, and those of them with the outcome"""


def few_firms_apart(fits: pd.DataFrame, same: list[str], own: pd.Series, limits: Disclosure) -> primary.Flags:
    """Fits with as many firms as another that is told, and one to `minimum_firms` − 1 more or fewer: beside each other
    they would tell what those few add. The `own` one of the model always stays. Rows need n and `suppressed`."""
    firms = pd.to_numeric(fits["n"]).astype("float64").round().to_numpy()
    told = np.flatnonzero(~fits["suppressed"].astype(bool).to_numpy() & ~np.isnan(firms))
    # By arrays: there are hundreds of groups of two or three fits, and a frame of each costs more than what is asked.
    group = fits.iloc[told].groupby(same, dropna=False).ngroup().to_numpy()
    _, begins = np.unique(np.sort(group), return_index=True)
    own_one, gone = own.to_numpy(dtype=bool), np.zeros(len(fits), dtype=bool)
    for at in np.split(told[np.argsort(group, kind="stable")], begins)[1:]:
        first = firms[at][own_one[at]]
        kept = apart(firms[at], first[0] if len(first) else firms[at].max(), limits.minimum_firms)
        gone[at] = [number not in kept for number in firms[at]]
    return gone


def few_firms_apart_by_choice(specifications: pd.DataFrame, limits: Disclosure) -> primary.Flags:
    """The same of specifications that differ in one of the choices which firms they are about."""
    own = specifications["own_choice"].astype(bool)
    gone = np.zeros(len(specifications), dtype=bool)
    for choice in CHOICES_OF_FIRMS:
        same = [*SAME_CHOICES, *(other for other in CHOICES_OF_FIRMS if other != choice)]
        gone |= few_firms_apart(specifications, same, own, limits)
    return gone


def of_withheld_choices(robustness: pd.DataFrame, specifications: pd.DataFrame) -> primary.Flags:
    """Tests of all specifications together, where one of these is withheld that has an estimate.

    Each is an equation in the estimates: the parts of their variance, the median, how many lie above zero. With the
    others in public, the one that is not follows from them to five digits.
    """
    gone = specifications[specifications["suppressed"].astype(bool) & specifications["estimate"].notna()]
    models = set(gone[["wave", "model"]].astype(str).itertuples(index=False, name=None))
    about = robustness[["wave", "model"]].astype(str).itertuples(index=False, name=None)
    return robustness["test"].isin(OF_ALL_CHOICES).to_numpy() & np.array([key in models for key in about], dtype=bool)


def events_not_told(models: pd.DataFrame, firms: Mapping[str, WaveFirms], limits: Disclosure) -> primary.Flags:
    """Models whose number of events is not told, for beside another's of the same outcome it would tell what all, or
    all but one or two, of the firms in one of them alone have answered. Of all waves together it goes with any wave's.

    Fits are taken for parts of each other wherever their numbers allow it. Rows need n, events and `suppressed`.
    """
    told = ~models["suppressed"].astype(bool) & pd.to_numeric(models["events"]).notna()
    gone = pd.Series(False, index=models.index)
    for key, part in models[told].groupby(["wave", "outcome", "base"]):
        of_all = inside(dict(zip(("wave", "outcome", "base"), key, strict=True)), firms, ())
        shown = [] if of_all is None else [(float(len(of_all)), float(of_all["outcome"].eq("1").sum()))]
        order = sorted(part.index, key=lambda i: (part["variant"][i] != MAIN, -part["n"][i], -part["events"][i]))
        for i in order:
            counts = (float(np.rint(part["n"][i])), float(np.rint(part["events"][i])))
            by_definition = part["variant"][i] == SECOND_PART
            if part["variant"][i] == MAIN or counts in shown or not alike_in_between(counts, shown, by_definition):
                shown.append(counts)
            else:
                gone[i] = True
    of_waves = set(models.loc[gone, FIT].itertuples(index=False, name=None))
    pooled = ~models["wave"].astype(str).isin(firms)
    gone |= told & pooled & pd.Series([key in of_waves for key in _keys(models)], index=models.index)
    return gone.to_numpy(dtype=bool)


def alike_in_between(counts: Counts, shown: Iterable[Counts], by_definition: bool = False) -> bool:
    """Whether the firms that one of two fits leaves out are alike, where one can be a part of the other.

    `by_definition`: that none of those left out has the outcome is known, as of firms without the first part of it.
    """
    for n, events in shown:
        firms, more = n - counts[0], events - counts[1]
        if firms < 0:
            firms, more = -firms, -more
        part = firms > 0 and 0 <= more <= firms
        if part and not (by_definition and more == 0) and bool(primary.alike([more], [firms])[0]):
            return True
    return False


def _keys(models: pd.DataFrame) -> Iterable[tuple[str, ...]]:
    return models[FIT].itertuples(index=False, name=None)
