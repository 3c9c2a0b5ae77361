"""The questionnaire and the measures, told from the survey's definition.

Belongs here: the tables `codebook`, `definitions` and `comparable`. Does not belong here: any answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from monitor.survey import Survey
from monitor.survey.model import unit_of
from monitor.wording.sentences import LANGUAGES


def codebook(survey: Survey, waves: Sequence[str]) -> pd.DataFrame:
    """One row per wave and concept that can be published: what was asked, of whom, with which codes.

    Direct identifiers, the firm's own identifier and free text never leave the second stage; they are left out.
    """
    rows = []
    for name in waves:
        wave = survey.waves[name]
        for concept in survey.concepts.values():
            if concept.direct_identifier or concept.type in ("identifier", "text"):
                continue
            question = wave.questions.get(concept.name)
            from_frame = wave.frame is not None and concept.name in wave.frame.columns.values()
            known = question is not None or from_frame or concept.name in wave.not_asked
            if not known and not any(concept.name in w.questions for w in survey.waves.values()):
                continue
            changed = question.changed if question else wave.not_asked.get(concept.name, {})
            rows.append(
                {
                    "survey": survey.name,
                    "wave": name,
                    "concept": concept.name,
                    "question": _words(question.text) if question else None,
                    "reference_period": question.period if question else None,
                    "source_column": ", ".join(question.columns) if question else ("frame" if from_frame else None),
                    "label_nl": concept.label.get("nl"),
                    "label_en": concept.label.get("en"),
                    "unit": concept.unit or ("percent" if concept.type == "percentage" else None),
                    "type": concept.type,
                    "codes": _json({code: dict(label) for code, label in concept.codes.items()}),
                    "cis_code": _json(dict(concept.cis_code)),
                    "asked_of": question.asked_of if question else None,
                    "comparability": question.comparability if question else ("asked" if from_frame else "not asked"),
                    "comparable_since": question.comparable_since if question else None,
                    "definition_nl": concept.definition.get("nl"),
                    "definition_en": concept.definition.get("en"),
                    "changed_nl": changed.get("nl"),
                    "changed_en": changed.get("en"),
                }
            )
    return pd.DataFrame(rows)


def definitions(survey: Survey) -> pd.DataFrame:
    """One row per measure, base and indicator with its formula, so that every figure can be traced to its words."""
    rows: list[dict[str, object]] = []

    def row(kind: str, name: str, **known: object) -> None:
        rows.append({"survey": survey.name, "kind": kind, "name": name, **known})

    for measure in survey.measures.values():
        unit = {"boolean": "share", "percentage": "share"}.get(measure.type, measure.unit)
        texts = _texts(measure.label, measure.definition)
        codes = _json({code: dict(label) for code, label in measure.codes.items()})
        row("measure", measure.name, formula=measure.sql, unit=unit, codes=codes, **texts)
    for base in survey.bases.values():
        row("base", base.name, formula=base.sql, **_texts(base.label, {}))
    for indicator in survey.indicators.values():
        about = survey.measures.get(indicator.measure)
        formula = indicator.estimator + (
            f" of {indicator.measure} over {indicator.denominator}"
            if indicator.denominator
            else f" of {indicator.measure}"
        )
        row(
            "indicator",
            indicator.name,
            formula=formula,
            unit=unit_of(survey, indicator),
            base=indicator.base,
            headline=indicator.headline,
            **_texts(indicator.label, about.definition if about else {}),
        )
    return pd.DataFrame(rows)


def comparable(survey: Survey, waves: Sequence[str]) -> pd.DataFrame:
    """One row per wave and indicator of the survey's packs: what it means, and why the wave cannot give it."""
    rows = [
        {
            "survey": survey.name,
            "wave": wave,
            "indicator": told.name,
            "pack": told.pack,
            "cis_code": told.code,
            "computable": told.lacks[wave] is None,
            **{f"reason_{x}": (told.lacks[wave] or {}).get(x) for x in LANGUAGES},
            **{f"label_{x}": told.label[x] for x in LANGUAGES},
            **{f"estimand_{x}": told.estimand[x] for x in LANGUAGES},
            "estimator": told.estimator,
            "base_en": told.base["en"],
            **{f"population_{x}": told.population[x] for x in LANGUAGES},
            "source": told.source,
            "address": told.address,
        }
        for wave in waves
        for told in survey.comparable
    ]
    return pd.DataFrame(rows, columns=["survey", "wave", "indicator"] if not rows else None)


def _texts(label: object, definition: object) -> dict[str, object]:
    words = dict(label)  # type: ignore[call-overload]
    meaning = dict(definition)  # type: ignore[call-overload]
    return {
        "label_nl": words.get("nl"),
        "label_en": words.get("en"),
        "definition_nl": meaning.get("nl"),
        "definition_en": meaning.get("en"),
    }


def _words(text: object) -> str | None:
    words = dict(text)  # type: ignore[call-overload]
    return words.get("nl") or words.get("en")


def _json(content: dict[str, object]) -> str | None:
    return json.dumps(content, ensure_ascii=False) if content else None
