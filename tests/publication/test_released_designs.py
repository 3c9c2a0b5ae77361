"""Every way a survey can be weighted, released twice in a row, with the macros of its secure database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest

from monitor.stages import disclosed, estimated, released, weighted
from monitor.storage.lake import Lake, connect
from monitor.survey import Survey

pytestmark = pytest.mark.slow

WAVES = list(publication.WAVES)
FRAME = 1_200
LABELS = {"nl": "Gewicht", "en": "Weight"}


@dataclass(frozen=True)
class Design:
    """A way to weight the made-up survey: its `design`, the concept of a supplied weight, whether there is a frame."""

    plan: Mapping[str, object]
    supplied: str | None = None
    frame: bool = False
    concepts: Mapping[str, object] = field(default_factory=dict)


RAKED = {"method": "raking", "margins": [["sector"]]}
DESIGNS = {
    "equal": Design({"weights": "equal", "strata": ["size_band"]}),
    "supplied as weight": Design({"weights": "supplied", "weight": "weight"}, "weight"),
    "supplied under another name": Design(
        {"weights": "supplied", "weight": "factor"},
        "factor",
        concepts={"factor": {"type": "number", "label": LABELS}},
    ),
    "supplied and calibrated": Design(
        {"weights": "supplied", "weight": "weight", "strata": ["size_band"], "calibration": RAKED}, "weight"
    ),
    "frame": Design({"weights": "frame", "strata": ["size_band"]}, frame=True),
    "frame, response and margins": Design(
        {
            "weights": "frame", "strata": ["size_band"], "response": "classes", "response_classes": ["sector"],
            "calibration": RAKED,
        },
        frame=True,
    ),
    "a weight that is only an answer": Design({"weights": "equal"}, "weight"),
}  # fmt: skip


def declared(folder: Path, design: Design) -> Survey:
    """The made-up survey with this design."""
    plan = {"replicates": publication.REPLICATES, "lonely_stratum": "centre", **design.plan}
    change = {
        "languages": ["en"],
        "design": plan,
        "concepts": {**publication.DEFINITION["concepts"], **design.concepts},
    }  # type: ignore[dict-item]
    questions = dict(publication.WAVE["questions"])  # type: ignore[call-overload]
    if design.supplied:
        questions[design.supplied] = {"column": "w"}
    wave: dict[str, object] = {"questions": questions}
    if design.frame:
        columns = {name: name for name in ("firm", "size_band", "sector", "invited")}
        wave["frame"] = {"file": "frame.csv", "columns": columns}
    (folder / "margins").mkdir(parents=True)
    for name in WAVES:
        rows = [f"sector,{code},{FRAME // 4},enterprises,made up,2017-01-01" for code in publication.SECTORS]
        head = "variables,categories,total,counts,source,date"
        (folder / "margins" / f"{name}.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return publication.survey(folder, change, wave)


def put(lake: Lake, survey: Survey, design: Design, seed: int) -> None:
    """The tables up to the measures of other answers (a seed), weighted and estimated by the stages themselves."""
    publication.lake(lake.home, survey, seed)
    for wave in WAVES:
        firms = publication.firms(wave, seed)
        if design.supplied:
            given = firms[["firm", "weight"]].rename(columns={"weight": design.supplied})
            lake.write("imputed_answers", wave, lake.read("imputed_answers", wave).merge(given, on="firm"))
        if design.frame:
            lake.write("staged_frame", wave, frame_of(firms))
        weighted.run(lake, survey, survey.waves[wave])
        estimated.run(lake, survey, survey.waves[wave])
    estimated.run_all(lake, survey, WAVES)
    disclosed.run_all(lake, survey, WAVES)


def frame_of(firms: pd.DataFrame) -> pd.DataFrame:
    """The firms that answered among firms that did not, half of them invited."""
    others = FRAME - len(firms)
    silent = pd.DataFrame(
        {
            "firm": [f"g{i:04d}" for i in range(others)],
            "size_band": np.resize(publication.SIZES, others),
            "sector": np.resize(np.repeat(publication.SECTORS, 5), others),
            "invited": np.arange(others) % 2 == 0,
        }
    )
    frame = pd.concat([firms[["firm", "size_band", "sector"]].assign(invited=True), silent], ignore_index=True)
    return frame.assign(disposition=pd.Series(pd.NA, frame.index, dtype="string"))


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_every_design_is_released_twice_with_its_macros(tmp_path: Path, design: Design) -> None:
    survey = declared(tmp_path / "survey", design)
    lake = Lake(tmp_path / "home", survey.name)
    names = []
    for seed, pages in ((3, nullcontext()), (4, publication.without_pages())):
        put(lake, survey, design, seed)
        with pages:
            result = released.run_all(lake, survey, WAVES)
        assert result["new"]
        names.append(str(result["release_id"]))
        macros_are_the_lake_s(Path(str(result["path"])), lake, design)
    told = released.diff(lake.home, *names)
    assert {(x["wave"], x["indicator"]) for x in told.lines} >= {(wave, "participation") for wave in WAVES}
    assert os.readlink(lake.home / "releases" / survey.name / "latest") == names[1]


def macros_are_the_lake_s(release: Path, lake: Lake, design: Design) -> None:
    """The macros give the indicators that `estimated` wrote, and the weights stand under names of their own."""
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        firms = connection.execute("FROM firms").df()
        macros = {
            "participation": connection.execute("FROM estimate_share(cooperates)").df(),
            "mean_share_new": connection.execute("FROM estimate_mean(share_new / 100, base := base_innovators)").df(),
            "turnover": connection.execute("FROM estimate_total(turnover)").df(),
        }
        halves = connection.execute("FROM estimate_ratio(turnover, 2 * turnover)").df()
    assert firms.columns.is_unique
    for wave in WAVES:
        final = lake.read("weighted_weights", wave).set_index("firm")["weight"]
        mine = firms[firms["wave"] == wave].set_index("firm")
        pd.testing.assert_series_equal(mine["weight"], final.loc[mine.index], check_dtype=False)
        if design.supplied:
            given = publication.firms(wave, 3).set_index("firm")["weight"]
            again = publication.firms(wave, 4).set_index("firm")["weight"]
            found = mine["supplied_weight" if design.supplied == "weight" else design.supplied]
            assert found.to_dict() in (given.to_dict(), again.to_dict())
        whole = lake.read("estimated_indicators", wave).query("domain_variable == 'all'").set_index("indicator")
        for name, found in macros.items():
            row = found[found["wave"] == wave].iloc[0]
            assert row["estimate"] == pytest.approx(whole.loc[name, "estimate"], rel=1e-9), name
            assert row["se"] > 0
        assert halves.set_index("wave").loc[wave, "estimate"] == pytest.approx(0.5)
