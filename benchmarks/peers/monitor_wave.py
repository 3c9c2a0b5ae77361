"""The wave by the functions a run calls: weights and replicates, indicators in domains, the model with its contrasts.

More than the task asks: every variance is linearised too, contrasts come with the model, statsmodels fits it again.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api  # noqa: F401 - imports are not timed
from clock import Clock

from monitor.stages.estimated.lines import WaveData, estimate_wave
from monitor.stages.weighted import replicate_rows
from monitor.stages.weighted.cascade import make_weights
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey import Base, Calibration, DesignPlan, Disclosure, Indicator, Margin, Measure, load_survey
from monitor.surveys import BUNDLED

folder = Path(sys.argv[1])
table = pd.read_csv(folder / "wave.csv")
margins = json.loads((folder / "margins.json").read_text())
WAVE, REPLICATES = "2017", 500
OUTCOMES = [f"y{i + 1}" for i in range(20)]
LABEL = {"nl": "", "en": ""}

survey = dataclasses.replace(
    load_survey(BUNDLED),
    design=DesignPlan(
        weights="frame",
        strata=("stratum",),
        calibration=Calibration("raking", tuple((name,) for name in margins)),
        replicates=REPLICATES,
    ),
    margins={
        WAVE: tuple(
            Margin((name,), (code,), total, "enterprises", "made up", WAVE, 0)
            for name, totals in margins.items()
            for code, total in totals.items()
        )
    },
    domains=("sector",),
    bases={"all": Base("all", "true", LABEL)},
    measures={name: Measure(name, name, "boolean", LABEL, LABEL) for name in OUTCOMES},
    indicators={name: Indicator(name, name, "share", "all", LABEL) for name in OUTCOMES},
)
# The frame holds the firms that were not drawn as well: so many in each stratum.
others = table.drop_duplicates("stratum").assign(
    others=lambda t: t.population - t.stratum.map(table.stratum.value_counts())
)
silent = others.loc[others.index.repeat(others.others), ["stratum", "size", "sector", "province"]]
silent = silent.assign(firm=[f"g{i:05d}" for i in range(len(silent))], invited=False)
drawn = table[["firm", "stratum", "size", "sector", "province"]].assign(invited=True)
frame = pd.concat([drawn, silent], ignore_index=True)
model = Specification(
    "model", "main", "top", "all", "logit", practices=("cooperates", "invests"), controls=("size", "sector", "y1")
)

with Clock() as clock:
    made = make_weights(table[["firm"]], frame, survey, survey.waves[WAVE])
    design = SurveyDesign.from_tables(made.weights, replicate_rows(made), survey.design, made.nonresponding)
    answers = table.set_index("firm").loc[made.weights.firm].reset_index().assign(base_all=True)
    answers = answers.astype(dict.fromkeys([*OUTCOMES, "top", "cooperates", "invests"], bool))
    lines = estimate_wave(WaveData(WAVE, design, {0: answers}), survey).table()
    columns = columns_of(answers)
    firms = made.weights.firm.to_numpy(object)
    result = analyse(Sample(WAVE, firms, (columns,), columns, design), model, Disclosure(), replicated_copies=1)
share = lines.set_index(["indicator", "domain"]).loc[("y1", "agriculture")]
assert result.terms is not None, result.refusal
both = result.terms.names.index("cooperates:invests")
clock.report(
    share=share.estimate,
    share_se=share.se,
    logit=result.terms.estimate[both],
    logit_se=float(np.asarray(result.terms.se_replicate)[both]),
)
