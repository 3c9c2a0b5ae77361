"""Participants of the survey's programmes beside the firms they could be compared with.

Belongs here: who took part, applied in vain or could have, by the waves before and after; covariates and outcomes as
arrays; the rows of `modelled_programme_firms`, `_groups`, `_balance` and `_effects`. Does not belong here: the
estimators, limits and refusals (`statistics.comparison`), what may be told (`disclosed`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.contract.programmes import OTHERS, PARTICIPANTS, REFUSED, STANDINGS
from monitor.stages.modelled.analysed import Asking, part_of
from monitor.stages.modelled.gather import firms_where
from monitor.stages.modelled.modelling import Findings
from monitor.stages.modelled.programme_rows import balance_rows, effect_rows, group_rows
from monitor.statistics.comparison.changes import Panel
from monitor.statistics.comparison.effect import Compared, Copy, compare, refused_by_plan
from monitor.statistics.comparison.groups import Groups
from monitor.statistics.comparison.over_time import CHANGES, changes_of_participants
from monitor.statistics.models.columns import Columns, columns_of
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.terms import Terms, decide, matrix
from monitor.storage.arrivals import first_arrival
from monitor.storage.lake import Lake
from monitor.survey import Survey
from monitor.survey.participation import expanded
from monitor.survey.programme_waves import about_until, wave_after, wave_before
from monitor.survey.programmes import GRANTED, Plan, Programme

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

REPLICATED_COPIES = 1
"""Completed copies in which the groups are made alike again under every replicate: what is known of all firms before
is the same in each, and the outcome's filling in is in the variance between them"""


@dataclass(frozen=True)
class Entry:
    """One programme of the survey with what its firms are compared by."""

    programme: Programme
    plan: Plan
    before: str | None
    after: str
    firms: pd.DataFrame
    """The firms of the frame before that could have applied, and every firm with a grant: firm, standing, in_frame,
    amount_eur, consortium, began"""
    facts: Columns | None
    """What the frame before knows of the firms of the wave after, in their order"""
    arrived: date | None
    """The day on which the first answers of the wave after came, where that is recorded"""

    @property
    def content(self) -> list[Any]:
        """What is read from the lake's tables, written down."""
        firms = {str(name): self.firms[name].astype(str).tolist() for name in self.firms.columns}
        return [self.before, self.after, firms, self.facts, str(self.arrived)]


def programme_rows(lake: Lake, findings: Findings, samples: Sequence[Sample]) -> Asking[None]:
    """The rows of every programme that has a plan and grants. `samples`: of the waves, in their order."""
    by_wave = {sample.wave: sample for sample in samples}
    entered, parts = [], []
    for programme in findings.survey.programmes.values():
        entry = _entry(lake, findings.survey, programme, by_wave)
        if entry is None:
            continue
        declared = {"programmes": {programme.name: programme}, "models": findings.survey.models}
        entered.append(entry)
        parts.append(part_of(_told, findings.survey, by_wave, declared, (entry,), entry.content))
    answers = yield parts
    for entry, told in zip(entered, answers, strict=True):
        about = {
            "survey": findings.survey.name,
            "programme": entry.programme.name,
            "wave": entry.after,
            "wave_before": entry.before,
        }
        for table, rows in told.items():
            findings.rows[table] += [{**about, **row} for row in rows]


def _told(survey: Survey, samples: Mapping[str, Sample], entry: Entry) -> dict[str, list[dict[str, Any]]]:
    """Table -> its rows of one programme."""
    found, copies, every = _compared(survey, entry, samples)
    plan, design = entry.plan, samples[entry.after].design
    return {
        "modelled_programme_firms": [{str(k): v for k, v in x.items()} for x in entry.firms.to_dict("records")],
        "modelled_programme_groups": _composition(survey, entry, samples),
        "modelled_programme_balance": balance_rows(found[plan.method], copies, every, design),
        "modelled_programme_effects": [
            row for approach, each in found.items() for row in effect_rows(approach, plan, each, copies, design)
        ],
    }


# ---- who ------------------------------------------------------------------------------------------------------------


def _entry(lake: Lake, survey: Survey, programme: Programme, samples: Mapping[str, Sample]) -> Entry | None:
    """None where there is no plan, or no wave has grants."""
    grants = _newest_grants(lake, programme.name, samples)
    if programme.plan is None or grants is None:
        return None
    after, before = wave_after(survey, programme.plan, samples), wave_before(survey, programme.plan, samples)
    frame = lake.read("staged_frame", before) if before and lake.has("staged_frame", before) else None
    eligible: set[str] = set()
    if before is not None and frame is not None:
        eligible = firms_where(lake, expanded(programme.eligible, survey, survey.waves[before]), before)
    listed = set() if frame is None else set(frame["firm"])
    firms = _standing(grants, eligible).assign(in_frame=lambda x: x["firm"].isin(listed))
    facts = None
    if frame is not None:
        known = frame.set_index("firm").reindex(samples[after].firms).reset_index(drop=True)
        facts = columns_of(known.astype({c: "object" for c in known.columns if known[c].dtype == bool}))
    recorded = lake.has("raw_deliveries", after)
    arrived = first_arrival(lake.read("raw_deliveries", after)) if recorded else None
    day = arrived.astimezone(UTC).date() if arrived else None
    return Entry(programme, programme.plan, before, after, firms, facts, day)


