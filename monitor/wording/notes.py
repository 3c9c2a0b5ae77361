"""What is to be said of a model: a kind with facts, and the words that each kind has for them.

Belongs here: the kinds, their words in both languages, and which of their facts may not be told in public. Does not
belong here: when a note is made (`modelled`), who may read it (`disclosed`).

A kind declares which of its facts name a group of firms that are alike or few, or count firms (`hidden`), and the words
without them. What a reader of a release sees is `told`: those words. A kind that is not declared here is not told at
all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from monitor.precision import in_words
from monitor.wording.sentences import number_in

Fact = str | int | float


@dataclass(frozen=True)
class Kind:
    """A kind of note."""

    nl: str
    en: str
    hidden: tuple[str, ...] = ()
    """Facts that name firms which are alike or few, or that count firms"""
    plain_nl: str = ""
    """The words without those facts; empty where there are none"""
    plain_en: str = ""


KINDS: Mapping[str, Kind] = {
    "nobody": Kind("geen bedrijf in de basis in deze meting", "no firm in the base in this wave"),
    "constant": Kind(
        "geen variatie in {names}",
        "no variation in {names}",
        ("names",),
        plain_nl="geen variatie in de uitkomst of een praktijk",
        plain_en="no variation in the outcome or a practice",
    ),
    "few_firms": Kind("minder dan {least} bedrijven in de basis", "fewer than {least} firms in the base"),
    "few_events": Kind(
        "minder dan {least} bedrijven met de minst voorkomende uitkomst",
        "fewer than {least} firms with the rarer outcome",
    ),
    "few_changers": Kind(
        "minder dan {least} bedrijven veranderen van praktijk", "fewer than {least} firms change a practice"
    ),
    "few_switchers": Kind(
        "minder dan {least} bedrijven wisselen van uitkomst", "fewer than {least} firms change their outcome"
    ),
    "no_practice_changes": Kind(
        "geen praktijk verandert bij bedrijven die van uitkomst wisselen",
        "no practice changes in firms that change their outcome",
    ),
    "empty_states": Kind(
        "geen bedrijf met: {names}",
        "no firm with: {names}",
        ("names",),
        plain_nl="geen bedrijf in een van de combinaties van praktijken",
        plain_en="no firm in one of the combinations of practices",
    ),
    "aliased": Kind(
        "niet te onderscheiden van andere termen: {names}", "cannot be told apart from other terms: {names}"
    ),
    "few_degrees": Kind("minder dan {least} vrijheidsgraden", "fewer than {least} degrees of freedom"),
    "not_asked": Kind("niet gevraagd in deze meting: {names}", "not asked in this wave: {names}"),
    "undeclared_skip": Kind("{nl}", "{en}"),
    "not_together": Kind("{nl}", "{en}"),
    "no_overlap": Kind(
        "bedrijven in de vier toestanden lijken te weinig op elkaar om ze te wegen",
        "firms in the four states are too unlike each other to be weighted",
    ),
    "not_identified": Kind(
        "de antwoorden kunnen de fouten in de meting niet van de werkelijkheid onderscheiden",
        "the answers cannot tell errors of measurement from the truth",
    ),
    "attrition": Kind(
        "bedrijven die niet opnieuw antwoordden lijken te weinig op degene die dat wel deden",
        "firms that did not answer again are too unlike those that did",
    ),
    "no_first_part": Kind(
        "de uitkomst komt voor zonder {name}: het zijn geen twee delen van één",
        "the outcome occurs without {name}: they are not two parts of one",
    ),
    "few_in_first_part": Kind(
        "minder dan {least} bedrijven met of zonder het eerste deel",
        "fewer than {least} firms with or without the first part",
    ),
    "no_estimate": Kind("geen eindige schatting", "no finite estimate"),
    "firth_without_estimate": Kind("geen eindige schatting: Firth", "no finite estimate: Firth's estimator"),
    "firth_few_events": Kind(
        "{per_term} gebeurtenissen per term, minder dan {least}: Firth met FLIC",
        "{per_term} events per term, fewer than {least}: Firth's estimator with FLIC",
        ("per_term",),
        plain_nl="minder dan {least} gebeurtenissen per term: Firth met FLIC",
        plain_en="fewer than {least} events per term: Firth's estimator with FLIC",
    ),
    "firth_separation": Kind(
        "volledige of gedeeltelijke scheiding ({names}): Firth met FLIC",
        "separation ({names}): Firth's estimator with FLIC",
        ("names",),
        plain_nl="volledige of gedeeltelijke scheiding: Firth met FLIC",
        plain_en="separation: Firth's estimator with FLIC",
    ),
    "replicates": Kind(
        "eindige coëfficiënten in {percent} % van de replicaten: geen replicatenfout voor termen",
        "finite coefficients in {percent} % of the replicates: no replicate error for terms",
    ),
    "routed": Kind(
        "bedrijven buiten de basis: niet gevraagd naar een praktijk, hun 'nee' is routering",
        "firms kept out of the base: never asked about a practice, their 'no' is routing",
    ),
    "merged": Kind(
        "{control}: {names} bij {reference} geteld (minder dan {least} bedrijven)",
        "{control}: {names} counted with {reference} (fewer than {least} firms)",
        ("names",),
        plain_nl="{control}: klassen met minder dan {least} bedrijven bij {reference} geteld",
        plain_en="{control}: levels with fewer than {least} firms counted with {reference}",
    ),
    "collinear": Kind("weggelaten wegens samenhang met andere termen: {names}", "left out as collinear: {names}"),
    "switchers": Kind(
        "alleen de {firms} bedrijven die van uitkomst wisselen",
        "only the {firms} firms that change their outcome",
        ("firms",),
        plain_nl="alleen bedrijven die van uitkomst wisselen",
        plain_en="only firms that change their outcome",
    ),
}
"""Every kind of note there is. Facts that are not hidden are the survey's own words and thresholds"""


class Said(Protocol):
    """A note: its kind and the facts of it."""

    @property
    def kind(self) -> str:
        """One of `KINDS`."""

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Facts by the names that the kind's words have for them."""


def sentence(note: Said, language: str) -> str:
    """All of a note: for who may see firms' data."""
    kind = KINDS[note.kind]
    return _filled(kind.nl if language == "nl" else kind.en, note.facts, language)


def written(notes: Iterable[Said]) -> str:
    """Notes as a table keeps them: JSON."""
    return json.dumps([[n.kind, dict(n.facts)] for n in notes], ensure_ascii=False)


def told(kept: object, language: str) -> str | None:
    """What of a table's notes may be told in public, in one language; None where there is nothing to tell."""
    sentences = []
    for kind, facts in json.loads(kept) if isinstance(kept, str) else []:
        if known := KINDS.get(kind):
            words = {"nl": known.plain_nl, "en": known.plain_en} if known.hidden else {"nl": known.nl, "en": known.en}
            sentences.append(_filled(words[language], facts, language))
    return "; ".join(sentences) or None


def _filled(words: str, facts: Mapping[str, Fact], language: str) -> str:
    """The words with their facts; a number that is not whole to one decimal place, as the language writes it."""
    return words.format(
        **{name: number_in(language, in_words(f, 1)) if isinstance(f, float) else f for name, f in facts.items()}
    )
