"""Packs of comparable indicators: what a programme such as the CIS measures, over this survey's own questions.

Belongs here: reading `monitor/frameworks/`, which of a pack's indicators each wave can give, and the measures, bases
and indicators that follow. Does not belong here: a definition (`monitor/frameworks/*.yaml`), estimating.

A pack is written over *terms*, one fact about a firm each. A term is known in a wave where it is asked or on the frame:
by its canonical concepts, unless the survey gives one of them another meaning, or by the expression that the survey
declares under `equivalents`. An indicator of which one term is not known is not computed, and says which.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from monitor.frameworks import FOLDER
from monitor.problems import DefinitionError, Problem
from monitor.survey.expressions import check_expression, columns_of
from monitor.survey.model import Base, Comparable, Equivalent, Indicator, Measure, Survey, Text, Wave
from monitor.survey.yaml_lines import Section, closest, read
from monitor.wording.sentences import LANGUAGES, say

FILE = "survey.yaml"
PACKS = ("cis", "eis")
ESTIMATORS = ("share", "total", "ratio")


@dataclass(frozen=True)
class Term:
    """One fact about a firm."""

    name: str
    type: str
    sql: str | None
    """Over canonical concepts and other terms in braces; None: known only where a survey declares it"""
    asks: Text
    """What a survey without it does not ask; empty where it is made of other terms"""


@dataclass(frozen=True)
class PackIndicator:
    """One indicator of a programme."""

    name: str
    code: str | None
    sql: str
    denominator: str | None
    estimator: str
    base: str
    label: Text
    estimand: Text
    unit: str | None
    """Of an amount; None of a share and of a ratio of two amounts in one unit"""
    denominator_unit: str | None


@dataclass(frozen=True)
class PackBase:
    """The firms that indicators of a programme are figures of."""

    sql: str
    label: Text
    dimensions: Mapping[str, str]
    """SDMX dimension -> code"""


@dataclass(frozen=True)
class Pack:
    """One programme's indicators."""

    name: str
    source: str
    address: str
    population: Text
    bases: Mapping[str, PackBase]
    indicators: tuple[PackIndicator, ...]


def read_packs(top: Section) -> tuple[tuple[str, ...], dict[str, Equivalent]]:
    """The packs that a survey takes, and what stands for their terms in it."""
    packs = top.words("packs", ())
    for name in packs:
        if name not in PACKS:
            top.report.add(
                f"packs names the unknown pack {name!r}",
                top.line_of("packs"),
                expected=" or ".join(PACKS),
                found=name,
                do=closest(name, PACKS) or "take it out",
            )
    equivalents = {}
    outer = top.section("equivalents", None)
    for name in outer.nodes if outer else ():
        if outer is None or (section := outer.section(name)) is None:
            continue
        absent = section.label("absent", LANGUAGES) if "absent" in section else {}
        equivalents[name] = Equivalent(None if absent else section.text("sql"), absent, outer.line_of(name))
        section.close()
    return tuple(name for name in packs if name in PACKS), equivalents


def with_packs(survey: Survey, own: Collection[str]) -> Survey:
    """The survey with measures, bases and indicators for what of its packs at least one wave can give, and for every
    indicator of them whether each wave does. `own`: the concepts that the survey gives a meaning of its own."""
    known = _Known(survey, own)
    measures, bases, indicators = dict(survey.measures), dict(survey.bases), dict(survey.indicators)
    comparable = []
    for name in survey.packs:
        pack = read_pack(name)
        for each in pack.indicators:
            expressions = [each.sql, pack.bases[each.base].sql, *filter(None, [each.denominator])]
            lacks = {wave.name: known.lacking(expressions, wave) for wave in survey.waves.values()}
            full = f"{pack.name}_{each.name}"
            comparable.append(_told(pack, each, full, lacks))
            if all(lacks.values()):
                continue
            needs = frozenset(c for sql in expressions for c in columns_of(known.written(sql)))
            base, about = f"{pack.name}_{each.base}", pack.bases[each.base]
            bases.setdefault(base, Base(base, known.written(about.sql), about.label))
            kind = "boolean" if each.estimator == "share" else "number"
            parts = ((full, each.sql, each.unit), (f"{full}_over", each.denominator, each.denominator_unit))
            for measure, sql, unit in parts:
                if sql is not None:
                    made = Measure(measure, known.written(sql), kind, each.label, each.estimand, unit=unit, needs=needs)
                    measures.setdefault(measure, made)
            over = f"{full}_over" if each.denominator else None
            told = Indicator(full, full, each.estimator, base, each.label, denominator=over, by_domain=False)
            indicators.setdefault(full, told)
    return replace(survey, measures=measures, bases=bases, indicators=indicators, comparable=tuple(comparable))


