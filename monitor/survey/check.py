"""The checks that tie a survey's files together: every name meets its declaration, every expression its types.

Belongs here: what can be wrong between files. Does not belong here: reading them (`load`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from monitor.problems import Problem
from monitor.survey.claims import claim_problems
from monitor.survey.classification import SIZE_BANDS
from monitor.survey.domains import domain_problems
from monitor.survey.ecosystems import framework_problems
from monitor.survey.expressions import check_expression, columns_of
from monitor.survey.imputation import imputation_problems
from monitor.survey.model import Survey, Wave
from monitor.survey.modelling import modelling_problems
from monitor.survey.names import name_problems
from monitor.survey.nonresponse import nonresponse_problems
from monitor.survey.packs import pack_problems
from monitor.survey.participation import expanded
from monitor.survey.programme_files import programme_problems
from monitor.survey.ranges import overlaps
from monitor.survey.yaml_lines import unknown_name

STANDARD_MEASURES = ("top_innovator", "cooperates", "invests")
SIZES = {*(band for _, band in SIZE_BANDS), "large"}
"""Codes of a size band that follows from staff"""
MARGIN_TOLERANCE = 1e-6
"""Two margins of one population may differ on its size by this fraction: rounding, not disagreement."""


def between_files(survey: Survey) -> list[Problem]:
    """Everything that is wrong between the files of a folder each of which reads well on its own."""
    problems = [*name_problems(survey), *_measures(survey), *_indicators(survey), *_design(survey)]
    problems += [*imputation_problems(survey), *modelling_problems(survey), *claim_problems(survey)]
    problems += [*nonresponse_problems(survey), *pack_problems(survey), *framework_problems(survey)]
    problems += programme_problems(survey)
    for wave in survey.waves.values():
        problems += [*_wave(survey, wave), *_margins(survey, wave)]
    return problems


def concepts_used(survey: Survey) -> set[str]:
    """The concepts a survey is about: asked in a wave, on a frame, or named by a measure, base, domain or design."""
    used = {*survey.domains, *survey.design.strata, *survey.design.response_classes}
    used |= {variable for margin in survey.design.calibration.margins for variable in margin}
    for model in survey.models.values():
        used |= set(model.variables)
    for sql in (*(m.sql for m in survey.measures.values()), *(b.sql for b in survey.bases.values())):
        used |= columns_of(sql)
    for programme in survey.programmes.values():
        used |= columns_of(programme.eligible) | set(programme.plan.covariates if programme.plan else ())
    for wave in survey.waves.values():
        used |= {*wave.questions, *wave.not_asked, *columns_of(wave.usable)}
        used |= set(wave.frame.columns.values()) if wave.frame else set()
        for question in wave.questions.values():
            used |= {n for sql in (question.asked_of, question.blank_when) if sql for n in columns_of(sql)}
    return used & set(survey.concepts)


def _unknown(name: str, kind: str, known: Iterable[str], file: str, line: int | None, what: str) -> Problem:
    return unknown_name(what, kind, name, sorted(known), file, line)


def _expression(sql: str, expect: str, survey: Survey, file: str, line: int | None, what: str) -> Iterator[Problem]:
    for fault in dict.fromkeys(_faults(sql, expect, survey)):
        yield Problem(
            f"{what} is not a usable expression",
            file=file,
            line=line,
            expected=f"a {expect} over concepts",
            found=f"{sql}: {fault}",
            do="write a DuckDB expression over the names of concepts",
        )


def _faults(sql: str, expect: str, survey: Survey) -> Iterator[str]:
    """What is wrong with an expression in any wave: the initiatives of a call are those of the wave's register."""
    try:
        written = dict.fromkeys(expanded(sql, survey, wave) for wave in survey.waves.values())
    except ValueError as error:
        yield str(error)
        return
    for each in written or (sql,):
        yield from check_expression(each, survey.concepts, expect)


def _measures(survey: Survey) -> Iterator[Problem]:
    file = "survey.yaml"
    for name in STANDARD_MEASURES:
        if name not in survey.measures and name not in survey.absent_measures:
            yield Problem(
                f"the standard measure {name!r} is not declared",
                file=file,
                line=survey.lines.get("measures"),
                expected="an expression, or `absent:` with the reason",
                found="nothing",
                do=f"add `{name}: {{sql: ..., label: ...}}` or `{name}: {{absent: why}}`",
            )
    for measure in survey.measures.values():
        if measure.name in survey.concepts and measure.sql.strip() != measure.name:
            yield Problem(
                f"the measure {measure.name!r} has a concept's name",
                file=file,
                line=measure.line,
                found=measure.sql,
                do="give the measure a name of its own",
            )
        expect = {"percentage": "number"}.get(measure.type, measure.type)
        yield from _expression(measure.sql, expect, survey, file, measure.line, f"measure {measure.name!r}")
    for base in survey.bases.values():
        yield from _expression(base.sql, "boolean", survey, file, base.line, f"base {base.name!r}")


