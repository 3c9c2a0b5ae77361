"""Results as rows of the tables that are published.

Belongs here: column names and what is NULL. Does not belong here: computing any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from monitor.contract.lake import BY_NAME
from monitor.statistics.models.contrast import Contrast, of_two_practices
from monitor.statistics.models.result import Estimates, Result
from monitor.wording.notes import sentence, written


def words(text: str) -> list[str]:
    """The words of a text: column names are easier to read without quotes."""
    return text.split()


COLUMNS: Mapping[str, Sequence[str]] = {
    "modelled_models": words(
        "survey wave model variant outcome base estimator weighted n firms fewest_alike events n_dropped df "
        "minimum_detectable_effect converged warning published warning_nl notes n_routed copies family "
        "statsmodels_gap"
    ),
    "modelled_terms": words(
        "survey wave model variant term estimate se ci_low ci_high p_value odds_ratio df fmi se_replicate"
    ),
    "modelled_contrasts": words(
        "survey wave model variant contrast role unit estimate se ci_low ci_high p_value p_greater p_less p_holm "
        "df fmi se_linearised se_replicate"
    ),
    "modelled_claims": words(
        "survey wave claim text_nl text_en estimand unit estimate ci_low ci_high decision_rule verdict reason "
        "decision_rule_nl reason_nl se df n events p_supported p_contradicted minimum_detectable_effect family "
        "declared claims_hash model variant contrast"
    ),
    "modelled_answer": words(
        "survey wave model variant practice_a practice_b own_choice contrast p_neither p_b_only p_a_only p_both "
        "estimate se df ci_low ci_high p_value p_adjusted verdict published warning warning_nl"
    ),
    "modelled_curve": words(
        "survey wave model measure sign cut own_choice contrast estimate se ci_low ci_high band_low band_high "
        "p_value se_replicate estimator n events published warning warning_nl"
    ),
    "modelled_distribution": words(
        "survey wave model measure cut state contrast estimate se df ci_low ci_high band_low band_high "
        "estimator n events state_n state_events published warning warning_nl"
    ),
    "modelled_specifications": words(
        "survey wave model number weights answers base outcome practice_a practice_b controls left_out "
        "own_choice contrast estimate se ci_low ci_high p_value estimator n events published warning warning_nl"
    ),
    "modelled_sensitivity": words(
        "survey wave kind figure approach axis setting plausible property unit estimate se ci_low ci_high bias verdict "
        "turns_below turns_above survives model n events one_firm"
    ),
    "modelled_robustness": words(
        "survey wave model variant test subject estimate ci_low ci_high p_value statistic bound verdict note_nl note_en"
    ),
    "modelled_programme_firms": words(
        "survey wave wave_before programme firm standing eligible in_frame amount_eur consortium began"
    ),
    "modelled_programme_groups": words(
        "survey wave wave_before programme measure standing n fewest estimate se df ci_low ci_high "
        "difference difference_se difference_low difference_high difference_p_value"
    ),
    "modelled_programme_balance": words(
        "survey wave wave_before programme term participants comparison balanced difference_before difference_after "
        "variance_ratio_before variance_ratio_after fewest"
    ),
    "modelled_programme_effects": words(
        "survey wave wave_before programme approach is_primary outcome n_participants n_comparison fewest effective "
        "off_support mean_participants mean_comparison estimate se df ci_low ci_high p_value minimum_detectable_effect "
        "robustness_value robustness_value_bound e_value e_value_bound without_low without_high published "
        "warning warning_nl notes"
    ),
}
"""Table -> its columns in order"""

WHOLE = frozenset(
    words(
        "n firms fewest_alike events n_dropped n_routed copies number state_n state_events "
        "n_participants n_comparison fewest"
    )
)
FACTS = frozenset(
    words("weighted converged published own_choice plausible survives one_firm is_primary eligible in_frame")
)
NUMBERS = frozenset(
    words(
        "estimate se ci_low ci_high band_low band_high p_value df fmi "
        "odds_ratio minimum_detectable_effect p_greater p_less p_holm "
        "p_adjusted p_neither p_b_only p_a_only p_both "
        "se_linearised se_replicate p_supported p_contradicted statistic bound cut statsmodels_gap "
        "at bias turns_below turns_above "
        "amount_eur participants comparison balanced difference difference_se difference_low difference_high "
        "difference_p_value difference_before difference_after variance_ratio_before variance_ratio_after effective "
        "off_support mean_participants mean_comparison robustness_value robustness_value_bound e_value e_value_bound "
        "without_low without_high"
    )
)
"""Columns that are not text"""


def model_row(survey: str, wave: str, result: Result) -> dict[str, Any]:
    """One row of `modelled_models`: published, or withheld with its reason as the warning."""
    notes = [result.refusal] if result.refusal else result.warnings
    s = result.specification
    return {
        "survey": survey,
        "wave": wave,
        "model": s.model,
        "variant": s.variant,
        "outcome": s.outcome,
        "base": s.base,
        "estimator": result.estimator,
        "weighted": s.weighted,
        "n": result.n,
        "firms": result.firms,
        "fewest_alike": result.fewest_alike,
        "events": result.events,
        "n_dropped": result.dropped,
        "df": result.df,
        "minimum_detectable_effect": result.minimum_detectable_effect,
        "converged": result.converged,
        "warning": "; ".join(sentence(note, "en") for note in notes) or None,
        "published": result.refusal is None,
        "warning_nl": "; ".join(sentence(note, "nl") for note in notes) or None,
        "notes": written(notes),
        "n_routed": result.routed,
        "copies": result.copies,
        "family": s.family,
        "statsmodels_gap": result.statsmodels_gap,
    }


def term_rows(survey: str, wave: str, result: Result) -> list[dict[str, Any]]:
    """The rows of `modelled_terms` of one result, in log-odds."""
    if result.terms is None:
        return []
    return [
        {**row, "term": row.pop("name"), "odds_ratio": float(np.exp(row["estimate"]))}
        for row in _rows(survey, wave, result, result.terms)
    ]


def contrast_rows(
    survey: str, wave: str, result: Result, holm: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """The rows of `modelled_contrasts` of one result, as shares; `holm`: contrast -> p-value within its family.

    `role`: which contrast of two practices it is (`neither`, `a_only`, … `complementarity`); NULL of other models.
    """
    if result.contrasts is None:
        return []
    e, s = result.contrasts, result.specification
    roles = {c: role for role, c in of_two_practices(*s.practices).items()} if s.of_two_practices else {}
    _, greater, less = e.p_values()
    rows = []
    for i, row in enumerate(_rows(survey, wave, result, e)):
        share = e.contrasts[i].share
        rows.append(
            {
                **row,
                "contrast": row.pop("name"),
                "role": roles.get(e.contrasts[i]),
                "unit": unit_of(e.contrasts[i]),
                # A probability is never tested against zero: it cannot be below.
                "p_value": None if share else row["p_value"],
                "p_greater": None if share else float(greater[i]),
                "p_less": None if share else float(less[i]),
                "p_holm": (holm or {}).get(e.names[i]),
                "se_linearised": float(e.se[i]),
            }
        )
    return rows


def unit_of(contrast: Contrast) -> str:
    """The unit of a contrast's estimate, as the contract words it."""
    return "share" if contrast.share else "points"


