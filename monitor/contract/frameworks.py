"""The framework of fifty indicators of ecosystems, as each release fills it.

Belongs here: its columns with definitions, units and checks. Does not belong here: filling them.
"""

from __future__ import annotations

from monitor.contract.columns import Column, Table, survey

STATES = ("measured", "described", "withheld", "white_spot")
CATEGORIES = ("impact", "outcomes", "output", "activities", "input", "conditions")
"""The framework's categories, in its order"""
FILLS = ("survey", "frame", "register", "programmes", "outside", "described")


def _number(name: str, comment: str) -> Column:
    return Column(name, "DOUBLE", comment)


FRAMEWORKS: tuple[Table, ...] = (
    Table(
        "framework",
        "Framework: the fifty indicators of research and innovation ecosystems, for each that the survey looks at: the "
        "newest value with its source, a description in words, or a white spot.",
        ("survey", "ecosystem", "number"),
        (
            survey,
            Column("ecosystem", "VARCHAR", "Ecosystem."),
            Column("number", "BIGINT", "The framework's number of the indicator (1 to 50)."),
            Column("ecosystem_nl", "VARCHAR", "The ecosystem's name (Dutch)."),
            Column("ecosystem_en", "VARCHAR", "The ecosystem's name (English)."),
            Column(
                "category",
                "VARCHAR",
                "The framework's category.",
                values=CATEGORIES,
            ),
            Column("label_nl", "VARCHAR", "The indicator's name (Dutch)."),
            Column("label_en", "VARCHAR", "The indicator's name (English)."),
            Column("unit", "VARCHAR", "Unit of value; those that begin with share_ are shares in 0..1."),
            Column(
                "state",
                "VARCHAR",
                "measured, described (in words), withheld (measured and not published), or white_spot (nothing fills "
                "it).",
                values=STATES,
            ),
            Column("filled_by", "VARCHAR", "From what it is filled; NULL for a white spot.", values=FILLS),
            Column("can_come_from", "VARCHAR", "From what it can be filled, joined by commas."),
            Column("about_year", "BIGINT", "The year the value is about (reference year of a wave)."),
            _number("value", "Value, in its unit; NULL unless measured."),
            _number("ci_low", "Lower bound of the 95% interval, or as the outside source gives it."),
            _number("ci_high", "Upper bound of the 95% interval, or as the outside source gives it."),
            Column(
                "firms",
                "BIGINT",
                "How many firms a figure of the frame or of programmes counts: those that have what is counted, or a "
                "grant.",
            ),
            Column("since_year", "BIGINT", "The year before it that the trend is since."),
            _number("trend", "Value minus that of since_year."),
            _number("trend_low", "Lower bound of the trend's 95% interval; NULL for other than the survey's figures."),
            _number("trend_high", "Upper bound of the trend's 95% interval; NULL for other than the survey's figures."),
            Column("indicator", "VARCHAR", "The survey's indicator that fills it (table `indicators`)."),
            Column("wave", "VARCHAR", "The wave of the survey's figure, frame or lists of grants."),
            Column("domain_variable", "VARCHAR", "The variable of the survey's figure; `all` for all firms."),
            Column("domain", "VARCHAR", "The subgroup of the survey's figure; `all` for all firms."),
            Column("text_nl", "VARCHAR", "The description (Dutch)."),
            Column("text_en", "VARCHAR", "The description (English)."),
            Column("source_nl", "VARCHAR", "Source, date, licence and quality; who described it and when (Dutch)."),
            Column("source_en", "VARCHAR", "Source, date, licence and quality; who described it and when (English)."),
            Column("made_up", "BOOLEAN", "Whether the value is synthetic."),
        ),
    ),
)
