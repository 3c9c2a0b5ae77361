# Every firm left out, every outcome turned, by refitting: for tests/statistics/test_leave_one_out.py.
# Run in this folder: Rscript leave_one_out.R (R 4.2.2; ten seconds)
options(digits = 17)
set.seed(2020)
n <- 150
d <- data.frame(a = rbinom(n, 1, .4), b = rbinom(n, 1, .5), sector = sample(c("industry", "trade", "services"), n, TRUE),
  w = round(runif(n, 2, 12), 2))
eta <- -2 + .2 * d$a + .2 * d$b + .9 * d$a * d$b
d$y1 <- rbinom(n, 1, plogis(eta)); d$y2 <- d$y1
open <- sample(n, 12); d$y2[open] <- rbinom(12, 1, .2)     # filled in: 12 outcomes may differ between the copies
write.csv(d, "leave_one_out_sample.csv", row.names = FALSE)
d$sector <- factor(d$sector, c("industry", "trade", "services"))
form <- ~ a * b + sector
X <- model.matrix(form, d)
ml <- function(y, w) suppressWarnings(coef(glm.fit(X, y, w, family = quasibinomial(),
  control = list(epsilon = 1e-14, maxit = 100))))
firth_flic <- function(y, w) {
  # Firth's modified score by Newton steps with the weights' mean at one, then FLIC's intercept.
  s <- w * sum(w > 0) / sum(w); beta <- c(qlogis(sum(w * y) / sum(w)), rep(0, ncol(X) - 1))
  for (i in 1:2000) { p <- plogis(drop(X %*% beta)); v <- s * p * (1 - p); I <- solve(crossprod(X * v, X))
    h <- v * rowSums((X %*% I) * X); step <- drop(I %*% crossprod(X, s * (y - p) + h * (.5 - p)))
    beta <- beta + step; if (max(abs(step)) < 1e-13) break }
  rest <- drop(X[, -1] %*% beta[-1])
  beta[1] <- uniroot(function(c) sum(w * (y - plogis(c + rest))), c(-20, 20), tol = 1e-14)$root
  beta }
complementarity <- function(beta, w) {
  p <- function(s, t) { e <- d; e$a <- s; e$b <- t; plogis(drop(model.matrix(form, e) %*% beta)) }
  sum(w * (p(1, 1) - p(1, 0) - p(0, 1) + p(0, 0))) / sum(w) }
out <- list()
for (method in c("logit", "firth")) {
  fit <- if (method == "logit") ml else firth_flic
  of <- function(change) mean(sapply(list(d$y1, d$y2), change))
  estimate <- of(function(y) complementarity(fit(y, d$w), d$w))
  left <- sapply(1:n, function(i) of(function(y) { w <- d$w; w[i] <- 0; complementarity(fit(y, w), w) }))
  turned <- sapply(which(d$y1 == d$y2), function(i) of(function(y) { y[i] <- 1 - y[i]; complementarity(fit(y, d$w), d$w) }))
  two <- combn(order(left)[1:12], 2, function(ij) of(function(y) { w <- d$w; w[ij] <- 0; complementarity(fit(y, w), w) }))
  out[[method]] <- data.frame(method, estimate, lowest = min(left), highest = max(left), lowest_turned = min(turned),
    highest_turned = max(turned), lowest_of_two = min(two))
}
write.csv(do.call(rbind, out), "leave_one_out.csv", row.names = FALSE)
