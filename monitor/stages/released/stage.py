"""`released`: one immutable, published set – database, report, tables, metadata, manifest.

Belongs here: building a release from disclosed tables and putting it in place. Does not belong here: any estimate.

`public` and `secure` write the two databases, `microdata` the secure data for Stata and SPSS and `secure_scripts` what
reads them, `datapackage` and `exchange` describe the tables to programs, `manifest` says what made them, `publish` puts
the whole in place atomically, `difference` tells what changed between two releases.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from monitor import contract
from monitor.contract.shape import shaped
from monitor.problems import Problem, WaveStopped
from monitor.publication import datapackage, difference, exchange, manifest, microdata, public, secure, secure_scripts
from monitor.publication.difference import Difference, diff
from monitor.running import kept
from monitor.running.beside import begin
from monitor.statistics.disclosure import primary
from monitor.storage import private, publish, release_folders
from monitor.storage.lake import RELEASES, Lake
from monitor.survey import Survey
from monitor.survey.seen import Words
from monitor.versions import code_version

if TYPE_CHECKING:
    from monitor.attack import Report as Attack

__all__ = ["About", "Difference", "build", "diff", "public_tables", "releases", "run_all"]

log = logging.getLogger("monitor")

SHOWN = 5
"""Withheld numbers that would be told, of which a stopped release names so many"""


def run_all(lake: Lake, survey: Survey, waves: Sequence[str], passports: bool = False) -> dict[str, object]:
    """Publish what `disclosed` let through, with the secure database beside it, as a new release.

    With `passports`, every firm of the newest wave gets its own under `secure/passports/`; they are content too.
    Where a release holds the content already, `latest` names that one and none is made. Returns release_id, path,
    content_hash and whether `latest` names another release than before. Raises WaveStopped where the public files would
    tell what they withhold; the last release stays then.
    """
    folder = private.open_folder(lake.home / "releases" / survey.name)
    tables = public_tables(lake, survey, waves)
    firms = secure.firm_tables(lake, survey, waves)
    plain = manifest.content_hash(
        {f"public.{n}" if n not in manifest.volatile else n: f for n, f in tables.items()}
        | {f"secure.{n}": f for n, f in firms.items()}
    )
    pressed = manifest.with_passports(plain)
    content = pressed if passports else plain
    with publish.publishing(folder):
        last = publish.latest(folder)
        # Passports that are there already are no reason for a release without them.
        same = publish.holding(folder, [pressed] if passports else [plain, pressed])
        if same is not None:
            if same != last:
                publish.switch(folder, same.name)
            log.info("released: nothing changed since %s", same.name)
            told = release_folders.manifest(same)["content_hash"]
            return {"release_id": same.name, "path": str(same), "content_hash": told, "new": same != last}
        release_id = f"r{publish.next_number(folder):04d}-{content[:12]}"
        created_at = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        tables["releases"] = tables["releases"].assign(release_id=release_id, created_at=created_at)
        figures = manifest.figures_hash(lake, set(tables) - {"releases"})
        about = About(survey, tuple(waves), release_id, created_at, content, figures)
        with publish.building(folder) as built, kept.within(lake.kept(RELEASES)):
            build(built, about, tables, firms, lake, publish.releases(folder), last, passports)
            path = publish.put_in_place(folder, built, release_id)
    log.info("released: %s", path)
    return {"release_id": release_id, "path": str(path), "content_hash": content, "new": True}


@dataclass(frozen=True)
class About:
    """Which release this is."""

    survey: Survey
    waves: tuple[str, ...]
    release_id: str
    created_at: datetime
    content_hash: str
    figures_hash: str

    @property
    def moment(self) -> str:
        """When it was made, as programs write it."""
        return self.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def build(
    folder: Path,
    about: About,
    tables: Mapping[str, pd.DataFrame],
    firms: Mapping[str, pd.DataFrame],
    lake: Lake,
    earlier: Sequence[Path],
    last: Path | None,
    passports: bool,
) -> None:
    """Write every file of a release into an empty folder; the manifest, with everyone's checksum, last.

    earlier: the survey's releases, oldest first; last: the release that readers have now. The public tables are
    attacked: raises WaveStopped where they would tell what they withhold. The report says what the attack came to.
    """
    survey, waves = about.survey, about.waves
    shown, hidden = folder / "public", folder / "secure"
    shown.mkdir()
    hidden.mkdir(mode=0o700)
    public.write_csv(shown / "tables", tables)
    described = exchange.write(shown, tables, survey, waves, about.moment)
    description = manifest.describe(
        lake, survey, waves, about.release_id, about.moment, about.content_hash, about.figures_hash
    )
    revisions = None
    if last is not None:
        this = difference.Side(about.release_id, tables, firms, description)
        revisions = _revisions(difference.compare(difference.read(last), this), survey)
    asked = Asked.of(earlier, folder, about.figures_hash)
    known = kept.known(_attack_and_report, asked.content)
    attacking = begin(_attack_and_report, asked, folder, tables, survey, waves, revisions, described, known)
    public.write_database(shown / "monitor.duckdb", tables, shown / "tables")
    datapackage.write(shown / "datapackage.json", survey, waves, about.release_id, about.moment)
    _write_secure(hidden, firms, survey)
    attacked = attacking()
    kept.keep(_attack_and_report, asked.content, attacked)
    _stop_what_tells(attacked, earlier, _uncertain(lake, survey, waves))
    if passports:
        from monitor.publication import report
        from monitor.publication.report import passports as pressed

        pressed.write(hidden / "passports", firms, report.spoken(tables, survey), survey, waves[-1])
    _describe(folder, description)


def _write_secure(folder: Path, firms: Mapping[str, pd.DataFrame], survey: Survey) -> None:
    secure.write_database(folder / "microdata.duckdb", firms, survey)
    microdata.write(folder, firms, survey)
    secure_scripts.write(folder, firms, survey)


def _describe(folder: Path, description: dict[str, object]) -> None:
    """Write the manifest, and open to all what is public."""
    description["files"] = manifest.checksums(folder)
    (folder / release_folders.MANIFEST).write_text(
        json.dumps(description, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    private.open_to_all(folder / "public")
    for path, mode in ((folder, private.OPEN_FOLDER), (folder / release_folders.MANIFEST, private.OPEN_FILE)):
        path.chmod(mode)


@dataclass(frozen=True)
class Asked:
    """What of a survey's releases is attacked, and whose figures are asked about."""

    releases: tuple[Path, ...]
    """Oldest first, and of those with the same figures the first: the others tell nothing more"""
    only: Path
    every: tuple[str, ...]
    """All that it holds of"""
    content: bytes
    """What the attack follows from"""

    @classmethod
    def of(cls, earlier: Sequence[Path], folder: Path, figures: str) -> Asked:
        """Of a release in `folder` and the earlier ones. One that does not say which figures it has stands alone."""
        first: dict[str, Path] = {}
        for release in earlier:
            first.setdefault(release_folders.manifest(release).get("figures_hash", release.name), release)
        only = first.setdefault(figures, folder)
        every = tuple(release.name for release in (*earlier, folder))
        return cls(tuple(first.values()), only, every, "\n".join([*first, figures]).encode())


