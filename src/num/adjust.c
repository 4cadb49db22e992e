#include "num/adjust.h"

#include "base/arena.h"
#include "base/defs.h"

#include <math.h>
#include <stdlib.h>

struct entry {
    double p;
    size_t at;
};

static int by_p(const void *a, const void *b)
{
    const double x = ((const struct entry *)a)->p, y = ((const struct entry *)b)->p;
    return (x > y) - (x < y);
}

/* The members, ascending; ret becomes NOT_MEASURED wherever p is. */
static struct entry *members(const double *p, size_t n, struct arena *a, double *ret, size_t *ret_m)
{
    struct entry *const e = ARENA_ARRAY(a, struct entry, n);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i]))
            e[m++] = (struct entry){p[i], i};
        else
            ret[i] = NOT_MEASURED;
    if (m > 1)
        qsort(e, m, sizeof *e, by_p);
    *ret_m = m;
    return e;
}

void adjust_holm(const double *p, size_t n, struct arena *scratch, double *ret)
{
    size_t m;
    const struct entry *const e = members(p, n, scratch, ret, &m);
    double most = 0;
    for (size_t i = 0; i < m; i++) {
        most = fmax(most, fmin(1, (double)(m - i) * e[i].p));
        ret[e[i].at] = most;
    }
}

void adjust_hochberg(const double *p, size_t n, struct arena *scratch, double *ret)
{
    size_t m;
    const struct entry *const e = members(p, n, scratch, ret, &m);
    double least = 1;
    for (size_t i = m; i-- > 0;) {
        least = fmin(least, (double)(m - i) * e[i].p);
        ret[e[i].at] = least;
    }
}

void adjust_bh(const double *p, size_t n, struct arena *scratch, double *ret)
{
    size_t m;
    const struct entry *const e = members(p, n, scratch, ret, &m);
    double least = 1;
    for (size_t i = m; i-- > 0;) {
        least = fmin(least, (double)m / (double)(i + 1) * e[i].p);
        ret[e[i].at] = least;
    }
}
