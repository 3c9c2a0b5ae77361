# The iterative figures of ../shared/reference/design_benchmarks.csv once more, iterated to the end. R's defaults stop
# svyglm at a change of 1e-8 in the deviance (its standard errors then differ in the fifth digit) and rake() at one
# firm. Run in the project's folder, with the public data beside it:  Rscript tests/golden/design/tight.R
suppressPackageStartupMessages(library(survey))
options(digits = 17)
shared <- "../shared/data"
tight <- list(epsilon = 1e-14, maxit = 100)
figures <- list()
add <- function(set, quantity, est, se = NA)
  figures[[length(figures) + 1]] <<- data.frame(set, quantity, est = as.numeric(est), se = as.numeric(se))

apistrat <- read.csv(file.path(shared, "survey_api/apistrat.csv"))
d <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat)
m <- svyglm(I(sch.wide == "Yes") ~ ell + meals + mobility, d, family = quasibinomial, control = tight)
add("apistrat", paste("svyglm sch.wide", names(coef(m))), coef(m), SE(m))

sbs <- read.csv(file.path(shared, "regenesees_sbs/sbs.csv"))
sbs$region <- factor(sbs$region, levels = c("North", "Center", "South"))
d <- svydesign(id = ~1, strata = ~strata, weights = ~weight, fpc = ~fpc, data = sbs)
m <- svyglm(I(va.imp2 / emp.num > 50) ~ region + log(emp.num), d, family = quasibinomial, control = tight)
add("sbs", paste("svyglm (va/emp>50)", names(coef(m))), coef(m), SE(m))

apiclus1 <- read.csv(file.path(shared, "survey_api/apiclus1.csv"))
d <- svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1)
r <- rake(d, list(~stype, ~sch.wide),
          list(data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018)),
               data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))), control = list(maxit = 500, epsilon = 1e-9))
t <- svytotal(~enroll, r); add("apiclus1", "raked total enroll", coef(t), SE(t))
add("apiclus1", "raked weight min", min(weights(r))); add("apiclus1", "raked weight max", max(weights(r)))
write.csv(do.call(rbind, figures), "tests/golden/design/tight.csv", row.names = FALSE)
