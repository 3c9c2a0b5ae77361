"""Completed copies: what kept responses left open, filled in m times so that the uncertainty of it shows.

Belongs here: reading kept answers, writing copies, flags and diagnostics. Does not belong here: what is drawn how
(`plan`), the draws (`chained`, `draws`), measures (`derived`), combining results (`statistics.imputation.rubin`).

Copy 0 holds the answers as they are; copies 1 to m are complete in the concepts the survey declares, for firms that
were asked. Identifiers are never filled in. A wave's copies depend on the survey's seed, the wave and the firms, not
on the order of rows.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from monitor.problems import Problem, WaveStopped
from monitor.running.beside import share
from monitor.stages.imputed.coding import Facts
from monitor.stages.imputed.plan import Setup, prepare
from monitor.stages.imputed.query import with_frame_query
from monitor.statistics.imputation.chained import Chain, Completed, Turn, complete, made
from monitor.statistics.imputation.variables import Variable
from monitor.statistics.random_numbers import firm_numbers
from monitor.storage.lake import Lake, columns_in, connect, statement
from monitor.survey import Survey, Wave
from monitor.survey.imputation import ImputationPlan, imputation_plan

log = logging.getLogger("monitor")

MIXED = 1.2
"""Potential scale reduction above which copies still remember where they began (Gelman & Rubin 1992)"""
DIAGNOSTIC_TYPES = {
    "concept": "object",
    "method": "object",
    "asked": "Int64",
    "missing": "Int64",
    "rate": "float64",
    "observed_mean": "float64",
    "imputed_mean": "float64",
    "convergence": "float64",
    "reason": "object",
}
"""Columns of imputed_diagnostics"""


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Write `imputed_answers`, `imputed_flags` and `imputed_diagnostics` of a wave; returns what was filled in."""
    plan = imputation_plan(survey)
    tables = ["staged_answers", "validated_responses"]
    tables += ["staged_frame"] if wave.frame and lake.has("staged_frame", wave.name) else []
    with lake.open(wave.name, *tables) as connection:
        connection.execute(f"CREATE VIEW kept AS {statement('imputed', 'kept_answers')}")
        connection.execute(f"CREATE TABLE observed AS {observed_query(connection, wave, 'staged_frame' in tables)}")
        _check_grain(connection, wave)
        answers = connection.sql("SELECT * EXCLUDE (imputation) FROM observed").to_arrow_table()
        if plan is None:
            setup, completed, query = None, None, "SELECT * FROM observed"
        else:
            setup, completed = fill(connection, answers, survey, wave, plan)
            connection.register("completed", copies_table(answers, setup, completed, plan.copies))
            query = statement("imputed", "all_copies")
        rows = lake.write_query(connection, "imputed_answers", wave.name, query)
        told = diagnostics(setup, completed)
    flagged = flags(answers["firm"].to_pylist(), setup, completed)
    lake.write("imputed_flags", wave.name, flagged)
    lake.write("imputed_diagnostics", wave.name, told)
    left_out = told.dropna(subset="reason").set_index("concept")["reason"].to_dict()
    for concept, reason in left_out.items():
        log.info("%s %s: %s is not filled in: %s", survey.name, wave.name, concept, reason)
    unmixed = told.loc[told["convergence"] > MIXED, "concept"].tolist()
    if unmixed:
        log.warning(
            "%s %s: the copies of %s have not mixed: raise `iterations`, or declare what sums to 100 under `shares`",
            survey.name,
            wave.name,
            ", ".join(unmixed),
        )
    return {
        "rows": rows,
        "firms": answers.num_rows,
        "copies": plan.copies if plan else 0,
        "filled_values": len(flagged),
        "filled_firms": int(flagged["firm"].nunique()),
        "left_out": left_out,
        "not_mixed": unmixed,
    }


def fill(
    connection: duckdb.DuckDBPyConnection, answers: pa.Table, survey: Survey, wave: Wave, plan: ImputationPlan
) -> tuple[Setup, Completed]:
    """Fill in the observed copy of a wave: one row per firm, sorted by firm, a column per concept.

    `copies_table` makes answers of what it gives. Measures and gates are evaluated on the connection.
    """
    setup = prepare(connection, answers, survey, wave, plan)
    chain = Chain(
        setup.variables,
        setup.fixed,
        setup.passives,
        setup.products,
        setup.facts,
        keys=firm_numbers(answers["firm"].to_pylist(), 1, survey.seed, f"imputation {wave.name}")[:, 0],
        seed=(survey.seed, *wave.name.encode()),
        copies=plan.copies,
        iterations=plan.iterations,
        donors=plan.donors,
    )
    return setup, complete(chain, _side_by_side)


def _side_by_side(chain: Chain) -> list[Completed]:
    return share(_made, chain, chain.turns)


def _made(chain: Chain, turn: Turn) -> Completed:
    """The copies of one turn, in whichever process."""
    facts = chain.evaluate
    assert isinstance(facts, Facts)
    with connect() as connection:
        return made(replace(chain, evaluate=facts.on(connection)), turn)


def observed_query(connection: duckdb.DuckDBPyConnection, wave: Wave, framed: bool) -> str:
    """The observed copy; what the wave did not ask and its frame knows is taken from the frame."""
    kept = statement("imputed", "kept_answers")
    if not framed or wave.frame is None:
        return kept
    present = set(columns_in(connection, "staged_frame"))
    known = [c for c in wave.frame.columns.values() if c in present and c not in wave.questions]
    known = [c for c in dict.fromkeys(known) if c not in ("firm", "invited", "disposition")]
    if not known:
        return kept
    columns = set(columns_in(connection, "kept"))
    return with_frame_query([c for c in known if c in columns], [c for c in known if c not in columns])


