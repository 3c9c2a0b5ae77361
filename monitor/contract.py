"""The contract of the public tables: which columns, of what type, in what order, meaning what.

Belongs here: the shape and the words of every table a release publishes, as data. Columns may be added, none
renamed. Does not belong here: filling the tables (`disclosed`) or writing them (`released`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, its definition with unit, and what every value must satisfy."""

    name: str
    type: str
    comment: str
    check: str | None = None


@dataclass(frozen=True)
class Table:
    """One public table: its grain as key, its columns in order, and whether it can carry withheld values."""

    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    withheld: tuple[str, ...] = ()
    """Columns that are NULL where `suppressed` is true"""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)


survey = Column("survey", "VARCHAR", "Survey: the name of the survey programme.")
wave = Column("wave", "VARCHAR", "Wave: the round of fieldwork, named by the year it was sent out.")
suppressed = Column(
    "suppressed", "BOOLEAN", "Whether the values of this row are withheld by disclosure control (they are NULL then)."
)
share = "{0} BETWEEN 0 AND 1"
not_negative = "{0} >= 0"
ci_low = Column("ci_low", "DOUBLE", "Lower bound of the 95 % interval, in the unit of the estimate.")
ci_high = Column("ci_high", "DOUBLE", "Upper bound of the 95 % interval, in the unit of the estimate.")
se = Column("se", "DOUBLE", "Standard error from the survey design, in the unit of the estimate.", not_negative)
p_value = Column("p_value", "DOUBLE", "Two-sided p-value against zero.", share)
domain_variable = Column(
    "domain_variable", "VARCHAR", "The variable that forms the subgroup; `all` for all firms of the base."
)
domain = Column("domain", "VARCHAR", "The subgroup's code (codebook); `all` for all firms of the base.")
model = Column("model", "VARCHAR", "Model: the registered specification.")
variant = Column("variant", "VARCHAR", "Variant of the model: what was changed against the primary specification.")


