"""A home of version 0.1.0 that does not say its shape yet is recognised, refused where it must be, and brought up to
date by running its waves again. What such a home holds was written down from one (`tests/golden/homes`)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import ecuador
import pytest
from terminal import monitor

from monitor.problems import WaveStopped
from monitor.storage import homes
from monitor.storage.lake import Lake, connect, literal, quoted
from monitor.survey import load_survey
from pipelines.promise import promised_waves
from pipelines.tables import WAVE_TABLES

LISTED = Path(__file__).parents[1] / "golden" / "homes" / "older.json"


@pytest.fixture
def older(home: Path) -> Path:
    """Such a home, its tables without a row."""
    for name, told in json.loads(LISTED.read_text(encoding="utf-8")).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(told, str):
            (home / name).write_text(told, encoding="utf-8")
            continue
        columns = ", ".join(f"NULL::{kind} AS {quoted(column)}" for column, kind in told.items())
        with connect() as connection:
            connection.execute(f"COPY (SELECT {columns} WHERE false) TO {literal(str(home / name))} (FORMAT parquet)")
    return home


def tree(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_it_is_recognised_and_no_release_is_made_from_it_unseen(older: Path, tmp_path: Path) -> None:
    before = tree(older)
    assert homes.MARK not in before
    shown = monitor("status", "--home", older)
    assert shown.returncode == 0
    assert "whole: 2014" in shown.stdout
    assert tree(older) == before, "looking changes nothing"
    survey = load_survey(ecuador.short(tmp_path))
    with pytest.raises(WaveStopped) as stopped:
        promised_waves(Lake(older, "ecuador"), survey, "estimated", WAVE_TABLES)
    (problem,) = stopped.value.problems
    assert problem.what.startswith("no release is made")
    assert problem.do == "run wave 2014 of ecuador again; the last good release stays"


@pytest.mark.slow
def test_its_waves_run_again_make_it_one_of_this_version(older: Path, tmp_path: Path, shared: Path) -> None:
    delivery = tmp_path / "ENAIsam_labelled.sav"
    shutil.copy(shared / "data" / "ecuador_sample" / delivery.name, delivery)
    command = ("run", "--survey", ecuador.short(tmp_path), "--wave", "2014", "--input", delivery, "--home", older)
    done = monitor(*command)
    assert done.returncode == 0, done.stderr
    assert (older / homes.MARK).read_text() == f"{homes.SHAPE}\n"
    lake = Lake(older, "ecuador")
    assert lake.holes("2014") == {}
    assert lake.rows("staged_answers", "2014") > 0
    assert monitor("verify", "--home", older).returncode == 0