def _indicators(survey: Survey) -> Iterator[Problem]:
    file = "survey.yaml"
    cis: dict[str | None, str] = {}
    for indicator in survey.indicators.values():
        what = f"indicator {indicator.name!r}"
        first = cis.setdefault(indicator.cis_code, indicator.name)
        if indicator.cis_code is not None and first != indicator.name:
            yield Problem(
                f"{what}: another indicator is that CIS variable already",
                file=file,
                line=indicator.line,
                expected="one indicator for each `cis_code`",
                found=f"{indicator.cis_code} of {first!r}",
                do="leave the code with the indicator that is estimated as CIS does",
            )
        for name in filter(None, (indicator.measure, indicator.denominator)):
            if name not in survey.measures:
                yield _unknown(name, "measure", survey.measures, file, indicator.line, what)
        if indicator.base not in survey.bases:
            yield _unknown(indicator.base, "base", survey.bases, file, indicator.line, what)
        if (indicator.estimator == "ratio") != (indicator.denominator is not None):
            yield Problem(
                f"{what}: a ratio, and only a ratio, has a denominator",
                file=file,
                line=indicator.line,
                found=indicator.estimator,
                do="add `denominator:` or choose another estimator",
            )
        measure = survey.measures.get(indicator.measure)
        if measure and (indicator.estimator == "share") != (measure.type == "boolean"):
            yield Problem(
                f"{what}: a share is of a boolean measure, anything else of a number",
                file=file,
                line=indicator.line,
                found=f"{indicator.estimator} of a {measure.type}",
                do="choose `share` for a boolean measure, `mean`, `median`, `total` or `ratio` for a number",
            )
    yield from domain_problems(survey)


def _design(survey: Survey) -> Iterator[Problem]:
    file, line, plan = "survey.yaml", survey.lines.get("design"), survey.design
    for name in (*plan.strata, *plan.response_classes, *(v for m in plan.calibration.margins for v in m)):
        if name not in survey.concepts:
            yield _unknown(name, "concept", survey.concepts, file, line, "the design")
    if (plan.weights == "supplied") != (plan.weight is not None):
        yield Problem(
            "supplied weights, and only they, name their concept",
            file=file,
            line=line,
            expected="weights: supplied with weight: <concept>",
            found=f"weights: {plan.weights}",
            do="add or remove `weight:`",
        )
    if plan.response == "classes" and not plan.response_classes:
        yield Problem(
            "response by classes needs its classes",
            file=file,
            line=line,
            expected="response_classes: [...]",
            found="none",
            do="name the frame's variables that form the classes",
        )
    if (plan.calibration.method == "none") == bool(plan.calibration.margins):
        yield Problem(
            "a calibration needs both a method and margins",
            file=file,
            line=line,
            found=f"method {plan.calibration.method}, {len(plan.calibration.margins)} margins",
            do="declare both or neither",
        )
    if plan.calibration.method == "logit" and plan.calibration.bounds is None:
        yield Problem(
            "bounded calibration needs its bounds",
            file=file,
            line=line,
            expected="bounds: [0.5, 2]",
            found="none",
            do="add the least and the greatest ratio of final to entering weight",
        )


def _wave(survey: Survey, wave: Wave) -> Iterator[Problem]:
    file = f"waves/{wave.file.name}"
    concepts = survey.concepts
    for question in wave.questions.values():
        what = f"question {question.concept!r}"
        concept = concepts.get(question.concept)
        if concept is None:
            yield _unknown(question.concept, "concept", concepts, file, question.line, what)
            continue
        if len(question.columns) > 1 and concept.type != "categories":
            yield Problem(
                f"{what} has several columns",
                file=file,
                line=question.line,
                expected="one column, unless the concept is `categories`",
                found=concept.type,
                do="map each column to a concept of its own",
            )
        # Options in one cell are codes; a column for each option names the code that it ticks.
        in_one_cell = question.separator or {*question.columns.values()} == {question.concept}
        ticked = question.columns.values() if concept.type == "categories" and not in_one_cell else ()
        allowed = set(concept.codes) or {"true", "false"} if concept.type == "boolean" else set(concept.codes)
        for code in (*question.codes.values(), *ticked):
            if allowed and code not in allowed:
                yield _unknown(code, f"code of {question.concept}", allowed, file, question.line, what)
        for one, other in overlaps(question.codes) if concept.type == "category" else ():
            yield _overlap(what, one, other, file, question.line)
        listed = concept.codes or question.codes or (len(question.columns) > 1 and not question.separator)
        if concept.type in ("category", "categories") and not listed and concept.codes_of is None:
            yield Problem(
                f"{what} has no list of codes",
                file=file,
                line=question.line,
                expected="`codes` of the question or its concept, or `codes_of` of the concept",
                found=f"{question.concept}: {concept.type}",
                do="declare the codes; where they are an official classification's, name it: codes_of: ISIC",
            )
        if question.of_staff and not set(concept.codes) >= SIZES:
            yield Problem(
                f"{what} is to follow from staff and has no size bands",
                file=file,
                line=question.line,
                expected=f"a concept with the codes {', '.join(sorted(SIZES))}",
                found=", ".join(concept.codes) or concept.type,
                do="take `of_staff` out, or use the canonical concept size_band",
            )
        for key, sql in (("asked_of", question.asked_of), ("blank_when", question.blank_when)):
            if sql is not None:
                yield from _expression(sql, "boolean", survey, file, question.line, f"{what}: {key}")
        if question.comparability != "asked" and not question.comparable_since:
            yield Problem(
                f"{what} is {question.comparability} and does not say since when it compares",
                file=file,
                line=question.line,
                expected="comparable_since: <wave>",
                found="nothing",
                do="add the first wave whose answers compare with this one's",
            )
    if "firm" not in wave.questions:
        yield Problem(
            "the wave does not say which column identifies the firm",
            file=file,
            line=wave.lines.get("questions"),
            expected="firm: {column: ...}",
            found="nothing",
            do="map it",
        )
    yield from _expression(wave.usable, "boolean", survey, file, wave.lines.get("usable"), "usable")
    for name in wave.not_asked:
        if name not in concepts:
            yield _unknown(name, "concept", concepts, file, wave.lines.get("not_asked"), "not_asked")
    if survey.design.weights == "supplied" and survey.design.weight not in wave.questions:
        yield Problem(
            "the wave has no supplied weight",
            file=file,
            line=wave.lines.get("questions"),
            expected=f"a question for {survey.design.weight}",
            found="none",
            do="map the weight's column",
        )
    yield from _frame(survey, wave, file)


