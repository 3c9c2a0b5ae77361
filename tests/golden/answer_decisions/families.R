# p-values adjusted within families, for tests/statistics/test_families.py. Run in this folder: Rscript families.R
# R 4.2.2; ties and missing values on purpose.
options(digits = 17)
set.seed(1979)
d <- data.frame(family = rep(c("a", "b", "c", "d", "e"), c(12, 30, 1, 4, 3)), p = round(rbeta(50, .4, 2), 6))
d$p[c(3, 7, 15)] <- d$p[2]; d$p[c(20, 21)] <- 1; d$p[22] <- 0; d$p[c(5, 18, 44)] <- NA; d$p[48:50] <- NA
within <- function(method) { out <- d$p
  for (f in unique(d$family)) out[d$family == f] <- p.adjust(d$p[d$family == f], method)
  out }
d$holm <- within("holm"); d$benjamini_hochberg <- within("BH"); d$benjamini_yekutieli <- within("BY")
d$none <- within("none")
write.csv(d, "families.csv", row.names = FALSE)
