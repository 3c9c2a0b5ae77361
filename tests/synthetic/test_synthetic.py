"""The invented population has the truth it declares, and its deliveries the counts and the shapes they should have."""

from __future__ import annotations

import csv
import hashlib
import io
import time

import numpy as np
import pandas as pd
import pytest

from monitor import synthetic
from monitor.survey import load_survey
from monitor.synthetic.exports import FOLDER, initiative_names, margins
from monitor.synthetic.fieldwork import BLANK_IS_NONE, ROUTING
from monitor.synthetic.firms import SEED, Population, Truth
from monitor.synthetic.questionnaire import INITIATIVES


@pytest.fixture(scope="module")
def people() -> Population:
    return synthetic.population()


@pytest.fixture(scope="module")
def waves(people: Population) -> dict[str, synthetic.Fieldwork]:
    return synthetic.fieldwork(people)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("inbox")
    began = time.process_time()
    files = synthetic.deliveries(folder)
    return folder, files, time.process_time() - began


def usable(work: synthetic.Fieldwork) -> pd.DataFrame:
    return work.responses[work.responses["status"] == "usable"]


def standardised(census: pd.DataFrame) -> dict[str, float]:
    """The four states by the g-formula: a logit of the census, predicted with every firm in each state."""
    import statsmodels.api as sm

    invests, cooperates = census["invests"].to_numpy(), census["cooperates"].to_numpy()
    other = synthetic.controls(census)

    def design(i: np.ndarray | int, c: np.ndarray | int) -> np.ndarray:
        states = [np.broadcast_to(x, len(census)) for x in (1, i, c, np.multiply(i, c))]
        return np.column_stack([*states, other])

    fit = sm.Logit(census["top_innovator"], design(invests, cooperates)).fit(disp=0)
    names = {"p_neither": (0, 0), "p_invests_only": (1, 0), "p_cooperates_only": (0, 1), "p_both": (1, 1)}
    return {name: float(fit.predict(design(i, c)).mean()) for name, (i, c) in names.items()}


@pytest.mark.parametrize("complementarity", [0.08, 0.0])
def test_the_whole_population_has_the_declared_effects(complementarity: float) -> None:
    people = synthetic.population(SEED, Truth(complementarity=complementarity))
    for wave, census in people.census.items():
        found = standardised(census)
        for state, declared in people.truth.states().items():
            assert found[state] == pytest.approx(declared, abs=0.001), (wave, state)
        together = found["p_both"] - found["p_invests_only"] - found["p_cooperates_only"] + found["p_neither"]
        assert together == pytest.approx(complementarity, abs=0.001), wave
        assert found["p_cooperates_only"] - found["p_neither"] == pytest.approx(0, abs=0.0005), wave


def test_other_outcomes_leave_the_firms_as_they_are(people: Population) -> None:
    other = synthetic.population(SEED, Truth(complementarity=0))
    pd.testing.assert_frame_equal(people.firms, other.firms)
    for wave in synthetic.WAVES:
        same = ["firm", "cooperates", "invests", "sector"]
        pd.testing.assert_frame_equal(people.census[wave][same], other.census[wave][same])


def test_the_measures_follow_from_the_answers(people: Population) -> None:
    for census in people.census.values():
        assert ((census["turnover_share_new_to_market"] > 40) == (census["top_innovator"] == 1)).all()
        assert (census["initiatives"].map(len) > 0).eq(census["cooperates"] == 1).all()
        invests = census["in_house_rd"] | (census["innovation_expenditure_eur"] > 0)
        assert invests.eq(census["invests"] == 1).all()
        shares = census[[c for c in census if c.startswith("turnover_share_")]]
        assert (shares.sum(axis=1) == 100).all()
        assert (census["innovation_expenditure_eur"] <= census["turnover_eur"]).all()


def test_the_staff_fits_the_size_band(people: Population) -> None:
    for census in people.census.values():
        band = pd.cut(census["employees"], [1, 9, 49, 249, 1e6], labels=["micro", "small", "medium", "large"])
        assert (band.astype(str) == census["size_band"]).all()


