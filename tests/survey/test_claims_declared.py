"""Whether a claim was there before the answers: printed only where a release or a commit proves it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import declared
import pandas as pd
import publication
import pytest

from monitor.contract.shape import shaped
from monitor.publication import report
from monitor.publication.report import claims
from monitor.stages.disclosed.declared import with_proof
from monitor.stages.disclosed.history import Earlier
from monitor.storage.lake import Lake
from monitor.survey import Survey

WAVES = ["2017", "2018"]
ARRIVED = {"2017": "2017-03-01T10:00:00+00:00", "2018": "2018-03-01T10:00:00+00:00"}
HASH = "0123"


def earlier(folder: Path, made: str, waves: list[str], claims_hash: str = HASH) -> Earlier:
    """An earlier release that says this of itself."""
    folder.mkdir()
    told = {"created_at": made, "waves": waves, "claims_hash": claims_hash}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return Earlier(folder)


def told(folder: Path, before: list[Earlier], committed: dict[str, str] | None = None) -> tuple[pd.DataFrame, Survey]:
    """The claims of both waves and pooled, with what proves them."""
    claim = declared.claim(
        claim="complement",
        estimand={"kind": "contrast", "model": "primary", "contrast": "complementarity"},
        rule={"kind": "above", "alpha": 0.025},
        committed=committed,
    )
    survey = dataclasses.replace(publication.survey(folder / "survey"), claims=(claim,), claims_hash=HASH)
    lake = Lake(folder / "home", publication.NAME)
    for wave, moment in ARRIVED.items():
        rows = [publication.delivery(wave).assign(arrived_at=moment)]
        # A second delivery came later; the first decides.
        rows.append(publication.delivery(wave).assign(arrived_at="2030-01-01T00:00:00+00:00"))
        lake.write("raw_deliveries", wave, pd.concat(rows))
    table = pd.DataFrame({"wave": [*WAVES, "pooled"], "claim": "complement"})
    return with_proof(table, lake, survey, WAVES, before).set_index("wave"), survey


@pytest.mark.parametrize(
    ("made", "waves", "claims_hash", "proof"),
    [
        ("2018-02-01T00:00:00Z", ["2017"], HASH, "release"),
        ("2018-04-01T00:00:00Z", ["2017"], HASH, None),
        ("2018-02-01T00:00:00Z", ["2017"], "4567", None),
        ("2018-02-01T00:00:00Z", ["2017", "2018"], HASH, None),
    ],
    ids=["before the answers", "after them", "other claims", "a release that has the wave"],
)
def test_an_earlier_release_with_the_same_claims_proves_it(
    tmp_path: Path, made: str, waves: list[str], claims_hash: str, proof: str | None
) -> None:
    found, _ = told(tmp_path, [earlier(tmp_path / "r0001", made, waves, claims_hash)])
    assert found.loc["2018", "declared_before"] == proof
    assert found.loc["2017", "declared_before"] is None
    assert found.loc["pooled", "declared_before"] is None, "not before the first wave's answers"


@pytest.mark.parametrize(
    ("date", "proofs"),
    [
        ("2017-02-01", ("commit", "commit", "commit")),
        ("2017-06-01", (None, "commit", None)),
        ("2018-03-02", (None, None, None)),
    ],
)
def test_a_commits_date_is_held_against_the_deliverys_arrival(
    tmp_path: Path, date: str, proofs: tuple[str | None, ...]
) -> None:
    found, _ = told(tmp_path, [], {"commit": "9fceb02d0ae5", "date": date})
    assert tuple(found["declared_before"]) == proofs
    assert set(found["committed"]) == {"9fceb02d0ae5"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("proof", "words"),
    [
        ("release", "stand so in a release of before the answers of this wave arrived"),
        ("commit", "written in commit 9fceb02d0ae5, of before the answers of this wave arrived"),
        (None, "The survey dates the claims and their decision rules 1 February 2017; nothing in this release proves"),
    ],
)
def test_the_page_says_no_more_than_is_proven(published: publication.Published, proof: str | None, words: str) -> None:
    from monitor.stages import released

    lake, survey, _ = published
    tables = released.public_tables(lake, survey, list(publication.WAVES))
    stated = {"declared": "2017-02-01", "committed": "9fceb02d0ae5", "declared_before": proof}
    tables["claims"] = shaped("claims", tables["claims"].assign(**stated))
    note = claims.note(report.spoken(tables, survey)["en"], "2018")
    assert words in note
    assert note.count("proves") == (proof is None)
