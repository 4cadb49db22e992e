#include "analysis/audit_thermal.h"

#include "analysis/audit_machine.h"
#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { HOT, NEAR, SLOWER, SLOWER_MUCH, CLOCK, P, LEAST_N, LEAST_UNITS, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [HOT] = {"hot_celsius", 85,
             "processors begin to throttle between 85 and 105; before a run that "
             "heats them they should be far below"},
    [NEAR] = {"near_celsius", 3, "below the limit that the sensor itself states, where it does"},
    [SLOWER] = {"slower", 0.03, "at the slow part of the clocks: less matters to no decision"},
    [SLOWER_MUCH] = {"much_slower", 0.1,
                     "a figure of two clocks this far apart is of neither: fail"},
    [CLOCK] = {"clock", 0.02,
               "by which the clock is lower there: a smaller difference explains none of latency"},
    [P] = {"p", 0.002,
           "of the rank correlation of clock and latency, corrected for dependence: two are looked "
           "at in every cell"},
    [LEAST_N] = {"least_n", 12, "samples with a clock"},
    [LEAST_UNITS] = {"least_units", 6, "invocations with a clock"},
};

/* ---- clock and latency ---- */

struct pairs { /* of clock and log latency, in the order of time */
    double *mhz, *y;
    size_t n;
    size_t *start; /* n_units + 1: invocations, which have a level and a clock of their own that are
                      taken off; nullptr: the pairs are the invocations */
    size_t n_units;
};

struct falls { /* does latency rise where the clock falls */
    double p, correlation;
    double low_mhz, high_mhz; /* medians of the slow and the fast part of the clocks */
    double slower;            /* by which latency is longer at the slow part: a ratio less 1 */
    size_t n;
};

/* Of series of mean 0. */
static double lag1(const double *x, size_t n)
{
    double own = 0, next = 0;
    for (size_t i = 0; i < n; i++) {
        own += x[i] * x[i];
        next += i ? x[i] * x[i - 1] : 0;
    }
    return own > 0 ? next / own : 0;
}

/* Two-sided, of normal scores: what they are worth where both series remember their past (Dawdy and
 * Matalas 1964), the latency's being taken without what the clock explains. */
static double correlation_p(const double *a, double *b, size_t n, double *ret_r)
{
    double aa = 0, ab = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        aa += a[i] * a[i];
        ab += a[i] * b[i];
        bb += b[i] * b[i];
    }
    *ret_r = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NOT_MEASURED;
    if (isnan(*ret_r))
        return NOT_MEASURED;
    for (size_t i = 0; i < n; i++)
        b[i] -= ab / aa * a[i];
    const double memory = fmax(0, lag1(a, n) * lag1(b, n));
    const double worth = (double)n * (1 - memory) / (1 + memory);
    const double df = fmax(worth - 2, 1);
    return dist_t_two_sided(*ret_r * sqrt(df / fmax(1e-12, 1 - *ret_r * *ret_r)), df);
}

static double median_where(const double *x, const double *key, size_t n, double from, double to,
                           struct arena *scratch)
{
    double *const some = ARENA_ARRAY(scratch, double, n + 1);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (key[i] >= from && key[i] <= to)
            some[m++] = x[i];
    return quantile_median(some, m);
}

/* The clock that parts sorted[0..n) in two with the most variance between them (Otsu 1979): states,
 * where there are two, else halves. It looks at no latency. */
static double parting(const double *sorted, size_t n)
{
    const size_t least = n / 20 > 3 ? n / 20 : 3;
    double all = 0, low = 0, best = -1, ret = sorted[n / 2];
    for (size_t i = 0; i < n; i++)
        all += sorted[i];
    for (size_t i = 1; i + least <= n; i++) {
        low += sorted[i - 1];
        const double k = (double)i, m = (double)(n - i), apart = low / k - (all - low) / m;
        if (i >= least && sorted[i] > sorted[i - 1] && k * m * apart * apart > best) {
            best = k * m * apart * apart;
            ret = sorted[i];
        }
    }
    return ret;
}

