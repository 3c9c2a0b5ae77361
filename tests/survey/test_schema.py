"""The schemas of a definition's files accept what the loader accepts, and know every key it knows."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from publication import DEFINITION

from monitor.cli import main
from monitor.survey.claims import ESTIMANDS, read_claims
from monitor.survey.load import definition_hash
from monitor.survey.schema import Outline, claims_schema, programme_schema, survey_schema, wave_schema
from monitor.survey.yaml_lines import Report, Section
from monitor.surveys import BUNDLED

WORLDS = Path(__file__).parents[1] / "worlds" / "surveys"
FOLDERS = [BUNDLED, WORLDS / "ecuador", WORLDS / "colombia"]


def mistakes(definition: object) -> list[str]:
    """Where the schema finds a mistake in a definition."""
    found = jsonschema.Draft202012Validator(survey_schema()).iter_errors(definition)
    return [".".join(map(str, error.absolute_path)) for error in found]


def changed(*place: str, **values: object) -> dict[str, Any]:
    """The made-up survey with other values at a place."""
    definition: dict[str, Any] = json.loads(json.dumps(DEFINITION))
    inner = definition
    for key in place:
        inner = inner[key]
    inner |= values
    return definition


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_surveys_that_load_fit_the_schema(folder: Path) -> None:
    assert mistakes(yaml.safe_load((folder / "survey.yaml").read_text(encoding="utf-8"))) == []


def test_the_made_up_survey_fits_the_schema() -> None:
    assert mistakes(changed()) == []


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        (changed(modells={}), ""),
        (changed("design", weights="framed"), "design.weights"),
        (changed("design", replicates=1), "design.replicates"),
        (changed("disclosure", minimum_firm=10), "disclosure"),
        (changed("models", "primary", estimator="probit"), "models.primary.estimator"),
        (changed("models", "primary", weights="none"), "models.primary"),
        (changed("models", "primary", curve={"measure": "x", "from": 1, "to": 2, "step": 0, "signs": ">"}),
         "models.primary.curve"),
        (changed("models", "primary", curve={"measure": "x", "from": 1, "to": 2, "steps": 1, "signs": ">"}),
         "models.primary.curve"),
        (changed("models", "primary", thresholds={"events": 4}), "models.primary.thresholds"),
        (changed("measures", "innovates", codes=3), "measures.innovates.codes"),
        (changed("indicators", "innovators", estimator="sum"), "indicators.innovators.estimator"),
        (changed("imputation", copies=1), "imputation"),
        (changed("bases", "all_firms", label={"nl": "Alle"}), "bases.all_firms.label"),
    ],
)  # fmt: skip
def test_the_schema_marks_a_mistake_where_it_is(definition: dict[str, Any], place: str) -> None:
    found = mistakes(definition)
    assert found
    assert all(where.startswith(place) or place.startswith(where) for where in found), found


def test_a_scalar_may_be_what_it_is_written() -> None:
    assert mistakes(changed("models", "primary", reference={"size_band": 1})) == []
    assert mistakes(changed("models", "primary", practices="cooperates", dose="n")) == []


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--home", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == survey_schema()


def test_every_way_to_read_a_key_has_its_schema() -> None:
    getters = {
        name
        for name, method in vars(Section).items()
        if inspect.isfunction(method) and not name.startswith("_") and "key" in inspect.signature(method).parameters
    }
    # What is made of the others needs none of its own.
    assert getters - {"line_of", "sections", "entries"} <= set(vars(Outline))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_waves_that_load_fit_their_schema_and_a_misspelt_key_does_not(folder: Path) -> None:
    check = jsonschema.Draft202012Validator(wave_schema())
    for file in (folder / "waves").glob("*.yaml"):
        wave = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert list(check.iter_errors(wave)) == []
        assert [error.validator for error in check.iter_errors(wave | {"usble": "true"})] == ["additionalProperties"]


def claim(**keys: Any) -> dict[str, Any]:
    """A claim that fits, with other keys in the place of its own; what is None is left out."""
    share = {"kind": "share", "measure": "innovates", "base": "all_firms"}
    given = {
        "claim": "many", "declared": "2020-01-01", "text": {"nl": "Veel.", "en": "Many."},
        "estimand": share, "rule": {"kind": "above", "value": 0.3, "alpha": 0.025},
    }  # fmt: skip
    return {key: value for key, value in (given | keys).items() if value is not None}


def claim_mistakes(*claims: dict[str, Any]) -> list[str]:
    found = jsonschema.Draft202012Validator(claims_schema()).iter_errors({"claims": list(claims)})
    return [".".join(map(str, error.absolute_path)) for error in found]


def test_claims_that_load_fit_their_schema() -> None:
    told = yaml.safe_load((BUNDLED / "claims.yaml").read_text(encoding="utf-8"))
    assert {each["estimand"]["kind"] for each in told["claims"]} == set(ESTIMANDS)
    assert claim_mistakes(*told["claims"], claim()) == []


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"declared": None}, "claims.0"),
        ({"famly": "x"}, "claims.0"),
        ({"text": "Many."}, "claims.0.text"),
        ({"estimand": {"kind": "median", "measure": "m", "base": "b"}}, "claims.0.estimand"),
        ({"estimand": {"kind": "share", "measure": "m"}}, "claims.0.estimand"),
        ({"estimand": {"kind": "contrast", "model": "m", "contrast": "c", "base": "b"}}, "claims.0.estimand"),
        ({"rule": {"kind": "within", "value": 0.3, "alpha": 0.025}}, "claims.0.rule"),
        ({"rule": {"kind": "no_substitution", "margin": 0.02, "value": 0, "alpha": 0.025}}, "claims.0.rule"),
        ({"rule": {"kind": "above", "value": "a third", "alpha": 0.025}}, "claims.0.rule"),
        ({"committed": {"commit": "9fceb02", "day": "2020-01-01"}}, "claims.0.committed"),
    ],
)
def test_the_schema_and_the_loader_find_the_same_mistakes_in_a_claim(
    tmp_path: Path, keys: dict[str, Any], place: str
) -> None:
    assert claim_mistakes(claim(**keys)) == [place]
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"claims": [claim(**keys)]}), encoding="utf-8")
    reports: list[Report] = []
    read_claims(tmp_path, reports)
    assert [problem for report in reports for problem in report.problems]


PROGRAMMES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((BUNDLED / "programmes").glob("*.yaml"))}


@pytest.mark.parametrize("name", sorted(PROGRAMMES))
def test_programmes_that_load_fit_their_schema(name: str) -> None:
    told = json.loads(json.dumps(yaml.safe_load(PROGRAMMES[name]), default=str))
    jsonschema.Draft202012Validator(programme_schema()).validate(told)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("budget", 3),
        ("label", None),
        ("rounds", {"first": {"opens": "2017-01-01", "closes": "2017-02-01"}}),
        ("plan", {"outcome": "product_innovation"}),
        ("ceilings", {"firm_eur": "much"}),
    ],
)
def test_a_mistake_in_a_programme_is_marked(place: str, value: object) -> None:
    told = json.loads(json.dumps(yaml.safe_load(PROGRAMMES["vouchers"]), default=str)) | {place: value}
    found = list(jsonschema.Draft202012Validator(programme_schema()).iter_errors(told))
    assert found
    assert {place in [*each.absolute_path, each.message] or place in each.message for each in found} == {True}


def test_a_proposal_names_its_schema_where_it_lies(tmp_path: Path) -> None:
    source = tmp_path / "answers_2020.csv"
    source.write_text("firm;size\n" + "".join(f"{n};{n % 3}\n" for n in range(40)), encoding="utf-8")
    folder = tmp_path / "survey"
    assert main(["new-survey", str(folder), "--from", str(source), "--home", str(tmp_path / "home")]) == 0
    before = definition_hash(folder)
    schemas = {"survey.yaml": survey_schema, "waves/2020.yaml": wave_schema, "claims.yaml": claims_schema}
    for file, schema in schemas.items():
        first = (folder / file).read_text(encoding="utf-8").splitlines()[0]
        named = (folder / file).parent / first.removeprefix("# yaml-language-server: $schema=")
        assert json.loads(named.read_text(encoding="utf-8")) == schema()
        named.write_text("{}")
    assert definition_hash(folder) == before, "a schema is no part of the definition"
