"""What the demonstration's report says, held against its microdata and its tables: sentences, links, verdicts."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from monitor.attack import attack
from monitor.publication.report.claims import claim_anchor, contrast_anchor
from monitor.publication.report.numbers import NBSP, Numbers
from monitor.statistics.decisions.claim import Share
from monitor.statistics.models.contrast import of_two_practices
from monitor.storage.lake import connect
from monitor.survey import load_survey
from monitor.surveys import BUNDLED
from monitor.wording.sentences import sentences

SURVEY = load_survey(BUNDLED)
WAVES = tuple(SURVEY.waves)
SPANS = (*WAVES, "pooled")
LANGUAGES = ("nl", "en")
COUNTS = {"n", "count", "events", "usable", "invited", "passed", "failed", "unchecked", "above", "below", "moved"}
"""Places in a sentence that hold a number of something"""
CHECKED = {
    "of_firms", "model_n", "model_n_pooled", "specification_note", "rules_note", "wave_lead", "initiatives_rest",
    *("with_value", "with_value_routed"),  # by test_told_of_demonstration.py
    "kept_rule_models",  # a threshold: by test_report_confidentiality.py
    "kept_of_many",
    "changes_lists",  # lines of a public table: by test_read_back.py
    *("point_level", "point_claim", "new_firms"),  # counts of a public table: by test_report_start.py
    "place_lead",  # the same: by test_report_places.py
    *("m_variance_replicates", "asked_in"),
}  # fmt: skip
LATER = {"wave_lead_unknown", "held_some", "revisions_summary", "model_n_answers", "kept_found"}
"""Sentences of a release after the first, or of a survey that does not know whom it invited, or in which few firms
answered in several waves"""


def release(home: Path) -> Path:
    return home / "releases" / SURVEY.name / "latest"


def read(home: Path, query: str) -> pd.DataFrame:
    with connect(release(home) / "public" / "monitor.duckdb", read_only=True) as connection:
        return connection.execute(query).df()


def counted(home: Path, query: str) -> list[float]:
    """The first row of a query over the microdata."""
    with connect(release(home) / "secure" / "microdata.duckdb", read_only=True) as connection:
        return [float(value or 0) for value in connection.execute(query).fetchall()[0]]


def page(home: Path, language: str, name: str) -> str:
    text = (release(home) / "public" / "report" / language / f"{name}.html").read_text(encoding="utf-8")
    return html.unescape(text)


class Text(HTMLParser):
    """What a reader sees of a page, and of each element with an identifier."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.words.append(data.strip())


def text(source: str) -> str:
    return " ".join(Text(source).words).replace(NBSP, " ")


def row(source: str, anchor: str) -> str:
    """The text of the table row with this identifier."""
    assert source.count(f'id="{anchor}"') == 1, anchor
    start = source.index(f'id="{anchor}"')
    return text("<tr " + source[start:].partition("</tr>")[0])


def number(words: str) -> int:
    return int(re.sub(r"[.,]", "", words))


def spans(wave: str) -> str:
    return "true" if wave == "pooled" else f"wave = '{wave}'"


# --- counts -----------------------------------------------------------------------------------------------------------


