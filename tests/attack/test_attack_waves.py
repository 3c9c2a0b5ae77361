"""Surveys of one wave, and of two that share no firm, a few, or all: what their number of firms in both tells.

The estimated numbers of firms in both waves are counted here, and what is printed is held against the firms themselves.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.attack import attack
from monitor.publication import public
from monitor.stages import disclosed, released
from monitor.storage.lake import Lake
from monitor.survey import Survey

pytestmark = pytest.mark.slow

FIRST, SECOND = publication.WAVES
INNOVATE = publication.firms(FIRST).index[publication.firms(FIRST)["product_innovation"]]
DO_NOT = publication.firms(FIRST).index.difference(INNOVATE)
SHARED = {
    "none": ([], []),
    "one, which innovates": (INNOVATE[:1], []),
    "one, which does not": ([], DO_NOT[:1]),
    "five, none of which innovates": ([], DO_NOT[:5]),
    "nine": (INNOVATE[:5], DO_NOT[:4]),
    "ten": (INNOVATE[:5], DO_NOT[:5]),
    "thirty, none of which innovates": ([], DO_NOT[:30]),
    "all": (INNOVATE, DO_NOT),
}


def published(folder: Path, survey: Survey, lake: Lake, waves: list[str]) -> Path:
    """The public tables of a first release of these waves."""
    disclosed.run_all(lake, survey, waves)
    release = folder / "r0001-aaaaaaaaaaaa"
    public.write_csv(release / "public" / "tables", released.public_tables(lake, survey, waves))
    return release


@pytest.mark.parametrize("how", SHARED)
def test_what_two_waves_share_tells_nobody_s_answer(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    survey = publication.survey(tmp_path / "survey")
    first = publication.firms(FIRST)
    stayed = first.loc[[place for group in SHARED[how] for place in group]]
    rest = publication.firms(SECOND).iloc[: len(first) - len(stayed)]
    renamed = rest.assign(firm=[f"new{i:03d}" for i in range(len(rest))])
    tables = {FIRST: first, SECOND: pd.concat([stayed, renamed], ignore_index=True)}
    monkeypatch.setattr(publication, "firms", lambda wave, seed=3: tables[wave])
    lake = publication.lake(tmp_path / "home", survey)
    truth = publication.in_both(tables, survey)
    key = ["indicator", "domain_variable", "domain"]
    release = published(tmp_path, survey, lake, list(publication.WAVES))
    found = attack([release])
    assert found.findings == ()
    assert found.narrowest is None or found.narrowest >= 3
    told = pd.read_csv(release / "public" / "tables" / "changes.csv").dropna(subset="overlap_firms")
    everyone = {line[1:]: count for line, count in truth.items() if line[0] == "participation"}
    for line in told.to_dict("records"):
        name, *place = (line[column] for column in key)
        could = everyone[tuple(place)]
        assert line["overlap_firms"] == truth[name, *place]
        assert could == 0 or could >= 10
        assert (line["overlap_firms"] == 0) == (could == 0), "none of some is an answer"
        if survey.indicators[name].base == "innovators" and could:
            assert could - line["overlap_firms"] >= 3
    assert len(told) > 0 or 0 < len(stayed) < 10


def test_a_survey_of_one_wave_tells_nothing_it_withholds(tmp_path: Path) -> None:
    survey = publication.survey(tmp_path / "survey")
    lake = publication.lake(tmp_path / "home", survey, waves=(FIRST,))
    found = attack([published(tmp_path, survey, lake, [FIRST])])
    assert found.cells > 0
    assert found.findings == ()
