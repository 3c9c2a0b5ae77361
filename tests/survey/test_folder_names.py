"""Every name that becomes a path is checked where it is declared, and no link leads out of the inbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import small_survey

from monitor import cli
from monitor.problems import DefinitionError, Problem, UnusableDelivery
from monitor.publication.difference import diff
from monitor.stages import raw
from monitor.stages.staged.crosswalk import CROSSWALK_FILE
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"
QUESTIONS = "  firm: {column: id}\n  amount: {column: bedrag}\n"
DELIVERED = "id;bedrag\n001;5\n"
NO_FOLDER_NAMES = [
    "../x", "/etc/x", "a/b", "a\\b", ".", "..", "", ".x", "x.", "-x", "x y", "x\ny", "x\ty", "x" * 65, "é", "x:y",
]  # fmt: skip
NO_FILES = [
    "../answers.csv",
    "/etc/hostname",
    "sub/answers.csv",
    "a\\b.csv",
    ".",
    "..",
    "",
    " ",
    "**",
    "**.csv",
    "a\nb",
    "x" * 256,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ECUADOR, tmp_path / "survey"))


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        load_survey(folder)
    return list(caught.value.problems)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


@pytest.mark.parametrize("name", NO_FOLDER_NAMES)
def test_a_survey_whose_name_is_no_folder(folder: Path, name: str) -> None:
    file = folder / "survey.yaml"
    file.write_text(file.read_text().replace("survey: ecuador", f"survey: {quoted(name)}"))
    (problem,) = problems(folder)
    assert (problem.file, problem.line, problem.what) == ("survey.yaml", 3, "the survey's name cannot be a folder's")
    assert "\n" not in problem.render().splitlines()[0]


@pytest.mark.parametrize("name", ["all", "ALL", "x y", "x\ny", "-x", "x" * 65, "é", "20.14"])
def test_a_wave_whose_name_is_no_folder(folder: Path, name: str) -> None:
    text = (folder / "waves" / "2014.yaml").read_text()
    (folder / "waves" / f"{name}.yaml").write_text(text.replace('wave: "2014"', f"wave: {quoted(name)}"))
    told = problems(folder)
    assert [p.what for p in told] == ["the wave's name cannot be a folder's"]
    assert told[0].file == f"waves/{name}.yaml"
    assert told[0].found == name


def test_waves_that_differ_in_case_alone(folder: Path) -> None:
    text = (folder / "waves" / "2014.yaml").read_text()
    for name in ("2016a", "2016A"):
        (folder / "waves" / f"{name}.yaml").write_text(text.replace('wave: "2014"', f"wave: {name}"))
    told = problems(folder)
    assert [(p.what, p.found) for p in told] == [("two waves' names differ in case alone", "2016A and 2016a")]


@pytest.mark.parametrize("pattern", NO_FILES)
@pytest.mark.parametrize("role", ["answers", "labels", "frame", "corrections"])
def test_a_file_outside_the_inbox(tmp_path: Path, role: str, pattern: str) -> None:
    delivery, more, line = small_survey.DELIVERY, "", 3
    if role == "answers":
        delivery = delivery.replace('"*.csv"', quoted(pattern))
    elif role == "labels":
        delivery = delivery.replace("format:", f"label_file: {quoted(pattern)}, format:")
    elif role == "frame":
        more, line = f"frame: {{file: {quoted(pattern)}, columns: {{id: firm}}}}\n", 4
    else:
        more, line = f"corrections: {quoted(pattern)}\n", 4
    with pytest.raises(DefinitionError) as caught:
        small_survey.survey(tmp_path, QUESTIONS, delivery, more=more)
    (problem,) = caught.value.problems
    assert "names no file of the inbox" in problem.what
    assert (problem.file, problem.line) == ("waves/2020.yaml", line)


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return small_survey.survey(tmp_path, QUESTIONS)


def take_in(home: Path, survey: Survey) -> None:
    from monitor.stages import staged

    raw.run(Lake(home, survey.name), survey, survey.waves["2020"])
    staged.run(Lake(home, survey.name), survey, survey.waves["2020"])


def elsewhere(tmp_path: Path, name: str, content: str) -> Path:
    place = tmp_path / "elsewhere" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(content)
    return place


@pytest.mark.parametrize("linked", ["the wave's folder", "the survey's folder", "the file"])
def test_links_in_the_inbox_are_not_followed_out_of_it(tmp_path: Path, survey: Survey, linked: str) -> None:
    home = tmp_path / "home"
    inbox = home / "inbox" / "small" / "2020"
    away = elsewhere(tmp_path, "answers.csv", DELIVERED)
    if linked == "the file":
        inbox.mkdir(parents=True)
        (inbox / "answers.csv").symlink_to(away)
    elif linked == "the wave's folder":
        inbox.parent.mkdir(parents=True)
        inbox.symlink_to(away.parent)
    else:
        inbox.parent.parent.mkdir(parents=True)
        (away.parent / "2020").mkdir()
        away.rename(away.parent / "2020" / "answers.csv")
        inbox.parent.symlink_to(away.parent)
    with pytest.raises(UnusableDelivery, match="it is not followed") as caught:
        take_in(home, survey)
    assert len(caught.value.problems) == 1
    assert not (home / "lake" / "small" / "raw_files").exists()


def test_the_inbox_itself_may_lie_elsewhere(tmp_path: Path, survey: Survey) -> None:
    home = tmp_path / "home"
    small_survey.put(tmp_path / "other", "answers.csv", DELIVERED)
    home.mkdir()
    (home / "inbox").symlink_to(tmp_path / "other" / "inbox")
    take_in(home, survey)


@pytest.mark.parametrize("file", [CROSSWALK_FILE, "amendments.csv"])
@pytest.mark.parametrize("case", ["a link", "not text", "a NUL"])
def test_lists_of_the_inbox(tmp_path: Path, survey: Survey, file: str, case: str) -> None:
    home = tmp_path / "home"
    place = small_survey.put(home, "answers.csv", DELIVERED).with_name(file)
    place = place.parent.parent / file if file == CROSSWALK_FILE else place
    if case == "a link":
        place.symlink_to(elsewhere(tmp_path, file, "from,to,wave,reason\n"))
        words, line = "it is not followed", None
    else:
        place.write_bytes(b"from,to,wave,reason\n1,2,2020," + (b"caf\xe9\n" if case == "not text" else b"\0\n"))
        words, line = "not UTF-8 text", 2
    with pytest.raises(UnusableDelivery, match=words) as caught:
        take_in(home, survey)
    assert [(p.file, p.line) for p in caught.value.problems] == [(file, line)]


def test_a_delivery_is_not_put_outside_the_home(
    tmp_path: Path, home: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = elsewhere(tmp_path, "x", "").parent
    (home / "inbox" / "ecuador").mkdir(parents=True)
    (home / "inbox" / "ecuador" / "2014").symlink_to(away)
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    command = ["run", "--survey", str(ECUADOR), "--wave", "2014", "--input", str(delivery), "--home", str(home)]
    assert cli.main(command) == 2
    assert "it is not followed" in capsys.readouterr().err
    assert [p.name for p in away.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["../../x", "..", ".", "", "/", "r0001-000000000000/../../x", "latest/..", "r1"])
def test_a_release_s_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    place = tmp_path / "releases" / "small"
    for folder in (place, tmp_path / "x", tmp_path, place / "r1"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text("{}")
    for survey in (None, "small", "..", "small/../small", str(place)):
        with pytest.raises(DefinitionError, match="not there"):
            diff(tmp_path, name, name, survey)


@pytest.mark.parametrize(
    ("command", "folder", "wave"),
    [("new-survey", "ok", "../x"), ("new-wave", "ok", "/etc/x"), ("new-survey", "a b", "2020"), ("new-wave", "ok", "")],
)
def test_a_proposal_writes_nowhere_else(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], command: str, folder: str, wave: str
) -> None:
    source = elsewhere(tmp_path, "answers.csv", DELIVERED)
    arguments = [command, str(tmp_path / folder), "--from", str(source), "--wave", wave, "--home", str(home)]
    assert cli.main(arguments) == 2
    assert "name cannot be a folder's" in capsys.readouterr().err
    assert not (tmp_path / folder).exists()


def test_no_control_character_of_a_name_reaches_a_terminal() -> None:
    shown = Problem("release \x1b[31m is not there", file="a\x1b]0;b\nc.csv").render()
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 1
