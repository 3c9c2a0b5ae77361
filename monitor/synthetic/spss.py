"""The third wave as an SPSS file: value labels, user-missing values, choices ticked by their own number.

Belongs here: this one file. Does not belong here: what the answers are (`fieldwork`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from monitor.storage import private
from monitor.synthetic.cells import FUNDING_TEXTS, PARTNER_TEXTS, SHARE_TEXTS, Answers, Column, Show, yes_no
from monitor.synthetic.fieldwork import Fieldwork

YES_NO = {"1": "Ja", "2": "Nee", "8": "Weet niet", "9": "Wil niet zeggen"}
USE = {"1": "Gebruikt", "2": "Van plan", "3": "Niet", "8": "Weet niet", "9": "Wil niet zeggen"}
ORIENTATION = {
    "1": "1 - zuiver winst", "2": "2", "3": "3", "4": "4", "5": "5 - zuiver maatschappelijk",
    "8": "Weet niet", "9": "Wil niet zeggen",
}  # fmt: skip
MATURITY = {
    "1": "1 - begin", "2": "2", "3": "3", "4": "4", "5": "5 - voorloper", "8": "Weet niet", "9": "Wil niet zeggen",
}  # fmt: skip
ORIENTATION_CODES = {"profit": ("1",), "balanced": ("2", "3", "4"), "social": ("5",)}
TECHNOLOGIES = {
    "sensor_technology": "sensortechnologie",
    "internet_of_things": "internet of things",
    "artificial_intelligence": "kunstmatige intelligentie",
}
MISSING_CHOICES = {"dont_know": "8", "refused": "9"}
MISSING_AMOUNTS = {"dont_know": "-8", "refused": "-9"}
DATE, TIME = b"01 jan 17", b"00:00:00"
"""What stands for the moment of writing in a .sav's header: 9 bytes from byte 92, 8 bytes from byte 101"""


def export(work: Fieldwork, initiatives: Mapping[str, str], rng: np.random.Generator) -> dict[str, bytes]:
    """File name -> content."""
    import pyreadstat

    cells = Answers(work, rng, MISSING_CHOICES)
    texts = _texts(cells)
    numbers, missing = _numbers(cells, initiatives)
    data = pd.DataFrame(
        {c.name: list(c.cells) for c in texts}
        | {c.name: [float(cell) if cell else np.nan for cell in c.cells] for c in numbers}
    )
    labels: dict[str, dict[int | float, str]] = {
        column.name: {int(code): label for code, label in column.labels.items()} for column in numbers if column.labels
    }
    with private.workspace() as folder:
        path = folder / "wave.sav"
        pyreadstat.write_sav(
            data,
            path,
            file_label="Innovatiemonitor 2019 (synthetisch)",
            column_labels=[column.text for column in (*texts, *numbers)],
            variable_value_labels=labels,
            missing_ranges=missing,
        )
        content = bytearray(path.read_bytes())
    # The writer puts the clock's time into the header; equal answers must give equal bytes.
    content[92:101], content[101:109] = DATE, TIME
    return {f"innovatiemonitor_{work.wave}.sav": bytes(content)}


def _texts(cells: Answers) -> list[Column]:
    return [
        Column("kvk", "KvK-nummer", list(cells.table["firm"])),
        Column("datum", "Datum van invullen", [str(moment)[:10] for moment in cells.table["started"]]),
        Column("v1_anders", "Ander initiatief, namelijk", cells.other_initiatives()),
        Column("opmerking", "Opmerkingen", cells.remarks()),
        Column("naam", "Naam", cells.names()),
        Column("telefoon", "Telefoon", cells.phones()),
        Column("ip", "IP-adres", cells.addresses()),
    ]