TABLES: tuple[Table, ...] = (
    Table(
        "indicators",
        "Indicators: one row per survey, wave, indicator and domain. Percentages are shares in 0..1.",
        ("survey", "wave", "indicator", "domain_variable", "domain"),
        (
            survey,
            wave,
            Column("indicator", "VARCHAR", "Indicator: the published estimate's name."),
            Column("measure", "VARCHAR", "The measure it estimates (codebook of measures: table `measures`)."),
            domain_variable,
            domain,
            Column("estimate", "DOUBLE", "Weighted estimate: a share in 0..1, or in the measure's unit."),
            se,
            ci_low,
            ci_high,
            Column(
                "unweighted",
                "DOUBLE",
                "Plain share or mean of the usable responses, as published reports print it; a share in 0..1.",
            ),
            Column("n", "BIGINT", "Firms in the base that answered (number).", not_negative),
            Column("n_effective", "DOUBLE", "Firms of a simple random sample with the same precision.", not_negative),
            Column("deff", "DOUBLE", "Design effect: variance over that of a simple random sample.", not_negative),
            Column("cv", "DOUBLE", "Coefficient of variation: se over the estimate's size (share).", not_negative),
            Column(
                "reliability",
                "VARCHAR",
                "good, limited or unpublishable.",
                "{0} IN ('good', 'limited', 'unpublishable')",
            ),
            suppressed,
            Column("comparable_since", "VARCHAR", "First wave this figure can be compared with."),
        ),
        ("estimate", "se", "ci_low", "ci_high", "unweighted", "n", "n_effective", "deff", "cv"),
    ),
    Table(
        "changes",
        "Changes of an indicator between two waves, with the covariance of the firms in both.",
        ("survey", "indicator", "domain_variable", "domain", "wave_from", "wave_to"),
        (
            survey,
            Column("indicator", "VARCHAR", "Indicator."),
            domain_variable,
            domain,
            Column("wave_from", "VARCHAR", "Earlier wave."),
            Column("wave_to", "VARCHAR", "Later wave."),
            Column(
                "change", "DOUBLE", "Estimate of the later wave minus that of the earlier, in the indicator's unit."
            ),
            se,
            ci_low,
            ci_high,
            p_value,
            Column(
                "overlap_firms",
                "BIGINT",
                "Firms that answered in both waves (number); NULL where they are too few to count in public.",
                not_negative,
            ),
            Column(
                "overlap_suppressed", "BOOLEAN", "Whether only the number of firms in both waves is withheld, or all."
            ),
            suppressed,
        ),
        ("change", "se", "ci_low", "ci_high", "p_value", "overlap_firms"),
    ),
    Table(
        "models",
        "Models: one row per survey, wave (or `pooled`), model and variant; why none is published where none is.",
        ("survey", "wave", "model", "variant"),
        (
            survey,
            wave,
            model,
            variant,
            Column("outcome", "VARCHAR", "Measure explained."),
            Column("base", "VARCHAR", "Firms the model is about."),
            Column("estimator", "VARCHAR", "logit, firth, fractional_logit or conditional_logit."),
            Column("weighted", "BOOLEAN", "Whether the design's weights were used."),
            Column("n", "BIGINT", "Firms in the model (number).", not_negative),
            Column("events", "BIGINT", "Firms with the outcome (number).", not_negative),
            Column("n_dropped", "BIGINT", "Firms of the base left out for a missing value (number).", not_negative),
            Column("df", "DOUBLE", "Degrees of freedom of the design."),
            Column(
                "minimum_detectable_effect",
                "DOUBLE",
                "Smallest complementarity found with 80 % power (share, 0..1).",
            ),
            Column("converged", "BOOLEAN", "Whether the fit converged."),
            Column("warning", "VARCHAR", "What to know about this fit, or why it is not published (English)."),
            Column("warning_nl", "VARCHAR", "What to know about this fit, or why it is not published (Dutch)."),
            Column("published", "BOOLEAN", "Whether there are terms and contrasts of this fit."),
            suppressed,
        ),
        ("n", "events", "n_dropped", "df", "minimum_detectable_effect"),
    ),
    Table(
        "terms",
        "Terms: the coefficients of each model on its own scale (log-odds for a logit).",
        ("survey", "wave", "model", "variant", "term"),
        (
            survey,
            wave,
            model,
            variant,
            Column("term", "VARCHAR", "Coefficient."),
            Column("estimate", "DOUBLE", "Coefficient on the model's scale (log-odds)."),
            se,
            ci_low,
            ci_high,
            p_value,
            Column("odds_ratio", "DOUBLE", "exp(estimate), for logits."),
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value", "odds_ratio"),
    ),
    Table(
        "contrasts",
        "Contrasts on the probability scale: standardised probabilities of the four states, effects, complementarity.",
        ("survey", "wave", "model", "variant", "contrast"),
        (
            survey,
            wave,
            model,
            variant,
            Column(
                "contrast",
                "VARCHAR",
                "p_neither, p_invests_only, p_cooperates_only, p_both, ame_cooperates, ame_invests, "
                "effect_cooperates_without_investment, effect_cooperates_with_investment, complementarity "
                "(= p_both - p_cooperates_only - p_invests_only + p_neither).",
            ),
            Column("estimate", "DOUBLE", "Probability or difference of probabilities (share, -2..2)."),
            se,
            ci_low,
            ci_high,
            p_value,
            Column("p_greater", "DOUBLE", "One-sided p-value against zero or less.", share),
            Column("p_less", "DOUBLE", "One-sided p-value against zero or more.", share),
            Column("p_holm", "DOUBLE", "p-value within its family of tests, after Holm.", share),
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value", "p_greater", "p_less", "p_holm"),
    ),
    Table(
        "curve",
        "Curve: contrasts of the primary model with the outcome cut at other values.",
        ("survey", "wave", "model", "measure", "sign", "cut", "contrast"),
        (
            survey,
            wave,
            model,
            Column("measure", "VARCHAR", "Measure that is cut."),
            Column("sign", "VARCHAR", "> or >=: how the cut is passed."),
            Column("cut", "DOUBLE", "Cut, in the measure's unit (per cent: 0..100)."),
            Column("contrast", "VARCHAR", "Contrast on the probability scale."),
            Column("estimate", "DOUBLE", "Probability or difference of probabilities (share)."),
            se,
            ci_low,
            ci_high,
            p_value,
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value"),
    ),
    Table(
        "specifications",
        "Specifications: the primary question under every declared combination of defensible choices.",
        ("survey", "wave", "model", "number", "contrast"),
        (
            survey,
            wave,
            model,
            Column("number", "BIGINT", "Number of the specification."),
            Column("weights", "VARCHAR", "weighted or unweighted."),
            Column("values", "VARCHAR", "imputed or complete."),
            Column("base", "VARCHAR", "Firms it is about."),
            Column("outcome", "VARCHAR", "Measure explained."),
            Column("practice_a", "VARCHAR", "First practice (cooperation)."),
            Column("practice_b", "VARCHAR", "Second practice (investment)."),
            Column("controls", "VARCHAR", "Set of controls."),
            Column("without", "VARCHAR", "Firms left out."),
            Column("contrast", "VARCHAR", "Contrast on the probability scale."),
            Column("estimate", "DOUBLE", "Difference of probabilities (share)."),
            se,
            ci_low,
            ci_high,
            p_value,
            suppressed,
        ),
        ("estimate", "se", "ci_low", "ci_high", "p_value"),
    ),
    Table(
        "robustness",
        "Robustness: tests beside the models – joint tests, E-values, power, inverted U, panel, attrition.",
        ("survey", "wave", "model", "variant", "check", "subject"),
        (
            survey,
            wave,
            model,
            variant,
            Column("check", "VARCHAR", "What is tested."),
            Column("subject", "VARCHAR", "On what."),
            Column("estimate", "DOUBLE", "Estimate."),
            ci_low,
            ci_high,
            p_value,
            Column("statistic", "DOUBLE", "Test statistic."),
            Column("bound", "DOUBLE", "Bound or critical value."),
            Column("verdict", "VARCHAR", "Outcome in a word."),
            Column("note_nl", "VARCHAR", "Outcome in a sentence (Dutch)."),
            Column("note_en", "VARCHAR", "Outcome in a sentence (English)."),
            suppressed,
        ),
        ("estimate", "ci_low", "ci_high", "p_value", "statistic", "bound", "verdict", "note_nl", "note_en"),
    ),
    Table(
        "claims",
        "Claims: sentences with a decision rule written before the data, and their verdict per wave.",
        ("survey", "wave", "claim"),
        (
            survey,
            wave,
            Column("claim", "VARCHAR", "Claim: its short name."),
            Column("text_nl", "VARCHAR", "The claim in Dutch."),
            Column("text_en", "VARCHAR", "The claim in English."),
            Column("estimand", "VARCHAR", "What is estimated to decide it."),
            Column("estimate", "DOUBLE", "Estimate of the estimand (share, or difference of shares)."),
            ci_low,
            ci_high,
            Column("decision_rule", "VARCHAR", "When it counts as supported (English)."),
            Column(
                "verdict",
                "VARCHAR",
                "supported, contradicted, inconclusive or not testable.",
                "{0} IN ('supported', 'contradicted', 'inconclusive', 'not testable')",
            ),
            Column("reason", "VARCHAR", "Why this verdict (English)."),
            Column("decision_rule_nl", "VARCHAR", "When it counts as supported (Dutch)."),
            Column("reason_nl", "VARCHAR", "Why this verdict (Dutch)."),
            Column("minimum_detectable_effect", "DOUBLE", "Smallest difference found with 80 % power (share)."),
            suppressed,
        ),
        ("estimate", "ci_low", "ci_high", "reason", "reason_nl", "minimum_detectable_effect"),
    ),
    Table(
        "initiatives",
        "Initiatives: the survey's registry, with the firms of each wave that take part.",
        ("survey", "wave", "initiative"),
        (
            survey,
            wave,
            Column("initiative", "VARCHAR", "Initiative's code in the registry."),
            Column("kind", "VARCHAR", "network, test_environment or incubator."),
            Column("label_nl", "VARCHAR", "Name (Dutch)."),
            Column("label_en", "VARCHAR", "Name (English)."),
            Column("firms", "BIGINT", "Usable responses that take part (number, unweighted).", not_negative),
            suppressed,
        ),
        ("firms",),
    ),
    Table(
        "benchmarks",
        "Benchmarks: weighted median and quartiles of number-valued measures by domain, rounded to two digits.",
        ("survey", "wave", "measure", "domain_variable", "domain"),
        (
            survey,
            wave,
            Column("measure", "VARCHAR", "Measure."),
            domain_variable,
            domain,
            Column("p25", "DOUBLE", "Value a quarter of firms stay under, in the measure's unit (shares in 0..1)."),
            Column("median", "DOUBLE", "Value half of the firms stay under, in the measure's unit (shares in 0..1)."),
            Column(
                "p75", "DOUBLE", "Value three quarters of firms stay under, in the measure's unit (shares in 0..1)."
            ),
            suppressed,
        ),
        ("p25", "median", "p75"),
    ),
    Table(
        "rules",
        "Rules: outcome of every validation rule per wave.",
        ("survey", "wave", "suite", "rule"),
        (
            survey,
            wave,
            Column("suite", "VARCHAR", "The table the rule looks at."),
            Column("rule", "VARCHAR", "Rule."),
            Column("severity", "VARCHAR", "critical stops the wave, warning quarantines the response, info is noted."),
            Column("why", "VARCHAR", "Why the rule exists (English)."),
            Column("why_nl", "VARCHAR", "Why the rule exists (Dutch)."),
            Column("checked", "BIGINT", "Records checked (number).", not_negative),
            Column("failed", "BIGINT", "Records that failed (number).", not_negative),
            Column("kept_out", "BIGINT", "Responses kept out of the analysis by it (number).", not_negative),
            Column("passed", "BOOLEAN", "Whether nothing failed; NULL where the wave could not be checked on it."),
        ),
    ),
    Table(
        "quality",
        "Quality indicators per wave, each with the definition it was computed by.",
        ("survey", "wave", "indicator", "concept"),
        (
            survey,
            wave,
            Column("indicator", "VARCHAR", "Quality indicator."),
            Column("concept", "VARCHAR", "The concept, step or wave it is about; `all` where it is about the wave."),
            Column("value", "DOUBLE", "Value: a number, or a share in 0..1."),
            Column("definition", "VARCHAR", "How it was computed (English)."),
            Column("definition_nl", "VARCHAR", "How it was computed (Dutch)."),
            suppressed,
        ),
        ("value",),
    ),
    Table(
        "codebook",
        "Codebook: every concept per wave, the question that asked it, and whether it can be compared over waves.",
        ("survey", "wave", "concept"),
        (
            survey,
            wave,
            Column("concept", "VARCHAR", "Concept: the canonical variable."),
            Column("question", "VARCHAR", "The question's words in this wave (Dutch where there are two)."),
            Column("source_column", "VARCHAR", "Columns of the delivery that hold the answer."),
            Column("label_nl", "VARCHAR", "Label (Dutch)."),
            Column("label_en", "VARCHAR", "Label (English)."),
            Column("unit", "VARCHAR", "Unit of the concept."),
            Column("type", "VARCHAR", "Type of the concept."),
            Column("codes", "VARCHAR", "Codes with their labels, as JSON: code -> {nl, en}."),
            Column("cis_code", "VARCHAR", "Code in the Community Innovation Survey, as JSON: edition -> code."),
            Column("asked_of", "VARCHAR", "Who was asked, as a condition over concepts; NULL: everyone."),
            Column("comparability", "VARCHAR", "asked, reworded, recoded or not asked."),
            Column("comparable_since", "VARCHAR", "First wave the answers can be compared with."),
            Column("definition_nl", "VARCHAR", "Definition (Dutch)."),
            Column("definition_en", "VARCHAR", "Definition (English)."),
            Column("changed_nl", "VARCHAR", "What changed since the last wave, or why it was not asked (Dutch)."),
            Column("changed_en", "VARCHAR", "What changed since the last wave, or why it was not asked (English)."),
        ),
    ),
    Table(
        "measures",
        "Measures and bases: the analytic variables and the groups of firms they are about, with their formulas.",
        ("survey", "kind", "name"),
        (
            survey,
            Column("kind", "VARCHAR", "measure, base or indicator."),
            Column("name", "VARCHAR", "Name."),
            Column("label_nl", "VARCHAR", "Label (Dutch)."),
            Column("label_en", "VARCHAR", "Label (English)."),
            Column("definition_nl", "VARCHAR", "Definition (Dutch)."),
            Column("definition_en", "VARCHAR", "Definition (English)."),
            Column("formula", "VARCHAR", "Expression over concepts, or how the indicator is estimated."),
            Column("unit", "VARCHAR", "Unit; `share` for shares in 0..1."),
            Column("base", "VARCHAR", "Base of an indicator."),
            Column("headline", "BOOLEAN", "Whether the indicator opens the report."),
        ),
    ),
    Table(
        "releases",
        "Releases: what this database is a release of.",
        ("release_id",),
        (
            Column("release_id", "VARCHAR", "Release: running number and first digits of its content hash."),
            Column("created_at", "TIMESTAMP", "When it was made (UTC)."),
            survey,
            Column("waves", "VARCHAR", "Waves in it, joined by commas."),
            Column("code_version", "VARCHAR", "Version of the product that made it."),
            Column("definition_hash", "VARCHAR", "SHA-256 over the survey's definition."),
            Column("synthetic", "BOOLEAN", "Whether the data are synthetic: no firm exists."),
            Column("synthetic_note", "VARCHAR", "What a reader of synthetic data must know; NULL for real data."),
        ),
    ),
)

BY_NAME: Mapping[str, Table] = {table.name: table for table in TABLES}

_dtypes = {"VARCHAR": "object", "DOUBLE": "float64", "BIGINT": "Int64", "BOOLEAN": "boolean", "TIMESTAMP": "object"}


def shaped(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as the contract has the table: its columns in order and typed, sorted by key, the key unique.

    A column the frame lacks is NULL; `suppressed` is false where it is not said. Columns beyond the contract are
    left out: nothing reaches the public by accident. Raises ValueError where the key repeats.
    """
    table = BY_NAME[name]
    out = pd.DataFrame(index=frame.index)
    for column in table.columns:
        if column.name not in frame.columns:
            values = pd.Series(False if column.name == "suppressed" else None, index=frame.index, dtype="object")
        else:
            values = frame[column.name]
        out[column.name] = _typed(values, column.type)
    key = list(table.key)
    out = out.sort_values(key, kind="stable").reset_index(drop=True)
    repeated = out.duplicated(key)
    if bool(repeated.any()):
        raise ValueError(
            f"{name}: {int(repeated.sum())} repeated keys, first {out.loc[repeated, key].iloc[0].to_dict()}"
        )
    return out


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind == "VARCHAR":
        return values.astype("object").where(values.notna(), None).map(lambda v: v if v is None else str(v))
    if kind == "DOUBLE":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if kind == "BIGINT":
        return pd.to_numeric(values, errors="coerce").astype("Float64").round().astype("Int64")
    return values.astype("object").where(values.notna(), None).astype(_dtypes[kind])  # type: ignore[call-overload]
