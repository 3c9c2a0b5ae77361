# R-indicator, partial R-indicators and their errors (Schouten, Cobben & Bethlehem 2009; Shlomo, Skinner & Schouten 2012)
# of a simple random sample with glm's inverse information, firm by firm; then of a stratified one with the weighted
# logit's variance of answering. R 4.2.2, survey 4.1.1. Run in this folder: Rscript representativity.R
suppressPackageStartupMessages(library(survey)); options(digits = 17); set.seed(2009)
n <- 1200
d <- data.frame(stratum = rep(c("a", "b"), c(700, 500)), size = sample(c("micro", "small", "medium"), n, TRUE, c(.5, .3, .2)),
  sector = sample(c("industry", "services"), n, TRUE))
d$answered <- rbinom(n, 1, plogis(-1.2 + .7 * (d$size == "medium") - .4 * (d$sector == "services") + .3 * (d$stratum == "a")))
d$population_stratified <- ifelse(d$stratum == "a", 3500, 1000)
write.csv(d, "asked.csv", row.names = FALSE)
out <- list()
say <- function(block, name, estimate, se, plain) out[[length(out) + 1]] <<- data.frame(block, name, estimate, se, plain)
for (block in c("simple", "stratified")) {
  f <- if (block == "simple") transform(d, w = 4500 / n, s = "all", N = 4500) else
    transform(d, w = population_stratified / ave(answered, stratum, FUN = length), s = stratum, N = population_stratified)
  g <- suppressWarnings(glm(answered ~ size + sector, binomial, f, weights = w, control = list(epsilon = 1e-14)))
  X <- model.matrix(g); rho <- fitted(g); W <- sum(f$w); ne <- W^2 / sum(f$w^2); N <- W
  V <- if (block == "simple") vcov(glm(answered ~ size + sector, binomial, f, control = list(epsilon = 1e-14))) else
    vcov(g) %*% crossprod(X * f$w * sqrt(rho * (1 - rho))) %*% vcov(g)
  z <- X * rho * (1 - rho); m <- weighted.mean(rho, f$w)
  des <- svydesign(~1, strata = ~s, weights = ~w, fpc = ~N, data = f)
  drawn <- function(u) vcov(svytotal(~u, update(des, u = u)))[1]
  g <- sweep(z, 2, colSums(f$w * z) / W)
  bias <- 0; for (i in 1:n) bias <- bias + f$w[i] / W * drop(g[i, ] %*% V %*% g[i, ])
  errors <- function(dev, h) { a <- colSums(f$w * dev * h) / W; C <- crossprod(h, f$w * h) / W; q <- sum(f$w * dev^2) / W
    list(plain = q, bias = sum(diag(C %*% V)),
      se = sqrt(drop(4 * a %*% V %*% a) + 2 * sum(diag(C %*% V %*% C %*% V)) + drawn((dev^2 - q) / W))) }
  centred <- function(x, by) x - ave(x * f$w, by, FUN = sum) / ave(f$w, by, FUN = sum)
  t <- errors(rho - m, apply(z, 2, centred, rep(1, n)))
  S <- sqrt((1 + 1 / ne - 1 / N) * t$plain - bias)
  say(block, "R", 1 - 2 * S, t$se / S, 1 - 2 * sqrt(t$plain))
  se_m <- SE(svymean(~answered, des))[1]
  say(block, "CV", S / m, S / m * sqrt((t$se / (2 * S) / S)^2 + (se_m / m)^2), sqrt(t$plain) / m)
  tell <- function(name, e) { P <- sqrt(max(e$plain - e$bias, 0)); say(block, name, P, if (P > 0) e$se / (2 * P) else NA, sqrt(e$plain)) }
  for (name in c("size", "sector")) { by <- f[[name]]; other <- f[[setdiff(c("size", "sector"), name)]]
    tell(paste(name, "unconditional"), errors(rho - m - centred(rho, by), apply(z, 2, function(c) c - weighted.mean(c, f$w) - centred(c, by))))
    tell(paste(name, "conditional"), errors(centred(rho, other), apply(z, 2, centred, other)))
    for (k in unique(by)) { here <- by == k; share <- sqrt(sum(f$w[here]) / W); mk <- weighted.mean(rho[here], f$w[here])
      h <- apply(z, 2, function(c) weighted.mean(c[here], f$w[here]) - weighted.mean(c, f$w))
      u <- here * (rho - mk) / sum(f$w[here]) - (rho - m) / W
      say(block, paste(name, k), share * (mk - m), share * sqrt(drop(h %*% V %*% h) + drawn(u)), share * (mk - m)) } } }
write.csv(do.call(rbind, out), "representativity.csv", row.names = FALSE)
