"""Nothing that must stay inside gets out, and nothing in a table runs in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest

from monitor.publication import public
from monitor.stages import disclosed, released
from monitor.storage.lake import connect

WAVES = list(publication.WAVES)


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
        (np.bool_(False), "false"),
        (pd.NA, ""),
    ],
)
def test_no_csv_cell_is_a_formula(text: object, cell: str) -> None:
    assert public.cell(text) == cell


CANARIES = ("Jansen-Kanarie", "kanarie@example.org", "87654321", "Vertrouwelijke opmerking over de buurman")


@pytest.mark.slow
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
