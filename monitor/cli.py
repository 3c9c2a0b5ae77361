"""The command line: a thin door over the library and the same Dagster jobs that the schedule and the sensor run.

Results go to stdout, messages and progress to stderr, `--json` gives a machine's version of every result.
Exit codes: 0 done; 1 the data stopped it; 2 a mistake in the definition or the command; 70 a defect of the product;
75 not now: another run has the home, or the machine refused something (space, memory, rights, a place): set it right or
wait, and try again; 129, 130, 143 a signal.
"""

from __future__ import annotations

import argparse
import filecmp
import gc
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from monitor import __version__
from monitor.keeping import commands as keeping
from monitor.problems import DefinitionError, MonitorError, Problem
from monitor.refusals import refusal
from monitor.rules import JUDGING
from monitor.running import beside, cluster, second, signals
from monitor.running.completion import SHELLS, completion
from monitor.running.progress import show_progress
from monitor.storage import homes, places, private, publish
from monitor.survey import Survey, Wave, load_survey
from monitor.survey.folders import FOLDER_NAME_IS, is_folder_name
from monitor.survey.inbox import outside
from monitor.surveys import BUNDLED

DEFECT = 70
"""Exit code of an internal error (EX_SOFTWARE of sysexits.h)"""


def begin() -> None:
    """What makes a process of the command faster: garbage looked for less often, and a second process for long work."""
    gc.set_threshold(*second.GARBAGE)
    if set(sys.argv[1:2]) & {"demo", "run"} or "--recompute" in sys.argv[1:]:
        beside.start(["monitor.publication.report"])
    elif "check" in sys.argv[1:2]:
        beside.start(JUDGING)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. No traceback reaches the terminal."""
    options = parser().parse_args(arguments)
    place, options.home = options.home, Path()
    show_progress()
    try:
        options.home = places.located(place)
        if options.command not in (_new_survey, _new_wave, _schema, _completion):
            places.bring(options.home)
        homes.require_known(options.home)
        private.enter(options.home)
        publish.sweep(options.home)
        if address := getattr(options, "cluster", None):
            # Who is started from here asks the same cluster; that it is not there is said before any work.
            os.environ[cluster.VARIABLE] = address
            cluster.connected()
        run: Callable[[argparse.Namespace], int] = options.command
        return run(options)
    except KeyboardInterrupt:
        return signals.ended()
    except BrokenPipeError:
        return 0
    except Exception as error:
        # Raised in a callback of C code, an interrupt comes out as some other error.
        if signals.received():
            return signals.ended()
        told = error if isinstance(error, MonitorError) else refusal(error, options.home)
        if told is None:
            return _defect(error, options.home)
        if options.json:
            _say(json.dumps({"problems": [problem.as_dict() for problem in told.problems]}, ensure_ascii=False))
        _say("\n".join(problem.render() for problem in told.problems), sys.stderr)
        return told.exit_code


def _defect(error: Exception, home: Path) -> int:
    """Say that the monitor itself failed, and keep how in the home's log, or where that cannot be, say it in a line."""
    log = home / "error.log"
    try:
        private.open_folder(home)
        log.unlink(missing_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f"Details are in {log}"
    except OSError as refused:
        last = traceback.extract_tb(error.__traceback__)[-1:]
        place = "".join(f" in {Path(frame.filename).name}:{frame.lineno}" for frame in last)
        where = f"It was {type(error).__name__}{place}; no details are kept ({log}: {refused.strerror})"
    _say(f"the monitor itself failed: this is a defect, not your data. {where}", sys.stderr)
    return DEFECT


def _say(text: str, stream: TextIO | None = None) -> None:
    """Print, where anybody is left to read it."""
    with suppress(OSError):
        print(text, file=stream or sys.stdout, flush=True)


def _shared_options() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser, argparse.ArgumentParser]:
    """The options of every command, of those about one survey, and of those that publish."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--home",
        type=_place,
        default=os.environ.get("MONITOR_HOME") or "monitor-home",
        help="folder of inbox, lake and releases, or its place on object storage, like s3://bucket/prefix "
        "(default: $MONITOR_HOME or monitor-home)",
    )
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    surveyed = argparse.ArgumentParser(add_help=False)
    surveyed.add_argument(
        "--survey",
        type=_path,
        default=os.environ.get("MONITOR_SURVEY") or BUNDLED,
        help="survey folder (default: $MONITOR_SURVEY or the bundled demonstration survey)",
    )
    released = argparse.ArgumentParser(add_help=False)
    released.add_argument(
        "--cluster",
        default=os.environ.get(cluster.VARIABLE),
        metavar="ADDRESS",
        help=f"a Dask scheduler whose workers take part, like tcp://127.0.0.1:8786 (default: ${cluster.VARIABLE})",
    )
    released.add_argument(
        "--passports", action="store_true", help="make each firm's passport too (15 seconds for 600 firms)"
    )
    released.add_argument(
        "--afresh", action="store_true", help="make everything again, also what stands as an earlier run made it"
    )
    return common, surveyed, released


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    common, surveyed, released = _shared_options()
    top = argparse.ArgumentParser(prog="monitor", description="From a survey wave's deliveries to a release.")
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(required=True, metavar="command")

    def add(name: str, command: Callable[[argparse.Namespace], int], about: str, *parents: Any) -> Any:
        added = commands.add_parser(name, help=about, description=about, parents=[common, *parents])
        added.set_defaults(command=command)
        return added

    add("demo", _demo, "build the synthetic demonstration survey, run every wave, publish a release", released)
    run = add("run", _run, "run waves end to end and publish a release", surveyed, released)
    run.add_argument("--wave", action="extend", nargs="+", metavar="W", help="waves to run (default: all)")
    run.add_argument("--input", type=_path, metavar="FILE", help="delivery to put into the wave's inbox first")
    run.add_argument("--replace", action="store_true", help="put it in the place of another file of its name there")
    check = add(
        "check", _check, "dry run of intake and validation: what is kept, quarantined, stopped, and why", surveyed
    )
    check.add_argument("file", type=_path, help="the delivery")
    check.add_argument("--wave", required=True, metavar="W", help="the wave it is for")
    for name, command, about in (
        ("new-survey", _new_survey, "write a first survey folder from a file's own header and labels"),
        ("new-wave", _new_wave, "write a first wave definition from a file and the previous wave"),
    ):
        new = add(name, command, about)
        new.add_argument("folder", type=_path, help="the survey folder")
        new.add_argument("--from", dest="source", type=_path, required=True, metavar="FILE", help="a delivery")
        new.add_argument("--wave", metavar="W", help="name of the wave (default: the year in the file's name)")
    schema = add("schema", _schema, "a definition's JSON Schema, for an editor that completes keys and marks mistakes")
    schema.add_argument(
        "of", nargs="?", choices=("survey", "wave", "claims"), default="survey", help="default: survey.yaml"
    )
    shells = add("completion", _completion, "what a shell evaluates to complete commands and options")
    shells.add_argument("shell", choices=SHELLS, help='for bash: eval "$(monitor completion bash)"')
    add("releases", _releases, "list the releases of a home folder")
    attack = add("attack", _attack, "what somebody could work out of what the releases' public files withhold")
    attack.add_argument("--of", metavar="SURVEY", help="one survey (default: every survey of the home folder)")
    diff = add("diff", _diff, "what changed between two releases, split into its causes")
    diff.add_argument("releases", nargs=2, metavar="RELEASE", help="release id, or `latest`")
    diff.add_argument("--of", metavar="SURVEY", help="the survey, where the home folder holds several")
    keeping.add_to(lambda name, command, about: add(name, _told(command), about), _path, _recomputed)
    _add_ui(add("ui", _ui, "Dagster's web interface on 127.0.0.1, with the daemon for schedule and sensors", surveyed))
    return top


def _add_ui(ui: argparse.ArgumentParser) -> None:
    ui.add_argument("--port", type=int, default=3000, help="port (default: 3000)")
    ui.add_argument("--deployment", type=_path, metavar="DIR", help="show the several surveys that a folder names")
    ui.add_argument("--read-only", action="store_true", help="only show: nothing can be started, changed or deleted")
    ui.add_argument(
        "--name", action="extend", nargs="+", default=[], metavar="HOST", help="other names it answers to (a proxy's)"
    )


def _recomputed(options: argparse.Namespace) -> keeping.Told:
    from pipelines.recompute import recompute

    return recompute(options.recompute, options.home)


def _told(command: keeping.Command) -> Callable[[argparse.Namespace], int]:
    """A command that prints what it found."""

    def run(options: argparse.Namespace) -> int:
        told = command(options)
        _print(told.as_dict(), told.render(), options.json)
        return told.exit_code

    return run


def _path(text: str) -> Path:
    """A path as the user means it: from where the command was given, whatever works on it later."""
    return Path(text).absolute()


def _place(text: str) -> str | Path:
    """A home's place: a path, or a URL as it stands."""
    return text if "://" in text else _path(text)


