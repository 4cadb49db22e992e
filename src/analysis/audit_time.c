#include "analysis/audit_time.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/autocorr.h"
#include "num/changepoint.h"
#include "num/dist.h"
#include "num/trend.h"

#include <math.h>

enum { PENALTY, LEAST_SEGMENT, STEP, BIG_STEP, STEPS_LIMITS };
static const struct audit_limit steps_limits[STEPS_LIMITS] = {
    [PENALTY] = {"penalty", 4.0,
                 "times log n, for a change in the level of normal scores: at most 1 % of steady "
                 "series of 20 to 5,000 values have one (simulated)"},
    [LEAST_SEGMENT] = {"least_segment", 5,
                       "values of a level; fewer are outliers, which cold-start and outlier-driven "
                       "judge"},
    [STEP] = {"step", 0.03, "a smaller change of level matters to no decision"},
    [BIG_STEP] = {"big_step", 0.10, "a figure of two levels this far apart is of neither: fail"},
};

enum { TREND_P, TREND_CHANGE, TREND_BIG, LEAST_UNITS, TREND_LIMITS };
static const struct audit_limit trend_limits[TREND_LIMITS] = {
    [TREND_P] =
        {"p", 0.0005,
         "of Mann-Kendall's test, corrected for dependence; two are made of every cell, and "
         "many cells of one study"},
    [TREND_CHANGE] = {"change", 0.03, "from the beginning to the end; less matters to no decision"},
    [TREND_BIG] = {"big_change", 0.10, "a comparison of figures that drift this far: fail"},
    [LEAST_UNITS] = {"least_units", 8, "invocations that show a trend across them"},
};

static constexpr size_t SCRATCH = (size_t)2 << 30;

/* ---- not-steady ---- */

struct unsteady {
    size_t unit, at; /* where the last change is, in samples of the unit */
    size_t changes, units;
    double before, after; /* levels, logs */
    double change;        /* the greatest difference between a level and the last */
    const char *where;
};

/* The largest step between a level and the last one. */
static void keep_worst(const struct audit_steps *s, size_t unit, const char *where,
                       struct unsteady *ret)
{
    if (s->n == 0)
        return;
    ret->units++;
    ret->changes += s->n;
    for (size_t k = 0; k < s->n; k++) {
        const double change = fabs(s->level[k] - s->level[s->n]);
        if (change > fabs(ret->change)) {
            ret->change = s->level[s->n] - s->level[k];
            ret->before = s->level[k];
            ret->after = s->level[s->n];
            ret->unit = unit;
            ret->at = s->end[s->n - 1];
            ret->where = where;
        }
    }
}

/* What all invocations have in common at each place: the median over them of what is off the
 * unit's own level. */
static size_t common_course(const struct audit_series *s, struct arena *scratch, double *ret)
{
    size_t longest = 0;
    for (size_t u = 0; u < s->n_units; u++)
        longest = s->start[u + 1] - s->start[u] > longest ? s->start[u + 1] - s->start[u] : longest;
    constexpr size_t MOST = 1000; /* what comes later is no warm-up */
    double *const at = ARENA_ARRAY(scratch, double, s->n_units);
    size_t n = 0;
    for (size_t i = 0; i < longest && i < MOST; i++) {
        size_t m = 0;
        for (size_t u = 0; u < s->n_units; u++)
            if (s->start[u] + i < s->start[u + 1])
                at[m++] = s->centred[s->start[u] + i];
        if (2 * m < s->n_units)
            break;
        ret[n++] = audit_series_median(at, m, scratch);
    }
    return n;
}

