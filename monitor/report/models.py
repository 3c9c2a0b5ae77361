"""The model's tables and figures: the two-by-two, effects, terms, curves.

Belongs here: which contrasts stand where. Does not belong here: computing any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.report import charts
from monitor.report.numbers import NBSP, known
from monitor.report.tables import EFFECTS, STATES, Chart, Figures, Head, Line, Printed, described, lines, name_of, one

MAIN = "main"


def primary(figures: Figures, wave: str) -> str | None:
    """The model that compares the four states, of which the report tells: the first that has complementarity."""
    contrasts = figures.tables["contrasts"]
    found = [x["model"] for x in lines(contrasts, wave=wave, variant=MAIN, contrast="complementarity")]
    return figures.primary if figures.primary in found else (found[0] if found else None)


def section(figures: Figures, wave: str, label: str | None = None) -> dict[str, Any] | None:
    """All that is told of a wave's primary model, or None where it is not published. `label`: the wave in words."""
    shown = label or wave
    name = primary(figures, wave)
    if name is None:
        return None
    contrasts = {x["contrast"]: x for x in lines(figures.tables["contrasts"], wave=wave, model=name, variant=MAIN)}
    model = one(figures.tables["models"], wave=wave, model=name, variant=MAIN)
    if model is None or any(c not in contrasts or contrasts[c]["suppressed"] for c in (*STATES, "complementarity")):
        return None
    t, n = figures.words.t, figures.numbers
    mde = known(model["minimum_detectable_effect"])
    return {
        "squares": squares(figures, shown, contrasts),
        "states": states(figures, shown, contrasts),
        "effects": effects(figures, shown, contrasts),
        "effects_table": effects_table(figures, shown, contrasts),
        "terms": terms(figures, wave, name, shown),
        "words": t(
            "model_n",
            n=n.plain(model["n"]),
            events=n.plain(model["events"]),
            base=figures.words.label("base", str(model["base"])).lower(),
            weighted=t("is_weighted" if model["weighted"] else "is_unweighted"),
        )
        + (f" {t('imputed_why')}" if filled_in(figures, wave) else ""),
        "power": None if mde is None else t("power" if shown == wave else "power_pooled", mde=n.plain(mde * 100, 1)),
        "firth": t("firth_why") if model["estimator"] == "firth" else None,
        "warning": model.get("warning_nl") if figures.words.language == "nl" else model["warning"],
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
        reason = x.get("warning_nl") if figures.words.language == "nl" else x["warning"]
        return figures.words.t("no_model", reason=reason or figures.words.t("no_model_reason"))
    return None


def squares(figures: Figures, wave: str, contrasts: Mapping[str, Line]) -> Chart:
    """The two-by-two of cooperation and investment as tiles."""
    t = figures.words.t

    def tile(name: str) -> charts.Mark:
        x = contrasts[name]
        value = figures.numbers.percent(x["estimate"])
        interval = figures.numbers.interval(x["ci_low"], x["ci_high"], decimals=0)
        return charts.Mark(
            t(name), f"{value} {interval}", known(x["estimate"]), known(x["ci_low"]), known(x["ci_high"])
        )

    tiles = ((tile("p_neither"), tile("p_invests_only")), (tile("p_cooperates_only"), tile("p_both")))
    title = t("squares_title", wave=wave)
    svg = charts.squares(
        tiles,
        (t("cooperates_not"), t("cooperates")),
        (t("invests_not"), t("invests")),
        title,
        described(m for line in tiles for m in line),
        name_of("squares", wave),
    )
    return Chart(title, svg, t("squares_note"), description=described(m for line in tiles for m in line))


def states(figures: Figures, wave: str, contrasts: Mapping[str, Line]) -> Printed:
    """The four states as a table of cooperation by investment."""
    t = figures.words.t

    def cell(name: str) -> str:
        return figures.value_words(contrasts[name], "share")

    heads = (Head(t("probability")), Head(t("invests_not"), True), Head(t("invests"), True))
    rows = (
        (t("cooperates_not"), cell("p_neither"), cell("p_invests_only")),
        (t("cooperates"), cell("p_cooperates_only"), cell("p_both")),
    )
    return Printed(t("states_table", wave=wave), heads, rows)


def effects(figures: Figures, wave: str, contrasts: Mapping[str, Line]) -> Chart:
    """Average associations and complementarity in percentage points."""
    t, n = figures.words.t, figures.numbers
    marks = [
        charts.Mark(
            t(name),
            f"{n.points(x['estimate'])} ({n.points_interval(x['ci_low'], x['ci_high'])})",
            known(x["estimate"]),
            known(x["ci_low"]),
            known(x["ci_high"]),
            strong=name == "complementarity",
        )
        for name in EFFECTS
        if (x := contrasts.get(name)) is not None
    ]
    values = [v for m in marks for v in (m.estimate, m.low, m.high)]
    scale = charts.axis(values, lambda tick: n.points(tick, 0))
    title = t("effects_title", wave=wave)
    svg = charts.intervals(marks, scale, title, described(marks), name_of("effects", wave), 0.0)
    return Chart(title, svg, f"{t('effects_note')} {t('key_effect')}", description=described(marks))


def effects_table(figures: Figures, wave: str, contrasts: Mapping[str, Line]) -> Printed:
    """The effects as a table, with p-values."""
    t, n = figures.words.t, figures.numbers
    heads = (
        Head(t("effect")), Head(f"{t('estimate')} ({t('points_unit')})", True), Head(t("interval"), True),
        Head(t("p_value"), True),
    )  # fmt: skip
    rows = tuple(
        (t(name), n.points(x["estimate"]), n.points_interval(x["ci_low"], x["ci_high"]), n.p_value(x["p_value"]))
        for name in EFFECTS
        if (x := contrasts.get(name)) is not None
    )
    return Printed(t("effects_title", wave=wave), heads, rows)


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
    found = lines(figures.tables["curve"], wave=wave, contrast="complementarity", sign=">")
    shown = sorted(
        (x for x in found if not x["suppressed"] and known(x["estimate"]) is not None), key=lambda x: x["cut"]
    )
    if len(shown) < 3:
        return None
    points = [
        (
            float(x["cut"]),
            charts.Mark(
                f"{n.plain(x['cut'])}{NBSP}%",
                f"{n.points(x['estimate'])} ({n.points_interval(x['ci_low'], x['ci_high'])})",
                known(x["estimate"]),
                known(x["ci_low"]),
                known(x["ci_high"]),
            ),
        )
        for x in shown
    ]
    scale = charts.axis([v for _, m in points for v in (m.low, m.high)], lambda tick: n.points(tick, 0))
    across = charts.axis([x for x, _ in points], lambda tick: n.plain(tick), zero=False)
    title = t("curve_title", wave=label)
    at = 40.0 if any(x == 40.0 for x, _ in points) else None
    svg = charts.curve(points, scale, across, title, described(m for _, m in points), name_of("curve", wave), at)
    heads = (Head(t("threshold")), Head(t("complementarity"), True), Head(t("interval"), True))
    rows = tuple(
        (f"{n.plain(x['cut'])}{NBSP}%", n.points(x["estimate"]), n.points_interval(x["ci_low"], x["ci_high"]))
        for x in shown
    )
    return Chart(title, svg, t("curve_note"), Printed(title, heads, rows), description=described(m for _, m in points))


def specifications(figures: Figures, wave: str, label: str) -> Chart | None:
    """Complementarity under every declared choice, in order of size; the report's own choice stands out."""
    t, n = figures.words.t, figures.numbers
    found = lines(figures.tables["specifications"], wave=wave, contrast="complementarity")
    shown = sorted(
        (x for x in found if not x["suppressed"] and known(x["estimate"]) is not None), key=lambda x: x["estimate"]
    )
    if len(shown) < 3:
        return None
    first = min(x["number"] for x in found)
    marks = [
        charts.Mark(
            f"{x['outcome']}, {x['practice_a']} × {x['practice_b']}, {x['base']}, {x['weights']}, {x['values']}, "
            f"{x['controls']}, {x['without']}",
            f"{n.points(x['estimate'])} ({n.points_interval(x['ci_low'], x['ci_high'])})",
            known(x["estimate"]),
            known(x["ci_low"]),
            known(x["ci_high"]),
            strong=x["number"] == first,
        )
        for x in shown
    ]
    scale = charts.axis([v for m in marks for v in (m.low, m.high)], lambda tick: n.points(tick, 0))
    title = t("specification_title", wave=label)
    words = t(
        "specification_note",
        above=n.plain(sum(x["estimate"] > 0 for x in shown)),
        below=n.plain(sum(x["estimate"] < 0 for x in shown)),
        count=n.plain(len(shown)),
    )
    svg = charts.ranked(marks, scale, title, words, name_of("specifications", wave))
    return Chart(title, svg, words, description=words)


def checks(figures: Figures, wave: str) -> list[str]:
    """The tests beside the primary model, as sentences."""
    name = primary(figures, wave) or figures.primary
    column = f"note_{figures.words.language}"
    found = lines(figures.tables["robustness"], wave=wave, model=name) if name else []
    told = [str(x[column]) for x in found if not x["suppressed"] and x[column]]
    return list(dict.fromkeys(told))


def every_model(figures: Figures, wave: str, label: str) -> Printed | None:
    """All models and variants of a wave with what to know about them."""
    t, n = figures.words.t, figures.numbers
    column = "warning_nl" if figures.words.language == "nl" else "warning"
    rows = tuple(
        (
            str(x["model"]).replace("_", " "),
            str(x["variant"]).replace("_", " "),
            str(x["estimator"]).replace("_", " "),
            t("withheld") if x["suppressed"] else n.plain(x["n"]),
            "" if x["suppressed"] else n.plain(x["events"]),
            str(x[column] or ""),
        )
        for x in lines(figures.tables["models"], wave=wave)
    )
    heads = (
        Head(t("model")), Head(t("variant")), Head(t("estimator")), Head(t("n"), True), Head(t("events"), True),
        Head(t("warning"), long=True),
    )  # fmt: skip
    return Printed(t("models_title", wave=label), heads, rows) if rows else None
