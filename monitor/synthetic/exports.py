"""The demonstration survey's files as survey tools and registers really hand them in.

Belongs here: one writer per wave (Qualtrics, LimeSurvey, SPSS), the frame files, the calibration margins. Does not
belong here: who answers what (`fieldwork`).

2017  Qualtrics CSV, UTF-8 with BOM, three header rows, choice texts, several choices in one cell, numbers as people type them
2018  LimeSurvey CSV, cp1252, semicolons, decimal commas, codes, one column per choice, its R syntax file with the labels
2019  SPSS .sav with value labels and user-missing values, choices ticked by their own number

Every byte follows from the seed. Names, addresses and numbers of contacts are made up (example.org, 192.0.2.0/24):
they are there to be dropped at intake.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.synthetic.fieldwork import DIGITAL, FUNDING, SHARES, Fieldwork, fieldwork
from monitor.synthetic.firms import INITIATIVES, PARTNERS, SEED, SIZE_BANDS, Population, population

FOLDER = Path(__file__).resolve().parent.parent / "surveys" / "noord_nederland"
SECTIONS = {
    "agriculture": "A", "manufacturing": "B-E", "construction": "F", "trade_transport": "G-I", "information": "J",
    "business_services": "K-N",
}  # fmt: skip
PROVINCE_NAMES = {"PV20": "Groningen", "PV21": "Fryslân", "PV22": "Drenthe"}
AGES = {"start_up": "0-4", "young": "5-9", "established": "10+"}
OUTCOMES = {
    "": "", "complete": "volledig", "partial": "deels", "break_off": "afgebroken", "refusal": "geweigerd",
    "no_contact": "geen reactie", "out_of_scope": "opgeheven",
}  # fmt: skip
PARTNERS_2017 = {
    "group": "Eigen concern", "suppliers": "Leveranciers", "private_clients": "Klanten uit het bedrijfsleven",
    "public_clients": "Klanten uit de publieke sector", "competitors": "Concurrenten", "consultants": "Adviesbureaus",
    "universities": "Kennisinstellingen", "government_institutes": "Kennisinstellingen",
    "private_institutes": "Kennisinstellingen",
}  # fmt: skip
"""The first wave's list knew one kind of knowledge institution and no non-profit organisations"""
REMARKS = (
    "Prima vragenlijst, graag een kopie van het rapport.",
    "Wij zijn een klein bedrijf; niet alle vragen passen.\nDe omzet is geschat.",
    "Innovatie gaat bij ons geleidelijk – één stap per jaar.",
    'De term "topinnovator" is ons niet duidelijk.',
    "Subsidie van € 25.000 aangevraagd; nog geen reactie.",
)
SPSS_DATE, SPSS_TIME = b"01 jan 17", b"00:00:00"
"""What stands for the moment of writing in a .sav's header (9 bytes from byte 92, 8 bytes from byte 101)"""

Table = tuple[list[str], list[list[str]]]


def deliveries(folder: Path, seed: int = SEED) -> dict[str, list[Path]]:
    """Write each wave's files to `folder/<wave>/`: the delivery, its label file where there is one, the frame.

    A file that already holds the same bytes is left as it is, so that running again is not a new delivery. Returns
    the files per wave.
    """
    people = population(seed)
    names = initiative_names()
    written: dict[str, list[Path]] = {}
    for wave, work in fieldwork(people).items():
        rng = np.random.default_rng(np.random.SeedSequence([seed, 2, int(wave)]))
        target = Path(folder) / wave
        target.mkdir(parents=True, exist_ok=True)
        files = _WRITERS[wave](work, names, rng) | {f"kader_{wave}.csv": _frame(work)}
        written[wave] = [_write(target / name, content) for name, content in files.items()]
    return written


