"""What a reader would otherwise join to a line by hand: its words, its unit, the firms it rests on.

Belongs here: columns that repeat what another public table says already. Does not belong here: anything that no other
table tells; deciding what is shown.

Put beside the lines last, after everything is withheld, held and rounded: a number stands here only where it is public
in its own place.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from monitor.survey import Indicator, Survey
from monitor.wording.sentences import LANGUAGES

FIT = ["survey", "wave", "model", "variant"]
LINE = ["survey", "wave", "measure", "domain_variable", "domain"]


def with_what_is_beside(tables: Mapping[str, pd.DataFrame], survey: Survey) -> dict[str, pd.DataFrame]:
    """`indicators` and `changes` with label and unit, the former with the base too; `benchmarks` with label, unit and
    firms; `contrasts` and `answer` with the firms and events of their fit; cuts with their unit."""
    definitions = tables["definitions"]
    of_indicator = _of_kind(definitions, "indicator", "unit", "base")
    of_measure = _of_kind(definitions, "measure", "unit")
    cuts = _units_of_cuts(survey)
    fits = tables["models"].drop_duplicates(FIT)[[*FIT, "n", "events"]]
    named = {
        "indicators": (of_indicator, ["indicator"]),
        "changes": (of_indicator.drop(columns="base"), ["indicator"]),
        "benchmarks": (of_measure, ["measure"]),
        "contrasts": (fits, FIT),
        "answer": (fits, FIT),
        "curve": (cuts, ["measure"]),
        "distribution": (cuts, ["measure"]),
    }
    out = {**tables, **{name: _joined(tables[name], about, on) for name, (about, on) in named.items()}}
    counted = {name for name, indicator in survey.indicators.items() if _of_every_answer(survey, indicator)}
    told = out["indicators"][out["indicators"]["indicator"].isin(counted)].drop_duplicates(LINE)
    out["benchmarks"] = _joined(out["benchmarks"], told[[*LINE, "n"]], LINE)
    return out


def _of_every_answer(survey: Survey, indicator: Indicator) -> bool:
    """Whether an indicator counts every firm that gave a value of its measure: of all firms, and of nothing else too,
    as the denominator of a ratio would be."""
    return survey.bases[indicator.base].everyone and indicator.denominator is None


def _of_kind(definitions: pd.DataFrame, kind: str, *columns: str) -> pd.DataFrame:
    """What the definitions of one kind say, by name; labels are called after the kind."""
    labels = {f"label_{language}": f"{kind}_{language}" for language in LANGUAGES}
    found = definitions[definitions["kind"] == kind]
    return found[["name", *labels, *columns]].rename(columns={"name": kind, **labels})


def _units_of_cuts(survey: Survey) -> pd.DataFrame:
    """In which unit each measure is cut: the one it has in the survey, a percentage as 0..100."""
    units = {
        name: "percent" if measure.type == "percentage" else measure.unit for name, measure in survey.measures.items()
    }
    return pd.DataFrame({"measure": list(units), "cut_unit": list(units.values())})


def _joined(table: pd.DataFrame, about: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """The table with these columns filled in from `about`, in the table's own order of rows and columns."""
    filled = [column for column in about if column not in on]
    found = table.drop(columns=filled).merge(about, on=on, how="left", validate="many_to_one")
    typed = {column: found[column].astype(table[column].dtype) for column in filled}
    for column, values in typed.items():
        found[column] = values.where(values.notna(), None) if values.dtype == object else values
    return found[list(table)] if len(table) else table
