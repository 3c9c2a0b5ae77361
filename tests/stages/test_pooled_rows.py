"""Rows of all waves together are told apart from those of one."""

from __future__ import annotations

import pandas as pd

from monitor.contract.shape import shaped


def test_a_row_of_all_waves_says_so_whatever_it_came_with() -> None:
    key = {"survey": "s", "model": "m", "variant": "main", "term": "x"}
    frame = pd.DataFrame([{**key, "wave": wave, "pooled": None} for wave in ("2018", "2019", "pooled")])
    found = shaped("terms", frame)
    assert found[["wave", "pooled"]].values.tolist() == [["2018", False], ["2019", False], ["pooled", True]]
    assert found.loc[~found["pooled"], "wave"].max() == "2019"
    assert shaped("terms", frame.drop(columns="pooled")).equals(found)
    assert shaped("terms", pd.DataFrame())["pooled"].to_list() == []
