"""The Dagster project: what runs when. Nothing here computes; the library under `monitor/` does."""
