"""From the lake's tables to the sample that models are fitted on.

Belongs here: reading and aligning measures, controls, weights and routing of a wave. Does not belong here: anything
that needs more than one wave (`panel`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns, columns_of
from monitor.statistics.models.sample import Mask, Sample
from monitor.storage.lake import Lake, columns_in, quoted
from monitor.survey import Survey, Text
from monitor.survey.skips import sentence, skips

NOT_VARIABLES = frozenset(
    {"stratum", "population", "invited", "responding", "response_class", "base_weight", "response_weight", "weight"}
)
"""Columns of `weighted_weights` that describe the design and can be no control"""


def sample_of(lake: Lake, survey: Survey, wave: str) -> Sample:
    """The responding firms of a wave in the order of `weighted_weights`, with every completed copy and the design.

    A column is taken from `derived_measures`, else (a control from the frame) from `weighted_weights`, else from
    `imputed_answers`. Without completed copies the observed answers are the only copy.
    """
    weights = lake.read("weighted_weights", wave).sort_values("firm", ignore_index=True)
    replicates = lake.read("weighted_replicates", wave) if lake.has("weighted_replicates", wave) else None
    silent = lake.read("weighted_nonresponding", wave) if lake.has("weighted_nonresponding", wave) else None
    design = SurveyDesign.from_tables(weights, replicates, survey.design, silent)
    copies = _copies(lake, survey, wave, weights)
    observed = copies.pop(0)
    firms = weights["firm"].to_numpy(object)
    return Sample(
        wave=wave,
        firms=firms,
        copies=tuple(copies.values()) or (observed,),
        observed=observed,
        design=design,
        percentages=_percentages(survey),
        orders={name: tuple(concept.codes) for name, concept in survey.concepts.items() if concept.codes},
        routed=_routed(lake, survey, wave, firms),
        skipped=_skipped(lake, survey, wave),
    )


def firms_where(lake: Lake, expression: str, wave: str) -> set[str]:
    """The firms of a wave's frame of which an expression over concepts is true; where it needs answers, those of them
    that answered so."""
    with lake.open(wave, "staged_frame", "staged_answers") as connection:
        known = columns_in(connection, "staged_frame").keys()
        asked = [name for name in columns_in(connection, "staged_answers") if name not in known]
        both = ", ".join(["f.*", *(f"a.{quoted(name)}" for name in asked)])
        rows = connection.execute(
            f"SELECT DISTINCT firm FROM (SELECT {both} FROM staged_frame AS f "
            f"LEFT JOIN staged_answers AS a USING (firm)) WHERE {expression}"
        ).fetchall()
    return {str(firm) for (firm,) in rows}


def _copies(lake: Lake, survey: Survey, wave: str, weights: pd.DataFrame) -> dict[int, Columns]:
    """Imputation -> its columns, in the order of the firms of `weights`; 0 is the observed copy. Of measures, those
    that the survey has for this stage."""
    derived = lake.read("derived_measures", wave)
    answers = lake.read("imputed_answers", wave)
    of_frame = [c for c in weights.columns if c != "firm" and c not in NOT_VARIABLES and c not in derived.columns]
    of_answers = [c for c in answers.columns if c not in derived.columns and c not in of_frame]
    names = [str(name) for name in derived.columns]
    seen = [c for c in names if c in ("imputation", "firm") or c in survey.measures or c.startswith("base_")]
    asked = answers[["imputation", "firm", *of_answers]]
    merged = derived[seen].merge(asked, on=["imputation", "firm"], validate="1:1")
    # The firms of `weights` are in the order of their names.
    merged = merged.merge(weights[["firm", *of_frame]], on="firm", validate="m:1").sort_values(["imputation", "firm"])
    number = merged["imputation"].to_numpy()
    every = columns_of(merged)
    return {int(copy): every.take(number == copy, [*every.numbers, *every.categories]) for copy in np.unique(number)}


def _percentages(survey: Survey) -> frozenset[str]:
    concepts = {name for name, concept in survey.concepts.items() if concept.type == "percentage"}
    return frozenset(concepts | {name for name, measure in survey.measures.items() if measure.type == "percentage"})


def _routed(lake: Lake, survey: Survey, wave: str, firms: np.ndarray) -> dict[str, Mask]:
    """Measure -> firms whose value follows from the questionnaire's routing."""
    if not lake.has("derived_routed", wave):
        return {}
    past = lake.read("derived_routed", wave)
    past = past[past["measure"].isin(survey.measures)]
    return {str(name): np.isin(firms.astype(str), group["firm"]) for name, group in past.groupby("measure")}


def _skipped(lake: Lake, survey: Survey, wave: str) -> dict[tuple[str, str], Text]:
    """(measure, base) -> the sentence about the first undeclared skip behind it, among the firms that have a weight."""
    declared = survey.waves.get(wave)
    tables = ["staged_answers", "staged_missing"]
    if declared is None or not all(lake.has(table, wave) for table in tables):
        return {}
    tables += ["staged_frame"] if lake.has("staged_frame", wave) else []
    with lake.open(wave, "weighted_weights") as connection:
        known = set(columns_in(connection, _scan(lake, wave, "staged_answers")))
        joined = ""
        if "staged_frame" in tables:
            frame = list(columns_in(connection, _scan(lake, wave, "staged_frame")))
            facts = [quoted(name) for name in frame if name not in known and name not in ("invited", "disposition")]
            firms = f"(SELECT firm, {', '.join(facts)} FROM {lake.scan('staged_frame', wave)})"
            joined = f" LEFT JOIN {firms} USING (firm)" if facts else ""
        connection.execute(
            f"CREATE VIEW staged_answers AS {_scan(lake, wave, 'staged_answers')}{joined} "
            "WHERE firm IN (SELECT firm FROM weighted_weights)"
        )
        connection.execute(f"CREATE VIEW staged_missing AS {_scan(lake, wave, 'staged_missing')}")
        found = skips(connection, survey, declared)
    return {(skip.subject, skip.base): sentence(skip, survey) for skip in reversed(found)}


def _scan(lake: Lake, wave: str, table: str) -> str:
    return f"SELECT * FROM {lake.scan(table, wave)}"
