"""The second wave as LimeSurvey exports it: answer codes in cp1252 with semicolons, labels in an R syntax file.

Belongs here: these two files. Does not belong here: what the answers are (`fieldwork`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence

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

YES_NO = {"Y": "Ja", "N": "Nee", "D": "Weet niet", "R": "Wil niet zeggen"}
TICKS = {"Y": "Ja", "N": "Nee"}
ORIENTATIONS = {
    "A1": "Zuiver op winst gericht",
    "A2": "Winst en maatschappelijk doel in evenwicht",
    "A3": "Zuiver op maatschappelijk doel gericht",
    "D": "Weet niet",
    "R": "Wil niet zeggen",
}
ORIENTATION_CODES = {"profit": "A1", "balanced": "A2", "social": "A3"}
TECHNOLOGIES = {"sensor_technology": "Sensortechnologie", "internet_of_things": "Internet of things"}
MISSING_PERCENTS = {"dont_know": "888", "refused": "999"}
MISSING_AMOUNTS = {"dont_know": "-8", "refused": "-9"}


def export(work: Fieldwork, initiatives: Mapping[str, str], rng: np.random.Generator) -> dict[str, bytes]:
    """File name -> content."""
    columns = _columns(Answers(work, rng, {"dont_know": "D", "refused": "R"}), initiatives)
    name = f"innovatiemonitor_{work.wave}"
    answers = delimited([column.name for column in columns], records(columns), ";", csv.QUOTE_ALL)
    return {
        f"{name}.csv": answers.encode("cp1252"),
        f"{name}.R": _r_syntax(f"{name}.csv", columns).encode("utf-8"),
    }


def _columns(cells: Answers, initiatives: Mapping[str, str]) -> list[Column]:
    yes, table = yes_no("Y", "N"), cells.table
    percent = cells.typed(comma, lambda v: f"{comma(v)}%")
    submitted = [str(moment) if done else "" for moment, done in zip(cells.ended, cells.finished, strict=True)]
    columns = [
        Column("id", "Antwoord ID", [str(i) for i in range(1, cells.n + 1)]),
        Column("submitdate", "Datum ingestuurd", submitted),
        Column("lastpage", "Laatste pagina", [str(page) for page in table["pages"]]),
        Column("startlanguage", "Taal", ["nl"] * cells.n),
        Column("startdate", "Datum gestart", [str(moment) for moment in table["started"]]),
        Column("interviewtime", "Totale tijd", [f"{seconds + 0.5}" for seconds in table["seconds"]]),
        Column("ipaddr", "IP-adres", cells.addresses()),
        Column("attribute_1", "KvK-nummer", list(table["firm"])),
    ]

    def ask(name: str, text: str, concept: str, show: Show = yes, labels: Mapping[str, str] = YES_NO) -> None:
        columns.append(Column(name, text, cells.of(concept, show), labels))

    def ask_number(name: str, text: str, concept: str, show: Show, missing: Mapping[str, str]) -> None:
        columns.append(Column(name, text, cells.of(concept, show, missing)))

    def ask_several(name: str, text: str, concept: str, choices: Mapping[str, str]) -> None:
        for i, (choice, label) in enumerate(choices.items(), start=1):
            ticks = cells.ticks(concept, choice, "Y", "N")
            columns.append(Column(f"{name}[SQ{i:03d}]", f"[{label}] {text}", ticks, TICKS))

    taking_part = "Aan welke innovatienetwerken, testomgevingen en incubators neemt uw bedrijf deel?"
    ask_several("A1", taking_part, "initiatives", initiatives)
    columns.append(Column("A1[other]", f"[Anders] {taking_part}", cells.other_initiatives()))
    ask("B1", "Bracht uw bedrijf in 2015-2017 een nieuw of duidelijk verbeterd product of nieuwe dienst op de markt?",
        "product_innovation")  # fmt: skip
    for i, (share, label) in enumerate(SHARE_TEXTS.items(), start=1):
        text = f"[{label}] Hoe was uw omzet in 2017 verdeeld (in procenten)?"
        ask_number(f"B2[SQ{i:03d}]", text, share, percent, MISSING_PERCENTS)
    ask(
        "C1",
        "Vernieuwde uw bedrijf in 2015-2017 zijn productie, logistiek, organisatie of verkoop?",
        "process_innovation",
    )
    ask("C2", "Had uw bedrijf eind 2017 innovatieactiviteiten die nog liepen?", "ongoing_activities")
    ask("C3", "Heeft uw bedrijf in 2015-2017 innovatieactiviteiten voortijdig gestopt?", "abandoned_activities")
    ask("D1", "Deed uw bedrijf in 2017 zelf aan onderzoek en ontwikkeling (R&D)?", "in_house_rd")
    ask_number("D2", "Welk deel van de omzet ging in 2017 naar eigen R&D (procent)?", "rd_share_of_turnover", percent,
               MISSING_PERCENTS)  # fmt: skip
    ask("D3", "Besteedde uw bedrijf in 2017 R&D uit?", "contracted_out_rd")
    ask_number("D4", "Hoeveel gaf uw bedrijf in 2017 uit aan innovatie (euro)?", "innovation_expenditure_eur", dotted,
               MISSING_AMOUNTS)  # fmt: skip
    cooperating = "Met welke organisaties werkte uw bedrijf in 2015-2017 samen aan innovatie?"
    ask_several("E1", cooperating, "cooperation_partners", PARTNER_TEXTS)
    ask_number("F1", "Hoeveel werkzame personen telde uw bedrijf in 2017?", "employees", dotted, MISSING_AMOUNTS)
    ask_number("F2", "Wat was in 2017 de omzet van uw bedrijf, zonder btw (in duizenden euro)?", "turnover_eur",
               lambda v: dotted(v / 1000), MISSING_AMOUNTS)  # fmt: skip
    for i, (source, label) in enumerate(FUNDING_TEXTS.items(), start=1):
        ask(f"G1[SQ{i:03d}]", f"[{label}] Kreeg uw bedrijf in 2015-2017 steun voor innovatie van:", source)
    ask("G2", "Waarop is uw bedrijf gericht?", "orientation", lambda v: ORIENTATION_CODES[v], ORIENTATIONS)
    for i, (technology, label) in enumerate(TECHNOLOGIES.items(), start=1):
        ask(f"G3[SQ{i:03d}]", f"[{label}] Gebruikt uw bedrijf deze technologie?", technology)
    columns += [
        Column("H1", "Hebt u nog opmerkingen?", cells.remarks()),
        Column("H2[naam]", "[Naam] Contactgegevens", cells.names()),
        Column("H2[email]", "[E-mail] Contactgegevens", cells.emails()),
    ]
    return columns


def _r_syntax(file: str, columns: Sequence[Column]) -> str:
    """LimeSurvey's R syntax file: per column its text, its codes with their labels, its name."""
    options = 'sep = ";", na.strings = c("", "\\"\\""), fileEncoding = "cp1252"'
    lines = [f'data <- read.csv("{file}", {options})', ""]
    for place, column in enumerate(columns, start=1):
        lines.append(f"# LimeSurvey Field type: {'F' if column.labels else 'A'}")
        lines.append(f"data[, {place}] <- as.character(data[, {place}])")
        lines.append(f'attributes(data)$variable.labels[{place}] <- "{column.text}"')
        if column.labels:
            levels = ",".join(f'"{code}"' for code in column.labels)
            labels = ",".join(f'"{label}"' for label in column.labels.values())
            lines.append(f"data[, {place}] <- factor(data[, {place}], levels=c({levels}),labels=c({labels}))")
        lines.append(f'names(data)[{place}] <- "{column.name}"')
        lines.append("")
    return "\n".join(lines)
