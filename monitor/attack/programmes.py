"""What the tables of programmes tell of few firms.

Belongs here: numbers of firms that follow from what is printed of a programme, from the numbers of all that answered,
and from another release. Does not belong here: anything that stands in other tables alone.

The attacker writes down, for each programme of each release:

1. every number of firms as printed, and what it leaves of a number that it is part of: with a grant, of them in the
   frame, of them those that answered, of them those that were compared, of them those that answered every wave;
2. a group's number in the frame less all its categories of a variable;
3. a wave's usable responses less the groups that answered it;
4. a category whose share is withheld alone: all levels of a variable add up to one;
5. one release's numbers less another's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pandas as pd

from monitor.attack.finding import FEW, Finding
from monitor.attack.knowledge import EVERYONE, file_of, read

PARTS = (
    ("participants", "in_frame", "answered_after", "compared", "followed"),
    ("participants", "in_frame", "answered_before"),
    ("participants", "in_consortia"),
)
"""Numbers of which each is part of the one before"""
OF_PARTS = "a number less a part of it"
OF_CATEGORIES = "a group less its categories"
OF_RESPONSES = "a wave's responses less the groups that answered"
OF_SHARES = "shares that add up to one"
OF_TWO = "one release less another"
TABLES = ("programmes", "programme_groups", "programme_balance", "programme_effects")

Versions = Mapping[tuple[str, str], str]
Counts = dict[str, float]
Told = tuple[str, str, float]
"""Of what, how, number"""


def programmes(releases: Sequence[Path], versions: Versions) -> list[Finding]:
    """What follows from the tables of programmes of these releases; `versions`: (release, wave) -> its set of
    figures."""
    found: list[Finding] = []
    last: dict[str, tuple[Counts, str]] = {}
    for release in releases:
        if not all(file_of(release, table).exists() for table in TABLES):
            continue
        tables = {table: read(release, table) for table in TABLES}
        for row in tables["programmes"].to_dict("records"):
            name, wave = str(row["programme"]), str(row["wave"])
            own = {table: frame[frame["programme"] == name] for table, frame in tables.items()}
            counts = _counts(row, own)
            told = [*_parts(counts), *_categories(own, counts), *_responses(release, own, counts), *_shares(own)]
            if name in last and last[name][1] == wave:
                told += _moved(last[name][0], counts)
            last[name] = counts, wave
            for what, how, number in dict.fromkeys(told):
                figures = versions.get((release.name, wave), wave)
                line = (wave, f"programme {name} {what}", EVERYONE, EVERYONE)
                about = f"programme {name}, {what}, {release.name}"
                found.append(Finding(release.name, figures, about, how, number, number, (line,)))
    return found


def _counts(row: Mapping[object, object], own: Mapping[str, pd.DataFrame]) -> Counts:
    """Every number of firms that is told of a programme."""
    counts: dict[str, object] = {
        name: row[name] for name in dict.fromkeys(name for part in PARTS for name in part) if name in row
    }
    counts |= {name: row[name] for name in ("refused", "others")}
    effects = own["programme_effects"]
    for name, chosen in (("compared", effects["is_primary"]), ("followed", effects["approach"] == "changes")):
        first = effects[chosen.astype(bool)]
        if len(first):
            counts[name] = first["n_participants"].iloc[0]
            counts[f"{name} others"] = first["n_comparison"].iloc[0]
    for x in own["programme_groups"].to_dict("records"):
        place = f"{x['basis']} {x['variable']}={x['category']} {x['standing']}"
        counts[place] = x["firms"] if x["basis"] == "frame" else x["n"]
    told = {str(name): float(str(number)) for name, number in counts.items()}
    return {name: number for name, number in told.items() if number == number}


def _parts(counts: Counts) -> Iterator[Told]:
    for name, number in counts.items():
        if 0 < number < FEW:
            yield name, "as printed", number
    for chain in PARTS:
        there = [name for name in chain if name in counts]
        for whole, part in combinations(there, 2):
            if 0 < (left := counts[whole] - counts[part]) < FEW:
                yield f"{whole} without {part}", OF_PARTS, left
    left = counts.get("compared others", 0.0) - counts.get("followed others", counts.get("compared others", 0.0))
    if 0 < left < FEW:
        yield "others compared and not followed", OF_PARTS, left


def _categories(own: Mapping[str, pd.DataFrame], counts: Counts) -> Iterator[Told]:
    """What a variable's categories leave of a group."""
    frame = own["programme_groups"]
    frame = frame[frame["basis"] == "frame"]
    whole = {"participants": counts.get("in_frame"), "refused": counts.get("refused"), "others": counts.get("others")}
    for (variable, standing), rows in frame.groupby(["variable", "standing"]):
        group = whole[str(standing)]
        if group is not None and 0 < (left := group - float(rows["firms"].sum())) < FEW:
            yield f"{standing} in no category of {variable}", OF_CATEGORIES, left


def _responses(release: Path, own: Mapping[str, pd.DataFrame], counts: Counts) -> Iterator[Told]:
    """What the groups leave of everyone that answered their wave."""
    quality = read(release, "quality")
    responses = quality[(quality["indicator"] == "usable_responses") & ~quality["suppressed"]]
    everyone = {str(x["wave"]): float(x["value"]) for x in responses.to_dict("records")}
    answers = own["programme_groups"]
    answers = answers[answers["basis"] == "answers"]
    for variable, rows in answers.groupby("variable"):
        of_wave = everyone.get(str(rows["wave_before"].iloc[0])) if rows["n"].notna().all() else None
        if of_wave is not None and 0 < (left := of_wave - float(rows["n"].sum())) < FEW:
            yield f"firms in no group by {variable}", OF_RESPONSES, left
    if "compared" in counts and "compared others" in counts:
        of_wave = everyone.get(str(own["programme_effects"]["wave"].iloc[0]))
        if of_wave is not None and 0 < (left := of_wave - counts["compared"] - counts["compared others"]) < FEW:
            yield "firms that answered and were not compared", OF_RESPONSES, left


def _shares(own: Mapping[str, pd.DataFrame]) -> Iterator[Told]:
    """A level of a category that is withheld alone."""
    balance = own["programme_balance"]
    variable = balance["term"].astype(str).str.extract(r"^([^\[]+)\[", expand=False)
    for name, rows in balance.groupby(variable):
        if int(rows["suppressed"].sum()) == 1:
            yield f"firms in the withheld level of {name}", OF_SHARES, 1.0


def _moved(then: Counts, now: Counts) -> Iterator[Told]:
    """Numbers that came or went between two releases, and of two that are part of each other what is between them."""
    for name in then.keys() & now.keys():
        if 0 < (moved := abs(now[name] - then[name])) < FEW:
            yield f"{name} since the release before", OF_TWO, moved
    for chain in PARTS:
        for whole, part in pairwise(name for name in chain if name in then and name in now):
            moved = abs((now[whole] - now[part]) - (then[whole] - then[part]))
            if 0 < moved < FEW:
                yield f"{whole} without {part} since the release before", OF_TWO, moved
