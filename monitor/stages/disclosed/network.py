"""The networks of a release: those of the register, and those that firms make by taking part in two things at once.

Belongs here: the tables `network_figures`, `network_nodes` and `network_ties`. Does not belong here: which ties may be
told (`ties_told`), how many firms they stand for (`ties_estimated`), what a network comes to (`statistics.network`).

Every figure is one of the ties that are told, so that none tells of a tie that is not. A wave of which few firms moved
in what ties count keeps the ties, nodes and figures of the last release.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import pandas as pd

from monitor.contract.network import OF_FIRMS
from monitor.contract.shape import rounded
from monitor.stages.disclosed import ties_estimated, ties_told
from monitor.stages.disclosed.history import Earlier
from monitor.stages.disclosed.peers import asked
from monitor.stages.disclosed.ties_estimated import Answers, Estimated
from monitor.stages.disclosed.ties_told import Counted, Shown, Tie
from monitor.statistics.network import measured
from monitor.storage.lake import Lake
from monitor.survey import Survey, Wave
from monitor.wording.sentences import say

TABLES = ("network_figures", "network_nodes", "network_ties")
Row = dict[str, object]
Node = tuple[str, str, str | None]
"""Name in Dutch and English, kind"""


@dataclass
class Network:
    """One network of one wave."""

    name: str
    wave: str
    nodes: Mapping[str, Node]
    shared: Mapping[Tie, int]
    side: Collection[str] | None = None
    """The nodes of one side, where ties lead from one side to the other"""
    firms: Mapping[Tie, Estimated] = field(default_factory=dict)
    strength: Mapping[str, Estimated] = field(default_factory=dict)
    mean: Estimated | None = None
    changes: Mapping[Tie, tuple[float, float, float]] = field(default_factory=dict)


def networks(
    lake: Lake, survey: Survey, waves: Sequence[str], before: Sequence[Earlier], standing: Collection[str]
) -> dict[str, pd.DataFrame]:
    """The three tables. Nothing without a register; no network of firms in a wave that does not ask who takes part.
    `standing`: the waves whose figures are an earlier release's anyway, of which no change can be told."""
    found = [one for wave in sorted(waves) for one in _of_register(survey, survey.waves[wave])]
    again: dict[str, Earlier] = {}
    told: dict[str, tuple[Answers, Counted]] = {}
    for wave in sorted(waves):
        if not survey.initiatives or not lake.has("weighted_weights", wave) or not asked(lake, wave):
            continue
        answers = ties_estimated.read(lake, survey, wave)
        firms = ties_told.counted(survey, wave, answers.observed)
        made = _of_firms(survey, survey.waves[wave], answers, firms, _shown(before, wave))
        if _held(survey, wave, made, firms, before):
            again[wave] = before[-1]
        else:
            found += made
            told[wave] = (answers, firms)
    fresh = [wave for wave in sorted(waves) if wave not in again and wave not in standing]
    _with_changes(found, told, fresh, sorted(waves))
    tables = _tables(survey, found, fresh, sorted(waves))
    for wave, release in again.items():
        for name in TABLES:
            last = release.tables[name]
            last = last[(last["wave"] == wave) & last["network"].isin(OF_FIRMS)].assign(held=True)
            tables[name] = pd.DataFrame([*tables[name].to_dict("records"), *last.to_dict("records")])
    return tables


# ---- which ties ------------------------------------------------------------------------------------------------------


def _of_register(survey: Survey, wave: Wave) -> list[Network]:
    """Actors and initiatives, and actors by the initiatives that both stand behind, as the register has them."""
    ties = sorted({(tie.actor, tie.initiative) for tie in survey.register.ties_of(wave)})
    if not ties:
        return []
    actors: dict[str, Node] = {
        code: (*_label(actor.label), actor.kind) for code, actor in sorted(survey.register.actors.items())
    }
    initiatives = {code: _initiative(survey, wave, code) for code in survey.register.of_wave(wave)}
    behind: dict[str, list[str]] = {}
    for actor, initiative in ties:
        behind.setdefault(initiative, []).append(actor)
    both: dict[Tie, int] = {}
    for some in behind.values():
        for pair in combinations(some, 2):
            both[pair] = both.get(pair, 0) + 1
    return [
        Network("register", wave.name, {**actors, **initiatives}, dict.fromkeys(ties, 1), actors),
        Network("actors", wave.name, actors, dict(sorted(both.items()))),
    ]


