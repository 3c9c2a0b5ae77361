"""How a survey declares what those who did not answer could change.

Belongs here: the `nonresponse:` section of survey.yaml, its defaults and its mistakes. Does not belong here: what
follows for a figure (`statistics.nonresponse`, `stages.modelled`).
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.problems import Place, Problem, line_at
from monitor.survey.model import Nonresponse, Survey
from monitor.survey.yaml_lines import Section, closest

LEAST, MOST = 0.1, 10.0
"""Odds ratios of answering beyond which nothing is looked for"""
PROXIES = ("category", "boolean")


def read_nonresponse(top: Section) -> Nonresponse:
    """The `nonresponse:` section of survey.yaml; the defaults where there is none."""
    section, default = top.section("nonresponse", None), Nonresponse()
    if section is None:
        return default
    section.line = top.line_of("nonresponse")
    declared = Nonresponse(
        plausible=section.factors("plausible") or default.plausible,
        odds=section.numbers("odds", default.odds, LEAST, MOST),
        proxy=section.words("proxy", None),
        lines=section.places(),
    )
    section.close()
    return declared


def proxies(survey: Survey) -> tuple[str, ...]:
    """The concepts of the frame that predict an outcome: as declared, or those that weighting uses."""
    declared = survey.nonresponse.proxy
    if declared is not None:
        return declared
    plan = survey.design
    return tuple(n for n in dict.fromkeys([*plan.strata, *plan.response_classes]) if _predicts(survey, n))


def nonresponse_problems(survey: Survey) -> Iterator[Problem]:
    """A range beyond what is looked at, and proxies that no frame holds or that have no categories."""
    declared = survey.nonresponse
    low, high = declared.plausible
    if low < LEAST or high > MOST:
        what, expected = "nonresponse: the plausible range is too wide", f"odds ratios from {LEAST:g} to {MOST:g}"
        do = "narrow it: beyond that hardly anything can be said"
        yield _problem(declared, ("plausible",), what, expected, f"{low:g} to {high:g}", do)
    for i, name in enumerate(declared.proxy or ()):
        concept = survey.concepts.get(name)
        if concept is None:
            do = closest(name, survey.concepts) or "use a concept of the frame"
            what = f"nonresponse names the unknown concept {name!r}"
            yield _problem(declared, ("proxy", i), what, "a concept", name, do)
        elif not _predicts(survey, name):
            what = f"nonresponse: {name!r} can be no proxy"
            expected = "a category, or yes or no, that every wave's frame has for firms that did not answer too"
            yield _problem(declared, ("proxy", i), what, expected, concept.type, "remove it")


def _predicts(survey: Survey, name: str) -> bool:
    """Whether a concept has categories and stands on the frame of every wave that has one."""
    frames = [wave.frame for wave in survey.waves.values() if wave.frame is not None]
    concept = survey.concepts.get(name)
    known = bool(frames) and all(name in frame.columns.values() for frame in frames)
    return concept is not None and concept.type in PROXIES and known


def _problem(declared: Nonresponse, place: Place, what: str, expected: str, found: str, do: str) -> Problem:
    line = line_at(declared.lines, place)
    return Problem(what, file="survey.yaml", line=line, expected=expected, found=found, do=do)
