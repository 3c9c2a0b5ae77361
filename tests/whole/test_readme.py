"""What README.md shows can be done as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from monitor import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", re.sub(r"^ {3}", "", README, flags=re.MULTILINE), re.DOTALL)
COMMANDS = sorted(
    {line.split("#")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.strip()}
)


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_ones_there_are(command: str) -> None:
    program, *arguments = shlex.split(command)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(arguments) <= set(targets)
    else:
        assert program == "monitor"
        cli.parser().parse_args(arguments)


def test_the_notebook_s_lines_give_an_estimate_with_its_error() -> None:
    firms = pd.DataFrame(
        {
            "weight": np.repeat([2.0, 5.0], 10),
            "stratum": np.repeat(["a", "b"], 10),
            "population": np.repeat([20.0, 50.0], 10),
            "top_innovator": np.tile([0.0, 1.0], 10),
        }
    )
    scope: dict[str, object] = {"firms": firms}
    (code,) = blocks("python")
    *lines, last = code.strip().splitlines()
    exec("\n".join(lines), scope)
    estimate = eval(last, scope)
    assert estimate.estimate == pytest.approx(0.5)
    # Each stratum: (1 - n/N) s2/n with s2 = 0.25 * 10/9 and n = 10; weighted by its share of the population.
    variance = sum(share**2 * 0.5 * (0.25 * 10 / 9) / 10 for share in (2 / 7,)) + (5 / 7) ** 2 * 0.8 * (2.5 / 9) / 10
    assert estimate.se == pytest.approx(np.sqrt(variance))


def test_the_yaml_is_yaml() -> None:
    assert all(yaml.safe_load(text) for text in blocks("yaml"))


def test_every_benchmark_table_it_names_is_there() -> None:
    for name in re.findall(r"`(benchmarks/[\w.]+)`", README):
        assert (ROOT / name).exists(), name
