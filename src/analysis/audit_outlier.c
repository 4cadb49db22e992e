#include "analysis/audit_outlier.h"

#include "analysis/audit_extreme.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/interval.h"

#include <math.h>
#include <string.h>

enum { FEW, MEAN_MOVES, LEAD, MEDIANS_APART, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [FEW] = {"few", 5, "samples that decide: what more of them decide is the law, not an accident"},
    [MEAN_MOVES] = {"mean_moves", 0.05, "the share by which they move a cell's mean"},
    [LEAD] = {"lead", 0.01, "between two means; a smaller one is no winner to begin with"},
    [MEDIANS_APART] = {"medians_apart", 0.02,
                       "between two medians that are stated without an interval"},
};

static constexpr size_t SCRATCH = (size_t)2 << 30;
static constexpr unsigned BLOCKS =
    AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_COST | AUDIT_COMPARISON | AUDIT_WINNER;

/* ---- one cell ---- */

static void look_cell(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_extremes x = audit_extreme_of(c, scratch);
    if (!(x.n >= 4)) {
        audit_not_run(out, "outlier-driven", &subject,
                      "neither four samples nor a stated largest one beside a median");
        return;
    }
    double sum = x.sum_ms;
    size_t k = 0;
    while (k < x.n_items && (double)k < limits[FEW].value)
        sum -= x.items[k++].ms;
    const double mean = x.sum_ms / x.n, without = sum / (x.n - (double)k),
                 moves = mean / without - 1;
    if (k == 0 || moves < limits[MEAN_MOVES].value)
        return;
    const struct audit_fact facts[] = {
        {"few", (double)k, nullptr},
        {"n_samples", x.n, nullptr},
        {"largest_ms", x.items[0].ms, nullptr},
        {"median_ms", x.median_ms, nullptr},
        {"mean_ms", mean, nullptr},
        {"mean_without_ms", without, nullptr},
        {"mean_moves", moves, nullptr},
    };
    audit_add(out, &(struct audit_finding){
                       .check = "outlier-driven",
                       .severity = AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: %zu of %.0f samples move the mean from %.4g to "
                                             "%.4g ms (the largest is %.4g ms, the median %.4g ms)",
                                             audit_label(out, c), k, x.n, without, mean,
                                             x.items[0].ms, x.median_ms),
                       .advice = "compare medians; say what the slow samples were, and how often "
                                 "they come, instead of a mean that has a few of them",
                       .blocks = AUDIT_MEAN | AUDIT_THROUGHPUT,
                   });
}

/* ---- two cells of a group ---- */

/* log of median a / median b, and whether it is more than noise. */
static bool medians_differ(const struct audit_cell *a, const struct audit_cell *b,
                           const struct audit_extremes *xa, const struct audit_extremes *xb,
                           double *ret_log)
{
    *ret_log = log(xa->median_ms / xb->median_ms);
    const struct cell_stats *const s = a->stats, *const t = b->stats;
    if (s->n == 0 || t->n == 0)
        return fabs(*ret_log) >= log1p(limits[MEDIANS_APART].value);
    const struct interval r = interval_ratio(&t->median_ci, &s->median_ci, CELL_CONFIDENCE);
    return r.lo > 1 || r.hi < 1;
}

static void look_pair(const struct audit_cell *a, const struct audit_cell *b,
                      const struct audit_extremes *of_a, const struct audit_extremes *of_b,
                      struct audit *out)
{
    const struct audit_extremes xa = *of_a, xb = *of_b;
    double medians;
    if (!(xa.n >= 4) || !(xb.n >= 4) || !medians_differ(a, b, &xa, &xb, &medians))
        return;
    const double means = log((xa.sum_ms / xa.n) / (xb.sum_ms / xb.n));
    if (medians * means >= 0 || fabs(means) < log1p(limits[LEAD].value))
        return;
    /* The one whose mean is larger, although its median is smaller. */
    const struct audit_cell *const slow = means > 0 ? a : b, *const fast = means > 0 ? b : a;
    const struct audit_extremes *const s = means > 0 ? &xa : &xb, *const f = means > 0 ? &xb : &xa;
    double sum = s->sum_ms;
    size_t k = 0;
    const double target = f->sum_ms / f->n;
    while (k < s->n_items && (double)k < limits[FEW].value && sum / (s->n - (double)k) >= target)
        sum -= s->items[k++].ms;
    const double without = sum / (s->n - (double)k);
    if (without >= target || k == 0)
        return;
    struct audit_subject subject = audit_subject_of(slow);
    subject.precision =
        strcmp(a->key->precision, b->key->precision) == 0 ? subject.precision : nullptr;
    subject.backend = nullptr;
    const struct audit_fact facts[] = {
        {"winner_by_mean", NOT_MEASURED, audit_label(out, fast)},
        {"winner_by_median", NOT_MEASURED, audit_label(out, slow)},
        {"mean_of_winner_ms", target, nullptr},
        {"mean_of_loser_ms", s->sum_ms / s->n, nullptr},
        {"mean_of_loser_without_ms", without, nullptr},
        {"few", (double)k, nullptr},
        {"median_of_winner_ms", f->median_ms, nullptr},
        {"median_of_loser_ms", s->median_ms, nullptr},
    };
    audit_add(out, &(struct audit_finding){
                       .check = "outlier-driven",
                       .severity = AUDIT_FAIL,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(
                           out,
                           "%s beats %s by the mean (%.4g against %.4g ms) and loses by the median "
                           "(%.4g against %.4g ms): without %zu sample%s of %s its mean is %.4g ms",
                           audit_label(out, fast), audit_label(out, slow), target, s->sum_ms / s->n,
                           f->median_ms, s->median_ms, k, k == 1 ? "" : "s", audit_label(out, slow),
                           without),
                       .advice = "name no winner by the mean; compare medians and tails",
                       .blocks = BLOCKS,
                   });
}

