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
from monitor.stages.modelled.specifications import Joint
from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.dose import inverted_u
from monitor.statistics.models.result import LEVEL, Result
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.supermodularity import inequality_test
from monitor.survey import Survey
from monitor.survey.wording import contrast_words, label_of, quoted_in
from monitor.wording.sentences import number_in

EFFECTS = (0.05, 0.08, 0.10, 0.15)
"""True effects, as differences of shares, whose chance of being found is printed"""


def row(model: str, variant: str, test: str, subject: str, **values: Any) -> dict[str, Any]:
    """One row of `modelled_robustness`; survey and wave are added by the caller."""
    return {"model": model, "variant": variant, "test": test, "subject": subject, **values}


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


def e_value(ratio: float, low: float, high: float) -> tuple[float, float]:
    """How strongly something unseen would have to go with both practice and outcome to explain an association away.

    E = RR + sqrt(RR (RR - 1)) for a risk ratio above one (its inverse below), for the estimate and for the bound of its
    interval nearest to one (1 where the interval holds one). Source: VanderWeele and Ding (2017), Annals of Internal
    Medicine 167.
    """
    if ratio < 1:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low if low > 0 else np.inf
    at_bound = 1.0 if low <= 1 else low + np.sqrt(low * (low - 1))
    return float(ratio + np.sqrt(ratio * (ratio - 1))), float(at_bound)


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
        en = [in_words(value, 1) for value in (ratio, estimate, bound)]
        nl = [number_in("nl", words) for words in en]
        about = {x: contrast_words(survey, s.model, names[role], x, s.variant)[0] for x in ("nl", "en")}
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
                note_en=(
                    f"{about['en']}: a risk ratio of {en[0]}. Something unseen would need a risk ratio of {en[1]} with "
                    f"both practice and outcome to explain it away, and of {en[2]} to bring its interval to one."
                ),
                note_nl=(
                    f"{about['nl']}: een risicoverhouding van {nl[0]}. Iets wat niet is gemeten zou met zowel "
                    f"praktijk als uitkomst een risicoverhouding van {nl[1]} moeten hebben om haar weg te verklaren, "
                    f"en van {nl[2]} om het interval tot één te brengen."
                ),
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
    about = {x: contrast_words(survey, s.model, s.headline, x, s.variant)[0] for x in ("nl", "en")}
    return [
        row(
            s.model,
            s.variant,
            "power",
            f"{s.headline} = {effect:.2f}",
            estimate=precision.power(effect),
            statistic=precision.se_at(effect),
            bound=least,
            note_en=(
                f"{about['en']}: a true value of {100 * effect:.0f} points would be found in "
                f"{in_words(precision.power(effect), 0, factor=100)} % of surveys like this one."
            ),
            note_nl=(
                f"{about['nl']}: een werkelijke waarde van {100 * effect:.0f} procentpunt zou in "
                f"{in_words(precision.power(effect), 0, factor=100)} % van zulke enquêtes worden gevonden."
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
            note_en=(
                f"{label_of(survey, str(s.dose), 'en')}: slope {in_words(test.slope_low, 2)} at {least:g} and "
                f"{in_words(test.slope_high, 2)} at {most:g} (log-odds per unit)."
            ),
            note_nl=(
                f"{label_of(survey, str(s.dose), 'nl')}: helling {comma(test.slope_low, 2)} bij {least:g} en "
                f"{comma(test.slope_high, 2)} bij {most:g} "
                "(log-odds per eenheid)."
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
        told = {x: [quoted_in(x, label_of(survey, name, x)) for name in pair] for x in ("nl", "en")}
        for hypothesis, hypothese, sign in (
            ("complements", "versterken elkaar", 1.0),
            ("substitutes", "vervangen elkaar", -1.0),
        ):
            test = inequality_test(sign * theta, covariance)
            en = [in_words(value, 2) for value in (test.statistic, test.lower, test.upper)]
            nl = [number_in("nl", words) for words in en]
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
                    note_en=(
                        f"{' and '.join(told['en'])} are {hypothesis}: distance {en[0]} from the hypothesis; it stands "
                        f"below {en[1]} and falls above {en[2]} (Kodde and Palm)."
                    ),
                    note_nl=(
                        f"{' en '.join(told['nl'])} {hypothese}: afstand {nl[0]} tot de hypothese; zij blijft staan "
                        f"onder {nl[1]} en valt boven {nl[2]} (Kodde en Palm)."
                    ),
                )
            )
    return rows


def joint_rows(survey: Survey, main: Specification, joint: Joint | None) -> list[dict[str, Any]]:
    """The specification curve of a model's headline in three rows: median, share positive, share significant; each says
    of which contrast, what was found, and the p-value against no effect in any specification."""
    if joint is None:
        return []
    low, median, high = (in_words(x, 1, factor=100) for x in (joint.median_low, joint.median, joint.median_high))
    count = joint.specifications
    facts: Mapping[str, tuple[float, float, str, str]] = {
        "median": (
            joint.median,
            joint.p_median,
            f"the median estimate is {median} percentage points (95 % interval {low} to {high})",
            number_in("nl", f"de mediane schatting is {median} procentpunt (95%-interval {low} tot {high})"),
        ),
        "positive": (
            joint.positive,
            joint.p_share_positive,
            f"{round(joint.positive * count)} are above zero",
            f"{round(joint.positive * count)} liggen boven nul",
        ),
        "significant": (
            joint.significant,
            joint.p_significant,
            f"{round(joint.significant * count)} are significant on the median's side",
            f"{round(joint.significant * count)} zijn significant aan de kant van de mediaan",
        ),
    }
    about = {x: contrast_words(survey, main.model, main.headline, x)[0] for x in ("nl", "en")}
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
            note_en=f"{about['en']} in {count} specifications: {english}; p {_p(p)} against no effect in any of them.",
            note_nl=(
                f"{about['nl']} in {count} specificaties: {dutch}; p {number_in('nl', _p(p))} tegen geen effect in "
                "een ervan."
            ),
        )
        for name, (value, p, english, dutch) in facts.items()
    ]


def _p(value: float) -> str:
    return "< 0.001" if to_error(value, None) < 0.001 else f"= {in_words(value, 3)}"


def doses_of(copies: Sequence[Any], dose: str) -> tuple[float, float]:
    """Least and greatest dose over the copies."""
    values = np.concatenate([copy.numbers[dose] for copy in copies])
    return float(np.nanmin(values)), float(np.nanmax(values))


def comma(value: float, digits: int = 1) -> str:
    """A number in a sentence as Dutch writes it."""
    return number_in("nl", in_words(value, digits))
