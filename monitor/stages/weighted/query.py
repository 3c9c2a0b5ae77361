"""The stage's SELECT that follows from a design: the kept firms with its variables.

Does not belong here: what no declaration changes (`sql/weighted/`).
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.storage.lake import quoted


def kept_firms_query(variables: Iterable[str]) -> str:
    """The kept firms with the variables of the design that no frame holds."""
    columns = ",\n    ".join(["firm", *map(quoted, variables)])
    return f"""-- Grain: kept firm. Inputs: validated_responses, imputed_answers (the observed copy).
SELECT {columns}
FROM imputed_answers
WHERE imputation = 0
  AND firm IN (SELECT firm FROM validated_responses WHERE status = 'kept')
ORDER BY firm"""
