"""A finite population of firms with known truth, and waves of it in the file shapes survey tools really export.

Belongs here: everything invented: the population (`firms`) and its answers (`questionnaire`), who answers
(`fieldwork`), the files (`exports` and one module per tool). Does not belong here: the definition of the survey
(`monitor/surveys/noord_nederland`), estimation.
Every firm, name, address and initiative is made up; no figure of it says anything about a real firm.
"""

from monitor.synthetic.exports import deliveries
from monitor.synthetic.fieldwork import (
    ITEM_MISSING,
    Fieldwork,
    answers,
    fieldwork,
    register_frame,
    respond,
    response_chance,
)
from monitor.synthetic.firms import WAVES, Population, Truth, controls, population

__all__ = [
    "ITEM_MISSING",
    "WAVES",
    "Fieldwork",
    "Population",
    "Truth",
    "answers",
    "controls",
    "deliveries",
    "fieldwork",
    "population",
    "register_frame",
    "respond",
    "response_chance",
]
