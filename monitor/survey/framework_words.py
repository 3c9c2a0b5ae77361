"""Where a value of the framework comes from, in words of any language that a report speaks.

Belongs here: those sentences, and which outside value is the newest. Does not belong here: the values (`ecosystems`).
"""

from __future__ import annotations

from monitor.survey.framework import Ecosystem, Framework, OutsideSource, OutsideValue
from monitor.survey.model import Survey, Text
from monitor.wording.sentences import say


def outside_values(framework: Framework, ecosystem: str, number: int) -> list[tuple[OutsideSource, OutsideValue]]:
    """The values that outside sources have of an indicator of an ecosystem, the newest last."""
    found = [
        (source, value)
        for source in framework.sources.values()
        for value in source.values
        if value.number == number and value.ecosystem == ecosystem
    ]
    return sorted(found, key=lambda pair: pair[1].year)


def source_words(
    survey: Survey, ecosystem: Ecosystem, number: int, filled_by: str, language: str, indicator: str, wave: str
) -> str:
    """The source of an indicator's value: the survey's indicator and wave, a wave's frame, the register, programmes,
    the outside source with its date, licence and quality, or who described it and when."""
    if filled_by == "survey":
        label = words_in(survey.indicators[indicator].label, language)
        return say("framework", "source_survey", language, label=label, wave=wave)
    if filled_by == "register":
        return say("framework", "source_register", language)
    if filled_by == "frame":
        return say("framework", "source_frame", language, wave=wave)
    if filled_by == "programmes":
        assert survey.framework is not None
        named = (survey.programmes[name].label for name in survey.framework.programmes[number].programmes)
        return say("framework", "source_programmes", language, names=", ".join(words_in(x, language) for x in named))
    if filled_by == "described":
        said = ecosystem.described[number]
        return say("framework", "described_by", language, who=words_in(said.by, language), day=said.date)
    assert survey.framework is not None
    source, _ = outside_values(survey.framework, ecosystem.name, number)[-1]
    return say(
        "framework", "source_outside", language, name=words_in(source.label, language), publisher=source.publisher,
        day=source.date, licence=source.licence, about=words_in(source.about, language),
        quality=words_in(source.quality, language),
    )  # fmt: skip


def words_in(text: Text, language: str) -> str:
    """The words in a language, else the English ones, else those there are."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")
