"""The headline figures as cards: one number each, with the words that say what it is a figure of and how sure.

Belongs here: what stands on a card, and the words for a figure's period and reliability. Does not belong here: tables
and charts (`tables`), pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.contract import reliability as bounds
from monitor.contract.columns import EVERYONE
from monitor.publication.report import sensitivity
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Line, one
from monitor.survey import INTERVIEW, Survey


def cards(figures: Figures, wave: str) -> list[dict[str, str]]:
    """The headline figures of a wave: weighted with interval, and unweighted, as printed reports have them, to the same
    decimals."""
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
            "denominator": figures.words.inside(figures.words.label("measure", denominator)),
        }
        if estimator == "ratio":
            told["base"] = figures.words.inside(told["base"])
        found.append(
            {
                "name": name,
                "label": figures.words.label("indicator", name),
                "period": period_words(figures, line),
                "plain_label": t(f"plain_{estimator}", **told),
                "plain": words if hidden else n.value(line["unweighted"], unit),
                "n": "" if hidden else firms_words(figures, line),
                "weighted_label": t(f"weighted_{estimator}", **told),
                "estimate": words if hidden else n.value(line["estimate"], unit),
                "interval": "" if hidden else n.interval(line["ci_low"], line["ci_high"], unit),
                "unweighted": "" if hidden else unweighted_words(figures, line, told),
                "broken": broken_words(figures, line),
                "beside": " ".join(filter(None, (one_firm_words(figures, line), other_way_words(figures, line)))),
                "silent": sensitivity.sentence_of(figures, (wave, sensitivity.INDICATOR, name)),
            }
        )
    return found


def unweighted_words(figures: Figures, line: Line, told: Mapping[str, str]) -> str:
    """The figure of the firms that answered, in small print: what it is of, its value, and on how many firms it
    rests."""
    name = str(line["indicator"])
    value = figures.numbers.value(line["unweighted"], figures.units.get(name))
    about = figures.words.t(f"plain_{figures.recipes[name][0]}", **told)
    return figures.words.t(
        "card_unweighted", about=figures.words.inside(about), value=value, firms=firms_words(figures, line)
    )


def broken_words(figures: Figures, line: Line) -> str:
    """That a figure cannot be compared with all earlier waves, where it cannot."""
    since, waves = str(line["comparable_since"] or ""), list(figures.survey.waves)
    if since not in waves or since == waves[0]:
        return ""
    return figures.words.t("break_words", wave=since)


def one_firm_words(figures: Figures, line: Line) -> str:
    """That one firm carries more of a figure than the survey declares; nothing where none does."""
    if not line["one_firm"] or line["suppressed"]:
        return ""
    return figures.words.t("one_firm", share=figures.numbers.percent(figures.survey.disclosure.influence))


def other_way_words(figures: Figures, line: Line) -> str:
    """Beside a ratio of totals the mean of the firms' own shares, beside such a mean the ratio: large firms decide the
    one and count once in the other. Nothing where the survey has no indicator of the other kind."""
    t, n, name = figures.words.t, figures.numbers, str(line["indicator"])
    other = other_way(figures.survey, name)
    found = other and one(figures.tables["indicators"], wave=line["wave"], indicator=other, domain_variable=EVERYONE)
    if not found or found["suppressed"] or line["suppressed"]:
        return ""
    kind = figures.survey.indicators[str(other)].estimator
    interval = n.interval(found["ci_low"], found["ci_high"], "share")
    return t(f"beside_{kind}", estimate=n.value(found["estimate"], "share"), interval=interval)


def other_way(survey: Survey, name: str) -> str | None:
    """The indicator that takes the mean of what this one takes the ratio of, or the other way round: a ratio of a
    percentage over its denominator, or of the amount that is the denominator times the percentage, and the mean of
    that percentage, of the same firms."""
    asked = survey.indicators[name]
    for other, told in survey.indicators.items():
        ratio, mean = (asked, told) if asked.estimator == "ratio" else (told, asked)
        if (ratio.estimator, mean.estimator) != ("ratio", "mean") or ratio.base != mean.base:
            continue
        if mean.measure == ratio.measure or _part_of(survey, ratio.measure, mean.measure, str(ratio.denominator)):
            return other
    return None


def _part_of(survey: Survey, amount: str, percentage: str, whole: str) -> bool:
    """Whether an amount is declared as a whole times a percentage: `whole * percentage / 100`, in either order."""
    sql = {measure: " ".join(survey.measures[measure].sql.split()) for measure in (amount, percentage, whole)}
    factors = sql[amount].removesuffix("/ 100").strip().split(" * ")
    percent = survey.measures[percentage].type == "percentage" and sql[amount].endswith("/ 100")
    return percent and sorted(factors) == sorted((sql[percentage], sql[whole]))


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
    return "; ".join(told[:1] + [figures.words.inside(words) for words in told[1:]])


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
