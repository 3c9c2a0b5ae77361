"""Disclosure control: each rule at its boundary, the cheapest safe pattern, and what leaves the one door."""

from __future__ import annotations

import shutil
import string
from collections.abc import Callable, Mapping
from itertools import chain, combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import publication
import pytest
from publication import Published

from monitor.contract import BY_NAME, TABLES
from monitor.contract.shape import shaped
from monitor.stages import disclosed
from monitor.stages.disclosed import cells, declared, fitted, history, peers
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.disclosure import intervals as attacker
from monitor.statistics.disclosure import primary
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.intervals import exposed, intervals
from monitor.statistics.disclosure.system import Quantity, System
from monitor.statistics.models import prepare
from monitor.statistics.models.notes import Note
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Rows
from monitor.statistics.models.separation import reason_to_refuse
from monitor.statistics.models.specification import Specification
from monitor.storage.lake import Lake, connect
from monitor.survey import Disclosure, Survey
from monitor.wording import notes

# --- one cell ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("firms", "withheld"), [(9, True), (10, False), (11, False), (0, True), (None, True)])
def test_minimum_count_at_its_boundary(firms: int | None, withheld: bool) -> None:
    assert primary.too_few([firms], 10).tolist() == [withheld]


@pytest.mark.parametrize(
    ("events", "firms", "withheld"),
    [(0, 40, True), (2, 40, True), (3, 40, False), (37, 40, False), (38, 40, True), (40, 40, True)],
)
def test_a_group_that_answers_alike_is_withheld(events: int, firms: int, withheld: bool) -> None:
    assert primary.alike([events], [firms]).tolist() == [withheld]


@pytest.mark.parametrize(
    ("amounts", "withheld", "why"),
    [
        ([100, 40, 10], False, "the rest is exactly 10 per cent of the largest"),
        ([100, 40, 9.9], True, "the second firm knows the first to within 10 per cent"),
        ([50, 30, 20], False, "exactly half is not more than half"),
        ([50.1, 30, 19.9], True, "one firm holds more than half"),
        ([0, 0, 0], False, "nothing to disclose"),
        ([5], True, "one firm alone"),
    ],
)
def test_p_per_cent_and_dominance(amounts: list[float], withheld: bool, why: str) -> None:
    dominance = 0.5 if "half" in why or "alone" in why else 1.0
    assert primary.one_firm_too_large(amounts, 10.0, dominance) is withheld, why


@pytest.mark.parametrize(
    ("n", "events", "df", "withheld"),
    [(200, 10, 10, False), (200, 9, 10, True), (200, 191, 10, True), (200, 10, 9, True), (9, None, 10, True),
     (10, None, 10, False)],
)  # fmt: skip
def test_models_at_their_boundaries(n: int, events: int | None, df: int, withheld: bool) -> None:
    table = pd.DataFrame({"n": [n], "events": [events], "df": [df]})
    assert primary.model_withheld(table, Disclosure()).tolist() == [withheld]


@pytest.mark.parametrize(("alike", "told"), [(0, True), (1, False), (9, False), (10, True)])
def test_few_firms_with_several_answers_take_the_number_of_firms_with_them(alike: int, told: bool) -> None:
    models = pd.DataFrame({"firms": [500], "fewest_alike": [alike]})
    assert fitted.without_few_alike(models, 10)["firms"].notna().all() == told


@pytest.mark.parametrize(
    ("domain", "n", "routed", "told"),
    [
        ("all", 400, 0, True), ("all", 400, 9, False), ("all", 400, 10, True), ("all", 400, 391, False),
        ("all", 400, 390, True), ("all", 400, 400, True), ("sector", 400, 100, False),
    ],
)  # fmt: skip
def test_those_routed_past_are_told_where_neither_they_nor_the_others_are_few(
    domain: str, n: int, routed: int, told: bool
) -> None:
    lines = pd.DataFrame({"domain_variable": [domain], "n": [n], "n_routed": [routed]})
    assert disclosed.without_few_routed(lines, 10)["n_routed"].notna().all() == told


@pytest.mark.parametrize(
    "tell",
    [
        lambda: reason_to_refuse(40, 20, 30.0, ["size_band[large]"], [], [], 10, 10, 10),
        lambda: reason_to_refuse(40, 20, 30.0, [], ["size_band[large]"], [], 10, 10, 10),
        lambda: separated_note(),
    ],
    ids=["no variation", "empty combination", "separation"],
)
def test_a_models_note_does_not_name_a_cell_of_firms_that_are_alike(tell: Callable[[], Note]) -> None:
    """The notes as `modelled` makes them, and as the door lets them through."""
    note = tell()
    for language in ("nl", "en"):
        words = notes.sentence(note, language)
        assert "size_band[large]" in words
        passed = notes.told(notes.written([note]), language)
        assert passed is not None
        assert "size_band" not in passed
        assert len(passed) > 9


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("kind", sorted(notes.KINDS))
def test_a_kind_of_note_tells_in_public_only_what_it_may(kind: str) -> None:
    declared = notes.KINDS[kind]
    assert fields(declared.nl) == fields(declared.en) or kind in ("undeclared_skip", "not_together")
    shown = fields(declared.nl) - {*declared.hidden} if declared.hidden else set()
    assert fields(declared.plain_nl) == fields(declared.plain_en) == shown
    assert bool(declared.plain_nl) == bool(declared.plain_en) == bool(declared.hidden)
    assert set(declared.hidden) <= fields(declared.nl)


