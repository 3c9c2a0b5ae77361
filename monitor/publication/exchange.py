"""The release for statistical exchange: SDMX-CSV of indicators with a CIS code, DDI-Codebook of the questionnaire.

Belongs here: writing the two standard formats from the disclosed tables. Does not belong here: what they contain.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from monitor.contract.columns import RELIABILITY
from monitor.publication.public import cell
from monitor.publication.spelling import spelled
from monitor.survey import Survey

DATAFLOW = "MONITOR:CIS_INDICATORS(1.0)"
DIMENSIONS = ("FREQ", "GEO", "NACE_R2", "SIZE_EMP", "DOMAIN", "INN_CODE", "UNIT", "TIME_PERIOD")
TOTAL = "_T"
"""The code of a dimension that is not broken down"""
LONGEST_CODE = 255
DDI = "ddi:codebook:2_5"


def write(
    folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey, waves: Sequence[str], moment: str
) -> list[str]:
    """Write `sdmx/cis_indicators.csv` and `ddi/codebook.xml`. Returns their paths inside the folder."""
    (folder / "sdmx").mkdir()
    (folder / "ddi").mkdir()
    with (folder / "sdmx" / "cis_indicators.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["DATAFLOW", *DIMENSIONS, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"])
        writer.writerows(observations(tables["indicators"], survey))
    ddi(tables, survey, waves, moment).write(
        folder / "ddi" / "codebook.xml", encoding="utf-8", xml_declaration=True, short_empty_elements=True
    )
    return ["sdmx/cis_indicators.csv", "ddi/codebook.xml"]


def observations(indicators: pd.DataFrame, survey: Survey) -> Iterator[list[str]]:
    """SDMX-CSV 1.0 lines: one per indicator that estimates a CIS variable, by wave and domain.

    Dimensions as in CIS: frequency, region, activity, size class of persons employed, variable, unit, reference
    year. Their codes are Eurostat's; a domain that is none of theirs stands in DOMAIN, in the agency's own list, as
    `variable.code`. A withheld value is empty, with confidentiality status C, or N (not for publication) where it is
    withheld for its reliability alone; limited and withheld reliability are observation status U.
    """
    codes = cis_codes(survey)
    wanted = indicators[indicators["indicator"].isin(codes)]
    for x in wanted.astype("object").where(wanted.notna(), None).to_dict("records"):
        share = is_share(survey, x["indicator"])
        place = placed(survey, x["domain_variable"], x["domain"])
        yield [
            DATAFLOW,
            "A",
            *(place.get(dimension, TOTAL) for dimension in ("GEO", "NACE_R2", "SIZE_EMP", "DOMAIN")),
            codes[x["indicator"]],
            "PC" if share else token(survey.measures[x["measure"]].unit or "NR"),
            str(survey.waves[x["wave"]].reference_year),
            "" if x["suppressed"] else cell(float(x["estimate"]) * (100 if share else 1)),
            *_statuses(x),
        ]


def _statuses(line: Mapping[Any, Any]) -> tuple[str, str]:
    """A line's observation status and confidentiality status (SDMX cross-domain code lists)."""
    if line["suppressed"]:
        return ("U", "N") if line["withheld_for"] == RELIABILITY else ("", "C")
    return ("U" if line["reliability"] == "limited" else "A"), "F"


def placed(survey: Survey, variable: str, code: str) -> dict[str, str]:
    """The dimensions that say where a line is about: Eurostat's codes where they mean exactly the same."""
    if variable == "all":
        return {}
    parts = list(zip(variable.split("*"), code.split("*"), strict=True))
    concepts = [survey.concepts.get(name) for name, _ in parts]
    theirs = {
        str(concept.eurostat_list): concept.eurostat[part]
        for concept, (_, part) in zip(concepts, parts, strict=True)
        if concept is not None and part in concept.eurostat
    }
    return theirs if len(theirs) == len(parts) else {"DOMAIN": f"{token(variable)}.{token(code)}"}


def is_share(survey: Survey, name: str) -> bool:
    """Whether an indicator is a share (published as per cent here)."""
    indicator = survey.indicators[name]
    return indicator.estimator in ("share", "ratio") or survey.measures[indicator.measure].type == "percentage"


def cis_codes(survey: Survey) -> dict[str, str]:
    """Indicator -> the CIS variable (newest edition) it is an estimate of; one indicator for each variable.

    As declared (`cis_code` of the indicator), or where the two are the same (`_same_as_cis`).
    """
    codes = {name: i.cis_code for name, i in survey.indicators.items() if i.cis_code is not None}
    for name in survey.indicators:
        code = _same_as_cis(survey, name)
        if name not in codes and code is not None and code not in codes.values():
            codes[name] = code
    return codes


