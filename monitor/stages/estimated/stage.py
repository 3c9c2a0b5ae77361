"""Indicators and changes: every declared indicator by every declared domain, with its uncertainty.

Belongs here: reading weights and measures, writing estimates. Does not belong here: variance formulas (`design`),
disclosure control (`disclosed`).

`lines` estimates one indicator in all domains at once; `survey.comparability` says since when it means the same,
`survey.periods` what it is about.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import combinations, pairwise

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.problems import Problem, WaveStopped
from monitor.running import kept
from monitor.stages.estimated.changes import changes_between
from monitor.stages.estimated.lines import WaveData, WaveEstimates, estimate_wave
from monitor.stages.estimated.participation import entries_table, participation_table, read_participants
from monitor.stages.estimated.query import measures_query
from monitor.statistics.design.structure import SurveyDesign
from monitor.storage.lake import ALL_WAVES, LINES, Lake, columns_in
from monitor.survey import Survey, Wave
from monitor.survey.comparability import comparable_since
from monitor.survey.periods import indicator_period

__all__ = ["WaveData", "WaveEstimates", "changes_between", "estimate_wave", "run", "run_all"]

log = logging.getLogger("monitor")

MOST_KEPT = 10_000
"""Firms of a wave of which lines are kept: each holds nine bytes of every firm in every domain"""


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Write `estimated_indicators` of a wave: one row per indicator and domain; and `estimated_participation` where the
    wave asks who takes part in initiatives. Returns rows and headline figures."""
    data = read_wave(lake, survey, wave)
    estimates = estimates_of(lake, survey, data)
    participants = read_participants(lake, survey, data)
    if participants is not None:
        table = participation_table(participants, survey)
        lake.write("estimated_participation", wave.name, table.assign(survey=survey.name, wave=wave.name))
    table = indicator_table(estimates, survey, wave)
    rows = lake.write("estimated_indicators", wave.name, table)
    whole = table[table["domain_variable"] == EVERYONE].set_index("indicator")["estimate"]
    headline = {name: float(whole[name]) for name, i in survey.indicators.items() if i.headline and name in whole}
    return {
        "rows": rows,
        "firms": estimates.design.n,
        "copies": estimates.copies,
        "headline": headline,
        "not_asked": sorted(set(survey.indicators) - set(table["indicator"])),
    }


def run_all(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, object]:
    """Write for the wave `all` `estimated_changes`, every indicator and domain between every two comparable waves, and
    `estimated_entries`, who took part in initiatives anew and who no more between consecutive waves."""
    have = [name for name in sorted(waves) if lake.has("weighted_weights", name) and lake.has("derived_measures", name)]
    compared = have if len(have) > 1 else []
    data = {name: read_wave(lake, survey, survey.waves[name]) for name in compared}
    _write_entries(lake, survey, data)
    estimates = {name: estimates_of(lake, survey, found) for name, found in data.items()}
    tables, left_out = [], 0
    for before, after in combinations(have, 2):
        since = {name: comparable_since(survey, name, survey.waves[after]) for name in survey.indicators}
        comparable = {name for name, first in since.items() if first is not None and first <= before}
        left_out += len(survey.indicators) - len(comparable)
        tables.append(changes_between(estimates[before], estimates[after], before, after, comparable))
    columns = [
        "indicator",
        "domain_variable",
        "domain",
        "wave_from",
        "wave_to",
        "change",
        "se",
        "ci_low",
        "ci_high",
        "p_value",
        "df",
        "correlation",
        "overlap_firms",
    ]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
    table = table[columns].sort_values(columns[:5], ignore_index=True)
    table.insert(0, "survey", survey.name)
    rows = lake.write("estimated_changes", ALL_WAVES, _typed(table))
    if left_out:
        log.info("%s: %d changes left out: their questions changed between the waves", survey.name, left_out)
    return {"rows": rows, "waves": len(have), "not_comparable": left_out}


