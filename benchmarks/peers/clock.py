"""Wall and processor seconds of a block, and the peak memory of the process."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from types import TracebackType


def peak_kilobytes() -> int:
    """The peak memory of this process. Linux's rusage would count its parent's, from before it became this program."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Clock:
    """`with Clock() as clock: ...; clock.report(figure=...)` prints one line of JSON."""

    def __enter__(self) -> Clock:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu

    def report(self, **figures: float) -> None:
        """Print seconds, peak memory and figures."""
        peak = peak_kilobytes() / 1024
        shown = {name: float(f"{value:.7g}") for name, value in figures.items()}
        print(json.dumps({"wall": round(self.wall, 4), "cpu": round(self.cpu, 4), "peak_mb": round(peak), **shown}))
