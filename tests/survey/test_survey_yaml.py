"""Definitions that people, programs or somebody hostile hand over: read within limits, or a message with its line."""

from __future__ import annotations

import csv
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.problems import DefinitionError, Problem
from monitor.survey import load_survey
from monitor.survey.yaml_limits import LONGEST, MOST_BYTES, MOST_DEPTH, MOST_VALUES
from monitor.survey.yaml_lines import read

ROOT = Path(__file__).parents[2]
ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

HOSTILE = {
    # name: content, line of the message, words of the message
    "aliases that name aliases": (BOMB, 6, "larger or nested deeper"),
    "an anchor inside itself": ("a: 1\nb: &b\n  - x\n  - *b\n", 4, "*b stands inside what it names"),
    "a mapping inside itself": ("a: &a\n  b: {c: *a}\n", 2, "*a stands inside what it names"),
    "lists in lists": ("a: 1\nb: " + "[" * 5000 + "]" * 5000 + "\n", 2, "larger or nested deeper"),
    "mappings in mappings": ("a: " + "{a: " * 5000 + "}" * 5000, 1, "larger or nested deeper"),
    "indented without end": ("".join(" " * i + "a:\n" for i in range(3000)), MOST_DEPTH + 1, "larger or nested deeper"),
    "lists that are never closed": ("a: 1\nb: " + "[" * 100_000, 2, "larger or nested deeper"),
    "a value without end": ("a: 1\nb: " + "x" * (LONGEST + 1), 2, "larger or nested deeper"),
    "a number without end": ("a: 1\nb: 1" + ":1" * LONGEST, 2, "larger or nested deeper"),
    "more values than a definition has": ("a:\n" + "- x\n" * (MOST_VALUES + 1), MOST_VALUES - 1, "larger or nested"),
    "more bytes than a definition has": ("#" * (MOST_BYTES + 1), None, "larger or nested deeper"),
    "a NUL": ("a: 1\nb: x\0y\n", 2, "a character that no text holds"),
    "a bell": ("a: 1\n\nb: \x07\n", 3, "a character that no text holds"),
    "a NUL as an escape": ('a: 1\nb: "x\\0y"\n', 2, "a character that no text holds"),
    "a control character as an escape": ('a: 1\nb: "x\\u0008y"\n', 2, "a character that no text holds"),
    "half of a pair as an escape": ('a: 1\nb: "\\ud800"\n', 2, "not valid YAML"),
    "another encoding": ("a: 1\nb: café\n".encode("latin-1"), 2, "not UTF-8"),
    "two bytes to a letter": ("a: 1\n".encode("utf-16"), 1, "not UTF-8"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' twice"),
    "a key twice, deep down": ("a:\n- {b: 1, c: 2}\n- {b: 1,\n   b: 2}\n", 4, "the key 'b' twice"),
    "a key that is a list": ("a: 1\n? [b, c]\n: 2\n", 2, "a key is no text"),
    "a key that is an alias": ("a: &a x\nb: {*a : 2}\n", 2, "a key is no text"),
    "two documents": ("a: 1\n---\na: 2\n", 2, "not valid YAML"),
    "an alias of nothing": ("a: *b\n", 1, "not valid YAML"),
    "a tag of another language": ("a: !!python/object/apply:os.system [ls]\n- b", 2, "not valid YAML"),
    "nothing": ("", 1, "holds no mapping"),
    "a list": ("- a\n", 1, "holds no mapping"),
}


def told(path: Path) -> list[Problem]:
    return read(path, "survey.yaml")[0].problems


@pytest.mark.parametrize("case", HOSTILE)
def test_one_message_with_its_line(tmp_path: Path, case: str) -> None:
    content, line, words = HOSTILE[case]
    path = tmp_path / "survey.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.perf_counter()
    (problem,) = told(path)
    assert time.perf_counter() - began < 20
    assert (problem.file, problem.line) == ("survey.yaml", line), problem.render()
    assert words in problem.what
    assert problem.do
    assert len(problem.render()) < 1000


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (problem,) = told(tmp_path)
    assert problem.what == "this is no file"


def test_aliases_within_reason_stay_usable(tmp_path: Path) -> None:
    path = tmp_path / "survey.yaml"
    path.write_text('yes_no: &yes_no {"1": "true", "2": "false"}\na: {codes: *yes_no}\nb: {codes: *yes_no}\n')
    report, top = read(path, "survey.yaml")
    assert report.problems == []
    assert top is not None
    sections = [top.section(name) for name in ("a", "b")]
    assert [s.mapping("codes") for s in sections if s] == [{"1": "true", "2": "false"}] * 2


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", "1e999", "9" * 400, "!!bool perhaps", "!!int ''"])
def test_a_number_is_a_number(tmp_path: Path, value: str) -> None:
    path = tmp_path / "survey.yaml"
    path.write_text(f"a: 1\nseed: {value}\n")
    report, top = read(path, "survey.yaml")
    assert top is not None
    assert top.number("seed", least=0) == 0
    assert [(p.line, "seed is not usable" in p.what) for p in report.problems] == [(2, True)]


FILES = ("survey.yaml", "waves/2014.yaml", "claims.yaml", "rules.yaml")


@pytest.mark.parametrize("file", FILES)
def test_every_file_of_a_survey_folder_is_read_within_limits(tmp_path: Path, file: str) -> None:
    folder = Path(shutil.copytree(ECUADOR, tmp_path / "survey"))
    (folder / file).write_text(BOMB)
    with pytest.raises(DefinitionError) as caught:
        load_survey(folder)
    assert [(p.file, p.line) for p in caught.value.problems] == [(file, 6)]


def test_a_bomb_needs_no_memory(tmp_path: Path) -> None:
    """In a process of its own that may hold little: what grew would end it."""
    (tmp_path / "survey.yaml").write_text(BOMB)
    program = (
        "import sys; from pathlib import Path; from monitor.survey.yaml_lines import read\n"
        "print(read(Path(sys.argv[1]), 'survey.yaml')[0].problems[0].line)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "survey.yaml")], cwd=ROOT, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30)), timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "6", done.stderr


LISTS = {
    "another encoding": ("café\n".encode("latin-1"), 2, "not UTF-8"),
    "a NUL": (b"a\0,b,c,d\n", 2, "a character that no text holds"),
    "a value without end": (b"x" * 200_000 + b",b,c,d\n", 2, "cannot be read as comma-separated"),
}


@pytest.fixture(params=[131_072, 2**30], ids=["as it is", "lifted by another package"])
def lifted(request: pytest.FixtureRequest) -> Iterator[None]:
    """The process's limit on one value of a CSV file."""
    before = csv.field_size_limit(request.param)
    yield
    csv.field_size_limit(before)


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("file", ["register/initiatives.csv", "margins/2014.csv"])
def test_a_list_that_cannot_be_read(tmp_path: Path, file: str, case: str, lifted: None) -> None:
    content, line, words = LISTS[case]
    folder = Path(shutil.copytree(ECUADOR, tmp_path / "survey"))
    header = "wave,code,kind,name_nl,name_en,source"
    if file.startswith("margins"):
        header = "variables,categories,total,counts,source,date"
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(f"{header}\n".encode() + content)
    with pytest.raises(DefinitionError) as caught:
        load_survey(folder)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (file, line)
    assert words in problem.what
