"""The model's tables and figures: the two-by-two, effects, terms, curves.

Belongs here: which contrasts stand where, in the survey's own labels. Does not belong here: computing any of them, and
what a contrast is called (`survey.wording`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.contract.reliability import reliability
from monitor.publication.report import charts, question
from monitor.publication.report.claims import contrast_anchor
from monitor.publication.report.numbers import known
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, described, drawn, lines, name_of, one
from monitor.survey.models import EVERY, MAIN
from monitor.survey.wording import contrast_words, contrasts_of, practices_of, state_words


def primary(figures: Figures, wave: str) -> str | None:
    """The model that compares the four states, of which the report tells: the first that has complementarity."""
    found = _complementarity(figures, "contrasts", wave=wave, variant=MAIN)
    return str(found[0]["model"]) if found else None


def _complementarity(figures: Figures, table: str, **wanted: str) -> list[Line]:
    """A table's lines about the complementarity of two practices, of the primary model where it has some."""
    told = {name: contrasts_of(figures.survey, name).get("complementarity") for name in figures.survey.models}
    named = {(name, contrast.name) for name, contrast in told.items() if contrast is not None}
    found = [x for x in lines(figures.tables[table], **wanted) if (x["model"], x["contrast"]) in named]
    of = next((x["model"] for x in found if x["model"] == figures.primary), found[0]["model"] if found else None)
    return [x for x in found if x["model"] == of]


def section(figures: Figures, wave: str, label: str | None = None) -> dict[str, Any] | None:
    """All that is told of a wave's primary model, or None where it is not published. `label`: the wave in words."""
    shown = label or wave
    name = primary(figures, wave)
    if name is None:
        return None
    by_name = {x["contrast"]: x for x in lines(figures.tables["contrasts"], wave=wave, model=name, variant=MAIN)}
    names = contrasts_of(figures.survey, name)
    contrasts = {role: by_name[c.name] for role, c in names.items() if c.name in by_name}
    model = one(figures.tables["models"], wave=wave, model=name, variant=MAIN)
    if model is None or any(
        r not in contrasts or contrasts[r]["suppressed"] for r in (*question.STATES, "complementarity")
    ):
        return None
    t, n = figures.words.t, figures.numbers
    mde, about = known(model["minimum_detectable_effect"]), question.subjects(figures, name)
    filled = filled_in(figures, wave)
    return {
        "squares": squares(figures, shown, name, contrasts),
        "states": states(figures, shown, name, contrasts),
        "effects": effects(figures, shown, name, contrasts),
        "contrasts": every_contrast(figures, wave, name, MAIN, t("contrasts_title", wave=shown, **about)),
        "terms": terms(figures, wave, name, shown),
        "words": t(
            "model_n" if shown == wave else "model_n_answers" if model["firms"] is None else "model_n_pooled",
            n=n.plain(model["n"]),
            firms=n.plain(model["firms"]),
            events=n.plain(model["events"]),
            filled=t("events_filled") if filled else "",
            base=figures.words.inside(figures.words.label("base", str(model["base"]))),
            weighted=t("is_weighted" if model["weighted"] else "is_unweighted"),
            **about,
        )
        + (f" {t('imputed_why')}" if filled else ""),
        "meaning": t("complementarity_means", **about),
        "power": None if mde is None else t("power" if shown == wave else "power_pooled", mde=n.plain(mde * 100, 1)),
        "firth": figures.words.begun("firth_why", **about) if model["estimator"] == "firth" else None,
        "warning": figures.stage_words(model, "warning"),
        "name": name,
    }


def filled_in(figures: Figures, wave: str) -> bool:
    """Whether answers of the wave (of any wave, where it pools them) were imputed."""
    filled = lines(figures.tables["quality"], indicator="imputation_rate")
    waves = {x["wave"] for x in filled if (known(x["value"]) or 0) > 0}
    return wave in waves if wave in {x["wave"] for x in lines(figures.tables["quality"])} else bool(waves)


