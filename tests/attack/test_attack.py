"""The attack on public files: it finds what is there to be found, and nothing in what is released."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import publication
import pytest
from publication import Published

from monitor.attack import Finding, Report, attack, beyond
from monitor.cli import main
from monitor.problems import WaveStopped
from monitor.stages import disclosed, released
from monitor.stages.disclosed import cells
from monitor.storage.lake import Lake
from monitor.survey import load_survey
from monitor.surveys import BUNDLED

KEY = ["wave", "indicator", "domain_variable", "domain"]


def release(folder: Path, tables: dict[str, pd.DataFrame], name: str = "r0001-aaaaaaaaaaaa") -> Path:
    """A folder with these tables as a release publishes them."""
    (folder / name / "public" / "tables").mkdir(parents=True)
    for table, frame in tables.items():
        frame.to_csv(folder / name / "public" / "tables" / f"{table}.csv", index=False)
    return folder / name


def lines(counts: dict[tuple[str, str, str], tuple[int, int] | None], wave: str = "2020") -> pd.DataFrame:
    """(indicator, domain variable, domain) -> firms and events; None is withheld."""
    rows = []
    for (name, variable, domain), cell in counts.items():
        n, events = cell or (None, None)
        rows.append(
            {
                "wave": wave, "indicator": name, "measure": name, "domain_variable": variable, "domain": domain, "n": n,
                "unweighted": None if n is None or events is None else events / n, "estimate": 0.5,
                "suppressed": cell is None, "held": False,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def tables(
    indicators: pd.DataFrame,
    terms: pd.DataFrame | None = None,
    changes: pd.DataFrame | None = None,
    events: int | None = None,
    total: str | None = None,
) -> dict[str, pd.DataFrame]:
    """What a release publishes; `events` of the model, `total` the indicator that is an amount."""
    names = sorted(set(indicators["indicator"]))
    of_model = {"wave": "2020", "model": "m", "variant": "main"}
    none = pd.DataFrame([{**of_model, "term": "intercept", "suppressed": False}])
    return {
        "indicators": indicators,
        "definitions": pd.DataFrame(
            [
                {
                    "kind": "indicator",
                    "name": n,
                    "formula": f"{'total' if n == total else 'share'} of {n}",
                    "base": "all_firms",
                }
                for n in names
            ]
        ),
        "models": pd.DataFrame(
            [{**of_model, "outcome": "top", "base": "all_firms", "n": 100, "events": events, "suppressed": False}]
        ),
        "terms": none if terms is None else terms,
        "changes": both({}) if changes is None else changes,
    }


def both(counts: dict[tuple[str, str, str], int | None]) -> pd.DataFrame:
    """(indicator, domain variable, domain) -> firms of both waves; None is withheld."""
    columns = ["wave_from", "wave_to", "indicator", "domain_variable", "domain", "overlap_firms", "overlap_suppressed"]
    return pd.DataFrame([("2018", "2020", *cell, n, n is None) for cell, n in counts.items()], columns=columns)


def found(folder: Path, *made: dict[str, pd.DataFrame]) -> set[str]:
    releases = [release(folder, t, f"r000{i}-aaaaaaaaaaaa") for i, t in enumerate(made, start=1)]
    return {finding.what for finding in attack(releases).findings}


ONE_WITHHELD = {("top", "all", "all"): (100, 40), ("top", "sector", "a"): (50, 30), ("top", "sector", "b"): None,
                ("top", "sector", "c"): (46, 9)}  # fmt: skip


def test_a_withheld_domain_is_the_total_less_the_others(tmp_path: Path) -> None:
    what = {f"wave 2020, {kind} of top, sector=b" for kind in ("firms", "events", "others")}
    assert found(tmp_path, tables(lines(ONE_WITHHELD))) == what


def test_two_withheld_domains_protect_each_other(tmp_path: Path) -> None:
    assert found(tmp_path, tables(lines(ONE_WITHHELD | {("top", "sector", "c"): None}))) == set()


def test_codes_of_one_question_are_found_by_their_numbers(tmp_path: Path) -> None:
    """Nobody says that the three are one question; the numbers of three domains do."""
    counts: dict[tuple[str, str, str], tuple[int, int] | None] = {}
    for place, (variable, domain) in enumerate([("all", "all"), ("size", "small"), ("size", "large"), ("sector", "x")]):
        n = (100, 60, 40, 30)[place]
        for name, events in (("profit", n // 2), ("balanced", n // 2 - 2), ("social", 2 + n % 2)):
            counts[name, variable, domain] = (n, events)
    counts["social", "sector", "x"] = None
    what = {f"wave 2020, {kind} of social, sector=x" for kind in ("events", "others")}
    assert found(tmp_path, tables(lines(counts))) == what


def test_a_wave_that_stands_is_the_same_wave(tmp_path: Path) -> None:
    """What the first release withholds and the second shows is known of both."""
    first = lines(ONE_WITHHELD | {("top", "sector", "c"): None})
    second = lines(ONE_WITHHELD | {("top", "sector", "c"): None, ("top", "sector", "b"): (4, 1)})
    assert "wave 2020, firms of top, sector=c" not in found(tmp_path / "one", tables(first))
    assert "wave 2020, firms of top, sector=b" in found(tmp_path / "two", tables(first), tables(second))


def test_coefficients_of_a_withheld_variable_tell_it(tmp_path: Path) -> None:
    counts = lines(ONE_WITHHELD | {("top", "sector", "c"): None})
    term = {"wave": "2020", "model": "m", "variant": "main", "term": "sector[a]"}
    shown = pd.DataFrame([{**term, "suppressed": False}])
    assert found(tmp_path / "shown", tables(counts, shown)) == {"wave 2020, top of all_firms by sector"}
    assert found(tmp_path / "withheld", tables(counts, shown.assign(suppressed=True))) == set()


SEVERAL = ONE_WITHHELD | {("top", "sector", "b"): None, ("top", "sector", "c"): None}


def test_what_could_have_been_printed_is_no_secret(tmp_path: Path) -> None:
    """Withheld to protect others, and known: as good as any line that is shown."""
    counts = ONE_WITHHELD | {("top", "sector", "a"): (30, 10)}
    assert found(tmp_path, tables(lines(counts))) == set()


def test_a_variable_that_leaves_firms_out_adds_up_to_nothing(tmp_path: Path) -> None:
    """Ten firms have no sector, as an indicator whose sectors are all shown tells."""
    other: dict[tuple[str, str, str], tuple[int, int] | None] = {
        ("new", "all", "all"): (100, 50), ("new", "sector", "a"): (50, 20), ("new", "sector", "b"): (20, 10),
        ("new", "sector", "c"): (20, 10),
    }  # fmt: skip
    assert found(tmp_path, tables(lines(ONE_WITHHELD | other))) == set()


def test_a_guess_that_contradicts_what_is_shown_tells_nothing_and_hides_nothing(tmp_path: Path) -> None:
    """`new` shows the same firms as `top` three times and is about others: sector b is the total less the rest."""
    other: dict[tuple[str, str, str], tuple[int, int] | None] = {
        ("new", "all", "all"): (100, 50), ("new", "sector", "a"): (50, 20), ("new", "sector", "b"): (4, 3),
        ("new", "sector", "c"): (46, 27), ("new", "size", "small"): (60, 30), ("new", "size", "large"): (40, 20),
    }  # fmt: skip
    sized: dict[tuple[str, str, str], tuple[int, int] | None] = {
        ("top", "size", "small"): (60, 20), ("top", "size", "large"): (40, 20), ("top", "sector", "c"): (45, 9),
    }  # fmt: skip
    assert "wave 2020, events of top, sector=b" in found(tmp_path, tables(lines(ONE_WITHHELD | other | sized)))


def test_a_model_tells_the_events_of_its_outcome(tmp_path: Path) -> None:
    """The total is withheld, and the model counts it."""
    counts = lines(ONE_WITHHELD | {("top", "all", "all"): None})
    assert found(tmp_path / "without", tables(counts)) == set()
    assert "wave 2020, events of top, sector=b" in found(tmp_path / "with", tables(counts, events=40))


def test_firms_of_two_waves_add_up(tmp_path: Path) -> None:
    cells = {("top", "all", "all"): 60, ("top", "sector", "a"): 40, ("top", "sector", "b"): None}
    safe = tables(lines(SEVERAL), changes=both(cells | {("top", "sector", "c"): None}))
    assert found(tmp_path / "two", safe) == set()
    told = tables(lines(SEVERAL), changes=both(cells | {("top", "sector", "c"): 18}))
    assert found(tmp_path / "one", told) == {"wave 2018 and 2020, both of top, sector=b"}


def test_firms_of_two_waves_that_share_none_are_no_secret(tmp_path: Path) -> None:
    """In all, in a domain whose change is withheld: whoever sees that nobody was in both knows nobody's answer."""
    cells: dict[tuple[str, str, str], int | None] = {
        ("top", "all", "all"): 0, ("top", "sector", "a"): 0, ("top", "sector", "b"): None, ("top", "sector", "c"): 0,
    }  # fmt: skip
    assert found(tmp_path / "none", tables(lines(SEVERAL), changes=both(cells))) == set()
    some = cells | {("top", "all", "all"): 20, ("top", "sector", "a"): 20}
    told = found(tmp_path / "some", tables(lines(SEVERAL), changes=both(some)))
    assert told == {"wave 2018 and 2020, both of top, sector=b"}, "none of the twenty is in b"