@pytest.mark.parametrize(
    ("wave", "invited", "responses", "rate"),
    [
        ("2017", 5500, 624, 11.3),
        ("2018", 5576, 503, 9.0),
        ("2019", 5935, 436, 7.3),
    ],
)  # fmt: skip
def test_counts(waves: dict[str, synthetic.Fieldwork], wave: str, invited: int, responses: int, rate: float) -> None:
    frame = waves[wave].frame
    assert frame["invited"].sum() == invited
    assert len(usable(waves[wave])) == usable(waves[wave])["firm"].nunique() == responses
    assert round(100 * responses / invited, 1) == rate
    assert set(waves[wave].responses["firm"]) <= set(frame.loc[frame["invited"], "firm"])


def test_participation_and_panel(waves: dict[str, synthetic.Fieldwork]) -> None:
    first = usable(waves["2017"])
    assert (first["initiatives"].map(len) > 0).sum() == 225
    assert set().union(*first["initiatives"]) == set(INITIATIVES)
    assert len(set(first["firm"]) & set(usable(waves["2018"])["firm"])) == 184


def test_published_levels_are_near(waves: dict[str, synthetic.Fieldwork]) -> None:
    def answered(wave: str, concept: str) -> pd.Series:
        known = waves[wave].missing.loc[usable(waves[wave]).index, concept] == ""
        return usable(waves[wave]).loc[known, concept]

    published = {
        ("2018", "rd_share_of_turnover"): 15, ("2019", "rd_share_of_turnover"): 20,
        ("2018", "sensor_technology"): 0.28, ("2019", "sensor_technology"): 0.39,
        ("2018", "internet_of_things"): 0.27, ("2019", "internet_of_things"): 0.34,
    }  # fmt: skip
    for (wave, concept), level in published.items():
        assert answered(wave, concept).mean() == pytest.approx(level, abs=0.015 if level < 1 else 1), (wave, concept)
    orientation = answered("2018", "orientation").value_counts(normalize=True)
    assert orientation.to_dict() == pytest.approx({"profit": 0.2, "social": 0.1, "balanced": 0.7}, abs=0.015)
    for wave in waves:
        assert usable(waves[wave])["top_innovator"].mean() == pytest.approx(0.1, abs=0.02)


def test_every_question_is_left_open_by_some_and_by_few(waves: dict[str, synthetic.Fieldwork]) -> None:
    for wave, work in waves.items():
        kinds = work.missing.loc[usable(work).index]
        for concept in kinds.columns.difference(["initiatives", "product_innovation", *BLANK_IS_NONE.get(wave, ())]):
            # Whose leading question is open was never shown this one.
            led = kinds[ROUTING[concept]] == "" if concept in ROUTING else True
            asked = kinds.loc[led & (kinds[concept] != "not_asked"), concept]
            assert 0.02 < (asked != "").mean() < 0.14, (wave, concept)
        for complete in ("initiatives", "product_innovation"):
            assert (kinds[complete] == "").all()


def test_response_depends_on_size_sector_and_innovativeness(people: Population) -> None:
    census = people.census["2017"]
    chance = pd.Series(synthetic.response_chance(people, "2017", 0.09))
    assert chance.mean() == pytest.approx(0.09)
    by = {variable: chance.groupby(census[variable]).mean() for variable in ("size_band", "sector", "rd_tax_credit")}
    assert by["size_band"]["large"] > 1.4 * by["size_band"]["micro"]
    assert by["sector"]["information"] > 1.4 * by["sector"]["construction"]
    assert by["rd_tax_credit"][True] > 1.4 * by["rd_tax_credit"][False]
    assert census.groupby("rd_tax_credit")["invests"].mean().diff().iloc[-1] > 0.15


def test_what_no_register_sees_can_be_declared_to_matter() -> None:
    hidden = synthetic.population(SEED, Truth(response_beyond_register=0.5))
    chance = synthetic.response_chance(hidden, "2017", 0.09)
    census = hidden.census["2017"]
    same = (census["size_band"] == "micro") & (census["sector"] == "construction") & ~census["rd_tax_credit"]
    assert chance[same & (census["invests"] == 1)].mean() > 1.1 * chance[same & (census["invests"] == 0)].mean()