def refusal(figures: Figures, wave: str) -> str | None:
    """Why a wave has no model, where it has none."""
    for x in lines(figures.tables["models"], wave=wave, variant=MAIN):
        reason = figures.stage_words(x, "warning") or figures.words.t("no_model_reason")
        return figures.words.t("no_model", reason=reason)
    return None


def squares(figures: Figures, wave: str, model: str, contrasts: Mapping[str, Line]) -> Chart:
    """The two-by-two of the two practices as tiles."""
    t = figures.words.t
    (no_a, a), (no_b, b) = state_words(figures.survey, practices_of(figures.survey, model), figures.words.language)

    def tile(role: str) -> charts.Mark:
        x = contrasts[role]
        value = figures.numbers.percent(x["estimate"])
        interval = figures.numbers.interval(x["ci_low"], x["ci_high"], decimals=0)
        words = _named(figures, x)
        bounds = (known(x["estimate"]), known(x["ci_low"]), known(x["ci_high"]))
        return charts.Mark(words, f"{value} {interval}", *bounds, faint=_limited(x))

    tiles = ((tile("neither"), tile("b_only")), (tile("a_only"), tile("both")))
    title = t("squares_title", wave=wave, **question.subjects(figures, model))
    words = described(m for line in tiles for m in line)
    marks, found = [m for line in tiles for m in line], [contrasts[role] for role in question.STATES]
    name = name_of("squares", str(found[0]["wave"]))
    svg = charts.squares(tiles, (no_a, a), (no_b, b), title, words, name)
    printed = states(figures, wave, model, contrasts)
    return Chart(
        title, svg, t("squares_note"), printed, description=words, drawn=drawn(name, "contrasts", marks, found)
    )


def _limited(x: Line) -> bool:
    """Whether a probability's interval is as wide as that of a share of limited reliability."""
    bounds = (x["estimate"], x["ci_low"], x["ci_high"])
    return reliability(True, *bounds, 0.0, 0, math.nan, 0, math.inf) != "good"


def states(figures: Figures, wave: str, model: str, contrasts: Mapping[str, Line]) -> Printed:
    """The four states as a table of one practice by the other."""
    t = figures.words.t
    (no_a, a), (no_b, b) = state_words(figures.survey, practices_of(figures.survey, model), figures.words.language)

    def cell(role: str) -> str:
        return figures.value_words(contrasts[role], "share")

    heads = (Head(t("probability"), long=True), Head(no_b, True), Head(b, True))
    rows = ((no_a, cell("neither"), cell("b_only")), (a, cell("a_only"), cell("both")))
    return Printed(t("states_table", wave=wave), heads, rows)


def effects(figures: Figures, wave: str, model: str, contrasts: Mapping[str, Line]) -> Chart:
    """Average associations and complementarity in percentage points."""
    t, n = figures.words.t, figures.numbers
    found = {role: x for role, x in contrasts.items() if role not in question.STATES}
    marks = [
        charts.Mark(
            _named(figures, x),
            f"{n.points(x['estimate'])} ({n.points_interval(x['ci_low'], x['ci_high'])})",
            known(x["estimate"]),
            known(x["ci_low"]),
            known(x["ci_high"]),
            strong=role == "complementarity",
        )
        for role, x in found.items()
    ]
    values = [v for m in marks for v in (m.estimate, m.low, m.high)]
    scale = charts.axis(values, lambda tick: n.points(tick, 0))
    title = t("effects_title", wave=wave, **question.subjects(figures, model))
    name = name_of("effects", str(contrasts["complementarity"]["wave"]))
    svg = charts.intervals(marks, scale, title, described(marks), name, 0.0)
    lines_drawn = drawn(name, "contrasts", marks, found.values())
    note = f"{t('effects_note')} {t('key_effect')}"
    return Chart(title, svg, note, description=described(marks), drawn=lines_drawn)


