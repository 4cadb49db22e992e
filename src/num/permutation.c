#include "num/permutation.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "num/moment.h"

#include <float.h>
#include <math.h>
#include <string.h>

constexpr size_t CHUNK = 64; /* permutations that share a stream, or assignments that are counted */

struct counts {
    uint64_t both, greater, less;
};

struct job {
    const double *x; /* a, then b; or the differences */
    size_t na, n;
    permutation_figure *figure;
    void *context;
    const struct permutation_plan *plan;
    double observed, tolerance;
    uint64_t assignments;
    double *room; /* n for each worker */
    struct counts *parts;
};

static double mean_difference(void *, const double *a, size_t na, const double *b, size_t nb)
{
    return moment_sum(a, na) / (double)na - moment_sum(b, nb) / (double)nb;
}

static void count(const struct job *j, double figure, struct counts *c)
{
    c->both += fabs(figure) >= fabs(j->observed) - j->tolerance;
    c->greater += figure >= j->observed - j->tolerance;
    c->less += figure <= j->observed + j->tolerance;
}

/* ---- two samples ---- */

static double figure_of(const struct job *j, const double *x)
{
    return j->figure(j->context, x, j->na, x + j->na, j->n - j->na);
}

/* C(n, k); UINT64_MAX where it is more than `most`. */
static uint64_t combinations(size_t n, size_t k, uint64_t most)
{
    k = k < n - k ? k : n - k;
    uint64_t c = 1;
    for (size_t i = 1; i <= k; i++) {
        if (c > most) /* it only grows */
            return UINT64_MAX;
        c = c * (n - k + i) / i;
    }
    return c > most ? UINT64_MAX : c;
}

static bool next_choice(size_t *chosen, size_t k, size_t n)
{
    size_t i = k;
    while (i > 0 && chosen[i - 1] == n - k + i - 1)
        i--;
    if (i == 0)
        return false;
    chosen[i - 1]++;
    for (size_t m = i; m < k; m++)
        chosen[m] = chosen[m - 1] + 1;
    return true;
}

static void share_out(const struct job *j, const size_t *chosen, double *room)
{
    size_t k = 0, rest = j->na;
    for (size_t i = 0; i < j->n; i++)
        room[k < j->na && chosen[k] == i ? k++ : rest++] = j->x[i];
}

static struct counts all_choices(const struct job *j, struct arena *scratch)
{
    size_t *const chosen = ARENA_ARRAY(scratch, size_t, j->na);
    struct counts c = {};
    for (size_t i = 0; i < j->na; i++)
        chosen[i] = i;
    do {
        share_out(j, chosen, j->room);
        count(j, figure_of(j, j->room), &c);
    } while (next_choice(chosen, j->na, j->n));
    return c;
}

/* The first na of a shuffle, which is all that tells the samples apart. */
static void draw_choices(void *context, size_t chunk, size_t worker)
{
    const struct job *const j = context;
    double *const room = j->room + worker * j->n;
    struct rng r;
    rng_init(&r, rng_derive(j->plan->seed, chunk));
    memcpy(room, j->x, j->n * sizeof *room);
    for (size_t done = chunk * CHUNK; done < (chunk + 1) * CHUNK && done < j->plan->permutations;
         done++) {
        for (size_t i = 0; i < j->na; i++) {
            const size_t k = i + (size_t)rng_below(&r, j->n - i);
            const double keep = room[i];
            room[i] = room[k];
            room[k] = keep;
        }
        count(j, figure_of(j, room), &j->parts[chunk]);
    }
}

/* ---- pairs ---- */

static double signed_sum(const struct job *j, uint64_t signs)
{
    double sum = 0;
    for (size_t i = 0; i < j->n; i++)
        sum += (signs >> i & 1) ? -j->x[i] : j->x[i];
    return sum;
}

static struct counts all_signs(const struct job *j)
{
    struct counts c = {};
    for (uint64_t signs = 0; signs < j->assignments; signs++)
        count(j, signed_sum(j, signs) / (double)j->n, &c);
    return c;
}

