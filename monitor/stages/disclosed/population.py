"""How many firms the population has, as the survey's sources count it.

Belongs here: the table `population`. Does not belong here: calibrating to these totals (`weighted`), any answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.survey import Survey


def population(survey: Survey, waves: Sequence[str]) -> pd.DataFrame:
    """One row per wave and subgroup with a declared total, and one for all firms: what the first variable's add up to.

    The totals are the survey's own margins (`margins/<wave>.csv`), of registers and official statistics: no firm's
    answer is in them. Crossed variables are joined by `*`, as in `domains`.
    """
    rows: list[dict[str, object]] = []
    for wave in waves:
        margins = survey.margins.get(wave, ())
        for margin in margins:
            rows.append(
                {
                    "survey": survey.name,
                    "wave": wave,
                    "domain_variable": "*".join(margin.variables),
                    "domain": "*".join(margin.categories),
                    "firms": margin.total,
                    "counts": margin.counts,
                    "source": margin.source,
                    "counted_on": margin.date,
                }
            )
        if margins:
            first = margins[0]
            whole = sum(margin.total for margin in margins if margin.variables == first.variables)
            about = {"counts": first.counts, "source": first.source, "counted_on": first.date}
            everyone = {"domain_variable": EVERYONE, "domain": EVERYONE, "firms": whole}
            rows.append({"survey": survey.name, "wave": wave, **everyone, **about})
    return pd.DataFrame(rows)
