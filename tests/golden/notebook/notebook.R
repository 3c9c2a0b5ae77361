# Quantiles, tables, regressions and tests of terms of R's survey package, on apistrat, apiclus2 and the firms of
# ../design: what `monitor.notebook` must give. R 4.2.2, survey 4.1.1. Run in this folder: Rscript notebook.R
suppressPackageStartupMessages(library(survey)); options(digits = 17, survey.lonely.psu = "certainty")
out <- list()
say <- function(data, name, estimate, se = NA, low = NA, high = NA, df = NA, p = NA)
  out[[length(out) + 1]] <<- data.frame(data, name, estimate = as.numeric(estimate), se = as.numeric(se),
    low = as.numeric(low), high = as.numeric(high), df = as.numeric(df), p = as.numeric(p))
tight <- list(epsilon = 1e-15, maxit = 100)
# survey 4.1.1 takes no notice of interval.type where a design has replicates: its interval is always "mean" there.
types <- function(d) if (inherits(d, "svyrep.design")) "mean" else c("mean", "xlogit", "beta")
quantiles <- function(data, d, x) for (type in types(d)) for (at in c(.25, .5, .9)) {
  q <- svyquantile(x, d, at, interval.type = type)[[1]]
  say(data, paste("quantile", type, at), q[1, 1], q[1, 4], q[1, 2], q[1, 3])
}
crossed <- function(data, d, f, name) {
  t <- svychisq(f, d, statistic = "F"); say(data, paste(name, "F"), t$statistic, df = t$parameter[[2]], p = t$p.value)
  t <- svychisq(f, d, statistic = "Chisq") # its statistic is the uncorrected one; the corrected one has this p
  say(data, paste(name, "chisq"), qchisq(t$p.value, t$parameter, lower.tail = FALSE), df = t$parameter, p = t$p.value)
}
fitted_by <- function(data, name, m, terms) {
  s <- summary(m)$coefficients
  for (i in seq_len(nrow(s))) say(data, paste(name, rownames(s)[i]), s[i, 1], s[i, 2], df = m$df.residual, p = s[i, 4])
  for (term in terms) { t <- regTermTest(m, as.formula(paste("~", term)))
    say(data, paste(name, "test", term), t$Ftest, df = t$ddf, p = t$p) }
}
regressions <- function(data, d) {
  fitted_by(data, "gaussian", svyglm(y ~ x + grp, d), c("grp", "x"))
  fitted_by(data, "poisson", svyglm(k ~ x + grp, d, family = quasipoisson, control = tight), "grp")
  fitted_by(data, "binomial", svyglm(b ~ x * a, d, family = quasibinomial, control = tight), c("a", "x:a"))
  fitted_by(data, "fractional", svyglm(s ~ x + grp, d, family = quasibinomial, control = tight), "grp")
  m <- svyglm(y ~ x, subset(d, grp != levels(grp)[1]), control = tight); fitted_by(data, "domain", m, "x")
  m <- svyglm(y ~ x + grp, d); k <- c(0, 100, 1, rep(0, length(coef(m)) - 3))
  say(data, "contrast", sum(k * coef(m)), sqrt(drop(t(k) %*% vcov(m) %*% k)))
}
apart <- function(data, d) {
  for (at in 0:1) {
    part <- subset(d, a == at)
    for (of in list(list("mean", svymean), list("total", svytotal))) { r <- of[[2]](~y, part)
      say(data, paste(of[[1]], at), coef(r), SE(r)) }
    r <- svyratio(~y, ~x, part); say(data, paste("ratio", at), coef(r), SE(r))
  }
  m <- svyglm(y ~ I(1 - a), d); say(data, "difference mean", coef(m)[2], SE(m)[2])
  r <- svytotal(~I(y * (1 - 2 * a)), d); say(data, "difference total", coef(r), SE(r))
}
all <- function(data, d) { quantiles(data, d, ~y); crossed(data, d, ~a + grp, "table"); regressions(data, d); apart(data, d) }

data(api)
columns <- function(s) transform(s, y = api00, x = meals, grp = factor(stype), k = mobility, a = as.integer(sch.wide == "Yes"),
                                 b = as.integer(comp.imp == "Yes"), s = meals / 100 * .9 + .05)
keep <- c("y", "x", "grp", "k", "a", "b", "s")
schools <- columns(apistrat); schools$s <- schools$ell / 100
write.csv(schools[, c(keep, "stype", "fpc", "pw")], "apistrat.csv", row.names = FALSE)
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = schools); all("apistrat", strat)
cells <- data.frame(a = 0:1, Freq = c(1072, 5122))
post <- postStratify(strat, ~a, cells); apart("apistrat poststratified", post)
fitted_by("apistrat poststratified", "gaussian", svyglm(y ~ x + grp, post), "grp")
jkn <- as.svrepdesign(strat, type = "JKn"); all("apistrat replicates", jkn)
write.csv(weights(jkn, "analysis"), "apistrat_replicates.csv", row.names = FALSE)
write.csv(data.frame(scale = jkn$scale * jkn$rscales), "apistrat_scales.csv", row.names = FALSE)
apart("apistrat replicates poststratified", postStratify(jkn, ~a, cells))

clusters <- columns(apiclus2); clusters$k <- ifelse(is.na(clusters$mobility), 0, clusters$mobility); clusters$s <- clusters$ell / 100
clus <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = clusters); clusters$pw <- weights(clus)
write.csv(clusters[, c(keep, "dnum", "fpc1", "fpc2", "pw")], "apiclus2.csv", row.names = FALSE); all("apiclus2", clus)

firms <- read.csv("../design/firms.csv")
firms <- transform(firms, y = turnover / 1e6, x = employees / 100, grp = factor(sector), k = round(employees / 10), a = cooperates,
                   b = top, s = share)
write.csv(firms[, c(keep, "stratum", "population", "weight")], "firms.csv", row.names = FALSE)
all("firms", svydesign(ids = ~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = firms))
write.csv(do.call(rbind, out), "figures.csv", row.names = FALSE)
