#include "num/merge.h"

#include <stdlib.h>

struct step {
    size_t i, j;
};

/* The lesser value is taken, of equal ones a's: an a then has before it the b that are less, a b
 * the a that are less or equal. */
static struct step strict(const double *a, const double *b, struct step s, uint32_t *a_below,
                          uint32_t *b_upto)
{
    const bool take_b = b[s.j] < a[s.i];
    a_below[s.i] = (uint32_t)s.j;
    b_upto[s.j] = (uint32_t)s.i;
    return (struct step){s.i + !take_b, s.j + take_b};
}

static void rest(struct step s, size_t na, size_t nb, uint32_t *of_a, uint32_t *of_b)
{
    for (; s.i < na; s.i++)
        of_a[s.i] = (uint32_t)nb;
    for (; s.j < nb; s.j++)
        of_b[s.j] = (uint32_t)na;
}

struct merge merge_of(const double *a, size_t na, const double *b, size_t nb)
{
    uint32_t *const room = malloc((2 * (na + nb) + 1) * sizeof *room);
    if (!room)
        abort(); /* as an arena does */
    uint32_t *const a_below = room, *const a_upto = a_below + na, *const b_below = a_upto + na,
                    *const b_upto = b_below + nb;
    struct step s = {}, t = {};
    /* two walks that do not wait for each other */
    while (s.i < na && s.j < nb && t.i < na && t.j < nb) {
        s = strict(a, b, s, a_below, b_upto);
        t = strict(b, a, (struct step){t.j, t.i}, b_below, a_upto);
        t = (struct step){t.j, t.i};
    }
    while (s.i < na && s.j < nb)
        s = strict(a, b, s, a_below, b_upto);
    rest(s, na, nb, a_below, b_upto);
    while (t.i < na && t.j < nb) {
        t = strict(b, a, (struct step){t.j, t.i}, b_below, a_upto);
        t = (struct step){t.j, t.i};
    }
    rest(t, na, nb, a_upto, b_below);
    return (struct merge){{a_below, a_upto}, {b_below, b_upto}, room};
}

void merge_done(struct merge *m)
{
    free(m->room);
    *m = (struct merge){};
}
