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

from monitor.modelled.dose import inverted_u
from monitor.modelled.result import LEVEL, Result
from monitor.modelled.specifications import Joint
from monitor.modelled.supermodularity import inequality_test

EFFECTS = (0.05, 0.08, 0.10, 0.15)
"""True effects, as differences of shares, whose chance of being found is printed"""


def row(model: str, variant: str, check: str, subject: str, **values: Any) -> dict[str, Any]:
    """One row of `modelled_robustness`; survey and wave are added by the caller."""
    return {"model": model, "variant": variant, "check": check, "subject": subject, **values}


def checks_of(result: Result, doses: tuple[float, float] | None = None) -> list[dict[str, Any]]:
    """Every check that one fitted model allows. `doses`: least and greatest dose in the data."""
    if result.contrasts is None or result.terms is None:
        return []
    found = power_rows(result)
    s = result.specification
    if len(s.practices) == 2 and s.dose is None and s.levels is None:
        found += e_value_rows(result)
    if len(s.practices) > 2:
        found += supermodularity_rows(result)
    if s.dose is not None and doses is not None:
        found += dose_rows(result, doses)
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


def e_value_rows(result: Result) -> list[dict[str, Any]]:
    """E-values of the effects, from ratios of the state probabilities (interval by the delta method on their log)."""
    c, s = result.contrasts, result.specification
    if c is None:
        return []
    a, b = s.practices
    pairs = [
        (f"p_{a}_only", "p_neither"),
        (f"p_{b}_only", "p_neither"),
        ("p_both", f"p_{b}_only"),
        ("p_both", f"p_{a}_only"),
    ]
    rows = []
    for upper, lower in pairs:
        i, j = c.at(upper), c.at(lower)
        if i is None or j is None or min(c.estimate[i], c.estimate[j]) <= 0:
            continue
        gradient = np.array([1 / c.estimate[i], -1 / c.estimate[j]])
        se = float(np.sqrt(gradient @ c.covariance[np.ix_([i, j], [i, j])] @ gradient))
        t = float(stdtrit(min(c.df[i], c.df[j]), 0.5 + LEVEL / 2))
        ratio = float(c.estimate[i] / c.estimate[j])
        low, high = ratio * np.exp(-t * se), ratio * np.exp(t * se)
        estimate, bound = e_value(ratio, low, high)
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
                    f"Something unseen would need a risk ratio of {estimate:.1f} with both practice and outcome to "
                    f"explain the estimate away, and of {bound:.1f} to bring its interval to one."
                ),
                note_nl=(
                    f"Iets wat niet is gemeten zou met zowel praktijk als uitkomst een risicoverhouding van "
                    f"{_comma(estimate)} moeten hebben om de schatting weg te verklaren, en van {_comma(bound)} om het "
                    "interval tot één te brengen."
                ),
            )
        )
    return rows


def power_rows(result: Result) -> list[dict[str, Any]]:
    """Chance of finding a true effect of 5, 8, 10 and 15 points, with the standard error that the design has there."""
    c, s = result.contrasts, result.specification
    precision = c.precision(s.headline) if c is not None else None
    if precision is None:
        return []
    least = precision.detectable()
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
                f"A true {s.headline} of {100 * effect:.0f} points would be found in "
                f"{100 * precision.power(effect):.0f} % of such waves."
            ),
            note_nl=(
                f"Een werkelijke {s.headline} van {100 * effect:.0f} procentpunt zou in "
                f"{100 * precision.power(effect):.0f} % van zulke golven worden gevonden."
            ),
        )
        for effect in EFFECTS
    ]


def dose_rows(result: Result, doses: tuple[float, float]) -> list[dict[str, Any]]:
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
    verdict = "inverted U" if test.p_value < 0.05 and inside else "no inverted U shown"
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
                f"Slope {test.slope_low:.2f} at {least:g} and {test.slope_high:.2f} at {most:g} (log-odds per unit)."
            ),
            note_nl=(
                f"Helling {_comma(test.slope_low, 2)} bij {least:g} en {_comma(test.slope_high, 2)} bij {most:g} "
                "(log-odds per eenheid)."
            ),
        )
    ]


def supermodularity_rows(result: Result) -> list[dict[str, Any]]:
    """For each pair of practices: complements, and substitutes, as joint inequalities over the other practices."""
    c, s = result.contrasts, result.specification
    if c is None:
        return []
    rows = []
    for pair in combinations(s.practices, 2):
        prefix = f"complementarity[{':'.join(pair)}|"
        places = [i for i, name in enumerate(c.names) if name.startswith(prefix)]
        theta, covariance = c.estimate[places], c.covariance[np.ix_(places, places)]
        for hypothesis, sign in (("complements", 1.0), ("substitutes", -1.0)):
            test = inequality_test(sign * theta, covariance)
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
                        f"Distance {test.statistic:.2f} from the hypothesis; it stands below {test.lower:.2f} and "
                        f"falls above {test.upper:.2f} (Kodde and Palm)."
                    ),
                    note_nl=(
                        f"Afstand {_comma(test.statistic, 2)} tot de hypothese; zij blijft staan onder "
                        f"{_comma(test.lower, 2)} en valt boven {_comma(test.upper, 2)} (Kodde en Palm)."
                    ),
                )
            )
    return rows


def joint_rows(model: str, joint: Joint | None) -> list[dict[str, Any]]:
    """The specification curve in three rows: median, share positive, share significant."""
    if joint is None:
        return []
    facts: Mapping[str, tuple[float, float, str, str]] = {
        "median": (joint.median, joint.p_median, "median estimate", "mediane schatting"),
        "positive": (joint.positive, joint.p_share_positive, "share above zero", "aandeel boven nul"),
        "significant": (
            joint.significant,
            joint.p_significant,
            "share significant on the median's side",
            "aandeel significant aan de kant van de mediaan",
        ),
    }
    return [
        row(
            model,
            "specifications",
            "joint_test",
            name,
            estimate=value,
            p_value=p,
            ci_low=joint.median_low if name == "median" else None,
            ci_high=joint.median_high if name == "median" else None,
            statistic=float(joint.specifications),
            note_en=f"{joint.specifications} specifications: {english}; p against no effect in any of them.",
            note_nl=f"{joint.specifications} specificaties: {dutch}; p tegen geen effect in een ervan.",
        )
        for name, (value, p, english, dutch) in facts.items()
    ]


def doses_of(copies: Sequence[Any], dose: str) -> tuple[float, float]:
    """Least and greatest dose over the copies."""
    values = np.concatenate([copy.numbers[dose] for copy in copies])
    return float(np.nanmin(values)), float(np.nanmax(values))


def _comma(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}".replace(".", ",")
