"""What the table of participation tells of few firms.

Belongs here: numbers of firms that follow from its lines, from the other tables that count the same firms, and from
another release. Does not belong here: ties between initiatives (`networks`), lines of indicators alone (`knowledge`).

The attacker writes down, for each wave of a release:

1. the firms of a domain that take part in a group of initiatives, and the others; those with the outcome, and without;
2. a group's domains add up to it, and every group is part of all that take part;
3. a firm that takes part is in one kind at the least, so that kinds, and initiatives of a kind, add up to no less than
   the firms in any of them;
4. firms by the number of initiatives add up to all that answered;
5. the same firms are counted in `initiatives`, in `quality`, and in `indicators` where a definition says so;
6. of firms in two waves, those that took part before and now, before only, now only, neither;
7. one release's numbers less another's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from monitor.attack.bounds import bounds
from monitor.attack.finding import FEW, FEWEST, Finding
from monitor.attack.knowledge import EVERYONE, Equations, Unknown, file_of, read
from monitor.attack.networks import TAKES_PART

TABLE = "participation"
FIRMS, OF_PARTICIPANTS, ENTERED, LEFT = "firms", "outcome_participants", "entered", "left_again"
UNCERTAIN = "reliability"
OF_SUMS = "sums over domains, groups and initiatives"
OF_PANEL = "firms in both waves less those that came or went"
OF_OUTCOME = "participants with the outcome, or without"
OF_TWO = "one release less another"

Versions = Mapping[tuple[str, str], str]
Group = tuple[str, str]
Domain = tuple[str, str]
WHOLE: Domain = (EVERYONE, EVERYONE)
ALL: Group = (EVERYONE, EVERYONE)
Told = tuple[str, str, float, float]
"""Of what, how, at least, at most"""


def participation(releases: Sequence[Path], versions: Versions) -> list[Finding]:
    """What follows from participation in these releases; `versions`: (release, wave) -> its set of figures."""
    found: list[Finding] = []
    for wave in sorted({wave for _, wave in versions}):
        waves = [
            _Wave(release, wave)
            for release in releases
            if (release.name, wave) in versions and file_of(release, TABLE).exists()
        ]
        for one in waves:
            told = [*one.worked_out(), *one.of_outcome(), *one.of_panel()]
            found += [_finding(one, versions, *each) for each in dict.fromkeys(told)]
        for one, other in combinations(waves, 2):
            found += [_finding(other, versions, *each) for each in dict.fromkeys(_moved(one, other))]
    return found


def _finding(wave: _Wave, versions: Versions, of: str, how: str, low: float, high: float) -> Finding:
    line = (wave.wave, f"participation {of}", EVERYONE, EVERYONE)
    what = f"wave {wave.wave}, participation {of}, {wave.release}"
    return Finding(wave.release, versions[wave.release, wave.wave], what, how, low, high, (line,))


class _Wave:
    """A wave's lines of participation, and what other tables tell of the same firms."""

    def __init__(self, release: Path, wave: str) -> None:
        self.release, self.wave = release.name, wave
        table = read(release, TABLE)
        self.lines = table[table["wave"] == wave]
        self.n: dict[Domain, float] = {}
        self.inside: dict[tuple[Group, Domain], float | None] = {}
        for x in self.lines[self.lines["figure"] == FIRMS].to_dict("records"):
            group, domain = (str(x["grouped_by"]), str(x["code"])), (str(x["domain_variable"]), str(x["domain"]))
            # What is withheld for its uncertainty alone hides no number of firms.
            if x.get("withheld_for") != UNCERTAIN:
                self.inside[group, domain] = None
        for x in self.lines[self.lines["figure"].isin((FIRMS, "reach")) & ~self.lines["suppressed"]].to_dict("records"):
            group, domain = (str(x["grouped_by"]), str(x["code"])), (str(x["domain_variable"]), str(x["domain"]))
            if not x["held"]:
                self.n[domain] = float(x["n"])
                self.inside[group, domain] = float(x["events"])
        self.kinds = self._initiatives(release)
        self._elsewhere(release)

    def _initiatives(self, release: Path) -> dict[str, str]:
        """Initiative -> kind; with the firms that the table of initiatives tells."""
        if not file_of(release, "initiatives").exists():
            return {}
        table = read(release, "initiatives")
        table = table[table["wave"] == self.wave]
        for x in table[~table["suppressed"] & ~table["held"]].to_dict("records"):
            self.inside[("initiative", str(x["initiative"])), WHOLE] = float(x["firms"])
        return dict(zip(table["initiative"].astype(str), table["kind"].astype(str), strict=True))

    def _elsewhere(self, release: Path) -> None:
        """Numbers of participants that quality and indicators tell."""
        if file_of(release, "quality").exists():
            table = read(release, "quality")
            table = table[(table["wave"] == self.wave) & (table["indicator"] == "participants")]
            for x in table[~table["suppressed"] & ~table["held"]].to_dict("records"):
                self.inside[ALL, WHOLE] = float(x["value"])
        meant = {
            str(x["name"]): match["node"]
            for x in read(release, "definitions").to_dict("records")
            if (match := TAKES_PART.match(str(x.get("formula"))))
        }
        lines = read(release, "indicators")
        lines = lines[(lines["wave"] == self.wave) & ~lines["suppressed"] & ~lines["held"]]
        for x in lines.to_dict("records"):
            domain = (str(x["domain_variable"]), str(x["domain"]))
            groups = [("kind", meant.get(str(x["measure"]), "")), ("theme", meant.get(str(x["measure"]), ""))]
            for group in groups:
                if (group, domain) in self.inside:
                    self.inside[group, domain] = float(round(x["unweighted"] * x["n"]))

    # ---- sums --------------------------------------------------------------------------------------------------------

    def unknown(self, kind: str, group: Group, domain: Domain = WHOLE) -> Unknown:
        """A number of firms."""
        return (self.release, kind, ":".join(group), *domain)

    def worked_out(self) -> Iterator[Told]:
        """Numbers that are withheld or that no line tells, few and known to within less than three firms."""
        told, asked = self._equations(), dict[Unknown, tuple[str, bool]]()
        for (group, domain), number in self.inside.items():
            where = "" if domain == WHOLE else f" in {domain[0]} {domain[1]}"
            of = f"in {group[0]} {group[1]}{where}"
            if number is None:
                asked[self.unknown("in", group, domain)] = (of, True)
            if domain in self.n and group[0] != "number" and group[0] != "initiative":
                asked[self.unknown("others", group, domain)] = (f"not {of}", False)
                if group != ALL and (ALL, domain) in self.inside:
                    asked[self.unknown("rest", group, domain)] = (f"elsewhere than {of}", False)
        for name, (low, high) in bounds(told, list(asked)).items():
            of, withheld = asked[name]
            least = FEWEST if name[1] == "others" else FEW
            # Whole numbers: what lies between two of them is the lower or the upper one.
            if high - low < FEWEST and low < least and high < FEW and (withheld or high > 0.5):
                yield of, OF_SUMS, low, high

    def _equations(self) -> Equations:
        told = Equations()
        for domain, n in self.n.items():
            told.equal({self.unknown("answered", ALL, domain): 1.0}, n)
        for (group, domain), number in self.inside.items():
            inside = self.unknown("in", group, domain)
            told.place(inside)
            if number is not None:
                told.equal({inside: 1.0}, number)
            if group[0] in ("number", "initiative"):
                continue
            if domain in self.n:
                others = self.unknown("others", group, domain)
                told.equal({inside: 1.0, others: 1.0, self.unknown("answered", ALL, domain): -1.0}, 0.0)
            if group != ALL and (ALL, domain) in self.inside:
                rest = self.unknown("rest", group, domain)
                told.equal({inside: 1.0, rest: 1.0, self.unknown("in", ALL, domain): -1.0}, 0.0)
        self._domains_add_up(told)
        self._groups_cover(told)
        return told

    def _domains_add_up(self, told: Equations) -> None:
        for group in dict.fromkeys(group for group, _ in self.inside):
            variables = dict.fromkeys(d[0] for g, d in self.inside if g == group and d != WHOLE)
            for variable in variables:
                parts = [d for g, d in self.inside if g == group and d[0] == variable]
                if all(d in self.n for d in parts) and sum(self.n[d] for d in parts) != self.n.get(WHOLE):
                    continue
                terms = {self.unknown("in", group, domain): 1.0 for domain in parts}
                told.equal({**terms, self.unknown("in", group): -1.0}, 0.0)

    def _groups_cover(self, told: Equations) -> None:
        """Kinds and all, initiatives and their kind, numbers of initiatives and all that answered."""
        for domain in dict.fromkeys(domain for _, domain in self.inside):
            kinds = [g for g, d in self.inside if g[0] == "kind" and d == domain]
            if kinds and (ALL, domain) in self.inside:
                again = self.unknown("again", ALL, domain)
                terms = {self.unknown("in", group, domain): 1.0 for group in kinds}
                told.equal({**terms, again: -1.0, self.unknown("in", ALL, domain): -1.0}, 0.0)
        for kind in sorted({*self.kinds.values()}):
            group = ("kind", kind)
            parts = [("initiative", code) for code, of in self.kinds.items() if of == kind]
            if (group, WHOLE) in self.inside and all((part, WHOLE) in self.inside for part in parts):
                terms = {self.unknown("in", part): 1.0 for part in parts}
                told.equal({**terms, self.unknown("again", group): -1.0, self.unknown("in", group): -1.0}, 0.0)
        numbers = [g for g, _ in self.inside if g[0] == "number"]
        if numbers and WHOLE in self.n:
            told.equal({self.unknown("in", group): 1.0 for group in numbers}, self.n[WHOLE])
            some = {self.unknown("in", group): 1.0 for group in numbers if group[1] != "0"}
            told.equal({**some, self.unknown("in", ALL): -1.0}, 0.0)

    # ---- what lines show ---------------------------------------------------------------------------------------------

    def _shown(self, *figures: str) -> Iterator[tuple[Group, str, float, float]]:
        lines = self.lines[self.lines["figure"].isin(figures) & ~self.lines["suppressed"] & ~self.lines["held"]]
        for x in lines.to_dict("records"):
            yield (str(x["grouped_by"]), str(x["code"])), str(x["figure"]), float(x["n"]), float(x["events"])

    def of_outcome(self) -> Iterator[Told]:
        """Participants with the outcome, or without, of whom there are one or two, or none."""
        for group, figure, n, events in self._shown(OF_PARTICIPANTS, "outcome_others"):
            for number in (events, n - events):
                if number < FEWEST or n < FEW:
                    yield f"{figure} of {group[0]} {group[1]}", OF_OUTCOME, number, number

    def of_panel(self) -> Iterator[Told]:
        """Firms in both waves that stayed, left, came or never took part, if few; and what a group leaves of all."""
        cells: dict[Group, dict[str, float]] = {}
        for group, figure, n, events in self._shown(ENTERED, LEFT):
            moved, same = ("left", "stayed") if figure == LEFT else ("entered", "neither")
            cells.setdefault(group, {}).update({moved: events, same: n - events})
        for group, numbers in cells.items():
            told = dict(numbers)
            if group != ALL and ALL in cells and len(numbers) == len(cells[ALL]) == 4:
                every = cells[ALL]
                for at, other in (("before", "left"), ("now", "entered")):
                    left = every["stayed"] + every[other] - numbers["stayed"] - numbers[other]
                    told |= {f"elsewhere {at}": left} if left else {}
            for of, number in told.items():
                if number < FEW:
                    yield f"{of} in {group[0]} {group[1]}", OF_PANEL, number, number


