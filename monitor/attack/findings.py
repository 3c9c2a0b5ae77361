"""What an attack on a survey's releases came to.

Belongs here: which withheld numbers are known too well, and saying so. Does not belong here: working them out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from monitor.attack.again import again
from monitor.attack.bounds import bounds
from monitor.attack.differences import differences
from monitor.attack.finding import FEW, FEWEST, Finding
from monitor.attack.fits import fits
from monitor.attack.knowledge import Equations, Line, Unknown, equations, read
from monitor.attack.networks import networks
from monitor.attack.participation import participation
from monitor.attack.programmes import programmes

NEAR = 0.02
"""An interval narrower than this part of its greatest value tells a withheld amount too well: at the least that part of
an amount is ten per cent (the p of the p %-rule) of the largest of fewer than ten firms, to either side"""
LEVEL = re.compile(r"^(?P<variable>[^\[\]]+)\[")
COEFFICIENTS = "coefficients of a model"
NONE = "a number of none of those that other lines count"


@dataclass(frozen=True)
class Report:
    """An attack's result."""

    releases: tuple[str, ...]
    cells: int
    """Withheld numbers of firms that were attacked"""
    amounts: int
    """Withheld amounts that were attacked"""
    equations: int
    unknowns: int
    narrowest: float | None
    """The narrowest interval of a withheld number of firms that could not be printed, in firms"""
    nearest: float | None
    """The narrowest interval of a withheld amount of few firms, as a part of its greatest value"""
    findings: tuple[Finding, ...]
    of_many: tuple[Finding, ...]
    """What can be worked out of lines that are said to be withheld for their uncertainty, and of lines about ten firms
    or more: amounts, and shares by a model's coefficients"""
    fewest: float = FEWEST
    """An interval narrower than this many firms counts as told"""

    def as_dict(self) -> dict[str, object]:
        """For a machine."""
        return asdict(self)

    def render(self) -> str:
        """For a terminal."""
        head = (
            f"{len(self.releases)} releases: {self.cells} withheld numbers and {self.amounts} withheld amounts, "
            f"{self.equations} equations in {self.unknowns} unknowns; "
        )
        if self.narrowest is not None:
            head += f"the narrowest interval is {self.narrowest:g} firms wide; "
        if self.nearest is not None:
            head += f"that of an amount {self.nearest:.1%} of it; "
        head += f"{len(self.findings)} can be worked out" if self.findings else "none can be worked out"
        if self.of_many:
            head += f"; {len(self.of_many)} of ten firms or more can"
        return "\n".join([head, *(finding.render() for finding in self.findings)])


def attack(releases: Sequence[Path], only: Path | None = None) -> Report:
    """Attack the public files of these releases of one survey, oldest first. `only`: the release whose figures are
    asked about, its own and those it repeats; every release's without it."""
    told = equations(releases)
    here = {version for (name, _), version in told.versions.items() if only is None or name == only.name}
    others = set(told.versions.values()) - here
    for lines in (told.withheld, told.none_of_some):
        for line in [line for line in lines if set(line[0].split("+")) & others]:
            del lines[line]
    widths, parts, findings, of_many = _worked_out(told)
    uncertain = {_line(line) for line in told.uncertain}
    about = [finding for finding in _coefficients(told, releases) if finding.figures in here]
    firms = bounds(told, sorted({unknown for finding in about for unknown in _firms(finding)}))
    for finding in about:
        many = all(firms[unknown][0] >= FEW for unknown in _firms(finding))
        (of_many if many or set(finding.lines) <= uncertain else findings).append(finding)
    more = _between_tables(releases, told.versions)
    findings += [finding for finding in more if {*finding.figures.split("+")} <= here]
    return Report(
        tuple(release.name for release in releases),
        len(widths),
        len(parts),
        len(told.rows),
        len(told.unknowns),
        min(widths, default=None),
        min(parts, default=None),
        tuple(findings),
        tuple(of_many),
    )


def beyond(
    whole: Report, earlier: Sequence[Path], uncertain: Collection[tuple[str, str, str, str]] = ()
) -> tuple[Finding, ...]:
    """What a release that is not published yet would tell, together with the earlier ones of its survey (oldest first),
    beyond what those tell by themselves; `whole` is the attack on all of them.

    `uncertain` are lines (wave, indicator, domain variable, domain) of which whoever builds the release knows that they
    could be printed but for their uncertainty: they may be worked out, as far as no other line follows.
    """
    findings = [f for f in (*whole.findings, *whole.of_many) if not set(f.lines) <= set(uncertain)]
    if not findings or not earlier:
        return tuple(findings)
    before = equations(earlier)
    known = {(f.figures, f.what): f.high - f.low for f in _coefficients(before, earlier, shown_too=True)}
    asked = {(u[0], _what(u)): u for u in before.unknowns}
    found = bounds(before, sorted({asked[key] for f in findings if (key := (f.figures, f.what)) in asked}))
    known |= {(u[0], _what(u)): high - low for u, (low, high) in found.items()}
    more = _between_tables(earlier, before.versions)
    known |= {(f.figures, f.what): f.high - f.low for f in more}
    return tuple(f for f in findings if not known.get((f.figures, f.what), float("inf")) <= f.high - f.low + 1e-6)


