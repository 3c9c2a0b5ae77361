"""The files of programmes: `programmes/<name>.yaml` in a survey folder.

Belongs here: reading them, and every mistake in them by file and line. Does not belong here: what a programme is
(`programmes`), the lists of its grants, who is compared with whom.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from monitor.problems import Problem, line_at
from monitor.statistics.comparison.limits import METHODS, Limits
from monitor.statistics.decisions.claim import Commit
from monitor.survey import names
from monitor.survey.claims import read_commit
from monitor.survey.expressions import check_expression
from monitor.survey.model import Survey
from monitor.survey.programmes import Plan, Programme, Round
from monitor.survey.yaml_lines import Report, Section, read, unknown_name

FOLDER = "programmes"
ESTIMANDS = ("difference_on_participants",)
"""The average over participants of what they do beside firms made like them"""


def read_programmes(folder: Path, reports: list[Report], languages: tuple[str, ...]) -> dict[str, Programme]:
    """Every programme of a survey folder by name, in the order of the names. Mistakes go into `reports`."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        report, top = read(path, f"{FOLDER}/{path.name}")
        reports.append(report)
        if top is None:
            continue
        if wrong := names.fault(path.stem):
            what, expected, do = wrong
            report.add(f"the programme {path.stem!r} {what}", None, expected=expected, found=path.stem, do=do)
        found[path.stem] = read_programme(path.stem, top, languages)
    return found


def read_programme(name: str, top: Section, languages: tuple[str, ...]) -> Programme:
    """What one file declares."""
    eligible = str(top.text("eligible"))
    criteria, ceilings = top.section("criteria", None), top.section("ceilings", None)
    firm = ceilings.number("firm_eur", None, above=0) if ceilings else None
    consortium = ceilings.number("consortium_eur", None, above=0) if ceilings else None
    if ceilings:
        ceilings.close()
    planned = top.section("plan", None)
    found = Programme(
        name=name,
        label=top.label("label", languages),
        eligible=eligible,
        who=top.label("who", languages, {}),
        criteria={code: criteria.label(code, languages) for code in criteria.nodes} if criteria else {},
        rounds={code: _round(code, section) for code, section in top.sections("rounds").items()},
        grants=str(top.text("grants", f"grants_{name}*.csv")),
        ceiling_firm_eur=firm,
        ceiling_consortium_eur=consortium,
        plan=_plan(planned) if planned else None,
        plan_hash=plan_hash(planned.plain_mapping(), eligible) if planned else None,
        file=top.report.file,
        lines=top.places(),
    )
    top.close()
    return found


def plan_hash(plan: dict[str, Any], eligible: str) -> str:
    """SHA-256 over the plan as it is declared, without its commit, and who is eligible; other layout or order of keys
    is the same plan. A plan that was changed after its commit has another hash than the commit's."""
    content = {key: value for key, value in plan.items() if key != "committed"} | {"eligible": eligible}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _round(code: str, section: Section) -> Round:
    opens, closes = _day(section, "opens"), _day(section, "closes")
    if date.min < closes < opens:
        section.report.add(
            f"{section.where}: the round closes before it opens",
            section.line_of("closes"),
            expected=f"a day from {opens} on",
            found=str(closes),
            do="correct one of the two",
        )
    found = Round(code, opens, closes, float(section.number("budget_eur", above=0)))
    section.close()
    return found


def _plan(section: Section) -> Plan:
    primary = METHODS[0]
    limits = section.section("limits", None)
    found = Plan(
        estimand=section.choice("estimand", ESTIMANDS),
        outcome=str(section.text("outcome")),
        treated=_day(section, "treated"),
        covariates=section.words("covariates"),
        method=section.choice("method", METHODS, primary),
        alternatives=section.words("alternatives", ()),
        limits=_limits(limits) if limits else Limits(),
        committed=read_commit(section, "the plan") or Commit("", date.max.isoformat()),
    )
    if "committed" not in section:
        section.report.add(
            "the plan has no date",
            section.line,
            expected="committed: {commit: hexadecimal digits, date: 2017-02-01}",
            found="nothing",
            do="give the commit that the plan was written in: a plan after the data decides nothing",
        )
    section.close()
    return found


