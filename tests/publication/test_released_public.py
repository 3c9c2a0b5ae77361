"""The public part of a release: readable by everyone it is for, and valid for the programs that check."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pandas as pd
import pytest
from publication import Published

from monitor.contract import TABLES
from monitor.publication import exchange, sdmx
from monitor.publication.public import VIEWS
from monitor.storage.lake import connect
from monitor.survey import load_survey
from monitor.surveys import BUNDLED

CONTRACT = {
    "indicators": "survey wave indicator measure domain_variable domain estimate se ci_low ci_high df interval_kind "
    "unweighted n "
    "n_effective deff cv reliability suppressed comparable_since",
    "changes": "survey indicator domain_variable domain wave_from wave_to change se ci_low ci_high p_value "
    "family p_adjusted df interval_kind overlap_firms suppressed",
    "models": "survey wave model variant outcome base estimator weighted n events n_dropped df "
    "minimum_detectable_effect converged warning",
    "terms": "survey wave model variant term estimate se ci_low ci_high p_value df interval_kind odds_ratio "
    "odds_ratio_low odds_ratio_high suppressed",
    "contrasts": "survey wave model variant contrast estimate se ci_low ci_high p_value df interval_kind "
    "p_holm p_adjusted",
    "claims": "survey wave claim text_nl text_en estimand estimate se ci_low ci_high df interval_kind decision_rule "
    "verdict reason",
    "rules": "survey wave suite rule severity why checked failed kept_out passed",
    "quality": "survey wave indicator concept value definition",
    "codebook": "survey wave concept question source_column label_nl label_en unit type codes cis_code asked_of "
    "comparability comparable_since",
    "domains": "survey domain_variable domain sort_order kind label_nl label_en variable_nl variable_en",
    "readme": "survey name sort_order kind about_nl about_en row_key ask",
    "releases": "release_id created_at survey waves code_version definition_hash synthetic",
}


def test_every_table_of_the_contract_is_there_in_its_order(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        for table, columns in CONTRACT.items():
            found = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            assert [c for c in found if c in columns.split()] == columns.split(), table


def test_every_table_column_and_view_says_what_it_is(published: Published) -> None:
    for part in ("public/monitor.duckdb", "secure/microdata.duckdb"):
        with connect(published[2] / part, read_only=True) as connection:
            silent = connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
            ).fetchall()
            assert silent == []
            assert connection.execute("SELECT table_name FROM duckdb_tables() WHERE comment IS NULL").fetchall() == []
            assert (
                connection.execute(
                    "SELECT view_name FROM duckdb_views() WHERE comment IS NULL AND NOT internal"
                ).fetchall()
                == []
            )


def test_views_answer_the_first_questions(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        headline = connection.execute("FROM headline").df()
        trend = connection.execute("FROM trend").df()
        claims = connection.execute("FROM claims_now").df()
    assert set(headline["indicator"]) == {"participation", "top_innovators", "mean_share_new", "turnover"}
    assert len(headline) == 2 * 4
    assert trend.loc[trend["wave"] == "2018", "change"].notna().all()
    assert claims[["claim", "wave", "verdict"]].values.tolist() == [["complement", "2018", "supported"]]


def test_every_subgroup_has_its_words_and_its_place_once(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        for table in ("indicators", "changes", "benchmarks"):
            lines = f"SELECT count(*) FROM {table}"
            joined = f"{lines} JOIN domains USING (survey, domain_variable, domain) WHERE label_nl <> label_en"
            assert connection.execute(joined).fetchone() == connection.execute(lines).fetchone(), table
        bands = connection.execute(
            "SELECT domain, kind, variable_en FROM domains WHERE domain_variable = 'size_band' ORDER BY sort_order"
        ).fetchall()
        everyone = connection.execute("SELECT label_nl, label_en FROM domains WHERE domain = 'all'").fetchall()
    definition = load_survey(BUNDLED).concepts["size_band"]
    assert bands == [(code, "category", definition.label["en"]) for code in definition.codes]
    assert everyone == [("Alle bedrijven", "All firms")]


def test_odds_ratios_have_their_interval_without_exp_by_hand(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        terms = connection.execute("FROM terms").df()
    shown = terms[~terms["suppressed"]]
    assert len(shown)
    for name, bound in (("odds_ratio_low", "ci_low"), ("odds_ratio_high", "ci_high")):
        assert np.log(shown[name]).to_numpy() == pytest.approx(shown[bound].to_numpy(), abs=1e-5)
        assert (terms[name].isna() == terms[bound].isna()).all()
    assert ((shown["odds_ratio_low"] <= shown["odds_ratio"]) & (shown["odds_ratio"] <= shown["odds_ratio_high"])).all()


def test_the_readme_names_every_table_and_view_and_its_queries_run(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        rows = connection.execute("SELECT name, kind, ask FROM readme ORDER BY sort_order").fetchall()
        assert {name for name, kind, _ in rows if kind == "table"} == {table.name for table in TABLES}
        assert {name for name, kind, _ in rows if kind == "view"} == set(VIEWS)
        for name, _, ask in rows:
            assert re.search(rf"\bFROM {name}\b", ask), name
            connection.execute(ask).fetchall()
        for name in ("indicators", "benchmarks", "domains"):
            (asked,) = (ask for n, _, ask in rows if n == name)
            whole = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            assert whole == (len(connection.execute(asked).fetchall()),), f"a join of {name} loses or doubles rows"


def test_the_newest_wave_is_found_where_rows_of_all_waves_stand_too(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        for table in TABLES:
            if "wave" in table.names:
                unsaid = "pooled IS DISTINCT FROM (wave = 'pooled')" if "pooled" in table.names else "wave = 'pooled'"
                wrong = connection.execute(f"SELECT count(*) FROM {table.name} WHERE {unsaid}").fetchone()
                assert wrong == (0,), table.name
        assert connection.execute("SELECT max(wave) FROM terms WHERE NOT pooled").fetchone() == ("2018",)


def test_keys_and_checks_hold_in_the_database_itself(published: Published, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes((published[2] / "public" / "monitor.duckdb").read_bytes())
    with connect(copy) as connection:
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("INSERT INTO indicators SELECT * FROM indicators LIMIT 1")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE indicators SET estimate = 0.5 WHERE suppressed")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE indicators SET withheld_for = NULL WHERE suppressed")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE terms SET pooled = NOT pooled")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE claims SET verdict = 'proven'")
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("UPDATE models SET estimator = 'probit'")


def test_csv_tables_are_the_database(published: Published) -> None:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        for table in TABLES:
            rows = connection.execute(f"SELECT * FROM {table.name}").fetchall()
            with (published[2] / "public" / "tables" / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
                head, *body = csv.reader(file)
            assert head == list(table.names)
            assert len(body) == len(rows)
            for line, row in zip(body, rows, strict=True):
                for text, value in zip(line, row, strict=True):
                    if isinstance(value, bool):
                        assert text == ("true" if value else "false")
                    elif isinstance(value, float):
                        assert float(text) == value
                    elif value is None:
                        assert text == ""


def test_the_description_is_valid_for_frictionless(published: Published) -> None:
    from frictionless import Package, validate

    report = validate(str(published[2] / "public" / "datapackage.json"))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])[:5]
    assert len(Package(str(published[2] / "public" / "datapackage.json")).resources) == len(TABLES)


def test_sdmx_lines_follow_the_cis_dimensions(published: Published) -> None:
    table = pd.read_csv(published[2] / "public" / "sdmx" / "cis_indicators.csv", dtype=str, keep_default_na=False)
    assert list(table.columns) == ["DATAFLOW", *sdmx.DIMENSIONS, "OBS_VALUE", *sdmx.ATTRIBUTES]
    assert not table.duplicated(list(sdmx.DIMENSIONS)).any()
    assert (table["DATAFLOW"] == sdmx.NACE_2.reference).all()
    assert ((table["OBS_VALUE"] == "") == table["CONF_STATUS"].isin(["C", "N"])).all()
    assert (table.loc[table["CONF_STATUS"] == "N", "OBS_STATUS"] == "U").all()
    assert {"2016", "2017"} == set(table["TIME_PERIOD"])


def test_only_what_cis_means_carries_its_code_and_only_what_eurostat_means_its_lists() -> None:
    """A share of turnover is a ratio of totals there; provinces are regions of NUTS 2, sections those of NACE."""
    survey = load_survey(BUNDLED)
    packs = {told.name for told in survey.comparable}
    codes = {name: code for name, code in sdmx.cis_codes(survey).items() if name not in packs}
    assert codes == {"turnover_new_to_market": "TUR_PRD_NEW_MKT", "rd_performers": "INNA_IH_RND"}
    for name in codes:
        assert survey.indicators[name].estimator in ("share", "ratio", "total")
        assert survey.bases[survey.indicators[name].base].sql == "true"
    table = pd.DataFrame(
        [
            ("2017", "turnover_new_to_market", "turnover_new_to_market_eur", variable, code, 0.13, False, "good")
            for variable, code in (
                ("all", "all"), ("province", "PV20"), ("sector", "manufacturing"), ("size_band", "large"),
                ("size_band", "micro"), ("size_band*province", "large*PV21"), ("rd_tax_credit", "true"),
            )
        ],
        columns=["wave", "indicator", "measure", "domain_variable", "domain", "estimate", "suppressed", "reliability"],
    )  # fmt: skip
    keys = [x.key for x in sdmx.observations(table, survey)]
    found = [(x["REF_AREA"], x["ACTIVITY"], x["NUMBER_EMPL"], x["DOMAIN"]) for x in keys]
    assert found == [
        ("_T", "_T", "_T", "_T"), ("NL11", "_T", "_T", "_T"), ("_T", "BTE", "_T", "_T"), ("_T", "_T", "E_GE250", "_T"),
        ("_T", "_T", "_T", "size_band-micro"), ("NL12", "_T", "E_GE250", "_T"),
        ("_T", "_T", "_T", "rd_tax_credit-true"),
    ]  # fmt: skip


def test_each_line_of_the_exchange_is_in_official_lists_or_the_agency_s_own(published: Published) -> None:
    table = pd.read_csv(published[2] / "public" / "sdmx" / "cis_indicators.csv", dtype=str, keep_default_na=False)
    official = {"REF_AREA": r"_T|NL\d\d", "ACTIVITY": r"_T|[A-U](T[A-U])?", "NUMBER_EMPL": r"_T|E10T49|E50T249|E_GE250"}
    for dimension, form in official.items():
        assert table[dimension].str.fullmatch(form).all(), dimension
    own = set(table["DOMAIN"]) - {"_T"}
    assert "size_band-micro" in own
    assert "sector-industry" in own, "a sector of the survey's own is no section of NACE"


CONTENT_MODEL = {
    "codeBook": "docDscr stdyDscr fileDscr dataDscr otherMat",
    "docDscr": "citation guide docStatus docSrc controlledVocabUsed notes",
    "stdyDscr": "citation studyAuthorization stdyInfo studyDevelopment method dataAccs othrStdyMat notes",
    "citation": "titlStmt rspStmt prodStmt distStmt serStmt verStmt biblCit holdings notes",
    "titlStmt": "titl subTitl altTitl parTitl IDNo",
    "rspStmt": "AuthEnty othId",
    "prodStmt": "producer copyright prodDate prodPlac software fundAg grantNo",
    "stdyInfo": "studyBudget subject abstract sumDscr qualityStatement notes exPostEvaluation",
    "sumDscr": "timePrd collDate nation geogCover geogUnit geoBndBox boundPoly anlyUnit universe dataKind",
    "fileDscr": "fileTxt locMap notes",
    "dataDscr": "varGrp nCubeGrp var nCube notes",
    "var": "location labl imputation security embargo respUnit anlysUnit qstn valrng invalrng undocCod universe "
    "TotlResp sumStat txt stdCatgry catgryGrp catgry codInstr verStmt concept derivation varFormat geoMap catLevel "
    "notes",
    "qstn": "preQTxt qstnLit postQTxt forward backward ivuInstr",
    "catgry": "catValu labl txt catStat mrow",
}
"""What stands in which element, in which order, in DDI-Codebook 2.5 (its schema is in no package registry)"""
ONCE = {"stdyDscr": "citation", "citation": "titlStmt", "titlStmt": "titl", "docDscr": "citation"}
"""The children that must be there"""
ATTRIBUTES = {
    "codeBook": {"version"}, "prodDate": {"date"}, "timePrd": {"date", "event", "cycle"}, "fileDscr": {"ID"},
    "collDate": {"date", "event", "cycle"}, "var": {"ID", "name", "files", "intrvl", "dcml", "measUnit", "nature"},
    "varFormat": {"type", "schema", "formatname", "category"},
}  # fmt: skip
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def test_the_questionnaire_is_ddi(published: Published) -> None:
    """Elements, their order, required parts, attributes and references, as DDI-Codebook 2.5 has them."""
    root = ElementTree.parse(published[2] / "public" / "ddi" / "codebook.xml").getroot()
    prefix = f"{{{exchange.DDI}}}"
    assert root.tag == f"{prefix}codeBook"
    for element in root.iter():
        assert element.tag.startswith(prefix)
        name = element.tag.removeprefix(prefix)
        children = [child.tag.removeprefix(prefix) for child in element]
        order = CONTENT_MODEL.get(name, "").split()
        assert set(children) <= set(order), name
        assert children == sorted(children, key=order.index), name
        assert ONCE.get(name) is None or children.count(ONCE[name]) == 1, name
        assert set(element.attrib) <= ATTRIBUTES.get(name, set()) | {LANGUAGE}, name
        assert not children or not (element.text or "").strip(), "text or elements, not both"
    space = {"d": exchange.DDI}
    variables = root.findall("d:dataDscr/d:var", space)
    assert {"product_innovation", "turnover_eur", "size_band"} <= {v.attrib["name"] for v in variables}
    identifiers = [e.attrib["ID"] for e in root.iter() if "ID" in e.attrib]
    assert len(identifiers) == len(set(identifiers))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", i, re.ASCII) for i in identifiers), "xs:ID"
    files = {e.attrib["ID"] for e in root.findall("d:fileDscr", space)}
    assert {v.attrib["files"] for v in variables} <= files
    assert {e.attrib["type"] for e in root.iter(f"{prefix}varFormat")} <= {"numeric", "character"}
    assert {e.attrib["event"] for e in root.iter(f"{prefix}timePrd")} <= {"start", "end", "single"}
