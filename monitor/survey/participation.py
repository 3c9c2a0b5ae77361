"""`participates_in(…)` in a survey's expressions: taking part in initiatives that the register describes.

Belongs here: what the call may say, and the list of codes it stands for in a wave. Does not belong here: the register
(`register`), all other expressions (`expressions`).

`participates_in('network')` is true of a firm that takes part in an initiative of that kind,
`participates_in(theme = 'water')` of that theme; `kind`, `theme`, `place` and `code` may stand together and must all
hold of one initiative. `participates_in()` is true of a firm that takes part in any. The codes are those of the
wave's own register, with those that went on in one of them; it is missing where the question was not answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from monitor.survey.expressions import CALL, PARTICIPATION, is_call, nearest, parsed, sql_of
from monitor.survey.model import Survey, Wave

ASPECTS = ("kind", "theme", "place", "code")
"""What a call may say of initiatives"""


def in_wave(survey: Survey, wave: Wave) -> Survey:
    """The survey with the measures and bases as they are evaluated in a wave: each call as the codes it stands for."""
    return replace(
        survey,
        measures={n: replace(m, sql=expanded(m.sql, survey, wave)) for n, m in survey.measures.items()},
        bases={n: replace(b, sql=expanded(b.sql, survey, wave)) for n, b in survey.bases.items()},
    )


def expanded(sql: str, survey: Survey, wave: Wave) -> str:
    """An expression with every call as the codes it stands for in a wave. ValueError says what is wrong with a call."""
    if CALL not in sql.lower():
        return sql
    if not survey.register.rows:
        raise ValueError(f"{CALL} needs a register, and the survey has none")
    tree, problem = parsed(sql)
    if tree is None:
        raise ValueError(problem)
    return sql_of(_replaced(tree, survey, wave))


def _replaced(node: Any, survey: Survey, wave: Wave) -> Any:
    if isinstance(node, list):
        return [_replaced(child, survey, wave) for child in node]
    if not isinstance(node, dict):
        return node
    if is_call(node):
        wanted = _wanted(node, survey)
        codes = [
            code
            for code, row in survey.register.standing_for(wave).items()
            if all(getattr(row, aspect) == value for aspect, value in wanted.items())
        ]
        tree, _ = parsed(f"list_has_any({PARTICIPATION}, {_listed(codes)})")
        assert tree is not None
        return {**tree, "alias": node.get("alias", "")}
    return {name: _replaced(child, survey, wave) for name, child in node.items()}


def _listed(codes: list[str]) -> str:
    """A list of texts in SQL, typed where it is empty."""
    quoted = ", ".join("'" + code.replace("'", "''") + "'" for code in codes)
    return f"[{quoted}]" if codes else "CAST([] AS VARCHAR[])"


def _wanted(node: Mapping[str, Any], survey: Survey) -> dict[str, str]:
    """What a call says of initiatives: aspect -> value. ValueError where it says nothing that the register knows."""
    wanted: dict[str, str] = {}
    for argument in node["arguments"]:
        aspect, value = _said(argument["expression"])
        known = sorted({str(found) for row in survey.register.rows if (found := getattr(row, aspect)) is not None})
        if value not in known:
            hint = nearest(value, known) or f" (there are: {', '.join(known[:12]) or 'none'})"
            raise ValueError(f"no initiative of the register has the {aspect} {value!r}{hint}")
        if aspect in wanted:
            raise ValueError(f"{CALL} says two things of {aspect}")
        wanted[aspect] = value
    return wanted


def _said(node: Mapping[str, Any]) -> tuple[str, str]:
    """`'network'` and `kind = 'network'` -> (kind, network)."""
    if (text := _text(node)) is not None:
        return "kind", text
    left, right = node.get("left"), node.get("right")
    if node.get("type") == "COMPARE_EQUAL" and left and right and left["class"] == "COLUMN_REF":
        aspect, text = ".".join(left["column_names"]), _text(right)
        if aspect in ASPECTS and text is not None:
            return aspect, text
    raise ValueError(f"{CALL} takes a kind ('network'), or {', '.join(f'{a} = …' for a in ASPECTS)} with a text")


def _text(node: Mapping[str, Any]) -> str | None:
    literal = node.get("literal") if node["class"] == "CONSTANT" else None
    return str(literal["text"]) if literal and literal["kind"] == "STRING" else None
