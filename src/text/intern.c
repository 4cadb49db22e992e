#include "text/intern.h"

#include <stdlib.h>
#include <string.h>

#include "text/regrow.h"

void intern_done(struct intern *t)
{
    free(t->slots);
    *t = (struct intern){};
}

void intern_clear(struct intern *t)
{
    t->n = 0;
    t->generation++;
    if (t->generation == 0) { /* it came round: old slots would look new */
        memset(t->slots, 0, t->room * sizeof *t->slots);
        t->generation = 1;
    }
}

/* Mixing by a 128-bit product, as in wyhash (Wang Yi): both words reach all bits. */
static size_t place_of(uint64_t a, uint64_t b, size_t room)
{
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)(a ^ 0xa0761d6478bd642fULL) * (b ^ 0xe7037ed1a0b428dbULL);
    return (size_t)((uint64_t)product ^ (uint64_t)(product >> 64)) & (room - 1);
}

/* The slot of the key, or the free one where it belongs. There always is a free one. */
static struct intern_slot *slot_of(const struct intern *t, uint64_t a, uint64_t b)
{
    size_t i = place_of(a, b, t->room);
    while (t->slots[i].generation == t->generation && (t->slots[i].a != a || t->slots[i].b != b))
        i = (i + 1) & (t->room - 1);
    return &t->slots[i];
}

static void grow(struct intern *t)
{
    struct intern bigger = {.n = t->n, .generation = 1};
    REGROW(bigger.slots, bigger.room, t->room * 2);
    for (size_t i = 0; i < t->room; i++)
        if (t->slots[i].generation == t->generation) {
            struct intern_slot *const s = slot_of(&bigger, t->slots[i].a, t->slots[i].b);
            *s = t->slots[i];
            s->generation = bigger.generation;
        }
    free(t->slots);
    *t = bigger;
}

uint32_t intern_add(struct intern *t, uint64_t a, uint64_t b)
{
    if (t->room == 0) {
        REGROW(t->slots, t->room, 64);
        t->generation = 1;
    } else if (t->n >= t->room / 2) {
        grow(t);
    }
    struct intern_slot *const s = slot_of(t, a, b);
    if (s->generation != t->generation)
        *s = (struct intern_slot){a, b, ++t->n, t->generation};
    return s->id;
}

uint32_t intern_find(const struct intern *t, uint64_t a, uint64_t b)
{
    if (t->n == 0)
        return 0;
    const struct intern_slot *const s = slot_of(t, a, b);
    return s->generation == t->generation ? s->id : 0;
}

static uint64_t chunk_of(const char *bytes, size_t n)
{
    uint64_t chunk = 0;
    memcpy(&chunk, bytes, n < 8 ? n : 8);
    return chunk;
}

uint32_t intern_bytes_add(struct intern *t, const char *bytes, size_t n)
{
    uint32_t id = 0;
    for (size_t i = 0; i < n; i += 8)
        id = intern_add(t, id, chunk_of(bytes + i, n - i));
    return id;
}

uint32_t intern_bytes_find(const struct intern *t, const char *bytes, size_t n)
{
    uint32_t id = 0;
    for (size_t i = 0; i < n; i += 8)
        if (!(id = intern_find(t, id, chunk_of(bytes + i, n - i))))
            return 0;
    return id;
}
