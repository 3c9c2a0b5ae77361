# Estimates after Fay & Herriot (1979) by REML with Datta & Lahiri's (2000) mean squared error, of the milk expenditure of
# 43 areas (Arora & Lahiri 1997; You & Chapman 2006), and of areas whose model leaves nothing between them. R 4.2.2, and
# eblupFH and mseFH of sae 1.3, which Debian has not: unpack it from CRAN, and run in this folder:
# Rscript small_areas.R [folder of sae]
sae <- commandArgs(trailingOnly = TRUE)[1]
for (file in c("eblupFH.R", "mseFH.R")) source(file.path(sae, "R", file))
load(file.path(sae, "data", "milk.rda"))

set.seed(1979)
alike <- data.frame(area = 1:20, x = round(runif(20), 3), variance = round(runif(20, 0.5, 2), 3))
alike$direct <- round(2 + 3 * alike$x + 0.3 * rnorm(20), 4)
milk <- with(milk, data.frame(area = SmallArea, major = MajorArea, direct = yi, variance = SD^2))
write.csv(milk, "milk.csv", row.names = FALSE)
write.csv(alike, "alike.csv", row.names = FALSE)

told <- function(data, name, x) {
  frame <- data.frame(direct = data$direct, variance = data$variance)
  assign("x_of_areas", x, envir = globalenv())
  made <- mseFH(direct ~ x_of_areas - 1, variance, MAXITER = 1000, PRECISION = 1e-14, data = frame)
  stopifnot(made$est$fit$convergence)
  a <- made$est$fit$refvar
  data.frame(data = name, area = data$area, between = a, estimate = c(made$est$eblup), mse = made$mse)
}
figures <- rbind(
  told(milk, "milk", model.matrix(~factor(major), milk)),
  told(milk, "milk one mean", model.matrix(~1, milk)),
  told(alike, "alike", model.matrix(~x, alike))
)
write.csv(figures, "figures.csv", row.names = FALSE)
