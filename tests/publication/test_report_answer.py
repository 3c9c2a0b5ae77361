"""The answer page says what its tables say, under every reading, in both languages."""

from __future__ import annotations

import html
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from monitor.storage.lake import Lake
from monitor.survey import load_survey
from monitor.survey.periods import order_of, period_of
from monitor.survey.wording import label_of
from monitor.surveys import BUNDLED
from monitor.wording.sentences import sentences

SURVEY = load_survey(BUNDLED)
PRIMARY = next(m for m in SURVEY.models.values() if m.primary)


@pytest.fixture(scope="module")
def release(demonstration: Path) -> Path:
    return (demonstration / "releases" / BUNDLED.name / "latest").resolve()


def table(release: Path, name: str) -> pd.DataFrame:
    with duckdb.connect(str(release / "public" / "monitor.duckdb"), read_only=True) as connection:
        return connection.execute(f"SELECT * FROM {name}").df()


def test_the_primary_answer_is_one_row_for_each_wave_and_one_of_all(release: Path) -> None:
    """The survey's own reading, with the intervals of `contrasts` and the counts of `models`."""
    found = table(release, "primary_answer")
    assert found["wave"].tolist() == [*SURVEY.waves, "pooled"]
    of_main = table(release, "contrasts").query("model == @PRIMARY.name and variant == 'main'")
    contrasts = of_main.set_index(["wave", "contrast"])
    fits = table(release, "models").query("model == @PRIMARY.name and variant == 'main'").set_index("wave")
    a, b = PRIMARY.main.practices
    names = {"p_neither": "p_neither", "p_a_only": f"p_{a}_only", "p_b_only": f"p_{b}_only", "p_both": "p_both"}
    for row in found.to_dict("records"):
        for column, contrast in names.items():
            told = contrasts.loc[(row["wave"], contrast)]
            assert row[column] == pytest.approx(told["estimate"], abs=1e-5)
            assert [row[f"{column}_low"], row[f"{column}_high"]] == [told["ci_low"], told["ci_high"]]
            assert row[f"{column}_low"] < row[column] < row[f"{column}_high"]
        whole = contrasts.loc[(row["wave"], "complementarity")]
        assert [row[c] for c in ("estimate", "ci_low", "ci_high")] == [
            whole[c] for c in ("estimate", "ci_low", "ci_high")
        ]
        assert (row["practice_a_en"], row["practice_b_en"]) == tuple(SURVEY.measures[x].label["en"] for x in (a, b))
        assert [row["n"], row["events"]] == [fits.loc[row["wave"], c] for c in ("n", "events")]


def test_every_pair_of_readings_stands_there_with_the_numbers_of_its_model(release: Path) -> None:
    answer, contrasts = table(release, "answer"), table(release, "contrasts")
    model = PRIMARY
    assert len(model.pairs) == 4 * 3
    for wave, lines in answer.groupby("wave"):
        assert set(lines["variant"]) == set(model.pairs)
        assert lines["own_choice"].sum() == 1
        for line in lines.to_dict("records"):
            own = contrasts[
                (contrasts["wave"] == wave)
                & (contrasts["model"] == model.name)
                & (contrasts["variant"] == line["variant"])
            ].set_index("contrast")
            told = own.loc["complementarity"]
            for column in ("estimate", "se", "ci_low", "ci_high", "p_value"):
                assert line[column] == told[column]
            a, b = line["practice_a"], line["practice_b"]
            assert (a, b) == model.pairs[line["variant"]]
            states = {
                "p_neither": "p_neither",
                "p_both": "p_both",
                "p_a_only": f"p_{a}_only",
                "p_b_only": f"p_{b}_only",
            }
            for column, name in states.items():
                assert line[column] == pytest.approx(own.loc[name, "estimate"], abs=1e-5)
            whole = line["p_both"] - line["p_a_only"] - line["p_b_only"] + line["p_neither"]
            assert line["estimate"] == pytest.approx(whole, abs=2e-4)


def test_a_verdict_is_what_the_adjusted_p_value_says(release: Path) -> None:
    answer = table(release, "answer")
    assert (answer["p_adjusted"] >= answer["p_value"] - 1e-12).all()
    above = (answer["p_adjusted"] < 0.05) & (answer["estimate"] > 0)
    below = (answer["p_adjusted"] < 0.05) & (answer["estimate"] < 0)
    assert (answer["verdict"] == "above zero").tolist() == above.tolist()
    assert (answer["verdict"] == "below zero").tolist() == below.tolist()


