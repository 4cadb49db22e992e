#include "analysis/audit_interval.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "num/dist.h"
#include "store/results.h"

#include <math.h>

enum { TOLERANCE, CONFIDENCE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [TOLERANCE] = {"tolerance", 0.005,
                   "of the larger figure: sources print three digits, and a mean of rounded values "
                   "is off by no more"},
    [CONFIDENCE] = {"confidence", 0.95, "of the intervals that reports print"},
};

static const char *const normal_advice =
    "the data are no sample of a normal law: use the median and its interval, and look at the few "
    "samples that make the spread";

static double normal_lower(double mean, double sd, double n)
{
    return mean - dist_t_quantile(1 - (1 - limits[CONFIDENCE].value) / 2, n - 1) * sd / sqrt(n);
}

static void stated_below_zero(const struct audit_cell *c, const struct results_row *r,
                              struct audit *out)
{
    const struct audit_fact facts[] = {audit_number("mean_ms", r->mean_ms),
                                       audit_number("n", r->n_samples),
                                       audit_number("interval_low_ms", r->ci_low_ms),
                                       audit_number("interval_high_ms", r->ci_high_ms)};
    audit_add(out, &(struct audit_finding){
                       .check = "impossible-interval",
                       .severity = AUDIT_WARN,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "the interval that the source states reaches from "
                                             "%.4g to %.4g ms: no latency is below zero",
                                             r->ci_low_ms, r->ci_high_ms),
                       .advice = normal_advice,
                       .blocks = AUDIT_MEAN});
}

static void below_zero(const struct audit_cell *c, double mean, double sd, double n,
                       const char *whose, struct audit *out)
{
    if (!(n >= 2 && mean > 0 && sd > 0))
        return;
    const double lower = normal_lower(mean, sd, n);
    if (lower >= 0)
        return;
    const struct audit_fact facts[] = {audit_number("mean_ms", mean), audit_number("sd_ms", sd),
                                       audit_number("n", n), audit_number("interval_low_ms", lower),
                                       audit_number("interval_high_ms", 2 * mean - lower)};
    audit_add(out, &(struct audit_finding){
                       .check = "impossible-interval",
                       .severity = AUDIT_WARN,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "the 95 %% interval of the mean of %s reaches from "
                                             "%.4g to %.4g ms: no latency is below zero",
                                             whose, lower, 2 * mean - lower),
                       .advice = normal_advice,
                       .blocks = AUDIT_MEAN});
}

/* ---- figures of one row that contradict each other ---- */

struct contradiction {
    const char *key_a, *key_b, *what;
    double a, b;
    bool wrong;
};

static double slack(double a, double b)
{
    return limits[TOLERANCE].value * fmax(fabs(a), fabs(b));
}

static bool above(double a, double b)
{
    return a - b > slack(a, b); /* false where one is unknown */
}

static bool apart(double a, double b)
{
    return fabs(a - b) > slack(a, b);
}

/* The largest sd that values between min (else 0) and max with this mean can have (Bhatia and Davis
 * 2000). */
static double most_sd(const struct results_row *r)
{
    const double from = isnan(r->min_ms) ? 0 : r->min_ms;
    return sqrt((r->mean_ms - from) * (r->max_ms - r->mean_ms) * r->n_samples / (r->n_samples - 1));
}

/* The least that n values from min to max can have: all others in the middle. */
static double least_sd(const struct results_row *r)
{
    return (r->max_ms - r->min_ms) / sqrt(2 * (r->n_samples - 1));
}

/* Mean and median of any data are at most a standard deviation apart (with n, not n - 1). */
static double most_apart(const struct results_row *r)
{
    return r->std_ms * sqrt((r->n_samples - 1) / r->n_samples);
}

