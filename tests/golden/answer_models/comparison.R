# Participants (cooperates) beside the others, made like them: entropy balancing by nlminb on its dual, odds
# of the propensity, augmented weighting, alikeness, nearest neighbours; errors from stacked estimating equations.
source("stacked.R")
d <- firms(); w <- d$weight; t <- d$cooperates; y <- d$share; design <- design_of(d)
d$age <- ((seq_len(nrow(d)) * 37) %% 101) / 10 + 2 * t
x <- model.matrix(~ size_band + sector + invests + age, d)
target <- colSums(x[t == 1, ] * w[t == 1]) / sum(w[t == 1])
others <- d[t == 0, ]; q <- w[t == 0] / sum(w[t == 0]); away <- sweep(x[t == 0, -1], 2, target[-1])
dual <- function(l) log(sum(q * exp(away %*% l)))
tilted <- function(l) { u <- as.vector(q * exp(away %*% l)); u / sum(u) }
slope <- function(l) as.vector(crossprod(away, tilted(l)))
bend <- function(l) { u <- tilted(l); crossprod(away * u, away) - tcrossprod(slope(l)) }
multipliers <- nlminb(rep(0, ncol(away)), dual, slope, bend, control = list(rel.tol = 1e-15, x.tol = 1e-12))$par
for (i in 1:3) multipliers <- nlminb(multipliers, dual, slope, bend, control = list(rel.tol = 0, abs.tol = 0, x.tol = 0))$par
v <- tilted(multipliers); stopifnot(max(abs(slope(multipliers))) < 1e-7)
for (i in seq_along(v)) say("weights", others$firm[i], v[i])
p <- ncol(x)
tell_three <- function(block, psi, theta) {
  s <- stacked(psi, theta, w); n <- length(theta)
  for (k in 1:2) say(block, c("participants", "comparison")[k], s$theta[n - 2 + k], errors(s$influence[, n - 2 + k], design))
  z <- s$influence[, n - 1] - s$influence[, n]; se <- errors(z, design)
  say(block, "difference", s$theta[n - 1] - s$theta[n], se)
  # Beyond the firms of the population there are: what the population itself could have been (Graubard and Korn 2002).
  say("beyond", block, s$theta[n - 1] - s$theta[n], sqrt(se^2 + sum(w * z^2)))
}
# The multipliers, the participants' means of the covariates, the two means of the outcome.
z <- x[, -1]; k <- p - 1
psi <- function(theta) { m <- theta[k + 1:k]; c <- sweep(z, 2, m)
  u <- as.vector((1 - t) * exp(c %*% theta[1:k]))
  cbind(u * c, t * c, t * (y - theta[2 * k + 1]), u * (y - theta[2 * k + 2])) }
tell_three("balancing", psi, c(multipliers, target[-1], sum(w * t * y) / sum(w * t), sum(v * y[t == 0])))
logit <- glm(t ~ z, family = quasibinomial, weights = w, control = tight)
odds <- exp(as.vector(x %*% coef(logit)))
psi <- function(theta) { e <- plogis(as.vector(x %*% theta[1:p])); o <- (1 - t) * e / (1 - e)
  cbind(x * (t - e), t * (y - theta[p + 1]), o * (y - theta[p + 2])) }
by_odds <- sum((w * odds * y)[t == 0]) / sum((w * odds)[t == 0])
tell_three("propensity", psi, unname(c(coef(logit), sum(w * t * y) / sum(w * t), by_odds)))
line <- lm(y ~ z, weights = w, subset = t == 0)
psi <- function(theta) { e <- plogis(as.vector(x %*% theta[1:p])); o <- (1 - t) * e / (1 - e)
  fit <- as.vector(x %*% theta[p + 1:p]); own <- theta[2 * p + 1]; a <- theta[2 * p + 2]
  cbind(x * (t - e), x * (1 - t) * (y - fit), t * (fit - own), o * (y - fit - a), t * (y - theta[2 * p + 3]),
    theta[2 * p + 4] - own - a) }
fit <- as.vector(x %*% coef(line)); own <- sum(w * t * fit) / sum(w * t)
a <- sum((w * odds * (y - fit))[t == 0]) / sum((w * odds)[t == 0])
tell_three("augmented", psi, unname(c(coef(logit), coef(line), own, a, sum(w * t * y) / sum(w * t), own + a)))
variance <- function(x, w) sum(w * (x - weighted.mean(x, w))^2) / sum(w)
for (j in colnames(z)) {
  one <- z[t == 1, j]; two <- z[t == 0, j]
  unit <- sqrt((variance(one, w[t == 1]) + variance(two, w[t == 0])) / 2)
  say("before", j, (weighted.mean(one, w[t == 1]) - weighted.mean(two, w[t == 0])) / unit, variance(one, w[t == 1]) / variance(two, w[t == 0]))
  say("odds", j, (weighted.mean(one, w[t == 1]) - weighted.mean(two, (w * odds)[t == 0])) / unit, variance(one, w[t == 1]) / variance(two, (w * odds)[t == 0]))
}
say("effective", "balancing", 1 / sum(v^2))
# Each participant beside the nearest comparison firms within 0.2 standard deviations of the log-odds.
eta <- log(odds); far <- .2 * sqrt((var(eta[t == 1]) + var(eta[t == 0])) / 2)
stands <- numeric(nrow(d)); alone <- 0
for (i in which(t == 1)) { away <- abs(eta - eta[i]); away[t == 1] <- Inf
  near <- which(away <= min(min(away), far) + 1e-9)
  if (length(near)) stands[near] <- stands[near] + w[i] / length(near) else alone <- alone + 1 }
say("matching", "comparison", weighted.mean(y, stands)); say("matching", "unmatched", alone)
written("comparison.csv")
