"""The report: what researchers read. Pages and figures from disclosed tables only.

Belongs here: templates, charts, words. No query and no arithmetic: every number comes from a table that passed
`disclosed`.

`numbers` writes numbers, `words` finds words, `tables` and `models` pick lines, `charts` draws, `site` makes pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from monitor.report import site
from monitor.survey import Survey


def build(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey, waves: Sequence[str]) -> list[Path]:
    """Write the report of a release into a folder. `tables`: every table of the contract, as disclosed."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = dict(tables)
    shown["measures"] = tables["measures"].copy()
    shown["measures"].attrs["order"] = list(survey.indicators)
    shown["models"] = tables["models"].copy()
    shown["models"].attrs["primary"] = next(
        (name for name, declared in survey.models.items() if dict(declared).get("primary")), None
    )
    return site.write(folder, shown, survey, waves)
