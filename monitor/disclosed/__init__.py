"""`disclosed`: the one door to anything public. What passes it may be printed; what does not, nobody sees.

Belongs here: taking estimates, models, claims and quality through disclosure control into the tables of the
contract. Does not belong here: estimating, or writing a release.

`primary` says which cells are sensitive, `complementary` what else must go, `cells` how published lines hang together,
`contributions` what the firms add, `history` and `revisions` what earlier releases have shown; `quality` and `codebook`
describe the survey itself, `declared` what its definition decides about lines.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from monitor import contract
from monitor.contract.outcomes import counted
from monitor.contract.shape import rounded, shaped
from monitor.disclosed import cells, codebook, complementary, declared, history, peers, primary, quality, revisions
from monitor.disclosed.contributions import WaveFirms, contributions
from monitor.lake import Lake
from monitor.survey import Survey

log = logging.getLogger("monitor")

ALL = "all"


def run_all(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, object]:
    """Take every table of the survey through disclosure control and write `disclosed_<table>` for the wave `all`.

    Earlier releases in the same home count: what they showed is known and stays as it was until enough firms changed,
    what they withheld stays withheld if it can. Returns rows per table, how many lines were withheld (for themselves or
    to protect others), and how many stay as they were.
    """
    tables = disclose(lake, survey, waves, history.earlier(lake.home, survey.name))
    for name, frame in tables.items():
        lake.write(f"disclosed_{name}", ALL, frame)
    withheld = {n: int(f["suppressed"].sum()) for n, f in tables.items() if "suppressed" in f}
    held = int(tables["indicators"]["held"].sum())
    rules = tables["rules"]
    for wave in waves:
        told = counted(rules.loc[rules["wave"] == wave, "passed"])
        log.info(
            "%s %s: %d rules, of which %d held, %d found something and %d could not be checked",
            survey.name, wave, told["count"], told["passed"], told["failed"], told["unchecked"],
        )  # fmt: skip
    log.info("disclosed: %d lines withheld of %d", sum(withheld.values()), sum(len(tables[n]) for n in withheld))
    if held:
        log.info("disclosed: %d published figures stay as they were: too few firms changed to tell", held)
    return {"rows": {name: len(frame) for name, frame in tables.items()}, "withheld": withheld, "held": held}


def disclose(
    lake: Lake,
    survey: Survey,
    waves: Sequence[str],
    before: Sequence[history.Earlier] = (),
) -> dict[str, pd.DataFrame]:
    """Every public table but `releases`, in the contract's shape, after disclosure control. `before`: oldest first."""
    # Rounded before anything is decided or shown: nothing behind the door knows more digits than are published.
    indicators = rounded("indicators", asked_lines(_gather(lake, "estimated_indicators", waves)))
    firms = {wave: found for wave in waves if (found := WaveFirms.read(lake, survey, wave)) is not None}
    amounts = {k: v for wave, found in firms.items() for k, v in contributions(found, survey, wave).items()}
    least = survey.disclosure.minimum_firms
    rows: frozenset[cells.Row] = frozenset()
    held: Mapping[cells.Row, Mapping[str, object]] = {}
    if len(indicators):
        chosen = cells.indicator_rows(indicators, survey, amounts, history.shown(before), history.withheld(before))
        held, never_shown = revisions.held_lines(before, survey, firms, chosen.system, chosen.rows)
        rows = chosen.rows | never_shown
        for name in complementary.exposed(chosen.system, rows, chosen.primary):
            log.warning("disclosed: %s can still be worked out from what was published before", name)
    changes = rounded("changes", revisions.changes_of_printed(_whole(lake, "estimated_changes"), indicators, held))
    fitted = withhold_models(
        {
            name: rounded(name, _pooled(lake, f"modelled_{name}", waves))
            for name in ("models", "terms", "contrasts", "claims", "curve", "specifications", "robustness")
        },
        survey,
    )
    taking_part = _under(peers.initiatives(lake, survey, wave) for wave in waves)
    tables = {
        "indicators": revisions.with_held(without_few_routed(withhold_lines(indicators, rows), least), held),
        "changes": declared.with_comparability(
            withhold_changes(changes, rows, least), withhold_lines(indicators, rows), survey
        ),
        **fitted,
        "models": revisions.with_held_counts(fitted["models"], before, held, survey),
        "claims": declared.with_proof(
            revisions.with_held_claims(fitted["claims"], before, held, least), lake, survey, waves, before
        ),
        "rules": _rules(lake, waves),
        "quality": revisions.with_held_participants(describe_quality(lake, survey, waves), before, held, least),
        "initiatives": revisions.with_held_initiatives(taking_part, before, least),
        "benchmarks": _under(peers.benchmarks(found, survey, wave) for wave, found in firms.items()),
        "codebook": codebook.codebook(survey, waves),
        "measures": codebook.measures(survey),
    }
    shapes = {}
    for name, frame in tables.items():
        if "survey" not in frame:
            frame = frame.assign(survey=survey.name)
        shapes[name] = shaped(name, frame)
    return shapes


