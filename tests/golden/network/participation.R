# Firms of the population that take part, their share, entry, and the difference of an outcome, by R's survey.
#   Rscript tests/golden/network/participation.R        (survey 4.1 or newer; writes the file beside it)
# The forty firms of firms.csv: A, B and C are initiatives; the outcome is C, and who took part before are those in B.
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
firms <- read.csv(file.path(here, "firms.csv"))
firms$any <- pmax(firms$A, firms$B)
design <- svydesign(~1, strata = ~stratum, weights = ~weight, fpc = ~population, data = firms)
row <- function(of, found) data.frame(of = of, estimate = as.numeric(coef(found)), se = as.numeric(SE(found)))
means <- function(within) {
  both <- svyby(~C, within, design, svymean, covmat = TRUE)
  svycontrast(both, quote(`1` - `0`))
}
entered <- svyratio(~I(A * (1 - B)), ~I(1 - B), design)
left <- svyratio(~I((1 - A) * B), ~B, design)
found <- rbind(
  row("firms A", svytotal(~A, design)), row("firms any", svytotal(~any, design)),
  row("firms A in a", svytotal(~I(A * (stratum == "a")), design)),
  row("reach A", svymean(~A, design)), row("reach any", svymean(~any, design)),
  row("reach A in a", svymean(~A, subset(design, stratum == "a"))),
  row("outcome A", svymean(~C, subset(design, A == 1))), row("outcome not A", svymean(~C, subset(design, A == 0))),
  row("difference A", means(~A)), row("entered A", entered), row("left A", left))
write.csv(found, file.path(here, "participation_r.csv"), row.names = FALSE)
