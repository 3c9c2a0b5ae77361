"""The tables of the lake: which stage writes which, and what a row of each is.

Belongs here: every table between the stages, as data; each lies as one file for each wave. Does not belong here:
writing them (the stages), the tables of a release (`figures`, `models`, `documentation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LakeTable:
    """One table of the lake; its stage is the first word of its name."""

    name: str
    key: tuple[str, ...]
    """What tells its rows apart within a wave; empty where rows may be alike"""
    holds: str

    @property
    def stage(self) -> str:
        """The stage that writes it."""
        return self.name.partition("_")[0]


def _table(name: str, key: str, holds: str) -> LakeTable:
    return LakeTable(name, tuple(key.split()), holds)


WAVE_TABLES: Sequence[LakeTable] = (
    _table("raw_deliveries", "role delivery", "a delivery's file: what it is, when it came, whether it counts"),
    _table("raw_records", "row_number", "a record of the answers as it was delivered, every value as text"),
    _table("raw_columns", "role position", "a column of a delivery"),
    _table("raw_codes", "role stored code", "a code that the file itself labels"),
    _table("raw_frame", "row_number", "a record of the frame as it was delivered"),
    _table("raw_corrections", "line", "a declared correction"),
    _table("raw_grants", "programme line", "a grant of a programme as its list has it"),
    _table("raw_amendments", "firm column line_before line_after", "an answer that a later delivery changed"),
    _table("staged_answers", "firm response", "a response in concepts, typed and coded"),
    _table("staged_missing", "firm response concept", "a value that is missing, and why"),
    _table("staged_frame", "firm", "a firm of the frame"),
    _table("staged_columns", "source_column concept", "what became of a source column"),
    _table("staged_codes", "", "an official code that needed a second look"),
    _table("staged_corrections", "", "a correction, and whether it was applied"),
    _table("staged_grants", "programme line", "a grant of a programme, its firm by pseudonym"),
    _table("staged_left_out", "held_in row_number", "a record that is no firm's, and why"),
    _table("staged_identifiers", "held_in shape", "a shape that firms' identifiers have, and how often"),
    _table("validated_rules", "suite rule", "a rule and its outcome"),
    _table("validated_failures", "", "a row that failed a rule"),
    _table("validated_responses", "firm response", "a response's status"),
    _table("validated_fieldwork", "indicator concept", "a figure about the fieldwork"),
    _table("imputed_answers", "imputation firm", "a kept response in one completed copy; copy 0 as it was answered"),
    _table("imputed_flags", "firm concept", "a value that was filled in"),
    _table("imputed_diagnostics", "concept", "how a concept was filled in"),
    _table("derived_measures", "imputation firm", "a firm's measures and bases in one completed copy"),
    _table("derived_flags", "firm measure", "a measure of a firm that cannot be computed"),
    _table("derived_routed", "firm measure", "a measure of a firm that was led past one of its questions"),
    _table("weighted_weights", "firm", "a responding firm's weights and the variables of the design"),
    _table("weighted_nonresponding", "stratum response_class base_weight", "invited firms without a usable response"),
    _table("weighted_replicates", "firm", "a firm's replicate weights"),
    _table("weighted_diagnostics", "step statistic margin category", "a figure about a step of the weighting"),
    _table("estimated_indicators", "indicator domain_variable domain", "an indicator in a domain"),
    _table(
        "estimated_participation",
        "grouped_by code figure domain_variable domain",
        "participation in a group of initiatives, in a domain",
    ),
    _table("modelled_models", "model variant", "a fitted model"),
    _table("modelled_terms", "model variant term", "a coefficient"),
    _table("modelled_contrasts", "model variant contrast", "a contrast on the probability scale"),
    _table("modelled_answer", "model variant", "the primary question under one pair of readings"),
    _table("modelled_curve", "model sign cut", "the headline contrast at another threshold of the outcome"),
    _table("modelled_distribution", "model cut state", "the probability of more than a threshold in one of the states"),
    _table("modelled_specifications", "model number", "the headline contrast under another specification"),
    _table("modelled_robustness", "model variant test subject", "a check of a model"),
    _table("modelled_claims", "claim", "a claim's verdict"),
    _table(
        "modelled_sensitivity",
        "kind figure approach axis",
        "what those who did not answer could change in a figure or claim",
    ),
    _table("modelled_programme_firms", "programme firm", "a firm that took part in a programme or could have"),
    _table("modelled_programme_groups", "programme measure standing", "what a programme's firms answered before it"),
    _table("modelled_programme_balance", "programme term", "a covariate of participants and of the firms beside them"),
    _table("modelled_programme_effects", "programme approach", "how participants differ from firms made like them"),
)
"""In the order of the flow; the modelled tables have rows for all waves together too"""

CHANGES = _table(
    "estimated_changes", "indicator domain_variable domain wave_from wave_to", "an indicator's change between waves"
)
"""Changes between every two waves"""
ENTRIES = _table(
    "estimated_entries", "wave_before wave grouped_by code figure", "entry or exit of participants between two waves"
)
SPANNING: Sequence[LakeTable] = (CHANGES, ENTRIES)
"""The tables that span waves before disclosure control"""

BY_NAME: Mapping[str, LakeTable] = {table.name: table for table in (*WAVE_TABLES, *SPANNING)}


def of_stage(stage: str) -> tuple[str, ...]:
    """The tables that a stage writes for one wave, in order."""
    return tuple(table.name for table in WAVE_TABLES if table.stage == stage)
