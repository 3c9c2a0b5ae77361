# Makes data.csv (624 firms made up, 5 to 15 % of the answers missing at random) and pooled.csv (a logit with an
# interaction and the means, pooled by R's mice over 200 copies with the interaction in the imputation models).
# Run in this folder: Rscript mice.R     (R 4.2.2, mice 3.15.0; about four minutes)

suppressPackageStartupMessages(library(mice))
set.seed(20171218)
n <- 624
size <- factor(sample(c("micro", "small", "large"), n, TRUE, c(.55, .33, .12)), levels = c("micro", "small", "large"))
sector <- factor(sample(c("trade", "industry", "ict"), n, TRUE, c(.45, .35, .20)))
employees <- round(exp(c(1.2, 3.0, 5.0)[size] + rnorm(n, sd = .6)))
maturity <- pmin(pmax(round(2.6 + .4 * as.integer(size) + .5 * (sector == "ict") + rnorm(n)), 1), 5)
orientation <- factor(ifelse(runif(n) < .2, "profit", ifelse(runif(n) < plogis(-2 + .5 * (sector == "trade")),
                      "social", "balanced")))
a <- rbinom(n, 1, plogis(-.9 + .5 * (size == "large") + .3 * (maturity - 3)))
b <- rbinom(n, 1, plogis(-.7 + .6 * a + .4 * (sector == "industry") + .3 * log(employees) - .6))
y <- rbinom(n, 1, plogis(-2.2 + .3 * a + .5 * b + .9 * a * b + .4 * (sector == "ict") + .2 * (maturity - 3)))
spend <- round(exp(6 + .8 * log(employees + 1) + 1.1 * b + rnorm(n, sd = .8)))
d <- data.frame(y, a, b, maturity, orientation, spend, employees, size, sector)

gone <- function(p, z) runif(n) < plogis(qlogis(p) + .7 * as.numeric(scale(z)))
z <- log(d$employees + 1)
d$y[gone(.10, z)] <- NA
d$a[gone(.12, d$sector == "trade")] <- NA
d$b[gone(.12, z)] <- NA
d$maturity[gone(.10, d$sector == "ict")] <- NA
d$orientation[gone(.06, z)] <- NA
d$spend[gone(.15, z)] <- NA
write.csv(cbind(firm = sprintf("f%03d", seq_len(n)), d), "data.csv", row.names = FALSE, quote = FALSE)

d$y <- factor(d$y); d$a <- factor(d$a); d$b <- factor(d$b)
d$maturity <- factor(d$maturity, levels = 1:5, ordered = TRUE)
d$logspend <- log1p(d$spend); d$spend <- NULL
d$logemp <- log1p(d$employees); d$employees <- NULL
others <- "+ orientation + logspend + logemp + size + sector"
models <- lapply(list(
  y = paste("y ~ a * b + maturity", others), a = paste("a ~ y * b + maturity", others),
  b = paste("b ~ y * a + maturity", others), maturity = paste("maturity ~ a * b + y + y:a + y:b", others),
  orientation = "orientation ~ a * b + y + y:a + y:b + maturity + logspend + logemp + size + sector",
  logspend = "logspend ~ a * b + y + y:a + y:b + maturity + orientation + logemp + size + sector"
), as.formula)
methods <- c(y = "logreg", a = "logreg", b = "logreg", maturity = "polr", orientation = "polyreg", logspend = "pmm")
copies <- 200
filled <- mice(d, m = copies, maxit = 10, method = methods, formulas = models, printFlag = FALSE, seed = 1)

pooled <- NULL
keep <- function(quantity, q, u, dfcom) {
  p <- pool.scalar(q, u, n = dfcom + 1, k = 1)
  pooled <<- rbind(pooled, data.frame(quantity, estimate = p$qbar, se = sqrt(p$t), between = p$b, df = p$df,
                                      fmi = p$fmi, copies = copies))
}
fits <- lapply(seq_len(copies), function(i) {
  glm(I(y == "1") ~ I(a == "1") * I(b == "1") + size + sector, binomial, complete(filled, i),
      control = list(epsilon = 1e-14))
})
names_ <- c("intercept", "a", "b", "small", "large", "industry", "trade", "a:b")
for (j in seq_along(names_)) {
  keep(paste0("logit ", names_[j]), sapply(fits, function(f) coef(f)[j]), sapply(fits, function(f) vcov(f)[j, j]), n - 8)
}
mean_of <- function(quantity, of) {
  values <- lapply(seq_len(copies), function(i) of(complete(filled, i)))
  keep(paste0("mean ", quantity), sapply(values, mean), sapply(values, function(v) var(v) / n), n - 1)
}
mean_of("y", function(f) as.numeric(f$y == "1"))
mean_of("a", function(f) as.numeric(f$a == "1"))
mean_of("b", function(f) as.numeric(f$b == "1"))
mean_of("a and b", function(f) as.numeric(f$a == "1" & f$b == "1"))
mean_of("maturity", function(f) as.numeric(as.character(f$maturity)))
mean_of("orientation profit", function(f) as.numeric(f$orientation == "profit"))
mean_of("orientation social", function(f) as.numeric(f$orientation == "social"))
mean_of("logspend", function(f) f$logspend)
write.csv(pooled, "pooled.csv", row.names = FALSE)
