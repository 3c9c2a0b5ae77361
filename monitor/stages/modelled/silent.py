"""What the data themselves say of the firms that did not answer.

    proxy               headlines and claims as they would be if answering depended on the outcome itself (phi)
    timing              early and late answers: who had to be waited for may resemble who never came
    left                the last answers of firms that were asked again and stayed silent
    representativity    how alike invited and responding firms are in what the frame knows
    frame               what the frame says of all firms, beside the same of those that answered

Headlines and claims of all of these are shares of firms and means of percentages.

Belongs here: these rows of `modelled_sensitivity`. Does not belong here: other odds of answering (`sensitivity`), the
estimators (`statistics.nonresponse`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.stages.modelled.analysed import Asking, Part
from monitor.stages.modelled.departures import COPIES
from monitor.stages.modelled.evidence import share_interval
from monitor.stages.modelled.invited import TRUE, Invited, invited_firms
from monitor.stages.modelled.modelling import Findings
from monitor.stages.modelled.sensitivity import CLAIM, INDICATOR, bounded, ratio_of, shares_of
from monitor.statistics.decisions.claim import Share
from monitor.statistics.design.intervals import logit_t, student_t
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.content import digest
from monitor.statistics.models.sample import Array, Mask, Sample
from monitor.statistics.nonresponse.proxy_pattern_mixture import PHIS, Adjusted, adjusted_mean, adjusted_share
from monitor.statistics.nonresponse.representativity import representativity
from monitor.statistics.nonresponse.tipping import Ratio, of_ratios
from monitor.storage.lake import Lake
from monitor.survey import Indicator, Survey

RESPONSE = "response"
"""The kind of rows that are about the response itself"""
ARRIVALS = ("finished_at", "started_at")
"""Concepts that say when an answer came, the better first"""
PROXY_REPLICATES = 100
"""Of a proxy's interval: an error is known to a fourteenth of itself, and each refits the proxy"""
Row = dict[str, Any]


def silent_rows(lake: Lake, findings: Findings) -> Asking[list[Row]]:
    """What a wave's own data say."""
    survey, sample = findings.survey, findings.sample
    rows = _timing(lake, survey, sample)
    invited = invited_firms(lake, survey, sample.wave, sample.firms)
    if invited is not None:
        rows += yield from proxy_rows(survey, sample, invited)
        rows += [*representativity_rows(invited), *frame_rows(sample, invited)]
    return [{"survey": survey.name, "wave": sample.wave, **row} for row in rows]


def left_rows(lake: Lake, findings: Findings, samples: Sequence[Sample]) -> list[Row]:
    """The last answers of firms that were asked again a wave later and stayed silent, beside those of firms that did
    answer again; of the wave in which they answered."""
    survey, found = findings.survey, []
    for sample, following in pairwise(samples):
        again = np.isin(sample.firms.astype(str), following.firms.astype(str))
        asked = _asked(lake, following.wave, sample)
        for row in apart_rows(survey, sample, "left", {"left": asked & ~again, "stayed": again}):
            found.append({"survey": survey.name, "wave": sample.wave, **row})
    return found


def _asked(lake: Lake, wave: str, sample: Sample) -> Mask:
    """(n,) which firms were invited in another wave; all where no frame says so."""
    if not lake.has("staged_frame", wave):
        return np.ones(len(sample.firms), dtype=bool)
    frame = lake.read("staged_frame", wave)
    if "invited" in frame:
        frame = frame[frame["invited"].astype("boolean").fillna(False).to_numpy(bool)]
    return np.isin(sample.firms.astype(str), frame["firm"].astype(str))


# ---- two groups of responding firms


def _timing(lake: Lake, survey: Survey, sample: Sample) -> list[Row]:
    """Answers up to the median day and after it."""
    days = _arrivals(lake, sample)
    if days is None or not (after := days > np.nanmedian(days)).any():
        return []
    return list(apart_rows(survey, sample, "timing", {"late": after, "early": np.isfinite(days) & ~after}))


def _arrivals(lake: Lake, sample: Sample) -> Array | None:
    """(n,) the day on which each firm's kept response came, as a number; None where nothing says so."""
    if not (lake.has("staged_answers", sample.wave) and lake.has("validated_responses", sample.wave)):
        return None
    answers = lake.read("staged_answers", sample.wave)
    name = next((name for name in ARRIVALS if name in answers and answers[name].notna().any()), None)
    if name is None:
        return None
    kept = lake.read("validated_responses", sample.wave).query("status == 'kept'")[["firm", "response"]]
    came = kept.merge(answers[["firm", "response", name]], on=["firm", "response"]).drop_duplicates("firm")
    days = pd.to_datetime(came[name]).set_axis(came["firm"].astype(str)).reindex(sample.firms.astype(str))
    numbers = (days - days.min()).dt.days.to_numpy(float, na_value=np.nan)
    return np.asarray(numbers) if np.isfinite(numbers).any() else None


