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
show("Top innovators by size and wave", waves.mean("top_innovator", by=["wave", "size_band"]))

# %% 2. Odds ratios
logit = waves.glm("top_innovator ~ cooperates + invests + size_band + wave", "binomial")
show("Odds ratios", logit.to_frame(exponentiated=True).round(3))
show("Terms", logit.anova().round(4))

# %% 3. Complementarity by wave, as published
show(
    "Complementarity",
    release.sql("""
    SELECT wave, estimate, ci_low, ci_high FROM contrasts
    WHERE model = 'top_innovator' AND variant = 'main' AND contrast = 'complementarity' ORDER BY wave
"""),
)

# %% 4. The mean of a subgroup, with its error
show("Initiatives of small firms", wave.mean("number_of_initiatives", domain="size_band == 'small'"))

# %% 5. Figures beside what the codebook says of them
show(
    "Figures and their labels",
    release.sql("""
    SELECT i.indicator, d.label_en, i.estimate, i.ci_low, i.ci_high
    FROM indicators AS i JOIN domains AS d USING (survey, domain_variable, domain)
    WHERE i.indicator = 'top_innovators' AND i.wave = '2019' AND domain_variable = 'sector' ORDER BY d.sort_order
"""),
)

# %% 6. A table with its test
table = waves.table("cooperates", "top_innovator", domain="wave == '2019'")
show("Cooperation and top innovation", table)
show("First order", table.test(order=1))

# %% 7. A regression of one's own, for part of the firms
show(
    "Share of turnover new to the market, product innovators",
    wave.glm("I(turnover_share_new_to_market / 100) ~ cooperates + invests", "binomial", domain="product_innovation"),
)

# %% 8. How many initiatives firms take part in
show("Median", wave.quantile("number_of_initiatives"))
show("Ninth decile", wave.quantile("number_of_initiatives", 0.9))
show("Shares", wave.mean("number_of_initiatives == 0").to_frame().round(4))

# %% 9. Top innovators by sector, and the change of one of them
by = waves.mean("top_innovator", by=["wave", "sector"])
show("By sector, 2019", by.at(wave="2019").to_frame().round(4))
show("Change", waves.difference(by.at(wave="2019", sector="manufacturing"), by.at(wave="2017", sector="manufacturing")))

# %% 10. One published figure from the firms themselves
told = release.sql("FROM indicators WHERE indicator = 'top_innovators' AND wave = '2019' AND domain = 'all'")
own = wave.mean("top_innovator")
show("Published, and from the firms", f"{told.estimate[0]:.4f} and {own.estimate[0]:.4f}")
assert abs(told.estimate[0] - own.estimate[0]) < 1e-5
