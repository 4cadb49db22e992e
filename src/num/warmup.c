#include "num/warmup.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/changepoint.h"
#include "num/moment.h"
#include "num/outlier.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

struct warmup_mser warmup_mser5(const double *x, size_t n, struct arena *scratch)
{
    constexpr size_t BATCH = 5;
    struct warmup_mser r = {.statistic = NOT_MEASURED};
    const size_t m = n / BATCH;
    if (m < 2)
        return r;
    double *z = ARENA_ARRAY(scratch, double, m);
    for (size_t b = 0; b < m; b++)
        z[b] = moment_sum(x + b * BATCH, BATCH) / (double)BATCH;

    /* From the end: mean and sum of squares of z[d..m) grow by one value (Welford). */
    double mean = 0, ss = 0;
    for (size_t d = m; d-- > 0;) {
        const double k = (double)(m - d), off = z[d] - mean;
        mean += off / k;
        ss += off * (z[d] - mean);
        const double statistic = ss / (k * k);
        /* On a tie the longer rest. */
        if (d <= m / 2 && !(statistic > r.statistic)) {
            r.statistic = statistic;
            r.drop = d * BATCH;
        }
    }
    r.at_the_limit = r.drop == m / 2 * BATCH && r.drop > 0;
    return r;
}

/* Whether each value lies outside median +- 3 (P90 - P10) of the 200 around it. */
static void mark_far(const double *x, size_t n, struct arena *scratch, bool *ret)
{
    constexpr size_t WINDOW = 200;
    constexpr size_t STEP = 50; /* a window serves the STEP values in its middle */
    double *sorted = ARENA_ARRAY(scratch, double, WINDOW);
    for (size_t from = 0; from < n; from += STEP) {
        const size_t until = from + STEP < n ? from + STEP : n;
        size_t begin = from > (WINDOW - STEP) / 2 ? from - (WINDOW - STEP) / 2 : 0;
        const size_t end = begin + WINDOW < n ? begin + WINDOW : n;
        begin = end > WINDOW ? end - WINDOW : 0;
        memcpy(sorted, x + begin, (end - begin) * sizeof *x);
        quantile_sort(sorted, end - begin);
        const double middle = quantile_sorted(sorted, end - begin, 0.5);
        const double far = 3 * (quantile_sorted(sorted, end - begin, 0.9) -
                                quantile_sorted(sorted, end - begin, 0.1));
        for (size_t i = from; i < until; i++)
            ret[i] = far > 0 && fabs(x[i] - middle) > far;
    }
}

/* Leaves out far values that stand alone or in pairs: more of them in a row are a level of their
 * own, and a last level that covers less than a tenth of a window would vanish. ret_at[k]: where
 * ret[k] stood in x. */
static size_t without_outliers(const double *x, size_t n, struct arena *scratch, double *ret,
                               size_t *ret_at)
{
    constexpr size_t ALONE = 2;
    bool *far = ARENA_ARRAY(scratch, bool, n);
    mark_far(x, n, scratch, far);
    size_t kept = 0;
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && far[i + run] == far[i]; run++)
            ;
        for (size_t j = i; (!far[i] || run > ALONE) && j < i + run; j++) {
            ret[kept] = x[j];
            ret_at[kept++] = j;
        }
    }
    return kept;
}

/* Clocks have a resolution; where nothing else is known, the least difference between two values
 * that differ stands for it, and never less than a millionth of the level. */
static double resolution(const double *x, size_t n, struct arena *scratch)
{
    double *sorted = ARENA_ARRAY(scratch, double, n);
    memcpy(sorted, x, n * sizeof *x);
    quantile_sort(sorted, n);
    double least = INFINITY;
    for (size_t i = 0; i + 1 < n; i++)
        if (sorted[i + 1] > sorted[i])
            least = fmin(least, sorted[i + 1] - sorted[i]);
    const double floor = 1e-6 * fmax(fabs(sorted[0]), fabs(sorted[n - 1]));
    return isfinite(least) ? fmax(least / sqrt(12.0), floor) : floor;
}

struct level { /* of a segment: what a stall inside it does not move */
    double median, spread;
};

