"""Which numbers of participants may be told, in one release and beside earlier ones.

Belongs here: every number of firms that the table `participation` tells or that follows from it, and the rows that go
or stay as they were. Does not belong here: the table's lines (`participants`), which counts of initiatives are printed
(`peers`).

A **row** here is what several lines of the table share: number and reach of a group in a region of firms, or the three
lines on the outcome. A **region** is a domain, or the firms with or without the primary model's outcome.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.contract.columns import CONFIDENTIALITY, EVERYONE
from monitor.stages.disclosed import sets
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.system import Name, Quantity, System
from monitor.survey import Disclosure, Survey, Wave
from monitor.survey.groupings import (
    ALL_OF_THEM,
    BY_DOMAIN,
    BY_REGISTER,
    EVERY,
    INITIATIVE,
    NUMBER,
    Answer,
    Group,
    taking_part,
)

Bools = npt.NDArray[np.bool_]
Region = tuple[str, str]
Row = tuple[Group, Region]
WHOLE: Region = (EVERYONE, EVERYONE)
OUTCOME = "outcome of the primary model"
"""The variable of the regions with and without it; its row is that of the region (OUTCOME, EVERYONE)"""


@dataclass(frozen=True)
class Firms:
    """A wave's firms by what they take part in and where they belong, as answered."""

    answered: Bools
    groups: Mapping[Group, Bools]
    regions: Mapping[Region, Bools]
    standing: Mapping[str, Mapping[str, str]]
    """Kind, theme or place of each initiative as answered: grouping -> initiative -> group"""

    @classmethod
    def of(cls, survey: Survey, wave: Wave, found: WaveFirms, known: Collection[str] | None = None) -> Firms:
        """From a wave's firms, today's or an earlier release's; `known`: those that answered, where not all did."""
        order = found.observed["firm"]
        texts = found.answers["initiatives"].reindex(order).fillna("")
        silent = set() if known is None else set(order) - set(known)
        asked = [None if firm in silent else _answer(str(x)) for firm, x in zip(order, texts, strict=True)]
        regions = {WHOLE: np.ones(len(order), dtype=bool)}
        for variable, codes in found.domains.items():
            own = codes.set_index("firm")["domain"].reindex(order)
            regions |= {(variable, str(c)): (own == c).to_numpy(bool) for c in sorted(set(own.dropna()))}
        outcome = next((m.main.outcome for m in survey.models.values() if m.primary), None)
        if outcome is not None and outcome in found.observed and survey.measures[outcome].type == "boolean":
            has = found.observed[outcome].astype("boolean")
            for code, wanted in (("true", True), ("false", False)):
                regions[OUTCOME, code] = (has == wanted).fillna(False).to_numpy(bool)
        stands = survey.register.standing_for(wave)
        standing = {g: {c: str(v) for c, r in stands.items() if (v := getattr(r, g)) is not None} for g in BY_REGISTER}
        answered = np.array([x is not None for x in asked], dtype=bool)
        return cls(answered, taking_part(survey, wave, asked), regions, standing)

    def count(self, inside: Bools, region: Region = WHOLE) -> float:
        """How many firms of a region are inside."""
        return float((inside & self.answered & self.regions[region]).sum())


def _answer(text: str) -> Answer:
    """A firm's initiatives from its answers as text (`contributions.texts`)."""
    return frozenset(text.split(",")) if text else frozenset()


