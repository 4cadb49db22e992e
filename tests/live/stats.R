# chimera stats beside R, on random tables: Rscript stats.R CHIMERA [SETS] [SEED] (TAP). Base R and jsonlite.
# Tables: two to thirty groups of 2 to 300 values, unbalanced, normal, lognormal, rounded (ties), with a group that
# does not vary, with holes, on 1e9. Where values lie on 1e9, R gets them without it (the subtraction is exact), but
# for what is not the same then. Each line of the report is the worst relative difference of a quantity.
args <- commandArgs(TRUE)
chimera <- args[1]
sets <- if (length(args) > 1) as.integer(args[2]) else 60
seed <- if (length(args) > 2) as.integer(args[3]) else 1
if (!requireNamespace("jsonlite", quietly = TRUE)) { cat("1..0 # SKIP R has no jsonlite\n"); quit() }
folder <- tempfile("stats"); dir.create(folder)
worst <- list(); missing <- c()

note <- function(name, got, want, scale = abs(want), set = "") {
  if (is.null(got)) got <- NA
  if (is.null(want) || length(want) == 0 || is.nan(want) || is.infinite(want)) want <- NA
  if (is.na(got) && is.na(want)) return(invisible())
  if (is.na(got) != is.na(want)) {
    missing <<- c(missing, sprintf("%s: %s, R %s (%s)", name, format(got), format(want), set)); return(invisible())
  }
  r <- if (got == want) 0 else abs(got - want) / max(scale, 1e-300)
  w <- worst[[name]]
  if (is.null(w)) w <- list(n = 0, r = -1)
  if (r > w$r) { w$r <- r; w$got <- got; w$want <- want; w$set <- set }
  w$n <- w$n + 1
  worst[[name]] <<- w
}

run <- function(path, ...) {
  words <- shQuote(c("--json", "stats", path, ...))
  out <- suppressWarnings(system2(chimera, words, stdout = TRUE, stderr = file.path(folder, "err")))
  if (!is.null(attr(out, "status"))) stop(paste(c(words, readLines(file.path(folder, "err"))), collapse = " "))
  jsonlite::fromJSON(paste(out, collapse = "\n"), simplifyVector = FALSE)
}
put <- function(d, name = "t.csv") {
  path <- file.path(folder, name)
  d[] <- lapply(d, function(x) if (is.numeric(x)) ifelse(is.na(x), "", sprintf("%.17g", x)) else x)
  write.csv(d, path, row.names = FALSE, quote = FALSE)
  path
}
try_p <- function(x) tryCatch(suppressWarnings(x), error = function(e) NULL)
ncp_of <- function(t, df, q) uniroot(function(d) pt(t, df, d, lower.tail = FALSE) - q, c(-35, 35) , tol = 1e-12)$root

# R's ptukey has about six digits: where it differs by more, P(range >= q s) is integrated.
range_upper <- function(q, k, df, got) {
  want <- if (df >= 2) ptukey(q, k, df, lower.tail = FALSE) else NA
  if (!is.null(got) && isTRUE(abs(got - want) < 1e-8 * want)) return(want)
  inner <- function(w) sapply(w, function(w) k * integrate(function(z) dnorm(z) * (pnorm(z) - pnorm(z - w))^(k - 1), -9, 9 + w, rel.tol = 1e-11, subdivisions = 1000)$value)
  density <- function(s) exp(log(2) + df / 2 * log(df / 2) - lgamma(df / 2) + (df - 1) * log(s) - df * s^2 / 2)
  top <- sqrt(qchisq(1e-14, df, lower.tail = FALSE) / df)
  x <- try_p(integrate(function(s) (1 - inner(q * s)) * density(s), 0, top, rel.tol = 1e-10, subdivisions = 1000)$value)
  if (is.null(x)) want else x
}
# wilcox.test() of R 4.6 takes small p from 1: sixteen digits after the point, and no more
u_test <- function(U, m, n, x, exact) {
  if (exact) return(min(1, 2 * min(pwilcox(U, m, n), pwilcox(U - 1, m, n, lower.tail = FALSE))))
  t <- table(x); z <- U - m * n / 2
  2 * pnorm(-abs(z - sign(z) / 2) / sqrt(m * n / 12 * (m + n + 1 - sum(t^3 - t) / ((m + n) * (m + n - 1)))))
}
v_test <- function(V, d, exact) {
  m <- length(d)
  if (exact) return(min(1, 2 * min(psignrank(V, m), psignrank(V - 1, m, lower.tail = FALSE))))
  t <- table(abs(d)); z <- V - m * (m + 1) / 4
  2 * pnorm(-abs(z - sign(z) / 2) / sqrt(m * (m + 1) * (2 * m + 1) / 24 - sum(t^3 - t) / 48))
}

