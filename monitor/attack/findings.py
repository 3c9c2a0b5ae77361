"""What an attack on a survey's releases came to.

Belongs here: which withheld numbers are known too well, and saying so. Does not belong here: working them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from monitor.attack.bounds import bounds
from monitor.attack.knowledge import equations, read

FEWEST = 3.0
"""An interval narrower than this many firms tells a withheld number too well"""
FEW = 10.0
"""A number of firms that a figure is about may be known where it is as large as this: most lines print it"""
LEVEL = re.compile(r"^(?P<variable>[^\[\]]+)\[")


@dataclass(frozen=True)
class Finding:
    """A withheld number that the public files tell."""

    release: str
    what: str
    """the line: wave, indicator, domain"""
    how: str
    low: float
    high: float

    def render(self) -> str:
        """One line for a terminal."""
        return f"{self.release}  {self.what}: between {self.low:g} and {self.high:g} ({self.how})"


@dataclass(frozen=True)
class Report:
    """An attack's result."""

    releases: tuple[str, ...]
    cells: int
    """Withheld numbers of firms that were attacked"""
    equations: int
    unknowns: int
    narrowest: float | None
    """The narrowest interval of a withheld number, in firms"""
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, object]:
        """For a machine."""
        return asdict(self)

    def render(self) -> str:
        """For a terminal."""
        head = (
            f"{len(self.releases)} releases: {self.cells} withheld numbers, {self.equations} equations in "
            f"{self.unknowns} unknowns; "
        )
        if self.narrowest is not None:
            head += f"the narrowest interval is {self.narrowest:g} firms wide; "
        head += f"{len(self.findings)} can be worked out" if self.findings else "none can be worked out"
        return "\n".join([head, *(finding.render() for finding in self.findings)])


def attack(releases: Sequence[Path]) -> Report:
    """Attack the public files of these releases of one survey, oldest first."""
    told = equations(releases)
    asked = sorted(set(told.withheld))
    found = bounds(told, sorted({unknown for _, unknown in asked}))
    findings = []
    widths = []
    for at, unknown in asked:
        low, high = found[unknown]
        version, kind, name, variable, domain = unknown
        if kind == "firms" and low >= FEW:
            continue
        widths.append(high - low)
        if not high - low >= FEWEST * (1 - 1e-6):
            what = f"wave {version.split('@')[0]}, {kind} of {name}, {variable}={domain}"
            findings.append(Finding(at, what, "what adds up", low, high))
    for release in releases:
        findings += _coefficients(release)
    return Report(
        tuple(release.name for release in releases),
        len(widths),
        len(told.rows) + len(told.at_most),
        len(told.unknowns),
        min(widths) if widths else None,
        tuple(findings),
    )


def _coefficients(release: Path) -> Iterator[Finding]:
    """Withheld shares of a domain whose coefficient a model of the same outcome shows: it tells their events."""
    lines, terms, models, recipes = (read(release, name) for name in ("indicators", "terms", "models", "measures"))
    base = {str(x["name"]): str(x["base"]) for x in recipes[recipes["kind"] == "indicator"].to_dict("records")}
    withheld = {
        (str(x["wave"]), str(x["measure"]), base.get(str(x["indicator"]), ""), str(x["domain_variable"]))
        for x in lines[lines["suppressed"]].to_dict("records")
    }
    about = {
        (x["wave"], x["model"], x["variant"]): (str(x["wave"]), str(x["outcome"]), str(x["base"]))
        for x in models.to_dict("records")
    }
    shown = {
        (*about[x["wave"], x["model"], x["variant"]], level["variable"])
        for x in terms[~terms["suppressed"]].to_dict("records")
        if (level := LEVEL.match(str(x["term"]))) and (x["wave"], x["model"], x["variant"]) in about
    }
    for wave, measure, of, variable in sorted(withheld & shown):
        what = f"wave {wave}, {measure} of {of} by {variable}"
        yield Finding(release.name, what, "coefficients of a model", 0.0, 0.0)
