"""From `claims.yaml` to `Claim`s, and what can be wrong in one.

Belongs here: reading claims, and whether what they name is declared. Does not belong here: numbers in a claim's text
(`claim_numbers`), deciding (`statistics.decisions.claims`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from monitor.problems import Problem, line_at
from monitor.statistics.decisions.claim import (
    RULES,
    Claim,
    Commit,
    Difference,
    Estimand,
    ModelContrast,
    Rule,
    Share,
)
from monitor.statistics.decisions.declared_rules import margin_problem, one_firm_problem
from monitor.statistics.models.contrast import of_two_practices
from monitor.survey.claim_numbers import number_problems
from monitor.survey.model import Survey
from monitor.survey.models import MAIN, Model
from monitor.survey.yaml_lines import Report, Section, closest, read
from monitor.wording.sentences import LANGUAGES

FILE = "claims.yaml"
MOST_COMMON = 0.5
"""The base rate beside which a margin may be greatest"""
ESTIMANDS: Mapping[str, tuple[str, ...]] = {
    "share": ("measure", "base"),
    "difference": ("measure", "by", "base"),
    "contrast": ("model", "contrast"),
}
"""Kind of estimand -> the keys it cannot do without"""


def read_claims(folder: Path, reports: list[Report], languages: tuple[str, ...] = LANGUAGES) -> tuple[Claim, ...]:
    """The claims of a survey folder in their order; none where it has no claims.yaml. Mistakes go into `reports`."""
    file = folder / FILE
    if not file.exists():
        return ()
    report, top = read(file, FILE)
    reports.append(report)
    if top is None:
        return ()
    found: dict[str, Claim] = {}
    for section in top.entries("claims"):
        claim = read_claim(section, languages)
        if claim.name in found:
            report.add(
                f"claim {claim.name!r} stands twice",
                section.line_of("claim"),
                expected="one claim of a name",
                found=claim.name,
                do="rename one of them",
            )
        found.setdefault(claim.name, claim)
    top.close()
    return tuple(found.values())


def read_claim(section: Section, languages: tuple[str, ...] = LANGUAGES) -> Claim:
    """One claim as it is declared, its text in every language of the survey; in a language of the tables that the
    survey does not speak it stands in the survey's first. Mistakes go into the section's report."""
    name = str(section.text("claim", "?"))
    section.where = what = f"claim {name!r}"
    whole = section.complete(("claim", "declared", "text", "estimand", "rule"))
    text = section.mapping("text", {})
    for language in languages if "text" in section else ():
        if not text.get(language):
            section.report.add(
                f"{what} has no text in {language!r}",
                section.line_of("text"),
                expected=f"text: {{{language}: ...}}",
                found="none",
                do="write it",
            )
            whole = False
    estimand, rule = section.section("estimand", None), section.section("rule", None)
    claim = Claim(
        name=name,
        text={**dict.fromkeys(LANGUAGES, text.get(languages[0], "")), **text},
        declared=section.text("declared", ""),
        estimand=_estimand(estimand, section.line_of("estimand"), what) if estimand else Share("", ""),
        rule=_rule(rule, section.line_of("rule"), what) if rule else Rule("", 0.0),
        family=section.text("family", name),
        committed=read_commit(section, what),
        lines=section.places(),
    )
    section.close()
    if whole and claim.rule.alpha:
        section.report.problems += number_problems(claim)
    return claim


def _kind(section: Section, known: Collection[str], what: str, of: str) -> str:
    """The kind of a claim's estimand or rule as it is written; reported where there is none of that name."""
    kind = str(section.text("kind", ""))
    if kind not in known:
        section.report.add(
            f"{what} has an unknown {of}",
            section.line_of("kind"),
            expected=", ".join(known),
            found=kind or "none",
            do=closest(kind, known) or "choose one",
        )
    return kind


def _estimand(section: Section, line: int, what: str) -> Estimand:
    section.where, section.line = f"the estimand of {what}", line
    kind = _kind(section, ESTIMANDS, what, "estimand")
    if kind not in ESTIMANDS:
        return Share("", "")
    section.complete(ESTIMANDS[kind])
    estimand: Estimand
    if kind == "share":
        estimand = Share(
            section.text("measure", ""),
            section.text("base", ""),
            section.boolean("equals", True),
            section.text("among", None),
        )
    elif kind == "difference":
        estimand = Difference(section.text("measure", ""), section.text("by", ""), section.text("base", ""))
    else:
        estimand = ModelContrast(section.text("model", ""), section.text("contrast", ""), section.text("variant", MAIN))
    section.close()
    return estimand


def _rule(section: Section, line: int, what: str) -> Rule:
    """A claim's rule; with an alpha of zero where it is not usable."""
    section.where, section.line = f"the rule of {what}", line
    before = len(section.report.problems)
    kind = _kind(section, RULES, what, "rule")
    needed = {"within": ("margin", "value"), "no_substitution": ("margin",)}.get(kind, ())
    section.complete(("alpha", *needed))
    alpha = float(section.number("alpha", 0.0))
    value = float(section.number("value", 0.0)) if kind != "no_substitution" else 0.0
    margin = float(section.number("margin", 0.0, least=0)) if needed or kind not in RULES else 0.0
    if "alpha" in section and len(section.report.problems) == before and not 0 < alpha < 0.5:
        section.report.add(
            f"alpha of {what} is no error rate",
            section.line_of("alpha"),
            expected="a number between 0 and 0.5",
            found=f"{alpha:g}",
            do="0.025 makes a verdict and its 95% interval agree",
        )
    section.close()
    return Rule(kind, alpha if len(section.report.problems) == before else 0.0, value, margin)


