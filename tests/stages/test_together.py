"""p-values adjusted for each other: over what is published, and telling nothing of what is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest

from monitor.contract.families import HEADLINES, LISTS
from monitor.stages.disclosed.stage import disclose
from monitor.storage.lake import Lake
from monitor.survey import Survey

KEY = ["indicator", "domain_variable", "domain", "wave_from", "wave_to"]
Made = tuple[Lake, Survey, pd.DataFrame]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, made_up: Path) -> Made:
    """The made-up survey with changes of all sizes, one in seven small, and what was tested of them."""
    lake, survey = publication.copied(made_up, tmp_path_factory.mktemp("together"))
    changes = lake.read("estimated_changes", "all")
    p = np.random.default_rng(1995).uniform(0, 1, len(changes))
    changes["p_value"] = np.where(np.arange(len(changes)) % 7 == 0, p / 1000, p)
    lake.write("estimated_changes", "all", changes)
    return lake, survey, changes


def adjusted_of(lake: Lake, survey: Survey, changes: pd.DataFrame) -> pd.DataFrame:
    lake.write("estimated_changes", "all", changes)
    return disclose(lake, survey, list(publication.WAVES))["changes"]


def test_headlines_for_all_firms_are_one_family_and_the_rest_another(made: Made) -> None:
    lake, survey, changes = made
    public = adjusted_of(lake, survey, changes)
    opening = [name for name, i in survey.indicators.items() if i.headline]
    told = public["indicator"].isin(opening) & (public["domain_variable"] == "all")
    assert set(public.loc[told, "family"]) == {HEADLINES}
    assert set(public.loc[~told, "family"]) == {LISTS}
    for _, lines in public[public["p_value"].notna()].groupby("family"):
        k, ranks = len(lines), lines["p_value"].rank(method="max")
        assert lines["p_adjusted"].max() == pytest.approx(lines["p_value"].max(), rel=1e-5)
        assert (lines["p_adjusted"] <= np.minimum(1, lines["p_value"] * k / ranks) * (1 + 1e-5)).all()
        assert (lines["p_adjusted"] >= lines["p_value"] * (1 - 1e-5)).all()


def test_a_withheld_p_value_changes_nothing_that_is_published(made: Made) -> None:
    """Were it counted, the others' adjusted p-values would tell whether it is small."""
    lake, survey, changes = made
    public = adjusted_of(lake, survey, changes)
    gone = public[public["suppressed"].astype(bool)]
    assert len(gone) > 2
    assert gone["p_adjusted"].isna().all()
    places = set(gone[KEY].astype(str).itertuples(index=False, name=None))
    hidden = [place in places for place in changes[KEY].astype(str).itertuples(index=False, name=None)]
    assert sum(hidden) > 2
    for p in (1e-9, 0.999):
        other = adjusted_of(lake, survey, changes.assign(p_value=changes["p_value"].mask(np.array(hidden), p)))
        pd.testing.assert_frame_equal(other, public)


def test_a_published_p_value_does_change_them(made: Made) -> None:
    """The test above can fail: the same done to published lines shows."""
    lake, survey, changes = made
    public = adjusted_of(lake, survey, changes)
    shown = public[(public["family"] == LISTS) & public["p_value"].notna()]
    places = set(shown[KEY].head(3).astype(str).itertuples(index=False, name=None))
    some = [place in places for place in changes[KEY].astype(str).itertuples(index=False, name=None)]
    other = adjusted_of(lake, survey, changes.assign(p_value=changes["p_value"].mask(np.array(some), 1e-9)))
    rest = ~np.isin(np.arange(len(public)), shown.head(3).index)
    assert not other.loc[rest, "p_adjusted"].equals(public.loc[rest, "p_adjusted"])


def test_differences_of_one_fit_are_a_family_and_probabilities_are_not_tested(made: Made) -> None:
    lake, survey, _ = made
    contrasts = disclose(lake, survey, list(publication.WAVES))["contrasts"]
    of_shares = contrasts["p_value"].isna()
    assert contrasts.loc[of_shares, "p_adjusted"].isna().all()
    assert contrasts.loc[~of_shares & ~contrasts["suppressed"].astype(bool), "p_adjusted"].notna().all()


def test_the_public_part_has_them(published: publication.Published) -> None:
    folder: Path = published[2] / "public" / "tables"
    assert {"family", "p_adjusted", "df", "interval_kind"} <= set(
        pd.read_csv(next(folder.glob("changes.csv*"))).columns
    )
