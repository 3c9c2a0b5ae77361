"""The demonstration survey's files as survey tools and registers really hand them in.

Belongs here: which files a wave has, the frame files, the calibration margins. Does not belong here: who answers what
(`fieldwork`), each tool's own layout.

2017  `qualtrics`: CSV in UTF-8, three header rows, choice texts, several choices in one cell, numbers as typed
2018  `limesurvey`: CSV in cp1252, semicolons, decimal commas, codes, an R syntax file with the labels
2019  `spss`: .sav with value labels and user-missing values, choices ticked by their own number

Every byte follows from the seed. Contacts are made up (example.org, 192.0.2.0/24): they are there to be dropped.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from monitor.synthetic import limesurvey, programmes, qualtrics, spss
from monitor.synthetic.cells import delimited
from monitor.synthetic.fieldwork import Fieldwork, fieldwork
from monitor.synthetic.firms import SEED, SIZE_BANDS, WAVES, Population, population

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
WRITERS: Mapping[str, Callable[[Fieldwork, Mapping[str, str], np.random.Generator], dict[str, bytes]]] = {
    "2017": qualtrics.export,
    "2018": limesurvey.export,
    "2019": spss.export,
}


def deliveries(folder: Path, seed: int = SEED) -> dict[str, list[Path]]:
    """Write each wave's files to `folder/<wave>/`: the delivery, its label file where there is one, the frame, and with
    the last wave the programmes' lists of grants.

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
        files = WRITERS[wave](work, names, rng) | {f"kader_{wave}.csv": _frame(work)}
        if wave == WAVES[-1]:
            files |= programmes.lists(people)
        written[wave] = [_write(target / name, content) for name, content in files.items()]
    return written


def initiative_names() -> dict[str, str]:
    """The initiatives that every wave's questionnaire lists, those of the first wave's register: code -> Dutch name."""
    with (FOLDER / "register" / "initiatives.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["name_nl"] for row in csv.DictReader(stream) if row["wave"] == WAVES[0]}


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
    return delimited(list(columns), list(zip(*columns.values(), strict=True)), ";").encode("utf-8")
