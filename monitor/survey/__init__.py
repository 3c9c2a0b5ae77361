"""A survey folder as frozen dataclasses; every mistake in it named with file and line.

`model` says what a survey is, `yaml_lines` reads YAML without losing the line numbers, `load` checks a folder.
Does not belong here: answers.
"""

from monitor.formats.delivery import Delivery
from monitor.statistics.design.plan import Calibration, DesignPlan
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.storage.identity import IdentifierForm
from monitor.survey.load import canonical_concepts, load_survey
from monitor.survey.model import (
    INTERVIEW,
    Base,
    Concept,
    Frame,
    Indicator,
    Margin,
    Measure,
    Nonresponse,
    Question,
    Survey,
    Text,
    Wave,
)
from monitor.survey.register import Initiative, Register

__all__ = [
    "INTERVIEW",
    "Base",
    "Calibration",
    "Concept",
    "Delivery",
    "DesignPlan",
    "Disclosure",
    "Frame",
    "IdentifierForm",
    "Indicator",
    "Initiative",
    "Margin",
    "Measure",
    "Nonresponse",
    "Question",
    "Register",
    "Survey",
    "Text",
    "Wave",
    "canonical_concepts",
    "load_survey",
]
