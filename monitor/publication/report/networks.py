"""The page of networks: who is tied to whom, as a picture, and the same in numbers.

Belongs here: how the rows of `network_figures`, `network_nodes` and `network_ties` are told and drawn. Does not belong
here: which ties are told, and what they come to (`stages.disclosed`).

The names stand under each other and a tie is a bow beside them. Where they stand follows from the numbers alone, by
whole positions, so that the picture is the same everywhere; and it is as wide as a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import escape

from monitor.publication.report import charts
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Chart, Drawn, Figures, Head, Line, Printed, lines, name_of
from monitor.survey import Survey
from monitor.survey.framework_words import words_in
from monitor.wording.sentences import say

ORDER = ("themes", "kinds", "initiatives", "actors", "register")
DRAWN = ("themes", "kinds", "initiatives", "actors")
"""Both sides of the register under each other would be a picture of a hundred bows"""
AXIS, ROW, TOP = 128.0, 44.0, 26.0
"""Where the names begin, the height of each, and the middle of the first"""
THIN, THICK = 1.5, 7.0
"""The widths of bows"""


def page(figures: Figures, survey: Survey, waves: Sequence[str]) -> dict[str, Any]:
    """Each network that the tables have: what ties it, its figures by wave, and each wave's ties and names."""
    told = {str(x["network"]) for x in lines(figures.tables["network_figures"])}
    return {
        "w_network": lambda key, **facts: say("network", key, figures.words.language, **facts),
        "least": figures.numbers.plain(survey.disclosure.minimum_firms),
        "networks": [_Told(figures, survey, name).content(waves) for name in ORDER if name in told],
    }


