"""What became of the survey's claims: verdicts with their rules, the numbers behind them, and what proves their date.

Belongs here: claims as a reader meets them. Does not belong here: deciding them (`statistics.decisions.claims`).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from monitor.publication.report.numbers import NBSP, known
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines, name_of, one
from monitor.survey.wording import estimand_words

POOLED = "pooled"


def told(figures: Figures, wave: str) -> list[dict[str, Any]]:
    """The claims of a wave: text, what is measured, rule, and the verdicts of the wave and of all waves together."""
    declared = {claim.name: claim for claim in figures.survey.claims}
    found = []
    for x in lines(figures.tables["claims"], wave=wave):
        pooled = None if wave == POOLED else one(figures.tables["claims"], wave=POOLED, claim=x["claim"])
        claim = declared.get(str(x["claim"]))
        words = estimand_words(figures.survey, claim.estimand, figures.words.language) if claim else ""
        found.append(
            {
                "name": str(x["claim"]),
                "text": str(x[f"text_{figures.words.language}"]),
                "estimand": figures.words.t("measured_as", estimand=words) if words else "",
                "rule": figures.words.t("rule_is", rule=rule(figures, x)),
                "verdicts": [verdict(figures, line) for line in (x, pooled) if line is not None],
            }
        )
    return found


def verdict(figures: Figures, line: Line) -> dict[str, str]:
    """One verdict with its reason and where its numbers stand."""
    t, wave, word = figures.words.t, str(line["wave"]), _word(line)
    dutch = figures.words.language == "nl"
    reason = t("withheld_why") if line["suppressed"] else (dutch and line.get("reason_nl")) or line["reason"]
    return {
        "of": t("verdict_pooled") if wave == POOLED else t("verdict_of", wave=wave),
        "verdict": t(word),
        "class": word,
        "reason": str(reason or "").replace(" %", f"{NBSP}%"),
        "link": link(line),
    }


def _word(line: Line) -> str:
    """The verdict as a word of the report's own; `withheld` where it is."""
    return "withheld" if line["suppressed"] else str(line["verdict"]).replace(" ", "_")


def link(line: Line) -> str:
    """The page and place where the numbers of a verdict stand: its model's contrast, or the claim's own line (where no
    model decides it, or the model is withheld)."""
    wave = str(line["wave"])
    if line["model"] and not line["suppressed"]:
        return f"cooperation.html#{contrast_anchor(wave, line)}"
    return f"{'index' if wave == POOLED else f'wave-{wave}'}.html#{claim_anchor(line)}"


def contrast_anchor(wave: str, line: Line) -> str:
    """The identifier of a contrast's row."""
    return name_of("contrast", wave, str(line["model"]), str(line["variant"]), str(line["contrast"]))


def claim_anchor(line: Line) -> str:
    """The identifier of a claim's row."""
    return name_of("claim", str(line["wave"]), str(line["claim"]))


def rule(figures: Figures, line: Line) -> str:
    """A claim's decision rule in words."""
    dutch = line.get("decision_rule_nl") if figures.words.language == "nl" else None
    return str(dutch or line["decision_rule"] or "").replace(" %", f"{NBSP}%")


def table(figures: Figures, wave: str) -> Printed:
    """The claims of a wave in numbers, with the rule that decided."""
    t, n = figures.words.t, figures.numbers
    body, anchors = [], []
    for x in lines(figures.tables["claims"], wave=wave):
        shown = not x["suppressed"] and known(x["estimate"]) is not None
        estimate = n.value(x["estimate"], x["unit"])
        interval = n.interval(x["ci_low"], x["ci_high"], x["unit"])
        counted = "" if x["events"] is None else t("of_firms", events=n.plain(x["events"]), n=n.plain(x["n"]))
        anchors.append(claim_anchor(x))
        body.append(
            (
                str(x[f"text_{figures.words.language}"]),
                (estimate if shown else t(_word(x))) + (f" ({t('held_short')})" if x["held"] else ""),
                interval if shown else "",
                counted if shown else "",
                rule(figures, x),
                t(_word(x)),
            )
        )
    heads = (
        Head(t("claim"), long=True), Head(t("estimate"), True), Head(t("interval"), True),
        Head(t("responses_counted"), True), Head(t("rule"), long=True), Head(t("verdict")),
    )  # fmt: skip
    title = t("claims_table", wave=t("pooled") if wave == POOLED else wave)
    return Printed(title, heads, tuple(body), tuple(anchors))


def note(figures: Figures, wave: str) -> str:
    """What `inconclusive` means, and what proves that the claims were there before the answers."""
    t, found = figures.words.t, lines(figures.tables["claims"], wave=wave)
    proofs = {x["declared_before"] for x in found}
    if proofs == {"release"}:
        first = t("claims_proven_release")
    elif None not in proofs and found:
        first = t(
            "claims_proven_commit", commits=", ".join(sorted({str(x["committed"]) for x in found if x["committed"]}))
        )
    else:
        dates = ", ".join(_day(figures, day) for day in sorted({str(x["declared"]) for x in found if x["declared"]}))
        first = t("claims_unproven", dates=dates or t("none"))
    return f"{first} {t('claims_note')}"


def _day(figures: Figures, declared: str) -> str:
    """A date as the language writes it; the survey's own words where it is none."""
    try:
        return figures.words.day(date.fromisoformat(declared))
    except ValueError:
        return declared
