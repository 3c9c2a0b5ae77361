"""What the frame knew of a programme's firms before it began, counted.

Belongs here: participants, applicants refused and the others by what the frame says, and where the money went. Does not
belong here: what firms answered (`programmes`).

Nothing is withheld by itself: categories that few firms of a group have are put together until no group has few firms
in any of them, so that there is nothing to work out. A variable of which only one category is left is not told.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from monitor.contract.programmes import FROM_FRAME, OTHERS, PARTICIPANTS, STANDINGS
from monitor.statistics.disclosure import primary
from monitor.storage.lake import Lake
from monitor.survey import Disclosure, Survey


def composition(lake: Lake, survey: Survey, firms: pd.DataFrame) -> pd.DataFrame:
    """A row for each variable, category and group: firms, share of the group, its difference to the others' share, and
    of participants the share of what was granted.

    firms: the programme's, as `modelled_programme_firms` has them; those that the frame before knows and that could
    have applied count.
    """
    before = firms["wave_before"].iloc[0]
    rows: list[dict[str, object]] = []
    if pd.isna(before) or not lake.has("staged_frame", str(before)):
        return pd.DataFrame(rows)
    inside = firms[firms["in_frame"] & firms["eligible"]]
    frame = inside.merge(lake.read("staged_frame", str(before)), on="firm", suffixes=("", "_of_frame"))
    if _left_out(firms, inside, survey.disclosure):
        return pd.DataFrame(rows)
    for variable in _variables(survey, frame):
        known = frame.dropna(subset=[variable])
        rows += _rows(variable, known.assign(category=_codes(known[variable])), survey.disclosure)
    return pd.DataFrame(rows)


def _left_out(firms: pd.DataFrame, inside: pd.DataFrame, limits: Disclosure) -> bool:
    """Whether the groups' own numbers, beside those of all firms that are told, would be of few."""
    left = [
        int((firms["standing"] == standing).sum()) - int((inside["standing"] == standing).sum())
        for standing in STANDINGS
    ]
    return any(0 < number < limits.minimum_firms for number in left)


def _variables(survey: Survey, frame: pd.DataFrame) -> Iterator[str]:
    """What the frame says in categories of the survey's own, or as yes or no."""
    for name, concept in survey.concepts.items():
        if name in frame and (concept.type == "boolean" or (concept.type == "category" and concept.codes)):
            yield name


def _codes(values: pd.Series) -> pd.Series:
    return values.map(lambda x: str(x).lower() if isinstance(x, bool) else str(x))


def _rows(variable: str, known: pd.DataFrame, limits: Disclosure) -> Iterator[dict[str, object]]:
    together = _together(known, limits)
    if together is None:
        return
    counts = known.groupby([known["category"].map(together), "standing"]).size().unstack(fill_value=0)
    whole = counts.sum()
    money = known[known["standing"] == PARTICIPANTS]
    spent = money.groupby(money["category"].map(together))["amount_eur"].sum()
    for category in counts.index:
        share = counts.loc[category] / whole
        for standing in (s for s in STANDINGS if s in counts):
            row: dict[str, object] = {
                "basis": FROM_FRAME,
                "variable": variable,
                "category": category,
                "standing": standing,
                "firms": int(counts[standing][category]),
                "suppressed": False,
                "estimate": float(share[standing]),
            }
            if standing != OTHERS and OTHERS in counts:
                row["difference"] = float(share[standing] - share[OTHERS])
            if standing == PARTICIPANTS and spent.sum() > 0:
                row["amount_share"] = float(spent.get(category, 0.0) / spent.sum())
            yield row


def _together(known: pd.DataFrame, limits: Disclosure) -> dict[str, str] | None:
    """Category -> the name it is told under: its own, or of several joined by `+`; None where fewer than two are left.

    As long as some group has one to `minimum_firms` - 1 firms in a category, or one firm too large a part of what was
    granted in it, the category with fewest participants goes together with the next one.
    """
    sets = [(category,) for category in sorted(known["category"].unique())]

    def size(categories: tuple[str, ...]) -> int:
        return int((known["category"].isin(categories) & (known["standing"] == PARTICIPANTS)).sum())

    while len(sets) > 1 and any(_few(known, categories, limits) for categories in sets):
        few = [categories for categories in sets if _few(known, categories, limits)]
        least = min(few, key=lambda x: (size(x), x))
        other = min((x for x in sets if x != least), key=lambda x: (x not in few, size(x), x))
        sets = sorted([x for x in sets if x not in (least, other)] + [tuple(sorted((*least, *other)))])
    if len(sets) < 2:
        return None
    return {category: "+".join(categories) for categories in sets for category in categories}


def _few(known: pd.DataFrame, categories: tuple[str, ...], limits: Disclosure) -> bool:
    inside = known[known["category"].isin(categories)]
    counts = inside["standing"].value_counts()
    granted = inside.loc[inside["standing"] == PARTICIPANTS, "amount_eur"].dropna()
    too_large = primary.one_firm_too_large(granted, limits.p_percent, limits.dominance)
    return too_large or any(0 < int(number) < limits.minimum_firms for number in counts)