table_of <- function(i) {
  k <- sample(c(1, 2, 2, 3, 4, 6, 30), 1); law <- sample(c("normal", "lognormal", "ties", "offset"), 1)
  size <- sample(c("tiny", "small", "hundreds"), 1); if (k == 30) size <- "small"
  n <- switch(size, tiny = sample(2:4, k, TRUE), small = sample(3:25, k, TRUE), hundreds = sample(20:300, k, TRUE))
  v <- lapply(seq_len(k), function(g) {
    m <- sample(c(0, 0, 0.5, 2), 1); s <- sample(c(1, 1, 3), 1)
    switch(law, normal = 10 + m + s * rnorm(n[g]), lognormal = exp(2 + m / 4 + 0.4 * s * rnorm(n[g])),
           ties = round(12 + m + s * rnorm(n[g])), offset = 1e9 + round((m + s * rnorm(n[g])) * 1024) / 1024)
  })
  if (runif(1) < 0.1) v[[1]] <- rep(v[[1]][1], n[1])
  d <- data.frame(g = rep(sprintf("g%02d", seq_len(k)), n), v = unlist(v))
  d$i <- unlist(lapply(n, seq_len)); d$b <- unlist(lapply(n, function(m) (seq_len(m) - 1) %% 5))
  d <- d[sample(nrow(d)), ]
  if (runif(1) < 0.3) { h <- d[sample(nrow(d), 2), ]; h$v <- NA; d <- rbind(d, h) }
  list(d = d, law = law, size = size, k = k, label = sprintf("set %d, %s, %s, k %d", i, law, size, k))
}

