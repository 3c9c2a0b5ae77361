"""A real survey through the same code: the sample that goes with Ecuador's innovation survey 2012-2014.

Expected coefficients: R `survey::svyglm` with weights only (../shared/reference).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest
from terminal import monitor

from monitor.attack import attack
from monitor.cli import main
from monitor.precision import to_error
from monitor.stages import disclosed, released
from monitor.storage.lake import ALL_WAVES, Lake, connect
from monitor.survey import load_survey
from monitor.survey.seen import seen_by
from pipelines.assets import RELEASE_STAGES, WAVE_STAGES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "tests" / "worlds" / "surveys" / "ecuador"
TERMS = {
    "(Intercept)": "intercept",
    "coop_rdeng": "cooperates",
    "rd_int": "invests",
    "sizemedium": "size_band[medium]",
    "sizelarge": "size_band[large]",
    "sectormining": "sector[mining]",
    "sectorservices": "sector[services]",
    "sectortrade": "sector[trade]",
    "coop_rdeng:rd_int": "cooperates:invests",
}
"""The reference's names -> the product's"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """A home folder after `monitor run` on the real delivery."""
    home = tmp_path_factory.mktemp("ecuador")
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    done = monitor("run", "--survey", DEFINITION, "--wave", "2014", "--input", delivery, "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["waves"] == ["2014"]
    return home


def fitted(home: Path, table: str = "terms") -> pd.DataFrame:
    """The main model's terms, or another of its tables, as it was fitted: in public, terms of categories with few
    events are withheld, and every number is rounded to what its error supports."""
    rows = Lake(home, "ecuador").read(f"modelled_{table}", "2014")
    main = rows[(rows["model"] == "top_innovator") & (rows["variant"] == "main")]
    return main.set_index(table.removesuffix("s"))


def read(home: Path, query: str) -> pd.DataFrame:
    database = home / "releases" / "ecuador" / "latest" / "public" / "monitor.duckdb"
    with connect(database, read_only=True) as connection:
        return connection.execute(query).df()


def test_the_weighted_logit_is_the_reference_s(home: Path, shared: Path) -> None:
    reference = pd.read_csv(shared / "reference" / "ecuador_sample500_coefficients.csv")
    reference = reference[reference["model"] == "svyglm weights only"].set_index("term")
    terms = fitted(home)
    assert len(terms) == len(TERMS)
    for name, term in TERMS.items():
        assert terms.loc[term, "estimate"] == pytest.approx(reference.loc[name, "est"], abs=1e-6)
        assert terms.loc[term, "se"] == pytest.approx(reference.loc[name, "se"], rel=1e-4)


def test_the_states_average_to_what_was_observed(home: Path, shared: Path) -> None:
    """A logit with the four states in it fits each state's weighted share: the score equations say so."""
    firms = pd.read_csv(shared / "reference" / "ecuador_sample500_canonical.csv")
    contrasts = fitted(home, "contrasts")["estimate"]
    public = read(home, "FROM contrasts WHERE variant = 'main'").set_index("contrast")
    terms = fitted(home)["estimate"]
    controls = sum(
        terms[f"{variable}[{code}]"] * (firms[column] == code)
        for variable, column, codes in (
            ("size_band", "size", ("medium", "large")),
            ("sector", "sector", ("mining", "services", "trade")),
        )
        for code in codes
    )

    def predicted(cooperates: object, invests: object) -> np.ndarray:
        linear = terms["intercept"] + controls + terms["cooperates"] * cooperates + terms["invests"] * invests
        return np.asarray(1 / (1 + np.exp(-(linear + terms["cooperates:invests"] * cooperates * invests))))

    weight = firms["weight"]
    for state, cooperates, invests in (
        ("p_neither", 0, 0),
        ("p_invests_only", 0, 1),
        ("p_cooperates_only", 1, 0),
        ("p_both", 1, 1),
    ):
        standardised = np.average(predicted(cooperates, invests), weights=weight)
        assert contrasts[state] == pytest.approx(standardised, abs=1e-6)
        # Errors come from replicates, which the home's key draws: now and then this one has a digit less.
        assert public.loc[state, "estimate"] == to_error(contrasts[state], public.loc[state, "se"])
    observed = np.average(predicted(firms["coop_rdeng"], firms["rd_int"]), weights=weight)
    assert observed == pytest.approx(np.average(firms["top40"], weights=weight), abs=1e-6)
    assert contrasts["complementarity"] == pytest.approx(
        contrasts["p_both"] - contrasts["p_cooperates_only"] - contrasts["p_invests_only"] + contrasts["p_neither"],
        abs=1e-5,  # the place to which its standard error lets it be given
    )


def test_no_direct_identifier_or_single_firm_is_public(home: Path, shared: Path) -> None:
    firms = pd.read_csv(shared / "reference" / "ecuador_sample500_canonical.csv", dtype=str)["firm_id"]
    public = home / "releases" / "ecuador" / "latest" / "public"
    texts = [
        f.read_text(encoding="utf-8", errors="replace")
        for f in public.rglob("*")
        if f.suffix != ".duckdb" and f.is_file()
    ]
    assert texts
    assert not any(firm in text for text in texts for firm in firms)


def test_nothing_the_release_withholds_can_be_worked_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", "--home", str(home), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out).values()
    assert report["cells"] > 0
    assert report["narrowest"] >= 3


def test_a_second_release_of_the_same_answers_tells_nothing_either(home: Path, tmp_path: Path) -> None:
    """Only a label is another. What the first release showed hides nothing any more, and what it withheld stays."""
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    shutil.copytree(DEFINITION, tmp_path / "ecuador")
    declared = (tmp_path / "ecuador" / "survey.yaml").read_text(encoding="utf-8")
    assert "en: Turnover, " in declared
    renamed = declared.replace("en: Turnover, ", "en: Turnover of the firm, ")
    (tmp_path / "ecuador" / "survey.yaml").write_text(renamed, encoding="utf-8")
    lake, survey = Lake(tmp_path / "home", "ecuador"), load_survey(tmp_path / "ecuador")
    first = lake.read("disclosed_indicators", "all")
    disclosed.run_all(lake, seen_by(survey, "disclosed", ALL_WAVES), ["2014"])
    pd.testing.assert_frame_equal(lake.read("disclosed_indicators", "all"), first)
    with publication.without_pages():
        assert released.run_all(lake, survey, ["2014"])["new"]
    folders = sorted((tmp_path / "home" / "releases" / "ecuador").glob("r0*"))
    assert len(folders) == 2
    found = attack(folders)
    assert found.cells > 0
    assert found.findings == ()
    assert found.narrowest is not None
    assert found.narrowest >= 3


def test_every_table_of_the_lake_is_an_asset(home: Path) -> None:
    assets = {table for tables in [*WAVE_STAGES.values(), *RELEASE_STAGES.values()] for table in tables}
    folders = {folder.name for folder in (home / "lake" / "ecuador").glob("*_*") if folder.is_dir()}
    kept = {name for name in folders if name == "raw_files" or name.startswith("validated_rules_")}
    assert folders - kept <= assets
