"""What the demonstration's pages say of its figures, recomputed from its firms: counts, periods, what is a figure of
what, and when it is of limited reliability. Every page in both languages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.attack import attack
from monitor.storage.lake import Lake, connect
from monitor.survey import Survey, load_survey
from monitor.survey.expressions import columns_of
from monitor.survey.imputation import imputation_plan
from monitor.surveys import BUNDLED

LANGUAGES = ("nl", "en")
PRIMARY = "top_innovator"


@pytest.fixture(scope="module")
def release(demonstration: Path) -> Path:
    return demonstration / "releases" / "noord_nederland" / "latest"


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey(BUNDLED)


@pytest.fixture(scope="module")
def public(release: Path) -> dict[str, pd.DataFrame]:
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        names = [row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: connection.execute(f"SELECT * FROM {name}").df() for name in names}


@pytest.fixture(scope="module")
def secure(release: Path) -> dict[str, pd.DataFrame]:
    with connect(release / "secure" / "microdata.duckdb", read_only=True) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").df() for name in ("firms", "completed", "missing")}


@pytest.fixture(scope="module")
def pages(release: Path) -> dict[tuple[str, str], str]:
    """(language, page) -> its words, those of figures too, a line each."""
    found = {}
    for language in LANGUAGES:
        for path in sorted((release / "public" / "report" / language).glob("*.html")):
            text = re.sub(r"<(script|style).*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            text = re.sub(r"</?(b|span|code|em|strong|cite|a)\b[^>]*>", "", text)
            words = html.unescape(re.sub(r"<[^>]+>", "\n", text)).replace("\u00a0", " ").replace("\u202f", " ")
            found[language, path.stem] = "\n".join(line.strip() for line in words.splitlines() if line.strip())
    return found


def whole(public: dict[str, pd.DataFrame]) -> Iterator[pd.Series]:
    """The indicators' lines for all firms of their base."""
    table = public["indicators"]
    for _, line in table[(table["domain_variable"] == "all") & ~table["suppressed"]].iterrows():
        yield line


def inside(table: pd.DataFrame, survey: Survey, line: pd.Series) -> pd.Series:
    """Which rows of firms count in an indicator of a wave: in its base, with a value."""
    indicator = survey.indicators[line["indicator"]]
    counted = (table["wave"] == line["wave"]) & table[f"base_{indicator.base}"].fillna(False).astype(bool)
    counted &= table[indicator.measure].notna()
    if indicator.denominator:
        counted &= table[indicator.denominator].notna()
    return counted


# --- how many, and of what --------------------------------------------------------------------------------------------


def test_a_model_over_all_waves_counts_answers_and_the_firms_that_gave_them(
    public: dict[str, pd.DataFrame], secure: dict[str, pd.DataFrame], pages: dict[tuple[str, str], str]
) -> None:
    firms = secure["firms"]
    models = public["models"].set_index(["wave", "model", "variant"])
    for wave in [*firms["wave"].unique(), "pooled"]:
        rows = firms if wave == "pooled" else firms[firms["wave"] == wave]
        main = models.loc[(wave, PRIMARY, "main")]
        assert (main["n"], main["firms"]) == (len(rows), rows["firm"].nunique())
    completed = secure["completed"]
    answers, changing = [], []
    for _, copy in completed.groupby("imputation"):
        changes = copy.groupby("firm")["top_innovator"].transform("nunique") > 1
        answers.append(int(changes.sum()))
        changing.append(copy.loc[changes, "firm"].nunique())
    within = models.loc[("pooled", PRIMARY, "conditional_logit")]
    assert (within["n"], within["firms"]) == (round(np.mean(answers)), round(np.mean(changing)))
    for language, comma in zip(LANGUAGES, (".", ","), strict=True):
        total = f"{len(firms):,}".replace(",", comma)
        distinct = f"{firms['firm'].nunique():,}".replace(",", comma)
        text = pages[language, "cooperation"]
        assert re.search(rf"{re.escape(total)} (answers|antwoorden)\b.*{re.escape(distinct)} (firms|bedrijven)", text)


