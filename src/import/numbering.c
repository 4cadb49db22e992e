#include "import/numbering.h"

#include "base/defs.h"

#include <stdlib.h>
#include <string.h>

/* Multiply and fold, eight bytes at a time (the step of wyhash). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    const unsigned _BitInt(128) x = (unsigned _BitInt(128))a * b;
    return (uint64_t)x ^ (uint64_t)(x >> 64);
}

uint64_t numbering_hash(const void *text, size_t n, uint64_t seed)
{
    constexpr uint64_t P = 0xa0761d6478bd642f;
    constexpr uint64_t Q = 0xe7037ed1a0b428db;
    const unsigned char *p = text;
    uint64_t h = mix(seed ^ P, n ^ Q);
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        h = mix(h ^ x ^ P, Q);
    }
    uint64_t last = 0;
    if (n)
        memcpy(&last, p, n);
    return mix(h ^ last ^ Q, P);
}

static bool grow(struct numbering *t)
{
    const size_t room = t->room ? 2 * t->room : 1024;
    uint64_t *const keys = calloc(room, sizeof *keys);
    uint32_t *const numbers = calloc(room, sizeof *numbers);
    if (!keys || !numbers) {
        free(keys);
        free(numbers);
        return false;
    }
    for (size_t i = 0; i < t->room; i++) {
        if (t->keys[i] == 0)
            continue;
        size_t at = t->keys[i] & (room - 1);
        while (keys[at])
            at = (at + 1) & (room - 1);
        keys[at] = t->keys[i];
        numbers[at] = t->numbers[i];
    }
    free(t->keys);
    free(t->numbers);
    t->keys = keys;
    t->numbers = numbers;
    t->room = room;
    return true;
}

uint32_t numbering_of(struct numbering *t, uint64_t hash, bool *ret_new)
{
    hash += hash == 0; /* 0 is an empty place */
    *ret_new = false;
    if (4 * (t->n + 1) > 3 * t->room && t->n < NUMBERING_MOST && !grow(t))
        return UINT32_MAX;
    size_t at = hash & (t->room - 1);
    for (; t->keys[at]; at = (at + 1) & (t->room - 1))
        if (t->keys[at] == hash)
            return t->numbers[at];
    if (t->n >= NUMBERING_MOST)
        return UINT32_MAX;
    t->keys[at] = hash;
    t->numbers[at] = (uint32_t)t->n++;
    *ret_new = true;
    return t->numbers[at];
}

void numbering_done(struct numbering *t)
{
    free(t->keys);
    free(t->numbers);
    *t = (struct numbering){};
}
