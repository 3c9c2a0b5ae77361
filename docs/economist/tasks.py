# %% [markdown]
# # Ten questions to a release
#
# The demonstration survey is synthetic: no firm in it exists. Run as `python docs/economist/tasks.py RELEASE`, where
# RELEASE is the folder `monitor-home/releases/noord_nederland/latest`, or cell by cell in an editor that knows `# %%`.

# %%
import sys

from monitor import SurveyDesign, read_release

release = read_release(sys.argv[1])
waves = SurveyDesign.from_release(release.path)
wave = SurveyDesign.from_release(release.path, "2019")


def show(title: str, result: object) -> None:
    print(f"\n{title}\n{result if isinstance(result, str) else getattr(result, 'to_string', result.__repr__)()}")


# %% 1. The trend by size
trend = waves.mean("top_innovator", by=["wave", "size_band"])
show("Top innovators by size and wave", trend)

# %% 2. Odds ratios
logit = waves.glm("top_innovator ~ cooperates + invests + size_band + wave", "binomial")
show("Odds ratios", logit.to_frame(exponentiated=True).round(3))
show("Terms", logit.anova().round(4))
odds = release.sql("""
    SELECT wave, term, odds_ratio, odds_ratio_low, odds_ratio_high FROM terms
    WHERE model = 'top_innovator' AND variant = 'main' AND odds_ratio IS NOT NULL ORDER BY wave, term
""")
show("Odds ratios, as published", odds)

# %% 3. Complementarity by wave, as published
complementarity = release.sql("""
    SELECT wave, estimate, ci_low, ci_high FROM contrasts
    WHERE model = 'top_innovator' AND variant = 'main' AND contrast = 'complementarity' ORDER BY wave
""")
show("Complementarity", complementarity)

# %% 4. The mean of a subgroup, with its error
small = wave.mean("number_of_initiatives", domain="size_band == 'small'")
show("Initiatives of small firms", small)

# %% 5. Figures beside what the codebook says of them
labelled = release.sql("""
    SELECT i.indicator, d.label_en, i.estimate, i.ci_low, i.ci_high
    FROM indicators AS i JOIN domains AS d USING (survey, domain_variable, domain)
    WHERE i.indicator = 'top_innovators' AND i.wave = '2019' AND domain_variable = 'sector' ORDER BY d.sort_order
""")
show("Figures and their labels", labelled)

# %% 6. A table with its test
table = waves.table("cooperates", "top_innovator", domain="wave == '2019'")
show("Cooperation and top innovation", table)
show("First order", table.test(order=1))

# %% 7. A regression of one's own, for part of the firms
fraction = wave.glm(
    "I(turnover_share_new_to_market / 100) ~ cooperates + invests", "binomial", domain="product_innovation"
)
show("Share of turnover new to the market, product innovators", fraction)

# %% 8. How many initiatives firms take part in
median = wave.quantile("number_of_initiatives")
show("Median", median)
decile = wave.quantile("number_of_initiatives", 0.9)
show("Ninth decile", decile)
none = wave.mean("number_of_initiatives == 0")
show("In none", none.to_frame().round(4))

# %% 9. Top innovators by sector, and the change of one of them
by = waves.mean("top_innovator", by=["wave", "sector"])
sectors = by.at(wave="2019")
show("By sector, 2019", sectors.to_frame().round(4))
change = waves.difference(by.at(wave="2019", sector="manufacturing"), by.at(wave="2017", sector="manufacturing"))
show("Change", change)

# %% 10. One published figure from the firms themselves
told = release.sql("FROM indicators WHERE indicator = 'top_innovators' AND wave = '2019' AND domain = 'all'")
own = wave.mean("top_innovator")
show("Published, and from the firms", f"{told.estimate[0]:.4f} and {own.estimate[0]:.4f}")
assert abs(told.estimate[0] - own.estimate[0]) < 1e-5
