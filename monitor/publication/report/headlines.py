"""The headline figures as cards: each with the words that say what it is a figure of.

Belongs here: what stands on a card, and the words for a figure's period and reliability. Does not belong here: tables
and charts (`tables`), pages.
"""

from __future__ import annotations

from monitor.contract import reliability as bounds
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Line, one
from monitor.publication.report.words import EVERYONE
from monitor.survey import INTERVIEW


def cards(figures: Figures, wave: str) -> list[dict[str, str]]:
    """The headline figures of a wave: unweighted as published reports print them, weighted with interval."""
    found = []
    t, n = figures.words.t, figures.numbers
    for name in figures.headlines:
        line = one(figures.tables["indicators"], wave=wave, indicator=name, domain_variable=EVERYONE)
        if line is None:
            continue
        unit = figures.units.get(name)
        hidden = bool(line["suppressed"])
        words = figures.withheld_words(line) if hidden else ""
        estimator, _, denominator = figures.recipes[name]
        told = {
            "base": figures.words.label("base", figures.bases[name]),
            "denominator": lowered(figures.words.label("measure", denominator)),
        }
        if estimator == "ratio":
            told["base"] = lowered(told["base"])
        found.append(
            {
                "name": name,
                "label": figures.words.label("indicator", name),
                "period": period_words(figures, line),
                "plain_label": t(f"plain_{estimator}", **told),
                "plain": words if hidden else n.value(line["unweighted"], unit, 0 if unit == "share" else None),
                "n": "" if hidden else firms_words(figures, line),
                "weighted_label": t(f"weighted_{estimator}", **told),
                "estimate": words if hidden else n.value(line["estimate"], unit),
                "interval": "" if hidden else n.interval(line["ci_low"], line["ci_high"], unit),
            }
        )
    return found


def firms_words(figures: Figures, line: Line) -> str:
    """On how many firms a figure rests, and for how many of them the value follows from an earlier answer."""
    t, n = figures.words.t, figures.numbers
    firms, routed = known(line["n"]), known(line["n_routed"])
    if firms is None or not routed:
        return t("with_value", n=n.plain(firms))
    return t("with_value_routed", n=n.plain(firms), answered=n.plain(firms - routed), routed=n.plain(routed))


def period_words(figures: Figures, line: Line) -> str:
    """What a figure's questions asked about, in words; nothing where the survey does not say."""
    t = figures.words.t
    parts = [part for part in str(line["reference_period"] or "").split(", ") if part]
    told = [
        t("period_interview", wave=line["wave"])
        if part == INTERVIEW
        else t("period_years", years=part.replace("-", DASH))
        for part in parts
    ]
    return "; ".join(told[:1] + [lowered(words) for words in told[1:]])


def reliability_rule(figures: Figures) -> str:
    """When a figure counts as limited, with the bounds that the flag itself uses."""
    n = figures.numbers
    return figures.words.t(
        "reliability_rule",
        wide=n.plain(100 * bounds.WIDE),
        narrow=n.plain(100 * bounds.NARROW),
        relative=n.plain(bounds.WIDE_FOR_ITS_SHARE, 1),
        cv=n.percent(bounds.LIMITED_CV, 1),
        few=n.plain(bounds.FEW_FIRMS),
    )


def unpublishable_rule(figures: Figures) -> str:
    """When a figure is not published for its uncertainty alone."""
    n = figures.numbers
    return figures.words.t(
        "reliability_unpublishable",
        too_wide=n.plain(100 * bounds.TOO_WIDE),
        cv=n.percent(bounds.UNPUBLISHABLE_CV, 1),
        least=n.plain(bounds.LEAST_FIRMS),
    )


def lowered(label: str) -> str:
    """A label inside a sentence: its first letter small, unless it opens an abbreviation (R&D)."""
    return label if label[1:2].isupper() or label[1:2] in ("&", ".") else label[:1].lower() + label[1:]
