#include "num/changepoint.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

struct prefix { /* sums of x - centre and of their squares: s[i] over x[0..i) */
    const double *s, *q;
};

static struct prefix prefix_of(const double *x, size_t n, struct arena *a)
{
    /* The spread of a segment is a difference of sums: around the centre little cancels. */
    const double centre = moment_of(x, n).mean;
    double *s = ARENA_ARRAY(a, double, n + 1), *q = ARENA_ARRAY(a, double, n + 1);
    double s_low = 0, q_low = 0; /* Neumaier's compensation, carried along */
    double s_sum = 0, q_sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = x[i] - centre, dd = d * d;
        const double t = s_sum + d, u = q_sum + dd;
        s_low += fabs(s_sum) >= fabs(d) ? (s_sum - t) + d : (d - t) + s_sum;
        q_low += (q_sum - u) + dd;
        s_sum = t;
        q_sum = u;
        s[i + 1] = s_sum + s_low;
        q[i + 1] = q_sum + q_low;
    }
    return (struct prefix){s, q};
}

static double cost_of(const struct changepoint_rule *rule, double ss, double m)
{
    if (rule->cost == CHANGEPOINT_MEAN)
        return ss;
    /* Maximum likelihood with sd >= least_sd: for a segment above it, the plain formula. */
    constexpr double LOG_2_PI = 1.8378770664093453;
    const double least = rule->least_sd * rule->least_sd;
    const double var = fmax(ss / m, fmax(least, 1e-300));
    return m * (LOG_2_PI + log(var) + ss / (m * var));
}

struct candidate {   /* where a last segment may begin */
    size_t at, dies; /* the step at which it is given up; SIZE_MAX: alive */
    double n, s, q;  /* at, and the sums there */
    double best;     /* of all before it */
    double now;      /* with the last segment up to this step */
};

struct search {
    double *best; /* best[i]: least objective of x[0..i) plus one penalty; INFINITY: none */
    size_t *from; /* where its last segment begins */
    struct candidate *alive;
    size_t n_alive;
};

static void consider(struct search *f, const struct prefix *p, size_t at)
{
    f->alive[f->n_alive++] =
        (struct candidate){at, SIZE_MAX, (double)at, p->s[at], p->q[at], f->best[at], INFINITY};
}

/* The best last segment of x[0..to), and which candidates cannot win any more. */
static void advance(struct search *f, const struct prefix *p, const struct changepoint_rule *rule,
                    size_t to)
{
    const double s_to = p->s[to], q_to = p->q[to], n_to = (double)to;
    double least = INFINITY;
    size_t from = 0, kept = 0;
    for (size_t k = 0; k < f->n_alive; k++) {
        struct candidate *const c = &f->alive[k];
        if (c->dies <= to)
            continue;
        const double m = n_to - c->n, s = s_to - c->s, ss = q_to - c->q - s * s / m;
        c->now = c->best + cost_of(rule, ss > 0 ? ss : 0, m);
        if (c->now < least) {
            least = c->now;
            from = c->at;
        }
        if (kept < k)
            f->alive[kept] = *c;
        kept++;
    }
    f->n_alive = kept;
    f->best[to] = least + rule->penalty;
    f->from[to] = from;
    for (size_t k = 0; k < kept; k++)
        if (f->alive[k].dies == SIZE_MAX && f->alive[k].now > f->best[to])
            f->alive[k].dies = to + rule->min_segment;
}

/* In two passes over each segment: the differences of sums that the search takes lose digits where
 * a segment is narrow and far from the centre. */
static double objective(const double *x, const struct changepoint_found *found,
                        const struct changepoint_rule *rule)
{
    double sum = rule->penalty * (double)found->n;
    for (size_t k = 0; k <= found->n; k++) {
        const size_t from = k > 0 ? found->end[k - 1] : 0, m = found->end[k] - from;
        const struct moment v = moment_of(x + from, m);
        sum += cost_of(rule, m > 1 ? v.var * (double)(m - 1) : 0, (double)m);
    }
    return sum;
}

struct changepoint_found changepoint_pelt(const double *x, size_t n,
                                          const struct changepoint_rule *rule, struct arena *a)
{
    if (n == 0)
        return (struct changepoint_found){.objective = NOT_MEASURED};
    const size_t least = rule->min_segment > 0 ? rule->min_segment : 1;
    const struct prefix p = prefix_of(x, n, a);
    struct search f = {ARENA_ARRAY(a, double, n + 1), ARENA_ARRAY(a, size_t, n + 1),
                       ARENA_ARRAY(a, struct candidate, n + 1), 0};
    for (size_t i = 1; i <= n; i++)
        f.best[i] = INFINITY;
    consider(&f, &p, 0);
    for (size_t to = least; to <= n; to++) {
        if (to >= 2 * least)
            consider(&f, &p, to - least);
        advance(&f, &p, rule, to);
    }

    struct changepoint_found r = {}; /* n < least: from[n] is 0, one segment however short */
    for (size_t i = n; f.from[i] > 0; i = f.from[i])
        r.n++;
    size_t *end = ARENA_ARRAY(a, size_t, r.n + 1);
    size_t i = n;
    for (size_t k = r.n + 1; k-- > 0; i = f.from[i])
        end[k] = i;
    r.end = end;
    r.objective = objective(x, &r, rule);
    return r;
}

double changepoint_noise(const double *x, size_t n, struct arena *scratch)
{
    if (n < 2)
        return NOT_MEASURED;
    double *d = ARENA_ARRAY(scratch, double, n - 1);
    for (size_t i = 0; i + 1 < n; i++)
        d[i] = fabs(x[i + 1] - x[i]);
    constexpr double NORMAL_MAD = 1.482602218505602; /* 1 / the upper quartile of the normal law */
    return NORMAL_MAD * quantile_median(d, n - 1) / sqrt(2.0);
}

size_t changepoint_blocks(const double *x, size_t n, size_t most, struct arena *a,
                          const double **ret_x, size_t *ret_block)
{
    const size_t block = most > 0 && n > most ? (n + most - 1) / most : 1;
    *ret_block = block;
    *ret_x = x;
    if (block == 1)
        return n;
    const size_t blocks = n / block;
    double *medians = ARENA_ARRAY(a, double, blocks);
    double *scratch = ARENA_ARRAY(a, double, 2 * block);
    for (size_t b = 0; b < blocks; b++) {
        const size_t end = b + 1 < blocks ? (b + 1) * block : n, m = end - b * block;
        memcpy(scratch, x + b * block, m * sizeof *x);
        medians[b] = quantile_median(scratch, m);
    }
    *ret_x = medians;
    return blocks;
}
