"""Indicators with a CIS code as SDMX observations, in the dimensions that countries transmit the CIS in.

Belongs here: which line of `indicators` is which observation, in which data flow. Does not belong here: files
(`exchange`), what the codes mean (`sdmx_structure`).

Dimensions are those of Eurostat's flow ESTAT:CIS_OM4_2 as far as a survey's figures differ in them, with DOMAIN beside
them for subgroups of the survey's own; figures are shares of enterprises or of amounts (UNIT_MEASURE PC), not counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from monitor.contract.columns import EVERYONE, RELIABILITY
from monitor.publication.public import cell
from monitor.publication.spelling import spelled
from monitor.survey import Survey
from monitor.survey.model import unit_of

AGENCY, VERSION = "MONITOR", "2.0"
DIMENSIONS = (
    "FREQ",
    "REF_AREA",
    "ACTIVITY",
    "NUMBER_EMPL",
    "TYPE_ENT",
    "INN_PF",
    "CIS_INDICATOR",
    "DOMAIN",
    "UNIT_MEASURE",
    "TIME_PERIOD",
)
ATTRIBUTES = ("OBS_STATUS", "CONF_STATUS")
TOTAL = "_T"
"""The code of a dimension that is not broken down"""
LONGEST_CODE = 255
DIMENSION_OF: Mapping[str, str] = {
    "REF_AREA": "REF_AREA",
    "NACE_R2": "ACTIVITY",
    "NACE_R2_1": "ACTIVITY",
    "NUMBER_EMPL": "NUMBER_EMPL",
}
"""Eurostat's list that a concept declares -> the dimension its codes stand in"""
PROFILE = re.compile(r"N?INN_PF[1-7]")


@dataclass(frozen=True)
class Flow:
    """A data flow: activities of NACE Rev. 2 and Rev. 2.1 have the same letters for other things, so each has its
    own."""

    name: str
    activities: str
    """The code list of ACTIVITY"""

    @property
    def file(self) -> str:
        """The file with its observations."""
        return f"{self.name.lower()}.csv"

    @property
    def reference(self) -> str:
        """What the first column of SDMX-CSV 1.0 holds."""
        return f"{AGENCY}:{self.name}({VERSION})"


NACE_2 = Flow("CIS_INDICATORS", "CL_ACTIVITY_NACE2")
NACE_2_1 = Flow("CIS_INDICATORS_NACE21", "CL_ACTIVITY_NACE21")


@dataclass(frozen=True)
class Observation:
    """One observation."""

    flow: Flow
    key: Mapping[str, str]
    """Dimension -> code"""
    value: str
    """Empty where it is withheld"""
    status: str
    confidentiality: str
    indicator: str
    """The line's indicator, whose label names its CIS code"""
    place: tuple[tuple[str, str], ...]
    """Concept and code of the line's domain, whose labels name its codes"""

    def line(self) -> list[str]:
        """As SDMX-CSV 1.0 has it."""
        return [
            self.flow.reference,
            *(self.key[dimension] for dimension in DIMENSIONS),
            self.value,
            self.status,
            self.confidentiality,
        ]


def observations(indicators: pd.DataFrame, survey: Survey) -> list[Observation]:
    """One observation for each line of an indicator that estimates a CIS variable.

    A domain that is none of Eurostat's codes stands in DOMAIN, in the agency's own list, as `variable-code`. A withheld
    value is empty: confidential (CONF_STATUS C, OBS_STATUS Q: suppressed), or not for publication (N) where it is
    withheld for its reliability alone; limited and withheld reliability are OBS_STATUS U.
    """
    codes = cis_codes(survey)
    wanted = indicators[indicators["indicator"].isin(codes)]
    lines = wanted.astype("object").where(wanted.notna(), None).to_dict("records")
    return [_observation(line, codes[line["indicator"]], survey) for line in lines]


def flows_of(found: Iterable[Observation]) -> list[Flow]:
    """The flows that have observations; the one of NACE Rev. 2 always."""
    used = {x.flow for x in found} | {NACE_2}
    return [flow for flow in (NACE_2, NACE_2_1) if flow in used]


