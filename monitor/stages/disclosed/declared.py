"""What the survey's definition decides about printed lines: whether two waves compare, and whether a claim came first.

Belongs here: the columns that say so. Does not belong here: withholding anything (`primary`, `complementary`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

import pandas as pd

from monitor.contract.columns import CONFIDENTIALITY, EVERYONE
from monitor.stages.disclosed.history import Earlier
from monitor.statistics.decisions.claim import Commit
from monitor.storage.arrivals import first_arrival, moment
from monitor.storage.lake import Lake
from monitor.survey import Survey
from monitor.survey.comparability import (
    change_words,
    changes_between,
    comparable_since,
    indicator_concepts,
    strongest,
)


def with_comparability(changes: pd.DataFrame, indicators: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """`changes` with what became of the questions between the two waves, and a line without numbers for every pair of
    waves whose figures for all firms do not compare: what is not there must say why."""
    told = {}
    whole = indicators[indicators["domain_variable"] == EVERYONE] if len(indicators) else indicators
    withheld = {(str(x["indicator"]), str(x["wave"])): x["withheld_for"] for x in whole.to_dict("records")}
    apart = []
    for name in survey.indicators:
        waves = sorted(wave for indicator, wave in withheld if indicator == name)
        for before, after in combinations(waves, 2):
            told[name, before, after] = facts = _between(survey, name, before, after)
            if not facts["comparable"]:
                reason = why_withheld(withheld[name, before], withheld[name, after])
                apart.append(
                    {
                        "survey": survey.name, "indicator": name, "domain_variable": EVERYONE, "domain": EVERYONE,
                        "wave_from": before, "wave_to": after,
                        "suppressed": reason is not None, "withheld_for": reason, "overlap_suppressed": False,
                    }
                )  # fmt: skip
    lines = pd.DataFrame([*changes.to_dict("records"), *apart])
    for column in ("comparable", "comparability", "changed_nl", "changed_en"):
        lines[column] = [
            (told.get(key) or _between(survey, *key))[column]
            for key in lines[["indicator", "wave_from", "wave_to"]].itertuples(index=False, name=None)
        ] if len(lines) else []  # fmt: skip
    return lines


def why_withheld(*ends: str | None) -> str | None:
    """Why a change is withheld, by why its ends are: for confidentiality where one of them is; None where none is."""
    return CONFIDENTIALITY if CONFIDENTIALITY in ends else next((end for end in ends if end is not None), None)


def _between(survey: Survey, name: str, before: str, after: str) -> Mapping[str, Any]:
    first = comparable_since(survey, name, survey.waves[after])
    changes = changes_between(survey, indicator_concepts(survey, name), before, after)
    return {
        "comparable": first is not None and first <= before,
        "comparability": strongest(changes),
        **{f"changed_{x}": change_words(survey, changes, x) or None for x in ("nl", "en")},
    }


def with_proof(
    claims: pd.DataFrame, lake: Lake, survey: Survey, waves: Sequence[str], before: Sequence[Earlier]
) -> pd.DataFrame:
    """`claims` with how it is proven that the rule came before the wave's answers: `release` where an earlier release
    without the wave, made before its delivery arrived, has the same claims; `commit` where the claim names the commit
    it was written in, of a date before the arrival; NULL where nothing proves it. Pooled: what proves every wave."""
    if not len(claims):
        return claims
    arrivals = {
        wave: first_arrival(lake.read("raw_deliveries", wave)) if lake.has("raw_deliveries", wave) else None
        for wave in waves
    }
    commits = {claim.name: claim.committed for claim in survey.claims}
    out = claims.copy()
    proofs = []
    for name, wave in zip(out["claim"].astype(str), out["wave"].astype(str), strict=True):
        about = [wave] if wave in arrivals else list(waves)
        found = {_proof(survey, w, arrivals[w], commits.get(name), before) for w in about}
        proofs.append(found.pop() if len(found) == 1 else None if None in found else "commit")
    out["declared_before"] = pd.Series(proofs, index=out.index, dtype="object")
    out["committed"] = [commit.commit if (commit := commits.get(name)) else None for name in out["claim"].astype(str)]
    return out


def _proof(
    survey: Survey, wave: str, arrived: datetime | None, commit: Commit | None, before: Sequence[Earlier]
) -> str | None:
    if arrived is None:
        return None
    for release in before:
        told = release.manifest
        same = survey.claims_hash is not None and told.get("claims_hash") == survey.claims_hash
        if same and wave not in told.get("waves", [wave]) and moment(str(told["created_at"])) < arrived:
            return "release"
    return "commit" if commit and moment(commit.date) < arrived else None
