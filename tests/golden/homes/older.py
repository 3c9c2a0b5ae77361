"""What a home looked like before it said its shape: its tables without a row, and what its records say.

    python tests/golden/homes/older.py HOME > tests/golden/homes/older.json

HOME was made by commit 29b2929 of 2026-11-27, version 0.1.0, the last whose homes do not say their shape:

    git archive 29b2929 | tar x -C OLD && cd OLD
    python -m monitor run --survey tests/worlds/surveys/ecuador --wave 2014 --input ENAIsam_labelled.sav --home HOME

(`domains: [size_band, sector]` in its survey.yaml.) A clone of the last commit alone cannot make it again, and answers
of real firms stay where they are published: a table stands here by its columns, what is in `whole/` by its text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb


def listed(home: Path) -> dict[str, str | dict[str, str]]:
    """Table -> its columns with their types, and record -> its text; releases, key, deliveries and history left out."""
    found: dict[str, str | dict[str, str]] = {}
    for file in sorted((home / "lake").rglob("*")):
        name = file.relative_to(home).as_posix()
        if file.parent.name == "whole":
            found[name] = file.read_text(encoding="utf-8")
        elif file.suffix == ".parquet":
            described = duckdb.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(file)]).fetchall()
            found[name] = {str(column): str(kind) for column, kind, *_ in described}
    return found


if __name__ == "__main__":
    print(json.dumps(listed(Path(sys.argv[1])), indent=1))
