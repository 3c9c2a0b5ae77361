"""What could overturn a result: each check as a row a reader can follow.

Belongs here: E-values, power, and the rows of `modelled_robustness` for the checks made elsewhere. Does not belong
here: the checks' own mathematics (`dose`, `supermodularity`, `specifications`, `panel`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import stdtrit

from monitor.precision import in_words, to_error
from monitor.stages.modelled.answer_words import declared, points, signs_in
from monitor.statistics.decisions.specification_choices import CurveTest
from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.dose import inverted_u
from monitor.statistics.models.e_value import e_value
from monitor.statistics.models.result import LEVEL, Result
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.supermodularity import inequality_test
from monitor.survey import Survey
from monitor.survey.wording import contrast_words, label_of, quoted_in
from monitor.wording.sentences import LANGUAGES, say

EFFECTS = (0.05, 0.08, 0.10, 0.15)
"""True effects, as differences of shares, whose chance of being found is printed"""


def row(model: str, variant: str, test: str, subject: str, **values: Any) -> dict[str, Any]:
    """One row of `modelled_robustness`; survey and wave are added by the caller."""
    return {"model": model, "variant": variant, "test": test, "subject": subject, **values}


def notes(key: str, numbers: Mapping[str, str], /, **words: str | Mapping[str, str]) -> dict[str, str]:
    """A row's note in every language. `numbers`: written with a decimal point; `words`: by language, or as they are in
    all of them."""
    return {
        f"note_{language}": say(
            "robustness",
            key,
            language,
            **{name: signs_in(language, number) for name, number in numbers.items()},
            **{name: told if isinstance(told, str) else told[language] for name, told in words.items()},
        )
        for language in LANGUAGES
    }


def checks_of(result: Result, survey: Survey, doses: tuple[float, float] | None = None) -> list[dict[str, Any]]:
    """Every check that one fitted model allows, told in the survey's labels. `doses`: least and greatest dose in the
    data."""
    if result.contrasts is None or result.terms is None:
        return []
    found = power_rows(result, survey)
    s = result.specification
    if s.of_two_practices:
        found += e_value_rows(result, survey)
    if len(s.practices) > 2:
        found += supermodularity_rows(result, survey)
    if s.dose is not None and doses is not None:
        found += dose_rows(result, survey, doses)
    return found


def e_value_rows(result: Result, survey: Survey) -> list[dict[str, Any]]:
    """E-values of the effects, from ratios of the state probabilities (interval by the delta method on their log)."""
    c, s = result.contrasts, result.specification
    if c is None:
        return []
    names = {role: contrast.name for role, contrast in of_two_practices(*s.practices).items()}
    pairs = [
        ("a_without_b", "a_only", "neither"),
        ("b_without_a", "b_only", "neither"),
        ("a_with_b", "both", "b_only"),
        ("b_with_a", "both", "a_only"),
    ]
    rows = []
    for role, *states in pairs:
        upper, lower = (names[state] for state in states)
        i, j = c.at(upper), c.at(lower)
        if i is None or j is None or min(c.estimate[i], c.estimate[j]) <= 0:
            continue
        gradient = np.array([1 / c.estimate[i], -1 / c.estimate[j]])
        se = float(np.sqrt(gradient @ c.covariance[np.ix_([i, j], [i, j])] @ gradient))
        t = float(stdtrit(min(c.df[i], c.df[j]), 0.5 + LEVEL / 2))
        ratio = float(c.estimate[i] / c.estimate[j])
        low, high = ratio * np.exp(-t * se), ratio * np.exp(t * se)
        estimate, bound = e_value(ratio, low, high)
        about = _about(survey, s, names[role])
        facts = {"ratio": in_words(ratio, 1), "value": in_words(estimate, 1), "bound": in_words(bound, 1)}
        rows.append(
            row(
                s.model,
                s.variant,
                "e_value",
                f"{upper} / {lower}",
                estimate=ratio,
                ci_low=low,
                ci_high=high,
                statistic=estimate,
                bound=bound,
                **notes("e_value", facts, about=about),
            )
        )
    return rows


def power_rows(result: Result, survey: Survey) -> list[dict[str, Any]]:
    """Chance of finding a true effect of 5, 8, 10 and 15 points, with the standard error that the design has there."""
    c, s = result.contrasts, result.specification
    precision = c.precision(s.headline) if c is not None else None
    if precision is None:
        return []
    least = precision.detectable()
    about = _about(survey, s, s.headline)
    return [
        row(
            s.model,
            s.variant,
            "power",
            f"{s.headline} = {effect:.2f}",
            estimate=precision.power(effect),
            statistic=precision.se_at(effect),
            bound=least,
            **notes(
                "power",
                {"chance": in_words(precision.power(effect), 0, factor=100)},
                about=about,
                effect={x: declared(effect, x) for x in LANGUAGES},
            ),
        )
        for effect in EFFECTS
    ]


def dose_rows(result: Result, survey: Survey, doses: tuple[float, float]) -> list[dict[str, Any]]:
    """Lind and Mehlum's test on the model's dose and dose squared."""
    t, s = result.terms, result.specification
    i, j = (t.at(str(s.dose)), t.at(f"{s.dose}^2")) if t is not None else (None, None)
    if t is None or i is None or j is None:
        return []
    least, most = doses
    test = inverted_u(
        float(t.estimate[i]),
        float(t.estimate[j]),
        t.covariance[np.ix_([i, j], [i, j])],
        least,
        most,
        float(min(t.df[i], t.df[j])),
    )
    inside = least < test.turn < most
    verdict = "inverted U" if to_error(test.p_value, None) < 0.05 and inside else "no inverted U shown"
    return [
        row(
            s.model,
            s.variant,
            "inverted_u",
            str(s.dose),
            estimate=test.turn,
            ci_low=test.turn_low,
            ci_high=test.turn_high,
            p_value=test.p_value,
            statistic=test.slope_low,
            bound=test.slope_high,
            verdict=verdict,
            **notes(
                "dose",
                {"low": in_words(test.slope_low, 2), "high": in_words(test.slope_high, 2)},
                dose={x: label_of(survey, str(s.dose), x) for x in LANGUAGES},
                least=f"{least:g}",
                most=f"{most:g}",
            ),
        )
    ]


def supermodularity_rows(result: Result, survey: Survey) -> list[dict[str, Any]]:
    """For each pair of practices: complements, and substitutes, as joint inequalities over the other practices."""
    c, s = result.contrasts, result.specification
    if c is None:
        return []
    rows = []
    for pair in combinations(s.practices, 2):
        places = [i for i, told in enumerate(c.contrasts) if told.kind == "complementarity" and told.of == pair]
        theta, covariance = c.estimate[places], c.covariance[np.ix_(places, places)]
        a, b = ({x: quoted_in(x, label_of(survey, name, x)) for x in LANGUAGES} for name in pair)
        for hypothesis, sign in (("complements", 1.0), ("substitutes", -1.0)):
            test = inequality_test(sign * theta, covariance)
            facts = {
                "distance": in_words(test.statistic, 2), "low": in_words(test.lower, 2), "high": in_words(test.upper, 2)
            }  # fmt: skip
            rows.append(
                row(
                    s.model,
                    s.variant,
                    "supermodularity",
                    f"{' and '.join(pair)} are {hypothesis}",
                    estimate=float((sign * theta).min()),
                    statistic=test.statistic,
                    ci_low=test.lower,
                    ci_high=test.upper,
                    verdict=test.verdict,
                    **notes(hypothesis, facts, a=a, b=b),
                )
            )
    return rows


def joint_rows(survey: Survey, main: Specification, joint: CurveTest | None) -> list[dict[str, Any]]:
    """The specification curve of a model's headline in three rows: median, share positive, share significant; each says
    of which contrast, what was found, and the p-value against no effect in any specification."""
    if joint is None:
        return []
    count = joint.specifications
    middle = {"median": joint.median, "low": joint.median_low, "high": joint.median_high}
    told = {name: {x: points(value, x) for x in LANGUAGES} for name, value in middle.items()}
    found: Mapping[str, tuple[float, float, Mapping[str, str | Mapping[str, str]]]] = {
        "median": (joint.median, joint.p_median, told),
        "positive": (joint.positive, joint.p_dominant, {"found": str(round(joint.positive * count))}),
        "significant": (joint.significant, joint.p_significant, {"found": str(round(joint.significant * count))}),
    }
    about = {x: contrast_words(survey, main.model, main.headline, x)[0] for x in LANGUAGES}
    return [
        row(
            main.model,
            "specifications",
            "joint_test",
            name,
            estimate=value,
            p_value=p,
            ci_low=joint.median_low if name == "median" else None,
            ci_high=joint.median_high if name == "median" else None,
            statistic=float(joint.specifications),
            **notes(f"joint_{name}", {"count": str(count), "p": _p(p)}, about=about, **facts),
        )
        for name, (value, p, facts) in found.items()
    ]


def _about(survey: Survey, s: Specification, contrast: str) -> dict[str, str]:
    return {x: contrast_words(survey, s.model, contrast, x, s.variant)[0] for x in LANGUAGES}


def _p(value: float) -> str:
    return "< 0.001" if to_error(value, None) < 0.001 else f"= {in_words(value, 3)}"


def doses_of(copies: Sequence[Any], dose: str) -> tuple[float, float]:
    """Least and greatest dose over the copies."""
    values = np.concatenate([copy.numbers[dose] for copy in copies])
    return float(np.nanmin(values)), float(np.nanmax(values))
