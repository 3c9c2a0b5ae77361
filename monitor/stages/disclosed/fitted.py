"""Models and what came from them, as far as they may be shown.

Belongs here: which models, terms, contrasts, checks and claims are withheld. Does not belong here: indicators
(`cells`), what earlier releases have shown (`sequence`).

A coefficient of a category tells how many of its firms have the outcome: a logit's fitted events equal the observed
ones in every category it has a term for. So the terms of a category variable are shown together or not at all, and only
where each category has enough firms with the outcome and enough without. A model without controls is the table of its
practices, and is treated as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from monitor.contract.shape import emptied
from monitor.stages.disclosed import cuts, practices, variants
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.disclosure import primary
from monitor.survey import Disclosure, Survey
from monitor.survey.models import MAIN
from monitor.wording.notes import told

KEY = ["wave", "model", "variant"]
LEVEL = re.compile(r"^(?P<variable>[^\[\]]+)\[(?P<level>.*)\]$")
"""A category's term: `size_band[large]`"""
INTERCEPT = "intercept"
TABLES = (
    "models", "terms", "contrasts", "claims", "answer", "curve", "distribution", "specifications", "robustness",
)  # fmt: skip
"""What comes from models"""
OF_CHOICES = ("curve", "distribution", "specifications")
"""Those of which every line, or cut, is a fit of its own"""


def withhold_models(
    tables: Mapping[str, pd.DataFrame], survey: Survey, firms: Mapping[str, WaveFirms]
) -> dict[str, pd.DataFrame]:
    """Models and what came from them: below the thresholds a model goes with its terms, contrasts, checks and claims.

    A refused model (nothing published) keeps its reason; its number of firms is withheld where that is too small.
    """
    out = {name: frame.copy() for name, frame in tables.items()}
    withheld: set[tuple[str, ...]] = set()
    if len(out["models"]):
        out["models"] = _fits(out["models"], survey, firms)
        rows = out["models"].loc[out["models"]["suppressed"].astype(bool), KEY]
        withheld = set(rows.astype(str).itertuples(index=False, name=None))
    for name in ("terms", "contrasts", "answer", "robustness"):
        if len(out[name]):
            keys = out[name][KEY].astype(str).itertuples(index=False, name=None)
            out[name]["suppressed"] = [k in withheld for k in keys]
            if name == "terms":
                out[name]["suppressed"] |= few_in_a_category(out[name], out["models"], firms, survey.disclosure)
            out[name] = emptied(name, out[name])
    for name in OF_CHOICES:
        if len(out[name]):
            fits = out[name].assign(df=float(survey.disclosure.minimum_df))
            out[name]["suppressed"] = primary.model_withheld(fits, survey.disclosure)
            if name != "distribution":
                out[name]["suppressed"] |= practices.saturated_choices(out[name], survey, firms)
    if len(chosen := out["specifications"]):
        chosen["suppressed"] |= variants.few_firms_apart_by_choice(chosen, survey.disclosure)
        if len(tests := out["robustness"]):
            tests["suppressed"] |= variants.of_withheld_choices(tests, chosen)
            out["robustness"] = emptied("robustness", tests)
    out |= _cuts(out, survey.disclosure)
    out |= {name: emptied(name, out[name]) for name in OF_CHOICES if len(out[name])}
    out["claims"] = _claims(out["claims"], withheld, survey.disclosure)
    return out


def _fits(models: pd.DataFrame, survey: Survey, firms: Mapping[str, WaveFirms]) -> pd.DataFrame:
    """The table of models, with what may not be told of it withheld, and its notes in words."""
    out, limits = models.copy(), survey.disclosure
    out["suppressed"] = primary.model_withheld(out, limits) | practices.saturated(out, survey, firms)
    out["suppressed"] |= variants.few_firms_apart(out, variants.SAME_VARIANTS, out["variant"] == MAIN, limits)
    untold = variants.events_not_told(out, firms, limits)
    out["events"] = out["events"].astype("object").where(~untold, None)
    out = emptied("models", without_few_alike(out, limits.minimum_firms))
    for language, column in (("en", "warning"), ("nl", "warning_nl")):
        words = [told(kept, language) for kept in out["notes"]]
        out[column] = pd.Series(words, index=out.index, dtype="object")
    return out