static void centre(double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 0; i < n; i++)
        x[i] -= sum / (double)n;
}

static struct falls falls_of(const struct pairs *p, struct arena *scratch)
{
    const size_t n = p->n;
    struct falls f = {.p = NOT_MEASURED, .n = n};
    double *const sorted = ARENA_ARRAY(scratch, double, n + 1);
    double *const a = ARENA_ARRAY(scratch, double, n + 1), *const b =
                                                               ARENA_ARRAY(scratch, double, n + 1);
    memcpy(sorted, p->mhz, n * sizeof *sorted);
    quantile_sort(sorted, n);
    const double high = parting(sorted, n), low = nextafter(high, 0);
    f.low_mhz = median_where(p->mhz, p->mhz, n, 0, low, scratch);
    f.high_mhz = median_where(p->mhz, p->mhz, n, high, INFINITY, scratch);
    f.slower = exp(median_where(p->y, p->mhz, n, 0, low, scratch) -
                   median_where(p->y, p->mhz, n, high, INFINITY, scratch)) -
               1;
    audit_series_scores(p->mhz, n, scratch, a);
    audit_series_scores(p->y, n, scratch, b);
    for (size_t u = 0; u < p->n_units; u++) {
        centre(a + p->start[u], p->start[u + 1] - p->start[u]);
        centre(b + p->start[u], p->start[u + 1] - p->start[u]);
    }
    f.p = correlation_p(a, b, n, &f.correlation);
    return f;
}

static bool matters(const struct falls *f)
{
    return f->p < limits[P].value && f->correlation < 0 && f->slower >= limits[SLOWER].value &&
           f->low_mhz <= f->high_mhz * (1 - limits[CLOCK].value);
}

static struct pairs pairs_new(size_t n, size_t n_units, struct arena *scratch)
{
    return (struct pairs){ARENA_ARRAY(scratch, double, n + 1), ARENA_ARRAY(scratch, double, n + 1),
                          0, ARENA_ARRAY(scratch, size_t, n_units + 1), n_units};
}

static void pairs_add(struct pairs *p, double mhz, double y)
{
    p->mhz[p->n] = mhz;
    p->y[p->n++] = y;
}

/* Within invocations. */
static struct pairs pairs_of_samples(const struct audit_cell *c, struct arena *scratch)
{
    const struct audit_series s = *c->series;
    struct pairs p = pairs_new(s.n, s.n_units, scratch);
    for (size_t u = 0; u < s.n_units; u++) {
        p.start[u] = p.n;
        for (size_t i = s.start[u]; i < s.start[u + 1]; i++) {
            const double mhz = c->samples->clock_mhz[c->rows[i]];
            if (mhz > 0)
                pairs_add(&p, mhz, s.y[i]);
        }
    }
    p.start[s.n_units] = p.n;
    return p;
}

/* Across invocations: the clock of each and the median of its latencies. */
static struct pairs pairs_of_units(const struct audit_cell *c, const struct audit_machine *units,
                                   size_t n_units, struct arena *scratch)
{
    const struct audit_series s = *c->series;
    struct pairs p = pairs_new(s.n_units, 0, scratch);
    for (size_t u = 0; u < s.n_units; u++)
        for (size_t i = 0; i < n_units; i++)
            if (units[i].replicate == c->stats->units[u].replicate &&
                units[i].invocation == c->stats->units[u].invocation && units[i].mhz > 0) {
                pairs_add(
                    &p, units[i].mhz,
                    audit_series_median(s.y + s.start[u], s.start[u + 1] - s.start[u], scratch));
                break;
            }
    return p;
}

/* The record of unit u, where it knows both ends of the clock; nullptr: none. */
static const struct audit_machine *ends_of(const struct audit_cell *c, size_t u,
                                           const struct audit_machine *units, size_t n_units)
{
    for (size_t i = 0; i < n_units; i++)
        if (units[i].replicate == c->stats->units[u].replicate &&
            units[i].invocation == c->stats->units[u].invocation && units[i].mhz_first > 0 &&
            units[i].mhz_last > 0)
            return &units[i];
    return nullptr;
}

