/* scratch.h - arrays that grow and are used again: after the longest line nothing allocates. */
#pragma once

#include <stddef.h>

struct arena;

/* Room for `need` elements of `size` bytes: old itself where *room suffices, else a larger array of
 * a that begins with old's `used` elements. What is outgrown stays in the arena: at most as much
 * again. */
[[nodiscard]] void *scratch_grow(struct arena *a, void *old, size_t used, size_t *room, size_t need,
                                 size_t size);
