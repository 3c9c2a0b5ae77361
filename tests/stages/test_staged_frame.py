"""A frame is read whole, and official codes of firms are held against their classification."""

# Cases stand one on a line, as in a table.

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import scenario
import small_survey
from small_survey import staged_answers

from monitor.problems import UnusableDelivery
from monitor.stages import raw, staged, validated
from monitor.storage.lake import Lake


def test_a_frame_value_that_cannot_be_read_stops(home: Path, tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path / "definition")
    frame = scenario.inbox(home, "2017") / "frame-2017.csv"
    lines = frame.read_text().splitlines()
    lines[3] = lines[3].replace(";1;", ";8;", 1).replace(";2;", ";8;", 1)
    frame.write_text("\n".join(lines))
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    with pytest.raises(UnusableDelivery) as stopped:
        staged.run(lake, survey, survey.waves["2017"])
    (problem,) = stopped.value.problems
    assert (problem.column, problem.found, problem.line) == ("grootte", "8", 4)


def test_codes_that_do_not_exist_or_contradict_each_other_are_found(home: Path, tmp_path: Path) -> None:
    questions = (
        "  firm: {column: id}\n  sbi_code: {column: sbi}\n  municipality_code: {column: gemeente}\n"
        '  province: {column: prov, codes: {"20": PV20, "22": PV22}}\n'
    )
    survey = small_survey.survey(tmp_path, questions, waves=("2019",))
    rows = ["1;6201;0014;20", "2;4499;0014;20", "3;6201;0009;20", "4;6201;0014;22", "5;;;"]
    small_survey.put(home, "x.csv", "\n".join(["id;sbi;gemeente;prov", *rows]), "2019")
    answers, _ = staged_answers(home, survey, "2019")
    found = Lake(home, "small").read("staged_codes", "2019").set_index("firm")[["code", "finding"]].T.to_dict("list")
    firms = answers["firm"].tolist()
    assert found == {
        firms[1]: ["4499", "no code of the SBI 2008"],
        firms[2]: ["0009", "not in the list of 2019, which covers PV20, PV21, PV22"],
        firms[3]: ["0014", "lies in PV20, not in PV22"],
    }
    rules = validated.validate_table(Lake(home, "small"), survey, "2019", "staged_codes").rules.set_index("rule")
    assert rules["failed"].to_dict() == {"official_codes_exist": 2, "municipality_lies_in_the_province": 1}


def test_a_recoding_between_waves_is_a_finding(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  sbi_code: {column: s}\n", waves=("2024", "2025"))

    def found() -> dict[str, list[tuple[str, str]]]:
        for wave in survey.waves:
            small_survey.put(home, "x.csv", "id;s\n1;6201\n2;62.02\n3;6203\n", wave)
            staged_answers(home, survey, wave)
        tables = {wave: Lake(home, "small").read("staged_codes", wave) for wave in survey.waves}
        return {w: sorted(zip(t["code"], t["finding"], strict=True)) for w, t in tables.items()}

    undeclared = "no sbi_recoding.csv says which codes belong together"
    assert found() == {
        "2024": [("SBI 2008", f"other waves use the SBI 2025; {undeclared}")],
        "2025": [("SBI 2025", f"other waves use the SBI 2008; {undeclared}")],
    }
    (survey.folder / "sbi_recoding.csv").write_text("from,to\n62.01,62.10\n62.02,62.20\n62.02,62.90\n")
    assert found() == {
        "2024": [("62.02", "becomes one of 6220, 6290 in the SBI 2025"), ("6203", "becomes none in the SBI 2025")],
        "2025": [],
    }


def test_municipalities_of_a_year_without_a_list_are_a_finding(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  municipality_code: {column: g}\n", waves=("2018",))
    small_survey.put(home, "x.csv", "id;g\n1;0014\n2;0009\n3;\n", "2018")
    staged_answers(home, survey, "2018")
    (finding,) = Lake(home, "small").read("staged_codes", "2018").to_dict("records")
    assert pd.isna(finding["firm"])
    assert finding["code"] == "2 codes"
    assert finding["finding"].startswith("not judged: there is no list of 2018")
    (survey.folder / "municipalities.csv").write_text("year,code,province\n2018,0009,PV20\n2018,0014,PV20\n")
    staged_answers(home, survey, "2018")
    assert Lake(home, "small").read("staged_codes", "2018").empty


def test_a_size_band_follows_from_staff_where_the_wave_says_so(home: Path, tmp_path: Path) -> None:
    questions = "  firm: {column: id}\n  employees: {column: fte}\n  size_band: {column: fte, of_staff: true}\n"
    survey = small_survey.survey(tmp_path, questions, more='missing: {"999": refused}\n')
    staff = ["0", "9,5", "10", "1.249", "249,9", "250", "999", "n.v.t.", "-1", "veel", ""]
    small_survey.put(home, "x.csv", "id;fte\n" + "".join(f"{i};{cell}\n" for i, cell in enumerate(staff)))
    answers, missing = staged_answers(home, survey)
    bands = ["micro", "micro", "small", "large", "medium", "large", None, None, None, None, None]
    assert answers["size_band"].astype(object).where(answers["size_band"].notna(), None).tolist() == bands
    of_band = missing[missing["concept"] == "size_band"]
    assert of_band[["kind", "text"]].fillna("").values.tolist() == [
        ["refused", ""], ["absent", ""], ["invalid", "-1"], ["invalid", "veel"], ["absent", ""],
    ]  # fmt: skip


def test_a_size_band_that_contradicts_staff_is_a_finding(home: Path, tmp_path: Path) -> None:
    questions = "  firm: {column: id}\n  employees: {column: fte}\n  size_band: {column: klasse}\n"
    survey = small_survey.survey(tmp_path, questions)
    rows = [(9, "micro"), (12, "small"), (12, "large"), (600, "micro"), (30, "small"), *[(5, "micro")] * 15]
    small_survey.put(home, "x.csv", "id;fte;klasse\n" + "".join(f"{i};{n};{b}\n" for i, (n, b) in enumerate(rows)))
    staged_answers(home, survey)
    lake = Lake(home, survey.name)
    validated.run(lake, survey, survey.waves["2020"])
    found = lake.read("validated_failures", "2020").query("rule == 'staff_agrees_with_size_band'")
    assert sorted(found["value"]) == ["size_band=large; employees=12.0", "size_band=micro; employees=600.0"]
