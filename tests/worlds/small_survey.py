"""A survey of a few questions around one delivery, for tests of intake. Does not belong here: a survey worth estimating."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pandas as pd

from monitor.stages import raw, staged
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

SURVEY = """\
survey: small
name: {{nl: Klein, en: Small}}
languages: [nl, en]
synthetic: true
source: {{nl: Verzonnen, en: Made up}}
population: {{nl: Bedrijven, en: Firms}}
seed: 1
concepts:
  colour: {{type: category, label: {{nl: Kleur, en: Colour}}, codes: {{red: {{nl: Rood, en: Red}}, blue: {{nl: Blauw, en: Blue}}}}}}
  partners: {{type: categories, label: {{nl: Partners, en: Partners}}, codes: {{clients: {{nl: Klanten, en: Clients}}, suppliers: {{nl: "Leveranciers, ook buitenlandse", en: "Suppliers, foreign ones too"}}, universities: {{nl: Universiteiten, en: Universities}}}}}}
  amount: {{type: number, label: {{nl: Bedrag, en: Amount}}}}
  count: {{type: integer, label: {{nl: Aantal, en: Count}}}}
  share: {{type: percentage, label: {{nl: Aandeel, en: Share}}}}
  fact: {{type: boolean, label: {{nl: Feit, en: Fact}}}}
  follow_up: {{type: boolean, label: {{nl: Vervolg, en: Follow-up}}}}
  last: {{type: number, label: {{nl: Laatste, en: Last}}}}
  answered_on: {{type: date, label: {{nl: Datum, en: Date}}}}
  remark: {{type: text, label: {{nl: Opmerking, en: Remark}}}}
{concepts}design: {{weights: equal}}
bases: {{all: {{sql: "true", label: {{nl: Alle, en: All}}}}}}
measures:
  top_innovator: {{absent: not asked}}
  cooperates: {{absent: not asked}}
  invests: {{absent: not asked}}
  any_amount: {{sql: amount, type: number, label: {{nl: Bedrag, en: Amount}}}}
domains: []
indicators:
  mean_amount: {{measure: any_amount, estimator: mean, base: all, headline: true, label: {{nl: Bedrag, en: Amount}}}}
models: {{}}
"""
DELIVERY = '{format: delimited, file: "*.csv", delimiter: ";", encoding: utf-8, decimal: ",", thousands: "."}'


def survey(
    folder: Path,
    questions: str,
    delivery: str = DELIVERY,
    *,
    more: str = "",
    concepts: str = "",
    waves: tuple[str, ...] = ("2020",),
) -> Survey:
    """Load a survey whose waves ask `questions` (YAML, two spaces in) of the given delivery; `more` are other keys."""
    target = folder / "definition"
    (target / "waves").mkdir(parents=True, exist_ok=True)
    (target / "survey.yaml").write_text(SURVEY.format(concepts=concepts), encoding="utf-8")
    for wave in waves:
        text = f'wave: "{wave}"\nreference_year: {int(wave) - 1}\ndelivery: {delivery}\n{more}questions:\n{questions}'
        (target / "waves" / f"{wave}.yaml").write_text(text, encoding="utf-8")
    return load_survey(target)


def put(home: Path, name: str, content: str | bytes, wave: str = "2020") -> Path:
    """Put a file into the wave's inbox."""
    place = home / "inbox" / "small" / wave / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def staged_answers(home: Path, survey: Survey, wave: str = "2020") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the wave's inbox in and stage it: the answers and the missing values, in the delivery's order."""
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves[wave])
    staged.run(lake, survey, survey.waves[wave])
    answers = lake.read("staged_answers", wave).sort_values("response", ignore_index=True)
    missing = lake.read("staged_missing", wave).sort_values(["response", "concept"], ignore_index=True)
    return answers, missing


def run_proposal(home: Path, folder: Path, *sources: Path) -> tuple[Survey, pd.DataFrame, pd.DataFrame]:
    """The one wave of a proposal, run on the files it was made from: definition, answers, missing values."""
    survey = load_survey(folder)
    (wave,) = survey.waves.values()
    lake = Lake(home, survey.name)
    raw.run(lake, survey, wave, sources)
    staged.run(lake, survey, wave)
    answers = lake.read("staged_answers", wave.name).sort_values("response", ignore_index=True)
    return survey, answers, lake.read("staged_missing", wave.name)
