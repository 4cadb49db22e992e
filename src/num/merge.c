#include "num/merge.h"

#include <stdlib.h>
#include <string.h>

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

/* Values that are in both samples: their runs are what the walk did not tell apart. */
static void find_equal(const double *a, size_t na, const double *b, size_t nb,
                       const uint32_t *a_below, uint32_t *a_upto, uint32_t *b_below,
                       const uint32_t *b_upto)
{
    for (size_t i = 0; i < na; i++) {
        size_t j = a_below[i];
        if (j == nb || b[j] > a[i])
            continue;
        const uint32_t from = (uint32_t)i, to = b_upto[j];
        for (; j < nb && b[j] <= a[from]; j++)
            b_below[j] = from;
        for (; i < to; i++)
            a_upto[i] = (uint32_t)j;
        i--;
    }
}

struct merge merge_of(const double *a, size_t na, const double *b, size_t nb)
{
    uint32_t *const room = malloc((2 * (na + nb) + 1) * sizeof *room);
    if (!room)
        abort(); /* as an arena does */
    uint32_t *const a_below = room, *const b_upto = a_below + na, *const a_upto = b_upto + nb,
                    *const b_below = a_upto + na;
    walk(a, na, b, nb, a_below, b_upto);
    memcpy(a_upto, a_below, (na + nb) * sizeof *room); /* and b_below, b_upto */
    find_equal(a, na, b, nb, a_below, a_upto, b_below, b_upto);
    return (struct merge){a, b, na, nb, {a_below, a_upto}, {b_below, b_upto}, room};
}

void merge_done(struct merge *m)
{
    free(m->room);
    *m = (struct merge){};
}
