"""The weighting cascade: base weight, response weight, calibration, for the sample and for every replicate.

Belongs here: pure functions from frames to weights, all replicates as columns of one matrix.
Does not belong here: reading and writing tables, the variance of estimates.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.problems import Problem, WaveStopped
from monitor.stages.weighted.margins import Margins
from monitor.stages.weighted.tables import Diagnostics, Weights, nonresponding_rows, weight_rows
from monitor.statistics.design.groups import sums
from monitor.statistics.design.replicates import bootstrap_perturbation
from monitor.statistics.random_numbers import firm_numbers
from monitor.statistics.weighting.calibration import CalibrationError
from monitor.statistics.weighting.collapse import OUT_OF_SCOPE, is_out_of_scope, labels, neighbours
from monitor.statistics.weighting.propensity import propensity_classes
from monitor.survey import DesignPlan, Survey, Wave

Floats = NDArray[np.float64]
DAMPING = 0.5
"""Where a replicate empties a category, its perturbations are halved and its deviations count four times (Judkins
1990, after Fay)."""


def make_weights(firms: pd.DataFrame, frame: pd.DataFrame | None, survey: Survey, wave: Wave) -> Weights:
    """Weights of the responding firms and their replicates.

    firms  responding firms: firm and the design's variables that the frame lacks (a supplied weight among them)
    frame  firm, the design's variables, `invited` and `disposition` where there are any; None without a frame

    Base weight: N_h / n_h (`frame`; n_h the invited firms, or the respondents where response is not adjusted for),
    the supplied one, or 1. Response weight: base weight times invited over responding base weights in the response
    class. Final weight: calibrated to the wave's margins. Every replicate resamples the invited firms within strata
    and the respondents within classes and runs response adjustment and calibration again (statistics: Preston 2009;
    the two phases in reverse order as in Shao & Steel 1999).
    """
    if firms.empty:
        raise WaveStopped(Problem(f"wave {wave.name} has no kept response", expected="at least one responding firm"))
    plan, notes = survey.design, Diagnostics()
    sample = _sample(firms, frame, plan, survey, wave)
    population = _strata(sample, frame, plan, notes)
    responding = sample["responding"].to_numpy(bool)
    adjusted = plan.response != "none"
    if not adjusted:
        sample = sample[responding].reset_index(drop=True)
        responding = np.ones(len(sample), dtype=bool)
    base = _base_weights(sample, population, plan)
    sample["base_weight"] = base
    notes.weights("base", base[responding])
    classes = _classes(sample, plan, notes, adjusted)
    respondents = sample[responding].reset_index(drop=True)
    margins = Margins(respondents, survey, wave) if plan.calibration.method != "none" else None
    c = _codes(classes)
    first, second = _perturbations(sample, respondents, base, c, responding, survey)
    try:
        final, response, iterations = _cascade(base[:, None], None, c, responding, margins)
    except CalibrationError as error:
        raise (margins.explained(error) if margins else error) from error
    replicates, scale = _replicates(base, first, second, c, responding, margins, notes)
    notes.add("replicates", "replicates", plan.replicates)
    if adjusted:
        notes.weights("response", response[:, 0])
        notes.add("response", "response_rate", responding.sum() / len(sample))
    if margins is not None:
        _note_calibration(notes, margins, final[:, 0], response[:, 0], iterations)
    table = weight_rows(respondents, sample, responding, classes, response[:, 0], final[:, 0])
    return Weights(table, nonresponding_rows(sample, classes, responding), replicates, scale, notes.frame())


def _perturbations(
    sample: pd.DataFrame,
    respondents: pd.DataFrame,
    base: Floats,
    c: NDArray[np.int64],
    responding: NDArray[np.bool_],
    survey: Survey,
) -> tuple[Floats, Floats]:
    """How replicates move the base weights of all invited firms (invited, R) and the answering of the respondents (n,
    R), each as a deviation from 1."""
    plan = survey.design
    drawn = sample.groupby("stratum")["firm"].transform("size").to_numpy(float)
    n_h = sample["population"].to_numpy(float)
    remaining = np.where(np.isfinite(n_h), np.maximum(1 - drawn / np.where(np.isfinite(n_h), n_h, 1.0), 0.0), 1.0)
    h = _codes(sample["stratum"])
    rate = _rates(base, c, responding)
    answers = firm_numbers(respondents["firm"].tolist(), plan.replicates, survey.seed, "answer")
    single = plan.lonely_stratum == "centre"
    drawn_share = np.where(np.isfinite(n_h), np.minimum(1 / np.maximum(base, 1.0), 1.0), 1.0)[responding]
    # Firms of strata taken whole are never perturbed; in a census mailing that is every firm.
    first = np.zeros((len(sample), plan.replicates))
    open_ = remaining > 0
    numbers = firm_numbers(sample["firm"][open_].tolist(), plan.replicates, survey.seed, "draw")
    first[open_] = bootstrap_perturbation(h[open_], remaining[open_], numbers, single)
    # The two perturbations multiply: (1 + a)(1 + b) has variance a + b (1 + a), so b is made that much smaller.
    answered = drawn_share * (1 - rate[c[responding]]) / (1 + remaining[responding])
    return first, bootstrap_perturbation(c[responding], answered, answers, single)


def _note_calibration(notes: Diagnostics, margins: Margins, final: Floats, response: Floats, iterations: int) -> None:
    """What calibration did to the response weights, and how far they and the final ones are from the totals."""
    notes.weights("calibration", final)
    factor = final / response
    notes.add("calibration", "g_minimum", factor.min())
    notes.add("calibration", "g_maximum", factor.max())
    notes.add("calibration", "iterations", iterations)
    for margin, category, value in margins.distances(response):
        notes.add("calibration", "distance_before", value, margin, category)
    for margin, category, value in margins.distances(final):
        notes.add("calibration", "distance", value, margin, category)


def response_weights(
    base: Floats,
    classes: NDArray[np.int64],
    responding: NDArray[np.bool_],
    answering: Floats | None = None,
) -> Floats:
    """Base weights over the class's weighted response rate: sum of base weights invited / responding, by class.

    base (n, R) of all invited firms; classes (n,) codes 0..C-1; responding (n,); answering (r, R) factors of the
    responding firms in replicates: they move weight within a class, never between classes. Returns (r, R). Raises
    EmptyClass where a class with respondents has no weight left in some column.
    """
    own = base[responding] if answering is None else base[responding] * answering
    size = int(classes.max()) + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        adjustment = sums(base, classes, size) / sums(own, classes[responding], size)
    if not np.all(np.isfinite(adjustment[np.unique(classes[responding])])):
        raise EmptyClass
    return np.asarray(own * adjustment[classes[responding]])


def _replicates(
    base: Floats,
    first: Floats,
    second: Floats,
    c: NDArray[np.int64],
    responding: NDArray[np.bool_],
    margins: Margins | None,
    notes: Diagnostics,
) -> tuple[Floats, float]:
    """Final weights of every replicate, and what each squared deviation counts.

    Where some replicate cannot be calibrated, all are made again: first with halved perturbations, then without the
    bounds of the factors (calibration estimators with and without bounds have the same variance in large samples,
    Deville & Sarndal 1992). The diagnostics say which.
    """
    failed: Exception | None = None
    for bounded in (True, False):
        if not bounded and (margins is None or margins.bounds is None):
            continue
        for damping in (1.0, DAMPING):
            try:
                perturbed = base[:, None] * (1 + damping * first)
                made = _cascade(perturbed, 1 + damping * second, c, responding, margins, bounded)[0]
            except (CalibrationError, EmptyClass) as error:
                failed = error
                continue
            if damping < 1:
                notes.add("replicates", "damping", damping)
            if not bounded:
                notes.add("replicates", "calibrated_without_bounds", 1)
            return made, 1.0 / max(made.shape[1] - 1, 1) / damping**2
    if margins is not None and isinstance(failed, CalibrationError):
        raise margins.explained(failed) from failed
    raise WaveStopped(Problem("a replicate leaves a response class empty", do="use coarser response_classes"))


class EmptyClass(Exception):
    """A response class without respondents in some replicate."""


def _cascade(
    base: Floats,
    answering: Floats | None,
    c: NDArray[np.int64],
    responding: NDArray[np.bool_],
    margins: Margins | None,
    bounded: bool = True,
) -> tuple[Floats, Floats, int]:
    """Response adjustment and calibration of base weights (invited, R): final and response weights (n, R), steps."""
    response = response_weights(base, c, responding, answering)
    if margins is None:
        return response, response, 0
    final, iterations = margins.calibrated(response, bounded)
    return final, response, iterations


def _sample(
    firms: pd.DataFrame, frame: pd.DataFrame | None, plan: DesignPlan, survey: Survey, wave: Wave
) -> pd.DataFrame:
    """The invited firms with `responding` and `disposition`; without a frame the responding firms themselves."""
    if frame is None:
        needed = {
            "its weights are N/n by stratum of the frame": plan.weights == "frame",
            "the response adjustment needs the invited firms that did not answer": plan.response != "none",
        }
        if problems := [_no_frame(wave, why) for why, needs in needed.items() if needs]:
            raise WaveStopped(problems)
        return firms.assign(responding=True, disposition=None).sort_values("firm", ignore_index=True)
    invited = (
        frame["invited"].astype("boolean").fillna(False).astype(bool)
        if "invited" in frame
        else pd.Series(True, frame.index)
    )
    if problems := _wrong_in_frame(firms, frame, invited, wave):
        raise WaveStopped(problems[:50])
    chosen = frame[invited].copy()
    own = [c for c in firms.columns if c != "firm" and c not in chosen]
    if own:
        chosen = chosen.merge(firms[["firm", *own]], on="firm", how="left", validate="one_to_one")
    chosen["responding"] = chosen["firm"].isin(set(firms["firm"]))
    if "disposition" not in chosen:
        chosen["disposition"] = None
    return chosen.sort_values("firm", ignore_index=True)


def _wrong_in_frame(firms: pd.DataFrame, frame: pd.DataFrame, invited: pd.Series, wave: Wave) -> list[Problem]:
    """Firms that stand in the frame twice, and firms that answered without being there or without an invitation."""
    twice = sorted(frame["firm"][frame["firm"].duplicated()].unique())
    problems = [
        Problem(
            "a firm stands in the frame twice",
            firm=str(firm),
            column="firm",
            expected="one row per firm",
            do="remove the double row from the frame",
        )
        for firm in twice[:20]
    ]
    known = set(frame["firm"])
    drawn = set(frame["firm"][invited])
    for firm in sorted(firms["firm"]):
        if firm not in known:
            problems.append(
                Problem(
                    f"a firm that answered wave {wave.name} is not in its frame",
                    firm=str(firm),
                    expected="every responding firm in the frame, with its stratum",
                    do="add the firm to the frame, or quarantine its response",
                )
            )
        elif firm not in drawn:
            problems.append(
                Problem(
                    f"a firm that answered wave {wave.name} was not invited",
                    firm=str(firm),
                    column="invited",
                    expected="responses of invited firms only",
                    do="correct `invited` in the frame",
                )
            )
    return problems


def _no_frame(wave: Wave, why: str) -> Problem:
    return Problem(
        f"wave {wave.name} has no frame, and {why}",
        file=wave.file.name,
        expected="a `frame`",
        do="declare the wave's frame, or `weights: supplied` or `equal` and `response: none`",
    )


def _strata(sample: pd.DataFrame, frame: pd.DataFrame | None, plan: DesignPlan, notes: Diagnostics) -> pd.Series:
    """Adds `stratum` and `population` to the sample; returns N_h by stratum (empty without a frame)."""
    own = labels(sample, plan.strata)
    if frame is None or any(v not in frame for v in plan.strata):
        sample["stratum"], sample["population"] = own, np.nan
        return pd.Series(dtype=float)
    everyone = labels(frame, plan.strata)
    population = everyone.value_counts()
    counted = sample["responding"] if plan.response == "none" else pd.Series(True, sample.index)
    drawn = own[counted.to_numpy(bool)].value_counts().reindex(population.index, fill_value=0)
    if plan.weights == "frame":
        enough = {s: bool(drawn[s] >= 2 or (drawn[s] == 1 and population[s] == 1)) for s in population.index}
        if plan.lonely_stratum == "collapse" and not all(enough.values()):
            target = neighbours({str(s): int(drawn[s]) for s in population.index}, enough)
            for stratum in sorted(s for s in enough if not enough[s]):
                notes.add("base", "collapsed_stratum", float(drawn[stratum]), target[stratum], stratum)
            own, everyone = own.map(target), everyone.map(target)
            population = everyone.value_counts()
        elif (drawn == 0).any():
            empty = sorted(drawn.index[drawn == 0])
            verb = "responding" if plan.response == "none" else "invited"
            raise WaveStopped(
                [
                    Problem(
                        f"stratum {stratum} of the frame has no {verb} firm",
                        expected=f"a {verb} firm for its {population[stratum]} firms",
                        found="0",
                        do="declare design.lonely_stratum: collapse, or use coarser strata",
                    )
                    for stratum in empty
                ]
            )
    sample["stratum"] = own
    sample["population"] = own.map(population).astype(float)
    return population


def _base_weights(sample: pd.DataFrame, population: pd.Series, plan: DesignPlan) -> Floats:
    if plan.weights == "frame":
        drawn = sample.groupby("stratum")["firm"].transform("size").to_numpy(float)
        return np.asarray(sample["stratum"].map(population).to_numpy(float) / drawn)
    if plan.weights == "equal":
        return np.ones(len(sample))
    name = plan.weight or "weight"
    weights = pd.to_numeric(sample[name], errors="coerce").to_numpy(float)
    problems = []
    for kind, bad in (
        ("missing", np.isnan(weights)),
        ("infinite", np.isinf(weights)),
        ("negative", weights < 0),
        ("zero", weights == 0),
    ):
        for i in np.flatnonzero(bad)[:20]:
            problems.append(
                Problem(
                    f"the supplied weight is {kind}",
                    firm=str(sample["firm"].iloc[i]),
                    column=name,
                    expected="a positive number for every kept response",
                    found=str(sample[name].iloc[i]),
                    do="correct the weight, or quarantine the response",
                )
            )
    if problems:
        raise WaveStopped(problems)
    return weights


def _classes(sample: pd.DataFrame, plan: DesignPlan, notes: Diagnostics, adjusted: bool) -> pd.Series:
    """Response class of every invited firm. Out-of-scope firms stand apart: nobody answers in their place."""
    if not adjusted:
        return sample["stratum"].astype(object)
    responding = sample["responding"].to_numpy(bool)
    classes = (
        propensity_classes(sample, plan.response_classes)
        if plan.response == "logistic"
        else labels(sample, plan.response_classes)
    )
    spelled = {d for d in sample["disposition"].unique() if is_out_of_scope(d)}
    outside = sample["disposition"].isin(spelled).to_numpy(bool) & ~responding
    classes = classes.where(~outside, OUT_OF_SCOPE)
    inside = classes[~outside]
    invited = inside.value_counts()
    answered = classes[responding].value_counts().reindex(invited.index, fill_value=0)
    complete = answered == invited
    enough = {k: bool(answered[k] >= 2 or (answered[k] == 1 and complete[k])) for k in invited.index}
    if plan.lonely_stratum == "collapse" and not all(enough.values()):
        target = neighbours({str(k): int(answered[k]) for k in invited.index}, enough)
        for name in sorted(k for k in enough if not enough[k]):
            notes.add("response", "collapsed_class", float(answered[name]), target[name], name)
        return classes.map(lambda k: target.get(k, k))
    if (answered == 0).any():
        raise WaveStopped(
            [
                Problem(
                    f"nobody of response class {name} answered",
                    expected="at least one usable response",
                    found=f"0 of {invited[name]} invited firms",
                    do="declare design.lonely_stratum: collapse, or use coarser response_classes",
                )
                for name in sorted(answered.index[answered == 0])
            ]
        )
    return classes


def _rates(base: Floats, c: NDArray[np.int64], responding: NDArray[np.bool_]) -> Floats:
    """Weighted response rate by class; 0 where nobody can answer (out of scope)."""
    size = int(c.max()) + 1
    return np.bincount(c, weights=base * responding, minlength=size) / np.bincount(c, weights=base, minlength=size)


def _codes(values: pd.Series) -> NDArray[np.int64]:
    return pd.factorize(values.astype(str), sort=True)[0].astype(np.int64)
