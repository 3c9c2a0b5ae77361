"""The models a survey declares, as frozen rows: what is explained by what, for whom, estimated how.

The `models:` section of survey.yaml, one entry per model:

    outcome      a measure (a boolean, or a percentage for `fractional_logit`)
    practices    two boolean measures: states, effects and complementarity; three or more: supermodularity
    dose         a number instead of the first practice: dose and its square, with Lind and Mehlum's test
    levels       an ordered category instead of practices (`order`: its codes): an ordered contrast
    controls     categories or numbers; `reference`: control -> reference code
    base         a declared base
    estimator    logit, firth or fractional_logit
    primary      true for the one model the survey exists for: it is also pooled over waves and followed in the panel
    curve        measure, from, to, step, signs: the outcome cut at each value
    alternatives practice, measures (variant -> measure), family, contrast: one variant each, Holm within the family
    specifications   choices: weights, values, base, outcome, each practice, controls, without
    thresholds   level_firms, events_per_term

Belongs here: reading the declarations. Does not belong here: fitting them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from monitor.statistics.models.separation import FEWEST_OF_A_LEVEL, LEAST_EVENTS_PER_TERM
from monitor.statistics.models.specification import EVERY, Specification
from monitor.survey import Survey


@dataclass(frozen=True)
class Model:
    """A registered model: its main specification and what is declared around it."""

    main: Specification
    label: Mapping[str, str]
    primary: bool
    curve: Mapping[str, Any] | None
    alternatives: tuple[Specification, ...]
    family_contrast: str
    choices: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.main.model

    def variants(self) -> list[Specification]:
        """The main specification, the same unweighted and on complete cases, and the declared alternatives."""
        if self.alternatives:
            return list(self.alternatives)
        main = self.main
        return [
            main,
            replace(main, variant="unweighted", weighted=False),
            replace(main, variant="complete_cases", complete_cases=True),
        ]

    def cuts(self) -> list[Specification]:
        """One specification per cut and sign of the declared curve."""
        if self.curve is None:
            return []
        start, stop, step = (float(self.curve[key]) for key in ("from", "to", "step"))
        values = np.arange(start, stop + step / 2, step)
        return [
            replace(
                self.main,
                variant=f"{self.curve['measure']} {sign} {value:g}",
                outcome=str(self.curve["measure"]),
                cut=float(value),
                sign=sign,
            )
            for sign in self.curve["signs"]
            for value in values
        ]

    def specifications(self) -> list[tuple[dict[str, str], Specification]]:
        """Every combination of the declared choices, each with its choices by name, in the declared order."""
        if self.choices is None:
            return []
        choices = dict(self.choices)
        controls = choices.get("controls") or {"declared": list(self.main.controls)}
        practices = {name: [str(v) for v in choices.get(name, [name])] for name in self.main.practices}
        axes: list[tuple[str, list[str]]] = [
            ("weights", [str(v) for v in choices.get("weights", ["weighted"])]),
            ("values", [str(v) for v in choices.get("values", ["imputed"])]),
            ("base", [str(v) for v in choices.get("base", [self.main.base])]),
            ("outcome", [str(v) for v in choices.get("outcome", [self.main.outcome])]),
            *practices.items(),
            ("controls", list(controls)),
            ("without", [str(v) for v in choices.get("without", [EVERY])]),
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
                controls=tuple(controls[chosen["controls"]]),
                without=chosen["without"],
            )
            found.append((chosen, specification))
        return found


def models_of(survey: Survey) -> list[Model]:
    """The declared models in their declared order."""
    return [_model(name, dict(declared)) for name, declared in survey.models.items()]


def _model(name: str, declared: dict[str, Any]) -> Model:
    thresholds = declared.get("thresholds", {})
    main = Specification(
        model=name,
        variant="main",
        outcome=str(declared["outcome"]),
        base=str(declared["base"]),
        estimator=str(declared["estimator"]),
        practices=tuple(declared.get("practices", ())),
        dose=declared.get("dose"),
        levels=declared.get("levels"),
        order=tuple(str(code) for code in declared.get("order", ())),
        controls=tuple(declared.get("controls", ())),
        reference={k: str(v) for k, v in declared.get("reference", {}).items()},
        events_per_term=float(thresholds.get("events_per_term", LEAST_EVENTS_PER_TERM)),
        level_firms=int(thresholds.get("level_firms", FEWEST_OF_A_LEVEL)),
    )
    alternatives = declared.get("alternatives")
    found: list[Specification] = []
    if alternatives:
        for variant, measure in alternatives["measures"].items():
            practices = tuple(measure if p == alternatives["practice"] else p for p in main.practices)
            found.append(replace(main, variant=str(variant), practices=practices, family=str(alternatives["family"])))
    return Model(
        main=main,
        label=declared.get("label", {"nl": name, "en": name}),
        primary=bool(declared.get("primary", False)),
        curve=declared.get("curve"),
        alternatives=tuple(found),
        family_contrast=str(alternatives.get("contrast", "complementarity")) if alternatives else "",
        choices=declared.get("specifications"),
    )
