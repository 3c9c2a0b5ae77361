"""Which waves a release holds, and whether the lake still has every table of them as their runs made it.

Belongs here: what keeps a release from being made. Does not belong here: making it, the records themselves (`lake`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from monitor.problems import Problem, WaveStopped
from monitor.storage import release_folders
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey

LISTED = 5
"""How many tables of a wave a message names"""


def promised_waves(lake: Lake, survey: Survey, stage: str, tables: Collection[str]) -> list[str]:
    """The waves a release of the survey holds: those that are declared and whole. `tables`: what a wave has.

    Raises WaveStopped, with a problem for each wave, where a wave stopped on the way, where a table is not the one its
    record names, or where a wave is gone that the last release holds; before `released`, where what spans the waves
    was not made from these tables.
    """
    waves = lake.whole_waves(survey.waves)
    problems = [*_unfinished(lake, survey), *_gone(lake, survey, waves)]
    for wave in waves:
        problems += _holes(lake, survey, wave, tables)
    if stage == "released" and not problems:
        problems += _spanning(lake, survey, waves)
    if not waves and not problems:
        problems.append(Problem("no release is made: no wave was run to its end yet", do="run a wave first"))
    if problems:
        raise WaveStopped(problems)
    return waves


def _unfinished(lake: Lake, survey: Survey) -> Iterator[Problem]:
    """A wave that stopped on the way has old and new tables side by side."""
    for wave in lake.unfinished_waves():
        if wave in survey.waves:
            yield Problem(
                f"no release is made while wave {wave} is not whole: its last run stopped on the way",
                file=f"waves/{wave}.yaml",
                do=f"correct what stopped it and run wave {wave} of {survey.name} again; the last good release stays",
            )


def _gone(lake: Lake, survey: Survey, waves: Sequence[str]) -> Iterator[Problem]:
    """A wave that the last release holds does not leave without a word."""
    from monitor.storage import publish

    last = publish.latest(lake.home / "releases" / survey.name)
    for wave in release_folders.manifest(last).get("waves", []) if last else []:
        if wave in survey.waves and wave not in (*waves, *lake.unfinished_waves()):
            yield Problem(
                f"no release is made without wave {wave}, which {last.name if last else 'the last one'} holds: "
                "the lake does not have it",
                file=str(lake.folder),
                do=f"run wave {wave} of {survey.name} again, or take waves/{wave}.yaml out of the survey's folder",
            )


def _holes(lake: Lake, survey: Survey, wave: str, tables: Collection[str]) -> Iterator[Problem]:
    again = f"run wave {wave} of {survey.name} again; the last good release stays"
    recorded = lake.record(wave).tables
    if unknown := sorted(set(tables) - set(recorded)):
        yield Problem(
            f"no release is made from wave {wave}: an earlier version of the monitor ran it, and did not record "
            + (_listed(unknown) if recorded else "its tables"),
            file=str(lake.folder / "whole" / wave),
            do=again,
        )
    elif holes := lake.holes(wave):
        yield _changed(f"wave {wave}", lake, wave, holes, again)


def _spanning(lake: Lake, survey: Survey, waves: Sequence[str]) -> Iterator[Problem]:
    """What spans the waves must have been made from the tables that the waves have now."""
    again = f"make what spans the waves of {survey.name} again: start the job `release`, or `monitor run`"
    if holes := lake.holes(ALL_WAVES):
        yield _changed("what spans the waves", lake, ALL_WAVES, holes, again)
    elif dict(lake.record(ALL_WAVES).made_from) != lake.made_of(waves):
        yield Problem(
            "no release is made: what spans the waves was made before a wave was run again, or not to its end",
            file=str(lake.folder / "whole" / ALL_WAVES),
            do=again,
        )


def _changed(whose: str, lake: Lake, wave: str, holes: Mapping[str, str], again: str) -> Problem:
    names = sorted(holes)
    return Problem(
        f"no release is made: {whose} has not {_listed(names)} as its run made it",
        file=str(lake.path(names[0], wave)),
        expected="the table that the run wrote",
        found=holes[names[0]],
        do=again,
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