two <- function(p, x, y, shift, conf, margin, s) {
  X <- x - shift; Y <- y - shift; alpha <- 1 - conf
  for (kind in c("welch", "student")) {
    t <- try_p(t.test(X, Y, var.equal = kind == "student", conf.level = conf))
    note(paste(kind, "t"), p[[kind]]$t, t$statistic, set = s); note(paste(kind, "df"), p[[kind]]$df, if (!is.null(t)) t$parameter else p[[kind]]$df, set = s)
    note(paste(kind, "p"), p[[kind]]$p, t$p.value, set = s)
    if (!is.null(t)) {
      note(paste(kind, "interval"), p[[kind]]$lower, t$conf.int[1], max(abs(t$conf.int)), s)
      note(paste(kind, "interval"), p[[kind]]$upper, t$conf.int[2], max(abs(t$conf.int)), s)
    }
  }
  ties <- anyDuplicated(c(x, y)) > 0
  w <- try_p(wilcox.test(X, Y, exact = p$mann_whitney$exact))
  U <- w$statistic; want <- w$p.value
  if (isTRUE(want < 1e-6)) want <- u_test(U, length(x), length(y), c(x, y), p$mann_whitney$exact)
  note("Mann-Whitney U", p$mann_whitney$u, U, set = s); note("Mann-Whitney p", p$mann_whitney$p, want, set = s)
  k <- try_p(ks.test(X, Y, exact = p$kolmogorov_smirnov$exact)); want <- k$p.value
  if (!isTRUE(p$kolmogorov_smirnov$exact)) { # of the limit R sums to 1e-6 only
    l <- k$statistic^2 * length(X) * length(Y) / (length(X) + length(Y)); want <- min(1, 2 * sum((-1)^(0:99) * exp(-2 * (1:100)^2 * l)))
  }
  note("KS D", p$kolmogorov_smirnov$d, k$statistic, set = s); note("KS p", p$kolmogorov_smirnov$p, want, set = s)
  nx <- length(x); ny <- length(y); df <- nx + ny - 2
  sp <- sqrt(((nx - 1) * var(X) + (ny - 1) * var(Y)) / df)
  d <- if (isTRUE(sp > 0)) (mean(X) - mean(Y)) / sp else NA
  J <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
  note("Cohen d", p$cohen_d$value, d, set = s); note("Hedges g", p$hedges_g$value, J * d, set = s)
  note("Glass", p$glass_delta, if (isTRUE(sd(Y) > 0)) (mean(X) - mean(Y)) / sd(Y) else NA, set = s)
  f <- sqrt(1 / nx + 1 / ny)
  if (!is.na(d) && abs(d / f) < 25) {
    lo <- try_p(ncp_of(d / f, df, alpha / 2)); hi <- try_p(ncp_of(d / f, df, 1 - alpha / 2))
    if (!is.null(lo)) note("g interval", p$hedges_g$lower, J * lo * f, max(abs(J * lo * f), 0.01), s)
    if (!is.null(hi)) note("g interval", p$hedges_g$upper, J * hi * f, max(abs(J * hi * f), 0.01), s)
  }
  dom <- sign(outer(x, y, "-"))
  note("Cliff delta", p$cliff_delta$value, mean(dom), max(abs(mean(dom)), 0.01), s)
  note("A12", p$a12$value, mean((dom + 1) / 2), set = s)
  se <- sqrt(var(X) / nx + var(Y) / ny)
  wdf <- se^4 / ((var(X) / nx)^2 / (nx - 1) + (var(Y) / ny)^2 / (ny - 1))
  est <- mean(X) - mean(Y)
  if (!isTRUE(se > 0)) return(invisible())
  e <- p$equivalence
  note("TOST p", e$p, max(pt((est + margin) / se, wdf, lower.tail = FALSE), pt((est - margin) / se, wdf)), set = s)
  note("TOST interval", e$lower, est - qt(1 - alpha, wdf) * se, max(abs(est), se), s)
  level <- p$level
  t <- qt(1 - level / 2, wdf)
  shiftd <- try_p(uniroot(function(h) pt(t, wdf, h, lower.tail = FALSE) - 0.8, c(0, min(37, 4 * t)), tol = 1e-12)$root)
  if (!is.null(shiftd) && t < 30) note("detectable", p$verdict$detectable, shiftd * se, set = s)
  if (choose(nx + ny, nx) <= 3000) {
    all <- combn(nx + ny, nx); z <- c(X, Y)
    diffs <- apply(all, 2, function(a) mean(z[a]) - mean(z[-a]))
    note("permutation p", p$permutation$p, mean(abs(diffs) >= abs(est) - 1e-9 * max(abs(z))), set = s)
  }
}

groups <- function(got, d, conf, s) {
  for (g in got$groups) {
    x <- d$v[d$g == g$group & !is.na(d$v)]
    note("mean", g$mean$value, mean(x), set = s); note("sd", g$sd, sd(x - x[1]), set = s)
    t <- try_p(t.test(x - x[1], conf.level = conf))
    note("mean's interval", g$mean$lower, t$conf.int[1] + x[1], max(abs(x)), s)
    for (q in c(p5 = 0.05, p25 = 0.25, p99 = 0.99)) note("quantile", g[[names(which(c(p5 = 0.05, p25 = 0.25, p99 = 0.99) == q))]]$value,
                                                          quantile(x, q, names = FALSE, type = 7), set = s)
    if (length(x) >= 20 && is.null(g$series$reason)) {
      b <- Box.test(x - x[1], lag = g$series$ljung_box_lags, type = "Ljung")
      note("Ljung-Box Q", g$series$ljung_box_q, b$statistic, set = s); note("Ljung-Box p", g$series$ljung_box_p, b$p.value, set = s)
    }
    note("geometric mean", g$geometric_mean, if (all(x > 0)) x[1] * exp(mean(log1p((x - x[1]) / x[1]))) else NA, set = s)
  }
}

