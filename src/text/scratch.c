#include "text/scratch.h"

<<<<<<< HEAD
#include "base/arena.h"

#include <string.h>

    void *scratch_grow(struct arena *a, void *old, size_t used, size_t *room, size_t need,
                       size_t size)
{
    if (need <= *room)
        return old;
    const size_t larger = need > 2 * *room ? need : 2 * *room;
    void *const grown = arena_alloc(a, larger, size);
    if (used > 0)
        memcpy(grown, old, used * size);
    *room = larger;
=======
#include <stdckdint.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

    void *scratch_grow(void *old, size_t *room, size_t want, size_t size)
    {
        size_t more = *room ? *room : 64;
        while (more < want && more <= SIZE_MAX / 2)
            more *= 2;
        size_t bytes = 0;
        void *const grown = ckd_mul(&bytes, more, size) ? nullptr : realloc(old, bytes);
        if (!grown) {
            fprintf(stderr, "chimera: out of memory: %zu elements of %zu bytes\n", more, size);
            abort();
        }
        memset((char *)grown + *room * size, 0, (more - *room) * size);
        *room = more;
>>>>>>> 5031db1 (text: ROUGE and the edit measures, bit-parallel)
        return grown;
    }
