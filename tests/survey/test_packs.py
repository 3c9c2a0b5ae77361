"""Packs of comparable indicators as a survey declares them: profiles that part the firms, and what is wrong with a
declaration."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import comparable
import duckdb
import numpy as np
import pandas as pd
import pytest

from monitor.problems import DefinitionError
from monitor.stages.derived.query import measures_query
from monitor.stages.disclosed.sets import divisions
from monitor.statistics.design.structure import SurveyDesign
from monitor.survey import Survey, canonical_concepts, load_survey
from monitor.survey.packs import PACKS, read_pack, terms

PROFILES = [f"cis_profile_{number}" for number in range(1, 8)]
KINDS = {
    "group": ["group"], "suppliers": ["suppliers"], "private_clients": ["private_clients"],
    "public_clients": ["public_clients"], "competitors": ["competitors"],
    "consultants": ["consultants", "private_institutes"], "universities": ["universities"],
    "government_institutes": ["government_institutes"], "non_profit": ["non_profit"],
}  # fmt: skip
"""Kind of partner of the CIS -> the canonical partners that it is"""
PLACES = ("national", "eu_efta", "elsewhere")
CELLS = {f"cooperation_{kind}_{place}": (kind, place) for kind in KINDS for place in PLACES}
PLACED = """
  cooperation_partners_national: {column: pn, separator: ","}
  cooperation_partners_eu_efta: {column: pe, separator: ","}
  cooperation_partners_elsewhere: {column: po, separator: ","}
"""
ASKED = """
  sbi_code: {column: sbi}
  product_innovation: {column: p, codes: {"0": false, "1": true}}
  new_to_market: {column: m, codes: {"0": false, "1": true}}
  ongoing_activities: {column: o, codes: {"0": false, "1": true}}
  abandoned_activities: {column: a, codes: {"0": false, "1": true}}
  considered_innovating: {column: c, codes: {"0": false, "1": true}}
  business_process_innovations: {column: b, separator: ","}
  product_developers: {column: d, separator: ","}
  process_developers: {column: e, separator: ","}
