"""Scripts beside the secure files that work at once: one published figure again in R, Stata and Python.

Belongs here: which figure, and the names it has in each program's file. Does not belong here: the scripts' words
(`scripts/`), the files they read (`microdata`, `secure`).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.publication.microdata import all_copies, coded, stata_name
from monitor.storage import private
from monitor.survey import Indicator, Survey

TEMPLATES = Path(__file__).parent / "scripts"
WIDTH = 118


def write(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey) -> list[Path]:
    """Write `figure.R`, `figure.do` and `figure.py`; none where no indicator is a share, or there are no replicates.

    The figure is the first headline that is a share of firms (or the first share), of the newest wave, all firms.
    """
    chosen = _figure(tables, survey)
    if chosen is None:
        return []
    indicator, line = chosen
    wave = str(line["wave"])
    (design,) = (x for x in tables["designs"].to_dict("records") if x["wave"] == wave)
    domains = [name for name in survey.domains if name in tables["firms"]]
    other = domains[0] if domains else indicator.measure
    # A label is text: nothing in it may end a comment or begin one.
    label = " ".join(re.sub(r"[^\w\s.,:;()%&+-]", " ", indicator.label.get("en", indicator.name)).split())
    note = " Synthetic data: no firm in them exists." if survey.synthetic else ""
    named = {"measure": stata_name(indicator.measure), "base": stata_name(f"base_{indicator.base}")}
    known = {
        "about": f"{label}, wave {wave}, once more from the firms.{note}",
        "published": f"Published: {line['estimate']:.6g}, 95% interval {line['ci_low']:.6g} to {line['ci_high']:.6g}.",
        "told": f"estimate {line['estimate']:.6g} and standard error {line['se_replicate']:.6g}",
        "wave": wave,
        "scale": repr(float(design["replicate_scale"])),
        "df": str(int(design["df"])),
        "other": stata_name(other),
        "first_copy": "1" if (tables["completed"].query("wave == @wave")["imputation"] > 0).any() else "0",
    }
    words = {
        "figure.R": known | named,
        "figure.do": known | named | {"design": _stata_design(tables, survey, wave, design, named)},
        "figure.py": known | {"measure": indicator.measure, "base": f"base_{indicator.base}"},
    }
    paths = []
    for name, found in words.items():
        text = Template((TEMPLATES / f"{name}.in").read_text(encoding="utf-8")).substitute(found)
        path = folder / name
        path.touch(mode=private.FILE)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _figure(tables: Mapping[str, pd.DataFrame], survey: Survey) -> tuple[Indicator, pd.Series] | None:
    """The indicator that the scripts give again, and its line of table figures."""
    lines = tables["figures"]
    if not len(lines) or not len(tables["replicate_weights"]):
        return None
    whole = lines[(lines["domain_variable"] == EVERYONE) & (lines["estimator"] == "share")]
    whole = whole[whole["wave"].isin(tables["replicate_weights"]["wave"].unique())]
    newest = whole[whole["wave"] == whole["wave"].max()].set_index("indicator")
    shares = [survey.indicators[name] for name in survey.indicators if name in newest.index]
    first = next((x for x in shares if x.headline), next(iter(shares), None))
    return None if first is None else (first, newest.loc[first.name])


def _stata_design(
    tables: Mapping[str, pd.DataFrame], survey: Survey, wave: str, design: Mapping[Any, Any], named: Mapping[str, str]
) -> str:
    """What Stata is told of copies and replicates, and the figure asked: `bsn` over the number of replicates is what
    each squared deviation counts."""
    replicates = int(tables["replicate_weights"].query("wave == @wave")["replicate"].max())
    bsn = float(design["replicate_scale"]) * replicates
    weights = (
        f"[pweight = weight], bsrweight(repw1-repw{replicates}) vce(bootstrap) bsn({bsn:.10g}) dof({design['df']})"
    )
    asked = f"svy, subpop({named['base']}): mean {named['measure']}"
    copies = all_copies({name: tables[name][tables[name]["wave"] == wave] for name in ("firms", "completed")})
    if not (copies["imputation"] > 0).any():
        return f"svyset {weights}\n{asked}"
    filled, following = _varying(copies, survey)
    lists = [f"{option}({' '.join(names)})" for option, names in (("imputed", filled), ("passive", following)) if names]
    parts = ["mi import flong, m(imputation) id(firm)", *lists, "clear"]
    command = "\n".join(textwrap.wrap(" ".join(parts), WIDTH, break_long_words=False, break_on_hyphens=False))
    # Firms of the base may be others in another copy.
    estimate = "mi estimate, esampvaryok" if named["base"] in following else "mi estimate"
    return command.replace("\n", " ///\n    ") + f"\nmi svyset {weights}\n{estimate}: {asked}"


def _varying(copies: pd.DataFrame, survey: Survey) -> tuple[list[str], list[str]]:
    """Numeric columns that are filled in, and those that follow from what is, by their names in Stata."""
    frame = coded(copies, survey).frame
    given = frame[frame["imputation"] == 0]
    place = pd.Index(given["firm"]).get_indexer(frame["firm"])
    filled: list[str] = []
    following: list[str] = []
    for column in frame:
        if column in ("imputation", "weight") or not pd.api.types.is_float_dtype(frame[column].dtype):
            continue
        values = frame[column].to_numpy()
        if not np.array_equal(values, given[column].to_numpy()[place], equal_nan=True):
            (filled if column in survey.concepts else following).append(stata_name(str(column)))
    return filled, following
