# Intervals with known degrees of freedom, and Welch's, for tests/statistics/test_effective_df.py. Run in this folder:
# Rscript effective_df.R (R 4.2.2)
options(digits = 17)
set.seed(1908)
df <- c(1, 1.7, 2, 3.25, 7, 18.4, 60, 311, 5000, Inf)
difference <- data.frame(scale = "difference", df, estimate = round(rnorm(10, 0, .1), 4), se = round(runif(10, .01, .1), 4))
difference$low <- difference$estimate - qt(.975, df) * difference$se
difference$high <- difference$estimate + qt(.975, df) * difference$se
share <- data.frame(scale = "logit", df, estimate = round(rbeta(10, 2, 6), 4), se = round(runif(10, .01, .05), 4))
half <- qt(.975, df) * share$se / (share$estimate * (1 - share$estimate))
share$low <- plogis(qlogis(share$estimate) - half); share$high <- plogis(qlogis(share$estimate) + half)
write.csv(rbind(difference, share), "effective_df.csv", row.names = FALSE)
x <- round(rnorm(9, 0, 2), 3); y <- round(rnorm(25), 3)
write.csv(data.frame(v1 = var(x) / 9, v2 = var(y) / 25, df1 = 8, df2 = 24, welch = t.test(x, y)$parameter[["df"]]),
  "satterthwaite.csv", row.names = FALSE)