def test_every_sentence_with_a_count_is_held_against_the_microdata() -> None:
    """A sentence that is added with a count in it needs its own check below."""
    with_counts = {
        key for key, words in sentences("report").items() if COUNTS & set(re.findall(r"{(\w+)}", words["en"]))
    }  # fmt: skip
    assert with_counts - {"passport_firm"} == CHECKED | LATER


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wave", SPANS)
def test_a_claims_counts_are_those_of_the_answers(demonstration: Path, wave: str, language: str) -> None:
    column = "reason_nl" if language == "nl" else "reason"
    told = read(demonstration, f"SELECT claim, n, events, {column} AS reason FROM claims WHERE wave = '{wave}'")
    told = told.set_index("claim")
    start, own = page(demonstration, language, "index"), "index" if wave == "pooled" else f"wave-{wave}"
    n = Numbers(language)
    seen = 0
    for claim in SURVEY.claims:
        estimand = claim.estimand
        if not isinstance(estimand, Share):
            assert not re.search(r"\d+ (?:of the|van de) \d+", told.loc[claim.name, "reason"])
            continue
        equals = "" if estimand.equals else "NOT "
        group = f"base_{estimand.base}" + (f" AND {estimand.among}" if estimand.among else "")
        every, having = counted(
            demonstration,
            f"SELECT count(*), count(*) FILTER ({equals}{estimand.measure}) FROM firms "
            f"WHERE {spans(wave)} AND {estimand.measure} IS NOT NULL AND {group}",
        )
        found = re.search(r": ([\d.,]+) (?:of the|van de) ([\d.,]+) ", told.loc[claim.name, "reason"])
        assert found, claim.name
        assert (number(found[1]), number(found[2])) == (having, every)
        assert (told.loc[claim.name, "events"], told.loc[claim.name, "n"]) == (having, every)
        assert found[0] in text(page(demonstration, language, own))
        if wave == "pooled":
            assert found[0] in text(start)
        between = {"nl": "van", "en": "of"}[language]
        line = row(page(demonstration, language, own), claim_anchor({"wave": wave, "claim": claim.name}))
        assert f"{n.plain(having)} {between} {n.plain(every)}" in line
        seen += 1
    assert seen == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wave", SPANS)
def test_a_models_counts_are_those_of_its_completed_copies(demonstration: Path, wave: str, language: str) -> None:
    model = SURVEY.models["top_innovator"].main
    firms, events = counted(
        demonstration,
        f"SELECT round(count(*) / count(DISTINCT imputation)), "
        f"round(count(*) FILTER ({model.outcome}) / count(DISTINCT imputation)) FROM completed "
        f"WHERE {spans(wave)} AND base_{model.base}",
    )
    outcome = SURVEY.measures[model.outcome].noun[language]
    (different,) = counted(demonstration, f"SELECT count(DISTINCT firm) FROM completed WHERE {spans(wave)}")
    n, pooled = Numbers(language), wave == "pooled"
    all_, some, firms_ = (n.plain(count) for count in (firms, events, different))
    every_wave = {
        "en": "(a firm counts in every wave it answered)",
        "nl": "(een bedrijf telt in elke meting waarin het antwoordde)",
    }[language]
    words = {
        "en": (
            f"Model on {all_} answers of {firms_} firms {every_wave}; for {some} of the answers {outcome} holds"
            if pooled
            else f"Model on {all_} firms; for {some} of them {outcome} holds"
        )
        + " (the mean over the completed copies)",
        "nl": (
            f"Model op {all_} antwoorden van {firms_} bedrijven {every_wave}; bij {some} antwoorden geldt {outcome}"
            if pooled
            else f"Model op {all_} bedrijven; voor {some} daarvan geldt {outcome}"
        )
        + " (gemiddeld over de aangevulde kopieën)",
    }[language]
    everywhere = [page(demonstration, language, "cooperation")]
    everywhere += [page(demonstration, language, f"wave-{wave}")] if wave in WAVES else []
    base = SURVEY.bases[model.base].label[language].lower()
    for source in everywhere:
        assert f"{words}; {'basis' if language == 'nl' else 'base'}: {base};" in text(source)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wave", WAVES)
