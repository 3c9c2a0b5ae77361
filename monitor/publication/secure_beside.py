"""What stands beside the firms in the secure database: the frame they were drawn from, figures, words.

Belongs here: the tables `frame`, `programme_firms`, `figures` and `labels`. Does not belong here: firms' answers,
weights and macros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from monitor.precision import OWN_DIGITS, to_digits
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Concept, Measure, Survey

REPLICATED = "its error is linearised, a macro's comes from replicate weights"
FEW = (
    "where few firms have the property or few have not, Korn and Graubard's exact interval stands in place of the logit"
)
HEAVY = "its degrees of freedom are those of the firms that carry the variance, which a few large firms do"
OF_FIRMS = ("frame", "programme_firms")
"""Tables with a row for each firm"""
WHY: Mapping[str, str] = {
    "share": f"{REPLICATED}; {FEW}",
    "mean": REPLICATED,
    "total": f"{REPLICATED}; {HEAVY}",
    "ratio": f"{REPLICATED}; {HEAVY}",
    "median": REPLICATED,
}
"""Estimator -> why the published interval is not the macro's"""

MEANING: Mapping[tuple[str, str], str] = {
    ("frame", "was_invited"): "Whether the firm was invited.",
    ("frame", "disposition"): "Outcome of the contact, as the frame's delivery says.",
    ("frame", "usable_response"): "Whether the firm stands in table firms in this wave.",
    ("programme_firms", "programme"): "Programme: the name of its file.",
    ("programme_firms", "wave_before"): "The wave whose frame and answers are from before the programme.",
    ("programme_firms", "standing"): "participants (with a grant), refused (applied and got none) or others.",
    ("programme_firms", "eligible"): "Whether the programme's own words let it apply.",
    ("programme_firms", "in_frame"): "Whether the frame of the wave before knows it.",
    ("programme_firms", "amount_eur"): "What it was granted (EUR).",
    ("programme_firms", "consortium"): "Pseudonym of the group of firms that it was granted something with.",
    ("programme_firms", "began"): "When that which was granted began.",
    ("figures", "indicator"): "Indicator.",
    ("figures", "measure"): "The measure it estimates.",
    ("figures", "estimator"): "share, mean, total, ratio or median.",
    ("figures", "base"): "Firms it is about: column base_<name> of firms and completed.",
    ("figures", "domain_variable"): "The variable that forms the subgroup; `all` for all firms of the base.",
    ("figures", "domain"): "The subgroup's code; `all` for all firms of the base.",
    ("figures", "estimate"): "Weighted estimate; percentages as shares in 0..1.",
    ("figures", "se"): "Published standard error: linearised.",
    ("figures", "se_replicate"): "Standard error from replicate weights: what a macro gives.",
    ("figures", "ci_low"): "Lower bound of the published 95% interval.",
    ("figures", "ci_high"): "Upper bound of the published 95% interval.",
    ("figures", "df"): "Degrees of freedom of the variance.",
    ("figures", "why"): "Why the published interval is not the one a macro gives.",
    ("readme", "name"): "Table, macro or method.",
    ("readme", "sort_order"): "Place in the order of reading (number from 1).",
    ("readme", "kind"): "table, macro, or python: a method of SurveyDesign.",
    ("readme", "about"): "What it holds or gives.",
    ("readme", "ask"): "A first query, or call, on this survey's names.",
    ("labels", "variable"): "Concept or measure.",
    ("labels", "code"): "Code.",
    ("labels", "sort_order"): "Its place among the variable's codes (number from 1).",
    ("labels", "label_nl"): "Label (Dutch).",
    ("labels", "label_en"): "Label (English).",
}
"""(table, column) -> what it holds"""


def tables(lake: Lake, survey: Survey, waves: Sequence[str], firms: Sequence[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The four tables; `firms`: those of each wave, as table `firms` has them."""
    return {
        "frame": _under(
            [_frame(lake, survey, wave, of_wave) for wave, of_wave in zip(waves, firms, strict=True)], "frame"
        ),
        "programme_firms": _under([_programme_firms(lake, survey)], "programme_firms"),
        "figures": _under([_figures(lake, survey, wave) for wave in waves], "figures"),
        "labels": _labels(survey),
    }


def _frame(lake: Lake, survey: Survey, wave: str, firms: pd.DataFrame) -> pd.DataFrame:
    """Every firm of a wave's frame, pseudonymous as from `staged` on."""
    if not lake.has("staged_frame", wave):
        return pd.DataFrame()
    frame = lake.read("staged_frame", wave).drop(columns="wave", errors="ignore")
    frame = frame.rename(columns={"invited": "was_invited"}).assign(usable_response=frame["firm"].isin(firms["firm"]))
    return frame.assign(survey=survey.name, wave=wave).sort_values("firm", kind="stable")


def _programme_firms(lake: Lake, survey: Survey) -> pd.DataFrame:
    """The firms of every programme that has grants."""
    if not lake.has("modelled_programme_firms", ALL_WAVES):
        return pd.DataFrame()
    return lake.read("modelled_programme_firms", ALL_WAVES).assign(survey=survey.name)


def _figures(lake: Lake, survey: Survey, wave: str) -> pd.DataFrame:
    """A wave's indicators with both standard errors, to as many digits as every processor gives."""
    lines = lake.read("estimated_indicators", wave)
    if not len(lines):
        return pd.DataFrame()
    known = [survey.indicators[name] for name in lines["indicator"]]
    lines = lines.assign(
        survey=survey.name,
        wave=wave,
        estimator=[indicator.estimator for indicator in known],
        base=[indicator.base for indicator in known],
        why=[WHY[indicator.estimator] for indicator in known],
    )
    for column in ("estimate", "se", "se_replicate", "ci_low", "ci_high", "df"):
        values = pd.to_numeric(lines[column]) if column in lines else pd.Series(float("nan"), index=lines.index)
        lines[column] = [to_digits(value, OWN_DIGITS) for value in values]
    return lines


def _labels(survey: Survey) -> pd.DataFrame:
    """Every code of a category or set, of concepts and measures; initiatives by their registry."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    declared: list[Concept | Measure] = [*survey.concepts.values(), *survey.measures.values()]
    for known in declared:
        codes = dict(known.codes)
        if known.name == "initiatives" and not codes:
            codes = {code: initiative.label for code, initiative in survey.initiatives.items()}
        for position, (code, words) in enumerate(codes.items(), start=1):
            rows[known.name, code] = {
                "variable": known.name,
                "code": code,
                "sort_order": position,
                "label_nl": words.get("nl"),
                "label_en": words.get("en"),
            }
    return pd.DataFrame(list(rows.values()), columns=[column for name, column in MEANING if name == "labels"])


def _under(frames: Sequence[pd.DataFrame], name: str) -> pd.DataFrame:
    """The waves' tables one under the other, in the columns that the table has."""
    own = [column for table, column in MEANING if table == name]
    kept = [frame for frame in frames if len(frame)]
    if not kept:
        return pd.DataFrame(columns=["survey", "wave", *(["firm"] if name in OF_FIRMS else []), *own])
    frame = pd.concat(kept, ignore_index=True)
    first = [column for column in ("survey", "wave", "firm") if column in frame]
    others = [column for column in frame if column not in (*first, *own)] if name == "frame" else []
    return frame[[*first, *others, *own]]