def every_contrast(figures: Figures, wave: str, model: str, variant: str, title: str) -> Printed:
    """Every contrast of a fit: probabilities in per cent, differences in points with their p-value; each row can be
    linked to."""
    found = lines(figures.tables["contrasts"], wave=wave, model=model, variant=variant)
    order = [contrast.name for contrast in contrasts_of(figures.survey, model, variant).values()]
    found.sort(key=lambda x: order.index(x["contrast"]) if x["contrast"] in order else len(order))
    return _contrast_table(figures, wave, found, title)


def deciding(figures: Figures, wave: str, label: str) -> Printed | None:
    """The contrasts of other models than the primary that decide a claim."""
    name = primary(figures, wave)
    named = {
        (x["model"], x["variant"], x["contrast"])
        for x in lines(figures.tables["claims"], wave=wave)
        if x["model"] and (x["model"], x["variant"]) != (name, MAIN)
    }
    found = [
        x for x in lines(figures.tables["contrasts"], wave=wave) if (x["model"], x["variant"], x["contrast"]) in named
    ]
    return _contrast_table(figures, wave, found, figures.words.t("deciding_title", wave=label)) if found else None


def _contrast_table(figures: Figures, wave: str, found: Sequence[Line], title: str) -> Printed:
    t, n = figures.words.t, figures.numbers
    rows = []
    for x in found:
        estimate, interval = n.value(x["estimate"], x["unit"]), n.interval(x["ci_low"], x["ci_high"], x["unit"])
        tested = ("", "") if x["unit"] == "share" else (n.p_value(x["p_value"]), n.p_value(x["p_adjusted"]))
        shown = (estimate, interval, *tested)
        rows.append((_named(figures, x), *((t("withheld"), "", "", "") if x["suppressed"] else shown)))
    heads = (
        Head(t("effect"), long=True), Head(t("estimate"), True), Head(t("interval"), True), Head(t("p_value"), True),
        Head(t("p_adjusted"), True),
    )  # fmt: skip
    return Printed(title, heads, tuple(rows), tuple(contrast_anchor(wave, x) for x in found))


def _named(figures: Figures, line: Line) -> str:
    """A contrast's short name in the survey's labels."""
    model, variant, language = str(line["model"]), str(line["variant"]), figures.words.language
    return contrast_words(figures.survey, model, str(line["contrast"]), language, variant)[0]


def terms(figures: Figures, wave: str, model: str, label: str) -> Printed | None:
    """The model's coefficients."""
    t, n = figures.words.t, figures.numbers
    found = [x for x in lines(figures.tables["terms"], wave=wave, model=model, variant=MAIN) if not x["suppressed"]]
    if not found:
        return None
    heads = tuple(
        Head(t(h), h != "term", h == "term") for h in ("term", "estimate", "se", "interval", "p_value", "odds_ratio")
    )
    rows = tuple(
        (
            term_words(figures, str(x["term"])),
            n.plain(x["estimate"], 3),
            n.plain(x["se"], 3),
            n.interval(x["ci_low"], x["ci_high"], "log-odds", 2),
            n.p_value(x["p_value"]),
            n.plain(x["odds_ratio"], 2),
        )
        for x in found
    )
    return Printed(t("terms_title", wave=label), heads, rows)


def term_words(figures: Figures, term: str) -> str:
    """A coefficient's name in words: `size_band[medium]` as the band's label, products with a cross."""
    words = figures.words
    if term == "intercept":
        return words.t("intercept")
    parts = []
    for part in term.split(":"):
        variable, bracket, code = part.partition("[")
        if bracket:
            parts.append(f"{words.variable(variable)}: {words.domain(variable, code.rstrip(']'))}")
        else:
            base, square, _ = part.partition("^2")
            parts.append(words.label("measure", base) + ("²" if square else ""))
    return " × ".join(parts)


