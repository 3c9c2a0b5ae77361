"""What leaves the one door: every table after disclosure control."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import publication
import pytest
from publication import Published

from monitor.contract import BY_NAME, TABLES
from monitor.contract.shape import shaped
from monitor.stages import disclosed
from monitor.stages.disclosed import cells, declared, history, peers
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.disclosure.intervals import exposed
from monitor.storage.lake import Lake, connect
from monitor.survey import Survey


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, made_up: Path) -> tuple[Lake, Survey, dict[str, pd.DataFrame]]:
    lake, survey = publication.copied(made_up, tmp_path_factory.mktemp("disclosed"))
    return lake, survey, {t.name: lake.read(f"disclosed_{t.name}", "all") for t in TABLES if t.name != "releases"}


def test_a_rare_domain_is_withheld_everywhere(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    indicators = made[2]["indicators"]
    rare = indicators[indicators["domain"] == publication.RARE]
    assert len(rare) == 2 * 8
    assert rare["suppressed"].all()


def test_withheld_lines_hold_no_value(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    for name, frame in made[2].items():
        for column in BY_NAME[name].withheld:
            assert frame.loc[frame["suppressed"], column].isna().all(), (name, column)


def test_what_protects_cannot_be_told_from_what_is_protected(
    made: tuple[Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    """Lines withheld for confidentiality differ in nothing but what they are about."""
    lake, survey, tables = made
    table = pd.concat([lake.read("estimated_indicators", w) for w in publication.WAVES], ignore_index=True)
    firms = {w: found for w in publication.WAVES if (found := WaveFirms.read(lake, survey, w)) is not None}
    chosen = cells.indicator_rows(table, survey, firms)
    assert chosen.primary
    assert chosen.complementary
    indicators = tables["indicators"]
    gone = indicators[indicators["withheld_for"] == "confidentiality"]
    assert {cells.row_of(x) for x in gone.to_dict("records")} == chosen.primary | chosen.complementary
    words = {"indicator_nl", "indicator_en", "unit", "base"}
    about = {*BY_NAME["indicators"].key, *words, "measure", "comparable_since", "reference_period"}
    assert gone[[c for c in gone if c not in about]].drop_duplicates().shape[0] == 1


def test_a_figure_too_uncertain_says_so_and_not_more(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    indicators = made[2]["indicators"].set_index(["indicator", "domain", "wave"]).sort_index()
    uncertain = indicators.loc[publication.UNCERTAIN]
    assert uncertain["withheld_for"].tolist() == ["reliability"] * 2
    assert uncertain["n"].isna().all()
    assert (indicators["withheld_for"].notna() == indicators["suppressed"]).all()
    changes = made[2]["changes"].set_index(["indicator", "domain"]).sort_index()
    assert changes.loc[publication.UNCERTAIN, "withheld_for"] == "reliability"
    assert (changes["withheld_for"].notna() == changes["suppressed"]).all()


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ((None, None), None), (("reliability", None), "reliability"), ((None, "reliability"), "reliability"),
        (("reliability", "confidentiality"), "confidentiality"), (("confidentiality", None), "confidentiality"),
    ],
)  # fmt: skip
def test_a_change_is_withheld_for_the_stronger_reason_of_its_ends(ends: tuple[str | None, ...], why: str) -> None:
    assert declared.why_withheld(*ends) == why


def test_every_table_has_the_columns_of_the_contract(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    for name, frame in made[2].items():
        assert tuple(frame.columns) == BY_NAME[name].names


def test_no_cell_rests_on_fewer_firms_than_declared(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    indicators = made[2]["indicators"]
    assert indicators["n"].min() >= 10
    overlap = made[2]["changes"]["overlap_firms"].dropna()
    assert overlap[overlap > 0].min() >= 10


def test_a_change_does_not_give_back_a_withheld_end(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    indicators, changes = made[2]["indicators"], made[2]["changes"]
    key = ["indicator", "domain_variable", "domain"]
    gone = set(indicators.loc[indicators["suppressed"], [*key, "wave"]].itertuples(index=False, name=None))
    assert gone
    for x in changes.to_dict("records"):
        ends = [(*(x[c] for c in key), x[w]) for w in ("wave_from", "wave_to")]
        assert x["suppressed"] == any(end in gone for end in ends)


def test_a_firm_that_dominates_an_amount_is_protected(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    indicators = made[2]["indicators"]
    turnover = indicators[(indicators["indicator"] == "turnover") & (indicators["wave"] == "2017")]
    bands = turnover[turnover["domain_variable"] == "size_band"].set_index("domain")["suppressed"]
    assert bands["large"], "one firm holds most of it"
    assert bands.sum() >= 2, "it cannot be worked out from the total"
    assert not turnover.loc[turnover["domain"] == "all", "suppressed"].any()


def test_nothing_is_left_to_work_out(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    lake, survey, _ = made
    table = pd.concat([lake.read("estimated_indicators", w) for w in publication.WAVES], ignore_index=True)
    firms = {w: found for w in publication.WAVES if (found := WaveFirms.read(lake, survey, w)) is not None}
    chosen = cells.indicator_rows(table, survey, firms)
    assert chosen.complementary
    assert exposed(chosen.system, chosen.primary, chosen.primary)
    assert not exposed(chosen.system, chosen.rows, chosen.primary)


def test_what_was_not_asked_is_left_out_and_not_called_withheld(
    made: tuple[Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    lake = made[0]
    table = lake.read("estimated_indicators", "2017")
    unasked = table["indicator"] == "participation"
    kept = disclosed.asked_lines(table.assign(n=table["n"].mask(unasked, 0)))
    assert set(kept["indicator"]) == set(table["indicator"]) - {"participation"}


def test_an_earlier_release_is_read_with_what_is_withheld_today_left_out(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    with connect(tmp_path / "public" / "monitor.duckdb") as connection:
        connection.execute(
            "CREATE TABLE claims AS SELECT 's' AS survey, '2017' AS wave, unnest(['seen', 'withheld']) AS claim, "
            "'not testable' AS verdict, unnest([false, true]) AS suppressed"
        )
    table = history.Earlier(tmp_path).tables["claims"].set_index("claim")
    assert table["verdict"].to_dict() == {"seen": "not testable", "withheld": None}


def test_initiatives_with_few_firms_are_not_counted_in_public(
    made: tuple[Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    table = made[2]["initiatives"]
    assert set(table["initiative"]) == {"north", "lab", "hub"}
    taking = publication.firms("2017")["initiatives"].map(lambda taken: "hub" in taken).sum()
    assert 0 < taking < 10
    assert table.loc[(table["initiative"] == "hub") & (table["wave"] == "2017"), "suppressed"].all()
    shown = table.loc[~table["suppressed"], "firms"]
    assert len(shown)
    assert shown[shown > 0].min() >= 10


def test_quantiles_are_rounded_and_need_firms_on_either_side(
    made: tuple[Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    table = made[2]["benchmarks"]
    turnover = table[(table["measure"] == "turnover") & (table["wave"] == "2017")].set_index("domain")
    assert turnover.loc[publication.RARE, "suppressed"]
    firms = publication.firms("2017")
    for domain, row in turnover.iterrows():
        inside = firms if domain == "all" else firms[(firms["size_band"] == domain) | (firms["sector"] == domain)]
        assert row["suppressed"] == (len(inside) < 20), domain
        assert pd.isna(row["p25"]) == (len(inside) < 40), domain
        for value in row[["p25", "median", "p75"]].dropna():
            assert value == peers.rounded(value)
            rounds_to = inside["turnover_eur"].map(peers.rounded).eq(value).sum()
            assert value not in set(inside["turnover_eur"]) or rounds_to >= 3
    assert peers.rounded(1_234_567.0) == 1_200_000.0
    assert peers.rounded(0.0) == 0.0


def test_quality_says_how_many_and_by_which_definition(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    table = made[2]["quality"].set_index(["wave", "indicator", "concept"])
    assert table.loc[("2017", "usable_responses", "all"), "value"] == publication.FIRMS
    assert table.loc[("2017", "unit_response_rate", "all"), "value"] == publication.FIRMS / 2000
    assert table.loc[("2017", "item_response_rate", "in_house_rd"), "value"] == 1 - 3 / publication.FIRMS
    assert table.loc[("2018", "panel_overlap", "2017"), "value"] == publication.FIRMS / 2
    assert table.loc[("2017", "initiatives_identified", "all"), "value"] == 3
    weights = publication.firms("2017")["weight"]
    kish = len(weights) * (weights**2).sum() / weights.sum() ** 2
    assert table.loc[("2017", "design_effect_weights", "all"), "value"] == pytest.approx(kish, rel=1e-12)
    assert table["definition"].notna().all()
    assert table["definition_nl"].notna().all()


def test_running_again_changes_nothing(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    lake, survey, tables = made
    disclosed.run_all(lake, survey, list(publication.WAVES))
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(lake.read(f"disclosed_{name}", "all"), frame)


def test_a_key_that_repeats_is_refused() -> None:
    row = {"survey": "s", "wave": "w", "claim": "c"}
    with pytest.raises(ValueError, match="repeated keys"):
        shaped("claims", pd.DataFrame([row, row]))


def test_codebook_leaves_identifiers_and_free_text_out(
    made: tuple[Lake, Survey, dict[str, pd.DataFrame]], tmp_path: Path
) -> None:
    _, survey, tables = made
    shown = set(tables["codebook"]["concept"])
    hidden = {c.name for c in survey.concepts.values() if c.direct_identifier or c.type in ("identifier", "text")}
    assert not shown & hidden
    assert {"size_band", "turnover_eur", "orientation"} <= shown


def test_an_earlier_release_is_read_where_only_some_of_its_waves_are_imputed(
    published: Published, tmp_path: Path
) -> None:
    _, survey, release = published
    copy = tmp_path / "release"
    shutil.copytree(release, copy)
    with connect(copy / "secure" / "microdata.duckdb") as connection:
        connection.execute("DELETE FROM completed WHERE wave = '2018' AND imputation > 1")
        connection.execute("UPDATE completed SET imputation = 0 WHERE wave = '2018'")
    whole, partly = (history.Earlier(folder).firms(survey, "2017") for folder in (release, copy))
    assert whole is not None
    assert partly is not None
    assert len(partly.filled) == len(whole.filled) > 0
