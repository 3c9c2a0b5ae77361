"""The names that `from monitor import …` offers, found when they are asked for.

Belongs here: which name stands in which module. Loading them all would cost every command pandas and DuckDB.
"""

from __future__ import annotations

from importlib import import_module

NAMES = {"read_release": "monitor.notebook.release", "SurveyDesign": "monitor.notebook.design"}


def __getattr__(name: str) -> object:
    """What a module does not hold itself is asked of this (PEP 562)."""
    if name in NAMES:
        return getattr(import_module(NAMES[name]), name)
    raise AttributeError(f"module 'monitor' has no attribute {name!r}")
