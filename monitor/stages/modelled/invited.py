"""The invited firms of a wave, those that did not answer among them, as the frame knows them.

Belongs here: reading the frame, weights before any response, who answered. Does not belong here: what is made of it
(`silent`), response classes and published weights (the stage `weighted`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.replicates import bootstrap_perturbation
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.sample import Array, Mask
from monitor.statistics.random_numbers import firm_numbers
from monitor.statistics.weighting.collapse import is_out_of_scope
from monitor.statistics.weighting.propensity import dummy_columns
from monitor.storage.lake import Lake
from monitor.survey import Survey
from monitor.survey.nonresponse import proxies

TRUE = "true"
"""A fact of the frame that holds, as its category"""


@dataclass(frozen=True)
class Invited:
    """N invited firms in scope."""

    design: SurveyDesign
    """With the weights of being drawn alone: firms of the frame per firm invited"""
    answered: Mask
    """(N,) whether a usable response came"""
    variables: Mapping[str, NDArray[np.object_]]
    """The frame's proxies: name -> (N,) category as text"""
    z: Array
    """(N, p) an intercept, and every category of every proxy but its first"""
    place: NDArray[np.int64]
    """(n,) where each responding firm stands"""
    shares: Mapping[str, float]
    """Proxy that is yes or no -> its share among all firms of the frame, invited or not"""
    firms: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    """(N,) their pseudonyms"""

    def replicates(self, response: ResponsePhase, count: int, seed: int) -> tuple[Array, Array]:
        """(n, R) and (N, R) replicates of the weights of drawing, of the firms that answered and of all invited ones.

        The bootstrap of the published weights (Preston 2009; Shao and Steel 1999), with the same firms' numbers, before
        response weights and calibration: invited firms are drawn again within strata, and respondents answer again
        within their response classes.
        """
        w, here = self.design.weights, self.place
        finite = self.design.population is not None
        left = np.maximum(1 - 1 / w, 0.0) if finite else np.ones(len(w))
        drawn = 1 / np.maximum(w, 1.0) if finite else np.ones(len(w))
        strata = (
            np.zeros(len(w)) if self.design.strata is None else np.unique(self.design.strata, return_inverse=True)[1]
        )
        first = np.zeros((len(w), count))
        if (open_ := left > 0).any():
            numbers = firm_numbers(list(self.firms[open_]), count, seed, "draw")
            first[open_] = bootstrap_perturbation(strata[open_], left[open_], numbers)
        classes = np.unique(response.classes, return_inverse=True)[1]
        answers = firm_numbers(list(self.firms[here]), count, seed, "answer")
        silent = drawn[here] * (1 - 1 / response.adjustment) / (1 + left[here])
        second = bootstrap_perturbation(classes, silent, answers)
        every = w[:, None] * (1 + first)
        return every[here] * (1 + second), every


def invited_firms(lake: Lake, survey: Survey, wave: str, firms: NDArray[np.object_]) -> Invited | None:
    """The invited firms of a wave, its responding `firms` (n,) among them; None without a frame, without proxies, or
    where everybody or nobody answered."""
    names = proxies(survey)
    if not names or not lake.has("staged_frame", wave):
        return None
    frame = lake.read("staged_frame", wave)
    frame = frame[~_outside(frame, firms)].sort_values("firm", ignore_index=True)
    asked = frame["invited"].astype("boolean").fillna(False).to_numpy(bool) if "invited" in frame else None
    invited = frame if asked is None else frame[asked].reset_index(drop=True)
    answered = invited["firm"].isin(set(firms)).to_numpy(bool)
    places = pd.Series(np.arange(len(invited)), index=invited["firm"].astype(str))
    if answered.all() or not answered.any() or not set(firms) <= set(places.index):
        return None
    variables = {name: invited[name].astype("string").str.lower().fillna("").to_numpy(object) for name in names}
    facts = [name for name in names if survey.concepts[name].type == "boolean"]
    return Invited(
        _design(frame, invited, survey),
        answered,
        variables,
        dummy_columns(list(variables.values()))[0],
        places.loc[list(firms)].to_numpy(np.int64),
        {name: float(frame[name].astype("boolean").fillna(False).mean()) for name in facts},
        invited["firm"].to_numpy(object),
    )


def _outside(frame: pd.DataFrame, firms: NDArray[np.object_]) -> Mask:
    """Firms that fieldwork found to be none of the survey's: nobody answers in their place."""
    if "disposition" not in frame:
        return np.zeros(len(frame), dtype=bool)
    outside = {d for d in frame["disposition"].dropna().unique() if is_out_of_scope(d)}
    return (frame["disposition"].isin(outside) & ~frame["firm"].isin(set(firms))).to_numpy(bool)


def _design(frame: pd.DataFrame, invited: pd.DataFrame, survey: Survey) -> SurveyDesign:
    """N_h / n_h where weights come from the frame, else 1; a stratum with one firm counts as in R's "adjust"."""
    if survey.design.weights != "frame":
        return SurveyDesign(np.ones(len(invited)))
    strata = list(survey.design.strata)
    own, every = (
        part[strata].astype(str).agg("|".join, axis=1) if strata else _alike(part) for part in (invited, frame)
    )
    size, drawn = (np.asarray(own.map(values.value_counts()), dtype=np.float64) for values in (every, own))
    return SurveyDesign(size / drawn, own.to_numpy(object), size, lonely="centre")


def _alike(frame: pd.DataFrame) -> pd.Series:
    """All firms in one stratum."""
    return pd.Series("all", index=frame.index)
