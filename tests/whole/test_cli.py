"""The command line: exit codes, streams, messages that say what to do, and no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor import cli

ROOT = Path(__file__).parents[2]
ECUADOR = str(ROOT / "tests" / "worlds" / "surveys" / "ecuador")


def run(*arguments: str, home: Path) -> int:
    return cli.main([*arguments, "--home", str(home)])


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for command in ("demo", "run", "check", "new-survey", "new-wave", "releases", "diff", "ui"):
        assert command in text


def test_an_unknown_command_is_a_mistake_in_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["publish"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_a_wave_that_is_not_declared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--survey", ECUADOR, "--wave", "2031", home=home) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "wave '2031' is not declared in ecuador" in shown.err
    assert "expected: one of 2014" in shown.err
    assert "do: declare waves/2031.yaml" in shown.err


def test_a_folder_that_is_no_survey(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--survey", str(tmp_path), home=home) == 2
    assert "not a survey folder" in capsys.readouterr().err


def test_a_delivery_under_a_name_that_the_wave_does_not_declare(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("1")
    assert run("run", "--survey", ECUADOR, "--wave", "2014", "--input", str(other), home=home) == 2
    assert "notes.txt: the file is none that wave 2014 declares" in capsys.readouterr().err
    assert not (home / "inbox").exists()


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--replace"]])
def test_another_file_of_a_delivery_s_name_is_not_replaced_unasked(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    place = home / "inbox" / "ecuador" / "2014" / "answers.sav"
    source = tmp_path / "answers.sav"
    command = ["run", "--survey", ECUADOR, "--wave", "2014", "--input", str(source), *more]
    source.write_bytes(b"no statistics file")
    assert run(*command, home=home) == 1, "it arrives, and cannot be read"
    capsys.readouterr()
    assert run(*command, home=home) == 1, "the very same file may come again"
    capsys.readouterr()
    source.write_bytes(b"another file")
    code = run(*command, home=home)
    shown = capsys.readouterr().err
    assert (code, place.read_bytes() == source.read_bytes()) == ((1, True) if more else (2, False))
    assert (f"{place}: another file of this name" in shown, "add --replace" in shown) == (not more, not more)


def test_replace_alone_replaces_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--survey", ECUADOR, "--wave", "2014", "--replace", home=home) == 2
    assert "--replace goes with --input" in capsys.readouterr().err


def test_a_delivery_that_is_not_there(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = str(tmp_path / "answers.sav")
    assert run("run", "--survey", ECUADOR, "--wave", "2014", "--input", absent, home=home) == 2
    assert "the delivery is not there" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["new-survey", "new-wave"])
def test_a_proposal_from_a_file_that_is_not_there(
    command: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, str(tmp_path / "folder"), "--from", str(tmp_path / "answers_2020.csv"), home=home) == 2
    assert "the delivery is not there" in capsys.readouterr().err
    assert not (tmp_path / "folder").exists()


def test_a_wave_without_delivery_stops(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--survey", ECUADOR, "--wave", "2014", home=home) == 1
    shown = capsys.readouterr().err
    assert "*.sav" in shown
    assert "Traceback" not in shown
    assert not (home / "releases").exists()


def test_problems_for_a_machine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("run", "--survey", ECUADOR, "--wave", "2031", "--json", home=home) == 2
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert problems[0]["found"] == "2031"
    assert problems[0]["do"]


def test_no_release_yet(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("releases", home=home) == 0
    assert "no release yet" in capsys.readouterr().out


def test_a_defect_is_no_traceback(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(folder: Path) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(cli, "load_survey", broken)
    assert run("run", "--survey", ECUADOR, home=home) == cli.DEFECT
    shown = capsys.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert "this is a defect, not your data" in shown.err
    assert "deep inside" in (home / "error.log").read_text()


def test_every_command_is_documented() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands: set[str] = set()
    for action in cli.parser()._actions:
        commands |= set(action.choices or ())
    assert commands
    for command in commands:
        assert f"monitor {command}" in readme


def test_a_broken_definition_names_file_and_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(ECUADOR, tmp_path / "survey"))
    file = folder / "waves" / "2014.yaml"
    file.write_text(file.read_text().replace("format: spss", "format: sps"))
    assert run("run", "--survey", str(folder), home=home) == 2
    assert "waves/2014.yaml:4:" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("after", ["2014 raw ", "2014 imputed "])
def test_an_interrupt_ends_the_whole_family_in_one_line(after: str, home: Path, shared: Path) -> None:
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    command = [sys.executable, "-m", "monitor", "run", "--survey", ECUADOR, "--wave", "2014", "--home", str(home)]
    process = subprocess.Popen(
        [*command, "--input", str(delivery)], cwd=ROOT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(after):
            break
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert error.splitlines()[-1] == "interrupted; the last good release is untouched"
    assert "Traceback" not in error
    assert not (home / "error.log").exists()