def _limits(section: Section) -> Limits:
    default = Limits()
    found = Limits(
        participants=section.number("participants", default.participants, least=default.participants, whole=True),
        effective=float(section.number("effective", default.effective, least=default.effective)),
        imbalance=float(section.number("imbalance", default.imbalance, above=0, most=default.imbalance)),
        off_support=float(section.number("off_support", default.off_support, least=0, most=default.off_support)),
    )
    section.close()
    return found


def _day(section: Section, key: str) -> date:
    """A date as YYYY-MM-DD; the first day there is where it is none, which has been reported."""
    written = str(section.text(key))
    try:
        return date.fromisoformat(written)
    except ValueError:
        if key in section:
            section.report.add(
                f"{section.where}: {key} is no date",
                section.line_of(key),
                expected="a day that exists, as YYYY-MM-DD",
                found=written or "an empty value",
                do=f"correct `{key}`",
            )
        return date.min


def programme_problems(survey: Survey) -> Iterator[Problem]:
    """Names and expressions of programmes that the survey's other files do not know."""
    for programme in survey.programmes.values():
        for fault in dict.fromkeys(check_expression(programme.eligible, survey.concepts, "boolean")):
            yield Problem(
                f"programme {programme.name!r}: eligible is not a usable expression",
                file=programme.file,
                line=line_at(programme.lines, ("eligible",)),
                expected="a boolean over concepts",
                found=f"{programme.eligible}: {fault}",
                do="write a DuckDB expression over the names of concepts",
            )
        if programme.plan is not None:
            yield from _plan_problems(survey, programme, programme.plan)


def _plan_problems(survey: Survey, programme: Programme, plan: Plan) -> Iterator[Problem]:
    def line(*place: str | int) -> int | None:
        return line_at(programme.lines, ("plan", *place))

    def wrong(what: str, place: tuple[str | int, ...], expected: str, found: str, do: str) -> Problem:
        return Problem(what, file=programme.file, line=line(*place), expected=expected, found=found, do=do)

    if plan.outcome not in survey.measures:
        yield unknown_name("the plan", "measure", plan.outcome, survey.measures, programme.file, line("outcome"))
    elif survey.measures[plan.outcome].type == "category":
        expected = "a measure that is yes or no, a number or a percentage"
        yield wrong("the plan's outcome has no mean", ("outcome",), expected, plan.outcome, "name another measure")
    known = {**survey.measures, **survey.concepts}
    for i, name in enumerate(plan.covariates):
        at = ("covariates", i)
        if name not in known:
            yield unknown_name("the plan", "concept or measure", name, known, programme.file, line(*at))
        elif name == plan.outcome or name in plan.covariates[:i]:
            expected = "each once, and not the outcome"
            yield wrong("the plan balances what it may not", at, expected, name, "remove it")
    if not plan.covariates:
        expected = "at least one covariate from before treatment"
        yield wrong("the plan makes nobody alike", ("covariates",), expected, "none", "name them")
    for i, name in enumerate(plan.alternatives):
        at = ("alternatives", i)
        if name not in METHODS:
            yield unknown_name("the plan", "method", name, METHODS, programme.file, line(*at))
        elif name == plan.method or name in plan.alternatives[:i]:
            expected = "methods besides the primary one, each once"
            yield wrong("the plan names a method twice", at, expected, name, "remove it")
    first = min((each.opens for each in programme.rounds.values()), default=None)
    if first is not None and plan.treated < first:
        expected, found = f"a day from {first} on", str(plan.treated)
        yield wrong("firms take part before they can apply", ("treated",), expected, found, "correct one of the two")
