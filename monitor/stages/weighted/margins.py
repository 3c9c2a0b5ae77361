"""Calibration margins against the firms that must carry them.

Belongs here: matching a wave's totals with categories, and saying which total cannot be met and why.
Does not belong here: the arithmetic of calibration (`design.calibration`).
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.problems import DefinitionError, Problem
from monitor.statistics.weighting.calibration import CalibrationError, calibrate
from monitor.statistics.weighting.collapse import label, labels
from monitor.survey import Margin, Survey, Wave

Floats = NDArray[np.float64]


class Margins:
    """The totals of a wave by margin, matched with the categories of n firms."""

    def __init__(self, firms: pd.DataFrame, survey: Survey, wave: Wave) -> None:
        self.file = f"margins/{wave.name}.csv"
        self.bounds = survey.design.calibration.bounds
        self.method = survey.design.calibration.method
        self.names: list[str] = []
        self.codes: list[NDArray[np.int64]] = []
        self.totals: list[Floats] = []
        self.rows: list[Margin] = []
        declared: dict[tuple[str, ...], list[Margin]] = defaultdict(list)
        for row in survey.margins.get(wave.name, ()):
            declared[row.variables].append(row)
        problems: list[Problem] = []
        for variables in survey.design.calibration.margins:
            rows = declared.get(tuple(variables), [])
            if not rows:
                problems.append(
                    Problem(
                        f"no totals for the margin {'*'.join(variables)}",
                        file=self.file,
                        expected=f"one line per category of {' and '.join(variables)}",
                        do="add them, or take the margin out of design.calibration",
                    )
                )
                continue
            problems += self._add(firms, tuple(variables), rows, survey)
        problems += self._disagreements()
        if problems:
            raise DefinitionError(problems)

    def _add(
        self, firms: pd.DataFrame, variables: tuple[str, ...], rows: Sequence[Margin], survey: Survey
    ) -> list[Problem]:
        """Take one margin in, where it can be met; else what is wrong with it."""
        name = "*".join(variables)
        have = labels(firms, variables)
        present = set(have)
        problems = self._wrong_lines(name, variables, rows, present, survey)
        problems += self._wrong_firms(name, firms, variables, have, [label(row.categories) for row in rows])
        if problems:
            return problems
        kept = {label(row.categories): row for row in rows}
        kept = {category: row for category, row in kept.items() if category in present}
        place = {category: i for i, category in enumerate(kept)}
        self.names.append(name)
        self.codes.append(np.asarray(have.map(place), dtype=np.int64))
        self.totals.append(np.array([row.total for row in kept.values()], dtype=float))
        self.rows += kept.values()
        return []

    def _wrong_lines(
        self, name: str, variables: tuple[str, ...], rows: Sequence[Margin], present: set[str], survey: Survey
    ) -> list[Problem]:
        """What is wrong with the lines of one margin: unit, totals, categories nobody or somebody is in, repeats."""
        problems = [
            Problem(
                f"the margin {name} counts {_unit(row.counts)}, the survey {_unit(survey.design.counts)}",
                file=self.file,
                line=row.line,
                expected=f"totals of {_unit(survey.design.counts)}",
                found=_unit(row.counts),
                do="take the totals of the right unit: an enterprise may have many local units",
            )
            for row in rows[:1]
            if row.counts != survey.design.counts
        ]
        categories = [label(row.categories) for row in rows]
        for row, category in zip(rows, categories, strict=True):
            if not np.isfinite(row.total) or row.total < 0:
                what = f"the total of {name} = {category} is not a count"
                problems.append(self._wrong_total(row, what, "a number of firms, 0 or more"))
            elif category not in present and row.total > 0:
                problems.append(self._unmet(name, category, row, variables, present, survey))
            elif category in present and row.total == 0:
                what = f"the margin {name} says there is no {category}, but firms of it answered"
                problems.append(self._wrong_total(row, what, "a positive total"))
        duplicates = sorted({c for c in categories if categories.count(c) > 1})
        return problems + [
            Problem(
                f"the margin {name} gives {category} twice",
                file=self.file,
                line=rows[len(categories) - 1 - categories[::-1].index(category)].line,
                expected="one total per category",
            )
            for category in duplicates
        ]

    def _wrong_total(self, row: Margin, what: str, expected: str) -> Problem:
        return Problem(what, file=self.file, line=row.line, expected=expected, found=f"{row.total:g}")

    def _wrong_firms(
        self, name: str, firms: pd.DataFrame, variables: tuple[str, ...], have: pd.Series, categories: Sequence[str]
    ) -> list[Problem]:
        """Firms that one margin has no place for: without a category, or in one without a total."""
        problems = [
            Problem(
                f"{missing} firms have no {variable}, a variable of the margin {name}",
                file=self.file,
                column=variable,
                expected="a category for every responding firm",
                do="complete it in the frame, or take the margin out of design.calibration",
            )
            for variable in variables
            if (missing := int(firms[variable].isna().sum()))
        ]
        return problems + [
            Problem(
                f"the margin {name} has no total for {category}",
                file=self.file,
                expected=f"a total for every category that answered ({int((have == category).sum())} firms)",
                found=", ".join(categories),
                do="add its total, or collapse the category in the wave's codes",
            )
            for category in sorted(set(have) - set(categories))
        ]

    def _unmet(
        self, name: str, category: str, row: Margin, variables: tuple[str, ...], present: set[str], survey: Survey
    ) -> Problem:
        """A total nobody can carry: a category that does not exist, or one in which no firm answered."""
        for variable, code in zip(variables, row.categories, strict=True):
            concept = survey.concepts.get(variable)
            if concept is not None and concept.codes and code not in concept.codes:
                near = difflib.get_close_matches(code, list(concept.codes), n=1)
                return Problem(
                    f"{code!r} is not a category of {variable}",
                    file=self.file,
                    line=row.line,
                    expected="one of " + ", ".join(concept.codes),
                    found=code,
                    do=f"write {near[0]!r}" if near else "correct the category",
                )
        near = difflib.get_close_matches(category, sorted(present), n=1)
        return Problem(
            f"no firm of {name} = {category} answered, so nobody can carry its total of {row.total:g}",
            file=self.file,
            line=row.line,
            expected="at least one responding firm in every category with a total",
            found="no firm",
            do="join the category with a neighbour, in the margins and in the wave's codes"
            + (f" (did you mean {near[0]!r}?)" if near else ""),
        )

    def _disagreements(self) -> list[Problem]:
        sums = [float(t.sum()) for t in self.totals]
        if len(sums) < 2 or max(sums) - min(sums) <= 1e-7 * max(sums):
            return []
        return [
            Problem(
                "the margins disagree on the number of firms",
                file=self.file,
                expected="the same sum for every margin",
                found="; ".join(f"{name}: {total:.10g}" for name, total in zip(self.names, sums, strict=True)),
                do="take the totals from one source and date",
            )
        ]

    @property
    def auxiliary(self) -> Floats:
        """(n, p) one 0/1 column per category with a total."""
        return np.hstack([np.eye(len(t))[c] for c, t in zip(self.codes, self.totals, strict=True)])

    def calibrated(self, matrix: Floats, bounded: bool = True) -> tuple[Floats, int]:
        """The weights (n, R) that meet the totals, and the iterations. CalibrationError where they cannot.

        Without `bounded` the method's distance is kept and its bounds are not; logit's is then raking's.
        """
        bounds = self.bounds if bounded else None
        method = "raking" if self.method == "logit" and not bounded else self.method
        if method == "raking" and bounds is None:
            result = calibrate(matrix, self.codes, self.totals, "raking")
        else:
            result = calibrate(matrix, self.auxiliary, np.concatenate(self.totals), method, bounds)
        return result.weights, result.iterations

    def explained(self, error: CalibrationError) -> DefinitionError:
        """Why calibration failed, in terms of the margins' own lines."""
        return DefinitionError(self._explained(error))

    def _explained(self, error: CalibrationError) -> list[Problem]:
        bound = f" within factors {self.bounds[0]:g} to {self.bounds[1]:g}" if self.bounds else ""
        problems = [
            Problem(
                f"{error.reason}: {'*'.join(row.variables)} = {label(row.categories)}",
                file=self.file,
                line=row.line,
                expected=f"{row.total:g} firms{bound}",
                found=None if error.distance is None else f"{100 * float(np.max(error.distance)):.3g} % away at most",
                do="widen the bounds, join small categories, or use a method without bounds"
                if self.bounds
                else "join small categories or leave a margin out",
            )
            for row in (self.rows[i] for i in error.totals if i < len(self.rows))
        ]
        return problems or [Problem(error.reason, file=self.file)]

    def distances(self, weights: Floats) -> list[tuple[str, str, float]]:
        """(margin, category, achieved less total) of one weight vector."""
        reached = [
            np.bincount(c, weights=weights, minlength=len(t)) for c, t in zip(self.codes, self.totals, strict=True)
        ]
        off = np.concatenate(reached) - np.concatenate(self.totals)
        return [
            ("*".join(row.variables), label(row.categories), float(value))
            for row, value in zip(self.rows, off, strict=True)
        ]


def _unit(counts: str) -> str:
    return {"enterprises": "enterprises (bedrijven)", "local_units": "local units (vestigingen)"}.get(counts, counts)
