"""A finite population of firms whose truth is declared, for the demonstration survey and for simulations.

Belongs here: who the firms are, what each would answer in every wave, and the truth behind it. Does not belong here:
who is invited and answers (`fieldwork`), the shape of the files (`exports`), estimation of any kind.

How the truth gets in. For every wave, firm k's chance of being a top innovator is

    P(y_k = 1) = logistic(b_0 + b_1 invests_k + b_2 cooperates_k + b_3 invests_k cooperates_k + controls_k),

with b_0..b_3 solved so that the probabilities of the four states, standardised over the living firms, are the declared
ones; so `complementarity` is exactly what `Truth` says. The zeros and ones drawn from these chances are then balanced
(a few draws nearest their cut are turned until sum_k x_k (y_k - P_k) is near 0 for every column x of the model), so
that the same model fitted to the whole population finds the declared contrasts, and not their value plus the noise
of 7,000 coin tosses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from monitor.synthetic import questionnaire
from monitor.synthetic.questionnaire import PROVINCES

WAVES = ("2017", "2018", "2019")
GRAINS = 2**20
"""Parts of one that a chance is counted in where draws are balanced. Sums and products there then are whole numbers of
parts, far below 2^53 of them, which floating point adds without rounding in any order. Processors' exponentials differ
by 1e-16: the odds that one of 21,000 chances is rounded to another part are 1e-16 * 2^20 * 21,000 = 2e-6."""
SEED = 2182
"""The demonstration survey's: of seeds 2000 to 2199, one whose usable answers show the levels that reports of the real
monitor print (R&D, orientation, technology, participation) within about a point; no effect was looked at"""
BEFORE = "2016"
"""When the firms ceased that the first wave's register still holds"""
SIZE_BANDS = ("micro", "small", "medium", "large")
SECTORS = ("agriculture", "manufacturing", "construction", "trade_transport", "information", "business_services")
AGE_BANDS = ("established", "young", "start_up")

MUNICIPALITIES: Mapping[str, tuple[str, ...]] = {
    "PV20": ("0014", "0003", "0010", "0037", "0047", "0765", "1895"),
    "PV21": ("0080", "0059", "0072", "0074", "0085", "0086", "0090", "0098", "0737", "1900"),
    "PV22": ("0106", "0109", "0114", "0118", "0119", "1680", "1681", "1690", "1699", "1701", "1730", "1731"),
}
"""Municipalities that kept their code from 2017 to 2019, by province; the first holds the most firms"""

SBI_CODES: Mapping[str, tuple[str, ...]] = {
    "agriculture": ("0113", "0141", "0150", "0162"),
    "manufacturing": ("1013", "1051", "2229", "2511", "2562", "2829", "3511"),
    "construction": ("4120", "4211", "4321", "4391"),
    "trade_transport": ("4511", "4632", "4690", "4711", "4941", "5510", "5610"),
    "information": ("5829", "6201", "6202", "6311"),
    "business_services": ("6920", "7022", "7112", "7211", "7219", "7311", "8220"),
}
"""SBI 2008 classes a firm of the sector may have, as text: agriculture's begin with a zero"""