class _Told:
    """One network in one language."""

    def __init__(self, figures: Figures, survey: Survey, name: str) -> None:
        self.figures, self.survey, self.name = figures, survey, name
        self.of_firms = name not in ("actors", "register")

    def word(self, key: str, **facts: object) -> str:
        """The page's words for a key."""
        return say("network", key, self.figures.words.language, **facts)

    def content(self, waves: Sequence[str]) -> dict[str, Any]:
        """What the page shows of it, the newest wave first."""
        there = [wave for wave in reversed(waves) if self._rows("network_figures", wave)]
        without = [wave for wave in there if not self._rows("network_ties", wave)]
        return {
            "name": self.name,
            "title": self.word(f"of_{self.name}"),
            "what": self.word(f"what_{self.name}"),
            "figures": self._figures(waves),
            "waves": [self._wave(wave) for wave in there if wave not in without],
            "none": self.word("none", waves=", ".join(without)) if without else "",
        }

    def _rows(self, table: str, wave: str) -> list[Line]:
        return lines(self.figures.tables[table], network=self.name, wave=wave)

    def _wave(self, wave: str) -> dict[str, Any]:
        ties, nodes = self._rows("network_ties", wave), self._rows("network_nodes", wave)
        labels = {str(x["node"]): self._label(x) for x in nodes}
        tied = sorted((x for x in nodes if x["ties"]), key=lambda x: (x["part"], -x["strength"], x["node"]))
        tables = [] if self.name == "register" else [self._ties(ties, labels, wave)]
        shown = [x for x in tied if x["node"] in self.survey.register.actors] if self.name == "register" else tied
        tables.append(self._nodes(shown, labels, wave))
        return {"chart": self._chart(ties, tied, labels, wave), "tables": tables}

    def _label(self, x: Line) -> str:
        """A node's name: the register's or the survey's, else the page's word for a kind."""
        register, node, language = self.survey.register, str(x["node"]), self.figures.words.language
        if self.name == "kinds":
            return self.figures.words.t(node)
        if self.name == "themes":
            return words_in(register.themes[node], language) if node in register.themes else str(x[f"label_{language}"])
        if node in register.actors:
            return words_in(register.actors[node].label, language)
        return (
            words_in(register.newest[node].label, language) if node in register.newest else str(x[f"label_{language}"])
        )

    # ---- in numbers --------------------------------------------------------------------------------------------------

    def _figures(self, waves: Sequence[str]) -> Printed:
        n = self.figures.numbers
        keys = ("wave", "names", "ties", "density", "parts", "largest", "brokers")
        heads = [Head(self.word(f"head_{key}"), key != "wave") for key in keys]
        heads += [Head(self.word("head_per_tie"), True)] if self.of_firms else []
        rows = []
        for x in (x for wave in waves for x in self._rows("network_figures", wave)):
            row = [str(x["wave"]), n.plain(x["nodes"]), n.plain(x["ties"]), n.percent(x["density"], 1)]
            row += [n.plain(x[key]) for key in ("parts", "largest_part", "brokers")]
            rows.append((*row, *([self._firms(x, "firms_per_tie")] if self.of_firms else [])))
        return Printed(self.word("figures", network=self.word(f"of_{self.name}")), tuple(heads), tuple(rows))

    def _ties(self, ties: Sequence[Line], labels: dict[str, str], wave: str) -> Printed:
        n = self.figures.numbers
        heads = [Head(self.word("head_one"), long=True), Head(self.word("head_other"), long=True)]
        keys = ("firms", "answers", "change") if self.of_firms else ("shared",)
        heads += [Head(self.word(f"head_{key}"), True) for key in keys]
        rows = []
        for x in sorted(ties, key=lambda x: (-self._size(x), x["node_a"], x["node_b"])):
            row = [labels[str(x["node_a"])], labels[str(x["node_b"])]]
            if self.of_firms:
                row += [self._firms(x, "firms"), n.plain(x["shared"]), self._change(x)]
            else:
                row += [n.plain(x["shared"])]
            rows.append(tuple(row))
        caption = self.word("ties", network=self.word(f"of_{self.name}"), wave=wave)
        return Printed(caption, tuple(heads), tuple(rows))

    def _nodes(self, nodes: Sequence[Line], labels: dict[str, str], wave: str) -> Printed:
        n = self.figures.numbers
        kinds = self.name in ("actors", "register")
        heads = [Head(self.word("head_name"), long=True), *([Head(self.word("head_kind"))] if kinds else [])]
        keys = ("ties", "strength", "between") if self.name != "register" else ("ties", "between")
        heads += [*(Head(self.word(f"head_{key}"), True) for key in keys), Head(self.word("head_brokers"))]
        rows = []
        for x in nodes:
            row = [labels[str(x["node"])], *([self.word(f"actor_{x['kind']}")] if kinds else []), n.plain(x["ties"])]
            if self.name != "register":
                row.append(self._firms(x, "strength") if self.of_firms else n.plain(x["strength"]))
            row += [n.percent(x["betweenness"], 1), self.word("broker") if x["broker"] else ""]
            rows.append(tuple(row))
        caption = self.word("nodes", network=self.word(f"of_{self.name}"), wave=wave)
        return Printed(caption, tuple(heads), tuple(rows))

    def _firms(self, x: Line, column: str) -> str:
        """A number of firms with its interval."""
        n = self.figures.numbers
        if known(x[column]) is None:
            return DASH
        between = n.interval(x["ci_low"], x["ci_high"], "firms", 0)
        return n.plain(x[column], 0) + (f" ({between})" if between != DASH else "")

    def _change(self, x: Line) -> str:
        n = self.figures.numbers
        if known(x["firms_change"]) is None:
            return ""
        between = n.interval(x["firms_change_low"], x["firms_change_high"], "firms", 0)
        return f"{n.plain(x['firms_change'], 0)} ({between})"

    def _size(self, x: Line) -> float:
        return float(x["firms"] if self.of_firms else x["shared"])

    # ---- the picture -------------------------------------------------------------------------------------------------

    def _chart(self, ties: Sequence[Line], tied: Sequence[Line], labels: dict[str, str], wave: str) -> Chart | None:
        if self.name not in DRAWN:
            return None
        title = self.word("chart", network=self.word(f"of_{self.name}"), wave=wave)
        name = name_of("network", wave, self.name)
        said = [self._said(x, labels) for x in ties]
        parts = [*self._bows(ties, tied, said), *self._names(tied, labels)]
        svg = charts.figure(TOP + ROW * len(tied) - 10, parts, title, "; ".join(said), name)
        points = Drawn(name, "network_ties", tuple(zip(said, ties, strict=True)))
        note = self.word("key_firms" if self.of_firms else "key_shared")
        return Chart(title, svg, note, description="; ".join(said), drawn=points)

    def _said(self, x: Line, labels: dict[str, str]) -> str:
        """A tie in words."""
        n, ends = self.figures.numbers, {"one": labels[str(x["node_a"])], "other": labels[str(x["node_b"])]}
        if not self.of_firms:
            return self.word("tie_shared", shared=n.plain(x["shared"]), **ends)
        between = n.interval(x["ci_low"], x["ci_high"], "firms", 0)
        return self.word("tie_firms", firms=n.plain(x["firms"], 0), interval=between, **ends)

    def _bows(self, ties: Sequence[Line], tied: Sequence[Line], said: Sequence[str]) -> list[str]:
        """A bow for each tie, the wide ones behind the narrow ones."""
        place = {str(x["node"]): k for k, x in enumerate(tied)}
        most = max(self._size(x) for x in ties)
        far = max(abs(place[str(x["node_a"])] - place[str(x["node_b"])]) for x in ties)
        drawn = []
        for x, words in zip(ties, said, strict=True):
            first, last = sorted((place[str(x["node_a"])], place[str(x["node_b"])]))
            top, bottom = (TOP + ROW * k for k in (first, last))
            out = AXIS - 14 - (AXIS - 34) * (last - first) / far
            width = THIN + (THICK - THIN) * self._size(x) / most
            path = f"M{AXIS:.0f} {top:.0f}C{out:.0f} {top:.0f} {out:.0f} {bottom:.0f} {AXIS:.0f} {bottom:.0f}"
            line = f'fill="none" stroke="{charts.ACCENT}" stroke-width="{width:.1f}" stroke-opacity="0.55"'
            drawn.append((-(last - first), f'<g class="mark" data-tip="{escape(words)}"><path d="{path}" {line}/></g>'))
        return [part for _, part in sorted(drawn)]

    def _names(self, tied: Sequence[Line], labels: dict[str, str]) -> list[str]:
        """A name with its ties below it; a diamond instead of a dot where it is a broker."""
        parts = []
        for k, x in enumerate(tied):
            y = TOP + ROW * k
            dot = f'<circle cx="{AXIS:.0f}" cy="{y:.0f}" r="5.5" fill="{charts.ACCENT}"/>'
            if x["broker"]:
                dot = f'<path d="M{AXIS:.0f} {y - 8:.0f}l8 8l-8 8l-8 -8z" fill="{charts.WARM}"/>'
            count = self.figures.numbers.plain(x["ties"])
            below = self.word("node_tie") if x["ties"] == 1 else self.word("node_ties", ties=count)
            below += f" · {self.word('broker')}" if x["broker"] else ""
            left, room = AXIS + 16, charts.RIGHT - AXIS - 16
            label = charts.cut(labels[str(x["node"])], room)
            parts.append(
                f'{dot}<text x="{left:.0f}" y="{y + 1:.0f}" font-weight="600">{escape(label)}</text>'
                f'<text x="{left:.0f}" y="{y + 18:.0f}" fill="{charts.QUIET}">{escape(charts.cut(below, room))}</text>'
            )
        return parts
