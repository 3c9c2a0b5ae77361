# A specification curve by its choices, for tests/statistics/test_specification_choices.py. Run in this folder:
# Rscript specification_choices.R (R 4.2.2)
options(digits = 17)
set.seed(2020)
curve <- expand.grid(definition = c("initiatives", "partners", "either", "both"), weights = c("weighted", "plain"),
  base = c("all", "innovators"), controls = c("none", "size", "all"), stringsAsFactors = FALSE)
curve$estimate <- round(c(.106, -.014, .06, .02)[match(curve$definition, c("initiatives", "partners", "either", "both"))] +
  .02 * (curve$base == "all") + .03 * (curve$base == "all" & curve$definition == "partners") + rnorm(nrow(curve), 0, .01), 5)
curve$holed <- curve$estimate; curve$holed[c(2, 3, 7, 20, 21, 33, 40)] <- NA
write.csv(curve, "curve.csv", row.names = FALSE)
choices <- c("definition", "weights", "base", "controls")
table <- anova(aov(estimate ~ definition + weights + base + controls, curve))
balanced <- table[choices, "Sum Sq"] / sum(table[, "Sum Sq"])
# With missing cells: what each choice adds to R^2, over all 24 orders.
orders <- function(v) if (length(v) < 2) list(v) else do.call(c, lapply(v, function(x) lapply(orders(setdiff(v, x)), function(o) c(x, o))))
r2 <- function(names) if (!length(names)) 0 else summary(lm(reformulate(names, "holed"), curve))$r.squared
adds <- sapply(orders(choices), function(o) sapply(choices, function(c) { at <- match(c, o); r2(o[seq_len(at)]) - r2(o[seq_len(at - 1)]) }))
write.csv(data.frame(choice = choices, balanced, holed = rowMeans(adds)), "explained.csv", row.names = FALSE)

# ---- joint test: 12 specifications of 60 firms in three strata, 199 draws without an effect -------------------------
n <- 60; S <- 12; B <- 199
common <- rnorm(n); stratum <- rep(1:3, c(30, 20, 10)); population <- c(400, 60, 12)
e <- sapply(1:S, function(s) round(.7 * common + .5 * rnorm(n), 4)) / n
covariance <- Reduce(`+`, lapply(1:3, function(h) {
  own <- scale(e[stratum == h, ], scale = FALSE); m <- nrow(own)
  (1 - m / population[h]) * m / (m - 1) * crossprod(own) }))
se <- round(sqrt(diag(covariance)) * runif(S, 1, 1.2), 6); df <- round(runif(S, 8, 60), 1)
theta <- round(se * (1.9 + rnorm(S, 0, .5)) * c(rep(1, 10), -.2, .1), 6)
normals <- matrix(round(rnorm(B * S), 6), B)
write.csv(data.frame(theta, se, df), "curve_specifications.csv", row.names = FALSE)
write.csv(data.frame(stratum, population = population[stratum], e), "curve_contributions.csv", row.names = FALSE)
write.csv(normals, "curve_normals.csv", row.names = FALSE)
of <- function(t) c(abs(median(t)), max(mean(t > 0), mean(t < 0)),
  max(mean(2 * pt(-t / se, df) < .05 & t > 0), mean(2 * pt(t / se, df) < .05 & t < 0)))
ev <- eigen(cov2cor(covariance), symmetric = TRUE)
draws <- sweep(normals %*% ev$vectors %*% diag(sqrt(ev$values)) %*% t(ev$vectors), 2, se, `*`)
own <- of(theta); null <- apply(draws, 1, of)
p <- sapply(1:3, function(i) (1 + sum(null[i, ] >= own[i] - 1e-12)) / (1 + B))
middle <- median(theta) - quantile(apply(draws, 1, median), c(.975, .025))
write.csv(data.frame(statistic = c("median", "dominant", "significant"), value = own, p, low = c(middle[1], NA, NA),
  high = c(middle[2], NA, NA)), "curve_test.csv", row.names = FALSE)
