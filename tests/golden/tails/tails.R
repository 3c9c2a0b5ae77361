# Intervals of heavy tails on ../design/firms.csv: logarithms by svycontrast, Fieller's by root finding, percentile-t
# replicate by replicate, and the estimate with influential firms held in by minimising the largest conditional bias.
# R 4.2.2, survey 4.1.1. Run in this folder: Rscript tails.R
suppressPackageStartupMessages(library(survey)); options(digits = 17)
d <- read.csv("../design/firms.csv"); W <- as.matrix(read.csv("../design/replicates.csv")[, -1])
d$y <- d$turnover * d$cooperates; d$x <- d$turnover
des <- svydesign(~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = d)
df <- degf(des); q <- qt(.975, df); out <- list()
say <- function(block, name, low, high) out[[length(out) + 1]] <<- data.frame(block, name, low, high)
totals <- svytotal(~y + x, des)
ratio <- svycontrast(totals, quote(log(y / x))); total <- svycontrast(svytotal(~y, des), quote(log(y)))
for (name in c("ratio", "total")) { e <- get(name); ci <- exp(coef(e)[[1]] + c(-1, 1) * q * SE(e)[[1]]); say("log", name, ci[1], ci[2]) }
distance <- function(R) { e <- svycontrast(totals, c(y = 1, x = -R)); (coef(e)[[1]] / SE(e)[[1]])^2 - q^2 }
R <- exp(coef(ratio)[[1]])
say("fieller", "ratio", uniroot(distance, c(0, R), tol = 1e-14)$root, uniroot(distance, c(R, 5 * R), tol = 1e-14)$root)
n <- table(d$stratum)[d$stratum]; f <- n / d$population
relative <- function(w, ratio) { theta <- if (ratio) sum(w * d$y) / sum(w * d$x) else sum(w * d$y)
  z <- if (ratio) (d$y - theta * d$x) / sum(w * d$x) else d$y
  v <- 0; for (h in unique(d$stratum)) { i <- d$stratum == h; m <- sum(w[i] * z[i]) / sum(w[i])
    v <- v + sum((1 - f[i]) * (w[i] * (z[i] - m))^2) }
  c(theta, sqrt(v) / theta) }
for (name in c("ratio", "total")) { s <- SE(get(name))[[1]]; theta <- exp(coef(get(name))[[1]])
  r <- apply(W, 2, relative, name == "ratio")
  t <- (log(r[1, ]) - log(theta)) / (r[2, ] * s / sqrt(mean(r[2, ]^2)))
  ends <- quantile(t, c(.975, .025), names = FALSE); say("percentile t", name, theta * exp(-ends[1] * s), theta * exp(-ends[2] * s)) }
for (name in c("ratio", "total")) { theta <- exp(coef(get(name))[[1]])
  z <- if (name == "ratio") (d$y - theta * d$x) / sum(d$weight * d$x) else d$y
  B <- n / (n - 1) * (d$weight - 1) * (z - ave(z, d$stratum))
  # Conditional bias of theta + delta is B_i + delta: the delta with the smallest largest one, and the cutoff that has it.
  delta <- optimize(function(u) max(abs(B + u * max(abs(B)))), c(-1, 1), tol = 1e-12)$minimum * max(abs(B))
  cut <- function(c) sum(B - pmax(-c, pmin(c, B))) + delta
  grid <- seq(max(abs(B)), 0, length.out = 20001); signs <- sapply(grid, cut) * sign(-delta)
  at <- which(signs >= 0)[1]; c <- uniroot(cut, grid[c(at, at - 1)], tol = 1e-14)$root
  say("held in", name, theta + delta, c) }
write.csv(do.call(rbind, out), "tails.csv", row.names = FALSE)
