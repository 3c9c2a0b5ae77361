"""The framework's fifty indicators of each ecosystem, filled from what is public already.

Belongs here: the table `framework`. Does not belong here: any figure of its own: what the survey fills is a line of
`indicators` as printed, its trend a line of `changes`; what is counted over frame and grants comes from `listed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from monitor.survey import Survey
from monitor.survey.ecosystems import FrameworkIndicator, catalogue
from monitor.survey.framework import Ecosystem, Framework
from monitor.survey.framework_words import outside_values, source_words
from monitor.wording.sentences import LANGUAGES, say

Cells = dict[str, Any]
DECIMALS = 9
"""More than any outside source gives"""


def framework(
    survey: Survey,
    tables: Mapping[str, pd.DataFrame],
    waves: Sequence[str],
    listed: Mapping[tuple[str, int], Cells] | None = None,
) -> pd.DataFrame:
    """One row per ecosystem and indicator of the framework. `tables`: `indicators` and `changes` as they are
    published; `listed`: what is counted over frame and grants, by ecosystem and indicator."""
    told = survey.framework
    if told is None:
        return pd.DataFrame(columns=["survey", "ecosystem", "number"])
    rows = [
        {
            "survey": survey.name,
            "ecosystem": ecosystem.name,
            "number": indicator.number,
            **{f"ecosystem_{x}": ecosystem.label.get(x) for x in LANGUAGES},
            "category": indicator.category,
            **{f"label_{x}": say("framework", f"indicator_{indicator.number}", x) for x in LANGUAGES},
            "unit": indicator.unit,
            "can_come_from": ",".join(indicator.fills),
            **_with_source(
                survey,
                ecosystem,
                indicator,
                _of_survey_first(survey, told, ecosystem, indicator.number, tables, waves)
                or (listed or {}).get((ecosystem.name, indicator.number))
                or _filled(survey, told, ecosystem, indicator.number, waves),
            ),
        }
        for ecosystem in told.ecosystems.values()
        for indicator in catalogue().values()
    ]
    return pd.DataFrame(rows)


def _with_source(survey: Survey, ecosystem: Ecosystem, indicator: FrameworkIndicator, cells: Cells) -> Cells:
    """The cells of an indicator with where its value comes from."""
    if cells["state"] == "white_spot":
        return cells
    which = (str(cells.get("indicator", "")), str(cells.get("wave", "")))
    return cells | {
        f"source_{x}": source_words(survey, ecosystem, indicator.number, str(cells["filled_by"]), x, *which)
        for x in LANGUAGES
    }


def _of_survey_first(
    survey: Survey,
    told: Framework,
    ecosystem: Ecosystem,
    number: int,
    tables: Mapping[str, pd.DataFrame],
    waves: Sequence[str],
) -> Cells | None:
    """What the survey prints of an ecosystem's firms, where one of its indicators is declared to fill the number."""
    if number not in told.figures or ecosystem.domain is None:
        return None
    return _of_survey(survey, told.figures[number].indicator, ecosystem.domain, tables, waves)


def _filled(survey: Survey, told: Framework, ecosystem: Ecosystem, number: int, waves: Sequence[str]) -> Cells:
    """The first of register, outside source and description that fills an indicator."""
    if number in told.counts and ecosystem.initiatives:
        return _of_register(survey, told.counts[number], ecosystem, waves)
    outside = _of_outside(told, ecosystem, number)
    if outside:
        return outside
    if number in ecosystem.described:
        said = ecosystem.described[number]
        return {
            "state": "described",
            "filled_by": "described",
            "made_up": survey.synthetic,
            **{f"text_{x}": said.text.get(x) for x in LANGUAGES},
        }
    return {"state": "white_spot", "made_up": False}


def _of_survey(
    survey: Survey, name: str, domain: tuple[str, str], tables: Mapping[str, pd.DataFrame], waves: Sequence[str]
) -> Cells | None:
    """The newest printed line of an indicator of these firms, and its change since the wave before; None without."""
    lines = tables["indicators"]
    mine = lines[
        (lines["indicator"] == name) & (lines["domain_variable"] == domain[0]) & (lines["domain"] == domain[1])
    ]
    given = [wave for wave in waves if (mine["wave"] == wave).any()]
    if not given:
        return None
    wave = max(given)
    line = mine[mine["wave"] == wave].iloc[0]
    cells: Cells = {
        "state": "withheld" if line["suppressed"] else "measured",
        "filled_by": "survey",
        "about_year": survey.waves[wave].reference_year,
        "indicator": name,
        "wave": wave,
        "domain_variable": domain[0],
        "domain": domain[1],
        "made_up": survey.synthetic,
    }
    if line["suppressed"]:
        return cells
    cells |= {"value": line["estimate"], "ci_low": line["ci_low"], "ci_high": line["ci_high"]}
    return cells | _trend(survey, name, domain, tables["changes"], max(given[:-1], default=None), wave)


def _trend(
    survey: Survey, name: str, domain: tuple[str, str], changes: pd.DataFrame, before: str | None, wave: str
) -> Cells:
    """The printed change between two waves; nothing where they do not compare or it is withheld."""
    mine = changes[
        (changes["indicator"] == name)
        & (changes["domain_variable"] == domain[0])
        & (changes["domain"] == domain[1])
        & (changes["wave_from"] == before)
        & (changes["wave_to"] == wave)
        & changes["change"].notna()
    ]
    if before is None or mine.empty:
        return {}
    line = mine.iloc[0]
    return {
        "since_year": survey.waves[before].reference_year,
        "trend": line["change"],
        "trend_low": line["ci_low"],
        "trend_high": line["ci_high"],
    }


def _of_register(survey: Survey, kind: str, ecosystem: Ecosystem, waves: Sequence[str]) -> Cells:
    """How many initiatives of a kind an ecosystem has."""
    return {
        "state": "measured",
        "filled_by": "register",
        "about_year": survey.waves[max(waves)].reference_year,
        "value": float(sum(survey.initiatives[code].kind == kind for code in ecosystem.initiatives)),
        "made_up": survey.synthetic,
    }


def _of_outside(told: Framework, ecosystem: Ecosystem, number: int) -> Cells | None:
    """The newest value of an outside source that is about an ecosystem, and its difference from the one before of the
    same source."""
    found = outside_values(told, ecosystem.name, number)
    if not found:
        return None
    source, newest = found[-1]
    earlier = [value for other, value in found if other is source and value.year < newest.year]
    cells: Cells = {
        "state": "measured",
        "filled_by": "outside",
        "about_year": newest.year,
        "value": newest.value,
        "ci_low": newest.low,
        "ci_high": newest.high,
        "made_up": source.synthetic,
    }
    if earlier:
        # The difference to the digits that the source gives, without the last bits of a subtraction.
        cells |= {"since_year": earlier[-1].year, "trend": round(newest.value - earlier[-1].value, DECIMALS)}
    return cells