def pack_problems(survey: Survey) -> Iterator[Problem]:
    """Equivalents of unknown terms or of no pack, expressions of the wrong kind, and names of a pack's that are
    taken."""
    for name, equivalent in survey.equivalents.items():
        yield from _equivalent(survey, name, equivalent)
    for told in survey.comparable:
        for kind, declared in (("measure", survey.measures), ("indicator", survey.indicators)):
            if (mine := declared.get(told.name)) is not None and mine.line:
                yield Problem(
                    f"{kind} {told.name!r} has the name of an indicator of the pack {told.pack!r}",
                    file=FILE,
                    line=mine.line,
                    expected="another name",
                    found=told.name,
                    do=f"rename it: the monitor makes the {kind} of that name itself",
                )


def _equivalent(survey: Survey, name: str, equivalent: Equivalent) -> Iterator[Problem]:
    """What is wrong with what stands for one term."""
    term = terms().get(name)
    if term is None:
        yield Problem(
            f"equivalents names the unknown term {name!r}",
            file=FILE,
            line=equivalent.line,
            expected="a term of packs",
            found=name,
            do=closest(name, terms()) or f"use one of {', '.join(terms())}",
        )
        return
    if not survey.packs:
        yield Problem(
            f"the equivalent of {name!r} serves no pack",
            file=FILE,
            line=equivalent.line,
            expected=f"packs: [{', '.join(PACKS)}]",
            found="no packs",
            do="take packs, or take `equivalents` out",
        )
    for fault in check_expression(equivalent.sql, survey.concepts, term.type) if equivalent.sql is not None else ():
        yield Problem(
            f"the equivalent of {name!r} is not a usable expression",
            file=FILE,
            line=equivalent.line,
            expected=f"a {term.type} over concepts",
            found=f"{equivalent.sql}: {fault}",
            do="write a DuckDB expression over the names of concepts",
        )


def known_in(wave: Wave) -> set[str]:
    """The concepts that a wave asks or has on its frame."""
    return {*wave.questions, *(wave.frame.columns.values() if wave.frame else ())}


class _Known:
    """What a survey knows of the terms."""

    def __init__(self, survey: Survey, own: Collection[str]) -> None:
        self.equivalents, self.own = survey.equivalents, frozenset(own)

    def written(self, sql: str) -> str:
        """An expression over terms as one over concepts."""
        return sql.format(**{name: f"({self.written(self._sql(name))})" for name in _names(sql)})

    def lacking(self, expressions: Collection[str], wave: Wave) -> Text | None:
        """Why a wave cannot give what these expressions need; None where it can."""
        leaves = list(
            dict.fromkeys(leaf for sql in expressions for name in _names(sql) for leaf in self._lost(name, wave))
        )
        if not leaves:
            return None
        return {language: self._reason(language, leaves) for language in LANGUAGES}

    def _reason(self, language: str, leaves: Collection[str]) -> str:
        """The sentence that says why: what the survey itself says of a term, then what it does not ask."""
        told = [self.equivalents[leaf].absent[language] for leaf in leaves if self._absent(leaf)]
        asks = dict.fromkeys(terms()[leaf].asks[language] for leaf in leaves if not self._absent(leaf))
        if asks:
            told.append(say("comparable", "not_asked", language, what=", ".join(asks)))
        return say("comparable", "not_computable", language, why="; ".join(told))

    def _absent(self, name: str) -> bool:
        return name in self.equivalents and self.equivalents[name].sql is None

    def _lost(self, name: str, wave: Wave) -> Iterator[str]:
        """The terms without parts that a term needs and the wave does not know."""
        equivalent = self.equivalents.get(name)
        sql = equivalent.sql if equivalent else terms()[name].sql
        if sql is None:
            yield name
        elif equivalent is None and (parts := _names(sql)):
            for part in parts:
                yield from self._lost(part, wave)
        elif (needed := columns_of(sql)) - known_in(wave) or (equivalent is None and needed & self.own):
            yield name

    def _sql(self, name: str) -> str:
        equivalent = self.equivalents.get(name)
        return (equivalent.sql if equivalent else terms()[name].sql) or "NULL"


