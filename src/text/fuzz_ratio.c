#include "text/fuzz_ratio.h"

#include "text/character.h"
#include "text/regrow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void fuzz_ratio_done(struct fuzz_ratio *f)
{
    edit_done(&f->edit);
    free(f->a.at);
    free(f->b.at);
    free(f->only_a.at);
    free(f->only_b.at);
    free(f->common.at);
    free(f->joined_a.at);
    free(f->joined_b.at);
    *f = (struct fuzz_ratio){};
}

static double indel_similarity(struct edit *d, struct edit_pair p)
{
    const size_t most = p.na + p.nb;
    return most ? 1.0 - (double)edit_indel(d, p) / (double)most : 1.0;
}

double fuzz_ratio(struct fuzz_ratio *f, struct edit_pair p)
{
    return indel_similarity(&f->edit, p) * 100.0;
}

double fuzz_ratio_quick(struct fuzz_ratio *f, struct edit_pair p)
{
    return p.na && p.nb ? fuzz_ratio(f, p) : 0.0;
}

/* ---- stretches ---- */

static bool contains(const struct edit *d, uint32_t letter)
{
    return letter < d->n_last && d->last[letter];
}

struct search {
    struct edit *edit;
    struct edit_pair p;
    size_t last,
        at;      /* the subsequence's length at the last stretch looked at, and which that was */
    double best; /* 1 ends the search */
};

static double similarity_of(size_t common, size_t most)
{
    return 1.0 - (double)(most - 2 * common) / (double)most;
}

/* b[from .. from + n), the i-th of a row of stretches in which one differs from the next by one
 * element at either end, so that its subsequence grows by one at most. One whose outer element is
 * not in a cannot be the best.
 */
static void look(struct search *s, size_t i, size_t from, size_t n, uint32_t outer)
{
    size_t most_common = s->last + (i - s->at);
    most_common = most_common < n ? most_common : n;
    if (s->best >= 1.0 || !contains(s->edit, outer) ||
        similarity_of(most_common < s->p.na ? most_common : s->p.na, s->p.na + n) <= s->best)
        return;
    s->last = edit_lcs(s->edit, (struct edit_pair){s->p.a, s->p.b + from, s->p.na, n});
    s->at = i;
    s->best = fmax(s->best, similarity_of(s->last, s->p.na + n));
}

/* The best of the beginnings of b, its stretches as long as a, and its ends, a being no longer than
 * b: one row of stretches. */
static double best_stretch(struct edit *d, struct edit_pair p)
{
    struct search s = {.edit = d, .p = p};
    size_t at = 0;
    for (size_t i = 1; i < p.na; i++)
        look(&s, ++at, 0, i, p.b[i - 1]);
    for (size_t i = 0; i + p.na < p.nb; i++)
        look(&s, ++at, i, p.na, p.b[i + p.na - 1]);
    for (size_t i = p.nb - p.na; i < p.nb; i++)
        look(&s, ++at, i, p.nb - i, p.b[i]);
    return s.best;
}

static double stretch_of_longer(struct edit *d, struct edit_pair p)
{
    if (p.na == 0)
        return 0;
    uint32_t most = 0;
    for (size_t i = 0; i < p.na; i++)
        most = p.a[i] > most ? p.a[i] : most;
    REGROW(d->last, d->n_last, (size_t)most + 1);
    for (size_t i = 0; i < p.na; i++)
        d->last[p.a[i]] = 1;
    const double best = best_stretch(d, p);
    for (size_t i = 0; i < p.na; i++)
        d->last[p.a[i]] = 0;
    return best;
}

double fuzz_ratio_partial(struct fuzz_ratio *f, struct edit_pair p)
{
    if (p.na == 0 && p.nb == 0)
        return 100.0;
    const struct edit_pair turned = {p.b, p.a, p.nb, p.na};
    double best = stretch_of_longer(&f->edit, p.na <= p.nb ? p : turned);
    if (best < 1.0 && p.na == p.nb)
        best = fmax(best, stretch_of_longer(&f->edit, turned));
    return best * 100.0;
}

/* ---- words ---- */

static void add(struct fuzz_tokens *t, struct fuzz_slice word)
{
    REGROW(t->at, t->room, t->n + 1);
    t->at[t->n++] = word;
}

static int order(const void *left, const void *right)
{
    const struct fuzz_slice *const x = left, *const y = right;
    const size_t n = x->n < y->n ? x->n : y->n;
    for (size_t i = 0; i < n; i++)
        if (x->at[i] != y->at[i])
            return x->at[i] < y->at[i] ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

static void split(const uint32_t *text, size_t n, struct fuzz_tokens *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && !character_is_space(text[end]))
            end++;
        if (end > i)
            add(ret, (struct fuzz_slice){text + i, end - i});
        i = end + 1;
    }
    if (ret->n)
        qsort(ret->at, ret->n, sizeof *ret->at, order);
}

static size_t after_equals(const struct fuzz_tokens *t, size_t i)
{
    size_t next = i + 1;
    while (next < t->n && order(&t->at[i], &t->at[next]) == 0)
        next++;
    return next;
}