def initiative_names() -> dict[str, str]:
    """The registry's initiatives: code -> Dutch name."""
    with (FOLDER / "initiatives.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["name_nl"] for row in csv.DictReader(stream)}


def margins(people: Population, wave: str) -> str:
    """The calibration totals of a wave as the survey folder's margins/<wave>.csv: living firms by size band, sector
    and province."""
    census = people.census[wave]
    rows = ["variables,categories,total,counts,source,date"]
    for variable in ("size_band", "sector", "province"):
        for category, total in census[variable].value_counts().sort_index().items():
            rows.append(f"{variable},{category},{total},enterprises,synthetic population,{wave}-01-01")
    return "\n".join(rows) + "\n"


def _write(path: Path, content: bytes) -> Path:
    if not path.exists() or path.read_bytes() != content:
        aside = path.with_name(f".{path.name}.part")
        aside.write_bytes(content)
        os.replace(aside, path)
    return path


def _frame(work: Fieldwork) -> bytes:
    """The register's extract: semicolons, register numbers as text with their leading zeros."""
    frame = work.frame
    columns = {
        "KvK-nummer": frame["firm"],
        "SBI": frame["sbi_code"],
        "sectie": frame["sector"].map(SECTIONS),
        "grootteklasse": frame["size_band"].map({band: str(i) for i, band in enumerate(SIZE_BANDS, start=1)}),
        "provincie": frame["province"].map(PROVINCE_NAMES),
        "gemeentecode": frame["municipality_code"],
        "opgericht": frame["founded_year"].astype(str),
        "leeftijd": frame["firm_age_band"].map(AGES),
        "WBSO": np.where(frame["rd_tax_credit"], "ja", "nee"),
        "uitgenodigd": np.where(frame["invited"], "1", "0"),
        "resultaat": frame["disposition"].map(OUTCOMES),
    }
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return _csv(list(columns), rows, ";").encode("utf-8")


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str, *, quoted: bool = False) -> str:
    stream = io.StringIO(newline="")
    style = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n", quoting=style)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


class _Answers:
    """One wave's answers as cells of text."""

    def __init__(self, work: Fieldwork, rng: np.random.Generator, missing: Mapping[str, str]) -> None:
        self.work, self.rng, self.codes = work, rng, missing
        self.table, self.kinds = work.responses, work.missing
        self.n = len(self.table)
        self.contact = rng.random(self.n) < 0.4
        self.remark = np.where(rng.random(self.n) < 0.08, rng.choice(len(REMARKS), self.n), -1)
        finished = self.table["pages"] == self.table["pages"].max()
        self.finished = finished.to_numpy()
        self.ended = self.table["started"] + pd.to_timedelta(self.table["seconds"], unit="s")

    def cells(self, concept: str, show: Callable[[object], str], missing: Mapping[str, str] | None = None) -> list[str]:
        """A question's column: answers as shown, missing kinds by their codes, the rest blank."""
        codes = self.codes if missing is None else missing
        return [
            codes.get(kind, "") if kind else show(value)
            for value, kind in zip(self.table[concept], self.kinds[concept], strict=True)
        ]

    def ticks(
        self, concept: str, choice: str, ticked: str, unticked: str, also: Sequence[str] = ()
    ) -> list[str]:
        """One choice of a question with several: ticked, unticked, or blank where it was not shown or skipped."""
        wanted = {choice, *also}
        return [
            "" if kind else (ticked if wanted & set(value) else unticked)
            for value, kind in zip(self.table[concept], self.kinds[concept], strict=True)
        ]

    def typed(self, plain: Callable[[float], str], *others: Callable[[float], str]) -> Callable[[object], str]:
        """A number as people type it: mostly plain, at times otherwise."""
        return lambda value: (plain if self.rng.random() < 0.6 else others[self.rng.integers(len(others))])(float(value))  # type: ignore[arg-type]

    def contacts(self) -> dict[str, list[str]]:
        """Direct identifiers and open answers, all made up."""
        numbers = [int(firm) % 900 + 1 for firm in self.table["firm"]]
        given = zip(numbers, self.contact, strict=True)
        shown = [number if known else 0 for number, known in given]
        return {
            "name": [f"Proefpersoon {number}" if number else "" for number in shown],
            "email": [f"contact{number}@example.org" if number else "" for number in shown],
            "phone": [f"050-000{number:04d}" if number else "" for number in shown],
            "ip": [f"192.0.2.{number % 254 + 1}" for number in numbers],
            "latitude": [f"53.{number:04d}" for number in numbers],
            "longitude": [f"6.{number:04d}" for number in numbers],
            "remark": ["" if place < 0 else REMARKS[place] for place in self.remark],
            "other": [
                "Ondernemersclub De Proef" if number % 40 == 0 and participates else ""
                for number, participates in zip(numbers, self.table["participates"], strict=True)
            ],
        }


