"""The texts of the scenario survey's folder, as somebody would write them. Does not belong here: firms (`scenario`)."""

from __future__ import annotations

SURVEY_YAML = """\
survey: scenario
name: {nl: Voorbeeldonderzoek, en: Scenario survey}
languages: [nl, en]
synthetic: true
source: {nl: Verzonnen voor tests, en: Made up for tests}
population: {nl: Bedrijven in het kader, en: Firms in the frame}
seed: 20171218
design:
  weights: frame
  strata: [size_band]
  response: classes
  response_classes: [size_band]
  calibration: {method: raking, margins: [[sector]]}
  lonely_stratum: fail
  replicates: 50
bases:
  all: {sql: "true", label: {nl: Alle bedrijven, en: All firms}}
  product_innovators: {sql: product_innovation, label: {nl: Productinnovatoren, en: Product innovators}}
measures:
  top_innovator:
    sql: turnover_share_new_to_market > 40
    label: {nl: Topinnovator, en: Top innovator}
  cooperates:
    sql: len(initiatives) > 0
    label: {nl: Werkt samen, en: Cooperates}
  invests:
    sql: in_house_rd
    label: {nl: Investeert zelf, en: Invests internally}
  new_to_market_share:
    sql: turnover_share_new_to_market
    type: percentage
    unit: percent
    label: {nl: Aandeel nieuw voor de markt, en: Share new to the market}
  turnover_per_employee:
    sql: turnover_eur / nullif(employees, 0)
    type: number
    unit: EUR
    label: {nl: Omzet per werkzame persoon, en: Turnover per person employed}
domains: [size_band, sector]
indicators:
  participation:
    {measure: cooperates, estimator: share, base: all, headline: true, label: {nl: Deelname, en: Participation}}
  top_innovators:
    {measure: top_innovator, estimator: share, base: all, headline: true,
     label: {nl: Topinnovatoren, en: Top innovators}}
  mean_share_new_to_market:
    {measure: new_to_market_share, estimator: mean, base: product_innovators,
     label: {nl: Gemiddeld aandeel, en: Mean share}}
models:
  primary:
    {outcome: top_innovator, practices: [cooperates, invests], controls: [size_band], base: all, estimator: logit}
imputation:
  copies: 20
  variables: [product_innovation, turnover_share_new_to_market, turnover_share_new_to_firm,
              turnover_share_unchanged, initiatives, in_house_rd, employees, turnover_eur]
  shares: [[turnover_share_new_to_market, turnover_share_new_to_firm, turnover_share_unchanged]]
disclosure: {minimum_firms: 3, minimum_df: 3, minimum_events: 2}
"""

WAVE_YAML = """\
wave: "{wave}"
reference_year: {year}
delivery: {{format: delimited, file: "answers-*.csv", delimiter: ";", encoding: cp1252, decimal: ",", thousands: "."}}
frame:
  file: "frame-*.csv"
  delimiter: ";"
  encoding: utf-8
  columns: {{kvk: firm, grootte: size_band, sector: sector, prov: province, verstuurd: invited, uitslag: disposition}}
  codes: {{size_band: {{"1": micro, "2": small, "3": large}}}}
usable: progress >= 50
duplicates: most_complete
missing: {{"98": dont_know, "99": refused}}
questions:
  firm: {{column: kvk}}
  contact_email: {{column: email}}
  comments: {{column: opmerking}}
  progress: {{column: voortgang}}
  product_innovation:
    {{column: v1, codes: {{"1": "true", "2": "false"}}, text: {{nl: "Nieuw product?", en: "A new product?"}}}}
  turnover_share_new_to_market:
    {{column: v2a, asked_of: product_innovation, otherwise: 0, blank: 0,
     blank_when: turnover_share_new_to_firm is not null and turnover_share_unchanged is not null}}
  turnover_share_new_to_firm: {{column: v2b, asked_of: product_innovation, otherwise: 0}}
  turnover_share_unchanged: {{column: v2c, asked_of: product_innovation, otherwise: 100}}
  initiatives: {{columns: {{v3_1: network_north, v3_2: living_lab, v3_3: incubator_east}}, ticked: ["1"]}}
  in_house_rd: {{column: v4, codes: {{"1": "true", "2": "false"}}{reworded}}}
{employees}  turnover_eur: {{column: v6, factor: 1000}}
{not_asked}"""

INITIATIVES = """\
wave,code,kind,name_nl,name_en,source
2017,network_north,network,Netwerk Noord,Network North,scenario
2017,living_lab,test_environment,Proeftuin,Living lab,scenario
2017,incubator_east,incubator,Broedplaats Oost,Incubator East,scenario
"""

MARGINS = """\
variables,categories,total,counts,source,date
sector,industry,{industry},enterprises,made up,2017-01-01
sector,services,{services},enterprises,made up,2017-01-01
"""

CLAIMS = """\
claims:
  - claim: participation_level
    declared: "2017-01-01"
    text: {nl: Deelname aan initiatieven, en: Participation in initiatives}
    estimand: {kind: share, measure: cooperates, base: all}
    rule: {kind: within, value: 0.36, margin: 0.10, alpha: 0.025}
    family: participation
"""
