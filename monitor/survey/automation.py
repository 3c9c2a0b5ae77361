"""When a survey runs by itself, and what its people are told of: the sections `schedule` and `notices` of survey.yaml.

Belongs here: reading both, their mistakes. Does not belong here: running (`pipelines`), where a message goes (that is
the machine's, not the survey's: `docs/how-to.md`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.survey.yaml_lines import Section

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
"""The fields of a cron line with their bounds (POSIX crontab)"""
PART = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/([1-9]\d?))?")
"""One part of a field: all, a number or a range, each in steps"""


@dataclass(frozen=True)
class Schedule:
    """When the wave of the year runs by itself."""

    cron: str
    time_zone: str


@dataclass(frozen=True)
class Notices:
    """What people are told of, beside a stopped wave and a published release."""

    warnings: int | None = None
    """More answers than this that fail a rule of severity `warning` are told of; None: they are not"""


def read_schedule(top: Section) -> Schedule | None:
    """The `schedule:` section; None where nothing is to run by itself."""
    section = top.section("schedule", None)
    if section is None:
        return None
    schedule = Schedule(section.text("cron"), section.text("time_zone"))
    if "cron" in section and (wrong := cron_fault(str(schedule.cron))):
        section.report.add(
            f"schedule: {wrong}",
            section.line_of("cron"),
            expected="minute, hour, day of the month, month, day of the week, as in `0 6 1 6 *`",
            found=schedule.cron or "an empty value",
            do="correct `cron`",
        )
    if "time_zone" in section and not _is_time_zone(str(schedule.time_zone)):
        section.report.add(
            "schedule: the time zone is not known",
            section.line_of("time_zone"),
            expected="a name of the IANA time zone database, as Europe/Amsterdam",
            found=schedule.time_zone or "an empty value",
            do="correct `time_zone`",
        )
    section.close()
    return schedule


def read_notices(top: Section) -> Notices:
    """The `notices:` section; the defaults where there is none."""
    section = top.section("notices", None)
    if section is None:
        return Notices()
    notices = Notices(section.number("warnings", None, least=0, whole=True))
    section.close()
    return notices


def cron_fault(cron: str) -> str | None:
    """What is wrong with a cron line of five fields; None where nothing is."""
    fields = cron.split()
    if len(fields) != len(FIELDS):
        return f"cron has {len(fields)} fields"
    for field, (name, least, most) in zip(fields, FIELDS, strict=True):
        for part in field.split(","):
            found = PART.fullmatch(part)
            numbers = [int(number) for number in found.groups()[:2] if number] if found else []
            if not found or any(not least <= number <= most for number in numbers) or numbers != sorted(numbers):
                return f"cron names no {name}"
    return None


def _is_time_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (ValueError, OSError, LookupError):
        return False
