# Ten questions to a release, asked in R. The demonstration survey is synthetic: no firm in it exists.
#
#     Rscript docs/economist/tasks.R RELEASE      (monitor-home/releases/noord_nederland/latest; about a minute)
#
# Public tables are read as CSV, firms from the secure .dta files. Needs the packages survey, mitools and haven.
suppressPackageStartupMessages({library(survey); library(mitools); library(haven)})

release <- commandArgs(trailingOnly = TRUE)[1]
public <- function(table) {
  file <- file.path(release, "public", "tables", paste0(table, ".csv"))
  read.csv(file, na.strings = "", colClasses = c(wave = "character"))
}
secure <- function(table) read_dta(file.path(release, "secure", paste0(table, ".dta")))
# Categories come with their words; codes of true and false as 1 and 0.
coded <- function(x) if (setequal(attr(x, "labels"), 0:1)) as.numeric(x) else if (is.labelled(x)) as_factor(x) else x
completed <- as.data.frame(lapply(secure("completed"), coded))
completed <- completed[completed$imputation > 0, ]
replicates <- as.data.frame(secure("replicate_weights"))
rownames(replicates) <- paste(replicates$wave, replicates$firm)
drawn <- as.matrix(replicates[, grep("^repw", names(replicates))])
scale <- unique(replicates$replicate_scale)
stopifnot("each wave has a design of its own: take one" = length(scale) == 1)

# One design for each completed copy; a variance is scale times the sum of squared deviations from the replicates' mean.
designs_of <- function(firms) lapply(split(firms, firms$imputation), function(copy) svrepdesign(
  data = copy, weights = ~weight, repweights = drawn[paste(copy$wave, copy$firm), ], combined.weights = TRUE,
  type = "other", scale = scale, rscales = rep(1, ncol(drawn)), mse = FALSE
))
waves <- designs_of(completed)
wave <- designs_of(completed[completed$wave == "2019", ])
# Degrees of freedom: firms less cells of the design, of the given answers.
given <- as.data.frame(secure("firms"))
given <- given[given$wave == "2019", ]
df <- nrow(given) - length(unique(given$variance_cell))

# An estimate of every copy, by Rubin's rules.
over <- function(designs, ask) MIcombine(lapply(designs, ask))
show <- function(title, result) {
  cat("\n", title, "\n", sep = "")
  if (is.data.frame(result)) print(result, row.names = FALSE)
  else print(if (inherits(result, "MIresult")) cbind(estimate = coef(result), se = SE(result)) else result)
}

# 1. The trend by size
trend <- over(waves, function(d) svyby(~top_innovator, ~size_band + wave, d, svymean, na.rm = TRUE))
show("Top innovators by size and wave", trend)

# 2. Odds ratios
logit <- over(waves, function(d) {
  svyglm(top_innovator ~ cooperates + invests + size_band + wave, d, family = quasibinomial())
})
show("Odds ratios", exp(cbind(estimate = coef(logit), confint(logit))))
odds <- subset(public("terms"), model == "top_innovator" & variant == "main" & !is.na(odds_ratio))
odds <- odds[order(odds$wave, odds$term, method = "radix"), ]
odds <- odds[, c("wave", "term", "odds_ratio", "odds_ratio_low", "odds_ratio_high")]
show("Odds ratios, as published", odds)

# 3. Complementarity by wave, as published
complementarity <- subset(
  public("contrasts"), model == "top_innovator" & variant == "main" & contrast == "complementarity",
  c("wave", "estimate", "ci_low", "ci_high")
)
complementarity <- complementarity[order(complementarity$wave), ]
show("Complementarity", complementarity)

# 4. The mean of a subgroup, with its error
small <- over(wave, function(d) svymean(~number_of_initiatives, subset(d, grepl("^Small", size_band)), na.rm = TRUE))
show("Initiatives of small firms", small)

# 5. Figures beside what the codebook says of them
domains <- read.csv(file.path(release, "public", "tables", "domains.csv"), na.strings = "")
by_sector <- subset(public("indicators"), indicator == "top_innovators" & wave == "2019" & domain_variable == "sector")
labelled <- merge(by_sector, domains)
labelled <- labelled[order(labelled$sort_order), c("indicator", "label_en", "estimate", "ci_low", "ci_high")]
show("Figures and their labels", labelled)

