"""The SQL expressions of a survey folder: which concepts they use, and whether they say something sensible.

Belongs here: concept types as DuckDB types; checking measures, bases, routing and usability predicates when a
folder is loaded. Does not belong here: evaluating them on answers (`staged`, `validated`, `derived`).

An expression sees one firm's concepts and nothing else: no table, file, setting, clock or random number. It follows
SQL's three-valued logic: what needs a missing value is missing (NULL), unless the rest of the expression decides it
anyway (`true OR NULL` is true, `false AND NULL` is false).
"""

from __future__ import annotations

import atexit
import datetime
import difflib
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from monitor.storage.lake import connect, quoted

if TYPE_CHECKING:
    # The loader checks expressions, so at run time the survey package stands above this module.
    from monitor.survey.model import Concept

DUCKDB_TYPES: Mapping[str, str] = {
    "identifier": "VARCHAR",
    "text": "VARCHAR",
    "category": "VARCHAR",
    "categories": "VARCHAR[]",
    "number": "DOUBLE",
    "percentage": "DOUBLE",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
}
"""A concept's (or measure's) type -> the type of its column in the lake"""

KINDS: Mapping[str, str] = {
    "identifier": "text",
    "text": "text",
    "category": "text",
    "categories": "set of codes",
    "number": "number",
    "percentage": "number",
    "integer": "number",
    "boolean": "yes or no",
    "date": "date",
}
"""A concept's type -> what its values are to someone who compares them"""

FUNCTIONS: Mapping[str, str | None] = {
    **dict.fromkeys(["+", "-", "*", "/", "//", "%", "^", "**", "mod", "abs", "sign", "power", "pow"], "number"),
    **dict.fromkeys(["round", "floor", "ceil", "ceiling", "trunc", "exp", "ln", "log", "log10", "sqrt"], "number"),
    **dict.fromkeys(["len", "length", "array_length", "list_sum", "list_min", "list_max"], "number"),
    **dict.fromkeys(["year", "month", "day", "date_part", "date_diff", "datediff"], "number"),
    **dict.fromkeys(["lower", "upper", "trim", "ltrim", "rtrim", "left", "right", "substr", "substring"], "text"),
    **dict.fromkeys(["concat", "||", "replace", "regexp_extract", "regexp_replace"], "text"),
    **dict.fromkeys(["contains", "list_contains", "list_has", "array_contains", "starts_with"], "yes or no"),
    **dict.fromkeys(["list_has_any", "list_has_all", "&&", "@>", "<@", "prefix", "suffix"], "yes or no"),
    **dict.fromkeys(["regexp_matches", "regexp_full_match", "~~", "!~~", "~~*", "!~~*", "isfinite"], "yes or no"),
    **dict.fromkeys(["list_value", "list_filter", "list_intersect", "list_distinct"], "set of codes"),
    **dict.fromkeys(["if", "nullif", "greatest", "least", "list_apply", "list_extract"], None),
    # What DuckDB's parser makes of `[x for x in codes if ...]`.
    **dict.fromkeys(["struct_pack", "struct_extract"], None),
}
"""Functions an expression may use -> what they give (None: depends on their arguments)"""

CALL, PARTICIPATION = "participates_in", "initiatives"
"""The call that stands for initiatives of the register (`participation` expands it), and the concept it is about"""

SET_FUNCTIONS = {
    "contains",
    "list_contains",
    "list_has",
    "array_contains",
    "list_has_any",
    "list_has_all",
    "&&",
    "@>",
}
DIVISIONS = {"/", "//", "%", "mod"}
CASTS: Mapping[str, str] = {
    **dict.fromkeys(["DOUBLE", "FLOAT", "REAL", "INTEGER", "INT", "BIGINT", "SMALLINT", "DECIMAL"], "number"),
    **dict.fromkeys(["VARCHAR", "TEXT", "STRING"], "text"),
    **dict.fromkeys(["BOOLEAN", "BOOL"], "yes or no"),
    "DATE": "date",
}
NODES = {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "FUNCTION"}
NODES |= {"CASE", "CAST", "BETWEEN", "LAMBDA"}
REFUSED = {
    "SUBQUERY": "holds a subquery",
    "WINDOW": "looks at other firms (a window function)",
    "STAR": "takes all columns (*)",
    "PARAMETER": "holds a parameter",
}


