"""What changed between waves: the table of all headline figures, and what the first page says of the last two waves.

Many changes are tested at once, so a page tells one as a change only where its p-value, adjusted for the others beside
it, is below 5%; and the surest come first.

Belongs here: which changes are told, in what order, in what words. Does not belong here: adjusting p-values
(`disclosed`), whether two waves compare (`comparability`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.contract.columns import EVERYONE
from monitor.contract.families import ALPHA, LISTS
from monitor.publication.report import comparability
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines, name_of, one


def news(figures: Figures, waves: Sequence[str]) -> dict[str, Any]:
    """What changed in the headline figures since the wave before: those told as changes, the surest first, and the
    others with one line that counts them."""
    found = since_before(figures, waves)
    told = [x for x in found if _shows(x)]
    others = [x for x in found if not _shows(x)]
    apart = sum(not x["comparable"] for x in others)
    n, t = figures.numbers, figures.words.t
    counts = {"same": n.plain(len(others) - apart), "apart": n.plain(apart)}
    return {
        "told": [_sentence(figures, x) for x in told],
        "others": [_sentence(figures, x) for x in others],
        "summary": t("new_others_apart" if apart else "new_others", wave=waves[-2], **counts) if others else "",
    }


def since_before(figures: Figures, waves: Sequence[str]) -> list[Line]:
    """The changes of the headline shares of all firms since the wave before, the surest first; those that are withheld
    though the waves compare are left out."""
    if len(waves) < 2:
        return []
    found = [
        x
        for name in figures.headlines
        if figures.units.get(name) == "share"
        for x in lines(
            figures.tables["changes"],
            indicator=name,
            domain_variable=EVERYONE,
            wave_from=waves[-2],
            wave_to=waves[-1],
        )
        if not x["suppressed"] or not x["comparable"]
    ]
    return sorted(found, key=_place)


def surest(figures: Figures, waves: Sequence[str]) -> list[dict[str, str]]:
    """The surest of the changes told as one, as a main point; none where no change can be told from chance."""
    told = [x for x in since_before(figures, waves) if _shows(x)][:1]
    return [
        {
            "name": figures.words.label("indicator", str(x["indicator"])),
            "words": _sentence(figures, x) + " " + figures.words.t("new_firms", n=_firms(figures, x)),
            "link": f"trends.html#{anchor(x)}",
        }
        for x in told
    ]


def _firms(figures: Figures, x: Line) -> str:
    """On how many firms the later of two figures rests."""
    found = one(figures.tables["indicators"], wave=x["wave_to"], indicator=x["indicator"], domain_variable=EVERYONE)
    return figures.numbers.plain(found["n"] if found else None)


def anchor(x: Line) -> str:
    """The identifier of a change's row."""
    return name_of("change", str(x["indicator"]), str(x["wave_from"]), str(x["wave_to"]))


def _shows(x: Line) -> bool:
    """Whether a change is told as one."""
    return bool(x["comparable"]) and _told(x) in ("up", "down")


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
    found.sort(key=_place)
    body = []
    for x in found:
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
    return Printed(f"{t('changes_title')} ({t('points_unit')})", heads, tuple(body), tuple(anchor(x) for x in found))


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