def _frame(survey: Survey, wave: Wave, file: str) -> Iterator[Problem]:
    line = wave.lines.get("frame")
    if wave.frame is None:
        if survey.design.weights == "frame":
            yield Problem(
                "weights come from a frame and the wave has none",
                file=file,
                line=None,
                expected="frame: {file: ..., columns: ...}",
                found="nothing",
                do="declare the frame, or weights: supplied",
            )
        return
    targets = set(wave.frame.columns.values())
    for name in targets - {"invited", "disposition"} - set(survey.concepts):
        yield _unknown(name, "concept", survey.concepts, file, line, "the frame")
    plan = survey.design
    needed = {"firm", *plan.strata, *plan.response_classes} if plan.weights == "frame" else {"firm"}
    for name in sorted(needed - targets):
        yield Problem(
            f"the frame lacks {name!r}",
            file=file,
            line=line,
            expected=f"a column for {name}",
            found="none",
            do=f"add `<column>: {name}` under frame.columns",
        )
    for concept, codes in wave.frame.codes.items():
        allowed = survey.concepts[concept].codes if concept in survey.concepts else {}
        for code in codes.values():
            if allowed and code not in allowed:
                yield _unknown(code, f"code of {concept}", allowed, file, line, "the frame")
        for one, other in overlaps(codes):
            yield _overlap(f"the frame's {concept!r}", one, other, file, line)


def _overlap(what: str, one: str, other: str, file: str, line: int | None) -> Problem:
    return Problem(
        f"{what} has two ranges for one number",
        file=file,
        line=line,
        expected="ranges that do not overlap",
        found=f"{one} and {other}",
        do="end the one below where the other begins",
    )


def _margins(survey: Survey, wave: Wave) -> Iterator[Problem]:
    file, plan, rows = f"margins/{wave.name}.csv", survey.design, survey.margins[wave.name]
    declared = {margin.variables for margin in rows}
    for margin in plan.calibration.margins:
        if margin not in declared:
            yield Problem(
                f"the margin {'*'.join(margin)} has no totals",
                file=file,
                line=None,
                expected="a row for each of its categories",
                found="none",
                do="add them with source and date",
            )
    for row in rows:
        for variable, category in zip(row.variables, row.categories, strict=False):
            codes = survey.concepts[variable].codes if variable in survey.concepts else None
            if codes is None:
                yield _unknown(variable, "concept", survey.concepts, file, row.line, "a margin")
            elif codes and category not in codes:
                yield _unknown(category, f"code of {variable}", codes, file, row.line, "a margin")
        if row.counts != plan.counts:
            yield Problem(
                "a margin counts another unit than the design",
                file=file,
                line=row.line,
                expected=plan.counts,
                found=row.counts,
                do="local units (vestigingen) are not enterprises (bedrijven): take totals of one unit",
            )
    used = [row for row in rows if row.variables in plan.calibration.margins]
    sizes = {v: sum(r.total for r in group) for v, group in groupby(sorted(used, key=_by), key=_by)}
    if sizes and max(sizes.values()) - min(sizes.values()) > MARGIN_TOLERANCE * max(sizes.values()):
        yield Problem(
            "the margins disagree on the number of firms",
            file=file,
            line=None,
            expected="one total for all",
            found=", ".join(f"{'*'.join(v)}: {n:,.0f}" for v, n in sizes.items()),
            do="take the margins from one source and date",
        )


def _by(row: Any) -> tuple[str, ...]:
    return row.variables