def _dotted(value: float) -> str:
    """12500 as Dutch people write it: 12.500"""
    return f"{value:,.0f}".replace(",", ".")


def _comma(value: float) -> str:
    """12.5 as Dutch people write it: 12,5"""
    return f"{value:g}".replace(".", ",")


def _yes(yes: str, no: str) -> Callable[[object], str]:
    return lambda value: yes if value else no


def _qualtrics(work: Fieldwork, names: Mapping[str, str], rng: np.random.Generator) -> dict[str, bytes]:
    """Three header rows (names, question texts, import ids), then one record per response."""
    of = _Answers(work, rng, {"dont_know": "Weet ik niet", "refused": "Wil ik niet zeggen"})
    yes, contacts = _yes("Ja", "Nee"), of.contacts()
    percent = of.typed(_comma, lambda v: f"{_comma(v)}%", lambda v: f"{_comma(v)} %")
    euro = of.typed(_dotted, lambda v: f"{v:.0f}", lambda v: f"€ {_dotted(v)}")
    table, pages = of.table, of.table["pages"].max()

    def chosen(labels: Mapping[str, str]) -> Callable[[object], str]:
        return lambda codes: ",".join(dict.fromkeys(labels[c] for c in codes if c in labels))  # type: ignore[attr-defined]

    columns: list[tuple[str, str, list[str]]] = [
        ("StartDate", "Start Date", [str(moment) for moment in table["started"]]),
        ("EndDate", "End Date", [str(moment) for moment in of.ended]),
        ("Status", "Response Type", ["IP Address"] * of.n),
        ("IPAddress", "IP Address", contacts["ip"]),
        ("Progress", "Progress", [str(int(100 * p / pages)) for p in table["pages"]]),
        ("Duration (in seconds)", "Duration (in seconds)", [str(s) for s in table["seconds"]]),
        ("Finished", "Finished", ["True" if done else "False" for done in of.finished]),
        ("ResponseId", "Response ID", [f"R_{int(firm) * 7919 % 10**9:09d}{i:04d}" for i, firm in enumerate(table["firm"])]),
        ("RecipientEmail", "Recipient Email", contacts["email"]),
        ("ExternalReference", "External Data Reference", list(table["firm"])),
        ("LocationLatitude", "Location Latitude", contacts["latitude"]),
        ("LocationLongitude", "Location Longitude", contacts["longitude"]),
        ("UserLanguage", "User Language", ["NL"] * of.n),
        ("Q1", "Neemt uw bedrijf deel aan een innovatienetwerk, testomgeving of incubator?", of.cells("participates", yes)),
        ("Q2", "Aan welke initiatieven neemt uw bedrijf deel? - Selected Choice", of.cells("initiatives", chosen(names))),
        ("Q2_56_TEXT", "Aan welke initiatieven neemt uw bedrijf deel? - Anders, namelijk - Text", contacts["other"]),
        ("Q3", "Bracht uw bedrijf in 2014-2016 een nieuw of duidelijk verbeterd product of een nieuwe dienst op de markt?",
         of.cells("product_innovation", yes)),
        *((f"Q4_{i}", f"Hoe was uw omzet in 2016 verdeeld (in procenten)? - {text}", of.cells(share, percent))
          for i, (share, text) in enumerate(zip(SHARES, _SHARE_TEXTS, strict=True), start=1)),
        ("Q5", "Voerde uw bedrijf in 2014-2016 een nieuw of duidelijk verbeterd productieproces in?",
         of.cells("process_innovation", yes)),
        ("Q6_1", "Had uw bedrijf eind 2016 innovatieactiviteiten die - nog liepen?", of.cells("ongoing_activities", yes)),
        ("Q6_2", "Had uw bedrijf eind 2016 innovatieactiviteiten die - voortijdig waren gestopt?",
         of.cells("abandoned_activities", yes)),
        ("Q7", "Deed uw bedrijf in 2016 zelf aan onderzoek en ontwikkeling (R&D)?", of.cells("in_house_rd", yes)),
        ("Q8", "Welk deel van de omzet ging in 2016 naar eigen R&D (in procenten)?", of.cells("rd_share_of_turnover", percent)),
        ("Q9", "Besteedde uw bedrijf in 2016 R&D uit?", of.cells("contracted_out_rd", yes)),
        ("Q10", "Hoeveel gaf uw bedrijf in 2016 uit aan innovatie (in euro)?", of.cells("innovation_expenditure_eur", euro)),
        ("Q11", "Werkte uw bedrijf in 2014-2016 met andere organisaties samen aan innovatie?", of.cells("cooperation", yes)),
        ("Q12", "Met welke organisaties?", of.cells("cooperation_partners", chosen(PARTNERS_2017))),
        ("Q13", "Hoeveel werkzame personen telde uw bedrijf in 2016?", of.cells("employees", of.typed(_dotted, lambda v: f"{v:.0f}"))),
        ("Q14", "Wat was in 2016 de omzet van uw bedrijf, zonder btw (in euro)?", of.cells("turnover_eur", euro)),
        *((f"Q15_{i}", f"Kreeg uw bedrijf in 2014-2016 steun voor innovatie van - {text}?", of.cells(source, yes))
          for i, (source, text) in enumerate(zip(FUNDING, _FUNDING_TEXTS, strict=True), start=1)),
        ("Q16", "Hebt u nog opmerkingen?", contacts["remark"]),
        ("Q17_1", "Contactgegevens - Naam", contacts["name"]),
        ("Q17_3", "Contactgegevens - Telefoon", contacts["phone"]),
    ]  # fmt: skip
    ids = ['{"ImportId":"' + (f"QID{name[1:]}" if name.startswith("Q") else name) + '"}' for name, _, _ in columns]
    rows = [[text for _, text, _ in columns], ids, *zip(*(cells for _, _, cells in columns), strict=True)]
    return {"innovatiemonitor_2017.csv": _csv([name for name, _, _ in columns], rows, ",").encode("utf-8-sig")}  # type: ignore[arg-type]