def columns_of(sql: str) -> set[str]:
    """The concepts an expression names (the variables of its own lambdas left out); ValueError if it does not parse."""
    return set(_columns(sql))


@functools.cache
def _columns(sql: str) -> frozenset[str]:
    tree, problem = parsed(sql)
    if tree is None:
        raise ValueError(problem)
    named = set()
    for node, bound in _walk(tree):
        if is_call(node):
            named.add(PARTICIPATION)
        elif _is_concept(node, bound):
            named.add(".".join(node["column_names"]))
    return frozenset(named)


def check_expression(sql: str, concepts: Mapping[str, Concept], expect: str) -> list[str]:
    """What is wrong with an expression of a survey folder, one sentence each; empty where nothing is.

    `expect` is the type the result must have: a key of DUCKDB_TYPES (a predicate is `boolean`).
    Named are: what does not parse; unknown concepts, with the nearest known one; open answers and direct
    identifiers, which no stage keeps; subqueries, windows and functions
    outside FUNCTIONS; text compared with numbers; codes the concept does not have; bounds outside the concept's own;
    fractions compared with percentages; `= NULL`; divisors that may be zero; casts that may fail; a result of another
    type than expected.
    """
    tree, problem = parsed(sql)
    if tree is None:
        return [problem]
    found: list[str] = []
    for node, bound in _walk(tree):
        found += _check_node(node, bound, concepts)
    if not found:
        found += _check_type(sql, columns_of(sql), concepts, expect)
    return list(dict.fromkeys(found))


def _check_node(node: dict[str, Any], bound: frozenset[str], concepts: Mapping[str, Concept]) -> list[str]:
    """What is wrong with one node of an expression's tree, its children apart."""
    name = node["class"]
    if name not in NODES:
        return [f"it {REFUSED.get(name, f'holds {name.lower()}')}: only this firm's concepts may be used"]
    if _is_concept(node, bound):
        concept = ".".join(node["column_names"])
        if concept not in concepts:
            return [f"unknown concept {concept!r}{nearest(concept, concepts)}"]
        private = concepts[concept].type == "text" or concepts[concept].direct_identifier
        return [f"{concept} is an open answer or an identifier: it goes no further than intake"] if private else []
    if name == "FUNCTION":
        return _check_function(node, bound, concepts)
    if name == "CAST":
        return _check_cast(node, bound, concepts)
    if name in {"CONJUNCTION", "OPERATOR", "CASE"}:
        return _check_logic(node, bound, concepts)
    if name in {"COMPARISON", "BETWEEN"}:
        return _check_comparison(_operands(node), node["type"], bound, concepts)
    return []


def _check_function(node: dict[str, Any], bound: frozenset[str], concepts: Mapping[str, Concept]) -> list[str]:
    function = node["function_name"].lower()
    if function not in FUNCTIONS or node.get("schema") or node.get("catalog"):
        return [f"the function {function} may not be used{nearest(function, FUNCTIONS)}"]
    arguments = _operands(node)
    if function in DIVISIONS and len(arguments) == 2:
        return _check_divisor(arguments[1], bound, concepts)
    if function in SET_FUNCTIONS and len(arguments) == 2:
        codes = [c for a in arguments for c in _text_constants(a)]
        return [
            problem
            for argument in arguments
            if (concept := _concept(argument, bound, concepts)) and concept.type == "categories"
            for problem in _unknown_codes(concept, codes)
        ]
    return []


