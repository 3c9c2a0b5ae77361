"""Who someone is reaches no table after the delivery; what names nobody is kept as evidence."""

# Cases stand one on a line, as in a table.

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import small_survey
from small_survey import staged_answers

from monitor.problems import WaveStopped
from monitor.stages import validated
from monitor.storage.lake import Lake

PRIVATE = """\
  firm: {column: kvk}
  contact_email: {column: mail}
  contact_name: {column: naam}
  remark: {column: opmerking}
  amount: {column: bedrag}
"""
SECRETS = (
    "jan.jansen@bedrijf.example",
    "Jan Jansen",
    "06-12345678",
    "192.168.13.77",
    "Bakkerij De Korenaar",
    "62345678",
    "53.21944",
)


def test_who_someone_is_reaches_no_table_after_raw(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, PRIVATE)
    mail, name, phone, address, company, register, latitude = SECRETS
    header = "kvk;mail;naam;opmerking;bedrag;Telefoon;ipaddr;Q2_TEXT;LocationLatitude"
    rows = [f"{register};{mail};{name};Bel {name};10;{phone};{address};{company};{latitude}"] * 2
    rows += [
        f"7234567{i};x;x;x;{cell};;;;" for i, cell in enumerate((mail, phone, address, f"zie www.{company}.example"))
    ]
    small_survey.put(home, "x.csv", "\n".join([header, *rows]))
    lake = Lake(home, survey.name)
    staged_answers(home, survey)
    for path in (home / "lake" / "small").glob("staged_*/*/*.parquet"):
        text = pd.read_parquet(path).to_string(max_colwidth=None)
        assert not [secret for secret in SECRETS if secret in text], path.parent.parent.name
    columns = lake.read("staged_columns", "2020").set_index("source_column")["treatment"].to_dict()
    assert columns == {
        "kvk": "mapped", "mail": "dropped_identifier", "naam": "dropped_identifier", "opmerking": "dropped_text",
        "bedrag": "mapped", "Telefoon": "dropped_identifier", "ipaddr": "dropped_identifier", "Q2_TEXT": "dropped_text",
        "LocationLatitude": "dropped_identifier",
    }  # fmt: skip
    evidence = lake.read("staged_missing", "2020").sort_values("response")["text"].tolist()
    assert [re.sub(r" withheld", "", text) for text in evidence] == [
        "[e-mail address]", "[phone number]", "[IP address]", "[web address]",
    ]  # fmt: skip


TYPED = ("Jansen Holding", "Piet de Vries", "Océ", "ACME-2000 B.V.", "株式会社", "Bo", "3M")
TYPED_QUESTIONS = """\
  firm: {column: id}
  colour: {column: kleur, codes: {R: red, B: blue}}
  partners: {columns: {p1: clients, p2: suppliers}, ticked: [ja]}
  amount: {column: bedrag}
  share: {column: aandeel}
  fact: {column: feit}
  answered_on: {column: datum}
  sbi_code: {column: sbi}
  initiatives: {column: lijst, separator: ";"}
"""


@pytest.mark.parametrize("typed", TYPED)
def test_a_name_typed_into_any_question_reaches_no_later_table(home: Path, tmp_path: Path, typed: str) -> None:
    frame = 'frame: {file: frame.txt, columns: {id: firm, sbi: sbi_code, uitslag: disposition}, delimiter: ";"}\n'
    survey = small_survey.survey(
        tmp_path,
        TYPED_QUESTIONS,
        small_survey.DELIVERY.replace('";"', '"|"'),
        more=frame,
        concepts="  initiatives: {type: categories, label: {nl: I, en: I}, codes: {a: {nl: A, en: A}}}\n",
    )
    asked = ["kleur", "p1", "p2", "bedrag", "aandeel", "feit", "datum", "sbi", "lijst"]
    rows = [["id", *asked]] + [[str(i), *(typed if c == here else "" for c in asked)] for i, here in enumerate(asked)]
    small_survey.put(home, "x.csv", "\n".join("|".join(row) for row in rows) + "\n")
    small_survey.put(home, "frame.txt", f"id;sbi;uitslag\n0;;{typed}\n1;62;no contact\n")
    _, missing = staged_answers(home, survey)
    assert set(missing[missing["kind"] == "invalid"]["concept"]) == {
        "colour", "partners", "amount", "share", "fact", "answered_on", "sbi_code", "initiatives",
    }  # fmt: skip
    assert set(missing[missing["kind"] == "invalid"]["text"]) == {"[words withheld]"}
    lake = Lake(home, survey.name)
    assert lake.read("staged_frame", "2020")["disposition"].tolist() == ["[words withheld]", "no_contact"]
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2020"])
    assert typed not in str(stopped.value)
    for path in sorted(lake.folder.glob("[sv]*/*/*.parquet")):
        text = pd.read_parquet(path).to_string(max_colwidth=None)
        assert not re.search(rf"\b{re.escape(typed)}", text), path.parent.parent.name
    unread = lake.read("validated_failures", "2020").query("rule.str.endswith('_readable')")
    assert set(unread["value"]) == {"[words withheld]"}
    assert unread["line"].notna().all(), "raw has the words, at the line that stands beside"


@pytest.mark.parametrize(
    "cell",
    ["1.2.3", "31-02-2020", "12 tot 15", "ca. 40 of 50", "7", "C7", "=1+2", "2 mln", "31 februari 2020", "veel"],
)  # fmt: skip
def test_what_names_nobody_is_kept_as_evidence(home: Path, tmp_path: Path, cell: str) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  fact: {column: feit}\n")
    small_survey.put(home, "x.csv", f"id;feit\n1;{cell}\n")
    assert staged_answers(home, survey)[1]["text"].tolist() == [cell]


@pytest.mark.parametrize(
    ("values", "treatment"),
    [
        (["a@b.nl", "c@d.org", ""], "dropped_identifier"),
        (["10.0.0.1", "10.0.0.2", "10.0.0.3"], "dropped_identifier"),
        (["050-1234567", "0031 6 12345678", "+31612345678"], "dropped_identifier"),
        (["53.2194, 6.5665", "52.9928, 6.5642", "53.2012, 5.7999"], "dropped_identifier"),
        (["wij doen veel aan innovatie", "geen tijd gehad voor dit", "zie ons jaarverslag van nu"], "dropped_text"),
        (["1", "2", "1"], "unmapped"),
        (["12.50", "13.75", "1.25"], "unmapped"),
    ],
)
def test_unmapped_columns_that_say_who_or_speak_freely_are_recognised_by_their_values(
    home: Path, tmp_path: Path, values: list[str], treatment: str
) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a;v99\n" + "".join(f"{i};1;{v}\n" for i, v in enumerate(values)))
    staged_answers(home, survey)
    columns = Lake(home, "small").read("staged_columns", "2020").set_index("source_column")
    assert columns.loc["v99", "treatment"] == treatment
