"""Two stages of sampling: units within primary units, each stage drawn without replacement from a finite number.

Belongs here: the variance that drawing within primary units adds. Does not belong here: estimators and their influence
(`structure`), response as a phase (`phases`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.problems import MonitorError, Problem
from monitor.statistics.design.estimate import Estimate
from monitor.statistics.design.groups import Codes, group_codes, sums
from monitor.statistics.design.structure import SurveyDesign

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TwoStageDesign:
    """A design of primary units, with the number of units there were in each.

    design   its `psu` the primary units, its `population` their number N_h in the stratum
    within   (n,) M_i, units in the firm's primary unit
    """

    design: SurveyDesign
    within: ArrayLike

    def __post_init__(self) -> None:
        design, size = self.design, np.asarray(self.within, dtype=np.float64)
        if design.psu is None or design.population is None:
            raise ValueError("two stages need primary units and their number: hand the design psu= and population=")
        if design.response is not None:
            raise ValueError("response as a phase is not known within primary units")
        if size.shape != (design.n,):
            raise ValueError(f"within has the shape {size.shape}: one number for each of {design.n} firms")
        unit, drawn = self._units
        first = np.zeros(len(drawn))
        first[unit] = size
        if not np.array_equal(first[unit], size):
            raise ValueError("within differs among firms of one primary unit")
        if np.any(~(first >= drawn)):
            raise MonitorError(
                Problem(
                    f"{np.count_nonzero(~(first >= drawn))} primary units have fewer units than were drawn from them",
                    expected="at least as many units as firms in the sample",
                    do="mend the sizes of the primary units",
                )
            )
        object.__setattr__(self, "within", size)

    @property
    def _units(self) -> tuple[Codes, Array]:
        """Code of each firm's primary unit, and the firms drawn from each."""
        design = self.design
        strata = np.zeros(design.n) if design.strata is None else group_codes(design.strata)[1]
        assert design.psu is not None
        pairs = np.column_stack([strata, group_codes(design.psu)[1]])
        codes = np.unique(pairs, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
        return codes, np.bincount(codes).astype(np.float64)

    def covariance(self, influence: ArrayLike) -> Array:
        """Covariance (k, k) of estimates with influence z (n, k), scaled as in `SurveyDesign`.

            V = V_1 + sum_h f_h sum_i (1 - m_i / M_i) m_i / (m_i - 1) sum_k (w_k e_k - mean_i)(w_k e_k - mean_i)'

        V_1 the design's own between primary units, f_h = n_h / N_h, m_i of the M_i units of primary unit i drawn, e the
        calibration residual. A primary unit of which one of several units was drawn shows no spread: it is refused
        where the design's policy for lonely strata is `fail`, else it adds nothing. Equal to R's
        `svydesign(id = ~a + b, fpc = ~N + M)`. Source: Cochran (1977), section 11.4; Sarndal, Swensson and Wretman
        (1992), section 4.3.
        """
        design, (unit, drawn) = self.design, self._units
        assert design.population is not None
        size = np.asarray(self.within, dtype=np.float64)
        weighted = design.weights[:, None] * design.residuals(influence)
        centred = weighted - (sums(weighted, unit, len(drawn)) / drawn[:, None])[unit]
        m = drawn[unit]
        self._refuse_lonely(int(np.count_nonzero((m == 1) & (size > 1))))
        scale = self._first_stage_share() * (1 - m / size) * m / np.maximum(m - 1, 1)
        rows = centred * np.sqrt(scale)[:, None]
        return np.asarray(design.covariance(influence) + rows.T @ rows)

    def of(self, found: Estimate[SurveyDesign]) -> Estimate[TwoStageDesign]:
        """An estimate of the design of primary units, with the variance of both stages."""
        if found.design is not self.design:
            raise ValueError("the estimate is of another design")
        return replace(cast("Estimate[TwoStageDesign]", found), design=self)

    def kish_effective_n(self, domain: NDArray[np.bool_] | None = None) -> float:
        """As the design of primary units has it."""
        return self.design.kish_effective_n(domain)

    def _refuse_lonely(self, units: int) -> None:
        if units and self.design.lonely == "fail":
            raise MonitorError(
                Problem(
                    f"of {units} primary units one of several units was drawn: no spread within them can be seen",
                    expected="at least two units, or all of them",
                    do="hand the design lonely='certainty'",
                )
            )

    def _first_stage_share(self) -> Array:
        """(n,) f_h: primary units drawn of those in the firm's stratum."""
        design = self.design
        strata = np.zeros(design.n, dtype=np.int64) if design.strata is None else group_codes(design.strata)[1]
        unit, drawn = self._units
        stratum = np.zeros(len(drawn), dtype=np.int64)
        stratum[unit] = strata
        assert design.population is not None
        return np.asarray(np.bincount(stratum)[strata] / design.population)
