"""SQL has one place: what is static is a whole file, what follows from a declaration is built in one file a stage."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "monitor").rglob("*.py"))


def test_every_sql_file_is_used_and_says_its_grain() -> None:
    code = "\n".join(f.read_text(encoding="utf-8") for f in SOURCES)
    files = sorted((ROOT / "sql").rglob("*.sql"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        opening = "".join(takewhile(lambda line: line.startswith("--"), text.splitlines()))
        assert opening.startswith("-- Grain: "), f"{file.name} begins with a comment: its grain and inputs"
        assert "Inputs: " in opening, file.name
        assert re.search(rf"""["']{file.stem}["']""", code), f"sql/{file.parent.name}/{file.name} is used nowhere"


def test_a_sql_file_is_one_statement_with_named_parameters() -> None:
    for file in sorted((ROOT / "sql").rglob("*.sql")):
        statements = duckdb.extract_statements(file.read_text(encoding="utf-8"))
        # The macros that read a cell call each other and are only ever made together.
        assert len(statements) == 1 or file.name == "parsing.sql", file.name
        assert not any(name.isdigit() for statement in statements for name in statement.named_parameters), file.name


def test_a_sql_file_is_whole() -> None:
    """No slot that a program fills in: what follows from a declaration is built whole in its stage's `query.py`."""
    for file in sorted((ROOT / "sql").rglob("*.sql")):
        text = "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
        assert not re.search(r"/\*|\{\w*\}", re.sub(r"'(?:[^']|'')*'", "", text)), file.name
    for file in SOURCES:
        assert not re.search(r"\.replace\(\s*f?[\"']/\*", file.read_text(encoding="utf-8")), f"{file.name} fills a slot"


CHOOSING = re.compile(r"\b(JOIN|WHERE|GROUP BY|HAVING|ORDER BY|UNION|DISTINCT|FILTER|OVER|EXISTS)\b")
"""What a SELECT does beyond handing a table over or counting its rows"""
SQL_ELSEWHERE = {
    "disclosed/contributions.py": "joins what every wave holds of a firm",
    "disclosed/history.py": "reads the secure database of an earlier release",
    "modelled/gather.py": "takes a wave's answers as far as firms have a weight",
    "validated/questionnaire.py": "writes rules, whose own text is a query as in a rule file",
}
"""Files of stages beside `query.py` that hold a SELECT, and why; a list that only gets shorter"""


def texts_of(file: Path) -> Iterator[str]:
    """The texts a program holds, docstrings left out, `{}` where an f-string takes something in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (told | pieces):
            yield node.value


def test_a_stage_builds_its_sql_in_one_file() -> None:
    """A SELECT that chooses, joins or counts apart stands whole in `query.py` or under `sql/`."""
    stages = ROOT / "monitor" / "stages"
    building = {
        file.relative_to(stages).as_posix()
        for file in stages.rglob("*.py")
        if file.name != "query.py"
        if any(re.search(r"\bSELECT\b", text) and CHOOSING.search(text) for text in texts_of(file))
    }
    assert building == set(SQL_ELSEWHERE)
