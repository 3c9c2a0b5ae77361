"""`disclosed`: the one door to anything public. What passes it may be printed; what does not, nobody sees.

Belongs here: taking estimates, models, claims and quality through disclosure control into the tables of the
contract. Does not belong here: estimating, or writing a release.

`sets` says which firms a figure counts (what is sensitive and what else must go: `statistics.disclosure`),
`cells` how published lines hang together, `contributions` what the firms add, `fitted` what of models may be shown,
`history`, `changed`, `sequence`, `revisions` and `overlaps` what earlier releases have shown; `quality`, `codebook`,
`domains` and `readme` describe the survey and its tables, `declared` what its definition decides about lines;
`population` says how many firms there are; `readable` says how a reader gets each interval, `beside` puts words, units
and counts beside lines, `together` adjusts p-values for each other, `one_firm` says which amounts rest on one firm,
`sensitivity` what of the firms that did not answer; `participants` who takes part in what (`participants_told`);
`network` who is tied to whom (`ties_told`, `ties_estimated`);
`programmes` who took part in programmes, and what the frame says of them (`programme_frame`);
`framework` fills the fifty indicators of ecosystems, `listed` those that are counted over frame and grants.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from monitor.contract.columns import CONFIDENTIALITY, RELIABILITY
from monitor.contract.outcomes import counted
from monitor.contract.shape import emptied, rounded, shaped
from monitor.running.beside import begin
from monitor.stages.disclosed import (
    beside,
    cells,
    codebook,
    declared,
    domains,
    fitted,
    framework,
    history,
    listed,
    network,
    one_firm,
    overlaps,
    participants,
    peers,
    population,
    programmes,
    quality,
    readable,
    readme,
    register,
    revisions,
    sensitivity,
    sequence,
    together,
)
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.storage.lake import Lake
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
    every_line = rounded(
        "indicators", readable.indicators_readable(asked_lines(_gather(lake, "estimated_indicators", waves)), survey)
    )
    firms = {wave: found for wave in waves if (found := WaveFirms.read(lake, survey, wave)) is not None}
    every_line = one_firm.with_one_firm(every_line, survey, firms)
    stands = sequence.standing(before, survey, firms, _whole(lake, "modelled_programme_firms"))
    # None of these rests on what is decided of indicators, nor that on them.
    of_networks = begin(network.networks, lake, survey, waves, before, stands.waves)
    of_models = begin(_models, lake, survey, waves, firms)
    of_quantiles = begin(_quantiles, survey, firms)
    of_programmes = begin(programmes.programmes, lake, survey, waves)
    indicators = every_line[~every_line["wave"].isin(stands.waves)] if len(every_line) else every_line
    least = survey.disclosure.minimum_firms
    why: dict[cells.Row, str] = {}
    held: dict[cells.Row, Mapping[str, object]] = {}
    if len(indicators):
        chosen = cells.indicator_rows(indicators, survey, firms, history.shown(before), history.withheld(before))
        held, never_shown = revisions.held_lines(before, survey, firms, chosen.system, chosen.rows)
        why = dict.fromkeys(chosen.rows | never_shown, CONFIDENTIALITY)
        why |= dict.fromkeys(chosen.unreliable - never_shown, RELIABILITY)
        hidden, protected = chosen.system.hidden(why), chosen.system.protected(set(chosen.primary))
        for name, _ in chosen.attacker.exposed(hidden, protected):
            log.warning("disclosed: %s can still be worked out from what was published before", name)
    printed = revisions.with_held(without_few_routed(withhold_lines(indicators, why), least), held)
    standing_lines = history.lines_of(before, stands.waves)
    gone = why | {row: str(line["withheld_for"]) for row, line in standing_lines.items() if line["suppressed"]}
    shown_again = {row: line for row, line in standing_lines.items() if not line["suppressed"]}
    changes = rounded(
        "changes",
        revisions.changes_of_printed(
            readable.changes_readable(_whole(lake, "estimated_changes")), every_line, held | shown_again
        ),
    )
    counts = {cells.row_of(x): cells.number(x["n"]) for x in printed.to_dict("records")}
    counts |= {row: cells.number(line["n"]) for row, line in shown_again.items()}
    taking_part = _under(peers.initiatives(lake, survey, wave) for wave in waves)
    told = revisions.with_held_precision(describe_quality(lake, survey, waves, stands.waves), held)
    models = of_models()
    claims = declared.with_proof(
        revisions.with_held_claims(models["claims"], before, held, least), lake, survey, waves, before
    )
    told = revisions.with_held_participants(told, before, held, least)
    initiatives = revisions.with_held_initiatives(taking_part, before, least)
    counted = {"indicators": printed, "initiatives": initiatives, "quality": told}
    departures = _pooled(lake, "modelled_sensitivity", waves)
    tables = {
        "indicators": printed,
        "changes": declared.with_comparability(
            withhold_changes(changes, counts, gone, survey, firms, before, {*held, *shown_again}),
            withhold_lines(every_line, gone),
            survey,
        ),
        **models,
        "models": revisions.with_held_counts(models["models"], before, held, survey),
        "claims": claims,
        "sensitivity": sensitivity.sensitivity(departures, printed, claims, before, survey.disclosure),
        "rules": _rules(lake, waves),
        "quality": told,
        "initiatives": initiatives,
        "participation": participants.participation(lake, survey, firms, counted, before),
        "benchmarks": revisions.with_held_quantiles(of_quantiles(), before, survey, firms, held),
        "codebook": codebook.codebook(survey, waves),
        "definitions": codebook.definitions(survey),
        "comparable": codebook.comparable(survey, waves),
        "population": population.population(survey, waves),
        "register_changes": register.register_changes(survey, waves),
        **of_networks(),
        **of_programmes(),
        "readme": readme.readme(survey),
    }
    shapes = {
        name: shaped(name, frame if "survey" in frame else frame.assign(survey=survey.name))
        for name, frame in tables.items()
    }
    if before:
        again = sequence.as_last_shown(shapes, before[-1], stands)
        shapes = {name: shaped(name, frame) for name, frame in again.items()}
    shapes["robustness"] = shaped(
        "robustness", overlaps.without_uncounted_share(shapes["robustness"], shapes["quality"])
    )
    shapes["terms"] = readable.with_odds_ratios(shapes["terms"])
    labelled = beside.with_what_is_beside(together.with_adjusted(shapes, survey), survey)
    of_lists = listed.listed(lake, survey, waves, before)
    labelled["framework"] = shaped("framework", framework.framework(survey, labelled, waves, of_lists))
    return domains.with_domains(labelled, survey)


def _quantiles(survey: Survey, firms: Mapping[str, WaveFirms]) -> pd.DataFrame:
    return _under(peers.benchmarks(found, survey, wave) for wave, found in firms.items())


def _models(
    lake: Lake, survey: Survey, waves: Sequence[str], firms: Mapping[str, WaveFirms]
) -> dict[str, pd.DataFrame]:
    """The tables of models, of single waves and of all together, with what may be told."""
    found = {name: readable.of_model_readable(name, _pooled(lake, f"modelled_{name}", waves)) for name in fitted.TABLES}
    return fitted.withhold_models({name: rounded(name, frame) for name, frame in found.items()}, survey, firms)


def asked_lines(indicators: pd.DataFrame) -> pd.DataFrame:
    """`indicators` without what a wave did not ask at all: no firm answered it, so there is nothing to withhold."""
    if not len(indicators):
        return indicators
    firms = pd.to_numeric(indicators["n"]).fillna(0)
    return indicators[firms.groupby([indicators["wave"], indicators["indicator"]]).transform("max") > 0]


def withhold_lines(indicators: pd.DataFrame, why: Mapping[cells.Row, str]) -> pd.DataFrame:
    """`indicators` with the values of these lines gone (line -> why). What is left of a line that is withheld for
    confidentiality does not tell whether it is sensitive itself or protects another."""
    out = indicators.copy()
    keys = [cells.row_of(line) for line in out.to_dict("records")]
    out["suppressed"] = [key in why for key in keys]
    out["withheld_for"] = [why.get(key) for key in keys]
    return emptied("indicators", out)


def withhold_changes(
    changes: pd.DataFrame,
    counts: Mapping[cells.Row, float],
    why: Mapping[cells.Row, str],
    survey: Survey,
    firms: Mapping[str, WaveFirms],
    before: Sequence[history.Earlier] = (),
    repeated: Collection[cells.Row] = (),
) -> pd.DataFrame:
    """`changes` without those that would give back a withheld end: the change and one end give the other.

    `counts` are the numbers of firms that the lines of indicators show, `why` the lines that are withheld, `firms`
    those of each wave. A change is withheld for reliability where no end is withheld for confidentiality.
    The number of firms in both waves is withheld by itself where it, or what it leaves of a wave's own number, is of
    too few, where it tells one answer of all that could be in it, and where it could be worked out from the others:
    `overlap_suppressed`.
    """
    out = changes.copy()
    if not len(out):
        return out
    shown = {row: count for row, count in counts.items() if row not in why}
    since = overlaps.since_earlier(out, before, survey, firms, repeated)
    again = overlaps.last_shown(before, since.moved, repeated)
    few = cells.overlap_rows(out, shown, firms, survey, since)
    lines = out.to_dict("records")
    out["withheld_for"] = [
        declared.why_withheld(
            *(
                why.get((str(line[end]), str(line["indicator"]), str(line["domain_variable"]), str(line["domain"])))
                for end in ("wave_from", "wave_to")
            )
        )
        for line in lines
    ]
    out["suppressed"] = out["withheld_for"].notna()
    pairs = [overlaps.overlap_of(line) for line in lines]
    out["overlap_suppressed"] = [
        gone_too or pair in few for pair, gone_too in zip(pairs, out["suppressed"], strict=True)
    ]
    out = emptied("changes", out)
    counted = [again.get(pair, count) for pair, count in zip(pairs, out["overlap_firms"], strict=True)]
    out["overlap_firms"] = pd.Series(counted, index=out.index, dtype="object").where(~out["overlap_suppressed"], None)
    return out


def without_few_routed(indicators: pd.DataFrame, least: int) -> pd.DataFrame:
    """`indicators` with how many firms were routed past the question for all firms of the base only, and only where
    neither they nor those that answered are few."""
    if "n_routed" not in indicators:
        return indicators
    routed, firms = pd.to_numeric(indicators["n_routed"]), pd.to_numeric(indicators["n"])
    few = routed.between(1, least - 1) | (firms - routed).between(1, least - 1)
    told = (indicators["domain_variable"] == ALL) & ~few.fillna(True).astype(bool)
    return indicators.assign(n_routed=indicators["n_routed"].astype("object").where(told, None))


def describe_quality(
    lake: Lake, survey: Survey, waves: Sequence[str], standing_waves: Iterable[str] = ()
) -> pd.DataFrame:
    """Every wave's quality indicators and the firms that waves share, with definitions.

    Counts of firms that are too few to tell apart are withheld: of participants, of firms in two waves or in one of
    them alone, of responses that a correction or a later delivery changed.
    """
    tables = [quality.quality(lake, survey, survey.waves[wave]) for wave in waves]
    shared = quality.panel(lake, survey, list(waves))
    stands = quality.stands(survey, waves, standing_waves)
    table = quality.defined(_under([*tables, shared, stands]))
    small = table["indicator"].isin(quality.COUNTS_OF_FIRMS) & (table["value"] > 0)
    least = survey.disclosure.minimum_firms
    table["suppressed"] = small & (table["value"] < least) | overlaps.few_came_or_left(table, least)
    return emptied("quality", table)


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
