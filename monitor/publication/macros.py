"""The macros of the secure database: what an economist asks of firms, with the standard error of the design.

Belongs here: ways to ask, and the CREATE MACRO of each. Does not belong here: the statements (`sql/released`), the
tables they read (`secure`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.storage.lake import literal, statement

ONE = "true"
"""No second side: an estimate that is not a difference"""


@dataclass(frozen=True)
class Macro:
    """One way to ask for an estimate: what a user gives, and what its statement makes of it."""

    about: str
    asked: str
    """How it is called, by an example that runs on its own names"""
    gives: str
    """Its own parameters"""
    numerator: str
    denominator: str = "1.0"
    divided: bool = True
    """Whether it is a ratio of two weighted totals, or the first total itself"""
    scale: str = "plain"
    """On which scale its interval is made: logit, log, plain, or difference"""
    first: str = ONE
    """Which firms of the base are on the first side"""
    second: str | None = None
    """Which are on the second, that is subtracted; None: there is none"""
    label: str = "wave"
    """What stands as `wave` in its rows"""
    statement: str = "combined_estimate"
    domains: bool = True
    """Whether it gives a row for each domain"""

    @property
    def comment(self) -> str:
        """What it gives and how it is asked, where the database is opened and where it is attached."""
        call = self.asked.removesuffix(")")
        return (
            f"{self.about}: FROM {self.asked}. Attached under a name: FROM name.{call}, database := 'name'), or USE "
            "name first. n: firms of the base in the domain with a value, the fewest over the copies. Standard errors "
            "are of replicate weights, published ones are linearised: they differ by what so many replicates leave to "
            "chance (table figures has both). SurveyDesign in Python has the same errors, and other intervals where "
            "few firms have a property or few have not (Korn and Graubard's), and of totals and ratios that a few "
            "firms carry (fewer degrees of freedom)."
        )


GIVEN = "(what)::DOUBLE"
ANSWERED = "CASE WHEN (what) IS NOT NULL THEN 1.0 END"

MACROS: Mapping[str, Macro] = {
    "estimate_ratio": Macro(
        "Ratio of two weighted totals with standard error and 95% interval (log scale), per wave and domain",
        "estimate_ratio(numerator, denominator, base := condition, domains := variable)",
        "numerator, denominator",
        "numerator",
        "denominator",
        scale="log",
    ),
    "estimate_total": Macro(
        "Weighted total of any expression; interval on the log scale",
        "estimate_total(turnover_eur, domains := size_band)",
        "what",
        "what",
        divided=False,
        scale="log",
    ),
    "estimate_mean": Macro(
        "Weighted mean of any expression",
        "estimate_mean(number, base := condition, domains := variable)",
        "what",
        GIVEN,
        ANSWERED,
    ),
    "estimate_share": Macro(
        "Weighted share of firms for which an expression is true; interval on the logit scale",
        "estimate_share(condition, domains := variable)",
        "what",
        GIVEN,
        ANSWERED,
        scale="logit",
    ),
    "estimate_quantile": Macro(
        "Weighted quantile of any expression (p := 0.5, the median, unless given), Woodruff's interval",
        "estimate_quantile(turnover_eur, p := 0.75, domains := size_band)",
        "what",
        "what",
        statement="combined_quantile",
    ),
    "estimate_difference": Macro(
        "Share or mean of any expression among some firms less that among others of the same wave, with what the two "
        "have in common",
        "estimate_difference(condition, size_band = 'large', size_band = 'micro')",
        "what, these, others",
        GIVEN,
        ANSWERED,
        scale="difference",
        first="(these)",
        second="(others)",
        domains=False,
    ),
    "estimate_change": Macro(
        "Share or mean of any expression in a later wave less that in an earlier, with the covariance of the firms in "
        "both; comparability is for who asks to judge (codebook)",
        "estimate_change(condition, '2017', '2019', domains := size_band)",
        "what, wave_from, wave_to",
        GIVEN,
        ANSWERED,
        scale="difference",
        first="wave = wave_to",
        second="wave = wave_from",
        label="wave_from || ' to ' || wave_to",
    ),
}


def definition(name: str, macro: Macro) -> str:
    """The CREATE MACRO of one way to ask.

    Every macro is whole in itself and reads its tables through `query_table`, with the database's name before them: a
    macro, or a table, that it named without would be looked for where the caller is.
    """
    place = "'\"' || replace(coalesce(database, current_database()), '\"', '\"\"') || '\".main."
    inside = macro.first
    if macro.second is not None:
        inside = f"CASE WHEN compared_side = 1 THEN {macro.first} ELSE {macro.second} END"
    given = {
        "numerator": f"({macro.numerator})",
        "denominator": f"({macro.denominator})",
        "divided": str(macro.divided).lower(),
        "scale": literal(macro.scale),
        "sides": "[1]" if macro.second is None else "[1, -1]",
        "sided": "1" if macro.second is None else "2",
        "inside": inside,
        "label": macro.label,
        "base": "(base)",
        "domains": "(domains)" if macro.domains else "'all'",
        **{table: f"{place}{table}'" for table in ("completed", "firms", "replicate_weights", "designs")},
    }
    body = re.sub(r"\$(\w+)", lambda found: given[found[1]], statement("released", macro.statement))
    lines = (line for line in body.splitlines() if not line.startswith("--"))
    options = ["p := 0.5"] if macro.statement == "combined_quantile" else []
    options += ["base := true", *(["domains := 'all'"] if macro.domains else []), "database := NULL"]
    return f"CREATE MACRO {name}({macro.gives}, {', '.join(options)}) AS TABLE\n" + "\n".join(lines)
