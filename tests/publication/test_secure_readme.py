"""The page of the secure database that says where to begin: all that it shows to be asked is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from publication import Published

from monitor import SurveyDesign
from monitor.publication.macros import MACROS
from monitor.publication.secure import TABLES
from monitor.storage.lake import connect


@pytest.fixture
def lines(published: Published) -> pd.DataFrame:
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        return connection.execute("FROM readme ORDER BY sort_order").df()


def test_every_table_and_macro_is_listed_and_answers(published: Published, lines: pd.DataFrame) -> None:
    assert lines.loc[lines["kind"] == "table", "name"].tolist() == list(TABLES)
    assert lines.loc[lines["kind"] == "macro", "name"].tolist() == list(MACROS)
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        for ask in lines.loc[lines["kind"] != "python", "ask"]:
            told = connection.execute(ask).df()
            if "estimate_" in ask:
                assert np.isfinite(told["estimate"]).all(), ask
        (copies,) = lines.loc[lines["name"] == "completed", "ask"]
        (macro,) = lines.loc[lines["name"] == "estimate_share", "ask"]
        once = connection.execute(copies).df()["share"]
        told = connection.execute(macro.split(",")[0] + ")").df()["estimate"]
        np.testing.assert_allclose(once, told, rtol=1e-12, err_msg="copies count once")
        comments = connection.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'readme'").fetchall()
    assert all(comment for (comment,) in comments)


@pytest.mark.slow
def test_what_sql_cannot_do_is_asked_from_python(demonstration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demonstration / "releases" / "noord_nederland" / "latest")
    with connect(Path("secure", "microdata.duckdb"), read_only=True) as connection:
        calls = connection.execute("SELECT name, ask FROM readme WHERE kind = 'python' ORDER BY sort_order").fetchall()
    assert [name for name, _ in calls] == ["table", "glm", "small_areas"]
    test, fitted, areas = (eval(call, {"SurveyDesign": SurveyDesign}) for _, call in calls)
    assert areas["modelled"].between(0, 1).all()
    assert 0 <= test.p <= 1
    assert np.isfinite(fitted.se).all()
    assert len(fitted.rows) > 1