def _between_tables(releases: Sequence[Path], versions: Mapping[tuple[str, str], str]) -> list[Finding]:
    """What follows beside the equations of the lines."""
    return [
        found
        for work_out in (differences, fits, again, networks, participation, programmes)
        for found in work_out(releases, versions)
    ]


def _firms(finding: Finding) -> list[Unknown]:
    """How many firms each of a finding's lines is about."""
    return [(finding.figures, "firms", *line[1:]) for line in finding.lines]


def _worked_out(told: Equations) -> tuple[list[float], list[float], list[Finding], list[Finding]]:
    """The widths of withheld numbers of firms, those of amounts of few firms as parts of the amount, what of both is
    too narrow or tells one answer of all, and what amounts of many firms can be worked out."""
    asked: dict[Line, tuple[Unknown, ...]] = {line: tuple(_unknowns(told, line)) for line in sorted(told.withheld)}
    found = bounds(told, sorted({unknown for unknowns in asked.values() for unknown in unknowns}))
    widths: list[float] = []
    parts: list[float] = []
    findings: list[Finding] = []
    of_many: list[Finding] = []
    for line, unknowns in asked.items():
        many = found[unknowns[0]][0] >= FEW or line in told.uncertain
        printable = all(found[u][0] >= _least(u[1]) for u in unknowns if u[1] != "amount")
        for unknown in unknowns:
            low, high = found[unknown]
            if high <= 0 and line in told.nobody:
                continue  # a number of firms that do not exist is no firm's answer
            finding = Finding(told.withheld[line], line[0], _what(unknown), "what adds up", low, high, (_line(line),))
            if unknown[1] == "amount":
                part = (high - low) / high if 0 < high < float("inf") else float("inf")
                parts += [] if many else [part]
                if part < NEAR:
                    (of_many if many else findings).append(finding)
            elif line in told.uncertain:
                of_many += [finding] if high - low < FEWEST * (1 - 1e-6) else []
            elif not printable and not (unknown[1] in ("firms", "both") and many):
                widths.append(high - low)
                if high - low < FEWEST * (1 - 1e-6):
                    findings.append(finding)
    for line, release in sorted(told.none_of_some.items()):
        findings.append(Finding(release, line[0], _what((line[0], "both", *line[1:])), NONE, 0.0, 0.0, (_line(line),)))
    return widths, parts, findings, of_many


def _unknowns(told: Equations, line: Line) -> Iterator[Unknown]:
    """What a withheld line is about."""
    kinds = ["both"] if "+" in line[0] else ["firms"]
    kinds += ["events", "others"] if line in told.shares else []
    kinds += ["amount"] if line in told.amounts else []
    for kind in kinds:
        yield (line[0], kind, *line[1:])


def _least(kind: str) -> float:
    """How large a number must be for its line to be printed."""
    return FEW if kind in ("firms", "both") else FEWEST


def _line(line: Line) -> tuple[str, str, str, str]:
    """A line by its wave, whichever of the wave's sets of figures it is of."""
    return (_waves(line[0]), *line[1:])


def _waves(version: str) -> str:
    return " and ".join(part.partition("@")[0] for part in version.split("+"))


def _what(unknown: Unknown) -> str:
    version, kind, name, variable, domain = unknown
    return f"wave {_waves(version)}, {kind} of {name}, {variable}={domain}"


def _coefficients(told: Equations, releases: Sequence[Path], shown_too: bool = False) -> list[Finding]:
    """Withheld shares of a domain whose coefficient a model of the same outcome shows: it tells their events.

    With `shown_too` also those that no release withholds.
    """
    withheld: dict[tuple[str, str, str, str], str] = {}
    about_lines: dict[tuple[str, str, str, str], set[tuple[str, str, str, str]]] = {}
    shown: set[tuple[str, str, str, str]] = set()
    for release in releases:
        lines, terms, models, recipes = (
            read(release, name) for name in ("indicators", "terms", "models", "definitions")
        )
        base = {str(x["name"]): str(x["base"]) for x in recipes[recipes["kind"] == "indicator"].to_dict("records")}
        version = {wave: of for (name, wave), of in told.versions.items() if name == release.name}
        for x in lines[lines["suppressed"] | shown_too].to_dict("records"):
            of = (str(x["measure"]), base.get(str(x["indicator"]), ""), str(x["domain_variable"]))
            key = (version[str(x["wave"])], *of)
            withheld.setdefault(key, release.name)
            line = (str(x["wave"]), str(x["indicator"]), str(x["domain_variable"]), str(x["domain"]))
            about_lines.setdefault(key, set()).add(line)
        about = {
            (x["wave"], x["model"], x["variant"]): (version[str(x["wave"])], str(x["outcome"]), str(x["base"]))
            for x in models.to_dict("records")
            if str(x["wave"]) in version
        }
        shown |= {
            (*about[x["wave"], x["model"], x["variant"]], level["variable"])
            for x in terms[~terms["suppressed"]].to_dict("records")
            if (level := LEVEL.match(str(x["term"]))) and (x["wave"], x["model"], x["variant"]) in about
        }
    findings = []
    for key in sorted(withheld.keys() & shown):
        figures, measure, of_base, variable = key
        what = f"wave {_waves(figures)}, {measure} of {of_base} by {variable}"
        findings.append(Finding(withheld[key], figures, what, COEFFICIENTS, 0.0, 0.0, tuple(sorted(about_lines[key]))))
    return findings
