#include "text/ngram.h"

#include "base/arena.h"
#include "text/scratch.h"

#include <string.h>

constexpr uint32_t NONE = UINT32_MAX;      /* a symbol of the hypothesis that no reference has */
constexpr uint32_t END = UINT32_MAX - 1;   /* behind the last symbol of a reference */
constexpr size_t DIRECT = (size_t)1 << 15; /* keys below it are places of the index themselves */
constexpr uint32_t LAST_BASE = UINT32_MAX / 2; /* then the index is cleared */

/* An n-gram of the references. */
struct slot {
    uint32_t left;  /* largest count in one reference, less what the hypothesis has matched */
    uint32_t count; /* in all references */
    uint32_t first; /* where it begins; the only place when count is 1 */
    uint32_t group; /* its number among those that the hypothesis has too; NONE: it has not */
    uint32_t now,
        ref; /* count in reference `ref`, the one that was read last; not where there is but one */
    uint64_t key; /* not where keys are direct */
};

/* How the n-grams of one order are kept. Where both are true, which is nearly always, the compiler
 * makes code of its own. */
struct way {
    bool direct; /* a key is a place of the index; else it is hashed */
    bool single; /* one reference */
};

/* An n-gram at a place: which one, or where it stands in the references. */
struct item {
    uint32_t at, what;
};

