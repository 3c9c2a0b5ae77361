"""The secure files for Stata, SPSS and R, and the scripts that read them: right types, kinds of missing, one figure."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pyreadstat
import pytest
from publication import Published

from monitor.publication import microdata
from monitor.storage.lake import connect

NAMES = ("firms", "completed", "replicate_weights")


@pytest.fixture
def secure(published: Published) -> Path:
    return published[2] / "secure"


def figure(secure: Path) -> tuple[float, float]:
    """What the scripts say they print."""
    (found,) = re.findall(
        r"prints estimate (\S+) and standard error ([\d.e-]+)\.\n", (secure / "figure.R").read_text(encoding="utf-8")
    )
    return float(found[0]), float(found[1])


def test_every_table_is_there_for_both_programs_with_the_same_rows(secure: Path) -> None:
    for name in NAMES:
        stata, _ = pyreadstat.read_dta(secure / f"{name}.dta")
        spss, _ = pyreadstat.read_sav(secure / f"{name}.sav")
        key = [c for c in ("wave", "firm", "imputation") if c in stata]
        same = [frame.sort_values(key).reset_index(drop=True) for frame in (stata, spss)]
        pd.testing.assert_frame_equal(*same, check_dtype=False, check_like=True)
        for suffix in (".dta", ".sav"):
            assert stat.S_IMODE((secure / f"{name}{suffix}").stat().st_mode) == 0o600


def test_copies_stand_behind_the_answers_and_weights_are_wide(secure: Path) -> None:
    completed, _ = pyreadstat.read_dta(secure / "completed.dta")
    counts = completed.groupby(["wave", "imputation"]).size().unstack()
    assert counts.columns.tolist() == [0.0, *map(float, range(1, publication.COPIES + 1))]
    assert (counts == publication.FIRMS).all(axis=None)
    given = completed[completed["imputation"] == 0]
    assert given["weight"].notna().all()
    weights, _ = pyreadstat.read_dta(secure / "replicate_weights.dta")
    repw = weights.loc[weights["wave"] == "2017"].set_index("firm").filter(regex="^repw")
    assert list(repw) == [f"repw{number}" for number in range(1, publication.REPLICATES + 1)]
    table = publication.firms("2017").set_index("firm")
    expected = publication.replicates(publication.firms("2017"), "2017")
    with connect(secure / "microdata.duckdb", read_only=True) as connection:
        scales = dict(connection.execute("SELECT wave, replicate_scale FROM designs").fetchall())
    assert weights["replicate_scale"].tolist() == pytest.approx(weights["wave"].map(scales).tolist())
    assert repw.loc[table.index].to_numpy() == pytest.approx(expected)


def test_a_day_is_a_day_a_category_is_nominal_and_every_kind_of_missing_its_own(tmp_path: Path) -> None:
    """Three hundred firms whose first two hundred were not asked: pyreadstat looks at the first hundred only."""
    survey = publication.survey(tmp_path / "survey")
    size = 300
    firms = pd.DataFrame(
        {
            "survey": "made_up", "wave": "2017", "firm": [f"f{i:03d}" for i in range(size)], "weight": 1.0,
            "turnover_eur": [np.nan] * 200 + [5.0] * 100, "sector": "trade",
            "started_at": pd.to_datetime(["2017-03-08"] * 299 + [None]),
        }
    )  # fmt: skip
    kinds = ["not_asked"] * 199 + ["refused"]
    missing = pd.DataFrame({"wave": "2017", "firm": firms["firm"][:200], "concept": "turnover_eur", "kind": kinds})
    replicates = pd.DataFrame(columns=["survey", "wave", "firm", "replicate", "weight"])
    copies = firms.drop(columns="weight").assign(imputation=0)
    designs = pd.DataFrame({"wave": ["2017"], "replicate_scale": [0.1]})
    tables = {
        "firms": firms, "missing": missing, "replicate_weights": replicates, "completed": copies, "designs": designs
    }  # fmt: skip
    microdata.write(tmp_path, tables, survey)
    stata, about = pyreadstat.read_dta(tmp_path / "firms.dta", user_missing=True)
    by_firm = stata.set_index("firm")["turnover_eur"]
    letters = {letter: kind for kind, letter in zip(microdata.KINDS, "abcdef", strict=True)}
    assert [letters.get(x, x) for x in by_firm[["f000", "f199", "f200"]]] == ["not_asked", "refused", 5.0]
    assert about.variable_value_labels["turnover_eur"] == {"e": "not_asked", "f": "refused"}
    assert about.original_variable_types["started_at"] == "%td"
    plain, labelled = pyreadstat.read_sav(tmp_path / "firms.sav")
    assert plain["turnover_eur"].isna().sum() == 200, "declared as missing"
    coded, _ = pyreadstat.read_sav(tmp_path / "firms.sav", user_missing=True)
    told = coded.set_index("firm")["turnover_eur"]
    assert told["f000"] == microdata.SPSS_MISSING["not_asked"]
    assert told["f199"] == microdata.SPSS_MISSING["refused"]
    assert labelled.variable_measure["sector"] == "nominal"
    assert labelled.variable_measure["turnover_eur"] == "scale"
    assert labelled.original_variable_types["started_at"].startswith("DATE")


def test_the_python_script_prints_the_figure(secure: Path) -> None:
    done = subprocess.run(
        [sys.executable, secure / "figure.py", secure], capture_output=True, text=True, check=True, timeout=120
    )
    estimate, se = map(float, done.stdout.split())
    with connect(secure / "microdata.duckdb", read_only=True) as connection:
        told = connection.execute("SELECT estimate, se FROM estimate_share(cooperates) WHERE wave = '2018'").fetchone()
    assert told is not None
    assert (estimate, se) == pytest.approx(told, abs=1e-6)
    assert (estimate, se) == pytest.approx(figure(secure), abs=1e-6)


def test_stata_is_told_of_files_and_variables_that_are_there(secure: Path) -> None:
    """No Stata here: every file and variable that the script names is looked up in what it reads."""
    script = (secure / "figure.do").read_text(encoding="utf-8").replace("///\n", "")
    files = re.findall(r"`folder'/([\w.]+)", script)
    assert files == ["completed.dta", "replicate_weights.dta"]
    there = {name for file in files for name in pyreadstat.read_dta(secure / file, metadataonly=True)[1].column_names}
    named = set(re.findall(r"\b(?:imputed|passive|id|m|subpop)\(([^)]*)\)", script))
    named = {word for words in named for word in words.split()}
    named |= set(re.findall(r"(?:mean|pweight =|merge m:1) ([\w ]+?)(?= using|\]|$)", script, re.MULTILINE))
    variables = {word for words in named for word in words.split()}
    assert {"imputation", "firm", "weight", "cooperates", "base_all_firms", "invests"} <= variables
    assert variables <= there
    (last,) = re.findall(r"bsrweight\(repw1-repw(\d+)\)", script)
    assert {f"repw{n}" for n in range(1, int(last) + 1)} == {name for name in there if name.startswith("repw")}
    (bsn, df) = re.findall(r"bsn\(([\d.]+)\) dof\((\d+)\)", script)[0]
    with connect(secure / "microdata.duckdb", read_only=True) as connection:
        scale, told = connection.execute("SELECT replicate_scale, df FROM designs WHERE wave = '2018'").fetchall()[0]
    assert (float(bsn) / int(last), int(df)) == (pytest.approx(scale), told)
