"""Who is invited, who answers, what they leave open and what goes wrong: from the population to handed-in records.

Belongs here: invitation, response, item non-response, break-offs, faults and firms that answer twice; quick samples
for simulations. Does not belong here: the truth (`firms`), the shape of the files (`exports`).

Response is a logistic function of what the register knows (size, sector, the R&D tax credit as its sign of
innovativeness) and, where `Truth.response_beyond_register` says so, of what it does not know. A sample of a fixed
size is drawn by adding a standard Gumbel number to each firm's log-odds and taking the greatest (Efraimidis &
Spirakis 2006): successive sampling with the odds as sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitor.synthetic.firms import Population, constant_for, logistic
from monitor.synthetic.questionnaire import INITIATIVES

FRAME_VARIABLES = (
    "sbi_code", "sector", "size_band", "province", "municipality_code", "founded_year", "firm_age_band",
    "rd_tax_credit",
)  # fmt: skip

SHARES = ("turnover_share_new_to_market", "turnover_share_new_to_firm", "turnover_share_unchanged")
DIGITAL = ("sensor_technology", "internet_of_things")
FUNDING = ("public_funding_local", "public_funding_national", "public_funding_eu")

FIRST_PAGES: tuple[tuple[str, ...], ...] = (
    ("initiatives",),
    ("product_innovation", *SHARES),
    ("process_innovation", "ongoing_activities", "abandoned_activities"),
    ("in_house_rd", "rd_share_of_turnover", "contracted_out_rd", "innovation_expenditure_eur"),
    ("cooperation_partners",),
    ("employees", "turnover_eur"),
)
PAGES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "2017": (*FIRST_PAGES, FUNDING, ()),
    "2018": (*FIRST_PAGES, (*FUNDING, "orientation", *DIGITAL), ()),
    "2019": (*FIRST_PAGES, ("orientation", *DIGITAL, "artificial_intelligence", "digital_maturity"), FUNDING),
}
"""What each page of a wave's questionnaire asks; the pages stand for equal parts of its progress"""
USABLE_PAGES = 5
"""A response is usable from this page on (progress of 62.5 %)"""

ROUTING: Mapping[str, str] = {
    **dict.fromkeys(SHARES, "product_innovation"),
    "rd_share_of_turnover": "in_house_rd",
}
"""Question -> the question whose yes leads to it"""

BLANK_IS_NONE: Mapping[str, tuple[str, ...]] = {"2017": ("cooperation_partners",), "2019": ("cooperation_partners",)}
"""Questions with several choices whose tool writes nothing for "none": nobody can be seen to leave them open"""

ITEM_MISSING: Mapping[str, float] = {
    **dict.fromkeys(SHARES, 0.08),
    "process_innovation": 0.05, "ongoing_activities": 0.06, "abandoned_activities": 0.07,
    "in_house_rd": 0.05, "rd_share_of_turnover": 0.09, "contracted_out_rd": 0.06, "innovation_expenditure_eur": 0.11,
    "cooperation_partners": 0.06, "employees": 0.05, "turnover_eur": 0.105,
    **dict.fromkeys(FUNDING, 0.07),
    "orientation": 0.06, "sensor_technology": 0.05, "internet_of_things": 0.05, "artificial_intelligence": 0.06,
    "digital_maturity": 0.07,
}  # fmt: skip
"""Share of the firms asked that leave a question open, by question; the three shares are left open together"""


@dataclass(frozen=True)
class Plan:
    """One wave's fieldwork in numbers of firms."""

    invited: int
    usable: int
    participants: int | None = None
    """Usable firms that take part in an initiative; None: as it falls"""
    again: int | None = None
    """Usable firms that were usable the wave before; None: as it falls"""
    unusable: int = 90
    """Break-offs before the answers suffice"""
    partial: int = 12
    """Usable ones that break off on the last pages"""
    faulty: int = 4
    """Complete ones that cannot be right"""
    twice: int = 3
    """Usable firms that answered twice"""
    all_initiatives: bool = False
    """Whether every initiative of the registry is named by a usable firm"""


PLANS: Mapping[str, Plan] = {
    "2017": Plan(invited=5500, usable=624, participants=225, unusable=131, faulty=5, all_initiatives=True),
    "2018": Plan(invited=5576, usable=503, again=184, unusable=97),
    "2019": Plan(invited=5935, usable=436, unusable=88, twice=2),
}