struct ngram {
    struct arena *arena;
    uint32_t
        *index; /* slot + base; what is below base is from an earlier order: nothing is cleared */
    struct slot *slots;
    uint32_t *ref_ids, *hyp_ids; /* symbols, numbered by their slots of order 1 */
    uint32_t *ref_of;            /* place of ref_ids to number of reference */
    struct item *refs, *hyps,
        *only;     /* only: n-grams of the hypothesis that stand at one place of the references */
    uint8_t *used; /* that place: the last order that it was matched in */
    size_t index_room, slots_room, ref_ids_room, hyp_ids_room, ref_of_room, refs_room, hyps_room,
        only_room, used_room;
    size_t n_slots, n_refs, n_hyps, n_only;
    uint32_t base, nobody; /* nobody: a slot that stands for what the references have not */
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

#define RESERVE(m, field, n)                                                                       \
    ((m)->field =                                                                                  \
         scratch_grow((m)->arena, (m)->field, 0, &(m)->field##_room, n, sizeof *(m)->field))

static void reserve(struct ngram *m, size_t n_ref, size_t n_hyp)
{
    RESERVE(m, slots, n_ref + 1);
    RESERVE(m, ref_ids, n_ref);
    RESERVE(m, ref_of, n_ref);
    RESERVE(m, refs, n_ref);
    RESERVE(m, used, n_ref);
    RESERVE(m, hyp_ids, n_hyp + 1);
    RESERVE(m, hyps, n_hyp + 1);
    RESERVE(m, only, n_hyp + 1);
    size_t index = DIRECT;
    while (index < 4 * n_ref)
        index *= 2;
    if (index > m->index_room)
        m->base = 0;
    RESERVE(m, index, index);
    memset(m->used, 0, n_ref);
    m->n_slots = 0;
    m->nobody = (uint32_t)n_ref;
    m->slots[m->nobody] = (struct slot){};
}

/* What an earlier order wrote into the index becomes nothing. */
static void next_order(struct ngram *m)
{
    m->base += (uint32_t)m->n_slots + (m->base == 0);
    m->n_slots = 0;
    if (m->base < LAST_BASE)
        return;
    memset(m->index, 0, m->index_room * sizeof *m->index);
    m->base = 1;
}

/* Where key stands in the index, or where it would. */
static inline uint32_t *find(const struct ngram *m, uint64_t key, struct way way)
{
    if (way.direct)
        return &m->index[key];
    const size_t mask = m->index_room - 1;
    size_t i = ((key ^ key >> 29) * 0x9E3779B97F4A7C15U) >> 20 & mask;
    while (m->index[i] >= m->base && m->slots[m->index[i] - m->base].key != key)
        i = (i + 1) & mask;
    return &m->index[i];
}

/* Below, whether an n-gram is new, known, or known at one place only is as good as random, and a
 * branch on it would be guessed wrong: both ways are computed, and one is kept. */

/* Of an n-gram that stands in s, the count in the reference of the place `at`. */
static inline uint32_t count_now(const struct ngram *m, struct slot *s, bool is_new, uint32_t at)
{
    const uint32_t ref = m->ref_of[at];
    const bool first = is_new | (s->ref != ref);
    s->now = first ? 1 : s->now + 1;
    s->ref = ref;
    return s->now;
}

/* One more n-gram of the references, at a place; the number of its slot. */
static inline uint32_t add(struct ngram *m, uint64_t key, struct way way, uint32_t at)
{
    uint32_t *const place = find(m, key, way);
    const bool is_new = *place < m->base;
    const uint32_t number = is_new ? (uint32_t)m->n_slots : *place - m->base;
    struct slot *const s = &m->slots[number];
    const uint32_t count = (is_new ? 0 : s->count) + 1, left = is_new ? 0 : s->left;
    const uint32_t now = way.single ? count : count_now(m, s, is_new, at);
    s->left = now > left ? now : left;
    s->count = count;
    s->first = is_new ? at : s->first;
    s->group = NONE;
    if (!way.direct)
        s->key = key;
    *place = m->base + number;
    m->n_slots += is_new;
    return number;
}

/* One n-gram of the hypothesis, which goes on to the next order if it is known. Returns its slot;
 * *matches grows by one if it is matched. */
static inline uint32_t match(struct ngram *m, uint64_t key, struct way way, uint32_t at,
                             uint32_t *n_groups, uint32_t *matches)
{
    const uint32_t place = *find(m, key, way);
    const bool known = place >= m->base;
    struct slot *const s = &m->slots[known ? place - m->base : m->nobody];
    const bool left = s->left > 0, one = s->count == 1, many = s->count > 1;
    const bool new_group = many & (s->group == NONE);
    *matches += left;
    s->left -= left;
    s->group = new_group ? *n_groups : s->group;
    *n_groups += new_group;
    m->only[m->n_only] = (struct item){at, s->first};
    m->n_only += one;
    m->hyps[m->n_hyps] = (struct item){at, s->group};
    m->n_hyps += many;
    return known ? place - m->base : NONE;
}

/* ---- order 1: symbols ---- */

static uint64_t largest(const struct ngram_symbols *x, size_t n)
{
    uint32_t max = 0;
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < x[r].n; i++)
            max = x[r].at[i] > max ? x[r].at[i] : max;
    return max;
}

static inline void number_references(struct ngram *m, const struct ngram_symbols *refs,
                                     size_t n_refs, struct way way)
{
    uint32_t at = 0;
    for (size_t r = 0; r < n_refs; r++) {
        for (size_t i = 0; i < refs[r].n; i++, at++) {
            if (!way.single)
                m->ref_of[at] = (uint32_t)r;
            m->ref_ids[at] = add(m, refs[r].at[i], way, at);
        }
        m->ref_ids[at++] = END;
    }
}

/* What of the references may go on: known to the hypothesis, and at more than one place.
 * refs[k].what is a slot; it becomes the slot's group. */
static void keep_references(struct ngram *m)
{
    size_t kept = 0;
    for (size_t k = 0; k < m->n_refs; k++) {
        const struct slot *const s = &m->slots[m->refs[k].what];
        m->refs[kept] = (struct item){m->refs[k].at, s->group};
        kept += s->group != NONE; /* only what has more than one place gets a group */
    }
    m->n_refs = kept;
}

static inline uint32_t match_symbols(struct ngram *m, struct ngram_symbols hyp,
                                     const struct ngram_symbols *refs, struct way way,
                                     size_t n_refs, uint32_t *n_groups)
{
    uint32_t matches = 0;
    number_references(m, refs, n_refs, way);
    for (size_t i = 0; i < hyp.n; i++)
        m->hyp_ids[i] = match(m, hyp.at[i], way, (uint32_t)i, n_groups, &matches);
    m->hyp_ids[hyp.n] = NONE;
    uint32_t at = 0;
    for (size_t r = 0; r < n_refs; r++, at++)
        for (size_t i = 0; i < refs[r].n; i++, at++)
            m->refs[m->n_refs++] = (struct item){at, m->ref_ids[at]};
    keep_references(m);
    return matches;
}

/* ---- the orders above ---- */

/* Those at one place of the references: the next symbol there decides. Several of the hypothesis
 * may share the place, of which one matches. */
static uint32_t match_only(struct ngram *m, size_t order)
{
    const size_t n = m->n_only;
    const uint32_t *const hyp = m->hyp_ids + order - 1, *const ref = m->ref_ids + order - 1;
    struct item *const only = m->only;
    uint8_t *const used = m->used;
    uint32_t matches = 0;
    size_t kept = 0;
    for (size_t k = 0; k < n; k++) {
        const struct item x = only[k];
        const bool same = hyp[x.at] == ref[x.what];
        const uint8_t last = used[x.what];
        only[kept] = x;
        kept += same;
        matches += same & (last != order);
        used[x.what] = same ? (uint8_t)order : last;
    }
    m->n_only = kept;
    return matches;
}

static inline uint32_t match_groups(struct ngram *m, size_t order, uint64_t symbols, struct way way,
                                    uint32_t *n_groups)
{
    size_t kept = 0;
    for (size_t k = 0; k < m->n_refs; k++) {
        const struct item x = m->refs[k];
        const uint32_t symbol = m->ref_ids[x.at + order - 1];
        if (symbol == END)
            continue;
        m->refs[kept++] = (struct item){x.at, add(m, x.what * symbols + symbol, way, x.at)};
    }
    m->n_refs = kept;
    uint32_t matches = 0;
    const size_t n = m->n_hyps;
    m->n_hyps = *n_groups = 0;
    for (size_t k = 0; k < n; k++) {
        const struct item x = m->hyps[k];
        const uint32_t symbol = m->hyp_ids[x.at + order - 1];
        if (symbol != NONE)
            (void)match(m, x.what * symbols + symbol, way, x.at, n_groups, &matches);
    }
    keep_references(m);
    return matches;
}

void ngram_match(struct ngram *m, struct ngram_symbols hyp, const struct ngram_symbols *refs,
                 size_t n_refs, size_t orders, uint32_t *ret)
{
    const struct way fast = {.direct = true, .single = true};
    struct way way = {.direct = largest(refs, n_refs) < DIRECT && largest(&hyp, 1) < DIRECT,
                      .single = n_refs == 1};
    size_t places = 0;
    uint32_t n_groups = 0;
    for (size_t r = 0; r < n_refs; r++)
        places += refs[r].n + 1;
    m->base += (uint32_t)m->n_slots;
    reserve(m, places, hyp.n);
    memset(ret, 0, orders * sizeof *ret);
    m->n_refs = m->n_hyps = m->n_only = 0;
    next_order(m);
    ret[0] = way.direct && way.single ? match_symbols(m, hyp, refs, fast, 1, &n_groups)
                                      : match_symbols(m, hyp, refs, way, n_refs, &n_groups);
    const uint64_t symbols = m->n_slots;
    for (size_t order = 2; order <= orders && ret[order - 2] > 0; order++) {
        next_order(m);
        ret[order - 1] = match_only(m, order);
        way.direct = n_groups * symbols < DIRECT;
        if (n_groups == 0)
            continue;
        ret[order - 1] += way.direct && way.single
                              ? match_groups(m, order, symbols, fast, &n_groups)
                              : match_groups(m, order, symbols, way, &n_groups);
    }
}
