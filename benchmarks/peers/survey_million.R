# A million firms by R's survey, linearised and iterated to the end.
suppressPackageStartupMessages(library(survey))
told <- commandArgs(TRUE)
column <- function(name) readBin(file.path(told[1], paste0(name, ".bin")), "double", 1e6)
controls <- if (told[2] == "mixed") c("log_employees", "cooperates", "invests", "young") else paste0("z", 1:11)
d <- as.data.frame(sapply(c("top", "stratum", "weight", "firms", "cluster", "clusters", controls), column))
if (told[2] == "mixed") {
  sectors <- c("agriculture", "construction", "industry", "information", "services", "trade")
  d$sector <- factor(column("sector"), labels = sectors)
}
began <- proc.time()
s <- if (told[3] == "firms") {
  svydesign(ids = ~1, strata = ~stratum, fpc = ~firms, weights = ~weight, data = d)
} else {
  svydesign(ids = ~cluster, strata = ~stratum, fpc = ~clusters, weights = ~weight, data = d)
}
formula <- if (told[2] == "mixed") {
  top ~ log_employees + I(log_employees^2) + sector + cooperates * invests + young
} else {
  reformulate(controls, "top")
}
g <- svyglm(formula, s, family = quasibinomial, control = glm.control(epsilon = 1e-14, maxit = 50))
took <- proc.time() - began
rss <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
names <- sub("I(log_employees^2)", "log_squared", names(coef(g)), fixed = TRUE)
figures <- sprintf('"%s b": %.7g, "%s se": %.7g', names, coef(g), names, sqrt(diag(vcov(g))))
cat(sprintf('{"wall": %.4f, "cpu": %.4f, "peak_mb": %.0f, %s}\n',
            took[["elapsed"]], took[["user.self"]] + took[["sys.self"]], rss, paste(figures, collapse = ", ")))
