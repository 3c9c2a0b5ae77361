"""The start page: the survey's question with its answer and picture, and the main points, each with its number.

Belongs here: which numbers open the page, chosen by declared rules, and their sentences. Does not belong here: what
the other pages say (`pages`, `answer`), the claims in full (`claims`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.contract.columns import EVERYONE, POOLED
from monitor.publication.report import changes, claims, glossary, models, question
from monitor.publication.report.numbers import NBSP, known
from monitor.publication.report.tables import Figures, Line, indicator_anchor, lines, one
from monitor.survey.models import MAIN
from monitor.survey.wording import contrasts_of

MOST = 5
"""Main points at most"""
LEAST = 3
"""Main points at least, where the survey has so many headline figures"""
LEVELS = 2
"""How many of them are headline figures, as the survey orders them, where there are enough others"""
DECIDED = ("supported", "contradicted")


def opening(figures: Figures, waves: Sequence[str]) -> dict[str, Any] | None:
    """The question, its answer and the four states: of all waves together where these have a model, and else of the
    newest wave that has one; None where no model may be public."""
    for wave in (POOLED, *reversed(waves)):
        t = figures.words.t
        label = t("pooled") if wave == POOLED else t("in_wave", wave=wave)
        section = models.section(figures, wave, t("pooled") if wave == POOLED else None)
        x = complementarity(figures, wave)
        if section is None or x is None:
            continue
        told = decided_by(figures, x)
        return {
            "question": figures.words.begun("start_question", **question.subjects(figures, str(x["model"]))),
            "verdict": verdict_words(figures, told, label),
            "sentence": sentence(figures, x, told),
            "chart": section["squares"],
            "terms": glossary.of_question(figures, str(x["model"])),
            "link": f"cooperation.html#{claims.contrast_anchor(wave, x)}",
        }
    return None


def complementarity(figures: Figures, wave: str) -> Line | None:
    """The line of the primary model's complementarity in a wave, where it is published."""
    name = models.primary(figures, wave)
    contrast = contrasts_of(figures.survey, name).get("complementarity") if name else None
    if name is None or contrast is None:
        return None
    found = one(figures.tables["contrasts"], wave=wave, model=name, variant=MAIN, contrast=contrast.name)
    return None if found is None or found["suppressed"] or known(found["estimate"]) is None else found


def decided_by(figures: Figures, x: Line) -> str:
    """The verdict on the first claim about this very contrast, in the words of the report; where the survey claims
    nothing of it, whether its interval lies above or below zero, or holds it."""
    found = lines(figures.tables["claims"], wave=x["wave"], model=x["model"], variant=MAIN, contrast=x["contrast"])
    declared = [claim.name for claim in figures.survey.claims]
    found.sort(key=lambda line: declared.index(line["claim"]) if line["claim"] in declared else len(declared))
    if found and not found[0]["suppressed"]:
        return str(found[0]["verdict"]).replace(" ", "_")
    return "above_zero" if x["ci_low"] > 0 else "below_zero" if x["ci_high"] < 0 else "undecided"


def direction(x: Line, told: str) -> str:
    """How the answer reads: `above` or `below` what two practices add up to, only where the verdict decides it and the
    interval leaves zero out."""
    if told in ("inconclusive", "undecided", "not_testable"):
        return "undecided"
    return "above" if x["ci_low"] > 0 else "below" if x["ci_high"] < 0 else "undecided"


def verdict_words(figures: Figures, told: str, label: str) -> str:
    """The verdict and what it is of, as the answer begins."""
    return figures.words.t("start_verdict", verdict=figures.words.begun(told), of=label)


def sentence(figures: Figures, x: Line, told: str) -> str:
    """The answer: by how much the outcome is more or less common where both practices come together than the two add
    up to, or which differences the interval leaves open."""
    t, n, way = figures.words.t, figures.numbers, direction(x, told)
    near, far = (-x["ci_high"], -x["ci_low"]) if way == "below" else (x["ci_low"], x["ci_high"])
    if way == "undecided":
        estimate, low, high = (n.points(v) for v in (x["estimate"], near, far))
    else:
        estimate, low, high = (n.plain(abs(v) * 100, 1) for v in (x["estimate"], near, far))
    about = question.subjects(figures, str(x["model"]))
    return t(f"start_{way}", estimate=estimate, low=low, high=high, **about)


def points(figures: Figures, waves: Sequence[str]) -> list[dict[str, str]]:
    """The main points: the first headline figures of the newest wave, its surest change since the wave before, and the
    decided claims about all waves (else the newest) that are not the question itself, the narrowest interval first;
    more headline figures where these are few."""
    levels = [p for name in figures.headlines if (p := level(figures, waves[-1], name))]
    moved, claimed = changes.surest(figures, waves), decided(figures, waves)
    others = [*moved, *claimed][: MOST - min(len(levels), LEVELS)]
    return [*levels[: max(LEVELS, LEAST - len(others))], *others]


def level(figures: Figures, wave: str, name: str) -> dict[str, str] | None:
    """One headline figure of all firms as a sentence; None where it is not shown."""
    x = one(figures.tables["indicators"], wave=wave, indicator=name, domain_variable=EVERYONE)
    if x is None or x["suppressed"] or known(x["estimate"]) is None:
        return None
    n, unit, label = figures.numbers, figures.units.get(name), figures.words.label("indicator", name)
    words = figures.words.t(
        "point_level",
        label=label,
        base=figures.words.inside(figures.words.label("base", figures.bases[name])),
        wave=wave,
        estimate=n.value(x["estimate"], unit),
        interval=n.interval(x["ci_low"], x["ci_high"], unit),
        n=n.plain(x["n"]),
    )
    return {"name": label, "words": words, "link": f"participation.html#{indicator_anchor(wave, name)}"}


def decided(figures: Figures, waves: Sequence[str]) -> list[dict[str, str]]:
    """The decided claims as sentences."""
    table = figures.tables["claims"]
    wave = POOLED if lines(table, wave=POOLED) else waves[-1]
    own = complementarity(figures, wave)
    asked = None if own is None else (own["model"], own["variant"], own["contrast"])
    found = [
        x for x in lines(table, wave=wave)
        if x["verdict"] in DECIDED and not x["suppressed"] and known(x["estimate"]) is not None
        and (x["model"], x["variant"], x["contrast"]) != asked
    ]  # fmt: skip
    found.sort(key=lambda x: (x["ci_high"] - x["ci_low"], str(x["claim"])))
    return [_claim(figures, x) for x in found]


def _claim(figures: Figures, x: Line) -> dict[str, str]:
    t, n, text = figures.words.t, figures.numbers, str(x[f"text_{figures.words.language}"])
    unit = "" if x["unit"] == "share" else f"{NBSP}{t('points_unit')}"
    words = t(
        "point_claim",
        text=text,
        verdict=t(claims.word(x)),
        of=claims.of_waves(figures, x),
        estimate=f"{n.value(x['estimate'], x['unit'])}{unit}",
        interval=n.interval(x["ci_low"], x["ci_high"], x["unit"]),
        n=n.plain(answers(figures, x)),
    )
    return {"name": text, "words": words, "link": claims.link(x)}


def answers(figures: Figures, x: Line) -> object:
    """On how many answers a claim's figure rests: its own count, or its model's."""
    if known(x["n"]) is not None:
        return x["n"]
    model = one(figures.tables["models"], wave=x["wave"], model=x["model"], variant=x["variant"])
    return model["n"] if model else None
