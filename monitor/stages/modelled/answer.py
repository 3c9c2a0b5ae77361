"""The primary question under every declared reading of its practices.

Belongs here: the rows of `modelled_answer`, and in how many readings the answer holds. Does not belong here: fitting
(`modelling`), the specification curve (`specifications`).

A practice may mean several things (taking part in an initiative, innovating together with partners). Every pair of
readings is a variant of the model, so that its numbers are those of `modelled_contrasts`; here they stand side by side,
with p-values adjusted over the pairs (`decisions.together`). A pair holds where its adjusted p-value is below 5 %: so
a pair is named in no more than 5 of 100 surveys in which there is no such association under any of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.precision import to_error
from monitor.stages.modelled.robustness import row
from monitor.stages.modelled.specifications import covariance_of, headlines
from monitor.statistics.decisions.together import smallest_p
from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.result import LEVEL, Result
from monitor.statistics.models.sample import Sample
from monitor.survey import INTERVIEW, Survey
from monitor.survey.models import MAIN, Model
from monitor.survey.periods import order_of, period_of
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.notes import sentence
from monitor.wording.sentences import LANGUAGES, say

STATES = ("neither", "b_only", "a_only", "both")
SIGNIFICANT = 0.05
ABOVE, BELOW, UNDECIDED = "above zero", "below zero", "undecided"
ALL, SOME, NONE = "holds under all", "holds under some", "holds under none"


def answer_rows(
    survey: Survey, sample: Sample, wave: str, model: Model, results: Sequence[Result]
) -> list[dict[str, Any]]:
    """The rows of `modelled_answer`: one per pair of readings, the model's own first; no estimate where the pair's
    model is refused, with the reason."""
    pairs = model.pairs or {MAIN: model.main.practices}
    found = {r.specification.variant: r for r in results if r.specification.variant in pairs}
    rows = [
        {
            "survey": survey.name,
            "wave": wave,
            "model": model.name,
            "variant": variant,
            "practice_a": pair[0],
            "practice_b": pair[1],
            "own_choice": variant == MAIN,
            "contrast": "complementarity",
            **_numbers(found[variant]),
        }
        for variant, pair in pairs.items()
        if variant in found
    ]
    p_values = np.array([row.get("p_value", np.nan) for row in rows], dtype=np.float64)
    seed = np.random.SeedSequence([survey.seed, zlib.crc32(f"{wave} {model.name} readings".encode())])
    adjusted = np.full(len(rows), np.nan)
    if fitted := headlines([found[str(row["variant"])] for row in rows]):
        estimated = np.array(["p_value" in row for row in rows])
        correlation = _correlation(covariance_of(sample, fitted))
        adjusted[estimated] = smallest_p(p_values[estimated], correlation, np.random.default_rng(seed))
    for told, p in zip(rows, adjusted, strict=True):
        told["p_adjusted"] = float(p)
        told["verdict"] = verdict_of(told)
    return rows


def _correlation(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(k, k) correlation of estimates; one without variance correlates with nothing."""
    size = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(np.outer(size, size) > 0, covariance / np.outer(size, size), 0.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _numbers(result: Result) -> dict[str, Any]:
    """Probabilities of the four states and complementarity of one fit."""
    s, c = result.specification, result.contrasts
    reasons = [result.refusal] if result.refusal is not None else []
    words = {
        "published": result.refusal is None,
        "warning": "; ".join(sentence(note, "en") for note in reasons) or None,
        "warning_nl": "; ".join(sentence(note, "nl") for note in reasons) or None,
    }
    if c is None:
        return words
    names = {role: contrast.name for role, contrast in of_two_practices(*s.practices).items()}
    at = {role: place for role, name in names.items() if (place := c.at(name)) is not None}
    place = at["complementarity"]
    low, high = c.interval(LEVEL)
    return {
        **words,
        **{f"p_{role}": to_error(float(c.estimate[at[role]]), float(c.error[at[role]])) for role in STATES},
        "estimate": float(c.estimate[place]),
        "se": float(c.error[place]),
        "df": float(c.df[place]),
        "ci_low": float(low[place]),
        "ci_high": float(high[place]),
        "p_value": float(c.p_values()[0][place]),
    }


def verdict_of(line: Mapping[str, Any]) -> str | None:
    """Whether a pair's complementarity lies above or below zero, by its adjusted p-value as it is printed; None
    without an estimate."""
    estimate, p = line.get("estimate"), line.get("p_adjusted")
    if estimate is None or p is None or np.isnan(p):
        return None
    if not to_error(float(p), None) < SIGNIFICANT:
        return UNDECIDED
    return ABOVE if estimate > 0 else BELOW


def readings_row(survey: Survey, model: Model, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The row of `modelled_robustness` that says under which readings complementarity lies above zero."""
    told = [line for line in lines if line["verdict"] is not None]
    if len(told) < 2:
        return []
    above = [line for line in told if line["verdict"] == ABOVE]
    below = [line for line in told if line["verdict"] == BELOW]
    verdict = ALL if len(above) == len(told) else SOME if above else NONE
    estimates = [to_error(float(line["estimate"]), float(line["se"])) for line in told]
    notes = {f"note_{x}": _words(survey, told, above, below, verdict, x) for x in LANGUAGES}
    return [
        row(
            model.name,
            MAIN,
            "readings",
            "complementarity",
            estimate=len(above) / len(told),
            ci_low=min(estimates),
            ci_high=max(estimates),
            statistic=float(len(above)),
            bound=float(len(told)),
            verdict=verdict,
            **notes,
        )
    ]


def _words(
    survey: Survey,
    told: Sequence[Mapping[str, Any]],
    above: Sequence[Mapping[str, Any]],
    below: Sequence[Mapping[str, Any]],
    verdict: str,
    language: str,
) -> str:
    key = {ALL: "readings_all", SOME: "readings_some", NONE: "readings_none"}[verdict]
    words = say("answer", key, language, above=len(above), count=len(told), which=_named(survey, above, language))
    if below:
        words += " " + say(
            "answer", "readings_below", language, below=len(below), which=_named(survey, below, language)
        )
    undecided = len(told) - len(above) - len(below)
    if undecided and (above or below):
        words += " " + say("answer", "readings_open", language, open=undecided)
    return words


def _named(survey: Survey, lines: Sequence[Mapping[str, Any]], language: str) -> str:
    """The pairs by their labels."""
    return "; ".join(
        " × ".join(quoted_in(language, label_of(survey, str(line[p]), language)) for p in ("practice_a", "practice_b"))
        for line in lines
    )


def timing_rows(survey: Survey, wave: str, model: Model) -> list[dict[str, Any]]:
    """The row of `modelled_robustness` that says what outcome and practices are about, and which of them is before."""
    declared = survey.waves[wave]
    outcome = period_of(survey, [model.main.outcome], declared)
    practices = {name: period_of(survey, [name], declared) for name in model.main.practices}
    if outcome is None or any(period is None for period in practices.values()):
        return []
    orders = {name: order_of(str(period), outcome) for name, period in practices.items()}
    notes = {}
    for language in LANGUAGES:
        parts = [
            say(
                "answer", f"timing_{orders[name]}", language,
                practice=quoted_in(language, label_of(survey, name, language)), period=_period(str(period), language),
            )
            for name, period in practices.items()
        ]  # fmt: skip
        about = quoted_in(language, label_of(survey, model.main.outcome, language))
        first = say("answer", "timing", language, wave=wave, outcome=about, period=_period(outcome, language))
        notes[f"note_{language}"] = " ".join((first, *parts))
    verdict = "; ".join(f"{name}: {order}" for name, order in orders.items())
    return [row(model.name, MAIN, "timing", wave, verdict=verdict, **notes)]


def _period(period: str, language: str) -> str:
    """A period in words."""
    parts = [part.strip() for part in period.split(",")]
    told = [
        say("answer", "period_present" if part == INTERVIEW else "period_years", language, years=part) for part in parts
    ]
    return say("answer", "period_and", language, one=told[0], two=told[1]) if len(told) > 1 else told[0]
