#include "text/regrow.h"

#include <stdckdint.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *regrow(void *old, size_t *room, size_t want, size_t size)
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
    return grown;
}
