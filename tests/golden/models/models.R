# Seeded data and what R makes of them, for tests/statistics/test_modelled_golden.py. Run in this folder: Rscript models.R
# R 4.2.2, survey 4.1.1, brglm2 0.9, survival 3.5.3, mice 3.15.0.
suppressPackageStartupMessages({library(survey); library(brglm2); library(survival); library(mice)})
options(digits = 17, survey.lonely.psu = "fail")
set.seed(20172)
tight <- list(epsilon = 1e-14, maxit = 200)
out <- list()
say <- function(block, name, estimate, se = NA) out[[length(out) + 1]] <<- data.frame(block, name, estimate, se)

# ---- a stratified sample with completed copies -------------------------------------------------------------------
H <- c(a = 900, b = 500, c = 240, d = 120); take <- c(a = 150, b = 130, c = 80, d = 60)
stratum <- rep(names(H), take); n <- length(stratum)
d <- data.frame(
  firm = sprintf("F%04d", seq_len(n)), stratum, population = H[stratum], weight = (H / take)[stratum],
  size_band = sample(c("micro", "small", "medium"), n, TRUE, c(.5, .3, .2)),
  sector = sample(c("industry", "trade", "services"), n, TRUE))
d$cooperates <- rbinom(n, 1, plogis(-.6 + .5 * (d$size_band == "medium")))
d$invests <- rbinom(n, 1, plogis(-.2 + .6 * d$cooperates))
eta <- -1.5 + .3 * d$cooperates + .6 * d$invests + .5 * d$cooperates * d$invests + .3 * (d$size_band == "medium") -
  .4 * (d$sector == "trade")
d$share <- round(100 * plogis(eta + rnorm(n)), 1)
d$top_innovator <- as.integer(d$share > 40)
write.csv(d, "sample.csv", row.names = FALSE)
levels_of <- function(d) { d$size_band <- factor(d$size_band, c("micro", "small", "medium"))
  d$sector <- factor(d$sector, c("industry", "trade", "services")); d }
d <- levels_of(d)
form <- top_innovator ~ cooperates * invests + size_band + sector
design_of <- function(d) svydesign(~1, strata = ~stratum, weights = ~weight, fpc = ~population, data = d)

states <- function(f, d, y = d$top_innovator, w = d$weight, beta = coef(f), influence = NULL) {
  # Contrasts by hand: estimates, their influence functions with the base's composition fixed (delta) and in full.
  x <- function(a, b) model.matrix(delete.response(terms(form)), transform(d, cooperates = a, invests = b))
  p <- function(a, b) plogis(drop(x(a, b) %*% beta))
  own <- model.matrix(delete.response(terms(form)), d); mu <- plogis(drop(own %*% beta))
  if (is.null(influence)) influence <- (own * (y - mu)) %*% solve(crossprod(own * (w * mu * (1 - mu)), own))
  n0 <- nrow(d); zero <- rep(0, n0); one <- rep(1, n0)
  P <- list(p(zero, zero), p(zero, one), p(one, zero), p(one, one))
  X <- list(x(zero, zero), x(zero, one), x(one, zero), x(one, one))
  a <- d$cooperates; b <- d$invests
  rows <- list(p_neither = list(1, 0, 0, 0), p_invests_only = list(0, 1, 0, 0), p_cooperates_only = list(0, 0, 1, 0),
    p_both = list(0, 0, 0, 1), ame_cooperates = list(b - 1, -b, 1 - b, b), ame_invests = list(a - 1, 1 - a, -a, a),
    effect_cooperates_without_investment = list(-1, 0, 1, 0), effect_cooperates_with_investment = list(0, -1, 0, 1),
    effect_invests_without_cooperation = list(-1, 1, 0, 0), effect_invests_with_cooperation = list(0, 0, -1, 1),
    complementarity = list(1, -1, -1, 1))
  lapply(rows, function(row) {
    h <- Reduce(`+`, Map(function(c, q) c * q, row, P)); g <- sum(w * h) / sum(w)
    J <- Reduce(`+`, Map(function(c, q, m) colSums(m * (c * q * (1 - q) * w)), row, P, X)) / sum(w)
    list(g = g, fixed = drop(influence %*% J), full = drop(influence %*% J) + (h - g) / sum(w))
  })
}
report <- function(block, f, d) {
  des <- design_of(d)
  for (t in names(coef(f))) say(block, t, coef(f)[[t]], SE(f)[[t]])
  s <- states(f, d)
  for (k in names(s)) {
    say(paste0(block, " contrasts"), k, s[[k]]$g, c(SE(svytotal(s[[k]]$full, des))))
    say(paste0(block, " delta"), k, s[[k]]$g, c(SE(svytotal(s[[k]]$fixed, des))))
  }
}
report("svyglm", svyglm(form, design_of(d), family = quasibinomial, control = tight), d)
# A domain: every firm stays in the design, the model sees one sector less.
inside <- d$sector != "trade"
des <- design_of(d)
f <- svyglm(top_innovator ~ cooperates * invests + size_band + sector, subset(des, inside), family = quasibinomial,
  control = tight)