_SHARE_TEXTS = ("nieuw voor de markt", "alleen nieuw voor het bedrijf", "ongewijzigd of nauwelijks gewijzigd")
_FUNDING_TEXTS = ("gemeente of provincie", "het Rijk", "de Europese Unie")
_YES_NO = {"Y": "Ja", "N": "Nee", "D": "Weet niet", "R": "Wil niet zeggen"}
_TICKS = {"Y": "Ja", "N": "Nee"}
_ORIENTATIONS = {"A1": "Zuiver op winst gericht", "A2": "Winst en maatschappelijk doel in evenwicht",
                 "A3": "Zuiver op maatschappelijk doel gericht"}  # fmt: skip


def _limesurvey(work: Fieldwork, names: Mapping[str, str], rng: np.random.Generator) -> dict[str, bytes]:
    """Answer codes in a cp1252 file with semicolons, and the R syntax file that holds the labels."""
    of = _Answers(work, rng, {"dont_know": "D", "refused": "R"})
    yes, contacts, table = _yes("Y", "N"), of.contacts(), of.table
    percents, amounts = {"dont_know": "888", "refused": "999"}, {"dont_know": "-8", "refused": "-9"}
    percent = of.typed(_comma, lambda v: f"{_comma(v)}%")
    orientation = {"profit": "A1", "balanced": "A2", "social": "A3"}
    ended = [str(moment) if done else "" for moment, done in zip(of.ended, of.finished, strict=True)]

    columns: list[tuple[str, str, Mapping[str, str], list[str]]] = [
        ("id", "Antwoord ID", {}, [str(i) for i in range(1, of.n + 1)]),
        ("submitdate", "Datum ingestuurd", {}, ended),
        ("lastpage", "Laatste pagina", {}, [str(p) for p in table["pages"]]),
        ("startlanguage", "Taal", {}, ["nl"] * of.n),
        ("startdate", "Datum gestart", {}, [str(moment) for moment in table["started"]]),
        ("interviewtime", "Totale tijd", {}, [_comma(s + 0.5) for s in table["seconds"]]),
        ("ipaddr", "IP-adres", {}, contacts["ip"]),
        ("attribute_1", "KvK-nummer", {}, list(table["firm"])),
        ("A1", "Neemt uw bedrijf deel aan een innovatienetwerk, testomgeving of incubator?", _YES_NO, of.cells("participates", yes)),
        *((f"A2[SQ{i:03d}]", f"[{names[code]}] Aan welke initiatieven neemt uw bedrijf deel?", _TICKS,
           of.ticks("initiatives", code, "Y", "N")) for i, code in enumerate(INITIATIVES, start=1)),
        ("A2[other]", "[Anders] Aan welke initiatieven neemt uw bedrijf deel?", {}, contacts["other"]),
        ("B1", "Bracht uw bedrijf in 2015-2017 een nieuw of duidelijk verbeterd product of een nieuwe dienst op de markt?",
         _YES_NO, of.cells("product_innovation", yes)),
        *((f"B2[SQ{i:03d}]", f"[{text}] Hoe was uw omzet in 2017 verdeeld (in procenten)?", {}, of.cells(share, percent, percents))
          for i, (share, text) in enumerate(zip(SHARES, _SHARE_TEXTS, strict=True), start=1)),
        ("C1", "Vernieuwde uw bedrijf in 2015-2017 zijn productie, logistiek, organisatie of verkoop?", _YES_NO,
         of.cells("process_innovation", yes)),
        ("C2", "Had uw bedrijf eind 2017 innovatieactiviteiten die nog liepen?", _YES_NO, of.cells("ongoing_activities", yes)),
        ("C3", "Heeft uw bedrijf in 2015-2017 innovatieactiviteiten voortijdig gestopt?", _YES_NO,
         of.cells("abandoned_activities", yes)),
        ("D1", "Deed uw bedrijf in 2017 zelf aan onderzoek en ontwikkeling (R&D)?", _YES_NO, of.cells("in_house_rd", yes)),
        ("D2", "Welk deel van de omzet ging in 2017 naar eigen R&D (in procenten)?", {}, of.cells("rd_share_of_turnover", percent, percents)),
        ("D3", "Besteedde uw bedrijf in 2017 R&D uit?", _YES_NO, of.cells("contracted_out_rd", yes)),
        ("D4", "Hoeveel gaf uw bedrijf in 2017 uit aan innovatie (in euro)?", {},
         of.cells("innovation_expenditure_eur", lambda v: _dotted(float(v)), amounts)),  # type: ignore[arg-type]
        ("E1", "Werkte uw bedrijf in 2015-2017 met andere organisaties samen aan innovatie?", _YES_NO, of.cells("cooperation", yes)),
        *((f"E2[SQ{i:03d}]", f"[{text}] Met welke organisaties?", _TICKS, of.ticks("cooperation_partners", code, "Y", "N"))
          for i, (code, text) in enumerate(_PARTNER_TEXTS.items(), start=1)),
        ("F1", "Hoeveel werkzame personen telde uw bedrijf in 2017?", {}, of.cells("employees", lambda v: _dotted(float(v)), amounts)),  # type: ignore[arg-type]
        ("F2", "Wat was in 2017 de omzet van uw bedrijf, zonder btw (in duizenden euro)?", {},
         of.cells("turnover_eur", lambda v: _dotted(float(v) / 1000), amounts)),  # type: ignore[arg-type]
        *((f"G1[SQ{i:03d}]", f"[{text}] Kreeg uw bedrijf in 2015-2017 steun voor innovatie van:", _YES_NO, of.cells(source, yes))
          for i, (source, text) in enumerate(zip(FUNDING, _FUNDING_TEXTS, strict=True), start=1)),
        ("G2", "Waarop is uw bedrijf gericht?", _ORIENTATIONS | {"D": "Weet niet", "R": "Wil niet zeggen"},
         of.cells("orientation", lambda v: orientation[str(v)])),
        *((f"G3[SQ{i:03d}]", f"[{text}] Gebruikt uw bedrijf deze technologie?", _YES_NO, of.cells(technology, yes))
          for i, (technology, text) in enumerate(zip(DIGITAL, ("Sensortechnologie", "Internet of things"), strict=True), start=1)),
        ("H1", "Hebt u nog opmerkingen?", {}, contacts["remark"]),
        ("H2[naam]", "[Naam] Contactgegevens", {}, contacts["name"]),
        ("H2[email]", "[E-mail] Contactgegevens", {}, contacts["email"]),
    ]  # fmt: skip
    rows = list(zip(*(cells for *_, cells in columns), strict=True))
    answers = _csv([name for name, *_ in columns], rows, ";", quoted=True)  # type: ignore[arg-type]
    syntax = _r_syntax("innovatiemonitor_2018.csv", [(name, text, codes) for name, text, codes, _ in columns])
    return {
        "innovatiemonitor_2018.csv": answers.encode("cp1252"),
        "innovatiemonitor_2018.R": syntax.encode("utf-8"),
    }