def robustness(figures: Figures, wave: str, label: str) -> list[Chart]:
    """The threshold curve and the specification curve of complementarity."""
    return [c for c in (curve(figures, wave, label), specifications(figures, wave, label)) if c]


def curve(figures: Figures, wave: str, label: str) -> Chart | None:
    """Complementarity with the outcome cut at other values (strictly above the cut)."""
    t, n = figures.words.t, figures.numbers
    found = _complementarity(figures, "curve", wave=wave, sign=">")
    shown = sorted(
        (x for x in found if not x["suppressed"] and known(x["estimate"]) is not None), key=lambda x: x["cut"]
    )
    if len(shown) < 3:
        return None
    points = [(float(x["cut"]), _on_curve(figures, x)) for x in shown]
    bounds = [v for _, m in points for v in (m.low, m.high, *(m.band or ()))]
    scale = charts.axis(bounds, lambda tick: n.points(tick, 0))
    across = charts.axis([x for x, _ in points], lambda tick: n.plain(tick), zero=False)
    title = t("curve_title", wave=label)
    at = next((float(x["cut"]) for x in shown if x["own_choice"]), None)
    words = described(m for _, m in points)
    name = name_of("curve", wave)
    svg = charts.curve(points, scale, across, title, words, name, at)
    lines_drawn = drawn(name, "curve", [m for _, m in points], shown)
    note, printed = _curve_words(figures, shown[0]), _curve_table(figures, shown, title)
    return Chart(title, svg, note, printed, description=words, drawn=lines_drawn)


def _on_curve(figures: Figures, x: Line) -> charts.Mark:
    n, digits = figures.numbers, _decimals(x)
    return charts.Mark(
        n.percent(x["cut"] / 100),
        f"{n.points(x['estimate'], digits)} ({n.points_interval(x['ci_low'], x['ci_high'], digits)})",
        known(x["estimate"]),
        known(x["ci_low"]),
        known(x["ci_high"]),
        band=None if known(x["band_low"]) is None else (float(x["band_low"]), float(x["band_high"])),
    )


def _curve_table(figures: Figures, shown: Sequence[Line], title: str) -> Printed:
    t, n = figures.words.t, figures.numbers
    heads = (
        Head(t("threshold")), Head(t("complementarity"), True), Head(t("interval"), True), Head(t("band"), True),
    )  # fmt: skip
    rows = tuple(
        (
            n.percent(x["cut"] / 100),
            n.points(x["estimate"], _decimals(x)),
            n.points_interval(x["ci_low"], x["ci_high"], _decimals(x)),
            "" if known(x["band_low"]) is None else n.points_interval(x["band_low"], x["band_high"], _decimals(x)),
        )
        for x in shown
    )
    return Printed(title, heads, rows)


def _decimals(x: Line) -> int:
    """Of points: the curve is told in whole ones, but for the model's own number."""
    return 1 if x["own_choice"] else 0


def _curve_words(figures: Figures, x: Line) -> str:
    """What the outcome is, where the figure puts its threshold, and what its two strips are."""
    t = figures.words.t
    outcome = figures.survey.models[str(x["model"])].main.outcome
    declared = figures.survey.measures.get(outcome)
    definition = (declared.definition if declared else {}).get(figures.words.language, "")
    note = t(
        "curve_note",
        outcome=figures.words.label("measure", outcome),
        definition=definition if definition.endswith(".") else f"{definition}.",
        measure=figures.words.label("measure", str(x["measure"])),
    )
    return f"{note} {t('curve_band')}"


