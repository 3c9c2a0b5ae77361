"""`monitor check`: what would become of a delivery, without touching the lake.

Belongs here: running intake and validation of one file in a folder of its own, and telling a data engineer the outcome.
Does not belong here: intake and validation themselves.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pandas as pd

from monitor.authoring.proposed_names import proposals
from monitor.formats.detection import detect_layout
from monitor.problems import MonitorError, Problem, UnusableDelivery, WaveStopped
from monitor.running import beside
from monitor.stages import raw, staged
from monitor.stages.raw.decisions import AMENDMENTS_FILE, EVERY_FIRM, FIELDS, LEAST_DIGITS
from monitor.stages.raw.deliveries import inbox, readable_name
from monitor.stages.staged.coding import code_key
from monitor.stages.staged.privacy import LETTERS
from monitor.stages.staged.sources import labelled_missing
from monitor.storage import private
from monitor.storage.identity import FINGERPRINT_FILE, KEY_FILE
from monitor.storage.lake import Lake
from monitor.survey import Survey, Wave

SHOWN = 20
"""Findings of one rule, and amended responses, that are shown on a terminal"""

WITHHELD = "[words withheld]"
LAYOUT = ("format", "encoding", "delimiter", "decimal", "thousands", "sheet", "header_line")
NOT_OF = {
    "excel": {"encoding", "delimiter"},
    **{typed: {"encoding", "delimiter", "sheet", "header_line"} for typed in ("spss", "stata", "parquet")},
}
"""Format -> what its layout does not have; of text, a sheet"""


@dataclass(frozen=True)
class CheckReport:
    """What a dry run of one delivery found."""

    file: str
    survey: str
    wave: str
    declared: Mapping[str, object]
    detected: Mapping[str, object]
    records: int | None = None
    responses: Mapping[str, int] = field(default_factory=dict)
    """kept, quarantined, duplicate, not_usable -> responses"""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Missing kind -> values"""
    labelled_missing: Sequence[Mapping[str, str]] = ()
    """Values the delivery itself marks as missing: source_column, code, label, the kind taken, and what says so (by)"""
    columns: Sequence[Mapping[str, object]] = ()
    """source_column, concept, treatment"""
    findings: Sequence[Problem] = ()
    """Every value that failed a rule, and every problem that stops"""
    delivery: str | None = None
    """SHA-256 of the file"""
    amendments: Sequence[Mapping[str, object]] = ()
    """Responses that the delivery adds, changes or lacks against what stands, and what is decided of each"""
    redelivery: bool = False
    """Whether the content is the current delivery's own"""
    notes: Sequence[str] = ()
    exit_code: int = 0
    """0: clean or with findings that stop nothing; 1: a critical rule stops the wave; 2: the file is unusable"""

    @property
    def outcome(self) -> str:
        """The outcome in a word."""
        return {0: "usable", 1: "stopped", 2: "unusable"}[self.exit_code]

    def as_dict(self) -> dict[str, object]:
        """The report for a machine: everything, without limits on what is shown."""
        plain = {name: value for name, value in asdict(self).items() if name != "findings"}
        return plain | {"outcome": self.outcome, "findings": [problem.as_dict() for problem in self.findings]}

    def render(self) -> str:
        """The report as a person reads it."""
        lines = [f"{self.file}: {self.outcome} for wave {self.wave} of {self.survey}", "", "layout"]
        for name, value in self.declared.items():
            seen = self.detected.get(name)
            if name in NOT_OF.get(str(self.declared["format"]), {"sheet"}):
                continue
            differs = f"   (looks like {seen!r})" if value is not None and seen not in (None, value, "ascii") else ""
            if name == "sheet" and value is None:
                value, differs = "the one that is shown", f"   (looks like {seen!r})" if seen is not None else ""
            lines.append(f"  {name:<12}{_shown(value if value is not None else seen)}{differs}")
        if self.records is not None:
            lines.append(f"  {'records':<12}{self.records}")
        lines += self._columns()
        if self.responses:
            lines += ["", "responses"] + [f"  {status:<12}{count}" for status, count in self.responses.items()]
        if self.missing:
            lines += ["", "missing values"] + [f"  {kind:<12}{count}" for kind, count in self.missing.items()]
        lines += self._labelled() + self._amendments()
        if self.notes:
            lines += ["", "notes"] + [f"  {line}" for note in self.notes for line in note.splitlines()]
        return "\n".join(lines + self._findings())

    def _columns(self) -> list[str]:
        if not self.columns:
            return []
        lines = ["", "columns"]
        for treatment in ("mapped", "dropped_identifier", "dropped_text", "unmapped"):
            found = [c for c in self.columns if c["treatment"] == treatment]
            names = ", ".join(
                f"{c['source_column']} -> {c['concept']}" if c["concept"] else str(c["source_column"])
                for c in found[:SHOWN]
            )
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            if found:
                lines.append(f"  {treatment.replace('_', ' '):<20}{len(found):>4}  {names}{more}")
        return lines

    def _labelled(self) -> list[str]:
        """The values the file marks as missing, those of many columns once: code, label, kind, what says so."""
        if not self.labelled_missing:
            return []
        alike: dict[tuple[str, ...], list[str]] = {}
        for value in self.labelled_missing:
            meaning = tuple(value[key] for key in ("code", "label", "kind", "by"))
            alike.setdefault(meaning, []).append(value["source_column"])
        said = {"declared": "declared", "label": "taken from the label", "nothing": "the label says nothing known"}
        lines = ["", "values the file marks as missing; declare `missing` where the kind is not what is meant"]
        for (code, label, kind, by), names in alike.items():
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            lines.append(f"  {code} {label!r} -> {kind} ({said[by]}): {', '.join(names[:3])}{more}")
        return lines

    def _amendments(self) -> list[str]:
        if self.redelivery:
            return ["", "the same content as the current delivery: nothing would change"]
        if not self.amendments:
            return []
        lines = ["", "against what stands"]
        for change in ("added", "changed", "vanished"):
            found = [a for a in self.amendments if a["change"] == change]
            if found:
                lines.append(f"  {change}: {_responses(found)}")
            for a in found[:SHOWN]:
                place = f"line {a['line_after'] or a['line_before']}"
                what = f"  {a['column']}: {a['from'] or '(blank)'} -> {a['to'] or '(blank)'}" if a["column"] else ""
                lines.append(f"    firm {a['firm']}  {place}{what}  {a['decision']}")
            if len(found) > SHOWN:
                lines.append(f"    and {len(found) - SHOWN} more")
        decided = Counter((str(a["decision"]), str(a["reason"] or "")) for a in self.amendments)
        for decision, reason in sorted(decided):
            found = [a for a in self.amendments if (a["decision"], a["reason"] or "") == (decision, reason)]
            lines.append(f"  {decision}{': ' + reason if reason else ''}: {_responses(found)}")
        if any(a["decision"] == "undecided" for a in self.amendments):
            named = f"{str(self.delivery)[:LEAST_DIGITS]},<firm, or {EVERY_FIRM} for all others>"
            lines += [
                f"  undecided counts as accepted; to decide, write {AMENDMENTS_FILE} beside the delivery, for example",
                f"    {','.join(FIELDS)}",
                f"    {named},refuse,<why>,<who>,<when>",
            ]
        return lines

    def _findings(self) -> list[str]:
        if not self.findings:
            return ["", "no findings"]
        lines, shown = ["", "findings"], dict[str | None, int]()
        for problem in self.findings:
            shown[problem.rule] = shown.get(problem.rule, 0) + 1
            if problem.rule is None or shown[problem.rule] <= SHOWN:
                lines += [f"  {line}" for line in problem.render().splitlines()]
        for rule, count in shown.items():
            if rule is not None and count > SHOWN:
                lines.append(f"  and {count - SHOWN} more of {rule}")
        return lines


