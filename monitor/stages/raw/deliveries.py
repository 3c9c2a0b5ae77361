"""Which files are a wave's deliveries: found, kept byte for byte, recognised when they come again.

Belongs here: roles, hashes, the history of a wave's deliveries, which of them is current. Does not belong here:
reading what is in them.
"""

from __future__ import annotations

import datetime
import fnmatch
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.formats.opening import TEXT_FORMATS
from monitor.formats.text import content_hash, detect, file_hash
from monitor.problems import Problem, UnusableDelivery
from monitor.stages.raw.decisions import AMENDMENTS_FILE
from monitor.storage import private
from monitor.storage.lake import Lake
from monitor.survey import Survey, Wave
from monitor.survey.inbox import outside


@dataclass(frozen=True)
class Kept:
    """One delivery of a wave as the lake keeps it; a row of raw_deliveries."""

    delivery: str
    """SHA-256 of its bytes"""
    role: str
    """answers, labels, frame, corrections, or of a programme `grants_of` it"""
    file: str
    arrived_at: str
    bytes: int
    content: str
    """SHA-256 of its text without regard to line ends and encoding (of its bytes, where it is no text)"""
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    records: int | None = None
    current: bool = False
    decision: str = ""
    """refused, where amendments.csv refuses all of it"""


def inbox(home: Path, survey: str, wave: str) -> Path:
    """Where the deliveries of a wave arrive."""
    return home / "inbox" / survey / wave


def grants_of(programme: str) -> str:
    """The role of the list of a programme's grants."""
    return f"grants of {programme}"


def patterns(wave: Wave) -> dict[str, str]:
    """Role -> the pattern of its file's name in the wave's inbox."""
    found = {"answers": wave.delivery.file}
    if wave.delivery.label_file:
        found["labels"] = wave.delivery.label_file
    if wave.frame:
        found["frame"] = wave.frame.file
    grants = {grants_of(programme): pattern for programme, pattern in wave.grants.items()}
    return found | {"corrections": wave.corrections} | grants


def role_of(name: str, wave: Wave) -> str | None:
    """The role of a file by its name: of several patterns that fit, the one that says most."""
    if name == AMENDMENTS_FILE:
        return "amendments"
    fits = [(role, pattern) for role, pattern in patterns(wave).items() if fnmatch.fnmatch(name, pattern)]
    return max(fits, key=lambda fit: len(fit[1].replace("*", "")), default=(None, ""))[0]


def find(lake: Lake, survey: Survey, wave: Wave, handed_in: Sequence[Path] | None) -> dict[str, list[Path]]:
    """Role -> the files of that role, those handed in before those in the inbox; every problem at once."""
    problems: list[Problem] = []
    folder = inbox(lake.home, survey.name, wave.name)
    found: dict[str, list[Path]] = {}
    given = [Path(path) for path in handed_in or ()]
    for path in given:
        if not path.is_file():
            problems.append(Problem(what="no such file", file=str(path), do="look at the path"))
    # A single file handed in is the answers, whatever its name.
    lone = len(given) == 1 and role_of(given[0].name, wave) is None
    for role, pattern in patterns(wave).items():
        named = [p for p in given if p.is_file() and (role_of(p.name, wave) == role or (lone and role == "answers"))]
        if not named and folder.is_dir():
            named = sorted(p for p in folder.glob(pattern) if p.is_file() or p.is_symlink())
            named = [p for p in named if role_of(p.name, wave) == role]
            problems += [problem for path in named if (problem := outside(path, lake.home / "inbox"))]
        if named:
            found[role] = named
    unused = [p for p in given if p.is_file() and not any(p in paths for paths in found.values())]
    problems += [
        Problem(
            what="the file is none that the wave declares", file=str(p), expected=", ".join(patterns(wave).values())
        )
        for p in unused
    ]
    if problems:
        raise UnusableDelivery(problems)
    return found


def readable_name(path: Path) -> str:
    """A file's name as text: bytes that are no UTF-8 read as Windows wrote them, else marked as unreadable."""
    written = os.fsencode(path.name)
    for encoding in ("utf-8", "cp1252"):
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    return written.decode("utf-8", "replace")


def arrive(lake: Lake, wave: Wave, role: str, path: Path) -> Kept:
    """Keep a file byte for byte under its hash and say what it is."""
    name = readable_name(path)
    if path.stat().st_size == 0:
        raise UnusableDelivery(
            Problem(what="the file is empty (0 bytes)", file=name, severity="critical", do="ask for the export again")
        )
    shelf = lake.folder / "raw_files" / f"wave={wave.name}"
    with private.workspace(lake.folder) as folder:
        aside = folder / "arriving"
        shutil.copyfile(path, aside)
        aside.chmod(private.FILE)
        digest = file_hash(aside)
        place = private.closed_folder(shelf / digest) / name
        if not any(place.parent.iterdir()):
            os.replace(aside, place)
    kept = file_of(lake, wave, digest)
    arrived = datetime.datetime.fromtimestamp(path.stat().st_mtime, tz=datetime.UTC)
    return Kept(
        delivery=digest,
        role=role,
        file=name,
        arrived_at=arrived.isoformat(timespec="seconds"),
        bytes=path.stat().st_size,
        content=_content(kept, role, wave) or digest,
    )


def file_of(lake: Lake, wave: Wave, delivery: str) -> Path:
    """The kept file of a delivery."""
    return next(iter(sorted((lake.folder / "raw_files" / f"wave={wave.name}" / delivery).iterdir())))


def _content(path: Path, role: str, wave: Wave) -> str | None:
    """The hash of a text delivery's content; None where it is not text."""
    format_name = wave.delivery.format if role == "answers" else "delimited"
    encoding = wave.delivery.encoding if role == "answers" else None
    if role == "frame" and wave.frame:
        format_name, encoding = wave.frame.delivery.format, wave.frame.encoding
    if format_name not in TEXT_FORMATS:
        return None
    try:
        return content_hash(path, encoding or detect(path))
    except (UnicodeError, LookupError):
        return None


def history(lake: Lake, wave: Wave) -> list[Kept]:
    """The deliveries the lake has of a wave, in the order of their arrival."""
    if not lake.has("raw_deliveries", wave.name):
        return []
    frame = lake.read("raw_deliveries", wave.name).astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [Kept(**{str(name): value for name, value in row.items()}) for row in rows]


def choose(known: Sequence[Kept], arrived: Sequence[Kept], refused: Collection[str]) -> list[Kept]:
    """The history of one role after these arrivals, with the current delivery marked; `refused` are deliveries.

    The same content again is no new delivery. Current is the latest, not refused, among those that lie in the inbox
    or were handed in; among all that are kept where nothing lies there.
    """
    contents = {kept.content for kept in known}
    new = []
    for kept in sorted(arrived, key=lambda k: (k.arrived_at, k.file)):
        if kept.content not in contents:
            new.append(kept)
            contents.add(kept.content)
    every = [
        replace(kept, current=False, decision="refused" if kept.delivery in refused else "") for kept in [*known, *new]
    ]
    present = {kept.content for kept in arrived}
    standing = [k for k in every if not k.decision]
    among = [k for k in standing if k.content in present] or standing
    return [replace(kept, current=bool(among) and kept is among[-1]) for kept in every]
