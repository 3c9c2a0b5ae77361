# Proxy pattern-mixture models of a mean and of a share: maximum likelihood over silent firms written out pattern by
# pattern, the probit by glm, the biserial correlation by the root of the numerical derivative of its likelihood.
# R 4.2.2, numDeriv 2016.8.1.1. Run in this folder: Rscript proxy.R
library(numDeriv); options(digits = 17); set.seed(2020)
N <- 900
d <- data.frame(w = sample(c(1, 2.5, 4), N, TRUE), z1 = round(rnorm(N), 4), z2 = rbinom(N, 1, .4))
u <- .3 + .8 * d$z1 - .5 * d$z2 + rnorm(N)
d$y <- round(10 + 3 * u, 3); d$top <- as.numeric(u > .4)
d$answered <- rbinom(N, 1, plogis(-1.1 + .3 * d$z1 + .4 * d$top))
d$y[d$answered == 0] <- NA; d$top[d$answered == 0] <- NA
write.csv(d, "invited.csv", row.names = FALSE)
out <- list()
say <- function(block, name, value) out[[length(out) + 1]] <<- data.frame(block, name = as.character(name), value)
m <- function(x, w) sum(w * x) / sum(w); v <- function(x, w) sum(w * (x - m(x, w))^2) / sum(w)
for (weighted in c(FALSE, TRUE)) { block <- if (weighted) "weighted" else "plain"
  all <- transform(d, w = if (weighted) w else 1); r <- subset(all, answered == 1); s <- subset(all, answered == 0)
  share <- sum(r$w) / sum(all$w)
  fit <- lm(y ~ z1 + z2, r, weights = w); x <- predict(fit, r); xs <- predict(fit, s)
  rho <- cov.wt(cbind(x, r$y), r$w, cor = TRUE)$cor[1, 2]; say(paste(block, "mean"), "rho", rho)
  say(paste(block, "mean"), "distance", (m(x, r$w) - m(predict(fit, all), all$w)) / sqrt(v(x, r$w)))
  for (phi in c(0, .5, 1)) { g <- (phi + (1 - phi) * rho) / (phi * rho + 1 - phi)
    silent <- m(r$y, r$w) + g * sqrt(v(r$y, r$w) / v(x, r$w)) * (m(xs, s$w) - m(x, r$w))
    say(paste(block, "mean"), phi, share * m(r$y, r$w) + (1 - share) * silent) }
  fit <- suppressWarnings(glm(top ~ z1 + z2, binomial(probit), r, weights = w, control = list(epsilon = 1e-14, maxit = 100)))
  x <- predict(fit, r); xs <- predict(fit, s); muU <- qnorm(m(r$top, r$w)); e <- (x - m(x, r$w)) / sqrt(v(x, r$w))
  loglik <- function(rho) sum(r$w * pnorm((2 * r$top - 1) * (muU + rho * e) / sqrt(1 - rho^2), log.p = TRUE))
  rho <- uniroot(function(p) grad(loglik, p), c(.05, .97), tol = 1e-13)$root; say(paste(block, "share"), "rho", rho)
  for (phi in c(0, .5, 1)) { g <- (phi + (1 - phi) * rho) / (phi * rho + 1 - phi)
    muS <- muU + g * (m(xs, s$w) - m(x, r$w)) / sqrt(v(x, r$w)); sigma <- 1 + g^2 * (v(xs, s$w) / v(x, r$w) - 1)
    say(paste(block, "share"), phi, share * m(r$top, r$w) + (1 - share) * pnorm(muS / sqrt(sigma))) } }
write.csv(do.call(rbind, out), "proxy.csv", row.names = FALSE)