def test_a_kind_of_note_that_is_not_declared_is_not_told() -> None:
    assert notes.told('[["a new kind", {"names": "size_band[large]"}]]', "en") is None
    assert notes.told('[["a new kind", {}], ["no_estimate", {}]]', "en") == "no finite estimate"
    assert notes.told(None, "nl") is None


def separated_note() -> notes.Note:
    """What is said of a model in which no large firm has the outcome."""
    large = np.repeat([0.0, 1.0], 40)
    y = np.where(large == 1, 0.0, np.tile([0.0, 1.0], 40))
    rows = Rows(np.ones(80, dtype=bool), None, y, 0, 0)  # type: ignore[arg-type]
    result = Result(Specification("m", "main", "top", "all_firms", "logit"))
    layout = SimpleNamespace(names=("intercept", "size_band[large]"))
    x = np.column_stack([np.ones(80), large])
    assert prepare._estimator(result, [rows], [x], layout, 20) == "firth"  # type: ignore[arg-type]
    (note,) = result.warnings
    return note


# --- a table with totals -------------------------------------------------------------------------------------------


def two_way(values: Mapping[tuple[str, str], int], width: float) -> tuple[System, set[tuple[str, str]]]:
    """A two-way table of counts with row and column totals; counts under 10 are sensitive."""
    system, sensitive = System(), set()
    rows, columns = sorted({r for r, _ in values}), sorted({c for _, c in values})
    full = dict(values)
    for r in rows:
        full[r, "total"] = sum(values[r, c] for c in columns)
    for c in columns:
        full["total", c] = sum(values[r, c] for r in rows)
    full["total", "total"] = sum(values.values())
    for cell, value in full.items():
        few = 0 < value < 10
        system.quantities[cell] = Quantity(float(value), width=width if few else 0.0)
        system.shows[cell] = (cell,)
        system.cost[cell] = float(value) * (1000 if "total" in cell else 1)
        if few:
            sensitive.add(cell)
    for r in [*rows, "total"]:
        system.relations.append(((r, "total"), tuple((r, c) for c in columns)))
    for c in [*columns, "total"]:
        system.relations.append((("total", c), tuple((r, c) for r in rows)))
    return system, sensitive


def test_one_withheld_cell_takes_three_more_with_it() -> None:
    values = {("a", "x"): 4, ("a", "y"): 20, ("a", "z"): 90, ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 70}
    system, sensitive = two_way(values, 10.0)
    assert exposed(system, sensitive), "alone it can be worked out from a total"
    chosen = withheld_rows(system, set(sensitive))
    assert chosen == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}
    assert not exposed(system, chosen, sensitive)


@pytest.mark.parametrize("seed", range(6))
def test_the_pattern_is_the_cheapest_safe_one(seed: int) -> None:
    """Against every pattern there is, on small tables."""
    rng = np.random.default_rng(seed)
    values = {
        (r, c): int(v) for (r, c), v in zip(((r, c) for r in "ab" for c in "xyz"), rng.integers(12, 60, 6), strict=True)
    }
    values["ab"[seed % 2], "xyz"[seed % 3]] = int(rng.integers(1, 9))
    system, sensitive = two_way(values, 10.0)
    chosen = withheld_rows(system, set(sensitive))
    inner = [cell for cell in system.shows if "total" not in cell and cell not in sensitive]
    patterns = chain.from_iterable(combinations(inner, k) for k in range(len(inner) + 1))
    safe = [set(p) | sensitive for p in patterns if not exposed(system, set(p) | sensitive, sensitive)]
    cheapest = min(sum(system.cost[cell] for cell in pattern) for pattern in safe)
    assert not exposed(system, chosen, sensitive)
    assert sum(system.cost[cell] for cell in chosen) <= cheapest * 1.01 + 1e-9


def test_the_closed_form_is_the_linear_programme() -> None:
    values = {("a", "x"): 4, ("a", "y"): 20, ("a", "z"): 90, ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 70}
    system, _ = two_way(values, 10.0)
    withheld = {("a", "x"), ("a", "y"), ("a", "z")}
    one_relation = intervals(System(system.quantities, [system.relations[0]], system.shows, system.cost), withheld)
    bounds = np.array([[0.0, np.inf]] * 3)
    general = attacker._of_many_relations(np.ones((1, 3)), bounds, np.array([4.0, 20.0, 90.0]), 10.0, 0)
    assert one_relation["a", "x"] == pytest.approx((0.0, 114.0))
    assert general == pytest.approx((0.0, 114.0))