static struct level level_of(const double *x, size_t n, struct arena *scratch)
{
    double *sorted = ARENA_ARRAY(scratch, double, n), *off = ARENA_ARRAY(scratch, double, n);
    memcpy(sorted, x, n * sizeof *x);
    quantile_sort(sorted, n);
    const struct outlier_scale s = outlier_scale(sorted, n, 0, off);
    return (struct level){s.centre, s.spread};
}

/* The first segment of the steady part, and which class what lies before it makes. */
static size_t steady_segment(const double *x, const struct changepoint_found *found,
                             const struct warmup_rule *rule, struct arena *scratch,
                             struct warmup_state *ret)
{
    struct level *levels = ARENA_ARRAY(scratch, struct level, found->n + 1);
    for (size_t k = 0, from = 0; k <= found->n; from = found->end[k++])
        levels[k] = level_of(x + from, found->end[k] - from, scratch);
    const struct level last = levels[found->n];
    const double same = fmax(rule->same_level * fabs(last.median), last.spread);

    size_t first = found->n;
    while (first > 0 && fabs(levels[first - 1].median - last.median) <= same)
        first--;
    ret->class = WARMUP_FLAT;
    for (size_t k = 0; k < first; k++) {
        const double off = levels[k].median - last.median;
        if (fabs(off) <= same)
            continue;
        if (isnan(ret->first_level))
            ret->first_level = levels[k].median;
        if (off < 0)
            ret->class = WARMUP_SLOWDOWN;
        else if (ret->class == WARMUP_FLAT)
            ret->class = WARMUP_WARMUP;
    }
    return first;
}

struct warmup_state warmup_classify(const double *x, size_t n, const struct warmup_rule *rule,
                                    struct arena *scratch)
{
    struct warmup_state r = {.class = WARMUP_TOO_SHORT,
                             .steady_from = n,
                             .steady_mean = NOT_MEASURED,
                             .steady_sd = NOT_MEASURED,
                             .first_level = NOT_MEASURED,
                             .block = 1};
    if (n < WARMUP_LEAST_N)
        return r;
    constexpr size_t MOST = 1000; /* PELT takes n^2 steps where nothing changes */
    const double *values;
    const size_t m = changepoint_blocks(x, n, MOST, scratch, &values, &r.block);
    double *kept = ARENA_ARRAY(scratch, double, m);
    size_t *at = ARENA_ARRAY(scratch, size_t, m);
    const size_t k = without_outliers(values, m, scratch, kept, at);
    r.outliers = m - k;
    const struct changepoint_found found = changepoint_pelt(
        kept, k,
        &(struct changepoint_rule){CHANGEPOINT_MEAN_VARIANCE, rule->penalty_factor * log((double)k),
                                   2, resolution(kept, k, scratch)},
        scratch);
    r.changes = found.n;
    const size_t first = steady_segment(kept, &found, rule, scratch, &r);
    const size_t steady = first > 0 ? found.end[first - 1] : 0;
    const size_t tail = rule->tail > 0 ? rule->tail : (n / 4 < 500 ? n / 4 : 500);
    const size_t steady_at = steady > 0 ? at[steady] * r.block : 0;
    if (first > 0 && n - steady_at < tail) {
        r.class = WARMUP_NO_STEADY_STATE;
        return r;
    }
    const struct moment rest = moment_of(kept + steady, k - steady);
    r.steady_from = steady_at;
    r.steady_mean = rest.mean;
    r.steady_sd = rest.sd;
    return r;
}

enum warmup_class warmup_across(const enum warmup_class *classes, size_t n)
{
    enum warmup_class all = WARMUP_TOO_SHORT;
    for (size_t i = 0; i < n; i++) {
        if (classes[i] == WARMUP_TOO_SHORT)
            continue;
        if (all != WARMUP_TOO_SHORT && all != classes[i])
            return WARMUP_INCONSISTENT;
        all = classes[i];
    }
    return all;
}

const char *warmup_class_name(enum warmup_class c)
{
    static const char *const NAMES[] = {
        [WARMUP_TOO_SHORT] = "too short to tell",
        [WARMUP_FLAT] = "flat",
        [WARMUP_WARMUP] = "warm-up",
        [WARMUP_SLOWDOWN] = "slowdown",
        [WARMUP_NO_STEADY_STATE] = "no steady state",
        [WARMUP_INCONSISTENT] = "inconsistent",
    };
    return c < COUNT_OF(NAMES) ? NAMES[c] : "unknown";
}
