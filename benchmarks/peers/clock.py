"""Wall and processor seconds of a block, and the peak memory of the process."""

from __future__ import annotations

import json
import resource
import time
from types import TracebackType


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
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        shown = {name: float(f"{value:.7g}") for name, value in figures.items()}
        print(json.dumps({"wall": round(self.wall, 4), "cpu": round(self.cpu, 4), "peak_mb": round(peak), **shown}))
