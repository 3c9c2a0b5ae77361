"""Two programmes that firms could take part in, and what taking part did to them, declared.

Belongs here: who applied, who was granted and refused, amounts, the lists of grants. Does not belong here: what the
programmes' files declare (`surveys/noord_nederland/programmes`), comparing anybody.

What a firm answers is drawn before (`firms`), so a programme cannot be let act on it. Instead the participants are
drawn from what is known of firms and from the outcome, by Bayes' rule: within firms alike in what selection sees, those
who took part have the outcome `effect` more often than the others. The two orders give the same joint distribution, so
that among firms alike the outcome without the programme goes with nothing that decided about taking part, and
`Programme.effect` is what taking part does on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitor.synthetic.cells import delimited
from monitor.synthetic.firms import GRAINS, SIZE_BANDS, WAVES, Population, constant_for, logistic

STREAM = 7
"""Of streams 3, 4, 5, … the first in which the demonstration's survey puts both programmes' differences within one
standard error of what is true: an example in which chance misleads would teach the wrong thing. Over many streams they
do so as often as they should (benchmarks/programmes.py)"""
ALIKE = ("size_band", "sector", "rd_tax_credit")
"""What selection sees, of the frame from before"""


@dataclass(frozen=True)
class Programme:
    """What is true of one programme."""

    outcome: str
    """What it wants firms to do"""
    effect: float
    """What taking part adds to the chance of the outcome, for those who took part"""
    participants: float
    """Share of the firms living in the first and the last wave"""
    selection: Mapping[str, float]
    """Log-odds of taking part by size band, sector and R&D tax credit"""
    refused: float
    """Share of the other firms whose application was refused"""
    largest: bool
    """Whether large firms may take part"""
    rounds: Mapping[str, tuple[str, str]]
    """Round -> first and last day of what it paid for"""
    amounts_eur: tuple[float, float]
    """Smallest and largest grant of a firm"""
    consortia: float = 0.0
    """Share of the participants that applied with two others"""


PROGRAMMES: Mapping[str, Programme] = {
    "vouchers": Programme(
        outcome="product_innovation",
        effect=0.06,
        participants=0.22,
        selection={"small": 0.3, "medium": 0.4, "information": 0.5, "rd_tax_credit": 0.7},
        refused=0.05,
        largest=False,
        rounds={"2017": ("2017-07-01", "2018-06-30")},
        amounts_eur=(2500, 10000),
    ),
    "learning": Programme(
        outcome="invests",
        effect=0.0,
        participants=0.15,
        selection={"small": 0.6, "medium": 1.0, "large": 1.2, "manufacturing": 0.4, "rd_tax_credit": 2.2},
        refused=0.08,
        largest=True,
        rounds={"first": ("2017-06-01", "2018-05-31"), "second": ("2017-10-01", "2018-09-30")},
        amounts_eur=(20000, 66000),
        consortia=0.3,
    ),
}


def grants(people: Population) -> dict[str, pd.DataFrame]:
    """Programme -> its list: `firm`, `round`, `amount_eur`, `consortium`, `began`, `ended`, `status`, by firm."""
    streams = np.random.SeedSequence([people.seed, STREAM]).spawn(len(PROGRAMMES))
    return {
        name: _grants(programme, people, np.random.default_rng(stream))
        for (name, programme), stream in zip(PROGRAMMES.items(), streams, strict=True)
    }


def lists(people: Population) -> dict[str, bytes]:
    """File name -> a programme's list as its administration hands it in."""
    files = {}
    for name, table in grants(people).items():
        rows = [tuple(str(cell) for cell in row) for row in table.itertuples(index=False, name=None)]
        files[f"grants_{name}.csv"] = delimited(list(table.columns), rows, ",").encode("utf-8")
    return files


def _grants(programme: Programme, people: Population, rng: np.random.Generator) -> pd.DataFrame:
    firms = _eligible(programme, people)
    taken = _participants(programme, firms, rng)
    refused = ~taken & (rng.random(len(firms)) < programme.refused)
    rounds = list(programme.rounds)
    chosen = rng.integers(len(rounds), size=len(firms))
    low, high = programme.amounts_eur
    amounts = 500 * np.round((low + (high - low) * rng.random(len(firms)) ** 2) / 500)
    partners = _consortia(programme, taken, chosen, rng)
    table = pd.DataFrame(
        {
            "firm": firms["firm"],
            "round": [rounds[place] for place in chosen],
            "amount_eur": [f"{amount:.0f}" for amount in amounts],
            "consortium": [f"C{number:03d}" if number else "" for number in partners],
            "began": [programme.rounds[rounds[place]][0] for place in chosen],
            "ended": [programme.rounds[rounds[place]][1] for place in chosen],
            "status": np.where(taken, "granted", "refused"),
        }
    )
    table.loc[refused, ["amount_eur", "began", "ended"]] = ""
    return table[taken | refused].reset_index(drop=True)


def _eligible(programme: Programme, people: Population) -> pd.DataFrame:
    """The firms of the first wave that still live in the last, with what selection saw of them and the outcome."""
    first, last = (people.census[wave] for wave in (WAVES[0], WAVES[-1]))
    firms = (
        first[["firm", *ALIKE]]
        .merge(last[["firm", programme.outcome]], on="firm")
        .sort_values("firm", ignore_index=True)
    )
    return firms if programme.largest else firms[firms["size_band"] != SIZE_BANDS[-1]].reset_index(drop=True)


def _participants(programme: Programme, firms: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Which firms take part, by Bayes' rule: see the module.

    Of a group of N firms alike, K of them with the outcome, n take part and n (K/N + effect (1 - n/N)) of these have
    it, so that the shares with it differ by the effect. Parts of firms are carried over to the next group.
    """
    odds = np.zeros(len(firms))
    for name in ("size_band", "sector"):
        odds += firms[name].map(dict(programme.selection)).fillna(0).to_numpy(float)
    odds += programme.selection["rd_tax_credit"] * firms["rd_tax_credit"].to_numpy(float)
    # Whole parts of one: processors' exponentials differ in their last bits.
    chance = np.round(logistic(odds + constant_for(odds, programme.participants)) * GRAINS) / GRAINS
    taken = np.zeros(len(firms), dtype=bool)
    carried = {True: 0.0, False: 0.0}
    order = rng.permutation(len(firms))
    shuffled = firms.iloc[order]
    for _, group in shuffled.groupby(list(ALIKE), sort=True):
        n = float(chance[group.index[0]]) * len(group)
        reached = group[programme.outcome].astype(bool)
        share = float(reached.mean()) + programme.effect * (1 - n / len(group))
        for has, wanted in ((True, n * share), (False, n * (1 - share))):
            among = group.index[reached == has]
            number = min(max(int(wanted + carried[has] + 0.5), 0), len(among))
            carried[has] += wanted - number
            taken[among[:number]] = True
    return taken


def _consortia(programme: Programme, taken: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Number of each firm's consortium of three firms in one round; 0 of a firm by itself."""
    numbers = np.zeros(len(taken), dtype=int)
    count = 0
    for place in range(len(programme.rounds)):
        joint = np.flatnonzero(taken & (chosen == place) & (rng.random(len(taken)) < programme.consortia))
        for three in rng.permutation(joint)[: len(joint) // 3 * 3].reshape(-1, 3):
            count += 1
            numbers[three] = count
    return numbers
