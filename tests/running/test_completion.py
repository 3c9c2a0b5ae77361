"""The shell completes what the parser knows, as a real shell asks for it."""

from __future__ import annotations

import subprocess

import pytest

from monitor import cli
from monitor.running.completion import completion


def completed(*words: str) -> list[str]:
    """What bash proposes after these words; the last is what was typed of the next one."""
    typed = " ".join(f"'{word}'" for word in words)
    asks = f'COMP_WORDS=(monitor {typed}); COMP_CWORD={len(words)}; _monitor; printf "%s\\n" "${{COMPREPLY[@]}}"'
    script = completion(cli.parser(), "bash") + asks
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_commands_are_completed() -> None:
    assert completed("re") == ["releases", "restore"]
    assert {"run", "status", "verify"} <= set(completed(""))


def test_a_command_s_options_are_completed() -> None:
    assert completed("run", "--in") == ["--input"]
    assert completed("ui", "--read") == ["--read-only"]
    assert completed("releases", "--input") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_told_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == 0
    told = capsys.readouterr().out
    (commands,) = [action.choices for action in cli.parser()._actions if action.choices]
    assert all(name in told for name in commands)
    assert "passports" in told
