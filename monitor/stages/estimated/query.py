"""The stage's SELECT that follows from a survey's domains: the measures with the variables that split them.

Does not belong here: arrays and estimates (`lines`).
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.storage.lake import quoted


def measures_query(domains: Iterable[str]) -> str:
    """The measures of every copy with the domain variables that neither the weights nor the measures hold."""
    columns = ",\n    ".join(["measures.*", *(f"answers.{quoted(variable)}" for variable in domains)])
    return f"""-- Grain: imputation x firm. Inputs: derived_measures, imputed_answers.
SELECT {columns}
FROM derived_measures AS measures
JOIN imputed_answers AS answers USING (imputation, firm)
ORDER BY measures.imputation, measures.firm"""