for (t in names(coef(f))) say("svyglm domain", t, coef(f)[[t]], SE(f)[[t]])
f <- svyglm(I(share / 100) ~ cooperates * invests + size_band + sector, des, family = quasibinomial, control = tight)
for (t in names(coef(f))) say("fractional", t, coef(f)[[t]], SE(f)[[t]])

# ---- replicate weights ------------------------------------------------------------------------------------------
R <- 40
reps <- sapply(seq_len(R), function(r) { w <- d$weight
  for (h in names(H)) { at <- which(d$stratum == h); w[at] <- w[at] * tabulate(sample(length(at), replace = TRUE), length(at)) }
  w })
write.csv(data.frame(firm = d$firm, reps), "replicates.csv", row.names = FALSE)
rep_design <- svrepdesign(data = d, weights = ~weight, repweights = reps, type = "other", scale = 1 / (R - 1),
  rscales = rep(1, R), mse = FALSE, combined.weights = TRUE)
f <- svyglm(form, rep_design, family = quasibinomial, control = tight)
for (t in names(coef(f))) say("replicates", t, coef(f)[[t]], SE(f)[[t]])
theta <- withReplicates(rep_design, function(w, data) {
  data$.w <- w
  g <- glm(form, quasibinomial, data, weights = .w, control = tight)
  sapply(states(NULL, data, w = w, beta = coef(g)), `[[`, "g") })
for (k in names(theta)) say("replicates contrasts", k, coef(theta)[[k]], SE(theta)[[k]])

# ---- multiple imputation ----------------------------------------------------------------------------------------
lost <- rbinom(n, 1, .15) == 1
copies <- do.call(rbind, lapply(1:6, function(m) { c <- d
  c$share[lost] <- sample(d$share[!lost], sum(lost), TRUE); c$top_innovator <- as.integer(c$share > 40)
  c$imputation <- m; c }))
write.csv(copies[, c("imputation", "firm", "share", "top_innovator")], "copies.csv", row.names = FALSE)
each <- lapply(1:6, function(m) { c <- levels_of(copies[copies$imputation == m, ]); des <- design_of(c)
  f <- svyglm(form, des, family = quasibinomial, control = tight); s <- states(f, c)
  # Degrees of freedom: svyglm's for terms; for contrasts 2 V^2 / Var(V) of the firms' contributions.
  few <- sapply(s, function(k) { e <- k$full * c$weight; e <- e - mean(e); v <- sum(e^2)
    min(2 * v^2 / (sum(e^4) - v^2 / length(e)), f$df.residual) })
  list(q = c(coef(f), sapply(s, `[[`, "g")),
       u = c(diag(vcov(f)), sapply(s, function(k) c(SE(svytotal(k$full, des)))^2)), df = c(rep(f$df.residual, length(coef(f))), few)) })
f <- svyglm(form, design_of(levels_of(copies[copies$imputation == 1, ])), family = quasibinomial, control = tight)
for (i in seq_along(each[[1]]$q)) { k <- names(each[[1]]$q)[i]
  pooled <- pool.scalar(sapply(each, function(e) e$q[[k]]), sapply(each, function(e) e$u[[k]]), n = mean(sapply(each, function(e) e$df[i])), k = 0)
  say("pooled", k, pooled$qbar, sqrt(pooled$t))
  # Of terms Barnard and Rubin's. Of contrasts, whose degrees of freedom the copies' own variance has, those are kept.
  lambda <- (1 + 1 / 6) * pooled$b / pooled$t
  nu <- if (i <= length(coef(f))) pooled$df else 1 / (lambda^2 / 5 + 1 / mean(sapply(each, function(e) e$df[i])))
  say("pooled df", k, nu, if (i <= length(coef(f))) pooled$fmi else lambda + (1 - lambda) * 2 / (nu + 3))
}

