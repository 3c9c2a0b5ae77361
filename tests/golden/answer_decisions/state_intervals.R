# Intervals of states' probabilities, for tests/statistics/test_state_intervals.py. Run in this folder:
# Rscript state_intervals.R (R 4.2.2, survey 4.1.1)
suppressPackageStartupMessages(library(survey))
options(digits = 17)
set.seed(1934)
N <- c(a = 4000, b = 1500, c = 600); take <- c(a = 160, b = 120, c = 70); stratum <- rep(names(N), take)
n <- length(stratum)
d <- data.frame(stratum, population = N[stratum], weight = (N / take)[stratum], state = sample(1:4, n, TRUE, c(.4, .3, .18, .12)))
d$y <- rbinom(n, 1, c(.04, .3, .06, .92)[d$state])
design <- svydesign(~1, strata = ~stratum, weights = ~weight, fpc = ~population, data = d)
rows <- lapply(1:4, function(s) {
  inside <- subset(design, state == s); m <- svymean(~y, inside); w <- weights(inside)
  of <- function(method) { ci <- svyciprop(~y, inside, method = method); as.numeric(attr(ci, "ci")) }
  beta <- of("beta"); logit <- of("xlogit")
  data.frame(state = s, share = coef(m)[[1]], se = SE(m)[[1]], n = nrow(inside), kish = sum(w)^2 / sum(w^2),
    df = degf(inside), beta_low = beta[1], beta_high = beta[2], logit_low = logit[1], logit_high = logit[2])
})
write.csv(do.call(rbind, rows), "state_intervals.csv", row.names = FALSE)
# Equal weights: the exact binomial interval of 2 of 90, 0 of 52, 7 of 8.
exact <- do.call(rbind, lapply(list(c(2, 90), c(0, 52), c(7, 8)), function(x) {
  ci <- binom.test(x[1], x[2])$conf.int; data.frame(events = x[1], n = x[2], low = ci[1], high = ci[2]) }))
write.csv(exact, "state_intervals_exact.csv", row.names = FALSE)
