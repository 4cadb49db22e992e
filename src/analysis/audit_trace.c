#include "analysis/audit_trace.h"

#include "analysis/audit_reading.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/quantile.h"
#include "store/results.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { GAP, GAPS_SHARE, LEAST_READINGS, WINDOW_MIN, AT_REST, MOVED, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [GAP] = {"gap", 2.5, "times the usual interval: at least one reading is missing"},
    [GAPS_SHARE] = {"gaps_share", 0.01,
                    "of the time that lies in such gaps: what ran in them is "
                    "in no energy"},
    [LEAST_READINGS] = {"least_readings", 12, "with a time"},
    [WINDOW_MIN] = {"window_min", 5,
                    "minutes at the end of the readings, or all where they are "
                    "fewer: the slope of shorter ones comes and goes"},
    [AT_REST] = {"at_rest", 0.5, "degrees per minute: below it a device is taken to be at rest"},
    [MOVED] = {"moved", 2, "degrees over the window: less is what sensors round to"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;
constexpr double NS_PER_S = 1e9;

struct reading {
    double s, celsius; /* since the first; NOT_MEASURED: no temperature */
};

struct trace {
    struct reading *x; /* in the order of time */
    size_t n;
};

static int by_time(const void *a, const void *b)
{
    const struct reading *const x = a, *const y = b;
    return (x->s > y->s) - (x->s < y->s);
}

/* The readings with a time, of a cell that has nothing but readings. */
static struct trace trace_of(const struct audit_cell *c, struct arena *a)
{
    const struct results_samples *const s = c->samples;
    struct trace t = {.x = ARENA_ARRAY(a, struct reading, s->n + 1)};
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < s->n && c->stats->n == 0; i++)
        if (s->submitted_ns[i] != INT64_MIN && s->submitted_ns[i] < first)
            first = s->submitted_ns[i];
    for (size_t i = 0; i < s->n && c->stats->n == 0; i++)
        if (s->submitted_ns[i] != INT64_MIN &&
            !(isnan(s->power_w[i]) && isnan(s->temperature_c[i])))
            t.x[t.n++] = (struct reading){(double)(s->submitted_ns[i] - first) / NS_PER_S,
                                          s->temperature_c[i]};
    if (t.n)
        qsort(t.x, t.n, sizeof *t.x, by_time);
    return t;
}

/* ---- gaps ---- */

static void look_at_gaps(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct trace t = trace_of(c, a);
    if ((double)t.n < limits[LEAST_READINGS].value)
        return;
    double *const between = ARENA_ARRAY(a, double, t.n);
    for (size_t i = 1; i < t.n; i++)
        between[i - 1] = t.x[i].s - t.x[i - 1].s;
    quantile_sort(between, t.n - 1);
    const double usual = quantile_sorted(between, t.n - 1, 0.5), longest = between[t.n - 2];
    const double span = t.x[t.n - 1].s;
    double lost = 0;
    size_t gaps = 0;
    for (size_t i = 0; i + 1 < t.n; i++)
        if (between[i] > limits[GAP].value * usual) {
            gaps++;
            lost += between[i] - usual;
        }
    if (!(usual > 0) || !(lost >= limits[GAPS_SHARE].value * span))
        return;
    const struct audit_fact facts[] = {
        audit_number("readings", (double)t.n),   audit_number("interval_s", usual),
        audit_number("gaps", (double)gaps),      audit_number("longest_gap_s", longest),
        audit_number("gaps_share", lost / span), audit_number("span_s", span)};
    audit_reading_report(
        c, "power-undersampled", AUDIT_WARN, facts, COUNT_OF(facts),
        audit_text(out,
                   "%zu gaps (up to %.3g s) lie between readings that come every %.3g s, %.1f %% "
                   "of %.4g s: what ran there is in no energy",
                   gaps, longest, usual, 100 * lost / span, span),
        "leave out what overlaps a gap, and say how much that was; a line drawn across a gap is "
        "no measurement",
        out);
}

/* ---- a device that is not at rest ---- */

/* Least squares, degrees per minute, over x[from..n). */
static double slope_of(const struct trace *t, size_t from)
{
    double n = 0, s = 0, y = 0, ss = 0, sy = 0;
    for (size_t i = from; i < t->n; i++)
        if (!isnan(t->x[i].celsius)) {
            n++;
            s += t->x[i].s;
            y += t->x[i].celsius;
        }
    for (size_t i = from; i < t->n; i++)
        if (!isnan(t->x[i].celsius)) {
            ss += (t->x[i].s - s / n) * (t->x[i].s - s / n);
            sy += (t->x[i].s - s / n) * (t->x[i].celsius - y / n);
        }
    return n > 2 ? 60 * sy / ss : NOT_MEASURED;
}

static void look_at_rest(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct trace t = trace_of(c, a);
    const double end = t.n ? t.x[t.n - 1].s : 0, window = 60 * limits[WINDOW_MIN].value;
    size_t from = 0;
    while (from < t.n && end - t.x[from].s > window)
        from++;
    const double slope = slope_of(&t, from), span = t.n ? end - t.x[from].s : 0;
    if (!(fabs(slope) >= limits[AT_REST].value) || fabs(slope) * span / 60 < limits[MOVED].value)
        return;
    const struct audit_fact facts[] = {audit_number("celsius_per_minute", slope),
                                       audit_number("window_s", span), audit_number("span_s", end),
                                       audit_number("readings", (double)(t.n - from)),
                                       audit_number("limit", limits[AT_REST].value)};
    audit_add(
        out,
        &(struct audit_finding){
            .check = "thermal",
            .severity = AUDIT_WARN,
            .subject = audit_subject_of(c),
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out,
                                  "the temperature changes by %+.3g C per minute over the "
                                  "last %.3g minutes%s: the device is not at rest",
                                  slope, span / 60, end < window ? ", which is all there is" : ""),
            .advice = "go on until a whole window is flat; a slope that is looked at again and "
                      "again is below a limit by chance at some moment",
            .blocks = AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_ENERGY | AUDIT_COMPARISON});
}

const struct audit_check audit_trace_checks[] = {
    {.name = "power-undersampled",
     .rule = "warn: of a trace: gaps of over `gap` usual intervals hold at least gaps_share of its "
             "time",
     .evidence = "readings interval_s gaps longest_gap_s gaps_share span_s",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     AUDIT_LIMITS(limits, GAP, LEAST_READINGS),
     .cell = look_at_gaps},
    {.name = "thermal",
     .rule =
         "warn: of a trace: the temperature changes by at least at_rest over its last window_min, "
         "and by `moved` in all",
     .evidence = "celsius_per_minute window_s span_s readings limit",
     .blocks = AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_ENERGY | AUDIT_COMPARISON,
     AUDIT_LIMITS(limits, WINDOW_MIN, MOVED),
     .cell = look_at_rest},
    {},
};
