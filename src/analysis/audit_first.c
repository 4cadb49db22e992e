#include "analysis/audit_first.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"

#include <math.h>

enum { LEAST_CELLS, CELLS_RATIO, CELLS_P, PLACES_P, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LEAST_CELLS] = {"least_cells", 6, "of four samples and more: fewer show no pattern"},
    [CELLS_RATIO] = {"cells_ratio", 1.03,
                     "of first samples to the rest, in the middle of the "
                     "cells: less matters to no decision"},
    [CELLS_P] =
        {"cells_p", 0.0001,
         "of the ranks of the first samples of all cells (Fisher), or of how many are the slowest"},
    [PLACES_P] = {"places_p", 0.01,
                  "below which the later places differ too (Kruskal-Wallis): "
                  "then places have prompts of their own"},
};

constexpr size_t LEAST_SAMPLES = 4;
constexpr size_t MOST_SAMPLES = 200; /* of an invocation: one slow in more decides nothing */
constexpr size_t MOST_PARTS = 4096;
constexpr double MATTERS = 0.002; /* of a mean, as in audit_cold.c */

struct firsts {
    size_t n, cells, slowest;
    double fisher, samples, chance; /* chance: the sum of what each has to be the slowest */
    double ratio[MOST_PARTS];
    double *later; /* log latency of the later samples over their median, and their places */
    size_t *place;
    size_t n_later, places;
};

static void add_part(const double *x, size_t n, struct firsts *f, struct arena *scratch)
{
    size_t as_slow = 1;
    const double rest = audit_series_median(x + 1, n - 1, scratch);
    for (size_t i = 1; i < n; i++) {
        as_slow += x[i] >= x[0];
        f->later[f->n_later] = log(x[i] / rest);
        f->place[f->n_later++] = i - 1;
    }
    f->places = n - 1 > f->places ? n - 1 : f->places;
    f->slowest += as_slow == 1;
    f->chance += 1 / (double)n;
    f->fisher -= 2 * log((double)as_slow / (double)n);
    f->samples += (double)n;
    f->ratio[f->n++] = x[0] / rest;
}

static bool is_asked(const struct audit_cell *c)
{
    return c->imported && c->stats->n > 0 && c->stats->min > 0 && c->kept->n_prompts < 2;
}

static void collect(const struct audit_whole *w, const struct folder_key *like, struct firsts *f,
                    struct arena *scratch)
{
    size_t room = 0;
    for (size_t i = 0; i < w->n_cells; i++)
        room += w->cells[i].stats->n;
    f->later = ARENA_ARRAY(scratch, double, room + 1);
    f->place = ARENA_ARRAY(scratch, size_t, room + 1);
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct cell_stats *const t = w->cells[i].stats;
        const size_t before = f->n;
        if (!folder_key_same_engine(w->cells[i].key, like) || !is_asked(&w->cells[i]))
            continue;
        for (size_t u = 0; u < t->n_units && f->n < MOST_PARTS; u++) {
            const size_t n = t->start[u + 1] - t->start[u];
            if (n >= LEAST_SAMPLES && n <= MOST_SAMPLES)
                add_part(t->x + t->start[u], n, f, scratch);
        }
        f->cells += f->n > before;
    }
}

static void judge(const struct folder_key *key, const struct firsts *f, struct arena *scratch,
                  struct audit *out)
{
    /* Of short units the count of the slowest says more, of long ones the ranks. */
    const double count =
        f->slowest ? 1 - dist_binomial_cdf((double)f->slowest - 1, f->n, f->chance / (double)f->n)
                   : 1;
    const double p = fmin(1, 2 * fmin(dist_chi2_upper(f->fisher, 2 * (double)f->n), count)),
                 ratio = audit_series_median(f->ratio, f->n, scratch),
                 moves = (ratio - 1) * (double)f->n / f->samples;
    if (!(p < limits[CELLS_P].value && ratio >= limits[CELLS_RATIO].value) ||
        audit_series_kruskal(f->later, f->place, f->n_later, f->places, scratch) <
            limits[PLACES_P].value)
        return;
    const struct audit_fact facts[] = {
        {"cells", (double)f->cells, nullptr}, {"units", (double)f->n, nullptr},
        {"n_samples", f->samples, nullptr},   {"ratio", ratio, nullptr},
        {"mean_moves", moves, nullptr},       {"p", p, nullptr}};
    audit_add(
        out,
        &(struct audit_finding){
            .check = "cold-start",
            .severity = moves >= MATTERS ? AUDIT_WARN : AUDIT_INFO,
            .subject = {.backend = key->backend,
                        .precision = key->precision,
                        .replicate = -1,
                        .invocation = -1},
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out,
                                  "%s/%s: over %zu cells the first sample takes %.3f times as long "
                                  "as the others in the middle (p = %.2g): it is still warming up, "
                                  "and moves the means by %.2g %%",
                                  key->backend, key->precision, f->cells, ratio, p, 100 * moves),
            .advice = "leave the first measured sample of each run out, or warm up for longer",
            .blocks = moves >= MATTERS ? AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_TAIL : 0});
}

static void look(const struct audit_whole *w, struct audit *out)
{
    for (size_t i = 0; i < w->n_engines; i++) {
        const struct folder_key *const key = w->engines[i]->key;
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
        struct firsts *const f = ARENA_ARRAY(scratch, struct firsts, 1);
        collect(w, key, f, scratch);
        if ((double)f->cells >= limits[LEAST_CELLS].value)
            judge(key, f, scratch, out);
    }
}

const struct audit_check audit_first_checks[] = {
    {.name = "cold-start",
     .rule = "warn: over least_cells of one backend and precision, imported and without prompts "
             "that are told apart, first samples take cells_ratio times the rest in the middle, "
             "and their ranks together are no chance (cells_p), while the later places are alike "
             "(places_p)",
     .evidence = "cells units n_samples ratio mean_moves p",
     .blocks = AUDIT_MEAN | AUDIT_THROUGHPUT | AUDIT_TAIL,
     AUDIT_LIMITS(limits, LEAST_CELLS, PLACES_P),
     .whole = look},
    {},
};