def _check_divisor(node: dict[str, Any], bound: frozenset[str], concepts: Mapping[str, Concept]) -> list[str]:
    """Division by zero gives infinity, which is greater than any cut: a divisor must not be able to be zero."""
    number = _number(node)
    if number is not None:
        return ["it divides by zero"] if number == 0 else []
    if node["class"] == "FUNCTION" and node["function_name"].lower() == "nullif":
        return []
    concept = _concept(node, bound, concepts)
    if concept is not None and concept.minimum is not None and concept.minimum > 0:
        return []
    shown = concept.name if concept is not None else "..."
    return [f"it may divide by zero: write / nullif({shown}, 0), which makes the result missing there"]


def _check_cast(node: dict[str, Any], bound: frozenset[str], concepts: Mapping[str, Concept]) -> list[str]:
    target = node["type_expr"]["type_name"].upper()
    source = _kind(node["child"], bound, concepts)
    if target not in CASTS:
        return [f"a cast to {target} may not be used: the types are {', '.join(sorted(CASTS))}"]
    constant = node["child"]["class"] == "CONSTANT"
    if source == "text" and CASTS[target] != "text" and not node["try_cast"] and not constant:
        return [f"a cast of text to {target} may fail: write try_cast, which makes the result missing there"]
    return []


def _check_logic(node: dict[str, Any], bound: frozenset[str], concepts: Mapping[str, Concept]) -> list[str]:
    """AND, OR, NOT and CASE take facts; COALESCE and the branches of CASE one kind of value; IN is a comparison."""
    if node["type"] in {"COMPARE_IN", "COMPARE_NOT_IN"}:
        return _check_comparison(_operands(node), "COMPARE_EQUAL", bound, concepts)
    if node["class"] == "CONJUNCTION" or node["type"] == "OPERATOR_NOT":
        facts, values = _operands(node), []
    elif node["class"] == "CASE":
        facts = [check["when_expr"] for check in node["case_checks"]]
        values = [*(check["then_expr"] for check in node["case_checks"]), node["else_expr"]]
    elif node["type"] == "OPERATOR_COALESCE":
        facts, values = [], _operands(node)
    else:
        return []
    kinds = [_kind(value, bound, concepts) for value in facts]
    found = [f"a {kind} stands where yes or no is needed" for kind in kinds if kind not in {None, "yes or no"}]
    different = sorted({kind for value in values if (kind := _kind(value, bound, concepts))})
    return found + ([f"it gives {' or '.join(different)}: one kind is needed"] if len(different) > 1 else [])


def _check_comparison(
    operands: list[dict[str, Any]], operator: str, bound: frozenset[str], concepts: Mapping[str, Concept]
) -> list[str]:
    if any(_is_null(o) for o in operands) and "DISTINCT" not in operator:
        return ["nothing equals NULL: write IS NULL or IS NOT NULL"]
    kinds = {kind for o in operands if (kind := _kind(o, bound, concepts))}
    dates = [text for o in operands for text in _text_constants(o)]
    if kinds == {"date", "text"} and dates and all(_is_date(text) for text in dates):
        return []
    if len(kinds) > 1:
        advice = ": write list_contains(set, code)" if kinds == {"set of codes", "text"} else ""
        return [f"it compares {' with '.join(sorted(kinds))}{advice}"]
    concept = next((c for o in operands if (c := _concept(o, bound, concepts))), None)
    if concept is None:
        return []
    found = _unknown_codes(concept, dates) if concept.type == "category" else []
    for number in (n for o in operands if (n := _number(o)) is not None):
        if concept.type == "percentage" and 0 < number < 1:
            found.append(f"{concept.name} is a percentage from 0 to 100, not a fraction: {number:g} is less than 1%")
        low, high = concept.minimum, concept.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            found.append(f"{concept.name} lies between {low} and {high}: it is compared with {number:g}")
    return found