def _moved(one: _Wave, other: _Wave) -> Iterator[Told]:
    """Numbers of firms that moved by few between two releases."""
    known = [{key: n for key, n in wave.inside.items() if n is not None} for wave in (one, other)]
    for group, domain in sorted(known[0].keys() & known[1].keys()):
        change = {"in": known[1][group, domain] - known[0][group, domain]}
        if domain in one.n and domain in other.n:
            change["not in"] = other.n[domain] - one.n[domain] - change["in"]
        if group[0] not in (EVERYONE, "number", "initiative") and all((ALL, domain) in told for told in known):
            change["elsewhere than"] = known[1][ALL, domain] - known[0][ALL, domain] - change["in"]
        for of, number in change.items():
            if 0 < abs(number) < FEW:
                yield f"{of} {group[0]} {group[1]} {domain[1]}", OF_TWO, abs(number), abs(number)
    panel = [{(g, f): (n, e) for g, f, n, e in wave._shown(ENTERED, LEFT)} for wave in (one, other)]
    for key in sorted(panel[0].keys() & panel[1].keys()):
        (n, events), (n_now, events_now) = panel[0][key], panel[1][key]
        for number in (n_now - n, events_now - events, (n_now - events_now) - (n - events)):
            if 0 < abs(number) < FEW:
                yield f"{key[1]} of {key[0][0]} {key[0][1]}", OF_TWO, abs(number), abs(number)
