"""The page about revisions: what became of figures that the last release printed, and what moved them.

Belongs here: telling a difference that is given. Does not belong here: working it out (`released.difference`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Head, Printed, lines
from monitor.survey import Survey

CAUSES = ("new_answers", "corrections", "weights", "definition", "code", "held", "rest")
SELDOM = ("held", "rest")
"""Causes that have a column only where they move a figure"""


def page(figures: Figures, survey: Survey, revised: Mapping[str, Any] | None) -> dict[str, Any]:
    """Facts, every headline figure of both releases with its change split into causes, and what is held back."""
    t, n = figures.words.t, figures.numbers
    waiting = sum(bool(x["held"]) for x in lines(figures.tables["indicators"]))
    rule = t("held_rule", firms=n.plain(survey.disclosure.minimum_firms))
    held = t("held_some", count=n.plain(waiting)) if waiting else t("held_none")
    return {
        "since": revised["since"] if revised else None,
        "facts": facts(figures, revised["facts"]) if revised else [],
        "table_of": table(figures, revised) if revised else None,
        "held": f"{rule} {held}",
        "causes": [(t(f"cause_{c}"), t(f"cause_{c}_words")) for c in CAUSES],
    }


def summary(figures: Figures, revised: Mapping[str, Any] | None) -> str:
    """One sentence for the quality page."""
    if revised is None:
        return figures.words.t("no_revisions")
    moved = sum(row[2] != row[3] for row in table(figures, revised).rows)
    return figures.words.t(
        "revisions_summary", release=revised["since"], moved=figures.numbers.plain(moved),
        count=figures.numbers.plain(len(revised["lines"])),
    )  # fmt: skip


def facts(figures: Figures, told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What differs between the two releases, in words."""
    t, n = figures.words.t, figures.numbers

    def listed(waves: list[str]) -> str:
        return ", ".join(waves) or t("none")

    def whether(changed: bool) -> str:
        return t("yes" if changed else "no")

    before, now = told["corrections"]
    comparable = [
        f"{figures.words.label('indicator', name)} {wave}: {t('since_now', was=was or DASH, now=since or DASH)}"
        for wave, name, was, since in told["comparability_changed"]
    ]
    return [
        (t("waves_added"), listed(told["waves_added"])),
        (t("deliveries_changed"), listed(told["deliveries_changed"])),
        (t("corrections_applied"), t("from_to_count", before=n.plain(before), now=n.plain(now))),
        (t("definition_changed"), whether(told["definition_changed"])),
        (t("code_changed"), whether(told["code_changed"])),
        (t("comparability_changed"), "; ".join(comparable) or t("none")),
    ]


def table(figures: Figures, revised: Mapping[str, Any]) -> Printed:
    """Headline figures as the last release printed them and as they are now, the change split into causes."""
    t, n = figures.words.t, figures.numbers
    causes = [c for c in CAUSES if c not in SELDOM or any(x[c] != 0 for x in revised["lines"])]
    rows = []
    for x in revised["lines"]:
        unit = figures.units.get(x["indicator"])

        def part(value: Any, unit: object = unit) -> str:
            if known(value) is None:
                return t("together")
            return n.points(value, 2) if unit == "share" else n.value(value, unit)

        was, now = (n.value(x[c], unit) for c in ("before", "after"))
        split = (part(x[c]) for c in ("change", *causes))
        rows.append((figures.words.label("indicator", x["indicator"]), x["wave"], was, now, *split))
    heads = (Head(t("indicator"), long=True), Head(t("wave")), Head(t("before"), True), Head(t("now"), True))
    split_heads = (Head(t("difference"), True), *(Head(t(f"cause_{c}"), True) for c in causes))
    return Printed(t("revisions_table", release=revised["since"]), (*heads, *split_heads), tuple(rows))