def test_samples_for_simulations_are_cheap_and_unbiased(people: Population) -> None:
    rng = np.random.default_rng(1)
    census, draws = people.census["2017"], 400
    began = time.process_time()
    rows = [synthetic.respond(people, "2017", rng, 624) for _ in range(draws)]
    assert (time.process_time() - began) / draws < 0.02
    counts = np.bincount(np.concatenate(rows), minlength=len(census)) / draws
    chance = synthetic.response_chance(people, "2017", 624 / len(census))
    for band, group in census.groupby("size_band").indices.items():
        assert counts[group].mean() == pytest.approx(chance[group].mean(), rel=0.05), band


def test_answers_left_open_take_the_measures_with_them(people: Population) -> None:
    rng = np.random.default_rng(2)
    rows = np.arange(len(people.census["2017"]))
    open_ = {"turnover_share_new_to_market": 0.12, "in_house_rd": 0.12, "innovation_expenditure_eur": 0.12}
    left, whole = synthetic.answers(people, "2017", rows, rng, open_), people.census["2017"]
    innovators = whole["product_innovation"]
    assert left.loc[innovators, "top_innovator"].isna().mean() == pytest.approx(0.12, abs=0.02)
    assert left["top_innovator"].isna().equals(left["turnover_share_new_to_market"].isna())
    # Who was routed past the shares left nothing open.
    assert (left.loc[~innovators, "top_innovator"] == 0).all()
    assert left["cooperates"].notna().all()
    # As SQL has it: yes or unknown is yes, no or unknown is unknown.
    research, spending = left["in_house_rd"], left["innovation_expenditure_eur"]
    yes = (research == True) | (spending > 0)  # noqa: E712 - None is neither
    no = (research == False) & (spending == 0)  # noqa: E712
    assert (left.loc[yes, "invests"] == 1).all()
    assert (left.loc[no, "invests"] == 0).all()
    assert left.loc[~yes & ~no, "invests"].isna().all()