def _check_type(sql: str, names: set[str], concepts: Mapping[str, Concept], expect: str) -> list[str]:
    """Bind the expression to an empty row of typed concepts: DuckDB's own word on what it gives."""
    columns = ", ".join(f"NULL::{DUCKDB_TYPES[concepts[n].type]} AS {quoted(n)}" for n in sorted(names))
    source = f" FROM (SELECT {columns})" if columns else ""
    with _connection().cursor() as cursor:
        try:
            described = cursor.execute(f"DESCRIBE SELECT ({sql}) AS result{source}").fetchone()
        except duckdb.Error as error:
            return [_first_line(error)]
    given = described[1] if described else ""
    numbers = ("DOUBLE", "FLOAT", "INT", "DECIMAL", "HUGEINT")
    kind = "number" if any(n in given and "[" not in given for n in numbers) else _DUCKDB_KINDS.get(given, given)
    wanted = KINDS[expect]
    return [] if kind == wanted else [f"it gives {kind}, where {wanted} is needed ({expect})"]


_DUCKDB_KINDS = {"VARCHAR": "text", "BOOLEAN": "yes or no", "VARCHAR[]": "set of codes", "DATE": "date"}


def parsed(sql: str) -> tuple[dict[str, Any] | None, str]:
    """The tree of one expression by DuckDB's own parser; or None and why there is none."""
    return _tree(sql) if isinstance(sql, str) and sql.strip() else (None, "it is empty")


@functools.cache
def _tree(sql: str) -> tuple[dict[str, Any] | None, str]:
    with _connection().cursor() as cursor:
        row = cursor.execute("SELECT json_serialize_sql($sql::VARCHAR)", {"sql": f"SELECT ({sql})"}).fetchone()
    parsed = json.loads(row[0] if row else "{}")
    if parsed.get("error", True):
        return None, f"it does not parse: {parsed.get('error_message', 'no SELECT could be made of it')}"
    select = parsed["statements"][0]["node"]
    clauses = ("where_clause", "group_expressions", "having", "qualify", "sample", "modifiers")
    alone = (
        len(parsed["statements"]) == 1
        and select.get("type") == "SELECT_NODE"
        and len(select["select_list"]) == 1
        and select["from_table"]["type"] == "EMPTY"
        and not any(select.get(clause) for clause in clauses)
    )
    return (select["select_list"][0], "") if alone else (None, "it is more than one expression")


def sql_of(tree: Mapping[str, Any]) -> str:
    """The expression that a tree of `parsed` stands for, as DuckDB writes it."""
    with _connection().cursor() as cursor:
        row = cursor.execute("SELECT json_serialize_sql('SELECT 1')").fetchone()
        whole = json.loads(row[0] if row else "{}")
        whole["statements"][0]["node"]["select_list"] = [tree]
        told = cursor.execute("SELECT json_deserialize_sql($tree::JSON)", {"tree": json.dumps(whole)}).fetchone()
    return str(told[0] if told else "").removeprefix("SELECT ")


def is_call(node: Mapping[str, Any]) -> bool:
    """Whether a node is a call about the register, whose arguments name no concept."""
    return node.get("class") == "FUNCTION" and node["function_name"].lower() == CALL


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    """One in-memory connection for parsing and binding: opening one per expression would take most of a load."""
    stack = ExitStack()
    connection = stack.enter_context(connect())
    connection.execute("SET enable_external_access = false")
    atexit.register(stack.close)
    return connection


def _walk(node: Any, bound: frozenset[str] = frozenset()) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Every expression of a tree with the lambda variables in force there, the outermost first."""
    if isinstance(node, list):
        for child in node:
            yield from _walk(child, bound)
        return
    if not isinstance(node, dict):
        return
    if node.get("class") == "TYPE":
        return
    if node.get("class") == "LAMBDA":
        own = {".".join(n["column_names"]) for n, _ in _walk(node["lhs"]) if n["class"] == "COLUMN_REF"}
        yield node, bound
        yield from _walk(node["expr"], bound | own)
        return
    if "class" in node:
        yield node, bound
        if is_call(node):
            return
    for child in node.values():
        yield from _walk(child, bound)


def _operands(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The expressions directly under a node, in order."""
    if node["class"] == "FUNCTION":
        return [argument["expression"] for argument in node["arguments"]]
    if node["class"] == "COMPARISON":
        return [node["left"], node["right"]]
    if node["class"] == "BETWEEN":
        return [node["input"], node["lower"], node["upper"]]
    return list(node.get("children", []))


