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

# ---- joint test: 12 specifications of 60 firms, 199 draws of signs ------------------------------------------------
n <- 60; S <- 12; B <- 199
common <- rnorm(n)
e <- sapply(1:S, function(s) round(.7 * common + .5 * rnorm(n), 4)); e <- sweep(e, 2, colMeans(e)) / n
se <- round(sqrt(colSums(e^2)) * runif(S, 1, 1.2), 6); df <- round(runif(S, 8, 60), 1)
theta <- round(se * (1.9 + rnorm(S, 0, .5)) * c(rep(1, 10), -.2, .1), 6)
signs <- matrix(sample(c(-1, 1), n * B, TRUE), B)
write.csv(data.frame(theta, se, df, t(e)), "curve_specifications.csv", row.names = FALSE)
write.csv(signs, "curve_signs.csv", row.names = FALSE)
of <- function(t) c(abs(median(t)), max(mean(t > 0), mean(t < 0)),
  max(mean(2 * pt(-t / se, df) < .05 & t > 0), mean(2 * pt(t / se, df) < .05 & t < 0)))
own <- of(theta); null <- apply(signs, 1, function(g) of(colSums(g * e) / sqrt(colSums(e^2)) * se))
p <- sapply(1:3, function(i) (1 + sum(null[i, ] >= own[i] - 1e-12)) / (1 + B))
write.csv(data.frame(statistic = c("median", "dominant", "significant"), value = own, p), "curve_test.csv", row.names = FALSE)