def test_the_first_waves_register_holds_55_initiatives_of_three_kinds() -> None:
    with (FOLDER / "register" / "initiatives.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["wave"] == synthetic.WAVES[0]]
    assert [row["code"] for row in rows] == list(INITIATIVES)
    assert len(rows) == len({row["name_nl"] for row in rows}) == len({row["name_en"] for row in rows}) == 55
    assert {row["kind"] for row in rows} == {"network", "test_environment", "incubator"}
    # Several of them stand in one cell of the first wave, with a comma between them.
    assert not any("," in row["name_nl"] for row in rows)


def test_the_folder_declares_the_population_it_is_about(people: Population) -> None:
    survey = load_survey(FOLDER)
    assert survey.synthetic
    assert survey.seed == people.seed == SEED
    assert set(survey.waves) == set(synthetic.WAVES) == set(people.census)
    for variable in ("sector", "size_band", "province", "firm_age_band"):
        assert set(people.firms.get(variable, people.census["2017"][variable])) <= set(survey.concepts[variable].codes)


def test_the_questionnaire_changes_between_the_waves_and_says_so() -> None:
    waves = load_survey(FOLDER).waves
    changes = {
        (wave, question.concept): (question.comparability, question.comparable_since)
        for wave, declared in waves.items()
        for question in declared.questions.values()
        if question.comparability != "asked"
    }
    assert changes == {
        ("2018", "process_innovation"): ("reworded", "2018"),
        ("2018", "cooperation_partners"): ("recoded", "2018"),
        ("2019", "orientation"): ("recoded", "2019"),
        ("2019", "sensor_technology"): ("recoded", "2018"),
        ("2019", "internet_of_things"): ("recoded", "2018"),
    }
    new = set(waves["2019"].questions) - set(waves["2018"].questions)
    assert {"artificial_intelligence", "digital_maturity"} <= new
    assert {"artificial_intelligence", "digital_maturity"} <= set(waves["2018"].not_asked)


@pytest.mark.parametrize("wave", synthetic.WAVES)
def test_the_committed_margins_are_the_populations(people: Population, wave: str) -> None:
    assert (FOLDER / "margins" / f"{wave}.csv").read_text(encoding="utf-8") == margins(people, wave)


def test_the_frame_holds_the_living_and_a_few_that_ceased(
    waves: dict[str, synthetic.Fieldwork], people: Population
) -> None:
    for wave, work in waves.items():
        living = set(people.census[wave]["firm"])
        held = work.frame["firm"]
        assert living <= set(held)
        assert held.is_unique
        assert 0.002 < 1 - len(living) / len(held) < 0.03
        assert (work.frame.loc[~held.isin(living) & work.frame["invited"], "disposition"] == "out_of_scope").all()


@pytest.mark.slow
def test_the_same_bytes_every_time_and_soon(delivered, tmp_path) -> None:
    _, files, seconds = delivered
    assert seconds < 3
    again = synthetic.deliveries(tmp_path)
    for wave, paths in files.items():
        for mine, other in zip(paths, again[wave], strict=True):
            assert hashlib.sha256(mine.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest(), mine.name


def test_running_again_leaves_the_files_alone(delivered) -> None:
    folder, files, _ = delivered
    before = {path: path.stat().st_mtime_ns for paths in files.values() for path in paths}
    synthetic.deliveries(folder)
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert {path for path in folder.rglob("*") if path.is_file()} == set(before)


def test_the_first_wave_is_a_qualtrics_export(delivered) -> None:
    folder, _, _ = delivered
    content = (folder / "2017" / "innovatiemonitor_2017.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    names, texts, ids, *records = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert names[0] == "StartDate"
    assert texts[names.index("Q2")].endswith("?")
    assert all(cell.startswith('{"ImportId"') for cell in ids)
    assert all(len(record) == len(names) for record in records)
    column = {name: [record[i] for record in records] for i, name in enumerate(names)}
    assert any("%" in cell for cell in column["Q3_1"])
    assert any("." in cell for cell in column["Q12"])
    assert any(cell.startswith("€ ") for cell in column["Q12"])
    assert any("," in cell for cell in column["Q7"])
    named = set().union(*(cell.split(",") for cell in column["Q1"] if cell))
    assert named <= set(initiative_names().values())
    assert all(len(firm) == 8 and firm.startswith("00") for firm in column["ExternalReference"])
    assert {cell.split("@")[1] for cell in column["RecipientEmail"] if cell} == {"example.org"}


def test_the_second_wave_is_a_limesurvey_export(delivered) -> None:
    folder, _, _ = delivered
    content = (folder / "2018" / "innovatiemonitor_2018.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    records = list(csv.DictReader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";"))
    assert {record["A1[SQ001]"] for record in records} == {"Y", "N"}
    assert any("." in record["F2"] for record in records)
    assert any(record["D2"].endswith("%") for record in records)
    assert {"888", "999"} <= {record["B2[SQ001]"] for record in records}
    syntax = (folder / "2018" / "innovatiemonitor_2018.R").read_text(encoding="utf-8")
    assert all(f'<- "{name}"' in syntax for name in records[0])


def test_the_third_wave_is_an_spss_file_without_a_clock_in_it(delivered) -> None:
    import pyreadstat

    folder, _, _ = delivered
    path = folder / "2019" / "innovatiemonitor_2019.sav"
    data, meta = pyreadstat.read_sav(path, user_missing=True)
    assert data["kvk"].str.len().eq(8).all()
    assert meta.variable_value_labels["v2"] == {1: "Ja", 2: "Nee", 8: "Weet niet", 9: "Wil niet zeggen"}
    assert meta.missing_ranges["v7"]
    assert data["v13"].dropna().isin([1, 2, 3, 4, 5, 8, 9]).all()
    # A tick is coded by its own option's number, and no tick is missing.
    assert set(data["v10_07"].dropna()) == {7.0}
    assert path.read_bytes()[92:109] == b"01 jan 1700:00:00"
