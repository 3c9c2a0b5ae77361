"""The models a survey declares, as frozen rows: what is explained by what, for whom, estimated how.

The `models:` section of survey.yaml, one entry per model:

    outcome      a measure (a boolean, or a percentage for `fractional_logit`)
    practices    two boolean measures: states, effects and complementarity; three or more: supermodularity
    dose         a number instead of the first practice: dose and its square, with Lind and Mehlum's test
    levels       an ordered category instead of practices (`order`: its codes): an ordered contrast
    controls     categories or numbers; `reference`: control -> reference code
    base         a declared base
    estimator    logit (Firth's in a wave with few events), firth (in every wave) or fractional_logit
    primary      true for the one model the survey exists for: its firms are also followed over the waves
    curve        measure, from, to, step, signs: the outcome cut at each value; with `>` its whole distribution too
    alternatives practice, measures (variant -> measure), family, contrast: one variant each, Holm within the family
    readings     practice -> other measures of what it may mean: one variant for each pair, read side by side
    first_part   a boolean measure without which there is no outcome (product innovation): the answer in two parts
    second_measures  practice -> another measure of the same: the answer corrected for errors in both
    specifications   choices: weights, values, base, outcome, each practice, controls, without
    thresholds   level_firms, events_per_term

Belongs here: what a model is, the fits that follow from its declaration, and reading it. Does not belong here: whether
its names are declared (`modelling`), fitting (`stages.modelled`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from monitor.problems import Lines, Place, line_at
from monitor.statistics.models.contrast import Contrast
from monitor.statistics.models.separation import FEWEST_OF_A_LEVEL, LEAST_EVENTS_PER_TERM
from monitor.statistics.models.specification import EVERY, Specification
from monitor.survey.text import Text
from monitor.survey.yaml_lines import REQUIRED, Section, closest

MAIN = "main"
"""The variant that is the model as declared"""
FIRM_MEANS = "firm_means"
"""The variant of a primary model of two practices that has firms' means over the waves as controls"""
DOUBLY_ROBUST = "doubly_robust"
"""The variant of a primary model of two practices that weights and models at once"""
FIRST_PART, SECOND_PART, BOTH_PARTS = "first_part", "second_part", "both_parts"
"""Those of an outcome in two parts: having the first at all, the outcome among firms that have it, and their product"""
FROM_FIRST_PART, FROM_SECOND_PART = "from_first_part", "from_second_part"
"""What of the product's contrasts arises in either part"""
LAGGED = "lagged"
"""The variant with the practices of one wave and the outcome of the next"""
BESIDE = (
    FIRM_MEANS, DOUBLY_ROBUST, FIRST_PART, SECOND_PART, BOTH_PARTS, FROM_FIRST_PART, FROM_SECOND_PART, LAGGED
)  # fmt: skip
ESTIMATORS = ("logit", "firth", "fractional_logit")
SIGNS = (">", ">=")
WEIGHTS = ("weighted", "unweighted")
VALUES = ("imputed", "complete")


@dataclass(frozen=True)
class Curve:
    """The outcome as whether a measure passes each of several values."""

    measure: str
    start: float
    stop: float
    step: float
    signs: tuple[str, ...]
    """`>` (strictly), `>=` or both"""

    @property
    def cuts(self) -> tuple[float, ...]:
        """The values from `start` to `stop`, both included where the steps meet them."""
        return tuple(float(value) for value in np.arange(self.start, self.stop + self.step / 2, self.step))


@dataclass(frozen=True)
class Alternatives:
    """Other measures of one practice: a variant of the model with each, their p-values adjusted together."""

    practice: str
    measures: Mapping[str, str]
    """Variant -> the measure it has in the practice's place"""
    family: str
    contrast: str
    """The contrast whose p-values are adjusted by Holm's method over the variants"""


@dataclass(frozen=True)
class Choices:
    """What else could have been chosen: every combination is a specification of the specification curve."""

    weights: tuple[str, ...]
    values: tuple[str, ...]
    base: tuple[str, ...]
    outcome: tuple[str, ...]
    practices: Mapping[str, tuple[str, ...]]
    """Practice -> the measures of it"""
    controls: Mapping[str, tuple[str, ...]]
    """Name of a choice -> its controls"""
    without: tuple[str, ...]
    """Boolean measures whose firms are left out; `none` leaves out nobody"""


