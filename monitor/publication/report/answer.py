"""The page of the primary question: its answer under every reading, over the waves, and what could change it.

Belongs here: which lines of `answer`, `contrasts` and `robustness` stand there, and how. Does not belong here: the
model wave by wave (`models`), computing anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.contract.columns import POOLED
from monitor.publication.report import charts, distribution, question
from monitor.publication.report.numbers import DASH, NBSP, known
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, described, drawn, lines, name_of, one
from monitor.survey.models import BOTH_PARTS, FIRST_PART, MAIN, SECOND_PART
from monitor.survey.periods import BEFORE
from monitor.survey.states import state_of
from monitor.survey.wording import contrast_words, contrasts_of, practices_of

ROLES = ("neither", "b_only", "a_only", "both")
STATES = ("p_neither", "p_b_only", "p_a_only", "p_both")


def page(figures: Figures, waves: Sequence[str]) -> dict[str, Any]:
    """What the page tells: of all waves together where there are several that could be taken together, and else of the
    newest wave that has an answer."""
    told = _of(figures, waves)
    if told is None:
        return {"answer": None, **question.titles(figures)}
    wave, label = told
    return {
        "answer": {
            "title": figures.words.begun("answer_title", **question.subjects(figures)),
            "wave": label,
            "lead": lead(figures, wave, label),
            "states": states(figures, wave),
            "short": [said for test in ("one_firm", "misclassification") for said in _every(figures, wave, test)],
            "readings": readings(figures, wave, label),
            "table": table(figures, wave, label),
            "cells": cells(figures, waves),
            "verdict": _said(figures, wave, "readings"),
            "waves": over_waves(figures, waves),
            "same": _said(figures, POOLED, "equal_over_waves"),
            "could_change": [
                sentence
                for test in ("by_choice", "joint_test", "doubly_robust", "robustness_value")
                for sentence in _every(figures, wave, test)
            ],
            "ratios": ratios(figures, wave, label),
            "where": _said(figures, wave, "two_parts"),
            "parts": parts(figures, wave, label),
            "timing": timing(figures, waves),
            "lagged": _said(figures, wave, "lagged"),
            "attrition": attrition(figures),
            "whole": distribution.section(figures, wave, label),
        },
        **question.titles(figures),
    }


def _of(figures: Figures, waves: Sequence[str]) -> tuple[str, str] | None:
    """The wave (or all together) whose answer is told first, with what it is called."""
    for wave in (POOLED, *reversed(waves)):
        if (own := _own(figures, wave)) is not None and known(own["estimate"]) is not None:
            return wave, figures.words.t("pooled") if wave == POOLED else wave
    return None


def _own(figures: Figures, wave: str) -> Line | None:
    """The line of the model's own reading."""
    return one(figures.tables["answer"], wave=wave, variant=MAIN)


def lead(figures: Figures, wave: str, label: str) -> str:
    """The answer in a sentence: the estimate of the model's own reading with its interval; and a second one where the
    interval leaves zero out and the verdict over all pairs of readings does not."""
    t, n, x = figures.words.t, figures.numbers, _own(figures, wave)
    if x is None:
        return ""
    direction = "undecided" if x["ci_low"] <= 0 <= x["ci_high"] else "above" if x["estimate"] > 0 else "below"
    estimate = n.points(x["estimate"]) if direction == "undecided" else n.plain(abs(x["estimate"]) * 100, 1)
    # What lies below zero is said as "lower": without signs, from the smaller difference to the larger.
    near, far = (-x["ci_high"], -x["ci_low"]) if direction == "below" else (x["ci_low"], x["ci_high"])
    low, high = (n.points(v) if direction == "undecided" else n.plain(v * 100, 1) for v in (near, far))
    named = question.subjects(figures, str(x["model"]))
    said = [t(f"answer_lead_{direction}", wave=label, estimate=estimate, low=low, high=high, **named)]
    if direction != "undecided" and x["verdict"] == "undecided":
        said.append(t("answer_lead_alone", p=n.p_value(x["p_adjusted"])))
    return " ".join(said)


def states(figures: Figures, wave: str) -> dict[str, Any] | None:
    """The probabilities of the four states that the answer is made of, one a line."""
    t, x = figures.words.t, _own(figures, wave)
    if x is None:
        return None
    named = question.subjects(figures, str(x["model"]))
    told = [t(f"answer_state_{r}", p=figures.numbers.percent(x[f"p_{r}"], 1), **named) for r in ROLES]
    return {"title": t("answer_states", **named), "lines": told}


def _named(figures: Figures, x: Line) -> str:
    """A pair of readings by its labels."""
    return " × ".join(figures.words.label("measure", str(x[p])) for p in ("practice_a", "practice_b"))


def _in_order(figures: Figures, wave: str) -> list[Line]:
    """The readings' lines as the survey declares the pairs."""
    found = lines(figures.tables["answer"], wave=wave)
    declared = figures.survey.models.get(str(found[0]["model"])) if found else None
    order = list(declared.pairs) if declared else []
    return sorted(found, key=lambda x: order.index(x["variant"]) if x["variant"] in order else len(order))