def asked_lines(indicators: pd.DataFrame) -> pd.DataFrame:
    """`indicators` without what a wave did not ask at all: no firm answered it, so there is nothing to withhold."""
    if not len(indicators):
        return indicators
    firms = pd.to_numeric(indicators["n"]).fillna(0)
    return indicators[firms.groupby([indicators["wave"], indicators["indicator"]]).transform("max") > 0]


def withhold_lines(indicators: pd.DataFrame, rows: Iterable[cells.Row]) -> pd.DataFrame:
    """`indicators` with the values of these lines gone. What is left of a withheld line says nothing about why."""
    gone = set(rows)
    out = indicators.copy()
    keys = [cells.row_of(line) for line in out.to_dict("records")]
    out["suppressed"] = [key in gone for key in keys]
    return _emptied("indicators", out)


def withhold_changes(changes: pd.DataFrame, rows: Iterable[cells.Row], least: int) -> pd.DataFrame:
    """`changes` without those that would give back a withheld end: the change and one end give the other.

    The number of firms in both waves is withheld by itself where it is 1 to `least` − 1 (and where it could be worked
    out from the others): `overlap_suppressed`.
    """
    out = changes.copy()
    if not len(out):
        return out
    gone = set(rows)
    few = cells.overlap_rows(out, least)
    lines = out.to_dict("records")
    out["suppressed"] = [
        any(
            (str(line[end]), str(line["indicator"]), str(line["domain_variable"]), str(line["domain"])) in gone
            for end in ("wave_from", "wave_to")
        )
        for line in lines
    ]
    pairs = [
        tuple(str(x[c]) for c in ("indicator", "domain_variable", "domain", "wave_from", "wave_to")) for x in lines
    ]
    out["overlap_suppressed"] = [
        gone_too or pair in few for pair, gone_too in zip(pairs, out["suppressed"], strict=True)
    ]
    out = _emptied("changes", out)
    out["overlap_firms"] = out["overlap_firms"].where(~out["overlap_suppressed"], None)
    return out


def withhold_models(tables: Mapping[str, pd.DataFrame], survey: Survey) -> dict[str, pd.DataFrame]:
    """Models and what came from them: below the thresholds a model goes with its terms, contrasts, checks and claims.

    A refused model (nothing published) keeps its reason; its number of firms is withheld where that is too small.
    """
    out = {name: frame.copy() for name, frame in tables.items()}
    key = ["wave", "model", "variant"]
    withheld: set[tuple[str, ...]] = set()
    if len(out["models"]):
        out["models"]["suppressed"] = primary.model_withheld(out["models"], survey.disclosure)
        out["models"] = without_few_alike(out["models"], survey.disclosure.minimum_firms)
        out["models"] = _emptied("models", out["models"])
        for column in ("warning", "warning_nl"):
            out["models"][column] = out["models"][column].map(primary.without_cells)
        rows = out["models"].loc[out["models"]["suppressed"].astype(bool), key]
        withheld = set(rows.astype(str).itertuples(index=False, name=None))
    for name in ("terms", "contrasts", "robustness"):
        if len(out[name]):
            keys = out[name][key].astype(str).itertuples(index=False, name=None)
            out[name]["suppressed"] = [k in withheld for k in keys]
            out[name] = _emptied(name, out[name])
    for name in ("curve", "specifications"):
        if len(out[name]):
            fits = out[name].assign(df=float(survey.disclosure.minimum_df))
            out[name]["suppressed"] = primary.model_withheld(fits, survey.disclosure)
            out[name] = _emptied(name, out[name])
    claims = out["claims"]
    if len(claims):
        told = claims["estimate"].notna()
        few = primary.too_few(claims["n"], survey.disclosure.minimum_firms)
        from_model = np.array([k in withheld for k in claims[key].astype(str).itertuples(index=False, name=None)])
        events = pd.to_numeric(claims["events"]) if "events" in claims else pd.Series(np.nan, index=claims.index)
        claims["suppressed"] = told & (few | from_model | primary.alike(events.astype("float64"), claims["n"]))
        counted = claims["model"].isna()
        claims["n"] = claims["n"].where(counted)
        claims["events"] = events.where(counted)
        claims.loc[claims["suppressed"], "verdict"] = "not testable"
        out["claims"] = _emptied("claims", claims)
    return out