@dataclass(frozen=True)
class Model:
    """A declared model: its main specification and what is declared around it."""

    main: Specification
    label: Text
    primary: bool = False
    curve: Curve | None = None
    alternatives: Alternatives | None = None
    readings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Practice -> other measures of what it may mean"""
    choices: Choices | None = None
    first_part: str | None = None
    """A boolean measure without which a firm cannot have the outcome"""
    second_measures: Mapping[str, str] = field(default_factory=dict)
    """Practice -> another measure of the same, where both may err"""
    lines: Lines = field(default_factory=dict, compare=False, repr=False)
    """Place in the declaration -> its line of survey.yaml"""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.main.model

    def has(self, place: Place) -> bool:
        """Whether the declaration itself names something there, and no default stands in for it."""
        return place in self.lines or place[:-1] in self.lines

    @property
    def subjects(self) -> tuple[str, ...]:
        """The measures and concepts it explains or explains by, in whichever of its variants; no controls."""
        main, choices = self.main, self.choices
        names = [main.outcome, *main.practices, *filter(None, (main.dose,))]
        names += [self.curve.measure] if self.curve else []
        names += self.alternatives.measures.values() if self.alternatives else []
        names += [measure for measures in self.readings.values() for measure in measures]
        names += [*filter(None, (self.first_part,)), *self.second_measures.values()]
        if choices:
            names += [*choices.outcome, *(name for measures in choices.practices.values() for name in measures)]
        return tuple(dict.fromkeys(names))

    @property
    def variables(self) -> tuple[str, ...]:
        """Every measure and concept it names, in whichever of its variants."""
        names = [*self.subjects, *filter(None, (self.main.levels,)), *self.main.controls]
        if self.choices:
            names += [name for controls in self.choices.controls.values() for name in controls]
            names += [name for name in self.choices.without if name != EVERY]
        return tuple(dict.fromkeys(names))

    @property
    def bases(self) -> tuple[str, ...]:
        """Every base it is estimated for, its own first."""
        return tuple(dict.fromkeys([self.main.base, *(self.choices.base if self.choices else ())]))

    @property
    def pairs(self) -> dict[str, tuple[str, ...]]:
        """Variant -> practices, for every pair of readings; the model's own practices first, as its main variant. None
        where it declares no readings."""
        if not self.readings:
            return {}
        own = self.main.practices
        axes = [(practice, *self.readings.get(practice, ())) for practice in own]
        return {MAIN if pair == own else " x ".join(pair): pair for pair in product(*axes)}

    def practices_of(self, variant: str) -> tuple[str, ...]:
        """The practices of a variant: an alternative or a reading has another measure in one's place."""
        if variant in (pairs := self.pairs):
            return pairs[variant]
        other = self.alternatives
        if other is None or variant not in other.measures:
            return self.main.practices
        return tuple(other.measures[variant] if p == other.practice else p for p in self.main.practices)

    def variant(self, name: str) -> Specification | None:
        """The specification of a variant; None where the model has none of that name."""
        beside = BESIDE if self.primary and self.main.of_two_practices else ()
        more = [replace(self.main, variant=each) for each in beside]
        return next((s for s in [*self.variants(), *more] if s.variant == name), None)

    def contrast(self, name: str, variant: str = MAIN) -> Contrast | None:
        """A contrast of a variant by its name; None where the variant cannot have it."""
        return replace(self.main, practices=self.practices_of(variant)).contrast(name)

    def variants(self) -> list[Specification]:
        """The main specification, the same unweighted and on complete cases, and its other readings; or the declared
        alternatives."""
        main, other = self.main, self.alternatives
        if other is not None:
            return [
                replace(main, variant=variant, practices=self.practices_of(variant), family=other.family)
                for variant in other.measures
            ]
        return [
            main,
            replace(main, variant="unweighted", weighted=False),
            replace(main, variant="complete_cases", complete_cases=True),
            *(replace(main, variant=name, practices=pair) for name, pair in self.pairs.items() if name != MAIN),
        ]

    def cuts(self) -> list[Specification]:
        """One specification per cut and sign of the declared curve."""
        curve = self.curve
        if curve is None:
            return []
        return [
            replace(
                self.main,
                variant=f"{curve.measure} {sign} {value:g}",
                outcome=curve.measure,
                cut=value,
                sign=sign,
            )
            for sign in curve.signs
            for value in curve.cuts
        ]

    def specifications(self) -> list[tuple[dict[str, str], Specification]]:
        """Every combination of the declared choices, each with its choices by name, in the declared order."""
        choices = self.choices
        if choices is None:
            return []
        axes: list[tuple[str, tuple[str, ...]]] = [
            ("weights", choices.weights),
            ("values", choices.values),
            ("base", choices.base),
            ("outcome", choices.outcome),
            *((name, choices.practices[name]) for name in self.main.practices),
            ("controls", tuple(choices.controls)),
            ("without", choices.without),
        ]
        found = []
        for number, values in enumerate(product(*(options for _, options in axes)), start=1):
            chosen = dict(zip((name for name, _ in axes), values, strict=True))
            specification = replace(
                self.main,
                variant=f"specification {number:03d}",
                weighted=chosen["weights"] == "weighted",
                complete_cases=chosen["values"] == "complete",
                base=chosen["base"],
                outcome=chosen["outcome"],
                practices=tuple(chosen[name] for name in self.main.practices),
                controls=choices.controls[chosen["controls"]],
                without=chosen["without"],
            )
            found.append((chosen, specification))
        return found