static size_t contradictions(const struct results_row *r, struct contradiction *ret)
{
    const double n = r->n_samples, mean = r->mean_ms, max = r->max_ms;
    const double of_parts = (r->first_ms + (n - 1) * r->mean_excl_first_ms) / n;
    const struct contradiction all[] = {
        {"mean_ms", "max_ms", "the mean is above the maximum", mean, max, above(mean, max)},
        {"median_ms", "max_ms", "the median is above the maximum", r->median_ms, max,
         above(r->median_ms, max)},
        {"p99_ms", "max_ms", "p99 is above the maximum", r->p99_ms, max, above(r->p99_ms, max)},
        {"median_ms", "p99_ms", "the median is above p99", r->median_ms, r->p99_ms,
         above(r->median_ms, r->p99_ms)},
        {"first_ms", "max_ms", "the first is above the maximum", r->first_ms, max,
         above(r->first_ms, max)},
        {"mean_excl_first_ms", "max_ms", "the mean without the first is above the maximum",
         r->mean_excl_first_ms, max, above(r->mean_excl_first_ms, max)},
        {"min_ms", "mean_ms", "the minimum is above the mean", r->min_ms, mean,
         above(r->min_ms, mean)},
        {"min_ms", "median_ms", "the minimum is above the median", r->min_ms, r->median_ms,
         above(r->min_ms, r->median_ms)},
        {"q25_ms", "median_ms", "the lower quartile is above the median", r->q25_ms, r->median_ms,
         above(r->q25_ms, r->median_ms)},
        {"median_ms", "q75_ms", "the median is above the upper quartile", r->median_ms, r->q75_ms,
         above(r->median_ms, r->q75_ms)},
        {"median_ms", "p90_ms", "the median is above p90", r->median_ms, r->p90_ms,
         above(r->median_ms, r->p90_ms)},
        {"p90_ms", "p95_ms", "p90 is above p95", r->p90_ms, r->p95_ms, above(r->p90_ms, r->p95_ms)},
        {"median_ms", "p95_ms", "the median is above p95", r->median_ms, r->p95_ms,
         above(r->median_ms, r->p95_ms)},
        {"p95_ms", "p99_ms", "p95 is above p99", r->p95_ms, r->p99_ms, above(r->p95_ms, r->p99_ms)},
        {"p95_ms", "max_ms", "p95 is above the maximum", r->p95_ms, max, above(r->p95_ms, max)},
        {"ci_low_ms", "mean_ms", "the interval of the mean begins above it", r->ci_low_ms, mean,
         above(r->ci_low_ms, mean)},
        {"mean_ms", "ci_high_ms", "the interval of the mean ends below it", mean, r->ci_high_ms,
         above(mean, r->ci_high_ms)},
        {"median_rest_ms", "max_ms", "the median of the rest is above the maximum",
         r->median_rest_ms, max, above(r->median_rest_ms, max)},
        {"ttft_ms", "max_ms", "the time to the first token is above the largest latency",
         r->ttft_ms, max, above(r->ttft_ms, max)},
        {"mean_ms", "mean_of_parts_ms", "the mean is not that of the first and the others", mean,
         of_parts, n >= 2 && apart(mean, of_parts)},
        {"std_ms", "largest_std_ms", "no values up to the maximum have such a spread", r->std_ms,
         most_sd(r), n >= 2 && above(r->std_ms, most_sd(r))},
        {"std_ms", "least_std_ms", "values that far apart have a larger spread", r->std_ms,
         least_sd(r), n >= 2 && above(least_sd(r), r->std_ms)},
        {"mean_minus_median_ms", "most_apart_ms",
         "no data of such a spread have mean and median so far apart", fabs(mean - r->median_ms),
         most_apart(r),
         n >= 2 && fabs(mean - r->median_ms) - most_apart(r) > slack(mean, r->median_ms)},
        {"std_ms", "max_minus_mean_ms", "nothing varies, but the maximum is not the mean",
         r->std_ms, max - mean, n >= 2 && r->std_ms == 0 && above(max, mean)},
        {"max_ms", "n_times_mean_ms", "the maximum alone is more than the sum of all", max,
         n * mean, above(max, n * mean)},
        {"mean_ms", "zero", "the mean is not above zero", mean, 0, mean <= 0},
        {"median_ms", "zero", "the median is not above zero", r->median_ms, 0, r->median_ms <= 0},
        {"std_ms", "zero", "a spread below zero", r->std_ms, 0, r->std_ms < 0},
    };
    size_t k = 0;
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i].wrong)
            ret[k++] = all[i];
    return k;
}

constexpr size_t MOST_CONTRADICTIONS = 32;

static void look_at_row(const struct audit_cell *c, const struct results_row *r, struct audit *out)
{
    struct contradiction found[MOST_CONTRADICTIONS];
    const size_t n = contradictions(r, found);
    if (r->ci_low_ms < 0)
        stated_below_zero(c, r, out);
    else
        below_zero(c, r->mean_ms, r->std_ms, r->n_samples, "the row", out);
    for (size_t i = 0; i < n; i++) {
        const struct contradiction *const x = &found[i];
        const struct audit_fact facts[] = {audit_number(x->key_a, x->a),
                                           audit_number(x->key_b, x->b),
                                           audit_number("n_samples", r->n_samples)};
        struct audit_subject subject = audit_subject_of(c);
        subject.invocation = r->invocation;
        audit_add(out,
                  &(struct audit_finding){
                      .check = "impossible-interval",
                      .severity = AUDIT_FAIL,
                      .subject = subject,
                      .facts = facts,
                      .n_facts = COUNT_OF(facts),
                      .message = audit_text(out, "%s: %s %.6g, %s %.6g", x->what, x->key_a, x->a,
                                            x->key_b, x->b),
                      .advice = "the figures of this row are not of the same data: go back to the "
                                "samples",
                      .blocks = AUDIT_LATENCY | AUDIT_COMPARISON | AUDIT_WINNER});
    }
}

static bool row_speaks(const struct results_row *r)
{
    const double figures[] = {r->mean_ms, r->median_ms, r->std_ms,    r->p95_ms,
                              r->p99_ms,  r->max_ms,    r->ci_low_ms, r->min_ms};
    size_t known = 0;
    for (size_t i = 0; i < COUNT_OF(figures); i++)
        known += isnan(figures[i]) ? 0 : 1;
    return known >= 2;
}

static void look(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    bool looked = false;
    for (size_t i = 0; i < c->n_stated; i++)
        if (row_speaks(&c->stated[i])) {
            looked = true;
            look_at_row(c, &c->stated[i], out);
        }
    if (c->stats->n >= 2) {
        looked = true;
        below_zero(c, c->stats->mean, c->stats->sd, (double)c->stats->n, "the samples", out);
    }
    if (!looked)
        audit_not_run(out, "impossible-interval", &subject,
                      "fewer than two samples, and no row with two figures");
}

const struct audit_check audit_interval_checks[] = {
    {.name = "impossible-interval",
     .rule = "warn: Student's interval of the mean (of the samples, or of a row's mean, std and n, "
             "or one that a row states) reaches below zero; fail: figures of a row contradict each "
             "other by more than "
             "tolerance: minimum, quartiles, median, percentiles and maximum out of order, a mean "
             "that is not that "
             "of the first and the others, a spread that no such data have",
     .evidence = "mean_ms sd_ms n interval_low_ms interval_high_ms, or the two figures and "
                 "n_samples",
     .blocks = AUDIT_LATENCY | AUDIT_COMPARISON | AUDIT_WINNER,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look},
    {},
};