def test_no_page_calls_anything_firms_that_is_not_a_number_of_firms(
    public: dict[str, pd.DataFrame], survey: Survey, pages: dict[tuple[str, str], str], release: Path
) -> None:
    """Every `<number> firms` stands in a public column that counts firms, is a threshold, or what the attack found."""
    table, limits = public["indicators"], survey.disclosure
    counts = {limits.minimum_firms, limits.fewest_others, limits.median_firms, limits.quartile_firms}
    counts |= {limits.minimum_events, *(model.main.level_firms for model in survey.models.values())}
    imputed = imputation_plan(survey)
    counts |= {imputed.donors} if imputed else set()
    narrowest = attack([release]).narrowest
    assert narrowest is not None
    counts |= {round(narrowest)}
    for values in (table["n"], table["n"] - table["n_routed"], table["n_routed"], public["models"]["firms"]):
        counts |= set(values.dropna().astype(int))
    counts |= set(public["quality"]["value"].dropna().round().astype(int))
    for column in ("n", "events"):
        counts |= set(public["claims"][column].dropna().astype(int))
    counts |= set(public["initiatives"]["firms"].dropna().astype(int))
    counts |= set(public["network_ties"]["firms"].dropna().round().astype(int))
    taking_part = public["participation"]
    for values in (taking_part.query("figure == 'firms'")["estimate"], taking_part["n"]):
        counts |= set(values.dropna().round().astype(int))
    found = 0
    for page, text in pages.items():
        for number in re.findall(r"(?<![\d.,–-])(\d[\d.,]*) (?:firms|bedrijven)\b", text):
            found += 1
            assert int(re.sub(r"[.,]", "", number)) in counts, (page, number)
    assert found > 20


def test_who_answered_is_told_from_who_was_routed_past(
    public: dict[str, pd.DataFrame],
    secure: dict[str, pd.DataFrame],
    survey: Survey,
    pages: dict[tuple[str, str], str],
) -> None:
    past = secure["missing"].query("kind == 'not_asked'")
    told = 0
    for line in whole(public):
        concepts = columns_of(survey.measures[line["measure"]].sql)
        skipped = past[(past["wave"] == line["wave"]) & past["concept"].isin(concepts)]
        each = skipped.groupby("firm")["concept"].nunique()
        routed = set(each[each == len(concepts)].index)
        counted = secure["firms"][inside(secure["firms"], survey, line)]
        assert line["n"] == len(counted), line["indicator"]
        assert line["n_routed"] == counted["firm"].isin(routed).sum(), line["indicator"]
        if line["n_routed"] and survey.indicators[line["indicator"]].headline:
            told += 1
            answered = line["n"] - line["n_routed"]
            for language in LANGUAGES:
                page = pages[language, f"wave-{line['wave']}"]
                assert re.search(rf"{line['n']} \w+: {answered} \w+, \w+ {line['n_routed']} ", page)
    assert told == len(survey.waves), "top innovators, in every wave"


def test_the_effective_number_rests_on_the_firms_that_are_counted_beside_it(
    public: dict[str, pd.DataFrame], secure: dict[str, pd.DataFrame], survey: Survey
) -> None:
    completed = secure["completed"]
    for line in whole(public):
        each = inside(completed, survey, line).groupby(completed["imputation"]).sum()
        # Means over copies are published in thousandths.
        assert line["n_completed"] == pytest.approx(each.mean(), abs=5e-4 + 1e-9), line["indicator"]
        assert line["n"] <= line["n_completed"] + 1e-9
    lines = public["indicators"].dropna(subset=["n_completed", "deff", "n_effective"])
    np.testing.assert_allclose(lines["n_effective"] * lines["deff"], lines["n_completed"], rtol=5e-3)


def test_how_many_answered_again_says_whether_it_is_weighted(
    secure: dict[str, pd.DataFrame], pages: dict[tuple[str, str], str]
) -> None:
    firms = secure["firms"]
    waves = sorted(firms["wave"].unique())
    for before, after in pairwise(waves):
        mine = firms[firms["wave"] == before]
        again = mine["firm"].isin(firms.loc[firms["wave"] == after, "firm"]).to_numpy()
        plain, weighted = 100 * again.mean(), 100 * np.average(again, weights=mine["weight"])
        for language in LANGUAGES:
            write = (lambda v: f"{v:.1f}".replace(".", ",")) if language == "nl" else (lambda v: f"{v:.1f}")
            (line,) = set(re.findall(rf"^.*{before}.* {after} \(.*?\)", pages[language, "cooperation"], re.MULTILINE))
            assert f"{write(plain)}% " in line
            assert re.search(rf"\((weighted|gewogen): {write(weighted)}%\)", line)


# --- a figure of what -------------------------------------------------------------------------------------------------


