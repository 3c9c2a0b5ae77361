"""In what an indicator is published follows from its estimator and the units of its measures."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from monitor.survey.model import unit_of

MEASURES = {
    "cooperates": SimpleNamespace(type="boolean", unit=None),
    "new": SimpleNamespace(type="percentage", unit=None),
    "sales": SimpleNamespace(type="number", unit="EUR"),
    "turnover": SimpleNamespace(type="number", unit="EUR"),
    "staff": SimpleNamespace(type="number", unit="persons"),
}


@pytest.mark.parametrize(
    ("estimator", "measure", "denominator", "unit"),
    [
        ("share", "cooperates", None, "share"),
        ("mean", "new", None, "share"),
        ("mean", "staff", None, "persons"),
        ("total", "sales", None, "EUR"),
        ("total", "cooperates", None, None),
        ("ratio", "sales", "turnover", "share"),
        ("ratio", "new", "turnover", "share"),
        ("ratio", "turnover", "staff", "EUR per persons"),
        ("ratio", "cooperates", "staff", "1 per persons"),
    ],
)
def test_unit(estimator: str, measure: str, denominator: str | None, unit: str | None) -> None:
    survey: Any = SimpleNamespace(measures=MEASURES)
    indicator: Any = SimpleNamespace(estimator=estimator, measure=measure, denominator=denominator)
    assert unit_of(survey, indicator) == unit
