"""What a stage made before and need not make again, because nothing that it is made from is another than then.

Belongs here: what a stage's tables follow from, the record of what a stage made, whether that stands. Does not belong
here: running stages (`assets`), results within a stage, whether a wave is whole (`lake`).

A stage's tables follow from the code and the packages it computes with, the survey's definition, the tables of other
stages that it reads (`tables.READS`, which a test holds against the code), its options, and for some stages a fact of
the home: the key of the pseudonyms, the releases there are. All of it goes into one hash, the stage's key. Where the
record of the last time has the same key and the tables lie there as they were made, the stage is not run. The inbox is
looked at by every run; where it holds what it held and every stage of a wave stands, the command leaves the wave out.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from monitor.storage import private, publish
from monitor.storage.lake import ALL_WAVES, LINES, RELEASES, Lake, fingerprint
from monitor.survey import Survey
from monitor.survey.content import content_hash
from monitor.survey.seen import seen_by, without_words
from monitor.versions import computes
from pipelines.resources import loaded
from pipelines.shown import plain
from pipelines.tables import READS, RELEASE_STAGES, WAVE_STAGES, WAVE_TABLES

WHOLE = ("disclosed", "released")
"""The stages that may read every table there is, and earlier releases"""
DECLARED = "released"
"""The stage that goes by the whole definition, to the last letter of its files"""
OWN_FILES = {"staged": "*.csv", "validated": "rules.yaml"}
"""Stage -> the files of the survey's folder that it reads itself: lists of codes, rules"""
IN_PART = {
    ("modelled", "derived_measures"): ("measures", ""),
    ("modelled", "derived_routed"): ("measures", "measure"),
    ("modelled", "estimated_indicators"): ("indicators", "indicator"),
}
"""Stage and table of which it finds no more than what it sees of a field of the survey -> that field, and the column
that names them, where each is not a column of its own"""
KEEPS: Mapping[str, Callable[[Lake, str], Path]] = {
    "estimated": lambda lake, wave: lake.kept(wave, LINES),
    "modelled": lambda lake, wave: lake.kept(wave),
    "released": lambda lake, wave: lake.kept(RELEASES),
}
"""Stages that keep answers of a wave -> where"""
ALWAYS = "raw"
"""The stage that looks at what lies in the inbox"""
AFRESH = "monitor/afresh"
"""The tag of a run that makes everything again"""

log = logging.getLogger("monitor")


@dataclass(frozen=True)
class Made:
    """What a stage made for a wave, and from what."""

    key: str = ""
    rules: str = ""
    """SHA-256 of what the suites that judged the tables follow from beside the tables"""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Table -> its fingerprint; empty where the wave has no such table"""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What the stage said of itself"""
    said: Sequence[tuple[int, str]] = ()
    """Warnings it gave: (level, line)"""