def _same_as_cis(survey: Survey, name: str) -> str | None:
    """The code of the one concept an indicator is about, where the base is every firm and the estimate is the share of
    firms with a property or the total of an amount. CIS's shares of turnover are ratios of totals: a mean of firms' own
    shares is another figure."""
    indicator = survey.indicators[name]
    measure, base = survey.measures.get(indicator.measure), survey.bases[indicator.base]
    concept = survey.concepts.get(measure.sql.strip()) if measure else None
    if concept is None or not concept.cis_code or base.sql.strip().lower() != "true":
        return None
    same = {"boolean": "share", "number": "total", "integer": "total"}.get(concept.type) == indicator.estimator
    code = concept.cis_code[max(concept.cis_code)]
    return code if same and code == token(code) else None


def token(text: str) -> str:
    """A text as an SDMX code: letters, digits, underscore, hyphen, dot. Other texts, and other than the total's code,
    give another code."""
    return spelled(text, r"A-Za-z0-9_.\-", LONGEST_CODE, {TOTAL})


def identifier(kind: str, *names: str) -> str:
    """An XML identifier of one kind (a letter) for something that these names name; other names give another."""
    return kind + ".".join(spelled(name, r"A-Za-z0-9_\-", LONGEST_CODE) for name in names)


def ddi(
    tables: Mapping[str, pd.DataFrame], survey: Survey, waves: Sequence[str], moment: str
) -> ElementTree.ElementTree:
    """DDI-Codebook 2.5: the study, and per wave and concept a variable with question, categories and universe."""
    ElementTree.register_namespace("", f"{DDI}")

    def add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
        made = ElementTree.SubElement(parent, f"{{{DDI}}}{tag}", attributes)
        made.text = None if text is None else printable(text)
        return made

    xml = "{http://www.w3.org/XML/1998/namespace}lang"
    root = ElementTree.Element(f"{{{DDI}}}codeBook", {"version": "2.5"})
    for part in ("docDscr", "stdyDscr"):
        citation = add(add(root, part), "citation")
        title = add(citation, "titlStmt")
        add(title, "titl", survey.title.get("en", survey.name))
        for language, words in survey.title.items():
            if language != "en":
                add(title, "parTitl", words, **{xml: language})
        add(title, "IDNo", survey.name)
        if part == "docDscr":
            add(add(citation, "prodStmt"), "prodDate", moment[:10], date=moment[:10])
            continue
        add(add(citation, "rspStmt"), "AuthEnty", survey.source.get("en", survey.name))
        about = add(root.find(f"{{{DDI}}}stdyDscr"), "stdyInfo")  # type: ignore[arg-type]
        summary = add(about, "sumDscr")
        for wave in waves:
            add(summary, "timePrd", str(survey.waves[wave].reference_year), event="single")
        for wave in waves:
            add(summary, "collDate", wave, event="single")
        add(summary, "universe", survey.population.get("en", ""))
    for wave in waves:
        add(root, "fileDscr", ID=identifier("F", wave))
    data = add(root, "dataDscr")
    table = tables["codebook"]
    for x in table.astype("object").where(table.notna(), None).to_dict("records"):
        if x["comparability"] == "not asked":
            continue
        variable = add(
            data,
            "var",
            ID=identifier("V", x["wave"], x["concept"]),
            name=x["concept"],
            files=identifier("F", x["wave"]),
        )
        add(variable, "labl", x["label_en"] or x["concept"], **{xml: "en"})
        if x["label_nl"]:
            add(variable, "labl", x["label_nl"], **{xml: "nl"})
        if x["question"]:
            add(add(variable, "qstn"), "qstnLit", x["question"])
        if x["asked_of"]:
            add(variable, "universe", x["asked_of"])
        for language in ("en", "nl"):
            if x[f"definition_{language}"]:
                add(variable, "txt", x[f"definition_{language}"], **{xml: language})
        for code, words in json.loads(x["codes"] or "{}").items():
            category = add(variable, "catgry")
            add(category, "catValu", code)
            for language, label in words.items():
                add(category, "labl", label, **{xml: language})
        kind = "numeric" if x["type"] in ("number", "integer", "percentage", "boolean") else "character"
        add(variable, "varFormat", type=kind)
    ElementTree.indent(root)
    return ElementTree.ElementTree(root)


def printable(text: str) -> str:
    """The text without characters that XML does not know."""
    return "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
