"""A tiny survey of two waves whose every firm is there for a stated reason.

`folder` writes the definition, `inbox` the deliveries and frames as they arrive, `staged_answers` and the other
table functions say what the stages must make of them, and `lake` writes those tables, so that a stage can be tested
without the stages before it. The firm's pseudonym in these tables is its register number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from scenario_folder import CLAIMS, INITIATIVES, MARGINS, SURVEY_YAML, WAVE_YAML

from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

NAME = "scenario"
STAGES = ("raw", "staged", "validated", "imputed", "derived")

SHARES = ("turnover_share_new_to_market", "turnover_share_new_to_firm", "turnover_share_unchanged")
CONCEPTS = (
    "progress",
    "product_innovation",
    *SHARES,
    "initiatives",
    "in_house_rd",
    "employees",
    "turnover_eur",
)
NOT_ASKED = dict.fromkeys(SHARES, "not_asked")


@dataclass(frozen=True)
class Response:
    """One response, why it is in the scenario, and what must become of it."""

    firm: str
    why: str
    size_band: str
    sector: str
    innovates: bool | None = True
    shares: tuple[float | None, float | None, float | None] = (10.0, 20.0, 70.0)
    initiatives: tuple[str, ...] = ()
    invests: bool | None = False
    employees: float | None = 5.0
    turnover: float | None = 400_000.0
    progress: float = 100.0
    status: str = "kept"
    rules: str = ""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Concept -> missing kind"""
    cells: Mapping[str, str] = field(default_factory=dict)
    """Source column -> what the cell holds, where it is not the plain writing of the answer"""


ROUTED = (0.0, 0.0, 100.0)
"""The shares that follow for a firm without product innovation"""

