"""What is to be said of a model: a kind with facts, and the words that each kind has for them.

Belongs here: the kinds, and which of their facts may not be told in public. Does not belong here: their words
(`<language>/notes.yaml`), when a note is made (`modelled`), who may read it (`disclosed`).

A kind declares which of its facts name a group of firms that are alike or few, or count firms; where there are any it
has words without them. What a reader of a release sees is `told`: those words. A kind that is not declared here is not
told at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Protocol

from monitor.precision import in_words
from monitor.wording.sentences import number_in, say

Fact = str | int | float


KINDS: Mapping[str, tuple[str, ...]] = {
    "nobody": (),
    "constant": ("names",),
    "few_firms": (),
    "few_events": (),
    "few_changers": (),
    "few_switchers": (),
    "no_practice_changes": (),
    "empty_states": ("names",),
    "aliased": (),
    "few_degrees": (),
    "not_asked": (),
    "undeclared_skip": (),
    "not_together": (),
    "no_overlap": (),
    "not_identified": (),
    "attrition": (),
    "no_first_part": (),
    "few_in_first_part": (),
    "no_estimate": (),
    "firth_without_estimate": (),
    "firth_few_events": ("per_term",),
    "firth_separation": ("names",),
    "replicates": (),
    "routed": (),
    "merged": ("names",),
    "collinear": (),
    "switchers": ("firms",),
    "participants_alone": (),
    "few_participants": (),
    "unbalanced": ("names",),
    "outcome_before_treatment": (),
    "plan_after_data": (),
    "nothing_before": (),
}
"""Every kind of note there is -> the facts of it that name firms which are alike or few, or that count firms; the
others are the survey's own words and thresholds. Its words are the subject `notes` of each language: all of it under
its own name, and without those facts under `<kind>_told`."""


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
    return say("notes", note.kind, language, **_written(note.facts, language))


def written(notes: Iterable[Said]) -> str:
    """Notes as a table keeps them: JSON."""
    return json.dumps([[n.kind, dict(n.facts)] for n in notes], ensure_ascii=False)


def told(kept: object, language: str) -> str | None:
    """What of a table's notes may be told in public, in one language; None where there is nothing to tell."""
    sentences = []
    for kind, facts in json.loads(kept) if isinstance(kept, str) else []:
        if kind in KINDS:
            key = f"{kind}_told" if KINDS[kind] else kind
            sentences.append(say("notes", key, language, **_written(facts, language)))
    return "; ".join(sentences) or None


def _written(facts: Mapping[str, Fact], language: str) -> dict[str, Fact]:
    """The facts as the language writes them: a number that is not whole to one decimal place."""
    return {name: number_in(language, in_words(f, 1)) if isinstance(f, float) else f for name, f in facts.items()}
