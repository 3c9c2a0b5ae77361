"""What firms answered, as figures: indicators, their changes, initiatives, and what peers can be compared with.

Belongs here: their columns with definitions, units and checks. Does not belong here: filling them.
"""

from __future__ import annotations

from monitor.contract.columns import (
    AS_IT_IS,
    OF_ERROR,
    Column,
    Table,
    ci_high,
    ci_low,
    domain,
    domain_variable,
    held,
    indicator_labels,
    measure_labels,
    not_negative,
    p_adjusted,
    readable,
    se,
    suppressed,
    survey,
    uncertainty,
    unit,
    wave,
    withheld_for,
)
from monitor.contract.reliability import (
    FEW_FIRMS,
    LEAST_FIRMS,
    LIMITED_CV,
    NARROW,
    TOO_WIDE,
    UNPUBLISHABLE_CV,
    WIDE,
    WIDE_FOR_ITS_SHARE,
)

RELIABILITY = (
    "good or limited; NULL where the row is withheld. Limited: fewer than "
    f"{FEW_FIRMS} effective firms; a share whose interval is {100 * WIDE:.0f} points wide or more, or wider than "
    f"{100 * NARROW:.0f} points and than {WIDE_FOR_ITS_SHARE:g} times the share (or one minus it, where less); an "
    f"amount with a coefficient of variation above {LIMITED_CV:g}. Withheld for reliability: fewer than "
    f"{LEAST_FIRMS} effective firms, {100 * TOO_WIDE:.0f} points, {UNPUBLISHABLE_CV:g}."
)

