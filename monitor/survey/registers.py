"""The survey folder's lists: margins, rules.

Belongs here: what each entry says, and what is wrong with it. Does not belong here: opening a list (`lists`), what its
entries mean to a wave (`check`).
"""

from __future__ import annotations

from pathlib import Path

from monitor.storage.folders import EXPECTATIONS
from monitor.survey.lists import list_rows
from monitor.survey.model import Margin
from monitor.survey.rule_files import RESPONSE_KEYS, Rule, check_names, read_change, read_rule
from monitor.survey.yaml_lines import Report, read

COUNTS = ("enterprises", "local_units")


def check_rules(folder: Path, reports: list[Report]) -> None:
    """Everything about the survey's own rules (`rules.yaml`) that needs no other file: the table, the type and its
    arguments, severity and reason, names given twice. Whether a query can be run is tried before a wave is
    (`stages.validated.check`).
    """
    file = folder / "rules.yaml"
    if not file.exists():
        return
    report, top = read(file, file.name)
    reports.append(report)
    if top is None:
        return
    tables = sorted(path.stem for path in EXPECTATIONS.glob("*.yaml"))
    default = top.choice("table", tables, "staged_answers")
    found: dict[str, list[Rule]] = {}
    for section in top.entries("expectations"):
        section.where = f"rule {section.text('name', '')!r}"
        table = section.choice("table", tables, default)
        if "type" in section:
            found.setdefault(table, []).append(read_rule(section, table, _keys(table)))
        else:
            read_change(section)
    for rules in found.values():
        check_names(report, rules)
    top.close()


def _keys(table: str) -> tuple[str, ...]:
    """What tells the rows of a table apart, as its rule file says."""
    _, top = read(EXPECTATIONS / f"{table}.yaml", f"expectations/{table}.yaml")
    return RESPONSE_KEYS if top is None else tuple(top.words("keys", RESPONSE_KEYS))


def read_margins(folder: Path, wave: str, reports: list[Report]) -> tuple[Margin, ...]:
    """The calibration totals of one wave, line by line; none where there is no file. Mistakes go into `reports`."""
    columns = ("variables", "categories", "total", "counts", "source", "date")
    margins = []
    for line, row in list_rows(folder / "margins" / f"{wave}.csv", columns, reports, f"margins/{wave}.csv"):
        report = reports[-1]
        variables, categories = tuple(row["variables"].split("*")), tuple(row["categories"].split("*"))
        try:
            total = float(row["total"])
        except ValueError:
            total = -1.0
        if not 0 <= total < float("inf"):
            report.add(
                "a margin's total is no count",
                line,
                expected="a number from 0 up",
                found=row["total"],
                do="write it with a decimal point and no thousands mark",
            )
        if len(variables) != len(categories):
            report.add(
                "a crossed margin needs a category for each variable",
                line,
                expected=str(len(variables)),
                found=row["categories"],
                do="join the categories by `*`",
            )
        if row["counts"] not in COUNTS:
            report.add(
                "a margin must say what it counts",
                line,
                expected="enterprises or local_units",
                found=row["counts"],
                do="enterprises are bedrijven, local units are vestigingen",
            )
        margins.append(Margin(variables, categories, total, row["counts"], row["source"], row["date"], line))
    return tuple(margins)