RESPONSES: Mapping[str, tuple[Response, ...]] = {
    "2017": (
        Response("10000001", "cooperates and invests; 41 % is just a top innovator", "micro", "industry",
                 shares=(41.0, 9.0, 50.0), initiatives=("network_north",), invests=True),
        Response("10000002", "exactly 40 % is not a top innovator", "micro", "services", shares=(40.0, 0.0, 60.0)),
        Response("10000003", "cooperates only, in two initiatives", "micro", "services",
                 initiatives=("network_north", "living_lab")),
        Response("10000004", "invests only", "micro", "industry", shares=(60.0, 20.0, 20.0), invests=True),
        Response("10000005", "neither; routed past the shares: 0, 0, 100", "micro", "services", innovates=False,
                 shares=ROUTED, missing=NOT_ASKED),
        Response("10000006", "an innovator that left all three shares open", "small", "industry",
                 shares=(None, None, None), invests=True, employees=12.0, turnover=1_250_000.0,
                 missing=dict.fromkeys(SHARES, "absent")),
        Response("10000007", "refuses the R&D question", "small", "services", invests=None, employees=25.0,
                 missing={"in_house_rd": "refused"}, cells={"v4": "99"}),
        Response("10000008", "does not know whether it innovates: nobody knows who was asked the shares", "small",
                 "industry", innovates=None, shares=(None, None, None), employees=30.0,
                 missing={"product_innovation": "dont_know", **dict.fromkeys(SHARES, "absent")}, cells={"v1": "98"}),
        Response("10000009", "breaks off at a fifth: not usable", "micro", "industry", innovates=None,
                 shares=(None, None, None), invests=None, employees=None, turnover=None, progress=20.0,
                 status="not_usable",
                 missing=dict.fromkeys(("product_innovation", *SHARES, "initiatives", "in_house_rd", "employees",
                                        "turnover_eur"), "break_off"),
                 cells={"v3_1": "", "v3_2": "", "v3_3": ""}),
        Response("10000010", "shares sum to 130: quarantined", "small", "services", shares=(80.0, 30.0, 20.0),
                 employees=18.0, status="quarantined", rules="turnover_shares_sum_to_100"),
        Response("10000011", "answered twice: the less complete response goes", "micro", "services", turnover=None,
                 progress=60.0, status="duplicate", missing={"turnover_eur": "absent"}),
        Response("10000011", "answered twice: the most complete response stays", "micro", "services",
                 initiatives=("incubator_east",)),
        Response("10000012", "large, its stratum taken whole; a number with dots and a comma", "large", "industry",
                 shares=(5.5, 4.5, 90.0), initiatives=("living_lab",), invests=True, employees=1250.0,
                 turnover=312_500_000.0, cells={"v2a": "5,5", "v2b": "4,5", "v5": "1.250", "v6": "312.500"}),
        Response("10000013", "large, its stratum taken whole; no staff, so no turnover per head", "large",
                 "services", innovates=False, shares=ROUTED, employees=0.0, turnover=90_000_000.0, missing=NOT_ASKED),
        Response("10000014", "a word where a number belongs: invalid, kept", "micro", "services", employees=None,
                 missing={"employees": "invalid"}, cells={"v5": "veel"}),
        Response("10000015", "gives one share of three", "small", "industry", shares=(60.0, None, None),
                 employees=40.0, missing=dict.fromkeys(SHARES[1:], "absent")),
        Response("10000016", "skipped one share and gave the rest: the blank means 0", "small", "services",
                 shares=(0.0, 30.0, 70.0), employees=11.0, cells={"v2a": ""}),
    ),
    "2018": (
        Response("10000001", "answers again and stays as it was", "micro", "industry", shares=(45.0, 5.0, 50.0),
                 initiatives=("network_north",), invests=True, employees=None),
        Response("10000003", "answers again and left its initiatives", "micro", "services", employees=None),
        Response("10000005", "answers again and began to innovate", "micro", "services", shares=(50.0, 0.0, 50.0),
                 invests=True, employees=None),
        Response("10000012", "large again", "large", "industry", initiatives=("living_lab",), invests=True,
                 employees=None, turnover=300_000_000.0),
        Response("10000013", "large again", "large", "services", innovates=False, shares=ROUTED, employees=None,
                 missing=NOT_ASKED),
        Response("10000017", "new in the sample", "micro", "industry", employees=None),
        Response("10000018", "new in the sample", "small", "industry", invests=True, employees=None),
        Response("10000019", "new in the sample", "small", "services", initiatives=("living_lab",), employees=None),
        Response("10000020", "new in the sample; share left open", "small", "services", shares=(None, None, None),
                 employees=None, missing=dict.fromkeys(SHARES, "absent")),
    ),
}  # fmt: skip
POPULATION = {"micro": 40, "small": 24, "large": 2}
"""Firms in the frame by size band: the large stratum is taken whole"""
INVITED = {"micro": 20, "small": 12, "large": 2}


