"""The demonstration survey from its deliveries to its release, through the command line as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import short_demonstration
from terminal import monitor

from monitor import synthetic
from monitor.contract import TABLES
from monitor.storage.lake import Lake, connect, quoted
from monitor.surveys import BUNDLED

pytestmark = pytest.mark.slow

SURVEY = "noord_nederland"
PROCESSORS = Path(__file__).resolve().parents[2] / "benchmarks" / "processors.py"
SECONDS = 900
"""Far more than a run takes: a test that hangs must end"""


@pytest.fixture(scope="module")
def home(demonstration: Path) -> Path:
    """A home folder after `monitor demo`."""
    return demonstration


def test_the_queries_of_the_readme_run(home: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (queries,) = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    with connect() as connection:
        for query in queries.replace("monitor-home/", f"{home}/").split(";"):
            found = connection.execute(query).fetchall() if query.strip() else [()]
            assert found or query.strip().startswith("ATTACH")


@pytest.fixture(scope="module")
def second_home(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it that tests may spoil."""
    return Path(shutil.copytree(home, tmp_path_factory.mktemp("second") / "home", symlinks=True))


def latest(home: Path) -> Path:
    return home / "releases" / SURVEY / "latest"


def manifest(home: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((latest(home) / "manifest.json").read_text(encoding="utf-8"))
    return content


def read(home: Path, query: str) -> pd.DataFrame:
    with connect(latest(home) / "public" / "monitor.duckdb", read_only=True) as connection:
        return connection.execute(query).df()


def one(home: Path, query: str) -> float:
    return float(read(home, query).iloc[0, 0])


def overall(home: Path, wave: str, indicator: str) -> pd.Series:
    """An indicator's row for all firms of its base."""
    query = f"SELECT * FROM indicators WHERE wave = '{wave}' AND indicator = '{indicator}' AND domain_variable = 'all'"
    return read(home, query).iloc[0]


def quality(home: Path, wave: str, indicator: str, concept: str = "all") -> float:
    return one(
        home,
        f"SELECT value FROM quality WHERE wave = '{wave}' AND indicator = '{indicator}' AND concept = '{concept}'",
    )


# --- what the release prints ------------------------------------------------------------------------------------------


def test_participation_as_the_published_report_prints_it(home: Path) -> None:
    row = overall(home, "2017", "participation")
    assert row["n"] == 624
    assert row["unweighted"] == pytest.approx(225 / 624)
    assert row["ci_low"] < row["estimate"] < row["ci_high"]


@pytest.mark.parametrize(
    ("wave", "indicator", "concept", "value"),
    [
        ("2017", "usable_responses", "all", 624),
        ("2017", "participants", "all", 225),
        ("2017", "initiatives_identified", "all", 55),
        ("2017", "initiatives_mentioned", "all", 55),
        ("2018", "usable_responses", "all", 503),
        ("2018", "invited", "all", 5576),
        ("2018", "panel_overlap", "2017", 184),
        ("2019", "usable_responses", "all", 436),
        ("2019", "invited", "all", 5935),
    ],
)
def test_counts(home: Path, wave: str, indicator: str, concept: str, value: float) -> None:
    assert quality(home, wave, indicator, concept) == value


@pytest.mark.parametrize(("wave", "rate"), [("2018", 9.0), ("2019", 7.3)])
def test_response_rates(home: Path, wave: str, rate: float) -> None:
    assert round(100 * quality(home, wave, "unit_response_rate"), 1) == rate


def test_every_kind_of_loss_is_counted(home: Path) -> None:
    for wave, work in synthetic.fieldwork(synthetic.population()).items():
        states = work.responses["status"].value_counts()
        assert quality(home, wave, "responses") == len(work.responses)
        assert quality(home, wave, "quarantined") == states["faulty"]
        assert quality(home, wave, "duplicates") == states["twice"]
        assert quality(home, wave, "not_usable") == states["break_off"]


def test_every_table_of_the_contract_is_there(home: Path) -> None:
    found = read(home, "SELECT table_name, column_name FROM duckdb_columns()")
    for table in TABLES:
        columns = set(found.loc[found["table_name"] == table.name, "column_name"])
        assert set(table.names) <= columns, table.name
        assert one(home, f"SELECT count(*) FROM {table.name}") > 0, table.name


def test_it_says_everywhere_that_it_is_synthetic(home: Path) -> None:
    public = latest(home) / "public"
    assert read(home, "SELECT DISTINCT synthetic FROM releases")["synthetic"].to_list() == [True]
    pages = list((public / "report").rglob("*.html"))
    assert pages
    for page in pages:
        assert (
            "synthetic" in page.read_text(encoding="utf-8").lower()
            or "synthetisch" in page.read_text(encoding="utf-8").lower()
        )
    assert "synthetic" in (public / "datapackage.json").read_text(encoding="utf-8").lower()


def test_the_report_prints_the_published_figures(home: Path) -> None:
    pages = "\n".join(p.read_text(encoding="utf-8") for p in (latest(home) / "public" / "report").rglob("*.html"))
    text = pages.replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u202f", " ")
    for figure in ("36%", "624", "55", "9,0%", "9.0%", "184", "7,3%", "7.3%"):
        assert figure in text, figure


# --- what staged makes of the deliveries ------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", synthetic.WAVES)
def test_staged_is_what_the_firms_answered(home: Path, wave: str) -> None:
    """Every answer of every response, through codes, ticks, percent signs, thousands and user-missing values."""
    lake, work = Lake(home, SURVEY), synthetic.fieldwork(synthetic.population())[wave]
    answers = lake.read("staged_answers", wave).sort_values("response").reset_index(drop=True)
    assert len(answers) == len(work.responses)
    kinds = lake.read("staged_missing", wave)
    assert not (kinds["kind"] == "invalid").any()
    merged = ("government_institutes", "private_institutes")
    for concept in work.missing:
        for told, kind, staged in zip(work.responses[concept], work.missing[concept], answers[concept], strict=True):
            known = staged is not None and (not pd.api.types.is_scalar(staged) or not pd.isna(staged))
            # What follows from the routing is filled in; nothing else is.
            assert known == (kind in ("", "not_asked")), (wave, concept, told, kind, staged)
            if kind:
                continue
            if isinstance(told, tuple):
                expected = set(told)
                if wave == "2017" and concept == "cooperation_partners":
                    # The first wave's list knew one kind of knowledge institution and no non-profit organisations.
                    expected = {"universities" if c in merged else c for c in told} - {"non_profit"}
                assert set(staged) == expected, (wave, concept)
            else:
                assert staged == told, (wave, concept)


@pytest.mark.parametrize("wave", synthetic.WAVES)
def test_no_contact_goes_further_than_intake(home: Path, wave: str) -> None:
    lake = Lake(home, SURVEY)
    columns = lake.read("staged_columns", wave)
    dropped = set(columns.loc[columns["treatment"] == "dropped_identifier", "concept"].dropna())
    assert {"contact_name", "ip_address"} <= dropped
    known = pd.Index(synthetic.population().firms.index)
    for table in (p.name for p in lake.folder.iterdir() if not p.name.startswith("raw")):
        if not lake.has(table, wave):
            continue
        frame = lake.read(table, wave)
        for column in frame.select_dtypes(object):
            text = frame[column].astype(str)
            assert not text.str.contains("example.org|Proefpersoon|192\\.0\\.2\\.|050-000", regex=True).any(), (
                table,
                column,
            )
            assert not text.isin(known).any(), (table, column)


# --- weights and the truth --------------------------------------------------------------------------------------------


def test_weights_bring_the_sample_to_the_population(home: Path) -> None:
    """Estimates lie within three standard errors of the truth, and innovative firms' readiness to answer is mended."""
    truth = synthetic.population().census
    measured = {"participation": "cooperates", "investing_firms": "invests", "top_innovators": "top_innovator"}
    for wave, census in truth.items():
        for indicator, measure in measured.items():
            row = overall(home, wave, indicator)
            assert abs(row["estimate"] - census[measure].mean()) < 3 * row["se"], (wave, indicator)
        total = one(home, f"SELECT value FROM quality WHERE wave = '{wave}' AND indicator = 'weight_sum'")
        assert total == pytest.approx(len(census))


def test_complementarity_covers_the_declared_truth(home: Path) -> None:
    rows = read(
        home,
        "SELECT wave, ci_low, ci_high FROM contrasts "
        "WHERE model = 'top_innovator' AND variant = 'main' AND contrast = 'complementarity'",
    )
    assert set(synthetic.WAVES) <= set(rows["wave"])
    declared = synthetic.Truth().complementarity
    assert ((rows["ci_low"] < declared) & (declared < rows["ci_high"])).all()


# --- running again, and being killed ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the short demonstration's definition, and of a home in which it was run."""
    folder = tmp_path_factory.mktemp("short")
    survey = short_demonstration.definition(folder)
    synthetic.deliveries(folder / "home" / "inbox" / SURVEY)
    done = monitor("run", "--survey", survey, "--home", folder / "home")
    assert done.returncode == 0, done.stderr
    return folder


def killed_when(reached: Callable[[], bool], survey: Path, home: Path) -> None:
    """Start a run and kill the whole process group without warning as soon as something is reached."""
    command = ["run", "--survey", str(survey), "--wave", "2019", "--home", str(home)]
    run = subprocess.Popen(
        [sys.executable, "-m", "monitor", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + SECONDS
    while not reached():
        assert run.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL


@pytest.fixture(scope="module")
def killed_home(short: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home folder whose last wave was lost, made again by a run killed in the middle of the wave, one
    killed while it built the first release, and one left alone; after each kill `latest` is held to what it was."""
    home, survey = short / "home", short / SURVEY
    folder = Path(shutil.copytree(home, tmp_path_factory.mktemp("killed") / "home", symlinks=True))
    lake, releases = Lake(folder, SURVEY), latest(folder).parent
    for table in list(lake.folder.iterdir()):
        if table.name != "raw_files":
            for wave in ("2019", "all"):
                lake.remove(table.name, wave)
    killed_when(lambda: lake.has("weighted_weights", "2019"), survey, folder)
    assert manifest(folder) == manifest(home)

    shutil.rmtree(releases)
    killed_when(lambda: any(path.name.startswith(".building-") for path in releases.glob("*")), survey, folder)
    assert not latest(folder).is_symlink()
    assert not [path for path in releases.iterdir() if path.name.startswith("r0")]

    done = monitor("run", "--survey", survey, "--wave", "2019", "--home", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_killed_run_leaves_latest_alone_and_the_next_gives_the_release_of_an_undisturbed_one(
    short: Path, killed_home: Path
) -> None:
    assert manifest(killed_home)["content_hash"] == manifest(short / "home")["content_hash"]
    left = [path.name for path in latest(killed_home).parent.iterdir() if path.name.startswith(".building-")]
    assert not left


def test_the_plainest_processor_gives_the_same_release(short: Path, tmp_path: Path) -> None:
    """Every model without wide vectors and fused multiplications; `make processors` runs all of it in every setting."""
    processors = runpy.run_path(str(PROCESSORS), run_name="processors")
    synthetic.deliveries(tmp_path / "inbox" / SURVEY)
    command = [sys.executable, "-m", "monitor", "run", "--survey", str(short / SURVEY), "--home", str(tmp_path)]
    setting = processors["environment"](processors["PLAIN"])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS, env=setting)
    assert done.returncode == 0, done.stderr
    differences = "\n".join(processors["differences"](short / "home", tmp_path))
    assert manifest(tmp_path)["content_hash"] == manifest(short / "home")["content_hash"], differences


def test_running_again_what_did_not_change_makes_no_new_release(short: Path, killed_home: Path) -> None:
    before = latest(killed_home).resolve()
    done = monitor("run", "--survey", short / SURVEY, "--wave", "2019", "--home", killed_home)
    assert done.returncode == 0, done.stderr
    assert latest(killed_home).resolve() == before


def test_running_a_wave_again_doubles_no_row(short: Path, killed_home: Path) -> None:
    for table in TABLES:
        key = ", ".join(map(quoted, table.key))
        assert one(killed_home, f"SELECT count(*) - count(DISTINCT ({key})) FROM {table.name}") == 0, table.name
    for wave in short_demonstration.WAVES:
        answers = [Lake(place, SURVEY).read("staged_answers", wave) for place in (short / "home", killed_home)]
        pd.testing.assert_frame_equal(*answers)


# --- bad deliveries ---------------------------------------------------------------------------------------------------

Rows = list[dict[str, str]]


def spoil(home: Path, folder: Path, change: Callable[[Rows], Rows] | None) -> Path:
    """The second wave's delivery with something wrong in it; an empty file where there is nothing to change."""
    name = "innovatiemonitor_2018.csv"
    target = folder / name
    if change is None:
        target.write_bytes(b"")
        return target
    content = (home / "inbox" / SURVEY / "2018" / name).read_bytes().decode("cp1252")
    rows = change(list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";")))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    target.write_bytes(out.getvalue().encode("cp1252"))
    return target


def complete(rows: Rows) -> list[int]:
    """The places of complete, sound responses of product innovators that answered once."""
    firms = [row["attribute_1"] for row in rows]

    def sound(row: dict[str, str]) -> bool:
        shares = [row[f"B2[SQ00{place}]"] for place in (1, 2, 3)]
        whole = all(share.isdigit() for share in shares) and sum(map(int, shares)) == 100
        return whole and row["lastpage"] == "8" and row["F2"] != "" and len(row["interviewtime"]) > 4

    return [place for place, row in enumerate(rows) if sound(row) and firms.count(row["attribute_1"]) == 1]


def without_a_column(rows: Rows) -> Rows:
    return [{name: cell for name, cell in row.items() if name != "B1"} for row in rows]


def with_three_faults(rows: Rows) -> Rows:
    """An unknown code, a firm that answers a second time, and shares of turnover that sum to 130."""
    places = complete(rows)
    rows[places[0]]["G2"] = "A7"
    rows[places[1]] |= {"B2[SQ001]": "50", "B2[SQ002]": "30", "B2[SQ003]": "50"}
    shorter = rows[places[2]] | {"id": "9999", "F1": "", "F2": "", "H1": ""}
    return [*rows, shorter]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_a_column, ["innovatiemonitor_2018.csv", "column: B1", "product_innovation", "do:"]),
        (None, ["innovatiemonitor_2018.csv", "empty", "do:"]),
    ],
    ids=["missing column", "empty file"],
)
def test_a_delivery_that_cannot_be_read_stops_the_wave(
    home: Path, second_home: Path, tmp_path: Path, change: Callable[[Rows], Rows] | None, says: list[str]
) -> None:
    before, delivery = latest(second_home).resolve(), spoil(home, tmp_path, change)
    kept = (second_home / "inbox" / SURVEY / "2018" / delivery.name).read_bytes()
    done = monitor("run", "--wave", "2018", "--input", delivery, "--replace", "--home", second_home)
    (second_home / "inbox" / SURVEY / "2018" / delivery.name).write_bytes(kept)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for text in says:
        assert text in done.stderr, text
    assert latest(second_home).resolve() == before
    assert one(second_home, "SELECT count(*) FROM indicators WHERE wave = '2018'") > 0


