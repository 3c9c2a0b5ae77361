"""How confidentiality is kept: the rules, what the attack on this release found, and what protection cost.

Belongs here: putting thresholds, an attack's result and counts of withheld lines into words. Does not belong here:
deciding what is withheld, and attacking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from monitor.contract.columns import EVERYONE, RELIABILITY
from monitor.precision import to_error
from monitor.publication.report.numbers import DASH
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines
from monitor.survey import Survey

LISTED: tuple[tuple[str, str, str], ...] = (
    ("kept_everyone", "indicators", "suppressed"),
    ("kept_parts", "indicators", "suppressed"),
    ("kept_changes", "changes", "suppressed"),
    ("kept_terms", "terms", "suppressed"),
    ("kept_initiatives", "initiatives", "suppressed"),
    ("kept_medians", "benchmarks", "suppressed"),
    ("kept_quartiles", "benchmarks", "quartiles_suppressed"),
)
"""Words, public table and the column that says whether a line is withheld"""
SOME: Mapping[str, Callable[[Line], bool]] = {
    "kept_everyone": lambda line: line["domain_variable"] == EVERYONE,
    "kept_parts": lambda line: line["domain_variable"] != EVERYONE,
}
"""Where not every line of the table is meant"""


def section(figures: Figures, survey: Survey, attacked: Mapping[str, Any] | None) -> dict[str, Any]:
    """The section of the methods. `attacked`: what the attack on the release and the earlier ones came to."""
    t, n, limits = figures.words.t, figures.numbers, survey.disclosure
    few = n.plain(limits.minimum_firms)
    rules = [
        t("kept_rule_few", firms=few, others=n.plain(limits.fewest_others)),
        t("kept_rule_amounts", p=n.percent(limits.p_percent / 100), dominance=n.percent(limits.dominance)),
        *([t("kept_rule_influence", share=n.percent(limits.influence))] if limits.tells_influence else []),
        t("kept_rule_rest"),
        t("kept_rule_releases", firms=few),
        t("kept_rule_models", events=n.plain(limits.minimum_events), df=n.plain(limits.minimum_df), firms=few),
        t("kept_rule_medians", median=n.plain(limits.median_firms), quartiles=n.plain(limits.quartile_firms)),
        t("kept_rule_last"),
    ]
    promise = t("kept_promise") + (f" {t('kept_synthetic')}" if survey.synthetic else "")
    return {
        "promise": promise,
        "rules": rules,
        "attack": attack_words(figures, attacked),
        "cost": _answers(figures),
        "lost": lost(figures),
    }


def attack_words(figures: Figures, attacked: Mapping[str, Any] | None) -> list[str]:
    """What was tried and what it found, in sentences."""
    t, n = figures.words.t, figures.numbers
    if attacked is None:
        return [t("kept_not_attacked")]
    sizes = {key: n.plain(attacked[key]) for key in ("cells", "amounts", "equations", "unknowns")}
    told = [t("kept_tried", releases=n.plain(len(attacked["releases"])), **sizes)]
    narrowest = attacked["narrowest"]
    if narrowest is not None and math.isfinite(narrowest):
        # A solver's last digits are no part of the answer.
        width = n.value(to_error(narrowest, None), None)
        told.append(t("kept_narrowest", narrowest=width, fewest=n.plain(attacked["fewest"])))
    if attacked["nearest"] is not None and math.isfinite(attacked["nearest"]):
        told.append(t("kept_nearest", nearest=n.percent(to_error(attacked["nearest"], None))))
    found = len(attacked["findings"])
    told.append(t("kept_found", count=n.plain(found)) if found else t("kept_none_found"))
    if attacked["of_many"]:
        told.append(t("kept_of_many", count=n.plain(len(attacked["of_many"]))))
    return told


def lost(figures: Figures) -> Printed:
    """How many lines of the public tables are withheld; how many of them only as too uncertain, where a table says."""
    t, n = figures.words.t, figures.numbers
    rows = []
    for words, table, column in LISTED:
        meant = SOME.get(words, lambda _: True)
        found = [x for x in lines(figures.tables[table]) if meant(x)]
        if not found:
            continue
        away = [x for x in found if x[column]]
        uncertain = sum(x["withheld_for"] == RELIABILITY for x in away) if "withheld_for" in found[0] else None
        share = n.percent(len(away) / len(found), 1)
        cells = (n.plain(len(found)), n.plain(len(away)), share, DASH if uncertain is None else n.plain(uncertain))
        rows.append((t(words), *cells))
    heads = ("kept_lines", "kept_withheld", "kept_share", "kept_uncertain")
    return Printed(t("kept_lost"), (Head(t("kept_what"), long=True), *(Head(t(h), True) for h in heads)), tuple(rows))


def _answers(figures: Figures) -> str:
    """Of the answers behind figures for all firms, the share that stands in a shown line of a breakdown."""
    table = lines(figures.tables["indicators"])
    whole = {(x["wave"], x["indicator"]): int(x["n"]) for x in _shown(table) if x["domain_variable"] == EVERYONE}
    parts = [x for x in table if x["domain_variable"] != EVERYONE and (x["wave"], x["indicator"]) in whole]
    broken = {(x["wave"], x["indicator"], x["domain_variable"]) for x in parts}
    total = sum(whole[wave, name] for wave, name, _ in broken)
    if not total:
        return figures.words.t("kept_cost_lines")
    shown = sum(int(x["n"]) for x in _shown(parts))
    share = figures.numbers.percent(to_error(shown / total, None), 1)
    return f"{figures.words.t('kept_cost_lines')} {figures.words.t('kept_cost_answers', share=share)}"


def _shown(found: Iterable[Line]) -> list[Line]:
    return [x for x in found if not x["suppressed"]]
