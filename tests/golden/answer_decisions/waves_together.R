# Waves together, for tests/statistics/test_waves_together.py. Run in this folder: Rscript waves_together.R
# R 4.2.2, survey 4.1.1, MASS 7.3.
suppressPackageStartupMessages({library(survey); library(MASS)})
options(digits = 17)
set.seed(4711)
out <- list()
say <- function(block, name, value) out[[length(out) + 1]] <<- data.frame(block, name, value)

# ---- three waves of a panel: firms come back, one quantity (a mean) per wave -------------------------------------
firms <- sprintf("F%03d", 1:160)
level <- rnorm(160)
panel <- do.call(rbind, lapply(1:3, function(w) {
  here <- sort(sample(160, c(110, 90, 100)[w]))
  data.frame(firm = firms[here], wave = 2016 + w, y = round(level[here] + rnorm(length(here)) + .25 * w, 4))
}))
write.csv(panel, "waves.csv", row.names = FALSE)
d <- svydesign(~firm, data = panel, weights = ~1)
m <- svyby(~y, ~wave, d, svymean, covmat = TRUE)
theta <- coef(m); V <- vcov(m)
for (t in 1:3) { say("mean", t, theta[[t]]); for (u in 1:3) say("covariance", paste(t, u), V[t, u]) }

together <- function(block, theta, V, nu) {
  # By the regression of the waves on one mean, and by contrasts against the first wave: not by a projection.
  W <- length(theta); one <- rep(1, W); inv <- solve(V)
  var <- 1 / sum(inv); pooled <- var * sum(inv %*% theta); a <- drop(inv %*% one) * var
  L <- cbind(-1, diag(W - 1)); K <- t(L) %*% solve(L %*% V %*% t(L)) %*% L
  Q <- drop(t(L %*% theta) %*% solve(L %*% V %*% t(L), L %*% theta)); r <- W - 1
  rho2 <- cov2cor(V)^2; together <- rho2 / sqrt(outer(nu, nu))
  M <- diag(V %*% K); A <- sum(together * outer(M, M))
  p <- if (all(is.infinite(nu))) pchisq(Q, r, lower.tail = FALSE) else
    pf(Q / (r + 2 * A - 6 * A / (r + 2)), r, r * (r + 2) / (3 * A), lower.tail = FALSE)
  s <- a * drop(V %*% a) / var
  say(block, "Q", Q); say(block, "p", p); say(block, "I2", max(0, (Q - r) / Q)); say(block, "pooled", pooled)
  say(block, "se", sqrt(var)); say(block, "df", 1 / sum(together * outer(s, s)))
  for (t in 1:W) { say(block, paste("weight", t), a[t]); say(block, paste("deviation", t), theta[[t]] - pooled)
    say(block, paste("deviation se", t), sqrt(V[t, t] - var)) }
}
together("panel", theta, V, c(109, 89, 99))
together("chi-square", theta, V, rep(Inf, 3))

# ---- firms of their own in every wave: Welch's (1951) test, as R's stats has it ----------------------------------
apart <- data.frame(wave = rep(1:4, c(7, 12, 9, 20)))
apart$y <- round(rnorm(nrow(apart), .4 * apart$wave, c(1, 2, .5, 1.5)[apart$wave]), 4)
write.csv(apart, "waves_apart.csv", row.names = FALSE)
w <- oneway.test(y ~ wave, apart)
say("welch", "p", w$p.value); say("welch", "denominator df", w$parameter[["denom df"]])

# ---- degenerate: wave 3 is the mean of 1 and 2, so differences have one variance less ----------------------------
B <- rbind(c(1, 0), c(0, 1), c(.5, .5)); S <- B %*% matrix(c(.04, .01, .01, .09), 2) %*% t(B)
t3 <- c(.3, .8, .55); L <- cbind(-1, diag(2))
say("degenerate", "Q", drop(t(L %*% t3) %*% ginv(L %*% S %*% t(L)) %*% (L %*% t3)))
A2 <- S[1:2, 1:2]; say("degenerate", "pooled", sum(solve(A2) %*% t3[1:2]) / sum(solve(A2)))
say("degenerate", "se", 1 / sqrt(sum(solve(A2))))
write.csv(do.call(rbind, out), "waves_together.csv", row.names = FALSE)