@pytest.mark.parametrize(("change", "code"), [(without_a_column, 2), (None, 2), (with_three_faults, 0)])
def test_a_dry_run_says_what_would_happen(
    home: Path, second_home: Path, tmp_path: Path, change: Callable[[Rows], Rows] | None, code: int
) -> None:
    before = latest(second_home).resolve()
    delivery = spoil(home, tmp_path, change)
    done = monitor("check", delivery, "--survey", BUNDLED, "--wave", "2018", "--home", second_home)
    assert done.returncode == code, done.stderr
    if change is with_three_faults:
        for text in ("turnover_shares_sum_to_100", "orientation", "A7", "one_response_per_firm"):
            assert text in done.stdout, text
    assert latest(second_home).resolve() == before


def test_a_delivery_with_faulty_responses_is_run_without_them(short: Path, tmp_path: Path) -> None:
    """Two responses are quarantined and a second answer is set aside, each with firm, line, columns and value."""
    other, survey = tmp_path / "home", short / SURVEY
    shutil.copytree(short / "home", other, symlinks=True)
    before, lake = latest(other).resolve(), Lake(other, SURVEY)
    delivery = spoil(other, tmp_path, with_three_faults)
    done = monitor("run", "--survey", survey, "--wave", "2018", "--input", delivery, "--replace", "--home", other)
    assert done.returncode == 0, done.stderr

    responses, failures = lake.read("validated_responses", "2018"), lake.read("validated_failures", "2018")
    counts = responses["status"].value_counts()
    assert counts.to_dict() == {"kept": 501, "not_usable": 97, "quarantined": 6, "duplicate": 4}
    rules = dict(zip(failures["rule"], failures.index, strict=True))
    for rule, column in (("orientation_readable", "orientation"), ("turnover_shares_sum_to_100", "turnover_share")):
        row = failures.loc[rules[rule]]
        assert row["severity"] == "warning"
        assert row["firm"]
        assert row["line"] > 1
        assert column in row["columns"]
    unreadable = lake.read("staged_missing", "2018").query("kind == 'invalid'")
    assert unreadable[["concept", "text"]].to_numpy().tolist() == [["orientation", "A7"]]

    # Few firms changed: what is public stands as it was, and says so.
    assert quality(other, "2018", "figures_stand") == 1
    assert quality(other, "2018", "usable_responses") == 503
    # Nothing is lost: the last release, and the delivery it was made from.
    assert (before / "manifest.json").exists()
    assert latest(other).resolve() != before
    deliveries = lake.read("raw_deliveries", "2018")
    assert (deliveries["role"] == "answers").sum() == 2
    assert deliveries.loc[deliveries["role"] == "answers", "current"].sum() == 1
