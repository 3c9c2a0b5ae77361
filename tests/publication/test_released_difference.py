"""What changed between two releases adds up and finds its cause."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest
from publication import Published

from monitor.problems import DefinitionError
from monitor.publication import difference
from monitor.publication.report.numbers import Numbers
from monitor.stages import disclosed, released
from monitor.storage.lake import Lake

pytestmark = pytest.mark.slow

WAVES = list(publication.WAVES)
CAUSES = ("new_answers", "corrections", "weights", "definition", "code", "held", "rest")


def correct(lake: Lake, wave: str, firms: Sequence[str]) -> None:
    """These firms' participation turns out to be the opposite, and forty firms' weights change."""
    corrected = lake.read("derived_measures", wave)
    chosen = corrected["firm"].isin(firms)
    corrected.loc[chosen, "cooperates"] = ~corrected.loc[chosen, "cooperates"].astype(bool)
    lake.write("derived_measures", wave, corrected)
    row = {"concept": "initiatives", "from": "", "to": "north", "reason": "typing error", "who": "x",
           "when": "2026-01-01", "applied": True}  # fmt: skip
    lake.write("staged_corrections", wave, pd.DataFrame([{"firm": firm, **row} for firm in firms]))
    weights = lake.read("weighted_weights", wave)
    weights.loc[weights["firm"].isin(weights["firm"][20:60]), "weight"] *= 1.5
    lake.write("weighted_weights", wave, weights)
    measures = corrected[corrected["imputation"] == 1].merge(weights, on="firm")
    share = float((measures["cooperates"].astype(float) * measures["weight"]).sum() / measures["weight"].sum())
    table = lake.read("estimated_indicators", wave)
    table.loc[(table["indicator"] == "participation") & (table["domain_variable"] == "all"), "estimate"] = share
    lake.write("estimated_indicators", wave, table)


@pytest.mark.parametrize(("count", "waits"), [(12, False), (1, True)], ids=["enough firms", "one firm"])
def test_the_difference_of_two_releases_adds_up_and_finds_its_cause(
    fresh_release: Published, count: int, waits: bool
) -> None:
    lake, survey, first = fresh_release
    old = publication.firms("2017")
    targets = old["firm"][10 : 10 + count].tolist()
    correct(lake, "2017", targets)
    disclosed.run_all(lake, survey, WAVES)
    second = released.run_all(lake, survey, WAVES)
    found = released.diff(lake.home, first.name, "latest")
    assert found.after == second["release_id"]
    lines = {(x["wave"], x["indicator"]): x for x in found.lines}
    x = lines["2017", "participation"]
    # The parts add up to the difference of two figures of six decimals.
    assert sum(float(x[c]) for c in CAUSES) == pytest.approx(x["change"], abs=1e-6)
    turned = old["firm"].isin(targets)
    took_part = publication.derived(old)["cooperates"]
    moved = float((old["weight"] * np.where(took_part, -1, 1))[turned].sum() / old["weight"].sum())
    assert x["corrections"] == pytest.approx(moved)
    assert x["weights"] != 0
    assert x["rest"] == 0
    assert (x["new_answers"], x["definition"], x["code"], x["firms_corrected"]) == (0.0, 0.0, 0.0, count)
    assert (x["change"] == 0) is waits
    assert (x["held"] != 0) is waits
    assert lines["2018", "participation"]["change"] == 0
    assert "participation" in found.render()
    page = (Path(str(second["path"])) / "public" / "report" / "en" / "revisions.html").read_text(encoding="utf-8")
    row = page[page.index("Participation</th>") :].split("</tr>")[0]
    assert ("together" in row) is waits, "what one firm changed is not told apart in public"
    assert Numbers("en").points(moved, 2) not in row or not waits
    assert first.name in page


def test_a_release_that_is_not_there_is_named(published: Published) -> None:
    with pytest.raises(DefinitionError, match="release r0099-000000000000 is not there"):
        released.diff(published[0].home, "r0099-000000000000", "latest")


def test_a_figure_that_now_rests_on_another_measure_and_base_is_a_change_of_definition(published: Published) -> None:
    old = difference.read(published[2])
    tables, firms = {n: t.copy() for n, t in old.tables.items()}, {n: t.copy() for n, t in old.firms.items()}
    measures, indicators = tables["definitions"], tables["indicators"]
    measures.loc[measures["name"] == "participation", ["formula", "base"]] = ["share of takes_part", "everyone"]
    completed = firms["completed"] = firms["completed"].rename(columns={"cooperates": "takes_part"})
    completed["base_everyone"] = True
    first = completed["firm"].isin(firms["firms"]["firm"][:30])
    completed["takes_part"] = completed["takes_part"].astype("boolean").mask(first, True)
    weighted = completed[completed["wave"] == "2017"].merge(firms["firms"][["wave", "firm", "weight"]])
    share = (weighted["takes_part"].astype(float) * weighted["weight"]).sum() / weighted["weight"].sum()
    line = indicators["wave"].eq("2017") & indicators["indicator"].eq("participation")
    before = float(indicators.loc[line & indicators["domain_variable"].eq("all"), "estimate"].iloc[0])
    indicators.loc[line & indicators["domain_variable"].eq("all"), "estimate"] = share
    new = difference.Side("r0002", tables, firms, {**old.manifest, "definition_hash": "another"})
    found = {(x["wave"], x["indicator"]): x for x in difference.compare(old, new).lines}["2017", "participation"]
    assert found["definition"] == pytest.approx(share - before, abs=1e-6)
    assert found["definition"] > 0.01
    assert found["rest"] == 0
