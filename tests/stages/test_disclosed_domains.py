"""The subgroups of the public tables: every code with its words and its place."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from monitor.stages.disclosed.domains import with_domains
from monitor.survey import load_survey
from monitor.surveys import BUNDLED


def test_declared_codes_come_first_and_in_their_order_and_others_without_words() -> None:
    survey = load_survey(BUNDLED)
    survey = replace(survey, domains=("size_band", "product_innovation"))
    lines = pd.DataFrame(
        {"domain_variable": ["all", "size_band", "size_band", "gone"], "domain": ["all", "small", "tiny", "x"]}
    )
    found = with_domains({"indicators": lines}, survey)["domains"].sort_values(["domain_variable", "sort_order"])
    of = dict(iter(found.groupby("domain_variable")))
    declared = survey.concepts["size_band"].codes
    assert of["size_band"]["domain"].to_list() == [*declared, "tiny"]
    assert of["size_band"]["sort_order"].to_list() == list(range(1, len(declared) + 2))
    assert of["size_band"]["label_nl"].to_list() == [*(label["nl"] for label in declared.values()), None]
    assert of["product_innovation"][["domain", "kind", "label_nl", "label_en"]].values.tolist() == [
        ["false", "boolean", "nee", "no"],
        ["true", "boolean", "ja", "yes"],
    ]
    assert of["gone"][["kind", "variable_en", "label_en"]].values.tolist() == [[None, None, None]]
