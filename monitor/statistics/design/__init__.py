"""The survey design: how firms came into the sample, and what that does to the variance of any estimate.

Belongs here: strata, finite population, take-all strata, response as a second phase, calibration residuals,
replicates; totals, means, ratios, quantiles, domains, and the variance of whatever has an influence function.
Does not belong here: where weights come from (`weighted`), which indicators are published (`estimated`).
"""

from monitor.statistics.design.estimate import Estimate
from monitor.statistics.design.intervals import clopper_pearson, korn_graubard, logit_t, student_t
from monitor.statistics.design.panel import change, panel_covariance
from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.replicates import (
    bootstrap_perturbation,
    jackknife_weights,
    replicate_covariance,
)
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.design.tables import margin_matrix
from monitor.statistics.weighting.calibration import Calibrated, CalibrationError, calibrate, raking_groups

__all__ = [
    "Calibrated",
    "CalibrationError",
    "Estimate",
    "ResponsePhase",
    "SurveyDesign",
    "bootstrap_perturbation",
    "calibrate",
    "change",
    "clopper_pearson",
    "jackknife_weights",
    "korn_graubard",
    "logit_t",
    "margin_matrix",
    "panel_covariance",
    "raking_groups",
    "replicate_covariance",
    "student_t",
]
