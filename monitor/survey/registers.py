"""The survey folder's lists: margins, rules.

Belongs here: small registers with a line for each entry. Does not belong here: what they mean to a wave (`check`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.storage.folders import EXPECTATIONS
from monitor.survey.model import Margin
from monitor.survey.rule_files import RESPONSE_KEYS, Rule, check_names, read_change, read_rule
from monitor.survey.yaml_limits import Unreadable, read_text
from monitor.survey.yaml_lines import Report, read

LONGEST_VALUE = 131_072
"""Most characters of a value in a list: a quote that is never closed makes the rest of a file one value"""
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


@contextmanager
def _values_that_end() -> Iterator[None]:
    """The limit is the whole process's, and other packages lift it."""
    limit = csv.field_size_limit(LONGEST_VALUE)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@_values_that_end()
def list_rows(
    file: Path, columns: tuple[str, ...], reports: list[Report], shown_as: str
) -> list[tuple[int, dict[str, str]]]:
    """The records of a small CSV file of the folder with their lines; problems in the header are reported."""
    if not file.exists():
        return []
    report = Report(shown_as)
    reports.append(report)
    rows: list[tuple[int, dict[str, str]]] = []
    reader = None
    try:
        reader = csv.DictReader(io.StringIO(read_text(file, shown_as), newline=""))
        header = tuple(reader.fieldnames or ())
        if missing := [column for column in columns if column not in header]:
            report.add(
                "the header lacks columns",
                1,
                expected=",".join(columns),
                found=",".join(header) or "nothing",
                do=f"add {', '.join(missing)}",
            )
            return []
        for row in reader:
            if None in row or None in row.values():
                report.add(
                    "the record has another number of values than the header",
                    reader.line_num,
                    expected=str(len(header)),
                    do="quote values that hold a comma",
                )
            else:
                rows.append((reader.line_num, row))
    except Unreadable as error:
        report.problems.append(error.problem)
    except csv.Error as error:
        report.add(
            "the list cannot be read as comma-separated text",
            reader.line_num + 1 if reader else 1,
            expected="records of text, one on a line",
            found=str(error),
            do="save it as comma-separated UTF-8 text",
        )
    return rows


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