def _told(pack: Pack, each: PackIndicator, full: str, lacks: Mapping[str, Text | None]) -> Comparable:
    return Comparable(
        name=full,
        pack=pack.name,
        code=each.code,
        estimator=each.estimator,
        label=each.label,
        estimand=each.estimand,
        population=pack.population,
        base=pack.bases[each.base].label,
        dimensions=pack.bases[each.base].dimensions,
        source=pack.source,
        address=pack.address,
        lacks=lacks,
    )


def _names(sql: str) -> list[str]:
    """The terms that an expression names."""
    return list(dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(sql) if name))


@cache
def terms() -> Mapping[str, Term]:
    """Every term that packs are written over."""
    report, top = read(FOLDER / "terms.yaml", "terms.yaml")
    found = {}
    for name in top.nodes if top else ():
        if top and (section := top.section(name)):
            kind, sql = section.text("type"), section.text("sql", None)
            found[name] = Term(name, kind, sql, section.label("asks", LANGUAGES, {}))
            section.close()
    report.require_none()
    return found


@cache
def read_pack(name: str) -> Pack:
    """One programme's pack."""
    report, top = read(FOLDER / f"{name}.yaml", f"{name}.yaml")
    if top is None:
        raise DefinitionError(report.problems)
    top.label("name", LANGUAGES)
    bases = {
        base: PackBase(section.text("sql"), section.label("label", LANGUAGES), section.mapping("dimensions"))
        for base, section in top.sections("bases").items()
    }
    indicators = [_indicator(each, section) for each, section in top.sections("indicators").items()]
    for each, section in top.sections("crossed", None).items():
        indicators += _crossed(each, section)
    source = top.section("source")
    pack = Pack(
        name=name,
        source=source.text("text") if source else "",
        address=source.text("address") if source else "",
        population=top.label("population", LANGUAGES),
        bases=bases,
        indicators=tuple(indicators),
    )
    top.close()
    report.require_none()
    return pack


def _indicator(name: str, section: Section) -> PackIndicator:
    found = PackIndicator(
        name=name,
        code=section.text("code", None),
        sql=section.text("sql"),
        denominator=section.text("denominator", None),
        estimator=section.choice("estimator", ESTIMATORS, "share"),
        base=section.text("base"),
        label=section.label("label", LANGUAGES),
        estimand=section.label("estimand", LANGUAGES),
        unit=section.text("unit", None),
        denominator_unit=section.text("denominator_unit", None),
    )
    section.close()
    return found


def _crossed(name: str, section: Section) -> Iterator[PackIndicator]:
    """An indicator for each kind in each place: the share of firms that name one of its codes there."""
    base, estimand = section.text("base"), section.label("estimand", LANGUAGES)
    places = {
        each: (place.text("term"), place.label("label", LANGUAGES))
        for each, place in section.sections("places").items()
    }
    for each, kind in section.sections("kinds").items():
        codes, label = ", ".join(f"'{code}'" for code in kind.words("codes")), kind.label("label", LANGUAGES)
        for place, (term, where) in places.items():
            yield PackIndicator(
                name=f"{name}_{each}_{place}",
                code=None,
                sql=f"list_has_any({{{term}}}, [{codes}])",
                denominator=None,
                estimator="share",
                base=base,
                label={language: f"{label[language]}, {where[language]}" for language in LANGUAGES},
                estimand=estimand,
                unit=None,
                denominator_unit=None,
            )
    section.close()