/* The first and the last quarter of each invocation, by what its record says of the clock; both as
 * if every invocation's clock were `mhz` in the middle. */
static struct pairs pairs_of_ends(const struct audit_cell *c, const struct audit_machine *units,
                                  size_t n_units, double mhz, struct arena *scratch)
{
    const struct audit_series s = *c->series;
    struct pairs p = pairs_new(2 * s.n, s.n_units, scratch);
    for (size_t u = 0; u < s.n_units; u++) {
        const size_t from = s.start[u], n = s.start[u + 1] - from, quarter = n / 4;
        const struct audit_machine *const v = ends_of(c, u, units, n_units);
        p.start[u] = p.n;
        for (size_t i = 0; v && i < 2 * quarter; i++) {
            const bool last = i >= quarter;
            const double scale = 2 * mhz / (v->mhz_first + v->mhz_last);
            pairs_add(&p, scale * (last ? v->mhz_last : v->mhz_first),
                      s.y[from + (last ? n - 2 * quarter + i : i)]);
        }
    }
    p.start[s.n_units] = p.n;
    return p;
}

static double mean_clock(const struct audit_machine *units, size_t n)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < n; i++)
        if (units[i].mhz > 0) {
            sum += units[i].mhz;
            known++;
        }
    return known ? sum / (double)known : NOT_MEASURED;
}

static void say_clock(const struct audit_cell *c, const struct falls *f, const char *where,
                      struct audit *out)
{
    const struct audit_fact facts[] = {
        audit_number("clock_low_mhz", f->low_mhz),
        audit_number("clock_high_mhz", f->high_mhz),
        audit_number("slower", f->slower),
        audit_number("rank_correlation", f->correlation),
        audit_number("p", f->p),
        audit_number("pairs", (double)f->n),
        audit_word("where", where),
    };
    audit_add(out,
              &(struct audit_finding){
                  .check = "thermal",
                  .severity = f->slower >= limits[SLOWER_MUCH].value ? AUDIT_FAIL : AUDIT_WARN,
                  .subject = audit_subject_of(c),
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(
                      out,
                      "%s: latency goes with the clock %s: %.0f %% longer at %.0f MHz "
                      "than at %.0f MHz",
                      audit_label(out, c), where, 100 * f->slower, f->low_mhz, f->high_mhz),
                  .advice = "fix the clock (governor, turbo off, a GPU's clocks locked) or let the "
                            "machine cool between invocations, and compare at one clock",
                  .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_ENERGY |
                            AUDIT_COMPARISON,
              });
}

static void look_clock(const struct audit_cell *c, const struct audit_machine *units, size_t n,
                       struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
    if (c->stats->n == 0)
        return;
    const struct {
        struct pairs pairs;
        double least;
        const char *where;
    } ways[] = {
        {pairs_of_samples(c, scratch), limits[LEAST_N].value, "within invocations"},
        {pairs_of_ends(c, units, n, mean_clock(units, n), scratch), limits[LEAST_N].value,
         "from an invocation's first quarter to its last"},
        {pairs_of_units(c, units, n, scratch), limits[LEAST_UNITS].value, "across invocations"},
    };
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if ((double)ways[i].pairs.n < ways[i].least)
            continue;
        const struct falls f = falls_of(&ways[i].pairs, scratch);
        if (matters(&f)) {
            say_clock(c, &f, ways[i].where, out);
            return;
        }
    }
}

/* ---- heat ---- */

static double limit_of(const struct audit_machine *u)
{
    return isnan(u->celsius_limit) ? limits[HOT].value : u->celsius_limit - limits[NEAR].value;
}

