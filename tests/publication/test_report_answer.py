"""The answer page says what its tables say, under every reading, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from monitor.storage.lake import Lake
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


def test_the_band_holds_the_interval_and_the_distribution_falls(release: Path) -> None:
    curve, distribution = table(release, "curve"), table(release, "distribution")
    shown = curve[~curve["suppressed"]].dropna(subset="estimate")
    assert len(shown) > 50
    assert (shown["band_low"] <= shown["ci_low"]).all()
    assert (shown["band_high"] >= shown["ci_high"]).all()
    told = distribution[~distribution["suppressed"]].dropna(subset="estimate")
    assert set(told["wave"]) >= {"pooled"}
    assert told.groupby(["wave", "cut"])["state"].nunique().eq(4).all()
    for _, of in told.groupby(["wave", "model", "state"]):
        assert (of.sort_values("cut")["estimate"].diff().dropna() <= 0).all()
    ordered = told[["band_low", "ci_low", "estimate", "ci_high", "band_high"]]
    assert (ordered.diff(axis=1).iloc[:, 1:] >= 0).all().all()
    assert distribution.loc[distribution["suppressed"], ["estimate", "se", "band_low", "band_high"]].isna().all().all()


def test_the_distribution_is_that_of_the_lake_and_crosses_the_model(demonstration: Path, release: Path) -> None:
    survey = load_survey(BUNDLED)
    key = ["wave", "model", "cut", "state"]
    lake = pd.concat(
        Lake(demonstration, survey.name).read("modelled_distribution", wave) for wave in (*survey.waves, "all")
    ).set_index(key)
    told = table(release, "distribution")
    told = told[~told["suppressed"]].dropna(subset="estimate").set_index(key)
    own = lake.loc[told.index]
    assert (100 * own["estimate"] - 100 * told["estimate"]).abs().max() <= 0.5 + 1e-6
    assert ((told["ci_low"] <= own["ci_low"] + 1e-9) & (told["band_high"] >= own["band_high"] - 1e-9)).all()
    contrasts = table(release, "contrasts")
    main = contrasts[contrasts["variant"] == "main"].set_index(["wave", "model", "contrast"])["estimate"]
    told = told.reset_index()
    # Of all waves together no state's fits rise; where one's do, the model's own value stands at a neighbour.
    pooled = told[(told["cut"] == 40) & (told["wave"] == "pooled")]
    assert len(pooled) == 4
    for line in pooled.to_dict("records"):
        assert line["estimate"] == pytest.approx(main["pooled", line["model"], line["contrast"]], abs=0.005 + 1e-4)


@pytest.mark.parametrize(
    ("language", "pattern"),
    [("en", r"At a threshold of (\d+) % for .*? farthest apart: from (\d+) % .*? to (\d+) %"),
     ("nl", r"Bij een drempel van (\d+) % voor .*? verst uiteen: van (\d+) % .*? tot (\d+) %")],
)  # fmt: skip
def test_the_page_says_where_the_states_lie_farthest_apart(release: Path, language: str, pattern: str) -> None:
    page = (release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8")
    found = re.search(pattern, page.replace("\N{NO-BREAK SPACE}", " "))
    assert found
    told = table(release, "distribution")
    told = told[(told["wave"] == "pooled") & ~told["suppressed"]].dropna(subset="estimate")
    ends = told.groupby("cut")["estimate"].agg(["min", "max"]).mul(100).round().astype(int)
    cut, least, most = (int(x) for x in found.groups())
    assert tuple(ends.loc[cut]) == (least, most)
    apart = ends["max"] - ends["min"]
    assert apart[cut] == apart.max()
    assert apart[apart.index < cut].lt(apart.max()).all()
    for state in told["state"].unique():
        of = told[(told["state"] == state) & (told["cut"] == cut)].iloc[0]
        assert f"{round(100 * of['estimate'])} % ({round(100 * of['band_low'])}" in page.replace(
            "\N{NO-BREAK SPACE}", " "
        )
