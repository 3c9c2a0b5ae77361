# Distribution regression over four states at a grid of cuts (Chernozhukov, Fernandez-Val and Melly 2013), rearranged,
# and sup-t critical values (Montiel Olea and Plagborg-Moller 2019). Two cuts lie so near that a curve rises between them.
source("stacked.R")
d <- firms(); w <- d$weight; v <- w / sum(w); x <- model.matrix(form, d); k <- ncol(x)
X <- lapply(states, function(v) in_state(d, v[1], v[2]))
# Many equal answers between two close cuts: the standardised curve of a state then rises somewhere.
set.seed(81); d$share2 <- d$share
near <- which(d$cooperates == 0 & d$invests == 0 & d$share > 22 & d$share < 40); d$share2[near] <- 30.5
cuts <- c(10, 20, 30, 31, 40, 60)
prob <- function(b) sapply(X, function(each) plogis(drop(each %*% b)))
each <- lapply(cuts, function(c) { y <- as.numeric(d$share2 > c)
  psi <- function(t) cbind(x * (y - plogis(drop(x %*% t[1:k]))), sweep(prob(t[1:k]), 2, t[k + 1:4]))
  b <- coef(glm(y ~ x - 1, quasibinomial, weights = w, control = tight))
  f <- stacked(psi, c(b, colSums(v * prob(b))), w)
  list(theta = f$theta[k + 1:4], influence = f$influence[, k + 1:4]) })
curve <- sapply(each, `[[`, "theta")                       # states x cuts
for (s in 1:4) { o <- order(-curve[s, ])
  if (any(diff(o) < 0)) say("rearranged", names(states)[s], 1)
  old <- lapply(each, `[[`, "influence"); curve[s, ] <- curve[s, o]
  for (j in seq_along(cuts)) each[[j]]$influence[, s] <- old[[o[j]]][, s] }
for (j in seq_along(cuts)) tell(paste(">", cuts[j]), curve[, j], each[[j]]$influence, design_of(d))
write.csv(d[, c("firm", "share2")], "distribution_regression_shares.csv", row.names = FALSE)

# ---- critical values --------------------------------------------------------------------------------------------
# Of two normals with correlation r exactly: P(|Z1| <= c, |Z2| <= c) by quadrature.
both <- function(c, r) integrate(function(z) dnorm(z) * (pnorm((c - r * z) / sqrt(1 - r^2)) - pnorm((-c - r * z) / sqrt(1 - r^2))),
  -c, c, rel.tol = 1e-12)$value
for (r in c(0, .5, .9)) say("two", r, uniroot(function(c) both(c, r) - .95, c(1.9, 2.5), tol = 1e-12)$root)
# Of five equally correlated normals exactly: one common factor.
equal <- function(c, r, K) integrate(function(z) dnorm(z) * (pnorm((c - sqrt(r) * z) / sqrt(1 - r)) -
  pnorm((-c - sqrt(r) * z) / sqrt(1 - r)))^K, -9, 9, rel.tol = 1e-12)$value
for (K in c(5, 20)) say("equal", K, uniroot(function(c) equal(c, .6, K) - .95, c(1.9, 3.5), tol = 1e-12)$root)
# On given draws: the same arithmetic, to the last digits.
z <- matrix(round(qnorm(ppoints(900)), 6)[sample(900)], 300, 3)
write.csv(z, "normals.csv", row.names = FALSE)
R <- matrix(c(1, .7, .2, .7, 1, -.3, .2, -.3, 1), 3); e <- eigen(R)
root <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors)
say("given draws", "0.9", quantile(apply(abs(z %*% root), 1, max), .9, names = FALSE))
written("distribution_regression.csv")
