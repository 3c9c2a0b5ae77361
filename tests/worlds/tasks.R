# Runs docs/economist/tasks.R, and writes what its results hold with 15 digits:
# Rscript tasks.R RELEASE [folder of tasks.R] [folder for results.csv]
folders <- commandArgs(trailingOnly = TRUE)
source(file.path(folders[2], "tasks.R"))
results <- list(
  trend = trend, logit = logit, odds = odds, complementarity = complementarity, small = small, labelled = labelled,
  table = table, rao_scott = rao_scott, fraction = fraction, median = median, decile = decile, none = none,
  sectors = sectors, change = change, own = own
)
figures <- function(name) {
  x <- results[[name]]
  if (is.numeric(x)) data.frame(name, estimate = x, se = NA)
  else if (!is.data.frame(x)) data.frame(name, estimate = coef(x), se = SE(x))
  else {
    column <- if (name == "odds") "odds_ratio" else "estimate"
    data.frame(name, estimate = x[[column]], se = if (is.null(x$se)) NA else x$se)
  }
}
told <- do.call(rbind, lapply(names(results), figures))
write.csv(told, file.path(folders[3], "results.csv"), row.names = FALSE, na = "")
