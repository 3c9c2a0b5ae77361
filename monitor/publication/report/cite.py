"""How the report and each of its figures are cited: as a sentence and for a reference manager.

Belongs here: putting together what `citation` in survey.yaml declares with title, release and address. Does not belong
here: what may be declared (`survey.citation`).
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from monitor.publication.report.addresses import Address
from monitor.publication.report.tables import Figures, lines
from monitor.publication.spelling import spelled
from monitor.wording.sentences import say

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
"""What TeX reads as a command, and how it is written as a character"""


@dataclass(frozen=True)
class Cited:
    """A citation in two forms."""

    sentence: str
    bibtex: str


def cited(figures: Figures, address: Address | None = None) -> Cited:
    """The citation of a figure, or of the report: author or institution, year, title, release, licence, address. What
    the survey does not declare is left out."""
    survey, language = figures.survey, figures.words.language
    release, declared = lines(figures.tables["releases"])[0], survey.citation
    title = survey.title.get(language, survey.name)
    title = f"{title}: {address.chart.title}" if address else title
    about = [say("publication", "citation_release", language, release=release["release_id"])]
    if declared.licence:
        about.append(say("publication", "citation_licence", language, licence=declared.licence.title))
    if survey.synthetic:
        about.append(say("publication", "citation_synthetic", language))
    where, year, by = link(figures, address), release["created_at"].year, author(figures)
    parts = (f"{by} ({year})", title) if by else (f"{title} ({year})",)
    institution = tex(declared.institution.get(language, ""))
    entry = {
        "author": " and ".join(map(tex, declared.authors)) or (f"{{{institution}}}" if institution else ""),
        "title": f"{{{tex(title)}}}",
        "year": str(year),
        "publisher": institution if declared.authors else "",
        "note": tex("; ".join(about)),
        "url": where,
    }
    key = spelled(survey.name, "A-Za-z0-9_", 40) + f"-{year}" + (f"-{address.name}" if address else "")
    fields = ",\n".join(f"  {name} = {{{value}}}" for name, value in entry.items() if value)
    return Cited(f"{'. '.join((*parts, *about))}. {where}".strip(), f"@misc{{{key},\n{fields}\n}}")


def link(figures: Figures, address: Address | None = None) -> str:
    """The whole address of a figure, or of the report in its language; empty where the survey declares none."""
    at = figures.survey.citation.address
    place = address.place if address else f"{figures.words.language}/index.html"
    return f"{at}/{place}" if at else ""


def embedded(figures: Figures, address: Address, width: int, height: int) -> str:
    """The HTML that shows a figure on a page of somebody else's, so many pixels large; relative where the survey
    declares no address."""
    at = figures.survey.citation.address
    file = address.file("html")
    source = Markup('src="{}" title="{}"').format(f"{at}/{file}" if at else file, address.chart.title)
    return f'<iframe {source} width="{width}" height="{height}" style="border:0" loading="lazy"></iframe>'


def tex(text: str) -> str:
    """A text as TeX prints it."""
    return "".join(SPECIAL.get(character, character) for character in text)


def author(figures: Figures) -> str:
    """Who made it: the authors, else the institution; empty where the survey declares neither."""
    declared, language = figures.survey.citation, figures.words.language
    if not declared.authors:
        return declared.institution.get(language, "")
    *first, last = declared.authors
    both = f" {say('publication', 'citation_and', language)} "
    return f"{'; '.join(first)}{both}{last}" if first else last
