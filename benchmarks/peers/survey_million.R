# (b) by R's survey.
suppressPackageStartupMessages(library(survey))
folder <- commandArgs(TRUE)[1]
column <- function(name) readBin(file.path(folder, paste0(name, ".bin")), "double", 1e6)
d <- data.frame(stratum = column("stratum"), population = column("population"), weight = column("weight"),
                size = factor(column("size")), sector = factor(column("sector")), cooperates = column("cooperates"),
                invests = column("invests"), young = column("young"), top = column("top"))
began <- proc.time()
s <- svydesign(ids = ~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = d)
g <- svyglm(top ~ size + sector + cooperates * invests + young, s, family = quasibinomial)
took <- proc.time() - began
rss <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(sprintf('{"wall": %.4f, "cpu": %.4f, "peak_mb": %.0f, "logit": %.7g, "logit_se": %.7g}\n',
            took[["elapsed"]], took[["user.self"]] + took[["sys.self"]], rss,
            coef(g)["cooperates:invests"], sqrt(diag(vcov(g)))["cooperates:invests"]))