_PARTNER_TEXTS = {
    **dict(list(PARTNERS_2017.items())[:6]), "universities": "Universiteiten en hogescholen",
    "government_institutes": "Publieke onderzoeksinstituten", "private_institutes": "Private onderzoeksinstituten",
    "non_profit": "Organisaties zonder winstoogmerk",
}  # fmt: skip


def _r_syntax(file: str, columns: Sequence[tuple[str, str, Mapping[str, str]]]) -> str:
    """LimeSurvey's R syntax file: per column its text, its codes with their labels, its name."""
    lines = [f'data <- read.csv("{file}", sep = ";", quote = "\'\\"", na.strings = c("", "\\"\\""), fileEncoding = "cp1252")', ""]
    for place, (name, text, codes) in enumerate(columns, start=1):
        lines.append(f"# LimeSurvey Field type: {'F' if codes else 'A'}")
        lines.append(f"data[, {place}] <- as.character(data[, {place}])")
        lines.append(f'attributes(data)$variable.labels[{place}] <- "{text}"')
        if codes:
            levels = ",".join(f'"{code}"' for code in codes)
            labels = ",".join(f'"{label}"' for label in codes.values())
            lines.append(f"data[, {place}] <- factor(data[, {place}], levels=c({levels}),labels=c({labels}))")
        lines.append(f'names(data)[{place}] <- "{name}"')
        lines.append("")
    return "\n".join(lines)


