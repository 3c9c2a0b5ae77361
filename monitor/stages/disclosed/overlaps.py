"""Numbers of firms that were in two waves, between releases: what changed in them is a cell as in any line.

Belongs here: which of these numbers too few firms moved to show them anew, and what is shown instead; what gives such
a number back. Does not belong here: which are sensitive in one release (`cells`), the lines of single waves
(`revisions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.contract.shape import emptied
from monitor.precision import to_error
from monitor.stages.disclosed import sets
from monitor.stages.disclosed.cells import Overlap, Row, Since, number
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.stages.disclosed.history import Earlier
from monitor.survey import Indicator, Survey

KEY = ("indicator", "domain_variable", "domain", "wave_from", "wave_to")
USABLE, IN_BOTH = "usable_responses", "panel_overlap"
"""The quality indicators that count a wave's firms, and those of two waves"""
AGAIN = "attrition"
"""The test beside models that tells which share of a wave's firms answered again"""


def overlap_of(line: Mapping[object, object]) -> Overlap:
    """The key of a line of `changes`."""
    indicator, variable, domain, one, other = (str(line[column]) for column in KEY)
    return indicator, variable, domain, one, other


def ends_of(overlap: Overlap) -> tuple[Row, Row]:
    """The indicator lines that a change lies between."""
    indicator, variable, domain, one, other = overlap
    return (one, indicator, variable, domain), (other, indicator, variable, domain)


def since_earlier(
    changes: pd.DataFrame,
    before: Sequence[Earlier],
    survey: Survey,
    firms: Mapping[str, WaveFirms],
    repeated: Collection[Row],
) -> Since:
    """What became of the numbers of firms in both waves since the releases that showed them first.

    A number may not be shown anew where one to `minimum_firms` − 1 firms came into it or left it, or any did where an
    end is one of the `repeated` lines, whose own number is an earlier release's. Where nobody did, it is known.
    """
    now = {overlap_of(line) for line in changes.to_dict("records")} if before else set()
    few: set[Overlap] = set()
    same: set[Overlap] = set()
    for release in before:
        for pair, overlaps in _by_pair(now & _shown_first(release)).items():
            then = [release.firms(survey, wave) for wave in pair]
            since = [firms.get(wave) for wave in pair]
            count = _Moved(then, since)
            for overlap in overlaps:
                moved = count.of(survey.indicators[overlap[0]], (overlap[1], overlap[2]))
                stale = any(end in repeated for end in ends_of(overlap))
                if 0 < moved < survey.disclosure.minimum_firms or (stale and moved):
                    few.add(overlap)
                if not moved:
                    same.add(overlap)
    again = last_shown(before, few, repeated)
    hidden = now & _withheld(before[-1]) if before else set()
    return Since(few, same - few, again, hidden)


def _withheld(release: Earlier) -> set[Overlap]:
    """The lines whose number a release withheld though it showed the change."""
    lines = release.tables["changes"]
    lines = lines[lines["overlap_suppressed"].astype(bool) & ~lines["suppressed"].astype(bool)]
    return {overlap_of(x) for x in lines.to_dict("records")}


def last_shown(before: Sequence[Earlier], overlaps: Iterable[Overlap], repeated: Collection[Row]) -> dict[Overlap, int]:
    """The numbers that the newest release showed of these lines, of those with an end that is shown as it was."""
    if not before:
        return {}
    wanted = {overlap for overlap in overlaps if any(end in repeated for end in ends_of(overlap))}
    return {overlap: count for overlap, count in _shown(before[-1]).items() if overlap in wanted}


def _shown(release: Earlier) -> dict[Overlap, int]:
    """The numbers that a release showed."""
    lines = release.tables["changes"].dropna(subset=["overlap_firms"]).to_dict("records")
    return {overlap_of(x): int(number(x["overlap_firms"])) for x in lines}