@dataclass(frozen=True)
class Truth:
    """What is true of the population: probabilities are shares in 0..1, control effects are log-odds.

    The four states' probabilities of being a top innovator, standardised over the living firms of a wave, are
    neither, neither + investment_alone, neither + cooperation_alone, and
    neither + investment_alone + cooperation_alone + complementarity.
    """

    complementarity: float = 0.08
    cooperation_alone: float = 0.0
    """Effect of cooperation without internal investment"""
    investment_alone: float = 0.055
    """Effect of internal investment without cooperation"""
    neither: float = 0.045
    cooperates: float = 0.31
    """Share of living firms that take part in at least one initiative"""
    invests: float = 0.43
    """Share of living firms with internal investment"""
    size_band: Mapping[str, float] = field(default_factory=lambda: {"small": 0.1, "medium": 0.2, "large": 0.4})
    sector: Mapping[str, float] = field(
        default_factory=lambda: {
            "agriculture": -0.6,
            "construction": -0.5,
            "trade_transport": -0.3,
            "information": 0.6,
            "business_services": 0.2,
        }
    )
    province: Mapping[str, float] = field(default_factory=lambda: {"PV21": -0.1, "PV22": 0.05})
    firm_age_band: Mapping[str, float] = field(default_factory=lambda: {"young": 0.2, "start_up": 0.4})
    response: Mapping[str, float] = field(
        default_factory=lambda: {
            "small": 0.15,
            "medium": 0.35,
            "large": 0.6,
            "agriculture": -0.2,
            "manufacturing": 0.1,
            "construction": -0.25,
            "trade_transport": -0.2,
            "information": 0.35,
            "business_services": 0.1,
            "rd_tax_credit": 0.6,
        }
    )
    """Log-odds of a usable response by size, by sector and for firms the register knows as innovative"""
    response_beyond_register: float = 0.0
    """Log-odds of a usable response per standard deviation of innovativeness that no register sees: what weights
    cannot mend"""

    def states(self) -> dict[str, float]:
        """Standardised probabilities of the four states."""
        return {
            "p_neither": self.neither,
            "p_invests_only": self.neither + self.investment_alone,
            "p_cooperates_only": self.neither + self.cooperation_alone,
            "p_both": self.neither + self.investment_alone + self.cooperation_alone + self.complementarity,
        }


@dataclass(frozen=True)
class Population:
    """Every firm, and what each living firm would answer in each wave."""

    seed: int
    truth: Truth
    firms: pd.DataFrame
    """One row per firm that ever lived, indexed by register number (8 digits, text): frame variables, `first_wave`,
    `last_wave`, and `lingers`: whether the register drops the firm a wave late"""
    traits: pd.DataFrame
    """What no register sees of each firm, in the same order: standard normal `innovative` and others"""
    census: Mapping[str, pd.DataFrame]
    """Wave -> one row per living firm: `firm`, frame variables, every concept, and the measures `cooperates`,
    `invests`, `top_innovator` as 0/1. Percentages run from 0 to 100."""


def population(seed: int = SEED, truth: Truth | None = None, firms: int = 7000) -> Population:
    """Draw the population: `firms` living ones in the first wave; births and deaths after it.

    The same seed and truth give the same population, and a truth that differs only in its complementarity gives the
    same firms with other outcomes.
    """
    truth = truth or Truth()
    streams = iter(np.random.SeedSequence([seed, 0]).spawn(2 + 2 * len(WAVES)))
    register, traits = _firms(np.random.default_rng(next(streams)), firms)
    census = {}
    for wave in WAVES:
        practices, answers = (np.random.default_rng(next(streams)) for _ in range(2))
        living = np.flatnonzero(((register["first_wave"] <= wave) & (register["last_wave"] >= wave)).to_numpy())
        census[wave] = _census(register.iloc[living], traits.iloc[living], wave, truth, practices, answers)
    return Population(seed, truth, register, traits, census)


def controls(frame: pd.DataFrame) -> np.ndarray:
    """Design columns of the primary model's controls, n x 12: size band, sector, province and age band as 0/1,
    reference levels micro, manufacturing, PV20, established."""
    levels = {
        "size_band": SIZE_BANDS[1:],
        "sector": [s for s in SECTORS if s != "manufacturing"],
        "province": PROVINCES[1:],
        "firm_age_band": AGE_BANDS[1:],
    }
    return np.column_stack(
        [(frame[name] == level).to_numpy(float) for name, known in levels.items() for level in known]
    )