def apart_rows(survey: Survey, sample: Sample, approach: str, groups: Mapping[str, Mask]) -> Iterator[Row]:
    """Each headline and claim among two groups of firms, and the first less the second."""
    (one, first), (other, second) = groups.items()
    if not first.any() or not second.any():
        return
    for kind, name, share, ratios in _figures(survey, sample):
        parts = {axis: [_among(ratio, group) for ratio in ratios] for axis, group in ((one, first), (other, second))}
        counted = {axis: _counted(own) for axis, own in parts.items()}
        if min(n for n, _ in counted.values()) == 0:
            continue
        about = {"kind": kind, "figure": name, "approach": approach}
        for axis, group in ((one, first), (other, second)):
            told = of_ratios([(part,) for part in parts[axis]])([sample.design] * len(ratios))
            df = max(float(sample.design.degrees_of_freedom(group)), 1.0)
            n, events = counted[axis] if share else (counted[axis][0], np.nan)
            row = _estimated(float(told.estimates[0]), float(told.se[0]), df, (n, events) if share else None)
            yield {**about, "axis": axis, "unit": "share", **row, "n": round(n), "events": _whole(events)}
        told = of_ratios(list(zip(parts[one], parts[other], strict=True)))([sample.design] * len(ratios))
        df = max(float(sample.design.degrees_of_freedom(first | second)), 1.0)
        row = _estimated(float(told.estimates[0]), float(told.se[0]), df, None)
        yield {**about, "axis": "difference", "unit": "points", **row}


def _figures(survey: Survey, sample: Sample) -> Iterator[tuple[str, str, bool, list[Ratio]]]:
    """(kind, name, whether a share of firms, its sums in each copy) of the headlines and claims that are a share of
    firms or a mean of a percentage. What a model decides would have to be fitted to half of the firms."""
    for name, indicator in survey.indicators.items():
        if _told(survey, indicator) and sample.has(indicator.measure):
            ratios = [ratio_of(survey, indicator, copy) for copy in sample.copies]
            yield INDICATOR, name, indicator.estimator == "share", ratios
    for claim in survey.claims:
        estimand = claim.estimand
        if isinstance(estimand, Share) and sample.has(estimand.measure, *filter(None, (estimand.among,))):
            yield CLAIM, claim.name, True, [shares_of(estimand, copy)[0] for copy in sample.copies]


def _told(survey: Survey, indicator: Indicator) -> bool:
    """Headlines that are a share of firms or a mean of a percentage: an amount of half the firms may be one firm's."""
    return indicator.headline and indicator.estimator in ("share", "mean") and bounded(survey, indicator)


def _among(ratio: Ratio, group: Mask) -> Ratio:
    return Ratio(ratio.top * group, None if ratio.below is None else ratio.below * group)


def _counted(parts: Sequence[Ratio]) -> tuple[float, float]:
    """Firms counted, and of them those above zero; means over the copies."""
    below = [part.top if part.below is None else part.below for part in parts]
    return float(np.mean([(b != 0).sum() for b in below])), float(np.mean([(p.top > 0).sum() for p in parts]))


def _whole(value: float) -> int | None:
    return round(value) if np.isfinite(value) else None


def _estimated(estimate: float, se: float, df: float, share: tuple[float, float] | None) -> Row:
    """Columns of an estimate; `share`: firms and firms with the property, where it is a share of firms."""
    low, high = share_interval(estimate, se, df, *share) if share else student_t(estimate, se, df)
    return {"estimate": estimate, "se": se, "ci_low": float(low), "ci_high": float(high)}


# ---- from the frame


def proxy_rows(survey: Survey, sample: Sample, invited: Invited) -> Asking[list[Row]]:
    """Headlines and claims that are a share or mean over all firms, under each phi, with the replicates' interval."""
    response = sample.design.response if isinstance(sample.design, SurveyDesign) else None
    again = invited.replicates(response, PROXY_REPLICATES, survey.seed) if response is not None else None
    own, about = invited.design.weights, digest([invited.z, invited.place, invited.design.weights, again])
    figures, parts = [], []
    for kind, name, share, values in _over_all(survey, sample):
        found = [_adjusted(y, share, invited, own[invited.place], own) for y in values]
        told = [each for each in found if each is not None]
        if len(told) == len(found):
            bounded = share or all(((y >= 0) & (y <= 1)).all() for y in values)
            figures.append((kind, name, told, bounded))
            parts.append(Part(_errors, (told, values[0], share, invited, again), (about, share, values)))
    errors = yield parts
    return [
        row
        for (kind, name, told, bounded), error in zip(figures, errors, strict=True)
        for row in _under_each(kind, name, told, bounded, error)
    ]


def _under_each(kind: str, name: str, told: Sequence[Adjusted], bounded: bool, errors: Array) -> Iterator[Row]:
    for k, phi in enumerate(PHIS):
        estimate = float(np.mean([each.estimates[k] for each in told]))
        yield {
            "kind": kind,
            "figure": name,
            "approach": "proxy",
            "axis": f"{phi:g}",
            "setting": phi,
            "unit": "share",
            "estimate": estimate,
            "bias": float(np.mean([each.bias[k] for each in told])),
            **_interval(estimate, float(errors[k]), bounded),
        }