def without_few_alike(models: pd.DataFrame, least: int) -> pd.DataFrame:
    """`models` without the number of different firms where it would give a few away: beside the answers and the firms
    that two waves share it tells how many firms answered in several waves, or in all of them."""
    if "firms" not in models:
        return models.assign(firms=None)
    few = pd.to_numeric(models["fewest_alike"]).fillna(0).between(1, least - 1)
    return models.assign(firms=models["firms"].astype("object").where(~few.astype(bool), None))


def without_few_routed(indicators: pd.DataFrame, least: int) -> pd.DataFrame:
    """`indicators` with how many firms were routed past the question for all firms of the base only, and only where
    neither they nor those that answered are few."""
    if "n_routed" not in indicators:
        return indicators
    routed, firms = pd.to_numeric(indicators["n_routed"]), pd.to_numeric(indicators["n"])
    few = routed.between(1, least - 1) | (firms - routed).between(1, least - 1)
    told = (indicators["domain_variable"] == ALL) & ~few.fillna(True).astype(bool)
    return indicators.assign(n_routed=indicators["n_routed"].astype("object").where(told, None))


def describe_quality(lake: Lake, survey: Survey, waves: Sequence[str]) -> pd.DataFrame:
    """Every wave's quality indicators and the firms that waves share, with definitions."""
    tables = [quality.quality(lake, survey, survey.waves[wave]) for wave in waves]
    shared = quality.panel(lake, survey, list(waves))
    table = quality.defined(_under([*tables, shared]))
    small = table["indicator"].isin(["panel_overlap", "participants"]) & (table["value"] > 0)
    table["suppressed"] = small & (table["value"] < survey.disclosure.minimum_firms)
    return _emptied("quality", table)


def _emptied(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The values the contract lists as withheld become NULL where `suppressed` is true."""
    out = frame.copy()
    for column in contract.BY_NAME[name].withheld:
        if column in out:
            out[column] = out[column].astype("object").where(~out["suppressed"].astype(bool), None)
    return out


def _gather(lake: Lake, table: str, waves: Sequence[str]) -> pd.DataFrame:
    """A table of each of these waves, one under the other, with `wave`."""
    frames = []
    for wave in waves:
        if lake.has(table, wave):
            frame = lake.read(table, wave)
            frames.append(frame if "wave" in frame else frame.assign(wave=wave))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _under(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames one under the other; an empty one where there are none."""
    kept = [frame for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()


def _rules(lake: Lake, waves: Sequence[str]) -> pd.DataFrame:
    """How every suite of these waves came out: those of the answers, and those of later stages' tables."""
    suites = sorted(folder.name for folder in lake.folder.glob("validated_rules*"))
    frames = [frame for suite in suites if len(frame := _gather(lake, suite, waves))]
    rules = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return rules.rename(columns={"why_en": "why"})


def _whole(lake: Lake, table: str) -> pd.DataFrame:
    """A table that spans waves."""
    return lake.read(table, ALL) if lake.has(table, ALL) else pd.DataFrame()


def _pooled(lake: Lake, table: str, waves: Sequence[str]) -> pd.DataFrame:
    """What single waves and all of them together gave, one under the other."""
    frames = [f for f in (_gather(lake, table, waves), _whole(lake, table)) if len(f)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
