"""What Dagster loads: every survey under `defs/`."""

from pathlib import Path

import dagster as dg

from pipelines.definitions import deployment


@dg.definitions
def defs() -> dg.Definitions:
    """All surveys of this deployment."""
    return deployment(Path(__file__).parent)