def _numbers(cells: Answers, initiatives: Mapping[str, str]) -> tuple[list[Column], dict[str, list[Any]]]:
    """The coded and numeric columns, and per column the values the file declares missing."""
    yes, table = yes_no("1", "2"), cells.table
    pages = table["pages"].max()
    columns = [
        Column("voortgang", "Voortgang (procent)", [f"{100 * page / pages}" for page in table["pages"]]),
        Column("duur_min", "Invultijd in minuten", [f"{seconds / 60:.2f}" for seconds in table["seconds"]]),
    ]
    missing: dict[str, list[Any]] = {}

    def ask(name: str, text: str, concept: str, show: Show = yes, labels: Mapping[str, str] = YES_NO) -> None:
        columns.append(Column(name, text, cells.of(concept, show), labels))
        missing[name] = [8, 9]

    def ask_number(name: str, text: str, concept: str) -> None:
        columns.append(Column(name, text, cells.of(concept, str, MISSING_AMOUNTS)))
        missing[name] = [-8, -9]

    def orientation(value: str) -> str:
        codes = ORIENTATION_CODES[value]
        return codes[cells.rng.integers(len(codes))]

    def use(value: bool) -> str:
        return "1" if value else str(cells.rng.integers(2, 4))

    for i, (code, name) in enumerate(initiatives.items(), start=1):
        ticks = cells.ticks("initiatives", code, "1", "0")
        columns.append(Column(f"v1_{i:02d}", f"Deelname: {name}", ticks, {"0": "Niet genoemd", "1": "Genoemd"}))
    ask("v2", "Bracht uw bedrijf in 2016-2018 een nieuw of duidelijk verbeterd product of nieuwe dienst op de markt?",
        "product_innovation")  # fmt: skip
    for i, (share, text) in enumerate(SHARE_TEXTS.items(), start=1):
        ask_number(f"v3_{i}", f"Omzet 2018 (procent): {text}", share)
    ask(
        "v4",
        "Vernieuwde uw bedrijf in 2016-2018 zijn productie, logistiek, organisatie of verkoop?",
        "process_innovation",
    )
    ask("v5_1", "Had uw bedrijf eind 2018 innovatieactiviteiten die nog liepen?", "ongoing_activities")
    ask("v5_2", "Heeft uw bedrijf in 2016-2018 innovatieactiviteiten voortijdig gestopt?", "abandoned_activities")
    ask("v6", "Deed uw bedrijf in 2018 zelf aan onderzoek en ontwikkeling (R&D)?", "in_house_rd")
    ask_number("v7", "Welk deel van de omzet ging in 2018 naar eigen R&D (procent)?", "rd_share_of_turnover")
    ask("v8", "Besteedde uw bedrijf in 2018 R&D uit?", "contracted_out_rd")
    ask_number("v9", "Hoeveel gaf uw bedrijf in 2018 uit aan innovatie (euro)?", "innovation_expenditure_eur")
    for i, (code, name) in enumerate(PARTNER_TEXTS.items(), start=1):
        ticks = cells.ticks("cooperation_partners", code, str(i), "")
        columns.append(
            Column(f"v10_{i:02d}", f"Samenwerking aan innovatie in 2016-2018 met: {name}", ticks, {str(i): "Genoemd"})
        )
    ask_number("v11", "Hoeveel werkzame personen telde uw bedrijf in 2018?", "employees")
    ask_number("v12", "Wat was in 2018 de omzet van uw bedrijf, zonder btw (euro)?", "turnover_eur")
    ask("v13", "Waarop is uw bedrijf gericht?", "orientation", orientation, ORIENTATION)
    for i, (technology, text) in enumerate(TECHNOLOGIES.items(), start=1):
        ask(f"v14_{i}", f"Gebruikt uw bedrijf {text}?", technology, use, USE)
    ask("v15", "Hoe ver is uw bedrijf met digitalisering?", "digital_maturity", str, MATURITY)
    for i, (source, text) in enumerate(FUNDING_TEXTS.items(), start=1):
        ask(f"v16_{i}", f"Kreeg uw bedrijf in 2016-2018 steun voor innovatie van {text}?", source)
    return columns, missing
