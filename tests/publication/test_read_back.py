"""What a reader can work out of the public tables: every interval from its line, every adjusted p-value from the lines.

The reader here has scipy and the tables, and nothing of the product.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from monitor.surveys import BUNDLED

TABLES = {"indicators": "estimate", "changes": "change", "terms": "estimate", "contrasts": "estimate",
          "claims": "estimate", "answer": "estimate"}  # fmt: skip
"""Table with intervals and degrees of freedom -> the column of what the interval is about"""


def table(demonstration: Path, name: str) -> pd.DataFrame:
    release = (demonstration / "releases" / BUNDLED.name / "latest").resolve()
    with duckdb.connect(str(release / "public" / "monitor.duckdb"), read_only=True) as connection:
        return connection.execute(f"SELECT * FROM {name}").df()


def digit(se: float) -> float:
    """The step in which a number beside this standard error is printed."""
    return 10.0 ** (int(np.floor(np.log10(se))) - 4) if se > 0 else 1e-12


@pytest.mark.parametrize("name", TABLES)
def test_every_printed_interval_follows_from_its_line(demonstration: Path, name: str) -> None:
    found = table(demonstration, name)
    lines = found[found["ci_low"].notna() | found["ci_high"].notna()]
    assert len(lines) > 20
    assert lines["interval_kind"].notna().all()
    assert found.loc[found["suppressed"].astype(bool), ["df", "interval_kind"]].isna().all().all()
    by_t = lines["interval_kind"].isin(["difference", "logit", "log"])
    assert by_t.mean() > 0.8
    assert lines.loc[by_t, "df"].notna().all()
    assert lines.loc[~by_t, "df"].isna().all()
    assert not lines["interval_kind"].isin(["other"]).any()
    for x in lines[by_t].to_dict("records"):
        at, se = x[TABLES[name]], x["se"]
        half = float(stats.t.ppf(0.975, x["df"])) * se if se > 0 else 0.0
        if x["interval_kind"] == "difference":
            low, high, slope = at - half, at + half, 1.0
        elif x["interval_kind"] == "log":
            low, high = at * np.exp(-half / at), at * np.exp(half / at)
            slope = np.exp(half / at) * (1 + half / at)
        else:
            spread = half / (at * (1 - at))
            low, high = expit(logit(at) - spread), expit(logit(at) + spread)
            slope = 1 + half / (at * (1 - at))
        # Half a step of the bound, of the estimate, and t times half a step of the error.
        slack = digit(se) * (1 + (half / se if se > 0 else 0.0)) * slope
        for bound, printed, end in ((low, x["ci_low"], 0.0), (high, x["ci_high"], 1.0)):
            cut = name == "indicators" and printed == end and (bound - end) * (1 if end else -1) > 0
            assert cut or abs(bound - printed) <= slack, x


def test_intervals_of_few_events_say_so(demonstration: Path) -> None:
    indicators, contrasts = table(demonstration, "indicators"), table(demonstration, "contrasts")
    exact = indicators[indicators["interval_kind"] == "exact"]
    assert len(exact) > 10
    assert (np.minimum(exact["unweighted"], 1 - exact["unweighted"]) * exact["n"]).max() < 11
    assert (contrasts.loc[contrasts["unit"] == "share", "interval_kind"].dropna().isin(["logit", "exact"])).all()
    assert (contrasts.loc[contrasts["unit"] == "points", "interval_kind"].dropna().isin(["difference", "score"])).all()
    assert {"exact", "score"} <= set(contrasts["interval_kind"])


def step_up(p: pd.Series) -> pd.Series:
    """Benjamini and Hochberg's p-values as their paper has them: the least k p_(j) / j of this and all larger ones."""
    order = p.sort_values()
    scaled = order * len(order) / np.arange(1, len(order) + 1)
    return scaled[::-1].cummin()[::-1].clip(upper=1.0).reindex(p.index)


@pytest.mark.parametrize(
    ("name", "family"),
    [("changes", ["wave_from", "wave_to", "family"]), ("contrasts", ["wave", "model", "variant"])],
)
def test_adjusted_p_values_are_those_of_the_published_lines(demonstration: Path, name: str, family: list[str]) -> None:
    """Nothing else is in them: what is withheld had to be in the family, and would show."""
    lines = table(demonstration, name)
    told = lines[lines["p_value"].notna()]
    assert told["p_adjusted"].notna().all()
    assert lines.loc[lines["p_value"].isna(), "p_adjusted"].isna().all()
    expected = told.groupby(family)["p_value"].transform(step_up)
    np.testing.assert_allclose(told["p_adjusted"], expected, rtol=1e-5)
    assert (told["p_adjusted"] > told["p_value"]).any()


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_page_tells_as_a_change_what_is_one_after_adjustment(demonstration: Path, language: str) -> None:
    release = (demonstration / "releases" / BUNDLED.name / "latest").resolve()
    page = (release / "public" / "report" / language / "trends.html").read_text(encoding="utf-8")
    changes = table(demonstration, "changes")
    headlines = changes[(changes["family"] == "headlines") & changes["p_adjusted"].notna()]
    sure = int((headlines["p_adjusted"] < 0.05).sum())
    assert 0 < sure < len(headlines)
    words = {"en": ("higher", "lower"), "nl": ("hoger", "lager")}[language]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page.split("</h2>")[-1], re.S)
    told = [any(f"<td>{word}</td>" in row for word in words) for row in rows]
    body = told[1:]
    assert sum(body) == sure
    assert body[:sure] == [True] * sure, "the surest stand first"


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_page_says_how_many_of_the_other_changes_are_left(demonstration: Path, language: str) -> None:
    release = (demonstration / "releases" / BUNDLED.name / "latest").resolve()
    page = (release / "public" / "report" / language / "trends.html").read_text(encoding="utf-8")
    changes = table(demonstration, "changes")
    others = changes[(changes["family"] == "lists") & changes["p_value"].notna()]
    raw, left = ((others[column] < 0.05).sum() for column in ("p_value", "p_adjusted"))
    assert raw > left
    words = {
        "en": f"has {len(others)} other changes: {raw} have a p-value below 5%, after adjustment for each other "
        f"{left}.",
        "nl": f"staan in tabel changes {len(others)} andere veranderingen: {raw} hebben een p-waarde onder 5%, na "
        f"aanpassing voor elkaar {left}.",
    }
    assert words[language] in page.replace("\N{NO-BREAK SPACE}", " ")