several <- function(got, d, shift, s) {
  d <- d[!is.na(d$v), ]; v <- d$v - shift; g <- factor(d$g); k <- nlevels(g); n <- table(g)
  a <- got$all_groups
  within <- sum(tapply(v, g, function(x) sum((x - mean(x))^2)))
  between <- sum(n * (tapply(v, g, mean) - mean(v))^2)
  df2 <- length(v) - k; F <- if (within > 0) (between / (k - 1)) / (within / df2) else NA
  note("ANOVA F", a$anova$f, F, set = s); note("ANOVA p", a$anova$p, pf(F, k - 1, df2, lower.tail = FALSE), set = s)
  note("eta2", a$anova$eta2, if (within > 0) between / (between + within) else NA, set = s)
  note("omega2", a$anova$omega2, if (within > 0) (between - (k - 1) * within / df2) / (between + within + within / df2) else NA, 0.01 + abs(a$anova$omega2), s)
  w <- if (all(tapply(v, g, function(x) length(x) > 1 && var(x) > 0))) try_p(oneway.test(v ~ g)) else NULL
  note("Welch's ANOVA F", a$welch_anova$f, w$statistic, set = s); note("Welch's ANOVA p", a$welch_anova$p, w$p.value, set = s)
  h <- try_p(kruskal.test(v, g))
  note("Kruskal-Wallis", a$kruskal_wallis$chi2, h$statistic, set = s); note("Kruskal-Wallis p", a$kruskal_wallis$p, h$p.value, set = s)
  if (k < 3 || !(within > 0)) return(invisible())
  m <- tapply(v, g, mean); vv <- tapply(v, g, var)
  for (p in got$pairs) {
    i <- p$a; j <- p$b; diff <- m[[i]] - m[[j]]
    q <- abs(diff) / sqrt(within / df2 / 2 * (1 / n[[i]] + 1 / n[[j]]))
    want <- range_upper(q, k, df2, p$tukey$p)
    if (want > 1e-3) note("Tukey p (above 0.001)", p$tukey$p, want, set = s)
    se2 <- vv[[i]] / n[[i]] + vv[[j]] / n[[j]]
    if (!isTRUE(se2 > 0)) next
    wdf <- se2^2 / ((vv[[i]] / n[[i]])^2 / (n[[i]] - 1) + (vv[[j]] / n[[j]])^2 / (n[[j]] - 1))
    want <- range_upper(abs(diff) / sqrt(se2 / 2), k, wdf, p$games_howell$p)
    if (isTRUE(want > 1e-3)) note("Games-Howell p (above 0.001)", p$games_howell$p, want, set = s)
  }
}

family <- function(got, s) {
  get <- function(f) sapply(got$pairs, function(p) { x <- f(p); if (is.null(x)) NA else x })
  for (k in list(list(function(p) p$welch$p, function(p) p$welch_p_holm), list(function(p) p$mann_whitney$p, function(p) p$mann_whitney$p_holm),
                 list(function(p) p$verdict$p, function(p) p$verdict$p_holm))) {
    raw <- get(k[[1]]); adj <- get(k[[2]]); want <- p.adjust(raw, "holm", n = sum(!is.na(raw)))
    for (i in seq_along(raw)) note("Holm", adj[i], want[i], set = s)
  }
}