def specifications(figures: Figures, wave: str, shown_as: str) -> Chart | None:
    """Complementarity under every declared choice, in order of size; the report's own choice stands out."""
    t, n = figures.words.t, figures.numbers
    found = _complementarity(figures, "specifications", wave=wave)
    shown = sorted(
        (x for x in found if not x["suppressed"] and known(x["estimate"]) is not None), key=lambda x: x["estimate"]
    )
    if len(shown) < 3:
        return None
    marks = [
        charts.Mark(
            _choice(figures, x),
            f"{n.points(x['estimate'])} ({n.points_interval(x['ci_low'], x['ci_high'])})",
            known(x["estimate"]),
            known(x["ci_low"]),
            known(x["ci_high"]),
            strong=bool(x["own_choice"]),
        )
        for x in shown
    ]
    scale = charts.axis([v for m in marks for v in (m.low, m.high)], lambda tick: n.points(tick, 0))
    title = t("specification_title", wave=shown_as)
    words = t(
        "specification_note",
        above=n.plain(sum(x["estimate"] > 0 for x in shown)),
        below=n.plain(sum(x["estimate"] < 0 for x in shown)),
        count=n.plain(len(shown)),
    )
    name = name_of("specifications", wave)
    svg = charts.ranked(marks, scale, title, words, name)
    return Chart(title, svg, words, description=words, drawn=drawn(name, "specifications", marks, shown))


def checks(figures: Figures, wave: str) -> list[str]:
    """The tests beside the primary model, as sentences."""
    name = primary(figures, wave) or figures.primary
    column = f"note_{figures.words.language}"
    found = lines(figures.tables["robustness"], wave=wave, model=name) if name else []
    told = [str(x[column]) for x in found if not x["suppressed"] and x[column]]
    return list(dict.fromkeys(told))


def variant_words(figures: Figures, model: str, variant: str) -> str:
    """What a model's variant is called: a reading by its pair of practices, an alternative by its measure."""
    words, declared = figures.words, figures.survey.models.get(model)
    if words.has(f"variant_{variant}"):
        return words.t(f"variant_{variant}")
    if declared is not None and variant in declared.pairs:
        return " × ".join(words.label("measure", name) for name in declared.pairs[variant])
    other = declared.alternatives if declared is not None else None
    return words.label("measure", other.measures[variant]) if other and variant in other.measures else variant


def _choice(figures: Figures, x: Line) -> str:
    """A specification by the labels of its choices."""
    words, label = figures.words, figures.words.label
    controls = figures.survey.models[str(x["model"])].choices
    listed = controls.controls.get(str(x["controls"]), ()) if controls else ()
    told = [
        label("measure", x["outcome"]),
        f"{label('measure', x['practice_a'])} × {label('measure', x['practice_b'])}",
        label("base", x["base"]),
        words.t(f"choice_{x['weights']}"),
        words.t(f"choice_{x['answers']}"),
        words.t("choice_controls", controls=", ".join(words.variable(name) for name in listed) or x["controls"]),
    ]
    if x["left_out"] != EVERY:
        told.append(words.t("choice_without", label=label("measure", x["left_out"])))
    return ", ".join(told)


def every_model(figures: Figures, wave: str, label: str) -> Printed | None:
    """All models and variants of a wave with what to know about them."""
    t, n = figures.words.t, figures.numbers
    pooled = label != wave

    def counts(x: Line) -> tuple[str, ...]:
        """Firms and those with the outcome; over several waves the answers, whose they are, and those with it."""
        told = [n.plain(x["n"]), *([n.plain(x["firms"])] if pooled else []), n.plain(x["events"])]
        return (t("withheld"), *[""] * (len(told) - 1)) if x["suppressed"] else tuple(told)

    rows = tuple(
        (
            figures.words.label("model", str(x["model"])),
            variant_words(figures, str(x["model"]), str(x["variant"])),
            t(f"estimator_of_{x['estimator']}"),
            *counts(x),
            figures.stage_words(x, "warning"),
        )
        for x in lines(figures.tables["models"], wave=wave)
    )
    counted = ("answers", "n", "events") if pooled else ("n", "events")
    heads = (
        Head(t("model")), Head(t("variant")), Head(t("estimator")), *(Head(t(h), True) for h in counted),
        Head(t("warning"), long=True),
    )  # fmt: skip
    return Printed(t("models_title", wave=label), heads, rows) if rows else None
