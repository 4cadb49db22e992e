#include "analysis/history.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/compare.h"
#include "num/dist.h"

#include <math.h>
#include <stdlib.h>

struct split {
    size_t at;
    struct compare_t t; /* of new - old */
    double p;
};

/* The best split of y[0..n), each side with two points or more. */
static struct split best_split(const double *y, size_t n)
{
    struct split best = {.p = NOT_MEASURED};
    double most = 0;
    for (size_t k = 2; k + 2 <= n; k++) {
        const struct moment old = moment_of(y, k), new = moment_of(y + k, n - k);
        const struct compare_t t = compare_pooled(&new, &old, CELL_CONFIDENCE);
        if (fabs(t.t) > most) {
            most = fabs(t.t);
            best = (struct split){k, t, fmin(1, t.p * (double)(n - 3))};
        }
    }
    return best;
}

static void segment(const double *y, const size_t *place, size_t n, double margin,
                    struct history_change *changes, size_t *n_changes)
{
    if (n < HISTORY_LEAST)
        return;
    const struct split s = best_split(y, n);
    const double d = (s.t.lo + s.t.hi) / 2;
    if (!(s.p < HISTORY_ALPHA) || !(fabs(d) >= log1p(margin)))
        return;
    segment(y, place, s.at, margin, changes, n_changes);
    changes[(*n_changes)++] =
        (struct history_change){place[s.at], exp(d), exp(s.t.lo), exp(s.t.hi), s.p};
    segment(y + s.at, place + s.at, n - s.at, margin, changes, n_changes);
}

/* The scatter around the segments' means, and what one more run could be told from. */
static void scatter(struct history *h, const double *y, const size_t *place, size_t n)
{
    double squares = 0;
    size_t first = 0, last = 0;
    for (size_t c = 0; c <= h->n_changes; c++) {
        size_t end = first;
        while (end < n && (c == h->n_changes || place[end] < h->changes[c].at))
            end++;
        const struct moment m = moment_of(y + first, end - first);
        squares += m.n > 1 ? m.var * (double)(m.n - 1) : 0;
        last = m.n;
        first = end;
    }
    const double df = (double)n - (double)(h->n_changes + 1);
    if (!(df > 0))
        return;
    const double sd = sqrt(squares / df);
    h->scatter = expm1(sd);
    h->detectable =
        expm1(dist_t_quantile(1 - HISTORY_ALPHA / 2, df) * sd * sqrt(1 + 1 / (double)last));
}

struct history history_of(const struct folder_key *key, const double *y, size_t n, double margin,
                          struct arena *a)
{
    struct history h = {
        .key = key, .y = y, .n = n, .scatter = NOT_MEASURED, .detectable = NOT_MEASURED};
    double *const known = ARENA_ARRAY(a, double, n);
    size_t *const place = ARENA_ARRAY(a, size_t, n);
    for (size_t i = 0; i < n; i++)
        if (!isnan(y[i])) {
            known[h.n_known] = y[i];
            place[h.n_known++] = i;
        }
    struct history_change *const changes = ARENA_ARRAY(a, struct history_change, n);
    h.changes = changes;
    if (h.n_known < HISTORY_LEAST) {
        h.reason = arena_printf(a, "%zu runs have a figure of it; %zu are needed", h.n_known,
                                HISTORY_LEAST);
        return h;
    }
    segment(known, place, h.n_known, margin, changes, &h.n_changes);
    scatter(&h, known, place, h.n_known);
    return h;
}