def _shown_first(release: Earlier) -> set[Overlap]:
    """The lines whose number was that of the release's own firms: where an end is repeated, so is the number."""
    again = {row for row, line in release.lines.items() if number(line.get("held"))}
    return {overlap for overlap in _shown(release) if not again.intersection(ends_of(overlap))}


def few_came_or_left(quality: pd.DataFrame, least: int) -> pd.Series:
    """(rows,) Numbers of firms in two waves that leave one to `least` − 1 of either wave's usable responses."""
    usable = quality[quality["indicator"] == USABLE].set_index("wave")["value"]
    shared = quality["indicator"] == IN_BOTH
    left = [quality[wave].map(usable) - quality["value"] for wave in ("wave", "concept")]
    return shared & (left[0].between(1, least - 1) | left[1].between(1, least - 1))


def without_uncounted_share(robustness: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """`robustness` with the share of a wave's firms that answered again only where it says what `quality` prints: the
    firms in both waves over the first one's usable responses.

    Times these responses it is a number of firms. Where quality prints another, or none, there are too few of them, or
    too few left, or too few came into that number since an earlier release; or it is of a base that not all are in.
    """
    shown = quality[~quality["suppressed"].astype(bool)].dropna(subset=["value"])
    usable = shown[shown["indicator"] == USABLE].set_index("wave")["value"]
    printed = {
        f"{x['wave']} to {x['concept']}": to_error(float(x["value"]) / float(usable[x["wave"]]), None)
        for x in shown[shown["indicator"] == IN_BOTH].to_dict("records")
        if x["wave"] in usable
    }
    out = robustness.copy()
    for place in out.index[(out["test"] == AGAIN) & out["bound"].notna()]:
        counted = printed.get(str(out["variant"][place]))
        out.loc[place, "suppressed"] |= counted is None or abs(float(out["bound"][place]) - counted) > 1e-9
    return emptied("robustness", out)


def _by_pair(overlaps: Iterable[Overlap]) -> dict[tuple[str, str], list[Overlap]]:
    found: dict[tuple[str, str], list[Overlap]] = {}
    for overlap in sorted(overlaps):
        found.setdefault(overlap[3:], []).append(overlap)
    return found


class _Moved:
    """How many firms came into a set of firms of two waves, or left it, between two releases."""

    def __init__(self, then: Sequence[WaveFirms | None], since: Sequence[WaveFirms | None]) -> None:
        self.sides = [[wave for wave in side if wave is not None] for side in (then, since)]
        self.counted: dict[str, list[list[pd.Index]]] = {}
        self.placed: dict[sets.Domain, list[list[pd.Index]]] = {}

    def of(self, indicator: Indicator, domain: sets.Domain) -> int:
        """How many of an indicator's firms in a domain."""
        if indicator.name not in self.counted:
            self.counted[indicator.name] = [[_counted(wave, indicator) for wave in side] for side in self.sides]
        if domain not in self.placed:
            self.placed[domain] = [[_inside(wave, domain) for wave in side] for side in self.sides]
        then, since = (
            _in_all([*of_indicator, *of_domain])
            for of_indicator, of_domain in zip(self.counted[indicator.name], self.placed[domain], strict=True)
        )
        return len(then ^ since)


def _in_all(groups: Sequence[pd.Index]) -> set[object]:
    return set.intersection(*(set(group) for group in groups)) if len(groups) == 4 else set()


def _counted(wave: WaveFirms, indicator: Indicator) -> pd.Index:
    if indicator.measure not in wave.observed:
        return pd.Index([])
    return pd.Index(wave.observed.loc[sets.counted(wave.observed, indicator), "firm"])


def _inside(wave: WaveFirms, domain: sets.Domain) -> pd.Index:
    if domain == (EVERYONE, EVERYONE):
        return pd.Index(wave.observed["firm"])
    codes = wave.domains.get(domain[0])
    return pd.Index([]) if codes is None else pd.Index(codes.loc[codes["domain"] == domain[1], "firm"])
