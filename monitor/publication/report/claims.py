"""What became of the survey's claims: verdicts with their rules, the numbers behind them, and what proves their date.

Belongs here: claims as a reader meets them. Does not belong here: deciding them (`statistics.decisions.claims`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from monitor.contract.columns import POOLED
from monitor.publication.report import sensitivity
from monitor.publication.report.numbers import NBSP, known
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines, name_of, one
from monitor.survey.wording import estimand_words, fit_of, reading_words


def told(figures: Figures, wave: str) -> list[dict[str, Any]]:
    """The claims of a wave: text, what is measured, rule, and the verdicts of the wave and of all waves together."""
    found = []
    for x in lines(figures.tables["claims"], wave=wave):
        pooled = None if wave == POOLED else one(figures.tables["claims"], wave=POOLED, claim=x["claim"])
        printed = [line for line in (x, pooled) if line is not None]
        found.append(
            {
                "name": str(x["claim"]),
                "text": str(x[f"text_{figures.words.language}"]),
                "estimand": measured(figures, str(x["claim"])),
                "rule": f"{figures.words.t('rule_is', rule=rule(figures, x))} {declared_words(figures, printed)}",
                "verdicts": [verdict(figures, line) for line in printed],
            }
        )
    return found


def overview(figures: Figures, wave: str) -> list[dict[str, Any]]:
    """The claims as a reader of the whole report meets them: first the verdict about all waves together, or that of
    `wave` where there is none, then that of each wave in a strip, the newest first."""
    found = []
    for claim in told(figures, wave):
        every = lines(figures.tables["claims"], claim=claim["name"])
        pooled = [x for x in every if x["wave"] == POOLED]
        single = sorted((x for x in every if x["wave"] != POOLED), key=lambda x: str(x["wave"]), reverse=True)
        first = verdict(figures, (pooled or single)[0])
        strip = [verdict(figures, x) | {"wave": str(x["wave"])} for x in (single if pooled else single[1:])]
        found.append(claim | {"first": first, "strip": strip})
    return found


def measured(figures: Figures, claim: str) -> str:
    """What a claim's figure measures; of a model's also as what its practices are read, and how it was estimated. Empty
    where the survey does not have the claim."""
    survey, language = figures.survey, figures.words.language
    estimand = next((declared.estimand for declared in survey.claims if declared.name == claim), None)
    if estimand is None:
        return ""
    about = figures.words.t("measured_as", estimand=estimand_words(survey, estimand, language))
    fit = fit_of(estimand)
    estimated = method_words(figures, *fit) if fit else ""
    return " ".join(filter(None, (about, reading_words(survey, estimand, language), estimated)))


def method_words(figures: Figures, model: str, variant: str) -> str:
    """The estimator of a claim's model: one for all waves, or which for which, and by what rule; empty where none was
    fitted."""
    t = figures.words.t
    waves: dict[str, list[str]] = {}
    for x in lines(figures.tables["models"], model=model, variant=variant):
        if x["published"] and not x["suppressed"] and x["estimator"]:
            name = t("pooled") if x["wave"] == POOLED else str(x["wave"])
            waves.setdefault(str(x["estimator"]), []).append(name)
    if len(waves) < 2:
        return "".join(t("method_same", method=t(f"method_{estimator}")) for estimator in waves)
    methods = [
        t("method_in", method=t(f"method_{estimator}"), waves=", ".join(names)) for estimator, names in waves.items()
    ]
    least = figures.survey.models[model].main.events_per_term
    return t("method_differs", methods=", ".join(methods), least=figures.numbers.plain(least))


def declared_words(figures: Figures, printed: Sequence[Line]) -> str:
    """When a claim was declared and what proves it, for each of its printed verdicts where that differs."""
    told = {
        of_waves(figures, line): figures.words.t(
            f"declared_{line['declared_before'] or 'unproven'}",
            day=_day(figures, str(line["declared"] or figures.words.t("none"))),
            commit=line["committed"],
        )
        for line in printed
    }
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return " ".join(figures.words.t("declared_of", of=of, words=words) for of, words in told.items())


def of_waves(figures: Figures, line: Line) -> str:
    """Which waves a verdict is about."""
    wave = str(line["wave"])
    return figures.words.t("verdict_pooled") if wave == POOLED else figures.words.t("verdict_of", wave=wave)


def verdict(figures: Figures, line: Line) -> dict[str, str]:
    """One verdict with its reason and where its numbers stand."""
    t, told = figures.words.t, word(line)
    # Why lines are withheld is said once for all of them (`note`).
    reason = "" if line["suppressed"] else figures.stage_words(line, "reason")
    return {
        "of": of_waves(figures, line),
        "verdict": t(told),
        "class": told,
        "reason": reason.replace(" %", f"{NBSP}%"),
        "silent": sensitivity.sentence_of(figures, (str(line["wave"]), sensitivity.CLAIM, str(line["claim"]))),
        "link": link(line),
    }


def word(line: Line) -> str:
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
    return figures.stage_words(line, "decision_rule").replace(" %", f"{NBSP}%")


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
                (estimate if shown else t(word(x))) + (f" ({t('held_short')})" if x["held"] else ""),
                interval if shown else "",
                counted if shown else "",
                rule(figures, x),
                t(word(x)),
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
    elif proofs == {"commit"}:
        first = t(
            "claims_proven_commit", commits=", ".join(sorted({str(x["committed"]) for x in found if x["committed"]}))
        )
    elif len(proofs) > 1:
        first = t("claims_proof_differs")
    else:
        dates = ", ".join(_day(figures, day) for day in sorted({str(x["declared"]) for x in found if x["declared"]}))
        first = t("claims_unproven", dates=dates or t("none"))
    said = [first, t("claims_note")]
    if any(x["suppressed"] for x in lines(figures.tables["claims"])):
        said.append(t("withheld_why"))
    return " ".join(said)


def _day(figures: Figures, declared: str) -> str:
    """A date as the language writes it; the survey's own words where it is none."""
    try:
        return figures.words.day(date.fromisoformat(declared))
    except ValueError:
        return declared