def _newest_grants(lake: Lake, name: str, waves: Mapping[str, Sample]) -> pd.DataFrame | None:
    """The programme's grants as the newest wave with any lists them."""
    for wave in sorted(waves, reverse=True):
        if lake.has("staged_grants", wave):
            grants = lake.read("staged_grants", wave)
            grants = grants[(grants["programme"] == name) & grants["firm"].notna()]
            if len(grants):
                return grants
    return None


def _standing(grants: pd.DataFrame, eligible: set[str]) -> pd.DataFrame:
    """Every firm with a grant, and every other eligible one."""
    granted = grants[grants["status"] == GRANTED]
    each = granted.groupby("firm").agg(
        amount_eur=("amount_eur", "sum"), consortium=("consortium", "first"), began=("began", "min")
    )
    each["standing"] = PARTICIPANTS
    applied = sorted(set(grants["firm"]) - set(each.index))
    rest = sorted(eligible - set(each.index) - set(applied))
    others = pd.DataFrame(
        {"standing": [REFUSED] * len(applied) + [OTHERS] * len(rest)}, index=pd.Index([*applied, *rest], name="firm")
    )
    firms = pd.concat([each, others]).reset_index()
    firms["eligible"] = firms["firm"].isin(eligible)
    return firms.sort_values("firm", ignore_index=True)


# ---- beside whom -----------------------------------------------------------------------------------------------------


def _compared(
    survey: Survey, entry: Entry, samples: Mapping[str, Sample]
) -> tuple[dict[str, Compared], list[Copy], Groups | None]:
    """Approach -> what came of it, the changes over the waves last; the copies they are made of; and the first copy's
    groups with every level of every covariate."""
    plan, sample = entry.plan, samples[entry.after]
    methods = (plan.method, *plan.alternatives)
    refusal = _refused(survey, entry, samples)
    if refusal is not None:
        return {approach: Compared(approach, 0, 0, refusal) for approach in (*methods, CHANGES)}, [], None
    copies, every = _copies(entry, sample, samples)
    found = {}
    for method in methods:
        replicated = REPLICATED_COPIES if method == plan.method else 0
        found[method] = compare(copies, sample.design, method, plan.limits, replicated_copies=replicated)
    panels = [_panel(survey, entry, copy, i, samples) for i, copy in enumerate(copies)]
    masks = [copy.mask for copy in copies]
    found[CHANGES] = changes_of_participants(panels, masks, sample.design, plan.limits)
    return found, copies, every


def _refused(survey: Survey, entry: Entry, samples: Mapping[str, Sample]) -> Note | None:
    """Why nothing may be compared, from the definition and dates alone."""
    plan, sample = entry.plan, samples[entry.after]
    if not sample.has(plan.outcome):
        return note("not_asked", names=plan.outcome)
    told = refused_by_plan(
        plan.treated,
        about_until(survey, plan.outcome, survey.waves[entry.after]),
        plan.written,
        entry.arrived or date.max,
    )
    if told is not None:
        return told
    if entry.before is None or entry.facts is None:
        return note("nothing_before", treatment=plan.treated.isoformat())
    earlier = samples[entry.before]
    missing = [name for name in plan.covariates if name not in entry.facts and not earlier.has(name)]
    return note("not_asked", names=", ".join(missing)) if missing else None


def _copies(entry: Entry, sample: Sample, samples: Mapping[str, Sample]) -> tuple[list[Copy], Groups]:
    """The eligible firms that answered the wave after, their covariates known, in every completed copy; and the first
    copy's with every level of every covariate."""
    assert entry.facts is not None
    assert entry.before is not None
    earlier = samples[entry.before]
    at = _places(earlier.firms, sample.firms)
    eligible = _among(sample.firms, entry.firms[entry.firms["eligible"]])
    takes_part = _stands(entry, sample.firms, PARTICIPANTS)
    frames, masks, outcomes = [], [], []
    for i, copy in enumerate(sample.copies):
        before = earlier.copies[min(i, len(earlier.copies) - 1)]
        every = _beside(entry.facts, before, at, entry.plan.covariates)
        mask = eligible & copy.known(entry.plan.outcome)
        for name in entry.plan.covariates:
            mask &= every.known(name)
        frames.append(every.take(mask, entry.plan.covariates))
        masks.append(mask)
        outcomes.append(copy.numbers[entry.plan.outcome][mask] * _unit(sample, entry.plan))
    layout = decide(frames, Terms((), products=False), entry.plan.covariates, {}, sample.orders, 1)
    copies = [
        Copy(Groups(takes_part[mask], matrix(frame, layout)[:, 1:], layout.names[1:]), y, mask)
        for frame, y, mask in zip(frames, outcomes, masks, strict=True)
    ]
    return copies, _every_level(takes_part[masks[0]], frames[0], layout)