paired <- function(d, shift, conf, s) {
  d <- d[!is.na(d$v), ]
  got <- run(put(d), "--value", "v", "--group", "g", "--pair", "i")
  for (p in got$pairs[seq_len(min(4, length(got$pairs)))]) {
    m <- merge(d[d$g == p$a, c("i", "v")], d[d$g == p$b, c("i", "v")], by = "i")
    D <- m$v.x - m$v.y
    t <- if (length(D) > 1 && sd(D) > 0) t.test(D, conf.level = conf) else NULL
    note("paired t", p$paired$t_test$t, t$statistic, set = s); note("paired p", p$paired$t_test$p, t$p.value, set = s)
    if (sum(D != 0) > 0) {
      w <- try_p(wilcox.test(D[D != 0], exact = p$paired$wilcoxon$exact))
      note("Wilcoxon V", p$paired$wilcoxon$v, w$statistic, set = s)
      want <- w$p.value
      if (isTRUE(want < 1e-6)) want <- v_test(w$statistic, D[D != 0], p$paired$wilcoxon$exact)
      note("Wilcoxon p", p$paired$wilcoxon$p, want, set = s)
    }
  }
}

blocked <- function(d, shift, conf, s) {
  d <- d[!is.na(d$v), ]; d$v <- d$v - shift; d$g <- factor(d$g); d$B <- factor(d$b)
  e <- d; e$v <- e$v + shift; e$B <- NULL
  got <- run(put(e), "--value", "v", "--group", "g", "--block", "b")
  b <- got$all_groups$blocks
  cells <- tapply(d$v, list(d$B, d$g), mean); n <- tapply(d$v, list(d$B, d$g), length)
  many <- any(n > 1, na.rm = TRUE)
  full <- nlevels(d$g) > 1 && nlevels(d$B) > 1
  if (full && !anyNA(cells)) {
    fit <- lm(if (many) v ~ g * B else v ~ g + B, d)
    main <- lm(v ~ g + B, d); no_g <- lm(v ~ B, d); rss <- deviance(fit); dfr <- fit$df.residual
    ss <- deviance(no_g) - deviance(main); df <- no_g$df.residual - main$df.residual
    if (rss / var(d$v) > 1e-10 && dfr > 0) {
      F <- (ss / df) / (rss / dfr)
      note("two-way F of the group, type II", b$group$f, F, set = s)
      note("two-way p of the group", b$group$p, pf(F, df, dfr, lower.tail = FALSE), set = s)
      if (many) {
        ia <- anova(main, fit)
        note("two-way F of the interaction", b$group_by_block$f, ia$F[2], set = s)
      }
    }
    fr <- try_p(friedman.test(cells))
    note("Friedman", b$friedman$chi2, fr$statistic, set = s); note("Friedman p", b$friedman$p, fr$p.value, set = s)
    if (many) {
      cm <- data.frame(v = c(cells), g = factor(rep(colnames(cells), each = nrow(cells))), B = factor(rep(rownames(cells), ncol(cells))))
      a <- suppressWarnings(anova(lm(v ~ B + g, cm)))
      if (a$`Sum Sq`[3] / var(cm$v) > 1e-10) note("F over the cells' means", b$group_over_means_of_cells$f, a$`F value`[2], set = s)
    }
  }
  for (p in got$pairs[seq_len(min(4, length(got$pairs)))]) {
    D <- cells[, p$a] - cells[, p$b]; D <- D[!is.na(D)]
    t <- if (length(D) > 1 && sd(D) > 1e-12 * max(1e-300, abs(D))) t.test(D, conf.level = conf) else NULL
    if (is.null(t)) next
    note("blocked t", p$blocked$t_test$t, t$statistic, set = s); note("blocked p", p$verdict$p, t$p.value, set = s)
    note("blocked interval", p$verdict$lower, t$conf.int[1], max(abs(t$conf.int)), s)
  }
}