class Numbers:
    """Every number of firms that participation tells of in a wave, as a system of cells."""

    def __init__(self, firms: Firms, limits: Disclosure) -> None:
        self.firms, self.limits = firms, limits
        self.system = System()
        self.sensitive: set[Row] = set()
        self.cells = [g for g in firms.groups if g[0] in (EVERY, *BY_REGISTER)]
        for region in firms.regions:
            self._region(region)
        for group in self.cells:
            self._domains_add_up(group)
            self._rows(group)
        self._numbers()
        self._initiatives()

    def _nobody(self, name: Name, value: float) -> Name:
        """A remainder of which everybody takes for granted that there is none, where there is none."""
        if value == 0:
            self.system.known.add(name)
        return name

    def put(self, name: Name, value: float, few: bool = False, width: float = 0.0) -> Name:
        """A number, protected where it is of few firms."""
        self.system.quantities[name] = Quantity(value, width=width or (self.limits.minimum_firms if few else 0.0))
        return name

    def _follows(self, name: Name, value: float, least: float = 0.0) -> Name:
        """A number that no line shows, but that others give; `least`: fewer of them are few."""
        few = 0 < value < (least or self.limits.minimum_firms)
        self.put(name, value, width=(least or float(self.limits.minimum_firms)) if few else 0.0)
        if few:
            self.system.implied.add(name)
        return name

    def _region(self, region: Region) -> None:
        """Of each group the firms in the region, the others there, and what the groups leave of all that take part."""
        count, relations = self.firms.count, self.system.relations
        of_outcome = region[0] == OUTCOME
        firms = self.put(("firms", region), count(self.firms.regions[region], region))
        self.system.known.add(firms)
        fewest = float(self.limits.fewest_others)
        for group in self._within(region):
            inside = count(self.firms.groups[group], region)
            others = self.system.quantities[firms].value - inside
            least = fewest if of_outcome else float(self.limits.minimum_firms)
            number = self.put(("in", group, region), inside, width=least if inside < least else 0.0)
            left = self.put(("others", group, region), others, width=fewest if others < fewest else 0.0)
            relations.append((firms, (number, left)))
            if group != ALL_OF_THEM:
                rest = self.firms.groups[ALL_OF_THEM] & ~self.firms.groups[group]
                more = self._follows(("rest", group, region), count(rest, region), least)
                relations.append((("in", ALL_OF_THEM, region), (number, more)))
        for grouping in BY_REGISTER:
            groups = [group for group in self._within(region) if group[0] == grouping]
            if not groups:
                continue
            each = [("in", group, region) for group in groups]
            union = np.any([self.firms.groups[group] for group in groups], axis=0)
            told = self.put(("sum", grouping, region), sum(self.system.quantities[name].value for name in each))
            one = self.put(("one", grouping, region), count(union, region))
            again = self.system.quantities[told].value - self.system.quantities[one].value
            more = self.put(("again", grouping, region), again)
            left = count(self.firms.groups[ALL_OF_THEM] & ~union, region)
            outside = self._nobody(self.put(("outside", grouping, region), left), left)
            relations += [(told, tuple(each)), (told, (one, more)), (("in", ALL_OF_THEM, region), (one, outside))]

    def _within(self, region: Region) -> list[Group]:
        """The groups that are told in a region."""
        return [group for group in self.cells if region[0] in (EVERYONE, OUTCOME) or group[0] in BY_DOMAIN]

    def _domains_add_up(self, group: Group) -> None:
        told = [v for v, code in self.firms.regions if v != EVERYONE and group in self._within((v, code))]
        for variable in dict.fromkeys(told):
            parts = [("in", group, region) for region in self.firms.regions if region[0] == variable]
            whole: Name = ("in", group, WHOLE)
            values = self.system.quantities
            left = values[whole].value - sum(values[part].value for part in parts)
            # Who did not answer what the outcome is made of is no group that anything is told of.
            more = self._follows if variable != OUTCOME else self.put
            rest = self._nobody(more(("left", group, variable), left), left)
            self.system.relations.append((whole, (*parts, rest)))

    def _rows(self, group: Group) -> None:
        quantities = self.system.quantities
        for region in self.firms.regions:
            if region[0] == OUTCOME or group not in self._within(region):
                continue
            self._row((group, region), [("in", group, region), ("others", group, region)])
        outcome = [region for region in self.firms.regions if region[0] == OUTCOME]
        if outcome:
            names = [(kind, group, region) for region in outcome for kind in ("in", "others")]
            self._row((group, (OUTCOME, EVERYONE)), names)
            both = [sum(quantities[kind, group, region].value for region in outcome) for kind in ("in", "others")]
            if min(both) < self.limits.minimum_firms:
                self.sensitive.add((group, (OUTCOME, EVERYONE)))

    def _row(self, row: Row, shows: Sequence[Name]) -> None:
        quantities = self.system.quantities
        self.system.shows[row] = tuple(shows)
        # The figures of a group are looked for before those of its parts.
        self.system.cost[row] = max(quantities[shows[0]].value, 1.0) * (1000.0 if row[1] == WHOLE else 1.0)
        if any(quantities[name].width for name in shows):
            self.sensitive.add(row)

    def _numbers(self) -> None:
        """Firms by the number of initiatives they are in."""
        groups = [group for group in self.firms.groups if group[0] == NUMBER]
        names: list[Name] = []
        for group in groups:
            value = self.firms.count(self.firms.groups[group])
            names.append(self.put(("in", group, WHOLE), value, 0 < value < self.limits.minimum_firms))
            self._row((group, WHOLE), [names[-1]])
        self.system.relations.append((("firms", WHOLE), tuple(names)))
        self.system.relations.append((("in", ALL_OF_THEM, WHOLE), tuple(names[1:])))

    def _initiatives(self) -> None:
        """Firms in each initiative, which add up to all participations and, within a group, to no fewer than its
        firms. Which of them are shown is decided where they are counted (`peers`)."""
        values = self.system.quantities
        for group in (group for group in self.firms.groups if group[0] == INITIATIVE):
            self._follows(("in", group, WHOLE), self.firms.count(self.firms.groups[group]))
        for grouping, standing in self.firms.standing.items():
            for value in sorted({*standing.values()}):
                within: list[Name] = [("in", (INITIATIVE, code), WHOLE) for code, of in standing.items() if of == value]
                told = self.put(("sum", (grouping, value)), sum(values[name].value for name in within))
                again = values[told].value - values["in", (grouping, value), WHOLE].value
                more = self.put(("again", (grouping, value)), again)
                self.system.relations += [(told, tuple(within)), (told, (("in", (grouping, value), WHOLE), more))]
        each = [name for name in values if name[0] == "in" and name[1][0] == INITIATIVE]
        whole = self.put(("participations",), sum(values[name].value for name in each))
        self.system.known.add(whole)
        self.system.relations.append((whole, tuple(each)))