def test_the_plain_figure_is_what_its_label_says(
    public: dict[str, pd.DataFrame], secure: dict[str, pd.DataFrame], survey: Survey, release: Path
) -> None:
    """A share is of firms, a mean is called one, a ratio is of what it divides by; all recomputed from the firms."""
    firms = secure["firms"]
    labels = {
        "share": ("Of the firms that answered", "All firms"),
        "mean": ("Mean of the firms", "mean"),
        "ratio": ("Share of turnover", "Share of turnover"),
    }
    for line in whole(public):
        indicator = survey.indicators[line["indicator"]]
        counted = firms[inside(firms, survey, line)]
        value = counted[indicator.measure].astype(float)
        unit = 0.01 if survey.measures[indicator.measure].type == "percentage" else 1.0
        plain = value.mean() * unit
        if indicator.estimator == "ratio":
            plain = value.sum() / counted[str(indicator.denominator)].sum()
        elif indicator.estimator == "total":
            plain = value.sum()
        assert line["unweighted"] == pytest.approx(plain, rel=5e-3), line["indicator"]
        if indicator.headline:
            page = (release / "public" / "report" / "en" / f"wave-{line['wave']}.html").read_text(encoding="utf-8")
            card = page[page.index(f"<h3>{html.escape(indicator.label['en'])}") :]
            weighted = re.search(r'class="of small">(.*?)<', card)
            unweighted = re.search(r"Unweighted, (.*?):", card)
            assert weighted
            assert unweighted
            plain_words, weighted_words = labels[indicator.estimator]
            assert plain_words.lower() in unweighted[1].lower(), line["indicator"]
            assert weighted_words in weighted[1], line["indicator"]


def test_the_sum_of_a_sample_is_nowhere_printed_like_an_estimate(
    public: dict[str, pd.DataFrame], survey: Survey, pages: dict[tuple[str, str], str]
) -> None:
    totals = [name for name, indicator in survey.indicators.items() if indicator.estimator == "total"]
    assert totals
    newest = max(survey.waves)
    for line in whole(public):
        if line["indicator"] in totals and line["wave"] == newest:
            millions = f"{line['unweighted'] / 1e6:,.0f}"
            for language, unit, words in (("nl", "mln", "som van"), ("en", "million", "sum of")):
                said = re.findall(rf"^€ {millions} {unit}.*$", pages[language, "participation"], re.MULTILINE)
                assert said
                assert all(words in text for text in said)


# --- when -------------------------------------------------------------------------------------------------------------


def test_questions_are_quoted_as_they_were_asked(public: dict[str, pd.DataFrame], demonstration: Path) -> None:
    """The codebook's words against those of the deliveries' own headers and labels; years and all in every wave."""
    lake = Lake(demonstration, "noord_nederland")
    quoted = 0
    for wave, questions in public["codebook"].dropna(subset=["question"]).groupby("wave"):
        columns = lake.read("raw_columns", wave)
        asked = columns[columns["role"] == "answers"].set_index("source_column")["question"]
        for line in questions.to_dict("records"):
            labels = [str(asked[name]) for name in line["source_column"].split(", ")]
            years = {tuple(sorted(set(re.findall(r"\b20\d\d\b", text)))) for text in (*labels, line["question"])}
            assert len(years) == 1, (wave, line["concept"], line["question"], labels[0])
            words = re.findall(r"\w+", line["question"].lower())
            quoted += all(word in re.findall(r"\w+", labels[0].lower()) for word in words)
    assert quoted > 40


def test_each_figure_says_what_its_questions_asked_about(
    public: dict[str, pd.DataFrame], survey: Survey, pages: dict[tuple[str, str], str]
) -> None:
    """The years that the questions of a figure name, from first to last; the present where they name none."""
    codebook = public["codebook"].set_index(["wave", "concept"])["question"]
    for line in whole(public):
        indicator = survey.indicators[line["indicator"]]
        names = [indicator.measure, *filter(None, [indicator.denominator])]
        concepts = {c for name in names for c in columns_of(survey.measures[name].sql)}
        years, present = set(), False
        for concept in concepts:
            named = re.findall(r"\b20\d\d\b", codebook[line["wave"], concept])
            years |= set(named)
            present |= not named
        expected = [] if not years else [min(years) if len(years) == 1 else f"{min(years)}-{max(years)}"]
        assert line["reference_period"] == ", ".join(expected + ["interview"] * present), line["indicator"]
        if indicator.headline:
            for language, about, now in (("nl", "Over", "Stand bij het invullen"), ("en", "About", "As it was when")):
                said = pages[language, f"wave-{line['wave']}"]
                start = said.index(indicator.label[language] + "\n")
                card = said[start : start + 200]
                assert (now in card) == present, line["indicator"]
                assert not years or f"{about} {expected[0].replace('-', '–')}" in card


