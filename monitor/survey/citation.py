"""How a survey wants to be cited: who made it, under which licence it is published, where its report stands.

Belongs here: the `citation:` section of survey.yaml and its mistakes. Does not belong here: the words of a citation
(`publication.report.cite`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from monitor.survey.yaml_lines import Section


@dataclass(frozen=True)
class Licence:
    """A licence by its SPDX identifier."""

    name: str
    title: str
    path: str


LICENCES: Mapping[str, Licence] = {
    licence.name: licence
    for licence in (
        Licence("CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        Licence("CC-BY-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        Licence("CC-BY-SA-4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        Licence("CC-BY-NC-4.0", "CC BY-NC 4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
        Licence("ODC-By-1.0", "ODC-By 1.0", "https://opendatacommons.org/licenses/by/1-0/"),
        Licence("ODbL-1.0", "ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
        Licence("PDDL-1.0", "PDDL 1.0", "https://opendatacommons.org/licenses/pddl/1-0/"),
    )
}
"""The licences for data and text that a survey may name"""


@dataclass(frozen=True)
class Citation:
    """What a citation is made of besides the title and the release; a survey may declare none of it."""

    authors: tuple[str, ...] = ()
    """Persons, each as `Family, Given`"""
    institution: Mapping[str, str] = field(default_factory=dict)
    """Language -> the institution that publishes the survey"""
    licence: Licence | None = None
    address: str = ""
    """Where the report of the newest release stands, without a slash at the end"""


def read_citation(top: Section, languages: tuple[str, ...]) -> Citation:
    """The `citation:` section of survey.yaml; empty where there is none."""
    section = top.section("citation", None)
    if section is None:
        return Citation()
    section.line = top.line_of("citation")
    authors = section.words("authors", ())
    institution = section.label("institution", languages, {})
    licence = section.choice("licence", LICENCES, None)
    address = str(section.text("address", ""))
    if section.nodes and not authors and not institution:
        section.report.add(
            "citation names nobody",
            section.line,
            expected="authors, an institution, or both",
            found="neither",
            do="add `institution:` or `authors:`",
        )
    if address and not _is_address(address):
        section.report.add(
            "citation: address is none of a web page",
            section.line_of("address"),
            expected="https:// with a host and a path, without ? or #",
            found=address,
            do="give the address of the folder that will hold the report",
        )
    section.close()
    return Citation(authors, institution, LICENCES.get(licence or ""), address.rstrip("/"))


def _is_address(text: str) -> bool:
    """Whether a text is the address of a folder on the web."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    printable = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\{}?#")
    return printable and parts.scheme in ("https", "http") and bool(parts.hostname)
