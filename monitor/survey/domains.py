"""What a survey publishes its figures by, and which figures come first: `domains:` and `headline:`.

Belongs here: domains that are no categories or that nothing feeds, a survey that shows no figure first. Does not belong
here: other indicators' mistakes (`check`), estimating (`stages.estimated`).
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.problems import Problem
from monitor.survey.expressions import columns_of
from monitor.survey.model import Survey
from monitor.survey.yaml_lines import closest

FILE = "survey.yaml"
CATEGORIES = ("category", "boolean")


def domain_problems(survey: Survey) -> Iterator[Problem]:
    """Domains that are unknown, have no categories, or that no question and no frame of any wave feeds."""
    line = survey.lines.get("domains")
    fed = {concept for wave in survey.waves.values() for concept in wave.questions}
    fed |= {concept for wave in survey.waves.values() if wave.frame for concept in wave.frame.columns.values()}
    for name in survey.domains:
        declared = survey.concepts.get(name) or survey.measures.get(name)
        if declared is None:
            known = sorted({*survey.concepts, *survey.measures})
            yield Problem(
                f"domains names the unknown concept or measure {name!r}",
                file=FILE,
                line=line,
                expected="a declared concept or measure",
                found=name,
                do=closest(name, known) or "declare it, or take it out",
            )
        elif declared.type not in CATEGORIES:
            yield Problem(
                f"the domain {name!r} has no categories",
                file=FILE,
                line=line,
                expected="a category, or yes or no",
                found=declared.type,
                do="use a banded concept, or a measure of type category",
            )
        elif not domain_concepts(survey, name) & fed:
            yield Problem(
                f"nothing feeds the domain {name!r}",
                file=FILE,
                line=line,
                expected="a question or a frame column for it in one of the waves",
                found="none in " + (", ".join(survey.waves) or "any wave"),
                do="map its column in waves/<year>.yaml, or take it out of `domains`",
            )


def domain_concepts(survey: Survey, name: str) -> set[str]:
    """The concepts a domain rests on: itself, or those of its measure's expression."""
    return {name} if name in survey.concepts or name not in survey.measures else columns_of(survey.measures[name].sql)


def remarks(survey: Survey) -> tuple[Problem, ...]:
    """What is allowed and hardly meant: figures none of which opens the report."""
    if any(indicator.headline for indicator in survey.indicators.values()):
        return ()
    return (
        Problem(
            "no figure opens the report: its start page, the trends and the comparison of releases stay empty",
            file=FILE,
            line=survey.lines.get("indicators"),
            expected="`headline: true` at one indicator at least",
            found=f"{len(survey.indicators)} indicators, none of them",
            do="add `headline: true` to the figures that matter most",
        ),
    )
