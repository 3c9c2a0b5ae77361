# Reference figures of the survey design, computed by R's survey package.
# Run in this folder:  Rscript reference.R
# Makes firms.csv (a stratified sample with a take-all stratum, unequal weights, a category nobody is in),
# totals.csv (population totals), figures.csv (quantity, estimate, se, low, high) and replicates.csv.
suppressPackageStartupMessages(library(survey))
RNGversion("4.0.0")
set.seed(20240617)
options(digits = 17, survey.lonely.psu = "fail")

size_counts <- c(micro = 1800, small = 700, medium = 180, large = 22)
population <- data.frame(
  size = rep(names(size_counts), size_counts),
  stringsAsFactors = FALSE
)
n_pop <- nrow(population)
population$sector <- sample(c("industry", "services", "trade"), n_pop, TRUE, c(.3, .45, .25))
population$province <- sample(c("PV20", "PV21", "PV22"), n_pop, TRUE, c(.35, .37, .28))
mu <- c(micro = 4, small = 24, medium = 110, large = 600)[population$size]
population$employees <- round(mu * exp(rnorm(n_pop, 0, .4))) + 1
population$turnover <- round(population$employees * exp(rnorm(n_pop, 11.7, .6)))
eta <- -1.2 + .5 * (population$size != "micro") + .6 * (population$sector == "industry")
population$cooperates <- rbinom(n_pop, 1, plogis(eta))
population$invests <- rbinom(n_pop, 1, plogis(eta + .9 * population$cooperates))
population$share <- round(plogis(-2 + .8 * population$invests + .5 * population$cooperates + rnorm(n_pop)), 3)
population$share[runif(n_pop) < .25] <- 0
population$top <- as.integer(population$share > .4)
population$rare <- as.integer(runif(n_pop) < .012)

population$stratum <- paste(population$size, ifelse(population$sector == "industry", "industry", "other"))
population$stratum[population$size == "large"] <- "large"
N <- table(population$stratum)
n <- c(large = N[["large"]], "medium industry" = 24, "medium other" = 40, "micro industry" = 60,
       "micro other" = 75, "small industry" = 45, "small other" = 50)
rows <- unlist(lapply(names(n), function(h) {
  members <- which(population$stratum == h)
  if (n[[h]] == length(members)) members else sort(sample(members, n[[h]]))
}))
firms <- population[rows, ]
firms$firm <- sprintf("F%04d", rows)
firms$population <- as.numeric(N[firms$stratum])
firms$weight <- firms$population / as.numeric(n[firms$stratum])
# Unequal weights within strata, as a response adjustment leaves them; take-all firms keep weight 1.
factor <- ifelse(firms$stratum == "large", 1, exp(rnorm(nrow(firms), 0, .15)))
firms$weight <- firms$weight * factor
firms$size <- factor(firms$size, levels = names(size_counts))
firms$sector <- factor(firms$sector)
firms$province <- factor(firms$province, levels = c("PV20", "PV21", "PV22", "PV23"))
write.csv(firms[, c("firm", "stratum", "population", "weight", "size", "sector", "province", "employees", "turnover",
                    "cooperates", "invests", "share", "top", "rare")], "firms.csv", row.names = FALSE, quote = FALSE)

figures <- list()
add <- function(quantity, estimate, se = NA, low = NA, high = NA)
  figures[[length(figures) + 1]] <<- data.frame(quantity, estimate = as.numeric(estimate), se = as.numeric(se),
                                                low = as.numeric(low), high = as.numeric(high))
named <- function(prefix, object) add(paste(prefix, names(coef(object))), coef(object), SE(object))

d <- svydesign(ids = ~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = firms)
add("degrees of freedom", degf(d))
named("total", svytotal(~employees + turnover + cooperates, d))
named("mean", svymean(~employees + share + top, d))
r <- svyratio(~turnover, ~employees, d); add("ratio turnover/employees", coef(r), SE(r))
for (p in c(.25, .5, .9)) {
  q <- svyquantile(~turnover, d, p, interval.type = "mean")$turnover
  add(paste("quantile turnover", p), q[1, "quantile"], q[1, "se"], q[1, 2], q[1, 3])
}
# Finite population correction left out, and a stratified sample without one.
free <- svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = firms)
named("no fpc: mean", svymean(~employees + top, free))
# Domains: all firms stay in the design.
for (p in c("PV20", "PV21", "PV22")) {
  s <- subset(d, province == p)
  named(paste("domain", p, "mean"), svymean(~employees + top, s))
  named(paste("domain", p, "total"), svytotal(~turnover, s))
}
s <- subset(d, size == "large"); named("domain large mean", svymean(~employees + top, s))
s <- subset(d, cooperates == 1)
r <- svyratio(~turnover, ~employees, s); add("domain cooperates ratio turnover/employees", coef(r), SE(r))
by <- svyby(~top, ~cooperates, d, svymean, covmat = TRUE)
v <- vcov(by); b <- coef(by)
add("difference top | cooperates 1-0", b[2] - b[1], sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2]))
# Intervals of shares.
for (name in c("top", "cooperates", "rare")) {
  for (method in c("xlogit", "beta")) {
    ci <- svyciprop(as.formula(paste0("~", name)), d, method = method)
    add(paste("interval", method, name), coef(ci), SE(ci), confint(ci)[1], confint(ci)[2])
  }
}
# Generalised linear models; R's default stops at 1e-8 of the deviance.
tight <- list(epsilon = 1e-14, maxit = 100)
m <- svyglm(top ~ cooperates * invests + size + sector, d, family = quasibinomial, control = tight)
named("svyglm binomial", m)
m <- svyglm(share ~ cooperates + invests + log(employees), d, family = quasibinomial, control = tight)
named("svyglm fractional", m)
s <- subset(d, sector != "trade")
m <- svyglm(top ~ cooperates + invests, s, family = quasibinomial, control = tight)
named("svyglm binomial, domain not trade", m)

