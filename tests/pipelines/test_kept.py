"""Nothing is made twice: what rests on nothing that changed stands, and all is what is made afresh."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd
import pytest
import short_demonstration

from monitor.running import kept
from monitor.stages import disclosed, modelled
from monitor.stages.released import public_tables
from monitor.storage.lake import ALL_WAVES, LINES, Lake, fingerprint
from monitor.storage.publish import releases
from monitor.storage.release_folders import manifest
from monitor.survey import Survey, load_survey
from monitor.survey.content import content_hash
from monitor.survey.seen import OF_FIGURES, seen_by, without_words
from monitor.survey.text import inner, is_text
from monitor.synthetic import deliveries
from monitor.wording.later import has_mark
from pipelines.command import run_waves
from pipelines.kept import Unit
from pipelines.recompute import recompute

pytestmark = pytest.mark.slow

WAVES = short_demonstration.WAVES
LABEL = "en: Top innovator\n"
AMOUNT = "turnover_share_new_to_market / 100"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short_demonstration.definition(tmp_path_factory.mktemp("definition"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A home with a release of two waves; tests work on copies of it."""
    home = tmp_path_factory.mktemp("made") / "home"
    inbox = home / "inbox" / folder.name
    deliveries(inbox)
    shutil.rmtree(inbox / "2017")
    run_waves(folder, home, WAVES)
    return home


