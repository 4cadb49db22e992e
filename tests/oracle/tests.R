# tests.R - expected numbers for num/: Rscript tests.R >stats/tests_R.json. Base R and jsonlite.
library(jsonlite)
grouped <- function(formula, data) {
  # Type I, II and III by comparing models, all with codes that sum to zero
  options(contrasts = c("contr.sum", "contr.poly"))
  row <- function(a) data.frame(df = a$Df, ss = a$`Sum Sq`, F = a$`F value`, p = a$`Pr(>F)`)
  m <- aov(formula, data)
  I <- row(anova(lm(formula, data)))
  III <- drop1(lm(formula, data), . ~ ., test = "F")[-1, ]
  rss <- deviance(m); dfr <- df.residual(m)
  labels <- attr(terms(formula), "term.labels")
  II <- sapply(labels, function(t) {
    inside <- function(u) all(strsplit(t, ":")[[1]] %in% strsplit(u, ":")[[1]])
    others <- labels[!sapply(labels, inside)]
    y <- all.vars(formula)[1]
    small <- lm(reformulate(c("1", others), y), data)
    big <- lm(reformulate(c(others, t), y), data)
    ss <- deviance(small) - deviance(big); df <- df.residual(small) - df.residual(big)
    Fv <- (ss / df) / (rss / dfr)
    c(df = df, ss = ss, F = Fv, p = pf(Fv, df, dfr, lower.tail = FALSE))
  })
  list(I = I[seq_along(labels), ], II = as.data.frame(t(II)),
       III = data.frame(df = III$Df, ss = III$`Sum of Sq`, F = III$`F value`, p = III$`Pr(>F)`),
       residual = list(df = dfr, ss = rss))
}
codes <- function(x) as.integer(factor(x)) - 1L
case <- function(name, formula, data, factors, masks) c(list(name = name, y = data[[all.vars(formula)[1]]],
  factors = lapply(factors, function(v) codes(data[[v]])), terms = masks), grouped(formula, data))
tg <- transform(ToothGrowth, dose = factor(dose))
uneven <- warpbreaks[-c(1, 2, 3, 10, 28, 29, 40), ]
hole <- tg[c(1:7, 11:30, 33:60), ]
latin <- OrchardSprays
latin$rowpos <- factor(latin$rowpos); latin$colpos <- factor(latin$colpos)
np <- npk
two <- list(
  case("warpbreaks", breaks ~ wool * tension, warpbreaks, c("wool", "tension"), c(1, 2, 3)),
  case("ToothGrowth", len ~ supp * dose, tg, c("supp", "dose"), c(1, 2, 3)),
  case("warpbreaks, seven rows less", breaks ~ wool * tension, uneven, c("wool", "tension"), c(1, 2, 3)),
  case("ToothGrowth, five rows less", len ~ supp + dose, hole, c("supp", "dose"), c(1, 2)),
  case("npk, blocks and main effects", yield ~ block + N + P + K, np, c("block", "N", "P", "K"), c(1, 2, 4, 8)),
  case("OrchardSprays, a Latin square", decrease ~ rowpos + colpos + treatment, latin,
       c("rowpos", "colpos", "treatment"), c(1, 2, 4)))

fr <- list(
  list(x = matrix(c(5.40, 5.50, 5.55, 5.85, 5.70, 5.75, 5.20, 5.60, 5.50, 5.55, 5.50, 5.40, 5.90, 5.85, 5.70, 5.45,
    5.55, 5.60, 5.40, 5.40, 5.35, 5.45, 5.50, 5.35, 5.25, 5.15, 5.00, 5.85, 5.80, 5.70, 5.25, 5.20, 5.10, 5.65, 5.55,
    5.45, 5.60, 5.35, 5.45, 5.05, 5.00, 4.95, 5.50, 5.50, 5.40, 5.45, 5.55, 5.50, 5.55, 5.55, 5.35, 5.45, 5.50, 5.55,
    5.50, 5.45, 5.25, 5.65, 5.60, 5.40, 5.70, 5.65, 5.55, 6.30, 6.30, 6.25), ncol = 3, byrow = TRUE)),
  list(x = matrix(c(3, 1, 2, 4, 2, 3, 1, 4, 1, 2, 4, 3, 1, 2, 3, 4, 2, 1, 3, 4), ncol = 4, byrow = TRUE)))
fr <- lapply(fr, function(c) { t <- friedman.test(c$x); list(x = c(t(c$x)), k = ncol(c$x), statistic = unname(t$statistic),
  df = unname(t$parameter), p = t$p.value) })