shares <- function(i) {
  n <- sample(c(5, 20, 60, 300), 1); s <- sprintf("shares %d", i)
  d <- data.frame(g = rep(c("a", "b"), each = n), i = rep(seq_len(n), 2), v = rbinom(2 * n, 1, runif(1)))
  conf <- sample(c(0.9, 0.95, 0.99), 1); path <- put(d)
  got <- run(path, "--value", "v", "--group", "g", "--confidence", 100 * conf)$shares
  k <- sapply(got$groups, function(g) g$k)
  for (g in got$groups) {
    b <- binom.test(g$k, g$n, conf.level = conf)$conf.int; w <- suppressWarnings(prop.test(g$k, g$n, correct = FALSE, conf.level = conf))$conf.int
    note("Clopper-Pearson", g$clopper_pearson$lower, b[1], set = s); note("Clopper-Pearson", g$clopper_pearson$upper, b[2], set = s)
    note("Wilson", g$wilson$lower, if (g$k == 0) 0 else w[1], set = s); note("Wilson", g$wilson$upper, if (g$k == n) 1 else w[2], set = s)
  }
  p <- got$pairs[[1]]
  note("Fisher p", p$fisher_p, fisher.test(matrix(c(k, n - k), 2))$p.value, set = s)
  for (y in c(FALSE, TRUE)) {
    x <- suppressWarnings(prop.test(k, c(n, n), correct = y))
    note("chi2 of shares", p[[if (y) "yates_chi2" else "chi2"]], x$statistic, 1e-9 + x$statistic, s)
    note("chi2 of shares, p", p[[if (y) "yates_p" else "chi2_p"]], x$p.value, set = s)
  }
  p <- run(path, "--value", "v", "--group", "g", "--pair", "i")$shares$pairs[[1]]
  A <- d$v[1:n]; B <- d$v[n + 1:n]; b <- sum(A > B); c <- sum(A < B)
  if (b + c) {
    m <- mcnemar.test(matrix(c(n, b, c, n), 2))
    note("McNemar exact", p$mcnemar_exact_p, binom.test(b, b + c)$p.value, set = s)
    note("McNemar chi2", p$mcnemar_chi2, m$statistic, 1e-9 + m$statistic, s); note("McNemar p", p$mcnemar_p, m$p.value, set = s)
  }
}

fit <- function(i) {
  n <- sample(c(4, 6, 12, 40), 1); form <- sample(c("linear", "power", "offset"), 1); s <- sprintf("fit %d, %s, n %d", i, form, n)
  x <- sort(runif(n, 1, 50)); noise <- rnorm(n)
  y <- switch(form, linear = 3 + 2 * x + noise, power = 3 * x^-0.7 * exp(noise / 10), offset = 5 * x^0.6 + 20 + noise / 20)
  if (form == "offset" && n < 12) return(invisible())
  got <- run(put(data.frame(x, y)), "--fit", form, "--x", "x", "--y", "y", "--resamples", "2000")$fits[[1]]
  if (form == "offset") {
    m <- try_p(nls(y ~ a * x^b + c, start = list(a = got$a * 1.02, b = got$b * 1.01, c = got$c * 0.99), control = list(tol = 1e-10, minFactor = 1e-12)))
    if (is.null(m)) return(invisible())
    for (k in c("a", "b", "c")) note("offset: parameters (nls)", got[[k]], coef(m)[[k]], set = s)
    note("offset: se of b (nls)", got$b_interval$se, summary(m)$coefficients["b", 2], set = s)
    return(invisible())
  }
  m <- if (form == "power") lm(log(y) ~ log(x)) else lm(y ~ x)
  note("fit: b", got$b, coef(m)[[2]], set = s); note("fit: a", got$a, if (form == "power") exp(coef(m)[[1]]) else coef(m)[[1]], set = s)
  ci <- confint(m)[2, ]
  note("fit: interval of b", got$b_interval$lower, ci[[1]], set = s); note("fit: interval of b", got$b_interval$upper, ci[[2]], set = s)
  note("fit: p of b", got$b_interval$p, summary(m)$coefficients[2, 4], set = s)
  note("fit: R2", got$r2, summary(m)$r.squared, set = s); note("fit: residual sd", got$residual_sd, summary(m)$sigma, set = s)
  u <- if (form == "power") log(x) else x; v <- if (form == "power") log(y) else y; ij <- combn(n, 2)
  note("fit: Theil-Sen", got$theil_sen$b, median((v[ij[2, ]] - v[ij[1, ]]) / (u[ij[2, ]] - u[ij[1, ]])), set = s)
  h <- hatvalues(m); one <- sapply(seq_len(n), function(j) coef(if (form == "power") lm(log(y[-j]) ~ log(x[-j])) else lm(y[-j] ~ x[-j]))[[2]])
  for (j in seq_len(n)) {
    note("fit: leverage", got$points[[j]]$leverage, h[[j]], set = s); note("fit: b without a point", got$points[[j]]$b_without, one[j], set = s)
  }
  if (n >= 12) { # percentile ends of 2000 resamples err by some hundredths of the width
    X <- if (form == "power") log(x) else x; Y <- if (form == "power") log(y) else y
    boot <- replicate(2000, { j <- sample(n, n, TRUE); cov(X[j], Y[j]) / var(X[j]) })
    q <- quantile(boot, c(0.025, 0.975), names = FALSE)
    note("fit: bootstrap's ends, of its width", got$b_interval$bootstrap_lower, q[1], q[2] - q[1], s)
    note("fit: bootstrap's ends, of its width", got$b_interval$bootstrap_upper, q[2], q[2] - q[1], s)
  }
}