def _responses(amended: Sequence[Mapping[str, object]]) -> str:
    count = len({(a["firm"], a["line_before"], a["line_after"]) for a in amended})
    return f"{count} response{'s' if count > 1 else ''}"


def check(survey: Survey, wave: Wave, file: Path, home: Path) -> CheckReport:
    """Run a delivery through intake and validation in a folder of its own and report what would become of it.

    Label file, frame and corrections are those beside the file, else those in the wave's inbox. Earlier waves and the
    current delivery of the wave are looked at, never changed.
    """
    file = Path(file)
    declared = {name: getattr(wave.delivery, name) for name in LAYOUT}
    report = CheckReport(readable_name(file), survey.name, wave.name, declared, _detected(file))
    with private.workspace(home) as folder:
        lake = Lake(folder, survey.name)
        _lend(lake, survey, wave, home)
        wave, notes = _accompany(lake, survey, wave, file, home)
        notes += [*_left_to_decide(survey), *(remark.render() for remark in survey.remarks)]
        try:
            taken_in = raw.run(lake, survey, wave, [file])
            staged.run(lake, survey, wave)
        except MonitorError as unusable:
            return replace(report, findings=unusable.problems, notes=notes, exit_code=2)
        stopped = _validate(lake, survey, wave)
        return _filled(report, lake, survey, wave, taken_in, notes, stopped)


