"""A release: whole or not at all, readable by everyone it is for, and the same whenever it is made again."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import publication
import pyreadstat
import pytest

from monitor import disclosed, released
from monitor.contract import TABLES
from monitor.design import replicate_covariance
from monitor.lake import Lake, connect
from monitor.problems import DefinitionError
from monitor.released import exchange, manifest, public, publish, secure
from monitor.survey import Survey

WAVES = list(publication.WAVES)
PROJECT = Path(__file__).resolve().parent.parent

CONTRACT = {
    "indicators": "survey wave indicator measure domain_variable domain estimate se ci_low ci_high unweighted n "
    "n_effective deff cv reliability suppressed comparable_since",
    "changes": "survey indicator domain_variable domain wave_from wave_to change se ci_low ci_high p_value "
    "overlap_firms suppressed",
    "models": "survey wave model variant outcome base estimator weighted n events n_dropped df "
    "minimum_detectable_effect converged warning",
    "terms": "survey wave model variant term estimate se ci_low ci_high p_value odds_ratio",
    "contrasts": "survey wave model variant contrast estimate se ci_low ci_high p_value",
    "claims": "survey wave claim text_nl text_en estimand estimate ci_low ci_high decision_rule verdict reason",
    "rules": "survey wave suite rule severity why checked failed kept_out passed",
    "quality": "survey wave indicator concept value definition",
    "codebook": "survey wave concept question source_column label_nl label_en unit type codes cis_code asked_of "
    "comparability comparable_since",
    "releases": "release_id created_at survey waves code_version definition_hash synthetic",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Survey, Path]:
    """A lake, its survey and its first release, with passports."""
    folder = tmp_path_factory.mktemp("released")
    survey = publication.survey(folder / "survey")
    lake = publication.lake(folder / "home", survey)
    disclosed.run_all(lake, survey, WAVES)
    result = released.run_all(lake, survey, WAVES, passports=True)
    assert result["new"]
    return lake, survey, Path(str(result["path"]))


@pytest.fixture
def fresh(tmp_path: Path) -> tuple[Lake, Survey]:
    """A lake with disclosed tables and no release."""
    survey = publication.survey(tmp_path / "survey")
    lake = publication.lake(tmp_path / "home", survey)
    disclosed.run_all(lake, survey, WAVES)
    return lake, survey


# --- the public part -----------------------------------------------------------------------------------------------


def test_every_table_of_the_contract_is_there_in_its_order(made: tuple[Lake, Survey, Path]) -> None:
    with connect(made[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        for table, columns in CONTRACT.items():
            found = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            assert [c for c in found if c in columns.split()] == columns.split(), table


def test_every_table_column_and_view_says_what_it_is(made: tuple[Lake, Survey, Path]) -> None:
    for part in ("public/monitor.duckdb", "secure/microdata.duckdb"):
        with connect(made[2] / part, read_only=True) as connection:
            silent = connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal "
                "AND table_name IN (SELECT table_name FROM duckdb_tables())"
            ).fetchall()
            assert silent == []
            assert connection.execute("SELECT table_name FROM duckdb_tables() WHERE comment IS NULL").fetchall() == []
            assert (
                connection.execute(
                    "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal"
                ).fetchall()
                == []
            )


def test_views_answer_the_first_questions(made: tuple[Lake, Survey, Path]) -> None:
    with connect(made[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        headline = connection.execute("FROM headline").df()
        trend = connection.execute("FROM trend").df()
        claims = connection.execute("FROM claims_now").df()
    assert set(headline["indicator"]) == {"participation", "top_innovators", "mean_share_new", "turnover"}
    assert len(headline) == 2 * 4
    assert trend.loc[trend["wave"] == "2018", "change"].notna().all()
    assert claims[["claim", "wave", "verdict"]].values.tolist() == [["complement", "2018", "supported"]]


def test_keys_and_checks_hold_in_the_database_itself(made: tuple[Lake, Survey, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes((made[2] / "public" / "monitor.duckdb").read_bytes())
    with connect(copy) as connection:
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("INSERT INTO indicators SELECT * FROM indicators LIMIT 1")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE indicators SET estimate = 0.5 WHERE suppressed")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE claims SET verdict = 'proven'")


def test_csv_tables_are_the_database(made: tuple[Lake, Survey, Path]) -> None:
    with connect(made[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        for table in TABLES:
            rows = connection.execute(f"SELECT * FROM {table.name}").fetchall()
            with (made[2] / "public" / "tables" / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
                head, *body = csv.reader(file)
            assert head == list(table.names)
            assert len(body) == len(rows)
            for line, row in zip(body, rows, strict=True):
                for text, value in zip(line, row, strict=True):
                    if isinstance(value, float):
                        assert float(text) == value
                    elif value is None:
                        assert text == ""


def test_the_description_is_valid_for_frictionless(made: tuple[Lake, Survey, Path]) -> None:
    from frictionless import Package, validate

    report = validate(str(made[2] / "public" / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])[:5]
    assert len(Package(str(made[2] / "public" / "datapackage.json")).resources) == len(TABLES)


def test_sdmx_lines_follow_the_cis_dimensions(made: tuple[Lake, Survey, Path]) -> None:
    table = pd.read_csv(made[2] / "public" / "sdmx" / "cis_indicators.csv", dtype=str, keep_default_na=False)
    assert list(table.columns) == ["DATAFLOW", *exchange.DIMENSIONS, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"]
    assert not table.duplicated(list(exchange.DIMENSIONS)).any()
    assert (table["DATAFLOW"] == exchange.DATAFLOW).all()
    assert ((table["OBS_VALUE"] == "") == (table["CONF_STATUS"] == "C")).all()
    assert {"2016", "2017"} == set(table["TIME_PERIOD"])


def test_the_questionnaire_is_ddi(made: tuple[Lake, Survey, Path]) -> None:
    from xml.etree import ElementTree

    root = ElementTree.parse(made[2] / "public" / "ddi" / "codebook.xml").getroot()
    space = {"d": exchange.DDI}
    assert root.tag == f"{{{exchange.DDI}}}codeBook"
    names = {v.attrib["name"] for v in root.findall("d:dataDscr/d:var", space)}
    assert {"product_innovation", "turnover_eur", "size_band"} <= names
    identifiers = [e.attrib["ID"] for e in root.iter() if "ID" in e.attrib]
    assert len(identifiers) == len(set(identifiers))
    files = {e.attrib["ID"] for e in root.findall("d:fileDscr", space)}
    assert {v.attrib["files"] for v in root.findall("d:dataDscr/d:var", space)} <= files


# --- the secure part -----------------------------------------------------------------------------------------------


def test_only_the_owner_reads_the_secure_part(made: tuple[Lake, Survey, Path]) -> None:
    assert stat.S_IMODE((made[2] / "secure").stat().st_mode) == 0o700
    files = [p for p in (made[2] / "secure").rglob("*") if p.is_file()]
    assert {p.name for p in files} >= {"microdata.duckdb", "firms.dta", "firms.sav"}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def replicate_result(wave: str, measure: str, inside: np.ndarray, total: bool = False) -> tuple[float, float]:
    """Estimate and standard error as `design` has them, completed copies combined by Rubin's rules."""
    table = publication.firms(wave)
    drawn = publication.replicates(table, wave)
    weight = table["weight"].to_numpy()
    measures = publication.derived(table)
    estimates, variances = [], []
    for copy in range(1, publication.COPIES + 1):
        value = measures[measure].astype(float).to_numpy().copy()
        if measure == "invests":
            value[:3] = [(copy + k) % 2 == 0 for k in range(3)]
        above, below = weight[inside] @ value[inside], 1.0 if total else weight[inside].sum()
        theta = drawn[inside].T @ value[inside] / (1.0 if total else drawn[inside].sum(axis=0))
        estimates.append(above / below)
        variances.append(replicate_covariance(theta)[0, 0])
    between = np.var(estimates, ddof=1)
    variance = np.mean(variances) + (1 + 1 / publication.COPIES) * between
    return float(np.mean(estimates)), float(np.sqrt(variance))


