#include "text/edit.h"

#include <stdlib.h>
#include <string.h>

#include "text/regrow.h"

void edit_done(struct edit *d)
{
    free(d->mask);
    free(d->carry);
    free(d->last);
    free(d->rows);
    *d = (struct edit){};
}

size_t edit_prefix(struct edit_pair p)
{
    const size_t n = p.na < p.nb ? p.na : p.nb;
    size_t i = 0;
    while (i < n && p.a[i] == p.b[i])
        i++;
    return i;
}

size_t edit_postfix(struct edit_pair p)
{
    const size_t n = p.na < p.nb ? p.na : p.nb;
    size_t i = 0;
    while (i < n && p.a[p.na - 1 - i] == p.b[p.nb - 1 - i])
        i++;
    return i;
}

size_t edit_hamming(struct edit_pair p)
{
    if (p.na != p.nb)
        return SIZE_MAX;
    size_t n = 0;
    for (size_t i = 0; i < p.na; i++)
        n += p.a[i] != p.b[i];
    return n;
}

/* What both begin and end with costs nothing in any of these distances. Returns its length. */
static size_t strip(struct edit_pair *p)
{
    const size_t before = edit_prefix(*p);
    p->a += before;
    p->b += before;
    p->na -= before;
    p->nb -= before;
    const size_t after = edit_postfix(*p);
    p->na -= after;
    p->nb -= after;
    return before + after;
}

/* a becomes the one that is cut into blocks: the longer one where it is one block, because then
 * there are fewer steps; else the one that makes fewer steps in all. */
static void arrange(struct edit_pair *p)
{
    const size_t as_is = (p->na + 63) / 64 * p->nb, turned = (p->nb + 63) / 64 * p->na;
    if (turned < as_is)
        *p = (struct edit_pair){p->b, p->a, p->nb, p->na};
}

size_t edit_alphabet(struct edit_pair p)
{
    uint32_t most = 0;
    for (size_t i = 0; i < p.na; i++)
        most = p.a[i] > most ? p.a[i] : most;
    for (size_t i = 0; i < p.nb; i++)
        most = p.b[i] > most ? p.b[i] : most;
    return (size_t)most + 1;
}

static void masks_room(struct edit *d, const struct edit_pair *p)
{
    REGROW(d->mask, d->n_mask, edit_alphabet(*p));
}

static void masks_set(struct edit *d, const uint32_t *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d->mask[a[i]] |= UINT64_C(1) << i;
}

static void masks_clear(struct edit *d, const uint32_t *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d->mask[a[i]] = 0;
}

enum : uint8_t { PLUS = 1, MINUS = 2, SWAP = 4 };

/* One block of at most 64 places against all of b. carry[j]: in, what the block above left for
 * place j (its last row grows, shrinks, may end a swap); out, what this one leaves. Returns how
 * much the block's last row grew from first to last.
 */
static int64_t levenshtein_block(const struct edit *d, const struct edit_pair *p, size_t n)
{
    const uint64_t last = UINT64_C(1) << (n - 1);
    uint64_t vp = UINT64_MAX, vn = 0;
    int64_t grown = 0;
    for (size_t j = 0; j < p->nb; j++) {
        const uint8_t in = d->carry[j];
        const uint64_t x = d->mask[p->b[j]] | (in >> 1 & 1);
        const uint64_t d0 = (((x & vp) + vp) ^ vp) | x | vn;
        const uint64_t hp = vn | ~(d0 | vp), hn = d0 & vp;
        const uint8_t plus = (hp & last) != 0, minus = (hn & last) != 0;
        d->carry[j] = (uint8_t)(plus | minus << 1);
        grown += plus - minus;
        const uint64_t hp_in = hp << 1 | (in & PLUS);
        vp = (hn << 1 | (in >> 1 & 1)) | ~(d0 | hp_in);
        vn = hp_in & d0;
    }
    return grown;
}

static int64_t osa_block(const struct edit *d, const struct edit_pair *p, size_t n)
{
    const uint64_t last = UINT64_C(1) << (n - 1);
    uint64_t vp = UINT64_MAX, vn = 0, d0 = 0, before = 0;
    int64_t grown = 0;
    for (size_t j = 0; j < p->nb; j++) {
        const uint8_t in = d->carry[j];
        const uint64_t here = d->mask[p->b[j]], x = here | (in >> 1 & 1);
        const uint64_t swap = ~d0 & here;
        d0 = (((x & vp) + vp) ^ vp) | x | vn | ((swap << 1 | (in >> 2 & 1)) & before);
        const uint64_t hp = vn | ~(d0 | vp), hn = d0 & vp;
        const uint8_t plus = (hp & last) != 0, minus = (hn & last) != 0;
        d->carry[j] = (uint8_t)(plus | minus << 1 | ((swap & last) != 0) << 2);
        grown += plus - minus;
        const uint64_t hp_in = hp << 1 | (in & PLUS);
        vp = (hn << 1 | (in >> 1 & 1)) | ~(d0 | hp_in);
        vn = hp_in & d0;
        before = here;
    }
    return grown;
}