def test_the_waves_own_counts(demonstration: Path, wave: str, language: str) -> None:
    """Usable responses, invited firms, initiatives with few participants, and the rules."""
    n, source = Numbers(language), text(page(demonstration, language, f"wave-{wave}"))
    usable = counted(demonstration, f"SELECT count(*) FROM firms WHERE {spans(wave)}")[0]
    strata = f"SELECT DISTINCT stratum, invited FROM firms WHERE {spans(wave)}"
    invited = counted(demonstration, f"SELECT sum(invited) FROM ({strata})")[0]
    words = {"nl": "{} bruikbare antwoorden van {} uitgenodigde", "en": "{} usable responses of {} firms invited"}
    assert words[language].format(n.plain(usable), n.plain(invited)) in source
    counts = read(
        demonstration,
        "SELECT count(*), count(*) FILTER (passed), count(*) FILTER (NOT passed), count(*) FILTER (passed IS NULL) "
        f"FROM rules WHERE wave = '{wave}'",
    ).iloc[0]
    words = {
        "nl": "Van de {} regels zijn er {} in orde, {} niet en {} niet te controleren.",
        "en": "Of the {} rules {} held, {} failed and {} were not checkable.",
    }
    assert words[language].format(*map(n.plain, counts)) in source
    log = demonstration.with_suffix(".log").read_text(encoding="utf-8")
    told = "{} rules, of which {} held, {} found something and {} could not be checked".format(*counts)
    assert f"{SURVEY.name} {wave}: {told}" in log, "the command counts the same rules"