# ---- separation: no top innovator cooperates without investing -----------------------------------------------------
s <- d; s$top_innovator[s$cooperates == 1 & s$invests == 0] <- 0L
write.csv(s[, c("firm", "top_innovator")], "separated.csv", row.names = FALSE)
plain <- glm(form, binomial, s, method = brglmFit, type = "AS_mean", epsilon = 1e-13, maxit = 5000)
for (t in names(coef(plain))) say("firth", t, coef(plain)[[t]], sqrt(vcov(plain)[t, t]))
scaled <- s$weight / mean(s$weight)
weighted <- suppressWarnings(glm(form, binomial, s, weights = scaled, method = brglmFit, type = "AS_mean",
  epsilon = 1e-13, maxit = 5000))
x <- model.matrix(form, s); mu <- fitted(weighted)
A <- crossprod(x * (scaled * mu * (1 - mu)), x)
h <- rowSums((x %*% solve(A)) * x) * scaled * mu * (1 - mu)
stretch <- 1 / (1 - pmin(h, .95))   # as HC3
influence <- (x * (scaled * (s$top_innovator - mu) + h * (.5 - mu)) * stretch) %*% solve(A) / s$weight
se <- SE(svytotal(influence, design_of(s)))
for (i in seq_along(coef(weighted))) say("firth weighted", names(coef(weighted))[i], coef(weighted)[[i]], se[[i]])
rest <- drop(x[, -1] %*% coef(weighted)[-1])
flic <- suppressWarnings(glm(s$top_innovator ~ 1 + offset(rest), quasibinomial, weights = s$weight, control = tight))
v <- s$weight * fitted(flic) * (1 - fitted(flic))
first <- ((s$top_innovator - fitted(flic)) * stretch - drop(influence[, -1] %*% crossprod(x[, -1], v))) / sum(v)
say("flic", "(Intercept)", coef(flic)[[1]], c(SE(svytotal(first, design_of(s)))))
beta <- c(coef(flic)[[1]], coef(weighted)[-1]); full <- cbind(first, influence[, -1])
k <- states(NULL, s, beta = beta, influence = full)
for (name in names(k)) say("flic contrasts", name, k[[name]]$g, c(SE(svytotal(k[[name]]$full, design_of(s)))))

# ---- a panel ----------------------------------------------------------------------------------------------------
firms <- 260; own <- rnorm(firms)
p <- do.call(rbind, lapply(c("2017", "2018", "2019"), function(w) data.frame(firm = sprintf("P%03d", 1:firms), wave = w,
  cooperates = rbinom(firms, 1, plogis(own - .3)), invests = rbinom(firms, 1, plogis(.5 * own)))))
p$top_innovator <- rbinom(nrow(p), 1, plogis(-1.2 + rep(own, 3) + .5 * p$cooperates + .4 * p$invests +
  .3 * p$cooperates * p$invests + .2 * (p$wave == "2019")))
p <- p[sample(nrow(p), 600), ]; p <- p[order(p$wave, p$firm), ]
write.csv(p, "panel.csv", row.names = FALSE)
f <- clogit(top_innovator ~ cooperates * invests + factor(wave) + strata(firm), p, method = "exact",
  control = coxph.control(eps = 1e-12, toler.chol = 1e-14, iter.max = 100))
for (t in names(coef(f))) say("clogit", t, coef(f)[[t]], sqrt(vcov(f)[t, t]))
say("clogit", "loglik", f$loglik[2])
# Pooled with firms as clusters and no strata: equal weights.
f <- svyglm(top_innovator ~ cooperates * invests + factor(wave), svydesign(~firm, weights = ~1, data = p),
  family = quasibinomial, control = tight)
for (t in names(coef(f))) say("clustered", t, coef(f)[[t]], SE(f)[[t]])

write.csv(do.call(rbind, out), "r_output.csv", row.names = FALSE)
