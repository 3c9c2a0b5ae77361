"""The page in the public database that says where to begin.

Belongs here: the table `readme`. Does not belong here: what it lists (`contract`, the views of `publication.public`).
"""

from __future__ import annotations

import pandas as pd

from monitor import contract
from monitor.contract.reading import READING
from monitor.publication.public import VIEWS
from monitor.survey import Survey
from monitor.wording.sentences import in_each


def readme(survey: Survey) -> pd.DataFrame:
    """One row per table and view in the order of reading: what it holds, what tells its rows apart, a first query."""
    return pd.DataFrame(
        [
            {
                "survey": survey.name,
                "name": name,
                "sort_order": position,
                "kind": "view" if name in VIEWS else "table",
                **{f"about_{language}": words for language, words in in_each("report", f"table_{name}").items()},
                "row_key": ", ".join(contract.BY_NAME[name].key) if name in contract.BY_NAME else None,
                "ask": query,
            }
            for position, (name, query) in enumerate(READING.items(), start=1)
        ]
    )
