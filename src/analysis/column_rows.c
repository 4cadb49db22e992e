#include "analysis/column_rows.h"

#include "base/arena.h"
#include "num/moment.h"

#include <math.h>
#include <stdlib.h>

struct keyed { /* a row of one group */
    uint32_t block, pair;
    double x;
};

struct group {
    struct keyed *row; /* by block, then pair */
    size_t n;
};

struct column_rows {
    const struct column_stats *s;
    struct group *group;
};

static int by_key(const void *x, const void *y)
{
    const struct keyed *const a = x, *const b = y;
    const int block = (a->block > b->block) - (a->block < b->block);
    return block ? block : (a->pair > b->pair) - (a->pair < b->pair);
}

static enum err_code same_pair(const struct column_table *t, const char *group,
                               const struct keyed *k, struct err *e)
{
    if (t->block)
        return err_set(e, ERR_USAGE,
                       "--pair: '%s' has two values in group '%s' in block '%s'; a pair needs one "
                       "in each",
                       t->pairs[k->pair], group, t->blocks[k->block]);
    return err_set(e, ERR_USAGE,
                   "--pair: '%s' has two values in group '%s'; a pair needs one in each (where the "
                   "pairs come again in each run or day, give that as --block)",
                   t->pairs[k->pair], group);
}

enum err_code column_rows_of(const struct column_stats *s, struct arena *a,
                             struct column_rows **ret, struct err *e)
{
    const struct column_table *const t = s->table;
    struct column_rows *const r = ARENA_ARRAY(a, struct column_rows, 1);
    r->s = s;
    r->group = ARENA_ARRAY(a, struct group, s->n_groups + 1);
    for (size_t k = 0; k < s->n_groups; k++)
        r->group[k].row = ARENA_ARRAY(a, struct keyed, s->groups[k].m.n);
    for (size_t i = 0; i < t->n; i++) {
        struct group *const g = &r->group[t->group[i]];
        g->row[g->n++] =
            (struct keyed){t->block ? t->block[i] : 0, t->pair ? t->pair[i] : 0, t->value[i]};
    }
    for (size_t k = 0; k < s->n_groups; k++) {
        const struct group *const g = &r->group[k];
        qsort(g->row, g->n, sizeof *g->row, by_key);
        for (size_t i = 1; t->pair && i < g->n; i++)
            if (by_key(&g->row[i - 1], &g->row[i]) == 0)
                return same_pair(t, s->groups[k].name, &g->row[i], e);
    }
    *ret = r;
    return ERR_OK;
}

/* Logs whose difference is small come from the quotient. */
static double difference(const struct keyed *x, const struct keyed *y, bool logs)
{
    const double d = x->x - y->x;
    return !logs ? d : fabs(d) < y->x / 2 ? log1p(d / y->x) : log(x->x) - log(y->x);
}

struct column_rows_differences column_rows_pairs(const struct column_rows *r, uint32_t x,
                                                 uint32_t y, bool logs, struct arena *a)
{
    const struct group *const gx = &r->group[x], *const gy = &r->group[y];
    double *const d = ARENA_ARRAY(a, double, (gx->n < gy->n ? gx->n : gy->n) + 1);
    size_t n = 0;
    for (size_t i = 0, k = 0; i < gx->n && k < gy->n;) {
        const int order = by_key(&gx->row[i], &gy->row[k]);
        if (order == 0)
            d[n++] = difference(&gx->row[i], &gy->row[k], logs);
        i += order <= 0;
        k += order >= 0;
    }
    return (struct column_rows_differences){d, n, gx->n + gy->n - 2 * n};
}

/* The rows of one block, [from, to), and the first of the next. */
static size_t end_of_block(const struct group *g, size_t from)
{
    size_t to = from;
    while (to < g->n && g->row[to].block == g->row[from].block)
        to++;
    return to;
}

static double mean_of(const struct column_stats *s, const struct group *g, size_t from, size_t to,
                      bool logs, double *room)
{
    for (size_t i = from; i < to; i++)
        room[i - from] = column_stats_from(s, g->row[i].x, logs);
    return moment_sum(room, to - from) / (double)(to - from);
}

/* NAN: the block has no pair. */
static double mean_of_pairs(const struct group *gx, const struct group *gy, size_t i, size_t k,
                            bool logs, double *room)
{
    const uint32_t block = gx->row[i].block;
    size_t n = 0;
    while (i < gx->n && k < gy->n && gx->row[i].block == block && gy->row[k].block == block) {
        const int order = by_key(&gx->row[i], &gy->row[k]);
        if (order == 0)
            room[n++] = difference(&gx->row[i], &gy->row[k], logs);
        i += order <= 0;
        k += order >= 0;
    }
    return n ? moment_sum(room, n) / (double)n : (double)NAN;
}

struct column_rows_differences column_rows_blocks(const struct column_rows *r, uint32_t x,
                                                  uint32_t y, bool logs, struct arena *a)
{
    const struct group *const gx = &r->group[x], *const gy = &r->group[y];
    const size_t most = gx->n > gy->n ? gx->n : gy->n;
    double *const d = ARENA_ARRAY(a, double, most + 1), *const room = ARENA_ARRAY(a, double, most);
    struct column_rows_differences ret = {.d = d};
    for (size_t i = 0, k = 0; i < gx->n || k < gy->n;) {
        const uint32_t bx = i < gx->n ? gx->row[i].block : UINT32_MAX;
        const uint32_t by = k < gy->n ? gy->row[k].block : UINT32_MAX;
        const size_t ix = bx <= by ? end_of_block(gx, i) : i;
        const size_t ky = by <= bx ? end_of_block(gy, k) : k;
        const double one = bx != by            ? (double)NAN
                           : r->s->table->pair ? mean_of_pairs(gx, gy, i, k, logs, room)
                                               : mean_of(r->s, gx, i, ix, logs, room) -
                                                     mean_of(r->s, gy, k, ky, logs, room);
        if (isnan(one))
            ret.alone++;
        else
            d[ret.n++] = one;
        i = ix;
        k = ky;
    }
    return ret;
}
