"""What a declaration becomes as SQL is what stands under tests/golden/sql, where a reader finds it whole.

After a change that is meant, `python tests/worlds/finished_sql.py` writes the texts anew.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from finished_sql import GOLDEN, STAGES, finished

BUILDING = {file.parent.name for file in (Path(__file__).parents[2] / "monitor" / "stages").glob("*/query.py")}


@pytest.mark.parametrize("stage", STAGES)
def test_the_finished_sql_is_the_one_that_was_read(stage: str, tmp_path: Path) -> None:
    assert finished(stage, tmp_path) == (GOLDEN / f"{stage}.sql").read_text(encoding="utf-8")


def test_every_stage_that_builds_sql_has_its_text() -> None:
    assert BUILDING == set(STAGES) == {file.stem for file in GOLDEN.glob("*.sql")}


@pytest.mark.parametrize("stage", STAGES)
def test_the_finished_sql_is_select_after_select_without_a_sign_that_cannot_be_seen(stage: str) -> None:
    text = (GOLDEN / f"{stage}.sql").read_text(encoding="utf-8")
    kinds = {statement.type for statement in duckdb.extract_statements(text)}
    assert kinds == {duckdb.StatementType.SELECT}
    assert [sign for sign in text if ord(sign) < 32 and sign != "\n"] == []
