"""docs/tutorial.md, done as it stands there: from a file in an empty folder to figures of a release."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from monitor import cli
from monitor.storage.lake import connect

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_a_block_is_a_command_a_file_or_a_query() -> None:
    assert [kind for kind, _ in BLOCKS] == ["sh", "yaml", "yaml", "sh", "sh", "sql"]


def given(command: str) -> int:
    """A command of the page, as the terminal gives it."""
    program, *arguments = shlex.split(command)
    assert program == "monitor"
    return cli.main(arguments)


def written(text: str) -> None:
    """A file of the page, whose first line is its name, in place of the one that was proposed."""
    name, content = text.removeprefix("# ").split("\n", 1)
    file = Path(name)
    assert "todo" in file.read_text(encoding="utf-8"), "the proposal leaves it to a person"
    file.write_text(content, encoding="utf-8")


@pytest.mark.slow
def test_every_step_in_its_order(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MONITOR_HOME", "MONITOR_SURVEY"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(shared / "data" / "gustave_ict" / "ict_survey.csv", "answers.csv")
    found = pd.DataFrame()
    for kind, text in BLOCKS:
        if kind == "yaml":
            written(text)
        elif kind == "sh":
            for command in text.splitlines():
                assert given(command) == 0, capsys.readouterr().err
        else:
            with connect() as connection:
                *before, last = text.strip().rstrip(";").split(";")
                for statement in before:
                    connection.execute(statement)
                found = connection.execute(last).df()
    answers = pd.read_csv("answers.csv")
    shares = {
        "big_data_users": answers["w_calib"] @ answers["big_data"] / answers["w_calib"].sum(),
        "fast_firms": answers["w_calib"] @ (answers["speed_quanti"] > 100) / answers["w_calib"].sum(),
    }
    # A public number is rounded to what its standard error supports.
    assert dict(found.set_index("indicator")["estimate"]) == pytest.approx(shares, abs=1e-5)