# 6. A table with its test. Each copy's own is svychisq(~cooperates + top_innovator, wave[[1]]); of all copies together
# it is Rao and Scott's (1984) of their combined shares and covariance.
cells <- ~ factor(paste(cooperates, top_innovator))
table <- over(wave, function(d) svymean(cells, subset(d, !is.na(cooperates) & !is.na(top_innovator))))
names(table$coefficients) <- c("neither", "top innovator", "cooperates", "both")
show("Cooperation and top innovation", table)
shares <- matrix(coef(table), 2, byrow = TRUE)
independent <- outer(rowSums(shares), colSums(shares))
interaction <- c(1, -1, -1, 1) / coef(table)
effect <- drop(interaction %*% vcov(table) %*% interaction) * nrow(given) / sum(1 / coef(table))
rao_scott <- nrow(given) * sum((shares - independent)^2 / independent) / effect
show("Rao and Scott's statistic", rao_scott)

# 7. A regression of one's own, for part of the firms
fraction <- over(wave, function(d) svyglm(
  I(turnover_share_new_to_market / 100) ~ cooperates + invests, subset(d, product_innovation == 1),
  family = quasibinomial()
))
show("Share of turnover new to the market, product innovators", fraction)

# 8. How many initiatives firms take part in. The quantile is that of all copies' firms together; Woodruff's (1952)
# interval is that of the share at or below it, read back, and the error follows from its length. The degrees of freedom
# are written out after Barnard and Rubin (1999), since MIcombine(df.complete = ) leaves (1 + 1/m) out of theirs; where
# no copy differs from another nothing was missing, and they are those of the design.
quantile_of <- function(p) {
  of_copy <- function(d) data.frame(y = d$variables$number_of_initiatives, w = weights(d, "sampling"))
  firms <- na.omit(do.call(rbind, lapply(wave, of_copy)))
  firms <- firms[order(firms$y), ]
  below <- cumsum(firms$w) / sum(firms$w)
  at <- function(share) firms$y[which(below >= share * (1 - 1e-12))[1]]
  estimate <- at(p)
  of_copies <- lapply(wave, function(d) svymean(~I(as.numeric(number_of_initiatives <= estimate)), d, na.rm = TRUE))
  share <- MIcombine(of_copies)
  missing <- 1 - mean(sapply(of_copies, vcov)) / drop(vcov(share))
  observed <- (df + 1) / (df + 3) * df * (1 - missing)
  t <- qt(0.975, if (missing < 1e-12) df else 1 / (missing^2 / (length(wave) - 1) + 1 / observed))
  low <- at(coef(share) - t * SE(share))
  high <- at(coef(share) + t * SE(share))
  data.frame(estimate = estimate, se = unname(high - low) / (2 * t), low = low, high = high)
}
median <- quantile_of(0.5)
show("Median", median)
decile <- quantile_of(0.9)
show("Ninth decile", decile)
none <- over(wave, function(d) svymean(~I(as.numeric(number_of_initiatives == 0)), d, na.rm = TRUE))
show("In none", none)

# 9. Top innovators by sector, and the change of one of them: firms in both waves stand in the replicates of both.
sectors <- over(wave, function(d) svyby(~top_innovator, ~sector, d, svymean, na.rm = TRUE))
show("By sector, 2019", sectors)
change <- over(waves, function(d) {
  both <- svyby(~top_innovator, ~wave, subset(d, grepl("^Manufacturing", sector)), svymean, na.rm = TRUE, covmat = TRUE)
  svycontrast(both, c("2019" = 1, "2017" = -1))
})
show("Change", change)

# 10. One published figure from the firms themselves
told <- subset(public("indicators"), indicator == "top_innovators" & wave == "2019" & domain == "all")
own <- over(wave, function(d) svymean(~top_innovator, d, na.rm = TRUE))
show("Published, and from the firms", c(told$estimate, coef(own)))
stopifnot(abs(told$estimate - coef(own)) < 1e-5)
