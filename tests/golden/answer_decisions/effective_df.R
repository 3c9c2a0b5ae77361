# Intervals with known degrees of freedom, for tests/statistics/test_effective_df.py. Run in this folder:
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
