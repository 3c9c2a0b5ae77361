"""Quality indicators in the order of the European SIMS standard, each with the definition it was computed by.

Belongs here: counting what happened to a wave, from its lake tables. Does not belong here: judging it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from monitor.precision import OWN_DIGITS, to_digits
from monitor.stages.disclosed.history import STANDS
from monitor.storage.lake import Lake, statement
from monitor.survey import Survey, Wave

EVERYTHING = "all"

COUNTS_OF_FIRMS = (
    "panel_overlap", "participants", "corrections", "amendments_accepted", "amendments_refused", "amendments_undecided",
)  # fmt: skip
"""Indicators that count firms by what they answered or by what became of their answers"""

DEFINITIONS: Mapping[str, tuple[str, str]] = {
    "frame_size": ("Firms in the sampling frame.", "Bedrijven in het steekproefkader."),
    "invited": ("Firms invited to take part.", "Bedrijven die zijn uitgenodigd."),
    "over_coverage_rate": (
        "Invited firms found not to belong to the population (ceased, moved away, not a firm), over all invited firms "
        "(unweighted).",
        "Uitgenodigde bedrijven die niet tot de populatie bleken te horen (gestopt, verhuisd, geen bedrijf), gedeeld "
        "door alle uitgenodigde bedrijven (ongewogen).",
    ),
    "responses": ("Records in the delivery.", "Records in de levering."),
    "quarantined": (
        "Responses kept out of the analysis by a validation rule.",
        "Antwoorden die een validatieregel buiten de analyse hield.",
    ),
    "duplicates": (
        "Records left out because the firm answered twice.",
        "Records die wegvielen: bedrijf antwoordde dubbel.",
    ),
    "not_usable": (
        "Records left out because too little was filled in to count as a response.",
        "Records die wegvielen omdat te weinig was ingevuld.",
    ),
    "usable_responses": (
        "Firms whose response was substantially completed, passed the rules and is used in every figure.",
        "Bedrijven met een voldoende ingevuld antwoord dat de regels doorstond en in elk cijfer meetelt.",
    ),
    "unit_response_rate": (
        "Usable responses over invited firms (unweighted; firms found ineligible stay in the denominator).",
        "Bruikbare antwoorden gedeeld door uitgenodigde bedrijven (ongewogen; bedrijven die buiten de populatie bleken "
        "te vallen blijven in de noemer).",
    ),
    "unit_response_rate_eligible": (
        "Usable responses over invited firms not found to be outside the population (AAPOR RR6-like, unweighted).",
        "Bruikbare antwoorden gedeeld door uitgenodigde bedrijven die niet buiten de populatie bleken te vallen "
        "(ongewogen).",
    ),
    "item_response_rate": (
        "Usable responses with an answer to the question over usable responses that were asked it (unweighted).",
        "Bruikbare antwoorden met een antwoord op de vraag, gedeeld door bruikbare antwoorden aan wie zij is gesteld "
        "(ongewogen).",
    ),
    "imputation_rate": (
        "Values filled in by imputation over usable responses (unweighted).",
        "Door imputatie ingevulde waarden gedeeld door bruikbare antwoorden (ongewogen).",
    ),
    "corrections": (
        "Declared corrections of answers that were applied.",
        "Gedeclareerde correcties van antwoorden die zijn toegepast.",
    ),
    "amendments_accepted": (
        "Responses that a later delivery added, changed or left out, accepted by decision.",
        "Antwoorden die een latere levering toevoegde, wijzigde of wegliet, na een besluit aanvaard.",
    ),
    "amendments_refused": (
        "Responses that a later delivery added, changed or left out, refused by decision: what stood before counts.",
        "Antwoorden die een latere levering toevoegde, wijzigde of wegliet, na een besluit geweigerd: wat er stond "
        "telt.",
    ),
    "amendments_undecided": (
        "Responses that a later delivery added, changed or left out, taken over without a decision.",
        "Antwoorden die een latere levering toevoegde, wijzigde of wegliet, zonder besluit overgenomen.",
    ),
    STANDS: (
        "Whether all figures of this wave are those of an earlier release (1) or new (0): they stay as they were while "
        "fewer firms changed their answers since than may be told apart.",
        "Of alle cijfers van deze meting die van een eerdere uitgave zijn (1) of nieuw (0): zij blijven zoals zij "
        "waren zolang minder bedrijven hun antwoorden wijzigden dan uit elkaar te houden mogen zijn.",
    ),
    "panel_overlap": (
        "Firms with a usable response in this wave and also in the wave named.",
        "Bedrijven met een bruikbaar antwoord in deze meting en ook in de genoemde meting.",
    ),
    "design_effect_weights": (
        "Kish design effect of the final weights: 1 + CV²(w).",
        "Kish' ontwerpeffect van de eindgewichten: 1 + CV²(w).",
    ),
    "effective_responses": (
        "Usable responses over the design effect of the weights.",
        "Bruikbare antwoorden gedeeld door het ontwerpeffect van de gewichten.",
    ),
    "weight_minimum": ("Smallest final weight.", "Kleinste eindgewicht."),
    "weight_maximum": ("Largest final weight.", "Grootste eindgewicht."),
    "weight_sum": (
        "Sum of the final weights: firms they stand for.",
        "Som van de eindgewichten: bedrijven waarvoor zij staan.",
    ),
    "step_weight_sum": ("Sum of the weights after this step.", "Som van de gewichten na deze stap."),
    "step_weight_minimum": ("Smallest weight after this step.", "Kleinste gewicht na deze stap."),
    "step_weight_maximum": ("Largest weight after this step.", "Grootste gewicht na deze stap."),
    "step_design_effect": (
        "Kish design effect of the weights after this step: 1 + CV²(w).",
        "Kish' ontwerpeffect van de gewichten na deze stap: 1 + CV²(w).",
    ),
    "step_effective_responses": (
        "Usable responses over the design effect after this step.",
        "Bruikbare antwoorden gedeeld door het ontwerpeffect na deze stap.",
    ),
    "coefficient_of_variation": (
        "Standard error over estimate of a headline indicator, for all firms (weighted).",
        "Standaardfout gedeeld door de schatting van een kerncijfer, voor alle bedrijven (gewogen).",
    ),
    "initiatives_identified": (
        "Innovation networks, test environments and incubators in the survey's registry.",
        "Innovatienetwerken, testomgevingen en incubators in het register van de enquête.",
    ),
    "initiatives_mentioned": (
        "Initiatives of the registry that at least one usable response takes part in.",
        "Initiatieven uit het register waaraan ten minste één bruikbaar antwoord deelneemt.",
    ),
    "participants": (
        "Usable responses taking part in at least one initiative.",
        "Bruikbare antwoorden met deelname aan ten minste één initiatief.",
    ),
    "fieldwork_duration_median": (
        "Median time a usable response took, in seconds.",
        "Mediane invultijd van een bruikbaar antwoord, in seconden.",
    ),
}


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
    ]
    registry = "initiatives" in survey.concepts and bool(survey.initiatives)
    if registry:
        counted.append(("quality_initiatives", ("imputed_answers",), None))
    counted = [x for x in counted if all(lake.has(table, wave.name) for table in x[1])]
    with lake.open(wave.name, *sorted({table for _, tables, _ in counted for table in tables})) as connection:
        found = [connection.execute(statement("disclosed", name), given).df() for name, _, given in counted]
    if registry:
        found.append(_one("initiatives_identified", len(survey.initiatives)))
    table = pd.concat([f for f in found if len(f)], ignore_index=True)
    varied = table["indicator"] == "coefficient_of_variation"
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
    out["definition"] = out["indicator"].map(lambda name: DEFINITIONS[name][0])
    out["definition_nl"] = out["indicator"].map(lambda name: DEFINITIONS[name][1])
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
