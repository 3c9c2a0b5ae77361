"""What those who did not answer could change: the table `sensitivity`.

Belongs here: its columns with definitions, units and checks. Does not belong here: filling it.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.contract.columns import (
    VERDICTS,
    Column,
    Table,
    deciding_model,
    held,
    not_negative,
    one_or_all_waves,
    share,
    suppressed,
    survey,
)

APPROACHES: Mapping[str, tuple[str, ...]] = {
    "odds": (),
    "proxy": (),
    "timing": ("late", "early", "difference"),
    "left": ("left", "stayed", "difference"),
    "representativity": ("r_indicator", "coefficient_of_variation", "between", "within"),
    "frame": ("frame", "drawn", "weighted"),
}
"""Approach -> what its axis names; the axis of the first two is a number"""

SENSITIVITY: tuple[Table, ...] = (
    Table(
        "sensitivity",
        "Sensitivity: what those who did not answer could change in each headline and claim, and what the data say of "
        "them. Estimates, errors, bounds and bias in thousandths, amounts in three digits.",
        ("survey", "wave", "kind", "figure", "approach", "axis"),
        (
            survey,
            *one_or_all_waves,
            Column(
                "kind",
                "VARCHAR",
                "What it is about: indicator (a headline, all firms of its base), claim, or response (who answered).",
                values=("indicator", "claim", "response"),
            ),
            Column("figure", "VARCHAR", "The indicator, the claim, a concept of the frame, or all."),
            Column(
                "approach",
                "VARCHAR",
                "odds: the figure if, within each response class, firms with its property had other odds of answering "
                "(Kim and Yu 2011). proxy: if answering depended on what the frame predicts of the outcome (0), on the "
                "outcome itself (1) or on both (Andridge and Little 2011, 2020). timing: answers up to the median day "
                "and after it. left: firms that were asked again a wave later and stayed silent. representativity: "
                "R-indicator, coefficient of variation, partial indicators (Schouten, Cobben and Bethlehem 2009). "
                "frame: a fact of the frame.",
                values=tuple(APPROACHES),
            ),
            Column(
                "axis",
                "VARCHAR",
                "odds: the odds ratio of answering; proxy: phi. timing: late, early or their difference; left: left, "
                "stayed or their difference. representativity: r_indicator (1: all groups answer alike), "
                "coefficient_of_variation (of the chances of answering), between (spread of the chances between the "
                "concept's categories) or within (within cells of all others). frame: frame (all firms), drawn or "
                "weighted (firms that answered, as they were drawn or with final weights).",
            ),
            Column("setting", "DOUBLE", "The axis as a number, where it is one.", not_negative),
            Column("plausible", "BOOLEAN", "Whether the odds ratio lies in the range the survey declares plausible."),
            Column(
                "property",
                "VARCHAR",
                "odds: the measures whose firms answered with other odds; of an amount the firms above its mean.",
            ),
            Column("unit", "VARCHAR", "Unit of the estimate: share (in 0..1), points, index, or the measure's own."),
            Column("estimate", "DOUBLE", "The figure as it would be, or as it is among these firms."),
            Column("se", "DOUBLE", "Its standard error; NULL where there is none.", not_negative),
            Column("ci_low", "DOUBLE", "Lower bound of its 95% interval."),
            Column("ci_high", "DOUBLE", "Upper bound of its 95% interval."),
            Column(
                "bias",
                "DOUBLE",
                "proxy: how far the figure of those that answered, weighted as drawn, lies above the estimate: "
                "the measure of unadjusted bias (MUB, of a share MUBP).",
            ),
            Column(
                "verdict",
                "VARCHAR",
                "odds of a claim: the verdict if all claims of its family had these odds.",
                values=VERDICTS,
            ),
            Column(
                "turns_below",
                "DOUBLE",
                "odds: the odds ratio below 1 and nearest to it, in hundredths, at which the verdict is another; of an "
                "indicator, at which it leaves its own interval; NULL where none on the declared grid does.",
                share,
            ),
            Column("turns_above", "DOUBLE", "The same above 1.", "{0} >= 1"),
            Column(
                "survives",
                "BOOLEAN",
                "odds: whether the verdict (of an indicator: its interval) stands over the whole declared range.",
            ),
            deciding_model,
            suppressed,
            held,
        ),
        ("estimate", "se", "ci_low", "ci_high", "bias", "verdict", "turns_below", "turns_above", "survives"),
    ),
)
