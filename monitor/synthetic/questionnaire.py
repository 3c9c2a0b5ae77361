"""What a firm would answer, given whether it cooperates, invests and is a top innovator.

Belongs here: one function per part of the questionnaire, from practices and traits to concepts. Does not belong here:
the practices and the truth behind them (`firms`), who is asked (`fieldwork`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

INITIATIVES = tuple(f"I{number:02d}" for number in range(1, 56))
PARTNERS = (
    "group", "suppliers", "private_clients", "public_clients", "competitors", "consultants", "universities",
    "government_institutes", "private_institutes", "non_profit",
)  # fmt: skip
PROVINCES = ("PV20", "PV21", "PV22")


def participation(
    rng: np.random.Generator, cooperates: np.ndarray, province: np.ndarray, year: int
) -> dict[str, object]:
    """The initiatives each firm takes part in: one to six of 55, those of its own province more often."""
    n = len(cooperates)
    many = np.minimum(1 + rng.geometric(0.55, n) - 1, 6) * cooperates
    liking = np.linspace(0.7, -0.7, len(INITIATIVES))
    home = np.array(PROVINCES)[np.arange(len(INITIATIVES)) % 3]
    key = liking + 0.8 * (home == province[:, None]) + rng.gumbel(size=(n, len(INITIATIVES)))
    rank = np.argsort(np.argsort(-key, axis=1), axis=1)
    chosen = rank < many[:, None]
    names = np.array(INITIATIVES)
    return {
        "initiatives": [tuple(names[row]) for row in chosen],
    }


def innovation(
    rng: np.random.Generator, top: np.ndarray, invests: np.ndarray, cooperates: np.ndarray
) -> dict[str, np.ndarray]:
    """Product and process innovation and the split of turnover; a top innovator has more than 40 % new to market."""
    n = len(top)
    states = [invests * cooperates == 1, invests == 1, cooperates == 1]
    product = (rng.random(n) < np.select(states, [0.55, 0.45, 0.22], 0.17)) | (top == 1)
    chances = [0.02, 0.16, 0.28, 0.19, 0.11, 0.08, 0.08, 0.04, 0.04]
    high = rng.choice([41, 45, 50, 60, 70, 75, 80, 90, 100], n, p=chances)
    low = rng.choice([0, 5, 10, 15, 20, 25, 30, 35, 40], n, p=[0.13, 0.14, 0.2, 0.11, 0.15, 0.11, 0.08, 0.02, 0.06])
    market = np.where(product, np.where(top == 1, high, low), 0)
    firm = np.floor((100 - market) * rng.choice([0, 0.1, 0.2, 0.3, 0.5], n, p=[0.2, 0.25, 0.25, 0.2, 0.1]) / 5) * 5
    firm = np.where(product, firm, 0)
    return {
        "product_innovation": product,
        "turnover_share_new_to_market": market.astype(float),
        "turnover_share_new_to_firm": firm,
        "turnover_share_unchanged": np.where(product, 100.0 - market - firm, 100.0),
        "process_innovation": rng.random(n) < 0.1 + 0.25 * invests + 0.1 * cooperates,
        "ongoing_activities": rng.random(n) < 0.04 + 0.33 * invests + 0.04 * cooperates,
        "abandoned_activities": rng.random(n) < 0.01 + 0.11 * invests,
    }


def money(
    rng: np.random.Generator, traits: pd.DataFrame, top: np.ndarray, invests: np.ndarray, year: int
) -> dict[str, np.ndarray]:
    """Staff, turnover, R&D and innovation expenditure; `invests` is in-house R&D or innovation expenditure."""
    n = len(top)
    usual, productivity = traits["staff"].to_numpy(), traits["productivity_eur"].to_numpy()
    band = np.searchsorted([10, 50, 250], usual, side="right")
    low, high = np.array([2, 10, 50, 250])[band], np.array([9, 49, 249, 5000])[band]
    staff = np.clip(np.round(usual * np.exp(0.04 * rng.standard_normal(n))), low, high)
    turnover = 1000 * np.round(staff * productivity / 1000 * np.exp(0.08 * rng.standard_normal(n)))
    research = (rng.random(n) < 0.75) & (invests == 1)
    level = (9.5, 10.7, 13.6)[year] * np.exp(0.15 * top)
    share = np.clip(np.round(2 * level * np.exp(0.85 * rng.standard_normal(n))) / 2, 0.5, 85.0)
    share = np.where(research, share, 0.0)
    # What is spent beside in-house R&D, as a share of turnover.
    beside = rng.choice([0.5, 1, 2, 3, 5], n) * (invests == 1) * (~research | (rng.random(n) < 0.5))
    spent = 100 * np.ceil(turnover * (share + beside) / 100 / 100)
    return {
        "employees": staff,
        "turnover_eur": turnover,
        "in_house_rd": research,
        "rd_share_of_turnover": share,
        "innovation_expenditure_eur": spent,
        "contracted_out_rd": rng.random(n) < 0.08 + 0.2 * (invests == 1),
    }


def cooperation(
    rng: np.random.Generator, cooperates: np.ndarray, invests: np.ndarray, size: np.ndarray
) -> dict[str, object]:
    """Innovation cooperation in the CIS sense, with whom; it goes with participation but is not the same."""
    n = len(cooperates)
    any_partner = rng.random(n) < 0.12 + 0.5 * cooperates + 0.12 * invests
    liking = np.array([0.1, 0.5, 0.5, 0.15, 0.1, 0.2, 0.35, 0.15, 0.1, 0.1])
    ticked = rng.random((n, len(PARTNERS))) < liking + 0.05 * size[:, None] * (np.arange(len(PARTNERS)) == 0)
    ticked[np.arange(n), rng.choice([1, 2, 6], n)] = True
    ticked &= any_partner[:, None]
    names = np.array(PARTNERS)
    return {"cooperation_partners": [tuple(names[row]) for row in ticked]}


def outlook(
    rng: np.random.Generator,
    traits: pd.DataFrame,
    sector: np.ndarray,
    size: np.ndarray,
    invests: np.ndarray,
    year: int,
) -> dict[str, np.ndarray]:
    """Orientation, digital technology and public funding."""
    n = len(size)
    social = traits["social"].to_numpy() + 0.4 * rng.standard_normal(n)
    rank = np.argsort(np.argsort(social)) / n
    digital = traits["digital"].to_numpy() + 0.2 * size + 0.5 * (sector == "information")

    def uses(share: float, more: np.ndarray) -> np.ndarray:
        return share_above(digital + more + 0.7 * rng.standard_normal(n), share).astype(bool)

    industry = 0.6 * np.isin(sector, ["manufacturing", "agriculture"])
    maturity = 1 + np.sum([share_above(digital, share) for share in (0.85, 0.55, 0.25, 0.08)], axis=0)
    return {
        "orientation": np.select([rank < 0.2, rank > 0.9], ["profit", "social"], "balanced"),
        "sensor_technology": uses((0.2, 0.245, 0.36)[year], industry),
        "internet_of_things": uses((0.2, 0.245, 0.3)[year], 0.3 * industry),
        "artificial_intelligence": uses((0.05, 0.07, 0.1)[year], 0.5 * (sector == "information")),
        "digital_maturity": maturity,
        "public_funding_local": rng.random(n) < 0.03 + 0.12 * invests,
        "public_funding_national": rng.random(n) < 0.02 + 0.25 * invests,
        "public_funding_eu": rng.random(n) < 0.01 + 0.05 * invests,
    }


def share_above(score: np.ndarray | pd.Series, share: float) -> np.ndarray:
    """1 for the given share of firms with the highest scores, 0 for the others."""
    values = np.asarray(score)
    return (values > np.quantile(values, 1 - share)).astype(int)