@pytest.fixture
def home(tmp_path: Path, made: Path) -> Path:
    """A copy of that home."""
    shutil.copytree(made, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def changed(folder: Path, place: Path, old: str, new: str) -> Path:
    """Another folder with one change in its survey.yaml."""
    target = place / folder.name
    shutil.copytree(folder, target)
    text = (target / "survey.yaml").read_text(encoding="utf-8")
    assert old in text
    (target / "survey.yaml").write_text(text.replace(old, new), encoding="utf-8")
    return target


def run(caplog: pytest.LogCaptureFixture, folder: Path, home: Path) -> list[str]:
    """Run both waves; returns the stages that were made, `2018 modelled`."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "monitor"):
        run_waves(folder, home, WAVES)
    lines = [record.getMessage() for record in caplog.records]
    return [found[1] for line in lines if (found := re.fullmatch(r"(\S+ \w+) \d+\.\d s", line))]


def content(home: Path, folder: Path) -> str:
    manifest = (home / "releases" / folder.name / "latest" / "manifest.json").read_text(encoding="utf-8")
    return str(json.loads(manifest)["content_hash"])


def test_where_nothing_changed_nothing_runs(caplog: pytest.LogCaptureFixture, folder: Path, home: Path) -> None:
    before = content(home, folder)
    assert run(caplog, folder, home) == []
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [folder.name]
    assert content(home, folder) == before


def test_the_inbox_is_looked_at_where_something_else_lies_there(
    caplog: pytest.LogCaptureFixture, folder: Path, home: Path
) -> None:
    """Of that wave: a file that no role has changes nothing but the look."""
    (home / "inbox" / folder.name / "2019" / "read_me.txt").write_text("Thank you.", encoding="utf-8")
    assert run(caplog, folder, home) == ["2019 raw"]
    assert len(list((home / "releases" / folder.name).glob("r*"))) == 1


def test_after_a_changed_label_all_figures_stand(
    caplog: pytest.LogCaptureFixture, folder: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what the attack on them came to: two releases of the same figures tell no more than one."""
    other = changed(folder, tmp_path, LABEL, "en: Leader\n")
    with monkeypatch.context() as patched:
        patched.setattr("monitor.attack.attack", None)
        assert run(caplog, other, home) == ["all released"]
    first, second = (manifest(release) for release in releases(home / "releases" / folder.name))
    assert first["figures_hash"] == second["figures_hash"]
    assert first["content_hash"] != second["content_hash"]
    assert {Lake(home, folder.name).record(w).definition for w in WAVES} == {load_survey(other).definition_hash}
    again = recompute(other, home)
    assert (again.problems, again.release[:5], again.tables > 100) == ((), "r0002", True)
    assert "Leader" in (home / "releases" / folder.name / "latest/public/report/en/index.html").read_text()


def holding(folder: Path, name: bytes) -> Path:
    """The one kept answer in which something of this name stands."""
    (found,) = (path for path in folder.iterdir() if name in path.read_bytes())
    return found


def test_fits_are_kept_and_made_again_where_they_are_damaged(
    caplog: pytest.LogCaptureFixture, folder: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A headline's measure changed: what models and claims come to stands as a whole, and where that was cut short each
    fit does, but for one that was cut short too."""
    other = changed(folder, tmp_path, AMOUNT, f"{AMOUNT} + 1")
    lake = Lake(home, folder.name)
    decided = {wave: holding(lake.kept(wave), b"Decided") for wave in ("2018", "2019")}
    cut, whole = sorted({*lake.kept("2019").iterdir()} - {decided["2019"]})[:2]
    for path in (cut, decided["2019"]):
        path.write_bytes(path.read_bytes()[:-1])
    assert whole.stat().st_mode & 0o077 == 0
    written, write = [], kept._write
    with monkeypatch.context() as patched:
        patched.setattr(kept, "_write", lambda path, answer: (written.append(path), write(path, answer)))
        stages = run(caplog, other, home)
    assert {cut, decided["2019"]} <= set(written)
    assert {whole, decided["2018"]}.isdisjoint(written)
    assert whole.exists()
    assert len(list(lake.kept("2018").iterdir())) > 2, "its fits stand as long as what was made of them"
    lines = {path for path in written if path.parent == lake.kept("2018", LINES)}
    assert 0 < len(lines) < len(list(lake.kept("2018", LINES).iterdir())) / 2, "no other indicator's lines are made"
    assert {stage.partition(" ")[2] for stage in stages}.isdisjoint({"staged", "validated", "imputed", "weighted"})
    assert recompute(other, home).problems == ()


def test_after_a_changed_measure_its_stages_are_made_and_come_to_the_same(
    caplog: pytest.LogCaptureFixture, folder: Path, home: Path, tmp_path: Path
) -> None:
    """But for a table that somebody changed, and its record with it."""
    other = changed(folder, tmp_path, AMOUNT, f"{AMOUNT} + 1")
    assert {"2018 derived", "2019 estimated", "all disclosed"} <= set(run(caplog, other, home))
    lake, table = Lake(home, folder.name), "imputed_diagnostics"
    before = fingerprint(lake.path(table, "2018"))
    lake.write(table, "2018", lake.read(table, "2018").head(1))
    mark = lake.folder / "whole" / "2018"
    mark.write_text(mark.read_text(encoding="utf-8").replace(before, fingerprint(lake.path(table, "2018"))))
    (problem,) = recompute(other, home).problems
    assert problem.what == "imputed_diagnostics of wave 2018 comes out otherwise when it is made afresh"
    assert problem.expected == f"SHA-256 {before}"


def test_a_wave_knows_of_none_after_it(folder: Path, made: Path, tmp_path: Path) -> None:
    """What is not declared yet changes nothing of it: its tables are the same to the last byte."""
    survey = load_survey(folder)
    assert list(seen_by(survey, "modelled", "2018").waves) == ["2018"]
    assert remade(made, tmp_path, survey, "2018") == tables(made, survey, "2018")


def test_stages_of_figures_hold_no_word_of_the_definition(folder: Path, made: Path, tmp_path: Path) -> None:
    """With every text replaced, and no folder to look into, their tables, and the records they begin with, are the same
    to the last byte."""
    survey = load_survey(folder)
    other = replace(in_other_words(survey, Survey), folder=tmp_path / "nowhere")
    assert other.measures["top_innovator"].label["en"] == "?"
    assert content_hash(without_words(other)) == content_hash(without_words(survey))
    assert content_hash(other) != content_hash(survey)
    stages = ("raw", *OF_FIGURES)
    assert remade(made, tmp_path, other, "2019", stages) == tables(made, survey, "2019", stages)


def test_words_are_put_in_as_stages_would_have_written_them(folder: Path, made: Path, tmp_path: Path) -> None:
    """Models and disclosure given the words themselves come to the same public tables."""
    survey, home = load_survey(folder), tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    shutil.rmtree(home / "releases")
    lake = Lake(home, survey.name)
    for wave in WAVES:
        modelled.run(lake, survey, survey.waves[wave])
    modelled.run_all(lake, survey, WAVES)
    disclosed.run_all(lake, survey, WAVES)
    told = lake.read("disclosed_indicators", ALL_WAVES)["indicator_en"]
    assert not any(has_mark(text) for text in told)
    wanted = public_tables(Lake(made, survey.name), survey, WAVES)
    for name, table in public_tables(lake, survey, WAVES).items():
        pd.testing.assert_frame_equal(table, wanted[name], check_exact=True, obj=name)


def test_models_find_no_measure_that_they_do_not_see(folder: Path, made: Path, tmp_path: Path) -> None:
    """Whatever the tables hold of the others."""
    survey, home = load_survey(folder), tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    lake, seen = Lake(home, survey.name), seen_by(survey, "modelled", "2019")
    unseen = [name for name in survey.measures if name not in seen.measures]
    derived, lines = lake.read("derived_measures", "2019"), lake.read("estimated_indicators", "2019")
    assert len(unseen) > 5
    unit = Unit(lake, survey, "modelled", "2019", ["2019"])
    lake.write("derived_measures", "2019", derived)
    lake.write("estimated_indicators", "2019", lines)
    before = unit.key()
    lake.write("derived_measures", "2019", derived.assign(**{n: derived[n].iloc[::-1].to_numpy() for n in unseen}))
    lake.write("estimated_indicators", "2019", lines[lines["indicator"].isin(seen.indicators)])
    assert unit.key() == before
    assert remade(home, tmp_path, survey, "2019", ["modelled"]) == tables(made, survey, "2019", ["modelled"])
    # One of them has the name of an indicator that is not seen.
    alike = [name for name in seen.measures if name in survey.indicators and name not in seen.indicators]
    assert alike
    for name in ("cooperates", alike[0]):
        lake.write("derived_measures", "2019", derived.assign(**{name: derived[name].iloc[::-1].to_numpy()}))
        assert unit.key() != before, name


def test_lines_do_not_count_and_what_is_declared_does(folder: Path, tmp_path: Path) -> None:
    survey = load_survey(folder)
    moved = load_survey(changed(folder, tmp_path / "moved", "bases:", "# A remark.\n\nbases:"))
    assert content_hash(moved) == content_hash(survey)
    other = load_survey(changed(folder, tmp_path / "other", "> 40", "> 41"))
    assert content_hash(other) != content_hash(survey)


def test_a_table_that_is_not_the_stages_own_is_made_again(
    caplog: pytest.LogCaptureFixture, folder: Path, home: Path
) -> None:
    before = content(home, folder)
    lake = Lake(home, folder.name)
    lake.write("weighted_weights", "2019", lake.read("weighted_weights", "2019").assign(weight=1.0))
    stages = run(caplog, folder, home)
    assert "2019 weighted" in stages
    assert "2018 raw" not in stages
    assert content(home, folder) == before


def test_a_release_that_came_between_is_looked_at(folder: Path, home: Path) -> None:
    survey = load_survey(folder)
    told = Unit(Lake(home, survey.name), survey, "disclosed", ALL_WAVES, WAVES)
    assert told.standing()
    between = home / "releases" / survey.name / "r0002-aaaaaaaaaaaa"
    between.mkdir()
    (between / "manifest.json").write_text(json.dumps({"release_id": between.name, "files": {}}), encoding="utf-8")
    assert told.standing() is None


def remade(made: Path, place: Path, survey: Survey, wave: str, stages: Sequence[str] = OF_FIGURES) -> Any:
    """The tables of a wave's stages, made again in a copy of a home."""
    home = place / "remade"
    shutil.copytree(made, home, symlinks=True)
    lake = Lake(home, survey.name)
    for stage in stages:
        seen = seen_by(survey, stage, wave)
        import_module(f"monitor.stages.{stage}").run(lake, seen, seen.waves[wave])
    return tables(home, survey, wave, stages)


def tables(home: Path, survey: Survey, wave: str, stages: Sequence[str] = OF_FIGURES) -> Mapping[str, bytes]:
    lake = Lake(home, survey.name)
    found = {path.parent.parent.name: path for path in lake.folder.glob(f"*/wave={wave}/*.parquet")}
    return {name: path.read_bytes() for name, path in sorted(found.items()) if name.partition("_")[0] in stages}


def in_other_words(value: Any, hint: Any) -> Any:
    """The same with every text by language replaced."""
    if is_text(hint):
        return None if value is None else dict.fromkeys(value, "?")
    if is_dataclass(value):
        kind: Any = type(value)
        hints = get_type_hints(kind, include_extras=True)
        return replace(value, **{f.name: in_other_words(getattr(value, f.name), hints[f.name]) for f in fields(kind)})
    if isinstance(value, Mapping):
        return {name: in_other_words(item, inner(hint)) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(in_other_words(item, inner(hint)) for item in value)
    return value