set.seed(1)
pairs <- lapply(list(c(5, 8), c(20, 20), c(49, 49), c(3, 60), c(120, 90)), function(n) {
  x <- round(rnorm(n[1], .4), 6); y <- round(rnorm(n[2]), 6)
  w <- wilcox.test(x, y); k <- ks.test(x, y)
  list(x = x, y = y, U = unname(w$statistic), p = w$p.value, D = unname(k$statistic), ks_p = k$p.value)
})
# wilcox.test of R 4.6 has another law for ties than that of R 4.2 and SciPy, which is this formula
normal_p <- function(x, y, U) {
  n <- table(c(x, y)); a <- length(x); b <- length(y); N <- a + b
  z <- U - a * b / 2; z <- (z - sign(z) / 2) / sqrt(a * b / 12 * (N + 1 - sum(n^3 - n) / (N * (N - 1))))
  2 * pnorm(-abs(z))
}
tied <- lapply(list(c(12, 9), c(30, 25), c(110, 100)), function(n) {
  x <- rbinom(n[1], 9, .6); y <- rbinom(n[2], 9, .5)
  w <- suppressWarnings(wilcox.test(x, y)); k <- suppressWarnings(ks.test(x, y))
  list(x = x, y = y, U = unname(w$statistic), p = normal_p(x, y, unname(w$statistic)), D = unname(k$statistic), ks_p = k$p.value)
})
signed <- lapply(c(7, 20, 49, 50, 80), function(n) { d <- round(rnorm(n, .2), 6)
  w <- wilcox.test(d); list(d = d, V = unname(w$statistic), p = w$p.value) })
signed_tied <- lapply(c(8, 25), function(n) { d <- rbinom(n, 8, .6) - 4
  w <- suppressWarnings(wilcox.test(d, exact = FALSE)); list(d = d, V = unname(w$statistic), p = w$p.value) })

props <- do.call(rbind, lapply(list(c(0, 10), c(1, 10), c(7, 10), c(10, 10), c(15, 148), c(498, 500), c(81, 263), c(3, 100000)),
  function(k) do.call(rbind, lapply(c(.9, .95, .99), function(conf) {
    w <- suppressWarnings(prop.test(k[1], k[2], conf.level = conf, correct = FALSE))$conf.int
    cc <- suppressWarnings(prop.test(k[1], k[2], conf.level = conf, correct = TRUE))$conf.int
    b <- binom.test(k[1], k[2], conf.level = conf)$conf.int
    data.frame(k = k[1], n = k[2], conf = conf, wilson_lo = w[1], wilson_hi = w[2], corrected_lo = cc[1],
               corrected_hi = cc[2], exact_lo = b[1], exact_hi = b[2])
  }))))
binom <- do.call(rbind, lapply(list(c(7, 10, .5), c(682, 925, .75), c(0, 20, .1), c(3, 20, .4), c(12, 20, .4), c(20, 20, .5),
  c(5, 50, .25), c(20, 50, .25)), function(k) data.frame(k = k[1], n = k[2], p0 = k[3], p = binom.test(k[1], k[2], k[3])$p.value)))
mcn <- do.call(rbind, lapply(list(c(150, 86), c(5, 15), c(0, 6), c(3, 3), c(1, 0), c(30, 12)), function(k) {
  m <- matrix(c(100, k[1], k[2], 100), 2)
  u <- mcnemar.test(m, correct = FALSE); v <- mcnemar.test(m)
  data.frame(b = k[1], c = k[2], chi2 = unname(u$statistic), p = u$p.value, chi2_cc = unname(v$statistic), p_cc = v$p.value,
             p_exact = binom.test(k[1], sum(k))$p.value)
}))
twoprops <- do.call(rbind, lapply(list(c(15, 25, 5, 25), c(83, 86, 90, 93), c(1, 10, 9, 10), c(0, 12, 3, 9), c(400, 1000, 460, 1000), c(3, 7, 3, 7)), function(k) {
  u <- suppressWarnings(prop.test(k[c(1, 3)], k[c(2, 4)], correct = FALSE)); v <- suppressWarnings(prop.test(k[c(1, 3)], k[c(2, 4)]))
  data.frame(k1 = k[1], n1 = k[2], k2 = k[3], n2 = k[4], chi2 = unname(u$statistic), p = u$p.value, chi2_cc = unname(v$statistic),
             p_cc = v$p.value, p_exact = fisher.test(matrix(c(k[1], k[2] - k[1], k[3], k[4] - k[3]), 2))$p.value)
}))
powers <- do.call(rbind, lapply(list(c(.3, 4, .05), c(2, 3, .05), c(.1, 1000, .01), c(1.5, 6, .001), c(.02, 40, .05)), function(k)
  data.frame(d = k[1], n = k[2], alpha = k[3],
             power = power.t.test(n = k[2], delta = k[1], sig.level = k[3])$power)))
mdd <- do.call(rbind, lapply(list(c(5, .8), c(10, .9), c(100, .8)), function(k) data.frame(n = k[1], power = k[2],
  d = power.t.test(n = k[1], power = k[2], tol = 1e-12)$delta)))
cat(toJSON(list(origin = R.version.string, factors = two, friedman = fr, pairs = pairs, tied = tied, signed = signed,
  signed_tied = signed_tied, proportions = props, binomial = binom, mcnemar = mcn, two = twoprops, power = powers, detectable = mdd),
  auto_unbox = TRUE, digits = NA, pretty = FALSE), "\n")
