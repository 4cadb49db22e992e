<<<<<<< HEAD
/* scratch.h - arrays that grow and are used again: after the longest line nothing allocates. */
=======
/* scratch.h - arrays that grow and are used again, so that a loop over pairs stops allocating. */
>>>>>>> 5031db1 (text: ROUGE and the edit measures, bit-parallel)
#pragma once

#include <stddef.h>

<<<<<<< HEAD
struct arena;

/* Room for `need` elements of `size` bytes: old itself where *room suffices, else a larger array of
 * a that begins with old's `used` elements. What is outgrown stays in the arena: at most as much
 * again. */
[[nodiscard]] void *scratch_grow(struct arena *a, void *old, size_t used, size_t *room, size_t need,
                                 size_t size);
=======
/* `old`, which has room for *room elements, or a larger copy of it with room for at least `want`;
 * what is new in it is zero. Memory that the system does not give ends the program, as in an arena.
 */
[[nodiscard, gnu::returns_nonnull]] void *scratch_grow(void *old, size_t *room, size_t want,
                                                       size_t size);

/* For a field: SCRATCH(array, room, want) makes room. */
#define SCRATCH(array, room, want)                                                                 \
    ((want) <= (room) ? (void)0                                                                    \
                      : (void)((array) = scratch_grow((array), &(room), (want), sizeof *(array))))
>>>>>>> 5031db1 (text: ROUGE and the edit measures, bit-parallel)