@pytest.mark.parametrize(
    ("language", "some", "none", "all_"),
    [("en", r"under (\d+) of the (\d+) pairs", r"none of the (\d+)", r"all (\d+) pairs"),
     ("nl", r"Onder (\d+) van de (\d+) paren", r"geen van de (\d+)", r"alle (\d+) paren")],
)  # fmt: skip
def test_the_page_counts_the_readings_as_the_table_does(
    release: Path, language: str, some: str, none: str, all_: str
) -> None:
    page = (release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8")
    answer = table(release, "answer")
    pooled = answer[answer["wave"] == "pooled"]
    holds, count = int((pooled["verdict"] == "above zero").sum()), len(pooled)
    if holds == count:
        assert re.search(all_, page)
    elif holds:
        found = re.search(some, page)
        assert found
        assert found.groups() == (str(holds), str(count))
    else:
        assert re.search(none, page)
    own = pooled[pooled["own_choice"]].iloc[0]
    decimal = "," if language == "nl" else "."
    printed = f"{100 * own['estimate']:+.1f}".replace(".", decimal).replace("-", "\N{MINUS SIGN}")
    assert printed in page


def test_the_band_holds_the_interval_and_the_distribution_falls(release: Path) -> None:
    curve, distribution = table(release, "curve"), table(release, "distribution")
    shown = curve[~curve["suppressed"]].dropna(subset="estimate")
    assert len(shown) > 50
    assert (shown["band_low"] <= shown["ci_low"]).all()
    assert (shown["band_high"] >= shown["ci_high"]).all()
    told = distribution[~distribution["suppressed"]].dropna(subset="estimate")
    assert set(told["wave"]) >= {"pooled"}
    assert told.groupby(["wave", "cut"])["state"].nunique().eq(4).all()
    for _, of in told.groupby(["wave", "model", "state"]):
        assert (of.sort_values("cut")["estimate"].diff().dropna() <= 0).all()
    ordered = told[["band_low", "ci_low", "estimate", "ci_high", "band_high"]]
    assert (ordered.diff(axis=1).iloc[:, 1:] >= 0).all().all()
    assert distribution.loc[distribution["suppressed"], ["estimate", "se", "band_low", "band_high"]].isna().all().all()


def test_the_distribution_is_that_of_the_lake_and_crosses_the_model(demonstration: Path, release: Path) -> None:
    survey = load_survey(BUNDLED)
    key = ["wave", "model", "cut", "state"]
    lake = pd.concat(
        Lake(demonstration, survey.name).read("modelled_distribution", wave) for wave in (*survey.waves, "all")
    ).set_index(key)
    told = table(release, "distribution")
    told = told[~told["suppressed"]].dropna(subset="estimate").set_index(key)
    own = lake.loc[told.index]
    assert (100 * own["estimate"] - 100 * told["estimate"]).abs().max() <= 0.5 + 1e-6
    assert ((told["ci_low"] <= own["ci_low"] + 1e-9) & (told["band_high"] >= own["band_high"] - 1e-9)).all()
    contrasts = table(release, "contrasts")
    main = contrasts[contrasts["variant"] == "main"].set_index(["wave", "model", "contrast"])["estimate"]
    told = told.reset_index()
    # Of all waves together no state's fits rise; where one's do, the model's own value stands at a neighbour.
    pooled = told[(told["cut"] == 40) & (told["wave"] == "pooled")]
    assert len(pooled) == 4
    for line in pooled.to_dict("records"):
        assert line["estimate"] == pytest.approx(main["pooled", line["model"], line["contrast"]], abs=0.005 + 1e-4)


@pytest.mark.parametrize(
    ("language", "pattern"),
    [("en", r"At a threshold of (\d+)% for .*? farthest apart: from (\d+)% .*? to (\d+)%"),
     ("nl", r"Bij een drempel van (\d+)% voor .*? verst uiteen: van (\d+)% .*? tot (\d+)%")],
)  # fmt: skip
def test_the_page_says_where_the_states_lie_farthest_apart(release: Path, language: str, pattern: str) -> None:
    page = (release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8")
    found = re.search(pattern, page.replace("\N{NO-BREAK SPACE}", " "))
    assert found
    told = table(release, "distribution")
    told = told[(told["wave"] == "pooled") & ~told["suppressed"]].dropna(subset="estimate")
    ends = told.groupby("cut")["estimate"].agg(["min", "max"]).mul(100).round().astype(int)
    cut, least, most = (int(x) for x in found.groups())
    assert tuple(ends.loc[cut]) == (least, most)
    apart = ends["max"] - ends["min"]
    assert apart[cut] == apart.max()
    assert apart[apart.index < cut].lt(apart.max()).all()
    for state in told["state"].unique():
        of = told[(told["state"] == state) & (told["cut"] == cut)].iloc[0]
        assert f"{round(100 * of['estimate'])}% ({round(100 * of['band_low'])}" in page.replace(
            "\N{NO-BREAK SPACE}", " "
        )


# ---- the sentences beside the answer, each held against its row ----------------------------------------------------

LANGUAGES = ("nl", "en")
POINTS = ("estimate", "ci_low", "ci_high")
PLACES: dict[str, dict[str, tuple[str, float, float]]] = {
    "doubly_robust": {
        "estimate": ("estimate", 100, 0.05), "low": ("ci_low", 100, 0.05), "high": ("ci_high", 100, 0.05),
    },
    "lagged": {
        "estimate": ("estimate", 100, 0.05), "low": ("ci_low", 100, 0.05), "high": ("ci_high", 100, 0.05),
        "least": ("bound", 100, 0.05),
    },
    "misclassification": {
        "estimate": ("estimate", 100, 0.05), "low": ("ci_low", 100, 0.05), "high": ("ci_high", 100, 0.05),
        "kappa": ("statistic", 1, 0.005),
    },
    "one_firm": {
        "estimate": ("estimate", 100, 0.05), "low": ("ci_low", 100, 1e-9), "high": ("ci_high", 100, 1e-9),
    },
    "robustness_value": {
        "estimate": ("estimate", 100, 0.05), "value": ("statistic", 100, 0.05), "alpha": ("bound", 100, 0.05),
    },
    "two_parts": {
        "one_estimate": ("estimate", 100, 0.05), "one_low": ("ci_low", 100, 0.05), "one_high": ("ci_high", 100, 0.05),
        "two_estimate": ("statistic", 100, 0.05), "whole_estimate": ("bound", 100, 0.05),
    },
    "readings": {"above": ("statistic", 1, 0), "count": ("bound", 1, 0)},
    "equal_over_waves": {"statistic": ("statistic", 1, 0.005), "p": ("p_value", 1, 0.0005)},
}  # fmt: skip
"""Test -> place in its sentence -> the column that holds the number, what it is multiplied by, half its last digit"""
KEYS = {"equal_over_waves": "waves"}
"""Test -> what the keys of its sentences begin with, where that is another word"""
NUMBER = r"[+\N{MINUS SIGN}-]?\d+(?:[.,]\d+)?"


def as_number(text: str) -> float:
    return float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-"))


def said(test: str, note: str, language: str) -> dict[str, str] | None:
    """What stands in each place of the sentence that a note is, by the wording whose words it has."""
    for key, words in sentences("answer").items():
        if not key.startswith(KEYS.get(test, test)):
            continue
        pattern = re.escape(words[language])
        for place in dict.fromkeys(re.findall(r"\\{(\w+)\\}", pattern)):
            first, *others = re.split(rf"\\{{{place}\\}}", pattern)
            pattern = f"{first}(?P<{place}>.+?)" + f"(?P={place})".join(others)
        found = re.match(pattern + ("" if test == "readings" else "$"), note)
        if found:
            return {"key": key, **found.groupdict()}
    return None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("test", PLACES)
def test_every_number_of_a_sentence_is_that_of_its_row(release: Path, test: str, language: str) -> None:
    robustness = table(release, "robustness")
    found = robustness[(robustness["test"] == test) & (robustness["model"] == PRIMARY.name)]
    assert len(found)
    for line in found.to_dict("records"):
        told = said(test, line[f"note_{language}"], language)
        assert told, line[f"note_{language}"]
        for place, (column, factor, half) in PLACES[test].items():
            if place in told:
                assert re.fullmatch(NUMBER, told[place]), (place, told[place])
                assert as_number(told[place]) == pytest.approx(factor * line[column], abs=half + 1e-6), (place, line)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_decides_has_an_interval_that_does(release: Path, language: str) -> None:
    robustness = table(release, "robustness")
    for test in ("lagged", "misclassification", "robustness_value"):
        found = robustness[(robustness["test"] == test) & robustness["ci_low"].notna()]
        assert len(found)
        for line in found.to_dict("records"):
            told = said(test, line[f"note_{language}"], language)
            assert told
            undecided = line["ci_low"] <= 0 <= line["ci_high"]
            assert told["key"].endswith("undecided") == undecided, line


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_about_one_firm_has_the_verdict_and_the_wave_s_own_estimate(release: Path, language: str) -> None:
    robustness, answer = table(release, "robustness"), table(release, "answer")
    for line in robustness[robustness["test"] == "one_firm"].to_dict("records"):
        told = said("one_firm", line[f"note_{language}"], language)
        own = answer[(answer["wave"] == line["wave"]) & answer["own_choice"]].iloc[0]
        assert told
        assert told["key"] == f"one_firm_{line['verdict'].replace(' ', '_')}"
        assert line["estimate"] == own["estimate"]
        decided = not own["ci_low"] <= 0 <= own["ci_high"]
        assert line["verdict"] in ("no firm turns it", "one firm turns it" if decided else "one firm decides it")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_choices_are_told_with_their_shares_and_their_specifications(release: Path, language: str) -> None:
    robustness = table(release, "robustness")
    for wave, lines in robustness[robustness["model"] == PRIMARY.name].groupby("wave"):
        shares, ways = lines[lines["test"] == "by_choice"], lines[lines["test"] == "by_way"]
        told = said("by_choice", shares[f"note_{language}"].dropna().iloc[0], language)
        assert told, wave
        numbers = [as_number(x) for x in re.findall(rf"({NUMBER})%", told["shares"])]
        kept = sorted((100 * s for s in shares["estimate"] if s >= 0.01), reverse=True)
        assert numbers == pytest.approx(kept, abs=0.5 + 1e-6)
        rest = as_number(told["rest"].removesuffix("%"))
        assert rest == pytest.approx(100 * (1 - shares["estimate"].sum()), abs=0.5 + 1e-2)
        parts = told["ways"].split("; ")
        assert len(parts) == len(ways)
        for part in parts:
            bare = re.sub("“.*?”|‘.*?’", "", part).rstrip(".")
            *counts, median = [as_number(x) for x in re.findall(NUMBER, bare)]
            line = next(
                x for x in ways.to_dict("records") if 100 * x["estimate"] == pytest.approx(median, abs=0.05 + 1e-6)
            )
            every = line["statistic"] + line["bound"]
            above = counts[0] if len(counts) == 2 else (0 if "none" in bare or "geen" in bare else counts[0])
            assert (above, counts[-1]) == (line["statistic"], every), part


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_periods_are_those_the_survey_declares(release: Path, language: str) -> None:
    robustness = table(release, "robustness")
    timing = robustness[robustness["test"] == "timing"]
    assert set(timing["wave"]) == set(SURVEY.waves)
    for line in timing.to_dict("records"):
        outcome = period_of(SURVEY, [PRIMARY.main.outcome], SURVEY.waves[line["wave"]])
        note = line[f"note_{language}"]
        label = label_of(SURVEY, PRIMARY.main.outcome, language)
        assert re.search(rf"{line['wave']}: .{re.escape(label)}. (is about|gaat over) {outcome}\.", note), note
        for practice in PRIMARY.main.practices:
            order = order_of(str(period_of(SURVEY, [practice], SURVEY.waves[line["wave"]])), str(outcome))
            assert f"{practice}: {order}" in line["verdict"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_lead_and_states_have_the_numbers_of_the_model_s_own_reading(release: Path, language: str) -> None:
    answer = table(release, "answer")
    own = answer[(answer["wave"] == "pooled") & answer["own_choice"]].iloc[0]
    source = (release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8")
    undecided = own["ci_low"] <= 0 <= own["ci_high"]
    lead = re.search(r'<p class="lead">(.*?)</p>', source)
    assert lead
    numbers = [as_number(x) for x in re.findall(NUMBER, lead[1].replace("95", "", 1))]
    sign = -1 if not undecided and own["estimate"] < 0 else 1
    expected = [100 * own["estimate"], *sorted(100 * sign * own[x] for x in ("ci_low", "ci_high"))]
    expected[0] *= sign
    assert numbers[:3] == pytest.approx(expected, abs=0.05 + 1e-6)
    assert not re.search(r"[+]\d", lead[1]) or undecided
    listed = [as_number(x) for x in re.findall(rf"<li>(?:with|met) [^<]*: ({NUMBER})%</li>", source)]
    states = [100 * own[x] for x in ("p_neither", "p_b_only", "p_a_only", "p_both")]
    assert listed == pytest.approx(states, abs=0.05 + 1e-6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_all_waves_together_stands_on_the_page_and_once(release: Path, language: str) -> None:
    source = html.unescape((release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8"))
    robustness = table(release, "robustness")
    own = robustness[(robustness["wave"] == "pooled") & (robustness["model"] == PRIMARY.name)]
    tests = (*PLACES, "by_choice", "joint_test", "attrition")
    odds = own[(own["test"] == "attrition") & own["ci_low"].notna()]
    notes = own[own["test"].isin(tests)].drop(odds.index)[f"note_{language}"].dropna().unique()
    assert len(notes) >= len(tests)
    for note in notes:
        assert source.count(f">{note}<") == 1, note
    rows = re.search(r'id="left".*?<tbody>(.*?)</tbody>', source, re.DOTALL)
    assert rows
    printed = [as_number(re.findall(rf">({NUMBER})</td>", r)[0]) for r in rows[1].split("</tr>")[:-1]]
    assert len(printed) >= 3, "outcome and both practices, for two waves or more"
    assert printed == pytest.approx(odds["estimate"].tolist(), abs=0.005 + 1e-6)
    ratios = own[own["test"] == "e_value"]
    rows = re.search(r'id="ratios".*?<tbody>(.*?)</tbody>', source, re.DOTALL)
    assert rows
    printed = [[as_number(x) for x in re.findall(rf">({NUMBER})</td>", r)] for r in rows[1].split("</tr>")[:-1]]
    expected = [[x["estimate"], x["statistic"], x["bound"]] for x in ratios.to_dict("records")]
    assert len(printed) == len(expected)
    for one in printed:
        # Ratios that print alike differ in digits that do not: each printed row takes a row of the table.
        alike = [row for row in expected if one == pytest.approx(row, abs=0.05 + 1e-6)]
        assert alike, (one, expected)
        expected.remove(alike[0])


def test_the_claim_and_the_answer_have_one_estimate(release: Path) -> None:
    answer, claims = table(release, "answer"), table(release, "claims")
    found = claims[(claims["model"] == PRIMARY.name) & (claims["contrast"] == "complementarity")]
    assert len(found) >= 2
    for line in found.to_dict("records"):
        own = answer[(answer["wave"] == line["wave"]) & (answer["variant"] == line["variant"])].iloc[0]
        for column in POINTS:
            assert line[column] == own[column]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_two_parts_stand_there_state_by_state(release: Path, language: str) -> None:
    """Each cell is the contrast of its part, and the two parts multiply to both, state by state."""
    page = (release / "public" / "report" / language / "answer.html").read_text(encoding="utf-8")
    shown = page[page.index('id="where"') :]
    contrasts = table(release, "contrasts")
    model = next(m for m in load_survey(BUNDLED).models.values() if m.primary)
    pooled = contrasts[(contrasts["wave"] == "pooled") & (contrasts["model"] == model.name)]
    for contrast in model.main.contrasts[:4]:
        own = pooled[pooled["contrast"] == contrast.name].set_index("variant")["estimate"]
        assert own["both_parts"] == pytest.approx(own["first_part"] * own["second_part"], abs=0.004)
        for variant in ("first_part", "second_part", "both_parts"):
            printed = f"{100 * own[variant]:.1f}"
            assert (printed.replace(".", ",") if language == "nl" else printed) + "%" in shown