def test_none_of_the_firms_of_two_waves_is_an_answer_of_all_of_them(tmp_path: Path) -> None:
    """Thirty were in both waves in sector a, and none of them was in the base of `new` both times."""
    cells = {("top", "sector", "a"): 30, ("new", "sector", "a"): 0}
    told = tables(lines(SEVERAL), changes=both(cells | {("new", "sector", "b"): 0, ("top", "sector", "b"): 0}))
    assert found(tmp_path / "told", told) == {"wave 2018 and 2020, both of new, sector=a"}
    first, second = (release(tmp_path, told, f"r000{i}-aaaaaaaaaaaa") for i in (1, 2))
    assert newly_told([], first)
    assert newly_told([first], second) == ()


def test_an_amount_of_few_firms_is_the_total_less_the_others(tmp_path: Path) -> None:
    table = lines({cell: value and (value[0], 0) for cell, value in ONE_WITHHELD.items()})
    table["estimate"] = [1_234_560.0, 1_000_000.0, None, 134_560.0]
    assert "wave 2020, amount of top, sector=b" in found(tmp_path / "one", tables(table, total="top"))
    two = table.assign(suppressed=table["domain"].isin(["b", "c"]))
    assert found(tmp_path / "two", tables(two, total="top")) == set()


def test_nothing_can_be_worked_out_of_the_made_up_release(
    published: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    _, survey, folder = published
    home = folder.parent.parent.parent
    assert main(["attack", "--home", str(home), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)[survey.name]
    assert report["cells"] > 10
    assert report["findings"] == []
    assert report["narrowest"] >= 3
    assert survey.name == publication.NAME


def test_it_sees_where_one_withheld_line_is_opened(published: Published, tmp_path: Path) -> None:
    """The same release with every withheld line open but the rarest sector's: that one is found."""
    lake, _, folder = published
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    path = copy / "public" / "tables" / "indicators.csv"
    shown = pd.read_csv(path, dtype={"wave": str})
    truth = pd.concat([lake.read("estimated_indicators", w) for w in publication.WAVES]).astype({"wave": str})
    both = shown.merge(truth, on=KEY, suffixes=("", "_true"))
    opened = both["suppressed"] & (both["domain"] != publication.RARE)
    for column in ("n", "unweighted", "estimate"):
        both[column] = both[column].astype(float).where(~opened, both[f"{column}_true"].astype(float))
    both["suppressed"] &= ~opened
    both[shown.columns].to_csv(path, index=False)
    findings = attack([copy]).findings
    rare = {f.what for f in findings if f.what.endswith(f"sector={publication.RARE}") and ", firms of " in f.what}
    assert {what.split(",")[0] for what in rare} == {f"wave {wave}" for wave in publication.WAVES}


@pytest.fixture(scope="module")
def attacked(demonstration: Path) -> Report:
    """What can be worked out of the demonstration's release, as `monitor attack` does it."""
    (folder,) = (demonstration / "releases" / BUNDLED.name).glob("r*")
    return attack([folder])


def test_the_demonstration_tells_nothing_it_withholds(attacked: Report) -> None:
    assert attacked.findings == ()
    assert attacked.cells >= 50
    assert attacked.equations > 1000
    assert attacked.narrowest is not None
    assert attacked.narrowest >= 3


def test_what_can_be_worked_out_of_many_firms_is_withheld_for_its_uncertainty_alone(
    attacked: Report, demonstration: Path
) -> None:
    """Numbers of ten firms or more, counts and amounts: shown, they would tell of nobody."""
    assert attacked.amounts > 0
    lake = Lake(demonstration, BUNDLED.name)
    lines = pd.concat(lake.read("estimated_indicators", wave).assign(wave=wave) for wave in load_survey(BUNDLED).waves)
    lines = lines[(lines["reliability"] == "unpublishable") & (lines["n"] >= 10)]
    key = ["wave", "indicator", "domain_variable", "domain"]
    uncertain = set(lines[key].astype(str).itertuples(index=False, name=None))
    found = {line for finding in attacked.of_many for line in finding.lines}
    assert found
    assert found <= uncertain


def test_a_release_that_tells_what_it_withholds_is_not_published(
    tmp_path: Path, fresh_release: publication.Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is withheld to protect others: the rarest sector is everyone less the rest. The last release stays."""
    lake, survey, first = fresh_release
    waves = list(publication.WAVES)
    before = publication.firms
    monkeypatch.setattr(publication, "firms", lambda wave, seed=3: before(wave, seed + 1))
    lake = publication.lake(tmp_path / "home", survey)
    monkeypatch.setattr(cells, "withheld_rows", lambda system, sensitive, *before: set(sensitive))
    disclosed.run_all(lake, survey, waves)
    with publication.without_pages(), pytest.raises(WaveStopped) as stopped:
        released.run_all(lake, survey, waves)
    folder = first.parent
    assert sorted(p.name for p in folder.glob("[!.]*")) == ["latest", first.name]
    assert (folder / "latest").readlink() == Path(first.name)
    assert not list(folder.glob(".building*"))
    problems = stopped.value.problems
    assert len(problems) == released.SHOWN + 1
    assert all(f"sector={publication.RARE}" in problem.what for problem in problems[:-1])
    monkeypatch.undo()
    disclosed.run_all(lake, survey, waves)
    with publication.without_pages():
        assert released.run_all(lake, survey, waves)["new"]


def newly_told(
    earlier: list[Path], release: Path, uncertain: Collection[tuple[str, str, str, str]] = ()
) -> tuple[Finding, ...]:
    """As a release asks before it is published."""
    return beyond(attack([*earlier, release], only=release), earlier, uncertain)


def test_lines_of_many_firms_are_told_apart_by_who_builds_the_release(tmp_path: Path) -> None:
    """The one sector withheld among shown ones is too uncertain to print, or one firm is most of it: builders know."""
    table = lines({("top", "all", "all"): (100, 0), ("top", "sector", "a"): (60, 0), ("top", "sector", "b"): None})
    table["estimate"] = [1_234_560.0, 1_000_000.0, None]
    first = release(tmp_path, tables(table, total="top"))
    (told,) = attack([first]).of_many
    assert told.what == "wave 2020, amount of top, sector=b"
    assert attack([first]).findings == ()
    assert newly_told([], first, [("2020", "top", "sector", "b")]) == ()
    assert newly_told([], first) == (told,)


def test_what_earlier_releases_tell_already_stops_no_other(tmp_path: Path) -> None:
    """The first release has told sector b; a later one that repeats it, or withholds it too late, tells no more."""
    made = [tables(lines(ONE_WITHHELD)) for _ in range(2)]
    first, second = (release(tmp_path, t, f"r000{i}-aaaaaaaaaaaa") for i, t in enumerate(made, start=1))
    assert attack([first, second]).findings
    assert newly_told([first], second) == ()
    other = lines(ONE_WITHHELD | {("top", "all", "all"): (101, 41)})
    third = release(tmp_path, tables(other), "r0003-aaaaaaaaaaaa")
    assert {finding.figures for finding in newly_told([first, second], third)} == {"2020@r0003-aaaaaaaaaaaa"}
    assert newly_told([], first) == attack([first]).findings