# Calibration.
totals <- function(variable) { t <- table(factor(population[[variable]], levels = levels(firms[[variable]]))); t[t > 0] }
size_total <- totals("size"); sector_total <- totals("sector"); province_total <- totals("province")
firms$province <- factor(firms$province, levels = names(province_total))
d <- svydesign(ids = ~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = firms)
out <- function(prefix, design) {
  named(paste(prefix, "mean"), svymean(~share + top, design))
  named(paste(prefix, "total"), svytotal(~turnover + cooperates, design))
  s <- subset(design, province == "PV21"); named(paste(prefix, "domain PV21 mean"), svymean(~top, s))
  m <- svyglm(top ~ cooperates * invests, design, family = quasibinomial, control = tight)
  named(paste(prefix, "svyglm"), m)
  w <- weights(design)
  add(paste(prefix, "weight minimum"), min(w)); add(paste(prefix, "weight maximum"), max(w))
  add(paste(prefix, "weight sum of squares"), sum(w^2))
}
margins <- c(`(Intercept)` = n_pop, sizesmall = size_total[["small"]], sizemedium = size_total[["medium"]],
             sizelarge = size_total[["large"]], sectorservices = sector_total[["services"]],
             sectortrade = sector_total[["trade"]], provincePV21 = province_total[["PV21"]],
             provincePV22 = province_total[["PV22"]])
formula <- ~size + sector + province
out("raking", calibrate(d, formula, margins, calfun = "raking", epsilon = 1e-13, maxit = 200))
greg <- c(margins, employees = sum(population$employees))
out("greg", calibrate(d, ~size + sector + province + employees, greg, calfun = "linear", epsilon = 1e-13))
out("logit", calibrate(d, formula, margins, calfun = "logit", bounds = c(.8, 1.25), epsilon = 1e-13, maxit = 500))
out("truncated linear", calibrate(d, formula, margins, calfun = "linear", bounds = c(.8, 1.25), epsilon = 1e-13,
                                  maxit = 500))
cells <- as.data.frame(table(size = factor(population$size, levels = levels(firms$size))))
out("poststratified", postStratify(d, ~size, cells))
write.csv(data.frame(
  variables = c(rep("size", 4), rep("sector", 3), rep("province", 3), "employees"),
  category = c(names(size_total), names(sector_total), names(province_total), ""),
  total = c(size_total, sector_total, province_total, sum(population$employees))
), "totals.csv", row.names = FALSE, quote = FALSE)

# A stratum of one firm, by policy.
alone <- firms[!(firms$stratum == "medium industry" & duplicated(firms$stratum)), ]
for (policy in c("certainty", "adjust")) {
  options(survey.lonely.psu = policy)
  one <- svydesign(ids = ~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = alone)
  named(paste("lonely", policy, "total"), svytotal(~turnover + cooperates, one))
  named(paste("lonely", policy, "mean"), svymean(~top, one))
}
options(survey.lonely.psu = "fail")

# Clusters: firms in groups of enterprises, drawn by group.
firms$group <- paste(firms$stratum, (seq_len(nrow(firms)) %/% 3))
clustered <- svydesign(ids = ~group, strata = ~stratum, weights = ~weight, data = firms[firms$stratum != "large", ],
                       nest = TRUE)
add("clusters degrees of freedom", degf(clustered))
named("clusters mean", svymean(~employees + top, clustered))

# Replicates with finite population correction.
jkn <- as.svrepdesign(d, type = "JKn")
named("JKn total", svytotal(~turnover + cooperates, jkn))
named("JKn mean", svymean(~share + top, jkn))
r <- svyratio(~turnover, ~employees, jkn); add("JKn ratio turnover/employees", coef(r), SE(r))
m <- svyglm(top ~ cooperates * invests, jkn, family = quasibinomial, control = tight)
named("JKn svyglm", m)
raked <- calibrate(jkn, formula, margins, compress = FALSE, calfun = "raking", epsilon = 1e-13, maxit = 200)
named("JKn raked mean", svymean(~share + top, raked))
set.seed(7)
boot <- as.svrepdesign(d, type = "mrbbootstrap", replicates = 40)
named("bootstrap total", svytotal(~turnover + cooperates, boot))
named("bootstrap mean", svymean(~share + top, boot))
m <- svyglm(top ~ cooperates * invests, boot, family = quasibinomial, control = tight)
named("bootstrap svyglm", m)
raked <- calibrate(boot, formula, margins, compress = FALSE, calfun = "raking", epsilon = 1e-13, maxit = 200)
named("bootstrap raked mean", svymean(~share + top, raked))
write.csv(data.frame(firm = firms$firm, weights(boot, "analysis")), "replicates.csv", row.names = FALSE, quote = FALSE)

write.csv(do.call(rbind, figures), "figures.csv", row.names = FALSE, quote = TRUE)
writeLines(c(R.version.string, paste("survey", packageVersion("survey"))), "versions.txt")
