#include "analysis/audit_few.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/autocorr.h"
#include "num/quantile.h"

#include <math.h>

enum { MEDIAN_N, NOTHING_N, SMALL_LIMITS };
static const struct audit_limit small_limits[SMALL_LIMITS] = {
    [MEDIAN_N] = {"median_n", 6,
                  "the least sample whose range covers the median 95 times in 100: 1 - 2 / 2^6"},
    [NOTHING_N] = {"nothing_n", 3, "two samples show no spread that could be trusted: fail"},
};

enum { SHARE, BOX_P, LEAST_N, NOTHING_EFF, SERIAL_LIMITS };
static const struct audit_limit serial_limits[SERIAL_LIMITS] = {
    [SHARE] = {"share", 0.5, "of n that the samples are worth: below, a t-test is refused"},
    [BOX_P] =
        {"box_p", 0.0002,
         "of Ljung-Box over normal scores: the dependence is no chance, in none of many cells"},
    [LEAST_N] = {"least_n", 20, "samples; fewer show no dependence"},
    [NOTHING_EFF] = {"nothing_n", 6, "effective samples below which no interval holds: fail"},
};

/* ---- small-sample ---- */

static void say_small(const struct audit_cell *c, enum audit_severity severity, double n,
                      double needed, const char *figure, unsigned blocks, struct audit *out)
{
    const struct audit_fact facts[] = {
        {"n_samples", n, nullptr},
        {"needed", needed, nullptr},
        {"figure", NOT_MEASURED, figure},
    };
    audit_add(
        out,
        &(struct audit_finding){
            .check = "small-sample",
            .severity = severity,
            .subject = audit_subject_of(c),
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out, "%s: %s from %.0f sample%s; it takes at least %.0f",
                                  audit_label(out, c), figure, n, n == 1 ? "" : "s", needed),
            .advice = audit_text(out, "take at least %.0f samples, or do not state it", needed),
            .blocks = blocks,
        });
}

/* The samples from which both ends of the 95 % interval of a percentile exist. */
static double both_ends(double p)
{
    size_t n = quantile_least_n(p);
    for (;; n++) {
        const struct quantile_ranks r = quantile_ranks(n, p, CELL_CONFIDENCE);
        if (r.lo >= 1 && r.hi <= n)
            return (double)n;
    }
}

static void look_small(const struct audit_cell *c, struct audit *out)
{
    double n = (double)c->stats->n;
    bool p95_stated = false, p99_stated = false;
    for (size_t i = 0; c->stats->n == 0 && i < c->n_stated; i++) {
        const double of_row = c->stated[i].n_samples;
        n = i == 0 || of_row < n ? of_row : n;
        p95_stated = p95_stated || c->stated[i].p95_ms > 0;
        p99_stated = p99_stated || c->stated[i].p99_ms > 0;
    }
    const struct audit_subject subject = audit_subject_of(c);
    if (!(n >= 1)) {
        audit_not_run(out, "small-sample", &subject, "nobody says how many samples there are");
        return;
    }
    if (n < small_limits[NOTHING_N].value)
        say_small(c, AUDIT_FAIL, n, small_limits[MEDIAN_N].value, "any figure", AUDIT_EVERYTHING,
                  out);
    else if (n < small_limits[MEDIAN_N].value)
        say_small(c, AUDIT_WARN, n, small_limits[MEDIAN_N].value, "a median with a 95 % interval",
                  AUDIT_LATENCY | AUDIT_COMPARISON | AUDIT_WINNER, out);
    if (p99_stated && n < (double)quantile_least_n(0.99))
        say_small(c, AUDIT_WARN, n, (double)quantile_least_n(0.99),
                  "the p99 that the source states", AUDIT_P99, out);
    if (p95_stated && n < (double)quantile_least_n(0.95))
        say_small(c, AUDIT_WARN, n, (double)quantile_least_n(0.95),
                  "the p95 that the source states", AUDIT_P95, out);
    if (c->stats->n >= quantile_least_n(0.95) && n < both_ends(0.95))
        say_small(c, AUDIT_INFO, n, both_ends(0.95), "a p95 whose interval has an upper end",
                  AUDIT_P95, out);
}

/* ---- autocorrelation ---- */

static void look_serial(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const size_t n = c->stats->n;
    if ((double)n < serial_limits[LEAST_N].value) {
        audit_not_run(out, "autocorrelation", &subject,
                      "fewer than 20 samples in the order of time");
        return;
    }
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)2 << 30);
    const struct audit_series s = *c->series;
    if (s.mixed) {
        audit_not_run(out, "autocorrelation", &subject,
                      "prompts differ, and fewer than five samples of each: their order cannot be "
                      "told from dependence");
        return;
    }
    /* Of a long cell, the longest invocation's first samples say it. */
    constexpr size_t MOST = 8000;
    const size_t m = n < MOST ? n : MOST;
    double *const z = ARENA_ARRAY(scratch, double, m);
    audit_series_scores(s.centred, m, scratch, z);
    const size_t lags = m / 5 < 10 ? m / 5 : 10;
    const struct autocorr_test box = autocorr_ljung_box(z, m, lags, 0, scratch);
    const double share = autocorr_ess_geyer(z, m, scratch).n_eff / (double)m;
    if (!(box.p < serial_limits[BOX_P].value) || !(share < serial_limits[SHARE].value))
        return;
    const double n_eff = share * (double)n;
    double acf[2];
    autocorr_acf(z, m, 1, acf);
    const struct audit_fact facts[] = {
        {"n_samples", (double)n, nullptr}, {"n_effective", n_eff, nullptr},
        {"lag1", acf[1], nullptr},         {"ljung_box_p", box.p, nullptr},
        {"lags", (double)lags, nullptr},
    };
    audit_add(out,
              &(struct audit_finding){
                  .check = "autocorrelation",
                  .severity = n_eff < serial_limits[NOTHING_EFF].value ? AUDIT_FAIL : AUDIT_WARN,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s: %zu samples are worth %.0f independent ones (lag-1 "
                                        "correlation %.2f, Ljung-Box p = %.2g)",
                                        audit_label(out, c), n, n_eff, acf[1], box.p),
                  .advice = "more invocations, not more repetitions; intervals from single samples "
                            "are too narrow, compare means of invocations or of batches",
                  .blocks = AUDIT_MEAN | AUDIT_COMPARISON,
              });
}

const struct audit_check audit_few_checks[] = {
    {.name = "small-sample",
     .rule =
         "fail: fewer than nothing_n samples; warn: fewer than median_n, or a p99 that a source "
         "states of fewer than 100 or a p95 of fewer than 20; info: a p95 without an upper end of "
         "its interval",
     .evidence = "n_samples needed figure",
     .blocks = AUDIT_EVERYTHING,
     .limits = small_limits,
     .n_limits = SMALL_LIMITS,
     .cell = look_small},
    {.name = "autocorrelation",
     .rule = "warn: Ljung-Box rejects independence at box_p and the samples are worth less than "
             "`share` of their number (Geyer's estimate); fail below nothing_n effective samples",
     .evidence = "n_samples n_effective lag1 ljung_box_p lags",
     .blocks = AUDIT_MEAN | AUDIT_COMPARISON,
     .limits = serial_limits,
     .n_limits = SERIAL_LIMITS,
     .cell = look_serial},
    {},
};
