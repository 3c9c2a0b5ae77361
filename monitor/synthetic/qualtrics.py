"""The first wave as Qualtrics exports it: three header rows, choice texts, several choices in one cell.

Belongs here: this one file. Does not belong here: what the answers are (`fieldwork`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitor.synthetic.cells import (
    FUNDING_TEXTS,
    PARTNER_TEXTS,
    SHARE_TEXTS,
    Answers,
    Column,
    Show,
    comma,
    delimited,
    dotted,
    records,
    yes_no,
)
from monitor.synthetic.fieldwork import Fieldwork

KNOWLEDGE = ("universities", "government_institutes", "private_institutes")
PARTNERS = {code: text for code, text in PARTNER_TEXTS.items() if code != "non_profit"} | dict.fromkeys(
    KNOWLEDGE, "Kennisinstellingen"
)
"""This wave's list knew one kind of knowledge institution and no non-profit organisations"""


def export(work: Fieldwork, initiatives: Mapping[str, str], rng: np.random.Generator) -> dict[str, bytes]:
    """File name -> content."""
    columns = _columns(Answers(work, rng, {"dont_know": "Weet ik niet", "refused": "Wil ik niet zeggen"}), initiatives)
    ids = [f"QID{c.name[1:]}" if c.name.startswith("Q") else c.name for c in columns]
    rows = [tuple(c.text for c in columns), tuple(f'{{"ImportId":"{id_}"}}' for id_ in ids), *records(columns)]
    text = delimited([column.name for column in columns], rows, ",")
    return {f"innovatiemonitor_{work.wave}.csv": text.encode("utf-8-sig")}


def _chosen(labels: Mapping[str, str]) -> Show:
    return lambda codes: ",".join(dict.fromkeys(labels[code] for code in codes if code in labels))


def _columns(cells: Answers, initiatives: Mapping[str, str]) -> list[Column]:
    yes, table = yes_no("Ja", "Nee"), cells.table
    percent = cells.typed(comma, lambda v: f"{comma(v)}%", lambda v: f"{comma(v)} %")
    euro = cells.typed(dotted, lambda v: f"{v:.0f}", lambda v: f"€ {dotted(v)}")
    people = cells.typed(dotted, lambda v: f"{v:.0f}")
    numbers = enumerate(table["firm"])
    progress = [str(int(100 * page / table["pages"].max())) for page in table["pages"]]
    taking_part = "Aan welke innovatienetwerken, testomgevingen en incubators neemt uw bedrijf deel?"
    columns = [
        Column("StartDate", "Start Date", [str(moment) for moment in table["started"]]),
        Column("EndDate", "End Date", [str(moment) for moment in cells.ended]),
        Column("Status", "Response Type", ["IP Address"] * cells.n),
        Column("IPAddress", "IP Address", cells.addresses()),
        Column("Progress", "Progress", progress),
        Column("Duration (in seconds)", "Duration (in seconds)", [str(s) for s in table["seconds"]]),
        Column("Finished", "Finished", ["True" if done else "False" for done in cells.finished]),
        Column("ResponseId", "Response ID", [f"R_{int(firm) * 7919 % 10**9:09d}{i:04d}" for i, firm in numbers]),
        Column("RecipientEmail", "Recipient Email", cells.emails()),
        Column("ExternalReference", "External Data Reference", list(table["firm"])),
        Column("LocationLatitude", "Location Latitude", cells.places(53)),
        Column("LocationLongitude", "Location Longitude", cells.places(6)),
        Column("UserLanguage", "User Language", ["NL"] * cells.n),
    ]

    def ask(name: str, text: str, concept: str, show: Show) -> None:
        columns.append(Column(name, text, cells.of(concept, show)))

    ask("Q1", f"{taking_part} - Selected Choice", "initiatives", _chosen(initiatives))
    columns.append(Column("Q1_56_TEXT", f"{taking_part} - Anders, namelijk - Text", cells.other_initiatives()))
    ask("Q2", "Bracht uw bedrijf in 2014-2016 een nieuw of duidelijk verbeterd product of nieuwe dienst op de markt?",
        "product_innovation", yes)  # fmt: skip
    for i, (share, text) in enumerate(SHARE_TEXTS.items(), start=1):
        ask(f"Q3_{i}", f"Hoe was uw omzet in 2016 verdeeld (in procenten)? - {text}", share, percent)
    ask(
        "Q4",
        "Voerde uw bedrijf in 2014-2016 een nieuw of duidelijk verbeterd productieproces in?",
        "process_innovation",
        yes,
    )
    ask("Q5_1", "Had uw bedrijf eind 2016 innovatieactiviteiten die nog liepen?", "ongoing_activities", yes)
    ask("Q5_2", "Heeft uw bedrijf in 2014-2016 innovatieactiviteiten voortijdig gestopt?", "abandoned_activities", yes)
    ask("Q6", "Deed uw bedrijf in 2016 zelf aan onderzoek en ontwikkeling (R&D)?", "in_house_rd", yes)
    ask("Q7", "Welk deel van de omzet ging in 2016 naar eigen R&D (in procenten)?", "rd_share_of_turnover", percent)
    ask("Q8", "Besteedde uw bedrijf in 2016 R&D uit?", "contracted_out_rd", yes)
    ask("Q9", "Hoeveel gaf uw bedrijf in 2016 uit aan innovatie (in euro)?", "innovation_expenditure_eur", euro)
    ask("Q10", "Met welke organisaties werkte uw bedrijf in 2014-2016 samen aan innovatie?", "cooperation_partners",
        _chosen(PARTNERS))  # fmt: skip
    ask("Q11", "Hoeveel werkzame personen telde uw bedrijf in 2016?", "employees", people)
    ask("Q12", "Wat was in 2016 de omzet van uw bedrijf, zonder btw (in euro)?", "turnover_eur", euro)
    for i, (source, text) in enumerate(FUNDING_TEXTS.items(), start=1):
        ask(f"Q13_{i}", f"Kreeg uw bedrijf in 2014-2016 steun voor innovatie van {text}?", source, yes)
    columns += [
        Column("Q14", "Hebt u nog opmerkingen?", cells.remarks()),
        Column("Q15_1", "Contactgegevens - Naam", cells.names()),
        Column("Q15_3", "Contactgegevens - Telefoon", cells.phones()),
    ]
    return columns