/* The words of both texts as sets: those of one, of the other, of both; each ascending. */
static void separate(struct fuzz_ratio *f)
{
    f->only_a.n = f->only_b.n = f->common.n = 0;
    size_t i = 0, k = 0;
    while (i < f->a.n || k < f->b.n) {
        const int which = i == f->a.n ? 1 : k == f->b.n ? -1 : order(&f->a.at[i], &f->b.at[k]);
        add(which < 0   ? &f->only_a
            : which > 0 ? &f->only_b
                        : &f->common,
            which <= 0 ? f->a.at[i] : f->b.at[k]);
        if (which <= 0)
            i = after_equals(&f->a, i);
        if (which >= 0)
            k = after_equals(&f->b, k);
    }
}

static void join(const struct fuzz_tokens *t, struct fuzz_joined *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < t->n; i++) {
        REGROW(ret->at, ret->room, ret->n + t->at[i].n + 1);
        if (i)
            ret->at[ret->n++] = ' ';
        memcpy(ret->at + ret->n, t->at[i].at, t->at[i].n * sizeof *ret->at);
        ret->n += t->at[i].n;
    }
}

static struct edit_pair joined(struct fuzz_ratio *f, const struct fuzz_tokens *a,
                               const struct fuzz_tokens *b)
{
    join(a, &f->joined_a);
    join(b, &f->joined_b);
    return (struct edit_pair){f->joined_a.at, f->joined_b.at, f->joined_a.n, f->joined_b.n};
}

static void split_both(struct fuzz_ratio *f, const struct edit_pair *p)
{
    split(p->a, p->na, &f->a);
    split(p->b, p->nb, &f->b);
    separate(f);
}

double fuzz_ratio_token_sort(struct fuzz_ratio *f, struct edit_pair p)
{
    split_both(f, &p);
    return fuzz_ratio(f, joined(f, &f->a, &f->b));
}

double fuzz_ratio_partial_token_sort(struct fuzz_ratio *f, struct edit_pair p)
{
    split_both(f, &p);
    return fuzz_ratio_partial(f, joined(f, &f->a, &f->b));
}

static double by_distance(size_t distance, size_t most)
{
    return most ? 100.0 - 100.0 * (double)distance / (double)most : 100.0;
}

double fuzz_ratio_token_set(struct fuzz_ratio *f, struct edit_pair p)
{
    split_both(f, &p);
    if (f->a.n == 0 || f->b.n == 0)
        return 0;
    if (f->common.n && (f->only_a.n == 0 || f->only_b.n == 0))
        return 100;
    const struct edit_pair rest = joined(f, &f->only_a, &f->only_b);
    const size_t distance = edit_indel(&f->edit, rest);
    join(&f->common, &f->joined_a);
    /* The words of both, then those of one text alone: three texts, compared pairwise. Where one is
     * the beginning of the other, the distance is the difference of their lengths. */
    const size_t common = f->joined_a.n, blank = common != 0;
    const size_t with_a = common + blank + rest.na, with_b = common + blank + rest.nb;
    const double best = by_distance(distance, with_a + with_b);
    if (!common)
        return best;
    return fmax(best, fmax(by_distance(blank + rest.na, common + with_a),
                           by_distance(blank + rest.nb, common + with_b)));
}

double fuzz_ratio_token(struct fuzz_ratio *f, struct edit_pair p)
{
    const double as_sets = fuzz_ratio_token_set(f, p);
    return fmax(as_sets, fuzz_ratio_token_sort(f, p));
}

double fuzz_ratio_partial_token_set(struct fuzz_ratio *f, struct edit_pair p)
{
    split_both(f, &p);
    if (f->a.n == 0 || f->b.n == 0)
        return 0;
    if (f->common.n)
        return 100;
    return fuzz_ratio_partial(f, joined(f, &f->only_a, &f->only_b));
}

double fuzz_ratio_partial_token(struct fuzz_ratio *f, struct edit_pair p)
{
    split_both(f, &p);
    if (f->common.n)
        return 100;
    const double sorted = fuzz_ratio_partial(f, joined(f, &f->a, &f->b));
    if (f->a.n == f->only_a.n && f->b.n == f->only_b.n)
        return sorted;
    return fmax(sorted, fuzz_ratio_partial(f, joined(f, &f->only_a, &f->only_b)));
}

double fuzz_ratio_weighted(struct fuzz_ratio *f, struct edit_pair p)
{
    if (p.na == 0 || p.nb == 0)
        return 0;
    const double longer = (double)(p.na > p.nb ? p.na : p.nb),
                 shorter = (double)(p.na > p.nb ? p.nb : p.na);
    const double whole = fuzz_ratio(f, p);
    if (longer / shorter < 1.5)
        return fmax(whole, fuzz_ratio_token(f, p) * 0.95);
    const double scale = longer / shorter <= 8.0 ? 0.9 : 0.6;
    const double part = fmax(whole, fuzz_ratio_partial(f, p) * scale);
    return fmax(part, fuzz_ratio_partial_token(f, p) * 0.95 * scale);
}