def _print(result: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(result, ensure_ascii=False, default=str) if as_json else text)


def _demo(options: argparse.Namespace) -> int:
    from monitor.synthetic import deliveries

    survey = load_survey(BUNDLED)
    private.open_folder(options.home)
    with places.sending(options.home, "inbox"):
        deliveries(options.home / "inbox" / survey.name)
    return _run_and_show(survey, list(survey.waves), options)


def _run(options: argparse.Namespace) -> int:
    survey = load_survey(options.survey)
    waves = options.wave or list(survey.waves)
    for remark in survey.remarks:
        print(remark.render(), file=sys.stderr)
    for wave in waves:
        _require_wave(survey, wave)
    if options.input:
        if len(waves) != 1:
            raise DefinitionError(
                Problem("--input is for one wave", expected="--wave W", found=f"{len(waves)} waves", do="name the wave")
            )
        _require_declared(options.input, survey.waves[waves[0]])
        with places.sending(options.home, "inbox"):
            _deliver(options.input, options.home / "inbox" / survey.name / waves[0], options.replace)
    elif options.replace:
        raise DefinitionError(
            Problem("--replace goes with --input", expected="--input FILE", found="none", do="name the delivery")
        )
    return _run_and_show(survey, waves, options)


def _require_wave(survey: Survey, wave: str) -> None:
    if wave not in survey.waves:
        raise DefinitionError(
            Problem(
                f"wave {wave!r} is not declared in {survey.name}",
                file=str(survey.folder / "waves"),
                expected="one of " + ", ".join(survey.waves),
                found=wave,
                do=f"declare waves/{wave}.yaml, or let `monitor new-wave` propose it",
            )
        )


