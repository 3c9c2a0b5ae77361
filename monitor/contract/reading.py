"""Where a reader of the public database begins: its tables and views in the order of reading, with a first question.

Belongs here: the order, and a query for each that runs as it stands in any release. Does not belong here: what a table
holds (its comment), the views' own statements (`sql/released`).
"""

from __future__ import annotations

from collections.abc import Mapping

READING: Mapping[str, str] = {
    "primary_answer": "SELECT wave, p_neither, p_a_only, p_b_only, p_both, estimate, ci_low, ci_high, p_value, "
    "verdict, n, events FROM primary_answer",
    "headline": "FROM headline",
    "trend": "SELECT wave, label_en, estimate, change, change_low, change_high, p_value FROM trend",
    "answer": "SELECT practice_a, practice_b, estimate, ci_low, ci_high, p_adjusted, verdict FROM answer WHERE pooled",
    "claims_now": "SELECT text_en, wave, verdict, reason, pooled_verdict FROM claims_now",
    "indicators": "SELECT i.wave, i.indicator_en AS figure, i.unit, d.variable_en, d.label_en AS subgroup, i.estimate, "
    "i.ci_low, i.ci_high, i.n, i.suppressed FROM indicators AS i "
    "JOIN domains AS d USING (survey, domain_variable, domain) "
    "ORDER BY i.indicator, i.wave, i.domain_variable, d.sort_order",
    "domains": "SELECT domain_variable, sort_order, domain, label_en FROM domains ORDER BY domain_variable, sort_order",
    "measures": "SELECT measure, label_en, unit, formula FROM measures",
    "bases": "SELECT base, label_en, formula FROM bases",
    "definitions": "SELECT name, label_en, unit, base, formula FROM definitions WHERE kind = 'indicator'",
    "population": "SELECT p.wave, d.label_en, p.firms FROM population AS p "
    "JOIN domains AS d USING (survey, domain_variable, domain) ORDER BY p.wave, p.domain_variable, d.sort_order",
    "comparable": "SELECT wave, pack, cis_code, label_en, computable, reason_en FROM comparable",
    "changes": "SELECT wave_from, wave_to, indicator_en, change, unit, ci_low, ci_high, p_adjusted FROM changes "
    "WHERE domain_variable = 'all' AND comparable",
    "benchmarks": "SELECT b.wave, b.measure_en, b.unit, d.label_en, b.n, b.p25, b.median, b.p75 "
    "FROM benchmarks AS b "
    "JOIN domains AS d USING (survey, domain_variable, domain) ORDER BY b.measure, b.wave, d.sort_order",
    "initiatives": "SELECT wave, label_en, kind, firms FROM initiatives ORDER BY wave, firms DESC NULLS LAST",
    "participation": "SELECT wave, label_en, estimate, ci_low, ci_high, n, events FROM participation "
    "WHERE figure = 'firms' AND grouped_by IN ('all', 'kind') AND domain_variable = 'all' ORDER BY wave, estimate DESC",
    "register_changes": "SELECT wave, label_en, event, aspect, value_before, value_after FROM register_changes "
    "ORDER BY wave, initiative",
    "network_figures": "SELECT wave, network, nodes, ties, density, parts, largest_part, brokers FROM network_figures",
    "network_nodes": "SELECT wave, label_en, ties, strength, ci_low, ci_high, betweenness, broker FROM network_nodes "
    "WHERE network = 'themes' ORDER BY wave, strength DESC",
    "network_ties": "SELECT t.wave, a.label_en AS one, b.label_en AS other, t.firms, t.ci_low, t.ci_high "
    "FROM network_ties AS t JOIN network_nodes AS a ON (a.survey, a.wave, a.network, a.node) = "
    "(t.survey, t.wave, t.network, t.node_a) JOIN network_nodes AS b ON (b.survey, b.wave, b.network, b.node) = "
    "(t.survey, t.wave, t.network, t.node_b) WHERE t.network = 'themes' ORDER BY t.wave, t.firms DESC",
    "programmes": "SELECT label_en, participants, others, answered_after, granted_eur, outcome, treated "
    "FROM programmes",
    "programme_effects": "SELECT p.label_en, e.approach, e.outcome, e.estimate, e.ci_low, e.ci_high, e.warning "
    "FROM programme_effects AS e JOIN programmes AS p USING (survey, programme) ORDER BY p.label_en, e.approach",
    "programme_groups": "SELECT programme, variable, category, standing, firms, estimate, difference "
    "FROM programme_groups WHERE basis = 'frame' ORDER BY programme, variable, category, standing",
    "programme_balance": "SELECT programme, term, difference_before, difference_after FROM programme_balance "
    "ORDER BY programme, abs(difference_before) DESC",
    "framework": "SELECT ecosystem, number, label_en, state, value, unit, about_year, source_en FROM framework",
    "claims": "SELECT wave, claim, verdict, estimate, ci_low, ci_high FROM claims WHERE NOT pooled",
    "models": "SELECT wave, model, outcome, estimator, n, events, df, warning FROM models WHERE variant = 'main'",
    "terms": "SELECT wave, term, odds_ratio, odds_ratio_low, odds_ratio_high, p_value FROM terms "
    "WHERE variant = 'main'",
    "contrasts": "SELECT wave, model, contrast, estimate, ci_low, ci_high, n, events, df FROM contrasts "
    "WHERE variant = 'main'",
    "curve": "SELECT wave, cut, cut_unit, estimate, ci_low, ci_high FROM curve "
    "WHERE contrast = 'complementarity' AND sign = '>' ORDER BY wave, cut",
    "distribution": "SELECT wave, state, cut, estimate FROM distribution ORDER BY wave, state, cut",
    "specifications": "SELECT wave, count(*) AS specifications, median(estimate) AS middle FROM specifications "
    "WHERE contrast = 'complementarity' GROUP BY wave",
    "robustness": "SELECT wave, test, subject, estimate, p_value, note_en FROM robustness",
    "sensitivity": "SELECT wave, figure, setting, estimate, survives FROM sensitivity "
    "WHERE approach = 'odds' AND plausible",
    "quality": "SELECT wave, indicator, concept, value, unit, definition FROM quality ORDER BY wave, indicator",
    "codebook": "SELECT wave, concept, label_en, question, comparability FROM codebook WHERE question IS NOT NULL",
    "rules": "SELECT wave, rule, severity, failed, why FROM rules WHERE NOT passed",
    "releases": "FROM releases",
    "readme": "FROM readme ORDER BY sort_order",
}
"""Table or view -> a first question to it"""
