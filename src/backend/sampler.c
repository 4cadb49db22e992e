#include "backend/sampler.h"

#include "base/arena.h"
#include "base/rng.h"

#include <math.h>
#include <stddef.h>

/* The largest of each of sixteen lanes: a shape that compilers turn into vector maxima without
 * being allowed to reorder floating point. NaN loses every comparison. */
static float largest(const float *x, uint32_t n)
{
    float lane[16];
    for (uint32_t j = 0; j < 16; j++)
        lane[j] = -INFINITY;
    uint32_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (uint32_t j = 0; j < 16; j++)
            lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    float best = -INFINITY;
    for (; i < n; i++)
        best = x[i] > best ? x[i] : best;
    for (uint32_t j = 0; j < 16; j++)
        best = lane[j] > best ? lane[j] : best;
    return best;
}

int32_t sampler_greedy(const float *logits, uint32_t vocab)
{
    const float best = largest(logits, vocab);
    if (best == -INFINITY)
        return -1;
    for (uint32_t i = 0; i < vocab; i++)
        if (logits[i] == best)
            return (int32_t)i;
    return -1;
}

void sampler_init(struct sampler *s, double temperature, double top_p, uint32_t vocab,
                  struct arena *a)
{
    *s = (struct sampler){.temperature = temperature, .top_p = top_p};
    if (temperature > 0)
        s->items = ARENA_ARRAY(a, struct sampler_item, vocab);
}

static bool before(const struct sampler_item *a, const struct sampler_item *b)
{
    return a->p > b->p || (a->p == b->p && a->id < b->id);
}

static void swap(struct sampler_item *a, struct sampler_item *b)
{
    const struct sampler_item keep = *a;
    *a = *b;
    *b = keep;
}

static void insertion_sort(struct sampler_item *x, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        const struct sampler_item keep = x[i];
        uint32_t j = i;
        for (; j > 0 && before(&keep, &x[j - 1]); j--)
            x[j] = x[j - 1];
        x[j] = keep;
    }
}

/* Puts a pivot where it belongs in x[0..n), n > 2; returns its place. */
static uint32_t partition(struct sampler_item *x, uint32_t n)
{
    struct sampler_item *const first = &x[0], *const middle = &x[n / 2], *const last = &x[n - 1];
    if (before(middle, first))
        swap(middle, first);
    if (before(last, first))
        swap(last, first);
    if (before(last, middle))
        swap(last, middle);
    swap(middle, last); /* the median waits at the end */
    uint32_t at = 0;
    for (uint32_t i = 0; i + 1 < n; i++)
        if (before(&x[i], last))
            swap(&x[at++], &x[i]);
    swap(&x[at], last);
    return at;
}

/* An order that is made only as far as it is read (incremental quicksort): the kept prefix of a
 * trained model is a few tokens of fifty thousand. */
struct lazy_order {
    struct sampler_item *items;
    uint32_t sorted;    /* items[0..sorted) are in place */
    uint32_t bound[64]; /* places behind which everything comes later, nearest last */
    uint32_t n_bounds;
};

static void sort_more(struct lazy_order *o)
{
    constexpr uint32_t SMALL = 24;
    while (o->n_bounds > 1 && o->bound[o->n_bounds - 1] == o->sorted)
        o->n_bounds--;
    for (;;) {
        struct sampler_item *const from = o->items + o->sorted;
        const uint32_t n = o->bound[o->n_bounds - 1] - o->sorted;
        if (n <= SMALL || o->n_bounds == 64) {
            insertion_sort(from, n);
            o->sorted += n;
            return;
        }
        const uint32_t at = partition(from, n);
        if (at == 0) { /* the pivot is the next one */
            o->sorted++;
            return;
        }
        o->bound[o->n_bounds++] = o->sorted + at;
    }
}

static int32_t draw(const struct sampler *s, uint32_t n, double total, struct rng *r)
{
    struct lazy_order order = {.items = s->items, .bound = {n}, .n_bounds = 1};
    double mass = 0;
    uint32_t kept = 0;
    while (kept < n && (kept == 0 || mass < s->top_p)) {
        if (kept == order.sorted)
            sort_more(&order);
        mass += s->items[kept++].p / total;
    }
    const double u = rng_double(r) * mass;
    double running = 0;
    for (uint32_t i = 0; i < kept; i++) {
        running += s->items[i].p / total;
        if (running > u)
            return (int32_t)s->items[i].id;
    }
    return (int32_t)s->items[kept - 1].id;
}

int32_t sampler_next(const struct sampler *s, const float *logits, uint32_t vocab, struct rng *r)
{
    if (!s->items)
        return sampler_greedy(logits, vocab);
    const double top = (double)largest(logits, vocab) / s->temperature;
    if (!isfinite(top))
        return -1;
    double total = 0;
    for (uint32_t i = 0; i < vocab; i++) {
        const double p = exp((double)logits[i] / s->temperature - top);
        s->items[i] = (struct sampler_item){isnan(p) ? 0 : p, i};
        total += s->items[i].p;
    }
    return draw(s, vocab, total, r);
}
