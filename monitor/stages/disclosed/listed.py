"""What fills the framework's indicators from whole lists: firms counted over the frame, grants of programmes.

Belongs here: those figures, and which of them are withheld or stay as they were last shown. Does not belong here: the
table they stand in (`framework`), figures of a sample (`indicators`).

No interval: a list is counted, not sampled. A figure is withheld where what it is of, or what is left of it once the
figures of other ecosystems are taken off, rests on too few firms or on one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.precision import to_error
from monitor.stages.disclosed.history import Earlier
from monitor.statistics.disclosure.primary import one_firm_too_large
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.storage.lake import Lake
from monitor.survey import Survey
from monitor.survey.ecosystems import catalogue
from monitor.survey.framework import Ecosystem, Framework
from monitor.survey.programmes import GRANTED

Cells = dict[str, Any]
Key = tuple[str, int]
"""Ecosystem and the framework's number"""


@dataclass(frozen=True)
class Figure:
    """One indicator of one wave's list, firm by firm: the index of each is the firms of the frame."""

    counted: pd.Series
    """Whether a firm is counted"""
    amounts: pd.Series | None
    """What it adds where the figure is in euros"""
    share: bool
    """Whether the figure is the counted firms' share of the frame's"""

    def value(self, among: pd.Series) -> float:
        """The figure of some of the firms."""
        if self.amounts is not None:
            return round(float(self.amounts[among].sum()))
        firms = float((self.counted & among).sum())
        return float(to_error(firms / float(among.sum()), None)) if self.share else firms

    def sensitive(self, among: pd.Series, limits: Disclosure) -> bool:
        """Whether the figure of some of the firms tells of single ones."""
        firms, counted = int(among.sum()), int((self.counted & among).sum())
        if self.amounts is None:
            return min(counted, firms - counted) < limits.minimum_firms
        large = one_firm_too_large(self.amounts[among], limits.p_percent, limits.dominance)
        return large or counted < limits.minimum_firms


def listed(lake: Lake, survey: Survey, waves: Sequence[str], before: Sequence[Earlier]) -> dict[Key, Cells]:
    """The cells of every indicator that is filled from the frame or from programmes, by ecosystem and number."""
    told = survey.framework
    if told is None:
        return {}
    found: dict[Key, Cells] = {}
    own = [each for each in told.ecosystems.values() if each.domain is not None]
    by_wave = {wave: lake.read("staged_frame", wave) for wave in sorted(waves) if lake.has("staged_frame", wave)}
    for number in (*told.frame, *told.programmes):
        if catalogue()[number].unit == "programmes":
            found |= {(each.name, number): _number_of_programmes(survey, told, number, waves) for each in own}
            continue
        for wave, frame in by_wave.items():
            figure = _figure(lake, told, number, wave, frame)
            if figure is not None:
                filled_by = "frame" if number in told.frame else "programmes"
                cells = _of_wave(survey, number, wave, filled_by, figure, _domains(own, frame))
                _told_since(found, _as_last_shown(cells, before, survey.disclosure.minimum_firms), number)
    return found


def _number_of_programmes(survey: Survey, told: Framework, number: int, waves: Sequence[str]) -> Cells:
    """How many of the declared programmes an indicator names: public, as the programmes are."""
    return {
        "state": "measured",
        "filled_by": "programmes",
        "about_year": survey.waves[max(waves)].reference_year,
        "value": float(len(told.programmes[number].programmes)),
        "made_up": survey.synthetic,
    }


