"""Writes the pages beside it from what they describe: the commands' own help, the loader's schema, the contract.

    python docs/reference/write.py

Belongs here: laying out. Does not belong here: any fact.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor import cli, contract
from monitor.contract import lake
from monitor.survey.schema import survey_schema

FOLDER = Path(__file__).parent
ANY = "*"
BOUNDS = {"minimum": "from", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}


def commands() -> str:
    """Every command with its arguments, from the parser."""
    lines = ["# Commands", "", "Messages go to stderr, results to stdout. Exit codes: `docs/how-to.md`.", ""]
    (choices,) = [a for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction)]
    told = {action.dest: action.help or "" for action in choices._choices_actions}
    for name, parser in choices.choices.items():
        lines += [f"## `monitor {name}`", "", f"{_sentence(told.get(name, ''))}", "", "| argument | |", "| --- | --- |"]
        for action in parser._actions:
            if not isinstance(action, argparse._HelpAction):
                shown = ", ".join(action.option_strings) or (action.metavar or action.dest)
                value = (
                    ""
                    if action.nargs == 0 or not action.option_strings
                    else f" {action.metavar or action.dest.upper()}"
                )
                lines.append(f"| `{shown}{value}` | {_cell(action.help)} |")
        lines.append("")
    return "\n".join(lines)


def survey() -> str:
    """Every key of survey.yaml, from the schema that the loader's own getters give."""
    lines = [
        "# survey.yaml",
        "",
        "What the loader accepts, key by key; `<name>` stands for a name of your own. `monitor schema` prints the same",
        "as a JSON Schema for an editor. What ties keys together is found when the folder is loaded.",
        "",
        "| key | must be there | holds |",
        "| --- | --- | --- |",
    ]
    for key, required, holds in _keys(survey_schema(), ""):
        lines.append(f"| `{key}` | {'yes' if required else ''} | {_cell(holds)} |")
    return "\n".join([*lines, ""])


def tables() -> str:
    """Every table of a release with its columns, and of the lake with its grain, from the contract."""
    lines = ["# Tables", "", "## Of a release", ""]
    for table in contract.TABLES:
        key = ", ".join(f"`{name}`" for name in table.key)
        lines += [
            f"### `{table.name}`",
            "",
            f"{_sentence(table.comment)} Key: {key}.",
            "",
            "| column | type | |",
            "| --- | --- | --- |",
        ]
        lines += [f"| `{c.name}` | {c.type} | {_cell(c.comment + _words(c.values))} |" for c in table.columns]
        lines.append("")
    lines += ["## Of the lake", "", "One Parquet file for each wave; the key tells rows apart within it.", ""]
    lines += ["| table | a row is | key |", "| --- | --- | --- |"]
    for kept in (*lake.WAVE_TABLES, *lake.SPANNING):
        lines.append(f"| `{kept.name}` | {_cell(kept.holds)} | {', '.join(f'`{name}`' for name in kept.key)} |")
    return "\n".join([*lines, ""])


def _keys(schema: Mapping[str, Any], before: str) -> Iterator[tuple[str, bool, str]]:
    for name, inner in _inside(schema):
        shown = f"{before}{'<name>' if name == ANY else name}"
        yield shown, name in schema.get("required", ()), _holds(inner)
        yield from _keys(_mapping(inner), f"{shown}.")


def _inside(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    other = schema.get("additionalProperties")
    named = list(schema.get("properties", {}).items())
    return [*named, (ANY, other)] if isinstance(other, Mapping) and other else named


def _mapping(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mapping a value may be, where it may be one."""
    return next((each for each in (schema, *schema.get("anyOf", ())) if _inside(each)), {})


def _holds(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_holds(each) for each in schema["anyOf"] if each.get("type") != "null"))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type")
    if "prefixItems" in schema:
        return "a list of " + " and ".join(_holds(each) for each in schema["prefixItems"])
    if kind == "array":
        return f"a list of {_holds(schema.get('items', {}))}"
    words = {
        "object": "keys",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "string": "text",
    }
    told = "text" if isinstance(kind, list) else words.get(str(kind), "anything")
    limits = [f"{sign} {schema[key]:g}" for key, sign in BOUNDS.items() if key in schema]
    return " ".join([told, *limits])


def _words(values: tuple[str, ...]) -> str:
    return f" One of {', '.join(f'`{value}`' for value in values)}." if values else ""


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def _cell(text: object) -> str:
    return str(text or "").replace("|", "\\|").replace("\n", " ")


PAGES = {"commands.md": commands, "survey.md": survey, "tables.md": tables}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (FOLDER / page).write_text(write(), encoding="utf-8")
        print(FOLDER / page, file=sys.stderr)