static void draw_signs(void *context, size_t chunk, size_t)
{
    constexpr size_t BITS = 64;
    const struct job *const j = context;
    struct rng r;
    rng_init(&r, rng_derive(j->plan->seed, chunk));
    for (size_t done = chunk * CHUNK; done < (chunk + 1) * CHUNK && done < j->plan->permutations;
         done++) {
        double sum = 0;
        for (size_t i = 0; i < j->n; i += BITS) {
            const struct job part = {.x = j->x + i, .n = j->n - i < BITS ? j->n - i : BITS};
            sum += signed_sum(&part, rng_u64(&r));
        }
        count(j, sum / (double)j->n, &j->parts[chunk]);
    }
}

/* ---- both ---- */

static struct counts draw_all(struct job *j, parallel_work *work, struct arena *scratch)
{
    const size_t chunks = (j->plan->permutations + CHUNK - 1) / CHUNK;
    struct counts c = {};
    j->parts = ARENA_ARRAY(scratch, struct counts, chunks);
    j->room = ARENA_ARRAY(scratch, double, j->n *parallel_width(chunks, j->plan->threads));
    parallel_run(chunks, j->plan->threads, work, j);
    for (size_t i = 0; i < chunks; i++) {
        c.both += j->parts[i].both;
        c.greater += j->parts[i].greater;
        c.less += j->parts[i].less;
    }
    return c;
}

static struct permutation result(const struct job *j, const struct counts *c, bool exact)
{
    const double extra = exact ? 0 : 1;
    const double n = (double)(exact ? j->assignments : j->plan->permutations) + extra;
    const double p = ((double)c->both + extra) / n;
    return (struct permutation){.observed = j->observed,
                                .p = p,
                                .p_error = exact ? 0 : sqrt(p * (1 - p) / n),
                                .p_greater = ((double)c->greater + extra) / n,
                                .p_less = ((double)c->less + extra) / n,
                                .exact = exact,
                                .assignments =
                                    exact ? j->assignments : (uint64_t)j->plan->permutations};
}

static struct permutation nothing(double observed)
{
    return (struct permutation){
        observed, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, false, 0};
}

static uint64_t most_of(const struct permutation_plan *plan)
{
    return plan->exact_most ? plan->exact_most : PERMUTATION_EXACT;
}

/* What sums of these may differ by in their last digits, put together in another order. */
static double rounding(const double *x, size_t n, double observed)
{
    constexpr double ROUNDINGS = 64;
    double largest = fabs(observed);
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return ROUNDINGS * DBL_EPSILON * largest;
}

struct permutation permutation_two(const double *a, size_t na, const double *b, size_t nb,
                                   permutation_figure *figure, void *context,
                                   const struct permutation_plan *plan, struct arena *scratch)
{
    if (na == 0 || nb == 0)
        return nothing(NOT_MEASURED);
    const size_t n = na + nb;
    double *const x = ARENA_ARRAY(scratch, double, n);
    memcpy(x, a, na * sizeof *x);
    memcpy(x + na, b, nb * sizeof *x);
    struct job j = {.x = x,
                    .na = na,
                    .n = n,
                    .figure = figure ? figure : mean_difference,
                    .context = context,
                    .plan = plan,
                    .assignments = combinations(n, na, most_of(plan))};
    j.observed = figure_of(&j, x);
    if (isnan(j.observed))
        return nothing(j.observed);
    j.tolerance = rounding(figure ? nullptr : x, figure ? 0 : n, j.observed);
    if (j.assignments <= most_of(plan)) {
        j.room = ARENA_ARRAY(scratch, double, n);
        const struct counts c = all_choices(&j, scratch);
        return result(&j, &c, true);
    }
    const struct counts c = draw_all(&j, draw_choices, scratch);
    return result(&j, &c, false);
}

struct permutation permutation_paired(const double *d, size_t n,
                                      const struct permutation_plan *plan, struct arena *scratch)
{
    constexpr size_t MOST_BITS = 62;
    if (n == 0)
        return nothing(NOT_MEASURED);
    struct job j = {.x = d, .n = n, .plan = plan};
    j.assignments = n <= MOST_BITS ? (uint64_t)1 << n : UINT64_MAX;
    j.observed = moment_sum(d, n) / (double)n;
    if (isnan(j.observed))
        return nothing(j.observed);
    j.tolerance = rounding(d, n, j.observed);
    if (j.assignments <= most_of(plan)) {
        const struct counts c = all_signs(&j);
        return result(&j, &c, true);
    }
    const struct counts c = draw_all(&j, draw_signs, scratch);
    return result(&j, &c, false);
}