@dataclass(frozen=True)
class Fieldwork:
    """One wave's fieldwork."""

    wave: str
    frame: pd.DataFrame
    """One row per firm the register holds: `firm`, frame variables, `invited`, `disposition`"""
    responses: pd.DataFrame
    """One row per record handed in, in order of arrival: `firm`, `status` (usable, break_off, faulty, twice), `pages`
    reached, `started`, `seconds`, and the answers"""
    missing: pd.DataFrame
    """Same rows and a column per question: the missing kind, or an empty text where there is an answer"""


def response_chance(population: Population, wave: str, rate: float) -> np.ndarray:
    """Chance of a usable response per living firm of a wave, in the census' order, with the given mean."""
    odds = _log_odds(population, wave)
    return logistic(constant_for(odds, rate) + odds)


def respond(
    population: Population, wave: str, rng: np.random.Generator, n: int, again: Sequence[str] = (), more: float = 0.8
) -> np.ndarray:
    """Rows of the wave's census that answer: a sample of n firms, sorted.

    Firms named in `again` (register numbers of an earlier wave's respondents) answer with `more` log-odds.
    """
    key = _log_odds(population, wave) + rng.gumbel(size=len(population.census[wave]))
    if len(again):
        key = key + more * population.census[wave]["firm"].isin(again).to_numpy()
    return np.sort(np.argpartition(-key, n)[:n])