def _is_concept(node: dict[str, Any], bound: frozenset[str]) -> bool:
    """Whether a node names a concept: a column that is not a lambda's own variable."""
    return node["class"] == "COLUMN_REF" and node["column_names"][0] not in bound


def _concept(node: dict[str, Any], bound: frozenset[str], concepts: Mapping[str, Concept]) -> Concept | None:
    """The concept a node names, if it names one."""
    return concepts.get(".".join(node["column_names"])) if _is_concept(node, bound) else None


def _kind(node: dict[str, Any] | None, bound: frozenset[str], concepts: Mapping[str, Concept]) -> str | None:
    """What an expression gives (a value of KINDS), or None where that is not known from its shape."""
    if node is None or _is_null(node):
        return None
    if node["class"] == "COLUMN_REF":
        concept = _concept(node, bound, concepts)
        return KINDS[concept.type] if concept else None
    if node["class"] == "CONSTANT":
        literals = {"STRING": "text", "INTEGER": "number", "NUMERIC": "number", "BOOLEAN": "yes or no"}
        return literals.get(node["literal"]["kind"])
    if node["class"] == "CAST":
        return CASTS.get(node["type_expr"]["type_name"].upper())
    if node["class"] == "FUNCTION":
        function = node["function_name"].lower()
        known = FUNCTIONS.get(function)
        if known is None and function in {"if", "nullif", "greatest", "least"}:
            values = _operands(node)[1:] if function == "if" else _operands(node)[:1]
            return next((kind for v in values if (kind := _kind(v, bound, concepts))), None)
        return known
    if node["class"] in {"COMPARISON", "CONJUNCTION", "BETWEEN"}:
        return "yes or no"
    if node["class"] == "CASE":
        values = [*(check["then_expr"] for check in node["case_checks"]), node["else_expr"]]
        return next((kind for v in values if (kind := _kind(v, bound, concepts))), None)
    if node["type"] == "OPERATOR_COALESCE":
        return next((kind for v in _operands(node) if (kind := _kind(v, bound, concepts))), None)
    return "yes or no" if node["type"].startswith(("OPERATOR_IS", "OPERATOR_NOT", "COMPARE")) else None


def _is_null(node: dict[str, Any]) -> bool:
    return node["class"] == "CONSTANT" and node["literal"]["kind"] == "NULL_LITERAL"


def _number(node: dict[str, Any]) -> float | None:
    """The number a constant holds, or None."""
    if node["class"] == "CONSTANT" and node["literal"]["kind"] in {"INTEGER", "NUMERIC"}:
        return float(node["literal"]["text"])
    return None


def _text_constants(node: dict[str, Any]) -> list[str]:
    """The text constants a node holds: itself, or those of a list."""
    if node["class"] == "CONSTANT":
        return [node["literal"]["text"]] if node["literal"]["kind"] == "STRING" else []
    if node["class"] == "FUNCTION" and node["function_name"] == "list_value":
        return [text for operand in _operands(node) for text in _text_constants(operand)]
    return []


def _unknown_codes(concept: Concept, codes: list[str]) -> list[str]:
    unknown = [code for code in codes if concept.codes and code not in concept.codes]
    return [f"{concept.name} has no code {code!r}{nearest(code, concept.codes)}" for code in unknown]


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name that looks most like this one."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (nearest: {close[0]})" if close else ""


def _is_date(text: str) -> bool:
    with suppress(ValueError):
        return bool(datetime.date.fromisoformat(text))
    return False


def _first_line(error: Exception) -> str:
    """DuckDB's own sentence without its drawing of the place."""
    return str(error).split("\n", 1)[0].removeprefix("Binder Error: ").strip()