def _left_to_decide(survey: Survey) -> list[str]:
    left = Counter(str(problem.file) for problem in survey.todos)
    if not left:
        return []
    places = ", ".join(f"{count} in {file}" for file, count in left.items())
    return [f"left to decide before a wave can run (marked todo): {places}"]


def _detected(file: Path) -> dict[str, object]:
    try:
        return asdict(detect_layout(file))
    except (UnusableDelivery, OSError):
        return {}


def _lend(lake: Lake, survey: Survey, wave: Wave, home: Path) -> None:
    """Give the dry run what it looks at: the key, earlier waves' tables, the wave's current delivery."""
    for name in (KEY_FILE, f"lake/{FINGERPRINT_FILE}"):
        if (home / name).is_file():
            (lake.home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(home / name, lake.home / name)
    there = home / "lake" / survey.name
    lake.folder.mkdir(parents=True, exist_ok=True)
    for part in sorted(there.glob("*/wave=*")):
        table, partition = part.parent.name, part.name
        own = partition == f"wave={wave.name}"
        if not table.startswith(("raw_deliveries", "raw_files") if own else ("staged_", "validated_")):
            continue
        place = lake.folder / table / partition
        place.parent.mkdir(parents=True, exist_ok=True)
        if own:
            shutil.copytree(part, place)
        else:
            place.symlink_to(part.resolve(), target_is_directory=True)


def _accompany(lake: Lake, survey: Survey, wave: Wave, file: Path, home: Path) -> tuple[Wave, list[str]]:
    """Copy the files that belong to a delivery; the wave without those that are nowhere, and a note for each."""
    own, arriving = inbox(lake.home, survey.name, wave.name), inbox(home, survey.name, wave.name)
    own.mkdir(parents=True, exist_ok=True)
    notes = []
    wanted = {"labels": wave.delivery.label_file, "frame": wave.frame.file if wave.frame else None}
    for role, pattern in {**wanted, "corrections": wave.corrections, "amendments": AMENDMENTS_FILE}.items():
        if not pattern:
            continue
        found = [p for place in (file.parent, arriving) if place.is_dir() for p in sorted(place.glob(pattern))]
        found = [p for p in found if p.is_file() and not p.is_symlink() and p.resolve() != file.resolve()]
        if found:
            shutil.copy2(found[0], own / found[0].name)
        elif role == "frame":
            wave = replace(wave, frame=None)
            notes.append(f"no frame ({pattern}) was found: rules about the frame are left out")
        elif role == "labels":
            wave = replace(wave, delivery=replace(wave.delivery, label_file=None))
            notes.append(f"no label file ({pattern}) was found: codes are shown without labels")
    crosswalk = arriving.parent / "crosswalk.csv"
    if crosswalk.is_file():
        shutil.copy2(crosswalk, own.parent / crosswalk.name)
    return wave, notes


def _validate(lake: Lake, survey: Survey, wave: Wave) -> tuple[Problem, ...]:
    """Run the rules; the problems that stop the wave, if any do."""
    # Great Expectations takes seconds to import: not before the file is known to be readable.
    from monitor.stages import validated

    try:
        beside.begin(validated.run, lake, survey, wave)()
    except WaveStopped as stopped:
        return stopped.problems
    return ()


def _filled(
    report: CheckReport,
    lake: Lake,
    survey: Survey,
    wave: Wave,
    taken_in: Mapping[str, object],
    notes: Sequence[str],
    stopped: Sequence[Problem],
) -> CheckReport:
    failures = lake.read("validated_failures", wave.name)
    rules = lake.read("validated_rules", wave.name)
    why = dict(zip(rules["rule"], rules["why_en"], strict=True))
    said = [Problem(**note) for note in taken_in["notes"]]  # type: ignore[attr-defined]
    findings = [*stopped, *(note for note in said if note.severity == "warning")]
    findings += (p for p in _failures(failures, report.file, why) if p.severity != "critical")
    findings += _odd_codes(lake.read("staged_codes", wave.name))
    findings += proposals(lake, survey, wave, report.file)
    responses = lake.read("validated_responses", wave.name)["status"].value_counts()
    missing = lake.read("staged_missing", wave.name)["kind"].value_counts().sort_index()
    columns = lake.read("staged_columns", wave.name)[["source_column", "concept", "treatment"]]
    amendments = lake.read("raw_amendments", wave.name)
    listed = _listed(survey, wave)
    known = lake.read("raw_deliveries", wave.name)
    answers = known[known["role"] == "answers"]
    return replace(
        report,
        records=int(str(taken_in["records"])),
        responses={
            status: int(responses.get(status, 0)) for status in ("kept", "quarantined", "duplicate", "not_usable")
        },
        missing={str(kind): int(count) for kind, count in missing.items()},
        labelled_missing=labelled_missing(lake, wave),
        columns=_records(columns),
        findings=findings,
        delivery=str(taken_in["delivery"]),
        amendments=[_told(amended, listed) for amended in _records(amendments)],
        redelivery=taken_in["new_answers"] is False and len(answers) > 0,
        notes=[*notes, *(note.render() for note in said if note.severity != "warning")],
        exit_code=1 if stopped else 0,
    )


def _listed(survey: Survey, wave: Wave) -> set[str]:
    """The words that the definition itself has for answers."""
    found = {*wave.missing}
    for question in wave.questions.values():
        found |= {*question.codes, *question.missing, *question.ticked}
        concept = survey.concepts.get(question.concept)
        found |= {
            word for code, label in (concept.codes if concept else {}).items() for word in (code, *label.values())
        }
    return {code_key(word) for word in found}


def _told(amended: Mapping[str, object], listed: set[str]) -> dict[str, object]:
    """An amendment without the words that someone typed: only what is a number or stands in the definition is told."""

    def told(value: object) -> object:
        typed = isinstance(value, str) and LETTERS.search(value) and code_key(value) not in listed
        return WITHHELD if typed else value

    return {name: told(value) if name in ("from", "to") else value for name, value in amended.items()}


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [
        {str(name): int(value) if hasattr(value, "item") else value for name, value in row.items()}
        for row in plain.to_dict("records")
    ]


def _failures(failures: pd.DataFrame, file: str, why: Mapping[str, str]) -> list[Problem]:
    """Each value that failed a rule as a problem with its line in the delivery; of the wave as a whole, in words."""
    return [
        Problem(
            what=why[str(row["rule"])] if row["line"] is None else f"{row['rule']} failed",
            file=file,
            line=int(float(str(row["line"]))) if row["line"] is not None else None,
            firm=str(row["firm"]) if row["firm"] is not None else None,
            column=str(row["columns"]) if row["columns"] is not None else None,
            rule=str(row["rule"]),
            severity=str(row["severity"]),
            found=str(row["value"]) if row["value"] is not None else None,
        )
        for row in _records(failures)
    ]


def _odd_codes(codes: pd.DataFrame) -> list[Problem]:
    """Codes that do not exist, or contradict another."""
    return [
        Problem(
            what=f"{row['concept']} {row['code']} {row['finding']}",
            firm=str(row["firm"]) if row["firm"] is not None else None,
            column=f"{row['concept']} ({row['held_in']})",
            rule="codes_exist",
            severity="info",
            found=str(row["code"]),
        )
        for row in _records(codes)
    ]


def _shown(value: object) -> str:
    return {"\t": "tab", None: "not declared"}.get(value, str(value))  # type: ignore[call-overload]
