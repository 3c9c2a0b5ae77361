"""The outcome cut elsewhere: the headline at every threshold with a band, and the whole distribution over the states.

Belongs here: fitting a model's declared cuts, the rows of `modelled_curve` and `modelled_distribution`. Does not belong
here: other choices than the threshold (`specifications`), the mathematics (`statistics`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.stages.modelled.analysed import analysed
from monitor.stages.modelled.specifications import (
    Headline,
    covariance_of,
    fit_words,
    headline_row,
    headlines,
)
from monitor.statistics.design.simultaneous import pointwise_level
from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.engine import Work
from monitor.statistics.models.known import Known
from monitor.statistics.models.rearrangement import in_order
from monitor.statistics.models.result import LEVEL, Estimates, Result
from monitor.statistics.models.sample import Sample
from monitor.survey import Disclosure, Survey
from monitor.survey.models import Model

Array = NDArray[np.float64]

CURVE_COPIES = 1
"""Completed copies within which the replicates' variance of a point of the curve is computed"""
STATES = ("neither", "b_only", "a_only", "both")
BEYOND = ">"
"""The sign whose cuts give the distribution"""


def curve(sample: Sample, model: Model, thresholds: Disclosure, known: Known) -> list[Result]:
    """The model's headline at every declared cut of the outcome, with > and with >=, and the probabilities of the four
    states where it has them; what is `known` is not fitted again."""
    cuts = model.cuts()
    # Where no firm lies between two cuts they ask the same, and one of them is fitted.
    unknown = {known.identity(cut): cut for cut in reversed(cuts) if known.result(cut) is None}
    works = [
        Work((cut,), thresholds, replicated_copies=CURVE_COPIES, headline_only=True, with_states=True)
        for cut in unknown.values()
    ]
    known.add(result for results in analysed(sample, works) for result in results)
    return [known.required(cut) for cut in cuts]


def curve_rows(
    survey: Survey, sample: Sample, wave: str, model: Model, results: Sequence[Result], known: Known
) -> list[dict[str, Any]]:
    """The rows of `modelled_curve`: one per cut (in the measure's unit, 0..100 for a percentage) and sign, with the
    band that holds all cuts of the sign at once. Where no firm lies between two cuts they ask the same; the outcome's
    own is the one its expression ends with."""
    outcome = survey.measures.get(model.main.outcome)
    stated = re.search(r"(>=?)\s*(\d+(?:\.\d+)?)\s*$", outcome.sql if outcome else "")
    levels = {sign: _level(sample, headlines([r for r in results if _sign(r) == sign])) for sign in _signs(results)}
    return [
        {
            "survey": survey.name,
            "wave": wave,
            "model": model.name,
            "measure": r.specification.outcome,
            "sign": r.specification.sign,
            "cut": r.specification.cut,
            "own_choice": known.same(r.specification, model.main)
            and (stated is None or (stated[1], float(stated[2])) == (r.specification.sign, r.specification.cut)),
            **headline_row(r),
            **_headline_band(r, levels[_sign(r)]),
        }
        for r in results
    ]


def distribution_rows(
    survey: str, sample: Sample, wave: str, model: Model, results: Sequence[Result]
) -> list[dict[str, Any]]:
    """The rows of `modelled_distribution`: the probability of more than each cut in each of the four states, with the
    band that holds the state's whole curve.

    They are the fits of the threshold curve: a logit at each cut, standardised over the base (Foresi and Peracchi 1995;
    Chernozhukov, Fernandez-Val and Melly 2013, Econometrica 81). A share beyond a cut cannot rise with the cut: where
    fits say so, the values of a state are put in order, and errors and contributions go with their value (`in_order`).
    A cut without an estimate stands with its reason.
    """
    if not model.main.of_two_practices:
        return []
    cuts = sorted((r for r in results if _sign(r) == BEYOND), key=_cut)
    fitted = [r for r in cuts if r.contrasts is not None and r.influence is not None]
    told = of_two_practices(*model.main.practices)
    rows = []
    for role in STATES:
        name = told[role].name
        numbers = _in_order(sample, [(r.contrasts, r.influence) for r in fitted], name)  # type: ignore[misc]
        found = dict(zip((_cut(r) for r in fitted), numbers, strict=True))
        rows += [
            {
                "survey": survey, "wave": wave, "model": model.name, "measure": r.specification.outcome, "cut": _cut(r),
                "state": role, "contrast": name, **fit_words(r), **found.get(_cut(r), {}), **_firms(r, name),
            }
            for r in cuts
        ]  # fmt: skip
    return rows


def _firms(r: Result, state: str) -> dict[str, int]:
    """The firms in a state, and those beyond the cut: what disclosure control judges."""
    if r.contrasts is None:
        return {}
    firms = r.contrasts.states[state]
    return {"state_n": round(firms.n), "state_events": round(firms.events)}


def _in_order(sample: Sample, fits: Sequence[tuple[Estimates, Array]], name: str) -> list[dict[str, float]]:
    """The numbers of one state's curve, cut by cut."""
    if not fits:
        return []
    places = [e.names.index(name) for e, _ in fits]
    order = in_order(np.array([[e.estimate[at]] for (e, _), at in zip(fits, places, strict=True)]))[:, 0]
    moved = [(fits[i][0], fits[i][1], places[i]) for i in order]
    level = _level(sample, moved)
    return [
        {"estimate": float(e.estimate[at]), "se": float(e.error[at]), "df": float(e.df[at]), **_bounds(e, at, level)}
        for e, _, at in moved
    ]


def _bounds(e: Estimates, at: int, level: float) -> dict[str, float]:
    """Interval and band of one quantity; the band is the interval at a higher level, and so never inside it."""
    low, high = (float(bound[at]) for bound in e.interval(LEVEL))
    band_low, band_high = (float(bound[at]) for bound in e.interval(level))
    return {
        "ci_low": low,
        "ci_high": high,
        "band_low": min(low, band_low),
        "band_high": max(high, band_high),
    }


def _headline_band(r: Result, level: float) -> dict[str, float]:
    place = r.contrasts.at(r.specification.headline) if r.contrasts is not None else None
    return {} if r.contrasts is None or place is None else _bounds(r.contrasts, place, level)


def _level(sample: Sample, fitted: Sequence[Headline]) -> float:
    """The level of single intervals that hold all these estimates at once."""
    return pointwise_level(covariance_of(sample, fitted), LEVEL) if fitted else LEVEL


def _sign(r: Result) -> str:
    return r.specification.sign


def _signs(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(_sign(r) for r in results))


def _cut(r: Result) -> float:
    return float(r.specification.cut or 0.0)