def _spss(work: Fieldwork, names: Mapping[str, str], rng: np.random.Generator) -> dict[str, bytes]:
    """A .sav with variable and value labels, user-missing values and ticks coded by the choice's own number."""
    import pyreadstat

    of = _Answers(work, rng, {"dont_know": "8", "refused": "9"})
    yes, contacts, table, pages = _yes("1", "2"), of.contacts(), of.table, of.table["pages"].max()
    amounts = {"dont_know": "-8", "refused": "-9"}
    scale = {"profit": ("1",), "balanced": ("2", "3", "4"), "social": ("5",)}
    uses: Callable[[object], str] = lambda value: "1" if value else str(rng.choice(["2", "3"]))  # noqa: E731
    yes_no = {1: "Ja", 2: "Nee", 8: "Weet niet", 9: "Wil niet zeggen"}
    use = {1: "Gebruikt", 2: "Van plan", 3: "Niet", 8: "Weet niet", 9: "Wil niet zeggen"}
    five = {1: "1 - zuiver winst", 2: "2", 3: "3", 4: "4", 5: "5 - zuiver maatschappelijk", 8: "Weet niet", 9: "Wil niet zeggen"}
    maturity = {1: "1 - begin", 2: "2", 3: "3", 4: "4", 5: "5 - voorloper", 8: "Weet niet", 9: "Wil niet zeggen"}
    number = str

    columns: list[tuple[str, str, Mapping[int, str] | None, list[str]]] = [
        ("voortgang", "Voortgang (procent)", {}, [f"{100 * p / pages}" for p in table["pages"]]),
        ("duur_min", "Invultijd in minuten", {}, [f"{s / 60:.2f}" for s in table["seconds"]]),
        ("v1", "Neemt uw bedrijf deel aan een innovatienetwerk, testomgeving of incubator?", yes_no, of.cells("participates", yes)),
        *((f"v2_{i:02d}", f"Deelname: {names[code]}", {0: "Niet genoemd", 1: "Genoemd"}, of.ticks("initiatives", code, "1", "0"))
          for i, code in enumerate(INITIATIVES, start=1)),
        ("v3", "Bracht uw bedrijf in 2016-2018 een nieuw of duidelijk verbeterd product of een nieuwe dienst op de markt?",
         yes_no, of.cells("product_innovation", yes)),
        *((f"v4_{i}", f"Omzet 2018 (procent): {text}", {}, of.cells(share, number, amounts))
          for i, (share, text) in enumerate(zip(SHARES, _SHARE_TEXTS, strict=True), start=1)),
        ("v5", "Vernieuwde uw bedrijf in 2016-2018 zijn productie, logistiek, organisatie of verkoop?", yes_no,
         of.cells("process_innovation", yes)),
        ("v6_1", "Innovatieactiviteiten die eind 2018 nog liepen", yes_no, of.cells("ongoing_activities", yes)),
        ("v6_2", "Innovatieactiviteiten in 2016-2018 voortijdig gestopt", yes_no, of.cells("abandoned_activities", yes)),
        ("v7", "Deed uw bedrijf in 2018 zelf aan onderzoek en ontwikkeling (R&D)?", yes_no, of.cells("in_house_rd", yes)),
        ("v8", "Deel van de omzet naar eigen R&D in 2018 (procent)", {}, of.cells("rd_share_of_turnover", number, amounts)),
        ("v9", "Besteedde uw bedrijf in 2018 R&D uit?", yes_no, of.cells("contracted_out_rd", yes)),
        ("v10", "Uitgaven aan innovatie in 2018 (euro)", {}, of.cells("innovation_expenditure_eur", number, amounts)),
        ("v11", "Werkte uw bedrijf in 2016-2018 met andere organisaties samen aan innovatie?", yes_no, of.cells("cooperation", yes)),
        *((f"v12_{i:02d}", f"Samenwerking met: {_PARTNER_TEXTS[code]}", {i: "Genoemd"}, of.ticks("cooperation_partners", code, str(i), ""))
          for i, code in enumerate(PARTNERS, start=1)),
        ("v13", "Werkzame personen in 2018", {}, of.cells("employees", number, amounts)),
        ("v14", "Omzet in 2018, zonder btw (euro)", {}, of.cells("turnover_eur", number, amounts)),
        ("v15", "Waarop is uw bedrijf gericht?", five,
         of.cells("orientation", lambda v: scale[str(v)][rng.integers(len(scale[str(v)]))])),
        *((f"v16_{i}", f"Gebruik van: {text}", use, of.cells(technology, uses))
          for i, (technology, text) in enumerate(_TECHNOLOGIES.items(), start=1)),
        ("v17", "Hoe ver is uw bedrijf met digitalisering?", maturity, of.cells("digital_maturity", number)),
        *((f"v18_{i}", f"Steun voor innovatie van {text}", yes_no, of.cells(source, yes))
          for i, (source, text) in enumerate(zip(FUNDING, _FUNDING_TEXTS, strict=True), start=1)),
    ]  # fmt: skip
    texts = {
        "kvk": ("KvK-nummer", list(table["firm"])),
        "datum": ("Datum van invullen", [str(moment)[:10] for moment in table["started"]]),
        "v2_anders": ("Ander initiatief, namelijk", contacts["other"]),
        "opmerking": ("Opmerkingen", contacts["remark"]),
        "naam": ("Naam", contacts["name"]),
        "telefoon": ("Telefoon", contacts["phone"]),
        "ip": ("IP-adres", contacts["ip"]),
    }
    data = pd.DataFrame({name: pd.to_numeric(pd.Series(cells).replace("", np.nan)) for name, *_, cells in columns})
    data = pd.concat([pd.DataFrame({name: cells for name, (_, cells) in texts.items()}), data], axis=1)
    asked = [name for name, *_ in columns if name.startswith("v") and name != "voortgang"]
    missing: dict[str, list[object]] = {
        name: [8, 9] if labels else [-8, -9] for name, _, labels, _ in columns
        if name in asked and not name.startswith(("v2_", "v12_"))
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wave.sav"
        pyreadstat.write_sav(
            data,
            path,
            file_label="Innovatiemonitor 2019 (synthetisch)",
            column_labels={name: text for name, (text, _) in texts.items()} | {name: text for name, text, *_ in columns},
            variable_value_labels={name: dict(labels) for name, _, labels, _ in columns if labels},
            missing_ranges=missing,  # type: ignore[arg-type]
        )
        content = bytearray(path.read_bytes())
    # The writer puts the clock's time into the header; equal answers must give equal bytes.
    content[92:101], content[101:109] = SPSS_DATE, SPSS_TIME
    return {"innovatiemonitor_2019.sav": bytes(content)}


_TECHNOLOGIES = {
    "sensor_technology": "sensortechnologie", "internet_of_things": "internet of things",
    "artificial_intelligence": "kunstmatige intelligentie",
}  # fmt: skip
_WRITERS: Mapping[str, Callable[[Fieldwork, Mapping[str, str], np.random.Generator], dict[str, bytes]]] = {
    "2017": _qualtrics,
    "2018": _limesurvey,
    "2019": _spss,
}