def frame_of(table: str, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with exactly the columns of a table of this stage, sorted by wave and key; a NaN is NULL."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS[table]))
    for name in frame.columns:
        if name in WHOLE:
            frame[name] = frame[name].astype("Int64")
        elif name in FACTS:
            frame[name] = frame[name].astype("boolean")
        elif name in NUMBERS:
            # An infinite bound is no number a table can hold: it is open, so NULL.
            numbers = pd.to_numeric(frame[name]).astype("float64")
            frame[name] = numbers.where(np.isfinite(numbers)).astype("Float64")
        else:
            frame[name] = frame[name].astype("string")
    return frame.sort_values(["wave", *BY_NAME[table].key], kind="stable", ignore_index=True)


def _rows(survey: str, wave: str, result: Result, e: Estimates) -> list[dict[str, Any]]:
    low, high = e.interval()
    two_sided, _, _ = e.p_values()
    s = result.specification
    return [
        {
            "survey": survey,
            "wave": wave,
            "model": s.model,
            "variant": s.variant,
            "name": name,
            "estimate": float(e.estimate[i]),
            "se": float(e.error[i]),
            "ci_low": float(low[i]),
            "ci_high": float(high[i]),
            "p_value": float(two_sided[i]),
            "df": float(e.df[i]),
            "fmi": float(e.fmi[i]),
            "se_replicate": float(e.se_replicate[i]),
        }
        for i, name in enumerate(e.names)
    ]
