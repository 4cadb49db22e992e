#include "text/ngram.h"

#include "base/arena.h"
#include "text/scratch.h"

#include <string.h>

constexpr uint32_t NONE = UINT32_MAX;
constexpr uint32_t SEEN = 1U << 31; /* in slot.n: the hypothesis has this n-gram */

struct slot {
    uint64_t key;
    uint32_t stamp; /* of the match and order that wrote it: nothing is ever cleared */
    uint32_t n;     /* largest count in one reference, then what is left of it; and SEEN */
};

/* Only for several references: the count in the one that is being read. */
struct now {
    uint32_t n, ref;
};

struct table {
    struct slot *slots;
    struct now *now;
    size_t room;
};

struct ngram {
    struct arena *arena;
    struct table tables[2]; /* this order's and the one before */
    uint32_t *places;       /* slots of the n-grams of the order before that begin here */
    size_t room;
    uint32_t stamp;
    unsigned bits;
};

struct ngram *ngram_new(struct arena *a)
{
    struct ngram *const m = ARENA_ARRAY(a, struct ngram, 1);
    m->arena = a;
    return m;
}

uint32_t ngram_total(size_t n, size_t order)
{
    return n >= order ? (uint32_t)(n - order + 1) : 0;
}

/* Tables at most a quarter full (a full neighbour is a branch that is guessed wrong), of a power of
 * two. */
static void reserve(struct ngram *m, size_t n_refs_symbols, size_t n_hyp)
{
    m->bits = 6;
    while ((size_t)1 << m->bits < 4 * n_refs_symbols)
        m->bits++;
    const size_t slots = (size_t)1 << m->bits;
    for (int i = 0; i < 2; i++) {
        struct table *const t = &m->tables[i];
        size_t room = t->room;
        t->slots = scratch_grow(m->arena, t->slots, t->room, &room, slots, sizeof *t->slots);
        t->now = scratch_grow(m->arena, t->now, t->room, &t->room, slots, sizeof *t->now);
    }
    const size_t places = n_refs_symbols + n_hyp;
    m->places = scratch_grow(m->arena, m->places, 0, &m->room, places, sizeof *m->places);
}

static void next_stamp(struct ngram *m)
{
    if (++m->stamp != 0)
        return;
    for (int i = 0; i < 2; i++)
        memset(m->tables[i].slots, 0, m->tables[i].room * sizeof *m->tables[i].slots);
    m->stamp = 1;
}

/* One order of one match. */
struct pass {
    struct slot *slots;
    struct now *now;
    uint32_t stamp;
    unsigned shift;            /* of a hash, to the number of a slot */
    const struct slot *before; /* the slots of the order before; nullptr for order 1 */
    size_t order;
};

/* Where key stands, or where it would: then the slot's stamp is not ours. */
static inline uint32_t find(const struct pass *p, uint64_t key)
{
    const uint32_t mask = (uint32_t)(UINT64_MAX >> p->shift);
    uint32_t i = (uint32_t)(((key ^ key >> 29) * 0x9E3779B97F4A7C15U) >> p->shift);
    while (p->slots[i].stamp == p->stamp && p->slots[i].key != key)
        i = (i + 1) & mask;
    return i;
}

/* The key of the n-gram that begins at i of a reference; false where it cannot match, because one
 * of its two parts of the order before did not. */
static inline bool reference_key(const struct pass *p, const uint32_t *places, size_t i,
                                 uint32_t symbol, uint64_t *ret)
{
    *ret = symbol;
    if (!p->before)
        return true;
    if (places[i] == NONE || places[i + 1] == NONE || !(p->before[places[i]].n & SEEN) ||
        !(p->before[places[i + 1]].n & SEEN))
        return false;
    *ret |= (uint64_t)places[i] << 32;
    return true;
}

/* One of several references: a slot has the largest count of those that were read. */
static void count_of_many(const struct pass *p, struct ngram_symbols ref, uint32_t number,
                          uint32_t *places)
{
    struct slot *const slots = p->slots;
    for (size_t i = 0; i + p->order <= ref.n; i++) {
        uint64_t key;
        if (!reference_key(p, places, i, ref.at[i + p->order - 1], &key)) {
            places[i] = NONE;
            continue;
        }
        const uint32_t at = find(p, key);
        struct now *const now = &p->now[at];
        places[i] = at;
        if (slots[at].stamp != p->stamp) {
            slots[at] = (struct slot){key, p->stamp, 0};
            *now = (struct now){0, number};
        } else if (now->ref != number) {
            *now = (struct now){0, number};
        }
        if (++now->n > slots[at].n)
            slots[at].n = now->n;
    }
}

/* Without a branch on whether the slot is new, which is as good as random. */
static void count_of_one(const struct pass *p, struct ngram_symbols ref, uint32_t *places)
{
    struct slot *const slots = p->slots;
    for (size_t i = 0; i + p->order <= ref.n; i++) {
        uint64_t key;
        if (!reference_key(p, places, i, ref.at[i + p->order - 1], &key)) {
            places[i] = NONE;
            continue;
        }
        const uint32_t at = find(p, key);
        const uint32_t n = slots[at].stamp == p->stamp ? slots[at].n : 0;
        slots[at] = (struct slot){key, p->stamp, n + 1};
        places[i] = at;
    }
}

static uint32_t match_one(const struct pass *p, struct ngram_symbols hyp, uint32_t *places)
{
    struct slot *const slots = p->slots;
    uint32_t matches = 0;
    for (size_t i = 0; i + p->order <= hyp.n; i++) {
        if (p->before && (places[i] == NONE || places[i + 1] == NONE)) {
            places[i] = NONE;
            continue;
        }
        const uint64_t first = p->before ? places[i] : 0;
        const uint32_t at = find(p, first << 32 | hyp.at[i + p->order - 1]);
        const bool found = slots[at].stamp == p->stamp;
        const bool left = found && (slots[at].n & ~SEEN) > 0;
        matches += left;
        slots[at].n = (slots[at].n - left) | SEEN; /* a slot that is not ours is anybody's */
        places[i] = found ? at : NONE;
    }
    return matches;
}

void ngram_match(struct ngram *m, struct ngram_symbols hyp, const struct ngram_symbols *refs,
                 size_t n_refs, size_t orders, uint32_t *ret)
{
    size_t symbols = 0;
    for (size_t r = 0; r < n_refs; r++)
        symbols += refs[r].n;
    reserve(m, symbols, hyp.n);
    memset(ret, 0, orders * sizeof *ret);
    const struct slot *before = nullptr;
    for (size_t order = 1; order <= orders; order++) {
        const struct table *const t = &m->tables[order & 1];
        next_stamp(m);
        const struct pass p = {t->slots, t->now, m->stamp, 64 - m->bits, before, order};
        if (n_refs == 1)
            count_of_one(&p, refs[0], m->places + hyp.n);
        size_t at = hyp.n;
        for (size_t r = 0; n_refs > 1 && r < n_refs; r++) {
            count_of_many(&p, refs[r], (uint32_t)r, m->places + at);
            at += refs[r].n;
        }
        ret[order - 1] = match_one(&p, hyp, m->places);
        if (ret[order - 1] == 0)
            break;
        before = p.slots;
    }
}