# --- how sure ---------------------------------------------------------------------------------------------------------


def test_the_reliability_rule_on_the_page_is_the_one_that_was_used(
    public: dict[str, pd.DataFrame], survey: Survey, pages: dict[tuple[str, str], str]
) -> None:
    """Read the bounds off the page, judge every published line by them, find the flags that are published."""
    for language in LANGUAGES:
        text = pages[language, "participation"].replace(",", ".")
        (sentence,) = re.findall(r"(?:Beperkt betrouwbaar is|Of limited reliability are) .*", text)
        numbers = [float(x.rstrip(".")) for x in re.findall(r"\d+(?:\.\d+)?", sentence.replace("95%", ""))]
        wide, narrow, relative, hundred, cv, few = numbers[:6]
        assert hundred == 100
        for line in public["indicators"].query("not suppressed").to_dict("records"):
            indicator = survey.indicators[line["indicator"]]
            share = indicator.estimator == "share" or survey.measures[line["measure"]].type == "percentage"
            width, p = 100 * (line["ci_high"] - line["ci_low"]), 100 * line["estimate"]
            uncertain = width >= wide or (width > narrow and width > relative * min(p, 100 - p))
            limited = line["n_effective"] < few or (uncertain if share else 100 * line["cv"] > cv)
            assert line["reliability"] == ("limited" if limited else "good"), line


def test_no_page_gives_a_probability_to_the_true_figure(pages: dict[tuple[str, str], str]) -> None:
    """An interval is made so that it holds the truth in 95 of 100 surveys; of this one's nobody can say it does."""
    for page, text in pages.items():
        assert not re.search(r"(with|at) 95 ?% (confidence|certainty|probability)|95 ?% (zekerheid|kans)", text), page
    for language, words in (("nl", "bij 95 van de 100"), ("en", "in 95 of 100")):
        assert all(words in pages[language, page] for page in ("index", "methods"))


def test_what_a_wave_can_show_does_not_deny_what_it_shows(
    public: dict[str, pd.DataFrame], pages: dict[tuple[str, str], str]
) -> None:
    """Where a complementarity below the smallest detectable one was found, no sentence says that it cannot be."""
    contrasts = public["contrasts"].query("model == @PRIMARY and variant == 'main' and contrast == 'complementarity'")
    least = public["models"].query("model == @PRIMARY and variant == 'main'").set_index("wave")
    shown = [x for x in contrasts.to_dict("records") if x["ci_low"] > 0]
    assert any(x["estimate"] < least.loc[x["wave"], "minimum_detectable_effect"] for x in shown)
    for language in LANGUAGES:
        for sentence in re.findall(
            r"[^.\n]*(?:eight times out of ten|acht van de tien)[^\n]*", pages[language, "cooperation"]
        ):
            assert not re.search(r"\b(cannot|can not|only|niet aantonen|kan|alleen)\b", sentence), sentence


# --- from where -------------------------------------------------------------------------------------------------------


def test_every_figure_about_the_firms_is_in_the_public_tables(
    public: dict[str, pd.DataFrame], survey: Survey, pages: dict[tuple[str, str], str], release: Path
) -> None:
    """Numbers of three digits and more on any page: a public value in one of the ways it may be written, a number of
    the report's own text (thresholds, simulations, literature), one of the survey's definition, or how much the attack
    had to try."""
    tried = attack([release])
    written = {str(size) for size in (tried.cells, tried.amounts, tried.equations, tried.unknowns)}
    for table in public.values():
        for column in table.columns:
            for value in table[column].dropna().unique():
                if isinstance(value, bool | np.bool_):
                    continue
                if isinstance(value, int | float | np.integer | np.floating):
                    for scaled in (float(value), 100 * float(value), float(value) / 1e6):
                        written |= {digits_of(f"{abs(scaled):.{places}f}") for places in range(4)}
                else:
                    written |= {digits_of(x) for x in re.findall(r"\d[\d.,]*", str(value))}
        written.add(str(len(table)))
    routed = public["indicators"]["n"] - public["indicators"]["n_routed"]
    written |= {str(int(x)) for x in routed.dropna()}
    made = public["releases"]["created_at"].iloc[0].date()
    written |= {str((made - date(wave.reference_year, 12, 31)).days) for wave in survey.waves.values()}
    folder = Path(__file__).parents[2] / "monitor"
    own = [
        *(folder / "wording").glob("*/*.yaml"),
        *(folder / "publication" / "report" / "templates").glob("*.html"),
        *BUNDLED.rglob("*.yaml"),
        *BUNDLED.rglob("*.csv"),
    ]
    for path in own:
        written |= {digits_of(x) for x in re.findall(r"\d[\d.,]*", path.read_text(encoding="utf-8"))}
    checked = 0
    for page, text in pages.items():
        for number in re.findall(r"(?<![\w.,])\d[\d.,]*\d(?![\w])", text):
            if len(digits_of(number)) >= 3:
                checked += 1
                assert digits_of(number) in written, (page, number)
    assert checked > 5000