def test_what_an_earlier_release_showed_hides_nothing_any_more() -> None:
    values = {("a", "x"): 4, ("a", "y"): 20, ("a", "z"): 90, ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 70}
    system, sensitive = two_way(values, 10.0)
    system.known.add(("a", "y"))
    chosen = withheld_rows(system, set(sensitive))
    assert not exposed(system, chosen, sensitive)
    assert ("a", "z") in chosen


# --- the stage -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Survey, dict[str, pd.DataFrame]]:
    lake, survey = publication.disclosed_lake(tmp_path_factory.mktemp("disclosed"))
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
    about = {*BY_NAME["indicators"].key, "measure", "comparable_since", "reference_period"}
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


def test_a_model_below_the_thresholds_goes_with_its_prose(made: tuple[Lake, Survey, dict[str, pd.DataFrame]]) -> None:
    lake, survey, _ = made
    tables = {n: lake.read(f"modelled_{n}", "2017") for n in ("models", "terms", "contrasts", "claims")}
    tables |= {n: pd.DataFrame() for n in ("answer", "curve", "distribution", "specifications", "robustness")}
    tables["models"]["events"] = 9
    out = fitted.withhold_models(tables, survey, {})
    for name in ("models", "terms", "contrasts", "claims"):
        frame = shaped(name, out[name])
        assert frame["suppressed"].all(), name
        assert frame[list(BY_NAME[name].withheld)].isna().all().all(), name
    assert out["claims"]["verdict"].tolist() == [None]


def test_a_distribution_is_told_in_whole_percentages_and_not_where_a_state_has_firms_alike(
    made: tuple[Lake, Survey, dict[str, pd.DataFrame]],
) -> None:
    _, survey, _ = made
    # Cut -> firms beyond it in all, and in the state `both`.
    cuts = {20.0: (60, 30), 40.0: (40, 3), 50.0: (30, 2), 60.0: (9, 5), 70.0: (191, 45)}
    lines = [
        {
            "survey": "s", "wave": "2017", "model": "m", "measure": "share", "cut": cut, "state": state,
            "contrast": "p", "estimate": 0.12345, "se": 0.0312, "ci_low": 0.0701, "ci_high": 0.1999,
            "band_low": 0.05, "band_high": 0.3,
            "n": 200, "events": events, "state_n": 50, "state_events": both if state == "both" else 20,
        }
        for cut, (events, both) in cuts.items()
        for state in ("neither", "b_only", "a_only", "both")
    ]  # fmt: skip
    tables = {n: pd.DataFrame() for n in fitted.TABLES} | {"distribution": pd.DataFrame(lines)}
    out = fitted.withhold_models(tables, survey, {})["distribution"]
    assert out.groupby("cut")["suppressed"].agg(["min", "max"]).T.to_dict() == {
        cut: {"min": gone, "max": gone} for cut, gone in zip(cuts, (False, False, True, True, True), strict=True)
    }
    told = shaped("distribution", out).set_index(["cut", "state"])
    values = ["estimate", "se", "ci_low", "ci_high", "band_low", "band_high"]
    assert told.loc[(20.0, "both"), values].tolist() == [0.12, 0.032, 0.07, 0.2, 0.05, 0.3]
    assert told.loc[50.0:, values].isna().all().all()
    assert not {"n", "events", "state_n", "state_events"} & set(told)


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


@pytest.mark.parametrize(
    ("answers", "shown", "why"),
    [
        ([90, 98, 101, 102, 104], 100, "three answers round to it"),
        ([90, 97, 100, 119, 130], 110, "the mean of three"),
        ([20, 90, 100, 110, 160], 96, "the mean of five, for that of three is one firm's answer"),
        ([80, 90, 100, 120, 130], None, "both means are 100, which one firm alone gave"),
        ([0, 0, 100, 1000, 1010], None, "in the mean of three one firm holds nearly all, in that of five two do"),
    ],
)
def test_a_quantile_is_no_single_firms_answer(answers: list[float], shown: float | None, why: str) -> None:
    values = np.array(answers, dtype=float)
    assert peers.of_several(values, len(values) // 2, Disclosure()) == shown, why


@pytest.mark.parametrize(("heavy", "shown"), [(1.0, True), (100.0, False)])
def test_a_quantile_needs_firms_on_either_side_and_not_weight_alone(heavy: float, shown: bool) -> None:
    """The fifth of forty firms stands for more than half of them: four lie under the median."""
    part = pd.DataFrame({"value": np.arange(1000.0, 1040.0), "weight": 1.0})
    part.loc[4, "weight"] = heavy
    found = peers._quantiles(part, Disclosure(), 1.0)
    assert (found["median"] is not None) is shown
    assert (found["p25"] is not None) is shown


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
