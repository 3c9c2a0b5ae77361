# The wave by R's survey: the same bootstrap with finite population correction, raking, domains and logit.
suppressPackageStartupMessages(library(survey))
folder <- commandArgs(TRUE)[1]
d <- read.csv(file.path(folder, "wave.csv"), stringsAsFactors = TRUE)
m <- read.csv(file.path(folder, "margins.csv"))
of <- function(v) { t <- m$total[m$variable == v]; names(t) <- m$category[m$variable == v]; t }
total <- sum(of("size"))
margins <- c(`(Intercept)` = total)
for (v in c("size", "sector", "province")) for (l in levels(d[[v]])[-1]) margins[paste0(v, l)] <- of(v)[l]
d$both <- d$cooperates * d$invests
set.seed(1)
began <- proc.time()
s <- svydesign(ids = ~1, strata = ~stratum, fpc = ~population, weights = ~weight, data = d)
r <- as.svrepdesign(s, type = "mrbbootstrap", replicates = 500)
r <- calibrate(r, ~size + sector + province, margins, compress = FALSE, calfun = "raking", epsilon = 1e-10, maxit = 200)
y <- as.formula(paste("~", paste0("y", 1:20, collapse = "+")))
b <- svyby(y, ~sector, r, svymean)
g <- svyglm(top ~ size + sector + cooperates + invests + both + y1, r, family = quasibinomial)
took <- proc.time() - began
peak <- sum(gc()[, 6])
rss <- tryCatch(as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024,
                error = function(e) peak)
cat(sprintf('{"wall": %.4f, "cpu": %.4f, "peak_mb": %.0f, "share": %.7g, "share_se": %.7g, "logit": %.7g, "logit_se": %.7g}\n',
            took[["elapsed"]], took[["user.self"]] + took[["sys.self"]], rss,
            coef(b)["agriculture:y1"], as.matrix(SE(b))[1, 1], coef(g)["both"], sqrt(diag(vcov(g)))["both"]))