def _of_firms(survey: Survey, wave: Wave, answers: Answers, firms: Counted, shown: Shown) -> list[Network]:
    """The networks of initiatives, themes and kinds, with the ties that may be told."""
    told = ties_told.told(firms, survey.disclosure.minimum_firms, shown)
    made = []
    for network in OF_FIRMS:
        nodes = _nodes(survey, wave, network)
        ties = {tie: n for tie, n in told[network].items() if {*tie} <= nodes.keys()}
        if len(nodes) > 1:
            made.append(_estimated(Network(network, wave.name, nodes, ties), answers, firms))
    return made


def _nodes(survey: Survey, wave: Wave, network: str) -> dict[str, Node]:
    """Every node that firms could take part in in a wave, tied or not."""
    alive = survey.register.of_wave(wave)
    if network == "initiatives":
        return {code: _initiative(survey, wave, code) for code in alive}
    if network == "themes":
        present = sorted({row.theme for row in alive.values() if row.theme})
        return {theme: (*_label(survey.register.themes[theme]), None) for theme in present}
    kinds = sorted({row.kind for row in alive.values()})
    return {kind: (say("report", kind, "nl"), say("report", kind, "en"), kind) for kind in kinds}


def _initiative(survey: Survey, wave: Wave, code: str) -> Node:
    row = survey.register.known(wave.name)[code]
    return (*_label(row.label), row.kind)


def _label(label: Mapping[str, str]) -> tuple[str, str]:
    return label["nl"], label["en"]


def _shown(before: Sequence[Earlier], wave: str) -> Shown:
    """What earlier releases told of the ties that firms make in a wave."""
    told = [_ties(release, wave) for release in before]
    newest = next((ties for ties in reversed(told) if ties), {})
    return Shown(newest, {(network, tie, n) for ties in told for network, of in ties.items() for tie, n in of.items()})


def _ties(release: Earlier, wave: str) -> dict[str, dict[Tie, int]]:
    """Network of firms -> ties -> firms; without the networks that a release did not have."""
    figures, table = release.tables["network_figures"], release.tables["network_ties"]
    there = figures.loc[(figures["wave"] == wave) & figures["network"].isin(OF_FIRMS), "network"]
    found: dict[str, dict[Tie, int]] = {str(network): {} for network in there}
    for x in table[(table["wave"] == wave) & table["network"].isin(there)].to_dict("records"):
        found[str(x["network"])][str(x["node_a"]), str(x["node_b"])] = int(x["shared"])
    return found


def _held(survey: Survey, wave: str, made: Sequence[Network], firms: Counted, before: Sequence[Earlier]) -> bool:
    """Whether so few firms moved in what a tie counts, since a release that told it, that it stands as it was."""
    now = {(network.name, tie) for network in made for tie in network.shared}
    for release in before:
        ties = {(network, tie) for network, of in _ties(release, wave).items() for tie in of}
        then = release.firms(survey, wave) if ties else None
        if then is None or "initiatives" not in then.answers:
            continue
        answers = [x.split(",") if x else None for x in then.answers["initiatives"]]
        counted = ties_told.counted(survey, wave, answers)
        if ties_told.moved_by_few(firms, counted, sorted(now & ties), survey.disclosure.minimum_firms):
            return True
    return False


# ---- what they come to -----------------------------------------------------------------------------------------------