def _errors(
    told: Sequence[Adjusted], y: Array, share: bool, invited: Invited, again: tuple[Array, Array] | None
) -> Array:
    """(P,) standard errors: the replicates' variance in the first copy and Rubin's between all; NaN without replicates,
    or where the frame predicts nothing in one of them: leaving it out would hide the tail of the spread."""
    if again is None:
        return np.full(len(PHIS), np.nan)
    made = [_adjusted(y, share, invited, w, every) for w, every in zip(again[0].T, again[1].T, strict=True)]
    known = [each.estimates for each in made if each is not None]
    if len(known) < len(made):
        return np.full(len(PHIS), np.nan)
    copies = np.stack([each.estimates for each in told])
    between = copies.var(axis=0, ddof=1) * (1 + 1 / len(copies)) if len(copies) > 1 else 0.0
    return np.asarray(np.sqrt(np.var(np.stack(known), axis=0, ddof=1) + between))


def _interval(estimate: float, se: float, bounded: bool) -> Row:
    """Columns of an error with the degrees of freedom of its replicates; nothing where it is unknown."""
    if not np.isfinite(se):
        return {}
    inside = bounded and 0 < estimate < 1
    low, high = (logit_t if inside else student_t)(estimate, se, PROXY_REPLICATES - 1.0)
    return {"se": se, "ci_low": float(low), "ci_high": float(high)}


def _over_all(survey: Survey, sample: Sample) -> Iterator[tuple[str, str, bool, list[Array]]]:
    """(kind, name, whether a share of firms, (n,) values in each of the first copies)."""
    copies = sample.copies[:COPIES]
    for name, indicator in survey.indicators.items():
        percentage = survey.measures[indicator.measure].type == "percentage"
        if not _told(survey, indicator) or not sample.has(indicator.measure):
            continue
        if _everyone(copies, indicator.base, indicator.measure):
            scale = 100 if percentage else 1
            values = [copy.numbers[indicator.measure] / scale for copy in copies]
            yield INDICATOR, name, indicator.estimator == "share", values
    for claim in survey.claims:
        estimand = claim.estimand
        if not isinstance(estimand, Share) or estimand.among or not sample.has(estimand.measure):
            continue
        if _everyone(copies, estimand.base, estimand.measure):
            wanted = float(estimand.equals)
            yield CLAIM, claim.name, True, [(copy.numbers[estimand.measure] == wanted) * 1.0 for copy in copies]


def _everyone(copies: Sequence[Columns], base: str, measure: str) -> bool:
    """Whether every responding firm counts, in every copy: of another base the frame does not know who is in it."""
    return all((copy.numbers[f"base_{base}"] == 1).all() and copy.known(measure).all() for copy in copies)


def _adjusted(y: Array, share: bool, invited: Invited, w: Array, every: Array) -> Adjusted | None:
    """Under weights `w` (n,) and `every` (N,); None where the frame predicts nothing of it."""
    adjusted = adjusted_share if share else adjusted_mean
    try:
        return adjusted(y, invited.z[invited.place], w, invited.z, every)
    except ValueError:
        return None


def representativity_rows(invited: Invited) -> Iterator[Row]:
    """R-indicator, coefficient of variation, and what each proxy has to do with answering: between its categories, and
    within cells of all others."""
    try:
        found = representativity(invited.design, invited.answered, invited.z, invited.variables)
    except ValueError:
        return
    told = [
        (EVERYONE, "r_indicator", found.r_indicator),
        (EVERYONE, "coefficient_of_variation", found.coefficient_of_variation),
    ]
    for partial in found.partials:
        told += [
            (partial.variable, "between", partial.unconditional),
            (partial.variable, "within", partial.conditional),
        ]
    df = float(invited.design.degrees_of_freedom())
    for name, axis, indicator in told:
        row = _estimated(indicator.estimate, indicator.se, df, None)
        least, most = (0.0, 1.0 if axis == "r_indicator" else np.inf)
        row |= {"ci_low": max(row["ci_low"], least), "ci_high": min(row["ci_high"], most)}
        yield {"kind": RESPONSE, "figure": name, "approach": "representativity", "axis": axis, "unit": "index", **row}


def frame_rows(sample: Sample, invited: Invited) -> Iterator[Row]:
    """Each fact of the frame among all firms, and among those that answered, as they were drawn and as weighted."""
    for name, share in invited.shares.items():
        about = {"kind": RESPONSE, "figure": name, "approach": "frame", "unit": "share"}
        yield {**about, "axis": "frame", "estimate": share}
        has = np.asarray(invited.variables[name] == TRUE, dtype=np.float64)[invited.place]
        counted = {"n": len(has), "events": round(float(has.sum()))}
        drawn = invited.design.weights[invited.place]
        yield {**about, "axis": "drawn", "estimate": float(drawn @ has / drawn.sum()), **counted}
        told = of_ratios([(Ratio(has, np.ones(len(has))),)])([sample.design])
        df = max(float(sample.design.degrees_of_freedom()), 1.0)
        row = _estimated(float(told.estimates[0]), float(told.se[0]), df, (float(len(has)), float(has.sum())))
        yield {**about, "axis": "weighted", **row, **counted}