def read_commit(section: Section, what: str) -> Commit | None:
    """`committed: {commit, date}` is what a reader can look the date of `what` up by: both must be readable."""
    inner = section.section("committed", None)
    if inner is None:
        return None
    inner.where = f"the commit of {what}"
    found = Commit(inner.text("commit", ""), inner.text("date", ""))
    try:
        datetime.fromisoformat(found.date)
        dated = True
    except ValueError:
        dated = False
    if not re.fullmatch(r"[0-9a-f]{7,64}", found.commit) or not dated:
        section.report.add(
            f"{what} names a commit that nobody can look up",
            section.line_of("committed"),
            expected="committed: {commit: hexadecimal digits, date: 2017-02-01}",
            found=f"commit: {found.commit or 'none'}, date: {found.date or 'none'}",
            do="give the commit it was written in, and its date",
        )
    inner.close()
    return found


def claim_problems(survey: Survey) -> Iterator[Problem]:
    """What the claims name and nothing declares, each with its line."""
    for claim in survey.claims:
        yield from _unknown_names(survey, claim)
        if isinstance(claim.estimand, ModelContrast) and claim.estimand.model in survey.models:
            yield from _unknown_contrast(survey.models[claim.estimand.model], claim, claim.estimand)
        yield from _unfit_rule(survey, claim)


def _unknown_contrast(model: Model, claim: Claim, estimand: ModelContrast) -> Iterator[Problem]:
    """A claim about a variant or a contrast that its model cannot have."""
    specification = model.variant(estimand.variant)
    if specification is None:
        key, name, known = "variant", estimand.variant, [s.variant for s in model.variants()]
    elif specification.contrast(estimand.contrast) is None:
        key, name = "contrast", estimand.contrast
        known = [contrast.name for contrast in specification.contrasts]
    else:
        return
    yield Problem(
        f"claim {claim.name!r} names the {key} {name!r}, which model {model.name!r} does not have",
        file=FILE,
        line=line_at(claim.lines, ("estimand", key)),
        expected=", ".join(known),
        found=name,
        do=closest(name, known) or f"use a {key} of the model",
    )


def _unfit_rule(survey: Survey, claim: Claim) -> Iterator[Problem]:
    """A rule that in no wave can mean what its sentence says: of substitution, without a complementarity or with a
    margin that is small beside no base rate; of a share that one of the fewest firms would prove."""
    rule, estimand = claim.rule, claim.estimand
    if not rule.alpha:
        return
    key = "margin"
    found: Problem | None = None
    if rule.kind == "no_substitution":
        found = margin_problem(rule.margin, MOST_COMMON)
        if not _is_complementarity(survey, estimand):
            key = "kind"
            found = Problem(
                "substitution is tested on the complementarity of two practices",
                expected="estimand: {kind: contrast, model: of two practices, contrast: complementarity}",
                found=estimand.formula,
                do="name that estimand, or use a rule above, below or within",
            )
    elif isinstance(estimand, Share) and rule.kind != "within":
        key = "value"
        other = 1 - rule.value if rule.kind == "below" else rule.value
        found = one_firm_problem(other, survey.disclosure.minimum_firms, rule.alpha)
    if found is not None:
        yield replace(
            found,
            what=f"the rule of claim {claim.name!r} cannot mean what it says: {found.what}",
            file=FILE,
            line=line_at(claim.lines, ("rule", key)),
        )


def _is_complementarity(survey: Survey, estimand: Estimand) -> bool:
    """Whether an estimand is it; so it is taken to be where its model or contrast is not known."""
    if not isinstance(estimand, ModelContrast):
        return False
    model = survey.models.get(estimand.model)
    contrast = model.contrast(estimand.contrast, estimand.variant) if model else None
    if model is None or contrast is None:
        return True
    practices = model.practices_of(estimand.variant)
    return model.main.of_two_practices and of_two_practices(*practices)["complementarity"] == contrast


def _unknown_names(survey: Survey, claim: Claim) -> Iterator[Problem]:
    known: Mapping[str, tuple[str, Collection[str]]] = {
        "measure": ("measure", survey.measures),
        "among": ("measure", survey.measures),
        "by": ("measure", survey.measures),
        "base": ("base", survey.bases),
        "model": ("model", survey.models),
    }
    for key in (field.name for field in fields(claim.estimand) if field.name in known):
        kind, names = known[key]
        name = getattr(claim.estimand, key)
        if name is not None and name not in names:
            yield Problem(
                f"claim {claim.name!r} names the unknown {key} {name!r}",
                file=FILE,
                line=line_at(claim.lines, ("estimand", key)),
                expected=f"a declared {kind}",
                found=name,
                do=closest(name, names) or f"declare it, or use one of {', '.join(sorted(names)[:12])}",
            )
