"""The page in the secure database that says where to begin.

Belongs here: the table `readme`: each table and macro with a first query on this survey's names, and what is asked from
Python. Does not belong here: what they hold (`secure`, `macros`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import pandas as pd

from monitor.publication.macros import MACROS
from monitor.storage.lake import literal, quoted
from monitor.survey import Survey

Row = tuple[str, str, str, str]
"""name, kind, about, ask"""


def readme(survey: Survey, tables: Mapping[str, pd.DataFrame], about: Mapping[str, str]) -> pd.DataFrame:
    """One row for each table, macro and call of the library, in the order of reading.

    `tables` as `secure.firm_tables` gives them, `about` what each holds. Macros and calls are asked of a share that the
    survey publishes and of its first subgroups; what the survey has no names for is not in it.
    """
    rows = [("readme", "table", about["readme"], "FROM readme ORDER BY sort_order")]
    share = _share(survey, tables["firms"])
    first = {name: f"FROM {quoted(name)} LIMIT 10" for name in tables}
    if share is not None:
        # Written so, no copy counts twice: it is the estimate of the macros.
        first["completed"] = (
            f"SELECT wave, sum(copy_weight * {quoted(share)}::INT) / sum(copy_weight) AS share FROM completed "
            f"WHERE {quoted(share)} IS NOT NULL GROUP BY wave ORDER BY wave"
        )
    rows += [(name, "table", about[name], ask) for name, ask in first.items()]
    rows += [*_macros(survey, tables), *_calls(survey, tables)]
    frame = pd.DataFrame(rows, columns=["name", "kind", "about", "ask"])
    frame.insert(1, "sort_order", range(1, len(frame) + 1))
    return frame


def _share(survey: Survey, firms: pd.DataFrame) -> str | None:
    """The measure of the first headline that is a share, or of the first share."""
    shares = [x for x in survey.indicators.values() if x.estimator == "share" and x.measure in firms]
    first = next((x for x in shares if x.headline), next(iter(shares), None))
    return None if first is None else first.measure


def _groups(survey: Survey, firms: pd.DataFrame) -> tuple[str, list[str]] | None:
    """The first variable that forms subgroups of at least two, with its codes."""
    for name in survey.domains:
        if name in firms and len(codes := sorted(map(str, firms[name].dropna().unique()))) > 1:
            return name, codes
    return None


def _macros(survey: Survey, tables: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    firms, share = tables["firms"], _share(survey, tables["firms"])
    waves = sorted(firms["wave"].unique())
    groups = _groups(survey, firms)
    asked: dict[str, str] = {}
    if share is not None and len(tables["replicate_weights"]):
        what, number = quoted(share), f"{quoted(share)}::INT"
        domains = "" if groups is None else f", domains := {quoted(groups[0])}"
        asked |= dict.fromkeys(("estimate_mean", "estimate_total", "estimate_quantile"), f"{number}{domains}")
        asked |= {"estimate_share": f"{what}{domains}", "estimate_ratio": f"{number}, 1{domains}"}
        if groups is not None:
            one, other = (f"{quoted(groups[0])} = {literal(code)}" for code in groups[1][:2])
            asked["estimate_difference"] = f"{what}, {one}, {other}"
        if len(waves) > 1:
            asked["estimate_change"] = f"{what}, {literal(waves[0])}, {literal(waves[-1])}"
    for name, macro in MACROS.items():
        if name in asked:
            yield name, "macro", f"{macro.about}.", f"FROM {name}({asked[name]})"


def _calls(survey: Survey, tables: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """What SQL cannot do, as it is asked from Python where the release is: `from monitor import SurveyDesign`."""
    firms, share = tables["firms"], _share(survey, tables["firms"])
    groups = _groups(survey, firms)
    if share is None or groups is None:
        return
    design = f"SurveyDesign.from_release('.', {sorted(firms['wave'].unique())[-1]!r})"
    begin = "From Python, where the release is, after: from monitor import SurveyDesign."
    yield (
        "table",
        "python",
        f"A cross table with Rao and Scott's test of independence. {begin}",
        f"{design}.table({groups[0]!r}, {share!r}).test()",
    )
    yield (
        "glm",
        "python",
        "A regression with the design's errors, over completed copies: gaussian, binomial (also of shares) or poisson; "
        f"anova() tests its terms. {begin}",
        f"{design}.glm({f'{share} ~ {groups[0]}'!r}, 'binomial')",
    )
    if (areas := _areas(survey, firms)) is not None:
        yield (
            "small_areas",
            "python",
            f"Areas with few firms by Fay and Herriot's model, with direct estimates; not to be published. {begin}",
            f"{design}.small_areas({share!r}, {areas!r})",
        )


def _areas(survey: Survey, firms: pd.DataFrame) -> list[str] | None:
    """The first two variables of subgroups that cross into areas enough for a model of both in the newest wave."""
    newest = firms[firms["wave"] == firms["wave"].max()]
    for pair in combinations([name for name in survey.domains if name in firms], 2):
        areas = len(newest[list(pair)].dropna().drop_duplicates())
        columns = 1 + sum(newest[name].nunique() - 1 for name in pair)
        if areas >= columns + 2:
            return list(pair)
    return None