static void look_group(const struct audit_group *g, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct audit_extremes *const x = ARENA_ARRAY(scratch, struct audit_extremes, g->n);
    for (size_t i = 0; i < g->n; i++)
        x[i] = audit_extreme_of(&g->cells[i], scratch);
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = i + 1; j < g->n; j++)
            look_pair(&g->cells[i], &g->cells[j], &x[i], &x[j], out);
}

/* ---- backends over all the cells that they share ---- */

struct pool { /* of one backend */
    const char *backend;
    double n, sum_ms;
    double cells, mean_of_means, mean_of_medians;
    double n_rest, sum_rest_ms; /* without the first sample of every invocation */
    struct audit_extreme *items;
    size_t n_items;
};

/* The other backend's cell of the same scenario, model and precision. */
static const struct audit_cell *partner(const struct audit_group *g, const struct audit_cell *c,
                                        const char *backend)
{
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->cells[i].key->backend, backend) == 0 &&
            strcmp(g->cells[i].key->precision, c->key->precision) == 0)
            return &g->cells[i];
    return nullptr;
}

static void pool_add(struct pool *p, const struct audit_extremes *x)
{
    p->n += x->n;
    p->sum_ms += x->sum_ms;
    p->cells++;
    p->mean_of_means += x->sum_ms / x->n;
    p->mean_of_medians += x->median_ms;
    p->n_rest += x->n_rest;
    p->sum_rest_ms += x->sum_rest_ms;
    for (size_t i = 0; i < x->n_items; i++)
        p->items[p->n_items++] = x->items[i];
}

static void pool_group(const struct audit_whole *w, const struct audit_group *g,
                       const struct audit_extremes *all, struct pool *a, struct pool *b)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct audit_cell *const c = &g->cells[i];
        if (strcmp(c->key->backend, a->backend) != 0)
            continue;
        const struct audit_cell *const other = partner(g, c, b->backend);
        const struct audit_extremes *const x = &all[c - w->cells], *const y =
                                                                       other
                                                                           ? &all[other - w->cells]
                                                                           : nullptr;
        if (!y || !(x->n >= 1) || !(y->n >= 1))
            continue;
        pool_add(a, x);
        pool_add(b, y);
    }
}

/* Both pools, over the cells that both have. */
static void pool_pair(const struct audit_whole *w, const struct audit_extremes *all, struct pool *a,
                      struct pool *b)
{
    for (size_t g = 0; g < w->n_groups; g++)
        pool_group(w, &w->groups[g], all, a, b);
    struct pool *const both[] = {a, b};
    for (size_t k = 0; k < 2; k++) {
        both[k]->mean_of_means /= both[k]->cells;
        both[k]->mean_of_medians /= both[k]->cells;
        audit_extreme_sort(both[k]->items, both[k]->n_items);
    }
}

static const char *names(const struct audit_extreme *items, size_t n, struct audit *out)
{
    const char *text = "";
    constexpr size_t NAMED = 8;
    for (size_t i = 0; i < n && i < NAMED; i++)
        text = audit_text(out, "%s%s%s/%s (%s%.4g ms, rest %.4g ms)", text, i ? ", " : "",
                          items[i].cell->key->scenario, items[i].cell->key->precision,
                          items[i].first ? "first sample " : "", items[i].ms, items[i].rest_ms);
    return n > NAMED ? audit_text(out, "%s and %zu more", text, n - NAMED) : text;
}

