-- Ten questions to a release, asked in SQL. The demonstration survey is synthetic: no firm in it exists.
--
-- Run where the release is: cd monitor-home/releases/noord_nederland/latest, then duckdb < tasks.sql
-- The macros of the secure database give standard errors; `database` says under which name it is attached. A test of a
-- cross table and a regression of one's own are asked from Python: tasks 2, 6 and 7 say how.
ATTACH 'public/monitor.duckdb' AS monitor (READ_ONLY);
ATTACH 'secure/microdata.duckdb' AS m (READ_ONLY);

-- 1. The trend by size
SELECT e.wave, l.label_en, e.estimate, e.se, e.ci_low, e.ci_high, e.n
FROM m.estimate_share(top_innovator, domains := size_band, database := 'm') AS e
JOIN m.labels AS l ON l.variable = 'size_band' AND l.code = e.domain
ORDER BY e.wave, l.sort_order;

-- 2. Odds ratios, as published. Of a model of one's own, in Python:
-- SurveyDesign.from_release(".").glm("top_innovator ~ cooperates + invests + size_band + wave", "binomial")
SELECT wave, term, odds_ratio, odds_ratio_low, odds_ratio_high FROM monitor.terms
WHERE model = 'top_innovator' AND variant = 'main' AND odds_ratio IS NOT NULL ORDER BY wave, term;

-- 3. Complementarity by wave, as published
SELECT wave, estimate, ci_low, ci_high FROM monitor.contrasts
WHERE model = 'top_innovator' AND variant = 'main' AND contrast = 'complementarity' ORDER BY wave;

-- 4. The mean of a subgroup, with its error
SELECT wave, estimate, se, ci_low, ci_high, n
FROM m.estimate_mean(number_of_initiatives, base := size_band = 'small', database := 'm') WHERE wave = '2019';

-- 5. Figures beside what the codebook says of them
SELECT i.indicator, d.label_en, i.estimate, i.ci_low, i.ci_high
FROM monitor.indicators AS i JOIN monitor.domains AS d USING (survey, domain_variable, domain)
WHERE i.indicator = 'top_innovators' AND i.wave = '2019' AND domain_variable = 'sector' ORDER BY d.sort_order;

-- 6. The cells of a table, as shares of all firms. Rao and Scott's test of it, in Python:
-- SurveyDesign.from_release(".", "2019").table("cooperates", "top_innovator").test()
SELECT 1 AS cell, false AS cooperates, false AS top_innovator, estimate, se
FROM m.estimate_share(NOT cooperates AND NOT top_innovator, database := 'm') WHERE wave = '2019'
UNION ALL
SELECT 2, false, true, estimate, se
FROM m.estimate_share(NOT cooperates AND top_innovator, database := 'm') WHERE wave = '2019'
UNION ALL
SELECT 3, true, false, estimate, se
FROM m.estimate_share(cooperates AND NOT top_innovator, database := 'm') WHERE wave = '2019'
UNION ALL
SELECT 4, true, true, estimate, se
FROM m.estimate_share(cooperates AND top_innovator, database := 'm') WHERE wave = '2019'
ORDER BY cell;

-- 7. A regression of one's own, for part of the firms: not in SQL. In Python:
-- SurveyDesign.from_release(".", "2019").glm("I(turnover_share_new_to_market / 100) ~ cooperates + invests", "binomial", domain="product_innovation")

-- 8. How many initiatives firms take part in: the median, the ninth decile, and the share that is in none
SELECT wave, estimate, se FROM m.estimate_quantile(number_of_initiatives, database := 'm') WHERE wave = '2019';
SELECT wave, estimate, se FROM m.estimate_quantile(number_of_initiatives, p := 0.9, database := 'm') WHERE wave = '2019';
SELECT wave, estimate, se FROM m.estimate_share(number_of_initiatives = 0, database := 'm') WHERE wave = '2019';

-- 9. Top innovators by sector, and the change of one of them
SELECT l.label_en, e.estimate, e.se, e.ci_low, e.ci_high, e.n
FROM m.estimate_share(top_innovator, domains := sector, database := 'm') AS e
JOIN m.labels AS l ON l.variable = 'sector' AND l.code = e.domain
WHERE e.wave = '2019' ORDER BY l.sort_order;
SELECT wave, estimate, se, ci_low, ci_high
FROM m.estimate_change(top_innovator, '2017', '2019', base := sector = 'manufacturing', database := 'm');

-- 10. One published figure from the firms themselves
SELECT i.estimate AS published, e.estimate, e.se
FROM monitor.indicators AS i JOIN m.estimate_share(top_innovator, database := 'm') AS e USING (survey, wave)
WHERE i.indicator = 'top_innovators' AND i.wave = '2019' AND i.domain = 'all';
