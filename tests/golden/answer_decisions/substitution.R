# Tests of substitution and their power, for tests/statistics/test_substitution.py. Run in this folder:
# Rscript substitution.R (R 4.2.2)
options(digits = 17)
set.seed(1987)
k <- 14
d <- data.frame(estimate = round(rnorm(k, -.01, .05), 4), se = round(runif(k, .005, .06), 4),
  df = c(3, 5.5, 8, 12, 20, 38, 60, 90, 150, 400, 900, Inf, Inf, Inf), margin = round(runif(k, .02, .09), 3),
  effect = round(rnorm(k, 0, .02), 3), alpha = rep(c(.025, .05), k / 2))
d$p_no_worse <- with(d, pt(-(estimate + margin) / se, df)); d$p_substitutes <- with(d, pt(estimate / se, df))
beyond <- function(ncp, df, alpha) if (is.infinite(df)) pnorm(qnorm(alpha), -ncp) else pt(qt(1 - alpha, df), df, ncp, lower.tail = FALSE)
d$power_no_worse <- with(d, mapply(beyond, (effect + margin) / se, df, alpha))
d$least_margin <- with(d, mapply(function(s, df, a) uniroot(function(m) beyond(m / s, df, a) - .8, c(0, 40 * s), tol = 1e-14)$root, se, df, alpha))
write.csv(d, "substitution.csv", row.names = FALSE)
# How many firms prove a share, by binom.test.
b <- expand.grid(value = c(.001, .01, .05, .2), firms = c(15, 60, 624))
b$proven_by <- mapply(function(v, n) which(sapply(1:n, function(x) binom.test(x, n, v, "greater")$p.value) < .025)[1], b$value, b$firms)
write.csv(b, "proven_by.csv", row.names = FALSE)
