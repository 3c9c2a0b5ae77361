"""What a published count counts decides what can be worked out from it, not how somebody wrote it down."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import publication
import pytest
from test_disclosed_rules import two_way

from monitor.stages.disclosed import cells, revisions, sets
from monitor.stages.disclosed.contributions import WaveFirms, texts
from monitor.statistics.disclosure import complementary
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.intervals import exposed, intervals
from monitor.survey import Survey

WAVE = publication.WAVES[0]
Codes = Mapping[str, list[str]]


def survey(folder: Path, measures: Mapping[str, str], bases: Mapping[str, str] | None = None) -> Survey:
    """A survey whose indicators are the shares of firms with these measures (name -> SQL), of all firms or a base."""
    label = {"nl": "x", "en": "x"}
    return publication.survey(
        folder,
        {
            "measures": {
                name: {"sql": sql, "type": "boolean", "label": label}
                for name, sql in (measures | {"cooperates": "in_house_rd", "invests": "in_house_rd",
                                              "top_innovator": "in_house_rd"}).items()
            },
            "bases": {
                "all_firms": {"sql": "true", "label": label},
                **{name: {"sql": sql, "label": label} for name, sql in (bases or {}).items()},
            },
            "indicators": {
                name: {"measure": name, "estimator": "share", "base": "all_firms", "headline": True, "label": label}
                for name in measures
            },
        },
    )  # fmt: skip


def world(answers: Mapping[str, list[object]], domains: Codes) -> WaveFirms:
    """Firms with these answers (measure -> one per firm) in these domains (variable -> one code per firm)."""
    n = len(next(iter(answers.values())))
    firms = pd.Series([f"f{i:03d}" for i in range(n)])
    observed = pd.DataFrame({"firm": firms, **answers, "base_all_firms": True})
    weights = pd.DataFrame({"firm": firms, "weight": 1.0})
    codes = {v: pd.DataFrame({"firm": firms, "domain": c}) for v, c in domains.items()}
    return WaveFirms(observed, observed, weights, codes, texts(observed))


def lines(firms: WaveFirms, survey: Survey, unreliable: Container[tuple[str, str]] = ()) -> pd.DataFrame:
    """The lines a wave would publish: every indicator for everyone and in every domain, some (indicator, domain) of
    them too uncertain."""
    found = sets.sets(firms, survey)
    return pd.DataFrame(
        [
            {"wave": WAVE, "indicator": name, "domain_variable": variable, "domain": code,
             "reliability": "unpublishable" if (name, code) in unreliable else "good"}
            for name in survey.indicators
            for variable, code in found.domains
        ]
    )  # fmt: skip


def chosen(firms: WaveFirms, survey: Survey, unreliable: Container[tuple[str, str]] = ()) -> cells.Withheld:
    return cells.indicator_rows(lines(firms, survey, unreliable), survey, {WAVE: firms})


def rows(*named: tuple[str, str, str]) -> set[cells.Row]:
    return {(WAVE, *name) for name in named}


# --- one question, written in many ways ----------------------------------------------------------------------------

SPELLINGS = (
    "orientation = '{}'", "(orientation = '{}')", "orientation IN ('{}')", "orientation == '{}'", "'{}' = orientation",
    "orientation LIKE '{}'", "CASE WHEN orientation = '{}' THEN true ELSE false END", "NOT (orientation <> '{}')",
    "coalesce(orientation, 'none') = '{}'", "list_contains(['{}'], orientation)",
)  # fmt: skip
COUNTS = {"profit": 60, "balanced": 38, "social": 2}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_shares_of_one_question_protect_each_other_however_they_are_written(tmp_path: Path, spelling: str) -> None:
    """60, 38 and 2 of 100: with the first two in public, the third is 100 less both."""
    declared = survey(tmp_path, {code: spelling.format(code) for code in COUNTS})
    aim = [code for code, count in COUNTS.items() for _ in range(count)]
    firms = world({code: [a == code for a in aim] for code in COUNTS}, {})
    found = chosen(firms, declared)
    assert found.primary == rows(("social", "all", "all"))
    assert len(found.complementary) == 1
    low, high = intervals(found.system, found.rows)["events", WAVE, "social", "all", "all"]
    assert high - low >= 3


def test_one_withheld_share_of_a_question_is_exposed_by_the_other_two(tmp_path: Path) -> None:
    """The attack sees what the pattern mends."""
    declared = survey(tmp_path, {code: f"orientation = '{code}'" for code in COUNTS})
    aim = [code for code, count in COUNTS.items() for _ in range(count)]
    firms = world({code: [a == code for a in aim] for code in COUNTS}, {})
    found = chosen(firms, declared)
    told = exposed(found.system, found.primary)
    assert {(name[0], *name[3:]) for name in told} == {(kind, "all", "all") for kind in ("events", "others")}


# --- what lies in what ---------------------------------------------------------------------------------------------


def test_a_domain_less_the_domains_inside_it_is_a_cell_of_its_own(tmp_path: Path) -> None:
    """Utilities are withheld: ten of them, one outside manufacturing. `manufacturing = false` less services is that
    one firm, though no line is about it."""
    declared = survey(tmp_path, {"innovates": "product_innovation"})
    sector = ["industry"] * 60 + ["services"] * 50 + ["utilities"] * 12
    made = ["true"] * 60 + ["false"] * 50 + ["true"] * 11 + ["false"]
    firms = world({"innovates": [i % 2 == 0 for i in range(122)]}, {"sector": sector, "manufacturing": made})
    found = chosen(firms, declared)
    cell = ("firms", WAVE, "innovates", "sector&manufacturing", "utilities&false")
    assert cell in found.system.implied
    assert not found.primary
    assert cell in exposed(found.system, set(), set())
    low, high = intervals(found.system, found.rows, [cell])[cell]
    assert high - low >= 10


def test_a_yes_that_implies_another_yes_makes_a_cell_of_the_difference(tmp_path: Path) -> None:
    """Every top innovator innovates; in trade all but one innovator is one: the two shares together tell that."""
    declared = survey(tmp_path, {"innovates": "product_innovation", "top": "turnover_share_new_to_market > 40"})
    sector = ["trade"] * 40 + ["industry"] * 60
    innovates = [i < 21 for i in range(40)] + [i < 30 for i in range(60)]
    top = [i < 20 for i in range(40)] + [i < 12 for i in range(60)]
    firms = world({"innovates": innovates, "top": top}, {"sector": sector})
    found = chosen(firms, declared)
    difference = [name for name in found.system.implied if name[-1] == "trade"]
    assert len(difference) == 1
    assert exposed(found.system, set(), set()).keys() == set(difference)
    low, high = intervals(found.system, found.rows, difference)[difference[0]]
    assert high - low >= 3
    assert found.rows


SECTORS = {"trade": 5, "industry": 30, "services": 12, "transport": 40}


@pytest.mark.parametrize(
    ("unreliable", "alone", "why"),
    [
        ((), (), "services, the cheapest, hide trade"),
        (("industry",), (), "services hide trade no longer: industry is withheld anyway"),
        (("services", "industry"), ("industry",), "one of the two hides trade, the other nothing"),
    ],
)
def test_a_line_is_called_uncertain_only_where_it_hides_nothing(
    tmp_path: Path, unreliable: tuple[str, ...], alone: tuple[str, ...], why: str
) -> None:
    declared = survey(tmp_path, {"innovates": "product_innovation"})
    sector = [code for code, count in SECTORS.items() for _ in range(count)]
    firms = world({"innovates": [i % 2 == 0 for i in range(len(sector))]}, {"sector": sector})
    found = chosen(firms, declared, {("innovates", code) for code in unreliable})
    assert found.primary == rows(("innovates", "sector", "trade"))
    assert found.unreliable == rows(*(("innovates", "sector", code) for code in alone)), why
    assert len(found.complementary) == 1
    assert not exposed(found.system, found.rows - found.unreliable, found.primary), "shown, they would tell nothing"


@pytest.mark.parametrize("with_it", [2, 10])
def test_cells_of_one_or_two_firms_keep_three_firms_of_width(tmp_path: Path, with_it: int) -> None:
    """Six sectors of two firms: two of the twelve innovate, or all but two. Hidden among themselves, the number of
    innovators of each, or of the others, could be 0, 1 or 2: another sector hides them."""
    declared = survey(tmp_path, {"innovates": "product_innovation"})
    sizes = {"a": 2, "b": 2, "c": 2, "d": 2, "e": 2, "f": 2, "industry": 30, "services": 40}
    sector = [code for code, count in sizes.items() for _ in range(count)]
    firms = world(
        {"innovates": [i < with_it if i < 12 else i % 2 == 0 for i in range(len(sector))]}, {"sector": sector}
    )
    found = chosen(firms, declared)
    assert found.primary == rows(*(("innovates", "sector", code) for code in "abcdef"))
    for kind in ("events", "others"):
        names = [name for name in found.system.quantities if name[0] == kind and name[-1] in "abcdef"]
        assert len(names) == 6
        for low, high in intervals(found.system, found.rows, names).values():
            assert high - low >= 3
    assert len(found.complementary) == 1


def test_size_and_sector_tell_nothing_of_each_others_cells(tmp_path: Path) -> None:
    declared = survey(tmp_path, {"innovates": "product_innovation"})
    size, sector = ["small", "large"] * 50, ["trade"] * 50 + ["industry"] * 50
    firms = world({"innovates": [i % 3 == 0 for i in range(100)]}, {"size_band": size, "sector": sector})
    assert sets.crossings(sets.sets(firms, declared).domains) == []
    assert not chosen(firms, declared).rows


def test_sets_are_found_by_their_firms(tmp_path: Path) -> None:
    """Equal sets bear one name; three codes that exclude each other divide those who answered."""
    codes = ("profit", "balanced", "social")
    declared = survey(
        tmp_path, {**{c: f"orientation = '{c}'" for c in codes}, "aims_at_profit": "orientation = 'profit'"}
    )
    aim = ["profit"] * 30 + ["balanced"] * 40 + ["social"] * 30
    answers: dict[str, list[object]] = {c: [a == c for a in aim] for c in codes}
    found = sets.sets(world(answers | {"aims_at_profit": answers["profit"]}, {}), declared)
    assert found.named["events", "aims_at_profit"] == found.named["events", "profit"]
    ((whole, parts, rest),) = [d for d in sets.divisions(found.members) if len(d[1]) == 3]
    assert whole == found.named["firms", "profit"]
    assert {name for _, name in parts} == set(codes)
    assert not rest.any()


PAIR = {"wave_from": "2017", "wave_to": "2018"}
"""Two waves, of which some firms were in both"""


def overlaps(numbers: Mapping[tuple[str, str], int]) -> pd.DataFrame:
    """Lines of changes: (indicator, sector or `all`) -> firms of both waves."""
    return pd.DataFrame(
        [
            {"indicator": i, "domain_variable": "all" if d == "all" else "sector", "domain": d, "overlap_firms": n}
            for (i, d), n in numbers.items()
        ]
    ).assign(**PAIR)


def two_waves(both: Mapping[str, Mapping[str, int]], left: Mapping[str, int] | None = None) -> dict[str, WaveFirms]:
    """Two waves of firms by sector: of those in `both` so many innovate in both waves and so many do not; so many more,
    of which every second innovates, are in one wave only."""
    of_both = [(d, kind == "innovates") for d, kinds in both.items() for kind, n in kinds.items() for _ in range(n)]
    alone = [(d, i % 2 == 0) for d, n in (left or {}).items() for i in range(n)]
    made = {}
    for wave in PAIR.values():
        firms = world({"top": [i for _, i in (*of_both, *alone)]}, {"sector": [d for d, _ in (*of_both, *alone)]})
        names = [f"b{i:03d}" for i in range(len(of_both))] + [f"{wave}-{i:03d}" for i in range(len(alone))]
        tables = (firms.observed.assign(firm=names, base_innovators=firms.observed["top"]), firms.domains["sector"])
        made[wave] = WaveFirms(
            tables[0], tables[0], firms.weights, {"sector": tables[1].assign(firm=names)}, pd.DataFrame()
        )
    return made


def panel(folder: Path) -> Survey:
    """Two indicators of the same firms: `every` of all of them, `part` of the innovators among them."""
    named = survey(folder, {"every": "product_innovation", "part": "product_innovation"}, {"innovators": "true"})
    every = replace(named.indicators["every"], measure="top")
    return replace(named, indicators={"every": every, "part": replace(every, name="part", base="innovators")})


@pytest.mark.parametrize(
    ("both", "withheld"), [(9, True), (10, False), (100, False), (91, True), (90, False), (96, True), (1, True)]
)
def test_who_came_or_left_between_two_waves_is_a_cell_too(tmp_path: Path, both: int, withheld: bool) -> None:
    """100 firms in the first wave, 190 in the second: with 96 in both, four left."""
    counts = {("2017", "every", "all", "all"): 100.0, ("2018", "every", "all", "all"): 190.0}
    firms = two_waves({"trade": {"innovates": both // 2, "not": both - both // 2}})
    changes = overlaps({("every", "all"): both})
    assert bool(cells.overlap_rows(changes, counts, firms, panel(tmp_path))) is withheld
    assert bool(cells.overlap_rows(changes, {}, firms, panel(tmp_path))) is (both < 10)


@pytest.mark.parametrize(
    ("innovate", "do_not", "withheld"),
    [
        (0, 0, False), (0, 1, True), (0, 5, True), (0, 30, True), (1, 0, True), (40, 0, False), (40, 2, True),
        (40, 3, False),
    ],
)  # fmt: skip
def test_none_is_an_answer_only_of_firms_that_are_there(
    tmp_path: Path, innovate: int, do_not: int, withheld: bool
) -> None:
    """Of no firm in both waves none innovates, and nobody is told of; of five none does, and all five are. In trade;
    elsewhere are enough of either kind, or the base would leave nobody out."""
    both = {"trade": {"innovates": innovate, "not": do_not}}
    if innovate == 40 and do_not:
        both["industry"] = {"innovates": 20, "not": 20}
    firms = two_waves(both, {"trade": 60, "industry": 60})
    found = cells.overlap_rows(overlaps({("part", "trade"): innovate}), {}, firms, panel(tmp_path))
    assert bool(found) is withheld


def test_all_that_stayed_in_a_base_is_an_answer_of_each(tmp_path: Path) -> None:
    """Twenty innovators of 2018 innovated in 2017 as well, every one of them."""
    firms = two_waves({"trade": {"innovates": 20, "not": 30}})
    for n, withheld in ((20.0, True), (30.0, False)):
        counts = {("2018", "part", "sector", "trade"): n}
        found = cells.overlap_rows(overlaps({("part", "trade"): 20}), counts, firms, panel(tmp_path))
        assert bool(found) is withheld


def test_firms_of_two_waves_are_withheld_alike_wherever_they_are_the_same_firms(tmp_path: Path) -> None:
    """What `every` withholds beside d would differ from what `part` does, of whose firms in b only two left."""
    in_both = {"all": 100, "a": 40, "b": 30, "c": 25, "d": 5}
    changes = overlaps({(i, d): n for i in ("every", "part") for d, n in in_both.items()})
    counts = {(wave, "part", "sector", "b"): 32.0 for wave in ("2017", "2018")}
    withheld = cells.overlap_rows(changes, counts, {}, panel(tmp_path))
    of = {name: {row[2] for row in withheld if row[0] == name} for name in ("every", "part")}
    assert of["every"] == of["part"] >= {"b", "d"}


@pytest.mark.parametrize(("repeated", "left"), [({"b"}, {"a", "b"}), ({"a", "b"}, set()), ({"c"}, {"a", "b"})])
def test_what_is_shown_as_it_was_does_not_give_away_what_moved(
    tmp_path: Path, repeated: set[str], left: set[str]
) -> None:
    """Few came or left in a and in b: where b is shown as it was, a would be all of them less b and c."""
    changes = overlaps({("every", d): n for d, n in {"all": 100, "a": 40, "b": 30, "c": 30}.items()})
    moved, again = (
        {("every", "sector", d, *PAIR.values()) for d in domains} for domains in (("a", "b"), sorted(repeated))
    )
    found = cells.overlap_rows(changes, {}, {}, panel(tmp_path), cells.Since(moved=moved, again=again))
    assert {row[2] for row in found} == left


@pytest.mark.parametrize(
    ("same", "hidden", "withheld"),
    [(set(), set(), {"b", "d"}), (set(), {"c"}, {"c", "d"}), ({"b"}, set(), {"c", "d"}), ({"b"}, {"a"}, {"a", "d"})],
    ids=["the cheapest", "what hid it goes on", "what was shown hides nothing", "both"],
)
def test_firms_of_two_waves_hide_behind_what_hid_them_and_was_not_shown(
    tmp_path: Path, same: set[str], hidden: set[str], withheld: set[str]
) -> None:
    """Five firms of d were in both waves."""
    changes = overlaps({("every", d): n for d, n in {"all": 100, "a": 50, "b": 20, "c": 25, "d": 5}.items()})
    shown, gone = ({("every", "sector", d, *PAIR.values()) for d in domains} for domains in (same, hidden))
    found = cells.overlap_rows(changes, {}, {}, panel(tmp_path), cells.Since(same=shown, hidden=gone))
    assert {row[2] for row in found} == withheld


# --- one release after another ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("joined", "held"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_few_firms_between_two_lines_that_many_changed_in_hold_a_line(
    tmp_path: Path, joined: int, held: bool
) -> None:
    """Eleven more top innovators, and eleven and a few more innovators: the few are those that are no top innovator,
    though no line is about these."""
    declared = survey(tmp_path, {"innovates": "product_innovation", "top": "turnover_share_new_to_market > 40"})

    def answered(top: int, others: int) -> WaveFirms:
        innovates = [i < 40 + top or 60 <= i < 120 + others for i in range(200)]
        return world({"innovates": innovates, "top": [i < 40 + top for i in range(200)]}, {})

    was, now = answered(0, 0), answered(11, joined)
    found = chosen(now, declared)
    assert not found.rows
    shown = {cells.row_of(line): line for line in lines(now, declared).to_dict("records")}
    release = SimpleNamespace(lines=shown, firms=lambda survey, wave: was)
    lines_held, never = revisions.held_lines([release], declared, {WAVE: now}, found.system, found.rows)  # type: ignore[list-item]
    assert bool(lines_held) is held
    assert not never


@pytest.mark.parametrize(
    ("without", "having", "otherwise", "held"),
    [
        (9, 0, 1, True),  # nine that have it not leave, one has it no longer: the numerator moves by that one's answer
        (10, 0, 2, True), (7, 0, 3, False), (10, 3, 0, False),
        (12, 0, 0, True),  # all that left said no
        (2, 10, 0, True), (0, 10, 3, True), (9, 3, 0, True),  # those that have it not are a set between two lines
        (0, 0, 9, True), (0, 0, 10, False), (0, 0, 0, False),
    ],
)  # fmt: skip
def test_a_share_stands_while_too_few_answers_moved_its_numerator(
    tmp_path: Path, without: int, having: int, otherwise: int, held: bool
) -> None:
    """So many leave that have the property or have it not, and so many have it no longer, of a hundred each."""
    declared = survey(tmp_path, {"innovates": "product_innovation"})
    was = world({"innovates": [True] * 100 + [False] * 100}, {})
    left = [None if i < having else i >= having + otherwise for i in range(100)]
    now = world({"innovates": left + [None if i < without else False for i in range(100)]}, {})
    found = chosen(now, declared)
    assert not found.rows
    shown = {cells.row_of(line): line for line in lines(was, declared).to_dict("records")}
    release = SimpleNamespace(lines=shown, firms=lambda survey, wave: was)
    lines_held, _ = revisions.held_lines([release], declared, {WAVE: now}, found.system, found.rows)  # type: ignore[list-item]
    assert bool(lines_held) is held


def sectors(tmp_path: Path, counts: Mapping[str, int], before: set[cells.Row]) -> set[cells.Row]:
    """The lines withheld where sectors have so many firms, and an earlier release withheld these."""
    declared = survey(tmp_path, {"innovates": "product_innovation"})
    sector = [code for code, count in counts.items() for _ in range(count)]
    size = ["small" if i % 2 else "large" for i in range(len(sector))]
    firms = world({"innovates": [i % 4 < 2 for i in range(len(sector))]}, {"sector": sector, "size_band": size})
    table = lines(firms, declared)
    return set(cells.indicator_rows(table, declared, {WAVE: firms}, withheld_before=before).rows)


def test_what_hid_a_sensitive_line_goes_on_hiding_it(tmp_path: Path) -> None:
    """Services grew, and industry would now be the cheapest to hide trade behind. Who sees services, which lay hidden
    with trade in the last release, and industry there, has trade."""
    before = rows(("innovates", "sector", "trade"), ("innovates", "sector", "services"))
    assert sectors(tmp_path / "first", SECTORS, set()) == before
    grown = SECTORS | {"services": 33}
    anew = rows(("innovates", "sector", "trade"), ("innovates", "sector", "industry"))
    assert sectors(tmp_path / "anew", grown, set()) == anew
    assert sectors(tmp_path / "then", grown, before) == before


def test_a_line_comes_back_where_it_hides_nothing(tmp_path: Path) -> None:
    """No size band is sensitive, or hidden together with a sector."""
    before = rows(
        *(("innovates", "sector", code) for code in ("trade", "services")), ("innovates", "size_band", "small")
    )
    assert sectors(tmp_path, SECTORS, before) == before - rows(("innovates", "size_band", "small"))


# --- large systems -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "shape"), [(0, (4, 5)), (1, (5, 6)), (2, (6, 6))])
def test_a_large_system_loses_hardly_more_than_the_cheapest_pattern(
    seed: int, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One move after the other, against the exact programme: at most 1.2 times its cells and its cost."""
    rng = np.random.default_rng(seed)
    values = {(f"r{i}", f"c{j}"): int(rng.integers(12, 80)) for i in range(shape[0]) for j in range(shape[1])}
    for cell in sorted(values)[:: len(values) // 3]:
        values[cell] = int(rng.integers(1, 9))
    system, sensitive = two_way(values, 10.0)
    exact = complementary._programme(system, system.tables(), sensitive, system.protected(sensitive))
    monkeypatch.setattr(complementary, "programme_size", 0)
    moved = withheld_rows(system, set(sensitive))
    assert exact is not None
    assert not exposed(system, exact, sensitive)
    assert not exposed(system, moved, sensitive)
    assert len(moved) <= 1.2 * len(exact)
    assert moved >= sensitive
    assert sum(system.cost[c] for c in moved) <= 1.2 * sum(system.cost[c] for c in exact)