typedef int64_t block_fn(const struct edit *d, const struct edit_pair *p, size_t n);

static size_t by_blocks(struct edit *d, struct edit_pair p, block_fn *block)
{
    (void)strip(&p);
    arrange(&p);
    if (p.na == 0 || p.nb == 0)
        return p.na + p.nb;
    masks_room(d, &p);
    REGROW(d->carry, d->n_carry, p.nb);
    memset(d->carry, PLUS, p.nb); /* row 0 of the table: 0, 1, 2, ... */
    int64_t grown = 0;
    for (size_t i = 0; i < p.na; i += 64) {
        const size_t n = p.na - i < 64 ? p.na - i : 64;
        masks_set(d, p.a + i, n);
        grown = block(d, &p, n);
        masks_clear(d, p.a + i, n);
    }
    return (size_t)((int64_t)p.na + grown);
}

size_t edit_levenshtein(struct edit *d, struct edit_pair p)
{
    return by_blocks(d, p, levenshtein_block);
}

size_t edit_osa(struct edit *d, struct edit_pair p)
{
    return by_blocks(d, p, osa_block);
}

size_t edit_lcs(struct edit *d, struct edit_pair p)
{
    size_t length = strip(&p);
    arrange(&p);
    if (p.na == 0 || p.nb == 0)
        return length;
    masks_room(d, &p);
    const bool one = p.na <= 64;
    if (!one) {
        REGROW(d->carry, d->n_carry, p.nb);
        memset(d->carry, 0, p.nb);
    }
    for (size_t i = 0; i < p.na; i += 64) {
        const size_t n = p.na - i < 64 ? p.na - i : 64;
        masks_set(d, p.a + i, n);
        uint64_t v = UINT64_MAX;
        for (size_t j = 0; one && j < p.nb; j++) {
            const uint64_t u = v & d->mask[p.b[j]];
            v = (v + u) | (v - u);
        }
        for (size_t j = 0; !one && j < p.nb; j++) {
            const uint64_t u = v & d->mask[p.b[j]];
            const uint64_t part = v + u, sum = part + d->carry[j];
            d->carry[j] = (part < u) | (sum < part);
            v = sum | (v - u);
        }
        masks_clear(d, p.a + i, n);
        length += (size_t)__builtin_popcountll(~v & (n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX));
    }
    return length;
}

size_t edit_indel(struct edit *d, struct edit_pair p)
{
    return p.na + p.nb - 2 * edit_lcs(d, p);
}

/* Three rows of the table, each with one place in front of column 0 that is never the least. */
struct zhao {
    uint32_t *row, *above, *before_match; /* [-1] to [nb] */
    uint32_t infinite;
};

static void zhao_row(struct edit *d, const struct edit_pair *p, struct zhao *z, uint32_t i)
{
    const uint32_t letter = p->a[i - 1];
    uint32_t last_column = 0, left_of_match = z->infinite, diagonal = z->row[0];
    bool matched = false;
    z->row[0] = i;
    for (uint32_t j = 1; j <= p->nb; j++) {
        const uint32_t other = p->b[j - 1];
        const uint32_t replaced = z->above[j - 1] + (letter != other);
        uint32_t best = z->row[j - 1] + 1 < z->above[j] + 1 ? z->row[j - 1] + 1 : z->above[j] + 1;
        best = replaced < best ? replaced : best;
        if (letter == other) {
            last_column = j;
            matched = true;
            z->before_match[j] = z->above[(ptrdiff_t)j - 2];
            left_of_match = diagonal;
        } else {
            const uint32_t last_row = d->last[other];
            uint32_t swapped = z->infinite;
            if (matched && j - last_column == 1 && last_row)
                swapped = z->before_match[j] + (i - last_row);
            else if (matched && last_row && i - last_row == 1)
                swapped = left_of_match + (j - last_column);
            best = swapped < best ? swapped : best;
        }
        diagonal = z->row[j];
        z->row[j] = best;
    }
    d->last[letter] = i;
}

size_t edit_damerau(struct edit *d, struct edit_pair p)
{
    (void)strip(&p);
    if (p.na == 0 || p.nb == 0)
        return p.na + p.nb;
    masks_room(d, &p);
    REGROW(d->last, d->n_last, d->n_mask);
    const size_t stride = p.nb + 2;
    REGROW(d->rows, d->n_rows, 3 * stride);
    const uint32_t infinite = (uint32_t)(p.na > p.nb ? p.na : p.nb) + 1;
    struct zhao z = {d->rows + 1, d->rows + stride + 1, d->rows + 2 * stride + 1, infinite};
    for (size_t i = 0; i < 3 * stride; i++)
        d->rows[i] = infinite;
    for (size_t j = 0; j <= p.nb; j++)
        z.row[j] = (uint32_t)j;
    for (size_t i = 1; i <= p.na; i++) {
        uint32_t *const turn = z.row;
        z.row = z.above;
        z.above = turn;
        zhao_row(d, &p, &z, (uint32_t)i);
    }
    for (size_t i = 0; i < p.na; i++)
        d->last[p.a[i]] = 0;
    return z.row[p.nb];
}
