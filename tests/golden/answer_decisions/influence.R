# What one firm carries, for tests/statistics/test_influence.py. Run in this folder:
# Rscript influence.R (R 4.2.2)
options(digits = 17)
set.seed(1964)
d <- data.frame(firm = sprintf("F%02d", c(1:40, 1:15)), wave = rep(c(2018, 2019), c(40, 15)), weight = round(runif(55, 1, 9), 2))
d$turnover <- round(exp(rnorm(55, 3, 1.3)), 2); d$new <- round(d$turnover * rbinom(55, 1, .4) * runif(55), 2)
d$new[7] <- -3
write.csv(d, "influence_sample.csv", row.names = FALSE)
size <- tapply(d$weight * abs(d$new), d$firm, sum); share <- size / sum(size)
twice <- names(which(table(d$firm) > 1))
write.csv(data.frame(firms = sum(size > 0), largest = max(share), effective = 1 / sum(share^2), panel = sum(share[twice])), "influence.csv", row.names = FALSE)