def readings(figures: Figures, wave: str, label: str) -> Chart | None:
    """Complementarity under every pair of readings, the model's own marked."""
    shown = [x for x in _in_order(figures, wave) if known(x["estimate"]) is not None]
    if len(shown) < 2:
        return None
    marks = [_mark(figures, _named(figures, x), x, strong=bool(x["own_choice"])) for x in shown]
    return _forest(figures, marks, shown, figures.words.t("readings_title", wave=label), name_of("readings", wave))


def _mark(figures: Figures, name: str, x: Line, *, strong: bool) -> charts.Mark:
    n = figures.numbers
    text = f"{n.points(x['estimate'])} ({n.points_interval(x['ci_low'], x['ci_high'])})"
    return charts.Mark(name, text, known(x["estimate"]), known(x["ci_low"]), known(x["ci_high"]), strong=strong)


def _forest(figures: Figures, marks: Sequence[charts.Mark], found: Sequence[Line], title: str, name: str) -> Chart:
    t, n = figures.words.t, figures.numbers
    values = [v for m in marks for v in (m.estimate, m.low, m.high)]
    scale = charts.axis(values, lambda tick: n.points(tick, 0))
    svg = charts.intervals(marks, scale, title, described(marks), name, 0.0)
    note = f"{t('effects_note')} {t('key_effect')}"
    return Chart(title, svg, note, description=described(marks), drawn=drawn(name, "answer", marks, found))


def table(figures: Figures, wave: str, label: str) -> Printed | None:
    """The readings in numbers: the four probabilities, complementarity, both p-values, verdict."""
    found = _in_order(figures, wave)
    if not found:
        return None
    t, n = figures.words.t, figures.numbers
    rows = []
    for x in found:
        if known(x["estimate"]) is None:
            reason = t("withheld") if x["suppressed"] else figures.stage_words(x, "warning")
            rows.append((_named(figures, x), *[""] * 8, reason))
            continue
        rows.append(
            (
                _named(figures, x),
                *(n.percent(x[state], 1) for state in STATES),
                n.points(x["estimate"]),
                n.points_interval(x["ci_low"], x["ci_high"]),
                n.p_value(x["p_value"]),
                n.p_value(x["p_adjusted"]),
                t(str(x["verdict"]).replace(" ", "_")),
            )
        )
    heads = (
        Head(t("reading"), long=True), *(Head(t(state), True) for state in STATES), Head(t("complementarity"), True),
        Head(t("interval"), True), Head(t("p_value"), True), Head(t("p_adjusted"), True), Head(t("verdict")),
    )  # fmt: skip
    anchors = tuple(name_of("answer", wave, str(x["variant"])) for x in found)
    return Printed(t("readings_table", wave=label), heads, tuple(rows), anchors)


def cells(figures: Figures, waves: Sequence[str]) -> Printed | None:
    """On how many firms each state rests, and how many of them have the outcome, wave by wave."""
    t, n, model = figures.words.t, figures.numbers, figures.primary or ""
    rows = []
    for wave in waves:
        for role in ROLES:
            x = one(figures.tables["indicators"], wave=wave, indicator=state_of(model, role))
            if x is None:
                continue
            shown = not x["suppressed"]
            rows.append(
                (
                    figures.words.label("base", state_of(model, role)),
                    wave,
                    n.plain(x["n"]) if shown else figures.withheld_words(x),
                    n.plain(round(x["unweighted"] * x["n"])) if shown else "",
                    n.percent(x["estimate"], 1) if shown else "",
                    n.interval(x["ci_low"], x["ci_high"], "share") if shown else "",
                )
            )
    heads = (
        Head(t("state"), long=True), Head(t("wave")), Head(t("n"), True), Head(t("events"), True),
        Head(t("share_with_outcome"), True), Head(t("interval"), True),
    )  # fmt: skip
    return Printed(t("cells_table"), heads, tuple(rows)) if rows else None


def parts(figures: Figures, wave: str, label: str) -> Printed | None:
    """The outcome in its two parts over the four states: having the first, the outcome among firms that have it, and
    both, each with its interval."""
    t = figures.words.t
    model = figures.primary or ""
    declared = figures.survey.models.get(model)
    if declared is None or declared.first_part is None:
        return None
    rows = []
    for role, contrast in contrasts_of(figures.survey, model).items():
        of = {"wave": wave, "model": model, "contrast": contrast.name}
        found = [one(figures.tables["contrasts"], variant=part, **of) for part in (FIRST_PART, SECOND_PART, BOTH_PARTS)]
        if role in ROLES and all(x is not None for x in found):
            cells = [_with_interval(figures, x) for x in found if x is not None]
            rows.append((contrast_words(figures.survey, model, contrast.name, figures.words.language)[0], *cells))
    first, outcome = (figures.words.label("measure", x) for x in (declared.first_part, declared.main.outcome))
    heads = (
        Head(t("state"), long=True), Head(t("part_first", first=first), True),
        Head(t("part_second", first=first, outcome=outcome), True), Head(t("part_both", outcome=outcome), True),
    )  # fmt: skip
    return Printed(t("parts_table", wave=label), heads, tuple(rows)) if rows else None


