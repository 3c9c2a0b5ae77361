"""The firms of a release as arrays and frames.

Belongs here: reading a secure database into a design and completed copies. Does not belong here: estimating.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from monitor.notebook.release import PUBLIC, SECURE, required
from monitor.problems import MonitorError, Problem
from monitor.statistics.design.structure import SurveyDesign as Arrays
from monitor.statistics.design.tables import columns_of
from monitor.storage.lake import connect

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Firms:
    """What a design is made of."""

    arrays: Arrays
    copies: tuple[pd.DataFrame, ...]
    labels: dict[str, str]
    words: dict[str, dict[str, dict[str, str]]]
    """Language -> variable -> code -> label"""


def firms_of(folder: Path, wave: str | None) -> Firms:
    """The firms of a wave (of all, where none is named) with every completed copy they have in common, ordered by wave
    and firm."""
    with connect(required(folder, SECURE), read_only=True) as connection:
        waves = [str(w) for (w,) in connection.execute("SELECT wave FROM designs ORDER BY wave").fetchall()]
        if wave is not None and wave not in waves:
            raise MonitorError(
                Problem(f"the release has no wave {wave}", expected=f"one of {', '.join(waves)}, or none")
            )
        chosen = waves if wave is None else [wave]
        firms = connection.execute("FROM firms WHERE wave = ANY($1) ORDER BY wave, firm", [chosen]).df()
        completed = connection.execute(
            "FROM completed WHERE wave = ANY($1) ORDER BY imputation, wave, firm", [chosen]
        ).df()
        replicates, scale = _replicates(connection, chosen, firms)
        labels = dict(
            connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name IN ('firms', 'completed') "
                "AND comment IS NOT NULL"
            ).fetchall()
        )
        words = {language: _words(connection, language) for language in ("en", "nl")}
    levels = _declared_order(folder)
    steps = [c for c in firms if c not in completed or c in ("wave", "firm")]
    copies = tuple(
        _typed(copy.drop(columns="imputation").merge(firms[steps], on=["wave", "firm"], validate="1:1"), levels)
        for copy in _copies(completed)
    )
    return Firms(_arrays(firms, replicates, scale, one_wave=len(chosen) == 1), copies, labels, words)


def _copies(completed: pd.DataFrame) -> list[pd.DataFrame]:
    """Every copy with the firms of all waves, ordered by wave and firm.

    The copies that all filled waves have; a wave of which nothing was filled in stands in each as it is. More copies of
    one wave than of another are not used: drawn twice, the others would seem surer than they are.
    """
    numbers = [set(of.unique()) - {0} for _, of in completed.groupby("wave")["imputation"]]
    common = sorted(set.intersection(*filled)) if (filled := [n for n in numbers if n]) else [0]
    whole = completed["imputation"] == 0
    return [
        completed[whole | (completed["imputation"] == number)].sort_values(["wave", "firm"], ignore_index=True)
        for number in common
    ]


def _arrays(firms: pd.DataFrame, replicates: np.ndarray | None, scale: float | None, *, one_wave: bool) -> Arrays:
    """A wave's design; of several waves the firm is the primary unit, and no correction for a finite population."""
    made = columns_of(firms, None, None, None) | {"replicates": replicates, "replicate_scale": scale}
    if not one_wave:
        made |= {"psu": firms["firm"].to_numpy(object), "population": None, "firms": None}
    return Arrays(**made | {"lonely": "centre"})


def _replicates(
    connection: duckdb.DuckDBPyConnection, waves: list[str], firms: pd.DataFrame
) -> tuple[np.ndarray | None, float | None]:
    """(n, R) replicate weights and what a squared deviation counts; waves with another scale are stretched to one."""
    drawn = connection.execute(
        "SELECT weight FROM replicate_weights WHERE wave = ANY($1) ORDER BY wave, firm, replicate", [waves]
    ).fetchnumpy()["weight"]
    if not len(drawn):
        return None, None
    matrix = np.asarray(drawn, dtype=float).reshape(len(firms), -1)
    scales = dict(connection.execute("SELECT wave, replicate_scale FROM designs").fetchall())
    first = float(scales[waves[0]])
    stretch = np.sqrt(firms["wave"].map(scales).to_numpy(float) / first)
    weights = firms["weight"].to_numpy(float)
    return weights[:, None] + (matrix - weights[:, None]) * stretch[:, None], first


def _words(connection: duckdb.DuckDBPyConnection, language: str) -> dict[str, dict[str, str]]:
    """Variable -> code -> label in this language, of those that have one."""
    found: dict[str, dict[str, str]] = {}
    asked = f"SELECT variable, code, label_{language} FROM labels WHERE label_{language} IS NOT NULL"
    for variable, code, label in connection.execute(asked).fetchall():
        found.setdefault(str(variable), {})[str(code)] = str(label)
    return found


def _declared_order(folder: Path) -> dict[str, list[str]]:
    """Variable -> its codes in their order, as the public table of domains has them."""
    with connect(required(folder, PUBLIC), read_only=True) as connection:
        rows = connection.execute(
            "SELECT domain_variable, domain FROM domains ORDER BY domain_variable, sort_order"
        ).fetchall()
    found: dict[str, list[str]] = {}
    for variable, code in rows:
        found.setdefault(str(variable), []).append(str(code))
    return found


def _typed(copy: pd.DataFrame, levels: dict[str, list[str]]) -> pd.DataFrame:
    """Truths that may be missing as pandas' own, and codes as categories in their declared order."""
    for name in copy.columns:
        if copy[name].dtype == object:
            known = copy[name].dropna()
            if len(known) and known.map(lambda v: isinstance(v, bool | np.bool_)).all():
                copy[name] = copy[name].astype("boolean")
            elif name in levels and set(known) <= set(levels[name]):
                copy[name] = pd.Categorical(copy[name], categories=levels[name], ordered=True)
    return copy