def estimates_of(lake: Lake, survey: Survey, data: WaveData) -> WaveEstimates:
    """Every line of a wave, as it was estimated before where it follows from the same."""
    few = data.design.n <= MOST_KEPT
    with kept.within(lake.kept(data.wave, LINES)) if few else nullcontext():
        return estimate_wave(data, survey)


def _write_entries(lake: Lake, survey: Survey, data: Mapping[str, WaveData]) -> None:
    """Entry and exit between every two consecutive waves that both ask who takes part."""
    found = {wave: read_participants(lake, survey, of_wave) for wave, of_wave in data.items()}
    asked = [of_wave for _, of_wave in sorted(found.items()) if of_wave is not None]
    tables = [entries_table(before, now, survey) for before, now in pairwise(asked)]
    if tables:
        table = pd.concat(tables, ignore_index=True)
        lake.write("estimated_entries", ALL_WAVES, table.assign(survey=survey.name))


def read_wave(lake: Lake, survey: Survey, wave: Wave) -> WaveData:
    """Design, measures of every copy and domains of a wave, firms in one order."""
    weights = lake.read("weighted_weights", wave.name)
    design = SurveyDesign.from_tables(
        weights,
        lake.read("weighted_replicates", wave.name),
        survey.design,
        lake.read("weighted_nonresponding", wave.name),
    )
    with lake.open(wave.name, "derived_measures", "imputed_answers") as connection:
        derived = set(columns_in(connection, "derived_measures"))
        answered = set(columns_in(connection, "imputed_answers"))
        asked = [v for v in survey.domains if v not in weights and v not in derived and v in answered]
        measures = connection.execute(measures_query(asked)).df()
    known = set(weights["firm"])
    copies = {}
    for copy in sorted(int(c) for c in measures["imputation"].unique()):
        rows = measures[measures["imputation"] == copy]
        lost = known.symmetric_difference(rows["firm"])
        if lost or rows["firm"].duplicated().any():
            raise WaveStopped(
                Problem(
                    f"copy {copy} of wave {wave.name} and its weights do not hold the same firms",
                    expected=f"{len(known)} firms, once each",
                    found=f"{len(rows)} rows, {len(lost)} firms in one of the two only",
                    do="run the wave again from `weighted`",
                )
            )
        copies[copy] = rows.set_index("firm").reindex(weights["firm"]).reset_index()
    for variable in survey.domains:
        if variable in weights:
            for rows in copies.values():
                rows[variable] = weights[variable].to_numpy()
    past = lake.read("derived_routed", wave.name) if lake.has("derived_routed", wave.name) else None
    routed = {} if past is None else {str(name): set(part["firm"]) for name, part in past.groupby("measure")}
    return WaveData(wave.name, design, copies, routed)


def indicator_table(estimates: WaveEstimates, survey: Survey, wave: Wave) -> pd.DataFrame:
    """`estimated_indicators`: the estimates as rows, sorted by key, percentages as shares.

    An indicator of which nothing was asked in this wave has no rows; one that was asked and nobody answered has.
    """
    table = estimates.table()
    table.insert(0, "survey", survey.name)
    table.insert(1, "wave", wave.name)
    since = {name: comparable_since(survey, name, wave) for name in survey.indicators}
    table["comparable_since"] = table["indicator"].map(since)
    table["reference_period"] = table["indicator"].map(
        {name: indicator_period(survey, name, wave) for name in survey.indicators}
    )
    answered = table.groupby("indicator")["n"].transform("max") > 0
    table = table[answered | table["comparable_since"].notna()]
    return _typed(table.sort_values(["indicator", "domain_variable", "domain"], ignore_index=True))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Counts as whole numbers that may be missing, texts as text also where all are missing."""
    counts = {c: "Int64" for c in ("n", "n_routed", "events", "overlap_firms", "copies") if c in table}
    texts = {
        c: "string"
        for c in ("reason", "comparable_since", "reference_period", "reliability", "domain", "domain_variable")
        if c in table
    }
    return table.astype({**counts, **texts})
