"""Quality indicators in the order of the European SIMS standard, each with its unit and definition.

Belongs here: counting what happened to a wave, from its lake tables. Does not belong here: judging it; the
definitions' words (`wording`, quality).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from monitor.precision import OWN_DIGITS, to_digits
from monitor.stages.disclosed.history import STANDS
from monitor.storage.lake import Lake, statement
from monitor.survey import Survey, Wave
from monitor.wording.sentences import say

EVERYTHING = "all"

COUNTS_OF_FIRMS = (
    "panel_overlap", "participants", "corrections", "amendments_accepted", "amendments_refused", "amendments_undecided",
)  # fmt: skip
"""Indicators that count firms by what they answered or by what became of their answers"""


OF_ERRORS = ("coefficient_of_variation", "monte_carlo_error", "replicate_monte_carlo_error")
"""Indicators that are parts of standard errors"""

UNITS: Mapping[str, str] = {
    "frame_size": "firms",
    "invited": "firms",
    "over_coverage_rate": "share",
    "responses": "responses",
    "quarantined": "responses",
    "duplicates": "responses",
    "not_usable": "responses",
    "usable_responses": "firms",
    "unit_response_rate": "share",
    "unit_response_rate_eligible": "share",
    "item_response_rate": "share",
    "imputation_rate": "share",
    STANDS: "0 or 1",
    "corrections": "answers",
    "amendments_accepted": "responses",
    "amendments_refused": "responses",
    "amendments_undecided": "responses",
    "panel_overlap": "firms",
    "design_effect_weights": "ratio",
    "effective_responses": "responses",
    "weight_minimum": "firms per response",
    "weight_maximum": "firms per response",
    "weight_sum": "firms",
    "step_weight_sum": "firms",
    "step_weight_minimum": "firms per response",
    "step_weight_maximum": "firms per response",
    "step_design_effect": "ratio",
    "step_effective_responses": "responses",
    "coefficient_of_variation": "share",
    "monte_carlo_error": "share",
    "replicate_monte_carlo_error": "share",
    "initiatives_identified": "initiatives",
    "initiatives_mentioned": "initiatives",
    "participants": "firms",
    "fieldwork_duration_median": "seconds",
}
"""Quality indicator -> the unit of its value; shares are in 0..1"""


def quality(lake: Lake, survey: Survey, wave: Wave) -> pd.DataFrame:
    """The quality indicators of one wave. What a survey has no data for (no frame, nothing imputed) is left out."""
    headlines = [i.name for i in survey.indicators.values() if i.headline]
    counted: list[tuple[str, tuple[str, ...], Mapping[str, object] | None]] = [
        ("quality_responses", ("validated_responses",), None),
        ("quality_frame", ("staged_frame",), None),
        ("quality_items", ("staged_missing", "staged_answers", "validated_responses"), None),
        ("quality_imputation", ("imputed_flags", "validated_responses"), None),
        ("quality_weights", ("weighted_weights",), None),
        ("quality_steps", ("weighted_diagnostics",), None),
        ("quality_corrections", ("staged_corrections",), None),
        ("quality_amendments", ("raw_amendments",), None),
        ("quality_precision", ("estimated_indicators",), {"headlines": headlines}),
        ("quality_seed", ("estimated_indicators",), {"headlines": headlines}),
        ("quality_replicates", ("weighted_replicates",), None),
        ("quality_seed_claims", ("modelled_claims", "modelled_contrasts", "modelled_models"), None),
    ]
    registry = "initiatives" in survey.concepts and bool(survey.initiatives)
    if registry:
        counted.append(("quality_initiatives", ("imputed_answers",), None))
    counted = [x for x in counted if all(lake.has(table, wave.name) for table in x[1])]
    with lake.open(wave.name, *sorted({table for _, tables, _ in counted for table in tables})) as connection:
        found = [connection.execute(statement("disclosed", name), given).df() for name, _, given in counted]
    if registry:
        found.append(_one("initiatives_identified", len(survey.register.of_wave(wave))))
    table = pd.concat([f for f in found if len(f)], ignore_index=True)
    varied = table["indicator"].isin(OF_ERRORS)
    table["value"] = [to_digits(v, OWN_DIGITS) if own else v for v, own in zip(table["value"], varied, strict=True)]
    table = _rates(table, wave)
    concepts = {c.name for c in survey.concepts.values() if c.direct_identifier or c.type in ("text", "identifier")}
    table = table[~table["concept"].isin(concepts)]
    table.insert(0, "survey", survey.name)
    table.insert(1, "wave", wave.name)
    return table.dropna(subset=["value"])


def panel(lake: Lake, survey: Survey, waves: list[str]) -> pd.DataFrame:
    """How many firms answered in two waves, both ways round, from pseudonyms that are the same in every wave."""
    firms = {
        name: set(responses.loc[responses["status"] == "kept", "firm"])
        for name in waves
        if lake.has("validated_responses", name)
        for responses in [lake.read("validated_responses", name)]
    }
    rows = [
        {
            "survey": survey.name,
            "wave": one,
            "indicator": "panel_overlap",
            "concept": other,
            "value": float(len(mine & theirs)),
        }
        for one, mine in firms.items()
        for other, theirs in firms.items()
        if one != other
    ]
    return pd.DataFrame(rows, columns=["survey", "wave", "indicator", "concept", "value"])


def defined(table: pd.DataFrame) -> pd.DataFrame:
    """The table with each indicator's unit, and its definition in both languages."""
    out = table.copy()
    out["unit"] = out["indicator"].map(lambda name: UNITS[name])
    out["definition"] = out["indicator"].map(lambda name: say("quality", name, "en"))
    out["definition_nl"] = out["indicator"].map(lambda name: say("quality", name, "nl"))
    return out


def _one(indicator: str, value: float, concept: str = EVERYTHING) -> pd.DataFrame:
    return pd.DataFrame([{"indicator": indicator, "concept": concept, "value": float(value)}])


def _rates(table: pd.DataFrame, wave: Wave) -> pd.DataFrame:
    whole = table[table["concept"] == EVERYTHING].drop_duplicates("indicator").set_index("indicator")["value"]
    usable, invited = whole.get("usable_responses"), whole.get("invited", wave.invited)
    extra = []
    if "invited" not in whole and wave.invited:
        extra.append(_one("invited", wave.invited))
    if usable is not None and invited:
        extra.append(_one("unit_response_rate", usable / invited))
        over = whole.get("over_coverage_rate")
        if over is not None and over > 0:
            extra.append(_one("unit_response_rate_eligible", usable / (invited * (1 - over))))
    return pd.concat([table, *extra], ignore_index=True)


def stands(survey: Survey, waves: Sequence[str], standing_waves: Iterable[str]) -> pd.DataFrame:
    """Whether each wave's figures are an earlier release's."""
    kept = set(standing_waves)
    return pd.DataFrame(
        [
            {"survey": survey.name, "wave": w, "indicator": STANDS, "concept": EVERYTHING, "value": float(w in kept)}
            for w in waves
        ]
    )
