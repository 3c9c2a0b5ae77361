"""What README.md and docs/ show can be done as it stands there, and what they name is there."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from monitor import cli

ROOT = Path(__file__).parents[2]
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
BLOCKS = [
    (page, kind, dedent(text))
    for page, words in PAGES.items()
    for kind, text in re.findall(r"```(\w*)\n(.*?)```", words, re.DOTALL)
]
COMMANDS = sorted(
    {
        command.strip()
        for _, kind, text in BLOCKS
        if kind == "sh"
        for line in text.splitlines()
        for command in line.split("#")[0].split("&&")
        if command.strip()
    }
)
RUN_ELSEWHERE = ("dask", "dg", "docker", "pip", "python", "sudo")
"""Programs of others: their commands are run by `test_deploy`, `test_deployment` (Dagster's) and `test_cluster`"""


def blocks(kind: str) -> list[str]:
    return [text for _, name, text in BLOCKS if name == kind]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_ones_there_are(command: str) -> None:
    program, *arguments = shlex.split(command)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(arguments) <= set(targets)
    elif program in RUN_ELSEWHERE:
        ours = [word for word in arguments if word.startswith("deploy/")]
        assert [word for word in ours if not (ROOT / word).exists()] == []
    elif program == "export":
        # What the store's client reads by itself.
        assert all(re.match(r"AWS_[A-Z_]+=.", word) for word in arguments)
    else:
        assert program == "monitor"
        cli.parser().parse_args(arguments)


def test_blocks_are_of_kinds_that_are_tried() -> None:
    """`sql` blocks are run on a release: README's on the demonstration's (`test_demonstration`), the tutorial's on its
    own (`test_tutorial`), how-to's from an address (`test_other_clients`)."""
    assert {kind for _, kind, _ in BLOCKS} <= {"", "sh", "sql", "python", "yaml"}


@pytest.mark.slow
def test_the_notebook_s_lines_run(demonstration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "monitor-home").symlink_to(demonstration)
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    scope: dict[str, object] = {}
    *lines, last = code.strip().splitlines()
    exec("\n".join(lines), scope)
    assert "size_band" in eval(last, scope).term.tolist()


def test_the_yaml_is_yaml() -> None:
    assert all(yaml.safe_load(text) for text in blocks("yaml"))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_it_names_is_there(page: str) -> None:
    """Paths from the project's root; those below `statistics/` and `stages/` from the package's."""
    named = re.findall(
        r"`((?:benchmarks|docs|expectations|monitor|pipelines|sql|statistics|tests)/[\w./-]*)`", PAGES[page]
    )
    missing = [name for name in named if not (ROOT / name).exists() and not (ROOT / "monitor" / name).exists()]
    assert missing == []


def test_every_page_is_led_to() -> None:
    """From README to each page of docs/, in its table or in a page that stands there."""
    readme = PAGES["README.md"]
    for page in PAGES:
        folder = f"{Path(page).parent.as_posix()}/"
        assert page == "README.md" or f"`{page}`" in readme or f"`{folder}`" in readme, page


def test_the_reference_is_what_code_and_contract_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "reference"))
    import write

    for page, make in write.PAGES.items():
        assert PAGES[f"docs/reference/{page}"] == make(), "write them again: make reference"
    sys.modules.pop("write")