"""


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """A survey that asks all that profiles need."""
    folder = comparable.ecuador(tmp_path_factory.mktemp("asks all"))
    declared = (folder / "survey.yaml").read_text(encoding="utf-8").partition("\nequivalents:")[0]
    (folder / "survey.yaml").write_text(declared, encoding="utf-8")
    (folder / "waves" / "2014.yaml").open("a", encoding="utf-8").write(ASKED)
    return load_survey(folder)


@pytest.fixture(scope="module")
def firms(survey: Survey) -> pd.DataFrame:
    """A firm for every way to answer, each question left open among them."""
    yes_no = (True, False, None)
    many = (["production"], [], None)
    developed = (["alone"], ["together", "others"], ["adapted"], ["others"], None)
    ways = product(yes_no, yes_no, yes_no, yes_no, yes_no, many, developed, developed)
    names = ["product_innovation", "new_to_market", "ongoing_activities", "in_house_rd", "considered_innovating",
             "business_process_innovations", "product_developers", "process_developers"]  # fmt: skip
    answers = pd.DataFrame(list(ways), columns=names)
    answers[names[:5]] = answers[names[:5]].astype("boolean")
    answers = answers.assign(
        imputation=0, firm=[f"F{n}" for n in range(len(answers))], sbi_code="6201", employees=10.0,
        abandoned_activities=False, contracted_out_rd=False,
    )  # fmt: skip
    with duckdb.connect() as connection:
        connection.register("answers", answers)
        lists = ", ".join(f"{n}::VARCHAR[] AS {n}" for n in names[5:])
        connection.execute(f"CREATE TABLE imputed_answers AS SELECT * REPLACE ({lists}) FROM answers")
        asked = {*answers.columns, *survey.waves["2014"].questions}
        return connection.execute(measures_query(survey, list(answers.columns), asked)).df()


def test_every_firm_has_one_profile_or_none_of_the_seven(firms: pd.DataFrame) -> None:
    profiles = firms[PROFILES].astype("boolean")
    known = profiles.notna().sum(axis=1)
    assert set(known) == {0, 7}, "what leaves one profile open leaves all open"
    assert (profiles[known == 7].sum(axis=1) == 1).all()
    assert (profiles.sum() > 0).all(), "every profile has firms"


def test_profiles_sum_to_the_firms_weighted_and_unweighted(firms: pd.DataFrame) -> None:
    profiles = firms.loc[firms[PROFILES[0]].notna(), PROFILES].astype(float)
    weights = 1 + np.arange(len(profiles)) % 7
    design = SurveyDesign(weights=weights.astype(float))
    shares = [design.mean(profiles[name].to_numpy()).estimate[0] for name in PROFILES]
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert profiles.mean().sum() == pytest.approx(1, abs=1e-12)


def test_the_innovation_active_are_the_first_five_profiles(firms: pd.DataFrame) -> None:
    known = firms[firms[PROFILES[0]].notna()]
    active = known["cis_innovation_active"].astype(bool)
    assert (active == known[PROFILES[:5]].astype(bool).any(axis=1)).all()


def test_disclosure_control_finds_the_partition_in_the_answers(firms: pd.DataFrame) -> None:
    profiles = firms[PROFILES].astype("boolean")
    counted = profiles[PROFILES[0]].notna().to_numpy()
    members = {("firms", PROFILES[0]): counted}
    members |= {("events", name): profiles[name].fillna(False).to_numpy(bool) for name in PROFILES}
    found = [(set(parts), rest.any()) for whole, parts, rest in divisions(members) if whole == ("firms", PROFILES[0])]
    assert ({("events", name) for name in PROFILES}, False) in found


def test_every_pack_is_written_over_terms_and_canonical_concepts() -> None:
    for name in PACKS:
        pack = read_pack(name)
        assert pack.source
        assert pack.address.startswith("https://")
        assert {each.base for each in pack.indicators} == set(pack.bases), "no base without an indicator"
        assert all(each.estimand["nl"].endswith(".") and each.estimand["en"].endswith(".") for each in pack.indicators)
    codes = [each.code for each in read_pack("cis").indicators if each.code]
    assert len(codes) == len(set(codes))
    assert {each.name for each in read_pack("cis").indicators if not each.code} == {*CELLS}
    concepts = set(canonical_concepts())
    for term in terms().values():
        if term.sql and "{" not in term.sql:
            assert {word for word in concepts if word in term.sql} or term.sql == "true", term.name


def test_partner_and_place_are_told_together_where_each_place_is_asked(tmp_path: Path) -> None:
    folder = comparable.ecuador(tmp_path)
    without = {each.name: each for each in load_survey(folder).comparable}
    for cell in CELLS:
        why = without[f"cis_{cell}"].lacks["2014"]
        assert why == {
            "nl": "niet te berekenen: de enquête vraagt niet waar de partners gevestigd zijn",
            "en": "not computable: the survey does not ask where the partners are",
        }
    (folder / "waves" / "2014.yaml").open("a", encoding="utf-8").write(PLACED)
    survey = load_survey(folder)
    answered = {
        "F1": (["suppliers", "universities"], [], ["group"]),
        "F2": (["private_institutes"], ["suppliers"], []),
        "F3": ([], None, []),
    }
    with duckdb.connect() as connection:
        for cell, (kind, place) in CELLS.items():
            sql, at = survey.measures[f"cis_{cell}"].sql, PLACES.index(place)
            for places in answered.values():
                lists = ", ".join(
                    f"{value!r}::VARCHAR[] AS cooperation_partners_{name}" if value is not None
                    else f"NULL::VARCHAR[] AS cooperation_partners_{name}"
                    for name, value in zip(PLACES, places, strict=True)
                )  # fmt: skip
                (told,) = connection.execute(f"SELECT {sql} FROM (SELECT {lists})").fetchone() or (None,)
                expected = None if places[at] is None else bool({*places[at]} & {*KINDS[kind]})
                assert told is expected, (cell, places)
    assert survey.indicators["cis_cooperation_suppliers_national"].label["en"] == (
        "Cooperation with suppliers, in the own country"
    )


MISTAKES = [
    ("packs: [cis, eis]", "packs: [cis, oecd]", "packs names the unknown pack 'oecd'"),
    ("  turnover: {sql: turnover_usd}", "  turnovers: {sql: turnover_usd}", "unknown term 'turnovers'"),
    ("  turnover: {sql: turnover_usd}", "  turnover: {sql: sector}", "the equivalent of 'turnover' is not a usable"),
    ("  turnover: {sql: turnover_usd}", "  turnover: {sql: turnover_us}", "the equivalent of 'turnover' is not"),
    ("packs: [cis, eis]", "", "serves no pack"),
    ("  top_innovators: {", "  cis_in_house_rd: {", "has the name of an indicator of the pack 'cis'"),
]


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = comparable.ecuador(tmp_path) / "survey.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(DefinitionError) as caught:
        load_survey(file.parent)
    found = [problem for problem in caught.value.problems if words in problem.what]
    assert found, caught.value.problems
    first = found[0]
    assert first.file == "survey.yaml"
    assert first.do
    assert first.line == (line + 2 if not new else line)
