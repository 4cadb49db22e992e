#include "text/lcs.h"

#include <stdlib.h>
#include <string.h>

#include "text/regrow.h"

/* Columns that are kept at once while reading a subsequence out: 32 MB of them. Where there are
 * more, they are made again from checkpoints. */
constexpr size_t MOST_COLUMN_WORDS = (size_t)1 << 22;

void lcs_done(struct lcs *l)
{
    free(l->mask);
    free(l->first);
    free(l->next);
    free(l->row);
    free(l->column);
    free(l->checkpoint);
    free(l->columns);
    *l = (struct lcs){};
}

static size_t words_of(const struct lcs_pair *p)
{
    return (p->na + 63) / 64;
}

static void places_set(struct lcs *l, const struct lcs_pair *p)
{
    if (p->na <= 64) {
        REGROW(l->mask, l->n_mask, (size_t)p->most + 1);
        for (size_t i = 0; i < p->na; i++)
            l->mask[p->a[i]] |= UINT64_C(1) << i;
        return;
    }
    REGROW(l->first, l->n_first, (size_t)p->most + 1);
    REGROW(l->next, l->n_next, p->na + 1);
    REGROW(l->row, l->n_row, words_of(p));
    for (size_t i = 0; i < p->na; i++) {
        l->next[i + 1] = l->first[p->a[i]];
        l->first[p->a[i]] = (uint32_t)(i + 1);
    }
}

static void places_clear(struct lcs *l, const struct lcs_pair *p)
{
    for (size_t i = 0; i < p->na; i++)
        if (p->na <= 64)
            l->mask[p->a[i]] = 0;
        else
            l->first[p->a[i]] = 0;
}

/* One more element of b. Bit i of v is 0 where the table grows from place i to place i + 1. */
static void step(struct lcs *l, size_t n_words, uint32_t element, uint64_t *v)
{
    if (n_words == 1) {
        const uint64_t u = *v & l->mask[element];
        *v = (*v + u) | (*v - u);
        return;
    }
    if (element == 0 || !l->first[element])
        return;
    for (uint32_t i = l->first[element]; i; i = l->next[i])
        l->row[(i - 1) / 64] |= UINT64_C(1) << ((i - 1) % 64);
    uint64_t carry = 0;
    for (size_t w = 0; w < n_words; w++) {
        const uint64_t u = v[w] & l->row[w];
        const uint64_t part = v[w] + u, sum = part + carry;
        carry = (part < u) | (sum < part);
        v[w] = sum | (v[w] - u);
        l->row[w] = 0;
    }
}

static size_t grown(const uint64_t *v, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += 64) {
        const uint64_t used = n - i < 64 ? (UINT64_C(1) << (n - i)) - 1 : UINT64_MAX;
        count += (size_t)__builtin_popcountll(~v[i / 64] & used);
    }
    return count;
}

size_t lcs_length(struct lcs *l, const struct lcs_pair *p)
{
    if (p->na == 0 || p->nb == 0)
        return 0;
    const size_t n_words = words_of(p);
    REGROW(l->column, l->n_column, n_words);
    memset(l->column, 0xff, n_words * sizeof *l->column);
    places_set(l, p);
    for (size_t j = 0; j < p->nb; j++)
        step(l, n_words, p->b[j], l->column);
    places_clear(l, p);
    return grown(l->column, p->na);
}

/* Columns from + 1 to `to` of the table into l->columns, from the one before them. */
static void columns_make(struct lcs *l, const struct lcs_pair *p, const uint64_t *before,
                         size_t from, size_t to)
{
    const size_t n_words = words_of(p);
    for (size_t j = from; j < to; j++) {
        uint64_t *const v = l->columns + (j - from) * n_words;
        memcpy(v, before, n_words * sizeof *v);
        step(l, n_words, p->b[j], v);
        before = v;
    }
}

/* In the columns from + 1 to *j, from place *i backwards. Where the elements differ, the table's
 * value came from the left alone exactly if it is larger than the one above. */
static void read_out(const struct lcs *l, const struct lcs_pair *p, size_t from, size_t *i,
                     size_t *j, bool *marked)
{
    const size_t n_words = words_of(p);
    while (*i > 0 && *j > from) {
        const size_t place = *i - 1;
        if (p->a[place] == p->b[*j - 1]) {
            marked[place] = true;
            --*i;
            --*j;
            continue;
        }
        const uint64_t *const v = l->columns + (*j - 1 - from) * n_words;
        if (v[place / 64] >> (place % 64) & 1)
            --*i;
        else
            --*j;
    }
}

void lcs_mark(struct lcs *l, const struct lcs_pair *p, bool *marked)
{
    if (p->na == 0 || p->nb == 0)
        return;
    const size_t n_words = words_of(p);
    size_t stretch = MOST_COLUMN_WORDS / n_words;
    if (stretch == 0)
        stretch = 1;
    if (stretch > p->nb)
        stretch = p->nb;
    const size_t n_stretches = (p->nb + stretch - 1) / stretch;
    REGROW(l->columns, l->n_columns, stretch * n_words);
    REGROW(l->checkpoint, l->n_checkpoint, n_stretches * n_words);
    memset(l->checkpoint, 0xff, n_words * sizeof *l->checkpoint);
    places_set(l, p);
    for (size_t s = 1; s < n_stretches; s++) {
        uint64_t *const v = l->checkpoint + s * n_words;
        memcpy(v, v - n_words, n_words * sizeof *v);
        for (size_t j = (s - 1) * stretch; j < s * stretch; j++)
            step(l, n_words, p->b[j], v);
    }
    size_t i = p->na, j = p->nb;
    for (size_t s = n_stretches; s-- > 0 && i > 0;) {
        columns_make(l, p, l->checkpoint + s * n_words, s * stretch, j);
        read_out(l, p, s * stretch, &i, &j, marked);
    }
    places_clear(l, p);
}
