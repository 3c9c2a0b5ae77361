"""The second process: same answers, errors that arrive whole, and no process left behind."""

from __future__ import annotations

import math
import operator
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from monitor.running import beside

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, body: str, functions: str = "") -> subprocess.Popen[str]:
    """A program of its own that has a second process; spawning needs a file that can be imported."""
    program = tmp_path / "program.py"
    opening = "import math, operator, os, signal, time\nfrom monitor.running import beside\nfrom pathlib import Path\n"
    program.write_text(
        opening
        + functions
        + "if __name__ == '__main__':\n    beside.start(['math'])\n"
        + textwrap.indent(textwrap.dedent(body), "    "),
        encoding="utf-8",
    )
    return subprocess.Popen(
        [sys.executable, str(program)], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def printed(tmp_path: Path, body: str, functions: str = "") -> list[str]:
    out, error = (process := run(tmp_path, body, functions)).communicate(timeout=60)
    assert process.returncode == 0, error
    assert error == ""
    return out.splitlines()


def gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def test_without_a_second_process_the_work_is_done_here() -> None:
    assert beside.begin(os.getpid)() == os.getpid()
    assert beside.share(math.ldexp, 3.0, [0, 1, 2]) == [3.0, 6.0, 12.0]
    with pytest.raises(ZeroDivisionError):
        beside.share(operator.truediv, 1, [1, 0])


def test_work_is_done_beside_and_shared_in_order(tmp_path: Path) -> None:
    lines = printed(
        tmp_path,
        """
        print(beside.begin(os.getpid)() != os.getpid())
        print(beside.share(math.ldexp, 3.0, list(range(200))) == [math.ldexp(3.0, i) for i in range(200)])
        print(beside.share(math.ldexp, 3.0, []))
        """,
    )
    assert lines == ["True", "True", "[]"]


def test_a_work_is_what_it_was_when_it_was_handed_over(tmp_path: Path) -> None:
    lines = printed(
        tmp_path,
        """
        first = beside.begin(time.sleep, 0.5)
        numbers = {number: number for number in range(3)}
        works = [beside.begin(len, numbers) for _ in range(5)]
        for number in range(100_000):
            numbers[-number] = number
        first()
        print([work() for work in works])
        """,
    )
    assert lines == ["[3, 3, 3, 3, 3]"]


def test_errors_arrive_whole_and_the_next_work_is_not_disturbed(tmp_path: Path) -> None:
    lines = printed(
        tmp_path,
        """
        from monitor.problems import DefinitionError
        from monitor.survey import load_survey
        try:
            beside.begin(load_survey, Path("nowhere"))()
        except DefinitionError as error:
            print(len(error.problems), error.problems[0].what in str(error), error.exit_code)
        try:
            beside.begin(operator.truediv, 1, 0)()
        except ZeroDivisionError as error:
            print("Traceback" in str(error.__cause__))
        try:
            beside.share(operator.truediv, 1, [1, 2, 3, 0])
        except ZeroDivisionError:
            print("shared")
        first = beside.begin(operator.add, 1, 1)
        print(beside.begin(operator.add, 2, 2)(), first())
        """,
    )
    assert lines == ["1 True 2", "True", "shared", "4 2"]


@pytest.mark.parametrize("when", ["before", "in the middle"])
def test_without_a_killed_second_process_the_first_goes_on(tmp_path: Path, when: str) -> None:
    lines = printed(
        tmp_path,
        f"""
        import logging
        from threading import Timer
        logging.getLogger("monitor").addHandler(logging.NullHandler())
        other = beside.begin(os.getpid)()
        if {when == "before"}:
            os.kill(other, signal.SIGKILL)
        else:
            Timer(0.5, os.kill, (other, signal.SIGKILL)).start()
        print(beside.begin(time.sleep, 1)())
        print(beside.share(math.ldexp, 3.0, [0, 1, 2, 3]))
        print(beside.begin(os.getpid)() == os.getpid())
        """,
    )
    assert lines == ["None", "[3.0, 6.0, 12.0, 24.0]", "True"]


def test_a_second_process_killed_while_it_shares_loses_nothing(tmp_path: Path) -> None:
    lines = printed(
        tmp_path,
        """
        import logging
        from threading import Timer
        logging.getLogger("monitor").addHandler(logging.NullHandler())
        other = beside.begin(os.getpid)()
        Timer(0.3, os.kill, (other, signal.SIGKILL)).start()
        print(beside.share(slow, 1.0, list(range(40))) == [1.0 * 2**i for i in range(40)])
        """,
        "def slow(common, item):\n    time.sleep(0.03)\n    return math.ldexp(common, item)\n",
    )
    assert lines == ["True"]


@pytest.mark.parametrize("work", ["time.sleep(60)", "beside.begin(time.sleep, 60)()"])
def test_the_second_process_ends_with_a_killed_first(tmp_path: Path, work: str) -> None:
    process = run(tmp_path, f"print(beside.begin(os.getpid)(), flush=True)\n{work}\n")
    assert process.stdout is not None
    other = int(process.stdout.readline())
    assert not gone(other)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    until = time.monotonic() + 10
    while not gone(other) and time.monotonic() < until:
        time.sleep(0.05)
    assert gone(other)
    assert process.communicate()[1] == ""
