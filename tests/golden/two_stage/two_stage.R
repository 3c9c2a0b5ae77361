# Two stages of sampling without replacement, in two strata: means, totals and ratios with both finite population
# corrections, and apiclus2 of R's survey package. R 4.2.2, survey 4.1.1. Run in this folder: Rscript two_stage.R
suppressPackageStartupMessages(library(survey)); options(digits = 17); set.seed(11)
units <- data.frame(psu = 1:14, stratum = rep(c("a", "b"), c(8, 6)), N = rep(c(20, 11), c(8, 6)), M = sample(3:12, 14, TRUE))
units$m <- pmax(2, ceiling(units$M * .6)); d <- units[rep(1:14, units$m), ]; d$M <- as.numeric(d$M)
n_h <- c(a = 8, b = 6); d$weight <- d$N / n_h[d$stratum] * d$M / d$m
d$y <- round(exp(rnorm(nrow(d), 3, .8) + rnorm(14, 0, .3)[d$psu]), 3); d$x <- round(d$y * runif(nrow(d), .5, 1.5), 3)
d$ssu <- seq_len(nrow(d))
write.csv(d[, c("psu", "stratum", "N", "M", "weight", "y", "x")], "two_stage_firms.csv", row.names = FALSE)
out <- list()
say <- function(block, name, e) out[[length(out) + 1]] <<- data.frame(block, name, estimate = coef(e)[[1]], se = SE(e)[[1]])
two <- svydesign(id = ~psu + ssu, strata = ~stratum, fpc = ~N + M, data = d)
say("firms", "mean", svymean(~y, two)); say("firms", "total", svytotal(~y, two)); say("firms", "ratio", svyratio(~y, ~x, two))
say("firms", "domain", svymean(~y, subset(two, x > 20)))
data(api); api <- svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2)
schools <- transform(apiclus2[, c("dnum", "fpc1", "fpc2", "api00", "enroll")], weight = weights(api))
write.csv(schools, "apiclus2.csv", row.names = FALSE)
say("apiclus2", "mean", svymean(~api00, api)); say("apiclus2", "total", svytotal(~enroll, api, na.rm = TRUE))
write.csv(do.call(rbind, out), "two_stage.csv", row.names = FALSE)
