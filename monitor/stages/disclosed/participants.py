"""The table `participation`: how many firms of the population take part in what, as far as it may be told.

Belongs here: the lines of `estimated_participation` and `estimated_entries` with their names, without those that are
withheld, and as they were where few firms moved. Does not belong here: deciding which numbers go (`participants_told`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from monitor import contract
from monitor.contract.columns import CONFIDENTIALITY, EVERYONE, RELIABILITY
from monitor.contract.participation import DIFFERENCE, ENTERED, FIRMS, LEFT, OF_PARTICIPANTS, REACH, UNIT_OF
from monitor.contract.shape import emptied, rounded
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.stages.disclosed.history import Earlier
from monitor.stages.disclosed.participants_told import (
    OUTCOME,
    WHOLE,
    Firms,
    Numbers,
    Row,
    counted_elsewhere,
    held,
    withheld,
)
from monitor.stages.disclosed.revisions import PARTICIPANTS, kept_as_shown
from monitor.stages.disclosed.sequence import OVERLAP
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey
from monitor.survey.groupings import ALL_OF_THEM, INITIATIVE, KIND, NUMBER, PLACE, THEME, Group
from monitor.wording.sentences import say

NAME = "participation"
KEY = ("wave", "grouped_by", "code", "figure", "domain_variable", "domain")
COUNTED_BY = ("n", "events")


def participation(
    lake: Lake, survey: Survey, firms: Mapping[str, WaveFirms], beside: Mapping[str, pd.DataFrame],
    before: Sequence[Earlier],
) -> pd.DataFrame:  # fmt: skip
    """The table. `beside`: `indicators`, `initiatives` and `quality` as they are told, which count some of the same
    firms; `before`: earlier releases, the oldest first."""
    parts = [_wave(lake, survey, wave, found, beside, before) for wave, found in firms.items()]
    parts.append(_entries(lake, survey, beside["quality"], before))
    told = [part for part in parts if len(part)]
    if not told:
        return pd.DataFrame(columns=["survey", *KEY])
    return emptied(NAME, _named(rounded(NAME, pd.concat(told, ignore_index=True)), survey))


def _wave(
    lake: Lake, survey: Survey, wave: str, found: WaveFirms, beside: Mapping[str, pd.DataFrame],
    before: Sequence[Earlier],
) -> pd.DataFrame:  # fmt: skip
    """The lines of a wave, with why each is withheld and whether it stays as it was."""
    if not lake.has("estimated_participation", wave):
        return pd.DataFrame()
    lines, limits = lake.read("estimated_participation", wave), survey.disclosure
    counted = beside["initiatives"]
    counted = counted[counted["wave"] == wave]
    # The register of a later wave may know more initiatives than a wave asked about.
    listed = lines["code"].isin(set(counted["initiative"])) | (lines["grouped_by"] != INITIATIVE)
    lines = lines[listed].reset_index(drop=True)
    with lake.open(wave, "imputed_answers") as connection:
        answers = connection.execute(
            "SELECT imputation, firm, initiatives IS NOT NULL AS told FROM imputed_answers"
        ).df()
    known = answers.loc[(answers["imputation"] == 0) & answers["told"], "firm"]
    now = Firms.of(survey, survey.waves[wave], found, known)
    numbers = Numbers(now, limits)
    rows = [_row(x) for x in lines.to_dict("records")]
    told = ~counted["suppressed"].astype(bool) & ~counted["held"].astype(bool)
    fresh = set(counted.loc[told, "initiative"].astype(str))
    of_wave = beside["indicators"]
    elsewhere = dict(counted_elsewhere(now, found, survey, of_wave[of_wave["wave"] == wave]))
    shown, hidden = _former(before, wave)
    gone = withheld(numbers, fresh, elsewhere, set().union(*shown), hidden)
    gone |= {row for row in rows if row[0][0] == INITIATIVE and row[0][1] not in fresh}
    stays: set[Row] = set()
    for release, told_then in zip(before, shown, strict=True):
        then = release.firms(survey, wave) if told_then else None
        if then is not None and "initiatives" in then.answers:
            former = Numbers(Firms.of(survey, survey.waves[wave], then, _answered(then)), limits)
            stays |= held(numbers, former, told_then - gone, stays, limits.minimum_firms)
    quality = beside["quality"]
    same = quality[(quality["wave"] == wave) & (quality["indicator"] == PARTICIPANTS)]
    if same["held"].fillna(False).astype(bool).any():
        # The same number stands in `quality` as it was: a newer one here would tell who came and went.
        stays.add((ALL_OF_THEM, WHOLE))
    lines["withheld_for"] = _why(lines, rows, gone)
    lines["suppressed"] = lines["withheld_for"].notna()
    return _as_shown(lines, np.array([row in stays for row in rows], dtype=bool), before)


def _row(line: Mapping[Any, Any]) -> Row:
    """Which numbers of firms a line tells."""
    group: Group = (str(line["grouped_by"]), str(line["code"]))
    if line["figure"] in (FIRMS, REACH):
        return group, (str(line["domain_variable"]), str(line["domain"]))
    return group, (OUTCOME, EVERYONE)


def _answered(then: WaveFirms) -> Collection[str] | None:
    """The firms of an earlier release that answered who they take part with."""
    if "initiatives" not in then.observed:
        return None
    return set(then.observed.loc[then.observed["initiatives"].notna(), "firm"])


def _why(lines: pd.DataFrame, rows: Sequence[Row], gone: Collection[Row]) -> list[str | None]:
    """Why each line is withheld. A difference is worth no more than its first end."""
    poor = {
        (_row(x), x["figure"]) for x in lines.to_dict("records") if x["reliability"] == "unpublishable"
    }  # fmt: skip
    poor |= {(row, DIFFERENCE) for row, figure in poor if figure == OF_PARTICIPANTS}
    return [
        CONFIDENTIALITY if row in gone else RELIABILITY if (row, figure) in poor else None
        for row, figure in zip(rows, lines["figure"], strict=True)
    ]


def _former(before: Sequence[Earlier], wave: str) -> tuple[list[set[Row]], set[Row]]:
    """The rows that each earlier release showed of a wave first, and those that the newest withheld."""
    shown, hidden = [], set[Row]()
    for release in before:
        table = release.tables[NAME]
        lines = table[(table["wave"] == wave) & ~table["figure"].isin((ENTERED, LEFT))].to_dict("records")
        shown.append({_row(x) for x in lines if not x["suppressed"] and not x["held"]})
        hidden = {_row(x) for x in lines if x["withheld_for"] == CONFIDENTIALITY}
    return shown, hidden


def _entries(lake: Lake, survey: Survey, quality: pd.DataFrame, before: Sequence[Earlier]) -> pd.DataFrame:
    """Entry and exit, where no number of firms that they tell is few: of those that took part before and of those that
    did not, those that do now and those that do not; nor what the one group leaves of all."""
    if not lake.has("estimated_entries", ALL_WAVES):
        return pd.DataFrame()
    lines, least = lake.read("estimated_entries", ALL_WAVES), survey.disclosure.minimum_firms
    gone: set[tuple[str, Group]] = set()
    shared = _shared(quality)
    for wave, of_wave in lines.groupby("wave", sort=True):
        cells: dict[Group, tuple[int, int, int, int]] = {
            (str(x), str(y)): _cells(part) for (x, y), part in of_wave.groupby(["grouped_by", "code"], sort=True)
        }
        every = cells[ALL_OF_THEM]
        few = {group for group, cell in cells.items() if min(cell) < least}
        for group, cell in cells.items():
            # Firms that took part before or do now: what one group leaves of all of them is a number too.
            left = (sum(every[:2]) - sum(cell[:2]), every[0] + every[2] - cell[0] - cell[2])
            if group != ALL_OF_THEM and any(0 < number < least for number in left):
                few.add(group)
        pair = (str(of_wave["wave_before"].iloc[0]), str(wave))
        if pair not in shared:
            few = set(cells)
        gone |= {(str(wave), group) for group in few}
    rows = [(str(x["wave"]), (str(x["grouped_by"]), str(x["code"]))) for x in lines.to_dict("records")]
    poor = lines["reliability"] == "unpublishable"
    lines["withheld_for"] = [
        CONFIDENTIALITY if row in gone else RELIABILITY if flag else None for row, flag in zip(rows, poor, strict=True)
    ]
    lines["suppressed"] = lines["withheld_for"].notna()
    moved = {row for row, few in zip(rows, _moved_by_few(lines, before, least), strict=True) if few}
    return _as_shown(lines, np.array([row in moved for row in rows], dtype=bool), before)


def _shared(quality: pd.DataFrame) -> set[tuple[str, str]]:
    """Pairs of waves of which the number of firms in both is told as it is now."""
    rows = quality[(quality["indicator"] == OVERLAP) & ~quality["suppressed"].astype(bool)]
    rows = rows[~rows["held"].astype(bool)]
    return set(zip(rows["wave"].astype(str), rows["concept"].astype(str), strict=True))


def _cells(of_group: pd.DataFrame) -> tuple[int, int, int, int]:
    """Took part before and now, before only, now only, neither."""
    told = {x["figure"]: (int(x["n"]), int(x["events"])) for x in of_group.to_dict("records")}
    (was, went), (was_not, came) = told[LEFT], told[ENTERED]
    return was - went, went, came, was_not - came


def _moved_by_few(lines: pd.DataFrame, before: Sequence[Earlier], least: int) -> list[bool]:
    """Whether one to `least` - 1 firms came into a number of a line, or left it, since a release that told it first."""
    found = [False] * len(lines)
    for release in before:
        table = release.tables[NAME]
        table = table[~table["suppressed"].astype(bool) & ~table["held"].astype(bool)]
        then = {tuple(x[k] for k in KEY): (x["n"], x["events"]) for x in table.to_dict("records")}
        for place, x in enumerate(lines.to_dict("records")):
            if (was := then.get(tuple(x[k] for k in KEY))) is not None:
                n, events = (int(x[c]) - int(former) for c, former in zip(COUNTED_BY, was, strict=True))
                found[place] |= any(0 < abs(number) < least for number in (n, events, n - events))
    return found


def _as_shown(lines: pd.DataFrame, flags: np.ndarray, before: Sequence[Earlier]) -> pd.DataFrame:
    columns = (*contract.BY_NAME[NAME].withheld, "suppressed", "withheld_for")
    kept = kept_as_shown(lines, flags, before[-1].tables[NAME] if before else None, KEY, columns, "held")
    # What the last release did not tell has nothing to stay as.
    kept["suppressed"] = [value is None or value != value or bool(value) for value in kept["suppressed"]]
    untold = kept["suppressed"] & kept["withheld_for"].isna()
    kept["withheld_for"] = kept["withheld_for"].astype("object").mask(untold, CONFIDENTIALITY)
    kept["held"] = kept["held"] & ~kept["suppressed"]
    return kept


def _named(table: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """With each group's name and each figure's unit."""
    names = {group: _names(survey, *group) for group in set(zip(table["grouped_by"], table["code"], strict=True))}
    for at, language in enumerate(("nl", "en")):
        table[f"label_{language}"] = [
            names[group][at] for group in zip(table["grouped_by"], table["code"], strict=True)
        ]
    return table.assign(unit=table["figure"].map(UNIT_OF), survey=survey.name)


def _names(survey: Survey, grouped_by: str, code: str) -> tuple[str, str]:
    """A group's name in Dutch and English; a place's is its code's in the survey's own words elsewhere."""
    register = survey.register
    if grouped_by == KIND:
        return say("report", code, "nl"), say("report", code, "en")
    if grouped_by == THEME and code in register.themes:
        return register.themes[code]["nl"], register.themes[code]["en"]
    if grouped_by == INITIATIVE and code in register.newest:
        return register.newest[code].label["nl"], register.newest[code].label["en"]
    if grouped_by == PLACE:
        labels = next((c.codes[code] for c in survey.concepts.values() if code in c.codes), {})
        return labels.get("nl", code), labels.get("en", code)
    if grouped_by == NUMBER:
        return code, code
    return say("participation", "every_initiative", "nl"), say("participation", "every_initiative", "en")
