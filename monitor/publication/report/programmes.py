"""The pages of programmes: who takes part, what they were like before, how they differ afterwards from firms like them.

Belongs here: how the rows of `programmes`, `programme_groups`, `programme_balance` and `programme_effects` are told, in
the order of an evaluation. Does not belong here: comparing (`statistics.comparison`), what may be told
(`stages.disclosed`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from monitor.contract.programmes import APPROACHES, FROM_ANSWERS, FROM_FRAME, PARTICIPANTS, REFUSED, STANDINGS
from monitor.publication.report import charts
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, described, drawn, lines, name_of, one
from monitor.survey import Survey
from monitor.survey.framework_words import words_in
from monitor.survey.periods import period_of
from monitor.survey.programmes import Programme
from monitor.wording.sentences import say

COUNTS = (
    "participants", "refused", "others", "in_frame", "answered_before", "answered_after", "in_consortia", "consortia",
    "budget_eur", "granted_eur",
)  # fmt: skip


def index(figures: Figures, survey: Survey) -> dict[str, Any]:
    """Every programme with its answer and the page that tells it."""
    told = [_Told(figures, survey, programme) for programme in survey.programmes.values()]
    return {
        "w_programme": _words(figures),
        "programmes": [{"label": each.label, "file": each.file, "sentences": each.answer()[:1]} for each in told],
    }


def every(figures: Figures, survey: Survey) -> list[dict[str, Any]]:
    """The page of each programme."""
    return [_Told(figures, survey, programme).content() for programme in survey.programmes.values()]


def on_paper(figures: Figures, survey: Survey, wave: str) -> list[tuple[str, list[str], list[Printed | None], str]]:
    """Every programme whose wave after is this one: its name, sentences, tables, and the page of the site that says the
    same."""
    told = [_Told(figures, survey, programme) for programme in survey.programmes.values()]
    return [(each.label, *each.on_paper(), each.file) for each in told if each.row.get("wave") == wave]


def _words(figures: Figures) -> Any:
    return lambda key, **facts: say("programme", key, figures.words.language, **facts)


class _Told:
    """One programme in one language."""

    def __init__(self, figures: Figures, survey: Survey, programme: Programme) -> None:
        self.figures, self.survey, self.programme = figures, survey, programme
        self.row = one(figures.tables["programmes"], programme=programme.name) or {}
        self.label = words_in(programme.label, figures.words.language)
        self.file = f"{name_of('programme', programme.name)}.html"
        found = lines(figures.tables["programme_effects"], programme=programme.name)
        self.effects: Mapping[str, Line] = {str(x["approach"]): x for x in found}
        self.primary = next((x for x in found if x["is_primary"]), None)

    def word(self, key: str, **facts: object) -> str:
        """The pages' words for a key."""
        return say("programme", key, self.figures.words.language, **facts)

    def on_paper(self) -> tuple[list[str], list[Printed | None]]:
        """What a PDF holds of it: sentences and tables. How alike firms are stands in a table too, which goes on over
        pages; its figure would take a page for itself."""
        tables = [self.counts(), *self.of_frame(), self.of_answers(), self.balance(), self.table_of_effects()]
        return [*self.answer(), *self.described(), *self.hangs()], tables

    def content(self) -> dict[str, Any]:
        """What the page shows, in the order of an evaluation."""
        lead, *rest = self.answer()
        return {
            "page_title": self.label,
            "file": self.file,
            "page_of": "programmes",
            "w_programme": _words(self.figures),
            "label": self.label,
            "answer": {"lead": lead, "rest": rest},
            "described": self.described(),
            "rounds": self.rounds(),
            "counts": self.counts(),
            "before": self.row.get("wave_before"),
            "of_frame": self.of_frame(),
            "of_answers": self.of_answers(),
            "alike": self.alike(),
            "balance": self.balance(),
            "effects": self.table_of_effects(),
            "hangs": self.hangs(),
        }

    # ---- the answer -----------------------------------------------------------------------------------------------

    def answer(self) -> list[str]:
        """How participants differ, what chance could make of it, what a plain comparison would have said."""
        x = self.primary
        if x is None:
            return [self.word("no_plan")]
        if x["suppressed"]:
            return [self.word("withheld")]
        if not x["published"]:
            return [self.word("refused", reason=self._reason(x))]
        unit = "" if x["unit"] == "points" else "_amount"
        of = "share" if x["unit"] == "points" else x["unit"]
        n = self.figures.numbers
        said = [
            self.word(
                f"answer{unit}",
                outcome=self._outcome(x),
                participants=n.value(x["mean_participants"], of, 0 if not unit else None),
                comparison=n.value(x["mean_comparison"], of, 0 if not unit else None),
                difference=n.value(x["estimate"], x["unit"]),
                interval=n.interval(x["ci_low"], x["ci_high"], x["unit"]),
            ),
            self.word("more" if x["ci_low"] > 0 else "less" if x["ci_high"] < 0 else "inconclusive"),
        ]
        least = known(x["minimum_detectable_effect"])
        if least is not None:
            said.append(
                self.word(f"detectable{unit}", least=n.plain(100 * least, 1) if not unit else self._value(least))
            )
        plain = self.effects.get("plain")
        if plain is not None and plain["published"] and not plain["suppressed"]:
            between = n.interval(plain["ci_low"], plain["ci_high"], plain["unit"])
            said.append(self.word("plain", difference=self._value(plain["estimate"]), interval=between))
        return said

    def _reason(self, x: Line) -> str:
        return self.figures.stage_words(x, "warning")

    def _outcome(self, x: Line) -> str:
        return self.figures.words.label("measure", str(x["outcome"]))

    def _value(self, value: object) -> str:
        """A difference in its unit, points with the word."""
        unit = self.primary["unit"] if self.primary else "points"
        text = self.figures.numbers.value(value, unit)
        return self.word("in_points", difference=text) if unit == "points" else text

    # ---- what the programme is ------------------------------------------------------------------------------------

    def described(self) -> list[str]:
        """Who could apply, when, and what applications are judged by."""
        plan, language = self.programme.plan, self.figures.words.language
        said = []
        if plan is not None:
            eligible = words_in(self.programme.who, language) if self.programme.who else self.programme.eligible
            said.append(
                self.word(
                    "eligible",
                    eligible=eligible,
                    treated=self._day(plan.treated),
                    planned=self._day(plan.written),
                )
            )
            wave = self.survey.waves.get(str(self.row.get("wave")))
            period = period_of(self.survey, [plan.outcome], wave) if wave else None
            if period is not None:
                said.append(self.word("timing", period=period.replace("-", DASH), treated=self._day(plan.treated)))
        if self.programme.criteria:
            inside = self.figures.words.inside
            criteria = "; ".join(inside(words_in(text, language)) for text in self.programme.criteria.values())
            said.append(self.word("criteria", criteria=criteria))
        return said

    def _day(self, day: date) -> str:
        return self.figures.words.day(day)

    def rounds(self) -> Printed:
        """Each round with its days and budget."""
        heads = [Head(self.word(f"head_{key}"), key == "budget") for key in ("round", "opens", "closes", "budget")]
        rows = [
            (name, self._day(each.opens), self._day(each.closes), self.figures.numbers.value(each.budget_eur, "EUR"))
            for name, each in self.programme.rounds.items()
        ]
        return Printed(self.word("rounds"), tuple(heads), tuple(rows))

    def counts(self) -> Printed:
        """How many firms, and what they were granted."""
        facts = {"before": self.row.get("wave_before"), "after": self.row.get("wave")}
        rows = []
        for name in COUNTS:
            value = known(self.row.get(name))
            unit = "EUR" if name.endswith("_eur") else None
            text = self.word("untold") if value is None else self.figures.numbers.value(value, unit)
            rows.append((self.word("refused_firms" if name == REFUSED else name, **facts), text))
        return Printed(
            self.word("counts"),
            (Head(self.word("head_what"), long=True), Head(self.word("head_number"), True)),
            tuple(rows),
        )

    # ---- before ---------------------------------------------------------------------------------------------------

    def _groups(self, basis: str) -> Mapping[tuple[str, str], Mapping[str, Line]]:
        """(variable, category) -> group -> its row, in the order of the table."""
        found: dict[tuple[str, str], dict[str, Line]] = {}
        for x in lines(self.figures.tables["programme_groups"], programme=self.programme.name, basis=basis):
            found.setdefault((str(x["variable"]), str(x["category"])), {})[str(x["standing"])] = x
        return found

    def of_frame(self) -> list[Printed]:
        """A table for each variable of the frame."""
        keys = ("category", "participants", "refused", "others", "difference", "reach", "money")
        heads = tuple(Head(self.word(f"head_{key}"), key != "category", key == "category") for key in keys)
        groups, n = self._groups(FROM_FRAME), self.figures.numbers
        tables = []
        for variable in dict.fromkeys(variable for variable, _ in groups):
            rows = []
            for category in self._ordered(variable, [c for v, c in groups if v == variable]):
                of = groups[variable, category]
                shares = [n.percent(of[s]["estimate"], 1) if s in of else DASH for s in STANDINGS]
                firms = [float(x["firms"]) for x in of.values()]
                mine = of.get(PARTICIPANTS, {})
                reach = float(mine["firms"]) / sum(firms) if mine else None
                rows.append(
                    (
                        self._category(variable, category), *shares, n.points(mine.get("difference")),
                        n.percent(reach, 1), n.percent(mine.get("amount_share"), 1),
                    )
                )  # fmt: skip
            caption = self.word("by", programme=self.label, variable=self._variable(variable))
            tables.append(Printed(caption, heads, tuple(rows)))
        return tables

    def of_answers(self) -> Printed | None:
        """What firms of each group had answered."""
        groups, n = self._groups(FROM_ANSWERS), self.figures.numbers
        if not groups:
            return None
        keys = ("measure", "participants", "refused", "others", "difference", "p")
        heads = tuple(Head(self.word(f"head_{key}"), key != "measure", key == "measure") for key in keys)
        rows = []
        for (variable, _), of in groups.items():
            cells = [self.figures.value_words({**of[s], "withheld_for": None}, "share", 1) if s in of else DASH
                     for s in STANDINGS]  # fmt: skip
            mine = of.get(PARTICIPANTS, {})
            between = n.interval(mine.get("difference_low"), mine.get("difference_high"), "points")
            apart = n.points(mine.get("difference"))
            rows.append(
                (
                    self.figures.words.label("measure", variable), *cells,
                    apart if between == DASH else f"{apart} ({between})", n.p_value(mine.get("difference_p_value")),
                )
            )  # fmt: skip
        return Printed(self.word("by_answers", programme=self.label), heads, tuple(rows))

    def _variable(self, variable: str) -> str:
        return self.figures.words.inside(self.figures.words.variable(variable))

    def _ordered(self, variable: str, categories: Sequence[str]) -> list[str]:
        """Categories in the order of the codebook."""
        order = {code: k for k, (concept, code) in enumerate(self.figures.words.codes) if concept == variable}
        return sorted(categories, key=lambda c: (min(order.get(part, len(order)) for part in c.split("+")), c))

    def _category(self, variable: str, category: str) -> str:
        """A category's label; of several that stand together all of them."""
        said = [self._code(variable, part) for part in category.split("+")]
        text = said[0]
        for other in said[1:]:
            text = self.word("together_with", one=text, other=other)
        return text

    def _code(self, variable: str, code: str) -> str:
        if code in ("true", "false"):
            return self.word("has_it" if code == "true" else "has_not")
        return self.figures.words.domain(variable, code)

    # ---- alike ----------------------------------------------------------------------------------------------------

    def _balance(self) -> list[Line]:
        found = lines(self.figures.tables["programme_balance"], programme=self.programme.name)
        return [x for x in found if not x["suppressed"]]

    def _term(self, term: str) -> str:
        name, _, level = term.partition("[")
        words = self.figures.words
        label = words.variable(name)
        return f"{label}: {self._code(name, level[:-1])}" if level else label

    def alike(self) -> Chart | None:
        """Standardised differences before and after weighting, the largest first."""
        rows, n = self._balance(), self.figures.numbers
        rows.sort(key=lambda x: (-abs(x["difference_before"]), x["term"]))
        if not rows:
            return None
        marks = []
        for x in rows:
            before, after = known(x["difference_before"]), known(x["difference_after"])
            told = {"before": n.plain(before, 2), "after": n.plain(after, 2)}
            text = self.word("alike_mark" if after is not None else "alike_before", **told)
            marks.append(charts.Mark(self._term(str(x["term"])), text, before if after is None else after, None, None,
                                     plain=None if after is None else before))  # fmt: skip
        values = [v for m in marks for v in (m.estimate, m.plain)]
        title = self.word("alike_chart", programme=self.label)
        name = name_of("programme", self.programme.name, "alike")
        scale = charts.axis(values, lambda tick: n.plain(tick, 1), least=0.4)
        svg = charts.intervals(marks, scale, title, described(marks), name)
        limit = self.programme.plan.limits.imbalance if self.programme.plan else 0.0
        note = self.word("alike_note", limit=n.plain(limit, 2))
        points = drawn(name, "programme_balance", marks, rows)
        return Chart(title, svg, note, description=described(marks), drawn=points)

    def balance(self) -> Printed | None:
        """The same in numbers, with the means behind them."""
        rows, n = self._balance(), self.figures.numbers
        if not rows:
            return None
        keys = ("measure", "participants", "others", "balanced", "before", "after")
        heads = tuple(Head(self.word(f"head_{key}"), key != "measure", key == "measure") for key in keys)
        printed = []
        for x in rows:
            share = x["variance_ratio_before"] is None
            means = [
                n.percent(x[k], 1) if share else n.plain(x[k], 1) for k in ("participants", "comparison", "balanced")
            ]
            apart = [n.plain(x[k], 2) for k in ("difference_before", "difference_after")]
            printed.append((self._term(str(x["term"])), *means, *apart))
        return Printed(self.word("alike_chart", programme=self.label), heads, tuple(printed))

    # ---- afterwards -----------------------------------------------------------------------------------------------

    def table_of_effects(self) -> Printed | None:
        """Every method's difference, or why it has none."""
        if self.primary is None:
            return None
        n = self.figures.numbers
        heads = (
            Head(self.word("head_method"), long=True), Head(self.word("head_estimate"), True),
            Head(self.word("head_n"), True), Head(self.word("head_effective"), True),
        )  # fmt: skip
        rows = []
        for method in (m for m in APPROACHES if m in self.effects):
            x = self.effects[method]
            name = self.word(f"method_{method}")
            if x["is_primary"]:
                name = self.word("chosen", method=name)
            told = DASH
            if x["suppressed"]:
                name = f"{name}: {self.figures.words.inside(self.figures.words.t('withheld'))}"
            elif x["published"]:
                told = f"{n.value(x['estimate'], x['unit'])} ({n.interval(x['ci_low'], x['ci_high'], x['unit'])})"
            else:
                # Beside the name, which may be long: the numbers stay where a phone shows them.
                name = f"{name}: {self._reason(x)}"
            firms = ", ".join(n.plain(x[k]) for k in ("n_participants", "n_comparison"))
            worth = n.plain(x["effective"]) if known(x["effective"]) is not None else ""
            rows.append((name, told, firms, worth))
        after = self.row.get("wave")
        caption = self.word("effects_caption", programme=self.label, outcome=self._outcome(self.primary), after=after)
        return Printed(caption, heads, tuple(rows))

    def hangs(self) -> list[str]:
        """What something unmeasured, or one property less, would change."""
        x, n = self.primary, self.figures.numbers
        if x is None or x["suppressed"] or not x["published"]:
            return []
        said = []
        if known(x["robustness_value"]) is not None:
            said.append(self.word("robustness", value=n.percent(x["robustness_value"], 1)))
        if known(x["e_value"]) is not None:
            said.append(self.word("e_value", value=n.plain(x["e_value"], 2)))
        if known(x["without_low"]) is not None:
            low, high = (self._value(x[k]) for k in ("without_low", "without_high"))
            said.append(self.word("without", low=low, high=high))
        return [*said, self.word("unmeasured")]