def _observation(line: Mapping[Any, Any], code: str, survey: Survey) -> Observation:
    name = str(line["indicator"])
    share = is_share(survey, name)
    place, revised = placed(survey, str(line["domain_variable"]), str(line["domain"]))
    told = next((each for each in survey.comparable if each.name == name), None)
    profile = PROFILE.fullmatch(code) is not None
    key = {
        **dict.fromkeys(DIMENSIONS, TOTAL),
        "FREQ": "A",
        **(told.dimensions if told else {}),
        **place,
        ("INN_PF" if profile else "CIS_INDICATOR"): code,
        "UNIT_MEASURE": "PC" if share else token(unit_of(survey, survey.indicators[name]) or "NR"),
        "TIME_PERIOD": str(survey.waves[line["wave"]].reference_year),
    }
    value = "" if line["suppressed"] else cell(_in_unit(float(line["estimate"]), share))
    parts = _parts(str(line["domain_variable"]), str(line["domain"]))
    return Observation(NACE_2_1 if revised else NACE_2, key, value, *_statuses(line), name, parts)


def _in_unit(value: float, share: bool) -> float:
    """A share in per cent, with the digits it has as a share."""
    return float(Decimal(repr(value)) * 100) if share else value


def _statuses(line: Mapping[Any, Any]) -> tuple[str, str]:
    """A line's observation status and confidentiality status (SDMX cross-domain code lists)."""
    if line["suppressed"]:
        return ("U", "N") if line["withheld_for"] == RELIABILITY else ("Q", "C")
    return ("U" if line["reliability"] == "limited" else "A"), "F"


def _parts(variable: str, code: str) -> tuple[tuple[str, str], ...]:
    """Variable and code of each part of a domain; none of everyone."""
    return () if variable == EVERYONE else tuple(zip(variable.split("*"), code.split("*"), strict=True))


def placed(survey: Survey, variable: str, code: str) -> tuple[dict[str, str], bool]:
    """The dimensions that say where a line is about, with Eurostat's codes where they mean exactly the same; whether
    its activity is one of NACE Rev. 2.1."""
    parts = _parts(variable, code)
    concepts = [survey.concepts.get(name) for name, _ in parts]
    lists = {
        str(concept.eurostat_list): concept.eurostat[part]
        for concept, (_, part) in zip(concepts, parts, strict=True)
        if concept is not None and part in concept.eurostat
    }
    if len(lists) == len(parts):
        return {DIMENSION_OF[name]: theirs for name, theirs in lists.items()}, "NACE_R2_1" in lists
    return {"DOMAIN": domain_code(variable, code)}, False


def domain_code(variable: str, code: str) -> str:
    """A subgroup's code in the agency's own list."""
    return f"{token(variable)}-{token(code)}"


def is_share(survey: Survey, name: str) -> bool:
    """Whether an indicator is a share (published as per cent here)."""
    return unit_of(survey, survey.indicators[name]) == "share"


def cis_codes(survey: Survey) -> dict[str, str]:
    """Indicator -> the CIS variable (newest edition) it is an estimate of; beside the packs' own (whose population is
    another), one indicator for each variable.

    As declared (`cis_code` of the indicator), or where the two are the same (`_same_as_cis`).
    """
    packs = {told.name: told.code for told in survey.comparable if told.code and told.name in survey.indicators}
    codes = {name: i.cis_code for name, i in survey.indicators.items() if i.cis_code is not None}
    for name in survey.indicators:
        code = None if name in packs else _same_as_cis(survey, name)
        if name not in codes and code is not None and code not in codes.values():
            codes[name] = code
    return codes | packs


def _same_as_cis(survey: Survey, name: str) -> str | None:
    """The code of the one concept an indicator is about, where the base is every firm and the estimate is the share of
    firms with a property or the total of an amount. CIS's shares of turnover are ratios of totals: a mean of firms' own
    shares is another figure."""
    indicator = survey.indicators[name]
    measure, base = survey.measures.get(indicator.measure), survey.bases[indicator.base]
    concept = survey.concepts.get(measure.sql.strip()) if measure else None
    if concept is None or not concept.cis_code or not base.everyone:
        return None
    same = {"boolean": "share", "number": "total", "integer": "total"}.get(concept.type) == indicator.estimator
    code = concept.cis_code[max(concept.cis_code)]
    return code if same and code == token(code) else None


def token(text: str) -> str:
    """A text as an SDMX code: letters, digits, underscore, hyphen. Other texts, and other than the total's code, give
    another code."""
    return spelled(text, r"A-Za-z0-9_\-", LONGEST_CODE, {TOTAL})
