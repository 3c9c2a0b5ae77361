# Augmented inverse probability weighting over four states (Cattaneo 2010), by stacked estimating equations.
source("stacked.R")
d <- firms(); w <- d$weight; y <- d$top_innovator; x <- model.matrix(form, d)
z <- model.matrix(~ size_band + sector, d)
s <- 1 + 2 * d$cooperates + d$invests; own <- outer(s, 1:4, "==") * 1
k <- ncol(x); q <- ncol(z)
X <- lapply(states, function(v) in_state(d, v[1], v[2]))
propensities <- function(g) { e <- exp(cbind(0, z %*% matrix(g, q, 3))); e / rowSums(e) }
likelihood <- function(g) -sum(w * log(propensities(g)[cbind(seq_along(s), s)])) / sum(w)
g <- optim(rep(0, 3 * q), likelihood, method = "BFGS", control = list(reltol = 1e-14, maxit = 2000))$par
b <- coef(glm(y ~ x - 1, quasibinomial, weights = w, control = tight))
scores <- function(b, g) { e <- propensities(g); m <- sapply(X, function(each) plogis(drop(each %*% b)))
  m + own / e * (y - m) }
psi <- function(t) { b <- t[1:k]; g <- t[k + 1:(3 * q)]; theta <- t[k + 3 * q + 1:4]; e <- propensities(g)
  cbind(x * (y - plogis(drop(x %*% b))), do.call(cbind, lapply(2:4, function(j) z * (own[, j] - e[, j]))),
    sweep(scores(b, g), 2, theta)) }
f <- stacked(psi, c(b, g, colSums(w * scores(b, g)) / sum(w)), w)
last <- k + 3 * q + 1:4
tell("doubly robust", f$theta[last], f$influence[, last], design_of(d))
g <- f$theta[k + 1:(3 * q)]; e <- propensities(g)
se <- errors(f$influence[, k + 1:(3 * q)], design_of(d))
for (i in seq_along(g)) say("multinomial", i, g[i], se[i])
for (j in 1:4) { v <- w * own[, j] / e[, j]
  say("overlap", paste("smallest", names(states)[j]), min(e[, j])); say("overlap", paste("effective", names(states)[j]), sum(v)^2 / sum(v^2)) }
say("overlap", "low", sum(w * apply(e < .05, 1, any)) / sum(w))
written("doubly_robust.csv")
