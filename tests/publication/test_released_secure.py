"""The secure part of a release: pseudonymous, complete, and with the standard errors of the design."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pyreadstat
import pytest
from publication import Fresh, Published

from monitor.publication import secure
from monitor.publication.macros import MACROS
from monitor.stages import released
from monitor.statistics import SurveyDesign
from monitor.statistics.design.intervals import student_t, t_quantile
from monitor.statistics.design.replicates import replicate_covariance
from monitor.statistics.imputation.rubin import Combined, combine
from monitor.storage.lake import connect, literal, quoted

WAVES = list(publication.WAVES)


def test_only_the_owner_reads_the_secure_part(published: Published) -> None:
    assert stat.S_IMODE((published[2] / "secure").stat().st_mode) == 0o700
    files = [p for p in (published[2] / "secure").rglob("*") if p.is_file()]
    assert {p.name for p in files} >= {"microdata.duckdb", "firms.dta", "firms.sav"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def replicate_result(
    wave: str, measure: str, inside: np.ndarray, total: bool = False, scale: float | None = None
) -> tuple[float, float]:
    """Estimate and standard error as `design` has them, completed copies combined by Rubin's rules."""
    table = publication.firms(wave)
    drawn = publication.replicates(table, wave)
    weight = table["weight"].to_numpy()
    measures = publication.derived(table)
    estimates, variances = [], []
    for copy in range(1, publication.COPIES + 1):
        value = measures[measure].astype(float).to_numpy().copy()
        if measure == "invests":
            value[:3] = [(copy + k) % 2 == 0 for k in range(3)]
        above, below = weight[inside] @ value[inside], 1.0 if total else weight[inside].sum()
        theta = drawn[inside].T @ value[inside] / (1.0 if total else drawn[inside].sum(axis=0))
        estimates.append(above / below)
        variances.append(replicate_covariance(theta, scale)[0, 0])
    between = np.var(estimates, ddof=1)
    variance = np.mean(variances) + (1 + 1 / publication.COPIES) * between
    return float(np.mean(estimates)), float(np.sqrt(variance))


@pytest.mark.parametrize("measure", ["cooperates", "invests"])
def test_macros_give_the_replicate_result_by_domain(published: Published, measure: str) -> None:
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        found = connection.execute(f"FROM estimate_share({measure}, domains := size_band)").df()
        plain = connection.execute(f"FROM estimate_mean({measure}::INT)").df()
    assert len(found) == 2 * len(publication.SIZES)
    for row in found.to_dict("records"):
        inside = (publication.firms(row["wave"])["size_band"] == row["domain"]).to_numpy()
        estimate, se = replicate_result(row["wave"], measure, inside)
        assert row["estimate"] == pytest.approx(estimate, rel=1e-12)
        assert row["se"] == pytest.approx(se, rel=1e-10)
        assert 0 <= row["ci_low"] < row["estimate"] < row["ci_high"] <= 1
    for row in plain.to_dict("records"):
        estimate, se = replicate_result(row["wave"], measure, np.ones(publication.FIRMS, dtype=bool))
        assert (row["estimate"], row["se"]) == (pytest.approx(estimate, rel=1e-12), pytest.approx(se, rel=1e-10))
        assert row["n"] == publication.FIRMS


def test_macros_count_deviations_as_the_design_does(tmp_path: Path) -> None:
    """Perturbations of half the size count four times; of another wave, as they are."""
    survey = publication.survey(tmp_path / "survey")
    lake = publication.lake(tmp_path / "home", survey)
    scales = {WAVES[0]: 4 / (publication.REPLICATES - 1), WAVES[1]: 1 / (publication.REPLICATES - 1)}
    for wave, scale in scales.items():
        lake.write("weighted_replicates", wave, lake.read("weighted_replicates", wave).assign(scale=scale))
    secure.write_database(tmp_path / "microdata.duckdb", secure.firm_tables(lake, survey, WAVES), survey)
    with connect(tmp_path / "microdata.duckdb", read_only=True) as connection:
        mean = connection.execute("FROM estimate_mean(cooperates::INT)").df().set_index("wave")
        total = connection.execute("FROM estimate_total(turnover)").df().set_index("wave")
        told = dict(connection.execute("SELECT wave, replicate_scale FROM designs").fetchall())
    assert told == scales
    everyone = np.ones(publication.FIRMS, dtype=bool)
    for wave, scale in scales.items():
        _, se = replicate_result(wave, "cooperates", everyone, scale=scale)
        assert mean.loc[wave, "se"] == pytest.approx(se, rel=1e-10)
        _, se = replicate_result(wave, "turnover", everyone, total=True, scale=scale)
        assert total.loc[wave, "se"] == pytest.approx(se, rel=1e-10)


