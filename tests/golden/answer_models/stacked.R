# What the scripts of this folder share: firms of ../models/sample.csv, and errors of any estimator from its estimating
# equations. R 4.2.2, survey 4.1.1, numDeriv 2016.8.1.1. Each script runs in this folder: Rscript doubly_robust.R
suppressPackageStartupMessages({library(survey); library(numDeriv)})
options(digits = 17, survey.lonely.psu = "fail")
tight <- list(epsilon = 1e-14, maxit = 200)
out <- list()
say <- function(block, name, estimate, se = NA) out[[length(out) + 1]] <<- data.frame(block, name, estimate, se)
written <- function(file) write.csv(do.call(rbind, out), file, row.names = FALSE)

firms <- function() {
  d <- read.csv("../models/sample.csv", stringsAsFactors = FALSE)
  d$size_band <- factor(d$size_band, c("micro", "small", "medium"))
  d$sector <- factor(d$sector, c("industry", "trade", "services"))
  d
}
design_of <- function(d) svydesign(~1, strata = ~stratum, weights = ~weight, fpc = ~population, data = d)
form <- ~ cooperates * invests + size_band + sector
in_state <- function(d, a, b, f = form) model.matrix(f, transform(d, cooperates = a, invests = b))
states <- list(neither = c(0, 0), invests_only = c(0, 1), cooperates_only = c(1, 0), both = c(1, 1))

# psi(theta): n x p estimating functions, unweighted, whose weighted sums are zero at theta. Influence: -psi A^-1 with A
# the derivative of the weighted sums, by Richardson's extrapolation; Newton steps with it until theta stands still.
stacked <- function(psi, theta, w, polish = 6) {
  total <- function(t) colSums(w * psi(t))
  for (i in seq_len(polish)) theta <- theta - solve(jacobian(total, theta), total(theta))
  list(theta = theta, influence = -psi(theta) %*% t(solve(jacobian(total, theta))))
}
errors <- function(influence, design) { v <- vcov(svytotal(influence, design)); sqrt(diag(as.matrix(v))) }

contrast_rows <- rbind(p_neither = c(1, 0, 0, 0), p_invests_only = c(0, 1, 0, 0), p_cooperates_only = c(0, 0, 1, 0),
  p_both = c(0, 0, 0, 1), effect_cooperates_without_investment = c(-1, 0, 1, 0),
  effect_cooperates_with_investment = c(0, -1, 0, 1), effect_invests_without_cooperation = c(-1, 1, 0, 0),
  effect_invests_with_cooperation = c(0, 0, -1, 1), complementarity = c(1, -1, -1, 1))
tell <- function(block, four, influence, design) {
  se <- errors(influence %*% t(contrast_rows), design)
  for (i in seq_len(nrow(contrast_rows))) say(block, rownames(contrast_rows)[i], sum(contrast_rows[i, ] * four), se[[i]])
}
