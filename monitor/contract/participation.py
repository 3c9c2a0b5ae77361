"""Who takes part in initiatives: how many firms of the population, by kind, theme, place and initiative.

Belongs here: the table's columns with definitions, units and checks. Does not belong here: which lines may be told
(`disclosed.participants`), what they come to (`estimated.participation`).
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.contract.columns import (
    OF_ERROR,
    Column,
    Table,
    ci_high,
    ci_low,
    df,
    domain,
    domain_variable,
    held,
    not_negative,
    se,
    suppressed,
    survey,
    wave,
    withheld_for,
)

FIRMS, REACH = "firms", "reach"
OF_PARTICIPANTS, OF_OTHERS, DIFFERENCE = "outcome_participants", "outcome_others", "outcome_difference"
ENTERED, LEFT = "entered", "left_again"
UNIT_OF: Mapping[str, str] = {
    FIRMS: "firms",
    REACH: "share",
    OF_PARTICIPANTS: "share",
    OF_OTHERS: "share",
    DIFFERENCE: "points",
    ENTERED: "share",
    LEFT: "share",
}
"""Figure -> its unit"""
GROUPED_BY = ("all", "kind", "theme", "place", "initiative", "number")

PARTICIPATION: tuple[Table, ...] = (
    Table(
        "participation",
        "Participation in initiatives of the register: how many firms of the population take part, by wave, kind, "
        "theme, place and initiative, with their uncertainty from the survey design. A firm in several initiatives of "
        "a group counts once in it; groups need not add up, for a firm can be in several.",
        ("survey", "wave", "grouped_by", "code", "figure", "domain_variable", "domain"),
        (
            survey,
            wave,
            Column(
                "grouped_by",
                "VARCHAR",
                "What groups the initiatives: all of them together, their kind, theme or place in the register of the "
                "wave, the initiative itself (as answered), or the number of initiatives that a firm takes part in.",
                values=GROUPED_BY,
            ),
            Column("code", "VARCHAR", "The kind, theme, place or initiative; the number (0, 1, 2, 3+); or all."),
            Column(
                "figure",
                "VARCHAR",
                "firms: firms of the population that take part in an initiative of the group. reach: their share of "
                "all firms. outcome_participants, outcome_others: share with the primary model's outcome among them, "
                "and among all other firms; outcome_difference: the one less the other, an association and no effect. "
                "Of firms that answered wave_before too, with this wave's weights - entered: of those that did not "
                "take part then, the share that does now; left_again: of those that did, the share that does not "
                "now.",
                values=tuple(UNIT_OF),
            ),
            domain_variable,
            domain,
            Column("label_nl", "VARCHAR", "The group's name (Dutch)."),
            Column("label_en", "VARCHAR", "The group's name (English)."),
            Column(
                "unit",
                "VARCHAR",
                "Unit of the estimate: firms (number), share (in 0..1), or points (a difference of shares).",
                values=("firms", "share", "points"),
            ),
            Column("estimate", "DOUBLE", "The figure, in its unit.", precision=OF_ERROR),
            se,
            ci_low,
            ci_high,
            df,
            Column(
                "n",
                "BIGINT",
                "Usable responses that the figure is of (number, unweighted): of the domain, of participants, of "
                "others, or of those that answered wave_before too and did or did not take part then.",
                not_negative,
            ),
            Column(
                "events",
                "BIGINT",
                "Of n, those that take part, have the outcome, entered or left (number, unweighted).",
                not_negative,
            ),
            Column(
                "reliability",
                "VARCHAR",
                "As in `indicators`: good or limited; NULL of a difference.",
                values=("good", "limited", "unpublishable"),
            ),
            Column("wave_before", "VARCHAR", "The wave that firms entered or left since; NULL of other figures."),
            suppressed,
            withheld_for,
            held,
        ),
        ("estimate", "se", "ci_low", "ci_high", "df", "n", "events", "reliability"),
    ),
)
