"""The quality of the waves, in the order and by the numbers of the European standard for quality reports (SIMS 2.0).

Belongs here: which quality indicators stand under which of its heads. Does not belong here: the indicators
(`stages.disclosed`), the revisions themselves (`revisions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from monitor.contract.columns import EVERYONE
from monitor.contract.outcomes import counted
from monitor.publication.report import comparability, revisions
from monitor.publication.report.numbers import DASH
from monitor.publication.report.tables import Figures, Head, Printed, lines, one

COVERAGE = (
    "frame_size", "invited", "over_coverage_rate", "responses", "not_usable", "duplicates", "quarantined",
    "usable_responses", "unit_response_rate", "unit_response_rate_eligible", "corrections",
    "amendments_accepted", "amendments_refused", "amendments_undecided",
)  # fmt: skip
STEPS = ("base", "response", "calibration")
STEP_FIGURES = (
    "step_weight_sum", "step_weight_minimum", "step_weight_maximum", "step_design_effect", "step_effective_responses",
)  # fmt: skip
WEIGHTS = ("weight_sum", "weight_minimum", "weight_maximum", "design_effect_weights", "effective_responses")
BURDEN = ("usable_responses", "fieldwork_duration_median")


def quality(figures: Figures, waves: Sequence[str], revised: Mapping[str, Any] | None) -> dict[str, Any]:
    """The quality indicators under the heads of SIMS."""
    return {
        "precision": _precision(figures, waves),
        "coverage": figures.quality_table(waves, COVERAGE, figures.words.t("coverage_title")),
        "items": _items(figures, waves),
        "weights": figures.quality_table(waves, WEIGHTS, figures.words.t("quality_weights")),
        "steps": _steps(figures, waves),
        "times": _times(figures, waves),
        "held": _held(figures, waves),
        "rules": [{"wave": w, "failed": figures.rules(w, only_failed=True), "all": figures.rules(w)} for w in waves],
        "comparability": comparability.since(figures, waves),
        "overlap": _overlap(figures),
        "burden": figures.quality_table(waves, BURDEN, figures.words.t("quality_burden")),
        "asked": _asked(figures, waves),
        "revised": revisions.summary(figures, revised),
    }


def _precision(figures: Figures, waves: Sequence[str]) -> Printed:
    """On how many firms each headline figure rests, and how precise it is."""
    t, n = figures.words.t, figures.numbers
    rows = []
    for w in waves:
        for name in figures.headlines:
            x = one(figures.tables["indicators"], wave=w, indicator=name, domain_variable=EVERYONE)
            if x is not None and not x["suppressed"]:
                cells = (
                    n.plain(x["n"]), n.plain(x["n_completed"]), n.percent(x["cv"], 1), n.plain(x["deff"], 2),
                    n.plain(x["n_effective"]),
                )  # fmt: skip
                rows.append((figures.words.label("indicator", name), w, *cells, t(str(x["reliability"]))))
    heads = [Head(t("indicator"), long=True), Head(t("wave"))]
    heads += [Head(t(h), True) for h in ("n", "n_completed", "q_coefficient_of_variation", "deff", "n_effective")]
    return Printed(t("precision_title"), (*heads, Head(t("reliability"))), tuple(rows))


def _items(figures: Figures, waves: Sequence[str]) -> Printed:
    """Of every concept what part was answered and what part filled in, wave by wave."""
    t, n = figures.words.t, figures.numbers
    items: dict[str, list[str]] = {}
    for position, kind in enumerate(("item_response_rate", "imputation_rate")):
        for i, w in enumerate(waves):
            for x in lines(figures.tables["quality"], wave=w, indicator=kind):
                row = items.setdefault(str(x["concept"]), [DASH] * (2 * len(waves)))
                row[2 * i + position] = n.percent(x["value"], 1)
    heads = [Head(t("concept"), long=True)]
    for w in waves:
        heads += [Head(f"{t('item_response')} {w}", True), Head(f"{t('imputed')} {w}", True)]
    rows = tuple((figures.words.label("concept", c), *v) for c, v in sorted(items.items()))
    return Printed(t("items_title"), tuple(heads), rows)


def _steps(figures: Figures, waves: Sequence[str]) -> Printed | None:
    """The weights after each step of weighting, wave by wave."""
    t, n = figures.words.t, figures.numbers
    rows = []
    for w in waves:
        for step in STEPS:
            values = [figures.quality(w, name, step) for name in STEP_FIGURES]
            if any(v is not None for v in values):
                places = (0, 2, 2, 2, 0)
                cells = (n.plain(v, p) for v, p in zip(values, places, strict=True))
                rows.append((w, t(f"step_{step}"), *cells))
    heads = (Head(t("wave")), Head(t("step")), *(Head(t(f"q_{name}"), True) for name in STEP_FIGURES))
    return Printed(t("weights_title"), heads, tuple(rows)) if rows else None


def _times(figures: Figures, waves: Sequence[str]) -> Printed:
    """How long after the end of its reference year a wave's figures stand in this release."""
    t, n = figures.words.t, figures.numbers
    made = lines(figures.tables["releases"])[0]["created_at"]
    rows = []
    for w in waves:
        ended = date(figures.survey.waves[w].reference_year, 12, 31)
        days = (date(made.year, made.month, made.day) - ended).days
        rows.append((w, figures.words.day(ended), figures.words.day(made), n.plain(days)))
    heads = (Head(t("wave")), Head(t("year_ended")), Head(t("created")), Head(t("days_between"), True))
    return Printed(t("times_title"), heads, tuple(rows))


def _held(figures: Figures, waves: Sequence[str]) -> Printed:
    """How many rules held, found something, and could not be checked, wave by wave."""
    t, n, rows = figures.words.t, figures.numbers, []
    for w in waves:
        counts = counted(x["passed"] for x in lines(figures.tables["rules"], wave=w))
        rows.append((w, *(n.plain(counts[name]) for name in ("count", "passed", "failed", "unchecked"))))
    heads = (Head(t("wave")), *(Head(t(h), True) for h in ("rules", "rules_held", "rules_found", "not_checked")))
    return Printed(t("quality_rules"), heads, tuple(rows))


def _overlap(figures: Figures) -> Printed | None:
    """How many firms answered in both of two waves."""
    t, n = figures.words.t, figures.numbers
    pairs = tuple(
        (f"{x['concept']} {DASH} {x['wave']}", t("withheld") if x["suppressed"] else n.plain(x["value"]))
        for x in lines(figures.tables["quality"], indicator="panel_overlap")
        if str(x["concept"]) < str(x["wave"])
    )
    return Printed(t("overlap_title"), (Head(t("from_to")), Head(t("n"), True)), pairs) if pairs else None


def _asked(figures: Figures, waves: Sequence[str]) -> str:
    """How many concepts each wave asked firms about in a question whose words are known; what the register knows, or
    the survey tool notes, is no burden. Empty where no question's words are declared."""
    t, n = figures.words.t, figures.numbers
    counts = {w: sum(bool(x["question"]) for x in lines(figures.tables["codebook"], wave=w)) for w in waves}
    told = [t("asked_in", wave=w, count=n.plain(count)) for w, count in counts.items()]
    return t("asked_concepts", waves="; ".join(told)) if any(counts.values()) else ""
