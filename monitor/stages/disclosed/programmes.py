"""Programmes as far as they may be told: who took part, what the firms were like before, how participants differ.

Belongs here: the tables `programmes`, `programme_groups`, `programme_balance` and `programme_effects`, and what of them
is withheld. Does not belong here: comparing anybody (`modelled`), the frame's counts (`programme_frame`), what stands
as an earlier release told it (`sequence`).

Numbers of firms that lie in each other (with a grant, of them in the frame, of them those that answered) are told as
long as neither a number nor what it leaves of one told before is of few firms. Shares of those that answered obey the
rules of indicators. Which weight a group has is told nowhere, so that no group's share is what others' leave of the
whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from monitor.contract.programmes import FROM_ANSWERS, OF_A_PROGRAMME, OTHERS, PARTICIPANTS, REFUSED
from monitor.contract.shape import emptied, rounded
from monitor.stages.disclosed.programme_frame import composition
from monitor.statistics.disclosure import primary
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Disclosure, Survey
from monitor.survey.programmes import Programme
from monitor.wording.notes import told

Row = dict[str, object]


def programmes(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The four tables of every declared programme; of one without a plan or grants, what its file declares."""
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in OF_A_PROGRAMME}
    for programme in survey.programmes.values():
        firms = _of(lake, "modelled_programme_firms", programme)
        if not len(firms):
            found["programmes"].append(pd.DataFrame([{**_declared(survey, programme), "wave": max(waves)}]))
            continue
        before, after = (_answered(lake, firms, column) for column in ("wave_before", "wave"))
        effects = _effects(_of(lake, "modelled_programme_effects", programme), after, survey)
        about = {name: firms[name].iloc[0] for name in ("survey", "programme", "wave", "wave_before")}
        counted = _counted(firms, before, after, effects, survey.disclosure)
        found["programmes"].append(pd.DataFrame([about | _declared(survey, programme) | counted]))
        of_frame = composition(lake, survey, firms).assign(**about)
        of_answers = _answers(_of(lake, "modelled_programme_groups", programme), before, survey.disclosure)
        found["programme_groups"].append(pd.DataFrame([*of_frame.to_dict("records"), *of_answers.to_dict("records")]))
        found["programme_balance"].append(_balance(_of(lake, "modelled_programme_balance", programme)))
        found["programme_effects"].append(effects)
    return {name: _ready(name, [f for f in frames if len(f)]) for name, frames in found.items()}