def withheld(
    numbers: Numbers,
    counted: Collection[str],
    elsewhere: Mapping[Row, bool],
    shown_before: Collection[Row] = (),
    withheld_before: Collection[Row] = (),
) -> set[Row]:
    """The rows to withhold: of few firms, and the cheapest others from which those could be worked out.

    counted: initiatives whose firms the table `initiatives` tells. elsewhere: rows that count just the firms of a line
    of `indicators` -> whether that line is shown: what it shows is shown here and hides nothing, what it withholds goes
    here too.
    """
    system, primary = numbers.system, {row for row in numbers.sensitive if not elsewhere.get(row)}
    primary |= {row for row, told in elsewhere.items() if not told and row in system.shows}
    system.known |= {("in", (INITIATIVE, code), WHOLE) for code in counted}
    for row, told in elsewhere.items():
        if told and row in system.shows:
            system.known.update(system.shows[row])
    for row in set(shown_before) & set(system.shows) - primary:
        system.known.update(system.shows[row])
    return withheld_rows(system, primary, set(withheld_before) & set(system.shows))


def held(now: Numbers, then: Numbers, told: Collection[Row], stays: Collection[Row], least: int) -> set[Row]:
    """The rows that stay as an earlier release told them: one to `least` - 1 firms came into a number that they tell or
    left it, or could be worked out to have. told: the rows that both tell; stays: those that stay anyway."""
    system = System(relations=list(now.system.relations))
    few: set[Row] = set(stays) & set(told)
    for name, quantity in now.system.quantities.items():
        before = then.system.quantities.get(name)
        moved = np.inf if before is None else abs(quantity.value - before.value)
        system.quantities[name] = Quantity(0.0, -np.inf, np.inf, width=1.0 if 0 < moved < least else 0.0)
        if moved == 0:
            system.known.add(name)
        elif 0 < moved < least and name[0] in ("rest", "left"):
            system.implied.add(name)
    for row in sorted(set(told) & set(now.system.shows)):
        names = tuple(name for name in now.system.shows[row] if name not in system.known)
        if names:
            system.shows[row], system.cost[row] = names, now.system.cost[row]
            few |= {row} if any(system.quantities[name].width for name in names) else set()
    return withheld_rows(system, few & system.shows.keys()) | few


def counted_elsewhere(
    firms: Firms, found: WaveFirms, survey: Survey, lines: pd.DataFrame
) -> Iterator[tuple[Row, bool]]:
    """Rows that a line of `indicators` counts too, by its firms or those with its property, and whether it is shown as
    it is now; one that is withheld for its uncertainty alone hides no number."""
    made = sets.sets(found, survey)
    told = {
        (str(x["indicator"]), (str(x["domain_variable"]), str(x["domain"]))): x["withheld_for"] != CONFIDENTIALITY
        and not x["held"]
        for x in lines.to_dict("records")
    }
    for (kind, indicator), name in made.named.items():
        everyone = made.members[made.named["firms", indicator]]
        for group, inside in firms.groups.items():
            same = np.array_equal(made.members[name], inside & firms.answered)
            if not same or (kind == "events" and not np.array_equal(everyone, firms.answered)):
                continue
            for region in firms.regions:
                if (indicator, region) in told:
                    yield (group, region), told[indicator, region]
