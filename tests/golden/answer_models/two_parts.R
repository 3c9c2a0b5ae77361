# Two parts over four states (Cragg 1971): whether the share of new products passes 20, and whether it then passes 40.
source("stacked.R")
d <- firms(); w <- d$weight; v <- w / sum(w); y <- d$top_innovator; first <- as.numeric(d$share > 20)
x <- model.matrix(form, d); k <- ncol(x)
X <- lapply(states, function(v) in_state(d, v[1], v[2]))
one <- coef(glm(first ~ x - 1, quasibinomial, weights = w, control = tight))
two <- coef(glm(y ~ x - 1, quasibinomial, weights = w, subset = first == 1, control = tight))
prob <- function(b) sapply(X, function(each) plogis(drop(each %*% b)))
psi <- function(t) { p <- prob(t[1:k]); q <- prob(t[k + 1:k])
  cbind(x * (first - plogis(drop(x %*% t[1:k]))), x * first * (y - plogis(drop(x %*% t[k + 1:k]))),
    sweep(p, 2, t[2 * k + 1:4]), sweep(p * q, 2, t[2 * k + 5:8])) }
f <- stacked(psi, c(one, two, colSums(v * prob(one)), colSums(v * prob(one) * prob(two))), w)
last <- 2 * k + 1:8; theta <- f$theta[last]; influence <- f$influence[, last]
parts <- function(t) { p <- t[1:4]; r <- t[5:8]; q <- r / p
  c(contrast_rows %*% p, contrast_rows %*% q, contrast_rows %*% r) }
divided <- function(t) { p <- t[1:4]; q <- t[5:8] / p
  each <- apply(contrast_rows[5:9, ], 1, function(c) { in_it <- c != 0; mp <- mean(p[in_it]); mq <- mean(q[in_it])
    whole <- sum(c * p * q); alone <- c(sum(c * p) * mq, sum(c * q) * mp)
    c((alone[1] + whole - alone[2]) / 2, (alone[2] + whole - alone[1]) / 2) })
  c(each[1, ], each[2, ]) }
print_all <- function(g, blocks, names) { se <- errors(influence %*% t(jacobian(g, theta)), design_of(d)); value <- g(theta)
  for (i in seq_along(value)) say(rep(blocks, each = length(names))[i], rep(names, length(blocks))[i], value[i], se[[i]]) }
print_all(parts, c("first", "second", "both"), rownames(contrast_rows))
print_all(divided, c("by first", "by second"), rownames(contrast_rows)[5:9])
written("two_parts.csv")