static void report_unsteady(const struct audit_cell *c, const struct audit_series *s,
                            const struct unsteady *w, struct audit *out)
{
    const double ratio = exp(w->change);
    const bool big = fabs(w->change) >= log1p(steps_limits[BIG_STEP].value);
    struct audit_subject subject = audit_subject_of(c);
    if (w->units == 1 && s->n_units > 1 && w->unit < s->n_units) {
        subject.replicate = c->stats->units[w->unit].replicate;
        subject.invocation = c->stats->units[w->unit].invocation;
    }
    const double level = exp(w->before); /* in ms only where no prompt was taken off */
    const struct audit_fact facts[] = {
        {"changes", (double)w->changes, nullptr},
        {"units_with_changes", (double)w->units, nullptr},
        {"units", (double)s->n_units, nullptr},
        {"last_change_at_sample", (double)w->at, nullptr},
        {"level_ratio", ratio, nullptr},
        {"level_before_ms", s->by_prompt ? NOT_MEASURED : level, nullptr},
        {"level_after_ms", s->by_prompt ? NOT_MEASURED : exp(w->after), nullptr},
        {"n_samples", (double)s->n, nullptr},
    };
    audit_add(out,
              &(struct audit_finding){
                  .check = "not-steady",
                  .severity = big ? AUDIT_FAIL : AUDIT_WARN,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s: the level changes %zu time%s %s; the last level is "
                                        "%.3f times an earlier one, from sample %zu on",
                                        audit_label(out, c), w->changes, w->changes == 1 ? "" : "s",
                                        w->where, ratio, w->at),
                  .advice = "warm up for longer, or find what changed at that sample; figures over "
                            "both levels belong to neither",
                  .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
              });
}

static void look_steady(const struct audit_cell *c, struct audit *out)
{
    const size_t least = (size_t)steps_limits[LEAST_SEGMENT].value;
    const struct audit_subject subject = audit_subject_of(c);
    if (c->stats->n < 4 * least) {
        audit_not_run(out, "not-steady", &subject, "fewer than 20 samples in the order of time");
        return;
    }
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct audit_series s = *c->series;
    if (s.mixed) {
        audit_not_run(out, "not-steady", &subject,
                      "prompts differ, and fewer than five samples of each: a prompt's level "
                      "cannot be told from a change");
        return;
    }
    double *const course = ARENA_ARRAY(scratch, double, s.n);
    const double more = 2 * log((double)s.n_units + 1); /* so many series are looked at */
    struct unsteady w = {.where = "within an invocation"};
    for (size_t u = 0; u < s.n_units; u++) {
        const size_t from = s.start[u], n = s.start[u + 1] - from;
        if (n < 4 * least)
            continue;
        const struct audit_steps steps =
            audit_series_steps(s.y + from, n, steps_limits[PENALTY].value + more / log((double)n),
                               least, audit_series_blocks(s.n_units, 400), scratch);
        keep_worst(&steps, u, "within an invocation", &w);
    }
    const size_t m = s.n_units >= 3 ? common_course(&s, scratch, course) : 0;
    if (m >= 2 * least) {
        const struct audit_steps steps =
            audit_series_steps(course, m, steps_limits[PENALTY].value + 1,
                               least > m / 3 ? m / 3 : least, 400, scratch);
        keep_worst(&steps, s.n_units, "at the same place of every invocation", &w);
    }
    if (fabs(w.change) >= log1p(steps_limits[STEP].value))
        report_unsteady(c, &s, &w, out);
}

/* ---- drift ---- */

struct drift {
    double z, p, change; /* change: of the log from beginning to end */
    size_t units;
    const char *where;
};

/* Mann-Kendall within the units, S and its variance added up: units may have levels of their own.
 */
