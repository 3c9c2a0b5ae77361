"""Surveys drawn at random, with small cells: disclosure control decides, the attack reads what it lets through.

Each has its own number of firms, sectors of very different sizes, rare properties, a property that implies another, a
question of three codes, a share of some firms only, and an amount of which one firm may be most.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest
from test_attack import both, release

from monitor.attack import attack
from monitor.contract.columns import CONFIDENTIALITY, RELIABILITY
from monitor.contract.shape import rounded
from monitor.stages import disclosed
from monitor.stages.disclosed import cells
from monitor.stages.disclosed.contributions import WaveFirms, texts
from monitor.survey import Survey

pytestmark = pytest.mark.slow

SURVEYS = int(os.environ.get("DRAWN_SURVEYS", "8"))
"""How many are drawn; fifty are held in docs/decisions/disclosure.md"""
WAVE = publication.WAVES[0]
LABEL = {"nl": "x", "en": "x"}
SHARES = {
    "rare": "all_firms", "common": "all_firms", "profit": "all_firms", "balanced": "all_firms", "social": "all_firms",
    "rare_of_common": "common",
}  # fmt: skip


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """What all of them ask."""
    indicators = {
        name: {"measure": name.removesuffix("_of_common"), "estimator": "share", "base": base, "headline": True}
        for name, base in SHARES.items()
    } | {"turnover": {"measure": "turnover", "estimator": "total", "base": "all_firms", "headline": True}}
    same = {name: {"sql": "in_house_rd", "type": "boolean"} for name in ("cooperates", "invests", "top_innovator")}
    drawn = {name: {"sql": "in_house_rd", "type": "boolean"} for name in SHARES if "_of_" not in name}
    change = {
        "measures": {
            name: {**what, "label": LABEL}
            for name, what in (same | drawn | {"turnover": {"sql": "turnover_eur", "type": "number"}}).items()
        },
        "bases": {
            name: {"sql": sql, "label": LABEL} for name, sql in (("all_firms", "true"), ("common", "in_house_rd"))
        },
        "indicators": {name: {**what, "label": LABEL} for name, what in indicators.items()},
    }
    made = publication.survey(tmp_path_factory.mktemp("drawn"), change)
    asked = {name: indicator for name, indicator in made.indicators.items() if name in change["indicators"]}
    return replace(made, indicators=asked, models={})


def drawn(seed: int) -> WaveFirms:
    """The firms of a survey."""
    rng = np.random.default_rng([7, seed])
    n = int(rng.integers(60, 260))
    common = rng.random(n) < rng.uniform(0.2, 0.8)
    code = rng.choice(3, n, p=rng.dirichlet([4, 3, 0.7]))
    firms = pd.Series([f"f{i:03d}" for i in range(n)])
    turnover = np.round(rng.lognormal(13, rng.uniform(0.5, 2.5), n))
    observed = pd.DataFrame(
        {
            "firm": firms, "common": common, "rare": common & (rng.random(n) < rng.uniform(0.02, 0.3)),
            "profit": code == 0, "balanced": code == 1, "social": code == 2, "turnover": turnover,
            "base_all_firms": True, "base_common": common,
        }
    )  # fmt: skip
    domains = {
        variable: pd.DataFrame(
            {"firm": firms, "domain": rng.choice(list(codes), n, p=rng.dirichlet([skew] * len(codes)))}
        )
        for variable, codes, skew in (("sector", "abcdef"[: int(rng.integers(3, 7))], 0.8), ("size_band", "xyz", 1.5))
    }
    weights = pd.DataFrame({"firm": firms, "weight": np.round(rng.uniform(1, 20, n), 6)})
    return WaveFirms(observed, observed, weights, domains, texts(observed))


def lines(firms: WaveFirms, survey: Survey) -> pd.DataFrame:
    """Every line as it is estimated."""
    places = {("all", "all"): np.ones(len(firms.observed), bool)}
    for variable, codes in firms.domains.items():
        places |= {(variable, c): (codes["domain"] == c).to_numpy() for c in sorted(set(codes["domain"]))}
    weight = firms.weights["weight"].to_numpy()
    rows = []
    for name, indicator in survey.indicators.items():
        values = firms.observed[indicator.measure].to_numpy(dtype=float)
        base = firms.observed[f"base_{indicator.base}"].to_numpy(dtype=bool)
        for (variable, domain), place in places.items():
            inside = base & place
            n, events = int(inside.sum()), float(values[inside].sum())
            share = indicator.estimator == "share"
            rows.append(
                {
                    "survey": publication.NAME, "wave": WAVE, "indicator": name, "measure": indicator.measure,
                    "domain_variable": variable, "domain": domain, "n": n, "events": events if share else None,
                    "estimate": weight[inside] @ values[inside] / (weight[inside].sum() if share and n else 1.0),
                    "unweighted": events / n if share and n else events, "reliability": "good",
                }
            )  # fmt: skip
    return rounded("indicators", pd.DataFrame(rows))


def written(folder: Path, firms: WaveFirms, survey: Survey) -> Path:
    """The public files of a survey's first release, as far as the attack reads them."""
    every = lines(firms, survey)
    chosen = cells.indicator_rows(every, survey, {WAVE: firms})
    why = dict.fromkeys(chosen.rows, CONFIDENTIALITY) | dict.fromkeys(chosen.unreliable, RELIABILITY)
    public = disclosed.withhold_lines(every, why)
    measures = pd.DataFrame(
        [
            {"kind": "indicator", "name": name, "formula": f"{x.estimator} of {x.measure}", "base": x.base}
            for name, x in survey.indicators.items()
        ]
    )
    key = {"wave": WAVE, "model": "m", "variant": "main"}
    model = {**key, "outcome": "top_innovator", "base": "all_firms", "n": None, "events": None, "suppressed": True}
    frames = {
        "indicators": public.drop(columns="events").assign(held=False), "definitions": measures,
        "models": pd.DataFrame([model]),
        "terms": pd.DataFrame([{**key, "term": "intercept", "suppressed": True}]), "changes": both({}),
    }  # fmt: skip
    return release(folder, frames)


@pytest.mark.parametrize("seed", range(SURVEYS))
def test_nothing_withheld_of_a_drawn_survey_can_be_worked_out(definition: Survey, tmp_path: Path, seed: int) -> None:
    found = attack([written(tmp_path, drawn(seed), definition)])
    assert found.cells > 0
    assert found.findings == ()
    assert found.of_many == ()
    assert found.narrowest is not None
    assert found.narrowest >= 3 * (1 - 1e-6)