@pytest.mark.parametrize("language", LANGUAGES)
def test_initiatives_with_few_participants_are_counted(demonstration: Path, language: str) -> None:
    few = counted(
        demonstration,
        "SELECT count(*) FROM (SELECT unnest(initiatives) AS i, count(*) AS firms FROM firms "
        f"WHERE wave = '{WAVES[-1]}' GROUP BY i) WHERE firms < {SURVEY.disclosure.minimum_firms}",
    )[0]
    shown = read(demonstration, f"SELECT count(*) FILTER (suppressed) FROM initiatives WHERE wave = '{WAVES[-1]}'")
    assert few <= shown.iloc[0, 0]
    words = {"nl": r"Nog (\d+) initiatieven worden", "en": r"Another (\d+) initiatives have"}[language]
    found = re.search(words, text(page(demonstration, language, "participation")))
    assert found
    assert int(found[1]) == shown.iloc[0, 0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wave", SPANS)
def test_the_specifications_are_counted_with_their_contrast(demonstration: Path, wave: str, language: str) -> None:
    found = read(demonstration, f"SELECT estimate FROM specifications WHERE wave = '{wave}' AND estimate IS NOT NULL")
    above, below = (found["estimate"] > 0).sum(), (found["estimate"] < 0).sum()
    source = text(page(demonstration, language, "cooperation"))
    words = {"nl": "Boven nul: {}; onder nul: {}; van {}.", "en": "Above zero: {}; below zero: {}; of {}."}[language]
    assert words.format(above, below, len(found)) in source
    notes = read(demonstration, f"SELECT * FROM robustness WHERE wave = '{wave}' AND model = 'top_innovator'")
    middle = Numbers(language).plain(100 * found["estimate"].median(), 1)
    joint = notes[notes["test"] == "joint_test"].set_index("subject")[f"note_{language}"]
    assert len(joint) == 3
    assert all(
        note.startswith(f"{sentences('report')['complementarity'][language]} in {len(found)} spec") for note in joint
    )
    assert middle in joint["median"]
    assert f" {above} " in joint["positive"]
    told = notes[notes["test"].isin(["joint_test", "e_value", "power"])][f"note_{language}"]
    assert told.is_unique, "each says of which contrast it speaks"
    assert all(note.replace(NBSP, " ") in source for note in told)


# --- one quantity, one number; and where it stands --------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wave", SPANS)
def test_every_verdict_leads_to_the_place_where_its_numbers_stand(
    demonstration: Path, wave: str, language: str
) -> None:
    claims = read(demonstration, f"SELECT * FROM claims WHERE wave = '{wave}'")
    n, seen = Numbers(language), 0
    places = ["index"] if wave == "pooled" else [f"wave-{wave}", *(["index"] if wave == WAVES[-1] else [])]
    for claim in claims.to_dict("records"):
        model = not pd.isna(claim["model"])
        name, anchor = ("cooperation", contrast_anchor(wave, claim)) if model else (places[0], claim_anchor(claim))
        for place in places:
            assert f'href="{name}.html#{anchor}"' in page(demonstration, language, place), (place, claim.name)
        if claim["verdict"] == "not testable":
            continue
        share = claim["estimand"].startswith("p(") and " - " not in claim["estimand"]
        value = n.percent(claim["estimate"], 1) if share else n.points(claim["estimate"])
        interval = (n.interval if share else n.points_interval)(claim["ci_low"], claim["ci_high"])
        line = row(page(demonstration, language, name), anchor)
        assert value.replace(NBSP, " ") in line, claim.name
        assert interval.replace(NBSP, " ") in line, claim.name
        seen += 1
    assert seen >= 6


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wave", SPANS)
def test_every_main_contrast_is_printed(demonstration: Path, wave: str, language: str) -> None:
    query = f"SELECT * FROM contrasts WHERE wave = '{wave}' AND model = 'top_innovator' AND variant = 'main'"
    contrasts = read(demonstration, query)
    assert set(contrasts["contrast"]) == {c.name for c in of_two_practices("cooperates", "invests").values()}
    n, source = Numbers(language), page(demonstration, language, "cooperation")
    for x in contrasts.to_dict("records"):
        line = row(source, contrast_anchor(wave, x))
        share = x["contrast"].startswith("p_")
        shown = (n.percent(x["estimate"], 1), n.interval(x["ci_low"], x["ci_high"])) if share else (
            n.points(x["estimate"]), n.points_interval(x["ci_low"], x["ci_high"])
        )  # fmt: skip
        for words in shown:
            assert words.replace(NBSP, " ") in line, x["contrast"]


@pytest.mark.parametrize("wave", SPANS)
def test_one_quantity_is_printed_with_one_interval(demonstration: Path, wave: str) -> None:
    """The main model, the threshold curve at 40% and the specifications' own choice are the same quantity."""
    numbers = "estimate, se, ci_low, ci_high, p_value"
    main = read(
        demonstration,
        f"SELECT {numbers} FROM contrasts WHERE wave = '{wave}' AND model = 'top_innovator' AND variant = 'main' "
        "AND contrast = 'complementarity'",
    )
    for table in ("curve", "specifications"):
        query = f"SELECT {numbers} FROM {table} WHERE wave = '{wave}' AND own_choice"
        pd.testing.assert_frame_equal(read(demonstration, query), main)
    n, source = Numbers("en"), text(page(demonstration, "en", "cooperation"))
    at_40 = f"40% {n.points(main['estimate'][0])} {n.points_interval(main['ci_low'][0], main['ci_high'][0])}"
    assert at_40 in source


# --- verdicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_start_page_tells_what_the_pooled_data_decided(demonstration: Path, language: str) -> None:
    now = read(demonstration, "FROM claims_now").set_index("claim")
    pooled = read(demonstration, "SELECT claim, verdict, reason_nl, reason FROM claims WHERE wave = 'pooled'")
    assert now["pooled_verdict"].to_dict() == pooled.set_index("claim")["verdict"].to_dict()
    assert ((now["verdict"] == "inconclusive") & (now["pooled_verdict"] == "supported")).any()
    source = text(page(demonstration, language, "index"))
    for x in pooled.to_dict("records"):
        assert x["reason_nl" if language == "nl" else "reason"].replace(NBSP, " ") in source


def test_a_claim_over_waves_that_do_not_compare_is_not_decided(demonstration: Path) -> None:
    """Process innovation was reworded in 2018: the kinds of activity of 2017 are other kinds."""
    query = "SELECT * FROM claims WHERE wave = 'pooled' AND claim = 'more_active_more_participation'"
    claim = read(demonstration, query).iloc[0]
    assert claim["verdict"] == "not testable"
    assert "“Process innovation” was reworded in 2018" in claim["reason"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_verdict_stands_with_its_rule(demonstration: Path, language: str) -> None:
    rules = read(demonstration, f"SELECT * FROM claims WHERE wave = '{WAVES[-1]}'")
    column = "decision_rule_nl" if language == "nl" else "decision_rule"
    for name in ("index", f"wave-{WAVES[-1]}"):
        source = text(page(demonstration, language, name))
        for rule in rules[column]:
            assert f"{sentences('report')['rule'][language]}: {rule}." in source


def test_one_estimator_serves_all_waves_of_a_claim(demonstration: Path) -> None:
    used = read(
        demonstration,
        "SELECT c.claim, count(DISTINCT m.estimator) AS estimators, count(DISTINCT m.wave) AS waves "
        "FROM claims c JOIN models m USING (model, variant) GROUP BY c.claim",
    ).set_index("claim")
    assert len(used) == 4
    assert (used["waves"] == len(SPANS)).all()
    assert (used["estimators"] == 1).all()
    query = "SELECT DISTINCT estimator FROM models WHERE model = 'top_innovator' AND variant NOT IN "
    primary = read(demonstration, query + "('doubly_robust', 'conditional_logit')")
    assert primary["estimator"].to_list() == ["firth"], "its readings, parts and waves together too"
    source = text(page(demonstration, "en", "index"))
    assert source.count("Estimated by Firth's method (a logit), in every wave.") == 3
    assert source.count("Read as: “Takes part in an initiative” and ") == 3


def test_nothing_says_that_claims_came_first_where_nothing_proves_it(demonstration: Path) -> None:
    """The demonstration names no commit, and its first release has no earlier one."""
    claims = read(demonstration, "SELECT * FROM claims")
    assert claims["declared_before"].isna().all()
    source = text(page(demonstration, "en", "index"))
    assert "nothing in this release proves that they were there before the answers" in source


# --- comparability ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_a_question_was_recoded_the_report_says_so(demonstration: Path, language: str) -> None:
    """Sensor technology: planned use became an answer in 2019 and counts as no, so that the survey declares both
    waves comparable. That is the survey's word, and is told wherever 2018 and 2019 meet."""
    change = read(
        demonstration,
        f"SELECT comparable, comparability, changed_{language} AS words FROM changes WHERE indicator = "
        "'sensor_technology' AND domain_variable = 'all' AND wave_from = '2018' AND wave_to = '2019'",
    ).iloc[0]
    assert (change["comparable"], change["comparability"]) == (True, "recoded")
    for name in ("index", "trends", "quality"):
        assert change["words"] in text(page(demonstration, language, name)), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_worked_out_of_larger_groups_is_counted(demonstration: Path, language: str) -> None:
    told = attack([release(demonstration).resolve()]).of_many
    assert told
    words = sentences("report")["kept_of_many"][language].format(count=len(told))
    assert words in text(page(demonstration, language, "methods"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_replicates_overlaps_and_questions_are_counted(demonstration: Path, language: str) -> None:
    """The methods' replicates and firms in two waves from the microdata; the questions of a wave from its folder."""
    n, methods = Numbers(language), text(page(demonstration, language, "methods"))
    (replicates,) = counted(demonstration, "SELECT count(DISTINCT replicate) FROM replicate_weights")
    assert re.search(rf"\b{n.plain(replicates)} (?:replicates|replicaten)\b", methods)
    for before, after in combinations(WAVES, 2):
        (both,) = counted(
            demonstration,
            "SELECT count(*) FROM firms AS a JOIN firms AS b USING (firm) "
            f"WHERE a.{spans(before)} AND b.{spans(after)}",
        )
        assert f"{before}–{after}: {n.plain(both)} " in methods
    quality = text(page(demonstration, language, "quality"))
    for wave in WAVES:
        asked = [x for x in SURVEY.waves[wave].questions.values() if x.text]
        assert f"{wave}: {n.plain(len(asked))}" in quality
