"""A release from Python, as its user meets it: figures, messages, and how soon it opens."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor import SurveyDesign, read_release
from monitor.problems import MonitorError
from monitor.storage.lake import connect


@pytest.fixture(scope="module")
def release(demonstration: Path) -> Path:
    return demonstration / "releases" / "noord_nederland" / "latest"


@pytest.fixture(scope="module")
def wave(release: Path) -> SurveyDesign:
    return SurveyDesign.from_release(release, "2019")


@pytest.fixture(scope="module")
def waves(release: Path) -> SurveyDesign:
    return read_release(release).design()


def published(release: Path, where: str) -> pd.Series:
    return read_release(release).sql(f"FROM indicators WHERE {where}").iloc[0]


def test_the_door_opens_without_the_pipeline() -> None:
    program = (
        "import sys; from monitor import read_release, SurveyDesign; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'dagster', 'great_expectations', 'statsmodels'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_names_of_the_package_are_those_it_says() -> None:
    import monitor

    assert monitor.read_release is read_release
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = monitor.nothing


def test_shares_are_the_published_ones(release: Path, wave: SurveyDesign) -> None:
    by = wave.mean("top_innovator", by="size_band").to_frame().set_index("size_band")
    for size in ("micro", "small"):
        told = published(release, f"indicator = 'top_innovators' AND wave = '2019' AND domain = '{size}'")
        assert by.loc[size, "estimate"] == pytest.approx(told["estimate"], rel=1e-5), "published to five digits"
        assert by.loc[size, "n"] == pytest.approx(told["n_completed"], rel=1e-5)


def test_errors_are_those_of_the_secure_database(release: Path, wave: SurveyDesign) -> None:
    by = wave.mean("top_innovator", by="size_band").to_frame().set_index("size_band")
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        macro = "SELECT * FROM estimate_share(top_innovator, domains := size_band) WHERE wave = '2019'"
        told = connection.execute(macro).df().set_index("domain")
    for size in by.index:
        assert by.loc[size, "estimate"] == pytest.approx(told.loc[size, "estimate"], rel=1e-10)
        assert by.loc[size, "se"] == pytest.approx(told.loc[size, "se"], rel=1e-8)


def test_size_bands_stand_in_their_declared_order(wave: SurveyDesign) -> None:
    assert wave.mean("cooperates", by="size_band").rows.size_band.tolist() == ["micro", "small", "medium", "large"]


def test_codes_are_told_in_words(wave: SurveyDesign) -> None:
    by = wave.mean("cooperates", by=["size_band", "rd_tax_credit"])
    told, coded = by.to_frame(labels="en"), by.to_frame()
    assert told["size_band"].tolist()[:2] == ["Micro (under 10)"] * 2
    assert by.to_frame(labels="nl")["size_band"].tolist()[0] != told["size_band"].tolist()[0]
    pd.testing.assert_frame_equal(told.drop(columns="size_band"), coded.drop(columns="size_band"))
    assert wave.table("size_band", "invests").to_frame(labels="en")["size_band"].iloc[-1] == "Large (250 and more)"
    with pytest.raises(MonitorError, match=r"(?s)no language fr.*en, nl"):
        by.to_frame(labels="fr")
    plain = SurveyDesign.from_frame(pd.DataFrame({"w": [1.0, 1.0], "y": [0.0, 1.0]}), "w")
    with pytest.raises(MonitorError, match="has no labels"):
        plain.mean("y").to_frame(labels="en")


def test_waves_differ_with_the_covariance_of_firms_in_both(waves: SurveyDesign) -> None:
    by = waves.mean("participates", by="wave")
    moved = waves.difference(by.at(wave="2019"), by.at(wave="2018"))
    gap = by.contrast([0, -1, 1])
    assert (moved.estimate[0], moved.se[0]) == pytest.approx((gap.estimate[0], gap.se[0]), rel=1e-12)
    apart = np.hypot(*by.se[1:])
    assert 0.3 * apart < moved.se[0] < apart, "firms in both waves make a change surer than two samples would"


def test_copies_are_combined(wave: SurveyDesign) -> None:
    found = wave.mean("top_innovator")
    assert found.combined.copies == len(wave.copies) > 1
    each = [copy.estimate[0] for copy in found.copies]
    assert found.estimate[0] == pytest.approx(np.mean(each), rel=1e-12)
    within = np.mean([wave.covariance(copy)[0, 0] for copy in found.copies])
    total = within + (1 + 1 / len(each)) * np.var(each, ddof=1)
    assert found.se[0] ** 2 == pytest.approx(total, rel=1e-12)


def test_a_release_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match="no release that can be read") as told:
        read_release(tmp_path)
    assert "monitor.duckdb" in str(told.value)


def test_messages_name_what_is_there(release: Path, wave: SurveyDesign) -> None:
    with pytest.raises(MonitorError, match="no wave 1999"):
        SurveyDesign.from_release(release, "1999")
    with pytest.raises(MonitorError, match="no column and no expression"):
        wave.mean("turnover_of_nobody")
    with pytest.raises(MonitorError, match="no firm is in the domain"):
        wave.mean("cooperates", domain="employees > 1e12")
    with pytest.raises(MonitorError, match="run away"):
        wave.glm("number_of_initiatives ~ participates", "poisson")
    with pytest.raises(MonitorError, match="cannot be read"):
        wave.glm("cooperates ~ nothing_of_this_name")
    with pytest.raises(MonitorError, match="depend on each other"):
        wave.glm("invests ~ employees + I(2 * employees)")
    with pytest.raises(MonitorError, match=r"(?s)level 0\.9.*level=0\.95"):
        wave.quantile("employees", level=0.9).to_frame(0.95)
    with pytest.raises(MonitorError, match="different designs"):
        wave.difference(wave.mean("invests"), SurveyDesign.from_release(release, "2018").mean("invests"))
    with pytest.raises(MonitorError, match="no table nothing"):
        read_release(release).table("nothing")


def test_margins_are_met_by_weights_and_replicates(wave: SurveyDesign) -> None:
    totals = {"micro": 3000.0, "small": 2500.0, "medium": 900.0, "large": 100.0}
    made = wave.post_stratified("size_band", totals)
    found = made.total("1 + 0 * employees", by="size_band")
    assert found.estimate == pytest.approx(list(totals.values()), rel=1e-9)
    assert np.all(found.se < 1e-6), "a margin has no error"
    with pytest.raises(MonitorError, match="lacks classes"):
        wave.post_stratified("size_band", {"micro": 3000.0})


def test_results_print_as_tables(wave: SurveyDesign) -> None:
    assert "estimate" in repr(wave.mean("cooperates", by="province"))
    table = wave.table("cooperates", "top_innovator")
    assert "Rao-Scott" in repr(table)
    assert table.cells.estimate.sum() == pytest.approx(1)
    assert "<table" in wave.mean("cooperates")._repr_html_()


def test_a_frame_gives_an_estimate_with_its_error() -> None:
    firms = pd.DataFrame(
        {
            "weight": np.repeat([2.0, 5.0], 10),
            "stratum": np.repeat(["a", "b"], 10),
            "population": np.repeat([20.0, 50.0], 10),
            "innovates": np.tile([0.0, 1.0], 10),
        }
    )
    found = SurveyDesign.from_frame(firms, "weight", "stratum", "population").mean("innovates")
    # Each stratum: (1 - n/N) s2/n with s2 = 0.25 * 10/9 and n = 10; weighted by the square of its share of all firms.
    variance = (2 / 7) ** 2 * 0.5 * (2.5 / 9) / 10 + (5 / 7) ** 2 * 0.8 * (2.5 / 9) / 10
    assert (found.estimate[0], found.se[0]) == pytest.approx((0.5, np.sqrt(variance)))


def test_small_areas_stand_beside_direct_estimates(wave: SurveyDesign) -> None:
    found = wave.small_areas("cooperates", ["province", "sector"])
    direct = wave.mean("cooperates", by=["province", "sector"])
    assert found["direct"].to_numpy() == pytest.approx(direct.estimate)
    assert found["direct_se"].to_numpy() == pytest.approx(direct.se)
    assert (
        found[["province", "sector"]].astype(str).values.tolist()
        == direct.rows[["province", "sector"]].astype(str).values.tolist()
    )
    assert found["own_part"].between(0, 1).all()
    assert (found["low"] < found["modelled"]).all()
    assert (found["modelled"] < found["high"]).all()
    rare = wave.small_areas("top_innovator", ["province", "sector"])
    assert rare[["low", "modelled", "high"]].stack().between(0, 1).all()
    assert (rare["low"] == 0).any(), "the model is linear: its bounds are cut off where shares end"
    assert np.median(found["rmse"] / found["direct_se"]) < 0.9, "areas borrow from each other"
    assert found["modelled"].std() < found["direct"].std()


def test_areas_that_cannot_be_modelled_are_named(wave: SurveyDesign) -> None:
    with pytest.raises(MonitorError, match=r"(?s)cooperates by rd_tax_credit.*2 areas are too few"):
        wave.small_areas("cooperates", "rd_tax_credit")


def test_waves_of_different_numbers_of_copies_have_those_in_common(release: Path, tmp_path: Path) -> None:
    """2018 with five copies and 2017 with nothing filled in, beside 2019 as it is."""
    for name in ("public", "secure"):
        (tmp_path / name).mkdir()
    shutil.copy(release / "secure" / "microdata.duckdb", tmp_path / "secure")
    shutil.copy(release / "public" / "monitor.duckdb", tmp_path / "public")
    with connect(tmp_path / "secure" / "microdata.duckdb") as connection:
        connection.execute("DELETE FROM completed WHERE wave = '2018' AND imputation > 5")
        connection.execute("DELETE FROM completed WHERE wave = '2017' AND imputation > 1")
        connection.execute("UPDATE completed SET imputation = 0 WHERE wave = '2017'")
        told = connection.execute("SELECT estimate, se FROM estimate_change(top_innovator, '2018', '2019')").fetchone()
    waves = SurveyDesign.from_release(tmp_path)
    assert len(waves.copies) == 5
    assert all(copy["wave"].tolist() == waves.copies[0]["wave"].tolist() for copy in waves.copies)
    alone = SurveyDesign.from_release(tmp_path, "2017")
    assert len(alone.copies) == 1
    by = waves.mean("top_innovator", by="wave")
    assert by.at(wave="2017").se[0] == pytest.approx(alone.mean("top_innovator").se[0], rel=1e-10)
    moved = waves.difference(by.at(wave="2019"), by.at(wave="2018"))
    assert (moved.estimate[0], moved.se[0]) == pytest.approx(told, rel=1e-8)


def test_intervals_are_the_macros_but_where_those_say_they_differ(release: Path, wave: SurveyDesign) -> None:
    """The logit interval of shares, and of means Student's; not of few events, nor of totals that few firms carry."""
    asked = {
        "estimate_share(cooperates, domains := size_band)": (wave.mean("cooperates", by="size_band"), True),
        "estimate_mean(turnover_share_new_to_market)": (wave.mean("turnover_share_new_to_market"), True),
        "estimate_share(top_innovator, domains := sector)": (wave.mean("top_innovator", by="sector"), False),
        "estimate_total(turnover_eur)": (wave.total("turnover_eur"), False),
    }
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        for call, (found, same) in asked.items():
            macro = connection.execute(f"FROM {call} WHERE wave = '2019'").df().set_index("domain")
            rows = found.rows.iloc[:, -1].astype(str).tolist() if len(found.rows) > 1 else ["all"]
            close = np.isclose(np.column_stack(found.interval()), macro.loc[rows, ["ci_low", "ci_high"]], rtol=1e-5)
            assert close.all() if same else not close.all(), call
