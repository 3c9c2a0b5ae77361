"""What the tables are made from beside answers, as Dagster shows it: the register, outside sources, lists of grants.

Belongs here: which sources a survey has, their files, content and age, and which tables read them. Does not belong
here: the answers' own deliveries (`raw` keeps them), observing (`assets`), what is wrong in a file (loading tells it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from monitor.contract.network import NETWORK
from monitor.survey import Survey
from monitor.survey.lists import list_file
from monitor.survey.register_files import ACTORS, INITIATIVES, TIES
from pipelines.names import key

GROUP = "sources"
REGISTER = "register"
FRESH = "fresh"
"""The check that a source is no older than what is told beside it"""
OLDEST_YEARS = 2
"""A source of every two years, as the Community Innovation Survey is, is never further behind"""
READ_BY: Mapping[str, Sequence[str]] = {
    REGISTER: (
        "validated", "imputed", "derived", "disclosed_register_changes", "disclosed_initiatives", "disclosed_quality",
        "disclosed_framework", *(f"disclosed_{table.name}" for table in NETWORK), "released",
    ),
    "outside": ("disclosed_framework", "released"),
    "grants": ("raw_grants",),
}  # fmt: skip
"""Kind of source -> the stages and single tables that read it; `released` has the pages"""


@dataclass(frozen=True)
class Source:
    """A source of a survey."""

    name: str
    kind: str
    """register, outside or grants"""
    about: str
    folder: Path
    files: tuple[str, ...]
    """Patterns within the folder"""
    needed: tuple[str, ...]
    """Those of the patterns of which a file must be there"""
    newest: date | None
    """The day of the newest thing it says; None where it says none"""
    facts: Mapping[str, str]
    """What a reader must know of it beside its content"""

    def found(self) -> list[Path]:
        """The files there are, in the order of their paths."""
        return sorted({path for pattern in self.files for path in self.folder.glob(pattern) if path.is_file()})


def sources_of(survey: Survey, home: Path) -> list[Source]:
    """The sources of a survey, the register first."""
    return [*_register(survey), *_outside(survey), *_grants(survey, home)]


def _register(survey: Survey) -> Iterator[Source]:
    register = survey.register
    if not register.rows:
        return
    dates = [row.source_date for row in register.rows] + [actor.source_date for actor in register.actors.values()]
    dates += [tie.source_date for tie in register.ties]
    places = [place for name in (INITIATIVES, ACTORS, TIES) if (place := list_file(survey.folder / name))]
    files = tuple(place.relative_to(survey.folder).as_posix() for place in places)
    yield Source(
        REGISTER, REGISTER, "The register: initiatives, the actors behind them and their ties, wave by wave.",
        survey.folder, files, files, max((day for day in dates if day), default=None),
        {
            "initiatives": str(len(register.newest)), "actors": str(len(register.actors)),
            "ties": str(len(register.ties)),
        },
    )  # fmt: skip


def _outside(survey: Survey) -> Iterator[Source]:
    for source in survey.framework.sources.values() if survey.framework else ():
        years = [value.year for value in source.values]
        yield Source(
            f"outside_{source.name}", "outside",
            f"An outside source of the framework's indicators: {_english(source.label)}.",
            survey.folder, (source.file,), (source.file,), date(max(years), 12, 31) if years else None,
            {
                "publisher": source.publisher, "licence": source.licence, "date": source.date,
                "quality": _english(source.quality), "values": str(len(source.values)),
            },
        )  # fmt: skip


def _grants(survey: Survey, home: Path) -> Iterator[Source]:
    inbox = home / "inbox" / survey.name
    for name, programme in survey.programmes.items():
        patterns = [f"{wave}/{survey.waves[wave].grants[name]}" for wave in survey.waves if (inbox / wave).is_dir()]
        yield Source(
            f"grants_{name}", "grants",
            f"The lists of grants of the programme {_english(programme.label)}, as its administration hands them in.",
            # The newest wave's list holds the grants of all years up to then.
            inbox, tuple(patterns), tuple(patterns[-1:]), None,
            {"rounds": ", ".join(programme.rounds)},
        )  # fmt: skip


def _english(text: Mapping[str, str]) -> str:
    return text.get("en") or next(iter(text.values()), "")


def read_by(sources: Sequence[Source], stage: str, table: str) -> list[str]:
    """The names of the sources that a table of a stage reads."""
    return [source.name for source in sources if {stage, table} & {*READ_BY[source.kind]}]


def specs(survey: Survey, sources: Sequence[Source]) -> list[dg.AssetSpec]:
    """The sources as Dagster shows them before anything was looked at."""
    return [
        dg.AssetSpec(
            key(survey.name, source.name),
            group_name=GROUP,
            description=source.about,
            kinds={Path(file).suffix.removeprefix(".") or "csv" for file in source.files} or {"csv"},
            owners=["team:data_engineer"],
            tags={"survey": survey.name, "stage": GROUP},
        )
        for source in sources
    ]


def checks(survey: Survey, sources: Sequence[Source]) -> list[dg.AssetCheckSpec]:
    """A check of its age for each source; it holds nothing back."""
    return [
        dg.AssetCheckSpec(
            FRESH,
            asset=key(survey.name, source.name),
            description="Its files are there and it says something of the years that the newest wave is about.",
        )
        for source in sources
    ]


def observed(survey: Survey, source: Source) -> dg.ObserveResult:
    """A source as it lies there now: the hash of its content, its files, what is to be known of it, and its age."""
    digest, files = hashlib.sha256(), source.found()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    told: dict[str, str] = {**source.facts, "files": ", ".join(str(p.relative_to(source.folder)) for p in files)}
    if source.newest:
        told["newest"] = source.newest.isoformat()
    late = lateness(survey, source)
    return dg.ObserveResult(
        asset_key=key(survey.name, source.name),
        data_version=dg.DataVersion(digest.hexdigest()),
        metadata=told,
        check_results=[
            dg.AssetCheckResult(
                check_name=FRESH,
                asset_key=key(survey.name, source.name),
                passed=late is None,
                severity=dg.AssetCheckSeverity.WARN,
                description=late or "It is there, and no older than what is told beside it.",
                # What a run that stopped is told by: an old source stops nothing.
                metadata={"problems": dg.MetadataValue.json([])},
            )
        ],
    )


def lateness(survey: Survey, source: Source) -> str | None:
    """Why a source is too old or not there; None where it is neither.

    Its age is held against the newest wave's reference year and not against today: a release of old waves is not late.
    """
    missing = [pattern for pattern in source.needed if not any(source.folder.glob(pattern))]
    if missing:
        return f"not there: {', '.join(missing)}; put it into {source.folder.name}/"
    oldest = max(wave.reference_year for wave in survey.waves.values()) - OLDEST_YEARS
    if source.newest and source.newest.year < oldest:
        return f"the newest it says is of {source.newest}: look whether there is something of {oldest} or later"
    return None
