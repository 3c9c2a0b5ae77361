"""Weights: from the frame's strata, through response and calibration, to final and replicate weights.

Belongs here: reading frame, kept responses and margins; running the cascade; writing weights and their diagnostics.
Does not belong here: the variance of an estimate (`design`), which indicators are published (`estimated`).
"""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from monitor.problems import Problem, WaveStopped
from monitor.stages.weighted.cascade import Weights, make_weights, response_weights
from monitor.stages.weighted.query import kept_firms_query
from monitor.storage.lake import Lake, columns_in, statement
from monitor.survey import Survey, Wave

__all__ = ["Weights", "make_weights", "response_weights", "run"]

log = logging.getLogger("monitor")


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Write `weighted_weights`, `weighted_nonresponding`, `weighted_replicates` and `weighted_diagnostics` of a wave.

    Returns rows and the key figures of the final weights. Raises WaveStopped for what is wrong with frame, weights
    or responses, DefinitionError for margins that cannot be met; every problem at once.
    """
    firms, frame = read_sample(lake, survey, wave)
    weights = make_weights(firms, frame, survey, wave)
    lake.write("weighted_weights", wave.name, weights.weights)
    lake.write("weighted_nonresponding", wave.name, weights.nonresponding)
    lake.write("weighted_replicates", wave.name, replicate_rows(weights))
    lake.write("weighted_diagnostics", wave.name, weights.diagnostics)
    final = weights.weights["weight"].to_numpy(float)
    log.info("%s %s: %d firms weighted to %.6g", survey.name, wave.name, len(final), final.sum())
    return {
        "rows": len(final),
        "frame": 0 if frame is None else len(frame),
        "replicates": weights.replicates.shape[1],
        "sum_of_weights": float(final.sum()),
        "kish_deff": float(len(final) * (final**2).sum() / final.sum() ** 2),
        "effective_n": float(final.sum() ** 2 / (final**2).sum()),
    }


def read_sample(lake: Lake, survey: Survey, wave: Wave) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The kept firms with the variables that the weights need, and the frame (None where the wave has none).

    A variable comes from the frame where it has it (the register's sector, not the respondent's) and from the
    observed answers otherwise.
    """
    has_frame = lake.has("staged_frame", wave.name)
    tables = ["validated_responses", "imputed_answers", *(["staged_frame"] if has_frame else [])]
    with lake.open(wave.name, *tables) as connection:
        answered = list(columns_in(connection, "imputed_answers"))
        framed = list(columns_in(connection, "staged_frame")) if has_frame else []
        wanted = [v for v in variables_of(survey) if v not in framed]
        unknown = [v for v in wanted if v not in answered]
        if unknown:
            raise WaveStopped(
                [
                    Problem(
                        f"wave {wave.name} has no {name}, which the design uses",
                        file=wave.file.name,
                        column=name,
                        expected="a column of the frame or a question of the wave",
                        do="map it in the wave's frame or questions, or leave it out of the design",
                    )
                    for name in unknown
                ]
            )
        firms = connection.execute(kept_firms_query(wanted)).df()
        frame = connection.execute(statement("weighted", "frame_firms")).df() if has_frame else None
    return firms, frame


def variables_of(survey: Survey) -> list[str]:
    """Every variable that strata, response classes, margins, the supplied weight or a domain needs, each once."""
    design = survey.design
    names = [*design.strata, *design.response_classes, *(v for margin in design.calibration.margins for v in margin)]
    if design.weights == "supplied" and design.weight is not None:
        names.append(design.weight)
    return list(dict.fromkeys(names))


def replicate_rows(weights: Weights) -> pd.DataFrame:
    """`weighted_replicates`: firm, its replicate weights as a list, and the factor each squared deviation counts."""
    return pd.DataFrame(
        {
            "firm": weights.weights["firm"],
            "weights": list(np.ascontiguousarray(weights.replicates)),
            "scale": weights.replicate_scale,
        }
    )
