"""Ecuador's survey, and a shorter form of it for tests of how a run goes. Not here: what is estimated of it."""

from __future__ import annotations

import shutil
from pathlib import Path

DEFINITION = Path(__file__).parent / "surveys" / "ecuador"
DOMAINS = "domains: [size_band, sector, province]"
SHORT = "domains: [size_band, sector]"


def short(folder: Path) -> Path:
    """A copy of the definition that tells no figure by province. To protect those is most of a run's time, thousands of
    linear programmes, and says nothing of processes, files and folders."""
    target = folder / "ecuador"
    shutil.copytree(DEFINITION, target)
    declared = (target / "survey.yaml").read_text(encoding="utf-8")
    assert declared.count(DOMAINS) == 1
    (target / "survey.yaml").write_text(declared.replace(DOMAINS, SHORT), encoding="utf-8")
    return target
