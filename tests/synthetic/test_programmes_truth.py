"""The demonstration's programmes do what they declare: among firms alike, participants have the outcome `effect` more
often, and the lists say so again byte for byte."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from monitor.synthetic import Population, population
from monitor.synthetic.firms import WAVES
from monitor.synthetic.programmes import ALIKE, PROGRAMMES, grants, lists


@cache
def people() -> Population:
    return population()


def firms(name: str) -> pd.DataFrame:
    """The firms that could take part with what selection saw of them, the outcome and whether they took part."""
    programme, table = PROGRAMMES[name], grants(people())[name]
    first, last = (people().census[wave] for wave in (WAVES[0], WAVES[-1]))
    found = first[["firm", *ALIKE]].merge(last[["firm", programme.outcome]], on="firm")
    found = found if programme.largest else found[found["size_band"] != "large"]
    taken = set(table.loc[table["status"] == "granted", "firm"])
    return found.assign(took=found["firm"].isin(taken), y=found[programme.outcome].astype(float))


@pytest.mark.parametrize("name", sorted(PROGRAMMES))
def test_participants_differ_from_firms_alike_by_what_is_declared(name: str) -> None:
    of = firms(name)
    cells = of.groupby([*ALIKE, "took"], observed=True)["y"].mean().unstack().dropna()
    sizes = of[of["took"]].groupby(list(ALIKE), observed=True).size().reindex(cells.index)
    apart = float(np.average(cells[True] - cells[False], weights=sizes))
    assert apart == pytest.approx(PROGRAMMES[name].effect, abs=0.005)
    assert float(of["took"].mean()) == pytest.approx(PROGRAMMES[name].participants, abs=0.005)


def test_a_plain_difference_of_the_programme_without_effect_is_large() -> None:
    of = firms("learning")
    assert of.loc[of["took"], "y"].mean() - of.loc[~of["took"], "y"].mean() > 0.1


def test_the_lists_are_the_same_again_and_within_what_the_rounds_may_spend() -> None:
    assert lists(people()) == lists(people())
    for name, table in grants(people()).items():
        granted = pd.to_numeric(table.loc[table["status"] == "granted", "amount_eur"])
        low, high = PROGRAMMES[name].amounts_eur
        assert granted.between(low, high).all()
        assert table["firm"].is_unique
        together = table[table["consortium"] != ""].groupby("consortium").size()
        assert (together == 3).all()
