"""What changed between waves: the table of all headline figures, and what the first page says of the last two waves.

Many changes are tested at once, so a page tells one as a change only where its p-value, adjusted for the others beside
it, is below 5 %; and the surest come first.

Belongs here: which changes are told, in what order, in what words. Does not belong here: adjusting p-values
(`disclosed`), whether two waves compare (`comparability`).
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.contract.families import ALPHA, LISTS
from monitor.publication.report import comparability
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines
from monitor.publication.report.words import EVERYONE


def news(figures: Figures, waves: Sequence[str]) -> tuple[list[str], str]:
    """What changed in the headline figures since the wave before, in sentences, the surest first; and that wave."""
    if len(waves) < 2:
        return [], ""
    before, now = waves[-2], waves[-1]
    found = [
        x
        for name in figures.headlines
        if figures.units.get(name) == "share"
        for x in lines(
            figures.tables["changes"], indicator=name, domain_variable=EVERYONE, wave_from=before, wave_to=now
        )
        if not x["suppressed"] or not x["comparable"]
    ]
    return [_sentence(figures, x) for x in sorted(found, key=_place)], before


def _sentence(figures: Figures, x: Line) -> str:
    """One change in words: up, down, none that can be shown, or that the waves do not compare."""
    t, n = figures.words.t, figures.numbers
    label, changed = figures.words.label("indicator", str(x["indicator"])), comparability.changed(figures, x)
    if not x["comparable"]:
        return t("new_not_comparable", label=label, wave=x["wave_from"], changed=changed).strip()
    told = _told(x)
    change = n.plain(abs(x["change"]) * 100, 1) if told in ("up", "down") else n.points(x["change"])
    sentence = t(
        f"new_{told}",
        label=label,
        change=change,
        wave=x["wave_from"],
        interval=n.points_interval(x["ci_low"], x["ci_high"]),
        p=n.p_value(x["p_adjusted"]),
    )
    return t("new_changed", sentence=sentence, changed=changed) if changed else sentence


def table(figures: Figures) -> Printed:
    """Every headline's change between every two waves, for all firms: those told as a change first."""
    t, n = figures.words.t, figures.numbers
    found = [
        x
        for name in figures.headlines
        for x in lines(figures.tables["changes"], indicator=name, domain_variable=EVERYONE)
    ]
    body = []
    for x in sorted(found, key=_place):
        unit = figures.units.get(x["indicator"])
        share, apart = unit == "share", not x["comparable"]
        shown = not x["suppressed"] and not apart
        moved = n.points(x["change"]) if share else n.value(x["change"], unit)
        interval = (
            n.points_interval(x["ci_low"], x["ci_high"]) if share else n.interval(x["ci_low"], x["ci_high"], unit)
        )
        body.append(
            (
                figures.words.label("indicator", str(x["indicator"])),
                f"{x['wave_from']} {DASH} {x['wave_to']}",
                t("not_comparable") if apart else moved if shown else figures.withheld_words(x),
                interval if shown else "",
                n.p_value(x["p_value"]) if shown else "",
                n.p_value(x["p_adjusted"]) if shown else "",
                t(f"told_{_told(x)}") if shown else "",
                "" if apart else n.plain(x["overlap_firms"]),
                comparability.changed(figures, x),
            )
        )
    heads = (
        Head(t("indicator"), long=True), Head(t("from_to")), Head(t("change"), True), Head(t("interval"), True),
        Head(t("p_value"), True), Head(t("p_adjusted"), True), Head(t("verdict")), Head(t("overlap"), True),
        Head(t("questions"), long=True),
    )  # fmt: skip
    return Printed(f"{t('changes_title')} ({t('points_unit')})", heads, tuple(body))


def note(figures: Figures) -> str:
    """Under which rule a change is told as one, and how many of the other changes remain after it."""
    t, n = figures.words.t, figures.numbers
    others = [x for x in lines(figures.tables["changes"], family=LISTS) if known(x["p_value"]) is not None]
    raw, left = (sum(known(x[c]) is not None and x[c] < ALPHA for x in others) for c in ("p_value", "p_adjusted"))
    told = t("changes_lists", count=n.plain(len(others)), raw=n.plain(raw), left=n.plain(left)) if others else ""
    return f"{t('changes_note')} {t('changes_families')} {told}".strip()


def _told(x: Line) -> str:
    """What a published change counts as, by its adjusted p-value: up, down, by_chance (its own interval lies on one
    side of zero, but among as many changes one such is no surprise), or same."""
    adjusted = known(x["p_adjusted"])
    if adjusted is not None and adjusted < ALPHA:
        return "up" if x["change"] > 0 else "down"
    return "by_chance" if x["ci_low"] > 0 or x["ci_high"] < 0 else "same"


def _place(x: Line) -> tuple[bool, float, float]:
    """Where a change stands: by its adjusted p-value, then by its own; those without numbers last."""
    adjusted = known(x["p_adjusted"])
    return adjusted is None, adjusted or 0.0, known(x["p_value"]) or 0.0
