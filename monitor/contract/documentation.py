"""What a reader must know of the figures: rules, quality, codebook, formulas, the release itself.

Belongs here: their columns with definitions, units and checks. Does not belong here: filling them.
"""

from __future__ import annotations

from monitor.contract.columns import (
    AS_IT_IS,
    Column,
    Table,
    domain_variable,
    held,
    not_negative,
    suppressed,
    survey,
    wave,
)

DOCUMENTATION: tuple[Table, ...] = (
    Table(
        "rules",
        "Rules: outcome of every validation rule per wave.",
        ("survey", "wave", "suite", "rule"),
        (
            survey,
            wave,
            Column("suite", "VARCHAR", "The table the rule looks at."),
            Column("rule", "VARCHAR", "Rule."),
            Column(
                "severity",
                "VARCHAR",
                "critical stops the wave, warning quarantines the response, info is noted.",
                values=("critical", "warning", "info"),
            ),
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
            Column("concept", "VARCHAR", "The concept, step, wave or kind of figures it is about; `all` for the wave."),
            Column("value", "DOUBLE", "Value, in its unit.", precision=AS_IT_IS),
            Column(
                "unit",
                "VARCHAR",
                "Unit of the value: share (in 0..1), firms, responses, answers, initiatives, firms per response, "
                "seconds, or ratio (a number without unit).",
            ),
            Column("definition", "VARCHAR", "How it was computed (English)."),
            Column("definition_nl", "VARCHAR", "How it was computed (Dutch)."),
            suppressed,
            held,
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
            Column(
                "reference_period",
                "VARCHAR",
                "What it asked about: a year, years (2016-2018) or interview (the present, when the firm answered); "
                "NULL where not declared.",
            ),
            Column("source_column", "VARCHAR", "Columns of the delivery that hold the answer."),
            Column("label_nl", "VARCHAR", "Label (Dutch)."),
            Column("label_en", "VARCHAR", "Label (English)."),
            Column("unit", "VARCHAR", "Unit of the concept."),
            Column("type", "VARCHAR", "Type of the concept."),
            Column("codes", "VARCHAR", "Codes with their labels, as JSON: code -> {nl, en}."),
            Column("cis_code", "VARCHAR", "Code in the Community Innovation Survey, as JSON: edition -> code."),
            Column("asked_of", "VARCHAR", "Who was asked, as a condition over concepts; NULL: everyone."),
            Column(
                "comparability",
                "VARCHAR",
                "asked, reworded, recoded or not asked.",
                values=("asked", "reworded", "recoded", "not asked"),
            ),
            Column("comparable_since", "VARCHAR", "First wave the answers can be compared with."),
            Column("definition_nl", "VARCHAR", "Definition (Dutch)."),
            Column("definition_en", "VARCHAR", "Definition (English)."),
            Column("changed_nl", "VARCHAR", "What changed since the last wave, or why it was not asked (Dutch)."),
            Column("changed_en", "VARCHAR", "What changed since the last wave, or why it was not asked (English)."),
        ),
    ),
    Table(
        "definitions",
        "Definitions: every measure, base and indicator with its formula; views `measures` and `bases` hold one kind.",
        ("survey", "kind", "name"),
        (
            survey,
            Column("kind", "VARCHAR", "measure, base or indicator.", values=("measure", "base", "indicator")),
            Column(
                "name",
                "VARCHAR",
                "Name; a measure, a base and an indicator may have the same: join `measures`, `bases`, or `kind` too.",
            ),
            Column("label_nl", "VARCHAR", "Label (Dutch)."),
            Column("label_en", "VARCHAR", "Label (English)."),
            Column("definition_nl", "VARCHAR", "Definition (Dutch)."),
            Column("definition_en", "VARCHAR", "Definition (English)."),
            Column("formula", "VARCHAR", "Expression over concepts, or how the indicator is estimated."),
            Column("unit", "VARCHAR", "Unit; `share` for shares in 0..1."),
            Column("codes", "VARCHAR", "Codes of a category with their labels, as JSON."),
            Column("base", "VARCHAR", "Base of an indicator."),
            Column("headline", "BOOLEAN", "Whether the indicator opens the report."),
        ),
    ),
    Table(
        "register_changes",
        "Register changes: what happened to each initiative of the register between two waves, from public sources; no "
        "firm's answer is in it. An initiative is of a wave if it had not ended when the period began that the "
        "question on participation asks about.",
        ("survey", "wave", "initiative", "event", "aspect"),
        (
            survey,
            Column("wave", "VARCHAR", "The later of the two waves."),
            Column("wave_before", "VARCHAR", "The earlier of the two waves: the one before it in the release."),
            Column("initiative", "VARCHAR", "Initiative's code in the register."),
            Column("label_nl", "VARCHAR", "Name in the later wave (Dutch)."),
            Column("label_en", "VARCHAR", "Name in the later wave (English)."),
            Column(
                "event",
                "VARCHAR",
                "joined, left, merged (went on in another initiative), renamed, or revised (its kind, theme or place "
                "is another).",
                values=("joined", "left", "merged", "renamed", "revised"),
            ),
            Column(
                "aspect",
                "VARCHAR",
                "What the values are of: founded, ended, merged_into, label, kind, theme or place.",
                values=("founded", "ended", "merged_into", "label", "kind", "theme", "place"),
            ),
            Column("value_before", "VARCHAR", "The value in the earlier wave; NULL where there was none."),
            Column("value_after", "VARCHAR", "The value in the later wave; a date as YYYY-MM-DD."),
            Column("source", "VARCHAR", "Where the register has it from."),
        ),
    ),
    Table(
        "comparable",
        "Comparable indicators: every indicator of the packs that the survey takes (Community Innovation Survey, "
        "innovation scoreboards), with what it means and whether this survey can give it. The figures stand in "
        "`indicators` under the same name.",
        ("survey", "wave", "indicator"),
        (
            survey,
            wave,
            Column("indicator", "VARCHAR", "The indicator's name, here and in `indicators`."),
            Column("pack", "VARCHAR", "The programme: cis or eis.", values=("cis", "eis")),
            Column(
                "cis_code",
                "VARCHAR",
                "Code of the variable in the Community Innovation Survey; NULL where it has none.",
            ),
            Column("computable", "BOOLEAN", "Whether this wave asks all that the indicator needs."),
            Column("reason_nl", "VARCHAR", "Why it is not computable (Dutch); NULL where it is."),
            Column("reason_en", "VARCHAR", "Why it is not computable (English); NULL where it is."),
            Column("label_nl", "VARCHAR", "Label (Dutch)."),
            Column("label_en", "VARCHAR", "Label (English)."),
            Column("estimand_nl", "VARCHAR", "What it estimates, in a sentence (Dutch)."),
            Column("estimand_en", "VARCHAR", "What it estimates, in a sentence (English)."),
            Column(
                "estimator", "VARCHAR", "share, total or ratio (of two totals).", values=("share", "total", "ratio")
            ),
            Column("base_en", "VARCHAR", "Firms it is a figure of (English)."),
            Column("population_nl", "VARCHAR", "Whom the programme is about (Dutch)."),
            Column("population_en", "VARCHAR", "Whom the programme is about (English)."),
            Column("source", "VARCHAR", "Where the programme defines it."),
            Column("address", "VARCHAR", "The source's address."),
        ),
    ),
    Table(
        "domains",
        "Domains: every subgroup figures are published by, what its code means and where it stands in the order.",
        ("survey", "domain_variable", "domain"),
        (
            survey,
            domain_variable,
            Column("domain", "VARCHAR", "The subgroup's code; `all` for all firms of the base."),
            Column(
                "sort_order",
                "BIGINT",
                "Its place among the variable's subgroups, in the order the survey lists them (number from 1).",
            ),
            Column(
                "kind",
                "VARCHAR",
                "What the variable is: category, boolean (yes or no), or all (no subgroup); NULL where it is no longer "
                "declared.",
                values=("category", "boolean", "all"),
            ),
            Column("label_nl", "VARCHAR", "The subgroup's label (Dutch); NULL where the survey gives none."),
            Column("label_en", "VARCHAR", "The subgroup's label (English); NULL where the survey gives none."),
            Column("variable_nl", "VARCHAR", "The variable's label (Dutch)."),
            Column("variable_en", "VARCHAR", "The variable's label (English)."),
        ),
    ),
    Table(
        "readme",
        "Readme: where to begin. Every table and view in the order of reading, with a query that runs as it stands.",
        ("survey", "name"),
        (
            survey,
            Column("name", "VARCHAR", "The table's or view's name."),
            Column("sort_order", "BIGINT", "Its place in the order of reading (number from 1)."),
            Column("kind", "VARCHAR", "table or view.", values=("table", "view")),
            Column("about_nl", "VARCHAR", "What it holds (Dutch)."),
            Column("about_en", "VARCHAR", "What it holds (English)."),
            Column("row_key", "VARCHAR", "Columns that tell its rows apart, joined by commas; NULL of a view."),
            Column("ask", "VARCHAR", "A first question to it, as SQL."),
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