def _cuts(tables: Mapping[str, pd.DataFrame], limits: Disclosure) -> dict[str, pd.DataFrame]:
    """The threshold curve and the distribution, with what may not be told of them withheld and the rest rounded."""
    out = {name: cuts.in_whole_points(tables[name]) for name in ("curve", "distribution")}
    if len(out["distribution"]):
        out["distribution"]["suppressed"] |= cuts.alike_in_a_state(out["distribution"], limits.minimum_firms)
    shown = [frame[~frame["suppressed"] & frame["estimate"].notna()] for frame in out.values() if len(frame)]
    for frame in out.values():
        if len(frame):
            told = pd.concat(shown, ignore_index=True).assign(own_choice=lambda x: x.get("own_choice", False))
            frame["suppressed"] |= cuts.few_between(frame, told, limits.fewest_others)
    return out


def _claims(claims: pd.DataFrame, withheld: set[tuple[str, ...]], limits: Disclosure) -> pd.DataFrame:
    if not len(claims):
        return claims
    told = claims["estimate"].notna()
    few = primary.too_few(claims["n"], limits.minimum_firms)
    from_model = np.array([k in withheld for k in claims[KEY].astype(str).itertuples(index=False, name=None)])
    events = pd.to_numeric(claims["events"]) if "events" in claims else pd.Series(np.nan, index=claims.index)
    claims["suppressed"] = told & (few | from_model | primary.alike(events.astype("float64"), claims["n"]))
    counted = claims["model"].isna()
    claims["n"] = claims["n"].where(counted)
    claims["events"] = events.where(counted)
    return emptied("claims", claims)


def few_in_a_category(
    terms: pd.DataFrame, models: pd.DataFrame, firms: Mapping[str, WaveFirms], limits: Disclosure
) -> primary.Flags:
    """Terms of a category variable of which some category – the reference among them – has fewer firms with the
    outcome, or without it, than `minimum_events`; and the intercept of such a model, which is the reference's."""
    models_of = {tuple(str(x[k]) for k in KEY): x for x in models.to_dict("records")}
    found = terms["term"].astype(str).str.extract(LEVEL)
    flags = pd.Series(False, index=terms.index)

    @cache
    def rarest(wave: str, base: str, outcome: str, variable: str, levels: frozenset[str]) -> float:
        """The fewest firms with the outcome, or without it, in any of these categories or the reference."""
        asked = {"wave": wave, "base": base, "outcome": outcome}
        answers = practices.inside(asked, firms, [variable])
        if answers is None or variable not in answers:
            return np.inf  # wave effects, and means over a firm's waves: of no group of firms inside a wave
        # Categories that too few firms have are counted with the reference.
        group = answers[variable].where(answers[variable].isin(levels), "")
        with_it = answers["outcome"].eq("1").groupby(group.to_numpy()).agg(["sum", "size"])
        fractional = not answers["outcome"].isin(["0", "1"]).all()
        rarer = with_it["size"] if fractional else with_it["sum"].clip(upper=with_it["size"] - with_it["sum"])
        return float(rarer.min())

    for key, part in terms.groupby(KEY):
        model = models_of.get(tuple(map(str, key)))
        if model is None:
            continue
        own = found.loc[part.index]
        for variable, level in own.groupby("variable")["level"]:
            about = (str(model["wave"]), str(model["base"]), str(model["outcome"]), str(variable))
            if rarest(*about, frozenset(level)) < limits.minimum_events:
                flags[level.index] = True
                flags[part.index[part["term"] == INTERCEPT]] = True
    return flags.to_numpy(dtype=bool)


def without_few_alike(models: pd.DataFrame, least: int) -> pd.DataFrame:
    """`models` without the number of different firms where it would give a few away: beside the answers and the firms
    that two waves share it tells how many firms answered in several waves, or in all of them."""
    if "firms" not in models:
        return models.assign(firms=None)
    few = pd.to_numeric(models["fewest_alike"]).fillna(0).between(1, least - 1)
    return models.assign(firms=models["firms"].astype("object").where(~few.astype(bool), None))