def answers(
    population: Population,
    wave: str,
    rows: np.ndarray,
    rng: np.random.Generator | None = None,
    item_missing: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Clean answers of some firms of a wave, for simulations: frame variables, concepts and the three measures.

    With `rng` and `item_missing` (concept -> share of those asked that leave it open; micro firms leave open more)
    values are taken out as NaN or None, and with them the measures that can no longer be told.
    """
    frame = population.census[wave].iloc[rows].reset_index(drop=True)
    if rng is None or not item_missing:
        return frame
    left = {
        concept: opened & frame[ROUTING[concept]].to_numpy(bool) if concept in ROUTING else opened
        for concept, opened in _left_open(frame, item_missing, rng).items()
    }
    nothing = np.zeros(len(frame), dtype=bool)
    shown = {concept: ~left.get(concept, nothing) for sources in _SOURCES.values() for concept in sources}
    research, spending = (
        shown["in_house_rd"] & frame["in_house_rd"].to_numpy(bool),
        shown["innovation_expenditure_eur"] & (frame["innovation_expenditure_eur"] > 0).to_numpy(),
    )
    for measure, sources in _SOURCES.items():
        known = np.logical_and.reduce([shown[source] for source in sources])
        if measure == "invests":
            # One yes decides, whatever the other answer would have been.
            known |= research | spending
        frame[measure] = frame[measure].astype(float).where(known, np.nan)
    for concept, opened in left.items():
        frame[concept] = frame[concept].astype(object).where(~opened, None)
        frame[concept] = pd.to_numeric(frame[concept]) if concept in _NUMBERS else frame[concept]
    return frame


_NUMBERS = {
    *SHARES, "employees", "turnover_eur", "rd_share_of_turnover", "innovation_expenditure_eur", "digital_maturity",
}  # fmt: skip
_SOURCES = {
    "top_innovator": ("turnover_share_new_to_market",),
    "invests": ("in_house_rd", "innovation_expenditure_eur"),
    "cooperates": ("initiatives",),
}


def register_frame(population: Population, wave: str) -> pd.DataFrame:
    """The register as it stood before a wave: living firms, and a few that ceased and were not yet struck off."""
    firms = population.firms
    before = str(int(wave) - 1)
    held = ((firms["first_wave"] <= wave) & (firms["last_wave"] >= wave)) | (
        (firms["last_wave"] == before) & firms["lingers"]
    )
    frame = firms[held].drop(columns=["first_wave", "last_wave", "lingers"]).reset_index()
    age = int(wave) - 1 - frame["founded_year"]
    frame["firm_age_band"] = np.select([age < 5, age < 10], ["start_up", "young"], "established")
    return frame[["firm", *FRAME_VARIABLES]]


def fieldwork(population: Population) -> dict[str, Fieldwork]:
    """The three waves' fieldwork, as PLANS count it; the same population gives the same fieldwork."""
    streams = np.random.SeedSequence([population.seed, 1]).spawn(len(PLANS))
    done: dict[str, Fieldwork] = {}
    usable: pd.Index = pd.Index([])
    for (wave, plan), stream in zip(PLANS.items(), streams, strict=True):
        done[wave] = _one_wave(population, wave, plan, usable, np.random.default_rng(stream))
        responses = done[wave].responses
        usable = pd.Index(responses.loc[responses["status"] == "usable", "firm"])
    return done


def _one_wave(population: Population, wave: str, plan: Plan, before: pd.Index, rng: np.random.Generator) -> Fieldwork:
    frame = register_frame(population, wave)
    frame["invited"] = _invited(frame, plan.invited, rng)
    census = population.census[wave]
    key = _log_odds(population, wave) + rng.gumbel(size=len(census))
    panel = census["firm"].isin(before).to_numpy()
    key = np.where(census["firm"].isin(frame.loc[frame["invited"], "firm"]), key + 0.8 * panel, -np.inf)
    usable = _usable(key, plan, census["cooperates"].to_numpy() == 1, panel)
    rest = np.argsort(-np.where(np.isin(np.arange(len(key)), usable), -np.inf, key))
    faulty, broken = rest[: plan.faulty], rest[plan.faulty : plan.faulty + plan.unusable]
    twice = rng.choice(usable, plan.twice, replace=False)

    rows = np.concatenate([usable, faulty, broken, twice])
    status = np.repeat(["usable", "faulty", "break_off", "twice"], [len(usable), len(faulty), len(broken), len(twice)])
    responses = census.iloc[rows].reset_index(drop=True)
    responses["status"] = status
    if plan.all_initiatives:
        _name_every_initiative(responses)
    pages = len(PAGES[wave])
    reached = np.full(len(rows), pages)
    reached[rng.choice(len(usable), plan.partial, replace=False)] = rng.integers(USABLE_PAGES, pages, plan.partial)
    reached[status == "break_off"] = rng.integers(1, USABLE_PAGES, len(broken))
    reached[status == "twice"] = USABLE_PAGES
    responses["pages"] = reached
    _arrival(responses, wave, rng)
    _spoil(responses)
    missing = _missing(responses, wave, rng)

    frame["disposition"] = _dispositions(frame, census, responses, rng)
    order = responses.sort_values(["started", "firm"], kind="stable").index
    return Fieldwork(
        wave, frame, responses.loc[order].reset_index(drop=True), missing.loc[order].reset_index(drop=True)
    )


def _log_odds(population: Population, wave: str) -> np.ndarray:
    """Log-odds of a usable response per living firm, up to a constant."""
    census, truth = population.census[wave], population.truth
    odds = census["size_band"].map(truth.response).fillna(0.0) + census["sector"].map(truth.response).fillna(0.0)
    odds += truth.response.get("rd_tax_credit", 0.0) * census["rd_tax_credit"]
    if truth.response_beyond_register:
        hidden = population.traits["innovative"].loc[census["firm"]].to_numpy()
        odds += truth.response_beyond_register * hidden
    return odds.to_numpy()


def _invited(frame: pd.DataFrame, total: int, rng: np.random.Generator) -> np.ndarray:
    """Every firm of ten staff or more is invited; of the micro firms, a simple random sample that fills the total."""
    micro = (frame["size_band"] == "micro").to_numpy()
    invited = ~micro
    drawn = rng.choice(np.flatnonzero(micro), total - int(invited.sum()), replace=False)
    invited[drawn] = True
    return invited


def _usable(key: np.ndarray, plan: Plan, participates: np.ndarray, panel: np.ndarray) -> np.ndarray:
    """Rows with the greatest keys, in the declared numbers of participants or of firms of the wave before."""
    groups = [(np.ones(len(key), bool), plan.usable)]
    if plan.participants is not None:
        groups = [(participates, plan.participants), (~participates, plan.usable - plan.participants)]
    elif plan.again is not None:
        groups = [(panel, plan.again), (~panel, plan.usable - plan.again)]
    return np.sort(np.concatenate([np.argsort(-np.where(group, key, -np.inf))[:n] for group, n in groups]))


def _name_every_initiative(responses: pd.DataFrame) -> None:
    """Let a firm that names several initiatives name one nobody named, in place of the one named most."""
    rows = np.flatnonzero(responses["status"] == "usable")
    named: list[tuple[str, ...]] = list(responses["initiatives"])
    counts = Counter(dict.fromkeys(INITIATIVES, 0)) + Counter(code for row in rows for code in named[row])
    for code in (code for code in INITIATIVES if not counts[code]):
        most = max(INITIATIVES, key=counts.__getitem__)
        row = next(row for row in rows if most in named[row] and len(named[row]) > 1)
        named[row] = tuple(sorted({*named[row], code} - {most}))
        counts += Counter({code: 1})
        counts -= Counter({most: 1})
    responses["initiatives"] = named


def _spoil(responses: pd.DataFrame) -> None:
    """Faulty responses: product innovators whose shares of turnover sum to 130, and one that was too fast to read."""
    *summing, hasty = responses.index[responses["status"] == "faulty"]
    splits = ([30.0, 20.0, 80.0], [60.0, 40.0, 30.0], [5.0, 25.0, 100.0])
    responses.loc[summing, "product_innovation"] = True
    responses.loc[summing, list(SHARES)] = [splits[place % len(splits)] for place in range(len(summing))]
    responses.loc[hasty, "seconds"] = 41


def _left_open(frame: pd.DataFrame, rates: Mapping[str, float], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Which questions each firm leaves open; micro firms leave open a quarter more. The three shares go together."""
    factor = np.where(frame["size_band"] == "micro", 1.1, 0.85)
    draws = rng.random((len(frame), len(rates)))
    left = {concept: draws[:, i] < rate * factor for i, (concept, rate) in enumerate(rates.items())}
    for share in SHARES[1:]:
        if share in left and SHARES[0] in left:
            left[share] = left[SHARES[0]]
    return left


def _missing(responses: pd.DataFrame, wave: str, rng: np.random.Generator) -> pd.DataFrame:
    """The missing kind of every question of every response."""
    asked = [concept for page in PAGES[wave] for concept in page]
    kinds = pd.DataFrame("", index=responses.index, columns=asked)
    left = _left_open(responses, ITEM_MISSING, rng)
    why = rng.choice(["absent", "dont_know", "refused"], (len(responses), len(ITEM_MISSING)), p=[0.6, 0.25, 0.15])
    # Who does not know one share of turnover does not know the others.
    places = [SHARES[0] if concept in SHARES else concept for concept in ITEM_MISSING]
    faulty = (responses["status"] == "faulty").to_numpy()
    for concept, place in zip(ITEM_MISSING, places, strict=True):
        if concept in kinds and concept not in BLANK_IS_NONE.get(wave, ()):
            here = left[concept] & ~faulty
            kinds.loc[here, concept] = why[here, list(ITEM_MISSING).index(place)]
    for question, gate in ROUTING.items():
        kinds.loc[~responses[gate].to_numpy(bool), question] = "not_asked"
        kinds.loc[kinds[gate] != "", question] = "absent"
    for number, page in enumerate(PAGES[wave], start=1):
        for concept in page:
            kinds.loc[responses["pages"] < number, concept] = "break_off"
    return kinds


def _arrival(responses: pd.DataFrame, wave: str, rng: np.random.Generator) -> None:
    """When each response was begun and how long it took: March, most in the week of the invitation or a reminder."""
    n = len(responses)
    begin = np.datetime64(f"{wave}-03-06T09:00:00")
    day = np.minimum(rng.choice([0, 8, 17], n, p=[0.5, 0.3, 0.2]) + np.floor(rng.exponential(2.0, n)), 40)
    moment = begin + (86400 * day + rng.integers(0, 8 * 3600, n)).astype("timedelta64[s]")
    responses["seconds"] = np.clip(np.round(1020 * np.exp(0.33 * rng.standard_normal(n))), 360, 5400).astype(int)
    short = responses["pages"] / responses["pages"].max()
    responses["seconds"] = np.ceil(responses["seconds"] * short).astype(int)
    responses["started"] = moment
    # Who answers twice is thanked for the whole one: the short one came first.
    whole = responses[responses["status"] == "usable"].set_index("firm")["started"]
    twice = responses["status"] == "twice"
    responses.loc[twice, "started"] = responses.loc[twice, "firm"].map(whole) - np.timedelta64(2, "h")


def _dispositions(
    frame: pd.DataFrame, census: pd.DataFrame, responses: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """What became of each invitation; empty for firms not invited."""
    outcome = rng.choice(["refusal", "no_contact"], len(frame), p=[0.04, 0.96]).astype(object)
    outcome[~frame["firm"].isin(census["firm"]).to_numpy()] = "out_of_scope"
    first = responses[responses["status"] != "twice"].set_index("firm")
    pages = int(responses["pages"].max())
    state = np.select([first["status"] == "break_off", first["pages"] < pages], ["break_off", "partial"], "complete")
    answered = frame["firm"].map(pd.Series(state, index=first.index))
    outcome = np.where(answered.notna(), answered, outcome)
    return np.where(frame["invited"], outcome, "")