def digits_of(number: str) -> str:
    """A number as the digits it is written with: 1,234.5 and 1.234,5 alike."""
    return re.sub(r"\D", "", number)


def test_benchmarks_are_of_the_values_firms_gave_and_say_where_quartiles_are_withheld(
    public: dict[str, pd.DataFrame], secure: dict[str, pd.DataFrame], survey: Survey
) -> None:
    table, firms = public["benchmarks"], secure["firms"]
    assert (table["median"].isna() == table["suppressed"]).all()
    assert (table["p25"].isna() == table["quartiles_suppressed"]).all()
    assert (table["p75"].isna() == table["quartiles_suppressed"]).all()
    assert (table["quartiles_suppressed"] & ~table["suppressed"]).any()
    as_given = 0
    for line in table[~table["suppressed"]].to_dict("records"):
        given = firms[(firms["wave"] == line["wave"]) & firms[line["measure"]].notna()].sort_values(line["measure"])
        if line["domain_variable"] != "all":
            variables = line["domain_variable"].split("*")
            own = given[variables].astype(str).agg("*".join, axis=1)
            given = given[own == line["domain"]]
        reached = given["weight"].cumsum() / given["weight"].sum()
        unit = 0.01 if survey.measures[line["measure"]].type == "percentage" else 1.0
        answers = given[line["measure"]].to_numpy(dtype=float) * unit
        printed = np.array([float(f"{answer:.2g}") for answer in answers])
        for share, name in ((0.25, "p25"), (0.5, "median"), (0.75, "p75")):
            if np.isnan(line[name]):
                continue
            round_to = np.isclose(printed, line[name], rtol=1e-9, atol=0).sum()
            assert round_to >= 3 or not np.isclose(answers, line[name], rtol=1e-9, atol=0).any(), (line, name)
            place = int(np.flatnonzero(reached >= share - 1e-12)[0])
            if np.isclose(printed, printed[place], rtol=1e-9, atol=0).sum() >= 3:
                assert line[name] == pytest.approx(printed[place]), (line, name)
                as_given += 1
            else:
                assert answers[max(place - 5, 0)] <= line[name] <= answers[place + 5], (line, name)
    assert as_given > 500


def test_the_readme_s_question_has_one_answer_for_each_wave(release: Path, survey: Survey) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (queries,) = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    (query,) = [each for each in queries.split(";") if "complementarity" in each]
    with connect() as connection:
        connection.execute(f"ATTACH '{release / 'public' / 'monitor.duckdb'}' AS monitor (READ_ONLY)")
        found = connection.execute(query).df()
    assert found["wave"].to_list() == [*sorted(survey.waves), "pooled"]
    assert (found["ci_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["ci_high"]).all()


def test_each_quality_figure_has_its_unit_and_says_of_shares_whether_they_are_weighted(
    public: dict[str, pd.DataFrame],
) -> None:
    quality = public["quality"].dropna(subset=["value"])
    assert quality["unit"].notna().all()
    shares = quality[quality["unit"] == "share"]
    assert shares["value"].between(0, 1).all()
    assert shares["definition"].str.contains(r"weighted").all()
    assert shares["definition_nl"].str.contains(r"gewogen").all()
    counts = quality[quality["unit"].isin(["firms", "responses", "answers", "initiatives"])]
    estimated = counts["indicator"].str.contains("sum|effective")
    assert (counts.loc[~estimated, "value"] % 1 == 0).all()
