# Indicators of the packs, of Ecuador's sample and Colombia's wave of 2015, by R's survey package.
# Run in this folder:  Rscript comparable.R ../../../../shared/data
# Makes comparable.csv: survey, wave, indicator, estimate, se, unweighted, n. Of no single firm.
suppressPackageStartupMessages({
  library(survey)
  library(haven)
})
data <- commandArgs(trailingOnly = TRUE)[1]
rows <- list()
keep <- function(survey, wave, indicator, found, unweighted, n) {
  rows[[length(rows) + 1]] <<- data.frame(
    survey, wave, indicator,
    estimate = as.numeric(coef(found)), se = as.numeric(SE(found)), unweighted = unweighted, n = n
  )
}

core <- c(5:39, 46, 49:53, 58:66, 71:73)

# Ecuador: supplied weights, no strata; only innovation-active firms, of which those with ten or more persons in core
# activities are CIS's.
e <- as.data.frame(zap_labels(read_sav(file.path(data, "ecuador_sample/ENAIsam_labelled.sav"))))
names(e) <- tolower(names(e))
e$division <- as.integer(substr(trimws(e$ciiu2), 2, 3))
e$active <- e$ii_9_d_2014 >= 10 & e$division %in% core
e$good <- e$iii_1_a == 1 | e$iii_1_c == 1
e$service <- e$iii_1_b == 1 | e$iii_1_d == 1
e$product <- e$good | e$service
e$market <- e$ii_9_a_2014 * e$iventas_prod_mercado / 100
e$firm <- e$ii_9_a_2014 * e$iventas_prod_empresa / 100
design <- svydesign(ids = ~1, weights = ~fexp, data = e)
shares <- list(
  cis_goods_innovators = "good", cis_services_innovators = "service",
  cis_in_house_rd = "v_1_a", cis_contracted_out_rd = "v_1_b"
)
for (name in names(shares)) {
  y <- shares[[name]]
  inside <- e$active & !is.na(e[[y]])
  d <- subset(design, active)
  keep("ecuador", "2014", name, svymean(as.formula(paste0("~as.numeric(", y, ")")), d),
    mean(as.numeric(e[[y]][inside])), sum(inside))
}
for (name in c("market", "firm")) {
  d <- subset(design, active & product)
  inside <- e$active & e$product
  keep("ecuador", "2014", paste0("cis_turnover_new_to_", name),
    svyratio(as.formula(paste0("~", name)), ~ii_9_a_2014, d),
    sum(e[[name]][inside]) / sum(e$ii_9_a_2014[inside]), sum(inside))
}

# Colombia, 2015: all firms were asked, so each counts once.
f <- read.csv(file.path(data, "colombia/Estructura_EDIT_SERVICIOS_V_2014_2015.csv"), sep = ";")
f <- f[!is.na(f$nordemp), ]
ticks <- f[, c("I1R1C1N", "I1R1C1M", "I1R2C1N", "I1R2C1M", "I1R3C1N", "I1R3C1M")]
f$product <- rowSums(ticks == 1, na.rm = TRUE) > 0
f$asked <- rowSums(!is.na(ticks)) > 0
f$division <- as.integer(substr(f$CIIU4, 1, 2)) # some are groups of three digits
f$core <- f$division %in% core & !is.na(f$IV1R11C2) & f$IV1R11C2 >= 10
f$sme <- f$core & f$IV1R11C2 < 250
whole <- svydesign(ids = ~1, weights = ~1, data = f)
for (name in c("core", "sme")) {
  inside <- f[[name]] & f$asked
  keep("colombia", "2015", c(core = "cis_product_innovators", sme = "eis_product_innovators")[[name]],
    svymean(~ as.numeric(product), whole[inside, ]), mean(f$product[inside]), sum(inside))
}
write.csv(do.call(rbind, rows), "comparable.csv", row.names = FALSE, quote = FALSE)