def folder(target: Path) -> Path:
    """Write the survey folder under `target` and return it."""
    target.mkdir(parents=True, exist_ok=True)
    (target / "waves").mkdir(exist_ok=True)
    (target / "margins").mkdir(exist_ok=True)
    (target / "survey.yaml").write_text(SURVEY_YAML, encoding="utf-8")
    (target / "register").mkdir(exist_ok=True)
    (target / "register" / "initiatives.csv").write_text(INITIATIVES, encoding="utf-8")
    (target / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    for wave, year in (("2017", 2016), ("2018", 2017)):
        asked = wave == "2017"
        text = WAVE_YAML.format(
            wave=wave,
            year=year,
            reworded="" if asked else ', comparability: reworded, comparable_since: "2017"',
            employees="  employees: {column: v5}\n" if asked else "",
            not_asked="" if asked else "not_asked:\n  employees: {nl: Uit het register, en: From the register}\n",
        )
        (target / "waves" / f"{wave}.yaml").write_text(text, encoding="utf-8")
        sectors = frame(wave)["sector"].value_counts()
        (target / "margins" / f"{wave}.csv").write_text(MARGINS.format(**sectors), encoding="utf-8")
    return target


def survey(target: Path) -> Survey:
    """The survey of the folder, written there first."""
    return load_survey(folder(target))


def inbox(home: Path, wave: str) -> Path:
    """Write the wave's delivery and frame as they arrive, under the home folder's inbox; returns their folder."""
    target = home / "inbox" / NAME / wave
    target.mkdir(parents=True, exist_ok=True)
    records = raw_records(wave).drop(columns=["row_number", "line"])
    records.to_csv(target / f"answers-{wave}.csv", sep=";", index=False, encoding="cp1252")
    raw_frame(wave).drop(columns=["row_number", "line"]).to_csv(
        target / f"frame-{wave}.csv", sep=";", index=False, encoding="utf-8"
    )
    return target


def lake(home: Path, upto: str = "derived", waves: tuple[str, ...] = ("2017", "2018")) -> Lake:
    """A lake that holds every table of the stages up to and including `upto`, as those stages must have made them."""
    store = Lake(home, NAME)
    for wave in waves:
        for stage in STAGES[: STAGES.index(upto) + 1]:
            for table, make in TABLES[stage].items():
                store.write(table, wave, make(wave))
    return store


def raw_records(wave: str) -> pd.DataFrame:
    """`raw_records`: the delivery's cells as they were written, with row number and line."""
    rows = []
    for number, response in enumerate(RESPONSES[wave], start=1):
        cells = {
            "kvk": response.firm,
            "email": f"info@firm{response.firm[-2:]}.example",
            "opmerking": "Geen; dank u" if number == 1 else "",
            "voortgang": _written(response.progress),
            "v1": {True: "1", False: "2", None: ""}[response.innovates],
            **dict(zip(("v2a", "v2b", "v2c"), _shares_written(response), strict=True)),
            "v3_1": _ticked("network_north", response),
            "v3_2": _ticked("living_lab", response),
            "v3_3": _ticked("incubator_east", response),
            "v4": {True: "1", False: "2", None: ""}[response.invests],
            "v5": _written(response.employees),
            "v6": "" if response.turnover is None else _written(response.turnover / 1000),
        }
        if wave != "2017":
            del cells["v5"]
        rows.append({"row_number": number, "line": number + 1, **cells, **response.cells})
    return pd.DataFrame(rows)


def frame(wave: str) -> pd.DataFrame:
    """The wave's frame: firm, size_band, sector, province, invited, disposition; respondents first in their stratum."""
    answered = {response.firm: response for response in RESPONSES[wave]}
    rows = []
    for size_band, population in POPULATION.items():
        known = [response for response in answered.values() if response.size_band == size_band]
        for place in range(population):
            response = known[place] if place < len(known) else None
            sector = response.sector if response else ("industry", "services")[place % 2]
            firm = response.firm if response else f"2{wave[-2:]}{list(POPULATION).index(size_band)}{place:04d}"
            rows.append(
                {
                    "firm": firm,
                    "size_band": size_band,
                    "sector": sector,
                    "province": ("PV20", "PV21", "PV22")[place % 3],
                    "invited": place < INVITED[size_band],
                    "disposition": "complete" if response else "no_contact" if place < INVITED[size_band] else None,
                }
            )
    return pd.DataFrame(rows).sort_values("firm", ignore_index=True)


def raw_frame(wave: str) -> pd.DataFrame:
    """`raw_frame`: the frame file's cells."""
    rows = frame(wave)
    return pd.DataFrame(
        {
            "row_number": range(1, len(rows) + 1),
            "line": range(2, len(rows) + 2),
            "kvk": rows["firm"],
            "grootte": rows["size_band"].map({"micro": "1", "small": "2", "large": "3"}),
            "sector": rows["sector"],
            "prov": rows["province"],
            "verstuurd": rows["invited"].map({True: "1", False: "0"}),
            "uitslag": rows["disposition"].fillna(""),
        }
    )


def staged_answers(wave: str) -> pd.DataFrame:
    """`staged_answers`: one typed row per response, every response of the delivery."""
    rows = []
    for number, response in enumerate(RESPONSES[wave], start=1):
        answered = "initiatives" not in response.missing
        rows.append(
            {
                "firm": response.firm,
                "response": number,
                "line": number + 1,
                "progress": response.progress,
                "product_innovation": response.innovates,
                **dict(zip(SHARES, response.shares, strict=True)),
                "initiatives": sorted(response.initiatives) if answered else None,
                "in_house_rd": response.invests,
                "employees": response.employees,
                "turnover_eur": response.turnover,
            }
        )
    table = pd.DataFrame(rows).sort_values(["firm", "response"], ignore_index=True)
    numbers = ["progress", *SHARES, "employees", "turnover_eur"]
    return table.astype(dict.fromkeys(numbers, "float64")).astype(
        dict.fromkeys(["product_innovation", "in_house_rd"], "boolean")
    )


def staged_missing(wave: str) -> pd.DataFrame:
    """`staged_missing`: why a value is absent, or why it is the one that follows from the routing."""
    columns = {"employees": "v5"}
    rows = [
        {
            "firm": response.firm,
            "response": number,
            "line": number + 1,
            "concept": concept,
            "kind": kind,
            "text": response.cells.get(columns.get(concept, ""), "") if kind == "invalid" else None,
        }
        for number, response in enumerate(RESPONSES[wave], start=1)
        for concept, kind in response.missing.items()
    ]
    return pd.DataFrame(rows).sort_values(["firm", "response", "concept"], ignore_index=True)


def staged_frame(wave: str) -> pd.DataFrame:
    """`staged_frame`: the frame, typed and coded."""
    return frame(wave)


def validated_responses(wave: str) -> pd.DataFrame:
    """`validated_responses`: what became of each response."""
    rows = [
        {
            "firm": response.firm,
            "response": number,
            "line": number + 1,
            "status": response.status,
            "rules": response.rules,
        }
        for number, response in enumerate(RESPONSES[wave], start=1)
    ]
    return pd.DataFrame(rows).sort_values(["firm", "response"], ignore_index=True)


def imputed_answers(wave: str) -> pd.DataFrame:
    """`imputed_answers` before anything is filled in: the kept responses with the facts of the frame."""
    kept = validated_responses(wave).query("status == 'kept'")[["firm", "response"]]
    answers = staged_answers(wave).merge(kept, on=["firm", "response"]).drop(columns=["response", "line"])
    answers = answers.merge(frame(wave)[["firm", "size_band", "sector", "province"]], on="firm", how="left")
    answers.insert(0, "imputation", 0)
    return answers.sort_values("firm", ignore_index=True)


def imputed_flags(wave: str) -> pd.DataFrame:
    """`imputed_flags` of the observed copy: nothing was filled in."""
    return pd.DataFrame({name: pd.Series(dtype="object") for name in ("firm", "concept", "method")})


def derived_measures(wave: str) -> pd.DataFrame:
    """`derived_measures` of the observed copy, worked out by hand from the answers and not by SQL."""
    answers = imputed_answers(wave)
    share, initiatives = answers[SHARES[0]], answers["initiatives"]
    return pd.DataFrame(
        {
            "imputation": answers["imputation"],
            "firm": answers["firm"],
            "top_innovator": (share > 40).astype("boolean").mask(share.isna()),
            "cooperates": pd.array([None if i is None else len(i) > 0 for i in initiatives], dtype="boolean"),
            "invests": answers["in_house_rd"],
            "new_to_market_share": share,
            "turnover_per_employee": (answers["turnover_eur"] / answers["employees"]).mask(answers["employees"] == 0),
            "base_all": True,
            "base_product_innovators": answers["product_innovation"].fillna(False).astype(bool),
        }
    )


TABLES = {
    "raw": {"raw_records": raw_records, "raw_frame": raw_frame},
    "staged": {
        "staged_answers": staged_answers,
        "staged_missing": staged_missing,
        "staged_frame": staged_frame,
    },
    "validated": {"validated_responses": validated_responses},
    "imputed": {"imputed_answers": imputed_answers, "imputed_flags": imputed_flags},
    "derived": {"derived_measures": derived_measures},
}
"""Stage -> its tables -> what makes them"""


def _written(number: float | None) -> str:
    """A number as a Dutch form holds it."""
    return "" if number is None else f"{number:g}".replace(".", ",")


def _shares_written(response: Response) -> list[str]:
    """The three share cells: empty for a firm that was not asked."""
    return [
        "" if response.missing.get(c) == "not_asked" else _written(s)
        for c, s in zip(SHARES, response.shares, strict=True)
    ]


def _ticked(code: str, response: Response) -> str:
    return "1" if code in response.initiatives else "0"