def _with_interval(figures: Figures, x: Line) -> str:
    """A probability with its interval; that it is withheld, where it is."""
    if x["suppressed"] or known(x["estimate"]) is None:
        return figures.words.t("withheld")
    n = figures.numbers
    return f"{n.percent(x['estimate'], 1)} ({n.interval(x['ci_low'], x['ci_high'], 'share')})"


def over_waves(figures: Figures, waves: Sequence[str]) -> Chart | None:
    """Complementarity of the model's own reading over the waves, all together first."""
    t = figures.words.t
    found = [(w, x) for w in (POOLED, *waves) if (x := _own(figures, w)) and known(x["estimate"]) is not None]
    if len(found) < 2:
        return None
    marks = [
        _mark(figures, t("all_waves") if w == POOLED else t("wave_n", wave=w), x, strong=w == POOLED) for w, x in found
    ]
    return _forest(figures, marks, [x for _, x in found], t("answer_waves_title"), name_of("answer", "waves"))


def timing(figures: Figures, waves: Sequence[str]) -> list[str]:
    """What each wave's outcome and practices are about, and once that none comes before the other where none does."""
    told = [sentence for wave in waves for sentence in _every(figures, wave, "timing")]
    found = lines(figures.tables["robustness"], model=figures.primary, test="timing")
    before = any(f": {BEFORE}" in str(x["verdict"]) for x in found)
    return told if before or not told else [*told, figures.words.t("answer_none_before")]


def ratios(figures: Figures, wave: str, label: str) -> Printed | None:
    """How strong something unmeasured would have to be to explain the ratio of two states' probabilities away."""
    t, n, model = figures.words.t, figures.numbers, figures.primary or ""
    a, b = practices_of(figures.survey, model) or ("", "")
    roles = {"p_neither": "neither", f"p_{b}_only": "b_only", f"p_{a}_only": "a_only", "p_both": "both"}
    rows = []
    for x in lines(figures.tables["robustness"], wave=wave, model=model, test="e_value"):
        if x["suppressed"]:
            continue
        upper, lower = (figures.words.label("base", state_of(model, roles[p])) for p in str(x["subject"]).split(" / "))
        rows.append(
            (
                t("answer_ratio_of", upper=upper, lower=lower),
                n.plain(x["estimate"], 1),
                f"{n.plain(x['ci_low'], 1)}{DASH}{n.plain(x['ci_high'], 1)}",
                n.plain(x["statistic"], 1),
                n.plain(x["bound"], 1),
            )
        )
    heads = (
        Head(t("state"), long=True), Head(t("risk_ratio"), True), Head(t("interval"), True), Head(t("e_value"), True),
        Head(t("e_value_bound"), True),
    )  # fmt: skip
    return Printed(t("answer_ratios_table", wave=label), heads, tuple(rows)) if rows else None


def attrition(figures: Figures) -> dict[str, Any] | None:
    """From one wave to the next, how many answered again and whether that goes with outcome and practices: a sentence
    of all together, and the odds of each in a table."""
    t, n = figures.words.t, figures.numbers
    found = lines(figures.tables["robustness"], wave=POOLED, model=figures.primary, test="attrition")
    shown = [x for x in found if not x["suppressed"]]
    rows = []
    for x in (x for x in shown if known(x["ci_low"]) is not None):
        name = str(x["subject"]).removeprefix(f"{x['variant']}: ")
        rows.append(
            (
                str(x["variant"]).replace(" to ", f"{NBSP}→{NBSP}"),
                figures.words.label("measure", name),
                n.plain(x["estimate"], 2),
                f"{n.plain(x['ci_low'], 2)}{DASH}{n.plain(x['ci_high'], 2)}",
                n.p_value(x["p_value"]),
            )
        )
    heads = (
        Head(t("answer_left_waves")), Head(t("answer_left_with"), long=True), Head(t("odds_ratio"), True),
        Head(t("interval"), True), Head(t("p_value"), True),
    )  # fmt: skip
    told = {
        "said": _sentences(figures, [x for x in shown if known(x["ci_low"]) is None]),
        "table": Printed(t("answer_left_table"), heads, tuple(rows)) if rows else None,
    }
    return told if told["said"] else None


def _every(figures: Figures, wave: str, test: str) -> list[str]:
    """What a test beside the primary model says, in sentences."""
    found = lines(figures.tables["robustness"], wave=wave, model=figures.primary, test=test)
    return _sentences(figures, [x for x in found if not x["suppressed"]])


def _sentences(figures: Figures, shown: Sequence[Line]) -> list[str]:
    """The notes of rows of `robustness`, each once."""
    column = f"note_{figures.words.language}"
    return list(dict.fromkeys(str(x[column]) for x in shown if x[column]))


def _said(figures: Figures, wave: str, test: str) -> str | None:
    """The same of a test that says one thing."""
    found = _every(figures, wave, test)
    return " ".join(found) if found else None
