"""Figures of the primary question as sentences have them.

Belongs here: points and per cent, a contrast as it is printed, names of outcome and practices. Does not belong here:
the words (`wording`, answer), when one is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitor.precision import in_words, to_error
from monitor.statistics.models.result import LEVEL, Estimates
from monitor.survey import Survey
from monitor.survey.models import Model
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.sentences import LANGUAGES, number_in, say

COMPLEMENTARITY = "complementarity"


def points(value: float, language: str, *, signed: bool = True) -> str:
    """A difference of shares in percentage points, as a sentence has it: one decimal, and its sign where it may have
    either."""
    text = in_words(value, 1, factor=100)
    if signed and not text.startswith("-") and float(text) != 0:
        text = f"+{text}"
    return signs_in(language, text)


def percent(value: float, language: str) -> str:
    """A share in per cent, as a sentence has it."""
    return points(value, language, signed=False)


def declared(value: float, language: str) -> str:
    """A share, margin or limit that somebody chose, times a hundred: no decimals that it was not declared with."""
    return signs_in(language, in_words(value, 1, factor=100).removesuffix(".0"))


def signs_in(language: str, text: str) -> str:
    """A number with the language's decimal sign and a minus sign that is no hyphen."""
    return number_in(language, text.replace("-", "\N{MINUS SIGN}"))


def told_of(estimates: Estimates, name: str = COMPLEMENTARITY) -> dict[str, float]:
    """Estimate, bounds and error of one contrast, rounded as they are printed."""
    at = estimates.names.index(name)
    low, high = estimates.interval(LEVEL)
    se = float(estimates.error[at])
    found = {"estimate": float(estimates.estimate[at]), "low": float(low[at]), "high": float(high[at])}
    return {key: to_error(value, se) for key, value in found.items()} | {"df": float(estimates.df[at]), "se": se}


def primary_words(
    key: str, survey: Survey, model: Model, facts: Callable[[str], Mapping[str, object]]
) -> dict[str, str]:
    """The sentence of a key in both languages, with the names of outcome and practices at hand."""
    names = {"outcome": model.main.outcome, "a": model.main.practices[0], "b": model.main.practices[1]}

    def said(language: str) -> str:
        labels = {k: quoted_in(language, label_of(survey, name, language)) for k, name in names.items()}
        return say("answer", key, language, **labels, **facts(language))

    return {f"note_{language}": said(language) for language in LANGUAGES}
