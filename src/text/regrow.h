/* regrow.h - arrays of the heap that grow and are used again, so that a loop over pairs stops
 * allocating. */
#pragma once

#include <stddef.h>

/* `old`, which has room for *room elements, or a larger copy of it with room for at least `want`;
 * what is new in it is zero. Memory that the system does not give ends the program, as in an arena.
 */
[[nodiscard, gnu::returns_nonnull]] void *regrow(void *old, size_t *room, size_t want, size_t size);

/* For a field: REGROW(array, room, want) makes room. */
#define REGROW(array, room, want)                                                                  \
    ((want) <= (room) ? (void)0                                                                    \
                      : (void)((array) = regrow((array), &(room), (want), sizeof *(array))))
