"""One quantity, one result: a specification that repeats one already fitted takes its result.

Belongs here: telling whether two specifications ask the same of the same firms. Does not belong here: fitting.

A threshold curve crosses the outcome's own threshold, and the specification curve the report's own choice. Fitted again
with fewer copies' replicates they would have another standard error, and the same number would be printed twice with
two intervals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification

Identity = tuple[object, ...]


class Known:
    """The results of a sample by what they ask; the first that asks something is kept."""

    def __init__(self, sample: Sample, results: Iterable[Result] = ()) -> None:
        self.sample = sample
        self.filled = sample.copies[0] is not sample.observed
        self.found: dict[Identity, Result] = {}
        self.outcomes: dict[tuple[str, float | None, str], bytes] = {}
        self.add(results)

    def add(self, results: Iterable[Result]) -> None:
        """Keep these results for whoever asks the same."""
        for result in results:
            self.found.setdefault(self.identity(result.specification), result)

    def result(self, s: Specification) -> Result | None:
        """What is known of a specification, under its own name."""
        found = self.found.get(self.identity(s))
        return None if found is None else replace(found, specification=s)

    def required(self, s: Specification) -> Result:
        """The same, of a specification that must be known."""
        return replace(self.found[self.identity(s)], specification=s)

    def same(self, one: Specification, other: Specification) -> bool:
        """Whether two specifications ask the same of the same firms."""
        return self.identity(one) == self.identity(other)

    def identity(self, s: Specification) -> Identity:
        """All that decides a fit, the outcome by its values: `share > 40` is the measure that says so."""
        return (
            self._outcome(s), s.base, s.estimator, s.practices, s.dose, s.levels, s.order, s.controls,
            tuple(sorted(s.reference.items())), s.weighted, s.complete_cases and self.filled, s.without,
            s.events_per_term, s.level_firms,
        )  # fmt: skip

    def _outcome(self, s: Specification) -> bytes:
        key = (s.outcome, s.cut, s.sign)
        if key not in self.outcomes:
            digest = hashlib.sha256()
            for copy in (*self.sample.copies, self.sample.observed):
                if s.outcome not in copy:
                    digest.update(s.outcome.encode())
                    continue
                y = np.asarray(copy.numbers[s.outcome], dtype=np.float64)
                if s.cut is not None:
                    passed = y > s.cut if s.sign == ">" else y >= s.cut
                    y = np.where(np.isnan(y), np.nan, passed)
                elif s.outcome in self.sample.percentages:
                    y = y / 100.0
                digest.update(np.nan_to_num(y, nan=-1.0).tobytes())
            self.outcomes[key] = digest.digest()
        return self.outcomes[key]
