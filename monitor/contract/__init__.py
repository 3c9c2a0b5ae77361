"""The contract of the public tables: which columns, of what type, in what order, meaning what.

Belongs here: the shape and the words of every table a release publishes, as data. Columns may be added, none
renamed. Does not belong here: filling the tables (`disclosed`) or writing them (`released`); frames (`shape`).
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.contract.columns import Column, Table, not_negative, share
from monitor.contract.documentation import DOCUMENTATION
from monitor.contract.figures import FIGURES
from monitor.contract.frameworks import FRAMEWORKS
from monitor.contract.models import MODELS
from monitor.contract.network import NETWORK
from monitor.contract.participation import PARTICIPATION
from monitor.contract.programmes import PROGRAMMES
from monitor.contract.sensitivity import SENSITIVITY

__all__ = ["BY_NAME", "TABLES", "Column", "Table", "not_negative", "share"]

TABLES: tuple[Table, ...] = (
    *FIGURES,
    *MODELS,
    *SENSITIVITY,
    *FRAMEWORKS,
    *PARTICIPATION,
    *NETWORK,
    *PROGRAMMES,
    *DOCUMENTATION,
)

BY_NAME: Mapping[str, Table] = {table.name: table for table in TABLES}
