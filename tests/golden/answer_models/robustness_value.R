# Robustness values of complementarity (Cinelli and Hazlett 2020): from svyglm's t, and each as the solution of what it
# means - the smallest strength of a cause that brings the adjusted estimate (1 - q) of itself or its t to critical.
source("stacked.R")
d <- firms()
f <- svyglm(top_innovator ~ cooperates * invests + size_band + sector, design_of(d))
b <- coef(f)[["cooperates:invests"]]; s <- SE(f)[["cooperates:invests"]]; df <- nrow(d) - length(coef(f))
say("linear", "complementarity", b, s)
adjusted <- function(b, s, df, ry, rd, q) { bias <- s * sqrt(df) * sqrt(ry * rd / (1 - rd))
  c(abs(b) - bias - (1 - q) * abs(b), s * sqrt((1 - ry) / (1 - rd)) * sqrt(df / (df - 1))) }
point <- function(b, s, df, q) uniroot(function(r) adjusted(b, s, df, r, r, q)[1], c(0, 1 - 1e-12), tol = 1e-13)$root
# The cause may explain any share of the outcome up to r: the one that leaves the smallest t counts.
least_t <- function(b, s, df, r, q) { t_of <- function(ry) { a <- adjusted(b, s, df, ry, r, q); a[1] / a[2] }
  if (r == 0) return(t_of(0))
  inside <- optimize(t_of, c(0, r), tol = 1e-12); min(inside$objective, t_of(r)) }
alpha_value <- function(b, s, df, q, alpha) { critical <- qt(1 - alpha / 2, df - 1)
  if (least_t(b, s, df, 0, q) < critical) return(0)
  uniroot(function(r) least_t(b, s, df, r, q) - critical, c(0, 1 - 1e-9), tol = 1e-13)$root }
cases <- data.frame(name = c("complementarity", "half of it", "darfur", "not significant", "huge"),
  b = c(b, b, .09731582, .04, -3), s = c(s, s, .02325654, .03, .2), df = c(df, df, 783, 200, 12), q = c(1, .5, 1, 1, 1))
for (i in seq_len(nrow(cases))) with(cases[i, ], {
  say("inputs", name, b, s); say("df", name, df, q)
  say("partial r2", name, (b / s)^2 / ((b / s)^2 + df))
  say("value", name, point(b, s, df, q)); say("value alpha", name, alpha_value(b, s, df, q, .05)) })
y <- lm(top_innovator ~ cooperates * invests + size_band + sector, d, weights = weight)
less <- function(m, without) 1 - deviance(m) / deviance(update(m, paste(". ~ . -", without)))
a <- lm(I(cooperates * invests) ~ cooperates + invests + size_band + sector, d, weights = weight)
for (control in c("size_band", "sector")) say("strength", control, less(y, control), less(a, control))
written("robustness_value.csv")
