"""The answer page says what its tables say, under every reading, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from monitor.survey import load_survey
from monitor.surveys import BUNDLED


@pytest.fixture(scope="module")
def release(demonstration: Path) -> Path:
    return (demonstration / "releases" / BUNDLED.name / "latest").resolve()


def table(release: Path, name: str) -> pd.DataFrame:
    with duckdb.connect(str(release / "public" / "monitor.duckdb"), read_only=True) as connection:
        return connection.execute(f"SELECT * FROM {name}").df()


def test_every_pair_of_readings_stands_there_with_the_numbers_of_its_model(release: Path) -> None:
    answer, contrasts = table(release, "answer"), table(release, "contrasts")
    model = next(m for m in load_survey(BUNDLED).models.values() if m.primary)
    assert len(model.pairs) == 4 * 3
    for wave, lines in answer.groupby("wave"):
        assert set(lines["variant"]) == set(model.pairs)
        assert lines["own_choice"].sum() == 1
        for line in lines.to_dict("records"):
            own = contrasts[
                (contrasts["wave"] == wave)
                & (contrasts["model"] == model.name)
                & (contrasts["variant"] == line["variant"])
            ].set_index("contrast")
            told = own.loc["complementarity"]
            for column in ("estimate", "se", "ci_low", "ci_high", "p_value"):
                assert line[column] == told[column]
            a, b = line["practice_a"], line["practice_b"]
            assert (a, b) == model.pairs[line["variant"]]
            states = {
                "p_neither": "p_neither",
                "p_both": "p_both",
                "p_a_only": f"p_{a}_only",
                "p_b_only": f"p_{b}_only",
            }
            for column, name in states.items():
                assert line[column] == pytest.approx(own.loc[name, "estimate"], abs=1e-5)
            whole = line["p_both"] - line["p_a_only"] - line["p_b_only"] + line["p_neither"]
            assert line["estimate"] == pytest.approx(whole, abs=2e-4)


def test_a_verdict_is_what_the_adjusted_p_value_says(release: Path) -> None:
    answer = table(release, "answer")
    assert (answer["p_adjusted"] >= answer["p_value"] - 1e-12).all()
    above = (answer["p_adjusted"] < 0.05) & (answer["estimate"] > 0)
    below = (answer["p_adjusted"] < 0.05) & (answer["estimate"] < 0)
    assert (answer["verdict"] == "above zero").tolist() == above.tolist()
    assert (answer["verdict"] == "below zero").tolist() == below.tolist()


@pytest.mark.parametrize(
    ("language", "some", "none", "all_"),
    [("en", r"under (\d+) of the (\d+) pairs", r"none of the (\d+)", r"all (\d+) pairs"),
     ("nl", r"Onder (\d+) van de (\d+) paren", r"geen van de (\d+)", r"alle (\d+) paren")],
)  # fmt: skip
def test_the_page_counts_the_readings_as_the_table_does(
    release: Path, language: str, some: str, none: str, all_: str
) -> None:
    page = (release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8")
    answer = table(release, "answer")
    pooled = answer[answer["wave"] == "pooled"]
    holds, count = int((pooled["verdict"] == "above zero").sum()), len(pooled)
    if holds == count:
        assert re.search(all_, page)
    elif holds:
        found = re.search(some, page)
        assert found
        assert found.groups() == (str(holds), str(count))
    else:
        assert re.search(none, page)
    own = pooled[pooled["own_choice"]].iloc[0]
    decimal = "," if language == "nl" else "."
    printed = f"{100 * own['estimate']:+.1f}".replace(".", decimal).replace("-", "\N{MINUS SIGN}")
    assert printed in page
