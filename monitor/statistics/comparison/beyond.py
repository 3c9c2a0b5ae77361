"""A design whose variance is about more than the firms of its population.

Belongs here: the term that is added, and why. Does not belong here: what is estimated with it (`effect`, `over_time`).

What a programme does is not about the finite list of firms that there are: had every firm been asked, chance would
still have made some innovate. To the design's variance, whose finite population correction knows no such chance, comes
sum w_i z_i^2, z_i the influence: the variance of the population's own total. Source: Graubard and Korn (2002),
Statistical Science 17.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.models.sample import Design

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Beyond:
    """A design as `statistics.models.sample.Design`, with that term in its covariance."""

    design: Design

    @property
    def weights(self) -> Array:
        """The design's"""
        return self.design.weights

    @property
    def replicates(self) -> Array | None:
        """The design's"""
        return self.design.replicates

    def degrees_of_freedom(self, domain: ArrayLike | None = None) -> int:
        """The design's"""
        return self.design.degrees_of_freedom(domain)

    def covariance(self, influence: ArrayLike) -> Array:
        """The design's, and sum w_i z_i z_i'"""
        return np.asarray(self.covariances(np.asarray(influence, dtype=np.float64)[None])[0])

    def covariances(self, influences: Array) -> Array:
        """The same of each of m sets of estimates"""
        return self.design.covariances(influences) + (influences * self.weights[:, None]).swapaxes(1, 2) @ influences

    def replicate_covariance(self, theta: ArrayLike, centre: ArrayLike | None = None) -> Array:
        """The design's"""
        return self.design.replicate_covariance(theta, centre)
