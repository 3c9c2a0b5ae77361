# A practice with two measures (latent classes).
source("stacked.R")
set.seed(1998)
H <- c(a = 9000, b = 5000, c = 2400); take <- c(a = 900, b = 800, c = 700); stratum <- rep(names(H), take)
n <- length(stratum)
d <- data.frame(stratum, population = H[stratum], weight = (H / take)[stratum])
d$cooperates <- rbinom(n, 1, .4); d$invests <- rbinom(n, 1, plogis(-.3 + .7 * d$cooperates))
d$initiatives <- ifelse(d$cooperates == 1, rbinom(n, 1, .8), rbinom(n, 1, .1))
d$partners <- ifelse(d$cooperates == 1, rbinom(n, 1, .7), rbinom(n, 1, .15))
d$top <- rbinom(n, 1, c(.1, .2, .15, .5)[1 + 2 * d$cooperates + d$invests])
write.csv(d[, setdiff(names(d), "cooperates")], "misclassified.csv", row.names = FALSE)
w <- d$weight; v <- w / sum(w)

# ---- two measures of cooperation ---------------------------------------------------------------------------------
# theta: sensitivity and false positives of either, prevalence without and with investment, four outcome probabilities.
A1 <- d$initiatives; A2 <- d$partners; B <- d$invests; Y <- d$top
density <- function(t, a1 = A1, a2 = A2, b = B, y = Y) { p <- t[5:6][1 + b]
  has <- p * dbinom(a1, 1, t[1]) * dbinom(a2, 1, t[3]) * dbinom(y, 1, t[9:10][1 + b])
  not <- (1 - p) * dbinom(a1, 1, t[2]) * dbinom(a2, 1, t[4]) * dbinom(y, 1, t[7:8][1 + b])
  has + not }
start <- c(.85, .1, .75, .1, .3, .4, .1, .2, .2, .5)
lik <- function(e) -sum(v * log(density(plogis(e))))
t0 <- plogis(optim(qlogis(start), lik, method = "BFGS", control = list(reltol = 1e-14, maxit = 5000))$par)
cells <- expand.grid(a1 = 0:1, a2 = 0:1, b = 0:1, y = 0:1); row <- match(paste(A1, A2, B, Y), do.call(paste, cells))
score <- function(t) { J <- jacobian(function(u) log(density(u, cells$a1, cells$a2, cells$b, cells$y)), t); J[row, ] }
# The score's own derivative by differences of differences would lose digits: the sandwich's A is the Hessian instead.
h <- hessian(function(t) sum(w * log(density(t))), t0)
for (i in 1:6) { t0 <- t0 - solve(h, colSums(w * score(t0))); h <- hessian(function(t) sum(w * log(density(t))), t0) }
influence <- -score(t0) %*% solve(h)
se <- errors(influence, design_of(d))
named <- c("sensitivity_1", "false_positive_1", "sensitivity_2", "false_positive_2", "prevalence_without", "prevalence_with")
for (i in 1:6) say("measures", named[i], t0[i], se[[i]])
tell("two measures", t0[7:10], influence[, 7:10], design_of(d))
fitted <- density(t0, cells$a1, cells$a2, cells$b, cells$y); share <- tapply(w, factor(row, 1:16), sum) / sum(w)
fitted <- fitted * ifelse(cells$b == 1, sum(v * B), 1 - sum(v * B)); say("misfit", "misfit", sum(abs(share - fitted)) / 2)
for (m in 1:2) { a <- list(A1, A2)[[m]]; inside <- sapply(states, function(s) (a == s[1] & B == s[2]) * 1)
  p <- colSums(w * inside * Y) / colSums(w * inside)
  tell(paste("as measured", m), p, sweep(inside * outer(Y, p, "-"), 2, colSums(w * inside), "/"), design_of(d)) }
kappa <- function(t) { pe <- t[2] * t[3] + (1 - t[2]) * (1 - t[3]); (t[1] - pe) / (1 - pe) }
m <- c(sum(v * (A1 == A2)), sum(v * A1), sum(v * A2))
z <- sweep(cbind(A1 == A2, A1, A2), 2, m) / sum(w)
say("kappa", "kappa", kappa(m), errors(z %*% t(jacobian(kappa, m)), design_of(d)))
written("misclassification.csv")