def _figure(lake: Lake, told: Framework, number: int, wave: str, frame: pd.DataFrame) -> Figure | None:
    """An indicator's firms in a wave; None where its lists do not hold what is counted."""
    if number in told.frame:
        having = told.frame[number].having
        if not {*having} <= {*frame.columns}:
            return None
        counted = pd.Series(True, index=frame.index)
        for concept, code in having.items():
            counted &= frame[concept].astype("string").str.lower().eq(code.lower()).fillna(False).astype(bool)
        return Figure(counted, None, share=False)
    grants = lake.read("staged_grants", wave) if lake.has("staged_grants", wave) else pd.DataFrame()
    if not len(grants):
        return None
    mine = grants[grants["programme"].isin(told.programmes[number].programmes) & (grants["status"] == GRANTED)]
    amounts = frame["firm"].map(mine.groupby("firm")["amount_eur"].sum()).fillna(0.0).astype(float)
    counted = frame["firm"].isin(mine["firm"])
    in_euros = catalogue()[number].unit == "eur"
    return Figure(counted, amounts if in_euros else None, share=not in_euros)


def _domains(ecosystems: Iterable[Ecosystem], frame: pd.DataFrame) -> dict[str, pd.Series]:
    """The firms of each ecosystem whose domain the frame knows."""
    found = {}
    for each in ecosystems:
        assert each.domain is not None
        variable, code = each.domain
        if variable == EVERYONE:
            found[each.name] = pd.Series(True, index=frame.index)
        elif variable in frame:
            found[each.name] = frame[variable].astype("string").eq(code).fillna(False).astype(bool)
    return found


def _of_wave(
    survey: Survey, number: int, wave: str, filled_by: str, figure: Figure, domains: Mapping[str, pd.Series]
) -> dict[Key, Cells]:
    """The figure of each ecosystem in a wave, or that it is withheld."""
    gone = withheld(figure, domains, survey.disclosure)
    found: dict[Key, Cells] = {}
    for name, among in domains.items():
        cells: Cells = {
            "state": "withheld" if name in gone else "measured",
            "filled_by": filled_by,
            "about_year": survey.waves[wave].reference_year,
            "wave": wave,
            "made_up": survey.synthetic,
        }
        if name not in gone:
            cells |= {"value": figure.value(among), "firms": int((figure.counted & among).sum())}
        found[name, number] = cells
    return found


def withheld(figure: Figure, domains: Mapping[str, pd.Series], limits: Disclosure) -> set[str]:
    """The ecosystems whose figure is withheld: those that hold a group of firms, told apart by which ecosystems they
    are in, of which the figure would be sensitive. Whatever sums and differences of the others are taken, they are
    figures of groups that are not. The figure of the whole list is taken for known: where that of the firms outside
    all ecosystems would be sensitive, none is told."""
    gone: set[str] = set()
    for _, group in pd.DataFrame(dict(domains)).groupby([*domains]) if domains else ():
        among = pd.Series(figure.counted.index.isin(group.index), index=figure.counted.index)
        if figure.sensitive(among, limits):
            gone |= {name for name in domains if bool(group[name].iloc[0])} or {*domains}
    return gone


def _as_last_shown(cells: dict[Key, Cells], before: Sequence[Earlier], least: int) -> dict[Key, Cells]:
    """The cells, each as the last release showed it where fewer than `least` firms came or left: two releases are not
    to be subtracted."""
    if not before:
        return cells
    table = before[-1].tables["framework"]
    shown = {(str(x["ecosystem"]), int(x["number"]), x["about_year"]): x for x in table.to_dict("records")}
    for (name, number), mine in cells.items():
        then = shown.get((name, number, mine["about_year"]))
        if then is None or pd.isna(then["firms"]) or mine["state"] != "measured":
            continue
        if abs(mine["firms"] - int(then["firms"])) < least:
            mine |= {"value": float(then["value"]), "firms": int(then["firms"])}
    return cells


def _told_since(found: dict[Key, Cells], newer: Mapping[Key, Cells], number: int) -> None:
    """Put a wave's cells over those of the wave before, with the difference between both where both are told."""
    for key, cells in newer.items():
        earlier = found.get(key)
        if earlier and earlier["state"] == cells["state"] == "measured":
            cells |= {"since_year": earlier["about_year"], "trend": to_error(cells["value"] - earlier["value"], None)}
        found[key] = cells
