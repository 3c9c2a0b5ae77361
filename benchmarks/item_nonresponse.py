"""Waves of the synthetic population in which firms leave 12 % of the questions open, filled in as a pipeline run does.

Belongs here: taking answers out of a simulated wave and completing it with `stages.imputed`, for `coverage`. Does not
belong here: drawing firms, weights, estimates.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from monitor.stages.imputed import copies_table, fill
from monitor.storage.lake import connect, quoted
from monitor.survey import Survey
from monitor.survey.expressions import columns_of
from monitor.survey.imputation import TURNOVER_SHARES, ImputationPlan
from monitor.synthetic import Population
from monitor.synthetic.fieldwork import answers

OPEN = 0.12
QUESTIONS = ("initiatives", *TURNOVER_SHARES, "in_house_rd", "innovation_expenditure_eur")
"""What the three measures of the primary model are made of; every one of them is left open by 12 % of the firms"""
MEASURES = ("cooperates", "invests", "top_innovator")


def completed_wave(
    population: Population, wave: str, rows: np.ndarray, rng: np.random.Generator, survey: Survey, keep: Sequence[str]
) -> tuple[pd.DataFrame, tuple[pd.DataFrame, ...]]:
    """The answers of some firms of the census with holes, and the same in completed copies, as many as surveys have.

    `keep` are the columns besides `firm` of every frame, measures (as 1, 0 and NaN) among them; firms in order of their
    register number. Micro firms leave more questions open than others.
    """
    table = answers(population, wave, rows, rng, dict.fromkeys(QUESTIONS, OPEN))
    table = table.assign(firm=table["firm"].astype(str)).sort_values("firm", ignore_index=True)
    # Firms without product innovation are routed past the shares: theirs follow.
    table.loc[~table["product_innovation"].astype(bool), list(TURNOVER_SHARES)] = [0.0, 0.0, 100.0]
    measures = {name: survey.measures[name].sql for name in MEASURES}
    plan = ImputationPlan(
        iterations=5,  # chains as short as R's mice makes them: with few holes they mix at once
        variables=QUESTIONS,
        shares=(TURNOVER_SHARES,),
        predictors=("size_band", "sector", "province", "firm_age_band", "rd_tax_credit"),
        interactions=(("top_innovator", "cooperates", "invests"),),
    )
    needed = {concept for sql in measures.values() for concept in columns_of(sql)} | {*QUESTIONS, *plan.predictors}
    needed |= {c for q in survey.waves[wave].questions.values() if q.asked_of for c in columns_of(q.asked_of)}
    observed = pa.table({name: _column(table[name]) for name in ["firm", *sorted(needed & set(table.columns))]})
    own = dataclasses.replace(survey, seed=int(rng.integers(2**31)))
    with connect() as connection:
        setup, done = fill(connection, observed, own, survey.waves[wave], plan)
        connection.register("copies", copies_table(observed, setup, done, plan.copies))
        connection.register("observed", observed)
        chosen = ", ".join(f"({sql})::DOUBLE AS {quoted(name)}" for name, sql in measures.items())
        made = connection.execute(
            f"SELECT 0 AS imputation, firm, {chosen} FROM observed UNION ALL "
            f"SELECT imputation, firm, {chosen} FROM copies ORDER BY imputation, firm"
        ).df()
    others = table[["firm", *(name for name in keep if name not in MEASURES)]]
    drawn = made[list(MEASURES)].to_numpy().reshape(-1, len(table), len(MEASURES))
    frames = [others.assign(**dict(zip(MEASURES, copy.T, strict=True))) for copy in drawn]
    return frames[0], tuple(frames[1:])


def _column(values: pd.Series) -> pa.Array:
    """A column of answers: NaN and None are no answer."""
    held = [None if value is None or value is pd.NA or value != value else value for value in values.tolist()]
    return pa.array([sorted(value) if isinstance(value, list | tuple | set) else value for value in held])