def _check_grain(connection: duckdb.DuckDBPyConnection, wave: Wave) -> None:
    """One kept response per firm."""
    twice = connection.execute(statement("imputed", "doubled_firms")).fetchall()
    if twice:
        raise WaveStopped(
            [
                Problem(
                    f"wave {wave.name} keeps more than one response of a firm",
                    firm=firm,
                    expected="one kept response per firm, and one row in the frame",
                    do="declare `duplicates: most_complete` or `latest`, or correct the delivery or the frame",
                )
                for (firm,) in twice
            ]
        )


def copies_table(answers: pa.Table, setup: Setup, completed: Completed, copies: int) -> pa.Table:
    """The m completed copies as one table: imputation, firm, every concept; m x n rows."""
    firms = answers.num_rows
    everyone = pa.array(np.tile(np.arange(firms), copies))
    columns = {"imputation": pa.array(np.repeat(np.arange(1, copies + 1, dtype=np.int32), firms))}
    columns |= {name: answers[name].combine_chunks().take(everyone) for name in answers.column_names}
    for variable in setup.variables:
        for place, concept in enumerate(variable.concepts):
            drawn = setup.codings[concept].decode(completed.values[variable.name][:, :, place].ravel())
            columns[concept] = drawn.cast(answers.schema.field(concept).type)
    return pa.table(columns)


def flags(firms: list[str], setup: Setup | None, completed: Completed | None) -> pd.DataFrame:
    """One row per value that was filled in: firm, concept, method (`deduced` where it follows from other answers)."""
    parts = [pd.DataFrame({"firm": [], "concept": [], "method": []}, dtype="object")]
    if setup is not None and completed is not None:
        names = np.array(firms, dtype=object)
        for variable in setup.variables:
            values = completed.values[variable.name]
            for place, concept in enumerate(variable.concepts):
                sure = setup.deduced.get(concept, np.zeros(len(names), dtype=bool))
                missing = np.isnan(variable.observed[:, place]) | sure
                filled = missing & np.isfinite(values[:, :, place]).any(axis=0)
                method = np.where(sure[filled], "deduced", variable.method)
                parts.append(pd.DataFrame({"firm": names[filled], "concept": concept, "method": method}))
    return pd.concat(parts, ignore_index=True).sort_values(["firm", "concept"], ignore_index=True)


def diagnostics(setup: Setup | None, completed: Completed | None) -> pd.DataFrame:
    """One row per concept that is declared to be filled in, or that could not predict.

    concept; method; asked and missing (firms); rate (missing over asked, 0..1); observed_mean and imputed_mean of
    firms that were asked (of numbers, of yes = 1, of the number of codes in a set); convergence (the chains'
    potential scale reduction, Gelman & Rubin 1992, over the second half of the iterations: near 1 when the copies'
    chains have mixed); reason (why a concept was left out).
    """
    rows: list[dict[str, object]] = []
    if setup is not None and completed is not None:
        for variable in setup.variables:
            rows += [_diagnosed(setup, completed, variable, place) for place in range(len(variable.concepts))]
        rows += [{"concept": concept, "reason": reason} for concept, reason in setup.left_out.items()]
    table = pd.DataFrame(rows, columns=list(DIAGNOSTIC_TYPES)).astype(DIAGNOSTIC_TYPES)
    return table.sort_values("concept", ignore_index=True)


def _diagnosed(setup: Setup, completed: Completed, variable: Variable, place: int) -> dict[str, object]:
    """One concept that was drawn."""
    values, fill = completed.values[variable.name], variable.fill
    asked = int((variable.fit | fill).sum())
    gap = fill & np.isnan(variable.observed[:, place])
    given, drawn = variable.observed[variable.fit, place], values[:, gap, place]
    if variable.gate is not None:
        passed = setup.facts(variable.gate, np.flatnonzero(gap), _of(completed, np.flatnonzero(gap)))
        drawn = drawn[np.broadcast_to(passed == 1, drawn.shape)]
    if variable.sizes is not None:
        given = variable.sizes[given.astype(int)]
        drawn = variable.sizes[drawn[np.isfinite(drawn)].astype(int)]
    ordinal = variable.method not in ("polytomous", "ordered")
    return {
        "concept": variable.concepts[place],
        "method": variable.method,
        "asked": asked,
        "missing": int(gap.sum()),
        "rate": gap.sum() / asked if asked else 0.0,
        "observed_mean": given.mean() if ordinal else None,
        "imputed_mean": np.nanmean(drawn) if ordinal and np.isfinite(drawn).any() else None,
        "convergence": scale_reduction(completed.trace[variable.name]) if gap.any() else None,
        "reason": None,
    }


def _of(completed: Completed, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The completed values of some firms."""
    return {name: values[:, rows] for name, values in completed.values.items()}


def scale_reduction(trace: np.ndarray) -> float | None:
    """Gelman and Rubin's potential scale reduction of chains (m, iterations), over their second half; None if short.

    sqrt(((t - 1) / t W + B / t) / W) with W the mean variance within chains and B / t the variance of their means.
    """
    half = trace[:, trace.shape[1] // 2 :]
    m, t = half.shape
    if m < 2 or t < 2:
        return None
    within = half.var(axis=1, ddof=1).mean()
    between = half.mean(axis=1).var(ddof=1)
    return None if within <= 0 else float(np.sqrt(((t - 1) / t * within + between) / within))