def _require_name(kind: str, name: str | None) -> None:
    if name is not None and not is_folder_name(name):
        raise DefinitionError(
            Problem(
                f"the {kind}'s name cannot be a folder's",
                expected=FOLDER_NAME_IS,
                found=name or "nothing",
                do="name the wave with --wave" if kind == "wave" else "give the folder a short name",
            )
        )


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise DefinitionError(
            Problem("the delivery is not there", file=str(path), expected="a file", do="check the path")
        )


def _require_declared(source: Path, wave: Wave) -> None:
    """A file of another name would lie in the inbox unread, and the wave would run on what lay there before."""
    from monitor.stages.raw.deliveries import patterns, readable_name, role_of

    if source.is_file() and role_of(source.name, wave) is None:
        raise DefinitionError(
            Problem(
                f"the file is none that wave {wave.name} declares",
                file=readable_name(source),
                expected="a name like " + ", ".join(patterns(wave).values()),
                found=readable_name(source),
                do="rename the file, or mend `file` in the wave's file",
            )
        )


def _deliver(source: Path, inbox: Path, replace: bool) -> None:
    """Put a delivery into a wave's inbox, whole or not at all; another file of its name only where told to."""
    _require_file(source)
    place = inbox / source.name
    if os.path.lexists(place):
        if place.is_file() and not place.is_symlink() and filecmp.cmp(source, place, shallow=False):
            return
        if not replace:
            raise DefinitionError(
                Problem(
                    "another file of this name lies in the wave's inbox; nothing is changed",
                    file=str(place),
                    expected="the very same file, or none of this name",
                    found="other content",
                    do="give the delivery a name of its own, or add --replace to put it in the other's place",
                )
            )
    private.open_folder(inbox.parent.parent.parent)
    private.closed_folder(inbox)
    aside = inbox / f".{source.name}.part"
    if problem := outside(aside, inbox.parent.parent):
        raise DefinitionError(problem)
    shutil.copyfile(source, aside)
    os.replace(aside, place)


