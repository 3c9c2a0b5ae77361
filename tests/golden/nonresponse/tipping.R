# Estimates if firms with a property answered gamma times as readily (odds ratio) within response classes: chances by
# root finding, weights raked again by survey::calibrate, the variance of drawing by svytotal over all invited firms
# and of answering by Poisson sampling's formula. R 4.2.2, survey 4.1.1. Run in this folder: Rscript tipping.R
suppressPackageStartupMessages(library(survey)); options(digits = 17); set.seed(16)
H <- c(a = 1600, b = 900); take <- c(a = 700, b = 600); stratum <- rep(names(H), take); n <- length(stratum)
all <- data.frame(firm = seq_len(n), stratum, population = H[stratum], base = (H / take)[stratum],
  class = sample(c("x", "y", "z"), n, TRUE, c(.5, .3, .2)), region = sample(c("n", "s"), n, TRUE))
all$a <- rbinom(n, 1, .4); all$b <- rbinom(n, 1, .3 + .2 * all$a)
all$top <- rbinom(n, 1, plogis(-1.2 + .3 * all$a + .2 * all$b + .7 * all$a * all$b))
all$answered <- rbinom(n, 1, plogis(-.9 + .5 * all$top + .4 * (all$class == "y")))
d <- subset(all, answered == 1)
size <- tapply(all$base, all$class, sum); rate <- tapply(d$base, d$class, sum) / size
region <- c(regionn = 1300, regions = 1200)
raked <- function(before) { g <- svydesign(~1, weights = before, data = d)
  weights(calibrate(g, ~region - 1, region, calfun = "raking", epsilon = 1e-13, maxit = 200)) }
d$adjustment <- 1 / rate[d$class]; d$before <- d$base * d$adjustment; d$weight <- raked(d$before)
silent <- aggregate(firm ~ stratum + class + base, subset(all, answered == 0), length); names(silent)[4] <- "silent"
write.csv(d[, c("stratum", "population", "class", "region", "base", "adjustment", "before", "weight", "a", "b", "top")],
  "answered.csv", row.names = FALSE)
write.csv(silent, "silent.csv", row.names = FALSE)

out <- list()
say <- function(block, name, gamma, estimate, se = NA)
  out[[length(out) + 1]] <<- data.frame(block, name, gamma, estimate, se)
chances <- function(has, gamma) { pi <- numeric(nrow(d))
  for (k in names(size)) { here <- d$class == k
    of <- function(h) plogis(h + log(gamma) * has[here])
    h <- uniroot(function(h) sum(d$base[here] / of(h)) - size[[k]], c(-9, 9), tol = 1e-14)$root
    pi[here] <- of(h) }
  pi }
# z: influence, the estimate moves by sum w z. Residuals of calibration, then drawing and answering.
error <- function(z, pi, w) { now <- d$base / pi
  e <- residuals(lm(z ~ region, d, weights = now)) * w / now
  mean_of <- tapply(d$base * (1 / pi - 1) * e, d$class, sum) / tapply(d$base * (1 / pi - 1), d$class, sum)
  u <- mean_of[all$class]; u[match(d$firm, all$firm)] <- mean_of[d$class] + (e - mean_of[d$class]) / pi
  drawing <- svytotal(~u, svydesign(~1, strata = ~stratum, weights = ~base, fpc = ~population,
    data = transform(all, u = u)))
  m <- table(d$class)[d$class]; v <- sqrt((1 - pi) / d$base) * (e - mean_of[d$class]) * now
  # Where all firms of a class have one chance, the spread of answering is taken around the class's mean.
  v <- v - ifelse(ave(pi, d$class, FUN = sd) < 1e-12, ave(v, d$class), 0)
  sqrt(vcov(drawing)[1] + sum(m / (m - 1) * v^2)) }
logit_of <- function(w) { f <- svyglm(top ~ a * b, svydesign(~1, weights = w, data = d), family = quasibinomial,
    control = list(epsilon = 1e-14, maxit = 100))
  p <- function(a, b) mean(plogis(sum(coef(f) * c(1, a, b, a * b)))); p(1, 1) - p(1, 0) - p(0, 1) + p(0, 0) }
cell <- function(a, b, w) { here <- d$a == a & d$b == b; p <- sum(w * here * d$top) / sum(w * here)
  list(p = p, z = here * (d$top - p) / sum(w * here)) }
figures <- function(has, gamma) { pi <- chances(has, gamma); w <- raked(d$base / pi)
  share <- sum(w * d$top) / sum(w); z <- (d$top - share) / sum(w)
  one <- sum(w * d$a * d$top) / sum(w * d$a); other <- sum(w * (1 - d$a) * d$top) / sum(w * (1 - d$a))
  zd <- d$a * (d$top - one) / sum(w * d$a) - (1 - d$a) * (d$top - other) / sum(w * (1 - d$a))
  k <- list(cell(1, 1, w), cell(1, 0, w), cell(0, 1, w), cell(0, 0, w)); s <- c(1, -1, -1, 1)
  stopifnot(abs(sum(s * sapply(k, `[[`, "p")) - logit_of(w)) < 1e-9)
  list(share = c(share, error(z, pi, w)), difference = c(one - other, error(zd, pi, w)),
    complementarity = c(logit_of(w), error(drop(sapply(k, `[[`, "z") %*% s), pi, w))) }
properties <- list(outcome = d$top, practice = d$a, all = d$a * d$b * d$top)
for (name in names(properties)) for (gamma in c(.5, 1, 1.5, 2)) { f <- figures(properties[[name]], gamma)
  for (block in names(f)) say(block, name, gamma, f[[block]][1], f[[block]][2]) }
bar <- .3
say("turns", "share", uniroot(function(g) figures(d$top, g)$share[1] - bar, c(.2, 9), tol = 1e-12)$root, bar)
strata <- 3
low <- function(g) { f <- figures(d$a * d$top, g)$difference; f[1] - qt(.975, nrow(d) - strata) * f[2] }
least <- round((low(1) + low(2)) / 2, 4)
say("turns", "difference", uniroot(function(g) low(g) - least, c(1, 9), tol = 1e-12)$root, least)
write.csv(do.call(rbind, out), "tipping.csv", row.names = FALSE)
