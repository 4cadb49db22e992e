#include "text/scratch.h"

#include "base/arena.h"

#include <string.h>

void *scratch_grow(struct arena *a, void *old, size_t used, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return old;
    const size_t larger = need > 2 * *room ? need : 2 * *room;
    void *const grown = arena_alloc(a, larger, size);
    if (used > 0)
        memcpy(grown, old, used * size);
    *room = larger;
    return grown;
}