def _ready(name: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """A table's frames together, what is withheld emptied, rounded."""
    rows = [row for frame in frames for row in frame.to_dict("records")]
    if not rows:
        return pd.DataFrame(columns=["survey", "wave", "programme"])
    frame = rounded(name, pd.DataFrame(rows))
    return emptied(name, frame) if "suppressed" in frame else frame


def _of(lake: Lake, table: str, programme: Programme) -> pd.DataFrame:
    if not lake.has(table, ALL_WAVES):
        return pd.DataFrame()
    frame = lake.read(table, ALL_WAVES)
    return frame[frame["programme"] == programme.name].reset_index(drop=True)


def _declared(survey: Survey, programme: Programme) -> Row:
    """What a programme's file says of it."""
    row: Row = {
        "survey": survey.name,
        "programme": programme.name,
        "label_nl": programme.label.get("nl"),
        "label_en": programme.label.get("en"),
        "eligible": programme.eligible,
        "budget_eur": sum(each.budget_eur for each in programme.rounds.values()),
    }
    if programme.plan is not None:
        row |= {
            "outcome": programme.plan.outcome,
            "treated": programme.plan.treated.isoformat(),
            "planned": programme.plan.written.isoformat(),
            "plan_hash": programme.plan_hash,
        }
    return row


# ---- numbers of firms ------------------------------------------------------------------------------------------------


def nested(counts: Sequence[float], least: int) -> list[float | None]:
    """Numbers of firms of which each is part of every one before, those that may be told: of nobody or of `least` and
    more, and leaving as much of each number told before."""
    said: list[float | None] = []
    for count in counts:
        apart = [count, *(float(whole) - count for whole in said if whole is not None)]
        said.append(None if any(0 < number < least for number in apart) else count)
    return said


@dataclass(frozen=True)
class Answered:
    """Who answered a wave."""

    firms: pd.DataFrame
    """The firms of a programme that did, and that could have applied"""
    everyone: int
    """How many firms did at all"""


def _answered(lake: Lake, firms: pd.DataFrame, column: str) -> Answered:
    """Of the wave that a column of a programme's firms names; nobody where it names none."""
    wave = firms[column].iloc[0]
    there = lake.read("weighted_weights", str(wave))["firm"] if pd.notna(wave) else pd.Series(dtype=object)
    return Answered(firms[firms["firm"].isin(there) & firms["eligible"]], len(there))


def _counted(firms: pd.DataFrame, before: Answered, after: Answered, effects: pd.DataFrame, limits: Disclosure) -> Row:
    """How many firms there are of each kind, and what they were granted."""
    least = limits.minimum_firms
    granted = firms[firms["standing"] == PARTICIPANTS]
    joint = granted[granted["consortium"].notna()]

    def of(frame: pd.DataFrame, standing: str) -> float:
        return float((frame["standing"] == standing).sum())

    eligible = float((granted["in_frame"] & granted["eligible"]).sum())
    in_frame = nested([len(granted), float(granted["in_frame"].sum())], least)
    # Told nowhere by themselves: the firms of them that could have applied.
    wholes = [*(number for number in in_frame if number is not None), eligible]
    before_told, after_told = (
        nested([*wholes, of(answered.firms, PARTICIPANTS)], least)[-1] for answered in (before, after)
    )
    compared = effects.loc[effects["is_primary"].astype(bool), "n_participants"].dropna()
    if after_told is not None and len(compared) and 0 < after_told - float(compared.iloc[0]) < least:
        after_told = None
    amounts = granted["amount_eur"].dropna()
    too_large = primary.one_firm_too_large(amounts, limits.p_percent, limits.dominance)
    in_joint = nested([len(granted), len(joint)], least)[-1]
    return {
        "participants": in_frame[0],
        "in_frame": in_frame[1],
        "refused": nested([of(firms, REFUSED)], least)[0],
        "others": nested([of(firms, OTHERS)], least)[0],
        "in_consortia": in_joint,
        "consortia": None if in_joint is None else joint["consortium"].nunique(),
        "answered_before": before_told,
        "answered_after": after_told,
        "granted_eur": None if len(amounts) < least or too_large else float(amounts.sum()),
    }


# ---- what they answered before ---------------------------------------------------------------------------------------


def _answers(groups: pd.DataFrame, answered: Answered, limits: Disclosure) -> pd.DataFrame:
    """Shares of those that answered the wave before. A group's number is told where all groups leave nobody or enough
    of the wave's own number."""
    if not len(groups):
        return groups
    frame = groups.assign(basis=FROM_ANSWERS, variable=groups["measure"], category="true")
    frame["suppressed"] = primary.of_few(frame["fewest"], frame["n"], limits)
    for variable, rows in frame.groupby("variable"):
        left = answered.everyone - float(rows["n"].astype(float).sum())
        few = 0 < left < limits.minimum_firms or bool(primary.too_few(rows["n"], limits.minimum_firms).any())
        if few:
            # The largest group's number would give the rest back.
            frame.loc[(frame["variable"] == variable) & (frame["standing"] == OTHERS), "n"] = pd.NA
    without = frame["variable"].isin(frame.loc[frame["suppressed"] & (frame["standing"] == OTHERS), "variable"])
    for column in ("difference", "difference_low", "difference_high", "difference_p_value"):
        frame[column] = frame[column].mask(without)
    return frame


# ---- how alike, and how different ------------------------------------------------------------------------------------


def _balance(balance: pd.DataFrame) -> pd.DataFrame:
    """Means by covariate. A category's shares add up to one: where one of its levels is withheld, the level with fewest
    firms goes with it."""
    if not len(balance):
        return balance
    frame = balance.copy()
    fewest = pd.to_numeric(frame["fewest"]).astype("float64")
    few = fewest < Disclosure.fewest_others
    variable = frame["term"].str.extract(r"^([^\[]+)\[", expand=False)
    for _, rows in frame.groupby(variable):
        if few[rows.index].sum() == 1 and len(rows) > 1:
            few |= few.index == fewest[rows.index][~few[rows.index]].idxmin()
    return frame.assign(suppressed=few.to_numpy(bool))


def _effects(effects: pd.DataFrame, answered: Answered, survey: Survey) -> pd.DataFrame:
    """How participants differ. An outcome that few of a group have, or have not, is withheld with all of the row."""
    limits = survey.disclosure
    measure = survey.measures[str(effects["outcome"].iloc[0])]
    frame = effects.assign(unit="points" if measure.type in ("boolean", "percentage") else measure.unit)
    fewest = pd.to_numeric(frame["fewest"]).astype("float64")
    frame["suppressed"] = frame["published"].astype(bool) & (fewest < limits.minimum_events)
    main = frame.loc[frame["is_primary"].astype(bool)].iloc[0]
    n = [float(main["n_participants"] or 0), float(main["n_comparison"] or 0)]
    alone = 0 < answered.everyone - sum(n) < limits.minimum_firms
    said = {"n_participants": n[0], "n_comparison": None if alone else n[1]}
    for column, whole in said.items():
        frame[column] = pd.Series(
            [None if whole is None else nested([whole, float(x)], limits.minimum_firms)[-1] for x in frame[column]],
            index=frame.index,
            dtype="object",
        )
    for language, column in (("en", "warning"), ("nl", "warning_nl")):
        frame[column] = pd.Series(
            [told(kept, language) if isinstance(kept, str) else None for kept in frame["notes"]],
            index=frame.index,
            dtype="object",
        )
    return frame
