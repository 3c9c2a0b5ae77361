# Firms of the population in both ends of a tie, in each node's ties and in a tie on average, by R's survey.
#   Rscript tests/golden/network/ties.R        (survey 4.1 or newer; writes the two files beside it)
# Forty made-up firms in three strata, three initiatives each firm takes part in or not, and 200 bootstrap weights.
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
set.seed(20190601)
n <- 40
firms <- data.frame(firm = sprintf("f%02d", 1:n), stratum = rep(c("a", "b", "c"), c(16, 14, 10)))
firms$population <- c(a = 80, b = 42, c = 20)[firms$stratum]
firms$weight <- round(firms$population / table(firms$stratum)[firms$stratum] * runif(n, 0.7, 1.4), 4)
for (node in c("A", "B", "C")) firms[[node]] <- as.integer(runif(n) < 0.65)
design <- svydesign(~1, strata = ~stratum, weights = ~weight, data = firms)
boot <- as.svrepdesign(design, type = "subbootstrap", replicates = 200, compress = FALSE)
replicates <- round(weights(boot, type = "analysis"), 6)
write.csv(cbind(firms, replicates), file.path(here, "firms.csv"), row.names = FALSE)
firms$AB <- firms$A * firms$B
firms$AC <- firms$A * firms$C
firms$BC <- firms$B * firms$C
again <- svrepdesign(data = firms, weights = ~weight, repweights = replicates, type = "other",
                     combined.weights = TRUE, scale = 1 / (200 - 1), rscales = rep(1, 200), mse = FALSE)
of <- list(AB = ~AB, AC = ~AC, BC = ~BC, A = ~I(AB + AC), B = ~I(AB + BC), C = ~I(AC + BC), mean = ~I((AB + AC + BC) / 3))
found <- lapply(of, svytotal, design = again)
write.csv(data.frame(of = names(of), estimate = sapply(found, coef), se = sapply(found, SE)),
          file.path(here, "ties_r.csv"), row.names = FALSE)