static struct drift within_units(const struct audit_series *s, struct arena *scratch)
{
    const size_t most = audit_series_blocks(s->n_units, 200);
    struct drift d = {.where = "within invocations"};
    double sum = 0, var = 0, change = 0, weight = 0;
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t from = s->start[u], n = s->start[u + 1] - from;
        if (n < 4)
            continue;
        const double *y;
        size_t block;
        const size_t m = changepoint_blocks(s->y + from, n, most, scratch, &y, &block);
        const struct trend_slope slope = trend_theil_sen(nullptr, y, m, 0.95, scratch);
        double *const rest = ARENA_ARRAY(scratch, double, m);
        trend_residuals(y, m, slope.slope, rest);
        const double n_eff = autocorr_ess_geyer(rest, m, scratch).n_eff;
        const struct trend_test t = trend_mann_kendall(y, m, fmax(n_eff, 4), scratch);
        if (isnan(t.p))
            continue;
        sum += t.s;
        var += t.var_s;
        change += slope.slope * (double)m * (double)n;
        weight += (double)n;
        d.units++;
    }
    d.z = sum / sqrt(var);
    d.p = var > 0 ? dist_normal_two_sided(d.z) : NOT_MEASURED;
    d.change = change / weight;
    return d;
}

static struct drift across_units(const struct audit_series *s, struct arena *scratch)
{
    struct drift d = {.p = NOT_MEASURED, .where = "across invocations"};
    if ((double)s->n_units < trend_limits[LEAST_UNITS].value)
        return d;
    double *const level = ARENA_ARRAY(scratch, double, s->n_units);
    for (size_t u = 0; u < s->n_units; u++)
        level[u] = audit_series_median(s->y + s->start[u], s->start[u + 1] - s->start[u], scratch);
    const struct trend_test t = trend_mann_kendall(level, s->n_units, NOT_MEASURED, scratch);
    const struct trend_slope slope = trend_theil_sen(nullptr, level, s->n_units, 0.95, scratch);
    d.units = s->n_units;
    d.z = t.z;
    d.p = t.p;
    d.change = slope.slope * (double)(s->n_units - 1);
    return d;
}

static void look_drift(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    if (c->stats->n < 8) {
        audit_not_run(out, "drift", &subject, "fewer than 8 samples in the order of time");
        return;
    }
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct audit_series s = *c->series;
    const struct drift both[] = {within_units(&s, scratch), across_units(&s, scratch)};
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        const struct drift *const d = &both[i];
        if (!(d->p < trend_limits[TREND_P].value) ||
            !(fabs(d->change) >= log1p(trend_limits[TREND_CHANGE].value)))
            continue;
        const struct audit_fact facts[] = {
            {"change", expm1(d->change), nullptr},
            {"p", d->p, nullptr},
            {"z", d->z, nullptr},
            {"units", (double)d->units, nullptr},
            {"n_samples", (double)s.n, nullptr},
            {"where", NOT_MEASURED, d->where},
        };
        audit_add(
            out,
            &(struct audit_finding){
                .check = "drift",
                .severity = fabs(d->change) >= log1p(trend_limits[TREND_BIG].value) ? AUDIT_FAIL
                                                                                    : AUDIT_WARN,
                .subject = subject,
                .facts = facts,
                .n_facts = COUNT_OF(facts),
                .message = audit_text(out,
                                      "%s: latency drifts by %+.1f %% from beginning to "
                                      "end %s (Mann-Kendall p = %.2g)",
                                      audit_label(out, c), 100 * expm1(d->change), d->where, d->p),
                .advice = "find what heats, fills or leaks; run configurations in turns "
                          "so that all share the drift, and compare within a block",
                .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
            });
        return;
    }
}

const struct audit_check audit_time_checks[] = {
    {.name = "not-steady",
     .rule = "warn: changepoints in the level of an invocation's samples, or at the same place of "
             "all invocations, of at least `step`; fail from big_step on",
     .evidence = "changes units_with_changes units last_change_at_sample level_ratio "
                 "level_before_ms level_after_ms n_samples",
     .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
     .limits = steps_limits,
     .n_limits = STEPS_LIMITS,
     .cell = look_steady},
    {.name = "drift",
     .rule = "warn: a monotone trend within invocations or across them, at p and of at least "
             "`change` over the run; fail from big_change on",
     .evidence = "change p z units n_samples where",
     .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
     .limits = trend_limits,
     .n_limits = TREND_LIMITS,
     .cell = look_drift},
    {},
};
