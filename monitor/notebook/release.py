"""A release as a notebook opens it.

Belongs here: finding a release's two databases, reading their tables. Does not belong here: estimating (`design`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.problems import MonitorError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from monitor.notebook.design import SurveyDesign

PUBLIC, SECURE = Path("public", "monitor.duckdb"), Path("secure", "microdata.duckdb")


@dataclass(frozen=True)
class Release:
    """A published release: its public tables by name, and its firms for those who may read them."""

    path: Path

    def __repr__(self) -> str:
        return f"Release({str(self.path)!r}: {', '.join(self.tables)})"

    @property
    def tables(self) -> list[str]:
        """The names of the public tables and views."""
        found = self.sql("SELECT table_name FROM information_schema.tables ORDER BY table_name")
        return [str(name) for name in found["table_name"]]

    def table(self, name: str) -> pd.DataFrame:
        """A public table or view; `table("readme")` says what there is and where to begin."""
        from monitor.storage.lake import quoted

        if name not in self.tables:
            raise MonitorError(
                Problem(f"the release has no table {name}", str(self.path / PUBLIC), expected=", ".join(self.tables))
            )
        return self.sql(f"FROM {quoted(name)}")

    def sql(self, query: str) -> pd.DataFrame:
        """What a query over the public tables gives."""
        from monitor.storage.lake import connect

        with connect(required(self.path, PUBLIC), read_only=True) as connection:
            return connection.execute(query).df()

    def design(self, wave: str | None = None) -> SurveyDesign:
        """The firms of a wave, or of all of them (`SurveyDesign.from_release`)."""
        from monitor.notebook.design import SurveyDesign

        return SurveyDesign.from_release(self.path, wave)


def read_release(path: Path | str) -> Release:
    """Open a release: the folder that `monitor releases` lists, or `latest` beside it.

    MonitorError where there is no release.
    """
    folder = Path(path)
    required(folder, PUBLIC)
    return Release(folder)


def required(folder: Path, database: Path) -> Path:
    """The path of a database of a release; MonitorError where it is not there or may not be read."""
    file = folder / database
    try:
        with file.open("rb"):
            return file
    except PermissionError:
        found, do = "a file that you may not read", "ask the keeper of the home, or work with the public tables"
    except OSError:
        found, do = "no such file", "name the folder of a release: <home>/releases/<survey>/latest"
    raise MonitorError(Problem("this is no release that can be read", str(file), found=found, do=do))