def _attack_and_report(
    asked: Asked,
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    survey: Survey,
    waves: Sequence[str],
    revisions: Mapping[str, Any] | None,
    described: Sequence[str],
    known: Attack | None,
) -> Attack:
    """Attack the public tables of a release, write its report, and return what the attack came to: one work, so that
    the report begins while who asked is busy with other files. `known`: what the same attack came to before."""
    from monitor.attack import attack
    from monitor.publication import report

    attacked = replace(known or attack(asked.releases, asked.only), releases=asked.every)
    report.build(folder / "public" / "report", tables, survey, waves, revisions, described, attacked.as_dict())
    return attacked


def _uncertain(lake: Lake, survey: Survey, waves: Sequence[str]) -> set[tuple[str, str, str, str]]:
    """Lines of indicators that are too uncertain to print, of firms enough on either side: withheld for that alone."""
    found: set[tuple[str, str, str, str]] = set()
    for wave in waves:
        lines = lake.read("estimated_indicators", wave)
        firms, events = (pd.to_numeric(lines[c]).astype("float64") for c in ("n", "events"))
        lines = lines[(lines["reliability"] == "unpublishable") & ~primary.of_few(events, firms, survey.disclosure)]
        key = ["wave", "indicator", "domain_variable", "domain"]
        found |= set(lines.assign(wave=wave)[key].astype(str).itertuples(index=False, name=None))
    return found


def _stop_what_tells(
    attacked: Attack, earlier: Sequence[Path], uncertain: Collection[tuple[str, str, str, str]]
) -> None:
    """WaveStopped says what of an attacked release would tell more than the earlier ones do already, without the
    numbers themselves."""
    from monitor.attack import beyond

    found = beyond(attacked, earlier, uncertain)
    if not found:
        return
    problems = [
        Problem(
            f"the public files would tell what they withhold: {finding.what}",
            file="public/tables/indicators.csv",
            expected="a number that could be any of several, whoever asks",
            found=f"known to within {finding.width}, from {finding.how}",
            do="nothing was published and the last release stays; raise `minimum_firms` or leave out a domain under "
            "`domains` in survey.yaml, and report this: disclosure control should have withheld more",
        )
        for finding in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        problems.append(Problem(f"and {len(found) - SHOWN} more of {len(found)} withheld numbers would be told"))
    raise WaveStopped(problems)


def _revisions(revised: Difference, survey: Survey) -> dict[str, object]:
    """What the report may tell of the change since the last release."""
    lines = difference.public_lines(revised, survey.disclosure.minimum_firms)
    return {"since": revised.before, "facts": revised.facts, "lines": lines}


def public_tables(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The disclosed tables in the contract's shape and with the survey's words, and `releases` for the release to come
    (not yet named)."""
    words = Words(survey)
    tables = {
        table.name: shaped(table.name, words.in_table(lake.read(f"disclosed_{table.name}", "all")))
        for table in contract.TABLES
        if table.name != "releases"
    }
    about = {
        "release_id": "",
        "created_at": None,
        "survey": survey.name,
        "waves": ",".join(waves),
        "code_version": code_version(),
        "definition_hash": survey.definition_hash,
        "synthetic": survey.synthetic,
        "synthetic_note": "Synthetic data: no firm in them exists." if survey.synthetic else None,
    }
    tables["releases"] = shaped("releases", pd.DataFrame([about]))
    return tables


def releases(home: Path, survey: str) -> list[dict[str, object]]:
    """What each published release of a survey says of itself, oldest first: for `monitor releases`."""
    kept = (
        "survey",
        "release_id",
        "created_at",
        "waves",
        "synthetic",
        "content_hash",
        "code_version",
        "definition_hash",
    )
    found = [(path, release_folders.manifest(path)) for path in publish.releases(home / "releases" / survey)]
    return [{name: told[name] for name in kept} | {"path": str(path)} for path, told in found]
