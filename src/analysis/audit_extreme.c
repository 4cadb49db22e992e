#include "analysis/audit_extreme.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"

#include <math.h>
#include <stdlib.h>

constexpr double NORMAL_IQR = 1.3489795003921634;
constexpr double LEAST_SPREAD = 0.01;

static int by_excess(const void *a, const void *b)
{
    const struct audit_extreme *const x = a, *const y = b;
    const double ex = x->ms - x->rest_ms, ey = y->ms - y->rest_ms;
    return (ex < ey) - (ex > ey);
}

void audit_extreme_sort(struct audit_extreme *items, size_t n)
{
    if (n > 1)
        qsort(items, n, sizeof *items, by_excess);
}

/* A robust standard deviation of the logs, from the quartiles: a few far values do not move them,
 * and a mix of prompts widens them, as it should. */
static double log_spread(const struct cell_stats *t)
{
    return fmax(log(t->q75 / t->q25) / NORMAL_IQR, LEAST_SPREAD);
}

static struct audit_extremes of_samples(const struct audit_cell *c, struct arena *scratch)
{
    const struct cell_stats *const t = c->stats;
    struct audit_extremes r = {.n = (double)t->n, .median_ms = t->median};
    r.sum_ms = t->mean * (double)t->n;
    const double least =
        t->median * fmax(AUDIT_EXTREME_RATIO, exp(AUDIT_EXTREME_SPREADS * log_spread(t)));
    size_t room = 0;
    while (room < t->n && t->sorted[t->n - 1 - room] >= least)
        room++;
    r.items = ARENA_ARRAY(scratch, struct audit_extreme, room + 1);
    double firsts = 0;
    for (size_t u = 0; u < t->n_units; u++) {
        firsts += t->x[t->start[u]];
        for (size_t i = t->start[u]; room > 0 && i < t->start[u + 1]; i++)
            if (t->x[i] >= least)
                r.items[r.n_items++] =
                    (struct audit_extreme){c, t->x[i], t->median, i == t->start[u]};
    }
    r.n_rest = r.n - (double)t->n_units;
    r.sum_rest_ms = r.sum_ms - firsts;
    audit_extreme_sort(r.items, r.n_items);
    return r;
}

/* As log_spread(), of a row: by its quartiles, else by what its deviation is without the largest
 * sample. 0: it states neither. */
static double row_spread(const struct results_row *r)
{
    const double n = r->n_samples, rest = (n * r->mean_ms - r->max_ms) / (n - 1),
                 apart = r->max_ms - r->mean_ms,
                 ss = (n - 1) * r->std_ms * r->std_ms - apart * apart * n / (n - 1);
    if (r->q25_ms > 0 && r->q75_ms >= r->q25_ms)
        return fmax(log(r->q75_ms / r->q25_ms) / NORMAL_IQR, LEAST_SPREAD);
    return n >= 4 && rest > 0 && ss > 0 ? sqrt(ss / (n - 2)) / rest : 0;
}

/* Times the median of the rest: beyond MOST it stands out however wide the rest lies, for a second
 * such sample widens the deviation too. */
static double row_ratio(const struct results_row *r)
{
    constexpr double MOST = 4;
    return fmin(fmax(AUDIT_EXTREME_RATIO, exp(AUDIT_EXTREME_SPREADS * row_spread(r))), MOST);
}

/* Rows of replicates or invocations are parts of the cell. */
static void add_row(const struct audit_cell *c, const struct results_row *row,
                    struct audit_extremes *r)
{
    const double rest = isnan(row->median_rest_ms) ? row->median_ms : row->median_rest_ms;
    const double n = row->n_samples;
    r->n += n;
    r->sum_ms += n * row->mean_ms;
    r->median_ms += n * (isnan(row->median_ms) ? rest : row->median_ms);
    r->n_rest += n - 1;
    r->sum_rest_ms += isnan(row->mean_excl_first_ms) ? n * row->mean_ms - row->first_ms
                                                     : (n - 1) * row->mean_excl_first_ms;
    const double least = row_ratio(row) * rest;
    const bool first = row->first_ms >= least;
    if (first)
        r->items[r->n_items++] = (struct audit_extreme){c, row->first_ms, rest, true};
    if (row->max_ms >= least && !(first && row->max_ms <= row->first_ms * (1 + 1e-9)))
        r->items[r->n_items++] = (struct audit_extreme){c, row->max_ms, rest, false};
}

struct audit_extremes audit_extreme_of(const struct audit_cell *c, struct arena *scratch)
{
    if (c->stats->n > 0)
        return of_samples(c, scratch);
    struct audit_extremes r = {.items =
                                   ARENA_ARRAY(scratch, struct audit_extreme, 2 * c->n_stated + 1)};
    for (size_t i = 0; i < c->n_stated; i++)
        if (c->stated[i].status == STATUS_OK)
            add_row(c, &c->stated[i], &r);
    r.median_ms /= r.n;
    audit_extreme_sort(r.items, r.n_items);
    if (!(r.n > 0) || isnan(r.sum_ms) || isnan(r.median_ms))
        r.n = NOT_MEASURED;
    return r;
}
