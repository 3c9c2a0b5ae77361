"""The demonstration's claims say what goes together: answers of one moment tell no causes."""

from __future__ import annotations

import re

import pytest

from monitor.survey import load_survey
from monitor.surveys import BUNDLED

CAUSAL = {
    "en": re.compile(
        r"\b(caus\w+|because|due to|thanks to|leads? to|results? in|effects? of|impact\w*|influenc\w+|mak(e|es|ing)|"
        r"help\w*|boost\w*|driv(e|es|en|ing)|increas\w+|rais(e|es|ing)|improv\w+|promot\w+|enabl\w+|strengthen\w*|"
        r"reinforc\w+|succeed\w*|us(e|es|ed|ing)|by \w+ing)\b",
        re.IGNORECASE,
    ),
    "nl": re.compile(
        r"\b(oorza\w+|veroorza\w+|omdat|doordat|waardoor|door|dankzij|leid(t|en) tot|zorg(t|en) voor|effect\w*|invloed|"
        r"beïnvloed\w*|maakt|maken|help\w*|verhoog\w*|vergroot\w*|verbeter\w*|bevorder\w*|versterk\w*|slaagt|slagen|"
        r"gebruik\w*)\b",
        re.IGNORECASE,
    ),
}
"""Words that make one thing the cause, or the means, of another"""
AS_PUBLISHED = {
    "en": (
        "Top innovators use cooperation more often than other firms.",
        "Some firms succeed by organising innovation internally.",
    ),
    "nl": (
        "Topinnovatoren maken vaker gebruik van samenwerking dan andere bedrijven.",
        "Sommige bedrijven slagen door innovatie intern te organiseren.",
        "Samenwerking en eigen investering versterken elkaar.",
    ),
}


@pytest.mark.parametrize("language", CAUSAL)
def test_no_claim_says_that_one_thing_comes_of_another(language: str) -> None:
    texts = {claim.name: claim.text[language] for claim in load_survey(BUNDLED).claims}
    assert texts
    assert {name: found.group() for name, text in texts.items() if (found := CAUSAL[language].search(text))} == {}


@pytest.mark.parametrize("language", AS_PUBLISHED)
def test_the_sentences_as_they_were_published_would_be_found(language: str) -> None:
    assert all(CAUSAL[language].search(text) for text in AS_PUBLISHED[language])
