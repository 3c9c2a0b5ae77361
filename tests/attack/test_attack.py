"""The attack on public files: it finds what is there to be found, and nothing in what is released."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import publication
import pytest
from publication import Published

from monitor.attack import attack
from monitor.cli import main

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


def tables(indicators: pd.DataFrame, terms: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    names = sorted(set(indicators["indicator"]))
    of_model = {"wave": "2020", "model": "m", "variant": "main"}
    none = pd.DataFrame([{**of_model, "term": "intercept", "suppressed": False}])
    return {
        "indicators": indicators,
        "measures": pd.DataFrame(
            [{"kind": "indicator", "name": n, "formula": f"share of {n}", "base": "all_firms"} for n in names]
        ),
        "models": pd.DataFrame([{**of_model, "outcome": "top", "base": "all_firms", "suppressed": False}]),
        "terms": none if terms is None else terms,
    }


def found(folder: Path, *made: dict[str, pd.DataFrame]) -> set[str]:
    releases = [release(folder, t, f"r000{i}-aaaaaaaaaaaa") for i, t in enumerate(made, start=1)]
    return {finding.what for finding in attack(releases).findings}


ONE_WITHHELD = {("top", "all", "all"): (100, 40), ("top", "sector", "a"): (50, 30), ("top", "sector", "b"): None,
                ("top", "sector", "c"): (46, 9)}  # fmt: skip


def test_a_withheld_domain_is_the_total_less_the_others(tmp_path: Path) -> None:
    what = {"wave 2020, firms of top, sector=b", "wave 2020, events of top, sector=b"}
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
    assert found(tmp_path, tables(lines(counts))) == {"wave 2020, events of social, sector=x"}


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


def test_the_demonstration_tells_nothing_it_withholds(demonstration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", "--home", str(demonstration), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out).values()
    assert report["cells"] >= 50
    assert report["equations"] > 1000
    assert report["narrowest"] >= 3
