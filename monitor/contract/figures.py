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
    not_negative,
    se,
    suppressed,
    survey,
    uncertainty,
    wave,
)

FIGURES: tuple[Table, ...] = (
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
            Column(
                "estimate",
                "DOUBLE",
                "Weighted estimate: a share in 0..1, or in the measure's unit.",
                precision=OF_ERROR,
            ),
            se,
            ci_low,
            ci_high,
            Column(
                "unweighted",
                "DOUBLE",
                "Plain share or mean of the usable responses, as published reports print it; a share in 0..1.",
                precision=AS_IT_IS,
            ),
            Column("n", "BIGINT", "Firms in the base that answered (number).", not_negative),
            Column("n_effective", "DOUBLE", "Firms of a simple random sample with the same precision.", not_negative),
            Column("deff", "DOUBLE", "Design effect: variance over that of a simple random sample.", not_negative),
            Column("cv", "DOUBLE", "Coefficient of variation: se over the estimate's size (share).", not_negative),
            Column(
                "reliability",
                "VARCHAR",
                "good, limited or unpublishable.",
                values=("good", "limited", "unpublishable"),
            ),
            suppressed,
            held,
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
                "change",
                "DOUBLE",
                "Estimate of the later wave minus that of the earlier, in the indicator's unit.",
                precision=OF_ERROR,
            ),
            *uncertainty,
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
        ),
        ("change", "se", "ci_low", "ci_high", "p_value", "overlap_firms"),
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
)