@dataclass(frozen=True)
class Unit:
    """A stage of a wave, or over all waves."""

    lake: Lake
    survey: Survey
    stage: str
    wave: str
    waves: Sequence[str]
    """The waves whose tables it reads"""
    options: Mapping[str, object] = field(default_factory=dict)

    def key(self) -> str:
        """SHA-256 of all that the stage's tables follow from."""
        told = {
            "computes": _computes(),
            "definition": self._definition(),
            "stage": [self.stage, self.wave, *self.waves],
            "options": {name: str(value) for name, value in self.options.items()},
            "tables": {
                f"{table} {wave}": self._read(table, wave) for table in self._reads() for wave in self._places()
            },
            "files": _own(self.survey.folder, OWN_FILES[self.stage]) if self.stage in OWN_FILES else None,
            "home": self._of_home(),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def seen(self) -> Survey:
        """The survey as the stage sees it."""
        return _seen(self.survey.folder, self.stage, self.wave)[0]

    def rules(self) -> str:
        """SHA-256 of what the suites of the stage's tables follow from beside the tables and the code."""
        told = [_own(self.survey.folder, OWN_FILES["validated"]), repr(self.survey.disclosure)]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def standing(self) -> Made | None:
        """What it made the last time, where that is what it would make now and the inbox need not be looked at."""
        return None if self.stage == ALWAYS else self.as_made()

    def as_made(self) -> Made | None:
        """What it made the last time, where that is what it would make now of an inbox that holds the same."""
        made = self._recorded()
        if not made.key or made.key != self.key():
            return None
        if any(self._now(table, self.wave) != print_ for table, print_ in made.tables.items()):
            return None
        return self._published(made) if self.stage == "released" else made

    def keep(self, tables: Sequence[str], figures: Mapping[str, object], said: Sequence[tuple[int, str]]) -> None:
        """Record what it made."""
        found = {table: self._now(table, self.wave) for table in tables}
        self._write(Made(self.key(), self.rules(), found, plain(figures), said))

    def keep_again(self, made: Made) -> None:
        """Record that what it made stands beside the release that was made of it: a release says nothing that would
        change its own tables."""
        self._write(replace(made, key=self.key()))

    def _write(self, made: Made) -> None:
        private.closed_folder(self._record.parent)
        aside = self._record.with_name(f".{self.stage}.{secrets.token_hex(4)}")
        aside.write_text(json.dumps(asdict(made), ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(aside, self._record)

    def forget(self, afresh: bool) -> None:
        """Take the record away, for what is made now may be something else; `afresh`: with all answers it kept."""
        self._record.unlink(missing_ok=True)
        if afresh and self.stage in KEEPS:
            shutil.rmtree(KEEPS[self.stage](self.lake, self.wave), ignore_errors=True)

    def version(self, table: str) -> str:
        """What tells one content of a table from another; empty where the lake has no such table."""
        return self._now(table, self.wave)

    @property
    def _record(self) -> Path:
        return self.lake.kept(self.wave).with_name(f"{self.wave}.{self.stage}.json")

    def _recorded(self) -> Made:
        with suppress(OSError, ValueError, TypeError):
            read = json.loads(self._record.read_text(encoding="utf-8"))
            return Made(**{**read, "said": [(int(level), str(line)) for level, line in read["said"]]})
        return Made()

    def _reads(self) -> list[str]:
        if self.stage in WHOLE:
            # The writers of a release read what they need, wherever it lies.
            over_all = RELEASE_STAGES["disclosed"] if self.stage == "released" else ()
            return sorted({*WAVE_TABLES, *RELEASE_STAGES["estimated"], *over_all})
        own = () if self.wave in self.survey.waves else WAVE_STAGES[self.stage]
        return sorted({*READS[self.stage], *own})

    def _places(self) -> list[str]:
        return sorted({*self.waves, self.wave})

    def _now(self, table: str, wave: str) -> str:
        return fingerprint(self.lake.path(table, wave)) if self.lake.has(table, wave) else ""

    def _read(self, table: str, wave: str) -> str:
        """What the stage finds in a table."""
        if (self.stage, table) not in IN_PART:
            return self._now(table, wave)
        studied, column = IN_PART[self.stage, table]
        unseen = getattr(self.survey, studied).keys() - getattr(self.seen(), studied).keys()
        return self.lake.content(table, wave, unseen, column)

    def _definition(self) -> str:
        """What of the definition the stage's tables follow from."""
        if self.stage == DECLARED:
            return self.survey.definition_hash
        return _seen(self.survey.folder, self.stage, self.wave)[1]

    def _of_home(self) -> object:
        """What the stage reads of the home beside the lake's tables."""
        home, name = self.lake.home, self.survey.name
        if self.stage == "raw":
            return hashlib.sha256(self.survey.key(home)).hexdigest()
        if self.stage == "staged":
            from monitor.stages.staged.crosswalk import CROSSWALK_FILE

            crosswalk = home / "inbox" / name / CROSSWALK_FILE
            key = hashlib.sha256(self.survey.key(home)).hexdigest()
            return [key, fingerprint(crosswalk) if crosswalk.exists() else ""]
        if self.stage == "validated":
            # A rule holds how often it fails against the last wave.
            earlier = [wave for wave in sorted(self.survey.waves) if wave < self.wave]
            return [[self._now(table, wave) for table in ("staged_answers", "validated_rules")] for wave in earlier]
        return _releases(home / "releases" / name) if self.stage in WHOLE else None

    def _published(self, made: Made) -> Made | None:
        """What was published, where that is there as a whole and is what readers have."""
        latest = publish.latest(self.lake.home / "releases" / self.survey.name)
        if latest is None or latest.name != made.figures.get("release_id") or not publish.whole(latest):
            return None
        return replace(made, figures={**made.figures, "path": str(latest), "new": False})


def everything_stands(lake: Lake, survey: Survey, waves: Sequence[str], passports: bool) -> bool:
    """Whether a run of these waves would make nothing: all of them stand, and what was made of them up to the
    release."""
    whole = lake.whole_waves(survey.waves)
    over_all = (Unit(lake, survey, stage, ALL_WAVES, whole, options_of(stage, passports)) for stage in RELEASE_STAGES)
    if lake.unfinished_waves() or not all(unit.as_made() for unit in over_all):
        return False
    return all(wave_stands(lake, survey, wave) is not None for wave in waves)


def spanning_stands(lake: Lake, survey: Survey) -> Sequence[tuple[int, str]] | None:
    """The warnings of what spans the waves, up to `disclosed`, where a run would not change it; else None."""
    if lake.record(ALL_WAVES, "working").run or not lake.record(ALL_WAVES).tables:
        return None
    waves = lake.whole_waves(survey.waves)
    return _said(Unit(lake, survey, stage, ALL_WAVES, waves) for stage in RELEASE_STAGES if stage != "released")


def wave_stands(lake: Lake, survey: Survey, wave: str) -> Sequence[tuple[int, str]] | None:
    """The warnings of a wave that a run would not change: its inbox holds what its last run took, and all that was made
    of it stands. None where a run has something to make."""
    if wave in lake.unfinished_waves() or wave not in lake.whole_waves():
        return None
    if lake.record(wave).inbox != lake.delivered(wave):
        return None
    return _said(Unit(lake, survey, stage, wave, [wave]) for stage in WAVE_STAGES)


def _said(units: Iterable[Unit]) -> Sequence[tuple[int, str]] | None:
    """What stages said that stand, judged by the same rules; None where one does not."""
    said: list[tuple[int, str]] = []
    for unit in units:
        made = unit.as_made()
        if made is None or made.rules != unit.rules():
            return None
        said += made.said
    return said


def options_of(stage: str, passports: bool) -> Mapping[str, bool]:
    """What a stage over all waves is told beside the waves."""
    return {"passports": passports} if stage == "released" else {}


def _releases(folder: Path) -> list[list[str]]:
    """The releases there are: name, manifest's fingerprint, and what was taken out of it."""
    return [
        [release.name, *(fingerprint(path) for path in sorted(release.glob("*.json")))]
        for release in publish.releases(folder)
    ]


@cache
def _seen(folder: Path, stage: str, wave: str) -> tuple[Survey, str]:
    """A survey as a stage sees it, and what that comes to."""
    seen = seen_by(loaded(folder), stage, wave, _marked(folder))
    return seen, content_hash(seen)


@cache
def _marked(folder: Path) -> Survey:
    return without_words(loaded(folder))


def _own(folder: Path, pattern: str) -> list[tuple[str, str]]:
    """Files of the survey's folder, and what they hold."""
    return [(path.name, fingerprint(path)) for path in sorted(folder.glob(pattern))]


@cache
def _computes() -> Mapping[str, str]:
    return computes()


@contextmanager
def listening() -> Iterator[list[tuple[int, str]]]:
    """The warnings that are given meanwhile, as they are given."""
    heard: list[tuple[int, str]] = []
    handler = _Heard(heard)
    log.addHandler(handler)
    try:
        yield heard
    finally:
        log.removeHandler(handler)


class _Heard(logging.Handler):
    def __init__(self, heard: list[tuple[int, str]]) -> None:
        super().__init__(logging.WARNING)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append((record.levelno, record.getMessage()))