def _estimated(network: Network, answers: Answers, firms: Counted) -> Network:
    """With the firms of the population behind its ties, each node's ties, and all of them on average."""
    ties = sorted(network.shared)
    if not ties:
        return network
    tied = sorted({node for tie in ties for node in tie})
    sums = [{tie: 1.0} for tie in ties]
    sums += [{tie: 1.0 for tie in ties if node in tie} for node in tied]
    sums.append({tie: 1 / len(ties) for tie in ties})
    found = ties_estimated.estimates(answers, firms, network.name, ties, sums)
    network.firms = dict(zip(ties, found, strict=False))
    network.strength = dict(zip(tied, found[len(ties) :], strict=False))
    network.mean = found[-1]
    return network


def _with_changes(
    found: Sequence[Network], told: Mapping[str, tuple[Answers, Counted]], fresh: Sequence[str], waves: Sequence[str]
) -> None:
    """Put the change of each tie since the wave before into the networks of firms."""
    by = {(network.wave, network.name): network for network in found}
    for before, now in pairwise(waves):
        for name in OF_FIRMS if {before, now} <= {*fresh} else ():
            one, other = by.get((before, name)), by.get((now, name))
            if one and other:
                other.changes = ties_estimated.changes((*told[before], one.firms), (*told[now], other.firms), name)


# ---- rows ------------------------------------------------------------------------------------------------------------


def _tables(
    survey: Survey, found: Sequence[Network], fresh: Collection[str], waves: Sequence[str]
) -> dict[str, pd.DataFrame]:
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    last: dict[str, Row] = {}
    for network in found:
        figures, nodes = _measured_rows(network)
        key: Row = {"survey": survey.name, "wave": network.wave, "network": network.name}
        at = list(waves).index(network.wave)
        before = last.get(network.name)
        # What stands as it was last told is no end of a change: the other end would tell what it is by now.
        of_firms = network.name in OF_FIRMS
        if (
            at
            and before
            and before["wave"] == waves[at - 1]
            and not (of_firms and {*waves[at - 1 : at + 1]} - {*fresh})
        ):
            figures |= {"wave_before": before["wave"]}
            figures |= {f"{x}_change": int(str(figures[x])) - int(str(before[x])) for x in ("ties", "parts")}
        last[network.name] = key | figures
        rows["network_figures"].append(key | figures)
        rows["network_nodes"] += [key | x for x in nodes]
        rows["network_ties"] += [key | x for x in _tie_rows(network, waves[at - 1])]
    frames = {name: pd.DataFrame(x, columns=None if x else ["survey", "wave", "network"]) for name, x in rows.items()}
    return {name: rounded(name, frame) for name, frame in frames.items()}


def _measured_rows(network: Network) -> tuple[Row, list[Row]]:
    """A network's figures and those of its nodes."""
    told = measured(list(network.nodes), {tie: float(n) for tie, n in network.shared.items()}, network.side)
    figures: Row = {
        "nodes": len(network.nodes),
        "ties": len(network.shared),
        "density": told.density,
        "parts": told.components,
        "largest_part": told.largest,
        "brokers": len(told.brokers),
    }
    if network.mean:
        figures |= network.mean.row("firms_per_tie")
    of_firms = network.name in OF_FIRMS
    nodes: list[Row] = []
    for node, (label_nl, label_en, kind) in network.nodes.items():
        row: Row = {
            "node": node,
            "label_nl": label_nl,
            "label_en": label_en,
            "kind": kind,
            "part": told.component[node],
            "ties": told.ties[node],
            "strength": None if of_firms else told.strength[node],
            "betweenness": told.betweenness[node],
            "broker": node in told.brokers,
        }
        nodes.append(row | (network.strength[node].row("strength") if node in network.strength else {}))
    return figures, nodes


def _tie_rows(network: Network, wave_before: str) -> list[Row]:
    rows: list[Row] = []
    for (one, other), shared in network.shared.items():
        row: Row = {"node_a": one, "node_b": other, "shared": shared}
        if (one, other) in network.firms:
            row |= network.firms[one, other].row("firms")
        if (one, other) in network.changes:
            moved, low, high = network.changes[one, other]
            row |= {"wave_before": wave_before, "firms_change": moved}
            row |= {"firms_change_low": low, "firms_change_high": high}
        rows.append(row)
    return rows