def _every_level(takes_part: Mask, frame: Columns, layout: Terms) -> Groups:
    columns = {name: frame.numbers[name] for name in layout.numbers}
    for name, levels in layout.levels.items():
        columns |= {f"{name}[{level}]": frame.categories[name].equals(level) for level in levels}
    return Groups(takes_part, np.column_stack(list(columns.values())), tuple(columns))


def _unit(sample: Sample, plan: Plan) -> float:
    """A percentage is told as a share."""
    return 0.01 if plan.outcome in sample.percentages else 1.0


def _beside(facts: Columns, answers: Columns, at: NDArray[np.int64], names: Sequence[str]) -> Columns:
    """The covariates of the firms of a wave: what the frame knows, and answers of the wave before by their place `at`
    (-1: the firm did not answer then)."""
    numbers = {name: facts.numbers[name] for name in names if name in facts.numbers}
    categories = {name: facts.categories[name] for name in names if name in facts.categories}
    for name in names:
        if name in facts:
            continue
        if name in answers.numbers:
            numbers[name] = np.where(at < 0, np.nan, answers.numbers[name][at])
        else:
            category = answers.categories[name]
            categories[name] = replace(category, codes=np.where(at < 0, -1, category.codes[at]))
    return Columns(numbers, categories, len(at))


def _panel(survey: Survey, entry: Entry, copy: Copy, i: int, samples: Mapping[str, Sample]) -> Panel:
    """The firms of a copy in every wave that asks the outcome up to the wave after."""
    sample = samples[entry.after]
    firms = sample.firms[copy.mask]
    waves = [w for w in samples if w <= entry.after and samples[w].has(entry.plan.outcome)]
    y = np.full((len(firms), len(waves)), np.nan)
    for place, wave in enumerate(waves):
        values = samples[wave].copies[min(i, len(samples[wave].copies) - 1)].numbers[entry.plan.outcome]
        at = _places(samples[wave].firms, firms)
        y[:, place] = np.where(at < 0, np.nan, values[at] * _unit(sample, entry.plan))
    years = [float(about_until(survey, entry.plan.outcome, survey.waves[wave]).year) for wave in waves]
    began = entry.firms.set_index("firm")["began"].reindex(firms)
    entered = pd.to_datetime(began).dt.year.fillna(entry.plan.treated.year).to_numpy(np.float64)
    first = np.where(copy.groups.participates, entered, np.inf).astype(np.float64)
    return Panel(np.array(years), first, y, copy.groups.x, copy.groups.names)


def _places(firms: NDArray[np.object_], wanted: NDArray[np.object_]) -> NDArray[np.int64]:
    """Where each wanted firm stands among `firms`; -1 where it is not there."""
    return np.asarray(pd.Index(firms.astype(str)).get_indexer(wanted.astype(str)), dtype=np.int64)


def _stands(entry: Entry, firms: NDArray[np.object_], standing: str) -> Mask:
    return _among(firms, entry.firms[entry.firms["standing"] == standing])


def _among(firms: NDArray[np.object_], chosen: pd.DataFrame) -> Mask:
    """(n,) which firms are among the chosen ones."""
    return np.asarray(np.isin(firms.astype(str), chosen["firm"].to_numpy(str)))


# ---- what they were like before --------------------------------------------------------------------------------------


def _composition(survey: Survey, entry: Entry, samples: Mapping[str, Sample]) -> list[dict[str, Any]]:
    """What participants and applicants refused answered in the wave before, beside the others that could have
    applied."""
    if entry.before is None:
        return []
    sample = samples[entry.before]
    eligible = _among(sample.firms, entry.firms[entry.firms["eligible"]])
    groups = {name: eligible & _stands(entry, sample.firms, name) for name in STANDINGS}
    return [row for name in _described(survey, entry.plan, sample) for row in group_rows(sample, name, groups)]


def _described(survey: Survey, plan: Plan, sample: Sample) -> list[str]:
    """The plan's outcome and covariates, and the primary models' outcomes and practices, where they are yes or no."""
    names = [plan.outcome, *plan.covariates]
    for model in survey.models.values():
        if model.primary:
            names += [model.main.outcome, *model.main.practices]
    measures = survey.measures
    return [n for n in dict.fromkeys(names) if n in measures and measures[n].type == "boolean" and sample.has(n)]
