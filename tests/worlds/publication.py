"""A made-up survey of two waves, ready to be disclosed: every lake table up to `modelled`, quickly.

`survey` writes and loads the definition (labels can be made hostile), `lake` writes the tables. Firms are drawn with a
seed; one sector is so rare that it must be withheld, one amount is so large that its cell must be.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from monitor.publication import report
from monitor.stages import disclosed
from monitor.stages.modelled.tables import frame_of
from monitor.statistics.design.replicates import replicate_covariance
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

Fresh = tuple[Lake, Survey]
Published = tuple[Lake, Survey, Path]
"""A lake, its survey and the folder of a release made from it"""

NAME = "made_up"
WAVES = ("2017", "2018")
REPLICATES = 40
COPIES = 3
FIRMS = 240
SECTORS = ("industry", "services", "trade", "mining")
SIZES = ("micro", "small", "medium", "large")
RARE = "mining"
UNCERTAIN = ("mean_share_new", "large")
"""Indicator and domain of a figure that is too uncertain to publish, of firms enough"""
DOMAINS = ("size_band", "sector")
PAGES = (
    "index", "answer", "highlights", "participation", "cooperation", "trends", "places", "explore", "network",
    "quality", "sensitivity", "revisions", "methods", "codebook", "glossary", "data", "search",
    *(f"wave-{wave}" for wave in WAVES),
    *(f"place-size_band-{size}" for size in SIZES), *(f"place-sector-{sector}" for sector in SECTORS),
)  # fmt: skip
"""The pages of its report, in each language"""

DEFINITION = {
    "survey": NAME,
    "name": {"nl": "Verzonnen enquête", "en": "Made-up survey"},
    "languages": ["nl", "en"],
    "synthetic": True,
    "source": {"nl": "Verzonnen voor tests", "en": "Made up for tests"},
    "population": {"nl": "Verzonnen bedrijven", "en": "Made-up firms"},
    "seed": 11,
    "concepts": {
        "sector": {
            "type": "category",
            "label": {"nl": "Sector", "en": "Sector"},
            "definition": {"nl": "Bedrijfstak", "en": "Branch"},
            "codes": {code: {"nl": f"{code} nl", "en": f"{code} en"} for code in SECTORS},
        },
        "orientation": {
            "type": "category",
            "label": {"nl": "Gerichtheid", "en": "Orientation"},
            "definition": {"nl": "Waarop gericht", "en": "Aim"},
            "codes": {code: {"nl": code, "en": code} for code in ("profit", "balanced", "social")},
        },
    },
    "design": {"weights": "equal", "strata": ["size_band"], "replicates": REPLICATES, "lonely_stratum": "centre"},
    "bases": {
        "all_firms": {"sql": "true", "label": {"nl": "Alle bedrijven", "en": "All firms"}},
        "innovators": {"sql": "product_innovation", "label": {"nl": "Innovatoren", "en": "Innovators"}},
    },
    "measures": {
        "cooperates": {"sql": "len(initiatives) > 0", "type": "boolean", "label": {"nl": "Mee", "en": "Takes part"}},
        "invests": {"sql": "in_house_rd", "type": "boolean", "label": {"nl": "Investeert", "en": "Invests"}},
        "top_innovator": {
            "sql": "turnover_share_new_to_market > 40",
            "type": "boolean",
            "label": {"nl": "Topinnovator", "en": "Top innovator"},
        },
        "innovates": {"sql": "product_innovation", "type": "boolean", "label": {"nl": "Innoveert", "en": "Innovates"}},
        "profit": {"sql": "orientation = 'profit'", "type": "boolean", "label": {"nl": "Winst", "en": "Profit"}},
        "balanced": {"sql": "orientation = 'balanced'", "type": "boolean", "label": {"nl": "Beide", "en": "Balanced"}},
        "social": {"sql": "orientation = 'social'", "type": "boolean", "label": {"nl": "Sociaal", "en": "Social"}},
        "share_new": {
            "sql": "turnover_share_new_to_market",
            "type": "percentage",
            "label": {"nl": "Aandeel nieuw", "en": "Share new"},
        },
        "turnover": {
            "sql": "turnover_eur",
            "type": "number",
            "unit": "EUR",
            "label": {"nl": "Omzet", "en": "Turnover"},
        },
    },
    "domains": list(DOMAINS),
    "indicators": {
        "participation": {
            "measure": "cooperates", "estimator": "share", "base": "all_firms", "headline": True,
            "label": {"nl": "Deelname", "en": "Participation"},
        },
        "top_innovators": {
            "measure": "top_innovator", "estimator": "share", "base": "all_firms", "headline": True,
            "label": {"nl": "Topinnovatoren", "en": "Top innovators"},
        },
        "innovators": {
            "measure": "innovates", "estimator": "share", "base": "all_firms",
            "label": {"nl": "Innovatoren", "en": "Innovators"},
        },
        "orientation_profit": {
            "measure": "profit", "estimator": "share", "base": "all_firms", "label": {"nl": "Winst", "en": "Profit"},
        },
        "orientation_balanced": {
            "measure": "balanced", "estimator": "share", "base": "all_firms",
            "label": {"nl": "Evenwicht", "en": "Balanced"},
        },
        "orientation_social": {
            "measure": "social", "estimator": "share", "base": "all_firms", "label": {"nl": "Sociaal", "en": "Social"},
        },
        "mean_share_new": {
            "measure": "share_new", "estimator": "mean", "base": "innovators", "headline": True,
            "label": {"nl": "Gemiddeld aandeel nieuw", "en": "Mean share new"},
        },
        "turnover": {
            "measure": "turnover", "estimator": "total", "base": "all_firms", "headline": True,
            "label": {"nl": "Omzet", "en": "Turnover"},
        },
    },
    "models": {
        "primary": {
            "outcome": "top_innovator", "practices": ["cooperates", "invests"], "controls": ["size_band"],
            "base": "all_firms", "estimator": "logit", "primary": True,
        }
    },
    "imputation": {"copies": 20, "variables": ["turnover_eur"]},
    "disclosure": {"minimum_firms": 10, "minimum_df": 10, "minimum_events": 10, "p_percent": 10, "dominance": 0.5},
}  # fmt: skip

WAVE = {
    "delivery": {"format": "delimited", "file": "answers.csv"},
    "invited": 2000,
    "questions": {
        "firm": {"column": "id"},
        "size_band": {"column": "size", "codes": {code: code for code in SIZES}},
        "sector": {"column": "sector", "codes": {code: code for code in SECTORS}},
        "orientation": {"column": "aim", "codes": {code: code for code in ("profit", "balanced", "social")}},
        "product_innovation": {
            "column": "q1", "codes": {"1": "true", "2": "false"},
            "text": {"nl": "Nieuw product?", "en": "New product?"},
        },
        "turnover_share_new_to_market": {"column": "q2", "asked_of": "product_innovation", "otherwise": 0},
        "in_house_rd": {"column": "q3", "codes": {"1": "true", "2": "false"}},
        "initiatives": {"columns": {"i1": "north", "i2": "lab", "i3": "hub"}, "ticked": ["1"]},
        "turnover_eur": {"column": "q4"},
    },
}  # fmt: skip

INITIATIVES = (
    "wave,code,kind,name_nl,name_en,source\n2017,north,network,Noord,North,made up\n"
    "2017,lab,test_environment,Lab,Lab,made up\n2017,hub,incubator,Hub,Hub,made up\n"
)


def survey(
    folder: Path, change: Mapping[str, object] | None = None, of_waves: Mapping[str, object] | None = None
) -> Survey:
    """The survey's definition, written to a folder and loaded; `change` replaces top-level entries of survey.yaml,
    `of_waves` those of the waves' files."""
    (folder / "waves").mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({**DEFINITION, **(change or {})}, allow_unicode=True, sort_keys=False)
    (folder / "survey.yaml").write_text(text, encoding="utf-8")
    (folder / "register").mkdir(exist_ok=True)
    (folder / "register" / "initiatives.csv").write_text(INITIATIVES, encoding="utf-8")
    for wave in WAVES:
        content = {"wave": wave, "reference_year": int(wave) - 1, **WAVE, **(of_waves or {})}
        (folder / "waves" / f"{wave}.yaml").write_text(
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
    return load_survey(folder)


def firms(wave: str, seed: int = 3) -> pd.DataFrame:
    """The wave's firms with answers and weight: half of the second wave's also answered in the first."""
    rng = np.random.default_rng([seed, int(wave)])
    start = 0 if wave == WAVES[0] else FIRMS // 2
    n = FIRMS
    sector = np.array(SECTORS)[rng.choice(3, size=n, p=[0.4, 0.35, 0.25])]
    sector[:6] = RARE
    size = np.array(SIZES)[rng.choice(4, size=n, p=[0.45, 0.3, 0.15, 0.1])]
    innovates = rng.random(n) < 0.6
    taking = [sorted(np.array(["north", "lab", "hub"])[rng.random(3) < [0.2, 0.12, 0.02]]) for _ in range(n)]
    turnover = np.round(rng.lognormal(13, 0.8, n), -3)
    turnover[np.flatnonzero(size == "large")[0]] = 1e8
    return pd.DataFrame(
        {
            "firm": [f"f{start + i:04d}" for i in range(n)],
            "size_band": size,
            "sector": sector,
            "orientation": np.array(["profit", "balanced", "social"])[rng.choice(3, size=n, p=[0.3, 0.5, 0.2])],
            "product_innovation": innovates,
            "turnover_share_new_to_market": np.where(innovates, np.round(rng.beta(1, 2, n) * 100), 0.0),
            "in_house_rd": rng.random(n) < 0.4,
            "initiatives": taking,
            "turnover_eur": turnover,
            "weight": np.round(5 + 10 * rng.random(n), 6),
        }
    )


def derived(table: pd.DataFrame) -> pd.DataFrame:
    """The measures and bases of firms, the states of the primary model's two practices among them."""
    cooperates, invests = table["initiatives"].map(len) > 0, table["in_house_rd"].astype(bool)
    return pd.DataFrame(
        {
            "firm": table["firm"],
            "cooperates": cooperates,
            "invests": table["in_house_rd"],
            "top_innovator": table["turnover_share_new_to_market"] > 40,
            "innovates": table["product_innovation"],
            **{code: table["orientation"] == code for code in ("profit", "balanced", "social")},
            "share_new": table["turnover_share_new_to_market"],
            "turnover": table["turnover_eur"],
            "base_all_firms": True,
            "base_innovators": table["product_innovation"],
            "base_primary_neither": ~cooperates & ~invests,
            "base_primary_a_only": cooperates & ~invests,
            "base_primary_b_only": ~cooperates & invests,
            "base_primary_both": cooperates & invests,
        }
    )


def replicates(table: pd.DataFrame, wave: str) -> np.ndarray:
    """Replicate weights, shape (firms, REPLICATES)."""
    rng = np.random.default_rng([5, int(wave)])
    return table["weight"].to_numpy()[:, None] * rng.gamma(4, 0.25, (len(table), REPLICATES))


def lake(home: Path, definition: Survey, seed: int = 3, waves: tuple[str, ...] = WAVES) -> Lake:
    """A lake with every table that `disclosed` and `released` read."""
    store = Lake(home, NAME)
    for wave in waves:
        _write_wave(store, definition, wave, firms(wave, seed))
    if len(waves) > 1:
        store.write("estimated_changes", "all", _changes(store, definition, {w: firms(w, seed) for w in waves}))
    return store


def disclosed_lake(folder: Path, change: dict[str, object] | None = None) -> Fresh:
    """The survey and its lake under a folder, every table taken through disclosure control, nothing released."""
    definition = survey(folder / "survey", change)
    store = lake(folder / "home", definition)
    disclosed.run_all(store, definition, list(WAVES))
    return store, definition


def opened(folder: Path) -> Fresh:
    """The lake and the survey that lie under a folder."""
    return Lake(folder / "home", NAME), load_survey(folder / "survey")


def copied(made: Path, folder: Path) -> Fresh:
    """What `disclosed_lake` has made under one folder, as its own under another."""
    for name in ("home", "survey"):
        shutil.copytree(made / name, folder / name, symlinks=True)
    return opened(folder)


@contextmanager
def without_pages() -> Iterator[None]:
    """Within it a release is made without its report, half of its time: where only its tables are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "build", lambda *_: None)
        yield


def _write_wave(store: Lake, definition: Survey, wave: str, table: pd.DataFrame) -> None:
    answers = table.drop(columns="weight")
    measures = derived(table)
    copies = range(COPIES + 1)
    drawn = replicates(table, wave)
    store.write("imputed_answers", wave, pd.concat([answers.assign(imputation=i) for i in copies], ignore_index=True))
    completed = []
    for i in copies:
        copy = measures.assign(imputation=i)
        if i:  # three firms did not say whether they invest, and the copies differ
            copy.loc[:2, "invests"] = [(i + k) % 2 == 0 for k in range(3)]
        else:
            copy["invests"] = copy["invests"].astype("boolean")
            copy.loc[:2, "invests"] = pd.NA
        completed.append(copy.astype({"invests": "boolean"}))
    store.write("derived_measures", wave, pd.concat(completed, ignore_index=True))
    flags = pd.DataFrame({"firm": table["firm"][:3], "concept": "in_house_rd", "method": "logit"})
    store.write("imputed_flags", wave, flags)
    strata, weight = table["size_band"], table["weight"]
    drawing = {"stratum": strata, "population": weight.groupby(strata).transform("sum"), "response_class": strata}
    drawing |= {"base_weight": weight, "response_weight": weight}
    store.write("weighted_weights", wave, table[["firm", "weight"]].assign(**drawing))
    silent = pd.DataFrame(columns=["stratum", "response_class", "base_weight", "silent"])
    store.write("weighted_nonresponding", wave, silent.astype({"base_weight": float, "silent": float}))
    store.write("weighted_replicates", wave, pd.DataFrame({"firm": table["firm"], "weights": list(drawn)}))
    gaps = pd.DataFrame({"firm": table["firm"][:3], "response": range(1, 4), "line": range(2, 5)})
    store.write("staged_missing", wave, gaps.assign(concept="in_house_rd", kind="refused", text=None))
    store.write("staged_answers", wave, answers.assign(response=range(1, len(answers) + 1), line=0))
    kept = pd.DataFrame({"firm": table["firm"], "response": range(1, len(table) + 1), "line": 0})
    store.write("validated_responses", wave, kept.assign(status="kept", rules=""))
    store.write("validated_rules", wave, rules())
    store.write("raw_deliveries", wave, delivery(wave))
    store.write("estimated_indicators", wave, _indicators(definition, wave, table, measures, drawn))
    for name, rows in _models(definition, wave).items():
        store.write(f"modelled_{name}", wave, rows)
    store.write("modelled_sensitivity", wave, _sensitivity(definition, wave, store.read("estimated_indicators", wave)))


def rules() -> pd.DataFrame:
    """Two rules: one held, one did not."""
    rows = [
        ("staged_answers", "shares_sum", "warning", "De delen zijn samen 100.", "Shares sum to 100.", 240, 2, 2, False),
        ("staged_answers", "firm_unique", "critical", "Elk bedrijf één keer.", "Each firm once.", 240, 0, 0, True),
    ]
    columns = ["suite", "rule", "severity", "why_nl", "why_en", "checked", "failed", "kept_out", "passed"]
    return pd.DataFrame(rows, columns=columns)


def delivery(wave: str) -> pd.DataFrame:
    """The file a wave was made from."""
    row = {
        "delivery": wave * 16, "role": "answers", "file": "answers.csv", "arrived_at": f"{wave}-03-01T00:00:00",
        "bytes": 1, "current": True,
    }  # fmt: skip
    return pd.DataFrame([row])


def _indicators(
    definition: Survey, wave: str, table: pd.DataFrame, measures: pd.DataFrame, drawn: np.ndarray
) -> pd.DataFrame:
    rows = []
    weight = table["weight"].to_numpy()
    for name, indicator in definition.indicators.items():
        value = measures[indicator.measure].astype(float).to_numpy()
        unit = 0.01 if definition.measures[indicator.measure].type == "percentage" else 1.0
        base = measures[f"base_{indicator.base}"].to_numpy(dtype=bool)
        groups = [("all", "all", base)]
        for variable in DOMAINS if indicator.by_domain else ():
            groups += [(variable, c, base & (table[variable] == c).to_numpy()) for c in sorted(set(table[variable]))]
        for variable, code, inside in groups:
            above, below = weight[inside] @ value[inside], weight[inside].sum()
            if indicator.estimator == "total":
                below, theta = 1.0, drawn[inside].T @ value[inside]
            else:
                theta = drawn[inside].T @ value[inside] / drawn[inside].sum(axis=0)
            estimate = above / below * unit
            se = float(np.sqrt(replicate_covariance(theta * unit)[0, 0]))
            share = indicator.estimator == "share"
            n = int(inside.sum())
            rows.append(
                {
                    "survey": NAME, "wave": wave, "indicator": name, "measure": indicator.measure,
                    "domain_variable": variable, "domain": code, "estimate": estimate, "se": se,
                    "se_replicate": se,
                    "ci_low": max(estimate - 2 * se, 0.0), "ci_high": estimate + 2 * se,
                    "unweighted": _plain(value[inside], indicator.estimator) * unit,
                    "n": n, "events": int(value[inside].sum()) if share else None, "n_effective": n / 1.3, "deff": 1.3,
                    "cv": se / estimate if estimate else 1.0, "copies": 0, "fmi": 0.0, "df": np.nan,
                    "comparable_since": WAVES[0],
                    "reliability": "unpublishable" if (name, code) == UNCERTAIN else "good",
                }
            )  # fmt: skip
    return pd.DataFrame(rows).astype({"events": "Int64"})


def _sensitivity(definition: Survey, wave: str, indicators: pd.DataFrame) -> pd.DataFrame:
    """Each headline and the claim along four odds, a proxy, late answers, how alike invited and responding are."""
    whole = indicators[indicators["domain_variable"] == "all"].set_index("indicator")
    headlines = {name: float(whole.loc[name, "estimate"]) for name, i in definition.indicators.items() if i.headline}
    told: list[tuple[str, str, str, float, str | None]] = [
        ("indicator", name, "share" if value < 1 else "EUR", value, None) for name, value in headlines.items()
    ]
    told.append(("claim", "complement", "points", 0.10, "primary"))
    rows: list[dict[str, object]] = []
    for kind, figure, unit, value, model in told:
        about = {"survey": NAME, "wave": wave, "kind": kind, "figure": figure, "unit": unit, "model": model}
        for odds in (0.67, 1.0, 1.5, 3.0):
            estimate = value / (value + odds * (1 - value)) if unit != "EUR" else value / odds
            verdict = None if kind == "indicator" else "supported" if odds < 2 else "inconclusive"
            rows.append(
                {
                    **about, "approach": "odds", "axis": f"{odds:g}", "setting": odds, "plausible": odds < 2,
                    "property": "firms", "estimate": estimate, "se": 0.03, "ci_low": estimate - 0.06,
                    "ci_high": estimate + 0.06, "verdict": verdict, "turns_above": 1.61, "survives": kind == "claim",
                    "n": FIRMS, "events": 80, "one_firm": False,
                }
            )  # fmt: skip
    first = {"survey": NAME, "wave": wave, "kind": "indicator", "figure": "participation", "unit": "share"}
    rows += [
        {**first, "approach": "proxy", "axis": axis, "setting": float(axis), "estimate": 0.3, "bias": 0.05}
        for axis in ("0", "0.5", "1")
    ]
    rows += [
        {**first, "approach": "timing", "axis": axis, "estimate": 0.3, "se": 0.04, "ci_low": 0.22, "ci_high": 0.38,
         "n": 120, "events": 40}
        for axis in ("late", "early")
    ]  # fmt: skip
    response = {"survey": NAME, "wave": wave, "kind": "response", "figure": "all", "unit": "index"}
    rows.append(
        {**response, "approach": "representativity", "axis": "r_indicator", "estimate": 0.92, "se": 0.01, "ci_low": 0.9,
         "ci_high": 0.94}
    )  # fmt: skip
    return frame_of("modelled_sensitivity", rows)


def _plain(values: np.ndarray, estimator: str) -> float:
    return float(values.sum() if estimator == "total" else values.mean())


def in_both(tables: dict[str, pd.DataFrame], definition: Survey) -> dict[tuple[str, str, str], int]:
    """(indicator, domain variable, domain) -> firms counted in both waves, in that domain both times."""
    bases = [f"base_{name}" for name in definition.bases]
    joined = [tables[w].merge(derived(tables[w])[["firm", *bases]], on="firm").set_index("firm") for w in WAVES]
    firms = joined[0].index.intersection(joined[1].index)
    one, other = (table.loc[firms] for table in joined)
    found = {}
    for name, indicator in definition.indicators.items():
        inside = one[f"base_{indicator.base}"] & other[f"base_{indicator.base}"]
        found[name, "all", "all"] = int(inside.sum())
        for variable in DOMAINS:
            stayed = (one[variable] == other[variable]) & inside
            for code in set(tables[WAVES[0]][variable]) | set(tables[WAVES[1]][variable]):
                found[name, variable, code] = int((stayed & (one[variable] == code)).sum())
    return found


def _changes(store: Lake, definition: Survey, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    first, second = (store.read("estimated_indicators", w) for w in WAVES)
    key = ["indicator", "domain_variable", "domain"]
    joined = first.merge(second, on=key, suffixes=("_a", "_b"))
    overlap = in_both(tables, definition)
    change = joined["estimate_b"] - joined["estimate_a"]
    se = np.sqrt(joined["se_a"] ** 2 + joined["se_b"] ** 2)
    return joined[key].assign(
        survey=NAME, wave_from=WAVES[0], wave_to=WAVES[1], change=change, se=se, ci_low=change - 2 * se,
        ci_high=change + 2 * se, p_value=0.5,
        overlap_firms=[overlap.get(line, 0) for line in joined[key].itertuples(index=False, name=None)],
    )  # fmt: skip


def _models(definition: Survey, wave: str) -> dict[str, pd.DataFrame]:
    key = {"survey": NAME, "wave": wave, "model": "primary", "variant": "main"}
    model = {
        **key, "outcome": "top_innovator", "base": "all_firms", "estimator": "logit", "weighted": True, "n": FIRMS,
        "firms": FIRMS, "fewest_alike": 0,
        "events": 60, "n_dropped": 0, "df": 230.0, "minimum_detectable_effect": 0.17, "converged": True,
        "warning": None, "published": True, "warning_nl": None, "notes": "[]", "copies": 0,
    }  # fmt: skip
    values = {
        "p_neither": 0.08, "p_invests_only": 0.12, "p_cooperates_only": 0.10, "p_both": 0.24, "ame_cooperates": 0.07,
        "ame_invests": 0.08, "effect_cooperates_without_investment": 0.02, "effect_cooperates_with_investment": 0.12,
        "complementarity": 0.10,
    }  # fmt: skip
    spread = {"se": 0.03, "p_value": 0.04}
    contrasts = [
        {
            **key, "contrast": c, "unit": "share" if c.startswith("p_") else "points", "estimate": v,
            "ci_low": v - 0.06, "ci_high": v + 0.06, "fmi": 0.0, "df": np.nan, **spread,
        }
        for c, v in values.items()
    ]  # fmt: skip
    terms = [
        {**key, "term": t, "estimate": 0.5, "ci_low": 0.1, "ci_high": 0.9, "odds_ratio": 1.65, **spread}
        for t in ("intercept", "cooperates", "invests", "size_band[small]", "cooperates:invests")
    ]
    claim = {
        "survey": NAME, "wave": wave, "claim": "complement", "text_nl": "Ze versterken elkaar.",
        "text_en": "They complement each other.", "estimand": "complementarity", "unit": "points",
        "estimate": 0.10, "se": 0.03, "ci_low": 0.04,
        "ci_high": 0.16, "decision_rule": "greater than 0", "decision_rule_nl": "groter dan 0", "verdict": "supported",
        "reason": "The interval lies above zero.", "reason_nl": "Het interval ligt boven nul.", "n": FIRMS,
        "model": "primary", "variant": "main", "contrast": "complementarity", "minimum_detectable_effect": 0.17,
    }  # fmt: skip
    return {
        "models": pd.DataFrame([model]),
        "terms": pd.DataFrame(terms),
        "contrasts": pd.DataFrame(contrasts),
        "claims": pd.DataFrame([claim]),
    }