FIGURES: tuple[Table, ...] = (
    Table(
        "indicators",
        "Indicators: one row per survey, wave, indicator and domain. Percentages are shares in 0..1. Errors are "
        "linearised: who asks the firms themselves (secure database, SurveyDesign) has those of replicate weights, and "
        "intervals that differ by what so many replicates leave to chance.",
        ("survey", "wave", "indicator", "domain_variable", "domain"),
        (
            survey,
            wave,
            Column("indicator", "VARCHAR", "Indicator: the published estimate's name."),
            Column("measure", "VARCHAR", "The measure it estimates (view `measures`)."),
            domain_variable,
            domain,
            *indicator_labels,
            unit,
            Column("base", "VARCHAR", "Firms it is about (view `bases`)."),
            Column(
                "estimate",
                "DOUBLE",
                "Weighted estimate: a share in 0..1, or in the measure's unit.",
                precision=OF_ERROR,
            ),
            se,
            ci_low,
            ci_high,
            *readable,
            Column(
                "unweighted",
                "DOUBLE",
                "The same of the firms counted in n, each counting once: their plain share, mean, ratio or median, as "
                "published reports print it (shares in 0..1); of a total their plain sum, which is not one of a "
                "population.",
                precision=AS_IT_IS,
            ),
            Column(
                "n",
                "BIGINT",
                "Firms in the base with a value (number): they answered, or it follows from what they answered before "
                "(n_routed). NULL where the row is withheld: then the subgroups of a variable add up to less than all "
                "firms.",
                not_negative,
            ),
            Column(
                "n_routed",
                "BIGINT",
                "Of n, firms that were not asked because their value follows from another answer (number); for all "
                "firms of the base only, NULL where these or the others are too few.",
                not_negative,
            ),
            Column(
                "n_completed",
                "DOUBLE",
                "Firms in the base with a value once missing answers are filled in (number, mean over the completed "
                "copies): what the estimate, deff and n_effective rest on.",
                not_negative,
            ),
            Column(
                "n_effective",
                "DOUBLE",
                "n_completed over deff: firms of a simple random sample, from a population without end, with the same "
                "precision. More than n_completed where strata and calibration give more than weights cost.",
                not_negative,
            ),
            Column("deff", "DOUBLE", "Design effect: variance over that of a simple random sample.", not_negative),
            Column("cv", "DOUBLE", "Coefficient of variation: se over the estimate's size (share).", not_negative),
            Column(
                "reliability",
                "VARCHAR",
                RELIABILITY,
                values=("good", "limited"),
            ),
            Column(
                "one_firm",
                "BOOLEAN",
                "Whether one firm, with those it stands for, carries more than the survey's declared share "
                "(`influence`) of what is added up: of a total, a mean's sum, or either part of a ratio. Told of "
                "figures about all firms only; NULL for others, for shares of firms and for medians.",
            ),
            suppressed,
            withheld_for,
            held,
            Column("comparable_since", "VARCHAR", "First wave this figure can be compared with."),
            Column(
                "reference_period",
                "VARCHAR",
                "What its questions asked about: a year, years (2016-2018), interview (the present, when the firm "
                "answered); several joined by commas; NULL where not declared.",
            ),
        ),
        (
            "estimate",
            "se",
            "ci_low",
            "ci_high",
            "df",
            "interval_kind",
            "unweighted",
            "n",
            "n_routed",
            "n_completed",
            "n_effective",
            "deff",
            "cv",
            "reliability",
            "one_firm",
        ),
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
            *indicator_labels,
            unit,
            Column("wave_from", "VARCHAR", "Earlier wave."),
            Column("wave_to", "VARCHAR", "Later wave."),
            Column(
                "change",
                "DOUBLE",
                "Estimate of the later wave minus that of the earlier, in the indicator's unit.",
                precision=OF_ERROR,
            ),
            *uncertainty,
            Column(
                "family",
                "VARCHAR",
                "With which changes between the same two waves its p-value is adjusted: headlines (the headline "
                "figures for all firms) or lists (all others).",
                values=("headlines", "lists"),
            ),
            p_adjusted,
            *readable,
            Column(
                "overlap_firms",
                "BIGINT",
                "Firms that answered in both waves (number); NULL where they are too few to count in public.",
                not_negative,
            ),
            Column(
                "overlap_suppressed", "BOOLEAN", "Whether only the number of firms in both waves is withheld, or all."
            ),
            Column(
                "comparable",
                "BOOLEAN",
                "Whether the figures of the two waves can be compared; where they cannot, the row has no numbers.",
            ),
            Column(
                "comparability",
                "VARCHAR",
                "What became of its questions between the waves: asked (as before), reworded, recoded or not asked.",
                values=("asked", "reworded", "recoded", "not asked"),
            ),
            Column("changed_nl", "VARCHAR", "What changed in its questions between the two waves (Dutch)."),
            Column("changed_en", "VARCHAR", "What changed in its questions between the two waves (English)."),
            suppressed,
            withheld_for,
        ),
        ("change", "se", "ci_low", "ci_high", "p_value", "p_adjusted", "df", "interval_kind", "overlap_firms"),
    ),
    Table(
        "population",
        "Population: firms per wave and subgroup as registers and statistics count them, to which weights add up where "
        "the survey calibrates; not from any answer.",
        ("survey", "wave", "domain_variable", "domain"),
        (
            survey,
            wave,
            domain_variable,
            domain,
            Column("firms", "DOUBLE", "Units of the population (number).", not_negative, precision=AS_IT_IS),
            Column(
                "counts",
                "VARCHAR",
                "What is counted: enterprises or local_units.",
                values=("enterprises", "local_units"),
            ),
            Column("source", "VARCHAR", "Who counted."),
            Column("counted_on", "VARCHAR", "The day it is about."),
        ),
    ),
    Table(
        "initiatives",
        "Initiatives: the survey's registry, with the firms of each wave that take part.",
        ("survey", "wave", "initiative"),
        (
            survey,
            wave,
            Column("initiative", "VARCHAR", "Initiative's code in the registry."),
            Column(
                "kind",
                "VARCHAR",
                "network, test_environment or incubator.",
                values=("network", "test_environment", "incubator"),
            ),
            Column("label_nl", "VARCHAR", "Name (Dutch)."),
            Column("label_en", "VARCHAR", "Name (English)."),
            Column("firms", "BIGINT", "Usable responses that take part (number, unweighted).", not_negative),
            suppressed,
            held,
        ),
        ("firms",),
    ),
    Table(
        "benchmarks",
        "Benchmarks: weighted median and quartiles by domain of the values firms gave, rounded to two digits; where "
        "fewer than three answers round to the same, the mean of the answers around it, so that none is one firm's. "
        "Nothing is filled in here; the estimates in `indicators` rest on completed answers as well.",
        ("survey", "wave", "measure", "domain_variable", "domain"),
        (
            survey,
            wave,
            Column("measure", "VARCHAR", "Measure (view `measures`)."),
            domain_variable,
            domain,
            *measure_labels,
            unit,
            Column(
                "n",
                "BIGINT",
                "Firms that gave a value (number), where `indicators` tells it in a line of this measure about every "
                "firm; NULL elsewhere.",
                not_negative,
            ),
            Column(
                "p25",
                "DOUBLE",
                "Value a quarter of the firms that gave one stay under, in the measure's unit (shares in 0..1).",
            ),
            Column(
                "median",
                "DOUBLE",
                "Value half of the firms that gave one stay under, in the measure's unit (shares in 0..1).",
            ),
            Column(
                "p75",
                "DOUBLE",
                "Value three quarters of the firms that gave one stay under, in the measure's unit (shares in 0..1).",
            ),
            Column(
                "quartiles_suppressed",
                "BOOLEAN",
                "Whether p25 and p75 are withheld (they are NULL then): too few firms beyond them.",
            ),
            suppressed,
            Column(
                "held",
                "BOOLEAN",
                "Whether the quantiles are those of an earlier release: fewer firms changed since than may be told "
                "apart.",
            ),
        ),
        ("p25", "median", "p75"),
    ),
)