def test_macros_for_totals_bases_and_ratios(published: Published) -> None:
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        total = connection.execute("FROM estimate_total(turnover) WHERE wave = '2017'").df().iloc[0]
        base = (
            connection.execute("FROM estimate_mean(share_new, base := base_innovators) WHERE wave = '2017'")
            .df()
            .iloc[0]
        )
        ratio = connection.execute("FROM estimate_ratio(turnover, 2 * turnover) WHERE wave = '2017'").df().iloc[0]
    firms = publication.firms("2017")
    estimate, se = replicate_result("2017", "turnover", np.ones(len(firms), dtype=bool), total=True)
    assert (total["estimate"], total["se"]) == (pytest.approx(estimate, rel=1e-12), pytest.approx(se, rel=1e-10))
    inside = firms["product_innovation"].to_numpy()
    estimate, se = replicate_result("2017", "share_new", inside)
    assert (base["estimate"], base["se"]) == (pytest.approx(estimate, rel=1e-12), pytest.approx(se, rel=1e-10))
    assert base["n"] == inside.sum()
    assert ratio["estimate"] == pytest.approx(0.5, rel=1e-12)
    assert ratio["se"] == pytest.approx(0.0, abs=1e-9)


def of_copies(wave: str, measure: str, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(copies,) means of a measure among some firms, and (copies, replicates) the same under every replicate."""
    table = publication.firms(wave)
    drawn, weight = publication.replicates(table, wave)[inside], table["weight"].to_numpy()[inside]
    means, thetas = [], []
    for copy in range(1, publication.COPIES + 1):
        value = publication.derived(table)[measure].astype(float).to_numpy().copy()
        if measure == "invests":
            value[:3] = [(copy + k) % 2 == 0 for k in range(3)]
        means.append(weight @ value[inside] / weight.sum())
        thetas.append(drawn.T @ value[inside] / drawn.sum(axis=0))
    return np.array(means), np.array(thetas)


def by_rubin(estimates: np.ndarray, thetas: np.ndarray, df: float) -> Combined:
    """Copies combined as the library does, their variances from replicates."""
    return combine(estimates, [replicate_covariance(theta)[0, 0] for theta in thetas], df)


@pytest.mark.parametrize("measure", ["cooperates", "invests"])
def test_a_difference_keeps_what_its_sides_have_in_common(published: Published, measure: str) -> None:
    """Of two groups of one wave, and of the two waves, whose replicates belong together firm by firm."""
    bands = {wave: publication.firms(wave)["size_band"].to_numpy() for wave in WAVES}
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        asked = f"FROM estimate_difference({measure}, size_band = 'small', size_band = 'micro')"
        differences = connection.execute(asked).df().set_index("wave")
        (change,) = connection.execute(f"FROM estimate_change({measure}, '2017', '2018')").df().to_dict("records")
    for wave in WAVES:
        small, micro = (of_copies(wave, measure, bands[wave] == band) for band in ("small", "micro"))
        df = min((bands[wave] == band).sum() - 1 for band in ("small", "micro"))
        told = by_rubin(small[0] - micro[0], small[1] - micro[1], df)
        found = differences.loc[wave]
        assert found["estimate"] == pytest.approx(told.estimate, rel=1e-10)
        assert [found["se"], found["df"]] == [pytest.approx(told.se, rel=1e-9), pytest.approx(told.df, rel=1e-9)]
    everyone = {wave: np.ones(publication.FIRMS, dtype=bool) for wave in WAVES}
    before, after = (of_copies(wave, measure, everyone[wave]) for wave in WAVES)
    told = by_rubin(after[0] - before[0], after[1] - before[1], publication.FIRMS - len(publication.SIZES))
    assert change["wave"] == "2017 to 2018"
    assert change["estimate"] == pytest.approx(float(told.estimate), rel=1e-10)
    assert change["se"] == pytest.approx(float(told.se), rel=1e-9)
    low, high = student_t(told.estimate, told.se, told.df)
    assert [change["ci_low"], change["ci_high"]] == pytest.approx([float(low), float(high)], rel=1e-5)


@pytest.mark.parametrize("p", [0.25, 0.5, 0.9])
def test_a_quantile_is_the_design_s_with_woodruff_s_interval(published: Published, p: float) -> None:
    """The library's quantile; the interval of the share below it, from replicates, read back."""
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        found = connection.execute(f"FROM estimate_quantile(turnover, p := {p})").df().set_index("wave")
    for wave in WAVES:
        table = publication.firms(wave)
        weight, value = table["weight"].to_numpy(), publication.derived(table)["turnover"].to_numpy(float)
        design = SurveyDesign(weights=weight)
        estimate = design.quantile(value, p).estimate[0]
        drawn = publication.replicates(table, wave)
        below = (value <= estimate).astype(float)
        theta = drawn.T @ below / drawn.sum(axis=0)
        t = float(t_quantile(len(table) - len(publication.SIZES)))
        half = t * np.sqrt(replicate_covariance(theta)[0, 0])
        order = np.argsort(value)
        reached = np.cumsum(weight[order]) / weight.sum()
        at = weight @ below / weight.sum()
        low, high = (value[order][np.searchsorted(reached, at + side * half)] for side in (-1, 1))
        assert found.loc[wave, "estimate"] == estimate
        assert found.loc[wave, "se"] == pytest.approx((high - low) / (2 * t), rel=1e-6)


def test_macros_give_the_published_figure_or_its_table_says_why(published: Published) -> None:
    """Every share, mean and total by subgroup is that of table figures, which says why its interval is another."""
    macros = {"share": "estimate_share", "mean": "estimate_mean", "total": "estimate_total"}
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        figures = connection.execute("FROM figures").df()
        for (measure, estimator, base, variable), part in figures.groupby(
            ["measure", "estimator", "base", "domain_variable"]
        ):
            domains = "'all'" if variable == "all" else variable
            asked = f"FROM {macros[estimator]}({measure}, base := base_{base}, domains := {domains})"
            rows = connection.execute(asked).df().set_index(["wave", "domain"])
            unit = 0.01 if measure == "share_new" else 1.0
            for x in part.to_dict("records"):
                told = rows.loc[(x["wave"], x["domain"])]
                assert told["estimate"] * unit == pytest.approx(x["estimate"], rel=1e-5)
                filled_in = measure == "invests"
                assert filled_in or told["se"] * unit == pytest.approx(x["se_replicate"], rel=1e-5)
    assert figures["why"].str.contains("replicate weights").all()
    assert set(figures["domain_variable"]) == {"all", *publication.DOMAINS}


def test_copies_weigh_as_one_sample_and_firms_say_why_an_answer_is_not_there(published: Published) -> None:
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        plain = connection.execute(
            "SELECT wave, sum(copy_weight * invests::INT) / sum(copy_weight) FROM completed GROUP BY wave ORDER BY wave"
        ).fetchall()
        macro = connection.execute("SELECT wave, estimate FROM estimate_share(invests)").fetchall()
        kinds = connection.execute(
            "SELECT wave, firm, unnest(map_keys(missing_kinds)), unnest(map_values(missing_kinds)) FROM firms "
            "ORDER BY ALL"
        ).fetchall()
        missing = connection.execute("SELECT wave, firm, concept, kind FROM missing ORDER BY ALL").fetchall()
        labels = connection.execute(
            "SELECT code, label_en FROM labels WHERE variable = 'sector' ORDER BY sort_order"
        ).fetchall()
    assert [(w, pytest.approx(x, rel=1e-12)) for w, x in plain] == macro
    assert kinds == missing
    assert missing
    assert labels == [(code, f"{code} en") for code in publication.SECTORS]


def test_the_frame_shows_who_did_not_answer(tmp_path: Path) -> None:
    survey = publication.survey(tmp_path / "survey")
    lake = publication.lake(tmp_path / "home", survey)
    answered = publication.firms(WAVES[0])["firm"].tolist()
    frame = pd.DataFrame({"firm": [*answered, "silent"], "sector": "trade", "invited": True, "name": "a name"})
    lake.write("staged_frame", WAVES[0], frame.assign(disposition=[*("complete" for _ in answered), "refusal"]))
    secure.write_database(tmp_path / "microdata.duckdb", secure.firm_tables(lake, survey, WAVES), survey)
    with connect(tmp_path / "microdata.duckdb", read_only=True) as connection:
        told = connection.execute("SELECT usable_response, disposition, count(*) FROM frame GROUP BY ALL ORDER BY ALL")
        assert told.fetchall() == [(False, "refusal", 1), (True, "complete", len(answered))]
        columns = [row[0] for row in connection.execute("DESCRIBE frame").fetchall()]
    assert columns == ["survey", "wave", "firm", "sector", "was_invited", "disposition", "usable_response"]


ASKED = {
    "estimate_share": "cooperates, domains := size_band",
    "estimate_mean": "share_new, base := base_innovators",
    "estimate_total": "turnover",
    "estimate_ratio": "turnover, 2 * turnover",
    "estimate_quantile": "turnover, p := 0.25, domains := size_band",
    "estimate_difference": "cooperates, size_band = 'small', size_band = 'micro'",
    "estimate_change": "cooperates, '2017', '2018', domains := size_band",
}


@pytest.mark.parametrize("name", ["m", "microdata", "completed", 'a "name" of one\'s own'])
def test_macros_answer_where_the_database_is_attached_under_a_name(published: Published, name: str) -> None:
    """With the name as an argument, and without it after USE, whatever else is open and called like its tables."""
    file = published[2] / "secure" / "microdata.duckdb"
    assert set(ASKED) == set(MACROS)
    with connect(file, read_only=True) as connection:
        opened = {macro: connection.execute(f"FROM {macro}({given})").df() for macro, given in ASKED.items()}
    with connect() as connection:
        connection.execute("CREATE TABLE completed AS SELECT 1 AS cooperates")
        connection.execute(f"ATTACH {literal(str(file))} AS {quoted(name)} (READ_ONLY)")
        for macro, given in ASKED.items():
            asked = f"FROM {quoted(name)}.{macro}({given}, database := {literal(name)})"
            pd.testing.assert_frame_equal(connection.execute(asked).df(), opened[macro], rtol=1e-12)
        connection.execute(f"USE {quoted(name)}")
        for macro, given in ASKED.items():
            used = connection.execute(f"FROM {macro}({given})").df()
            pd.testing.assert_frame_equal(used, opened[macro], rtol=1e-12)


def test_every_macro_says_how_it_is_asked_where_its_database_is_attached(published: Published) -> None:
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        comments = connection.execute("SELECT comment FROM duckdb_functions() WHERE NOT internal").fetchall()
    assert len(comments) == len(MACROS)
    assert all("database := 'name'" in comment and "n: firms of the base" in comment for (comment,) in comments)


def test_firms_are_pseudonymous_and_complete(published: Published) -> None:
    with connect(published[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        firms = connection.execute("FROM firms").df()
        missing = connection.execute("FROM missing").df()
        drawn = connection.execute(
            "SELECT count(*), count(DISTINCT firm), max(replicate) FROM replicate_weights"
        ).fetchone()
    assert len(firms) == 2 * publication.FIRMS
    assert {"stratum", "weight", "imputed", "turnover_eur", "cooperates", "base_innovators", "size_band"} <= set(firms)
    assert set(missing["kind"]) == {"refused"}
    assert firms.loc[firms["firm"] == "f0000", "imputed"].map(list).tolist() == [["in_house_rd"]]
    assert drawn == (2 * publication.FIRMS * publication.REPLICATES, publication.FIRMS * 3 // 2, publication.REPLICATES)


def test_stata_and_spss_files_carry_labels(published: Published) -> None:
    stata, about = pyreadstat.read_dta(published[2] / "secure" / "firms.dta")
    spss, labelled = pyreadstat.read_sav(published[2] / "secure" / "firms.sav")
    assert len(stata) == len(spss) == 2 * publication.FIRMS
    assert about.column_names_to_labels["cooperates"] == "Takes part"
    assert labelled.variable_value_labels["size_band"][1.0].startswith("Micro")
    assert labelled.variable_value_labels["cooperates"] == {0.0: "no", 1.0: "yes"}
    original = publication.firms("2017").set_index("firm")["turnover_eur"]
    assert stata[stata["wave"] == "2017"].set_index("firm")["turnover_eur"].to_dict() == original.to_dict()


@pytest.mark.slow
def test_every_firm_of_the_newest_wave_has_its_passport(fresh: Fresh) -> None:
    lake, survey = fresh
    with publication.without_pages():
        made = released.run_all(lake, survey, WAVES, passports=True)
    folder = Path(str(made["path"])) / "secure" / "passports"
    found = sorted(p.stem for p in folder.glob("*.pdf"))
    assert found == sorted(publication.firms("2018")["firm"])
    first = folder / f"{found[0]}.pdf"
    assert first.read_bytes().startswith(b"%PDF-")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