static void report_pool(const struct pool *win, const struct pool *lose, size_t k, double without,
                        struct audit *out)
{
    size_t firsts = 0;
    for (size_t i = 0; i < k; i++)
        firsts += lose->items[i].first;
    const char *const which = names(lose->items, k, out);
    const char *const what = firsts == k ? "first sample" : "sample";
    const struct audit_fact facts[] = {
        {"winner_by_mean", NOT_MEASURED, win->backend},
        {"winner_without", NOT_MEASURED, lose->backend},
        {"few", (double)k, nullptr},
        {"first_samples", (double)firsts, nullptr},
        {"decided_by", NOT_MEASURED, which},
        {"cells", win->cells, nullptr},
        {"samples", win->n, nullptr},
        {"mean_of_winner_ms", win->sum_ms / win->n, nullptr},
        {"mean_of_loser_ms", lose->sum_ms / lose->n, nullptr},
        {"mean_of_loser_without_ms", without, nullptr},
        {"mean_without_any_first_of_winner_ms", win->sum_rest_ms / win->n_rest, nullptr},
        {"mean_without_any_first_of_loser_ms", lose->sum_rest_ms / lose->n_rest, nullptr},
        {"mean_of_cell_means_of_winner_ms", win->mean_of_means, nullptr},
        {"mean_of_cell_means_of_loser_ms", lose->mean_of_means, nullptr},
        {"mean_of_cell_medians_of_winner_ms", win->mean_of_medians, nullptr},
        {"mean_of_cell_medians_of_loser_ms", lose->mean_of_medians, nullptr},
    };
    const double w = win->sum_ms / win->n, l = lose->sum_ms / lose->n;
    audit_add(
        out,
        &(struct audit_finding){
            .check = "outlier-driven",
            .severity = lose->mean_of_medians <= win->mean_of_medians ? AUDIT_FAIL : AUDIT_WARN,
            .subject = {.backend = win->backend, .replicate = -1, .invocation = -1},
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(
                out,
                "%s beats %s by the pooled mean over %.0f shared cells (%.2f against %.2f ms) "
                "because of %zu %s%s of %s: %s. Without %s %s has %.2f ms and wins; by the mean of "
                "the cells' medians it is %.2f against %.2f ms",
                win->backend, lose->backend, win->cells, w, l, k, what, k == 1 ? "" : "s",
                lose->backend, which, k == 1 ? "it" : "them", lose->backend, without,
                win->mean_of_medians, lose->mean_of_medians),
            .advice = "name no winner by the pooled mean; compare within each scenario by medians, "
                      "and pair the scenarios",
            .blocks = BLOCKS,
        });
}

/* The smallest number of outlying samples of the loser without which it wins. */
static void look_at_pools(const struct pool *a, const struct pool *b, struct audit *out)
{
    if (!(a->n > 0) || !(b->n > 0))
        return;
    const bool a_wins = a->sum_ms / a->n < b->sum_ms / b->n;
    const struct pool *const win = a_wins ? a : b, *const lose = a_wins ? b : a;
    const double target = win->sum_ms / win->n;
    if (log(lose->sum_ms / lose->n / target) < log1p(limits[LEAD].value))
        return;
    double sum = lose->sum_ms, others = 0;
    size_t k = 0;
    while (k < lose->n_items && others + !lose->items[k].first <= limits[FEW].value &&
           sum / (lose->n - (double)k) >= target) {
        others += !lose->items[k].first;
        sum -= lose->items[k++].ms;
    }
    const double without = sum / (lose->n - (double)k);
    if (k > 0 && without < target)
        report_pool(win, lose, k, without, out);
}

static void look_whole(const struct audit_whole *w, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct audit_extremes *const all = ARENA_ARRAY(scratch, struct audit_extremes, w->n_cells);
    const char **const backends = ARENA_ARRAY(scratch, const char *, w->n_cells);
    size_t n_backends = 0, items = 0;
    for (size_t i = 0; i < w->n_cells; i++) {
        all[i] = audit_extreme_of(&w->cells[i], scratch);
        items += all[i].n_items;
        size_t known = 0;
        while (known < n_backends && strcmp(backends[known], w->cells[i].key->backend) != 0)
            known++;
        if (known == n_backends)
            backends[n_backends++] = w->cells[i].key->backend;
    }
    for (size_t i = 0; i < n_backends; i++)
        for (size_t j = i + 1; j < n_backends; j++) {
            struct pool a = {.backend = backends[i],
                             .items = ARENA_ARRAY(scratch, struct audit_extreme, items)};
            struct pool b = {.backend = backends[j],
                             .items = ARENA_ARRAY(scratch, struct audit_extreme, items)};
            pool_pair(w, all, &a, &b);
            if (a.cells >= 2)
                look_at_pools(&a, &b, out);
        }
}

const struct audit_check audit_outlier_checks[] = {
    {.name = "outlier-driven",
     .rule = "warn: at most `few` samples that stand far out move a cell's mean by mean_moves; "
             "fail: two cells that the mean ranks one way with a lead of at least `lead` and the "
             "median the other, and whose means turn round without at most `few` such samples; or "
             "two backends over all the cells that they share, whose pooled means turn round "
             "without first samples of invocations and at most `few` others (warn where the "
             "cells' medians do not)",
     .evidence =
         "few n_samples largest_ms median_ms mean_ms mean_without_ms mean_moves "
         "winner_by_mean winner_by_median winner_without mean_of_winner_ms mean_of_loser_ms "
         "mean_of_loser_without_ms median_of_winner_ms median_of_loser_ms first_samples "
         "decided_by cells samples mean_without_any_first_of_winner_ms "
         "mean_without_any_first_of_loser_ms mean_of_cell_medians_of_winner_ms "
         "mean_of_cell_medians_of_loser_ms",
     .blocks = BLOCKS,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_cell,
     .group = look_group,
     .whole = look_whole},
    {},
};
