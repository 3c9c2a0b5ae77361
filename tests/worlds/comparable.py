"""Real surveys that take the packs: Ecuador's and Colombia's definitions with what stands for the packs' terms in them.

Not here: what is estimated of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

DEFINITIONS = Path(__file__).parent / "surveys"
ECUADOR_CONCEPTS = """
concepts:
  activity_letter_and_division: {type: category, codes_of: CIIU 4, label: {nl: Activiteit, en: Activity, es: Actividad}}
  improved_good: {type: boolean, label: {nl: Verbeterd goed, en: Improved good, es: Bien mejorado}}
  improved_service: {type: boolean, label: {nl: Verbeterde dienst, en: Improved service, es: Servicio mejorado}}
"""
ECUADOR_QUESTIONS = """
  activity_letter_and_division: {column: ciiu2}
  improved_good: {column: iii_1_c, codes: {"0": false, "1": true}}
  improved_service: {column: iii_1_d, codes: {"0": false, "1": true}}
"""
ECUADOR_PACKS = """
packs: [cis, eis]
equivalents:
  all_enterprises:
    absent:
      nl: de steekproef bevat alleen innovatieactieve bedrijven
      en: the sample holds innovation-active firms only
      es: la muestra solo contiene empresas con actividades de innovación
  innovation_active: {sql: "true"}
  activity_division: {sql: "right(activity_letter_and_division, 2)"}
  product_innovation_good: {sql: product_innovation_good OR improved_good}
  product_innovation_service: {sql: product_innovation_service OR improved_service}
  product_innovation: {sql: product_innovation_good OR improved_good OR product_innovation_service OR improved_service}
  turnover: {sql: turnover_usd}
"""
COLOMBIA_CONCEPTS = """
concepts:
  activity_isic4: {type: category, codes_of: CIIU 4, label: {nl: Activiteit, en: Activity}}
"""
COLOMBIA_PACKS = """
packs: [cis, eis]
equivalents:
  activity_division: {sql: "left(activity_isic4, 2)"}
  product_innovation: {sql: len(product_novelty) > 0}
  share_new_to_market: {sql: turnover_share_new_to_national_market + turnover_share_new_to_international_market}
  turnover:
    absent:
      nl: de enquête deelt alleen de binnenlandse omzet naar nieuwheid
      en: the survey divides domestic turnover only by novelty
  partners_national:
    absent:
      nl: de enquête houdt klanten in de markt- en de publieke sector niet uit elkaar
      en: the survey does not tell private clients from public ones
  partners_eu_efta: &abroad
    absent:
      nl: de enquête vraagt niet waar in het buitenland partners gevestigd zijn
      en: the survey does not ask where abroad partners are
  partners_elsewhere: *abroad
"""


def ecuador(folder: Path) -> Path:
    """Ecuador's definition with the packs."""
    target = _copied("ecuador", folder)
    _amend(target / "survey.yaml", "\nconcepts:\n", ECUADOR_CONCEPTS)
    _amend(target / "waves" / "2014.yaml", "\nquestions:\n", "\nquestions:" + ECUADOR_QUESTIONS)
    (target / "survey.yaml").open("a", encoding="utf-8").write(ECUADOR_PACKS)
    return target


def colombia(folder: Path) -> Path:
    """Colombia's definition with the packs: ISIC Rev. 4 has the divisions of NACE Rev. 2, ISIC Rev. 3 has not."""
    target = _copied("colombia", folder)
    _amend(target / "survey.yaml", "\nconcepts:\n", COLOMBIA_CONCEPTS)
    _amend(target / "waves" / "2015.yaml", "\n  activity:\n", "\n  activity_isic4:\n")
    (target / "survey.yaml").open("a", encoding="utf-8").write(COLOMBIA_PACKS)
    return target


def _copied(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(DEFINITIONS / name, folder / name))


def _amend(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