def _firms(rng: np.random.Generator, living: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every firm that ever lives, and what no register sees of it."""
    births, ceased = round(0.04 * living), round(0.03 * living)
    first = np.repeat([BEFORE, *WAVES], [ceased, living, *[births] * (len(WAVES) - 1)])
    n, ancient = len(first), first <= WAVES[0]
    survives = rng.random((n, len(WAVES) - 1)) >= 0.03
    ends = np.where(~survives, np.arange(len(WAVES) - 1), len(WAVES) - 1).min(axis=1)
    last = np.array(WAVES)[np.maximum(ends, np.searchsorted(WAVES, first))]
    last = np.where(first == BEFORE, BEFORE, last)

    sector = rng.choice(SECTORS, n, p=[0.12, 0.17, 0.13, 0.30, 0.08, 0.20])
    size = np.array(SIZE_BANDS)[(rng.random(n)[:, None] > np.cumsum([0.53, 0.31, 0.12])).sum(axis=1) * ancient]
    province = rng.choice(PROVINCES, n, p=[0.36, 0.38, 0.26])
    age = np.where(ancient, np.minimum(np.floor(rng.exponential(16, n)), 120), 0).astype(int)
    low, high = np.array([[2, 10], [10, 50], [50, 250], [250, 1200]])[_position(size, SIZE_BANDS)].T
    staff = np.floor(low * (high / low) ** (rng.random(n) ** 1.3)).astype(int)

    innovative = rng.standard_normal(n)
    credit = rng.random(n) < logistic(-1.9 + 1.1 * innovative + 0.3 * _position(size, SIZE_BANDS))
    register = pd.DataFrame(
        {
            "sbi_code": _pick(rng, sector, SBI_CODES),
            "sector": sector,
            "size_band": size,
            "province": province,
            "municipality_code": _pick(rng, province, MUNICIPALITIES),
            "founded_year": first.astype(int) - 1 - age,
            "rd_tax_credit": credit,
            "first_wave": first,
            "last_wave": last,
            "lingers": rng.random(n) < 0.35,
        },
        index=pd.Index(np.char.zfill(rng.choice(999_999, n, replace=False).astype(str), 8), name="firm"),
    )
    traits = pd.DataFrame(
        {
            "innovative": innovative,
            "cooperative": rng.standard_normal(n),
            "investing": rng.standard_normal(n),
            "fortune": rng.standard_normal(n),
            "social": rng.standard_normal(n),
            "digital": rng.standard_normal(n),
            "staff": staff,
            "productivity_eur": 1000 * np.round(110 * np.exp(0.45 * rng.standard_normal(n))),
        },
        index=register.index,
    )
    order = np.argsort(register.index.to_numpy())
    return register.iloc[order], traits.iloc[order]


def _census(
    register: pd.DataFrame,
    traits: pd.DataFrame,
    wave: str,
    truth: Truth,
    practices: np.random.Generator,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """What every living firm would answer in one wave."""
    n, year = len(register), WAVES.index(wave)
    frame = register.drop(columns=["first_wave", "last_wave", "lingers"]).reset_index()
    age = int(wave) - 1 - frame["founded_year"]
    frame["firm_age_band"] = np.select([age < 5, age < 10], ["start_up", "young"], "established")

    size, sector = _position(frame["size_band"], SIZE_BANDS), frame["sector"].to_numpy()
    appetite = 0.8 * traits["innovative"].to_numpy() + 0.3 * size + 0.4 * (sector == "information")
    invests = questionnaire.share_above(
        appetite + 0.8 * traits["investing"] + 0.6 * practices.standard_normal(n), truth.invests
    )
    cooperates = questionnaire.share_above(
        0.6 * appetite + traits["cooperative"] + 0.6 * practices.standard_normal(n), truth.cooperates + 0.01 * year
    )
    top = _top_innovators(frame, traits, invests, cooperates, truth, practices)
    frame["cooperates"], frame["invests"], frame["top_innovator"] = cooperates, invests, top

    answers = {
        **questionnaire.participation(rng, cooperates, frame["province"].to_numpy(), year),
        **questionnaire.innovation(rng, top, invests, cooperates),
        **questionnaire.money(rng, traits, top, invests, year),
        **questionnaire.cooperation(rng, cooperates, invests, size),
        **questionnaire.outlook(rng, traits, sector, size, invests, year),
    }
    return pd.concat([frame, pd.DataFrame(answers, index=frame.index)], axis=1)


def _top_innovators(
    frame: pd.DataFrame,
    traits: pd.DataFrame,
    invests: np.ndarray,
    cooperates: np.ndarray,
    truth: Truth,
    rng: np.random.Generator,
) -> np.ndarray:
    """0/1 per firm, with the declared standardised probabilities of the four states."""
    from scipy.special import ndtr

    other = controls(frame)
    effects = [truth.size_band, truth.sector, truth.province, truth.firm_age_band]
    beta = np.array([effect for block in effects for effect in block.values()])
    offset = other @ beta
    base = {state: constant_for(offset, share) for state, share in truth.states().items()}
    b0 = base["p_neither"]
    b1, b2 = base["p_invests_only"] - b0, base["p_cooperates_only"] - b0
    b3 = base["p_both"] - b0 - b1 - b2
    columns = np.column_stack([np.ones(len(frame)), invests, cooperates, invests * cooperates, other])
    chance = logistic(columns[:, :4] @ [b0, b1, b2, b3] + offset)
    # A firm's luck lasts: half of the variance of its draw is its own in every wave.
    draw = ndtr(np.sqrt(0.5) * (traits["fortune"].to_numpy() + rng.standard_normal(len(frame))))
    return _balanced(chance, draw, columns)


def _balanced(chance: np.ndarray, draw: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Turn as few as possible of the draws near their cut until sum x (y - chance) is near 0 in every column x.

    Each step turns the pair of draws, one of each side (or one draw and the empty one), that brings the residuals
    nearest to zero; it ends when no pair does.
    """
    y = (draw < chance).astype(int)
    # The four states carry the contrasts: each is balanced by itself, and weighs more than the controls.
    states = columns[:, 1] + 2 * columns[:, 2]
    weighted = np.column_stack([*(10.0 * (states == state) for state in range(4)), columns[:, 4:]])
    # Exact from here on: firms alike in everything gain alike to the last bit, and the first of them is turned.
    residual = (y - np.rint(chance * GRAINS) / GRAINS) @ weighted
    distance = np.abs(draw - chance)
    sides = [np.flatnonzero(y == side) for side in (0, 1)]
    up, down = (np.append(side[np.argsort(distance[side], kind="stable")[:400]], -1) for side in sides)
    # The last row of each side is the empty draw: it changes nothing.
    raises, lowers = (weighted[side] * (side >= 0)[:, None] for side in (up, down))
    together = raises @ lowers.T
    lengths = [(side**2).sum(axis=1) for side in (raises, lowers)]
    used = [np.zeros(len(side)) for side in (up, down)]
    for _ in range(len(up)):
        gain_up = 2 * raises @ residual + lengths[0] + used[0]
        gain_down = -2 * lowers @ residual + lengths[1] + used[1]
        gain = gain_up[:, None] + gain_down - 2 * together
        i, j = np.unravel_index(np.argmin(gain), gain.shape)
        if gain[i, j] >= 0:
            break
        residual = residual + raises[i] - lowers[j]
        for side, place, value in ((0, i, 1), (1, j, 0)):
            firm = (up, down)[side][place]
            if firm >= 0:
                y[firm] = value
                used[side][place] = np.inf
    return y


def constant_for(offset: np.ndarray, share: float) -> float:
    """The constant a for which the mean of logistic(a + offset) is the share."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if logistic(middle + offset).mean() < share else (low, middle)
    return (low + high) / 2


def logistic(x: np.ndarray | float) -> np.ndarray:
    """The probability that log-odds stand for: 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-np.asarray(x)))


def _position(values: pd.Series | np.ndarray, known: tuple[str, ...]) -> np.ndarray:
    """The place of each value in a list of known ones."""
    places = {value: place for place, value in enumerate(known)}
    return np.array([places[value] for value in values])


def _pick(rng: np.random.Generator, keys: np.ndarray, choices: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    """For each key one of its choices, the first ones more often."""
    picked = np.empty(len(keys), dtype=object)
    place = rng.random(len(keys)) ** 1.6
    for key, known in choices.items():
        of_key = keys == key
        picked[of_key] = np.array(known, dtype=object)[(place[of_key] * len(known)).astype(int)]
    return picked