static void look_heat(const struct audit_cell *c, const struct audit_machine *units, size_t n,
                      struct arena *scratch, struct audit *out)
{
    const struct audit_machine **const hot =
        ARENA_ARRAY(scratch, const struct audit_machine *, n + 1);
    size_t k = 0;
    double events = 0, celsius = NOT_MEASURED, limit = NOT_MEASURED;
    for (size_t i = 0; i < n; i++) {
        if (!(units[i].throttles > 0) && !(units[i].celsius >= limit_of(&units[i])))
            continue;
        hot[k++] = &units[i];
        events += units[i].throttles > 0 ? units[i].throttles : 0;
        if (!isnan(units[i].celsius) && !(units[i].celsius <= celsius)) {
            celsius = units[i].celsius;
            limit = limit_of(&units[i]);
        }
    }
    if (k == 0)
        return;
    const char *const names = audit_machine_names(hot, k, out);
    const struct audit_fact facts[] = {
        audit_number("throttle_events", events),
        audit_number("temperature_celsius", celsius),
        audit_number("limit", limit),
        audit_word("touched", names),
        audit_number("median_touched_ms", audit_machine_median(c, hot, k, true)),
        audit_number("median_others_ms", audit_machine_median(c, hot, k, false)),
    };
    struct audit_subject subject = audit_subject_of(c);
    if (k == 1)
        subject.invocation = hot[0]->invocation;
    audit_add(
        out,
        &(struct audit_finding){
            .check = "thermal",
            .severity = AUDIT_WARN,
            .subject = subject,
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = events > 0
                           ? audit_text(out, "%s: the processor throttled %.0f times during %s",
                                        audit_label(out, c), events, names)
                           : audit_text(out,
                                        "%s: the device was at %.0f C during %s, at its limit "
                                        "(%.0f C)",
                                        audit_label(out, c), celsius, names, limit),
            .advice = "let it cool between invocations, or fix a clock that it can hold: a "
                      "processor that throttles is another processor",
            .blocks = AUDIT_COMPARISON,
        });
}

static void look_cell(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
    const struct audit_machine *units;
    const size_t n = audit_machine_of(c, scratch, &units);
    look_heat(c, units, n, scratch, out);
    look_clock(c, units, n, out);
}

/* ---- where nobody watched: the moment before the run ---- */

static bool was_watched(const struct audit_whole *w, size_t replicate)
{
    bool known = false;
    for (size_t i = 0; i < w->n_cells && !known; i++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
        const struct audit_machine *units;
        const size_t n = audit_machine_of(&w->cells[i], scratch, &units);
        for (size_t k = 0; k < n; k++)
            known =
                known ||
                (units[k].replicate == (int32_t)replicate &&
                 !(isnan(units[k].celsius) && isnan(units[k].throttles) && isnan(units[k].mhz)));
    }
    return known;
}

static void look_before(const struct audit_whole *w, struct audit *out)
{
    const double hot = limits[HOT].value;
    size_t known = 0;
    for (size_t i = 0; i < w->results->n_replicates; i++) {
        const bool watched = was_watched(w, i);
        const double t =
            w->results->hosts ? w->results->hosts[i].temperature_celsius : NOT_MEASURED;
        known += watched || !isnan(t);
        if (t >= hot)
            audit_machine_add_before(
                w, i,
                &(struct audit_machine_before){
                    "thermal", "temperature_celsius", t, hot, AUDIT_WARN,
                    audit_text(out, "the machine was at %.0f C before the run began", t),
                    "let it cool, and watch drift: a processor that throttles is another "
                    "processor"},
                out);
    }
    if (known == 0)
        audit_not_run(
            out, "thermal", nullptr,
            "neither temperature, clock nor throttling of the machine was recorded; drift "
            "and clock-states see what they do");
}

const struct audit_check audit_thermal_checks[] = {
    {.name = "thermal",
     .rule =
         "warn: the processor throttled during an invocation, or was at its sensor's limit less "
         "near_celsius (where none is stated, hot_celsius; so before the run); latency is longer "
         "by `slower` in the slow part of the clocks (Otsu) than in the fast one, which is higher "
         "by `clock`, and their rank correlation (within invocations, from their first to their "
         "last quarter, or across them) has p; fail from much_slower on",
     .evidence = "throttle_events temperature_celsius limit touched median_touched_ms "
                 "median_others_ms clock_low_mhz clock_high_mhz slower rank_correlation p pairs "
                 "where",
     .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_ENERGY | AUDIT_COMPARISON,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_cell,
     .whole = look_before},
    {},
};
