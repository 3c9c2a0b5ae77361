"""What a firm can be compared with: initiatives with their participants, and medians and quartiles of its peers.

Belongs here: counts per initiative and weighted quantiles per domain, with their own thresholds.
Does not belong here: any firm's own answer.
"""

from __future__ import annotations

from collections.abc import Collection
from math import floor, log10

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.disclosure import primary
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.system import Quantity, System
from monitor.storage.lake import Lake, columns_in, statement
from monitor.survey import Disclosure, Initiative, Survey, Wave

digits = 2
"""Significant digits of a published quantile"""


def initiatives(lake: Lake, survey: Survey, wave: str) -> pd.DataFrame:
    """The registry with the number of usable responses that take part in each initiative.

    All of them add up to the number of participations, which the mean number of initiatives gives away: an
    initiative with too few firms takes another one with it where it could be worked out by itself.
    """
    columns = ["survey", "wave", "initiative", "kind", "label_nl", "label_en", "firms", "suppressed"]
    if not survey.initiatives or not lake.has("imputed_answers", wave) or not asked(lake, wave):
        return pd.DataFrame(columns=columns)
    with lake.open(wave, "imputed_answers") as connection:
        counts = dict(connection.execute(statement("disclosed", "initiatives")).fetchall())
    least = survey.disclosure.minimum_firms
    system, few = System(), set()
    listed = _listed(survey, survey.waves[wave], counts)
    for code in listed:
        count = float(counts.get(code, 0))
        system.quantities[code] = Quantity(count, width=float(least) if 0 < count < least else 0.0)
        system.shows[code], system.cost[code] = (code,), max(count, 1.0)
        if 0 < count < least:
            few.add(code)
    system.quantities[EVERYONE] = Quantity(sum(q.value for q in system.quantities.values()))
    system.known.add(EVERYONE)
    system.relations.append((EVERYONE, tuple(listed)))
    withheld = withheld_rows(system, set(few))
    rows = [
        {
            "survey": survey.name,
            "wave": wave,
            "initiative": code,
            "kind": initiative.kind,
            "label_nl": initiative.label.get("nl"),
            "label_en": initiative.label.get("en"),
            "firms": None if code in withheld else counts.get(code, 0),
            "suppressed": code in withheld,
        }
        for code, initiative in listed.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def _listed(survey: Survey, wave: Wave, answered: Collection[str]) -> dict[str, Initiative]:
    """The initiatives that a wave's questionnaire lists, or where firms write names those its register knows, and what
    was answered besides; each as the register has it in that wave."""
    question, known = wave.questions.get("initiatives"), survey.register.known(wave.name)
    offered = set(question.columns.values()) - {"initiatives"} if question else set()
    shown = {*(offered or known), *answered}
    return {code: known.get(code, newest) for code, newest in survey.initiatives.items() if code in shown}


def asked(lake: Lake, wave: str) -> bool:
    """Whether a wave asked which initiatives firms take part in."""
    with lake.open(wave, "imputed_answers") as connection:
        columns = set(columns_in(connection, "imputed_answers"))
    return "initiatives" in columns


def benchmarks(firms_of_wave: WaveFirms, survey: Survey, wave: str) -> pd.DataFrame:
    """Weighted median and quartiles of every number-valued measure, by domain, from the answers as given.

    A median is shown where the minimum number of firms stand on either side of it, quartiles where they do beyond
    each quartile; all are rounded to two significant digits, and none is one firm's answer (`of_several`). Percentages
    come as shares.
    """
    columns = ["survey", "wave", "measure", "domain_variable", "domain", "p25", "median", "p75"]
    columns += ["quartiles_suppressed", "suppressed"]
    firms = firms_of_wave.observed.merge(firms_of_wave.weights[["firm", "weight"]], on="firm")
    rows = []
    for measure in survey.measures.values():
        if measure.type not in ("number", "percentage") or measure.name not in firms:
            continue
        values = firms[["firm", "weight"]].assign(value=pd.to_numeric(firms[measure.name], errors="coerce"))
        values = values.dropna()
        if not len(values):
            continue
        groups = [(EVERYONE, EVERYONE, values)]
        for variable, codes in firms_of_wave.domains.items():
            merged = values.merge(codes, on="firm")
            groups += [(variable, str(code), part) for code, part in merged.groupby("domain")]
        unit = 0.01 if measure.type == "percentage" else 1.0
        for variable, code, part in groups:
            quantiles = _quantiles(part, survey.disclosure, unit)
            rows.append(
                {
                    "survey": survey.name,
                    "wave": wave,
                    "measure": measure.name,
                    "domain_variable": variable,
                    "domain": code,
                    **quantiles,
                    "quartiles_suppressed": quantiles["p25"] is None,
                    "suppressed": quantiles["median"] is None,
                }
            )
    return pd.DataFrame(rows, columns=columns)


def _quantiles(part: pd.DataFrame, limits: Disclosure, unit: float) -> dict[str, float | None]:
    """p25, median and p75 of the answers (value, weight), as they are published; None where they are not."""
    ordered = part.sort_values("value", kind="stable")
    reached = ordered["weight"].cumsum().to_numpy() / ordered["weight"].sum()
    values = ordered["value"].to_numpy(dtype=float) * unit
    least, n = limits.minimum_firms, len(values)

    def at(share: float) -> float | None:
        place = min(int(np.searchsorted(reached, share - 1e-12)), n - 1)
        beyond = min(place + 1, n - place)
        return of_several(values, place, limits) if beyond >= least else None

    shown: dict[str, float | None] = {"p25": None, "median": None, "p75": None}
    if n >= limits.median_firms:
        shown["median"] = at(0.5)
    if n >= limits.quartile_firms and shown["median"] is not None:
        quartiles = at(0.25), at(0.75)
        if None not in quartiles:
            shown["p25"], shown["p75"] = quartiles
    return shown


def of_several(values: npt.NDArray[np.float64], place: int, limits: Disclosure) -> float | None:
    """The value at this place of the sorted answers, so that it is not one firm's: rounded, where at least three
    answers round to the same; else the rounded mean of the three answers around it, or of five, seven, … as long as
    they are fewer than the minimum number of firms: further away it would be another quantile.

    A mean is taken where it obeys the rules for amounts (no firm of them can work out another's answer), and equals no
    answer to which fewer than three round. None where no such mean is left.

    values: (firms,) sorted, in the unit of publication.
    """
    own = rounded(values[place])
    if _round_to(values, own) >= limits.fewest_others:
        return own
    widest = (limits.minimum_firms - 1) // 2
    for reach in range(1, min(place, len(values) - 1 - place, widest) + 1):
        around = values[place - reach : place + reach + 1]
        mean = rounded(float(around.mean()))
        alone = np.isclose(values, mean, rtol=1e-9, atol=0.0).any() and _round_to(values, mean) < limits.fewest_others
        if not alone and not primary.one_firm_too_large(around, limits.p_percent, limits.dominance):
            return mean
    return None


def _round_to(values: npt.NDArray[np.float64], value: float) -> int:
    """How many answers are published as this value."""
    near = values[np.abs(values - value) <= 0.1 * abs(value)]
    return sum(rounded(answer) == value for answer in near)


def rounded(value: float) -> float:
    """The value to two significant digits."""
    if value == 0:
        return 0.0
    return float(round(value, digits - 1 - floor(log10(abs(value)))))
