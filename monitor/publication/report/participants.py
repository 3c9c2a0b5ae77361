"""How many firms take part in initiatives: what the page of participation tells of the table `participation`.

Belongs here: which lines stand in its sentences, figure and tables. Does not belong here: the indicators on that page
(`pages`), which lines may be told (`stages.disclosed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.contract.columns import EVERYONE
from monitor.publication.report import charts
from monitor.publication.report.numbers import DASH
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, described, drawn, lines, name_of
from monitor.survey import Survey
from monitor.survey.framework_words import words_in
from monitor.survey.groupings import ALL_OF_THEM, BY_REGISTER, EVERY, INITIATIVE, KIND, NUMBER, THEME, Group
from monitor.wording.sentences import say


def page(figures: Figures, survey: Survey, wave: str) -> dict[str, Any] | None:
    """What is told of a wave; None where it has no such lines."""
    found = _Told(figures, survey, wave)
    return found.content() if found.groups(EVERY) else None


class _Told:
    """The lines of one wave in one language."""

    def __init__(self, figures: Figures, survey: Survey, wave: str) -> None:
        self.figures, self.survey, self.wave = figures, survey, wave
        table = lines(figures.tables["participation"], wave=wave, domain_variable=EVERYONE)
        self.lines: dict[tuple[Group, str], Line] = {
            ((str(x["grouped_by"]), str(x["code"])), str(x["figure"])): x for x in table
        }

    def word(self, key: str, **facts: object) -> str:
        """The words for a key."""
        return say("participation", key, self.figures.words.language, **facts)

    def groups(self, *grouped_by: str) -> list[Group]:
        """The groups of these groupings in their order, those with most firms first; initiatives that are told."""
        found = [group for group, figure in self.lines if figure == "firms" and group[0] in grouped_by]
        size = {group: self.lines[group, "firms"]["estimate"] or 0.0 for group in found}
        return sorted(found, key=lambda group: (grouped_by.index(group[0]), -size[group], group))

    def content(self) -> dict[str, Any]:
        """The page's part."""
        told = [self._lead(), self._several(), self._moved(), self._outcome(ALL_OF_THEM)]
        return {
            "title": self.word("title"),
            "sentences": [sentence for sentence in told if sentence],
            "chart": self._chart(),
            "table": self._outcomes(),
        }

    def label(self, group: Group) -> str:
        """A group's name in the language of the page."""
        grouped_by, code = group
        words, register = self.figures.words, self.survey.register
        if group == ALL_OF_THEM:
            return self.word("every_initiative")
        if grouped_by == KIND:
            return words.begun(code)
        if grouped_by == THEME and code in register.themes:
            return words_in(register.themes[code], words.language)
        if grouped_by == INITIATIVE and code in register.newest:
            return words_in(register.newest[code].label, words.language)
        line = self.lines[group, "firms"]
        return str(line[f"label_{words.language}"])

    # ---- sentences ---------------------------------------------------------------------------------------------------

    def _shown(self, group: Group, *names: str) -> list[Line] | None:
        """These figures of a group; None where one of them is not told."""
        found = [self.lines.get((group, name)) for name in names]
        told = [line for line in found if line is not None and not line["suppressed"]]
        return told if len(told) == len(names) else None

    def _lead(self) -> str:
        n, shown = self.figures.numbers, self._shown(ALL_OF_THEM, "firms", "reach")
        if shown is None:
            return ""
        firms, reach = shown
        return self.word(
            "lead", wave=self.wave, firms=n.plain(firms["estimate"]), interval=self._interval(firms),
            reach=n.percent(reach["estimate"]), reach_interval=self._interval(reach), events=n.plain(reach["events"]),
        )  # fmt: skip

    def _several(self) -> str:
        told = [
            self.word("in_one", firms=self.figures.numbers.plain(shown[0]["estimate"]), number=group[1])
            for group in sorted(self.groups(NUMBER), key=lambda group: group[1])
            if (shown := self._shown(group, "firms"))
        ]
        return self.word("several", numbers=", ".join(told)) if told else ""

    def _moved(self) -> str:
        n, shown = self.figures.numbers, self._shown(ALL_OF_THEM, "entered", "left_again")
        if shown is None:
            return ""
        entered, left = shown
        return self.word(
            "moved", before=entered["wave_before"], wave=self.wave, entered=n.percent(entered["estimate"]),
            entered_interval=self._interval(entered), entered_n=n.plain(entered["n"]), left=n.percent(left["estimate"]),
            left_interval=self._interval(left), left_n=n.plain(left["n"]),
        )  # fmt: skip

    def _outcome(self, group: Group) -> str:
        n = self.figures.numbers
        shown = self._shown(group, "outcome_participants", "outcome_others", "outcome_difference")
        if shown is None:
            return ""
        mine, others, difference = shown
        return self.word(
            "outcome", outcome=self._outcome_label(), mine=n.percent(mine["estimate"], 1),
            mine_interval=self._interval(mine), mine_n=n.plain(mine["n"]), others=n.percent(others["estimate"], 1),
            others_interval=self._interval(others), others_n=n.plain(others["n"]),
            difference=n.points(difference["estimate"]), difference_interval=self._interval(difference),
        )  # fmt: skip

    def _outcome_label(self) -> str:
        outcome = next(model.main.outcome for model in self.survey.models.values() if model.primary)
        return self.figures.words.label("measure", str(outcome))

    def _interval(self, line: Line) -> str:
        decimals = 0 if line["unit"] == "firms" else 1
        return self.figures.numbers.interval(line["ci_low"], line["ci_high"], line["unit"], decimals)

    # ---- figure and tables -------------------------------------------------------------------------------------------

    def _chart(self) -> Chart:
        groups = self.groups(EVERY, *BY_REGISTER)
        found = [(self.label(group), self.lines[group, "firms"]) for group in groups]
        marks = [self._mark(label, x, strong=k == 0) for k, (label, x) in enumerate(found)]
        title, name = self.word("chart", wave=self.wave), name_of("participants", self.wave)
        svg = charts.intervals(marks, self.figures.scale(marks, "firms"), title, described(marks), name)
        points = drawn(name, "participation", marks, [x for _, x in found])
        table = self._numbers([*groups, *(g for g in self.groups(INITIATIVE) if self._shown(g, "firms"))])
        return Chart(title, svg, self.word("note"), table, description=described(marks), drawn=points)

    def _mark(self, label: str, line: Line, strong: bool) -> charts.Mark:
        if line["suppressed"]:
            return charts.Mark(label, self.figures.withheld_words(line), None, None, None, None, False, strong)
        text = f"{self.figures.numbers.plain(line['estimate'])} ({self._interval(line)})"
        ends = (line["estimate"], line["ci_low"], line["ci_high"])
        return charts.Mark(label, text, *ends, None, line["reliability"] == "limited", strong)

    def _numbers(self, groups: Sequence[Group]) -> Printed:
        n, rows = self.figures.numbers, []
        for group in groups:
            firms, reach = self.lines[group, "firms"], self.lines[group, "reach"]
            if firms["suppressed"]:
                rows.append((self.label(group), self.figures.withheld_words(firms), "", "", "", ""))
                continue
            share = (DASH, DASH) if reach["suppressed"] else (n.percent(reach["estimate"], 1), self._interval(reach))
            told = (n.plain(firms["estimate"]), self._interval(firms), *share, n.plain(firms["events"]))
            rows.append((self.label(group), *told))
        heads = [Head(self.word("head_group"), long=True), Head(self.word("head_firms"), True)]
        heads += [Head(self.word(f"head_{key}"), True) for key in ("interval", "reach", "interval", "events")]
        return Printed(self.word("table", wave=self.wave), tuple(heads), tuple(rows))

    def _outcomes(self) -> Printed | None:
        """The outcome among participants of each group and others, where all of it is told."""
        n, rows = self.figures.numbers, []
        for group in self.groups(EVERY, *BY_REGISTER):
            shown = self._shown(group, "outcome_participants", "outcome_others", "outcome_difference")
            if shown is not None:
                shares = [f"{n.percent(x['estimate'], 1)} ({self._interval(x)})" for x in shown[:2]]
                moved = f"{n.points(shown[2]['estimate'])} ({self._interval(shown[2])})"
                rows.append((self.label(group), *shares, moved, n.plain(shown[0]["n"])))
        if not rows:
            return None
        heads = [Head(self.word("head_group"), long=True)]
        heads += [Head(self.word(f"head_{key}"), True) for key in ("participants", "others", "difference", "events")]
        caption = self.word("table_outcome", outcome=self._outcome_label(), wave=self.wave)
        return Printed(caption, tuple(heads), tuple(rows))
