#include "num/merge.h"

#include "base/defs.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

struct walk { /* from (i, j) to (i_end, j_end) */
    size_t i, j, i_end, j_end;
};

/* The lesser value is taken, of equal ones a's: an a then has before it the b that are less, a b
 * the a that are less or equal. Which sample comes next is not predictable, so nothing branches on
 * it. */
static struct walk step(const double *a, const double *b, struct walk w, uint32_t *a_below,
                        uint32_t *b_upto)
{
    const bool take_b = b[w.j] < a[w.i];
    a_below[w.i] = (uint32_t)w.j;
    b_upto[w.j] = (uint32_t)w.i;
    w.i += !take_b;
    w.j += take_b;
    return w;
}

static bool goes_on(struct walk w)
{
    return w.i < w.i_end && w.j < w.j_end;
}

static void to_its_end(const double *a, const double *b, struct walk w, uint32_t *a_below,
                       uint32_t *b_upto)
{
    while (goes_on(w))
        w = step(a, b, w, a_below, b_upto);
    for (; w.i < w.i_end; w.i++)
        a_below[w.i] = (uint32_t)w.j;
    for (; w.j < w.j_end; w.j++)
        b_upto[w.j] = (uint32_t)w.i;
}

static size_t count_below(const double *x, size_t n, double bound)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (x[middle] < bound)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Two walks that do not wait for each other: what is below the middle of a, and the rest. */
static void walk(const double *a, size_t na, const double *b, size_t nb, uint32_t *a_below,
                 uint32_t *b_upto)
{
    const size_t i = na ? count_below(a, na, a[na / 2]) : 0;
    const size_t j = na ? count_below(b, nb, a[na / 2]) : 0;
    struct walk low = {0, 0, i, j}, high = {i, j, na, nb};
    while (goes_on(low) && goes_on(high)) {
        low = step(a, b, low, a_below, b_upto);
        high = step(a, b, high, a_below, b_upto);
    }
    to_its_end(a, b, low, a_below, b_upto);
    to_its_end(a, b, high, a_below, b_upto);
}

__extension__ typedef unsigned __int128 wide_sum;

static uint64_t square(size_t x, size_t y)
{
    const int64_t d = (int64_t)x - (int64_t)y;
    return (uint64_t)(d * d);
}

static double cubed(size_t run)
{
    const double t = (double)run;
    return t * t * t - t;
}

static size_t run_from(const double *x, size_t n, size_t from)
{
    size_t i = from + 1;
    while (i < n && x[i] <= x[from])
        i++;
    return i;
}

/* A run of a's and the equal run of b's. The distribution functions are furthest apart before the
 * first or after the last of some values of a. */
static void sum_rows(struct merge *m, const uint32_t *a_below)
{
    const size_t na = m->na, nb = m->nb;
    wide_sum rows = 0, columns = 0;
    uint64_t twice_above = 0, equal = 0;
    int64_t most = 0, least = 0; /* of na nb times the difference */
    for (size_t i = 0, to; i < na; i = to) {
        const size_t j = a_below[i];
        const bool ties = j < nb && m->b[j] <= m->a[i];
        to = i + 1;
        if (ties || (to < na && m->a[to] <= m->a[i]))
            to = run_from(m->a, na, i);
        const size_t end = ties ? run_from(m->b, nb, j) : j, each = j + end;
        const int64_t before = (int64_t)(i * nb) - (int64_t)(j * na);
        const int64_t after = (int64_t)(to * nb) - (int64_t)(end * na);
        least = before < least ? before : least;
        most = after > most ? after : most;
        twice_above += (to - i) * each;
        rows += (wide_sum)(to - i) * square(each, nb);
        if (to - i + end - j == 1)
            continue;
        columns += (wide_sum)(end - j) * square(i + to, na);
        equal += (uint64_t)(to - i) * (end - j);
        m->ties += cubed(to - i + end - j);
    }
    m->above = (double)twice_above / 2;
    m->equal = (double)equal;
    m->rows = (double)rows;
    m->columns = (double)columns;
    m->distance = (size_t)(most > -least ? most : -least);
}

/* The values of b that a does not have. */
static void sum_columns(struct merge *m, const uint32_t *b_upto)
{
    const size_t na = m->na, nb = m->nb;
    wide_sum columns = 0;
    for (size_t j = 0, to; j < nb; j = to) {
        const size_t i = b_upto[j];
        to = j + 1 < nb && m->b[j + 1] <= m->b[j] ? run_from(m->b, nb, j) : j + 1;
        if (i > 0 && m->a[i - 1] >= m->b[j])
            continue;
        columns += (wide_sum)(to - j) * square(2 * i, na);
        m->ties += to - j > 1 ? cubed(to - j) : 0;
    }
    m->columns += (double)columns;
}

struct merge merge_of(const double *a, size_t na, const double *b, size_t nb)
{
    struct merge m = {.a = a, .b = b, .na = na, .nb = nb};
    CLEANUP(mem_free) uint32_t *a_below = malloc((na + nb + 1) * sizeof *a_below);
    if (!a_below)
        abort(); /* as an arena does */
    walk(a, na, b, nb, a_below, a_below + na);
    sum_rows(&m, a_below);
    sum_columns(&m, a_below + na);
    return m;
}