meet <- function(i) {
  n <- 8; x <- 1:n; s <- sprintf("meet %d", i)
  d <- data.frame(g = rep(c("a", "b"), each = n), x = c(x, x), y = c(1 + 2 * x + rnorm(n) / 3, 12 - 0.5 * x + rnorm(n) / 3))
  got <- run(put(d), "--fit", "linear", "--x", "x", "--y", "y", "--group", "g")$crossovers[[1]]$meet
  ma <- lm(y ~ x, d[d$g == "a", ]); mb <- lm(y ~ x, d[d$g == "b", ])
  D <- coef(ma) - coef(mb); note("crossover of two lines", got$x, -D[[1]] / D[[2]], set = s)
  # Fieller: the x at which the difference is no t away from 0, one t of Satterthwaite or of the pooled residuals
  note("crossover in its Fieller interval", as.numeric(got$fieller_lower < got$x && got$x < got$fieller_upper), 1, set = s)
}

set.seed(seed)
for (i in seq_len(sets)) {
  t <- table_of(i); d <- t$d; shift <- if (t$law == "offset") 1e9 else 0; conf <- sample(c(0.9, 0.95, 0.99), 1); margin <- 0.5
  got <- run(put(d[c("g", "v", "i", "b")]), "--value", "v", "--group", "g", "--margin", margin, "--confidence", 100 * conf)
  groups(got, d, conf, t$label)
  if (t$k > 1) {
    several(got, d, shift, t$label); family(got, t$label)
    for (p in got$pairs[sample(length(got$pairs), min(4, length(got$pairs)))]) {
      p$level <- got$method$level_of_one_comparison
      two(p, d$v[d$g == p$a & !is.na(d$v)], d$v[d$g == p$b & !is.na(d$v)], shift, conf, margin, t$label)
    }
    paired(d, shift, 0.95, t$label); blocked(d, shift, 0.95, t$label)
  }
  if (i %% 3 == 0) { shares(i); fit(i); meet(i) }
}
limits <- c("fit: bootstrap's ends, of its width" = 0.25,
            "g interval" = 1e-6, "detectable" = 1e-7, "offset: parameters (nls)" = 1e-5, "offset: se of b (nls)" = 1e-4,
            "Fisher p" = 1e-9, "Mann-Whitney p" = 1e-9, "KS p" = 1e-9)
for (name in names(worst)) {
  w <- worst[[name]]; limit <- if (name %in% names(limits)) limits[[name]] else 1e-8
  cat(if (w$r <= limit) "ok" else "not ok", "-", name, "\n")
  cat(sprintf("# %d times; %.2g: %.15g, R %.15g (%s)\n", w$n, w$r, w$got, w$want, w$set))
}
cat(if (length(missing)) "not ok" else "ok", "- one has no figure where the other has one\n")
for (m in head(missing, 20)) cat("#", m, "\n")
cat(sprintf("1..%d\n", length(worst) + 1))
