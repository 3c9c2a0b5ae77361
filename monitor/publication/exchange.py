"""The release for statistical exchange: SDMX of indicators with a CIS code, DDI-Codebook of the questionnaire.

Belongs here: writing the two standards from the disclosed tables. Does not belong here: what they contain; which line
is which SDMX observation (`sdmx`) and the message that says what its codes mean (`sdmx_structure`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from monitor.publication import sdmx, sdmx_structure
from monitor.publication.spelling import printable, spelled
from monitor.survey import Survey

LONGEST_CODE = 255
DDI = "ddi:codebook:2_5"


def write(
    folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey, waves: Sequence[str], moment: str
) -> list[str]:
    """Write `sdmx/structure.xml`, a file of observations for each data flow in it, and `ddi/codebook.xml`. Returns
    their paths inside the folder."""
    (folder / "sdmx").mkdir()
    (folder / "ddi").mkdir()
    found = sdmx.observations(tables["indicators"], survey)
    flows = sdmx.flows_of(found)
    for flow in flows:
        with (folder / "sdmx" / flow.file).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["DATAFLOW", *sdmx.DIMENSIONS, "OBS_VALUE", *sdmx.ATTRIBUTES])
            writer.writerows(x.line() for x in found if x.flow == flow)
    _write_xml(sdmx_structure.structure(found, survey, moment), folder / "sdmx" / "structure.xml")
    _write_xml(ddi(tables, survey, waves, moment), folder / "ddi" / "codebook.xml")
    return ["sdmx/structure.xml", *(f"sdmx/{flow.file}" for flow in flows), "ddi/codebook.xml"]


def _write_xml(tree: ElementTree.ElementTree, path: Path) -> None:
    tree.write(path, encoding="utf-8", xml_declaration=True, short_empty_elements=True)


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