def _run_and_show(survey: Survey, waves: list[str], options: argparse.Namespace) -> int:
    with second.importing():
        from pipelines.command import run_waves

    run_waves(survey.folder, options.home, waves, options.passports, options.afresh)
    latest = options.home / "releases" / survey.name / "latest"
    release = latest.resolve()
    report = release / "public" / "report" / "index.html"
    told, lines = {"release": str(release), "report": str(report), "survey": survey.name, "waves": waves}, []
    if places.address(options.home):
        told["store"] = places.shown(release, options.home)
        lines = [f"store    {told['store']}"]
    _print(told, "\n".join([f"release  {release}", f"report   {report}", *lines]), options.json)
    return 0


def _check(options: argparse.Namespace) -> int:
    from monitor.authoring.delivery_check import check

    survey = load_survey(options.survey)
    _require_wave(survey, options.wave)
    report = check(survey, survey.waves[options.wave], options.file, options.home)
    _print(report.as_dict(), report.render(), options.json)
    return report.exit_code


def _new_survey(options: argparse.Namespace) -> int:
    from monitor.authoring import propose_survey
    from monitor.survey.schema import write_schemas

    _require_file(options.source)
    _require_name("survey", options.folder.resolve().name)
    _require_name("wave", options.wave)
    written = propose_survey(options.folder, options.source, options.wave)
    write_schemas(options.folder)
    _print({"written": [str(p) for p in written]}, "\n".join(map(str, written)), options.json)
    return 0


def _new_wave(options: argparse.Namespace) -> int:
    from monitor.authoring import propose_wave
    from monitor.survey.schema import write_schemas

    _require_file(options.source)
    _require_name("wave", options.wave)
    written, changes = propose_wave(options.folder, options.source, options.wave)
    write_schemas(options.folder)
    _print({"written": str(written), "changes": changes}, "\n".join([str(written), *changes]), options.json)
    return 0


def _schema(options: argparse.Namespace) -> int:
    from monitor.survey.schema import SCHEMAS

    schema = SCHEMAS[options.of]()
    _print(schema, json.dumps(schema, indent=2, ensure_ascii=False), options.json)
    return 0


def _completion(options: argparse.Namespace) -> int:
    print(completion(parser(), options.shell), end="")
    return 0


def _releases(options: argparse.Namespace) -> int:
    from monitor.stages.released import releases

    surveys = sorted(folder.name for folder in (options.home / "releases").glob("*") if folder.is_dir())
    found = [release for survey in surveys for release in releases(options.home, survey)]
    lines = ["  ".join(str(release[fact]) for fact in ("survey", "release_id", "created_at")) for release in found]
    _print({"releases": found}, "\n".join(lines) or "no release yet: `monitor demo` makes one", options.json)
    return 0


def _attack(options: argparse.Namespace) -> int:
    from monitor.attack import attack
    from monitor.stages.released import releases

    surveys = sorted(folder.name for folder in (options.home / "releases").glob("*") if folder.is_dir())
    published = {
        survey: [Path(str(release["path"])) for release in releases(options.home, survey)]
        for survey in surveys
        if options.of in (None, survey)
    }
    reports = {survey: attack(paths) for survey, paths in published.items() if paths}
    lines = [f"{survey}: {report.render()}" for survey, report in reports.items()]
    result = {survey: report.as_dict() for survey, report in reports.items()}
    _print(result, "\n".join(lines) or "no release yet: `monitor demo` makes one", options.json)
    return int(any(report.findings for report in reports.values()))


def _diff(options: argparse.Namespace) -> int:
    from monitor.publication.difference import diff

    before, after = options.releases
    difference = diff(options.home, before, after, survey=options.of)
    _print(difference.as_dict(), difference.render(), options.json)
    return 0


def _ui(options: argparse.Namespace) -> int:
    from pipelines.web import serve

    if options.deployment is None:
        load_survey(options.survey)
    return serve(options.survey, options.home, options.port, options.name, options.read_only, options.deployment)