@pytest.mark.parametrize("measure", ["cooperates", "invests"])
def test_macros_give_the_replicate_result_by_domain(made: tuple[Lake, Survey, Path], measure: str) -> None:
    with connect(made[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        found = connection.execute(f"FROM estimate_share({measure}, domains := size_band)").df()
        plain = connection.execute(f"FROM estimate_mean({measure}::INT)").df()
    assert len(found) == 2 * len(publication.SIZES)
    for row in found.to_dict("records"):
        inside = (publication.firms(row["wave"])["size_band"] == row["domain"]).to_numpy()
        estimate, se = replicate_result(row["wave"], measure, inside)
        assert row["estimate"] == pytest.approx(estimate, rel=1e-12)
        assert row["se"] == pytest.approx(se, rel=1e-10)
        assert 0 <= row["ci_low"] < row["estimate"] < row["ci_high"] <= 1
    for row in plain.to_dict("records"):
        estimate, se = replicate_result(row["wave"], measure, np.ones(publication.FIRMS, dtype=bool))
        assert (row["estimate"], row["se"]) == (pytest.approx(estimate, rel=1e-12), pytest.approx(se, rel=1e-10))
        assert row["n"] == publication.FIRMS


def test_macros_for_totals_bases_and_ratios(made: tuple[Lake, Survey, Path]) -> None:
    with connect(made[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        total = connection.execute("FROM estimate_total(turnover) WHERE wave = '2017'").df().iloc[0]
        base = (
            connection.execute("FROM estimate_mean(share_new, base := base_innovators) WHERE wave = '2017'")
            .df()
            .iloc[0]
        )
        ratio = connection.execute("FROM estimate_ratio(turnover, 2 * turnover) WHERE wave = '2017'").df().iloc[0]
    firms = publication.firms("2017")
    estimate, se = replicate_result("2017", "turnover", np.ones(len(firms), dtype=bool), total=True)
    assert (total["estimate"], total["se"]) == (pytest.approx(estimate, rel=1e-12), pytest.approx(se, rel=1e-10))
    inside = firms["product_innovation"].to_numpy()
    estimate, se = replicate_result("2017", "share_new", inside)
    assert (base["estimate"], base["se"]) == (pytest.approx(estimate, rel=1e-12), pytest.approx(se, rel=1e-10))
    assert base["n"] == inside.sum()
    assert ratio["estimate"] == pytest.approx(0.5, rel=1e-12)
    assert ratio["se"] == pytest.approx(0.0, abs=1e-9)


def test_firms_are_pseudonymous_and_complete(made: tuple[Lake, Survey, Path]) -> None:
    with connect(made[2] / "secure" / "microdata.duckdb", read_only=True) as connection:
        firms = connection.execute("FROM firms").df()
        missing = connection.execute("FROM missing").df()
        drawn = connection.execute(
            "SELECT count(*), count(DISTINCT firm), max(replicate) FROM replicate_weights"
        ).fetchone()
    assert len(firms) == 2 * publication.FIRMS
    assert {"stratum", "weight", "imputed", "turnover_eur", "cooperates", "base_innovators", "size_band"} <= set(firms)
    assert set(missing["kind"]) == {"refused"}
    assert firms.loc[firms["firm"] == "f0000", "imputed"].map(list).tolist() == [["in_house_rd"]]
    assert drawn == (2 * publication.FIRMS * publication.REPLICATES, publication.FIRMS * 3 // 2, publication.REPLICATES)


def test_stata_and_spss_files_carry_labels(made: tuple[Lake, Survey, Path]) -> None:
    stata, about = pyreadstat.read_dta(made[2] / "secure" / "firms.dta")
    spss, labelled = pyreadstat.read_sav(made[2] / "secure" / "firms.sav")
    assert len(stata) == len(spss) == 2 * publication.FIRMS
    assert about.column_names_to_labels["cooperates"] == "Takes part"
    assert labelled.variable_value_labels["size_band"][1.0].startswith("Micro")
    assert labelled.variable_value_labels["cooperates"] == {0.0: "no", 1.0: "yes"}
    original = publication.firms("2017").set_index("firm")["turnover_eur"]
    assert stata[stata["wave"] == "2017"].set_index("firm")["turnover_eur"].to_dict() == original.to_dict()


def test_every_firm_of_the_newest_wave_has_its_passport(made: tuple[Lake, Survey, Path]) -> None:
    found = sorted(p.stem for p in (made[2] / "secure" / "passports").glob("*.pdf"))
    assert found == sorted(publication.firms("2018")["firm"])
    assert (made[2] / "secure" / "passports" / f"{found[0]}.pdf").read_bytes().startswith(b"%PDF-")


# --- whole or not at all -------------------------------------------------------------------------------------------


def test_the_manifest_knows_every_file(made: tuple[Lake, Survey, Path]) -> None:
    told = publish.manifest(made[2])
    files: dict[str, Any] = told["files"]  # type: ignore[assignment]
    there = {p.relative_to(made[2]).as_posix() for p in made[2].rglob("*") if p.is_file()} - {"manifest.json"}
    assert set(files) == there
    for name, about in files.items():
        assert hashlib.sha256((made[2] / name).read_bytes()).hexdigest() == about["sha256"]
    assert [d["sha256"] for d in told["deliveries"]] == [w * 16 for w in WAVES]  # type: ignore[index,attr-defined]
    assert {"content_hash", "definition_hash", "code_version", "seeds", "packages"} <= set(told)


def test_a_second_run_makes_no_second_release(made: tuple[Lake, Survey, Path]) -> None:
    lake, survey, path = made
    disclosed.run_all(lake, survey, WAVES)
    again = released.run_all(lake, survey, WAVES)
    assert not again["new"]
    assert Path(str(again["path"])) == path
    assert [p.name for p in publish.releases(path.parent)] == [path.name]


def test_the_content_hash_ignores_when_and_the_last_digits(made: tuple[Lake, Survey, Path]) -> None:
    lake, survey, _ = made
    tables = released.public_tables(lake, survey, WAVES)
    first = manifest.content_hash(tables)
    tables["releases"] = tables["releases"].assign(release_id="r0009", created_at=pd.Timestamp("2031-01-01"))
    shaken = tables | {"indicators": tables["indicators"].assign(se=tables["indicators"]["se"] * (1 + 1e-13))}
    assert manifest.content_hash(shaken) == first
    other = tables | {"indicators": tables["indicators"].assign(se=tables["indicators"]["se"] * (1 + 1e-6))}
    assert manifest.content_hash(other) != first


def test_a_changed_answer_makes_a_new_release_and_leaves_the_old_one(fresh: tuple[Lake, Survey]) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    old = Path(str(first["path"]))
    before = {p: p.read_bytes() for p in old.rglob("*") if p.is_file()}
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)
    second = released.run_all(lake, survey, WAVES)
    assert second["new"]
    assert os.readlink(old.parent / "latest") == second["release_id"]
    assert {p: p.read_bytes() for p in old.rglob("*") if p.is_file()} == before
    assert [r["release_id"] for r in released.releases(lake.home, survey.name)] == [
        first["release_id"],
        second["release_id"],
    ]


@pytest.mark.parametrize("step", ["build", "rename", "switch"])
def test_a_killed_publication_leaves_the_last_release_and_the_next_run_cleans_up(
    fresh: tuple[Lake, Survey], tmp_path: Path, step: str
) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from monitor import released, report
        from monitor.lake import Lake
        from monitor.released import publish
        from monitor.survey import load_survey

        def killed(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)

        if {step!r} == "build":
            report.build = killed
        elif {step!r} == "rename":
            os.rename = killed
        else:
            publish.switch = killed
        survey = load_survey(Path({str(survey.folder)!r}))
        released.run_all(Lake(Path({str(lake.home)!r}), survey.name), survey, {WAVES!r})
        """
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=False, capture_output=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    folder = lake.home / "releases" / survey.name
    assert os.readlink(folder / "latest") == first["release_id"]
    assert publish.manifest(folder / "latest")["release_id"] == first["release_id"]
    left = [p.name for p in folder.iterdir() if p.name not in (first["release_id"], "latest", ".lock")]
    assert left, "the kill left something behind"
    second = released.run_all(lake, survey, WAVES)
    assert second["new"]
    there = {p.name for p in folder.iterdir()}
    assert there == {first["release_id"], second["release_id"], "latest", ".lock"}


def test_a_full_disk_leaves_the_last_release(fresh: tuple[Lake, Survey], monkeypatch: pytest.MonkeyPatch) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    rules = lake.read("validated_rules", "2017")
    lake.write("validated_rules", "2017", rules.assign(failed=rules["failed"] + 1))
    disclosed.run_all(lake, survey, WAVES)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(secure, "write_database", full)
    with pytest.raises(OSError, match="No space left"):
        released.run_all(lake, survey, WAVES)
    folder = lake.home / "releases" / survey.name
    assert {p.name for p in folder.iterdir()} == {first["release_id"], "latest", ".lock"}


READER = """
import sys, time
from pathlib import Path
import duckdb
folder, opens = Path(sys.argv[1]), int(sys.argv[2])
seen = set()
for _ in range(opens):
    with duckdb.connect(str(folder / "latest" / "public" / "monitor.duckdb"), read_only=True) as connection:
        name, waves = connection.execute("SELECT release_id, waves FROM releases").fetchone()
        rows = connection.execute("SELECT count(*) FROM indicators").fetchone()[0]
    assert rows == int(waves), (name, rows, waves)
    seen.add(name)
print(len(seen))
"""


def test_readers_always_open_a_whole_release_while_fifty_are_published(
    made: tuple[Lake, Survey, Path], tmp_path: Path
) -> None:
    """Each release holds as many indicator lines as its own `waves` says: a mixture of two would not."""
    lake, survey, _ = made
    tables = released.public_tables(lake, survey, WAVES)
    folder = tmp_path / "releases"

    def publish_one(number: int) -> None:
        release_id = f"r{number:04d}-{number:012x}"
        about = tables["releases"].assign(
            release_id=release_id, created_at=pd.Timestamp("2026-01-01"), waves=str(60 + number)
        )
        content = tables | {"releases": about, "indicators": tables["indicators"].head(60 + number)}
        with publish.publishing(folder), publish.building(folder) as built:
            (built / "public").mkdir()
            public.write_database(built / "public" / "monitor.duckdb", content)
            (built / "manifest.json").write_text(json.dumps({"release_id": release_id}), encoding="utf-8")
            publish.put_in_place(folder, built, release_id)

    publish_one(1)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(folder), "250"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for number in range(2, 52):
        publish_one(number)
    for reader in readers:
        out, error = reader.communicate(timeout=300)
        assert reader.returncode == 0, error
        assert int(out) >= 1
    assert len(publish.releases(folder)) == 51


# --- differences ---------------------------------------------------------------------------------------------------


def test_the_difference_of_two_releases_adds_up_and_finds_its_cause(fresh: tuple[Lake, Survey], tmp_path: Path) -> None:
    lake, survey = fresh
    first = released.run_all(lake, survey, WAVES)
    corrected = lake.read("derived_measures", "2017")
    target = publication.firms("2017")["firm"].iloc[10]
    was = bool(corrected.loc[(corrected["firm"] == target) & (corrected["imputation"] == 1), "cooperates"].iloc[0])
    corrected.loc[corrected["firm"] == target, "cooperates"] = not was
    lake.write("derived_measures", "2017", corrected)
    row = {"firm": target, "concept": "initiatives", "from": "", "to": "north", "reason": "typing error", "who": "x",
           "when": "2026-01-01", "applied": True}  # fmt: skip
    lake.write("staged_corrections", "2017", pd.DataFrame([row]))
    weights = lake.read("weighted_weights", "2017")
    weights.loc[weights["firm"].isin(weights["firm"][20:60]), "weight"] *= 1.5
    lake.write("weighted_weights", "2017", weights)
    table = lake.read("estimated_indicators", "2017")
    measures = corrected[corrected["imputation"] == 1].merge(weights, on="firm")
    now = float((measures["cooperates"].astype(float) * measures["weight"]).sum() / measures["weight"].sum())
    line = (table["indicator"] == "participation") & (table["domain_variable"] == "all")
    table.loc[line, "estimate"] = now
    lake.write("estimated_indicators", "2017", table)
    disclosed.run_all(lake, survey, WAVES)
    second = released.run_all(lake, survey, WAVES)
    found = released.diff(lake.home, str(first["release_id"]), "latest")
    assert found.after == second["release_id"]
    lines = {(x["wave"], x["indicator"]): x for x in found.lines}
    x = lines["2017", "participation"]
    assert sum(
        float(x[c]) for c in ("new_answers", "corrections", "weights", "definition", "code", "rest")
    ) == pytest.approx(x["change"])
    old = publication.firms("2017")
    share = float(old.loc[old["firm"] == target, "weight"].iloc[0] / old["weight"].sum())
    assert x["corrections"] == pytest.approx(-share if was else share)
    assert x["weights"] != 0
    assert x["rest"] == pytest.approx(0.0, abs=1e-9)
    assert (x["new_answers"], x["definition"], x["code"], x["firms_corrected"]) == (0.0, 0.0, 0.0, 1)
    assert lines["2018", "participation"]["change"] == 0
    assert "participation" in found.render()
    page = (Path(str(second["path"])) / "public" / "report" / "en" / "quality.html").read_text(encoding="utf-8")
    assert "together" in page, "one corrected firm: its effect is not told apart in public"


def test_a_release_that_is_not_there_is_named(made: tuple[Lake, Survey, Path]) -> None:
    with pytest.raises(DefinitionError, match="monitor releases"):
        released.diff(made[0].home, "r0099-000000000000", "latest")


# --- hostile text and canaries -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\u200f=1", "'\u200f=1"),
        ("＝1", "'＝1"),
        ("plain", "plain"),
        (-0.5, "-0.5"),
        (None, ""),
        (float("nan"), ""),
        (True, "true"),
    ],
)
def test_no_csv_cell_is_a_formula(text: object, cell: str) -> None:
    assert public.cell(text) == cell


CANARIES = ("Jansen-Kanarie", "kanarie@example.org", "87654321", "Vertrouwelijke opmerking over de buurman")


def test_canaries_planted_in_the_lake_are_nowhere_in_the_release(tmp_path: Path) -> None:
    survey = publication.survey(tmp_path / "survey")
    lake = publication.lake(tmp_path / "home", survey)
    for wave in WAVES:
        answers = lake.read("staged_answers", wave)
        lake.write("staged_answers", wave, answers.assign(contact_name=CANARIES[0], comments=CANARIES[3]))
        copies = lake.read("imputed_answers", wave)
        lake.write("imputed_answers", wave, copies.assign(contact_email=CANARIES[1], comments=CANARIES[3]))
        failures = {"suite": ["s"], "rule": ["r"], "firm": [CANARIES[2]], "value": [CANARIES[3]]}
        lake.write("validated_failures", wave, pd.DataFrame(failures))
        lake.write("raw_records", wave, pd.DataFrame({"row_number": [1], "kvk": [CANARIES[2]], "naam": [CANARIES[0]]}))
    disclosed.run_all(lake, survey, WAVES)
    release = Path(str(released.run_all(lake, survey, WAVES)["path"]))
    assert not leaks(release, CANARIES)
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        columns = {row[0] for row in connection.execute("SELECT column_name FROM duckdb_columns()").fetchall()}
    assert not columns & {"contact_name", "contact_email", "comments"}


def leaks(release: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Where any of the words stands in a release: in files as they are, and in every cell of its databases."""
    found = []
    for path in sorted(p for p in release.rglob("*") if p.is_file()):
        if path.suffix == ".duckdb":
            with connect(path, read_only=True) as connection:
                for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                    text = connection.execute(f'SELECT * FROM "{table}"').df().to_csv(index=False)
                    found += [(f"{path.name}:{table}", word) for word in words if word in text]
        else:
            content = path.read_bytes()
            found += [(path.name, word) for word in words if word.encode() in content]
    return found