def read_models(top: Section, languages: tuple[str, ...]) -> dict[str, Model]:
    """The `models:` section of survey.yaml, in its order. Mistakes go into the section's report."""
    outer = top.section("models", None)
    if outer is None:
        return {}
    return {
        name: _model(name, section, {**section.places(), (): outer.lines[name]}, languages)
        for name in outer.nodes
        if (section := outer.section(name)) is not None
    }


def _model(name: str, section: Section, lines: Lines, languages: tuple[str, ...]) -> Model:
    section.where = what = f"model {name!r}"
    section.line = lines[()]
    thresholds = _inside(section, "thresholds", f"the thresholds of {what}")
    main = Specification(
        model=name,
        variant=MAIN,
        outcome=section.text("outcome"),
        base=section.text("base"),
        estimator=section.choice("estimator", ESTIMATORS),
        practices=section.words("practices", ()),
        dose=section.text("dose", None),
        levels=section.text("levels", None),
        order=section.words("order", ()),
        controls=section.words("controls", ()),
        reference=section.mapping("reference", {}),
    )
    if thresholds is not None:
        main = replace(
            main,
            level_firms=thresholds.number("level_firms", FEWEST_OF_A_LEVEL, least=1, whole=True),
            events_per_term=float(thresholds.number("events_per_term", LEAST_EVENTS_PER_TERM, least=0)),
        )
        thresholds.close()
    curve = _inside(section, "curve", f"the curve of {what}")
    alternatives = _inside(section, "alternatives", f"the alternatives of {what}")
    readings = _inside(section, "readings", f"the readings of {what}")
    choices = _inside(section, "specifications", f"the specifications of {what}")
    model = Model(
        main=main,
        label=section.label("label", languages, dict.fromkeys(languages, name)),
        primary=section.boolean("primary", False),
        curve=None if curve is None else _curve(curve),
        alternatives=None if alternatives is None else _alternatives(alternatives),
        readings={name: readings.words(name) for name in readings.nodes} if readings else {},
        choices=None if choices is None else _choices(choices, main, what),
        first_part=section.text("first_part", None),
        second_measures=section.mapping("second_measures", {}),
        lines=lines,
    )
    section.close()
    return model


def _inside(section: Section, key: str, where: str) -> Section | None:
    """A part of a model, called by what it is in messages."""
    inner = section.section(key, None)
    if inner is not None:
        inner.where, inner.line = where, section.line_of(key)
    return inner


def _curve(section: Section) -> Curve:
    curve = Curve(
        measure=section.text("measure"),
        start=float(section.number("from")),
        stop=float(section.number("to")),
        step=float(section.number("step", above=0)),
        signs=_listed(section, "signs", SIGNS, section.where, "sign"),
    )
    if curve.stop < curve.start:
        section.report.add(
            f"{section.where} ends before it begins",
            section.line_of("to"),
            expected=f"a number of at least {curve.start:g}",
            found=f"{curve.stop:g}",
            do="exchange `from` and `to`",
        )
    section.close()
    return curve


def _alternatives(section: Section) -> Alternatives:
    alternatives = Alternatives(
        practice=section.text("practice"),
        measures=section.mapping("measures"),
        family=section.text("family"),
        contrast=section.text("contrast"),
    )
    section.close()
    return alternatives


def _choices(section: Section, main: Specification, what: str) -> Choices:
    controls = section.section("controls", None)
    choices = Choices(
        weights=_listed(section, "weights", WEIGHTS, f"weights of {what}", "choice", ("weighted",)),
        values=_listed(section, "values", VALUES, f"values of {what}", "choice", ("imputed",)),
        base=section.words("base", (main.base,)),
        outcome=section.words("outcome", (main.outcome,)),
        practices={name: section.words(name, (name,)) for name in main.practices},
        controls={name: controls.words(name) for name in controls.nodes} if controls else {"declared": main.controls},
        without=section.words("without", (EVERY,)),
    )
    for name in section.nodes:
        if name not in section.asked:
            section.report.add(
                f"{what} names the unknown choice {name!r}",
                section.lines[name],
                expected="one of " + ", ".join(sorted(section.asked)),
                found=name,
                do=closest(name, section.asked) or "remove it",
            )
    return choices


def _listed(
    section: Section, key: str, options: tuple[str, ...], where: str, kind: str, default: Any = REQUIRED
) -> tuple[str, ...]:
    """A list of words out of few."""
    found = section.words(key, default)
    for place, word in enumerate(found):
        if word not in options:
            section.report.add(
                f"{where} names the unknown {kind} {word!r}",
                line_at(section.places(), (key, place)),
                expected="one of " + ", ".join(options),
                found=word,
                do=closest(word, options) or f"use one of {', '.join(options)}",
            )
    return tuple(word for word in found if word in options)
